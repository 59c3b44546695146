//! Dates, times and amounts as people write them in three languages.

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use deskhand_domain::{Currency, Money, calendar};

use crate::clock::berlin;

/// `12 November`, `12. November`, `12 novembre`.
pub(crate) fn date(at: DateTime<Utc>, language: &str) -> String {
    calendar::date(berlin(at).date(), language)
}

/// `Monday`, `Montag`, `lundi`.
pub(crate) fn weekday(at: DateTime<Utc>, language: &str) -> &'static str {
    calendar::weekday(berlin(at).date(), language)
}

/// The weekday of a day within the last six, else its date; both follow the same words.
pub(crate) fn near(at: DateTime<Utc>, now: DateTime<Utc>, language: &str) -> String {
    let days = (berlin(now).date() - berlin(at).date()).num_days();
    match (days < 6, language) {
        (true, _) => weekday(at, language).to_owned(),
        (false, "fr") => format!("le {}", date(at, language)),
        (false, _) => date(at, language),
    }
}

/// `04:12`, in French `4 h 12`.
pub(crate) fn time(at: DateTime<Utc>, language: &str) -> String {
    let at = berlin(at);
    match language {
        "fr" => format!("{} h {:02}", at.hour(), at.minute()),
        _ => format!("{:02}:{:02}", at.hour(), at.minute()),
    }
}

/// `€1,284.50`, `1.284,50 €`, `1 284,50 €`.
pub(crate) fn amount(money: Money, language: &str) -> String {
    let whole = money.minor / 100;
    let cents = money.minor % 100;
    let sign = match money.currency {
        Currency::EUR => "€",
        Currency::GBP => "£",
        Currency::SEK => "kr",
        _ => "CHF",
    };
    let grouped = |mark: &str| match whole {
        0..=999 => whole.to_string(),
        _ => format!("{}{mark}{:03}", whole / 1000, whole % 1000),
    };
    match (language, money.currency) {
        ("de", _) => format!("{},{cents:02} {sign}", grouped(".")),
        ("fr", _) => format!("{},{cents:02} {sign}", grouped("\u{a0}")),
        (_, Currency::EUR | Currency::GBP) => format!("{sign}{}.{cents:02}", grouped(",")),
        _ => format!("{sign} {}.{cents:02}", grouped(",")),
    }
}

/// The Saturday after the next one, as Aoife's trip is.
pub(crate) fn saturday_after_next(now: DateTime<Utc>) -> DateTime<Utc> {
    let mut at = now;
    let mut seen = 0;
    while seen < 2 {
        at += chrono::TimeDelta::days(1);
        if berlin(at).weekday() == Weekday::Sat {
            seen += 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_dates_and_amounts_its_own_way() {
        let at: DateTime<Utc> = "2026-11-01T09:05:00Z".parse().expect("a moment");
        let spent = Money::new(128_450, Currency::EUR);
        let check = |language: &str, expected: [&str; 4]| {
            let said = [
                date(at, language),
                weekday(at, language).to_owned(),
                time(at, language),
                amount(spent, language),
            ];
            assert_eq!(said, expected.map(str::to_owned), "{language}");
        };
        check("en", ["1 November", "Sunday", "10:05", "€1,284.50"]);
        check("de", ["1. November", "Sonntag", "10:05", "1.284,50 €"]);
        check(
            "fr",
            ["1er novembre", "dimanche", "10 h 05", "1\u{a0}284,50 €"],
        );
    }
}
