//! What the months and the days of the week are called, and how a date is written with them.

use chrono::{Datelike, NaiveDate};

/// The names of one language, as they stand within a sentence.
#[derive(Debug)]
pub struct Names {
    /// From Monday.
    pub weekdays: [&'static str; 7],
    /// From January.
    pub months: [&'static str; 12],
}

/// The names of every language.
pub static ALL: [&Names; 3] = [&ENGLISH, &GERMAN, &FRENCH];

/// The names of a language such as `de` or `de-AT`; of one that has none here, the English.
pub fn names(language: &str) -> &'static Names {
    match main(language) {
        "de" => &GERMAN,
        "fr" => &FRENCH,
        _ => &ENGLISH,
    }
}

/// `Thursday`, `Donnerstag`, `jeudi`.
pub fn weekday(day: NaiveDate, language: &str) -> &'static str {
    names(language).weekdays[day.weekday().num_days_from_monday() as usize]
}

/// `12 November`, `12. November`, `12 novembre`.
pub fn date(day: NaiveDate, language: &str) -> String {
    let (number, month) = (day.day(), names(language).months[day.month0() as usize]);
    match main(language) {
        "de" => format!("{number}. {month}"),
        "fr" if number == 1 => format!("1er {month}"),
        _ => format!("{number} {month}"),
    }
}

/// `Thursday, 12 November`, `Donnerstag, 12. November`, `jeudi 12 novembre`.
pub fn day(day: NaiveDate, language: &str) -> String {
    let comma = if main(language) == "fr" { "" } else { "," };
    format!("{}{comma} {}", weekday(day, language), date(day, language))
}

/// The language without its country.
pub(crate) fn main(language: &str) -> &str {
    language.split('-').next().unwrap_or(language)
}

static ENGLISH: Names = Names {
    weekdays: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
};

static GERMAN: Names = Names {
    weekdays: [
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ],
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
};

static FRENCH: Names = Names {
    weekdays: [
        "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
    ],
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_days_its_own_way() {
        let check = |at: &str, language: &str, expected: &str| {
            let at = at.parse().expect("a day");
            assert_eq!(day(at, language), expected, "{language}");
        };
        check("2026-11-01", "en", "Sunday, 1 November");
        check("2026-11-01", "de-AT", "Sonntag, 1. November");
        check("2026-11-01", "fr", "dimanche 1er novembre");
        check("2026-12-31", "fr-CH", "jeudi 31 décembre");
        check("2024-02-29", "it", "Thursday, 29 February");
    }
}
