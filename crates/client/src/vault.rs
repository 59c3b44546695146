//! Secrets and the cache they open: the session's token and the cache's key are in the keychain,
//! and nowhere else.

use crate::{
    host::Host,
    keychain::{Keychain, KeychainError},
    profile::Profile,
    shop::report,
};
use chrono::{DateTime, Utc};
use deskhand_cache::{Cache, Key, OpenError, Reader, StoredOp, Writer};
use deskhand_protocol::calls::{CallCode, CallError};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) const TOKEN: &str = "session";
const KEY: &str = "cache-key";

/// The secret of that name.
pub(crate) async fn get(host: &Arc<dyn Host>, name: String) -> Result<Option<String>, CallError> {
    ask(host, move |keychain| keychain.get(&name)).await
}

pub(crate) async fn set(
    host: &Arc<dyn Host>,
    name: String,
    secret: String,
) -> Result<(), CallError> {
    ask(host, move |keychain| keychain.set(&name, &secret)).await
}

pub(crate) async fn delete(host: &Arc<dyn Host>, name: String) -> Result<(), CallError> {
    ask(host, move |keychain| keychain.delete(&name)).await
}

/// The keychain may wait for a person, so it is asked on a thread of its own.
async fn ask<T: Send + 'static>(
    host: &Arc<dyn Host>,
    question: impl FnOnce(&dyn Keychain) -> Result<T, KeychainError> + Send + 'static,
) -> Result<T, CallError> {
    let host = Arc::clone(host);
    let answer = tokio::task::spawn_blocking(move || question(host.keychain())).await;
    answer
        .map_err(|_| CallError::new(CallCode::Internal, "the keychain's thread failed"))?
        .map_err(|error| {
            let code = match &error {
                KeychainError::Absent(_) => CallCode::KeychainAbsent,
                KeychainError::Locked(_) => CallCode::KeychainLocked,
                KeychainError::Other(_) => CallCode::Internal,
            };
            CallError::new(code, error.to_string())
        })
}

/// Whether a cache that cannot be used here may be put aside for a new one: the key does not open
/// it, or a newer program wrote it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfKeyIsWrong {
    /// Nobody has asked for a new start: say so.
    Say,
    /// Somebody just signed in: the old file is kept, and a new one is begun.
    BeginAnew,
}

/// Opens the profile's cache. A damaged one is put aside and its outbox taken over as far as it
/// can be read; so is one whose key is lost or, at a sign-in, one of a newer program. Nothing is
/// deleted.
pub(crate) async fn open(
    host: &Arc<dyn Host>,
    data_dir: &Path,
    profile: &Profile,
    if_wrong: IfKeyIsWrong,
    now: DateTime<Utc>,
) -> Result<(Writer, Reader), CallError> {
    let path = profile.cache(data_dir);
    let name = profile.secret(data_dir, KEY);
    let stored = get(host, name.clone()).await?;
    let (key, is_new) = match stored.as_deref().and_then(Key::from_hex) {
        Some(key) => (key, false),
        None => (Key::random(), true),
    };
    if is_new {
        // In the keychain first: a file without its key would be lost.
        set(host, name, key.to_hex()).await?;
        if path.exists() {
            put_aside(&path, "lost-key", now)?;
        }
    }
    if is_damage_noted(&path) {
        let rescued = Cache::salvage(&path, &key).await;
        return begin_anew(&path, &key, "damaged", &rescued, now).await;
    }
    match Cache::open(&path, &key).await {
        Err(OpenError::Damaged(error)) => {
            report(&error, "the cache is damaged; a new one is made");
            let rescued = Cache::salvage(&path, &key).await;
            begin_anew(&path, &key, "damaged", &rescued, now).await
        }
        Err(OpenError::WrongKey) if if_wrong == IfKeyIsWrong::BeginAnew => {
            begin_anew(&path, &key, "wrong-key", &[], now).await
        }
        Err(OpenError::Newer(_)) if if_wrong == IfKeyIsWrong::BeginAnew => {
            // No column ever changes its meaning, so what waits to be sent can be read.
            let rescued = Cache::salvage(&path, &key).await;
            begin_anew(&path, &key, "newer", &rescued, now).await
        }
        opened => opened.map_err(not_opened),
    }
}

/// Notes that reading found damage, so that the next start begins with a new file.
pub(crate) fn note_damage(data_dir: &Path, profile: &Profile) {
    if let Err(error) = std::fs::write(damage_note(&profile.cache(data_dir)), "") {
        report(&error, "the damage could not be noted");
    }
}

fn is_damage_noted(path: &Path) -> bool {
    damage_note(path).exists()
}

fn damage_note(path: &Path) -> PathBuf {
    path.with_extension("damage-found")
}

async fn begin_anew(
    path: &Path,
    key: &Key,
    why: &str,
    rescued: &[StoredOp],
    now: DateTime<Utc>,
) -> Result<(Writer, Reader), CallError> {
    put_aside(path, why, now)?;
    if is_damage_noted(path)
        && let Err(error) = std::fs::remove_file(damage_note(path))
    {
        report(&error, "the note of the damage could not be removed");
    }
    let (writer, reader) = Cache::open(path, key).await.map_err(not_opened)?;
    for op in rescued {
        writer.adopt(op).await.map_err(crate::shop::cache_failed)?;
    }
    Ok((writer, reader))
}

fn put_aside(path: &Path, why: &str, now: DateTime<Utc>) -> Result<(), CallError> {
    let label = format!("{why}-{}", now.timestamp());
    Cache::set_aside(path, &label)
        .map(|_| ())
        .map_err(not_opened)
}

/// Destroys the key and deletes the file.
pub(crate) async fn destroy(
    host: &Arc<dyn Host>,
    data_dir: &Path,
    profile: &Profile,
) -> Result<(), CallError> {
    let key = delete(host, profile.secret(data_dir, KEY)).await;
    let token = delete(host, profile.secret(data_dir, TOKEN)).await;
    let file = Cache::delete(&profile.cache(data_dir))
        .map_err(|error| CallError::new(CallCode::NotWritable, error.to_string()));
    key.and(token).and(file)
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
