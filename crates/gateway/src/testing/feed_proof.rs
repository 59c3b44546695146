//! Puts the feed on trial: many writers at once that dawdle before they commit and roll back at
//! random, and a reader that runs beside them. Beside it the same with a table whose positions come
//! from a sequence and a reader that asks for `position > cursor`, which loses what commits late.

use crate::store::{Doing as _, Store, StoreError};
use deskhand_domain::{Macro, MacroChanges, MacroId};
use futures_util::future::join_all;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sqlx::{AnyPool, any::AnyPoolOptions};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};
use uuid::Uuid;

/// How many positions a reader asks for at once.
const PAGE: usize = 500;
/// The same for the naive reader, whose rows hold nothing.
const NAIVE_PAGE: usize = 10_000;
/// How long a reader waits when there is nothing new.
const PAUSE: Duration = Duration::from_millis(1);
/// How many connections the naive writers share.
const CONNECTIONS: u32 = 32;

/// How much is written, and from which seed chance is made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many events are written at least, those that are rolled back not counted.
    pub events: u64,
    /// How many writers there are.
    pub writers: u64,
    /// What chance is made from.
    pub seed: u64,
}

/// What a reader saw of what was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Events that were committed.
    pub committed: u64,
    /// Events that were rolled back.
    pub rolled_back: u64,
    /// Committed events that the reader never got.
    pub gaps: u64,
    /// Events it got twice.
    pub duplicates: u64,
    /// Events whose position was not above the one before.
    pub reorders: u64,
    /// Events it got that were never committed.
    pub ghosts: u64,
    /// Positions that nobody has.
    pub holes: u64,
    /// How often the reader had read all there was: only there can it miss what commits late.
    pub at_head: u64,
}

impl Found {
    /// Whether the reader got exactly what was committed, once and in order.
    pub fn is_flawless(&self) -> bool {
        (self.gaps, self.duplicates, self.reorders, self.ghosts) == (0, 0, 0, 0)
    }
}

/// What one writer does next.
struct Turn {
    rows: u64,
    dawdle: Option<Duration>,
    rolls_back: bool,
}

impl Turn {
    fn draw(chance: &mut StdRng) -> Self {
        Self {
            rows: chance.random_range(1..=48),
            dawdle: chance
                .random_bool(0.25)
                .then(|| Duration::from_micros(chance.random_range(0..3_000))),
            rolls_back: chance.random_bool(0.1),
        }
    }
}

/// What all writers together have done, and the reader's account of it.
struct Trial {
    plan: Plan,
    begun: AtomicU64,
    rolled_back: AtomicU64,
    over: AtomicBool,
}

impl Trial {
    fn new(plan: Plan) -> Self {
        Self {
            plan,
            begun: AtomicU64::new(0),
            rolled_back: AtomicU64::new(0),
            over: AtomicBool::new(false),
        }
    }

    /// The next turn of a writer, until enough was written.
    fn next(&self, chance: &mut StdRng) -> Option<Turn> {
        let turn = Turn::draw(chance);
        if self.begun.load(Ordering::Relaxed) >= self.plan.events {
            return None;
        }
        let counter = if turn.rolls_back {
            &self.rolled_back
        } else {
            &self.begun
        };
        counter.fetch_add(turn.rows, Ordering::Relaxed);
        Some(turn)
    }

    fn chance(&self, writer: u64) -> StdRng {
        StdRng::seed_from_u64(self.plan.seed.wrapping_mul(1_000_003) + writer)
    }

    fn found(&self, committed: &[Uuid], read: Read) -> Found {
        let committed_ids: BTreeSet<Uuid> = committed.iter().copied().collect();
        let count = |ids: usize| u64::try_from(ids).unwrap_or_default();
        Found {
            committed: count(committed.len()),
            rolled_back: self.rolled_back.load(Ordering::Relaxed),
            gaps: count(committed_ids.difference(&read.seen).count()),
            ghosts: count(read.seen.difference(&committed_ids).count()),
            duplicates: read.duplicates,
            reorders: read.reorders,
            holes: read.holes,
            at_head: read.at_head,
        }
    }
}

/// What a reader has got.
#[derive(Default)]
struct Read {
    seen: BTreeSet<Uuid>,
    upto: i64,
    duplicates: u64,
    reorders: u64,
    holes: u64,
    at_head: u64,
}

impl Read {
    fn take(&mut self, position: i64, id: Uuid) {
        if position <= self.upto {
            self.reorders += 1;
        }
        if position > self.upto + 1 {
            self.holes += 1;
        }
        self.upto = self.upto.max(position);
        if !self.seen.insert(id) {
            self.duplicates += 1;
        }
    }
}

