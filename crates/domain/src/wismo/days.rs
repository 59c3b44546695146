//! Which days count: time zones, weekends and public holidays.

use crate::Instant;
use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday,
};
use chrono_tz::Tz;
use std::collections::BTreeSet;

/// The days on which somebody works, in their own time zone.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The clock on the wall.
    pub zone: Tz,
    /// The days of the week on which nothing happens.
    pub closed: BTreeSet<u8>,
    /// The country whose public holidays count, ISO 3166-1 alpha-2.
    pub country: String,
    /// Further days on which nothing happens.
    pub holidays: BTreeSet<NaiveDate>,
    /// What is asked for later than this counts from the next day.
    pub cut_off: NaiveTime,
}

impl Calendar {
    /// A shop that works from Monday to Friday.
    pub fn shop(zone: &str, country: &str) -> Self {
        Self {
            zone: zone.parse().unwrap_or(Tz::UTC),
            closed: BTreeSet::from([5, 6]),
            country: country.to_owned(),
            holidays: BTreeSet::new(),
            cut_off: NaiveTime::from_hms_opt(14, 0, 0).unwrap_or_default(),
        }
    }

    /// Carriers in a country: every day but Sundays and public holidays.
    pub fn carrier(country: &str) -> Self {
        Self {
            zone: zone_of(country),
            closed: BTreeSet::from([6]),
            country: country.to_owned(),
            holidays: BTreeSet::new(),
            cut_off: NaiveTime::MIN,
        }
    }

    /// The day on the wall.
    pub fn day(&self, at: Instant) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// Whether anything happens on a day.
    pub fn is_open(&self, day: NaiveDate) -> bool {
        let weekday = u8::try_from(day.weekday().num_days_from_monday()).unwrap_or(0);
        !self.closed.contains(&weekday)
            && !self.holidays.contains(&day)
            && !is_holiday(&self.country, day)
    }

    /// The first day on which anything happens, from a day on.
    pub fn open_from(&self, mut day: NaiveDate) -> NaiveDate {
        for _ in 0..31 {
            if self.is_open(day) {
                break;
            }
            day = day + Days::new(1);
        }
        day
    }

    /// A time on a day's clock. Where the clock jumps over it, the moment of the jump.
    pub fn at(&self, day: NaiveDate, hour: u32, minute: u32) -> Instant {
        let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
        self.moment(day.and_time(time))
    }

    /// The moment at which the clock on the wall shows this; where it does so twice, the first one.
    pub fn moment(&self, mut wall: NaiveDateTime) -> Instant {
        for _ in 0..8 {
            if let Some(at) = wall.and_local_timezone(self.zone).earliest() {
                return at.to_utc();
            }
            wall += TimeDelta::minutes(30);
        }
        DateTime::from_naive_utc_and_offset(wall, chrono::Utc)
    }

    /// The end of the `count`-th open day after a moment; what comes after the cut-off, or on a
    /// closed day, counts from the next open one.
    pub fn after_days(&self, from: Instant, count: u32) -> Instant {
        let wall = from.with_timezone(&self.zone);
        let late = self.cut_off > NaiveTime::MIN && wall.time() > self.cut_off;
        let first = wall.date_naive() + Days::new(u64::from(late));
        let mut day = self.open_from(first);
        for _ in 0..count {
            day = self.open_from(day + Days::new(1));
        }
        self.at(day, 18, 0)
    }

    /// How much of the time between two moments fell on open days.
    pub fn open_time(&self, from: Instant, to: Instant) -> TimeDelta {
        if to <= from {
            return TimeDelta::zero();
        }
        let mut sum = TimeDelta::zero();
        let mut begin = from;
        let mut day = self.day(from);
        // Beyond this nothing depends on the exact number any more.
        for _ in 0..120 {
            let next = day + Days::new(1);
            let end = self.at(next, 0, 0).min(to);
            if self.is_open(day) {
                sum += (end - begin).max(TimeDelta::zero());
            }
            if end >= to {
                return sum;
            }
            (begin, day) = (end, next);
        }
        sum + (to - begin)
    }
}

