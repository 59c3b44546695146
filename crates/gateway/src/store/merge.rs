//! Merging: a ticket becomes part of another one of the same customer.
//!
//! Its messages go there, and each remembers where it was written: a page of the web chat shows of
//! a merged conversation what was said in its own, and a reply that names the ticket that ended
//! must have seen the rest of the one that goes on.

use super::{Doing as _, Entry, Store, StoreError, Tx, entity, sql::Cell};
use crate::clock::millis;
use deskhand_domain::{
    Account, AccountId, Author, Message, MessageId, MessageKind, Ticket, TicketId, TicketStatus,
};
use deskhand_protocol::{
    audit::{Action, ThingKind},
    rest::Merged,
};
use uuid::Uuid;

/// More messages than any conversation has.
const ALL: usize = 100_000;

impl Store {
    /// The ticket that goes on when this one was merged; otherwise the same.
    pub async fn going_on(&self, ticket: TicketId) -> Result<TicketId, StoreError> {
        let found = self.get::<Ticket>(ticket.0).await?;
        Ok(found.and_then(|found| found.merged_into).unwrap_or(ticket))
    }
}

impl Tx {
    /// The ticket, or the one that it became part of.
    pub(super) async fn going_on(&mut self, id: TicketId) -> Result<Option<Ticket>, StoreError> {
        match self.ticket(id).await? {
            Some(Ticket {
                merged_into: Some(into),
                ..
            }) => self.ticket(into).await,
            found => Ok(found),
        }
    }

    /// Makes a ticket part of another one; `None` when there is no such ticket. `notes` are the ids
    /// of the two notes that say so.
    pub async fn merge(
        &mut self,
        id: TicketId,
        into: TicketId,
        by: AccountId,
        notes: [Uuid; 2],
    ) -> Result<Option<Merged>, StoreError> {
        let Some(mut ticket) = self.ticket(id).await? else {
            return Ok(None);
        };
        let wrong = |detail: &str| {
            Err(StoreError::Wrong {
                pointer: "/into".to_owned(),
                detail: detail.to_owned(),
            })
        };
        if id == into {
            return wrong("a ticket cannot become part of itself");
        }
        let Some(mut target) = self.ticket(into).await? else {
            return wrong("there is no such ticket");
        };
        may_merge(&ticket, &target)?;

        let moved = self.move_messages(&ticket, into).await?;
        self.move_held(&ticket, &target).await?;
        self.move_conversations(id, into).await?;
        self.lead_on(id, into).await?;

        let name = self.get::<Account>(by.0).await?.map(|by| by.name);
        let name = name.as_deref().unwrap_or("Somebody");
        let said = [
            (
                &ticket,
                format!(
                    "{name} made this ticket part of ticket {}. What was said here is there now.",
                    target.number
                ),
            ),
            (
                &target,
                format!(
                    "{name} made ticket {} part of this one: {}. Messages that came here with it: {moved}.",
                    ticket.number, ticket.subject
                ),
            ),
        ];
        let mut written = Vec::new();
        for ((ticket, text), id) in said.into_iter().zip(notes) {
            written.push(Message {
                id: MessageId(id),
                ticket: ticket.id,
                kind: MessageKind::Note,
                author: Author::System,
                channel: ticket.channel,
                text,
                sent_at: self.moment_after(ticket.id).await?,
                delivery: None,
                attachments: Vec::new(),
                held_until: None,
            });
        }
        unite(&mut target, &ticket);
        if let Some(newest) = self.newest_of_customer(into).await? {
            target.channel = newest.channel;
        }
        end(&mut ticket, into);
        for changed in [&mut ticket, &mut target] {
            changed.updated_at = self.now.max(changed.updated_at);
        }
        self.put(&[ticket.clone(), target.clone()]).await?;
        self.put(&written).await?;
        self.audit(
            Entry::new(by, Action::TicketsMerged)
                .to(ThingKind::Ticket, id)
                .of(target.customer)
                .with("into", into)
                .with("messages", moved),
        );
        Ok(Some(Merged {
            ticket,
            into: target,
        }))
    }

    async fn move_messages(&mut self, of: &Ticket, into: TicketId) -> Result<usize, StoreError> {
        let rows = entity::select::<Message>()
            .and("ticket = ?", vec![Cell::text(of.id)])
            .rows(&mut *self.inner, "sent_at, id", ALL)
            .await
            .doing("read what moves")?;
        let mut messages = entity::read_all::<Message>(&rows)?;
        sqlx::query("update messages set moved_from = $1 where ticket = $1 and moved_from is null")
            .bind(of.id.to_string())
            .execute(&mut *self.inner)
            .await
            .doing("remember where messages were written")?;
        for message in &mut messages {
            message.ticket = into;
        }
        self.put(&messages).await?;
        Ok(messages.len())
    }

