//! What others told, as they told it: kept once, before it is read, until it is applied.

use super::{
    Doing as _, Store, StoreError, Tx,
    cells::Cells,
    entity,
    sql::{self, Cell, Select},
    wake::has_moved,
};
use crate::clock::millis;
use chrono::TimeDelta;
use deskhand_connectors::{
    carriers::{self, Track},
    commerce::ShopId,
};
use deskhand_domain::{Instant, Order, Shipment, ShipmentId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long a parcel may be told of before its order is known.
pub const PATIENCE: TimeDelta = TimeDelta::days(3);
/// When it is looked for again, in minutes, after so many tries.
const AGAIN: [i64; 6] = [1, 5, 15, 60, 180, 360];
/// Letters of shops name orders, and wait for their shop.
const NOT_OF_SHOPS: &str = "source not in ('/hooks/vendure', '/hooks/shopify')";
/// Why a letter waits that tells of a parcel.
const UNKNOWN: &str = "no parcel has this number";
/// How many letters are listed at most.
const LISTED: usize = 1_000;
const COLUMNS: [&str; 12] = [
    "id",
    "source",
    "event",
    "kind",
    "payload",
    "received_at",
    "state",
    "tries",
    "due_at",
    "settled_at",
    "reason",
    "subject",
];

/// What somebody told, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its id here.
    pub id: Uuid,
    /// Who told: a service, or the source of a CloudEvent.
    pub source: String,
    /// What they call it.
    pub event: String,
    /// The type of a CloudEvent; empty for a service.
    pub kind: String,
    /// What they sent.
    pub payload: String,
    /// When.
    pub received_at: Instant,
    /// What became of it.
    pub state: LetterState,
    /// How often it was tried.
    pub tries: i64,
    /// When it is looked at, while it waits.
    pub due_at: Option<Instant>,
    /// When that was settled.
    pub settled_at: Option<Instant>,
    /// Why it is not applied.
    pub reason: Option<String>,
    /// The tracking number that it tells of, or the shop's id of the order.
    pub subject: Option<String>,
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterState {
    /// It is looked at in a moment, or again.
    Waiting,
    /// It changed what there is, or there already was what it tells.
    Applied,
    /// It tells of something that nobody here asks for.
    Ignored,
    /// It cannot be applied; somebody has to look.
    Dead,
    /// Somebody looked, and it is not to be applied.
    Dropped,
}

/// What a letter says, once it was read.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Where parcels are.
    Tracks(Vec<Track>),
    /// That this order of a shop is not as it was.
    Order(ShopId),
    /// The same, and it was read from the shop.
    Taken(ShopId),
    /// Nothing that concerns us.
    Nothing(String),
    /// It cannot be read.
    Unreadable(String),
}

/// Which letters are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterFilter {
    /// In this state.
    pub state: Option<LetterState>,
    /// That tell of this tracking number, or of the order with this id in its shop.
    pub subject: Option<String>,
    /// How many at most.
    pub limit: Option<usize>,
}

impl Letter {
    fn read(row: &sqlx::any::AnyRow) -> Result<Self, StoreError> {
        let cells = Cells::new("inbox", row);
        Ok(Self {
            id: cells.parse("id")?,
            source: cells.text("source")?,
            event: cells.text("event")?,
            kind: cells.text("kind")?,
            payload: cells.text("payload")?,
            received_at: cells.at("received_at")?,
            state: cells.word("state")?,
            tries: cells.int("tries")?,
            due_at: cells.maybe_at("due_at")?,
            settled_at: cells.maybe_at("settled_at")?,
            reason: cells.maybe_text("reason")?,
            subject: cells.maybe_text("subject")?,
        })
    }

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::text(self.id),
            Cell::text(&self.source),
            Cell::text(&self.event),
            Cell::text(&self.kind),
            Cell::text(&self.payload),
            Cell::at(self.received_at),
            Cell::word(self.state),
            Cell::int(self.tries),
            Cell::maybe_at(self.due_at),
            Cell::maybe_at(self.settled_at),
            Cell::maybe(self.reason.as_ref()),
            Cell::maybe(self.subject.as_ref()),
        ]
    }
}

fn select() -> Select {
    Select::new(&format!("select {} from inbox", COLUMNS.join(", ")))
}

impl Store {
    /// Keeps what was told, each once, and answers how much of it is new.
    pub async fn keep_letters(&self, letters: Vec<Letter>) -> Result<usize, StoreError> {
        let kept = self
            .write(move |tx| {
                Box::pin(async move {
                    let rows = letters.iter().map(Letter::cells).collect();
                    sql::insert_new(&mut tx.inner, "inbox", "source, event", &COLUMNS, rows)
                        .await
                        .doing("keep what was told")
                })
            })
            .await?;
        self.inner.told.notify_one();
        Ok(usize::try_from(kept).unwrap_or(usize::MAX))
    }

