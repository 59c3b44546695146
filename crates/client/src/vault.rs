//! Where secrets are: the session's refresh token and the cache's key are in the keychain, or behind a
//! passphrase when there is none, and nowhere else.
//!
//! A sample shop on a computer without a keychain asks for no passphrase: its secrets are in memory,
//! and its cache in a folder that goes with the program.

use crate::{
    copy,
    host::Host,
    keychain::{Keychain, KeychainError, MemoryKeychain},
    profile::Profile,
    sealed::{self, Cost, Sealed, SealedError},
    shop::{lock, report},
};
use deskhand_protocol::calls::{CallCode, CallError};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use zeroize::Zeroizing;

pub(crate) const TOKEN: &str = "session";
pub(crate) const KEY: &str = "cache-key";
/// Stored for a moment, to see whether anything can be.
const PROBE: &str = "probe";
/// The folder of a sample shop's cache whose key is in memory.
const PASSING: &str = "passing";
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Where secrets are kept. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Vault {
    inner: Arc<Inside>,
}

struct Inside {
    host: Arc<dyn Host>,
    data_dir: PathBuf,
    /// The secrets behind a passphrase, once somebody gave it.
    sealed: Mutex<Option<Sealed>>,
    /// The secrets of a sample shop that has no keychain.
    passing: MemoryKeychain,
    is_passing: AtomicBool,
    /// How many wrong passphrases were given, one after the other.
    wrong: AtomicU32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Keychain,
    Sealed,
    Passing,
}

impl Vault {
    pub(crate) fn new(host: Arc<dyn Host>, data_dir: PathBuf) -> Self {
        Self {
            inner: Arc::new(Inside {
                host,
                data_dir,
                sealed: Mutex::default(),
                passing: MemoryKeychain::default(),
                is_passing: AtomicBool::new(false),
                wrong: AtomicU32::new(0),
            }),
        }
    }

