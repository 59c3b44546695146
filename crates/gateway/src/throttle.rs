//! How often somebody may try. Kept in memory: a restart forgives.

use crate::{config::Config, rates::Rates};
use chrono::TimeDelta;
use deskhand_domain::Instant;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// How many names a throttle remembers before it forgets those that are long past.
const REMEMBERED: usize = 10_000;

/// Counts what happened under a name within a window.
pub struct Throttle {
    limit: usize,
    window: TimeDelta,
    seen: Mutex<BTreeMap<String, Vec<Instant>>>,
}

/// Every throttle of a gateway.
pub struct Throttles {
    /// Wrong passwords for an address from a peer.
    pub sign_in: Throttle,
    /// Wrong passwords for an address, from wherever.
    pub account: Throttle,
    /// Wrong passwords from a peer, for whatever address.
    pub peer: Throttle,
    /// Wrong codes, and wrong passwords of somebody who is signed in.
    pub code: Throttle,
    /// Messages of a visitor.
    pub chat: Throttle,
    /// New conversations from a peer.
    pub open: Throttle,
    /// Requests of addresses and accounts.
    pub rates: Rates,
}

impl Throttles {
    /// As configured.
    pub fn new(config: &Config) -> Self {
        let minute = TimeDelta::minutes(1);
        Self {
            sign_in: Throttle::new(5, TimeDelta::minutes(5)),
            account: Throttle::new(20, TimeDelta::minutes(15)),
            code: Throttle::new(5, TimeDelta::minutes(5)),
            peer: Throttle::new(50, TimeDelta::minutes(5)),
            chat: Throttle::new(config.chat_messages_per_minute, minute),
            open: Throttle::new(config.chat_messages_per_minute, minute),
            rates: Rates::new(&config.rates),
        }
    }
}

impl Throttle {
    /// At most `limit` within `window`.
    pub fn new(limit: usize, window: TimeDelta) -> Self {
        Self {
            limit,
            window,
            seen: Mutex::default(),
        }
    }

    /// How long to wait before trying again; `None` when it may be tried now.
    pub fn wait(&self, name: &str, now: Instant) -> Option<TimeDelta> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let times = seen.get(name)?;
        let oldest = times.iter().rev().nth(self.limit.checked_sub(1)?)?;
        let until = *oldest + self.window;
        (until > now).then(|| until - now)
    }

    /// Counts one more.
    pub fn count(&self, name: &str, now: Instant) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            let window = self.window;
            seen.retain(|_, times| times.last().is_some_and(|last| *last + window > now));
        }
        while seen.len() >= REMEMBERED {
            seen.pop_first();
        }
        let times = seen.entry(name.to_owned()).or_default();
        let window = self.window;
        times.retain(|time| *time + window > now);
        times.push(now);
    }

    /// Counts one more if it may happen now, or says how long to wait.
    pub fn take(&self, name: &str, now: Instant) -> Result<(), TimeDelta> {
        match self.wait(name, now) {
            Some(wait) => Err(wait),
            None => {
                self.count(name, now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_too_often_waits_until_the_window_has_passed() {
        let throttle = Throttle::new(2, TimeDelta::minutes(1));
        let at = |second| chrono::DateTime::from_timestamp(second, 0).expect("a moment");
        assert!(throttle.take("ana", at(0)).is_ok());
        assert!(throttle.take("ana", at(10)).is_ok());
        assert_eq!(throttle.take("ana", at(20)), Err(TimeDelta::seconds(40)));
        assert!(throttle.take("ben", at(20)).is_ok(), "names are apart");
        assert!(throttle.take("ana", at(61)).is_ok());
    }
}
