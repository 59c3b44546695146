//! How much of the copy can be found.

use crate::{
    error::{CacheError, Doing},
    open::Reader,
};
use sqlx::SqliteConnection;

impl Reader {
    /// How much of the copy can be found, in percent; 100 only when all can.
    pub async fn indexed_percent(&self) -> Result<u8, CacheError> {
        let Some(pool) = self.searching.pool() else {
            return Ok(0);
        };
        let mut tx = pool.begin().await.doing("begin to read")?;
        match belongs(&mut tx).await? {
            true => indexed_percent(&mut tx).await,
            false => Ok(0),
        }
    }
}

/// Whether the index speaks of the copy as it is. When it does not, it is about to be made anew.
pub(crate) async fn belongs(connection: &mut SqliteConnection) -> Result<bool, CacheError> {
    sqlx::query_scalar(
        "select (select generation from indexing) = (select generation from found.state)",
    )
    .fetch_one(connection)
    .await
    .doing("see whether the index is of this copy")
}

pub(crate) async fn indexed_percent(connection: &mut SqliteConnection) -> Result<u8, CacheError> {
    let left: i64 = sqlx::query_scalar(
        "select coalesce(sum(last_row - max(first_row - 1, coalesce(upto, 0))), 0) \
         from noted left join found.done on note = seq",
    )
    .fetch_one(&mut *connection)
    .await
    .doing("see what is to be indexed")?;
    if left <= 0 {
        return Ok(100);
    }
    let all: i64 = sqlx::query_scalar(
        "select coalesce((select max(rowid) from tickets), 0) \
         + coalesce((select max(rowid) from messages), 0) \
         + coalesce((select max(rowid) from customers), 0) \
         + coalesce((select max(rowid) from orders), 0) \
         + coalesce((select max(rowid) from shipments), 0)",
    )
    .fetch_one(connection)
    .await
    .doing("count what there is")?;
    let percent = (all - left) * 100 / all.max(1);
    Ok(u8::try_from(percent.clamp(0, 99)).unwrap_or(99))
}