    /// Waits until something is told.
    pub async fn something_is_told(&self) {
        self.inner.told.notified().await;
    }

    /// What is to be looked at now, the oldest first. Letters of shops wait for their shop.
    pub async fn due_letters(&self, limit: usize) -> Result<Vec<Letter>, StoreError> {
        self.due(select().and(NOT_OF_SHOPS, vec![]), limit).await
    }

    /// What one of them told and is to be looked at now, the oldest first.
    pub async fn due_letters_of(
        &self,
        source: &str,
        limit: usize,
    ) -> Result<Vec<Letter>, StoreError> {
        let from = select().and("source = ?", vec![Cell::text(source)]);
        self.due(from, limit).await
    }

    async fn due(&self, from: Select, limit: usize) -> Result<Vec<Letter>, StoreError> {
        let now = self.clock().now();
        let rows = from
            .and("state = 'waiting'", vec![])
            .and("due_at <= ?", vec![Cell::at(now)])
            .rows(self.read(), "due_at, id", limit)
            .await
            .doing("look at what was told")?;
        rows.iter().map(Letter::read).collect()
    }

    /// Applies what letters say, all in one transaction, and notes what became of each.
    pub async fn apply_letters(&self, letters: Vec<(Letter, Reading)>) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for (letter, reading) in letters {
                    tx.apply(letter, reading).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Keeps what a service answered when it was asked and tells its parcel, in one transaction. An
    /// answer that was kept before is noted as given again.
    pub async fn keep_answer(&self, mut letter: Letter, track: Track) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                letter.tries += 1;
                letter.subject = Some(track.tracking_number.clone());
                match tx.apply_track(&track, letter.received_at).await? {
                    true => letter.settle(LetterState::Applied, None, tx.now),
                    false => letter.wait(UNKNOWN, tx.now),
                }
                sql::upsert(
                    &mut tx.inner,
                    "inbox",
                    "source, event",
                    &COLUMNS,
                    vec![letter.cells()],
                )
                .await
                .doing("keep what was answered")
            })
        })
        .await
    }

    /// When somebody last told of a parcel of this number.
    pub async fn last_told(&self, number: &str) -> Result<Option<Instant>, StoreError> {
        let rows = select()
            .and_in("subject", spellings(number))
            .and("state = 'applied'", vec![])
            .and(NOT_OF_SHOPS, vec![])
            .rows(self.read(), "received_at desc", 1)
            .await
            .doing("look when a parcel was told of")?;
        let newest = rows.first().map(Letter::read).transpose()?;
        Ok(newest.map(|letter| letter.received_at))
    }

    /// Parcels in the order of their ids.
    pub async fn parcels_after(
        &self,
        after: Option<ShipmentId>,
        limit: usize,
    ) -> Result<Vec<Shipment>, StoreError> {
        let rows = entity::select::<Shipment>()
            .and_if("id > ?", after.map(Cell::text))
            .rows(self.read(), "id", limit)
            .await
            .doing("look at parcels")?;
        entity::read_all(&rows)
    }

    /// Letters, the newest first.
    pub async fn letters(&self, filter: &LetterFilter) -> Result<Vec<Letter>, StoreError> {
        let limit = filter.limit.unwrap_or(LISTED).min(LISTED);
        let rows = select()
            .and_if("state = ?", filter.state.map(Cell::word))
            .and_if("subject = ?", filter.subject.as_ref().map(Cell::text))
            .rows(self.read(), "received_at desc, id desc", limit)
            .await
            .doing("list what was told")?;
        rows.iter().map(Letter::read).collect()
    }

    /// One of them.
    pub async fn letter(&self, id: Uuid) -> Result<Option<Letter>, StoreError> {
        let rows = select()
            .and("id = ?", vec![Cell::text(id)])
            .rows(self.read(), "id", 1)
            .await
            .doing("look at what was told")?;
        rows.first().map(Letter::read).transpose()
    }

    /// Has letters looked at again: the one that is named, or all that are dead. Answers how many.
    pub async fn replay_letters(&self, id: Option<Uuid>) -> Result<u64, StoreError> {
        let replayed = self
            .write(move |tx| {
                Box::pin(async move {
                    sqlx::query(
                        "update inbox set state = 'waiting', tries = 0, due_at = $1,
                            settled_at = null, reason = null
                         where (id = $2 and state <> 'waiting') or ($2 is null and state = 'dead')",
                    )
                    .bind(millis(tx.now))
                    .bind(id.map(|id| id.to_string()))
                    .execute(&mut *tx.inner)
                    .await
                    .map(|done| done.rows_affected())
                    .doing("have it looked at again")
                })
            })
            .await?;
        self.inner.told.notify_one();
        Ok(replayed)
    }

    /// Puts a letter aside that is not to be applied. Answers whether there is one that is not.
    pub async fn drop_letter(&self, id: Uuid) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query(
                    "update inbox set state = 'dropped', due_at = null, settled_at = $1
                     where id = $2 and state in ('waiting', 'dead')",
                )
                .bind(millis(tx.now))
                .bind(id.to_string())
                .execute(&mut *tx.inner)
                .await
                .map(|done| done.rows_affected() > 0)
                .doing("put it aside")
            })
        })
        .await
    }

    /// Forgets what was told before a moment and no longer waits. Answers how many.
    pub async fn forget_letters(&self, before: Instant) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let gone = self
                .write(move |tx| Box::pin(tx.forget_letters(millis(before))))
                .await?;
            forgotten += gone;
            if gone == 0 {
                return Ok(forgotten);
            }
        }
    }
}

