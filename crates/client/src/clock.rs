//! What time it is, given so that tests can choose it.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// So far the wall clock may drift from the running time before it counts as a jump.
const DRIFT: TimeDelta = TimeDelta::seconds(10);

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of this computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that reads the clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Notices that this computer slept, or that its clock was set: the wall clock moves without the
/// time that ran.
#[derive(Debug)]
pub(crate) struct Jumps {
    wall: DateTime<Utc>,
    run: Instant,
}

impl Jumps {
    pub(crate) fn new(wall: DateTime<Utc>) -> Self {
        Self {
            wall,
            run: Instant::now(),
        }
    }

    /// Whether the clock jumped since the last look.
    pub(crate) fn look(&mut self, wall: DateTime<Utc>) -> bool {
        let run = Instant::now();
        let ran = TimeDelta::from_std(run - self.run).unwrap_or(TimeDelta::MAX);
        let jump = (wall - self.wall) - ran;
        *self = Self { wall, run };
        jump.abs() > DRIFT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_sleep_and_a_clock_that_was_set_are_jumps_and_waiting_is_none() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        let mut jumps = Jumps::new(start);
        tokio::time::advance(Duration::from_secs(3600)).await;
        let hour = start + TimeDelta::hours(1);
        assert!(!jumps.look(hour), "an hour passed on both clocks");
        assert!(!jumps.look(hour + TimeDelta::seconds(5)), "a small step");
        let slept = hour + TimeDelta::minutes(30);
        assert!(jumps.look(slept), "half an hour that nobody waited");
        assert!(!jumps.look(slept), "told once");
        assert!(jumps.look(start), "set back");
    }
}
