//! Replies to customers: refused when the conversation went on, and held for a moment, so that
//! their author may take them back.
//!
//! A public message is refused when, after the message its author had seen, there is a public one
//! that the same account did not write. Messages of a ticket are in the order of `sent_at`, then of
//! their id; `Tx::moment_after` makes that the order in which they arrived.

use super::{
    Doing as _, Entry, Store, StoreError, Tx,
    cells::Cells,
    entity,
    merge::earliest,
    sql::{self, Cell},
};
use crate::clock::{millis, moment};
use chrono::TimeDelta;
use deskhand_domain::{
    AccountId, Author, Delivery, Instant, MacroId, Message, MessageId, MessageKind, Ticket,
    TicketId, TicketStatus, sla, text,
};
use deskhand_protocol::{
    audit::{Action, Actor, ThingKind},
    rest::TicketPatch,
    sync::Kind,
};
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// How many missed messages a refusal holds at most, the newest.
const MISSED: usize = 100;
/// How much further ahead than it is held for a reply's moment may lie.
const SLACK: TimeDelta = TimeDelta::minutes(1);
/// How many replies are released in one transaction.
const AT_ONCE: usize = 100;

/// What became of an undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// The message is gone and the ticket is as before; also when it was so already.
    Done,
    /// It is on its way to the customer.
    TooLate,
    /// Somebody else wrote it.
    NotYours,
    /// The ticket has no such message.
    Unknown,
}

/// A reply that is or was held.
struct Held {
    ticket: TicketId,
    author: Uuid,
    sent_at: i64,
    /// The ticket before the reply.
    before: Ticket,
    /// The state that the reply gave the ticket.
    status: TicketStatus,
    /// What the stored answer it was made from changed beside.
    changes: TicketPatch,
    /// That stored answer.
    stored: Option<MacroId>,
    undone: bool,
}

impl Tx {
    /// The public messages after the one its author had seen, without the author's own. Who names
    /// a ticket that was merged had not seen what was said elsewhere: from the first of that on,
    /// all was missed.
    pub(super) async fn missed(
        &mut self,
        ticket: TicketId,
        named: TicketId,
        seen: Option<MessageId>,
        author: AccountId,
    ) -> Result<Vec<Message>, StoreError> {
        let of_others = || {
            entity::select::<Message>()
                .and("ticket = ?", vec![Cell::text(ticket)])
                .and("kind = ?", vec![Cell::word(MessageKind::Public)])
                .and(
                    "author_kind = 'customer' or (author_kind = 'account' and author <> ?)",
                    vec![Cell::text(author)],
                )
        };
        let mut select = of_others();
        if let Some((at, id)) = self.place(ticket, seen).await? {
            select = select.and(
                "sent_at > ? or (sent_at = ? and id > ?)",
                vec![Cell::int(at), Cell::int(at), Cell::text(id)],
            );
        }
        if named != ticket {
            let elsewhere = of_others()
                .and(
                    "moved_from is null or moved_from <> ?",
                    vec![Cell::text(named)],
                )
                .rows(&mut *self.inner, "sent_at, id", 1)
                .await
                .doing("look for what was said elsewhere")?;
            if let Some(first) = entity::read_all::<Message>(&elsewhere)?.pop() {
                let at = millis(first.sent_at);
                select = of_others().and(
                    "sent_at > ? or (sent_at = ? and id >= ?)",
                    vec![Cell::int(at), Cell::int(at), Cell::text(first.id)],
                );
            }
        }
        let rows = select
            .rows(&mut *self.inner, "sent_at desc, id desc", MISSED)
            .await
            .doing("look for what was missed")?;
        let mut missed = entity::read_all::<Message>(&rows)?;
        missed.reverse();
        Ok(missed)
    }

    /// Where a message stands in its conversation, also one that was undone.
    async fn place(
        &mut self,
        ticket: TicketId,
        message: Option<MessageId>,
    ) -> Result<Option<(i64, Uuid)>, StoreError> {
        let Some(MessageId(id)) = message else {
            return Ok(None);
        };
        let known: Option<(i64,)> = sqlx::query_as(
            "select sent_at from messages where id = $1 and ticket = $2
             union all select sent_at from held_replies where message = $1 and ticket = $2 limit 1",
        )
        .bind(id.to_string())
        .bind(ticket.to_string())
        .fetch_optional(&mut *self.inner)
        .await
        .doing("look for what was seen")?;
        Ok(known.map(|(at,)| (at, id)))
    }

    /// Remembers what an undo of a reply gives back.
    pub(super) async fn hold(
        &mut self,
        message: &Message,
        author: AccountId,
        before: &Ticket,
        status: TicketStatus,
        (changes, stored): (&TicketPatch, Option<MacroId>),
    ) -> Result<(), StoreError> {
        let columns = [
            "message",
            "ticket",
            "author",
            "sent_at",
            "ticket_before",
            "status",
            "changes",
            "macro",
        ];
        let row = vec![
            Cell::text(message.id),
            Cell::text(message.ticket),
            Cell::text(author),
            Cell::at(message.sent_at),
            Cell::json(before),
            Cell::word(status),
            Cell::json(changes),
            Cell::maybe(stored),
        ];
        self.held = true;
        sql::upsert(
            &mut self.inner,
            "held_replies",
            "message",
            &columns,
            vec![row],
        )
        .await
        .doing("hold a reply")
    }

