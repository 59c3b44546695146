//! How large the steps of the index are: as large as fits into the time they may take.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    time::Duration,
};

/// The word index puts as many pieces together as came since; with fewer it would write the same
/// words more often.
const PIECES: u32 = 16;
/// How the index is made.
pub(crate) struct Pace {
    /// How many rows the next slice takes.
    pub(crate) rows: Size,
    /// How many pages the next merge writes.
    pub(crate) pages: Size,
    /// How many rows of an old index the next step takes away.
    pub(crate) old: Size,
    pieces: AtomicU32,
    merges: AtomicBool,
    swept: AtomicBool,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            rows: Size::new(128, 64, 2048),
            pages: Size::new(128, 64, 2048),
            old: Size::new(64, 32, 4096),
            pieces: AtomicU32::new(0),
            swept: AtomicBool::new(false),
            // There may be pieces from before.
            merges: AtomicBool::new(true),
        }
    }

    /// A step took something away.
    pub(crate) fn swept(&self) {
        self.swept.store(true, Relaxed);
    }

    /// Whether the last step took something away.
    pub(crate) fn is_swept(&self) -> bool {
        self.swept.swap(false, Relaxed)
    }

    /// Whether pieces are put together next.
    pub(crate) fn merges(&self) -> bool {
        self.merges.load(Relaxed)
    }

    /// A merge ended; whether it found something to do.
    pub(crate) fn merged(&self, worked: bool) {
        self.merges.store(worked, Relaxed);
    }

    /// One more piece of the index was written.
    pub(crate) fn stored(&self) {
        if self.pieces.fetch_add(1, Relaxed) + 1 >= PIECES {
            self.pieces.store(0, Relaxed);
            self.merges.store(true, Relaxed);
        }
    }
}

/// How large a step is.
pub(crate) struct Size {
    now: AtomicU32,
    smallest: u32,
    largest: u32,
}

impl Size {
    const fn new(first: u32, smallest: u32, largest: u32) -> Self {
        Self {
            now: AtomicU32::new(first),
            smallest,
            largest,
        }
    }

    pub(crate) fn now(&self) -> u32 {
        self.now.load(Relaxed)
    }

    /// Learns from a step: quickly when it took too long, slowly when more would have fitted.
    pub(crate) fn took(&self, took: Duration, budget: Duration) {
        let now = f64::from(self.now());
        let fits = budget.as_secs_f64() * 0.4 / took.as_secs_f64().max(1e-6);
        let next = (now * fits.clamp(0.4, 1.15)).round();
        // Small sizes grow too.
        let next = if fits > 1.1 {
            next.max(now + 1.0)
        } else {
            next
        };
        let next = next.clamp(self.smallest.into(), self.largest.into());
        self.now.store(next as u32, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_millis(4);

    #[test]
    fn a_step_that_took_too_long_is_followed_by_a_smaller_one() {
        let size = Size::new(100, 2, 512);
        size.took(BUDGET * 3, BUDGET);
        assert!(size.now() <= 40, "{}", size.now());
        for _ in 0..20 {
            size.took(BUDGET * 100, BUDGET);
        }
        assert_eq!(size.now(), 2);
        for _ in 0..100 {
            size.took(BUDGET / 10, BUDGET);
        }
        assert_eq!(size.now(), 512, "and grows when there is time");
    }

    #[test]
    fn pieces_are_put_together_when_there_are_enough() {
        let pace = Pace::new();
        assert!(pace.merges(), "what was left from before");
        pace.merged(false);
        for _ in 1..PIECES {
            pace.stored();
            assert!(!pace.merges());
        }
        pace.stored();
        assert!(pace.merges());
        pace.merged(true);
        assert!(pace.merges(), "as long as there is something to do");
    }
}
