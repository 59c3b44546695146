//! The one place that reads the time, so that tests can move it.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use deskhand_domain::Instant;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};
use uuid::{NoContext, Timestamp, Uuid};

/// Tells the time in whole milliseconds, as the database keeps it.
#[derive(Clone, Default)]
pub struct Clock {
    /// A time that only tests move; `None` follows the machine.
    fixed: Option<Arc<Mutex<Instant>>>,
    /// How far this clock is off the machine's, in milliseconds; only tests put it off.
    off: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that stands still until it is moved.
    pub fn fixed(at: Instant) -> Self {
        Self {
            fixed: Some(Arc::new(Mutex::new(at))),
            off: Arc::default(),
        }
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "this is the crate's clock")]
    pub fn now(&self) -> Instant {
        match &self.fixed {
            Some(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
            None => Utc::now() + TimeDelta::milliseconds(self.off.load(Ordering::SeqCst)),
        }
        .trunc_subsecs(3)
    }

    /// Sets a clock that follows the machine's wrong by so much, as somebody who sets it would.
    pub fn set_off(&self, by: TimeDelta) {
        self.off.store(by.num_milliseconds(), Ordering::SeqCst);
    }

    /// Moves a fixed clock forward; the machine's clock cannot be moved.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(at) = &self.fixed {
            *at.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }

    /// A new UUIDv7.
    pub fn id(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(
            NoContext,
            seconds,
            now.timestamp_subsec_nanos(),
        ))
    }
}

/// Milliseconds since 1970, as the database keeps a moment.
pub fn millis(at: Instant) -> i64 {
    at.timestamp_millis()
}

/// The moment of a number of milliseconds since 1970.
pub fn moment(millis: i64) -> Option<Instant> {
    DateTime::from_timestamp_millis(millis)
}
