//! What the trail tells of tickets and messages: states, ids and names of fields, never texts.

use crate::store::Entry;
use deskhand_domain::{Author, Message, MessageKind, Ticket};
use deskhand_protocol::audit::{Action, Actor, ThingKind};
use serde::Serialize;
use std::collections::BTreeSet;

/// A ticket was changed.
pub fn ticket_changed(by: impl Into<Actor>, before: &Ticket, after: &Ticket) -> Entry {
    let entry = Entry::new(by, Action::TicketChanged)
        .to(ThingKind::Ticket, after.id)
        .of(after.customer);
    with_changes(entry, before, after)
}

/// An account wrote to the customer or to colleagues.
pub fn message_written(message: &Message, before: &Ticket, after: &Ticket) -> Entry {
    let action = match message.kind {
        MessageKind::Public => Action::MessageSent,
        MessageKind::Note => Action::NoteWritten,
    };
    let entry = message_entry(action, message, after).with("held", message.held_until.is_some());
    with_changes(entry, before, after)
}

/// A customer wrote, or opened a conversation with a message.
pub fn message_received(action: Action, message: &Message, ticket: &Ticket) -> Entry {
    message_entry(action, message, ticket)
}

fn message_entry(action: Action, message: &Message, ticket: &Ticket) -> Entry {
    Entry::new(author(message.author), action)
        .to(ThingKind::Message, message.id)
        .of(ticket.customer)
        .with("ticket", ticket.id)
        .with("channel", message.channel)
}

fn author(author: Author) -> Actor {
    match author {
        Author::Customer(id) => Actor::Customer(id),
        Author::Account(id) => Actor::Account(id),
        Author::System => Actor::System,
    }
}

/// What was changed: from what and to what where both are words or ids, and only the names of
/// fields and the number of tags, whose values people type.
fn with_changes(entry: Entry, before: &Ticket, after: &Ticket) -> Entry {
    let entry = changed(entry, "status", before.status, after.status);
    let entry = changed(entry, "priority", before.priority, after.priority);
    let entry = changed(entry, "assignee", before.assignee, after.assignee);
    let entry = changed(entry, "team", before.team, after.team);
    let entry = changed(entry, "escalated", before.escalated, after.escalated);
    let entry = changed(
        entry,
        "snoozed_until",
        before.snoozed_until,
        after.snoozed_until,
    );
    let fields: BTreeSet<&String> = before.fields.keys().chain(after.fields.keys()).collect();
    let fields: Vec<_> = fields
        .into_iter()
        .filter(|key| before.fields.get(*key) != after.fields.get(*key))
        .collect();
    let added = after.tags.iter().filter(|tag| !before.tags.contains(tag));
    let removed = before.tags.iter().filter(|tag| !after.tags.contains(tag));
    let entry = counted(entry, "tags_added", added.count());
    let entry = counted(entry, "tags_removed", removed.count());
    if fields.is_empty() {
        entry
    } else {
        entry.with("fields", fields)
    }
}

fn changed<T: Serialize + PartialEq>(entry: Entry, name: &str, from: T, to: T) -> Entry {
    if from == to {
        entry
    } else {
        entry.with(name, (from, to))
    }
}

fn counted(entry: Entry, name: &str, count: usize) -> Entry {
    if count == 0 {
        entry
    } else {
        entry.with(name, count)
    }
}
