//! What an earlier program left of the index in the copy itself goes, some of it at a time.

use crate::{
    error::{CacheError, Doing},
    open::Writer,
};
use sqlx::{Connection as _, SqlitePool};
use std::time::Duration;
use tokio::time::Instant;

/// So long a step may hold the copy's writer.
const HOLD: Duration = Duration::from_millis(4);

/// Some rows of each table. The word index is emptied behind its back, since it would take all of
/// its pages at once.
const SOME: [&str; 6] = [
    "delete from words_data where id in (select id from words_data limit ?1)",
    "delete from words_docsize where id in (select id from words_docsize limit ?1)",
    "delete from words_idx where (segid, term) in (select segid, term from words_idx limit ?1)",
    "delete from documents where doc in (select doc from documents limit ?1)",
    "delete from exact where (key, kind, row) in (select key, kind, row from exact limit ?1)",
    "delete from to_index where (at, kind, row) in (select at, kind, row from to_index limit ?1)",
];

/// When nothing is in them any more.
const TABLES: &str =
    "drop table words; drop table documents; drop table exact; drop table to_index";

/// Whether something is left.
pub(super) async fn is_due(copy: &SqlitePool) -> Result<bool, CacheError> {
    let left: Option<i64> =
        sqlx::query_scalar("select 1 from sqlite_schema where name = 'to_index'")
            .fetch_optional(copy)
            .await
            .doing("see what is left of the old index")?;
    Ok(left.is_some())
}

impl Writer {
    /// Takes some of it away. The log is written into the file as a step of its own, so that
    /// nobody has to do that for all of it later.
    pub(super) async fn sweep(&self) -> Result<(), CacheError> {
        if self.index.pace.is_swept() {
            return self.checkpoint().await;
        }
        let begun = Instant::now();
        let rows = self.index.pace.old.now();
        let mut connection = self.connection_for_notes().await?;
        let mut tx = connection.begin().await.doing("begin to sweep")?;
        let mut gone = 0;
        for statement in SOME {
            let some = sqlx::query(statement).bind(rows).execute(&mut *tx).await;
            gone = some.doing("sweep")?.rows_affected();
            if gone > 0 {
                break;
            }
        }
        if gone == 0 {
            let dropped = sqlx::raw_sql(TABLES).execute(&mut *tx).await;
            dropped.doing("drop what is swept")?;
        }
        tx.commit().await.doing("commit what is swept")?;
        self.index.pace.old.took(begun.elapsed(), HOLD);
        self.index.pace.swept();
        Ok(())
    }
}