/// A country's clock. Where a country has several, the one that is last to end the day: nothing is
/// called late while it may still be today there.
pub fn zone_of(country: &str) -> Tz {
    match country {
        "GB" | "IM" | "JE" | "GG" => Tz::Europe__London,
        "IE" => Tz::Europe__Dublin,
        "PT" => Tz::Atlantic__Azores,
        "ES" => Tz::Atlantic__Canary,
        "IS" => Tz::Atlantic__Reykjavik,
        "FR" | "MC" => Tz::Europe__Paris,
        "NL" => Tz::Europe__Amsterdam,
        "BE" | "LU" => Tz::Europe__Brussels,
        "CH" | "LI" => Tz::Europe__Zurich,
        "AT" => Tz::Europe__Vienna,
        "IT" | "SM" | "VA" | "MT" => Tz::Europe__Rome,
        "DK" => Tz::Europe__Copenhagen,
        "NO" => Tz::Europe__Oslo,
        "SE" => Tz::Europe__Stockholm,
        "PL" => Tz::Europe__Warsaw,
        "CZ" | "SK" => Tz::Europe__Prague,
        "HU" => Tz::Europe__Budapest,
        "SI" | "HR" | "BA" | "RS" | "ME" | "MK" => Tz::Europe__Belgrade,
        "FI" => Tz::Europe__Helsinki,
        "EE" => Tz::Europe__Tallinn,
        "LV" => Tz::Europe__Riga,
        "LT" => Tz::Europe__Vilnius,
        "GR" | "CY" => Tz::Europe__Athens,
        "BG" => Tz::Europe__Sofia,
        "RO" => Tz::Europe__Bucharest,
        "UA" => Tz::Europe__Kyiv,
        "TR" => Tz::Europe__Istanbul,
        "US" => Tz::Pacific__Honolulu,
        "CA" => Tz::America__Vancouver,
        "MX" => Tz::America__Tijuana,
        "BR" => Tz::America__Rio_Branco,
        "AU" => Tz::Australia__Perth,
        "NZ" => Tz::Pacific__Auckland,
        "JP" => Tz::Asia__Tokyo,
        "KR" => Tz::Asia__Seoul,
        "CN" | "HK" | "TW" | "SG" => Tz::Asia__Shanghai,
        "IN" => Tz::Asia__Kolkata,
        "AE" => Tz::Asia__Dubai,
        "IL" => Tz::Asia__Jerusalem,
        "ZA" => Tz::Africa__Johannesburg,
        _ => Tz::Europe__Berlin,
    }
}

/// Days after Easter Sunday.
const GOOD_FRIDAY: i64 = -2;
const EASTER_MONDAY: i64 = 1;
const ASCENSION: i64 = 39;
const WHIT_MONDAY: i64 = 50;
const CORPUS_CHRISTI: i64 = 60;

