//! How often whom was cut: one line a minute in the log, however many they are.

use crate::tasks::Tasks;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Counts that only grow.
#[derive(Default)]
pub struct Tally {
    /// Said nothing.
    pub silent: Count,
    /// Did not finish the head of a request.
    pub slow_headers: Count,
    /// Did not get on with a body.
    pub slow_body: Count,
    /// Did not read what was sent.
    pub slow_reader: Count,
    /// Had said nothing when the room was full.
    pub made_room: Count,
    /// Were not let in.
    pub refused: Count,
}

/// One of them.
#[derive(Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// So far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    /// All that were cut or not let in.
    pub fn all(&self) -> u64 {
        let counts = [
            &self.silent,
            &self.slow_headers,
            &self.slow_body,
            &self.slow_reader,
            &self.made_room,
            &self.refused,
        ];
        counts.into_iter().map(Count::get).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            words,
            "silent {}, slow headers {}, slow body {}, slow reader {}, made room {}, refused {}",
            self.silent.get(),
            self.slow_headers.get(),
            self.slow_body.get(),
            self.slow_reader.get(),
            self.made_room.get(),
            self.refused.get(),
        )
    }
}

/// Tells in the log what is new, once a minute.
pub fn tell(tally: Arc<Tally>, tasks: &Tasks) {
    let stop = tasks.stopping();
    tasks.spawn("tally", async move {
        let mut told = 0;
        let minutes = async {
            loop {
                tokio::time::sleep(Duration::from_secs(60)).await;
                let now = tally.all();
                if now != told {
                    told = now;
                    tracing::info!(cut = now, "connections cut so far: {tally}");
                }
            }
        };
        stop.run_until_cancelled(minutes).await;
    });
}
