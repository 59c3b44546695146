//! What was begun and not sent. No part of the copy: it survives every new sync, and leaves this
//! computer only as a reply or a note.

use crate::{
    Cache, Key,
    apply::Tx,
    error::{CacheError, Doing},
    open::{Reader, Writer},
};
use chrono::{DateTime, Utc};
use deskhand_domain::TicketId;
use deskhand_protocol::view::{Draft, OutboxAction};
use sqlx::{Row, sqlite::SqliteRow};
use std::{collections::BTreeSet, path::Path};

impl Reader {
    /// What was begun in a ticket.
    pub async fn draft(&self, ticket: TicketId) -> Result<Option<Draft>, CacheError> {
        let row = sqlx::query("select ticket, reply, note, saved_at from drafts where ticket = ?1")
            .bind(ticket.to_string())
            .fetch_optional(&self.pool)
            .await
            .doing("read a draft")?;
        Ok(row.as_ref().map(draft))
    }

    /// Where something was begun.
    pub async fn drafts(&self) -> Result<BTreeSet<TicketId>, CacheError> {
        let tickets: Vec<String> = sqlx::query_scalar("select ticket from drafts")
            .fetch_all(&self.pool)
            .await
            .doing("list the drafts")?;
        Ok(tickets
            .into_iter()
            .filter_map(|ticket| ticket.parse().ok())
            .collect())
    }
}

impl Writer {
    /// Stores what was begun in a ticket; with both texts empty there is nothing any more. When
    /// this returns, it survives a crash of the machine.
    pub async fn save_draft(&self, ticket: TicketId, draft: &Draft) -> Result<(), CacheError> {
        if draft.reply.is_empty() && draft.note.is_empty() {
            sqlx::query("delete from drafts where ticket = ?1")
                .bind(ticket.to_string())
                .execute(&mut *self.turn().await?)
                .await
                .doing("drop a draft")?;
            return Ok(());
        }
        sqlx::query(
            "insert into drafts (ticket, reply, note, saved_at) values (?1, ?2, ?3, ?4) \
             on conflict (ticket) do update set reply = excluded.reply, note = excluded.note, \
             saved_at = excluded.saved_at",
        )
        .bind(ticket.to_string())
        .bind(&draft.reply)
        .bind(&draft.note)
        .bind(draft.saved_at.timestamp_micros())
        .execute(&mut *self.turn().await?)
        .await
        .doing("store a draft")?;
        Ok(())
    }
}

impl Cache {
    /// Reads what can still be read of the drafts of a cache that does not open any more.
    pub async fn salvage_drafts(path: &Path, key: &Key) -> Vec<(TicketId, Draft)> {
        let Some((pool, _ending)) = Self::for_salvage(path, key).await else {
            return Vec::new();
        };
        let rows = sqlx::query("select ticket, reply, note, saved_at from drafts")
            .fetch_all(&pool)
            .await;
        pool.close().await;
        rows.unwrap_or_default()
            .iter()
            .filter_map(|row| Some((row.get::<&str, _>(0).parse().ok()?, draft(row))))
            .collect()
    }
}

/// What is sent is begun no more.
pub(crate) async fn sent(
    tx: &mut Tx<'_>,
    ticket: TicketId,
    action: &OutboxAction,
) -> Result<(), CacheError> {
    let statement = match action {
        OutboxAction::Reply { .. } => "update drafts set reply = '' where ticket = ?1",
        OutboxAction::Note { .. } => "update drafts set note = '' where ticket = ?1",
        OutboxAction::Change { .. } | OutboxAction::Merge { .. } => return Ok(()),
    };
    for statement in [
        statement,
        "delete from drafts where ticket = ?1 and reply = '' and note = ''",
    ] {
        sqlx::query(statement)
            .bind(ticket.to_string())
            .execute(&mut **tx)
            .await
            .doing("drop a draft that was sent")?;
    }
    Ok(())
}

fn draft(row: &SqliteRow) -> Draft {
    Draft {
        reply: row.get(1),
        note: row.get(2),
        saved_at: DateTime::<Utc>::from_timestamp_micros(row.get(3)).unwrap_or_default(),
    }
}
