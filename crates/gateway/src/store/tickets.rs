//! Tickets and messages in their tables, and what a new message does to its ticket.

use super::{
    Doing as _, Store, StoreError, Tx,
    cells::Cells,
    entity::{self, Put, Row},
    patch,
    sql::Cell,
};
use crate::{audit::told, clock::moment};
use deskhand_domain::{
    Account, AccountId, Author, Channel, Delivery, Instant, Message, MessageId, MessageKind, Money,
    Ticket, TicketId, TicketStatus, text,
};
use deskhand_protocol::{
    rest::NewMessage,
    sync::{Kind, Record},
};
use uuid::Uuid;

impl Row for Ticket {
    const KIND: Kind = Kind::Ticket;
    const TABLE: &'static str = "tickets";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "number",
        "channel",
        "subject",
        "customer",
        "identity",
        "order_id",
        "team",
        "assignee",
        "status",
        "priority",
        "tags",
        "intent",
        "mood",
        "language",
        "stake_minor",
        "stake_currency",
        "escalated",
        "created_at",
        "updated_at",
        "last_message_at",
        "snippet",
        "waiting_since",
        "due_at",
        "seen_at",
        "snoozed_until",
        "mentions",
        "fields",
        "merged_into",
    ];

    fn read(cells: &Cells<'_>) -> Result<Self, StoreError> {
        let at_stake = cells
            .maybe_int("stake_minor")?
            .zip(cells.maybe_parse("stake_currency")?)
            .map(|(minor, currency)| Money::new(minor, currency));
        Ok(Self {
            id: cells.parse("id")?,
            number: u32::try_from(cells.int("number")?).map_err(|_| cells.bad("number"))?,
            channel: cells.word("channel")?,
            subject: cells.text("subject")?,
            customer: cells.parse("customer")?,
            identity: cells.word("identity")?,
            order: cells.maybe_parse("order_id")?,
            team: cells.parse("team")?,
            assignee: cells.maybe_parse("assignee")?,
            status: cells.word("status")?,
            priority: cells.word("priority")?,
            tags: cells.json("tags")?,
            intent: cells.word("intent")?,
            mood: cells.word("mood")?,
            language: cells.text("language")?,
            at_stake,
            escalated: cells.int("escalated")? != 0,
            created_at: cells.at("created_at")?,
            updated_at: cells.at("updated_at")?,
            last_message_at: cells.at("last_message_at")?,
            snippet: cells.text("snippet")?,
            waiting_since: cells.maybe_at("waiting_since")?,
            due_at: cells.maybe_at("due_at")?,
            seen_at: cells.maybe_at("seen_at")?,
            snoozed_until: cells.maybe_at("snoozed_until")?,
            mentions: cells.json("mentions")?,
            fields: cells.json("fields")?,
            merged_into: cells.maybe_parse("merged_into")?,
        })
    }

    fn record(self) -> Record {
        Record::Ticket(self)
    }
}

impl Put for Ticket {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::text(self.id),
            Cell::int(self.number),
            Cell::word(self.channel),
            Cell::text(&self.subject),
            Cell::text(self.customer),
            Cell::word(self.identity),
            Cell::maybe(self.order),
            Cell::text(self.team),
            Cell::maybe(self.assignee),
            Cell::word(self.status),
            Cell::word(self.priority),
            Cell::json(&self.tags),
            Cell::word(self.intent),
            Cell::word(self.mood),
            Cell::text(&self.language),
            Cell::Int(self.at_stake.map(|money| money.minor)),
            Cell::maybe(self.at_stake.map(|money| money.currency)),
            Cell::int(i64::from(self.escalated)),
            Cell::at(self.created_at),
            Cell::at(self.updated_at),
            Cell::at(self.last_message_at),
            Cell::text(&self.snippet),
            Cell::maybe_at(self.waiting_since),
            Cell::maybe_at(self.due_at),
            Cell::maybe_at(self.seen_at),
            Cell::maybe_at(self.snoozed_until),
            Cell::json(&self.mentions),
            Cell::json(&self.fields),
            Cell::maybe(self.merged_into),
        ]
    }
}

