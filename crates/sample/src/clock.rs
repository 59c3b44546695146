//! Berlin time and working days, so that nothing is packed on a Sunday night.

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday,
};

use crate::rng::Rng;

/// What a clock in Berlin shows.
pub(crate) fn berlin(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc() + TimeDelta::hours(if is_summer(at) { 2 } else { 1 })
}

/// The moment at which a clock in Berlin shows this.
pub(crate) fn from_berlin(local: NaiveDateTime) -> DateTime<Utc> {
    let as_winter = (local - TimeDelta::hours(1)).and_utc();
    if is_summer(as_winter) {
        as_winter - TimeDelta::hours(1)
    } else {
        as_winter
    }
}

/// A time of a day in Berlin.
pub(crate) fn at_time(day: NaiveDate, hour: i64, minute: i64) -> DateTime<Utc> {
    from_berlin(day.and_time(NaiveTime::MIN) + TimeDelta::minutes(hour * 60 + minute))
}

/// The European Union's rule: from the last Sunday of March to that of October, both 01:00 UTC.
fn is_summer(at: DateTime<Utc>) -> bool {
    let year = at.year();
    let change = |month| {
        NaiveDate::from_ymd_opt(year, month, 31).map(|end| {
            let sunday = end - Days::new(u64::from(end.weekday().num_days_from_sunday()));
            (sunday.and_time(NaiveTime::MIN) + TimeDelta::hours(1)).and_utc()
        })
    };
    change(3).is_some_and(|start| at >= start) && change(10).is_some_and(|end| at < end)
}

/// Days on which carriers move and deliver.
pub(crate) fn is_carrier_day(day: NaiveDate) -> bool {
    day.weekday() != Weekday::Sun
}

/// Days on which the warehouse packs and the desk answers.
pub(crate) fn is_work_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The last moment before `before` between two hours of a day that `fits`.
pub(crate) fn back(
    rng: &mut Rng,
    before: DateTime<Utc>,
    hours: (i64, i64),
    fits: fn(NaiveDate) -> bool,
) -> DateTime<Utc> {
    let mut day = berlin(before).date();
    loop {
        let minute = rng.between(hours.0 * 60, hours.1 * 60 - 1);
        let at = at_time(day, 0, minute) + TimeDelta::seconds(rng.between(0, 59));
        if at < before && fits(day) {
            return at;
        }
        day = day - Days::new(1);
    }
}

/// The first moment from `from` on in which the desk works: on weekdays from 8 to 20 o'clock, on
/// Saturdays from 9 to 15.
pub(crate) fn desk(rng: &mut Rng, from: DateTime<Utc>) -> DateTime<Utc> {
    let mut day = berlin(from).date();
    for _ in 0..8 {
        let (opens, closes) = match day.weekday() {
            Weekday::Sun => (0, 0),
            Weekday::Sat => (9, 15),
            _ => (8, 20),
        };
        if opens < closes && from < at_time(day, closes, 0) {
            let earliest = at_time(day, opens, 0);
            return if from >= earliest {
                from
            } else {
                earliest + TimeDelta::seconds(rng.between(120, 5400))
            };
        }
        day = day + Days::new(1);
    }
    from
}

/// The end of the `count`-th working day after `from`, at 18:00.
pub(crate) fn work_days_after(from: DateTime<Utc>, count: u32) -> DateTime<Utc> {
    let mut day = berlin(from).date();
    let mut left = count;
    while left > 0 {
        day = day + Days::new(1);
        if is_work_day(day) {
            left -= 1;
        }
    }
    at_time(day, 18, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("a moment")
    }

    #[test]
    fn berlin_is_two_hours_ahead_in_summer_and_one_in_winter() {
        let check = |moment: &str, local: &str| {
            assert_eq!(berlin(utc(moment)).to_string(), local, "{moment}");
            assert_eq!(from_berlin(berlin(utc(moment))), utc(moment), "{moment}");
        };
        check("2026-07-01T10:00:00Z", "2026-07-01 12:00:00");
        check("2026-11-20T10:00:00Z", "2026-11-20 11:00:00");
        check("2026-03-29T00:59:00Z", "2026-03-29 01:59:00");
        check("2026-03-29T01:00:00Z", "2026-03-29 03:00:00");
        check("2026-10-25T01:00:00Z", "2026-10-25 02:00:00");
    }

    #[test]
    fn two_working_days_after_a_friday_is_tuesday_evening() {
        let friday = utc("2026-11-20T10:00:00Z");
        assert_eq!(work_days_after(friday, 2), utc("2026-11-24T17:00:00Z"));
    }

    #[test]
    fn the_desk_sleeps_on_sundays() {
        let mut rng = Rng::new("test");
        let sunday = utc("2026-11-22T12:00:00Z");
        let opened = berlin(desk(&mut rng, sunday));
        assert_eq!(opened.date().to_string(), "2026-11-23");
    }
}
