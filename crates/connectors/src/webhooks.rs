//! Whether a webhook is from whom it says.
//!
//! Each service proves it in its own way, all with a secret that only it and the gateway know. The
//! proof covers the bytes as they came, so it is looked at before anything is read.

mod orders;
#[cfg(test)]
mod tests;

use crate::carriers::Vendor;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
pub use orders::{Changed, Unreadable, changed};
use ring::{digest, hmac};
use unicode_normalization::UnicodeNormalization as _;

/// How far the clock of a service that tells the time may be from ours; older proofs are replays.
pub const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(10);

/// How long Shopify goes on telling what nobody took: eight times within four hours.
pub const REPEATED: TimeDelta = TimeDelta::hours(5);

/// Who sends webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A service that asks carriers.
    Carriers(Vendor),
    /// A Vendure, by a plugin of a few lines in it.
    Vendure,
    /// A Shopify shop.
    Shopify,
}

impl Sender {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Carriers(Vendor::EasyPost),
        Self::Carriers(Vendor::AfterShip),
        Self::Carriers(Vendor::Shippo),
        Self::Carriers(Vendor::SeventeenTrack),
        Self::Vendure,
        Self::Shopify,
    ];
}

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disbelief {
    /// The header with the proof is not there, or not of its form.
    #[error("it carries no proof of who sent it: send it in the header {0}")]
    NoProof(&'static str),
    /// The proof is of other bytes, or made with another secret.
    #[error("its proof is wrong: compare the secret here with the one there")]
    WrongProof,
    /// The proof was made too long ago, or is from the future.
    #[error("it is of another time: it was sent before, or a clock is wrong")]
    OfAnotherTime,
}

/// The header in which somebody proves that it is they.
pub fn header(sender: Sender) -> &'static str {
    match sender {
        Sender::Carriers(Vendor::EasyPost) => "x-hmac-signature",
        Sender::Carriers(Vendor::AfterShip) => "aftership-hmac-sha256",
        Sender::Carriers(Vendor::Shippo) => "shippo-auth-signature",
        Sender::Carriers(Vendor::SeventeenTrack) => "sign",
        Sender::Vendure => "x-vendure-signature",
        Sender::Shopify => "x-shopify-hmac-sha256",
    }
}

/// Whether `proof`, the value of that header, shows that somebody sent these bytes.
///
/// - EasyPost: `hmac-sha256-hex=` and HMAC-SHA256 in hexadecimal digits, with the secret in NFKD.
/// - AfterShip and Shopify: HMAC-SHA256 in Base64.
/// - Shippo and Vendure: `t=SECONDS,v1=` and HMAC-SHA256 of `SECONDS.BODY` in hexadecimal digits.
/// - 17TRACK: SHA-256 of `BODY/SECRET` in hexadecimal digits.
pub fn check(
    sender: Sender,
    secret: &str,
    proof: Option<&str>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Disbelief> {
    let missing = Disbelief::NoProof(header(sender));
    let proof = proof.ok_or(missing)?.trim();
    let is_right = match sender {
        Sender::Carriers(Vendor::EasyPost) => {
            let digits = proof.strip_prefix("hmac-sha256-hex=").ok_or(missing)?;
            let secret: String = secret.nfkd().collect();
            is_hmac(&secret, &[body], &from_hex(digits).ok_or(missing)?)
        }
        Sender::Carriers(Vendor::AfterShip) | Sender::Shopify => {
            let proof = STANDARD.decode(proof).map_err(|_| missing)?;
            is_hmac(secret, &[body], &proof)
        }
        Sender::Carriers(Vendor::Shippo) | Sender::Vendure => {
            let (time, digits) = stamped(proof).ok_or(missing)?;
            let proof = from_hex(digits).ok_or(missing)?;
            let is_right = is_hmac(secret, &[time.as_bytes(), b".", body], &proof);
            let at = time
                .parse()
                .ok()
                .and_then(|at| DateTime::from_timestamp(at, 0));
            if is_right && (now - at.ok_or(missing)?).abs() > CLOCKS_DIFFER {
                return Err(Disbelief::OfAnotherTime);
            }
            is_right
        }
        Sender::Carriers(Vendor::SeventeenTrack) => {
            let proof = from_hex(proof).ok_or(missing)?;
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(body);
            context.update(b"/");
            context.update(secret.as_bytes());
            is_same(context.finish().as_ref(), &proof)
        }
    };
    is_right.then_some(()).ok_or(Disbelief::WrongProof)
}

/// Whether Shopify may still be telling what happened at this moment, the value of
/// `X-Shopify-Triggered-At`. Its proof does not cover the headers, so this alone proves nothing.
pub fn is_told_in_time(triggered_at: &str, now: DateTime<Utc>) -> Result<(), Disbelief> {
    let at = DateTime::parse_from_rfc3339(triggered_at.trim());
    let age = now
        - at.map_err(|_| Disbelief::OfAnotherTime)?
            .with_timezone(&Utc);
    if age > REPEATED || -age > CLOCKS_DIFFER {
        return Err(Disbelief::OfAnotherTime);
    }
    Ok(())
}

/// `t=SECONDS,v1=DIGITS`, in any order.
fn stamped(proof: &str) -> Option<(&str, &str)> {
    let part = |name: &str| {
        let mut parts = proof.split(',').map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    Some((part("t")?, part("v1")?))
}

fn is_hmac(secret: &str, parts: &[&[u8]], proof: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, &parts.concat(), proof).is_ok()
}

/// Compares without telling by its time how much is the same.
fn is_same(ours: &[u8], theirs: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"compare");
    hmac::verify(&key, ours, hmac::sign(&key, theirs).as_ref()).is_ok()
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}
