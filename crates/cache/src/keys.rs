//! Numbers, addresses, names and tags as keys of the exact index, however they are written.

use crate::{
    index::Item,
    words::{fold, words},
};

/// How many digits a phone number must have to be looked for.
const PHONE: usize = 6;

/// Every key by which a record is found as a whole.
pub(crate) fn of(item: &Item) -> Vec<String> {
    let mut keys = Vec::new();
    match item {
        Item::Ticket(x) => {
            keys.push(format!("n{}", x.number));
            keys.extend(x.tags.iter().map(|tag| self::tag(tag)));
            keys.extend(x.order.map(|order| format!("o{order}")));
        }
        Item::Message(_) => {}
        Item::Customer(x) => {
            let address = fold(x.email.trim());
            if let Some((_, domain)) = address.rsplit_once('@') {
                keys.push(format!("d{domain}"));
            }
            keys.push(format!("e{address}"));
            keys.extend(x.phone.as_deref().and_then(phone));
            keys.extend(words(&x.name).into_iter().map(|word| name(&word.folded)));
        }
        Item::Order(x) => {
            keys.push(format!("o{}", x.id));
            for written in std::iter::once(&x.number).chain(x.returns.iter().map(|x| &x.number)) {
                let number = number(written);
                let digits: String = number.chars().filter(char::is_ascii_digit).collect();
                keys.push(format!("n{number}"));
                if digits.len() >= 3 {
                    keys.push(format!("n{digits}"));
                }
            }
        }
        Item::Shipment(x) => {
            keys.push(format!("n{}", number(&x.tracking_number)));
            keys.push(format!("o{}", x.order));
        }
    }
    keys
}

/// A number without what people put between its signs.
pub(crate) fn number(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The key of a tag.
pub(crate) fn tag(text: &str) -> String {
    format!("t{}", fold(text.trim()))
}

/// The key of a word of a name.
pub(crate) fn name(folded: &str) -> String {
    format!("w{folded}")
}

/// The key of a phone number: its digits backwards, so that the end of it is enough.
pub(crate) fn phone(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_digit() || " +-/().\u{a0}".contains(c);
    if !text.chars().all(plain) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (digits.len() >= PHONE).then(|| format!("p{}", digits.chars().rev().collect::<String>()))
}

/// A key that something typed may stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guess {
    pub(crate) key: String,
    /// Whether it may be the beginning of the key.
    pub(crate) open: bool,
}

/// The keys that a query may mean, the whole of it first.
pub(crate) fn guesses(typed: &[&str]) -> Vec<Guess> {
    let mut found: Vec<Guess> = Vec::new();
    let mut add = |key: String, open: bool| {
        let guess = Guess { key, open };
        if !found.contains(&guess) && found.len() < 40 {
            found.push(guess);
        }
    };
    let typed = &typed[..typed.len().min(12)];
    for length in (1..=typed.len().min(10)).rev() {
        for part in typed.windows(length) {
            let whole = length == typed.len();
            let joined = part.concat();
            let number = number(&joined);
            let digits = number.chars().filter(char::is_ascii_digit).count();
            let may_be_one = digits >= 3 && number.len() <= 40;
            if may_be_one {
                add(format!("n{number}"), whole && number.len() >= 4);
                if let Some(key) = phone(&joined) {
                    add(key, true);
                }
            }
        }
    }
    for word in typed {
        let word = fold(word.trim_matches(|c: char| "<>(),;\"".contains(c)));
        if let Some(domain) = word.strip_prefix('@') {
            if !domain.is_empty() {
                add(format!("d{domain}"), false);
            }
        } else if word.contains('@') || (typed.len() == 1 && word.chars().nth(2).is_some()) {
            add(format!("e{word}"), true);
        }
    }
    found
}

/// The first key after all that begin with this one.
pub(crate) fn after(key: &str) -> String {
    format!("{key}\u{10ffff}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_addresses_are_guessed_however_they_are_written() {
        let guessed = |text: &str| -> Vec<String> {
            let typed: Vec<&str> = text.split_whitespace().collect();
            guesses(&typed).into_iter().map(|x| x.key).collect()
        };
        for order in [
            "HP-20418",
            "hp20418",
            "hp 20418",
            "HP–20418",
            "my HP 20418?",
        ] {
            assert!(guessed(order).contains(&"nhp20418".into()), "{order}");
        }
        assert!(guessed("#48213").contains(&"n48213".into()));
        assert!(guessed("1Z 999 AA1-01 2345 6784").contains(&"n1z999aa10123456784".into()));
        assert!(guessed("Ann@Exa").contains(&"eann@exa".into()));
        assert!(guessed("@example.com").contains(&"dexample.com".into()));
        assert_eq!(phone("+49 (151) 234567"), Some("p76543215194".into()));
        assert!(guessed("0151 234567").contains(&"p765432151".into()));
        assert!(guessed("tent poles").is_empty());
    }
}
