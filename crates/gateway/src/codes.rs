//! Codes of authenticator apps (RFC 6238: SHA-1, six digits, thirty seconds, one step either side),
//! and recovery codes.

use crate::passwords::digest;
use deskhand_domain::{Account, Instant};
use deskhand_protocol::rest::Enrolment;
use rand::RngExt as _;
use totp_rs::{Builder, Secret, Totp};

/// How many recovery codes there are.
const RECOVERY: usize = 10;
/// What recovery codes are written with: nothing that looks like something else.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";

/// A new shared secret of 160 bits, in base 32.
pub fn secret() -> String {
    let bytes: [u8; 20] = rand::rng().random();
    Secret::new(Box::new(bytes)).to_base32()
}

/// What an app is set up with.
pub fn enrolment(secret: &str, account: &Account, shop: &str) -> Option<Enrolment> {
    let url = totp(secret, account, shop)?.to_url().ok()?;
    Some(Enrolment {
        secret: secret.to_owned(),
        url,
    })
}

/// The time step whose code this is, if it is one of now.
pub fn step(secret: &str, account: &Account, code: &str, now: Instant) -> Option<u64> {
    let seconds = u64::try_from(now.timestamp()).ok()?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let whole = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    if !whole {
        return None;
    }
    totp(secret, account, "Deskhand")?.check(&code, seconds)
}

/// The code of a moment; for tests.
pub fn code(secret: &str, account: &Account, now: Instant) -> Option<String> {
    let seconds = u64::try_from(now.timestamp()).ok()?;
    Some(
        totp(secret, account, "Deskhand")?
            .generate(seconds)
            .to_string(),
    )
}

fn totp(secret: &str, account: &Account, shop: &str) -> Option<Totp> {
    // A colon divides the two in the address.
    let plain = |text: &str| text.replace(':', " ");
    Builder::new()
        .with_secret(Secret::try_from_base32(secret).ok()?)
        .with_skew(1)
        .with_account_name(plain(&account.email))
        .with_issuer(Some(plain(shop)))
        .build()
        .ok()
}

/// New recovery codes of 80 bits, such as `k7wq-2mnd-x0p4-93hf`.
pub fn recovery() -> Vec<String> {
    let one = || {
        let mut code = String::with_capacity(19);
        for place in 0..16 {
            if place > 0 && place % 4 == 0 {
                code.push('-');
            }
            let letter: usize = rand::rng().random_range(0..LETTERS.len());
            code.push(char::from(LETTERS[letter]));
        }
        code
    };
    (0..RECOVERY).map(|_| one()).collect()
}

/// What is stored of a recovery code, however it was typed.
pub fn recovery_hash(code: &str) -> String {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    digest(format!("recovery {plain}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskhand_domain::{AccountId, Role};

    /// RFC 6238, appendix B, with the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let account = Account {
            id: AccountId(uuid::Uuid::nil()),
            name: "Priya".to_owned(),
            email: "priya@hollowpine.example".to_owned(),
            role: Role::Agent,
            teams: Vec::new(),
        };
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).expect("a moment");
        for (seconds, known) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            let made = code(secret, &account, at(seconds));
            assert_eq!(made.as_deref(), Some(known));
            let step_of = |off: i64| step(secret, &account, known, at(seconds + off));
            let now = u64::try_from(seconds / 30).ok();
            assert_eq!(step_of(0), now);
            assert_eq!(step_of(30), now, "a step late");
            assert_eq!(step_of(-30), now, "a step early");
            assert_eq!((step_of(60), step_of(-60)), (None, None));
        }
        for wrong in ["", "28708", "2870822", "28708a", "２８７０８２"] {
            assert_eq!(step(secret, &account, wrong, at(59)), None, "{wrong}");
        }
        let told = enrolment(secret, &account, "Hollowpine: tents").expect("an address");
        assert!(told.url.starts_with("otpauth://totp/"), "{}", told.url);
    }

    #[test]
    fn recovery_codes_are_all_others_and_may_be_typed_in_any_way() {
        let codes = recovery();
        let others: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(others.len(), RECOVERY);
        let one = &codes[0];
        let typed = format!(" {} ", one.to_uppercase().replace('-', " "));
        assert_eq!(recovery_hash(one), recovery_hash(&typed));
        assert_ne!(recovery_hash(one), recovery_hash(&codes[1]));
    }
}
