//! The core as the shell holds it.

use crate::{
    clock::{Clock, SystemClock},
    host::Host,
};
use std::{path::PathBuf, sync::Arc};

/// The core. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) data_dir: PathBuf,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why the core could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The network library could not be set up.
    #[error("the encrypted network connection could not be set up")]
    Network(#[source] reqwest::Error),
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
        let inner = Arc::new(Inner {
            data_dir,
            host,
            clock,
        });
        Ok(Self { inner })
    }

    /// Ends every background task and closes the cache.
    pub async fn stop(&self) {}
}
