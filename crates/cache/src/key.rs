//! The key of the file.

use sha2::{Digest, Sha256};
use std::fmt;

/// 32 random bytes; everything in the file is unreadable without them.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// A new key from the system's random numbers.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// The key as the keychain keeps it: 64 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key that [`Self::to_hex`] wrote.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// Tells this key from another without telling the key: it tells a wrong key from a damaged
    /// file, which look alike to SQLCipher.
    pub(crate) fn check(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"deskhand cache key check\0");
        hash.update(self.0);
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_the_keychain_and_never_shows_itself() {
        let key = Key::random();
        assert_eq!(Key::from_hex(&key.to_hex()), Some(key.clone()));
        assert_ne!(key, Key::random(), "keys are random");
        assert_eq!(format!("{key:?}"), "Key(hidden)");
        for bad in ["", "12", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Key::from_hex(bad), None, "{bad}");
        }
    }
}
