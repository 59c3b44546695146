//! Reads the file and the environment, and finds all that is wrong at once.

use super::{Config, Findings};
use serde::Deserialize as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt,
    ops::Range,
    path::Path,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer},
};

/// Everything that can be set, with comments and defaults.
pub const REFERENCE: &str = include_str!("reference.toml");
/// How variables of the environment begin that set something.
pub const PREFIX: &str = "DESKHAND_GATEWAY_";

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// `file:line:column`, or the name of a variable.
    pub place: String,
    /// The key, such as `door.connections`; empty when it is not about one.
    pub key: String,
    /// What is wrong. Never what was written there: it may be a secret.
    pub words: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(words, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(words, "{}: ", self.key)?;
        }
        words.write_str(&self.words)
    }
}

/// All that is wrong, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, mistake) in self.0.iter().enumerate() {
            let between = if number == 0 { "" } else { "\n" };
            write!(words, "{between}{mistake}")?;
        }
        Ok(())
    }
}

/// A section, empty for the top, and a key in it.
type Key = (String, String);

/// Reads a file, if there is one, and what the environment says beside it.
pub fn read(
    path: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Config, Mistakes> {
    let environment: BTreeMap<OsString, OsString> = environment.into_iter().collect();
    let name = path.map_or_else(
        || "the configuration".to_owned(),
        |path| path.display().to_string(),
    );
    let text = path.map(std::fs::read_to_string).transpose();
    let text = text.map_err(|error| {
        Mistakes(vec![Mistake {
            place: name.clone(),
            key: String::new(),
            words: format!("cannot be read: {}", error.kind()),
        }])
    })?;
    let text = text.unwrap_or_default();
    let mut reading = Reading::begin(&name, &text);
    reading.take_environment(&environment);
    reading.finish()
}

/// What is known while the configuration is read.
struct Reading<'t> {
    name: &'t str,
    text: &'t str,
    known: BTreeMap<Key, Shape>,
    table: Spanned<DeTable<'t>>,
    /// Variables that set something; their values lie behind the text, one place each.
    variables: Vec<String>,
    mistakes: Vec<Mistake>,
}

impl<'t> Reading<'t> {
    fn begin(name: &'t str, text: &'t str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reading = Self {
            name,
            text,
            known: known(),
            table,
            variables: Vec::new(),
            mistakes: Vec::new(),
        };
        for error in errors {
            reading.found(error.span(), "", error.message().to_owned());
        }
        reading.refuse_open_secrets();
        reading
    }

    /// Secrets come from elsewhere, so that the file may be shown.
    fn refuse_open_secrets(&mut self) {
        let known = self.known.clone();
        let secrets = known
            .into_iter()
            .filter(|(_, shape)| *shape == Shape::Secret);
        for (key, _) in secrets {
            let Some(value) = self.value(&key) else {
                continue;
            };
            if !value.get_ref().is_table() {
                let words = format!(
                    "a secret does not stand in this file: write {{ file = \"…\" }} or {{ env = \"…\" }}, or set {}",
                    variable(&key)
                );
                let span = value.span();
                self.found(Some(span), &dotted(&key), words);
                self.remove(&key);
            }
        }
    }

    fn take_environment(&mut self, environment: &'t BTreeMap<OsString, OsString>) {
        let names: BTreeMap<String, (Key, Shape)> = self
            .known
            .clone()
            .into_iter()
            .map(|(key, shape)| (variable(&key), (key, shape)))
            .collect();
        for (name, value) in environment {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let words = match (names.get(name), value.to_str()) {
                (Some((key, shape)), Some(value)) => {
                    self.set(key, *shape, name, value);
                    continue;
                }
                (Some(_), None) => "is not UTF-8",
                (None, _) => {
                    "there is no such setting; `deskhand-gateway config reference` names all"
                }
            };
            self.mistakes.push(Mistake {
                place: name.to_owned(),
                key: String::new(),
                words: words.to_owned(),
            });
        }
    }

    /// Sets a key as a variable says.
    fn set(&mut self, key: &Key, shape: Shape, variable: &str, value: &'t str) {
        let place = self.text.len() + 1 + self.variables.len();
        let span = place..place + 1;
        self.variables.push(variable.to_owned());
        let value = match DeValue::parse(value) {
            Ok(parsed) if shape == Shape::Other => parsed.into_inner(),
            _ => DeValue::String(value.into()),
        };
        self.remove(key);
        let name = |text: &str| Spanned::new(span.clone(), text.to_owned().into());
        let mut table = self.table.get_mut();
        if !key.0.is_empty() {
            let section = table
                .entry(name(&key.0))
                .or_insert_with(|| Spanned::new(span.clone(), DeValue::Table(DeTable::new())));
            match section.get_mut() {
                DeValue::Table(section) => table = section,
                // Not a section at all: that is found when it is read.
                _ => return,
            }
        }
        table.insert(name(&key.1), Spanned::new(span.clone(), value));
    }

