//! The core as the shell holds it.

use crate::{
    clock::{Clock, SystemClock},
    host::Host,
    network::{Network, NetworkError},
    session::Slot,
    shop::Shop,
    tasks::Tasks,
    vault::Vault,
};
use deskhand_protocol::calls::{CallCode, CallError};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// The core. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) data_dir: PathBuf,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) network: Network,
    /// One of boot, sign-in and sign-out at a time.
    pub(crate) session: tokio::sync::Mutex<()>,
    pub(crate) slot: Mutex<Option<Slot>>,
    /// Ends the waiting for a browser.
    pub(crate) browser: Mutex<Option<CancellationToken>>,
    /// Why the last session ended, for the next boot to tell.
    pub(crate) ended: Mutex<Option<CallError>>,
    /// When a damaged cache was made anew.
    pub(crate) rebuilt: Mutex<Option<tokio::time::Instant>>,
    /// What outlives a shop.
    pub(crate) tasks: Tasks,
}

/// Why the core could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The network library could not be set up.
    #[error("the encrypted network connection could not be set up")]
    Network(#[from] NetworkError),
}

impl Client {
    /// Starts the core on a folder. What is wrong with the folder or the keychain is answered by
    /// `boot`, so that the window can show it.
    pub async fn start(data_dir: PathBuf, host: Arc<dyn Host>) -> Result<Self, StartError> {
        Self::start_with_clock(data_dir, host, Arc::new(SystemClock)).await
    }

    /// As [`Self::start`], with a clock of the caller's.
    pub async fn start_with_clock(
        data_dir: PathBuf,
        host: Arc<dyn Host>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let vault = Vault::new(Arc::clone(&host), data_dir.clone());
        vault.sweep();
        let inner = Inner {
            vault,
            data_dir,
            host,
            clock,
            network: Network::new()?,
            session: Default::default(),
            slot: Default::default(),
            browser: Mutex::default(),
            ended: Default::default(),
            rebuilt: Default::default(),
            tasks: Default::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Ends every background task and closes the cache. Whoever was signed in still is at the next
    /// start.
    pub async fn stop(&self) {
        let _one = self.inner.session.lock().await;
        self.inner.close().await;
        self.inner.tasks.stop(Duration::from_secs(1)).await;
        self.inner.vault.sweep();
    }

    /// The open shop.
    pub(crate) fn shop(&self) -> Result<Arc<Shop>, CallError> {
        self.inner
            .opened()
            .ok_or_else(|| CallError::new(CallCode::SignedOut, "nobody is signed in"))
    }
}
