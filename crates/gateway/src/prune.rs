//! Forgets what nobody asks for any more: answers to operations of half a year ago, and
//! what others told longer ago than it is kept.

use crate::{store::Store, tasks::Tasks};
use chrono::TimeDelta;
use std::time::Duration;

/// How long an operation that is asked for again gets the same answer.
pub const REMEMBERED: TimeDelta = TimeDelta::days(180);
/// How often there is something to forget.
const DAILY: TimeDelta = TimeDelta::days(1);
/// How often the clock is looked at: it may be set, and the machine may sleep.
const TICK: Duration = Duration::from_secs(600);

/// Starts the one task that forgets.
pub fn start(store: &Store, keep: Duration, tasks: &Tasks) {
    let (store, stop) = (store.clone(), tasks.stopping());
    tasks.spawn("prune", async move {
        stop.run_until_cancelled(run(store, keep)).await;
    });
}

async fn run(store: Store, keep: Duration) {
    let mut next = store.clock().now();
    loop {
        let now = store.clock().now();
        // Also when the clock was set back by more than a day.
        if now >= next || next - now > DAILY {
            next = now + DAILY;
            match prune(&store).await {
                Ok(0) => {}
                Ok(operations) => tracing::info!(operations, "forgot old operations"),
                Err(error) => tracing::error!(%error, "old operations cannot be forgotten"),
            }
            let before = TimeDelta::from_std(keep).ok().map(|keep| now - keep);
            match store.forget_letters(before.unwrap_or_default()).await {
                Ok(0) => {}
                Ok(letters) => tracing::info!(letters, "forgot what was told long ago"),
                Err(error) => tracing::error!(%error, "what was told cannot be forgotten"),
            }
        }
        tokio::time::sleep(TICK).await;
    }
}

/// Forgets operations that are older than anybody remembers. Answers how many.
pub async fn prune(store: &Store) -> Result<u64, crate::store::StoreError> {
    store.forget_before(store.clock().now() - REMEMBERED).await
}
