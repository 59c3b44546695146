//! The index, a slice at a time.

use super::{
    Kind,
    file::{Index, Work},
    items,
    store::{forget, store},
    sweep, text,
};
use crate::{
    apply::Tx,
    error::{CacheError, Doing},
    noted::{self, Lane, Lasts, Note},
    open::Writer,
};
use serde_json::json;
use sqlx::{Connection as _, SqlitePool};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::Instant;

/// How many notes are looked at, and put away, at once.
const NOTES: u32 = 500;
/// So many free pages are kept for what comes.
const LEFT_FREE: i64 = 1_000;

/// What a slice did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slice {
    /// It wrote the index, and held nobody.
    Index,
    /// It held the copy's writer for a moment: notes that are indexed went, or what an earlier
    /// program left there.
    Copy,
    /// There is nothing to do.
    Nothing,
}

impl Writer {
    /// Indexes some of what changed, what came just now before the history, or puts pieces of the
    /// index together. Takes about as long as it is told, and answers what it did. An index that
    /// is broken, or not of this copy, is made anew.
    pub async fn index_slice(&self, budget: Duration) -> Result<Slice, CacheError> {
        let mut work = self.index.work.lock().await;
        if self.index.searching.is_suspected() {
            tracing::warn!("the search index is broken; it is made anew");
            self.index.give_up(&mut work).await;
        }
        let done = self.step(&mut work, budget).await;
        if done.as_ref().is_err_and(CacheError::is_damaged_index) {
            self.index.give_up(&mut work).await;
        }
        done
    }

    async fn step(&self, work: &mut Work, budget: Duration) -> Result<Slice, CacheError> {
        let Some(file) = work.file.clone() else {
            self.begin_index(work).await?;
            return Ok(Slice::Copy);
        };
        if !work.finished.is_empty() {
            self.put_away(work).await?;
            return Ok(Slice::Copy);
        }
        let (index, pace) = (&self.index, &self.index.pace);
        let begun = Instant::now();
        if pace.merges() {
            let worked = merge(&file, pace.pages.now()).await?;
            pace.pages.took(begun.elapsed(), budget);
            pace.merged(worked);
            return Ok(Slice::Index);
        }
        let mut copy = index.copy.begin().await.doing("begin to read")?;
        let (generation, _) = noted::generation(&mut copy).await?;
        let notes = noted::next(&mut copy, NOTES).await?;
        let mut tx = file.begin().await.indexing("begin to write")?;
        if begin_anew(&mut tx, &generation).await? {
            tx.commit().await.indexing("begin anew")?;
            *work = Work {
                file: Some(file.clone()),
                ..Work::default()
            };
            return Ok(Slice::Index);
        }
        if notes.is_empty() {
            drop(copy);
            let cleared = forget_notes(&mut tx).await?;
            tx.commit().await.indexing("commit that all is in it")?;
            work.away.clear();
            if cleared || shrink(&file).await? {
                return Ok(Slice::Index);
            }
            if sweep::is_due(&index.copy).await? {
                self.sweep().await?;
                return Ok(Slice::Copy);
            }
            return Ok(Slice::Nothing);
        }
        let taken = take(&notes, &done(&mut tx).await?, pace.rows.now());
        let rows: Vec<(Kind, i64)> = taken.rows.into_iter().collect();
        let items = items(&mut copy, &rows).await?;
        drop(copy);
        forget(&mut tx, &rows).await?;
        store(&mut tx, &items).await?;
        advance(&mut tx, &taken.upto, &work.away).await?;
        tx.commit().await.indexing("commit")?;
        work.away.clear();
        work.finished = taken.finished;
        if !rows.is_empty() {
            pace.rows.took(begun.elapsed(), budget);
            pace.stored();
        }
        Ok(Slice::Index)
    }

    /// Makes the index anew: everything in the copy is noted, for an empty file.
    async fn begin_index(&self, work: &mut Work) -> Result<(), CacheError> {
        let mut connection = self.connection_for_notes().await?;
        let mut tx = connection.begin().await.doing("begin another index")?;
        noted::begin_generation(&mut tx).await?;
        noted::note_new(&mut tx, &Lasts::default(), Lane::History).await?;
        let (generation, _) = noted::generation(&mut tx).await?;
        tx.commit().await.doing("note all that is here")?;
        drop(connection);
        self.index.make(&generation, work).await
    }

    async fn put_away(&self, work: &mut Work) -> Result<(), CacheError> {
        let mut connection = self.connection_for_notes().await?;
        let mut tx = connection.begin().await.doing("begin to put notes away")?;
        noted::put_away(&mut tx, &work.finished).await?;
        tx.commit().await.doing("put notes away")?;
        work.away.append(&mut work.finished);
        Ok(())
    }
}

impl Index {
    /// How much of the disk it uses, in bytes.
    pub(crate) async fn stored(&self) -> Result<u64, CacheError> {
        let work = self.work.lock().await;
        let Some(file) = &work.file else { return Ok(0) };
        let used: i64 = sqlx::query_scalar(crate::evict::USED)
            .fetch_one(file)
            .await
            .indexing("measure its file")?;
        Ok(u64::try_from(used).unwrap_or_default())
    }
}

