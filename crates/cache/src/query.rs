//! What somebody typed to look for, taken apart.

use crate::words::{Term, fold};
use chrono::{NaiveDate, NaiveTime};
use deskhand_domain::Channel;
use deskhand_protocol::view::{Unclear, UnclearKind};

/// Operators in the order they are offered.
pub(crate) const OPERATORS: [&str; 10] = [
    "from:",
    "to:",
    "customer:",
    "tag:",
    "is:",
    "order:",
    "channel:",
    "before:",
    "after:",
    "has:",
];
const STATES: [(&str, State); 6] = [
    ("open", State::Open),
    ("pending", State::Pending),
    ("snoozed", State::Snoozed),
    ("closed", State::Closed),
    ("unassigned", State::Unassigned),
    ("mine", State::Mine),
];
const CHANNELS: [(&str, Channel); 4] = [
    ("email", Channel::Email),
    ("chat", Channel::WebChat),
    ("web_chat", Channel::WebChat),
    ("whatsapp", Channel::Whatsapp),
];
/// More than anybody types.
const MOST_PARTS: usize = 40;

/// A query, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// All of these must stand in what is found.
    pub(crate) terms: Vec<Term>,
    /// None of these may.
    pub(crate) without: Vec<Term>,
    /// All of these must be so, or must not be so.
    pub(crate) conditions: Vec<(Condition, bool)>,
    /// The words as typed, for numbers and addresses.
    pub(crate) typed: Vec<String>,
    /// What was not understood.
    pub(crate) unclear: Vec<Unclear>,
}

/// What must be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    From(String),
    Customer(String),
    Tag(String),
    Is(State),
    /// Unix seconds.
    Before(i64),
    /// Unix seconds.
    After(i64),
    Order(String),
    Channel(Channel),
    Attachment,
}

/// How a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Pending,
    Snoozed,
    Closed,
    Unassigned,
    Mine,
}

impl Query {
    pub(crate) fn new(text: &str) -> Self {
        let mut query = Self::default();
        for part in parts(text).into_iter().take(MOST_PARTS) {
            query.add(&part);
        }
        query
    }

    fn add(&mut self, part: &Part) {
        if let Some((operator, value)) = part.operator() {
            match condition(&operator, &value) {
                Ok(Some(condition)) => {
                    self.conditions.push((condition, !part.minus));
                    return;
                }
                // Somebody is about to type the value.
                Ok(None) => return,
                Err(unclear) => self.unclear.push(unclear),
            }
        }
        let Some(term) = Term::new(&part.text, !part.quoted) else {
            return;
        };
        if part.minus {
            self.without.push(term);
        } else {
            self.terms.push(term);
            self.typed.push(part.text.clone());
        }
    }
}

/// The values that an operator knows, as far as they are always the same.
pub(crate) fn values(operator: &str) -> Vec<&'static str> {
    match operator {
        "is:" => STATES.iter().map(|(name, _)| *name).collect(),
        "channel:" => vec!["email", "chat", "whatsapp"],
        "has:" => vec!["attachment"],
        "from:" => vec!["me"],
        _ => vec![],
    }
}

/// `None` while there is no value yet; an error when it is not understood.
fn condition(operator: &str, value: &str) -> Result<Option<Condition>, Unclear> {
    let known = OPERATORS
        .iter()
        .any(|name| name.trim_end_matches(':') == operator);
    if !known {
        return Err(Unclear {
            kind: UnclearKind::NoSuchFilter,
            word: format!("{operator}:"),
        });
    }
    if value.is_empty() {
        return Ok(None);
    }
    let wrong = |kind| {
        let word = format!("{operator}:{value}");
        Err(Unclear { kind, word })
    };
    let folded = fold(value);
    Ok(Some(match operator {
        "from" => Condition::From(value.to_owned()),
        "to" | "customer" => Condition::Customer(value.to_owned()),
        "tag" => Condition::Tag(value.to_owned()),
        "order" => Condition::Order(value.to_owned()),
        "is" => match STATES.iter().find(|(name, _)| *name == folded) {
            Some((_, state)) => Condition::Is(*state),
            None => return wrong(UnclearKind::NoSuchState),
        },
        "channel" => match CHANNELS.iter().find(|(name, _)| *name == folded) {
            Some((_, channel)) => Condition::Channel(*channel),
            None => return wrong(UnclearKind::NoSuchChannel),
        },
        "has" if folded == "attachment" => Condition::Attachment,
        "has" => return wrong(UnclearKind::NoSuchPart),
        _ => match (day(value), operator) {
            (Some(day), "before") => Condition::Before(day),
            (Some(day), _) => Condition::After(day),
            (None, _) => return wrong(UnclearKind::NoSuchDay),
        },
    }))
}

