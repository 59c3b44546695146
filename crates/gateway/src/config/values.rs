//! Kinds of values that say their unit, or keep to themselves.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
};
use std::{fmt, time::Duration};

/// A length of time with its unit: `500ms`, `10s`, `5m`, `2h`, `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub Duration);

/// A number of bytes with its unit: `512B`, `256KiB`, `1MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub usize);

/// So many within a time: `600 per 1m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// Within which time.
    pub per: Duration,
}

const RATE: &str = "a number and a time, such as \"600 per 1m\"";
const PERIODS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
const PERIOD: &str = "a time with its unit, such as \"500ms\", \"10s\", \"5m\", \"2h\" or \"30d\"";
const SIZES: [(&str, u64); 3] = [("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
const SIZE: &str = "a size with its unit, such as \"512B\", \"256KiB\" or \"1MiB\"";

/// A whole number and a unit, in the smallest unit.
fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The largest unit in which it is a whole number.
fn written(number: u64, units: &[(&str, u64)]) -> String {
    let fits = |(_, factor): &&(&str, u64)| number >= *factor && number.is_multiple_of(*factor);
    match units.iter().find(fits).or(units.last()) {
        Some((unit, factor)) => format!("{}{unit}", number / factor),
        None => number.to_string(),
    }
}

/// Reads a text with a unit; a bare number is refused in the same words.
struct Measured(&'static str, &'static [(&'static str, u64)]);

impl Visitor<'_> for Measured {
    type Value = u64;

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        measure(text, self.1).ok_or_else(|| E::custom(format!("write {}", self.0)))
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let millis = from.deserialize_any(Measured(PERIOD, &PERIODS))?;
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        to.serialize_str(&written(millis, &PERIODS))
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Often)
    }
}

struct Often;

impl Visitor<'_> for Often {
    type Value = Rate;

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str(RATE)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Rate, E> {
        let rate = text.split_once(" per ").and_then(|(count, per)| {
            let count = count.parse().ok().filter(|count| *count > 0)?;
            let seconds = measure(per, &PERIODS)?;
            let per = Duration::from_millis(seconds);
            (per >= Duration::from_secs(1)).then_some(Rate { count, per })
        });
        rate.ok_or_else(|| E::custom(format!("write {RATE}")))
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let millis = u64::try_from(self.per.as_millis()).unwrap_or(u64::MAX);
        to.serialize_str(&format!("{} per {}", self.count, written(millis, &PERIODS)))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = from.deserialize_any(Measured(SIZE, &SIZES))?;
        let bytes = usize::try_from(bytes).map_err(|_| D::Error::custom("is too much"))?;
        Ok(Self(bytes))
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let bytes = u64::try_from(self.0).unwrap_or(u64::MAX);
        to.serialize_str(&written(bytes, &SIZES))
    }
}

/// What nobody may read in a log: given as `{ file = "…" }` or `{ env = "…" }`, or in the variable
/// of its key. In the file itself it is refused.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself; only for where it is used.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str("(secret)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("(secret)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Hidden)
    }
}

struct Hidden;

impl<'de> Visitor<'de> for Hidden {
    type Value = Secret;

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str("{ file = \"…\" } or { env = \"…\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
        filled(text).ok_or_else(|| E::custom("the secret is empty"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        let said: Option<(String, String)> = map.next_entry()?;
        let more = map.next_entry::<String, String>()?.is_some();
        let Some((kind, place)) = said.filter(|_| !more) else {
            return Err(A::Error::custom("say either file or env"));
        };
        let text = match kind.as_str() {
            "file" => std::fs::read_to_string(&place)
                .map_err(|error| format!("the file {place} cannot be read: {}", error.kind())),
            "env" => std::env::var(&place)
                .map_err(|_| format!("there is no variable {place} in the environment")),
            _ => Err("say either file or env".to_owned()),
        };
        let text = text.map_err(A::Error::custom)?;
        filled(&text).ok_or_else(|| A::Error::custom(format!("the {kind} {place} is empty")))
    }
}

/// A secret without the line end that editors add.
fn filled(text: &str) -> Option<Secret> {
    let text = text.trim_end_matches(['\r', '\n']);
    (!text.is_empty()).then(|| Secret(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_means_something_only_with_its_unit() {
        for (text, millis) in [
            ("0ms", 0),
            ("500ms", 500),
            ("10s", 10_000),
            ("10 s", 10_000),
            ("5m", 300_000),
            ("30d", 2_592_000_000),
        ] {
            assert_eq!(measure(text, &PERIODS), Some(millis), "{text}");
        }
        for wrong in [
            "",
            "10",
            "s",
            "-1s",
            "1.5s",
            "10 seconds",
            "10KiB",
            "99999999999999999999s",
        ] {
            assert_eq!(measure(wrong, &PERIODS), None, "{wrong}");
        }
        assert_eq!(measure("18446744073709551615d", &PERIODS), None, "too long");
        assert_eq!(measure("256KiB", &SIZES), Some(262_144));
        assert_eq!(measure("256KB", &SIZES), None, "is it 1000 or 1024?");
        assert_eq!(written(90_000, &PERIODS), "90s");
        assert_eq!(written(0, &PERIODS), "0ms");
        assert_eq!(written(1 << 20, &SIZES), "1MiB");
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::from("hunter2");
        assert_eq!(format!("{secret:?}"), "(secret)");
        assert_eq!(
            serde_json::to_string(&secret).expect("JSON"),
            "\"(secret)\""
        );
        assert_eq!(secret.reveal(), "hunter2");
    }
}
