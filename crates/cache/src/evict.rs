//! Room: messages of old closed tickets go when the file grows too large.

use crate::{
    error::{CacheError, Doing, Primary, code},
    index::Kind,
    noted::{self, Lane},
    open::{Reader, Writer},
};
use deskhand_domain::{Message, TicketId};
use serde_json::json;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeSet;

/// How many tickets one transaction empties.
const AT_ONCE: u32 = 10;

/// What had to make room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evicted {
    /// How many tickets lost their messages here.
    pub tickets: u64,
    /// How large the content of the copy and its index was, in bytes.
    pub before: u64,
    /// How large it is now, when the index has followed.
    pub after: u64,
}

impl Writer {
    /// Removes messages of the tickets that have been closed longest until what is stored is not
    /// larger than a limit, or nothing more may go. Tickets in `keep` (drafts, the one on the
    /// screen) and tickets with operations in the outbox stay as they are; lists and search by
    /// subject, number and name go on for all. Other writes get their turn in between.
    pub async fn evict(
        &self,
        max_bytes: u64,
        keep: &BTreeSet<TicketId>,
    ) -> Result<Evicted, CacheError> {
        let keep = serde_json::to_string(keep).map_err(CacheError::Encode)?;
        let copy = self.stored().await?;
        let index = self.index.stored().await?;
        // What goes is taken out of the index a moment later: it is counted as if it shrank along.
        let both = |now: u64| match copy {
            0 => now,
            _ => (u128::from(now) * u128::from(copy + index) / u128::from(copy)) as u64,
        };
        let before = both(copy);
        let mut evicted = Evicted {
            tickets: 0,
            before,
            after: before,
        };
        while evicted.after > max_bytes {
            let emptied = self.empty_some(&keep).await?;
            if emptied == 0 {
                break;
            }
            evicted.tickets += emptied;
            evicted.after = both(self.stored().await?);
        }
        if evicted.tickets > 0 {
            self.shrink().await?;
        }
        Ok(evicted)
    }

    /// Takes the messages of an evicted ticket in again. What the feed brought meanwhile is newer
    /// and stays.
    pub async fn bring_back(
        &self,
        ticket: TicketId,
        messages: &[Message],
    ) -> Result<(), CacheError> {
        let mut rows = Vec::with_capacity(messages.len());
        for message in messages.iter().filter(|message| message.ticket == ticket) {
            let body = serde_json::to_string(message).map_err(CacheError::Encode)?;
            let sent_at = message.sent_at.timestamp_micros();
            rows.push(json!([message.id, ticket, sent_at, body]));
        }
        let rows = serde_json::to_string(&rows).map_err(CacheError::Encode)?;
        let mut tx = self.turns.begin().await.doing("begin to bring back")?;
        let lasts = noted::lasts(&mut tx).await?;
        sqlx::query(
            "insert into messages (id, position, ticket, sent_at, body) \
             select value ->> 0, 0, value ->> 1, value ->> 2, value ->> 3 from json_each(?1) \
             where not exists (select 1 from gone where kind = 'message' and id = value ->> 0) \
             on conflict (id) do nothing",
        )
        .bind(rows)
        .execute(&mut *tx)
        .await
        .doing("bring messages back")?;
        noted::note_new(&mut tx, &lasts, Lane::Now).await?;
        sqlx::query("delete from evicted where ticket = ?1")
            .bind(ticket.to_string())
            .execute(&mut *tx)
            .await
            .doing("note what is back")?;
        tx.commit().await.doing("commit what is back")
    }

    async fn stored(&self) -> Result<u64, CacheError> {
        let mut connection = self.turns.acquire().await.doing("begin to measure")?;
        let used = measure(&mut connection, USED).await?;
        Ok(u64::try_from(used).unwrap_or_default())
    }

