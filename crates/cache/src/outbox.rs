//! What was written here and is not known to be at the gateway.

use crate::{
    apply::{Tx, settle},
    drafts,
    error::{CacheError, Doing},
    open::{Reader, Writer},
};
use chrono::{DateTime, Utc};
use deskhand_domain::{Compared, Message, MessageId, OpId, TicketId};
use deskhand_protocol::view::OutboxAction;
use serde::Serialize;
use sqlx::{Row, sqlite::SqliteRow};
use std::mem::discriminant;

/// An operation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOp {
    /// Its id, for the gateway to know it again by.
    pub op: OpId,
    /// Where.
    pub ticket: TicketId,
    /// What.
    pub action: OutboxAction,
    /// How it stands.
    pub state: StoredState,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// How often it may have reached the gateway, and no answer said whether it did.
    pub attempts: u32,
    /// Not to be tried before.
    pub not_before: Option<DateTime<Utc>>,
}

/// How a stored operation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredState {
    /// Goes out by itself.
    Waiting,
    /// The gateway has it; the feed has not brought it back.
    Sent,
    /// The conversation went on while it waited; a person compares and chooses.
    Held {
        /// The public messages its author had not seen, oldest first.
        missed: Vec<Message>,
    },
    /// Somebody set the same values while it waited; a person chooses.
    Moved {
        /// The values as they are now.
        now: Vec<Compared>,
    },
    /// Refused, and why; a person has to act.
    Parked(String),
}

/// What an operation became at the gateway: when the feed brings it, the operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// A message.
    Message(MessageId),
    /// The ticket as changed at this moment.
    Change(DateTime<Utc>),
}

impl Reader {
    /// All operations, oldest first.
    pub async fn outbox(&self) -> Result<Vec<StoredOp>, CacheError> {
        sqlx::query(
            "select op, ticket, action, state, reason, created_at, attempts, not_before \
             from outbox order by seq",
        )
        .fetch_all(&self.pool)
        .await
        .doing("read the outbox")?
        .iter()
        .map(stored)
        .collect()
    }

    /// The operations of a ticket, oldest first.
    pub async fn outbox_of(&self, ticket: TicketId) -> Result<Vec<StoredOp>, CacheError> {
        sqlx::query(
            "select op, ticket, action, state, reason, created_at, attempts, not_before \
             from outbox where ticket = ?1 order by seq",
        )
        .bind(ticket.to_string())
        .fetch_all(&self.pool)
        .await
        .doing("read a ticket's outbox")?
        .iter()
        .map(stored)
        .collect()
    }
}

impl Writer {
    /// Stores an operation. When this returns, it survives a crash of the machine.
    pub async fn enqueue(
        &self,
        op: OpId,
        ticket: TicketId,
        action: &OutboxAction,
        now: DateTime<Utc>,
    ) -> Result<(), CacheError> {
        let stored = json(action)?;
        let mut tx = self.turns.begin().await.doing("begin to store")?;
        sqlx::query(
            "insert into outbox (op, ticket, action, state, created_at) \
             values (?1, ?2, ?3, 'waiting', ?4)",
        )
        .bind(op.to_string())
        .bind(ticket.to_string())
        .bind(stored)
        .bind(now.timestamp_micros())
        .execute(&mut *tx)
        .await
        .doing("store an operation")?;
        drafts::sent(&mut tx, ticket, action).await?;
        tx.commit().await.doing("commit an operation")
    }