/// Whether a day is a public holiday in the whole country. Regional ones are not known here; a shop
/// adds its own to `Calendar::holidays`.
pub fn is_holiday(country: &str, day: NaiveDate) -> bool {
    let (fixed, moving): (&[(u32, u32)], &[i64]) = match country {
        "DE" => (
            &[(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)],
            &[GOOD_FRIDAY, EASTER_MONDAY, ASCENSION, WHIT_MONDAY],
        ),
        "AT" => (
            &[
                (1, 1),
                (1, 6),
                (5, 1),
                (8, 15),
                (10, 26),
                (11, 1),
                (12, 8),
                (12, 25),
                (12, 26),
            ],
            &[EASTER_MONDAY, ASCENSION, WHIT_MONDAY, CORPUS_CHRISTI],
        ),
        "CH" => (&[(1, 1), (8, 1), (12, 25)], &[ASCENSION]),
        "FR" => (
            &[
                (1, 1),
                (5, 1),
                (5, 8),
                (7, 14),
                (8, 15),
                (11, 1),
                (11, 11),
                (12, 25),
            ],
            &[EASTER_MONDAY, ASCENSION, WHIT_MONDAY],
        ),
        "BE" => (
            &[
                (1, 1),
                (5, 1),
                (7, 21),
                (8, 15),
                (11, 1),
                (11, 11),
                (12, 25),
            ],
            &[EASTER_MONDAY, ASCENSION, WHIT_MONDAY],
        ),
        "LU" => (
            &[
                (1, 1),
                (5, 1),
                (5, 9),
                (6, 23),
                (8, 15),
                (11, 1),
                (12, 25),
                (12, 26),
            ],
            &[EASTER_MONDAY, ASCENSION, WHIT_MONDAY],
        ),
        "NL" => (
            &[(1, 1), (4, 27), (12, 25), (12, 26)],
            &[EASTER_MONDAY, ASCENSION, WHIT_MONDAY],
        ),
        "DK" => (
            &[(1, 1), (12, 25), (12, 26)],
            &[-3, GOOD_FRIDAY, EASTER_MONDAY, ASCENSION, WHIT_MONDAY],
        ),
        "NO" => (
            &[(1, 1), (5, 1), (5, 17), (12, 25), (12, 26)],
            &[-3, GOOD_FRIDAY, EASTER_MONDAY, ASCENSION, WHIT_MONDAY],
        ),
        "SE" => (
            &[(1, 1), (1, 6), (5, 1), (6, 6), (12, 25), (12, 26)],
            &[GOOD_FRIDAY, EASTER_MONDAY, ASCENSION],
        ),
        "FI" => (
            &[(1, 1), (1, 6), (5, 1), (12, 6), (12, 25), (12, 26)],
            &[GOOD_FRIDAY, EASTER_MONDAY, ASCENSION],
        ),
        "PL" => (
            &[
                (1, 1),
                (1, 6),
                (5, 1),
                (5, 3),
                (8, 15),
                (11, 1),
                (11, 11),
                (12, 24),
                (12, 25),
                (12, 26),
            ],
            &[EASTER_MONDAY, CORPUS_CHRISTI],
        ),
        "CZ" => (
            &[
                (1, 1),
                (5, 1),
                (5, 8),
                (7, 5),
                (7, 6),
                (9, 28),
                (10, 28),
                (11, 17),
                (12, 24),
                (12, 25),
                (12, 26),
            ],
            &[GOOD_FRIDAY, EASTER_MONDAY],
        ),
        "IT" => (
            &[
                (1, 1),
                (1, 6),
                (4, 25),
                (5, 1),
                (6, 2),
                (8, 15),
                (11, 1),
                (12, 8),
                (12, 25),
                (12, 26),
            ],
            &[EASTER_MONDAY],
        ),
        "ES" => (
            &[
                (1, 1),
                (1, 6),
                (5, 1),
                (8, 15),
                (10, 12),
                (11, 1),
                (12, 6),
                (12, 8),
                (12, 25),
            ],
            &[GOOD_FRIDAY],
        ),
        "PT" => (
            &[
                (1, 1),
                (4, 25),
                (5, 1),
                (6, 10),
                (8, 15),
                (10, 5),
                (11, 1),
                (12, 1),
                (12, 8),
                (12, 25),
            ],
            &[GOOD_FRIDAY, CORPUS_CHRISTI],
        ),
        "GB" => (&[(1, 1), (12, 25), (12, 26)], &[GOOD_FRIDAY, EASTER_MONDAY]),
        "IE" => (&[(1, 1), (3, 17), (12, 25), (12, 26)], &[EASTER_MONDAY]),
        "US" => (&[(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)], &[]),
        "CA" => (&[(1, 1), (7, 1), (12, 25), (12, 26)], &[GOOD_FRIDAY]),
        _ => (&[(1, 1), (12, 25)], &[]),
    };
    if fixed.contains(&(day.month(), day.day())) {
        return true;
    }
    if let Some(easter) = easter(day.year())
        && moving.contains(&(day - easter).num_days())
    {
        return true;
    }
    is_nth_weekday(country, day)
}

/// Holidays that are "the last Monday of May" and the like.
fn is_nth_weekday(country: &str, day: NaiveDate) -> bool {
    let nth = (day.day() - 1) / 7 + 1;
    let last = (day + Days::new(7)).month() != day.month();
    let (month, weekday) = (day.month(), day.weekday());
    match country {
        "GB" => {
            weekday == Weekday::Mon && ((month == 5 && (nth == 1 || last)) || (month == 8 && last))
        }
        "IE" => {
            weekday == Weekday::Mon
                && ((matches!(month, 5 | 6 | 8) && nth == 1) || (month == 10 && last))
        }
        "US" => {
            (weekday == Weekday::Mon
                && (matches!((month, nth), (1 | 2, 3) | (9, 1) | (10, 2)) || (month == 5 && last)))
                || (weekday == Weekday::Thu && month == 11 && nth == 4)
        }
        "CA" => {
            weekday == Weekday::Mon
                && (matches!((month, nth), (9, 1) | (10, 2))
                    || (month == 5 && (18..=24).contains(&day.day())))
        }
        "SE" | "FI" => weekday == Weekday::Fri && month == 6 && (19..=25).contains(&day.day()),
        _ => false,
    }
}