/// The first second of a day, a month or a year.
fn day(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let year = parts
        .next()?
        .parse()
        .ok()
        .filter(|x| (1970..=9999).contains(x))?;
    let month = parts.next().map_or(Some(1), |text| text.parse().ok())?;
    let day = parts.next().map_or(Some(1), |text| text.parse().ok())?;
    let day = NaiveDate::from_ymd_opt(year, month, day)?;
    Some(day.and_time(NaiveTime::MIN).and_utc().timestamp())
}

/// A word, a phrase or an operator with its value.
#[derive(Debug, Default)]
struct Part {
    minus: bool,
    /// Whether all of it stood in quotes.
    quoted: bool,
    text: String,
    /// Where the first sign in quotes stands.
    quote_at: Option<usize>,
}

impl Part {
    /// `name:value`; the value may stand in quotes, the name may not.
    fn operator(&self) -> Option<(String, String)> {
        let (name, value) = self.text.split_once(':')?;
        let before_quotes = self.quote_at.is_none_or(|at| at > name.len());
        let is_name = name.len() > 1 && name.chars().all(|c| c.is_ascii_alphabetic());
        (before_quotes && is_name && !value.starts_with("//"))
            .then(|| (name.to_ascii_lowercase(), value.to_owned()))
    }
}

fn parts(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut part = Part::default();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '"' | '“' | '”' | '„' => {
                if !inside && part.text.is_empty() {
                    part.quoted = true;
                }
                inside = !inside;
                part.quote_at.get_or_insert(part.text.len());
            }
            c if c.is_whitespace() && !inside => found.push(std::mem::take(&mut part)),
            '-' if !inside && part.text.is_empty() && !part.quoted && !part.minus => {
                part.minus = true;
            }
            c => part.text.push(c),
        }
    }
    found.push(part);
    found.retain(|part| !part.text.trim().is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(terms: &[Term]) -> Vec<String> {
        terms.iter().map(Term::fts).collect()
    }

    #[test]
    fn a_query_is_words_phrases_and_operators() {
        let query =
            Query::new("Zelt \"left the depot\" -Regen a tag:\"late parcel\" is:Open -is:mine");
        let expected = ["\"zelt\"*", "\"left the depot\"", "\"a\""];
        assert_eq!(words(&query.terms), expected);
        assert_eq!(words(&query.without), ["\"regen\"*"]);
        let conditions = [
            (Condition::Tag("late parcel".into()), true),
            (Condition::Is(State::Open), true),
            (Condition::Is(State::Mine), false),
        ];
        assert_eq!(query.conditions, conditions);
        assert!(query.unclear.is_empty());
    }

    #[test]
    fn what_is_not_understood_is_said_and_looked_for_as_a_word() {
        let query =
            Query::new("colour:red is:purple before:tomorrow https://example.com 10:30 is:");
        let unclear: Vec<_> = query
            .unclear
            .iter()
            .map(|x| (x.kind, x.word.as_str()))
            .collect();
        let expected = [
            (UnclearKind::NoSuchFilter, "colour:"),
            (UnclearKind::NoSuchState, "is:purple"),
            (UnclearKind::NoSuchDay, "before:tomorrow"),
        ];
        assert_eq!(unclear, expected);
        assert_eq!(query.terms.len(), 5);
        assert!(query.conditions.is_empty());
    }

    #[test]
    fn days_months_and_years_are_days() {
        let query = Query::new("after:2026 before:2026-11 before:2026-11-20 after:2026-02-30");
        let day = |text: &str| super::day(text).expect("a day");
        let conditions = [
            (Condition::After(day("2026-01-01")), true),
            (Condition::Before(day("2026-11-01")), true),
            (Condition::Before(day("2026-11-20")), true),
        ];
        assert_eq!(query.conditions, conditions);
        assert_eq!(query.unclear.len(), 1, "there is no such day");
    }

    proptest! {
        #[test]
        fn anything_can_be_typed(text in any::<String>(), typed in "[-a-z:\"'* ()^+]{0,40}") {
            Query::new(&text);
            Query::new(&typed);
        }
    }
}
