//! The gateway's memory: one store, with SQLite or PostgreSQL behind it.
//!
//! Every change that a desktop can see goes through [`Store::write`] and [`Tx::put`], which give it
//! the next position of the feed in the transaction that makes it. What an engine does in its own
//! way stands in `sqlite.rs` and `postgres.rs`; all other SQL runs on both.

mod accounts;
mod audit;
mod cells;
mod chat;
mod commerce;
pub mod conformance;
mod devices;
mod entity;
mod error;
mod feed;
mod fields;
mod identities;
mod inbox;
mod keys;
mod lists;
mod merge;
mod notices;
mod operations;
mod past;
mod patch;
mod peek;
mod postgres;
mod replies;
mod second_factor;
mod seed;
mod sessions;
mod sql;
mod sqlite;
mod sync;
mod teams;
mod tickets;
mod wake;

pub use audit::{AuditFilter, Entry, Trail, connect_to_read, read_entries, read_trail, stored};
pub use chat::{Opened, Visitor};
pub use commerce::{Origin, TakenOver, Taking};
pub use error::{Doing, StoreError};
pub use fields::{FIELDS, check_definition};
pub use identities::{BrowserSignIn, Identity};
pub use inbox::{Letter, LetterFilter, LetterState, PATIENCE, Reading};
pub use keys::{KeyHolder, Made};
pub use lists::{ListCursor, OrderFilter, TicketFilter};
pub use notices::{Case, ToLookAt};
pub use operations::{Done, Operation, Outcome};
pub use past::read_past;
pub use peek::Peek;
pub use replies::Undo;
pub use second_factor::{Factor, NewChallenge, Taken};
pub use seed::Seed;
pub use sessions::{NewDevice, NewPair, Refreshed, SignedIn, Standing};
pub use sync::{Next, SyncCursor};
pub use teams::Assigned;

use crate::{audit::key::AuditKey, clock::Clock, tasks::Tasks, via::Via};
use chrono::TimeDelta;
use deskhand_domain::{Instant, Shop, Team, TeamId};
use deskhand_protocol::sync::Kind;
use entity::Row;
use futures_util::future::BoxFuture;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Transaction};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

/// Where the data lies.
#[derive(Clone, Debug)]
pub enum Location {
    /// A SQLite file in a folder of its own.
    File(PathBuf),
    /// A PostgreSQL database.
    Url(String),
}

/// The database, shared by everything in one gateway.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    /// On SQLite exactly one connection: two that write at once can damage a file (fixed in SQLite
    /// 3.51.3, which sqlx does not ship yet).
    write: AnyPool,
    /// On SQLite read-only connections, so that a second writer is impossible.
    read: AnyPool,
    /// Holds a PostgreSQL database for this gateway alone; a file is held by the folder's lock.
    turn: Mutex<Option<AnyConnection>>,
    /// Whether other processes may write to the database too.
    is_shared: bool,
    tasks: Tasks,
    clock: Clock,
    /// Says that there is more in the feed; the database is the feed.
    head: watch::Sender<i64>,
    /// What holds for the whole history; changes only when a sample shop is made anew.
    history: RwLock<History>,
    /// Every team; changes only when an admin makes one.
    teams: RwLock<Arc<Vec<Team>>>,
    /// Whose tickets are that somebody has open.
    owners: Mutex<teams::Owners>,
    /// How long replies are held, in milliseconds.
    hold: AtomicI64,
    /// Says that a reply is held.
    held: Notify,
    /// Says that something was told.
    told: Notify,
    /// Who tokens belong to.
    known: sessions::Known,
    /// Whose keys there are.
    keys: keys::KnownKeys,
    /// What signs how far the audit trail goes.
    key: Option<Arc<AuditKey>>,
}

/// What holds for the whole history of a database.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Names the history the positions belong to.
    pub epoch: String,
    /// The shop, once there is one.
    pub shop: Option<Shop>,
    /// Whether this is a sample shop with published passwords.
    pub sample: bool,
}

/// A transaction that knows what it touched.
pub struct Tx {
    inner: Transaction<'static, Any>,
    head: i64,
    touched: BTreeSet<(Kind, Uuid)>,
    /// Whose tickets there are for this transaction; all, unless told.
    only: Option<BTreeSet<TeamId>>,
    /// Whether tickets went to other teams.
    moved: bool,
    /// How long replies are held.
    hold: TimeDelta,
    /// Whether it holds one.
    held: bool,
    /// How far the audit trail goes.
    trail: Trail,
    /// What signs how far it goes.
    key: Option<Arc<AuditKey>>,
    /// What is added to it.
    entries: Vec<Entry>,
    /// How the request came in that this answers.
    via: Via,
    clock: Clock,
    /// Whether somebody may do less than before.
    sessions_changed: bool,
    /// When the transaction began.
    pub now: Instant,
}

impl Store {
    /// Opens the database, brings its tables up to date and reads what holds for all of it.
    pub async fn open(
        location: &Location,
        clock: Clock,
        tasks: Tasks,
    ) -> Result<Self, crate::start::StartError> {
        Self::open_with(location, clock, tasks, None).await
    }

    /// The same, with the key that signs the end of the audit trail in every transaction.
    pub async fn open_with(
        location: &Location,
        clock: Clock,
        tasks: Tasks,
        key: Option<Arc<AuditKey>>,
    ) -> Result<Self, crate::start::StartError> {
        sqlx::any::install_default_drivers();
        let (write, read, turn) = match location {
            Location::File(file) => {
                let (write, read) = sqlite::open(file).await?;
                (write, read, None)
            }
            Location::Url(url) => {
                let (write, read, turn) = postgres::open(url).await?;
                (write, read, Some(turn))
            }
        };
        Self::of((write, read, turn), clock, tasks, key).await
    }