    /// Takes an operation over from another cache, unless it is here already.
    pub async fn adopt(&self, op: &StoredOp) -> Result<(), CacheError> {
        let action = json(&op.action)?;
        let (state, reason) = match &op.state {
            // Sent once more at worst: the gateway knows it by its id.
            StoredState::Waiting | StoredState::Sent => ("waiting", String::new()),
            StoredState::Held { missed } => ("held", json(missed)?),
            StoredState::Moved { now } => ("moved", json(now)?),
            StoredState::Parked(reason) => ("parked", reason.clone()),
        };
        sqlx::query(
            "insert or ignore into outbox (op, ticket, action, state, reason, created_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(op.op.to_string())
        .bind(op.ticket.to_string())
        .bind(action)
        .bind(state)
        .bind(reason)
        .bind(op.created_at.timestamp_micros())
        .execute(&mut *self.turn().await?)
        .await
        .doing("take an operation over")?;
        Ok(())
    }

    /// The gateway has it. It leaves the outbox at once if the feed was faster than the answer.
    pub async fn mark_sent(&self, op: OpId, became: Became) -> Result<(), CacheError> {
        let (message, changed_at) = match became {
            Became::Message(id) => (Some(id.to_string()), None),
            Became::Change(at) => (None, Some(at.timestamp_micros())),
        };
        let mut tx = self
            .turns
            .begin()
            .await
            .doing("begin to note what was sent")?;
        sqlx::query(
            "update outbox set state = 'sent', reason = '', became_message = ?2, changed_at = ?3 \
             where op = ?1",
        )
        .bind(op.to_string())
        .bind(message)
        .bind(changed_at)
        .execute(&mut *tx)
        .await
        .doing("note what was sent")?;
        settle(&mut tx).await?;
        tx.commit().await.doing("commit what was sent")
    }

    /// It is about to be sent: from now on the gateway may have it, whatever happens here.
    pub async fn mark_leaving(&self, op: OpId) -> Result<(), CacheError> {
        sqlx::query("update outbox set attempts = attempts + 1 where op = ?1")
            .bind(op.to_string())
            .execute(&mut *self.turn().await?)
            .await
            .doing("note that it leaves")?;
        Ok(())
    }

    /// It did not leave: nobody took it. It is tried again later.
    pub async fn mark_stayed(&self, op: OpId, not_before: DateTime<Utc>) -> Result<(), CacheError> {
        sqlx::query("update outbox set attempts = attempts - 1, not_before = ?2 where op = ?1")
            .bind(op.to_string())
            .bind(not_before.timestamp_micros())
            .execute(&mut *self.turn().await?)
            .await
            .doing("note that it stayed")?;
        Ok(())
    }

    /// It left, no answer said what became of it, and it is tried again later.
    pub async fn mark_later(&self, op: OpId, not_before: DateTime<Utc>) -> Result<(), CacheError> {
        sqlx::query("update outbox set not_before = ?2 where op = ?1")
            .bind(op.to_string())
            .bind(not_before.timestamp_micros())
            .execute(&mut *self.turn().await?)
            .await
            .doing("note a later attempt")?;
        Ok(())
    }

    /// It was refused; a person has to act.
    pub async fn park(&self, op: OpId, reason: &str) -> Result<(), CacheError> {
        sqlx::query("update outbox set state = 'parked', reason = ?2, attempts = 0 where op = ?1")
            .bind(op.to_string())
            .bind(reason)
            .execute(&mut *self.turn().await?)
            .await
            .doing("park an operation")?;
        Ok(())
    }

    /// The conversation went on: it waits for a person, together with what its author missed.
    pub async fn hold(&self, op: OpId, missed: &[Message]) -> Result<(), CacheError> {
        // What was missed stands where a parked one has its reason, so that every file that was
        // ever written can be salvaged with one statement.
        sqlx::query(
            "update outbox set state = 'held', reason = ?2, attempts = 0 \
             where op = ?1 and state <> 'sent'",
        )
        .bind(op.to_string())
        .bind(json(&missed)?)
        .execute(&mut *self.turn().await?)
        .await
        .doing("hold an operation")?;
        Ok(())
    }

    /// Somebody set the same values: it waits for a person, together with what they are now.
    pub async fn moved(&self, op: OpId, now: &[Compared]) -> Result<(), CacheError> {
        sqlx::query(
            "update outbox set state = 'moved', reason = ?2 where op = ?1 and state <> 'sent'",
        )
        .bind(op.to_string())
        .bind(json(&now)?)
        .execute(&mut *self.turn().await?)
        .await
        .doing("hold a change")?;
        Ok(())
    }

    /// Sends what is held as it is: its author has seen what was missed, and with it what they
    /// queued in that ticket after it. Answers its ticket, if it is there and held.
    pub async fn send_held(&self, op: OpId) -> Result<Option<TicketId>, CacheError> {
        let mut tx = self.turns.begin().await.doing("begin to release a reply")?;
        let row = sqlx::query(
            "select op, ticket, action, state, reason, created_at, attempts, not_before \
             from outbox where op = ?1 and state in ('held', 'moved')",
        )
        .bind(op.to_string())
        .fetch_optional(&mut *tx)
        .await
        .doing("read what is held")?;
        let Some(mut held) = row.as_ref().map(stored).transpose()? else {
            return Ok(None);
        };
        let named = held.ticket;
        match &held.state {
            StoredState::Held { missed } => {
                if let Some(newest) = missed.last() {
                    see(&mut held.action, newest);
                    // It was merged meanwhile; what was missed stands in the one that goes on.
                    held.ticket = newest.ticket;
                    see_later(&mut tx, op, named, newest).await?;
                }
            }
            StoredState::Moved { now } => accept(&mut held.action, now),
            StoredState::Waiting | StoredState::Sent | StoredState::Parked(_) => {}
        }
        sqlx::query(
            "update outbox set state = 'waiting', reason = '', attempts = 0, not_before = 0, \
             action = ?2, ticket = ?3 where op = ?1",
        )
        .bind(op.to_string())
        .bind(json(&held.action)?)
        .bind(held.ticket.to_string())
        .execute(&mut *tx)
        .await
        .doing("release what is held")?;
        tx.commit().await.doing("commit what was released")?;
        Ok(Some(named))
    }

    /// Takes an operation out of the outbox, to go on writing. Answers it, unless it was sent or
    /// is not there.
    pub async fn take_back(&self, op: OpId) -> Result<Option<StoredOp>, CacheError> {
        let row = sqlx::query(
            "delete from outbox where op = ?1 and state <> 'sent' returning \
             op, ticket, action, state, reason, created_at, attempts, not_before",
        )
        .bind(op.to_string())
        .fetch_optional(&mut *self.turn().await?)
        .await
        .doing("take an operation back")?;
        row.as_ref().map(stored).transpose()
    }

    /// Makes a parked or delayed operation wait for its turn again. Answers its ticket, if it is
    /// there and not sent.
    pub async fn retry(&self, op: OpId) -> Result<Option<TicketId>, CacheError> {
        let row = sqlx::query(
            "update outbox set state = 'waiting', reason = '', not_before = 0 \
             where op = ?1 and state <> 'sent' returning ticket",
        )
        .bind(op.to_string())
        .fetch_optional(&mut *self.turn().await?)
        .await
        .doing("retry an operation")?;
        row.map(|row| ticket_of(op, &row)).transpose()
    }

    /// Drops the pauses of everything that waits: the network is back.
    pub async fn hurry(&self) -> Result<(), CacheError> {
        sqlx::query("update outbox set not_before = 0 where state = 'waiting' and not_before > 0")
            .execute(&mut *self.turn().await?)
            .await
            .doing("drop the pauses of the outbox")?;
        Ok(())
    }

    /// Gives an operation up that is not at the gateway. Answers its ticket, if it was there.
    pub async fn discard(&self, op: OpId) -> Result<Option<TicketId>, CacheError> {
        let row =
            sqlx::query("delete from outbox where op = ?1 and state <> 'sent' returning ticket")
                .bind(op.to_string())
                .fetch_optional(&mut *self.turn().await?)
                .await
                .doing("discard an operation")?;
        row.map(|row| ticket_of(op, &row)).transpose()
    }
}

/// The author of a reply has seen a message.
fn see(action: &mut OutboxAction, message: &Message) {
    if let OutboxAction::Reply { seen, .. } = action {
        *seen = Some(message.id);
    }
}

/// What was queued in a ticket after an operation is of the same author, who has seen the message
/// too. A reply that saw a newer one keeps that.
async fn see_later(
    tx: &mut Tx<'_>,
    op: OpId,
    ticket: TicketId,
    newest: &Message,
) -> Result<(), CacheError> {
    let rows = sqlx::query(
        "select op, ticket, action, state, reason, created_at, attempts, not_before \
         from outbox where ticket = ?2 and state = 'waiting' \
         and seq > (select seq from outbox where op = ?1)",
    )
    .bind(op.to_string())
    .bind(ticket.to_string())
    .fetch_all(&mut **tx)
    .await
    .doing("read what waits behind a held reply")?;
    for row in &rows {
        let mut later = stored(row)?;
        let OutboxAction::Reply { seen, .. } = &later.action else {
            continue;
        };
        let newer: Option<i64> =
            sqlx::query_scalar("select 1 from messages where id = ?1 and (sent_at, id) > (?2, ?3)")
                .bind(seen.map(|seen| seen.to_string()))
                .bind(newest.sent_at.timestamp_micros())
                .bind(newest.id.to_string())
                .fetch_optional(&mut **tx)
                .await
                .doing("look what a queued reply has seen")?;
        if newer.is_some() {
            continue;
        }
        see(&mut later.action, newest);
        sqlx::query("update outbox set action = ?2, ticket = ?3 where op = ?1")
            .bind(later.op.to_string())
            .bind(json(&later.action)?)
            .bind(newest.ticket.to_string())
            .execute(&mut **tx)
            .await
            .doing("note what a queued reply has seen")?;
    }
    Ok(())
}

/// The author of a change has seen the values as they are now.
fn accept(action: &mut OutboxAction, now: &[Compared]) {
    let was = match action {
        OutboxAction::Change { patch } => &mut patch.was,
        OutboxAction::Reply {
            changes: Some(changes),
            ..
        } => &mut changes.was,
        _ => return,
    };
    was.retain(|was| !now.iter().any(|now| is_of_same(was, now)));
    was.extend(now.iter().cloned());
}

/// Whether two speak of the same value of a ticket.
fn is_of_same(a: &Compared, b: &Compared) -> bool {
    match (a, b) {
        (Compared::Field { key: a, .. }, Compared::Field { key: b, .. }) => a == b,
        _ => discriminant(a) == discriminant(b),
    }
}

fn ticket_of(op: OpId, row: &SqliteRow) -> Result<TicketId, CacheError> {
    quoted(row.get(0)).map_err(|source| CacheError::Row {
        table: "outbox",
        column: "ticket",
        id: op.to_string(),
        source,
    })
}

pub(crate) fn stored(row: &SqliteRow) -> Result<StoredOp, CacheError> {
    let op: String = row.get(0);
    let wrong = |column, source| CacheError::Row {
        table: "outbox",
        column,
        id: op.clone(),
        source,
    };
    let not_before: i64 = row.get(7);
    Ok(StoredOp {
        op: quoted(&op).map_err(|error| wrong("op", error))?,
        ticket: quoted(row.get(1)).map_err(|error| wrong("ticket", error))?,
        action: serde_json::from_str(row.get(2)).map_err(|error| wrong("action", error))?,
        state: match row.get(3) {
            "sent" => StoredState::Sent,
            "held" => StoredState::Held {
                missed: serde_json::from_str(row.get(4)).map_err(|error| wrong("reason", error))?,
            },
            "moved" => StoredState::Moved {
                now: serde_json::from_str(row.get(4)).map_err(|error| wrong("reason", error))?,
            },
            "parked" => StoredState::Parked(row.get(4)),
            _ => StoredState::Waiting,
        },
        created_at: DateTime::from_timestamp_micros(row.get(5)).unwrap_or_default(),
        attempts: row.get(6),
        not_before: (not_before > 0)
            .then(|| DateTime::from_timestamp_micros(not_before))
            .flatten(),
    })
}

fn json(value: &impl Serialize) -> Result<String, CacheError> {
    serde_json::to_string(value).map_err(CacheError::Encode)
}

/// Reads an id that the database keeps as bare text.
fn quoted<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
}