/// Easter Sunday of the Gregorian calendar (the computus of Butcher).
pub fn easter(year: i32) -> Option<NaiveDate> {
    let a = year % 19;
    let (b, c) = (year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn at(text: &str) -> Instant {
        text.parse().expect("a moment")
    }

    #[test]
    fn easter_falls_where_the_church_says() {
        for sunday in [
            "1961-04-02",
            "2000-04-23",
            "2008-03-23",
            "2011-04-24",
            "2019-04-21",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2027-03-28",
            "2038-04-25",
        ] {
            let sunday = day(sunday);
            assert_eq!(easter(sunday.year()), Some(sunday));
        }
    }

    #[test]
    fn public_holidays_of_the_countries() {
        for (country, holiday) in [
            ("DE", "2026-10-03"),
            ("DE", "2026-05-14"),
            ("DE", "2026-04-06"),
            ("FR", "2026-07-14"),
            ("GB", "2026-05-25"),
            ("GB", "2026-08-31"),
            ("US", "2026-11-26"),
            ("US", "2026-01-19"),
            ("CA", "2026-05-18"),
            ("AT", "2026-06-04"),
            ("SE", "2026-06-19"),
            ("IE", "2026-10-26"),
        ] {
            assert!(is_holiday(country, day(holiday)), "{country} {holiday}");
        }
        for (country, other) in [
            ("DE", "2026-10-04"),
            ("GB", "2026-05-11"),
            ("US", "2026-11-19"),
            ("FR", "2026-10-03"),
            ("CA", "2026-05-25"),
            ("SE", "2026-06-26"),
        ] {
            assert!(!is_holiday(country, day(other)), "{country} {other}");
        }
    }

    #[test]
    fn what_is_ordered_after_the_cut_off_counts_from_the_next_open_day() {
        let shop = Calendar::shop("Europe/Berlin", "DE");
        for (placed, days, due) in [
            // A Tuesday at noon, and at three in the afternoon.
            ("2026-11-17T11:00:00Z", 1, "2026-11-18T17:00:00Z"),
            ("2026-11-17T14:00:00Z", 1, "2026-11-19T17:00:00Z"),
            // A Saturday counts as the Monday after it.
            ("2026-11-21T09:00:00Z", 1, "2026-11-24T17:00:00Z"),
            // Christmas, which falls on a Friday, and the weekend behind it.
            ("2026-12-24T09:00:00Z", 1, "2026-12-28T17:00:00Z"),
            // In summer the wall is two hours ahead.
            ("2026-07-07T11:59:00Z", 1, "2026-07-08T16:00:00Z"),
        ] {
            assert_eq!(shop.after_days(at(placed), days), at(due), "{placed}");
        }
    }

    #[test]
    fn sundays_and_holidays_do_not_count_as_silence() {
        let carrier = Calendar::carrier("DE");
        let hours = |from, to| carrier.open_time(at(from), at(to)).num_hours();
        assert_eq!(hours("2026-11-18T03:00:00Z", "2026-11-20T09:00:00Z"), 54);
        // From Saturday noon to Monday noon, with a Sunday between them.
        assert_eq!(hours("2026-11-21T11:00:00Z", "2026-11-23T11:00:00Z"), 24);
        // Christmas and a Sunday.
        assert_eq!(hours("2026-12-24T11:00:00Z", "2026-12-28T11:00:00Z"), 24);
        assert_eq!(hours("2026-11-20T09:00:00Z", "2026-11-18T03:00:00Z"), 0);
        // The day on which the clock goes back is longer; it is a Sunday.
        assert_eq!(hours("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 0);
    }

    #[test]
    fn a_time_the_clock_jumps_over_is_the_jump() {
        let shop = Calendar::shop("Europe/Berlin", "DE");
        assert_eq!(
            shop.at(day("2026-03-29"), 2, 30),
            at("2026-03-29T01:00:00Z")
        );
    }
}