    /// An undo of a reply gives back to the ticket that goes on what the reply did to the one that
    /// ended.
    async fn move_held(&mut self, of: &Ticket, into: &Ticket) -> Result<(), StoreError> {
        let status = if of.waiting_since.is_some() {
            TicketStatus::Open
        } else {
            into.status
        };
        let Cell::Text(Some(status)) = Cell::word(status) else {
            return Ok(());
        };
        sqlx::query("update held_replies set ticket = $2, status = $3 where ticket = $1")
            .bind(of.id.to_string())
            .bind(into.id.to_string())
            .bind(status)
            .execute(&mut *self.inner)
            .await
            .doing("move held replies")?;
        Ok(())
    }

    async fn move_conversations(&mut self, of: TicketId, into: TicketId) -> Result<(), StoreError> {
        sqlx::query(
            "update conversations set ticket = $2, moved_from = coalesce(moved_from, $1),
             moved_at = coalesce(moved_at, $3) where ticket = $1",
        )
        .bind(of.to_string())
        .bind(into.to_string())
        .bind(millis(self.now))
        .execute(&mut *self.inner)
        .await
        .doing("move conversations")?;
        Ok(())
    }

    /// What became part of the ticket earlier is part of the other one now.
    async fn lead_on(&mut self, of: TicketId, into: TicketId) -> Result<(), StoreError> {
        let rows = entity::select::<Ticket>()
            .and("merged_into = ?", vec![Cell::text(of)])
            .rows(&mut *self.inner, "id", ALL)
            .await
            .doing("read what was merged before")?;
        let mut earlier = entity::read_all::<Ticket>(&rows)?;
        for ticket in &mut earlier {
            ticket.merged_into = Some(into);
            ticket.updated_at = self.now.max(ticket.updated_at);
        }
        self.put(&earlier).await
    }

    async fn newest_of_customer(&mut self, of: TicketId) -> Result<Option<Message>, StoreError> {
        let rows = entity::select::<Message>()
            .and("ticket = ?", vec![Cell::text(of)])
            .and("kind = ?", vec![Cell::word(MessageKind::Public)])
            .and("author_kind = ?", vec![Cell::text("customer")])
            .rows(&mut *self.inner, "sent_at desc, id desc", 1)
            .await
            .doing("look where the customer wrote last")?;
        Ok(entity::read_all::<Message>(&rows)?.pop())
    }
}

fn may_merge(ticket: &Ticket, into: &Ticket) -> Result<(), StoreError> {
    let refused = |words: String| Err(StoreError::Refused(words));
    if ticket.merged_into.is_some() {
        return refused(format!(
            "ticket {} is part of another one already: merge that one",
            ticket.number
        ));
    }
    if into.merged_into.is_some() {
        return refused(format!(
            "ticket {} is part of another one itself: merge into that one",
            into.number
        ));
    }
    if ticket.customer != into.customer {
        return refused(format!(
            "tickets {} and {} are of different customers, who must not read each other's: link them in a note instead",
            ticket.number, into.number
        ));
    }
    Ok(())
}

/// The ticket that goes on, with what the other one brings.
fn unite(into: &mut Ticket, ticket: &Ticket) {
    if ticket.waiting_since.is_some() {
        into.status = TicketStatus::Open;
        into.snoozed_until = None;
    }
    // Unread in one is unread in both.
    into.seen_at = match (into.is_unread(), ticket.is_unread()) {
        (false, false) => into.seen_at.max(ticket.seen_at),
        (true, false) => into.seen_at,
        (false, true) => ticket.seen_at,
        (true, true) => into.seen_at.min(ticket.seen_at),
    };
    into.waiting_since = earliest(into.waiting_since, ticket.waiting_since);
    into.due_at = earliest(into.due_at, ticket.due_at);
    if ticket.last_message_at > into.last_message_at {
        into.last_message_at = ticket.last_message_at;
        into.snippet.clone_from(&ticket.snippet);
    }
    into.created_at = into.created_at.min(ticket.created_at);
    into.order = into.order.or(ticket.order);
    into.at_stake = into.at_stake.or(ticket.at_stake);
    into.assignee = into.assignee.or(ticket.assignee);
    into.escalated |= ticket.escalated;
    into.priority = into.priority.max(ticket.priority);
    into.tags.extend(ticket.tags.iter().cloned());
    into.tags.sort();
    into.tags.dedup();
    for account in &ticket.mentions {
        if !into.mentions.contains(account) {
            into.mentions.push(*account);
        }
    }
    for (key, value) in &ticket.fields {
        into.fields
            .entry(key.clone())
            .or_insert_with(|| value.clone());
    }
}

/// The ticket that ended.
fn end(ticket: &mut Ticket, into: TicketId) {
    ticket.merged_into = Some(into);
    ticket.status = TicketStatus::Closed;
    ticket.snoozed_until = None;
    ticket.waiting_since = None;
    ticket.due_at = None;
    ticket.mentions.clear();
}

/// The earlier of two moments, where there is one.
pub(super) fn earliest<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
