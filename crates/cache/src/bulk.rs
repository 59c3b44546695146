//! How the writer works while the history comes in, and how it works otherwise.

use crate::{
    apply::{Progress, Tx},
    error::{CacheError, Doing},
    open::Writer,
};
use sqlx::AssertSqlSafe;
use std::sync::atomic::Ordering;

/// The pages that are changed again and again, those of the indexes, stay in memory, and go to
/// the file once in a while instead of with every commit.
const HISTORY: &str = "pragma cache_size = -65536; pragma wal_autocheckpoint = 8192";
const AS_USUAL: &str =
    "pragma cache_size = -8192; pragma wal_autocheckpoint = 1000; pragma shrink_memory";

impl Writer {
    /// Settles how to work for what comes; a restart in the middle of the history begins with its
    /// next page.
    pub(crate) async fn settle_for(
        &self,
        tx: &mut Tx<'_>,
        progress: &Progress<'_>,
    ) -> Result<(), CacheError> {
        let history = match progress {
            Progress::Begin { next, .. } | Progress::Page { next, .. } => next.is_some(),
            // Frames come between the pages.
            Progress::Live { .. } => return Ok(()),
        };
        if self.history.swap(history, Ordering::Relaxed) == history {
            return Ok(());
        }
        let settings = if history { HISTORY } else { AS_USUAL };
        sqlx::raw_sql(AssertSqlSafe(settings))
            .execute(&mut **tx)
            .await
            .doing("settle how to write")?;
        Ok(())
    }
}
