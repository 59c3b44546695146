//! Changes made ready for SQL: one JSON array for each table, so that a batch is one statement.

use crate::error::CacheError;
use chrono::{DateTime, Utc};
use deskhand_domain::{Channel, Intent, Ticket, TicketId, TicketStatus};
use deskhand_protocol::sync::{Change, Kind, Record};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What counts as high value, in whole units of the currency.
const HIGH_VALUE: i64 = 300;
/// Later than every due date and earlier than the end of the numbers.
const NOBODY_WAITS: i64 = 1 << 61;

/// Changes by table, each row an array in the order of the table's columns.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) rows: BTreeMap<Kind, Vec<Value>>,
    pub(crate) gone: Vec<Value>,
    /// Tickets that changed, or whose messages did.
    pub(crate) tickets: BTreeSet<TicketId>,
    /// Whether something changed that several tickets may show.
    pub(crate) shared: bool,
}

impl Batch {
    pub(crate) fn new(changes: &[Change], now: DateTime<Utc>) -> Result<Self, CacheError> {
        let mut batch = Self::default();
        for change in changes {
            let (kind, id) = change.record.key();
            match &change.record {
                Record::Ticket(ticket) => {
                    batch.tickets.insert(ticket.id);
                }
                Record::Message(message) => {
                    batch.tickets.insert(message.ticket);
                }
                Record::Gone(gone) => {
                    if gone.kind == Kind::Ticket {
                        batch.tickets.insert(TicketId(gone.id));
                    }
                    batch.shared = true;
                    batch.gone.push(json!([kind.as_str(), id, change.position]));
                    continue;
                }
                _ => batch.shared = true,
            }
            let row = row(change, now)?;
            batch.rows.entry(kind).or_default().push(row);
        }
        Ok(batch)
    }
}

fn row(change: &Change, now: DateTime<Utc>) -> Result<Value, CacheError> {
    let position = change.position;
    Ok(match &change.record {
        Record::Ticket(x) => ticket(x, position, now)?,
        Record::Message(x) => json!([
            x.id,
            position,
            x.ticket,
            x.sent_at.timestamp_micros(),
            body(x)?
        ]),
        Record::Customer(x) => json!([x.id, position, x.name, body(x)?]),
        Record::Order(x) => json!([
            x.id,
            position,
            x.customer,
            x.number,
            x.placed_at.timestamp_micros(),
            body(x)?
        ]),
        Record::Shipment(x) => json!([x.id, position, x.order, x.position, body(x)?]),
        Record::Account(x) => json!([x.id, position, body(x)?]),
        Record::Macro(x) => json!([x.id, position, body(x)?]),
        Record::Article(x) => json!([x.id, position, body(x)?]),
        Record::Gone(_) => Value::Null,
    })
}

fn ticket(x: &Ticket, position: i64, now: DateTime<Utc>) -> Result<Value, CacheError> {
    let (lane, wakes_at) = lane(x, now);
    Ok(json!([
        x.id,
        position,
        x.number,
        x.customer,
        x.assignee,
        lane,
        wakes_at,
        channel(x.channel),
        topic(x.intent),
        i64::from(x.escalated),
        high_value(x),
        clock(x),
        x.last_message_at.timestamp_micros(),
        x.updated_at.timestamp_micros(),
        body(x)?
    ]))
}

fn lane(ticket: &Ticket, now: DateTime<Utc>) -> (&'static str, Option<i64>) {
    match (ticket.status, ticket.snoozed_until) {
        (TicketStatus::Closed, _) => ("closed", None),
        (TicketStatus::Snoozed, Some(until)) if until <= now => ("open", None),
        (TicketStatus::Snoozed, until) => ("snoozed", until.map(|x| x.timestamp_micros())),
        (TicketStatus::Open | TicketStatus::Pending, _) => ("open", None),
    }
}

pub(crate) fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "email",
        Channel::WebChat => "web_chat",
        Channel::Whatsapp => "whatsapp",
    }
}

fn topic(intent: Intent) -> &'static str {
    match intent {
        Intent::WhereIsIt | Intent::NotReceived => "parcel",
        Intent::Refund | Intent::Return => "money",
        _ => "",
    }
}

fn high_value(ticket: &Ticket) -> Option<String> {
    let stake = ticket.at_stake?;
    let threshold = HIGH_VALUE * 10_i64.pow(stake.currency.decimals());
    (stake.minor >= threshold).then(|| stake.currency.code().to_owned())
}

fn clock(ticket: &Ticket) -> i64 {
    ticket.due_at.map_or_else(
        || NOBODY_WAITS - ticket.last_message_at.timestamp_micros(),
        |due| due.timestamp_micros(),
    )
}

fn body(record: &impl Serialize) -> Result<String, CacheError> {
    serde_json::to_string(record).map_err(CacheError::Encode)
}