    async fn held(&mut self, message: MessageId) -> Result<Option<Held>, StoreError> {
        let row = sqlx::query(
            "select message as id, ticket, author, sent_at, ticket_before, status, changes, macro,
             undone_at from held_replies where message = $1",
        )
        .bind(message.to_string())
        .fetch_optional(&mut *self.inner)
        .await
        .doing("look for a held reply")?;
        let Some(row) = row else { return Ok(None) };
        let cells = Cells::new("held_replies", &row);
        Ok(Some(Held {
            ticket: cells.parse("ticket")?,
            author: cells.parse("author")?,
            sent_at: cells.int("sent_at")?,
            before: cells.json("ticket_before")?,
            status: cells.word("status")?,
            changes: cells.json("changes")?,
            stored: cells.maybe_parse("macro")?,
            undone: cells.maybe_int("undone_at")?.is_some(),
        }))
    }

    async fn undo(
        &mut self,
        ticket: TicketId,
        id: MessageId,
        by: AccountId,
    ) -> Result<Undo, StoreError> {
        let named = ticket;
        let ticket = match self.going_on(ticket).await? {
            Some(ticket) => ticket.id,
            None => named,
        };
        let Some(held) = self.held(id).await? else {
            return Ok(match self.get::<Message>(id.0).await? {
                Some(message) if message.ticket != ticket => Undo::Unknown,
                Some(message) if message.author != Author::Account(by) => Undo::NotYours,
                Some(_) => Undo::TooLate,
                None => Undo::Unknown,
            });
        };
        if held.ticket != ticket {
            return Ok(Undo::Unknown);
        }
        if held.author != by.0 {
            return Ok(Undo::NotYours);
        }
        if held.undone {
            return Ok(Undo::Done);
        }
        sqlx::query("delete from messages where id = $1")
            .bind(id.to_string())
            .execute(&mut *self.inner)
            .await
            .doing("take a reply back")?;
        sqlx::query("update held_replies set undone_at = $2 where message = $1")
            .bind(id.to_string())
            .bind(millis(self.now))
            .execute(&mut *self.inner)
            .await
            .doing("remember an undo")?;
        self.touched.insert((Kind::Message, id.0));
        if let Some(stored) = held.stored {
            self.count_use(stored, -1).await?;
        }
        self.give_back(ticket, id, &held).await?;
        self.audit(
            Entry::new(by, Action::MessageTakenBack)
                .to(ThingKind::Message, id)
                .of(held.before.customer)
                .with("ticket", ticket),
        );
        Ok(Undo::Done)
    }

    /// Makes the ticket as it would be without a reply that is gone.
    async fn give_back(
        &mut self,
        ticket: TicketId,
        id: MessageId,
        held: &Held,
    ) -> Result<(), StoreError> {
        let Some(mut ticket) = self.get::<Ticket>(ticket.0).await? else {
            return Ok(());
        };
        let public = entity::select::<Message>()
            .and("ticket = ?", vec![Cell::text(ticket.id)])
            .and("kind = ?", vec![Cell::word(MessageKind::Public)])
            .rows(&mut *self.inner, "sent_at desc, id desc", MISSED)
            .await
            .doing("read the conversation")?;
        let public = entity::read_all::<Message>(&public)?;
        let later =
            |message: &&Message| (millis(message.sent_at), message.id.0) > (held.sent_at, id.0);
        let answered = public
            .iter()
            .take_while(later)
            .any(|message| matches!(message.author, Author::Account(_)));
        if answered {
            // A later reply stands; were it undone too, this one must not come back with it.
            self.give_back_later(held).await?;
        } else {
            without(&mut ticket, held);
        }
        (ticket.last_message_at, ticket.snippet) = match public.first() {
            Some(newest) => (newest.sent_at, text::snippet(&newest.text)),
            None => (held.before.last_message_at, held.before.snippet.clone()),
        };
        ticket.updated_at = self.now.max(ticket.updated_at);
        self.put(&[ticket]).await
    }

    /// Changes what the next held reply of the ticket gives back.
    async fn give_back_later(&mut self, held: &Held) -> Result<(), StoreError> {
        let next: Option<(String,)> = sqlx::query_as(
            "select message from held_replies
             where ticket = $1 and sent_at > $2 and undone_at is null order by sent_at limit 1",
        )
        .bind(held.ticket.to_string())
        .bind(held.sent_at)
        .fetch_optional(&mut *self.inner)
        .await
        .doing("look for later replies")?;
        let Some(id) = next.and_then(|(id,)| id.parse::<MessageId>().ok()) else {
            return Ok(());
        };
        let Some(mut later) = self.held(id).await? else {
            return Ok(());
        };
        without(&mut later.before, held);
        let before = serde_json::to_string(&later.before)
            .map_err(|error| sqlx::Error::Encode(Box::new(error)))
            .doing("write what an undo gives back")?;
        sqlx::query("update held_replies set ticket_before = $2 where message = $1")
            .bind(id.to_string())
            .bind(before)
            .execute(&mut *self.inner)
            .await
            .doing("change what an undo gives back")?;
        Ok(())
    }

