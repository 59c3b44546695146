//! The system's keychain: the Secret Service on Linux, Keychain on macOS, Credential Manager on
//! Windows.

use std::sync::{Arc, Mutex, PoisonError};

use deskhand_client::{Keychain, KeychainError};
use keyring_core::{CredentialStore, Entry, Error};

use crate::folder::Folder;

const SERVICE: &str = "app.deskhand.desktop";

/// The keychain, with names of its own for each data folder.
pub struct SystemKeychain {
    /// Added to each name unless the folder is the usual one: two folders must not share a key.
    suffix: String,
    /// Connected when it is needed, and again after it failed: a keychain may start later than
    /// this program.
    store: Mutex<Option<Arc<CredentialStore>>>,
}

impl SystemKeychain {
    pub fn new(folder: &Folder) -> Self {
        let suffix = match folder.usual {
            true => String::new(),
            false => format!(" of {}", folder.path.display()),
        };
        Self {
            suffix,
            store: Mutex::default(),
        }
    }

    fn store(&self) -> Result<Arc<CredentialStore>, KeychainError> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = &*store {
            return Ok(Arc::clone(store));
        }
        let connected = connect().map_err(|error| KeychainError::Absent(error.to_string()))?;
        Ok(Arc::clone(store.insert(connected)))
    }

    /// Does something with the secret of a name.
    fn with<T>(
        &self,
        name: &str,
        work: impl FnOnce(Entry) -> Result<T, Error>,
    ) -> Result<T, KeychainError> {
        let entry = self
            .store()?
            .build(SERVICE, &format!("{name}{}", self.suffix), None);
        entry.and_then(work).map_err(|error| {
            // The next try connects anew: the keychain may have ended and come back.
            let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            *store = None;
            explain(error)
        })
    }
}

impl Keychain for SystemKeychain {
    fn get(&self, name: &str) -> Result<Option<String>, KeychainError> {
        self.with(name, |entry| match entry.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn set(&self, name: &str, secret: &str) -> Result<(), KeychainError> {
        self.with(name, |entry| entry.set_password(secret))
    }

    fn delete(&self, name: &str) -> Result<(), KeychainError> {
        self.with(name, |entry| match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }
}

#[cfg(target_os = "macos")]
fn connect() -> Result<Arc<CredentialStore>, Error> {
    let store = apple_native_keyring_store::keychain::Store::new()?;
    Ok(store)
}

#[cfg(target_os = "windows")]
fn connect() -> Result<Arc<CredentialStore>, Error> {
    let store = windows_native_keyring_store::Store::new()?;
    Ok(store)
}

#[cfg(not(any(target_os = "macos", target_os = "windows")))]
fn connect() -> Result<Arc<CredentialStore>, Error> {
    let store = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

/// Tells what a person can do something about: start a keychain, or unlock it.
fn explain(error: Error) -> KeychainError {
    let text = error.to_string();
    match error {
        // The Secret Service runs, and holds no collection to store into.
        Error::NoStorageAccess(_) if text.contains("result not returned") => {
            KeychainError::Absent(text)
        }
        Error::NoStorageAccess(_) => {
            KeychainError::Locked(format!("{text}; unlock your keyring and try again"))
        }
        Error::NoDefaultStore => KeychainError::Absent(text),
        _ => KeychainError::Other(text),
    }
}
