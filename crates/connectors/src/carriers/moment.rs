//! Moments as carriers tell them: with a zone, without one, or only the day.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{cmp::Ordering, fmt};

/// A moment on the clock of the place where it happened, or on one whose zone is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A moment.
    At(DateTime<FixedOffset>),
    /// What the clock showed, in a zone that is not told.
    Local(NaiveDateTime),
    /// A day in a zone that is not told.
    Day(NaiveDate),
}

impl Moment {
    /// Reads the ways in which carriers write it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Some(Self::At(at));
        }
        for form in [
            "%Y-%m-%dT%H:%M:%S%.f",
            "%Y-%m-%d %H:%M:%S%.f",
            "%Y-%m-%d %H:%M",
        ] {
            if let Ok(local) = NaiveDateTime::parse_from_str(text, form) {
                return Some(Self::Local(local));
            }
        }
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d");
        day.ok().map(Self::Day)
    }

    /// What the clock showed, to put events in order: a zone that is not told counts as UTC.
    fn order(&self) -> (NaiveDateTime, u8) {
        match self {
            Self::At(at) => (at.naive_utc(), 2),
            Self::Local(local) => (*local, 1),
            Self::Day(day) => (NaiveDateTime::from(*day), 0),
        }
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => f.write_str(&at.to_rfc3339()),
            Self::Local(local) => write!(f, "{}", local.format("%Y-%m-%dT%H:%M:%S%.f")),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("a moment in ISO 8601 was expected"))
    }
}