    /// Reads what is left until nothing is wrong any more: each mistake is taken out and named.
    fn finish(mut self) -> Result<Config, Mistakes> {
        let places = self.places();
        let mut wrong = BTreeSet::new();
        let config = loop {
            match Config::deserialize(Deserializer::from(self.table.clone())) {
                Ok(config) => break Some(config),
                Err(error) => {
                    let key = error.span().and_then(|span| self.holding(span.start));
                    let dotted = key.as_ref().map(dotted).unwrap_or_default();
                    self.found(error.span(), &dotted, meaning(error.message()));
                    match key {
                        Some(key) => self.remove(&key),
                        None => break None,
                    }
                    wrong.insert(dotted);
                }
            }
        };
        let mut findings = Findings::default();
        if let Some(config) = &config {
            config.check(&mut findings);
        }
        for (key, words) in findings.0 {
            if !wrong.contains(key) {
                self.found(places.get(key).cloned(), key, words);
            }
        }
        match config {
            Some(config) if self.mistakes.is_empty() => Ok(config),
            _ => Err(Mistakes(self.mistakes)),
        }
    }

    fn found(&mut self, span: Option<Range<usize>>, key: &str, words: String) {
        let place = match span {
            Some(span) if span.start > self.text.len() => {
                let number = span.start - self.text.len() - 1;
                self.variables.get(number).cloned().unwrap_or_default()
            }
            Some(span) => {
                let before = self.text.get(..span.start).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let column = before
                    .rsplit('\n')
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .count()
                    + 1;
                format!("{}:{line}:{column}", self.name)
            }
            None => self.name.to_owned(),
        };
        self.mistakes.push(Mistake {
            place,
            key: key.to_owned(),
            words,
        });
    }

    /// Where each key's value stands.
    fn places(&self) -> BTreeMap<String, Range<usize>> {
        self.entries()
            .map(|(key, _, value)| (dotted(&key), value))
            .collect()
    }

    /// Every key of the table with the places of its name and its value, those of sections before
    /// the sections themselves.
    fn entries(&self) -> impl Iterator<Item = (Key, Range<usize>, Range<usize>)> {
        let top = self.table.get_ref();
        let inner = top.iter().flat_map(|(section, value)| {
            let is_key = self
                .known
                .contains_key(&(String::new(), section.get_ref().to_string()));
            let table = value.get_ref().as_table().filter(|_| !is_key);
            table.into_iter().flatten().map(|(key, value)| {
                let key_name = (section.get_ref().to_string(), key.get_ref().to_string());
                (key_name, key.span(), value.span())
            })
        });
        let outer = top.iter().map(|(key, value)| {
            (
                (String::new(), key.get_ref().to_string()),
                key.span(),
                value.span(),
            )
        });
        inner.chain(outer)
    }

    /// The key that a place belongs to.
    fn holding(&self, place: usize) -> Option<Key> {
        let holds =
            |span: &Range<usize>| span.start <= place && place < span.end.max(span.start + 1);
        self.entries()
            .find(|(_, name, value)| holds(name) || holds(value))
            .map(|(key, ..)| key)
    }

    fn value(&self, (section, key): &Key) -> Option<&Spanned<DeValue<'t>>> {
        let mut table = self.table.get_ref();
        if !section.is_empty() {
            table = table.get(section.as_str())?.get_ref().as_table()?;
        }
        table.get(key.as_str())
    }

    fn remove(&mut self, (section, key): &Key) {
        let table = self.table.get_mut();
        if section.is_empty() {
            table.remove(key.as_str());
        } else if let Some(DeValue::Table(table)) =
            table.get_mut(section.as_str()).map(Spanned::get_mut)
        {
            table.remove(key.as_str());
        }
    }
}

/// What a setting is written as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Secret,
    Other,
}

/// Every key of the reference. Sections stand there as `[name]`, all else is a key.
fn known() -> BTreeMap<Key, Shape> {
    let shape = |value: &toml::Value| match value {
        toml::Value::String(_) => Shape::Text,
        toml::Value::Table(_) => Shape::Secret,
        _ => Shape::Other,
    };
    let set = uncommented();
    let mut known = BTreeMap::new();
    for (name, value) in set.parse::<toml::Table>().unwrap_or_default() {
        let section = set.contains(&format!("\n[{name}]\n"));
        match value {
            toml::Value::Table(keys) if section => {
                for (key, value) in keys {
                    known.insert((name.clone(), key), shape(&value));
                }
            }
            value => {
                known.insert((String::new(), name), shape(&value));
            }
        }
    }
    known
}

/// The reference with everything set.
fn uncommented() -> String {
    let set = |line: &str| {
        let setting = line
            .strip_prefix('#')
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
        format!("{}\n", setting.unwrap_or(line))
    };
    REFERENCE.lines().map(set).collect()
}

fn dotted((section, key): &Key) -> String {
    if section.is_empty() {
        key.clone()
    } else {
        format!("{section}.{key}")
    }
}

/// The variable that sets a key.
fn variable(key: &Key) -> String {
    format!(
        "{PREFIX}{}",
        dotted(key).replace('.', "_").to_ascii_uppercase()
    )
}

/// serde's words for people, and without what was written there.
fn meaning(words: &str) -> String {
    let (what, expected) = words.rsplit_once(", expected ").unwrap_or((words, ""));
    if what.starts_with("unknown field ") {
        return format!(
            "there is no such key here; known are {}",
            expected.trim_start_matches("one of ")
        );
    }
    if !what.starts_with("invalid type: ") && !what.starts_with("invalid value: ") {
        return words.to_owned();
    }
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of 0 or more",
        "i32" | "i64" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list in [ ]",
        other if other.starts_with("struct ") => "a section in [ ] with keys of its own",
        other => other,
    };
    format!("cannot be this: write {expected}")
}

#[cfg(test)]
mod tests;
