//! Finds facts in a text, as people write them in English, German and French.

use super::{FactKind, words};
use crate::order_number;

/// A fact of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub kind: FactKind,
    /// As it stands in the text.
    pub text: String,
    value: Value,
}

/// What a fact says, however it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// Hundredths of a currency.
    Amount(i64, &'static str),
    Day {
        year: Option<u16>,
        /// Month and day.
        date: Option<(u8, u8)>,
        /// From 0 for Monday.
        weekday: Option<u8>,
    },
    /// A day that is named from the day of writing.
    FromToday(&'static str),
    /// Minutes since midnight.
    Time(u16),
    Word(String),
    /// A number and what it counts.
    Count(String, &'static str),
}

impl Fact {
    /// Whether both say the same.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        if self.kind != other.kind {
            return false;
        }
        match (&self.value, &other.value) {
            (
                Value::Day {
                    year,
                    date,
                    weekday,
                },
                Value::Day {
                    year: other_year,
                    date: other_date,
                    weekday: other_weekday,
                },
            ) => match (date, other_date) {
                (Some(a), Some(b)) => a == b && fits(*year, *other_year),
                _ => weekday.is_some() && weekday == other_weekday,
            },
            (a, b) => a == b,
        }
    }

    /// Whether they say different things of one kind, so that both cannot be right. Two links, and
    /// a weekday beside a date, may well be.
    pub(super) fn disagrees(&self, other: &Self) -> bool {
        if self.kind != other.kind || self.agrees(other) {
            return false;
        }
        match (&self.value, &other.value) {
            (Value::Amount(..), Value::Amount(..))
            | (Value::Time(_), Value::Time(_))
            | (Value::FromToday(_), Value::FromToday(_)) => true,
            (
                Value::Day { date, weekday, .. },
                Value::Day {
                    date: other_date,
                    weekday: other_weekday,
                    ..
                },
            ) => {
                (date.is_some() && other_date.is_some())
                    || (weekday.is_some() && other_weekday.is_some())
            }
            (Value::Word(_), Value::Word(_)) => self.kind != FactKind::Link,
            (Value::Count(_, a), Value::Count(_, b)) => a == b && !a.is_empty(),
            _ => false,
        }
    }
}

fn fits(a: Option<u16>, b: Option<u16>) -> bool {
    a.is_none() || b.is_none() || a == b
}

/// A word of the text, without what surrounds it.
struct Token<'t> {
    text: &'t str,
    lower: String,
    start: usize,
    end: usize,
}

/// The facts of a text, in its order. `prefix` is that of the shop's order numbers.
pub fn find(text: &str, prefix: &str) -> Vec<Fact> {
    let tokens = tokens(text);
    let mut facts = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let looks: [Look; 7] = [link, order, amount, day, time, tracking, count];
        let hit = looks.iter().find_map(|look| look(&tokens, at, prefix));
        match hit {
            Some((used, kind, value)) => {
                let last = &tokens[(at + used - 1).min(tokens.len() - 1)];
                facts.push(Fact {
                    kind,
                    text: text[tokens[at].start..last.end].to_owned(),
                    value,
                });
                at += used.max(1);
            }
            None => at += 1,
        }
    }
    facts
}

/// How many words it takes, and what it is.
type Hit = (usize, FactKind, Value);

