//! The search index: a file of its own beside the copy, made in the background from what is noted.
//!
//! The copy's writer is never held while the index is made: the texts are read through readers,
//! the words are written by the index's own writer, and then the copy puts its notes away.
//! Whatever the index says is looked up in the copy, and an index that does not belong to the copy
//! as it is now is not asked; it is made anew. So the index can be lost, and the copy cannot be
//! harmed by it.

pub(crate) mod file;
mod pace;
pub(crate) mod percent;
mod slice;
mod store;
mod sweep;

pub use slice::Slice;

use crate::{
    error::{CacheError, Doing},
    read::decode,
};
use chrono::{DateTime, Utc};
use deskhand_domain::{Customer, Message, Order, Shipment, Ticket};
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;

/// What can be found; the number is the kind in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Ticket = 1,
    Message = 2,
    Customer = 3,
    Order = 4,
    Shipment = 5,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Ticket,
        Self::Message,
        Self::Customer,
        Self::Order,
        Self::Shipment,
    ];

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == number)
    }

    pub(crate) fn table(self) -> &'static str {
        match self {
            Self::Ticket => "tickets",
            Self::Message => "messages",
            Self::Customer => "customers",
            Self::Order => "orders",
            Self::Shipment => "shipments",
        }
    }

    fn bodies(self) -> &'static str {
        macro_rules! of {
            ($table:literal) => {
                concat!(
                    "select rowid, id, body from ",
                    $table,
                    " where rowid in (select value from json_each(?1))"
                )
            };
        }
        match self {
            Self::Ticket => of!("tickets"),
            Self::Message => of!("messages"),
            Self::Customer => of!("customers"),
            Self::Order => of!("orders"),
            Self::Shipment => of!("shipments"),
        }
    }
}

/// A record that can be found.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Ticket(Ticket),
    Message(Message),
    Customer(Customer),
    Order(Order),
    Shipment(Shipment),
}

impl Item {
    fn read(kind: Kind, id: &str, body: &str) -> Result<Self, CacheError> {
        let table = kind.table();
        Ok(match kind {
            Kind::Ticket => Self::Ticket(decode(table, id, body)?),
            Kind::Message => Self::Message(decode(table, id, body)?),
            Kind::Customer => Self::Customer(decode(table, id, body)?),
            Kind::Order => Self::Order(decode(table, id, body)?),
            Kind::Shipment => Self::Shipment(decode(table, id, body)?),
        })
    }

    /// What a newer one stands before.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Ticket(x) => x.last_message_at,
            Self::Message(x) => x.sent_at,
            Self::Customer(x) => x.since,
            Self::Order(x) => x.placed_at,
            Self::Shipment(x) => x.created_at,
        }
    }

    /// The words it is found by, in an order that a snippet can show.
    pub(crate) fn text(&self) -> String {
        let mut parts: Vec<&str> = Vec::new();
        match self {
            Self::Ticket(x) => {
                parts.push(&x.subject);
                parts.extend(x.tags.iter().map(String::as_str));
            }
            Self::Message(x) => {
                parts.push(&x.text);
                parts.extend(x.attachments.iter().map(String::as_str));
            }
            Self::Customer(x) => {
                parts.extend([x.name.as_str(), x.email.as_str()]);
                parts.extend(x.city.as_deref());
            }
            Self::Order(x) => {
                parts.push(&x.number);
                for line in &x.lines {
                    parts.extend([line.title.as_str(), &line.variant, &line.sku]);
                }
                parts.extend([x.ship_to.name.as_str(), &x.ship_to.city]);
                parts.extend(x.returns.iter().map(|back| back.number.as_str()));
            }
            Self::Shipment(x) => parts.extend([x.carrier.as_str(), &x.tracking_number]),
        }
        parts.retain(|part| !part.trim().is_empty());
        parts.join(" · ")
    }
}

/// Reads records by where they stand in their table.
pub(crate) async fn items(
    connection: &mut SqliteConnection,
    rows: &[(Kind, i64)],
) -> Result<BTreeMap<(Kind, i64), Item>, CacheError> {
    let mut found = BTreeMap::new();
    for kind in Kind::ALL {
        let wanted: Vec<i64> = rows
            .iter()
            .filter(|row| row.0 == kind)
            .map(|row| row.1)
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let rows = sqlx::query(kind.bodies())
            .bind(text(&wanted)?)
            .fetch_all(&mut *connection)
            .await
            .doing("read what is looked for")?;
        for row in &rows {
            let item = Item::read(kind, row.get(1), row.get(2))?;
            found.insert((kind, row.get(0)), item);
        }
    }
    Ok(found)
}

fn text(rows: &(impl serde::Serialize + ?Sized)) -> Result<String, CacheError> {
    serde_json::to_string(rows).map_err(CacheError::Encode)
}

#[cfg(test)]
mod tests;