    /// Decides where the secrets of a sign-in go: into the keychain if it works, else behind the
    /// passphrase, which a sample shop does not need. A sealed file that is there stays in use.
    pub(crate) async fn prepare(
        &self,
        sample: bool,
        passphrase: Option<String>,
    ) -> Result<(), CallError> {
        let passphrase = passphrase.map(Zeroizing::new);
        if !sample && self.has_sealed() {
            return match passphrase {
                Some(passphrase) => self.unseal(passphrase).await,
                None if self.is_unsealed() => Ok(()),
                None => Err(closed()),
            };
        }
        // Only a secret that was taken shows that secrets are taken.
        let works = self.keychain(|keychain| {
            keychain.set(PROBE, "works")?;
            keychain.delete(PROBE)
        });
        let works = works.await;
        if sample {
            self.inner
                .is_passing
                .store(works.is_err(), Ordering::Relaxed);
            return Ok(());
        }
        match (works, passphrase) {
            (Ok(_), _) => Ok(()),
            (Err(error), Some(passphrase))
                if matches!(
                    error.code,
                    CallCode::KeychainAbsent | CallCode::KeychainLocked
                ) =>
            {
                let data_dir = self.inner.data_dir.clone();
                let sealed =
                    blocking(move || Sealed::new(&data_dir, &passphrase, Cost::default())).await?;
                *lock(&self.inner.sealed) = Some(sealed.map_err(refused)?);
                Ok(())
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Forgets a passphrase that nothing was stored under.
    pub(crate) fn forget_unused(&self) {
        if !Sealed::file(&self.inner.data_dir).exists() {
            lock(&self.inner.sealed).take();
        }
    }

    /// Opens the sealed secrets. Wrong passphrases are answered slower and slower.
    pub(crate) async fn unseal(&self, passphrase: Zeroizing<String>) -> Result<(), CallError> {
        let data_dir = self.inner.data_dir.clone();
        let opened = blocking(move || Sealed::open(&data_dir, &passphrase)).await?;
        match opened {
            Ok(sealed) => {
                self.inner.wrong.store(0, Ordering::Relaxed);
                *lock(&self.inner.sealed) = Some(sealed);
                Ok(())
            }
            Err(error) => {
                if matches!(error, SealedError::WrongPassphrase) {
                    let wrong = self.inner.wrong.fetch_add(1, Ordering::Relaxed);
                    let pause = FIRST_PAUSE.saturating_mul(1 << wrong.min(16));
                    tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
                }
                Err(refused(error))
            }
        }
    }

    /// Whether a passphrase is needed before anything can be opened.
    pub(crate) fn is_sealed(&self) -> bool {
        self.has_sealed() && !self.is_unsealed()
    }

    fn has_sealed(&self) -> bool {
        self.is_unsealed() || Sealed::file(&self.inner.data_dir).exists()
    }

    fn is_unsealed(&self) -> bool {
        lock(&self.inner.sealed).is_some()
    }

    /// Whether the profile is forgotten when the program ends.
    pub(crate) fn is_passing(&self, profile: &Profile) -> bool {
        profile.sample && self.inner.is_passing.load(Ordering::Relaxed)
    }

    /// Where the profile's cache is.
    pub(crate) fn cache(&self, profile: &Profile) -> PathBuf {
        let data_dir = &self.inner.data_dir;
        if self.is_passing(profile) {
            profile.cache(&data_dir.join(PASSING))
        } else {
            profile.cache(data_dir)
        }
    }

    /// Deletes what a sample shop without a keychain left behind.
    pub(crate) fn sweep(&self) {
        let folder = self.inner.data_dir.join(PASSING);
        match std::fs::remove_dir_all(&folder) {
            Err(error) if folder.exists() => {
                report(&error, "the sample shop's cache could not be deleted");
            }
            _ => {}
        }
    }

    fn place(&self, profile: &Profile) -> Place {
        if self.is_passing(profile) {
            Place::Passing
        } else if !profile.sample && self.has_sealed() {
            Place::Sealed
        } else {
            Place::Keychain
        }
    }

    /// A secret of the profile.
    pub(crate) async fn get(
        &self,
        profile: &Profile,
        what: &str,
    ) -> Result<Option<String>, CallError> {
        let name = profile.secret(&self.inner.data_dir, what);
        match self.place(profile) {
            Place::Passing => self.inner.passing.get(&name).map_err(explained),
            Place::Keychain => self.keychain(move |keychain| keychain.get(&name)).await,
            Place::Sealed => {
                let found = match &*lock(&self.inner.sealed) {
                    Some(sealed) => sealed.get(&name),
                    None => return Err(closed()),
                };
                if found.is_some() {
                    return Ok(found);
                }
                // From a time when the keychain worked; it may work again.
                let before = self.keychain(move |keychain| keychain.get(&name)).await;
                let before = before.unwrap_or_default();
                if let Some(secret) = &before {
                    self.set(profile, what, secret.clone()).await?;
                }
                Ok(before)
            }
        }
    }

    pub(crate) async fn set(
        &self,
        profile: &Profile,
        what: &str,
        secret: String,
    ) -> Result<(), CallError> {
        let name = profile.secret(&self.inner.data_dir, what);
        match self.place(profile) {
            Place::Passing => self.inner.passing.set(&name, &secret).map_err(explained),
            Place::Keychain => {
                self.keychain(move |keychain| keychain.set(&name, &secret))
                    .await
            }
            Place::Sealed => {
                let vault = self.clone();
                blocking(move || match &mut *lock(&vault.inner.sealed) {
                    Some(sealed) => sealed.set(&name, &secret).map_err(refused),
                    None => Err(closed()),
                })
                .await?
            }
        }
    }

    pub(crate) async fn delete(&self, profile: &Profile, what: &str) -> Result<(), CallError> {
        let name = profile.secret(&self.inner.data_dir, what);
        match self.place(profile) {
            Place::Passing => self.inner.passing.delete(&name).map_err(explained),
            Place::Keychain => self.keychain(move |keychain| keychain.delete(&name)).await,
            Place::Sealed => {
                let vault = self.clone();
                let sealed_name = name.clone();
                let deleted = blocking(move || match &mut *lock(&vault.inner.sealed) {
                    Some(sealed) => sealed.delete(&sealed_name).map_err(refused),
                    None => Err(closed()),
                })
                .await?;
                // One of an earlier time may be in the keychain.
                let before = self.keychain(move |keychain| keychain.delete(&name)).await;
                if before.is_err() {
                    tracing::info!("the keychain was not reached");
                }
                deleted
            }
        }
    }

    /// Destroys the keys and deletes the files of a profile, the ones that were put aside too.
    pub(crate) async fn destroy(&self, profile: &Profile) -> Result<(), CallError> {
        let key = self.delete(profile, KEY).await;
        let token = self.delete(profile, TOKEN).await;
        key.and(token).and(copy::delete(&self.cache(profile)))
    }

    /// Deletes the profile's files and the sealed secrets, whose passphrase is lost.
    pub(crate) async fn forget(&self, profile: &Profile) -> Result<(), CallError> {
        let cache = self.cache(profile);
        lock(&self.inner.sealed).take();
        let file = Sealed::file(&self.inner.data_dir);
        blocking(move || sealed::destroy(&file))
            .await?
            .map_err(refused)?;
        for what in [KEY, TOKEN] {
            let name = profile.secret(&self.inner.data_dir, what);
            let before = self.keychain(move |keychain| keychain.delete(&name)).await;
            if before.is_err() {
                tracing::info!("the keychain was not reached");
            }
        }
        copy::delete(&cache)
    }

    /// The keychain may wait for a person, so it is asked on a thread of its own.
    async fn keychain<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Keychain) -> Result<T, KeychainError> + Send + 'static,
    ) -> Result<T, CallError> {
        let host = Arc::clone(&self.inner.host);
        blocking(move || question(host.keychain()))
            .await?
            .map_err(explained)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CallError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| CallError::new(CallCode::Internal, "the thread of the secrets failed"))
}

fn explained(error: KeychainError) -> CallError {
    let code = match &error {
        KeychainError::Absent(_) => CallCode::KeychainAbsent,
        KeychainError::Locked(_) => CallCode::KeychainLocked,
        KeychainError::Other(_) => CallCode::Internal,
    };
    CallError::new(code, error.to_string())
}

fn refused(error: SealedError) -> CallError {
    let code = match &error {
        SealedError::TooShort => CallCode::PassphraseTooShort,
        SealedError::WrongPassphrase => CallCode::WrongPassphrase,
        SealedError::Damaged { .. } => CallCode::CacheDamaged,
        SealedError::File { source, .. } => match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                CallCode::DiskFull
            }
            _ => CallCode::NotWritable,
        },
    };
    CallError::new(code, error.to_string())
}

/// The sealed file is there, and nobody gave its passphrase yet.
fn closed() -> CallError {
    CallError::new(
        CallCode::KeychainAbsent,
        "the copy on this computer is behind a passphrase: enter it",
    )
}
