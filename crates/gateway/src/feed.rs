//! Carries commits to sockets: each batch is read and encoded once, and shared by all.

use crate::{
    store::{Store, StoreError},
    tasks::Tasks,
};
use axum::extract::ws::Utf8Bytes;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use deskhand_domain::{Role, Scope};
use deskhand_protocol::{
    live::ServerFrame,
    sync::{Change, Kind},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast;

/// How many entities a frame holds at most.
pub const BATCH: usize = 500;
/// How many batches a slow socket may lie behind before it is cut off.
const BEHIND: usize = 256;

/// Where a live socket stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveCursor {
    /// Which history.
    pub epoch: String,
    /// What its desktop could see; with another sight the copy is purged before anything is sent.
    pub scope: String,
    /// The last position it has.
    pub upto: i64,
}

/// What somebody may see of the feed. Decided once for each socket, not for each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    tickets: bool,
    customers: bool,
    colleagues: bool,
}

impl Sight {
    /// What a role may see; what is not listed is denied.
    pub fn of(role: Role) -> Self {
        Self {
            tickets: role.may(Scope::TicketsRead),
            customers: role.may(Scope::CustomersRead),
            colleagues: role.may(Scope::TicketsRead) || role.may(Scope::AuditRead),
        }
    }

    /// Its name in cursors.
    pub fn scope(self) -> String {
        [
            (self.tickets, 't'),
            (self.customers, 'c'),
            (self.colleagues, 's'),
        ]
        .into_iter()
        .filter_map(|(sees, sign)| sees.then_some(sign))
        .collect()
    }

    /// Whether entities of a kind are visible.
    pub fn may(self, kind: Kind) -> bool {
        match kind {
            Kind::Ticket | Kind::Message => self.tickets,
            Kind::Customer | Kind::Order | Kind::Shipment => self.customers,
            Kind::Account | Kind::Macro | Kind::Article | Kind::Field => self.colleagues,
        }
    }

    const WHOLE: Self = Self {
        tickets: true,
        customers: true,
        colleagues: true,
    };

    fn is_whole(self) -> bool {
        self == Self::WHOLE
    }
}

/// Some consecutive positions of the feed.
pub struct Batch {
    /// The position before the first.
    pub after: i64,
    /// The last position.
    pub upto: i64,
    /// The entities.
    pub changes: Vec<Change>,
    epoch: String,
    /// The frame for those who see everything, which is nearly everybody.
    whole: Utf8Bytes,
}

impl Batch {
    /// Puts a batch together and encodes it.
    pub fn new(epoch: &str, after: i64, changes: Vec<Change>) -> Option<Self> {
        let upto = changes.last()?.position;
        let whole = frame(epoch, Sight::WHOLE, after, changes.clone(), upto);
        Some(Self {
            after,
            upto,
            changes,
            epoch: epoch.to_owned(),
            whole,
        })
    }

    /// The frame for somebody's sight.
    pub fn frame(&self, sight: Sight) -> Utf8Bytes {
        if sight.is_whole() {
            return self.whole.clone();
        }
        let visible = self
            .changes
            .iter()
            .filter(|change| sight.may(change.record.key().0));
        let visible = visible.cloned().collect();
        frame(&self.epoch, sight, self.after, visible, self.upto)
    }
}

/// The newest batches of the feed.
#[derive(Clone)]
pub struct Feed {
    batches: broadcast::Sender<Arc<Batch>>,
}

impl Feed {
    /// Starts following the store.
    pub fn start(store: &Store, tasks: &Tasks) -> Self {
        let feed = Self {
            batches: broadcast::Sender::new(BEHIND),
        };
        let (publisher, store, stop) = (feed.clone(), store.clone(), tasks.stopping());
        tasks.spawn("feed", async move {
            stop.run_until_cancelled(publisher.run(store)).await;
        });
        feed
    }

    /// Batches from now on.
    pub fn follow(&self) -> broadcast::Receiver<Arc<Batch>> {
        self.batches.subscribe()
    }

    async fn run(&self, store: Store) {
        let mut head = store.head();
        let mut upto = *head.borrow_and_update();
        loop {
            match self.publish(&store, upto).await {
                Ok(None) => {
                    if head.changed().await.is_err() {
                        return;
                    }
                }
                Ok(Some(newer)) => upto = newer,
                Err(error) => {
                    tracing::error!(%error, "the feed cannot be read; trying again");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
    }

    /// Publishes what follows a position. The new position, if there was anything.
    async fn publish(&self, store: &Store, after: i64) -> Result<Option<i64>, StoreError> {
        let changes = store.changes_after(after, BATCH).await?;
        let Some(batch) = Batch::new(&store.history().epoch, after, changes) else {
            return Ok(None);
        };
        let upto = batch.upto;
        // Nobody listening is no error: sockets catch up from the database.
        self.batches.send(Arc::new(batch)).ok();
        Ok(Some(upto))
    }
}

fn frame(epoch: &str, sight: Sight, after: i64, changes: Vec<Change>, upto: i64) -> Utf8Bytes {
    let cursor = write_cursor(&LiveCursor {
        epoch: epoch.to_owned(),
        scope: sight.scope(),
        upto,
    });
    encode(&ServerFrame::Changes {
        changes,
        after,
        cursor,
        upto,
    })
}

/// A frame as it is sent.
pub fn encode(frame: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
}

/// A cursor as the other side keeps it.
pub fn write_cursor(cursor: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor).unwrap_or_default())
}

/// A cursor that came back, unless it was changed.
pub fn read_cursor<T: DeserializeOwned>(text: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&bytes).ok()
}
