//! Changes made ready for SQL: the rows of each table, with each record written as JSON once.

use crate::error::CacheError;
use chrono::{DateTime, Utc};
use deskhand_domain::{Channel, Intent, Ticket, TicketId, TicketStatus};
use deskhand_protocol::sync::{Change, Kind, Record};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What counts as high value, in whole units of the currency.
const HIGH_VALUE: i64 = 300;
/// Later than every due date and earlier than the end of the numbers.
const NOBODY_WAITS: i64 = 1 << 61;

/// What stands in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Number(i64),
    Text(String),
}

impl Cell {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The rows of one table.
pub(crate) type Rows = Vec<Vec<Cell>>;

macro_rules! row {
    ($($cell:expr),+ $(,)?) => { vec![$(Cell::from($cell)),+] };
}

/// Changes by table, each row in the order of the table's columns.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) rows: BTreeMap<Kind, Rows>,
    /// Kind, id and position.
    pub(crate) gone: Vec<(&'static str, String, i64)>,
    /// The tickets among the rows, and those of them in which somebody is named.
    pub(crate) followed: Vec<String>,
    pub(crate) naming: BTreeSet<String>,
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
                    let id = ticket.id.to_string();
                    if !ticket.mentions.is_empty() {
                        batch.naming.insert(id.clone());
                    }
                    batch.followed.push(id);
                }
                Record::Message(message) => {
                    batch.tickets.insert(message.ticket);
                }
                Record::Gone(gone) => {
                    if gone.kind == Kind::Ticket {
                        batch.tickets.insert(TicketId(gone.id));
                    }
                    batch.shared = true;
                    let gone = (kind.as_str(), id.to_string(), change.position);
                    batch.gone.push(gone);
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

fn row(change: &Change, now: DateTime<Utc>) -> Result<Vec<Cell>, CacheError> {
    let position = change.position;
    Ok(match &change.record {
        Record::Ticket(x) => ticket(x, position, now)?,
        Record::Message(x) => row![
            x.id.to_string(),
            position,
            x.ticket.to_string(),
            x.sent_at.timestamp_micros(),
            body(x)?
        ],
        Record::Customer(x) => row![x.id.to_string(), position, x.name.as_str(), body(x)?],
        Record::Order(x) => row![
            x.id.to_string(),
            position,
            x.customer.to_string(),
            x.number.as_str(),
            x.placed_at.timestamp_micros(),
            body(x)?
        ],
        Record::Shipment(x) => row![
            x.id.to_string(),
            position,
            x.order.to_string(),
            i64::from(x.position),
            body(x)?
        ],
        Record::Account(x) => row![x.id.to_string(), position, body(x)?],
        Record::Macro(x) => row![x.id.to_string(), position, body(x)?],
        Record::Article(x) => row![x.id.to_string(), position, body(x)?],
        Record::Field(x) => row![x.id.to_string(), position, i64::from(x.place), body(x)?],
        Record::Gone(_) => vec![],
    })
}

fn ticket(x: &Ticket, position: i64, now: DateTime<Utc>) -> Result<Vec<Cell>, CacheError> {
    let (lane, wakes_at) = lane(x, now);
    Ok(row![
        x.id.to_string(),
        position,
        i64::from(x.number),
        x.customer.to_string(),
        x.assignee.map(|id| id.to_string()),
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
    ])
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