impl Tx {
    /// Some at a time, so that nobody waits long for their turn.
    async fn forget_letters(&mut self, before: i64) -> Result<u64, StoreError> {
        sqlx::query(
            "delete from inbox where id in (select id from inbox
             where received_at < $1 and state <> 'waiting' order by received_at limit 500)",
        )
        .bind(before)
        .execute(&mut *self.inner)
        .await
        .map(|done| done.rows_affected())
        .doing("forget what was told long ago")
    }

    async fn apply(&mut self, mut letter: Letter, reading: Reading) -> Result<(), StoreError> {
        // Somebody may have put it aside meanwhile.
        let waits = sqlx::query("select id from inbox where id = $1 and state = 'waiting'")
            .bind(letter.id.to_string())
            .fetch_optional(&mut *self.inner)
            .await
            .doing("look whether it still waits")?;
        if waits.is_none() {
            return Ok(());
        }
        letter.tries += 1;
        match reading {
            Reading::Tracks(tracks) => self.apply_tracks(&mut letter, &tracks).await?,
            Reading::Order(id) => {
                letter.subject = Some(id.0);
                letter.wait("the shop did not answer in time", self.now);
            }
            Reading::Taken(id) => {
                letter.subject = Some(id.0);
                letter.settle(LetterState::Applied, None, self.now);
            }
            Reading::Nothing(why) => letter.settle(LetterState::Ignored, Some(why), self.now),
            Reading::Unreadable(why) => letter.settle(LetterState::Dead, Some(why), self.now),
        }
        sql::upsert(
            &mut self.inner,
            "inbox",
            "id",
            &COLUMNS,
            vec![letter.cells()],
        )
        .await
        .doing("note what became of it")
    }

    async fn apply_tracks(
        &mut self,
        letter: &mut Letter,
        tracks: &[Track],
    ) -> Result<(), StoreError> {
        letter.subject = tracks.first().map(|track| track.tracking_number.clone());
        let mut all_known = true;
        for track in tracks {
            all_known &= self.apply_track(track, letter.received_at).await?;
        }
        if all_known {
            letter.settle(LetterState::Applied, None, self.now);
        } else {
            letter.wait(UNKNOWN, self.now);
        }
        Ok(())
    }

    /// Tells a parcel what a carrier saw. Answers whether there is one of that number.
    async fn apply_track(&mut self, track: &Track, at: Instant) -> Result<bool, StoreError> {
        let rows = entity::select::<Shipment>()
            .and_in("tracking_number", spellings(&track.tracking_number))
            .rows(&mut *self.inner, "id", 50)
            .await
            .doing("look for the parcel")?;
        // Carriers give a number again after some months.
        let parcels = entity::read_all::<Shipment>(&rows)?.into_iter();
        let Some(parcel) = parcels.max_by_key(|parcel| (parcel.created_at, parcel.id)) else {
            return Ok(false);
        };
        let order: Option<Order> = self.get(parcel.order.0).await?;
        let country = order
            .as_ref()
            .map_or("", |order| order.ship_to.country.as_str());
        let told = carriers::told(&parcel, track, country, at);
        if told == parcel {
            return Ok(true);
        }
        let moved = has_moved(Some(&parcel), &told);
        self.put(&[told]).await?;
        if let Some(order) = order.filter(|_| moved) {
            self.wake_about(&order).await?;
        }
        Ok(true)
    }
}

/// A number as it may be written.
fn spellings(number: &str) -> Vec<Cell> {
    vec![
        Cell::text(number),
        Cell::text(number.to_uppercase()),
        Cell::text(number.to_lowercase()),
    ]
}

impl Letter {
    /// Looked at again, or dead when that did not help for too long.
    fn wait(&mut self, why: &str, now: Instant) {
        if now - self.received_at >= PATIENCE {
            self.settle(LetterState::Dead, Some(why.to_owned()), now);
        } else {
            let tries = usize::try_from(self.tries).unwrap_or_default();
            let minutes = AGAIN[tries.saturating_sub(1).min(AGAIN.len() - 1)];
            self.due_at = Some(now + TimeDelta::minutes(minutes));
        }
    }

    fn settle(&mut self, state: LetterState, reason: Option<String>, at: Instant) {
        self.state = state;
        self.reason = reason;
        self.settled_at = Some(at);
        self.due_at = None;
    }
}
