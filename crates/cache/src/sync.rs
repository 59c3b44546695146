//! How far the copy is.

use crate::{
    apply::clear,
    error::{CacheError, Doing},
    open::{Reader, Writer},
};
use chrono::{DateTime, Utc};
use sqlx::Row;

/// How far the copy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncState {
    /// Which history the positions belong to.
    pub epoch: String,
    /// Where the live socket goes on.
    pub cursor: String,
    /// The position the cursor stands at, once a frame has said it.
    pub upto: Option<i64>,
    /// How the next page of the history is asked for; `None` when all of it is here.
    pub next: Option<String>,
    /// How many entities pages have brought.
    pub received: u64,
    /// How many there are in all.
    pub total: u64,
    /// Until when the copy is known to be complete.
    pub current_as_of: Option<DateTime<Utc>>,
}

impl SyncState {
    /// How much of the history is here, in percent; 100 only when all is.
    pub fn percent(&self) -> u8 {
        if self.next.is_none() {
            return 100;
        }
        let percent = self.received.saturating_mul(100) / self.total.max(1);
        u8::try_from(percent.min(99)).unwrap_or(99)
    }
}

impl Reader {
    /// How far the copy is; `None` before the first page.
    pub async fn sync_state(&self) -> Result<Option<SyncState>, CacheError> {
        let row = sqlx::query(
            "select epoch, cursor, next, received, total, current_as_of, upto from sync",
        )
        .fetch_optional(&self.pool)
        .await
        .doing("read how far it is")?;
        Ok(row.map(|row| SyncState {
            epoch: row.get(0),
            cursor: row.get(1),
            upto: row.get(6),
            next: row.get(2),
            received: row.get::<i64, _>(3).unsigned_abs(),
            total: row.get::<i64, _>(4).unsigned_abs(),
            current_as_of: match row.get::<i64, _>(5) {
                0 => None,
                at => DateTime::from_timestamp_micros(at),
            },
        }))
    }
}

impl Writer {
    /// Deletes all that was copied: the account may see other things now. What was written here
    /// stays.
    pub async fn purge(&self) -> Result<(), CacheError> {
        let mut tx = self.turns.begin().await.doing("begin to delete the copy")?;
        clear(&mut tx).await?;
        tx.commit().await.doing("delete the copy")
    }

    /// Notes that the copy was complete at a moment.
    pub async fn set_current_as_of(&self, at: DateTime<Utc>) -> Result<(), CacheError> {
        sqlx::query("update sync set current_as_of = max(current_as_of, ?1)")
            .bind(at.timestamp_micros())
            .execute(&mut *self.turn().await?)
            .await
            .doing("note how current it is")?;
        Ok(())
    }
}
