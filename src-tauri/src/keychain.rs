//! The system's keychain: the Secret Service on Linux, Keychain on macOS, Credential Manager on
//! Windows.

use deskhand_client::{Keychain, KeychainError};
use keyring::{Entry, Error};

use crate::folder::Folder;

const SERVICE: &str = "app.deskhand.desktop";

/// The keychain, with names of its own for each data folder.
pub struct SystemKeychain {
    /// Added to each name unless the folder is the usual one: two folders must not share a key.
    suffix: String,
}

impl SystemKeychain {
    pub fn new(folder: &Folder) -> Self {
        let suffix = match folder.usual {
            true => String::new(),
            false => format!(" of {}", folder.path.display()),
        };
        Self { suffix }
    }

    fn entry(&self, name: &str) -> Result<Entry, KeychainError> {
        if let Err(error) = Entry::store_status() {
            return Err(KeychainError::Absent(error.to_string()));
        }
        Entry::new(SERVICE, &format!("{name}{}", self.suffix)).map_err(explain)
    }
}

impl Keychain for SystemKeychain {
    fn get(&self, name: &str) -> Result<Option<String>, KeychainError> {
        match self.entry(name)?.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(explain(error)),
        }
    }

    fn set(&self, name: &str, secret: &str) -> Result<(), KeychainError> {
        self.entry(name)?.set_password(secret).map_err(explain)
    }

    fn delete(&self, name: &str) -> Result<(), KeychainError> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(explain(error)),
        }
    }
}

/// Tells what a person can do something about: start a keychain, or unlock it.
fn explain(error: Error) -> KeychainError {
    let text = error.to_string();
    match error {
        // The Secret Service runs, and holds no collection to store into.
        Error::NoStorageAccess(_) if text.contains("result not returned") => {
            KeychainError::Absent(text)
        }
        Error::NoStorageAccess(_) => KeychainError::Locked(text),
        Error::NoDefaultStore => KeychainError::Absent(text),
        _ => KeychainError::Other(text),
    }
}