    /// Empties the tickets that come next. Answers how many.
    async fn empty_some(&self, keep: &str) -> Result<u64, CacheError> {
        let mut tx = self.turns.begin().await.doing("begin to make room")?;
        let tickets: Vec<String> = sqlx::query_scalar(
            "select id from tickets indexed by tickets_lane_newest where lane = 'closed' \
             and exists (select 1 from messages where ticket = tickets.id) \
             and not exists (select 1 from outbox where ticket = tickets.id) \
             and id not in (select value from json_each(?1)) \
             order by last_message_at limit ?2",
        )
        .bind(keep)
        .bind(AT_ONCE)
        .fetch_all(&mut *tx)
        .await
        .doing("find old tickets")?;
        let ids = serde_json::to_string(&tickets).map_err(CacheError::Encode)?;
        let rows = sqlx::query(
            "select rowid from messages where ticket in (select value from json_each(?1))",
        )
        .bind(&ids)
        .fetch_all(&mut *tx)
        .await
        .doing("find old messages")?;
        let rows: Vec<(Kind, i64)> = rows.iter().map(|row| (Kind::Message, row.get(0))).collect();
        noted::note_gone(&mut tx, &rows).await?;
        for statement in [
            "delete from messages where ticket in (select value from json_each(?1))",
            "insert or ignore into evicted (ticket) select value from json_each(?1)",
        ] {
            sqlx::query(statement)
                .bind(&ids)
                .execute(&mut *tx)
                .await
                .doing("make room")?;
        }
        tx.commit().await.doing("commit the room that was made")?;
        Ok(tickets.len() as u64)
    }

    /// Gives free pages back to the disk, some at a time.
    async fn shrink(&self) -> Result<(), CacheError> {
        let mut last = i64::MAX;
        loop {
            let mut connection = self.turns.acquire().await.doing("begin to shrink")?;
            let free = measure(&mut connection, FREE).await?;
            // A file that was made before free pages could go keeps them for later use.
            if free == 0 || free >= last {
                return Ok(());
            }
            last = free;
            sqlx::query("pragma incremental_vacuum(256)")
                .fetch_all(&mut *connection)
                .await
                .doing("give pages back")?;
        }
    }
}

impl Reader {
    /// Whether messages of a ticket had to make room: they are at the gateway.
    pub async fn is_evicted(&self, ticket: TicketId) -> Result<bool, CacheError> {
        let found: Option<i64> = sqlx::query_scalar("select 1 from evicted where ticket = ?1")
            .bind(ticket.to_string())
            .fetch_optional(&self.pool)
            .await
            .doing("see whether messages are here")?;
        Ok(found.is_some())
    }

    /// Reads every page and looks whether the file is whole; an error that
    /// [is damage](CacheError::is_damaged) when it is not. Takes as long as reading all of the
    /// file takes, one table after the other, and blocks nobody.
    pub async fn check(&self) -> Result<(), CacheError> {
        let tables: Vec<String> = sqlx::query_scalar(
            "select name from sqlite_schema where type = 'table' and rootpage > 0 order by name",
        )
        .fetch_all(&self.pool)
        .await
        .doing("list what is to be checked")?;
        for table in tables {
            let told: Result<Vec<String>, _> =
                sqlx::query_scalar("select * from pragma_quick_check(?1)")
                    .bind(&table)
                    .fetch_all(&self.pool)
                    .await;
            match told {
                Ok(told) if told == ["ok"] => {}
                // What the library answers once a page has failed its check; the statement is
                // right, so there is no other cause.
                Err(error) if code(&error) != Some(Primary::ERROR) => {
                    return Err(error).doing("check the file");
                }
                _ => return Err(CacheError::Damaged { table }),
            }
        }
        Ok(())
    }
}

async fn measure(connection: &mut SqliteConnection, sql: &'static str) -> Result<i64, CacheError> {
    sqlx::query_scalar(sql)
        .fetch_one(connection)
        .await
        .doing("measure the file")
}

// As sums, since the library answers some of these as text.
pub(crate) const USED: &str = "select (page_count - freelist_count) * page_size \
    from pragma_page_count, pragma_freelist_count, pragma_page_size";
const FREE: &str = "select freelist_count + 0 from pragma_freelist_count";
