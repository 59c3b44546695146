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
