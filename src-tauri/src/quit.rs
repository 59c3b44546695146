//! The end of the program: the window closes, the core stops in order, within a limit.

use std::time::Duration;

use tauri::{AppHandle, Manager, RunEvent, async_runtime};

use crate::core::Core;

/// How long the core may take to stop. What is stored is stored already; this is politeness
/// towards the gateway.
const LIMIT: Duration = Duration::from_secs(5);

/// Whether the core has been asked to stop, and has stopped.
#[derive(Default)]
pub struct Quit {
    stopping: bool,
}

impl Quit {
    /// Holds the first request to exit back until the core has stopped.
    pub fn on(&mut self, app: &AppHandle, event: &RunEvent) {
        let RunEvent::ExitRequested { api, code, .. } = event else {
            return;
        };
        if self.stopping {
            return;
        }
        self.stopping = true;
        api.prevent_exit();
        let (app, code) = (app.clone(), code.unwrap_or(0));
        async_runtime::spawn(async move {
            let core = app.state::<Core>().inner().clone();
            if tokio::time::timeout(LIMIT, core.stop()).await.is_err() {
                tracing::warn!("the core did not stop in time");
            }
            app.exit(code);
        });
    }
}

/// Ends the program in order when the system or a terminal asks it to.
#[cfg(unix)]
pub fn on_signals(app: AppHandle) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = async_runtime::block_on(async {
        std::io::Result::Ok((
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ))
    })?;
    async_runtime::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        app.exit(0);
    });
    Ok(())
}

/// Other systems close the window themselves.
#[cfg(not(unix))]
pub fn on_signals(_: AppHandle) -> std::io::Result<()> {
    Ok(())
}