impl Row for Message {
    const KIND: Kind = Kind::Message;
    const TABLE: &'static str = "messages";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "ticket",
        "kind",
        "author_kind",
        "author",
        "channel",
        "text",
        "sent_at",
        "delivery",
        "attachments",
        "held_until",
    ];

    fn read(cells: &Cells<'_>) -> Result<Self, StoreError> {
        let author = match cells.text("author_kind")?.as_str() {
            "customer" => Author::Customer(cells.parse("author")?),
            "account" => Author::Account(cells.parse("author")?),
            "system" => Author::System,
            _ => return Err(cells.bad("author_kind")),
        };
        Ok(Self {
            id: cells.parse("id")?,
            ticket: cells.parse("ticket")?,
            kind: cells.word("kind")?,
            author,
            channel: cells.word("channel")?,
            text: cells.text("text")?,
            sent_at: cells.at("sent_at")?,
            delivery: cells.maybe_word("delivery")?,
            attachments: cells.json("attachments")?,
            held_until: cells.maybe_at("held_until")?,
        })
    }

    fn record(self) -> Record {
        Record::Message(self)
    }
}

impl Put for Message {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn cells(&self) -> Vec<Cell> {
        let (kind, author) = match self.author {
            Author::Customer(id) => ("customer", Some(id.0)),
            Author::Account(id) => ("account", Some(id.0)),
            Author::System => ("system", None),
        };
        vec![
            Cell::text(self.id),
            Cell::text(self.ticket),
            Cell::word(self.kind),
            Cell::text(kind),
            Cell::maybe(author),
            Cell::word(self.channel),
            Cell::text(&self.text),
            Cell::at(self.sent_at),
            Cell::Text(
                self.delivery
                    .and_then(|delivery| match Cell::word(delivery) {
                        Cell::Text(word) => word,
                        Cell::Int(_) => None,
                    }),
            ),
            Cell::json(&self.attachments),
            Cell::maybe_at(self.held_until),
        ]
    }
}

impl Tx {
    /// Adds what an account wrote; `None` when there is no such ticket. What is written in a ticket
    /// that was merged is written in the one that goes on. What the customer would get is refused
    /// when the conversation went on since, and held for a moment unless they wait at the chat.
    pub async fn add_message(
        &mut self,
        id: MessageId,
        named: TicketId,
        author: AccountId,
        new: NewMessage,
    ) -> Result<Option<(Message, Ticket)>, StoreError> {
        let Some(mut ticket) = self.going_on(named).await? else {
            return Ok(None);
        };
        if self.get::<Message>(id.0).await?.is_some() {
            return Err(StoreError::Conflict);
        }
        let public = new.kind == MessageKind::Public;
        if public {
            let missed = self.missed(ticket.id, named, new.seen, author).await?;
            if !missed.is_empty() {
                return Err(StoreError::ThreadMoved { missed });
            }
        }
        let changes = new.changes.unwrap_or_default();
        let then = new.then.or(changes.status);
        self.check_fields("/changes", &changes.fields).await?;
        let moved = patch::moved(&ticket, &changes);
        if !moved.is_empty() {
            return Err(StoreError::FieldsMoved { moved });
        }
        if let Some(stored) = new.macro_id {
            self.count_use(stored, 1).await?;
        }
        let held = public && ticket.channel != Channel::WebChat && !self.hold.is_zero();
        let sent_at = self.moment_after(ticket.id).await?;
        let message = Message {
            id,
            ticket: ticket.id,
            kind: new.kind,
            author: Author::Account(author),
            channel: ticket.channel,
            text: new.text,
            sent_at,
            delivery: match (public, held) {
                (true, true) => Some(Delivery::Held),
                (true, false) => Some(Delivery::Sent),
                (false, _) => None,
            },
            attachments: Vec::new(),
            held_until: held.then(|| self.now + self.hold),
        };
        let before = ticket.clone();
        if public {
            answered(&mut ticket, &message, then.unwrap_or(TicketStatus::Pending));
            patch::change(&mut ticket, changes.clone());
            ticket.status = then.unwrap_or(TicketStatus::Pending);
            if held {
                let status = ticket.status;
                self.hold(&message, author, &before, status, (&changes, new.macro_id))
                    .await?;
            }
        } else {
            let mentioned = self.mentioned(&message.text).await?;
            note_mentions(&mut ticket, mentioned, author);
            let status = then.unwrap_or(ticket.status);
            patch::change(&mut ticket, changes);
            ticket.status = status;
        }
        ticket.updated_at = self.now.max(ticket.updated_at);
        self.put(std::slice::from_ref(&ticket)).await?;
        self.put(std::slice::from_ref(&message)).await?;
        self.audit(told::message_written(&message, &before, &ticket));
        Ok(Some((message, ticket)))
    }

