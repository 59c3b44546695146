//! The bytes of an entry, and the hash that ties it to everything before it.

use ring::digest::{Context, SHA256};
use std::fmt::Write as _;

/// The hash before the first entry.
pub const BEGINNING: [u8; 32] = [0; 32];
/// Names the form of the bytes, so that those of another form are never the same.
const FORM: &[u8] = b"deskhand audit entry 1";

/// An entry as it lies in the database, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the trail.
    pub position: i64,
    /// Its id.
    pub id: String,
    /// When, in milliseconds.
    pub at: i64,
    /// What kind of actor did it.
    pub actor_kind: String,
    /// Who did it.
    pub actor: Option<String>,
    /// What was done.
    pub action: String,
    /// What kind of thing it was done to.
    pub thing_kind: Option<String>,
    /// Which one.
    pub thing: Option<String>,
    /// The customer it concerns.
    pub customer: Option<String>,
    /// The address of the other end.
    pub peer: Option<String>,
    /// The request as the logs name it.
    pub request: Option<String>,
    /// A JSON object, byte for byte.
    pub details: String,
}

impl Stored {
    /// SHA-256 of the hash before it and of everything the entry says. Every part is preceded by
    /// its length, and what is absent differs from what is empty, so no two entries have the same
    /// bytes.
    pub fn hash(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut hash = Context::new(&SHA256);
        hash.update(FORM);
        hash.update(before);
        hash.update(&self.position.to_be_bytes());
        hash.update(&self.at.to_be_bytes());
        let parts = [
            Some(&self.id),
            Some(&self.actor_kind),
            self.actor.as_ref(),
            Some(&self.action),
            self.thing_kind.as_ref(),
            self.thing.as_ref(),
            self.customer.as_ref(),
            self.peer.as_ref(),
            self.request.as_ref(),
            Some(&self.details),
        ];
        for part in parts {
            match part {
                None => hash.update(&[0]),
                Some(text) => {
                    hash.update(&[1]);
                    hash.update(&(text.len() as u64).to_be_bytes());
                    hash.update(text.as_bytes());
                }
            }
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.finish().as_ref());
        bytes
    }
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}

/// A hash that was written in hexadecimal.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let lower = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != 2 * N || !digits.iter().all(lower) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn entry() -> Stored {
        Stored {
            position: 1,
            id: "a".to_owned(),
            at: 2,
            actor_kind: "system".to_owned(),
            actor: None,
            action: "history_begun".to_owned(),
            thing_kind: None,
            thing: None,
            customer: None,
            peer: None,
            request: None,
            details: "{}".to_owned(),
        }
    }

    #[test]
    fn whatever_an_entry_says_is_in_its_hash() {
        let text = |text: &str| Some(text.to_owned());
        let others = [
            Stored {
                position: 2,
                ..entry()
            },
            Stored {
                id: "b".to_owned(),
                ..entry()
            },
            Stored { at: 1, ..entry() },
            Stored {
                actor_kind: "nobody".to_owned(),
                ..entry()
            },
            Stored {
                actor: text("a"),
                ..entry()
            },
            Stored {
                actor: text(""),
                ..entry()
            },
            Stored {
                action: "signed_in".to_owned(),
                ..entry()
            },
            Stored {
                thing_kind: text("a"),
                ..entry()
            },
            Stored {
                thing: text("a"),
                ..entry()
            },
            Stored {
                customer: text("a"),
                ..entry()
            },
            Stored {
                peer: text("a"),
                ..entry()
            },
            Stored {
                request: text("a"),
                ..entry()
            },
            Stored {
                details: "{ }".to_owned(),
                ..entry()
            },
            // The same letters, parted elsewhere.
            Stored {
                actor_kind: "systemh".to_owned(),
                action: "istory_begun".to_owned(),
                ..entry()
            },
            entry(),
        ];
        let hashes: BTreeSet<_> = others.iter().map(|entry| entry.hash(&BEGINNING)).collect();
        assert_eq!(hashes.len(), others.len());
        assert!(
            !hashes.contains(&entry().hash(&[1; 32])),
            "and what was before it"
        );
    }

    #[test]
    fn the_form_of_the_bytes_is_for_ever() {
        let known = "d0d3008ff3bd03114caedf125fff3741ee854b3c9737ddba37658fc54e4b38a5";
        assert_eq!(hex(&entry().hash(&BEGINNING)), known);
        assert_eq!(unhex::<32>(known), Some(entry().hash(&BEGINNING)));
        assert_eq!(unhex::<32>(&known.to_uppercase()), None);
    }
}
