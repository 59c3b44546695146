//! A desk without a window: the real core, a keychain in memory, and what the window would see.

use crate::wait;
use deskhand_client::{
    BoxFuture, Client, Host, Keychain, KeychainError, MemoryKeychain, SampleShop,
};
use deskhand_domain::{MessageKind, Role, Ticket};
use deskhand_protocol::{
    calls::{CallError, Calls},
    rest::SampleAccount,
    view::{
        Connection, Event, Nothing, Password, SendReply, SignedIn, Sort, TicketPage, TicketQuery,
        TicketRef, TicketView, ViewId,
    },
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;

/// The published password of the sample shop.
pub const PASSWORD: &str = "hollowpine";
/// The agent of the pictures.
pub const PRIYA: &str = "priya@hollowpine.example";

/// A gateway inside the test. It keeps its port and its folder over restarts.
pub struct Shop {
    running: Option<deskhand_gateway::Running>,
    config: deskhand_gateway::Config,
}

impl Shop {
    /// Starts the sample shop in a folder.
    pub async fn open(folder: &Path) -> anyhow::Result<Self> {
        Self::open_with(deskhand_gateway::Config::embedded(folder)).await
    }

    /// Starts the sample shop as configured.
    pub async fn open_with(mut config: deskhand_gateway::Config) -> anyhow::Result<Self> {
        config.sample = true;
        let running = deskhand_gateway::start(config.clone()).await?;
        config.listen = running.address;
        Ok(Self {
            running: Some(running),
            config,
        })
    }

    /// Where it answers.
    pub fn address(&self) -> String {
        format!("http://{}", self.config.listen)
    }

    /// The socket address, for a proxy before it.
    pub fn listens(&self) -> SocketAddr {
        self.config.listen
    }

    /// Stops it in order.
    pub async fn close(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Starts it again where it was.
    pub async fn reopen(&mut self) -> anyhow::Result<()> {
        let config = self.config.clone();
        let running = wait::until("the port to be free", || {
            let config = config.clone();
            async move { Ok(deskhand_gateway::start(config).await.ok()) }
        })
        .await?;
        self.running = Some(running);
        Ok(())
    }
}

/// What the core asks of the machine, as a test wants it.
pub struct TestHost {
    /// The secrets.
    pub secrets: MemoryKeychain,
    /// When set, the keychain answers with this.
    pub broken: Mutex<Option<KeychainError>>,
    /// What the window was told.
    pub events: Mutex<Vec<Event>>,
    /// The addresses that were handed to the system.
    pub opened: Mutex<Vec<String>>,
    /// The sample shop's address, if there is one.
    pub sample: Mutex<Option<String>>,
}

impl TestHost {
    /// Forgets what the window was told so far.
    pub fn forget_events(&self) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.clear();
    }
}

impl Keychain for TestHost {
    fn get(&self, name: &str) -> Result<Option<String>, KeychainError> {
        self.works()?;
        self.secrets.get(name)
    }

    fn set(&self, name: &str, secret: &str) -> Result<(), KeychainError> {
        self.works()?;
        self.secrets.set(name, secret)
    }

    fn delete(&self, name: &str) -> Result<(), KeychainError> {
        self.works()?;
        self.secrets.delete(name)
    }
}

impl TestHost {
    fn works(&self) -> Result<(), KeychainError> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.clone().map_or(Ok(()), Err)
    }
}

impl Host for TestHost {
    fn keychain(&self) -> &dyn Keychain {
        self
    }

    fn emit(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(event);
    }

    fn open_sample(&self) -> BoxFuture<'_, Result<SampleShop, String>> {
        let address = self
            .sample
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Box::pin(async move {
            Ok(SampleShop {
                address: address.ok_or("there is no sample shop in this test")?,
                password: PASSWORD.to_owned(),
                accounts: vec![SampleAccount {
                    email: PRIYA.to_owned(),
                    role: Role::Agent,
                }],
            })
        })
    }

    fn open_outside(&self, address: &str) -> Result<(), String> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.push(address.to_owned());
        Ok(())
    }

    fn has_sample(&self) -> bool {
        true
    }
}

/// The sample shop and Priya, signed in there; all of it lies in the folder.
pub async fn signed_in() -> anyhow::Result<(TempDir, Shop, Desk)> {
    let folder = tempfile::tempdir()?;
    let shop = Shop::open(&folder.path().join("shop")).await?;
    let desk = Desk::start(&folder.path().join("desk")).await?;
    desk.sign_in(shop.address()).await.map_err(failed)?;
    Ok((folder, shop, desk))
}

