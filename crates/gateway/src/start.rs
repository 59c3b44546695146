//! Starting and stopping a gateway, and everything that can be wrong with where it starts.

pub mod words;

use crate::{
    admission::Admission,
    app::{self, State},
    audit::{
        heads::{HEADS_FILE, Heads},
        key::{AuditKey, KEY_FILE, KeyError},
    },
    clock::Clock,
    config::{Config, Mistakes},
    elsewhere,
    errands::{self, Errand, Outcome},
    feed::Feed,
    gate::Gate,
    hub::Hub,
    intake, notices,
    oidc::Oidc,
    parcels, passwords, policies, prune, release,
    serve::{Entrance, Tally, TlsError},
    shops::Shops,
    store::{Location, Seed, Store, StoreError},
    tasks::Tasks,
};
use chrono::TimeDelta;
use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::net::TcpListener;

/// Where the embedded sample shop prefers to listen.
const SAMPLE_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7431);
/// When a sample shop in which nothing changed is made anew.
const SAMPLE_AGE: TimeDelta = TimeDelta::hours(12);

/// Why a gateway did not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages are the documentation")]
pub enum StartError {
    #[error("the configuration is wrong: {0}")]
    Config(String),
    #[error("the configuration is wrong:\n{0}")]
    Mistakes(Mistakes),
    #[error("the configuration is wrong: {0}")]
    Tls(#[from] TlsError),
    #[error(
        "{address} is taken by another program: stop it, or choose another address with --listen"
    )]
    PortTaken { address: SocketAddr },
    #[error("cannot listen on {address} ({why}): choose another address with --listen")]
    Listen { address: SocketAddr, why: String },
    #[error(
        "cannot write to {}: give this user the right to write there, or choose another folder with --data-dir",
        path.display()
    )]
    NotWritable { path: PathBuf },
    #[error(
        "{} is not a folder: move the file away, or choose another folder with --data-dir",
        path.display()
    )]
    NotAFolder { path: PathBuf },
    #[error(
        "{} is a folder where a file belongs: move it away, or choose another folder with --data-dir",
        path.display()
    )]
    NotAFile { path: PathBuf },
    #[error(
        "the disk of {} is full: make room and start again; nothing that was stored is lost",
        path.display()
    )]
    DiskFull { path: PathBuf },
    #[error(
        "{} is damaged or is not a database of Deskhand: move it away and put back a backup; it was left as it is",
        file.display()
    )]
    Damaged { file: PathBuf },
    #[error(
        "{database} was written by a newer Deskhand (schema {version}): start that version, or put back a backup made before the update"
    )]
    NewerSchema { database: String, version: i64 },
    #[error(
        "another gateway already uses {}: stop it, or choose another folder with --data-dir",
        path.display()
    )]
    InUse { path: PathBuf },
    #[error(
        "another gateway already uses this PostgreSQL database: stop it, or choose another database"
    )]
    DatabaseInUse,
    #[error(
        "the database address is wrong: write it as postgres://user:password@host:5432/database"
    )]
    BadUrl,
    #[error(
        "PostgreSQL cannot be used ({why}): check that it runs, and the host, name and password in the database address"
    )]
    Unreachable { why: String },
    #[error(
        "the sample shop's passwords are published, so it listens on this machine only, not on {address}: use 127.0.0.1, or --sample-on-network if everybody may enter"
    )]
    SampleOnNetwork { address: SocketAddr },
    #[error(
        "the tables of {database} do not fit this Deskhand ({why}): start the version that wrote them, or put back a backup"
    )]
    Migration { database: String, why: String },
    #[error("the database failed ({what}): try again, or put back a backup if it stays")]
    Database { what: String },
    #[error(
        "there is no {}: put the backup there first, or name its folder with --data-dir",
        file.display()
    )]
    NoDatabase { file: PathBuf },
    #[error("nobody signs in as {email}: look at the address and try again; nothing was changed")]
    NoAccount { email: String },
    #[error("no key that works is named {name}: look at `deskhand-gateway key list`")]
    NoKey { name: String },
    #[error(
        "there is no such letter, or nothing can be done with it: look at `deskhand-gateway inbox list`"
    )]
    NoLetter,
    #[error("there is no such machine account: look at `deskhand-gateway key list`")]
    NoMachine,
    #[error("what was asked for cannot be written ({0})")]
    Output(std::io::Error),
    #[error("{} signs the audit trail, and {error}", file.display())]
    AuditKey { file: PathBuf, error: KeyError },
    #[error("it could not be done ({why}); nothing was changed")]
    Errand { why: String },
    #[error(
        "the gateway that uses {} did not answer: look whether it is well, and try again",
        path.display()
    )]
    NoOutcome { path: PathBuf },
    #[error("nothing was imported: {words}")]
    Import { words: String },
    #[error(transparent)]
    Policy(#[from] deskhand_policy::Broken),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StartError {
    /// Says of a failure in the store where it lies and what to do.
    pub(crate) fn at(self, location: &Location) -> Self {
        match (self, location) {
            (Self::Store(StoreError::Database { source, .. }), Location::File(file)) => {
                words::sqlite(file, &source)
            }
            (Self::Store(StoreError::Database { source, .. }), Location::Url(_)) => {
                words::postgres(source)
            }
            (Self::Store(error), _) => Self::Database {
                what: error.to_string(),
            },
            (other, _) => other,
        }
    }

    /// The exit code of the program, one for each cause.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Mistakes(_) | Self::Tls(_) => 10,
            Self::PortTaken { .. } => 11,
            Self::Listen { .. } => 12,
            Self::NotWritable { .. } => 13,
            Self::NotAFolder { .. } | Self::NotAFile { .. } => 14,
            Self::DiskFull { .. } => 15,
            Self::Damaged { .. } => 16,
            Self::NewerSchema { .. } => 17,
            Self::InUse { .. } | Self::DatabaseInUse => 18,
            Self::BadUrl => 19,
            Self::Unreachable { .. } => 20,
            Self::SampleOnNetwork { .. } => 21,
            Self::Migration { .. } => 22,
            Self::Database { .. } | Self::Store(_) => 23,
            Self::NoDatabase { .. } => 24,
            Self::NoAccount { .. } => 25,
            Self::AuditKey { .. } => 26,
            Self::Output(_) => 27,
            Self::Policy(_) => 28,
            Self::Errand { .. } => 30,
            Self::NoOutcome { .. } => 31,
            Self::NoKey { .. } | Self::NoMachine => 32,
            Self::Import { .. } => 33,
            Self::NoLetter => 34,
        }
    }
}

