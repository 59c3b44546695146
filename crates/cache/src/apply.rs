//! Changes into rows, with the cursor that speaks of them.

use crate::{
    batch::{Batch, Rows},
    error::{CacheError, Doing},
    index,
    noted::{self, Lane},
    open::Writer,
    upsert::upsert,
};
use chrono::{DateTime, Utc};
use deskhand_domain::TicketId;
use deskhand_protocol::sync::{Change, Kind};
use sqlx::{Connection as _, Row, Sqlite, Transaction};
use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

/// How the copy stands after a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The first page of a sync. What was copied before goes, the outbox stays.
    Begin {
        /// Which history.
        epoch: &'a str,
        /// Where the live socket starts.
        live: &'a str,
        /// How the next page is asked for.
        next: Option<&'a str>,
        /// How many entities there are in all.
        total: u64,
    },
    /// A later page of the same sync.
    Page {
        /// Which history.
        epoch: &'a str,
        /// How this page was asked for: a page of a sync that was given up changes nothing.
        after: &'a str,
        /// How the next page is asked for.
        next: Option<&'a str>,
        /// How many entities there are in all.
        total: u64,
    },
    /// A frame of the live socket.
    Live {
        /// Where to go on after it.
        cursor: &'a str,
        /// The position the cursor stands at.
        upto: i64,
    },
}

/// What a batch touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Tickets that changed, or whose messages did.
    pub tickets: BTreeSet<TicketId>,
    /// Whether something changed that several tickets may show: a customer, an order, a name.
    pub shared: bool,
    /// Whether operations left the outbox because the feed brought what they led to.
    pub outbox: bool,
}

impl Writer {
    /// Applies changes and the progress they mean, in one transaction; a page of the history in
    /// several when others want to write too, the last of them with the progress. The newer
    /// position wins, so repeated and reordered changes are harmless.
    pub async fn apply(
        &self,
        changes: &[Change],
        progress: Progress<'_>,
        now: DateTime<Utc>,
    ) -> Result<Applied, CacheError> {
        let mut batch = Batch::new(changes, now)?;
        loop {
            let mut connection = self.connection_for(&progress).await?;
            let mut tx = connection.begin().await.doing("begin to apply changes")?;
            self.settle_for(&mut tx, &progress).await?;
            if matches!(progress, Progress::Begin { .. }) {
                clear(&mut tx).await?;
            }
            bury(&mut tx, &mem::take(&mut batch.gone)).await?;
            let lasts = noted::lasts(&mut tx).await?;
            let stored = self.store(&mut tx, &mut batch.rows, &progress).await?;
            noted::note_new(&mut tx, &lasts, lane(&progress)).await?;
            if batch.rows.is_empty() {
                if !batch.followed.is_empty() {
                    follow_mentions(&mut tx, &batch.followed, mem::take(&mut batch.naming)).await?;
                }
                let settled = settle(&mut tx).await?;
                if !advance(&mut tx, &progress, changes.len()).await? {
                    tx.rollback().await.doing("give a late page up")?;
                    return Ok(Applied::default());
                }
                tx.commit().await.doing("commit changes")?;
                drop(connection);
                self.keep_log_short(stored).await?;
                return Ok(Applied {
                    tickets: batch.tickets,
                    shared: batch.shared,
                    outbox: settled > 0,
                });
            }
            if !goes_on(&mut tx, &progress).await? {
                tx.rollback().await.doing("give a late page up")?;
                return Ok(Applied::default());
            }
            tx.commit().await.doing("commit some of a page")?;
            drop(connection);
            self.keep_log_short(stored).await?;
        }
    }

    /// Stores rows, what others refer to first; a page of the history only until somebody else
    /// wants to write, or until a commit would take too long. Answers how many.
    async fn store(
        &self,
        tx: &mut Tx<'_>,
        rows: &mut BTreeMap<Kind, Rows>,
        progress: &Progress<'_>,
    ) -> Result<usize, CacheError> {
        let gives_way = matches!(progress, Progress::Page { .. });
        let mut stored = 0;
        while let Some((kind, of_kind)) = rows.pop_last() {
            let mut is_full = |more| {
                let full = gives_way
                    && stored > 0
                    && (stored + more > AT_ONCE || self.turns.are_waited_for());
                if !full {
                    stored += more;
                }
                full
            };
            let left = upsert(tx, kind, of_kind, &mut is_full).await?;
            if !left.is_empty() {
                rows.insert(kind, left);
                break;
            }
        }
        Ok(stored)
    }

