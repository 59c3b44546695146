//! Secrets behind a passphrase, for a computer whose keychain is absent or locked: one file.
//!
//! The file says how its key is made of the passphrase (Argon2id, its cost, a random salt) and holds
//! the secrets under that key (XChaCha20-Poly1305; all that is readable is authenticated with
//! them). It is only ever replaced as a whole, so a program that ends at any moment leaves the old
//! file or the new one. The passphrase itself is kept nowhere.

#[cfg(test)]
mod tests;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

const FILE: &str = "secrets.sealed";
/// A passphrase has so many characters at least.
pub(crate) const SHORTEST: usize = 12;
const FORMAT: u32 = 1;
/// What a file may ask for at most: one of somebody else's must not take all memory.
const DEAREST: Cost = Cost {
    memory_kib: 1 << 20,
    passes: 16,
    lanes: 4,
};

/// What one try of a passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 1,
        }
    }
}

/// Why the secrets could not be read or written. The file was left as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealedError {
    #[error("a passphrase has {SHORTEST} characters at least")]
    TooShort,
    #[error("the passphrase does not open the copy; nothing was changed, try again")]
    WrongPassphrase,
    #[error(
        "{} is damaged ({what}); it and the copy were left as they are: put the file back from a backup, or give the copy up", path.display()
    )]
    Damaged { path: PathBuf, what: &'static str },
    #[error("{} cannot be read or written: {source}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// The secrets, and the key they are stored under. Dropping it forgets the key.
pub(crate) struct Sealed {
    path: PathBuf,
    cost: Cost,
    salt: [u8; 16],
    key: Keys,
    secrets: BTreeMap<String, Zeroizing<String>>,
}

/// What becomes of a passphrase.
struct Keys {
    /// Opens the secrets; never stored.
    seal: Zeroizing<[u8; 32]>,
    /// Stored: tells a wrong passphrase from a damaged file. Says nothing about the other half.
    check: [u8; 32],
}

/// The file as it lies on the disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    /// How the key is made.
    kdf: String,
    cost: Cost,
    salt: String,
    check: String,
    nonce: String,
    sealed: String,
    /// SHA-256 of all before: tells what a disk did from what a person typed.
    sum: String,
}

impl Sealed {
    /// Where the secrets of a data folder are.
    pub(crate) fn file(data_dir: &Path) -> PathBuf {
        data_dir.join(FILE)
    }

    /// New secrets, none yet. Nothing is written before the first of them.
    pub(crate) fn new(data_dir: &Path, passphrase: &str, cost: Cost) -> Result<Self, SealedError> {
        let passphrase = normal(passphrase);
        if passphrase.chars().count() < SHORTEST {
            return Err(SealedError::TooShort);
        }
        let path = Self::file(data_dir);
        let salt: [u8; 16] = rand::random();
        let key = derive(&passphrase, &salt, cost).ok_or_else(|| damaged(&path, "its cost"))?;
        Ok(Self {
            path,
            cost,
            salt,
            key,
            secrets: BTreeMap::new(),
        })
    }