/// A gateway that runs until it is stopped.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whom its door has cut.
    pub tally: Arc<Tally>,
    /// Everything the handlers use; for tests that look behind the API.
    pub state: State,
    tasks: Tasks,
    heads: Heads,
    _lock: File,
}

/// A gateway that is dropped instead of stopped takes no new requests, at least.
impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.stopping().cancel();
    }
}

impl Running {
    /// Stops: no new requests, running ones end, sockets are told, the database is closed.
    pub async fn stop(self) {
        if !self
            .tasks
            .stop(self.state.config.door.shutdown_timeout.0)
            .await
        {
            tracing::warn!("some requests or sockets did not end in time");
        }
        self.heads.sign_logged(&self.state.store).await;
        self.state.store.close().await;
    }
}

/// Starts a gateway.
pub async fn start(config: Config) -> Result<Running, StartError> {
    start_at(config, Clock::default()).await
}

/// Starts a gateway with a clock of the caller's choice.
pub async fn start_at(config: Config, clock: Clock) -> Result<Running, StartError> {
    if config.sample && !config.sample_on_network && !config.listen.ip().is_loopback() {
        return Err(StartError::SampleOnNetwork {
            address: config.listen,
        });
    }
    let gate = Gate::new(policies::read(config.policy.folder.as_deref())?);
    let entrance = Entrance::new(&config)?;
    let lock = lock(&config.data_dir)?;
    let listener = listen(config.listen).await?;
    let address = listener.local_addr().map_err(|error| StartError::Listen {
        address: config.listen,
        why: error.to_string(),
    })?;
    let tasks = Tasks::default();
    let location = location(&config);
    let key = audit_key(&config)?;
    let opening = Store::open_with(&location, clock.clone(), tasks.clone(), Some(key.clone()));
    let store = opening.await.map_err(|error| error.at(&location))?;
    if let Err(error) = prepare(&store, config.sample).await {
        store.close().await;
        return Err(StartError::from(error).at(&location));
    }
    store.hold_replies(TimeDelta::seconds(config.undo_seconds.into()));
    release::start(&store, &tasks);
    intake::start(&store, &tasks);
    prune::start(&store, config.inbox.keep.0, &tasks);
    let heads = Heads::new(config.data_dir.join(HEADS_FILE), key, clock.clone());
    heads.start(&store, &tasks);
    elsewhere::start(&store, &tasks);
    errands::start(&store, &config.data_dir, &tasks);
    let config = Arc::new(config);
    notices::start(&store, &config, &tasks);
    let shops = Shops::connect(&config, &clock);
    shops.start(&store, &tasks);
    parcels::start(&config, &store, &tasks);
    let state = State {
        throttles: Arc::new(app::throttles(&config)),
        oidc: Oidc::new(config.clone()),
        shops,
        config: config.clone(),
        feed: Feed::start(&store, &tasks),
        gate,
        hub: Hub::default(),
        admission: Admission::default(),
        store,
        clock,
        tasks: tasks.clone(),
    };
    if let Some(folder) = &config.policy.folder {
        policies::follow(folder.clone(), &state);
    }
    let tally = entrance.tally();
    entrance.serve(listener, app::app(state.clone()), &tasks);
    tracing::info!(%address, sample = config.sample, "the gateway answers");
    Ok(Running {
        address,
        tally,
        state,
        tasks,
        heads,
        _lock: lock,
    })
}

