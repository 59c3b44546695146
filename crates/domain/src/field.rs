//! Custom fields: what a shop wants to know of a ticket beside what every shop wants to know.

use crate::{
    ids::{AccountId, FieldId},
    ticket::{Priority, TicketStatus},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;
use utoipa::ToSchema;

/// The longest text of a field, in characters.
pub const TEXT_LIMIT: usize = 500;

/// A field that the shop has defined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Field {
    /// Its id.
    pub id: FieldId,
    /// Its name in bodies and in search: lower-case letters, digits and `_`.
    pub key: String,
    /// Its name on the screen.
    pub label: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Its place among the fields, from 0.
    pub place: u32,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FieldKind {
    /// A line of text.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    YesNo,
    /// A day, `YYYY-MM-DD` (RFC 3339 full-date).
    Day,
    /// One of several words.
    Choice {
        /// The words.
        options: Vec<String>,
    },
}

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(untagged)]
pub enum FieldValue {
    /// Yes or no.
    YesNo(bool),
    /// A whole number.
    Number(#[ts(type = "number")] i64),
    /// Text, a day, or a choice.
    Text(String),
}

/// The values of a ticket's fields, by key. What is not there is not known.
pub type Fields = BTreeMap<String, FieldValue>;

/// Changes of fields, by key; `null` takes the value away.
pub type FieldChanges = BTreeMap<String, Option<FieldValue>>;

/// A value that two people may set, as somebody saw it or as it is now. Changes are compared with
/// what their author had seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(
    tag = "kind",
    content = "value",
    rename_all = "snake_case",
    deny_unknown_fields
)]
pub enum Compared {
    /// Where the ticket is in its life.
    Status(TicketStatus),
    /// How urgent it is.
    Priority(Priority),
    /// Who looks after it.
    #[serde(deserialize_with = "Option::deserialize")]
    Assignee(Option<AccountId>),
    /// Until when it sleeps.
    #[serde(deserialize_with = "Option::deserialize")]
    SnoozedUntil(Option<DateTime<Utc>>),
    /// A field's value.
    Field {
        /// Which field.
        key: String,
        /// Its value.
        value: Option<FieldValue>,
    },
}

/// Why a value does not fit its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// It is of another kind.
    #[error("{0}")]
    Kind(&'static str),
    /// It is too long.
    #[error("is too long: at most {TEXT_LIMIT} characters")]
    TooLong,
    /// It is none of the options.
    #[error("is none of the options: {0}")]
    Option(String),
}

impl Field {
    /// Whether the value fits.
    pub fn check(&self, value: &FieldValue) -> Result<(), FieldError> {
        match (&self.kind, value) {
            (FieldKind::YesNo, FieldValue::YesNo(_))
            | (FieldKind::Number, FieldValue::Number(_)) => Ok(()),
            (FieldKind::Text, FieldValue::Text(text)) if text.chars().count() > TEXT_LIMIT => {
                Err(FieldError::TooLong)
            }
            (FieldKind::Text, FieldValue::Text(_)) => Ok(()),
            (FieldKind::Day, FieldValue::Text(text)) => NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()
                .filter(|day| day.to_string() == *text)
                .map(|_| ())
                .ok_or(FieldError::Kind("is no day: write it as 2026-11-21")),
            (FieldKind::Choice { options }, FieldValue::Text(text)) => {
                if options.contains(text) {
                    Ok(())
                } else {
                    Err(FieldError::Option(options.join(", ")))
                }
            }
            (FieldKind::Text, _) => Err(FieldError::Kind("is no text")),
            (FieldKind::Number, _) => Err(FieldError::Kind("is no whole number")),
            (FieldKind::YesNo, _) => Err(FieldError::Kind("is neither true nor false")),
            (FieldKind::Day, _) => Err(FieldError::Kind("is no day: write it as 2026-11-21")),
            (FieldKind::Choice { options }, _) => Err(FieldError::Option(options.join(", "))),
        }
    }
}

/// Whether the key is one: a lower-case letter, then letters, digits and `_`, at most 40.
pub fn is_key(key: &str) -> bool {
    key.len() <= 40
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn field(kind: FieldKind) -> Field {
        Field {
            id: FieldId(Uuid::nil()),
            key: "claim".into(),
            label: "Claim".into(),
            kind,
            place: 0,
        }
    }

    #[test]
    fn a_value_fits_its_kind_or_says_why_not() {
        use FieldValue::{Number, Text, YesNo};
        let choice = FieldKind::Choice {
            options: vec!["DHL".into(), "UPS".into()],
        };
        let long = "a".repeat(TEXT_LIMIT + 1);
        let cases = [
            (FieldKind::Text, Text("any".into()), ""),
            (FieldKind::Text, Number(4), "is no text"),
            (
                FieldKind::Text,
                Text(long),
                "is too long: at most 500 characters",
            ),
            (FieldKind::Number, Number(-4), ""),
            (FieldKind::Number, Text("4".into()), "is no whole number"),
            (FieldKind::YesNo, YesNo(false), ""),
            (FieldKind::YesNo, Number(0), "is neither true nor false"),
            (FieldKind::Day, Text("2026-02-28".into()), ""),
            (
                FieldKind::Day,
                Text("2026-02-30".into()),
                "is no day: write it as 2026-11-21",
            ),
            (
                FieldKind::Day,
                Text("2026-2-3".into()),
                "is no day: write it as 2026-11-21",
            ),
            (choice.clone(), Text("UPS".into()), ""),
            (
                choice,
                Text("ups".into()),
                "is none of the options: DHL, UPS",
            ),
        ];
        for (kind, value, words) in cases {
            let said = field(kind.clone())
                .check(&value)
                .err()
                .map_or_else(String::new, |error| error.to_string());
            assert_eq!(said, words, "{kind:?} {value:?}");
        }
    }

    #[test]
    fn values_are_plain_json() {
        for (json, value) in [
            ("true", FieldValue::YesNo(true)),
            ("12", FieldValue::Number(12)),
            (r#""12""#, FieldValue::Text("12".into())),
        ] {
            assert_eq!(serde_json::from_str::<FieldValue>(json).expect(json), value);
            assert_eq!(serde_json::to_string(&value).expect(json), json);
        }
    }

    #[test]
    fn what_was_seen_is_said_and_nothing_beside_it() {
        for (json, good) in [
            (r#"{"kind":"assignee","value":null}"#, true),
            (r#"{"kind":"snoozed_until","value":null}"#, true),
            (r#"{"kind":"assignee"}"#, false),
            (r#"{"kind":"snoozed_until"}"#, false),
            (r#"{"kind":"status"}"#, false),
            (r#"{"kind":"status","value":"open","more":1}"#, false),
        ] {
            let read = serde_json::from_str::<Compared>(json);
            assert_eq!(read.is_ok(), good, "{json}");
        }
    }

    #[test]
    fn keys_are_plain_words() {
        for (key, good) in [
            ("claim_2", true),
            ("2claim", false),
            ("Claim", false),
            ("", false),
        ] {
            assert_eq!(is_key(key), good, "{key}");
        }
    }
}