    /// Opens the file with its passphrase.
    pub(crate) fn open(data_dir: &Path, passphrase: &str) -> Result<Self, SealedError> {
        let path = Self::file(data_dir);
        let bytes = fs::read(&path).map_err(|source| failed(&path, source))?;
        let broken = |what| damaged(&path, what);
        let stored: Stored =
            serde_json::from_slice(&bytes).map_err(|_| broken("it is not whole"))?;
        if stored.format != FORMAT || stored.kdf != "argon2id" {
            return Err(broken("a newer program wrote it"));
        }
        if stored.sum != stored.sum() {
            return Err(broken("its sum is wrong"));
        }
        let field = |text: &str| BASE64.decode(text).map_err(|_| broken("a field is wrong"));
        let wrong_size = |_| broken("a field is wrong");
        let salt: [u8; 16] = field(&stored.salt)?.try_into().map_err(wrong_size)?;
        let nonce: [u8; 24] = field(&stored.nonce)?.try_into().map_err(wrong_size)?;
        let cost = stored.cost;
        if cost.memory_kib > DEAREST.memory_kib
            || cost.passes > DEAREST.passes
            || cost.lanes > DEAREST.lanes
        {
            return Err(broken("its cost"));
        }
        let key = derive(&normal(passphrase), &salt, cost).ok_or_else(|| broken("its cost"))?;
        if field(&stored.check)? != key.check {
            return Err(SealedError::WrongPassphrase);
        }
        let open = key.cipher().decrypt(
            &XNonce::from(nonce),
            Payload {
                msg: &field(&stored.sealed)?,
                aad: stored.readable().as_bytes(),
            },
        );
        let open = Zeroizing::new(open.map_err(|_| broken("somebody changed it"))?);
        let secrets: BTreeMap<String, String> =
            serde_json::from_slice(&open).map_err(|_| broken("its secrets"))?;
        Ok(Self {
            path,
            cost,
            salt,
            key,
            secrets: secrets
                .into_iter()
                .map(|(name, secret)| (name, Zeroizing::new(secret)))
                .collect(),
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.secrets.get(name).map(|secret| secret.to_string())
    }

    pub(crate) fn set(&mut self, name: &str, secret: &str) -> Result<(), SealedError> {
        let secret = Zeroizing::new(secret.to_owned());
        self.secrets.insert(name.to_owned(), secret);
        self.write()
    }

    /// Destroys a secret; with the last one the file goes.
    pub(crate) fn delete(&mut self, name: &str) -> Result<(), SealedError> {
        self.secrets.remove(name);
        if self.secrets.is_empty() {
            destroy(&self.path)
        } else {
            self.write()
        }
    }

    fn write(&self) -> Result<(), SealedError> {
        let plain: BTreeMap<&str, &str> = self
            .secrets
            .iter()
            .map(|(name, secret)| (name.as_str(), secret.as_str()))
            .collect();
        let broken = |_| damaged(&self.path, "its secrets");
        let plain = Zeroizing::new(serde_json::to_vec(&plain).map_err(broken)?);
        let nonce: [u8; 24] = rand::random();
        let mut stored = Stored {
            format: FORMAT,
            kdf: "argon2id".to_owned(),
            cost: self.cost,
            salt: BASE64.encode(self.salt),
            check: BASE64.encode(self.key.check),
            nonce: BASE64.encode(nonce),
            sealed: String::new(),
            sum: String::new(),
        };
        let sealed = self.key.cipher().encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: &plain,
                aad: stored.readable().as_bytes(),
            },
        );
        let sealed = sealed.map_err(|_| damaged(&self.path, "its secrets"))?;
        stored.sealed = BASE64.encode(sealed);
        stored.sum = stored.sum();
        let text = serde_json::to_vec_pretty(&stored).map_err(broken)?;
        replace(&self.path, &text).map_err(|source| failed(&self.path, source))
    }
}

impl Stored {
    /// What everybody can read, and nobody may change.
    fn readable(&self) -> String {
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = self.cost;
        format!(
            "deskhand secrets {} {} {memory_kib} {passes} {lanes} {} {} {}",
            self.format, self.kdf, self.salt, self.check, self.nonce
        )
    }

    fn sum(&self) -> String {
        let sum = Sha256::digest(format!("{} {}", self.readable(), self.sealed));
        BASE64.encode(sum)
    }
}

impl Keys {
    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.seal).into())
    }
}

/// Deletes the file and what an interrupted write left beside it; fine when there is none.
pub(crate) fn destroy(path: &Path) -> Result<(), SealedError> {
    for path in [path.to_owned(), draft(path)] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(failed(&path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The same letters are the same passphrase, however a keyboard composes them.
fn normal(passphrase: &str) -> Zeroizing<String> {
    Zeroizing::new(passphrase.nfc().collect())
}

fn derive(passphrase: &str, salt: &[u8], cost: Cost) -> Option<Keys> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(64)).ok()?;
    let mut both = Zeroizing::new([0; 64]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, both.as_mut_slice())
        .ok()?;
    let (seal, check) = both.split_at(32);
    Some(Keys {
        seal: Zeroizing::new(seal.try_into().ok()?),
        check: check.try_into().ok()?,
    })
}

/// Writes a file whole or not at all; nobody else on this computer may read it.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = draft(path);
    if let Err(error) = fs::remove_file(&draft)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    // The folder holds the name: without this, power could go with the new name not yet stored.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn draft(path: &Path) -> PathBuf {
    path.with_extension("sealed-new")
}

fn damaged(path: &Path, what: &'static str) -> SealedError {
    SealedError::Damaged {
        path: path.to_owned(),
        what,
    }
}

fn failed(path: &Path, source: io::Error) -> SealedError {
    SealedError::File {
        path: path.to_owned(),
        source,
    }
}