/// A person at a desk.
pub struct Desk {
    /// The core.
    pub client: Client,
    /// Its machine.
    pub host: Arc<TestHost>,
    folder: PathBuf,
}

impl Desk {
    /// Starts the core on a folder.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let host = Arc::new(TestHost {
            secrets: MemoryKeychain::default(),
            broken: Mutex::default(),
            events: Mutex::default(),
            opened: Mutex::default(),
            sample: Mutex::default(),
        });
        Self::start_with(folder, host).await
    }

    async fn start_with(folder: &Path, host: Arc<TestHost>) -> anyhow::Result<Self> {
        let client = Client::start(folder.to_owned(), host.clone()).await?;
        Ok(Self {
            client,
            host,
            folder: folder.to_owned(),
        })
    }

    /// Ends the program and starts it again: the same folder, the same keychain.
    pub async fn restart(self) -> anyhow::Result<Self> {
        self.client.stop().await;
        Self::start_with(&self.folder, self.host).await
    }

    /// Signs Priya in.
    pub async fn sign_in(&self, address: String) -> Result<SignedIn, CallError> {
        self.sign_in_as(address, PRIYA).await
    }

    /// Signs somebody of the sample shop in.
    pub async fn sign_in_as(&self, address: String, email: &str) -> Result<SignedIn, CallError> {
        let (email, password) = (email.to_owned(), PASSWORD.to_owned());
        self.client
            .sign_in(Password {
                address,
                email,
                password,
                passphrase: None,
                code: None,
            })
            .await
    }

    /// Whether the window was told something.
    pub fn was_told(&self, what: impl FnMut(&Event) -> bool) -> bool {
        let events = self
            .host
            .events
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        events.iter().any(what)
    }

    /// Waits until the feed is live.
    pub async fn live(&self) -> anyhow::Result<()> {
        wait::until("the feed to be live", || async {
            let connection = self.client.connection(Nothing {}).await.map_err(failed)?;
            Ok((connection.state == Connection::Live).then_some(()))
        })
        .await
    }

    /// Waits until all of the history is here.
    pub async fn complete(&self) -> anyhow::Result<()> {
        self.live().await?;
        wait::until("the history to be here", || async {
            let connection = self.client.connection(Nothing {}).await.map_err(failed)?;
            Ok((connection.history == 100).then_some(()))
        })
        .await
    }

    /// The first rows of a view.
    pub async fn list(&self, view: ViewId) -> anyhow::Result<TicketPage> {
        let query = TicketQuery {
            view,
            sort: Sort::Clock,
            offset: 0,
            limit: 60,
        };
        self.client.tickets(query).await.map_err(failed)
    }

    /// A ticket that is open.
    pub async fn some_ticket(&self) -> anyhow::Result<Ticket> {
        let page = self.list(ViewId::AllOpen).await?;
        let row = page
            .rows
            .first()
            .ok_or_else(|| anyhow::anyhow!("nothing is open"))?;
        Ok(self.screen(row.id).await?.ticket)
    }

    /// The screen of a ticket.
    pub async fn screen(&self, ticket: deskhand_domain::TicketId) -> anyhow::Result<TicketView> {
        self.client
            .ticket(TicketRef { ticket })
            .await
            .map_err(failed)
    }

    /// Sends a reply, having seen all that is in the conversation here.
    pub async fn reply(&self, ticket: &Ticket, text: &str) -> anyhow::Result<()> {
        let messages = self.screen(ticket.id).await?.messages;
        let mut public = messages
            .iter()
            .filter(|message| message.kind == MessageKind::Public);
        let reply = SendReply {
            ticket: ticket.id,
            text: text.into(),
            seen: public.next_back().map(|message| message.id),
            close: false,
            macro_id: None,
            changes: None,
        };
        self.client.send_reply(reply).await.map_err(failed)?;
        Ok(())
    }

    /// Waits until a text stands in the conversation and nothing is pending there.
    pub async fn arrives(&self, ticket: &Ticket, text: &str) -> anyhow::Result<TicketView> {
        wait::until("the reply to come back over the feed", || async {
            let view = self.screen(ticket.id).await?;
            let there = view.messages.iter().any(|message| message.text == text);
            Ok((there && view.pending.is_empty()).then_some(view))
        })
        .await
    }
}

/// A call's error as a test's.
pub fn failed(error: CallError) -> anyhow::Error {
    anyhow::anyhow!("{:?}: {}", error.code, error.detail)
}