    /// Moves snoozed tickets whose time has come to the open ones. Answers how many, and when the
    /// next one's time comes.
    pub async fn wake(
        &self,
        now: DateTime<Utc>,
    ) -> Result<(u64, Option<DateTime<Utc>>), CacheError> {
        let woken = sqlx::query(
            "update tickets set lane = 'open', wakes_at = null \
             where lane = 'snoozed' and wakes_at is not null and wakes_at <= ?1",
        )
        .bind(now.timestamp_micros())
        .execute(&mut *self.turn().await?)
        .await
        .doing("wake snoozed tickets")?
        .rows_affected();
        let next: Option<i64> = sqlx::query_scalar(
            "select min(wakes_at) from tickets where lane = 'snoozed' and wakes_at is not null",
        )
        .fetch_one(&mut *self.turn().await?)
        .await
        .doing("find the next snoozed ticket")?;
        Ok((woken, next.and_then(DateTime::from_timestamp_micros)))
    }
}

fn lane(progress: &Progress<'_>) -> Lane {
    match progress {
        Progress::Begin { .. } | Progress::Page { .. } => Lane::History,
        Progress::Live { .. } => Lane::Now,
    }
}

/// How many rows of the history are committed together at most: so many that the pages they touch
/// are written within milliseconds.
const AT_ONCE: usize = 128;

pub(crate) type Tx<'a> = Transaction<'a, Sqlite>;

pub(crate) async fn clear(tx: &mut Tx<'_>) -> Result<(), CacheError> {
    for statement in [
        "delete from tickets",
        "delete from mentions",
        "delete from messages",
        "delete from customers",
        "delete from orders",
        "delete from shipments",
        "delete from accounts",
        "delete from macros",
        "delete from articles",
        "delete from fields",
        "delete from gone",
        "delete from sync",
        "delete from evicted",
    ] {
        sqlx::query(statement)
            .execute(&mut **tx)
            .await
            .doing("clear what was copied")?;
    }
    noted::begin_generation(tx).await
}

async fn bury(tx: &mut Tx<'_>, gone: &[(&'static str, String, i64)]) -> Result<(), CacheError> {
    if gone.is_empty() {
        return Ok(());
    }
    let rows = text(gone)?;
    sqlx::query(
        "insert into gone (kind, id, position) \
         select value ->> 0, value ->> 1, value ->> 2 from json_each(?1) where true \
         on conflict (kind, id) do update set position = excluded.position \
         where excluded.position > gone.position",
    )
    .bind(&rows)
    .execute(&mut **tx)
    .await
    .doing("bury what is gone")?;
    let found = sqlx::query(
        "select 1, x.rowid from json_each(?1) join tickets as x on x.id = value ->> 1 \
           where value ->> 0 = 'ticket' and value ->> 2 >= x.position \
         union all select 2, x.rowid from json_each(?1) join messages as x on x.id = value ->> 1 \
           where value ->> 0 = 'message' and value ->> 2 >= x.position \
         union all select 3, x.rowid from json_each(?1) join customers as x on x.id = value ->> 1 \
           where value ->> 0 = 'customer' and value ->> 2 >= x.position \
         union all select 4, x.rowid from json_each(?1) join orders as x on x.id = value ->> 1 \
           where value ->> 0 = 'order' and value ->> 2 >= x.position \
         union all select 5, x.rowid from json_each(?1) join shipments as x on x.id = value ->> 1 \
           where value ->> 0 = 'shipment' and value ->> 2 >= x.position",
    )
    .bind(&rows)
    .fetch_all(&mut **tx)
    .await
    .doing("find what is gone in the index")?;
    let found: Vec<_> = found
        .iter()
        .filter_map(|row| Some((index::Kind::from_number(row.get(0))?, row.get(1))))
        .collect();
    noted::note_gone(tx, &found).await?;
    for statement in [
        "delete from tickets where id in (select value ->> 1 from json_each(?1) where value ->> 0 = 'ticket' and value ->> 2 >= tickets.position)",
        "delete from mentions where ticket in (select value ->> 1 from json_each(?1) where value ->> 0 = 'ticket') and ticket not in (select id from tickets)",
        "delete from messages where id in (select value ->> 1 from json_each(?1) where value ->> 0 = 'message' and value ->> 2 >= messages.position)",
        "delete from customers where id in (select value ->> 1 from json_each(?1) where value ->> 0 = 'customer' and value ->> 2 >= customers.position)",
        "delete from orders where id in (select value ->> 1 from json_each(?1) where value ->> 0 = 'order' and value ->> 2 >= orders.position)",
        "delete from shipments where id in (select value ->> 1 from json_each(?1) where value ->> 0 = 'shipment' and value ->> 2 >= shipments.position)",
        "delete from accounts where id in (select value ->> 1 from json_each(?1) where value ->> 0 = 'account' and value ->> 2 >= accounts.position)",
        "delete from macros where id in (select value ->> 1 from json_each(?1) where value ->> 0 = 'macro' and value ->> 2 >= macros.position)",
        "delete from articles where id in (select value ->> 1 from json_each(?1) where value ->> 0 = 'article' and value ->> 2 >= articles.position)",
    ] {
        sqlx::query(statement)
            .bind(&rows)
            .execute(&mut **tx)
            .await
            .doing("delete what is gone")?;
    }
    Ok(())
}