/// Looks whether a fact begins at a word; the last argument is the prefix of order numbers.
type Look = fn(&[Token<'_>], usize, &str) -> Option<Hit>;

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let edge = |c: char| {
        !(c.is_alphanumeric() || matches!(c, '€' | '£' | '$' | '%' | '#' | '+' | '/' | '@'))
    };
    for word in text.split_whitespace() {
        let word = word
            .trim_end_matches(",-")
            .trim_end_matches(".-")
            .trim_end_matches(",–");
        let inner = word.trim_start_matches(edge);
        let inner = inner.trim_end_matches(edge);
        if inner.is_empty() {
            continue;
        }
        let start = inner.as_ptr() as usize - text.as_ptr() as usize;
        found.push(Token {
            text: inner,
            lower: inner.to_lowercase(),
            start,
            end: start + inner.len(),
        });
    }
    found
}

fn lower<'t>(tokens: &'t [Token<'_>], at: usize) -> &'t str {
    tokens.get(at).map_or("", |token| token.lower.as_str())
}

fn link(tokens: &[Token<'_>], at: usize, _: &str) -> Option<Hit> {
    let token = &tokens[at];
    let word = token.lower.as_str();
    let address = word
        .split_once('@')
        .is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'));
    let bare = word.split_once('/').is_some_and(|(host, _)| is_host(host));
    if !(address || bare || word.contains("://") || word.starts_with("www.")) {
        return None;
    }
    let key = word
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_start_matches("mailto:")
        .trim_start_matches("www.")
        .trim_end_matches('/');
    Some((1, FactKind::Link, Value::Word(key.to_owned())))
}

fn is_host(host: &str) -> bool {
    host.rsplit_once('.').is_some_and(|(name, top)| {
        !name.is_empty() && top.len() >= 2 && top.chars().all(|c| c.is_ascii_lowercase())
    })
}

fn order(tokens: &[Token<'_>], at: usize, prefix: &str) -> Option<Hit> {
    let word = tokens[at].text;
    let number = |text: &str| order_number::find(text, prefix).pop();
    if let Some(number) = number(word) {
        return Some((1, FactKind::OrderNumber, Value::Word(number)));
    }
    let letters = prefix.trim_end_matches(|c: char| !c.is_alphanumeric());
    let next = tokens.get(at + 1)?;
    if letters.is_empty() || !word.eq_ignore_ascii_case(letters) {
        return None;
    }
    let found = number(&format!("{word} {}", next.text))?;
    Some((2, FactKind::OrderNumber, Value::Word(found)))
}

fn amount(tokens: &[Token<'_>], at: usize, _: &str) -> Option<Hit> {
    let token = &tokens[at];
    let hit =
        |used, minor, currency| Some((used, FactKind::Amount, Value::Amount(minor, currency)));
    // `€20`, `EUR20`, `20€`.
    let sign = |c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '\''));
    let first = token.text.find(|c: char| c.is_ascii_digit());
    if let Some(first) = first.filter(|first| *first > 0)
        && let Some(currency) = words::currency(&token.text[..first])
    {
        let (number, used) = joined(tokens, at, &token.text[first..]);
        return hit(used, hundredths(&number)?, currency);
    }
    if first == Some(0)
        && let Some(end) = token.text.find(sign)
        && let Some(currency) = words::currency(&token.text[end..])
    {
        return hit(1, hundredths(&token.text[..end])?, currency);
    }
    // `CHF 20`.
    if let Some(currency) = words::currency(&token.text.to_lowercase())
        && let Some(next) = tokens.get(at + 1)
        && next.text.starts_with(|c: char| c.is_ascii_digit())
        && words::currency(lower(tokens, at + 2)).is_none()
    {
        let (number, used) = joined(tokens, at + 1, next.text);
        return hit(used + 1, hundredths(&number)?, currency);
    }
    // `20 €`, `1 277,70 €`.
    if first == Some(0) {
        let (number, used) = joined(tokens, at, token.text);
        let last = lower(tokens, at + used);
        if let Some(currency) = words::currency(last) {
            return hit(used + 1, hundredths(&number)?, currency);
        }
        let plain = words::currency(lower(tokens, at + 1))?;
        return hit(2, hundredths(token.text)?, plain);
    }
    None
}

/// A number that goes on in groups of three, as in `1 277,70`, and how many words it takes.
fn joined(tokens: &[Token<'_>], at: usize, first: &str) -> (String, usize) {
    let (mut number, mut used) = (first.to_owned(), 1);
    if first.len() > 3 || !is_digits(first) {
        return (number, used);
    }
    while let Some(next) = tokens.get(at + used) {
        let whole = next.text.split([',', '.']).next().unwrap_or_default();
        if whole.len() != 3 || !is_digits(whole) {
            break;
        }
        number.push_str(next.text);
        used += 1;
        if whole.len() != next.text.len() {
            break;
        }
    }
    (number, used)
}

/// An amount in hundredths: `1,277.70`, `1.277,70`, `1'277.70`, `20`, `12.5`.
fn hundredths(number: &str) -> Option<i64> {
    let number = number.trim_end_matches(['.', ',', '-']);
    if !number
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '\''))
    {
        return None;
    }
    let (whole, part) = match number.rfind(['.', ',']) {
        Some(point) if number.len() - point - 1 <= 2 => (&number[..point], &number[point + 1..]),
        _ => (number, ""),
    };
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let cents: i64 = match part.len() {
        0 => 0,
        1 => part.parse::<i64>().ok()? * 10,
        _ => part.parse().ok()?,
    };
    digits
        .parse::<i64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(cents)
}

fn day(tokens: &[Token<'_>], at: usize, _: &str) -> Option<Hit> {
    let before = if at > 0 { lower(tokens, at - 1) } else { "" };
    if let Some((word, two)) = words::from_today(before, lower(tokens, at), lower(tokens, at + 1)) {
        return Some((1 + usize::from(two), FactKind::Day, Value::FromToday(word)));
    }
    let weekday = words::weekday(&tokens[at].lower);
    let from = at + usize::from(weekday.is_some());
    // `Dienstag, den 24.11.`, `on Tuesday the 24th of November`.
    let from = if weekday.is_some() && matches!(lower(tokens, from), "den" | "dem" | "the" | "le") {
        from + 1
    } else {
        from
    };
    match date(tokens, from) {
        Some((used, year, date)) => Some((
            from - at + used,
            FactKind::Day,
            Value::Day {
                year,
                date: Some(date),
                weekday,
            },
        )),
        None => weekday.map(|weekday| {
            let value = Value::Day {
                year: None,
                date: None,
                weekday: Some(weekday),
            };
            (1, FactKind::Day, value)
        }),
    }
}

type Date = (usize, Option<u16>, (u8, u8));

fn date(tokens: &[Token<'_>], at: usize) -> Option<Date> {
    let token = tokens.get(at)?;
    if let Some((year, date)) = in_digits(token) {
        return Some((1, year, date));
    }
    let next = lower(tokens, at + 1);
    // `24 November`, `24th of November`, `1er décembre`.
    if let Some(day) = day_number(&token.lower) {
        let skip = usize::from(next == "of");
        let month = words::month(lower(tokens, at + 1 + skip))?;
        let year = year(lower(tokens, at + 2 + skip));
        let used = 2 + skip + usize::from(year.is_some());
        return Some((used, year, (month, day)));
    }
    // `November 24th`.
    let month = words::month(&token.lower)?;
    let day = day_number(next)?;
    let year = year(lower(tokens, at + 2));
    Some((2 + usize::from(year.is_some()), year, (month, day)))
}

/// `2026-11-24`, `24.11.2026`, `24.11`, `24/11/2026`.
fn in_digits(token: &Token<'_>) -> Option<(Option<u16>, (u8, u8))> {
    let separator = token.text.chars().find(|c| matches!(c, '-' | '.' | '/'))?;
    let parts: Vec<&str> = token.text.split(separator).collect();
    if !parts.iter().all(|part| is_digits(part)) {
        return None;
    }
    let small = |part: &str, most| {
        part.parse::<u8>()
            .ok()
            .filter(|number| part.len() <= 2 && (1..=most).contains(number))
    };
    let long_year = |part: &str| match part.len() {
        2 => part.parse::<u16>().ok().map(|year| 2000 + year),
        _ => year(part),
    };
    match (separator, parts.as_slice()) {
        ('-', [y, m, d]) if y.len() == 4 => Some((year(y), (small(m, 12)?, small(d, 31)?))),
        ('.' | '/', [d, m, y]) => {
            let year = long_year(y)?;
            Some((Some(year), (small(m, 12)?, small(d, 31)?)))
        }
        // A price has two digits behind the point as well, so a month is there and nothing bigger.
        ('.', [d, m]) if m.len() == 2 && d.len() == 2 => {
            Some((None, (small(m, 12)?, small(d, 31)?)))
        }
        _ => None,
    }
}

fn day_number(word: &str) -> Option<u8> {
    let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
    let ending = &word[digits.len()..];
    matches!(ending, "" | "." | "st" | "nd" | "rd" | "th" | "er")
        .then(|| digits.parse::<u8>().ok())?
        .filter(|day| (1..=31).contains(day))
}

fn year(word: &str) -> Option<u16> {
    word.parse()
        .ok()
        .filter(|year| word.len() == 4 && (1990..2100).contains(year))
}

fn time(tokens: &[Token<'_>], at: usize, _: &str) -> Option<Hit> {
    let word = tokens[at].lower.as_str();
    let next = lower(tokens, at + 1);
    let hit = |used, hour: u16, minute: u16| {
        (hour <= 24 && minute < 60).then_some((
            used,
            FactKind::Day,
            Value::Time(hour * 60 + minute),
        ))
    };
    let half = |word: &str| match word {
        "am" | "a.m" => Some(0),
        "pm" | "p.m" => Some(12),
        _ => None,
    };
    let clock = |text: &str| -> Option<(u16, u16)> {
        let (hour, minute) = text
            .split_once([':', 'h'])
            .or_else(|| text.split_once('.'))?;
        let minute = if minute.is_empty() { "00" } else { minute };
        (is_digits(hour) && is_digits(minute) && hour.len() <= 2 && minute.len() == 2)
            .then(|| Some((hour.parse().ok()?, minute.parse().ok()?)))?
    };
    let (stem, ending) = match word.strip_suffix("pm").or_else(|| word.strip_suffix("am")) {
        Some(stem) if stem.ends_with(|c: char| c.is_ascii_digit()) => {
            (stem, half(&word[stem.len()..]))
        }
        _ => (word, None),
    };
    let used = if ending.is_some() { 1 } else { 2 };
    if let Some(later) = ending.or_else(|| half(next)) {
        let (hour, minute) = clock(stem).or_else(|| Some((whole(stem)?, 0)))?;
        return (1..=12)
            .contains(&hour)
            .then(|| hit(used, hour % 12 + later, minute))?;
    }
    if next == "uhr" {
        let (hour, minute) = clock(word).or_else(|| Some((whole(word)?, 0)))?;
        return hit(2, hour, minute);
    }
    if !word.contains([':', 'h']) {
        return None;
    }
    let (hour, minute) = clock(word)?;
    hit(1, hour, minute)
}

fn whole(word: &str) -> Option<u16> {
    word.parse()
        .ok()
        .filter(|_| is_digits(word) && word.len() <= 2)
}

fn tracking(tokens: &[Token<'_>], at: usize, _: &str) -> Option<Hit> {
    let is_part = |token: &Token<'_>| {
        token.text.contains(|c: char| c.is_ascii_digit())
            && token
                .text
                .chars()
                .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase() || c == '-')
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let first = tokens.get(at).filter(|token| is_part(token))?;
    let key = |text: &str| text.chars().filter(|c| *c != '-').collect::<String>();
    if first.text.len() >= 10 && digits(first.text) >= 8 {
        return Some((1, FactKind::TrackingNumber, Value::Word(key(first.text))));
    }
    // In groups, as it stands on labels.
    let (mut number, mut used) = (key(first.text), 1);
    while let Some(next) = tokens.get(at + used).filter(|next| is_part(next)) {
        number.push_str(&key(next.text));
        used += 1;
    }
    (used >= 3 && first.text.len() >= 2 && digits(&number) >= 10).then_some((
        used,
        FactKind::TrackingNumber,
        Value::Word(number),
    ))
}

fn count(tokens: &[Token<'_>], at: usize, _: &str) -> Option<Hit> {
    let token = &tokens[at];
    let unit = |from| words::unit(lower(tokens, from), lower(tokens, from + 1));
    let hit =
        |used, number: String, unit| Some((used, FactKind::Number, Value::Count(number, unit)));
    if let Some(number) = words::number(&token.lower) {
        let (unit, words) = unit(at + 1)?;
        return hit(1 + words, number.to_string(), unit);
    }
    if let Some(number) = token.text.strip_suffix('%') {
        return hit(1, plain(number)?, "%");
    }
    // `14-day`, `14-tägig`.
    if let Some((number, rest)) = token.lower.split_once('-')
        && is_digits(number)
        && let Some((unit, _)) = words::unit(rest, "")
    {
        return hit(1, number.to_owned(), unit);
    }
    let number = plain(&token.lower)?;
    match unit(at + 1) {
        Some((unit, words)) => hit(1 + words, number, unit),
        None => hit(1, number, ""),
    }
}

/// A plain number or a range: `10`, `2-3`, `2.5`.
fn plain(word: &str) -> Option<String> {
    let word = word.replace('–', "-").replace(',', ".");
    let fits = word.len() <= 9
        && word.starts_with(|c: char| c.is_ascii_digit())
        && word.split(['-', '.']).all(is_digits);
    fits.then_some(word)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}
