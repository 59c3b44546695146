//! How the writer works: for what a person did, and for what can be fetched or made again.

use crate::{
    apply::{Progress, Tx},
    error::{CacheError, Doing},
    open::Writer,
};
use sqlx::{Sqlite, pool::PoolConnection};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// After so many rows of the history the log is written into the file.
const LOGGED: usize = 512;

/// How the connection works at the moment.
#[derive(Default)]
pub(crate) struct Mode {
    /// Its commits do not wait for the disk; they do again when it is given back.
    relaxed: AtomicBool,
    /// The history comes in.
    history: AtomicBool,
    /// How many rows of it the log holds, about.
    logged: AtomicUsize,
}

impl Mode {
    /// What makes the connection work as usual again, if it does not.
    pub(crate) fn as_usual(&self) -> Option<&'static str> {
        if !self.relaxed.swap(false, Relaxed) {
            None
        } else if self.history.load(Relaxed) {
            Some("pragma synchronous = full; pragma wal_autocheckpoint = 8192")
        } else {
            Some("pragma synchronous = full; pragma wal_autocheckpoint = 1000")
        }
    }
}

impl Writer {
    /// The connection for changes that mean this progress. Pages of the history do not wait for
    /// the disk: a power failure may undo the last ones as a whole, and they are fetched again. A
    /// later commit that waits takes the earlier ones with it.
    pub(crate) async fn connection_for(
        &self,
        progress: &Progress<'_>,
    ) -> Result<PoolConnection<Sqlite>, CacheError> {
        match progress {
            Progress::Begin { .. } | Progress::Page { .. } => self.connection_for_notes().await,
            Progress::Live { .. } => self.turns.acquire().await.doing("begin to write"),
        }
    }

    /// The connection for the notes of what is to be indexed: what a power failure undoes of them
    /// is seen by the index. Whoever writes next writes the log into the file.
    pub(crate) async fn connection_for_notes(&self) -> Result<PoolConnection<Sqlite>, CacheError> {
        self.relaxed("pragma synchronous = normal; pragma wal_autocheckpoint = 0")
            .await
    }

    async fn relaxed(&self, settings: &'static str) -> Result<PoolConnection<Sqlite>, CacheError> {
        let mut connection = self.turns.acquire().await.doing("begin to write")?;
        self.mode.relaxed.store(true, Relaxed);
        sqlx::raw_sql(settings)
            .execute(&mut *connection)
            .await
            .doing("settle how to write")?;
        Ok(connection)
    }

    /// Writes the log into the file when the history has put much there, in a turn of its own.
    pub(crate) async fn keep_log_short(&self, stored: usize) -> Result<(), CacheError> {
        if !self.mode.history.load(Relaxed) {
            return Ok(());
        }
        let logged = self.mode.logged.fetch_add(stored, Relaxed) + stored;
        if logged < LOGGED {
            return Ok(());
        }
        self.mode.logged.store(0, Relaxed);
        self.checkpoint().await
    }

    /// Writes the log into the file.
    pub(crate) async fn checkpoint(&self) -> Result<(), CacheError> {
        sqlx::query("pragma wal_checkpoint(passive)")
            .fetch_all(&mut *self.turn().await?)
            .await
            .doing("write the log into the file")?;
        Ok(())
    }

    /// Gives the connection memory while the history comes in, so that the pages that change again
    /// and again, those of the indexes, stay there; a restart in the middle of the history begins
    /// with its next page.
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
        if self.mode.history.swap(history, Relaxed) == history {
            return Ok(());
        }
        let settings = if history {
            "pragma cache_size = -65536; pragma wal_autocheckpoint = 8192"
        } else {
            "pragma cache_size = -8192; pragma shrink_memory"
        };
        sqlx::raw_sql(settings)
            .execute(&mut **tx)
            .await
            .doing("settle how to write")?;
        Ok(())
    }
}