/// Keeps who is named where in step with the tickets' bodies, whichever of them won.
async fn follow_mentions(
    tx: &mut Tx<'_>,
    tickets: &[String],
    mut naming: BTreeSet<String>,
) -> Result<(), CacheError> {
    let was: Vec<String> = sqlx::query_scalar(
        "delete from mentions where ticket in (select value from json_each(?1)) returning ticket",
    )
    .bind(text(tickets)?)
    .fetch_all(&mut **tx)
    .await
    .doing("note who is named")?;
    naming.extend(was);
    if naming.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert or ignore into mentions (account, ticket) \
         select named.value, tickets.id from tickets, json_each(tickets.body, '$.mentions') as named \
         where tickets.id in (select value from json_each(?1))",
    )
    .bind(text(&naming)?)
    .execute(&mut **tx)
    .await
    .doing("note who is named")?;
    Ok(())
}

/// Takes from the outbox what the feed has brought back.
pub(crate) async fn settle(tx: &mut Tx<'_>) -> Result<u64, CacheError> {
    let settled = sqlx::query(
        "delete from outbox where state = 'sent' and ( \
           became_message in (select id from messages) \
           or exists (select 1 from gone where gone.kind = 'message' \
                      and gone.id = outbox.became_message) \
           or exists (select 1 from tickets where tickets.id = outbox.ticket \
                      and tickets.updated_at >= outbox.changed_at) \
           or exists (select 1 from gone where gone.kind = 'ticket' and gone.id = outbox.ticket))",
    )
    .execute(&mut **tx)
    .await
    .doing("settle the outbox")?;
    Ok(settled.rows_affected())
}

/// Whether a page belongs to the sync that goes on.
async fn goes_on(tx: &mut Tx<'_>, progress: &Progress<'_>) -> Result<bool, CacheError> {
    let Progress::Page { epoch, after, .. } = progress else {
        return Ok(true);
    };
    let found: Option<i64> =
        sqlx::query_scalar("select 1 from sync where epoch = ?1 and next = ?2")
            .bind(*epoch)
            .bind(*after)
            .fetch_optional(&mut **tx)
            .await
            .doing("see how far it is")?;
    Ok(found.is_some())
}

/// Notes how far it is; answers whether the batch belongs to the sync that goes on.
async fn advance(
    tx: &mut Tx<'_>,
    progress: &Progress<'_>,
    received: usize,
) -> Result<bool, CacheError> {
    let received = i64::try_from(received).unwrap_or(i64::MAX);
    let query = match progress {
        Progress::Begin {
            epoch,
            live,
            next,
            total,
        } => sqlx::query(
            "insert into sync (one, epoch, cursor, next, received, total, current_as_of) \
             values (1, ?1, ?2, ?3, ?4, ?5, 0)",
        )
        .bind(*epoch)
        .bind(*live)
        .bind(*next)
        .bind(received)
        .bind(i64::try_from(*total).unwrap_or(i64::MAX)),
        Progress::Page {
            epoch,
            after,
            next,
            total,
        } => sqlx::query(
            "update sync set next = ?3, received = received + ?4, total = ?5 \
             where epoch = ?1 and next = ?2",
        )
        .bind(*epoch)
        .bind(*after)
        .bind(*next)
        .bind(received)
        .bind(i64::try_from(*total).unwrap_or(i64::MAX)),
        Progress::Live { cursor, upto } => sqlx::query("update sync set cursor = ?1, upto = ?2")
            .bind(*cursor)
            .bind(*upto),
    };
    let noted = query.execute(&mut **tx).await.doing("note how far it is")?;
    Ok(noted.rows_affected() == 1)
}

fn text(rows: &(impl serde::Serialize + ?Sized)) -> Result<String, CacheError> {
    serde_json::to_string(rows).map_err(CacheError::Encode)
}