/// Begins a new history in a database that a backup was put back into, and answers its epoch.
/// Desktops then drop what they have, keep their outbox, and sync again.
pub async fn new_epoch(config: &Config) -> Result<String, StartError> {
    alone(config, async |store| Ok(store.begin_epoch().await?)).await
}

/// Revokes every session of an account, whether a gateway runs or not, and answers how many there
/// were. Their desktops destroy what they keep, at their next contact.
pub async fn revoke(config: &Config, email: &str) -> Result<usize, StartError> {
    let account = email.to_owned();
    match errands::run(config, &Errand::Revoke { account }).await? {
        Outcome::Revoked { count } => Ok(count),
        other => Err(other.unlike(email)),
    }
}

/// Locks an account and ends its sessions, or lets it in again.
pub async fn set_locked(config: &Config, email: &str, locked: bool) -> Result<(), StartError> {
    let account = email.to_owned();
    done(
        errands::run(config, &Errand::Lock { account, locked }).await?,
        email,
    )
}

/// Forgets the authenticator app of somebody who lost it.
pub async fn forget_app(config: &Config, email: &str) -> Result<(), StartError> {
    let account = email.to_owned();
    done(
        errands::run(config, &Errand::ForgetApp { account }).await?,
        email,
    )
}

fn done(outcome: Outcome, email: &str) -> Result<(), StartError> {
    match outcome {
        Outcome::Done => Ok(()),
        other => Err(other.unlike(email)),
    }
}

/// Works on a database that no gateway serves.
pub(crate) async fn alone<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Store) -> Result<T, StartError>,
) -> Result<T, StartError> {
    let location = location(config);
    if let Location::File(file) = &location
        && !file.exists()
    {
        return Err(StartError::NoDatabase { file: file.clone() });
    }
    let _lock = lock(&config.data_dir)?;
    let tasks = Tasks::default();
    let key = audit_key(config)?;
    let opening = Store::open_with(&location, Clock::default(), tasks, Some(key));
    let store = opening.await.map_err(|error| error.at(&location))?;
    let done = work(&store).await;
    store.close().await;
    done.map_err(|error| error.at(&location))
}

/// Starts the embedded sample shop on this machine, on its usual port or any free one.
pub async fn start_sample(data_dir: &Path) -> Result<Running, StartError> {
    let mut config = Config::embedded(data_dir);
    config.sample = true;
    config.listen = SAMPLE_ADDRESS;
    match start(config.clone()).await {
        Err(StartError::PortTaken { .. } | StartError::Listen { .. }) => {
            config.listen.set_port(0);
            start(config).await
        }
        other => other,
    }
}

/// Makes the data folder and holds its lock, so that no second gateway writes there.
fn lock(data_dir: &Path) -> Result<File, StartError> {
    std::fs::create_dir_all(data_dir).map_err(|error| words::folder(data_dir, error))?;
    let path = data_dir.join("gateway.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| words::folder(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::InUse {
            path: data_dir.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(error)) => Err(words::folder(data_dir, error)),
    }
}

/// The key that signs the audit trail; it is made at the first start.
pub(crate) fn audit_key(config: &Config) -> Result<Arc<AuditKey>, StartError> {
    let file = config.data_dir.join(KEY_FILE);
    match AuditKey::read_or_make(&file) {
        Ok(key) => Ok(Arc::new(key)),
        Err(KeyError::File(error)) => Err(words::folder(&file, error)),
        Err(error) => Err(StartError::AuditKey { file, error }),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            StartError::PortTaken { address }
        } else {
            StartError::Listen {
                address,
                why: error.to_string(),
            }
        }
    })
}

pub(crate) fn location(config: &Config) -> Location {
    match &config.database_url {
        Some(url) => Location::Url(url.reveal().to_owned()),
        None => Location::File(config.data_dir.join("gateway.db")),
    }
}

/// What a database needs before anybody may ask it.
async fn prepare(store: &Store, sample: bool) -> Result<(), StoreError> {
    if sample {
        fill_with_sample(store).await?;
    }
    warn_of_clock(store).await
}

async fn fill_with_sample(store: &Store) -> Result<(), StoreError> {
    if store.is_empty().await? || store.is_stale_sample(SAMPLE_AGE).await? {
        let hash = passwords::hash(deskhand_sample::PASSWORD).await;
        let began = store.clock().now();
        let sample = deskhand_sample::generate(began);
        let made = store.clock().now();
        store.seed(Seed::sample(sample, hash)).await?;
        let stored = store.clock().now();
        tracing::info!(
            make_ms = (made - began).num_milliseconds(),
            store_ms = (stored - made).num_milliseconds(),
            "the sample shop was made"
        );
    }
    Ok(())
}

/// A clock far behind the newest record sorts new messages below old ones; somebody should know.
async fn warn_of_clock(store: &Store) -> Result<(), StoreError> {
    if let Some(newest) = store.newest_record().await?
        && newest - store.clock().now() > TimeDelta::minutes(10)
    {
        tracing::warn!(%newest, "this machine's clock is behind the newest record: set the clock");
    }
    Ok(())
}
