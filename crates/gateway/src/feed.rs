//! Carries commits to sockets: each batch is read and encoded once, and shared by all.

use crate::{
    sight::{Placed, Sight},
    store::{Store, StoreError},
    tasks::Tasks,
};
use axum::extract::ws::Utf8Bytes;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use deskhand_protocol::{live::ServerFrame, sync::Change};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::broadcast;

/// How many entities a frame holds at most.
pub const BATCH: usize = 500;
/// How many bytes they have at most, unless it is a single one: far less than a socket takes at once.
const FRAME: usize = 1024 * 1024;
/// So few fit in any case.
const FEW: usize = 8;
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

/// Some consecutive positions of the feed.
pub struct Batch {
    /// The position before the first.
    pub after: i64,
    /// The last position.
    pub upto: i64,
    /// The entities.
    pub changes: Vec<Placed>,
    epoch: String,
    /// The frame of each sight that was asked for: encoded once, however many sockets have it.
    frames: Mutex<BTreeMap<Sight, Utf8Bytes>>,
}

impl Batch {
    /// Puts a batch together of as many as fit into a frame.
    pub fn new(epoch: &str, after: i64, mut changes: Vec<Placed>) -> Option<Self> {
        if changes.len() > FEW {
            changes.truncate(fitting(&changes));
        }
        Some(Self {
            after,
            upto: changes.last()?.change.position,
            changes,
            epoch: epoch.to_owned(),
            frames: Mutex::default(),
        })
    }

    /// The frame for somebody's sight.
    pub fn frame(&self, sight: &Sight) -> Utf8Bytes {
        // Held while it is encoded: who has the same sight would encode the same.
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frame) = frames.get(sight) {
            return frame.clone();
        }
        let shown = self.changes.iter().filter_map(|placed| sight.shows(placed));
        let frame = frame(&self.epoch, sight, self.after, shown.collect(), self.upto);
        frames.insert(sight.clone(), frame.clone());
        frame
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

/// How many of them fit into a frame.
fn fitting(changes: &[Placed]) -> usize {
    let mut bytes = Bytes(0);
    let fit = changes.iter().take_while(|placed| {
        serde_json::to_writer(&mut bytes, &placed.change).is_ok() && bytes.0 <= FRAME
    });
    fit.count().max(1)
}

/// Counts what is written to it.
struct Bytes(usize);

impl io::Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn frame(epoch: &str, sight: &Sight, after: i64, changes: Vec<Change>, upto: i64) -> Utf8Bytes {
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
