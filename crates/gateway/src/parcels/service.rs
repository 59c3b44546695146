//! One service: asked as often as it publishes and the operator allows, and left alone when it says
//! so.

use crate::{clock::Clock, config::Rate};
use chrono::TimeDelta;
use deskhand_connectors::carriers::{
    Vendor,
    live::{NoAnswer, Parcel, Told, Tracking},
};
use deskhand_domain::Instant;
use std::{sync::Arc, time::Duration};

/// How long a service is left alone after it did not answer, doubled each time.
const PAUSE: Duration = Duration::from_secs(30);
/// But no longer than this, unless it says so itself.
const LONGEST: Duration = Duration::from_secs(3_600);
/// How long a service is left alone that refuses the key.
const REFUSED: Duration = Duration::from_secs(600);

/// What came of a question.
pub enum Said {
    /// Where the parcel is.
    Told(Told),
    /// It knows nothing of this parcel.
    Nothing,
    /// It was not asked, or did not answer: nothing is known about what it knows.
    NotNow,
}

/// A service, and when it may be asked.
pub struct Service {
    tracking: Arc<dyn Tracking>,
    clock: Clock,
    /// The operator's limit, and what is left of it.
    budget: Rate,
    left: u32,
    /// When what is left is as much as at first.
    renewed_at: Instant,
    /// Not before this.
    next: Instant,
    failures: u32,
}

impl Service {
    /// A service that nobody has asked.
    pub fn new(tracking: Arc<dyn Tracking>, budget: Rate, clock: &Clock) -> Self {
        Self {
            tracking,
            clock: clock.clone(),
            left: budget.count,
            renewed_at: clock.now() + delta(budget.per),
            budget,
            next: clock.now(),
            failures: 0,
        }
    }

    /// Which.
    pub fn vendor(&self) -> Vendor {
        self.tracking.vendor()
    }

    /// Asks, unless it is to be left alone or was asked enough.
    pub async fn ask(&mut self, parcel: Parcel<'_>) -> Said {
        let gap = self.gap();
        let now = self.clock.now();
        if now >= self.renewed_at {
            self.left = self.budget.count;
            self.renewed_at = now + delta(self.budget.per);
        }
        let wait = (self.next - now).to_std().unwrap_or_default();
        if self.left == 0 || wait > gap {
            return Said::NotNow;
        }
        tokio::time::sleep(wait).await;
        self.left -= 1;
        let answer = self.tracking.track(parcel).await;
        self.next = self.clock.now() + delta(gap);
        let vendor = self.vendor();
        let error = match answer {
            Ok(told) => {
                self.failures = 0;
                return told.map_or(Said::Nothing, Said::Told);
            }
            Err(error) => error,
        };
        let pause = match &error {
            NoAnswer::Later { after, .. } => {
                self.failures = self.failures.saturating_add(1);
                after.unwrap_or_else(|| backoff(self.failures))
            }
            NoAnswer::Credentials | NoAnswer::Permission => REFUSED,
            NoAnswer::Refused(_) | NoAnswer::Unreadable(_) => {
                tracing::warn!(?vendor, %error, "a service tells nothing of a parcel");
                return Said::Nothing;
            }
        };
        let seconds = pause.as_secs();
        tracing::warn!(?vendor, %error, seconds, "a service is left alone");
        self.next = self.clock.now() + delta(pause.max(gap));
        Said::NotNow
    }

    /// Between two parcels: half of what it publishes, since a parcel may be two questions.
    fn gap(&self) -> Duration {
        let limit = self.tracking.limit();
        limit.within * 2 / limit.requests.max(1)
    }
}

fn delta(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::days(1))
}

fn backoff(failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1).min(7));
    (PAUSE * factor).min(LONGEST)
}
