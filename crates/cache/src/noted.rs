//! What is to be indexed: ranges of rows, noted in the transaction that changes them.
//!
//! The number of a note only ever grows, so an index that has seen a higher one than the copy ever
//! gave belongs to a state of the copy that a power cut has undone.

use crate::{
    apply::Tx,
    error::{CacheError, Doing},
    index::Kind,
};
use serde_json::json;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;

/// A note: rows of one table that are new, changed or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) seq: i64,
    pub(crate) kind: Kind,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// Who is waited for: a person looks for what just came before for what is long past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Now = 0,
    History = 1,
}

/// The last row of each table that is indexed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lasts(BTreeMap<Kind, i64>);

/// The state of the copy that an index has to speak of, and the newest note there ever was.
pub(crate) async fn generation(
    connection: &mut SqliteConnection,
) -> Result<(String, i64), CacheError> {
    sqlx::query_as(
        "select generation, \
         coalesce((select seq from sqlite_sequence where name = 'noted'), 0) from indexing",
    )
    .fetch_one(connection)
    .await
    .doing("see which index belongs to it")
}

/// The notes that are next.
pub(crate) async fn next(
    connection: &mut SqliteConnection,
    most: u32,
) -> Result<Vec<Note>, CacheError> {
    let rows = sqlx::query(
        "select seq, kind, first_row, last_row from noted order by history, seq limit ?1",
    )
    .bind(most)
    .fetch_all(connection)
    .await
    .doing("read what is to be indexed")?;
    let notes = rows.iter().filter_map(|row| {
        Some(Note {
            seq: row.get(0),
            kind: Kind::from_number(row.get(1))?,
            first: row.get(2),
            last: row.get(3),
        })
    });
    Ok(notes.collect())
}

/// Where the tables end now: rows that are added get higher numbers.
pub(crate) async fn lasts(tx: &mut Tx<'_>) -> Result<Lasts, CacheError> {
    let rows: Vec<(i64, Option<i64>)> = sqlx::query_as(
        "select 1, max(rowid) from tickets union all select 2, max(rowid) from messages \
         union all select 3, max(rowid) from customers union all select 4, max(rowid) from orders \
         union all select 5, max(rowid) from shipments",
    )
    .fetch_all(&mut **tx)
    .await
    .doing("see where the tables end")?;
    let rows = rows.into_iter();
    let lasts =
        rows.filter_map(|(kind, last)| Some((Kind::from_number(kind)?, last.unwrap_or_default())));
    Ok(Lasts(lasts.collect()))
}

/// Notes the rows that were added since.
pub(crate) async fn note_new(
    tx: &mut Tx<'_>,
    before: &Lasts,
    lane: Lane,
) -> Result<(), CacheError> {
    let now = lasts(tx).await?;
    let ranges: Vec<_> = now
        .0
        .into_iter()
        .map(|(kind, last)| {
            (
                kind,
                before.0.get(&kind).map_or(1, |before| before + 1),
                last,
            )
        })
        .filter(|(_, first, last)| first <= last)
        .collect();
    write(tx, &ranges, lane).await
}

/// Notes rows that are gone.
pub(crate) async fn note_gone(tx: &mut Tx<'_>, rows: &[(Kind, i64)]) -> Result<(), CacheError> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    let mut ranges: Vec<(Kind, i64, i64)> = Vec::new();
    for (kind, row) in rows {
        match ranges.last_mut() {
            Some((same, _, last)) if *same == kind && row <= *last + 1 => *last = row,
            _ => ranges.push((kind, row, row)),
        }
    }
    write(tx, &ranges, Lane::Now).await
}

/// From here on another index belongs to the copy: an empty one, with nothing noted yet.
pub(crate) async fn begin_generation(tx: &mut Tx<'_>) -> Result<(), CacheError> {
    for statement in [
        "update indexing set generation = lower(hex(randomblob(16)))",
        "delete from noted",
    ] {
        sqlx::query(statement)
            .execute(&mut **tx)
            .await
            .doing("begin with another index")?;
    }
    Ok(())
}

/// Takes notes away that are in the index.
pub(crate) async fn put_away(tx: &mut Tx<'_>, notes: &[i64]) -> Result<(), CacheError> {
    sqlx::query("delete from noted where seq in (select value from json_each(?1))")
        .bind(serde_json::to_string(notes).map_err(CacheError::Encode)?)
        .execute(&mut **tx)
        .await
        .doing("put away what is indexed")?;
    Ok(())
}

async fn write(tx: &mut Tx<'_>, ranges: &[(Kind, i64, i64)], lane: Lane) -> Result<(), CacheError> {
    if ranges.is_empty() {
        return Ok(());
    }
    let ranges: Vec<_> = ranges
        .iter()
        .map(|(kind, first, last)| json!([*kind as i64, first, last]))
        .collect();
    sqlx::query(
        "insert into noted (kind, first_row, last_row, history) \
         select value ->> 0, value ->> 1, value ->> 2, ?2 from json_each(?1)",
    )
    .bind(serde_json::to_string(&ranges).map_err(CacheError::Encode)?)
    .bind(lane as i64)
    .execute(&mut **tx)
    .await
    .doing("note what is to be indexed")?;
    Ok(())
}
