//! The key that signs how far the trail goes. It lies beside the database and not in it: who can
//! write to the database alone cannot make a trail that the key has signed.

use super::chain::{hex, unhex};
use ring::{
    rand::{SecureRandom as _, SystemRandom},
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::Path,
};

/// The name of the key's file in the folder of the data.
pub const KEY_FILE: &str = "audit.key";
/// Names what is signed, so that a signature is good for nothing else.
const SEAL: &[u8] = b"deskhand audit seal 1";

/// The key of one gateway (Ed25519, RFC 8032).
#[derive(Debug)]
pub struct AuditKey {
    pair: Ed25519KeyPair,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be used.
    #[error("it cannot be used ({0})")]
    File(#[from] io::Error),
    /// Others on this machine may read it.
    #[error("others on this machine may read it: take their rights away with chmod 600")]
    Open,
    /// It holds no key.
    #[error("it holds no key of 64 hexadecimal digits: put back a backup of it")]
    Unreadable,
    /// The machine gives no randomness.
    #[error("this machine gives no randomness to make it from")]
    NoRandomness,
}

impl AuditKey {
    /// Reads the key, or makes one that only this user may read.
    pub fn read_or_make(file: &Path) -> Result<Self, KeyError> {
        match Self::read(file) {
            Err(KeyError::File(error)) if error.kind() == io::ErrorKind::NotFound => {
                Self::make(file)
            }
            // The power went before the key was on the disk; until then nothing is signed with it.
            Err(KeyError::Unreadable) if was_cut_short(file)? => {
                std::fs::remove_file(file)?;
                Self::make(file)
            }
            other => other,
        }
    }

    /// Reads the key.
    pub fn read(file: &Path) -> Result<Self, KeyError> {
        let mut opened = File::open(file)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            if opened.metadata()?.mode() & 0o077 != 0 {
                return Err(KeyError::Open);
            }
        }
        let mut text = String::new();
        opened.read_to_string(&mut text)?;
        let seed = unhex::<32>(text.trim()).ok_or(KeyError::Unreadable)?;
        Self::of(&seed)
    }

    fn make(file: &Path) -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        let filled = SystemRandom::new().fill(&mut seed);
        filled.map_err(|_| KeyError::NoRandomness)?;
        let mut options = File::options();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut opened = options.open(file)?;
        writeln!(opened, "{}", hex(&seed))?;
        opened.sync_all()?;
        Self::of(&seed)
    }

    fn of(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        let pair = pair.map_err(|_| KeyError::Unreadable)?;
        Ok(Self { pair })
    }

    /// The half that checks, to be known to everybody.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(key)
    }

    /// Signs that the trail has so many entries and ends in this hash.
    pub fn seal(&self, position: i64, hash: &[u8; 32]) -> String {
        self.sign(&sealed(position, hash))
    }

    /// Signs bytes that begin with a name of what they are.
    pub(super) fn sign(&self, bytes: &[u8]) -> String {
        hex(self.pair.sign(bytes).as_ref())
    }
}

/// Whether a file was made and its key never written.
fn was_cut_short(file: &Path) -> Result<bool, KeyError> {
    let bytes = std::fs::read(file)?;
    let of_a_key = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, 0 | b'\n');
    Ok(bytes.len() <= 65 && bytes.iter().all(of_a_key))
}

/// The half of a key that checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads what [`Self::to_hex`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        unhex(text.trim()).map(Self)
    }

    /// In hexadecimal.
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// Whether the key signed that the trail has so many entries and ends in this hash.
    pub fn sealed(&self, position: i64, hash: &[u8; 32], seal: &str) -> bool {
        self.signed(&sealed(position, hash), seal)
    }

    /// Whether the key signed these bytes.
    pub(super) fn signed(&self, bytes: &[u8], signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        unhex::<64>(signature).is_some_and(|signature| key.verify(bytes, &signature).is_ok())
    }
}

fn sealed(position: i64, hash: &[u8; 32]) -> Vec<u8> {
    [SEAL, &position.to_be_bytes(), hash].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_this_user_and_signs_one_thing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(KEY_FILE);
        let made = AuditKey::read_or_make(&file).expect("a key");
        let read = AuditKey::read_or_make(&file).expect("the same key");
        assert_eq!(made.public(), read.public());
        assert_eq!(
            PublicKey::parse(&made.public().to_hex()),
            Some(made.public())
        );
        let seal = made.seal(7, &[1; 32]);
        assert!(read.public().sealed(7, &[1; 32], &seal));
        assert!(!read.public().sealed(8, &[1; 32], &seal));
        assert!(!read.public().sealed(7, &[2; 32], &seal));
        assert!(
            !read
                .public()
                .sealed(7, &[1; 32], &seal.replacen(&seal[..1], "g", 1))
        );
        let other = AuditKey::read_or_make(&folder.path().join("other")).expect("a key");
        assert!(!other.public().sealed(7, &[1; 32], &seal));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |file: &Path| {
                std::fs::metadata(file)
                    .expect("a file")
                    .permissions()
                    .mode()
            };
            assert_eq!(mode(&file) & 0o777, 0o600);
            let open = std::fs::Permissions::from_mode(0o640);
            std::fs::set_permissions(&file, open).expect("rights");
            let refused = AuditKey::read_or_make(&file).expect_err("others may read it");
            assert!(matches!(refused, KeyError::Open), "{refused}");
        }
    }

    #[test]
    fn a_file_that_holds_no_key_is_not_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(KEY_FILE);
        AuditKey::read_or_make(&file).expect("a key");
        for text in ["my notes".to_owned(), "ab".repeat(40)] {
            std::fs::write(&file, &text).expect("a file");
            let refused = AuditKey::read_or_make(&file).expect_err("no key");
            assert!(matches!(refused, KeyError::Unreadable), "{refused}");
            assert_eq!(std::fs::read_to_string(&file).expect("a file"), text);
        }
    }

    #[test]
    fn a_key_that_a_power_cut_kept_from_the_disk_is_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(KEY_FILE);
        AuditKey::read_or_make(&file).expect("a key");
        let whole = std::fs::read(&file).expect("a file");
        let mut torn = whole.clone();
        torn[32..].fill(0);
        for left in [&[][..], &whole[..20], &vec![0; whole.len()], &torn] {
            std::fs::write(&file, left).expect("a file");
            let made = AuditKey::read_or_make(&file).expect("a key");
            let read = AuditKey::read(&file).expect("the same key");
            assert_eq!(made.public(), read.public());
        }
    }
}
