//! When it is night where a customer is.

use crate::{
    Instant,
    wismo::days::{Calendar, zone_of},
};
use chrono::{Days, NaiveTime, TimeDelta, Timelike as _};
use chrono_tz::Tz;
use std::{fmt, str::FromStr};

/// A part of the day, as `20:00-08:00`. From a time to the same time there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Its first minute.
    pub from: NaiveTime,
    /// The first minute after it.
    pub to: NaiveTime,
}

impl Hours {
    /// Whether a time on the wall lies in it.
    fn holds(self, wall: NaiveTime) -> bool {
        if self.from <= self.to {
            self.from <= wall && wall < self.to
        } else {
            wall >= self.from || wall < self.to
        }
    }

    /// How long it is.
    pub fn length(self) -> TimeDelta {
        let length = self.to - self.from;
        if length < TimeDelta::zero() {
            length + TimeDelta::days(1)
        } else {
            length
        }
    }
}

impl Default for Hours {
    /// From eight in the evening to eight in the morning.
    fn default() -> Self {
        let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        Self {
            from: at(20),
            to: at(8),
        }
    }
}

impl FromStr for Hours {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let time = |text: &str| {
            let parsed = NaiveTime::parse_from_str(text.trim(), "%H:%M");
            parsed.map_err(|_| ())
        };
        let (from, to) = text.split_once('-').ok_or(())?;
        Ok(Self {
            from: time(from)?,
            to: time(to)?,
        })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |at: NaiveTime| format!("{:02}:{:02}", at.hour(), at.minute());
        write!(to, "{}-{}", time(self.from), time(self.to))
    }
}

/// The clocks that a customer may have: those of all of a country, its first and its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wall(Vec<Tz>);

impl Wall {
    /// The clocks of a country; of one that is not known, another's.
    pub fn of(country: &str, otherwise: Tz) -> Self {
        let first = match country {
            "US" => Some(Tz::America__New_York),
            "CA" => Some(Tz::America__St_Johns),
            "MX" => Some(Tz::America__Cancun),
            "BR" => Some(Tz::America__Noronha),
            "AU" => Some(Tz::Australia__Sydney),
            "ES" => Some(Tz::Europe__Madrid),
            "PT" => Some(Tz::Europe__Lisbon),
            _ => None,
        };
        let last = zone_of(country);
        if last == Tz::Europe__Berlin && country != "DE" {
            return Self(vec![otherwise]);
        }
        Self(first.into_iter().chain([last]).collect())
    }

    /// The first moment from one on that lies in nobody's quiet hours.
    pub fn awake_from(&self, from: Instant, quiet: Hours) -> Instant {
        let mut at = from;
        // Clocks further apart than the day is awake would never agree.
        for _ in 0..16 {
            let ends = self.0.iter().filter_map(|zone| end(*zone, at, quiet));
            match ends.max() {
                Some(end) => at = end.max(at + TimeDelta::minutes(1)),
                None => break,
            }
        }
        at
    }
}

/// When the quiet hours end that a moment lies in.
fn end(zone: Tz, at: Instant, quiet: Hours) -> Option<Instant> {
    let wall = at.with_timezone(&zone).naive_local();
    if !quiet.holds(wall.time()) {
        return None;
    }
    let tomorrow = quiet.from > quiet.to && wall.time() >= quiet.from;
    let day = wall.date() + Days::new(u64::from(tomorrow));
    Some(Calendar::shop(zone.name(), "").moment(day.and_time(quiet.to)))
}