    /// Opens a PostgreSQL database that a gateway may be serving, for what changes nothing in the
    /// feed: that gateway would not hear of it.
    pub async fn beside(
        url: &str,
        clock: Clock,
        tasks: Tasks,
        key: Option<Arc<AuditKey>>,
    ) -> Result<Self, crate::start::StartError> {
        sqlx::any::install_default_drivers();
        let pool = postgres::beside(url).await?;
        Self::of((pool.clone(), pool, None), clock, tasks, key).await
    }

    async fn of(
        (write, read, turn): (AnyPool, AnyPool, Option<AnyConnection>),
        clock: Clock,
        tasks: Tasks,
        key: Option<Arc<AuditKey>>,
    ) -> Result<Self, crate::start::StartError> {
        let store = Self {
            inner: Arc::new(Inner {
                is_shared: turn.is_some(),
                write,
                read,
                turn: Mutex::new(turn),
                tasks,
                clock,
                head: watch::Sender::new(0),
                history: RwLock::default(),
                teams: RwLock::default(),
                owners: Mutex::default(),
                hold: AtomicI64::new(0),
                held: Notify::new(),
                told: Notify::new(),
                known: sessions::Known::default(),
                keys: keys::KnownKeys::default(),
                key,
            }),
        };
        store.read_history().await?;
        store.look_at_sessions().await?;
        Ok(store)
    }

    /// Closes every connection; the readers first, so that the writer can tidy up behind them.
    pub async fn close(&self) {
        self.inner.read.close().await;
        self.inner.write.close().await;
        let turn = self
            .inner
            .turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(turn) = turn
            && let Err(error) = turn.close().await
        {
            tracing::debug!(%error, "the database was gone before it was closed");
        }
    }

    /// Runs work in one transaction, in a task that goes on when the caller is dropped.
    pub async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let store = self.clone();
        let via = Via::current();
        self.inner
            .tasks
            .finish("write", async move {
                let mut tx = store.begin(via).await?;
                match work(&mut tx).await {
                    Ok(value) => store.commit(tx).await.map(|()| value),
                    Err(error) => {
                        // On a full disk SQLite has done it already; the cause is what counts.
                        if let Err(error) = tx.inner.rollback().await {
                            tracing::debug!(%error, "there was nothing to take back");
                        }
                        Err(error)
                    }
                }
            })
            .await
            .ok_or(StoreError::Interrupted)?
    }

    async fn begin(&self, via: Via) -> Result<Tx, StoreError> {
        let mut inner = self.inner.write.begin().await.doing("begin")?;
        let (head, position, hash, seal) = sqlx::query_as(
            "update feed_head set position = position where one = 1
             returning position, audit_position, audit_hash, audit_seal",
        )
        .fetch_one(&mut *inner)
        .await
        .doing("take its turn")?;
        Ok(Tx {
            inner,
            head,
            touched: BTreeSet::new(),
            only: None,
            moved: false,
            hold: TimeDelta::milliseconds(self.inner.hold.load(Ordering::Relaxed)),
            held: false,
            trail: Trail {
                position,
                hash,
                seal,
            },
            key: self.inner.key.clone(),
            entries: Vec::new(),
            via,
            clock: self.inner.clock.clone(),
            sessions_changed: false,
            now: self.inner.clock.now(),
        })
    }

    async fn commit(&self, mut tx: Tx) -> Result<(), StoreError> {
        tx.write_entries().await?;
        let head = tx.number().await?;
        let (held, moved) = (tx.held, tx.moved);
        let version = tx.session_version().await?;
        tx.inner.commit().await.doing("commit")?;
        if moved {
            self.forget_owners();
        }
        self.inner.head.send_if_modified(|known| {
            let newer = head > *known;
            *known = head.max(*known);
            newer
        });
        if let Some(version) = version {
            self.inner.known.moved(version);
        }
        if held {
            self.inner.held.notify_one();
        }
        Ok(())
    }

    /// The newest position, and a way to wait for a newer one.
    pub fn head(&self) -> watch::Receiver<i64> {
        self.inner.head.subscribe()
    }

    /// What holds for the whole history.
    pub fn history(&self) -> History {
        self.inner
            .history
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether other processes may write to the database too.
    pub fn is_shared(&self) -> bool {
        self.inner.is_shared
    }

    /// The clock the store uses.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let (_one,): (i64,) = sqlx::query_as("select position from feed_head")
            .fetch_one(&self.inner.read)
            .await
            .doing("answer")?;
        Ok(())
    }

    /// Lets a SQLite file grow no further; for tests of a full disk.
    pub async fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        sqlite::limit_pages(&self.inner.write, pages)
            .await
            .doing("limit its size")
    }

    fn known(&self) -> &sessions::Known {
        &self.inner.known
    }

    fn read(&self) -> &AnyPool {
        &self.inner.read
    }

    /// Entities by their ids, those that exist.
    pub(crate) async fn load<E: Row>(&self, ids: &[Uuid]) -> Result<Vec<E>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for part in ids.chunks(500) {
            found.extend(entity::by_ids::<E, _>(self.read(), part).await?);
        }
        Ok(found)
    }

    /// One entity by its id.
    pub(crate) async fn get<E: Row>(&self, id: Uuid) -> Result<Option<E>, StoreError> {
        Ok(self.load::<E>(&[id]).await?.pop())
    }
}
