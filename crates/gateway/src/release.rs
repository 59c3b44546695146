//! Sends replies that were held long enough for their author to undo them. What was due while the
//! gateway was not running goes out when it starts.

use crate::{store::Store, tasks::Tasks};
use deskhand_domain::Instant;
use std::time::Duration;

/// How often the clock is looked at while something is held: a clock may be set.
const TICK: Duration = Duration::from_millis(200);
/// How long to wait when the database cannot be used.
const AGAIN: Duration = Duration::from_millis(500);

/// Starts the one task that releases.
pub fn start(store: &Store, tasks: &Tasks) {
    let (store, stop) = (store.clone(), tasks.stopping());
    tasks.spawn("release", async move {
        stop.run_until_cancelled(run(store)).await;
    });
}

async fn run(store: Store) {
    loop {
        match store.release_due().await {
            Ok(None) => store.something_is_held().await,
            Ok(Some(next)) => wait(&store, next).await,
            Err(error) => {
                tracing::error!(%error, "held replies cannot be released; trying again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn wait(store: &Store, until: Instant) {
    let left = (until - store.clock().now()).to_std();
    tokio::time::sleep(left.unwrap_or_default().min(TICK)).await;
}
