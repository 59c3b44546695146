//! Passwords (Argon2id) and tokens. Hashing is slow on purpose, so it runs on the blocking pool.

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use std::sync::OnceLock;
use tokio::sync::Semaphore;

/// The hash of a password, as a PHC string.
pub async fn hash(password: &str) -> String {
    let password = password.to_owned();
    blocking(move || hash_now(&password))
        .await
        .unwrap_or_default()
}

/// Whether the password is the one of the hash. Without a hash it takes just as long, so that
/// nobody can find out which addresses have accounts.
pub async fn verify(password: String, hash: Option<String>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.get_or_init(|| hash_now("nobody")).clone());
        let right = PasswordHash::new(&hash).is_ok_and(|parsed| {
            Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok()
        });
        known && right
    })
    .await
    .unwrap_or(false)
}

/// How many characters a new password has at least.
pub const SHORTEST: usize = 12;
/// How many it may have: Argon2 takes more, and nobody types more.
const LONGEST: usize = 256;

/// Why a password may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// It has too few characters.
    #[error("has fewer than 12 characters: choose a longer one, such as four words")]
    Short,
    /// It has too many.
    #[error("has more than 256 characters")]
    Long,
    /// It is among those that were found in breaches, or made of such words, names or keys beside
    /// each other.
    #[error(
        "is easily guessed: it is among the passwords of breaches or made of common words; \
         choose another one, such as four words that have nothing to do with each other"
    )]
    Guessable,
}

/// Whether a new password may be used. `about` is what others know of its owner.
pub async fn check_new(password: &str, about: Vec<String>) -> Result<(), Weak> {
    match password.chars().count() {
        ..SHORTEST => return Err(Weak::Short),
        count if count > LONGEST => return Err(Weak::Long),
        _ => {}
    }
    let password = password.to_owned();
    let score = blocking(move || {
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        zxcvbn::zxcvbn(&password, &about).score()
    })
    .await;
    match score {
        Some(score) if score >= zxcvbn::Score::Three => Ok(()),
        _ => Err(Weak::Guessable),
    }
}

/// A random token of 256 bits.
pub fn token() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256 in hex: what is stored of a token, and how two requests are compared.
pub fn digest(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes.as_ref())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn hash_now(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .unwrap_or_default()
}

/// How many passwords are hashed at once: each takes 19 MiB.
static ROOM: Semaphore = Semaphore::const_new(4);

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _permit = ROOM.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn new_passwords_are_long_and_not_easily_guessed() {
        let about = || {
            vec![
                "priya@hollowpine.example".to_owned(),
                "Priya Raman".to_owned(),
            ]
        };
        for (password, weak) in [
            ("short", Some(Weak::Short)),
            ("elevenchars", Some(Weak::Short)),
            ("password1234", Some(Weak::Guessable)),
            ("qwertyuiop123", Some(Weak::Guessable)),
            ("iloveyouiloveyou", Some(Weak::Guessable)),
            ("111111111111", Some(Weak::Guessable)),
            ("priya raman 1", Some(Weak::Guessable)),
            ("correct tent battery moss", None),
            ("Wüste Kiesel Anker Föhn", None),
        ] {
            assert_eq!(check_new(password, about()).await.err(), weak, "{password}");
        }
        let endless = "a1!x".repeat(100);
        assert_eq!(check_new(&endless, about()).await, Err(Weak::Long));
    }
}