    /// Sends held replies whose moment has passed.
    async fn release(&mut self) -> Result<(), StoreError> {
        let rows = entity::select::<Message>()
            .and(
                "held_until <= ? or held_until > ?",
                vec![Cell::at(self.now), Cell::at(self.now + self.hold + SLACK)],
            )
            .rows(&mut *self.inner, "held_until, id", AT_ONCE)
            .await
            .doing("look for replies to release")?;
        let mut due = entity::read_all::<Message>(&rows)?;
        for message in &mut due {
            message.delivery = Some(Delivery::Sent);
            message.held_until = None;
            sqlx::query("delete from held_replies where message = $1")
                .bind(message.id.to_string())
                .execute(&mut *self.inner)
                .await
                .doing("release a reply")?;
            self.audit(
                Entry::new(Actor::System, Action::MessageReleased)
                    .to(ThingKind::Message, message.id)
                    .with("ticket", message.ticket),
            );
        }
        self.put(&due).await
    }
}

/// Takes back what a reply did to a ticket, and leaves what others did since.
fn without(ticket: &mut Ticket, held: &Held) {
    let before = &held.before;
    without_changes(ticket, before, &held.changes);
    // A reply ends the waiting, so who waits now has written since.
    let wrote_again = ticket.waiting_since.is_some();
    let closed_since = ticket.status == TicketStatus::Closed && held.status != TicketStatus::Closed;
    if !wrote_again && ticket.status == held.status {
        ticket.status = before.status;
        ticket.snoozed_until = before.snoozed_until;
    }
    if closed_since {
        return;
    }
    ticket.waiting_since = earliest(before.waiting_since, ticket.waiting_since);
    let as_before = before.waiting_since.is_some()
        && (before.channel, before.priority, before.waiting_since)
            == (ticket.channel, ticket.priority, ticket.waiting_since);
    ticket.due_at = if as_before {
        before.due_at
    } else {
        let since = ticket.waiting_since;
        since.map(|since| sla::due_at(since, ticket.channel, ticket.priority))
    };
}

/// Takes back what a stored answer changed beside, where nobody changed it since.
fn without_changes(ticket: &mut Ticket, before: &Ticket, changes: &TicketPatch) {
    if changes.priority == Some(ticket.priority) {
        ticket.priority = before.priority;
    }
    if changes.assignee == Some(ticket.assignee) {
        ticket.assignee = before.assignee;
    }
    if changes.escalated == Some(ticket.escalated) {
        ticket.escalated = before.escalated;
    }
    let had = |tag: &String| before.tags.contains(tag);
    ticket
        .tags
        .retain(|tag| had(tag) || !changes.add_tags.contains(tag));
    let removed = changes.remove_tags.iter().filter(|tag| had(tag)).cloned();
    ticket.tags.extend(removed);
    ticket.tags.sort();
    ticket.tags.dedup();
    for (key, value) in &changes.fields {
        if ticket.fields.get(key) == value.as_ref() {
            match before.fields.get(key) {
                Some(value) => ticket.fields.insert(key.clone(), value.clone()),
                None => ticket.fields.remove(key),
            };
        }
    }
}

impl Store {
    /// How long replies by mail and the like are kept back from now on; zero for not at all.
    pub fn hold_replies(&self, during: TimeDelta) {
        let during = during.num_milliseconds().max(0);
        self.inner.hold.store(during, Ordering::Relaxed);
    }

    /// Takes a reply back while it is held.
    pub async fn undo(
        &self,
        ticket: TicketId,
        message: MessageId,
        by: AccountId,
    ) -> Result<Undo, StoreError> {
        self.write(move |tx| Box::pin(tx.undo(ticket, message, by)))
            .await
    }

    /// Sends what was held long enough, and answers when there is more to send.
    pub async fn release_due(&self) -> Result<Option<Instant>, StoreError> {
        loop {
            let (next,): (i64,) = sqlx::query_as(
                "select coalesce(min(held_until), -1) from messages where held_until is not null",
            )
            .fetch_one(self.read())
            .await
            .doing("look for held replies")?;
            match moment(next).filter(|_| next >= 0) {
                Some(until) if self.is_due(until) => {
                    self.write(|tx| Box::pin(tx.release())).await?;
                }
                next => return Ok(next),
            }
        }
    }

    /// Whether a reply that is held until then may go: its moment has passed, or it lies further
    /// ahead than any reply is held, because the clock was set back or less is held than before.
    fn is_due(&self, until: Instant) -> bool {
        let now = self.clock().now();
        let hold = TimeDelta::milliseconds(self.inner.hold.load(Ordering::Relaxed));
        until <= now || until > now + hold + SLACK
    }

    /// Waits until a reply is held.
    pub async fn something_is_held(&self) {
        self.inner.held.notified().await;
    }
}
