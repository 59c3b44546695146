//! What can still be read of the outbox of a file that is broken: everything but the rows on the
//! broken pages.

use crate::{
    Cache, Key,
    outbox::{StoredOp, stored},
};
use sqlx::{AssertSqlSafe, SqlitePool, sqlite::SqliteRow};
use std::path::Path;

/// How many places are looked at when no index tells where the rows are.
const NEWEST: i64 = 2_000;
/// Indexes that tell where rows are without reading them.
const INDEXES: [&str; 2] = ["outbox_ticket", "sqlite_autoindex_outbox_1"];

impl Cache {
    /// Reads what can still be read of the outbox of a cache that does not open any more, oldest
    /// first. A row that cannot be read costs itself and what shares its page, and nothing else.
    pub async fn salvage(path: &Path, key: &Key) -> Vec<StoredOp> {
        let (mut found, mut lost) = (Vec::new(), 0_u32);
        let places = places(path, key).await;
        let mut places = places.into_iter().peekable();
        while places.peek().is_some() {
            // The library reads nothing more through a connection that met a broken page.
            let Some((pool, _ending)) = Self::for_salvage(path, key).await else {
                break;
            };
            for place in places.by_ref() {
                match row(&pool, place).await {
                    Ok(None) => {}
                    Ok(Some(row)) => match stored(&row) {
                        Ok(op) => found.push(op),
                        Err(_) => lost += 1,
                    },
                    Err(_) => {
                        lost += 1;
                        break;
                    }
                }
            }
            pool.close().await;
        }
        if lost > 0 {
            let kept = found.len();
            tracing::warn!(kept, lost, "not all of a damaged outbox could be read");
        }
        found
    }
}

async fn row(pool: &SqlitePool, place: i64) -> Result<Option<SqliteRow>, sqlx::Error> {
    sqlx::query(
        "select op, ticket, action, state, reason, created_at, attempts, not_before \
         from outbox where seq = ?1",
    )
    .bind(place)
    .fetch_optional(pool)
    .await
}

/// Where rows are, or may be.
async fn places(path: &Path, key: &Key) -> Vec<i64> {
    let mut last = 0;
    for index in INDEXES {
        let Some((pool, _ending)) = Cache::for_salvage(path, key).await else {
            continue;
        };
        let told = format!("select seq from outbox indexed by {index} order by seq");
        let told: Result<Vec<i64>, _> = sqlx::query_scalar(AssertSqlSafe(told))
            .fetch_all(&pool)
            .await;
        let ever: Result<Option<i64>, _> =
            sqlx::query_scalar("select seq from sqlite_sequence where name = 'outbox'")
                .fetch_optional(&pool)
                .await;
        pool.close().await;
        if let Ok(places) = told {
            return places;
        }
        last = ever.ok().flatten().unwrap_or(last);
    }
    let last = if last == 0 { NEWEST } else { last };
    (1.max(last - NEWEST + 1)..=last).collect()
}
