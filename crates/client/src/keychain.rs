//! Where secrets are kept.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The system's keychain. Calls may block for as long as a person takes to unlock it; the core
/// makes them on a thread of their own.
pub trait Keychain: Send + Sync {
    /// The secret of that name, if there is one.
    fn get(&self, name: &str) -> Result<Option<String>, KeychainError>;
    /// Stores a secret, replacing an older one.
    fn set(&self, name: &str, secret: &str) -> Result<(), KeychainError>;
    /// Destroys a secret; fine when there is none.
    fn delete(&self, name: &str) -> Result<(), KeychainError>;
}

/// Why the keychain did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// There is no keychain on this machine, or it does not run.
    #[error("this computer's keychain does not answer: {0}")]
    Absent(String),
    /// It is locked, and nobody unlocked it.
    #[error("this computer's keychain is locked: {0}")]
    Locked(String),
    /// Something else.
    #[error("this computer's keychain failed: {0}")]
    Other(String),
}

/// A keychain in memory: it forgets everything when the program ends. For tests and for the
/// browser host.
#[derive(Default)]
pub struct MemoryKeychain {
    secrets: Mutex<BTreeMap<String, String>>,
}

impl MemoryKeychain {
    /// The names it holds, for tests.
    pub fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keychain for MemoryKeychain {
    fn get(&self, name: &str) -> Result<Option<String>, KeychainError> {
        Ok(self.lock().get(name).cloned())
    }

    fn set(&self, name: &str, secret: &str) -> Result<(), KeychainError> {
        self.lock().insert(name.to_owned(), secret.to_owned());
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), KeychainError> {
        self.lock().remove(name);
        Ok(())
    }
}
