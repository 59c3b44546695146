//! Signed heads: how far the trail went at a moment, one line each in a file that can be kept where
//! nobody who runs the gateway can change it. A trail that was cut or written anew no longer leads
//! through them.

use super::{
    chain::unhex,
    key::{AuditKey, PublicKey},
};
use crate::{
    clock::{Clock, millis},
    store::{Store, StoreError, Trail},
    tasks::Tasks,
};
use chrono::TimeDelta;
use deskhand_domain::Instant;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The name of the file of heads in the folder of the data.
pub const HEADS_FILE: &str = "audit-heads.ndjson";
/// How often there is a head when there is something new.
const HOURLY: TimeDelta = TimeDelta::hours(1);
/// How often the clock is looked at: it may be set, and the machine may sleep.
const TICK: Duration = Duration::from_secs(60);
/// Names what is signed, so that a signature is good for nothing else.
const HEAD: &[u8] = b"deskhand audit head 1";
/// Longer than any line of the file.
const LINE: u64 = 1_024;

/// How far the trail went at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Counts the heads from 1, so that one that is missing is missed.
    pub number: u64,
    /// When it was signed.
    pub at: Instant,
    /// How many entries the trail had.
    pub position: i64,
    /// The hash of the newest, in hex.
    pub hash: String,
    /// The public half of the key, in hex.
    pub key: String,
    /// Ed25519 over all of it, in hex.
    pub signature: String,
}

impl Head {
    fn sign(number: u64, at: Instant, position: i64, hash: String, key: &AuditKey) -> Self {
        let mut head = Self {
            number,
            at,
            position,
            hash,
            key: key.public().to_hex(),
            signature: String::new(),
        };
        head.signature = key.sign(&head.bytes());
        head
    }

    /// Whether the key signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.key == key.to_hex() && key.signed(&self.bytes(), &self.signature)
    }

    fn bytes(&self) -> Vec<u8> {
        let hash = unhex::<32>(&self.hash).unwrap_or_default();
        [
            HEAD,
            &self.number.to_be_bytes(),
            &millis(self.at).to_be_bytes(),
            &self.position.to_be_bytes(),
            &hash,
        ]
        .concat()
    }
}

/// The heads of a file, line by line; a line that is none is `None`.
pub fn read(text: &str) -> Vec<Option<Head>> {
    text.lines()
        .map(|line| {
            let head: Option<Head> = serde_json::from_str(line).ok();
            head.filter(|head| unhex::<32>(&head.hash).is_some())
        })
        .collect()
}

/// Appends heads to the file.
#[derive(Clone)]
pub struct Heads {
    file: PathBuf,
    key: Arc<AuditKey>,
    clock: Clock,
}

impl Heads {
    /// Heads in a file.
    pub fn new(file: PathBuf, key: Arc<AuditKey>, clock: Clock) -> Self {
        Self { file, key, clock }
    }

    /// Starts the one task that signs: now, and every hour in which something was done.
    pub fn start(&self, store: &Store, tasks: &Tasks) {
        let (heads, store, stop) = (self.clone(), store.clone(), tasks.stopping());
        tasks.spawn("audit heads", async move {
            stop.run_until_cancelled(heads.run(store)).await;
        });
    }

    async fn run(&self, store: Store) {
        let mut next = self.clock.now();
        loop {
            let now = self.clock.now();
            // Also when the clock was set back by more than an hour.
            if now >= next || next - now > HOURLY {
                next = now + HOURLY;
                self.sign_logged(&store).await;
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Signs a head and says when that cannot be done.
    pub async fn sign_logged(&self, store: &Store) {
        match self.sign(store).await {
            Ok(Some(head)) => tracing::info!(
                number = head.number,
                position = head.position,
                hash = head.hash,
                "signed how far the audit trail goes"
            ),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "no head of the audit trail can be signed"),
        }
    }

    /// Signs how far the trail goes, unless the newest head says so already.
    pub async fn sign(&self, store: &Store) -> Result<Option<Head>, HeadError> {
        let Trail { position, hash, .. } = store.trail().await?;
        let newest = newest(&self.file)?;
        if newest.as_ref().is_some_and(|head| head.hash == hash) {
            return Ok(None);
        }
        let number = newest.map_or(0, |head| head.number) + 1;
        let head = Head::sign(number, self.clock.now(), position, hash, &self.key);
        append(&self.file, &head)?;
        Ok(Some(head))
    }
}

/// Why no head was signed.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// The trail cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be used.
    #[error("the file of heads cannot be used ({0})")]
    File(#[from] io::Error),
}

/// The newest head of the file, if its last line is one.
fn newest(file: &Path) -> Result<Option<Head>, io::Error> {
    let mut opened = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let size = opened.metadata()?.len();
    opened.seek(SeekFrom::Start(size.saturating_sub(2 * LINE)))?;
    let mut end = Vec::new();
    opened.read_to_end(&mut end)?;
    let end = String::from_utf8_lossy(&end);
    Ok(read(&end).into_iter().flatten().next_back())
}

/// Adds a line; one that was cut off by a crash stays alone on its own.
fn append(file: &Path, head: &Head) -> Result<(), io::Error> {
    let mut options = File::options();
    options.create(true).read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(file)?;
    let mut line = serde_json::to_string(head)?;
    line.push('\n');
    if opened.metadata()?.len() > 0 {
        let mut last = [0];
        opened.seek(SeekFrom::End(-1))?;
        opened.read_exact(&mut last)?;
        if last != *b"\n" {
            line.insert(0, '\n');
        }
    }
    opened.write_all(line.as_bytes())?;
    opened.sync_all()
}
