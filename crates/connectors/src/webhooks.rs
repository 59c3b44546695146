//! Whether a webhook is from whom it says.
//!
//! Each service proves it in its own way, all with a secret that only it and the gateway know. The
//! proof covers the bytes as they came, so it is looked at before anything is read.

#[cfg(test)]
mod tests;

use crate::carriers::Vendor;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use ring::{digest, hmac};
use unicode_normalization::UnicodeNormalization as _;

/// How far the clock of a service that tells the time may be from ours; older proofs are replays.
pub const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(10);

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
    #[error("its proof is of another time: it was sent before, or a clock is wrong")]
    OfAnotherTime,
}

/// The header in which a service proves that it is the one.
pub fn header(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::EasyPost => "x-hmac-signature",
        Vendor::AfterShip => "aftership-hmac-sha256",
        Vendor::Shippo => "shippo-auth-signature",
        Vendor::SeventeenTrack => "sign",
    }
}

/// Whether `proof`, the value of that header, shows that a service sent these bytes.
///
/// - EasyPost: `hmac-sha256-hex=` and HMAC-SHA256 in hexadecimal digits, with the secret in NFKD.
/// - AfterShip: HMAC-SHA256 in Base64.
/// - Shippo: `t=SECONDS,v1=` and HMAC-SHA256 of `SECONDS.BODY` in hexadecimal digits.
/// - 17TRACK: SHA-256 of `BODY/SECRET` in hexadecimal digits.
pub fn check(
    vendor: Vendor,
    secret: &str,
    proof: Option<&str>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Disbelief> {
    let missing = Disbelief::NoProof(header(vendor));
    let proof = proof.ok_or(missing)?.trim();
    let is_right = match vendor {
        Vendor::EasyPost => {
            let digits = proof.strip_prefix("hmac-sha256-hex=").ok_or(missing)?;
            let secret: String = secret.nfkd().collect();
            is_hmac(&secret, &[body], &from_hex(digits).ok_or(missing)?)
        }
        Vendor::AfterShip => {
            let proof = STANDARD.decode(proof).map_err(|_| missing)?;
            is_hmac(secret, &[body], &proof)
        }
        Vendor::Shippo => {
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
        Vendor::SeventeenTrack => {
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
