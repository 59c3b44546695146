//! The file of the copy: opened with its key, put aside when it cannot be used, deleted.

use crate::{
    profile::Profile,
    shop::{cache_failed, report},
    vault::{KEY, Vault},
};
use chrono::{DateTime, Utc};
use deskhand_cache::{Cache, Key, OpenError, Reader, StoredOp, Writer};
use deskhand_domain::TicketId;
use deskhand_protocol::{
    calls::{CallCode, CallError},
    view::Draft,
};
use std::path::{Path, PathBuf};

/// Whether a cache that cannot be used here may be put aside for a new one: the key does not open
/// it, or a newer program wrote it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfKeyIsWrong {
    /// Nobody has asked for a new start: say so.
    Say,
    /// Somebody just signed in: the old file is kept, and a new one is begun.
    BeginAnew,
}

/// Opens the profile's cache. A damaged one is put aside, its outbox and drafts taken over as far
/// as they can be read; so is one whose key is lost or, at a sign-in, one of a newer program. Nothing is
/// deleted.
pub(crate) async fn open(
    vault: &Vault,
    profile: &Profile,
    if_wrong: IfKeyIsWrong,
    now: DateTime<Utc>,
) -> Result<(Writer, Reader), CallError> {
    let path = vault.cache(profile);
    let stored = vault.get(profile, KEY).await?;
    let (key, is_new) = match stored.as_deref().and_then(Key::from_hex) {
        Some(key) => (key, false),
        None => (Key::random(), true),
    };
    if is_new {
        // The key first: a file without its key would be lost.
        vault.set(profile, KEY, key.to_hex()).await?;
        if path.exists() {
            put_aside(&path, "lost-key", now)?;
        }
    }
    if is_damage_noted(&path) {
        let rescued = Rescued::from(&path, &key).await;
        return begin_anew(&path, &key, "damaged", &rescued, now).await;
    }
    match Cache::open(&path, &key).await {
        Err(OpenError::Damaged(error)) => {
            report(&error, "the cache is damaged; a new one is made");
            let rescued = Rescued::from(&path, &key).await;
            begin_anew(&path, &key, "damaged", &rescued, now).await
        }
        Err(OpenError::WrongKey) if if_wrong == IfKeyIsWrong::BeginAnew => {
            begin_anew(&path, &key, "wrong-key", &Rescued::default(), now).await
        }
        Err(OpenError::Newer(_)) if if_wrong == IfKeyIsWrong::BeginAnew => {
            // No column ever changes its meaning, so what waits to be sent can be read.
            let rescued = Rescued::from(&path, &key).await;
            begin_anew(&path, &key, "newer", &rescued, now).await
        }
        opened => opened.map_err(not_opened),
    }
}

/// Notes that reading found damage, so that the next start begins with a new file.
pub(crate) fn note_damage(cache: &Path) {
    if let Err(error) = std::fs::write(damage_note(cache), "") {
        report(&error, "the damage could not be noted");
    }
}

fn is_damage_noted(path: &Path) -> bool {
    damage_note(path).exists()
}

fn damage_note(path: &Path) -> PathBuf {
    path.with_extension("damage-found")
}

/// What is nowhere else: what waits to be sent, and what was begun.
#[derive(Default)]
struct Rescued {
    operations: Vec<StoredOp>,
    drafts: Vec<(TicketId, Draft)>,
}

impl Rescued {
    async fn from(path: &Path, key: &Key) -> Self {
        Self {
            operations: Cache::salvage(path, key).await,
            drafts: Cache::salvage_drafts(path, key).await,
        }
    }
}

async fn begin_anew(
    path: &Path,
    key: &Key,
    why: &str,
    rescued: &Rescued,
    now: DateTime<Utc>,
) -> Result<(Writer, Reader), CallError> {
    put_aside(path, why, now)?;
    if is_damage_noted(path)
        && let Err(error) = std::fs::remove_file(damage_note(path))
    {
        report(&error, "the note of the damage could not be removed");
    }
    let (writer, reader) = Cache::open(path, key).await.map_err(not_opened)?;
    for op in &rescued.operations {
        writer.adopt(op).await.map_err(cache_failed)?;
    }
    for (ticket, draft) in &rescued.drafts {
        let saved = writer.save_draft(*ticket, draft).await;
        saved.map_err(cache_failed)?;
    }
    Ok((writer, reader))
}

fn put_aside(path: &Path, why: &str, now: DateTime<Utc>) -> Result<(), CallError> {
    let label = format!("{why}-{}", now.timestamp());
    Cache::set_aside(path, &label)
        .map(|_| ())
        .map_err(not_opened)
}

fn not_opened(error: OpenError) -> CallError {
    report(&error, "the cache could not be opened");
    let code = match &error {
        OpenError::WrongKey => CallCode::WrongKey,
        OpenError::Damaged(_) => CallCode::CacheDamaged,
        OpenError::Newer(_) => CallCode::CacheNewer,
        OpenError::NotWritable { .. } => CallCode::NotWritable,
        OpenError::InUse => CallCode::FolderInUse,
        OpenError::DiskFull => CallCode::DiskFull,
        OpenError::Other(_) => CallCode::Internal,
    };
    CallError::new(code, error.to_string())
}

/// Deletes a cache with everything that was put aside beside it.
pub(crate) fn delete(cache: &Path) -> Result<(), CallError> {
    let deleted = Cache::delete(cache).and_then(|()| match cache.parent() {
        Some(folder) if folder.exists() => std::fs::remove_dir_all(folder),
        _ => Ok(()),
    });
    deleted.map_err(|error| CallError::new(CallCode::NotWritable, error.to_string()))
}
