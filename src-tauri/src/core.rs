//! The core beside the window: not there yet, there, or failed with words.

use std::sync::Arc;

use deskhand_client::Client;
use deskhand_protocol::{
    calls::{self, CallCode, CallError},
    view::Boot,
};
use serde_json::Value;
use tauri::AppHandle;
use tokio::sync::{Mutex, watch};

use crate::{
    folder::{Folder, Lock},
    host::ShellHost,
};

/// Where the page's calls go. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Core {
    state: watch::Sender<Option<Result<Running, CallError>>>,
    /// Kept until the end: the folder belongs to this program.
    lock: Arc<Mutex<Option<Lock>>>,
}

#[derive(Clone)]
struct Running {
    client: Client,
    host: Arc<ShellHost>,
}

impl Default for Core {
    fn default() -> Self {
        Self {
            state: watch::Sender::new(None),
            lock: Arc::default(),
        }
    }
}

impl Core {
    /// Starts the client on the folder; calls wait until this has ended well or badly.
    pub async fn start(&self, app: AppHandle, folder: Folder, lock: Result<Lock, CallError>) {
        let outcome = self.try_start(app, folder, lock).await;
        if let Err(error) = &outcome {
            eprintln!("deskhand: {}", error.detail);
        }
        self.state.send_replace(Some(outcome));
    }

    async fn try_start(
        &self,
        app: AppHandle,
        folder: Folder,
        lock: Result<Lock, CallError>,
    ) -> Result<Running, CallError> {
        *self.lock.lock().await = Some(lock?);
        let host = Arc::new(ShellHost::new(app, &folder));
        let client = Client::start(folder.path, host.clone())
            .await
            .map_err(|error| CallError::new(CallCode::Internal, error.to_string()))?;
        Ok(Running { client, host })
    }

    /// Makes a call. When the core could not start, the sign-in screen says why.
    pub async fn call(&self, name: &str, args: Value) -> Result<Value, CallError> {
        match self.outcome().await {
            Ok(running) => calls::route(&running.client, name, args).await,
            Err(problem) if name == "boot" => {
                let boot = Boot::SignIn {
                    address: None,
                    email: None,
                    sample: false,
                    problem: Some(problem),
                };
                serde_json::to_value(boot)
                    .map_err(|error| CallError::new(CallCode::Internal, error.to_string()))
            }
            Err(problem) => Err(problem),
        }
    }

    /// Ends the client and the sample shop, if they run.
    pub async fn stop(&self) {
        if self.state.borrow().is_none() {
            return;
        }
        if let Ok(running) = self.outcome().await {
            running.client.stop().await;
            running.host.stop().await;
        }
        *self.lock.lock().await = None;
    }

    async fn outcome(&self) -> Result<Running, CallError> {
        let mut state = self.state.subscribe();
        match state.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            _ => Err(CallError::new(CallCode::Internal, "the core has gone")),
        }
    }
}
