//! Lets desktops catch up a few at a time: after a restart all of them come back at once, and
//! whoever reads the database for one of them reads it for nobody else. Who comes first goes first;
//! who finds the line full is asked to come back, not all at the same moment.

use crate::problem::Refusal;
use chrono::TimeDelta;
use rand::RngExt as _;
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many catch up at once.
const AT_ONCE: usize = 16;
/// How many may wait for it.
const IN_LINE: usize = 2_000;
/// How long they wait: less than a desktop waits for a sign of life.
const PATIENCE: Duration = Duration::from_secs(8);
/// Within how many seconds those who were sent away come back.
const SPREAD: i64 = 5;

/// The line of those who want to catch up.
#[derive(Clone)]
pub struct Admission {
    turns: Arc<Semaphore>,
    line: Arc<Semaphore>,
    patience: Duration,
}

/// The right to catch up, until it is dropped.
pub struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Default for Admission {
    fn default() -> Self {
        Self::new(AT_ONCE, IN_LINE, PATIENCE)
    }
}

impl Admission {
    /// So many at once, and so many who wait so long.
    pub fn new(at_once: usize, in_line: usize, patience: Duration) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(at_once)),
            line: Arc::new(Semaphore::new(at_once + in_line)),
            patience,
        }
    }

    /// Refuses when the line is full.
    pub fn has_room(&self) -> Result<(), Refusal> {
        if self.line.available_permits() == 0 {
            return Err(full());
        }
        Ok(())
    }

    /// Waits for a turn.
    pub async fn turn(&self) -> Result<Turn, Refusal> {
        let place = self.line.clone().try_acquire_owned();
        let place = place.map_err(|_| full())?;
        let turn = self.turns.clone().acquire_owned();
        match tokio::time::timeout(self.patience, turn).await {
            Ok(Ok(turn)) => Ok(Turn {
                _turn: turn,
                _place: place,
            }),
            Ok(Err(_)) | Err(_) => Err(full()),
        }
    }
}

fn full() -> Refusal {
    let wait = TimeDelta::seconds(rand::rng().random_range(0..SPREAD));
    Refusal::later(
        "many desktops are catching up: nothing is lost, come back in a moment",
        wait,
    )
}
