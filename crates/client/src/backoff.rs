//! Pauses that grow, with full jitter, so that a thousand desktops do not come back at once.

use std::time::Duration;

/// How long to wait between attempts.
#[derive(Debug)]
pub(crate) struct Backoff {
    attempts: u32,
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// For connections.
    pub(crate) fn reconnect() -> Self {
        Self::new(Duration::from_millis(500), Duration::from_secs(30))
    }

    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            attempts: 0,
            first,
            longest,
        }
    }

    /// After success.
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// The pause after one more failure. What the gateway asked for wins; `chance` is from 0 to 1.
    pub(crate) fn next(&mut self, asked: Option<Duration>, chance: f64) -> Duration {
        let pause = pause(self.attempts, self.first, self.longest, chance);
        self.attempts = self.attempts.saturating_add(1);
        asked.map_or(pause, |asked| {
            asked.min(Duration::from_secs(3600)) + pause.min(self.first)
        })
    }
}

/// The pause before attempt `attempts + 1`: anything up to a bound that doubles.
pub(crate) fn pause(attempts: u32, first: Duration, longest: Duration, chance: f64) -> Duration {
    let bound = first
        .saturating_mul(2_u32.saturating_pow(attempts.min(16)))
        .min(longest);
    bound.mul_f64(chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pauses_are_bounded_and_what_the_gateway_asks_for_wins(
            failures in 0_u32..100, chance in 0.0_f64..=1.0, asked in 0_u64..600,
        ) {
            let mut backoff = Backoff::reconnect();
            for _ in 0..failures {
                prop_assert!(backoff.next(None, chance) <= Duration::from_secs(30));
            }
            let asked = Duration::from_secs(asked);
            let pause = backoff.next(Some(asked), chance);
            prop_assert!(pause >= asked && pause <= asked + Duration::from_millis(500));
            backoff.reset();
            prop_assert!(backoff.next(None, chance) <= Duration::from_millis(500));
        }
    }
}
