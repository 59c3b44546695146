//! The words of three languages that make a number or a word a fact.

use crate::calendar;

/// The month a word names, from 1; also shortened.
pub(super) fn month(word: &str) -> Option<u8> {
    let word = word.trim_end_matches('.').to_lowercase();
    if word.chars().count() < 3 {
        return None;
    }
    let whole = calendar::ALL
        .iter()
        .find_map(|names| place(&names.months, &word));
    let short = || {
        const SHORT: [(&str, usize); 26] = [
            ("jan", 0),
            ("feb", 1),
            ("mar", 2),
            ("apr", 3),
            ("jun", 5),
            ("jul", 6),
            ("aug", 7),
            ("sep", 8),
            ("sept", 8),
            ("oct", 9),
            ("nov", 10),
            ("dec", 11),
            ("jän", 0),
            ("mär", 2),
            ("mrz", 2),
            ("maerz", 2),
            ("okt", 9),
            ("dez", 11),
            ("janv", 0),
            ("févr", 1),
            ("fév", 1),
            ("avr", 3),
            ("juil", 6),
            ("aout", 7),
            ("déc", 11),
            ("fevrier", 1),
        ];
        SHORT
            .iter()
            .find(|(short, _)| *short == word)
            .map(|(_, month)| *month)
    };
    let index = whole.or_else(short)?;
    u8::try_from(index + 1).ok()
}

/// The weekday a word names, from 0 for Monday.
pub(super) fn weekday(word: &str) -> Option<u8> {
    let word = word.to_lowercase();
    if word == "sonnabend" {
        return Some(5);
    }
    calendar::ALL
        .iter()
        .find_map(|names| place(&names.weekdays, &word))
        .and_then(|index| u8::try_from(index).ok())
}

/// Where a word in small letters stands among names.
fn place(names: &[&str], word: &str) -> Option<usize> {
    names.iter().position(|name| name.to_lowercase() == word)
}

/// A day that is named from today, as its English word, unless the word before gives it another
/// sense.
pub(super) fn from_today(before: &str, word: &str, behind: &str) -> Option<(&'static str, bool)> {
    Some(match (word, behind) {
        ("next", "week") | ("nächste" | "nächster" | "kommende", "woche") => ("next week", true),
        ("semaine", "prochaine") => ("next week", true),
        ("this", "week") | ("diese" | "dieser", "woche") | ("cette", "semaine") => {
            ("this week", true)
        }
        ("today" | "heute" | "aujourd'hui" | "aujourd\u{2019}hui", _) => ("today", false),
        ("tomorrow" | "demain", _) => ("tomorrow", false),
        // `Guten Morgen`, `heute Morgen`: a part of the day.
        ("morgen", _)
            if !matches!(
                before,
                "guten" | "heute" | "gestern" | "am" | "jeden" | "diesen" | "schönen" | "den"
            ) =>
        {
            ("tomorrow", false)
        }
        ("yesterday" | "gestern", _) => ("yesterday", false),
        ("übermorgen" | "après-demain", _) => ("the day after tomorrow", false),
        _ => return None,
    })
}

/// The currency a word or sign names.
pub(super) fn currency(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "€" | "eur" | "euro" | "euros" => "EUR",
        "£" | "gbp" | "pound" | "pounds" | "pfund" | "livres" => "GBP",
        "$" | "usd" | "dollar" | "dollars" => "USD",
        "chf" | "fr." | "franken" | "francs" => "CHF",
        "sek" | "kr" | "kronor" => "SEK",
        _ => return None,
    })
}

/// What a number counts, as its English word, and how many words say so.
pub(super) fn unit(first: &str, second: &str) -> Option<(&'static str, usize)> {
    Some(match (first, second) {
        ("working" | "business", "day" | "days") => ("working days", 2),
        ("jour" | "jours", "ouvré" | "ouvrés" | "ouvrables") => ("working days", 2),
        ("werktag" | "werktage" | "werktagen" | "arbeitstage" | "arbeitstagen", _) => {
            ("working days", 1)
        }
        ("day" | "days" | "tag" | "tage" | "tagen" | "jour" | "jours", _) => ("days", 1),
        ("week" | "weeks" | "woche" | "wochen" | "semaine" | "semaines", _) => ("weeks", 1),
        ("month" | "months" | "monat" | "monate" | "monaten" | "mois", _) => ("months", 1),
        ("year" | "years" | "jahr" | "jahre" | "jahren" | "an" | "ans", _) => ("years", 1),
        ("hour" | "hours" | "stunde" | "stunden" | "heure" | "heures", _) => ("hours", 1),
        ("minute" | "minutes" | "minuten", _) => ("minutes", 1),
        ("%" | "percent" | "prozent" | "pourcent", _) => ("%", 1),
        ("pour", "cent") => ("%", 2),
        _ => return None,
    })
}

/// A small number in words.
pub(super) fn number(word: &str) -> Option<u32> {
    const WORDS: [&[&str]; 14] = [
        &["one", "ein", "eine", "einen", "einem", "einer", "un", "une"],
        &["two", "zwei", "deux"],
        &["three", "drei", "trois"],
        &["four", "vier", "quatre"],
        &["five", "fünf", "cinq"],
        &["six", "sechs"],
        &["seven", "sieben", "sept"],
        &["eight", "acht", "huit"],
        &["nine", "neun", "neuf"],
        &["ten", "zehn", "dix"],
        &["eleven", "elf", "onze"],
        &["twelve", "zwölf", "douze"],
        &["thirteen", "dreizehn", "treize"],
        &["fourteen", "vierzehn", "quatorze"],
    ];
    let index = WORDS.iter().position(|words| words.contains(&word))?;
    u32::try_from(index + 1).ok()
}
