//! How a desktop gets its copy: state, not deltas.
//!
//! `GET /v1/sync` answers the first page and a live cursor: the tickets that are open, newest first,
//! with everything needed to show them. `GET /v1/sync?after=…` goes on until `next` is `null`.
//! The live socket (see [`crate::live`]) is opened with the live cursor right after the first page;
//! pages and frames may arrive in any order, since every change carries its position and the newer
//! position wins.

use deskhand_domain::{Account, Article, Customer, Field, Macro, Message, Order, Shipment, Ticket};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An entity as it is now, and where it stands in the total order of the gateway's changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The position of the entity's newest change.
    pub position: i64,
    /// The entity, or that it is gone.
    pub record: Record,
}

/// An entity, or a tombstone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Record {
    /// A ticket.
    Ticket(Ticket),
    /// A message or note.
    Message(Message),
    /// A customer.
    Customer(Customer),
    /// An order.
    Order(Order),
    /// A parcel.
    Shipment(Shipment),
    /// A colleague.
    Account(Account),
    /// A stored answer.
    Macro(Macro),
    /// An article.
    Article(Article),
    /// A field of the shop's own.
    Field(Field),
    /// The entity is gone, or no longer for this account.
    Gone(Gone),
}

/// Which entity is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gone {
    /// What it was.
    pub kind: Kind,
    /// Its id.
    pub id: Uuid,
}

/// The kinds of entities that travel.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Tickets.
    Ticket,
    /// Messages and notes.
    Message,
    /// Customers.
    Customer,
    /// Orders.
    Order,
    /// Parcels.
    Shipment,
    /// Colleagues.
    Account,
    /// Stored answers.
    Macro,
    /// Articles.
    Article,
    /// Fields of the shop's own.
    Field,
}

impl Kind {
    /// The name in databases and bodies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Message => "message",
            Self::Customer => "customer",
            Self::Order => "order",
            Self::Shipment => "shipment",
            Self::Account => "account",
            Self::Macro => "macro",
            Self::Article => "article",
            Self::Field => "field",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Ticket,
            Self::Message,
            Self::Customer,
            Self::Order,
            Self::Shipment,
            Self::Account,
            Self::Macro,
            Self::Article,
            Self::Field,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

impl Record {
    /// What it is and its id.
    pub fn key(&self) -> (Kind, Uuid) {
        match self {
            Self::Ticket(x) => (Kind::Ticket, x.id.0),
            Self::Message(x) => (Kind::Message, x.id.0),
            Self::Customer(x) => (Kind::Customer, x.id.0),
            Self::Order(x) => (Kind::Order, x.id.0),
            Self::Shipment(x) => (Kind::Shipment, x.id.0),
            Self::Account(x) => (Kind::Account, x.id.0),
            Self::Macro(x) => (Kind::Macro, x.id.0),
            Self::Article(x) => (Kind::Article, x.id.0),
            Self::Field(x) => (Kind::Field, x.id.0),
            Self::Gone(gone) => (gone.kind, gone.id),
        }
    }
}

/// What `GET /v1/sync` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SyncPage {
    /// Which history the positions belong to; another epoch means: start again, keep the outbox.
    pub epoch: String,
    /// Entities as they are now.
    pub changes: Vec<Change>,
    /// Where the live socket starts; the same on every page of one sync.
    pub live: String,
    /// How the following page is asked for; `null` when this was the last.
    pub next: Option<String>,
    /// How many entities there are in all, to show how far it is.
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_name_in_databases_and_bodies() {
        for kind in [
            Kind::Ticket,
            Kind::Message,
            Kind::Customer,
            Kind::Order,
            Kind::Shipment,
            Kind::Account,
            Kind::Macro,
            Kind::Article,
            Kind::Field,
        ] {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
            let json = serde_json::to_value(kind).expect("JSON");
            assert_eq!(json, serde_json::Value::from(kind.as_str()));
        }
        assert_eq!(Kind::parse("refund"), None);
    }

    #[test]
    fn a_tombstone_names_what_is_gone() {
        let change = Change {
            position: 7,
            record: Record::Gone(Gone {
                kind: Kind::Order,
                id: Uuid::nil(),
            }),
        };
        let json = serde_json::to_string(&change).expect("JSON");
        assert_eq!(
            json,
            r#"{"position":7,"record":{"kind":"gone","value":{"kind":"order","id":"00000000-0000-0000-0000-000000000000"}}}"#
        );
        assert_eq!(change.record.key(), (Kind::Order, Uuid::nil()));
    }
}
