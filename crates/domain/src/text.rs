//! What people type: checked and normalised before anything is stored.

use unicode_normalization::UnicodeNormalization;

/// The longest message, in characters.
pub const MESSAGE_LIMIT: usize = 20_000;
/// The longest name, subject or other single line, in characters.
pub const LINE_LIMIT: usize = 200;

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("is empty: write something first")]
    Empty,
    /// Too long.
    #[error("has {length} characters: shorten it to {limit}")]
    TooLong {
        /// How long it is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Not an address.
    #[error(
        "is not an e-mail address: it needs a name, an @ and a domain, such as ana@example.com"
    )]
    NotAnAddress,
}

/// A message as it is stored: NFC, `\n` line ends, no control characters, no blank edges.
/// Mark-up is kept as the text it is; nothing in Deskhand ever renders a message as HTML.
pub fn message(raw: &str) -> Result<String, TextError> {
    let text: String = raw
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|c| *c == '\n' || *c == '\t' || !is_forbidden(*c))
        .nfc()
        .collect();
    bounded(text.trim(), MESSAGE_LIMIT)
}

/// A single line as it is stored: like a message, with line ends and tabs made spaces.
pub fn line(raw: &str) -> Result<String, TextError> {
    let spaced: String = raw
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_forbidden(*c))
        .nfc()
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    bounded(&words.join(" "), LINE_LIMIT)
}

/// An e-mail address as it is stored: trimmed, the domain in lower case.
///
/// Checks what a form can check (HTML Living Standard's definition, roughly); only a message that
/// arrives proves an address.
pub fn email(raw: &str) -> Result<String, TextError> {
    let address = line(raw)?;
    let (name, domain) = address.rsplit_once('@').ok_or(TextError::NotAnAddress)?;
    let name_is_fine = !name.is_empty()
        && name.len() <= 64
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c));
    let domain_is_fine = domain.contains('.')
        && domain.len() <= 253
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        });
    if name_is_fine && domain_is_fine {
        Ok(format!("{name}@{}", domain.to_lowercase()))
    } else {
        Err(TextError::NotAnAddress)
    }
}

/// The start of a message for a list row, in one line.
pub fn snippet(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    line.char_indices()
        .nth(140)
        .map_or(line.clone(), |(end, _)| {
            format!("{}…", line[..end].trim_end())
        })
}

/// Control characters, and the invisible ones that reorder or hide text.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// White space, and what takes no place on a screen (the default ignorable code points of Unicode,
/// those that people can type): fine inside a text, but no text by themselves.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
}

fn bounded(text: &str, limit: usize) -> Result<String, TextError> {
    let length = text.chars().count();
    if text.chars().all(is_unseen) {
        Err(TextError::Empty)
    } else if length > limit {
        Err(TextError::TooLong { length, limit })
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_keep_their_words_and_lose_what_cannot_be_seen() {
        let check = |raw: &str, stored: Result<&str, TextError>| {
            assert_eq!(message(raw), stored.map(str::to_owned), "{raw:?}");
        };
        check("  Hi,\r\nwhere is it?\r\n", Ok("Hi,\nwhere is it?"));
        check("<b>bold</b> & <script>", Ok("<b>bold</b> & <script>"));
        check("zip\u{0}per\u{8}", Ok("zipper"));
        check("a\u{202E}b", Ok("ab"));
        check("Zu\u{308}rich", Ok("Zürich"));
        check("Zu\u{202A}\u{308}rich", Ok("Zürich"));
        check(" \n\t ", Err(TextError::Empty));
        check("\u{200B}\u{2060} \u{AD}", Err(TextError::Empty));
        check("👩\u{200D}🔧", Ok("👩\u{200D}🔧"));
        check(
            &"x".repeat(20_001),
            Err(TextError::TooLong {
                length: 20_001,
                limit: 20_000,
            }),
        );
    }

    #[test]
    fn addresses_are_checked_as_a_form_can() {
        for good in [
            "ana@example.com",
            " a.b+c@sub.example.org ",
            "jürgen@bücher.example",
        ] {
            assert!(email(good).is_ok(), "{good}");
        }
        for bad in [
            "ana",
            "@example.com",
            "ana@",
            "ana@localhost",
            "a b@example.com",
            "a@-x.com",
            "a@b..com",
        ] {
            assert_eq!(email(bad), Err(TextError::NotAnAddress), "{bad}");
        }
        assert_eq!(email("Ana@EXAMPLE.com").as_deref(), Ok("Ana@example.com"));
    }

    proptest! {
        #[test]
        fn what_was_stored_is_stored_the_same_again(raw in any::<String>()) {
            if let Ok(once) = message(&raw) {
                prop_assert_eq!(message(&once), Ok(once.clone()));
            }
            if let Ok(once) = line(&raw) {
                prop_assert_eq!(line(&once), Ok(once.clone()));
            }
            prop_assert!(snippet(&raw).chars().count() <= 141);
        }
    }
}
