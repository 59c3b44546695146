//! What can go wrong with an open cache.

/// A read or write that failed.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The database refused.
    #[error("the cache could not {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// The search index refused; the copy is as it was.
    #[error("the search index could not {doing}")]
    Index {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// A row does not hold what it should.
    #[error("the cache's {table}.{column} of {id} cannot be read")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The file is not whole.
    #[error("the cache's {table} is damaged")]
    Damaged {
        /// The table in which it was noticed.
        table: String,
    },
    /// Something to be stored cannot be written as JSON.
    #[error("a record could not be written as JSON")]
    Encode(#[source] serde_json::Error),
}

impl CacheError {
    /// Whether the copy itself is broken: only a new one helps.
    pub fn is_damaged(&self) -> bool {
        match self {
            Self::Database { source, .. } => is_damage(source),
            Self::Row { .. } | Self::Damaged { .. } => true,
            // It is made anew from the copy.
            Self::Index { .. } | Self::Encode(_) => false,
        }
    }

    /// Whether the file of the index is broken, or was opened in vain.
    pub(crate) fn is_damaged_index(&self) -> bool {
        matches!(self, Self::Index { source, .. } if is_damage(source))
    }

    /// Whether the disk is full: room helps.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Database { source, .. } | Self::Index { source, .. }
            if code(source) == Some(Primary::FULL))
    }

    /// Whether the folder or the disk does not take writes.
    pub fn is_not_writable(&self) -> bool {
        matches!(self, Self::Database { source, .. } | Self::Index { source, .. }
            if matches!(code(source), Some(Primary::READ_ONLY | Primary::CANNOT_OPEN)))
    }
}

/// SQLite's primary result codes that somebody decides by (sqlite.org/rescode.html).
pub(crate) struct Primary;

impl Primary {
    /// A statement is wrong, or an earlier failure stays in the way.
    pub(crate) const ERROR: i32 = 1;
    /// What SQLCipher answers when a page after the first fails its check; an allocation that
    /// fails ends a Rust program anyway.
    pub(crate) const NO_PAGE: i32 = 7;
    pub(crate) const READ_ONLY: i32 = 8;
    pub(crate) const CORRUPT: i32 = 11;
    pub(crate) const FULL: i32 = 13;
    pub(crate) const CANNOT_OPEN: i32 = 14;
    pub(crate) const NOT_A_DATABASE: i32 = 26;
}

/// The primary result code of a database error; the extended codes keep it in the low byte.
pub(crate) fn code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

fn is_damage(error: &sqlx::Error) -> bool {
    matches!(
        code(error),
        Some(Primary::NO_PAGE | Primary::CORRUPT | Primary::NOT_A_DATABASE)
    )
}

/// Says what was being done when the database refused.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, CacheError>;

    /// The same for the file of the index.
    fn indexing(self, doing: &'static str) -> Result<T, CacheError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &'static str) -> Result<T, CacheError> {
        self.map_err(|source| CacheError::Database { doing, source })
    }

    fn indexing(self, doing: &'static str) -> Result<T, CacheError> {
        self.map_err(|source| CacheError::Index { doing, source })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Cache, Key};
    use deskhand_protocol::view::OutboxAction;
    use uuid::Uuid;

    #[tokio::test]
    async fn a_full_disk_is_told_from_damage_and_what_was_stored_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (writer, reader) = Cache::open(&folder.path().join("cache.db"), &Key::random())
            .await
            .expect("a cache");
        let now = chrono::DateTime::from_timestamp(0, 0).expect("a moment");
        let action = |length| OutboxAction::Note {
            text: "x".repeat(length),
        };
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let ticket = Uuid::from_u128(3).into();
        writer
            .enqueue(first.into(), ticket, &action(10), now)
            .await
            .expect("stored");
        // No page more than there are: what SQLite sees of a full disk.
        sqlx::query("pragma max_page_count = 1")
            .execute(&mut *writer.turn().await.expect("a turn"))
            .await
            .expect("set");
        let full = writer
            .enqueue(second.into(), ticket, &action(50_000), now)
            .await;
        let error = full.expect_err("no room");
        assert!(error.is_disk_full() && !error.is_damaged(), "{error:?}");
        let kept = reader.outbox().await.expect("read");
        assert_eq!(kept.iter().map(|row| row.op.0).collect::<Vec<_>>(), [first]);
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_itself_costs_no_later_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, key) = (folder.path().join("cache.db"), Key::random());
        let (writer, reader) = Cache::open(&path, &key).await.expect("a cache");
        let mut ended = writer.turns.begin().await.expect("a transaction");
        // What SQLite does by itself when the disk is full.
        sqlx::raw_sql("rollback")
            .execute(&mut *ended)
            .await
            .expect("it is ended");
        drop(ended);
        let refused = writer.turns.begin().await.expect("a transaction");
        refused.rollback().await.expect("taken back");

        let now = chrono::DateTime::from_timestamp(0, 0).expect("a moment");
        let ticket = Uuid::from_u128(3).into();
        let action = OutboxAction::Note {
            text: "keep me".into(),
        };
        let op = Uuid::from_u128(1);
        let kept = writer.enqueue(op.into(), ticket, &action, now).await;
        kept.expect("stored");
        reader.close().await;
        writer.close().await;
        let (writer, reader) = Cache::open(&path, &key).await.expect("a cache");
        let found = reader.outbox().await.expect("read");
        assert_eq!(found.iter().map(|row| row.op.0).collect::<Vec<_>>(), [op]);
        reader.close().await;
        writer.close().await;
    }
}