/// The feed of a store and its reader.
pub async fn ours(store: &Store, plan: Plan) -> Result<Found, StoreError> {
    let trial = Trial::new(plan);
    let start = *store.head().borrow();
    let writers = async {
        let done =
            join_all((0..plan.writers).map(|writer| write_ours(store, &trial, writer))).await;
        trial.over.store(true, Ordering::Release);
        done.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let reader = async {
        let mut read = Read {
            upto: start,
            ..Read::default()
        };
        loop {
            let last = trial.over.load(Ordering::Acquire);
            let changes = store.changes_after(read.upto, PAGE).await?;
            read.at_head += u64::from(changes.len() < PAGE);
            if changes.is_empty() {
                if last {
                    return Ok::<_, StoreError>(read);
                }
                tokio::time::sleep(PAUSE).await;
            }
            for placed in changes {
                let change = placed.change;
                read.take(change.position, change.record.key().1);
            }
        }
    };
    let (committed, read) = tokio::join!(writers, reader);
    Ok(trial.found(&committed?.concat(), read?))
}

async fn write_ours(store: &Store, trial: &Trial, writer: u64) -> Result<Vec<Uuid>, StoreError> {
    let (mut chance, mut committed) = (trial.chance(writer), Vec::new());
    let mut number = 0;
    while let Some(turn) = trial.next(&mut chance) {
        let ids: Vec<Uuid> = (0..turn.rows)
            .map(|row| event(writer, number + row))
            .collect();
        number += turn.rows;
        let macros: Vec<Macro> = ids
            .iter()
            .map(|id| Macro {
                id: MacroId(*id),
                name: "event".to_owned(),
                language: "en".to_owned(),
                text: String::new(),
                changes: MacroChanges::default(),
            })
            .collect();
        let rolls_back = turn.rolls_back;
        let written = store.write(move |tx| {
            Box::pin(async move {
                tx.put(&macros).await?;
                if let Some(dawdle) = turn.dawdle {
                    tokio::time::sleep(dawdle).await;
                }
                // Any error takes the transaction back.
                if turn.rolls_back {
                    return Err(StoreError::OtherEpoch);
                }
                Ok(())
            })
        });
        match written.await {
            Ok(()) => committed.extend(ids),
            Err(StoreError::OtherEpoch) if rolls_back => {}
            Err(error) => return Err(error),
        }
    }
    Ok(committed)
}

/// A table whose positions come from a sequence, in a PostgreSQL database.
pub async fn naive(url: &str, plan: Plan) -> Result<Found, StoreError> {
    let connect = AnyPoolOptions::new().max_connections(CONNECTIONS);
    let pool = connect.connect(url).await.doing("connect")?;
    sqlx::raw_sql("create table naive_feed (position bigserial primary key, id text not null)")
        .execute(&pool)
        .await
        .doing("make a naive feed")?;
    // A connection of its own: a reader that waits behind the writers never sees the newest.
    let own = AnyPoolOptions::new().max_connections(1);
    let reading = own.connect(url).await.doing("connect")?;
    let trial = Trial::new(plan);
    let writers = async {
        let done =
            join_all((0..plan.writers).map(|writer| write_naive(&pool, &trial, writer))).await;
        trial.over.store(true, Ordering::Release);
        done.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let reader = async {
        let mut read = Read::default();
        loop {
            let last = trial.over.load(Ordering::Acquire);
            let rows: Vec<(i64, String)> = sqlx::query_as(
                "select position, id from naive_feed where position > $1 order by position limit $2",
            )
            .bind(read.upto)
            .bind(i64::try_from(NAIVE_PAGE).unwrap_or(i64::MAX))
            .fetch_all(&reading)
            .await
            .doing("read a naive feed")?;
            read.at_head += u64::from(rows.len() < NAIVE_PAGE);
            if rows.is_empty() {
                if last {
                    return Ok::<_, StoreError>(read);
                }
                tokio::time::sleep(PAUSE).await;
            }
            for (position, id) in rows {
                read.take(position, id.parse().unwrap_or_default());
            }
        }
    };
    let (committed, read) = tokio::join!(writers, reader);
    let found = trial.found(&committed?.concat(), read?);
    reading.close().await;
    pool.close().await;
    Ok(found)
}

async fn write_naive(pool: &AnyPool, trial: &Trial, writer: u64) -> Result<Vec<Uuid>, StoreError> {
    let (mut chance, mut committed) = (trial.chance(writer), Vec::new());
    let mut number = 0;
    while let Some(turn) = trial.next(&mut chance) {
        let ids: Vec<Uuid> = (0..turn.rows)
            .map(|row| event(writer, number + row))
            .collect();
        number += turn.rows;
        let list = ids
            .iter()
            .map(Uuid::to_string)
            .collect::<Vec<_>>()
            .join(" ");
        let mut tx = pool.begin().await.doing("begin")?;
        sqlx::query("insert into naive_feed (id) select unnest(string_to_array($1, ' '))")
            .bind(list)
            .execute(&mut *tx)
            .await
            .doing("write a naive feed")?;
        if let Some(dawdle) = turn.dawdle {
            tokio::time::sleep(dawdle).await;
        }
        if turn.rolls_back {
            tx.rollback().await.doing("roll back")?;
        } else {
            tx.commit().await.doing("commit")?;
            committed.extend(ids);
        }
    }
    Ok(committed)
}

fn event(writer: u64, number: u64) -> Uuid {
    super::id(0x4000, writer << 40 | number)
}
