//! Turns at the one connection that writes: who fills the copy in the background sees that somebody
//! waits, and gives way.

use crate::{
    error::{CacheError, Doing},
    open::Writer,
};
use sqlx::{Sqlite, SqlitePool, Transaction, pool::PoolConnection};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The connection that writes, given to one after the other in the order they came.
pub(crate) struct Turns {
    pool: SqlitePool,
    waiting: AtomicUsize,
}

/// Somebody waits, until this is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn among(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Turns {
    pub(crate) fn at(pool: SqlitePool) -> Self {
        Self {
            pool,
            waiting: AtomicUsize::new(0),
        }
    }

    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        let _waiting = Waiting::among(&self.waiting);
        self.pool.acquire().await
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        let _waiting = Waiting::among(&self.waiting);
        self.pool.begin().await
    }

    /// Whether somebody waits for whoever writes now.
    pub(crate) fn are_waited_for(&self) -> bool {
        self.waiting.load(Relaxed) > 0
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

impl Writer {
    /// A turn for one statement.
    pub(crate) async fn turn(&self) -> Result<PoolConnection<Sqlite>, CacheError> {
        self.turns.acquire().await.doing("begin to write")
    }

    /// Waits as long as a write would wait for the others, and writes nothing.
    pub async fn wait_for_turn(&self) -> Result<(), CacheError> {
        self.turn().await.map(drop)
    }
}
