//! Keys of programs: `dk_` and 256 random bits, shown once. Like a token, a key is looked up by its
//! SHA-256; it has so much chance in it that a slow hash would add nothing.

pub mod command;

use crate::passwords::{digest, token};
use chrono::TimeDelta;
use deskhand_domain::{AccountId, Instant, KeyId, Scope};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How every key begins, so that it is known when it is found where it should not be.
pub const MARK: &str = "dk_";
/// How many of its letters are kept, to tell it from others.
const SHOWN: usize = MARK.len() + 6;
/// For how many days a key works unless told.
pub const DAYS: u16 = 365;
/// For how many it may work.
pub const MOST_DAYS: u16 = 3_650;
/// How long a name may be.
const NAME: usize = 60;

/// A key as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewKey {
    /// Its id.
    pub id: KeyId,
    /// The machine account it is for.
    pub account: Whose,
    /// What it is for.
    pub name: String,
    /// SHA-256 of it, in hex.
    pub hash: String,
    /// How it begins.
    pub prefix: String,
    /// What it allows at most.
    pub scopes: BTreeSet<Scope>,
    /// When it ends.
    pub expires_at: Instant,
}

/// Whose a new key is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// A machine account that is there.
    Known(AccountId),
    /// One that is made with it.
    New(AccountId),
}

/// What somebody wants a key for.
pub struct Wish {
    /// The machine account; a new one without.
    pub account: Option<AccountId>,
    /// What it is for.
    pub name: String,
    /// What it should allow at most.
    pub scopes: BTreeSet<Scope>,
    /// For how many days.
    pub days: u16,
}

/// Why there is no such key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The name.
    #[error("a key has a name of 1 to 60 characters, which says what it is for")]
    Name,
    /// The scopes.
    #[error("a key allows something: name at least one scope")]
    Scopes,
    /// The days.
    #[error("a key works for 1 to 3650 days")]
    Days,
}

impl Unusable {
    /// The field of the body that is meant.
    pub fn pointer(self) -> &'static str {
        match self {
            Self::Name => "/name",
            Self::Scopes => "/scopes",
            Self::Days => "/days",
        }
    }
}

/// Makes a key: what is shown once, and what is stored. `ids` are new.
pub fn draw(wish: Wish, ids: [uuid::Uuid; 2], now: Instant) -> Result<(String, NewKey), Unusable> {
    let name = deskhand_domain::text::line(&wish.name).map_err(|_| Unusable::Name)?;
    if name.chars().count() > NAME {
        return Err(Unusable::Name);
    }
    if wish.scopes.is_empty() {
        return Err(Unusable::Scopes);
    }
    if !(1..=MOST_DAYS).contains(&wish.days) {
        return Err(Unusable::Days);
    }
    let key = format!("{MARK}{}", token());
    let stored = NewKey {
        id: KeyId(ids[0]),
        account: match wish.account {
            Some(account) => Whose::Known(account),
            None => Whose::New(AccountId(ids[1])),
        },
        name,
        hash: digest(&key),
        prefix: key[..SHOWN].to_owned(),
        scopes: wish.scopes,
        expires_at: now + TimeDelta::days(wish.days.into()),
    };
    Ok((key, stored))
}

/// Whether a bearer token is a key.
pub fn is_key(token: &str) -> bool {
    token.starts_with(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(name: &str, days: u16) -> Wish {
        Wish {
            account: None,
            name: name.to_owned(),
            scopes: BTreeSet::from([Scope::TicketsRead]),
            days,
        }
    }

    fn drawn(wish: Wish) -> Result<(String, NewKey), Unusable> {
        let ids = [uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2)];
        draw(wish, ids, chrono::DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_key_is_drawn_and_only_its_hash_and_its_beginning_are_kept() {
        let (key, stored) = drawn(wish(" Warehouse ", 1)).expect("a key");
        let (other, _) = drawn(wish("Warehouse", 1)).expect("a key");
        assert_ne!(key, other);
        assert!(
            is_key(&key) && key.len() == MARK.len() + 43,
            "{}",
            key.len()
        );
        assert_eq!(stored.hash, digest(&key));
        assert!(key.starts_with(&stored.prefix) && stored.prefix.len() == SHOWN);
        let written = serde_json::to_string(&stored).expect("JSON");
        assert!(!written.contains(&key[SHOWN..]));
        assert_eq!(stored.name, "Warehouse");
        assert_eq!(stored.expires_at.timestamp(), 86_400);
    }

    #[test]
    fn a_key_has_a_name_scopes_and_an_end() {
        let check = |wish: Wish, why| assert_eq!(drawn(wish).err(), Some(why));
        check(wish("", 1), Unusable::Name);
        check(wish(&"x".repeat(61), 1), Unusable::Name);
        check(wish("Warehouse", 0), Unusable::Days);
        check(wish("Warehouse", 3_651), Unusable::Days);
        let mut nothing = wish("Warehouse", 1);
        nothing.scopes.clear();
        check(nothing, Unusable::Scopes);
    }
}
