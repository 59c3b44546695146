//! What the shell offers to the core.

use std::path::PathBuf;

use deskhand_client::{BoxFuture, Host, Keychain, SampleShop};
use deskhand_gateway::Running;
use deskhand_protocol::view::Event;
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::Mutex;

use crate::{folder::Folder, keychain::SystemKeychain};

/// The window's event that carries the core's events.
const CHANNEL: &str = "core";

/// The desktop as the core sees it.
pub struct ShellHost {
    app: AppHandle,
    keychain: SystemKeychain,
    sample_dir: PathBuf,
    /// The embedded gateway of the sample shop: started once, kept until the end.
    sample: Mutex<Option<Running>>,
}

impl ShellHost {
    pub fn new(app: AppHandle, folder: &Folder) -> Self {
        Self {
            app,
            keychain: SystemKeychain::new(folder),
            sample_dir: folder.path.join("sample"),
            sample: Mutex::new(None),
        }
    }

    /// Ends the sample shop, if it runs.
    pub async fn stop(&self) {
        if let Some(running) = self.sample.lock().await.take() {
            running.stop().await;
        }
    }
}

impl Host for ShellHost {
    fn keychain(&self) -> &dyn Keychain {
        &self.keychain
    }

    fn emit(&self, event: Event) {
        if let Err(error) = self.app.emit(CHANNEL, event) {
            tracing::warn!(%error, "the window did not take an event");
        }
    }

    fn open_sample(&self) -> BoxFuture<'_, Result<SampleShop, String>> {
        Box::pin(async move {
            let mut sample = self.sample.lock().await;
            let running = match &mut *sample {
                Some(running) => running,
                empty => {
                    let running = deskhand_gateway::start_sample(&self.sample_dir)
                        .await
                        .map_err(|error| error.to_string())?;
                    empty.insert(running)
                }
            };
            Ok(SampleShop {
                address: format!("http://{}", running.address),
                password: deskhand_gateway::sample::PASSWORD.to_owned(),
                accounts: deskhand_gateway::sample::accounts(),
            })
        })
    }

    fn open_outside(&self, address: &str) -> Result<(), String> {
        open::that_detached(address).map_err(|error| error.to_string())
    }

    fn files(&self) -> Option<PathBuf> {
        self.app.path().download_dir().ok()
    }

    fn has_sample(&self) -> bool {
        true
    }
}