/// What one slice takes from the notes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Taken {
    rows: BTreeSet<(Kind, i64)>,
    /// Up to which row each of these notes is in the index then.
    upto: Vec<(i64, i64)>,
    finished: Vec<i64>,
}

/// So many rows of the notes that come next; of some a part is in the index already.
fn take(notes: &[Note], done: &BTreeMap<i64, i64>, size: u32) -> Taken {
    let mut taken = Taken::default();
    let mut room = i64::from(size);
    for note in notes {
        if room == 0 {
            break;
        }
        let first = done.get(&note.seq).map_or(note.first, |upto| upto + 1);
        let last = note.last.min(first + room - 1);
        taken
            .rows
            .extend((first..=last).map(|row| (note.kind, row)));
        taken.upto.push((note.seq, last));
        if last >= note.last {
            taken.finished.push(note.seq);
        }
        room -= (last + 1 - first).max(0);
    }
    taken
}

/// Empties an index that speaks of another state of the copy. Answers whether it did.
async fn begin_anew(tx: &mut Tx<'_>, generation: &str) -> Result<bool, CacheError> {
    let of: String = sqlx::query_scalar("select generation from state")
        .fetch_one(&mut **tx)
        .await
        .indexing("see what it speaks of")?;
    if of == generation {
        return Ok(false);
    }
    for statement in [
        "insert into words (words) values ('delete-all')",
        "delete from documents",
        "delete from exact",
        "delete from done",
    ] {
        sqlx::query(statement)
            .execute(&mut **tx)
            .await
            .indexing("empty it")?;
    }
    sqlx::query("update state set generation = ?1, newest = 0")
        .bind(generation)
        .execute(&mut **tx)
        .await
        .indexing("note what it speaks of")?;
    Ok(true)
}

async fn done(tx: &mut Tx<'_>) -> Result<BTreeMap<i64, i64>, CacheError> {
    let rows: Vec<(i64, i64)> = sqlx::query_as("select note, upto from done")
        .fetch_all(&mut **tx)
        .await
        .indexing("see how far it is")?;
    Ok(rows.into_iter().collect())
}

/// Notes how far it is, in the transaction that brings it there.
async fn advance(tx: &mut Tx<'_>, upto: &[(i64, i64)], away: &[i64]) -> Result<(), CacheError> {
    let upto: Vec<_> = upto.iter().map(|(note, row)| json!([note, row])).collect();
    for (statement, rows) in [
        (
            "insert into done (note, upto) select value ->> 0, value ->> 1 from json_each(?1) \
             where true on conflict (note) do update set upto = excluded.upto",
            text(&upto)?,
        ),
        (
            "update state set newest = max(newest, \
             coalesce((select max(value ->> 0) from json_each(?1)), 0))",
            text(&upto)?,
        ),
        (
            "delete from done where note in (select value from json_each(?1))",
            text(away)?,
        ),
    ] {
        sqlx::query(statement)
            .bind(rows)
            .execute(&mut **tx)
            .await
            .indexing("note how far it is")?;
    }
    Ok(())
}

/// The copy has no notes any more. Answers whether something was known of some.
async fn forget_notes(tx: &mut Tx<'_>) -> Result<bool, CacheError> {
    let known = sqlx::query("delete from done")
        .execute(&mut **tx)
        .await
        .indexing("note that all is in it")?;
    Ok(known.rows_affected() > 0)
}

/// Puts pieces of the word index together, as many pages as it is told. Answers whether there was
/// something to do.
async fn merge(file: &SqlitePool, pages: u32) -> Result<bool, CacheError> {
    let mut tx = file.begin().await.indexing("begin to merge")?;
    let before = changes(&mut tx).await?;
    sqlx::query("insert into words (words, rank) values ('merge', ?1)")
        .bind(pages)
        .execute(&mut *tx)
        .await
        .indexing("merge")?;
    // The statement itself counts as one.
    let worked = changes(&mut tx).await? - before >= 2;
    tx.commit().await.indexing("commit a merge")?;
    Ok(worked)
}

async fn changes(tx: &mut Tx<'_>) -> Result<i64, CacheError> {
    sqlx::query_scalar("select total_changes()")
        .fetch_one(&mut **tx)
        .await
        .indexing("see what a merge did")
}

/// Gives some free pages back to the disk when there are many. Answers whether it did.
async fn shrink(file: &SqlitePool) -> Result<bool, CacheError> {
    let mut connection = file.acquire().await.indexing("begin to shrink")?;
    let (free, all): (i64, i64) = sqlx::query_as(
        "select freelist_count + 0, page_count + 0 from pragma_freelist_count, pragma_page_count",
    )
    .fetch_one(&mut *connection)
    .await
    .indexing("measure its file")?;
    if free < LEFT_FREE || free < all / 4 {
        return Ok(false);
    }
    sqlx::query("pragma incremental_vacuum(256)")
        .fetch_all(&mut *connection)
        .await
        .indexing("give pages back")?;
    let left: i64 = sqlx::query_scalar("select freelist_count + 0 from pragma_freelist_count")
        .fetch_one(&mut *connection)
        .await
        .indexing("measure its file")?;
    Ok(left < free)
}

#[cfg(test)]
mod tests;
