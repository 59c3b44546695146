//! What the browser host offers to the core.

use std::path::{Path, PathBuf};

use deskhand_client::{BoxFuture, Host, Keychain, MemoryKeychain, SampleShop};
use deskhand_protocol::view::Event;
use tokio::sync::{Mutex, broadcast};

/// How many events may wait for a page that does not read. A page that falls behind is
/// disconnected, connects again and reads everything anew.
const WAITING_EVENTS: usize = 256;

/// The browser as the core sees it.
pub struct BrowserHost {
    keychain: MemoryKeychain,
    events: broadcast::Sender<Event>,
    sample_dir: PathBuf,
    /// The embedded gateway of the sample shop: started once, kept until the end.
    sample: Mutex<Option<deskhand_gateway::Running>>,
}

impl BrowserHost {
    pub fn new(data_dir: &Path) -> Self {
        Self {
            keychain: MemoryKeychain::default(),
            events: broadcast::Sender::new(WAITING_EVENTS),
            sample_dir: data_dir.join("sample"),
            sample: Mutex::new(None),
        }
    }

    /// The core's events from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Ends the sample shop, if it runs.
    pub async fn stop(&self) {
        if let Some(running) = self.sample.lock().await.take() {
            running.stop().await;
        }
    }
}

impl Host for BrowserHost {
    fn keychain(&self) -> &dyn Keychain {
        &self.keychain
    }

    fn emit(&self, event: Event) {
        // Fails only when no page is open, and then nobody needs it.
        self.events.send(event).ok();
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

    /// The page is in a browser already: it opens the address beside itself.
    fn open_outside(&self, address: &str) -> Result<(), String> {
        let address = address.to_owned();
        self.events
            .send(Event::Outside { address })
            .map_err(|_| "no page is open".to_owned())?;
        Ok(())
    }

    fn has_sample(&self) -> bool {
        true
    }
}