    /// The number of the next ticket.
    pub(super) async fn next_ticket_number(&mut self) -> Result<u32, StoreError> {
        let (last,): (i64,) = sqlx::query_as("select coalesce(max(number), 0) from tickets")
            .fetch_one(&mut *self.inner)
            .await
            .doing("count the tickets")?;
        Ok(u32::try_from(last + 1).unwrap_or(u32::MAX))
    }

    /// Now, or just after the newest message: the order of a conversation is the order in which
    /// its messages arrived, also within a millisecond or with a clock that was set back.
    pub(super) async fn moment_after(&mut self, ticket: TicketId) -> Result<Instant, StoreError> {
        let (newest,): (i64,) =
            sqlx::query_as("select coalesce(max(sent_at), 0) from messages where ticket = $1")
                .bind(ticket.to_string())
                .fetch_one(&mut *self.inner)
                .await
                .doing("look for the newest message")?;
        Ok(moment(newest + 1).map_or(self.now, |after| self.now.max(after)))
    }

    /// Accounts whose first name stands behind an @ in a note.
    async fn mentioned(&mut self, note: &str) -> Result<Vec<AccountId>, StoreError> {
        let words: Vec<String> = note
            .split(|c: char| !(c.is_alphanumeric() || c == '@'))
            .filter_map(|word| word.strip_prefix('@'))
            .map(str::to_lowercase)
            .collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let rows = entity::select::<Account>()
            .rows(&mut *self.inner, "id", 1_000)
            .await
            .doing("find the colleagues of a note")?;
        let accounts = entity::read_all::<Account>(&rows)?;
        Ok(accounts
            .into_iter()
            .filter(|account| words.contains(&first_name(&account.name).to_lowercase()))
            .map(|account| account.id)
            .collect())
    }
}

impl Store {
    /// An account has the ticket open: it is seen, and the account is no longer waited for.
    pub async fn mark_seen(&self, ticket: TicketId, by: AccountId) -> Result<(), StoreError> {
        let Some(known) = self.get::<Ticket>(ticket.0).await? else {
            return Ok(());
        };
        if !known.is_unread() && !known.mentions.contains(&by) {
            return Ok(());
        }
        self.write(move |tx| {
            Box::pin(async move {
                let Some(mut ticket) = tx.get::<Ticket>(ticket.0).await? else {
                    return Ok(());
                };
                if ticket.is_unread() {
                    ticket.seen_at = Some(tx.now.max(ticket.last_message_at));
                }
                ticket.mentions.retain(|account| *account != by);
                tx.put(std::slice::from_ref(&ticket)).await
            })
        })
        .await
    }
}

/// The shop answered: nobody waits any more.
fn answered(ticket: &mut Ticket, message: &Message, then: TicketStatus) {
    if ticket.is_unread() {
        ticket.seen_at = Some(message.sent_at);
    }
    ticket.status = then;
    ticket.waiting_since = None;
    ticket.due_at = None;
    ticket.last_message_at = message.sent_at;
    ticket.snippet = text::snippet(&message.text);
}

fn note_mentions(ticket: &mut Ticket, mentioned: Vec<AccountId>, author: AccountId) {
    for account in mentioned {
        if account != author && !ticket.mentions.contains(&account) {
            ticket.mentions.push(account);
        }
    }
}

/// What a customer is told of an agent's name.
pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}
