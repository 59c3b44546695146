//! Hears what other processes on the same PostgreSQL did to its sessions: a revocation there closes
//! sockets here.

use crate::{store::Store, tasks::Tasks};
use std::time::Duration;

/// How often somebody looks.
const LOOK: Duration = Duration::from_secs(1);

/// Starts the one task that looks, if others can write to the database at all.
pub fn start(store: &Store, tasks: &Tasks) {
    if !store.is_shared() {
        return;
    }
    let (store, stop) = (store.clone(), tasks.stopping());
    tasks.spawn("sessions", async move {
        stop.run_until_cancelled(run(store)).await;
    });
}

async fn run(store: Store) {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Err(error) = store.look_at_sessions().await {
            tracing::warn!(%error, "the sessions cannot be looked at");
        }
    }
}
