//! The one place that starts tasks: each has a name, a panic is logged, and all end together.

use futures_util::FutureExt;
use std::{future::Future, panic::AssertUnwindSafe, time::Duration};
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// Every task of one gateway.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    cut: CancellationToken,
}

impl Tasks {
    /// Starts a task. It ends by itself or when [`Tasks::stopping`] says so.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(async move {
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                tracing::error!(task = name, "a task panicked");
            }
        });
    }

    /// Runs work to its end even when the caller is dropped. `None` when the work panicked.
    pub async fn finish<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let done = self.tracker.spawn(work).await;
        done.inspect_err(|_| tracing::error!(task = name, "a task panicked"))
            .ok()
    }

    /// Counts something that runs elsewhere, such as a socket, as a task.
    pub fn token(&self) -> TaskTrackerToken {
        self.tracker.token()
    }

    /// Ends when the gateway stops.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Ends when those who were asked to end must not go on any more.
    pub fn cutting(&self) -> CancellationToken {
        self.cut.clone()
    }

    /// Asks all to end and waits for them, within a limit; what still waits for somebody else when
    /// more than half of it has passed is cut. Whether all ended.
    pub async fn stop(&self, within: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        let asked = within * 3 / 5;
        if tokio::time::timeout(asked, self.tracker.wait())
            .await
            .is_ok()
        {
            return true;
        }
        self.cut.cancel();
        tokio::time::timeout(within - asked, self.tracker.wait())
            .await
            .is_ok()
    }
}
