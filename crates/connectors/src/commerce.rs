//! Shops: one contract, several backends.
//!
//! Whoever implements [`Commerce`] turns what one shop says into whole records: a domain order with
//! its parcels and its customer, checked to the penny, under ids that follow from the shop's own.
//! What does not add up is refused with a reason and never half returned.

mod actions;
mod amounts;
mod check;
mod draft;
mod error;
pub mod exports;
mod http;
pub mod identity;
pub mod memory;
pub mod shopify;
pub mod vendure;
pub mod woocommerce;

pub use actions::{Action, Capabilities, Support};
pub use amounts::exact;
use async_trait::async_trait;
pub use check::Broken;
use chrono::{DateTime, Utc};
use deskhand_domain::{Customer, Order, Shipment};
pub use draft::{CustomerDraft, LineDraft, OrderDraft, ParcelDraft, RefundDraft};
pub use error::{CommerceError, Denied, Trouble};
pub(crate) use http::retry_after;
pub use identity::{Connector, ShopId};
use serde::Serialize;
use std::{fmt, sync::Arc};

/// Reads the clock of whoever asks.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A shop that can be asked.
///
/// Every method answers whole records or an error of one of three fates ([`CommerceError`]).
/// Not found is an empty answer.
#[async_trait]
pub trait Commerce: Send + Sync {
    /// Which shop this is.
    fn connector(&self) -> Connector;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Customers, oldest first: one person may have several accounts.
    async fn customers(&self, by: CustomersBy<'_>) -> Result<Vec<CustomerRecord>, CommerceError>;

    /// Orders, newest first.
    async fn orders(&self, by: OrdersBy<'_>) -> Result<Read, CommerceError>;

    /// One order as it is now.
    async fn order(&self, id: &ShopId) -> Result<Option<OrderRecord>, CommerceError>;

    /// Orders that changed since, oldest change first, at most one page of them. An order may come
    /// again although it did not change, and never is left out.
    async fn changes(&self, since: Option<&Cursor>) -> Result<Changes, CommerceError>;
}

/// How customers are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomersBy<'a> {
    /// By the whole e-mail address, in any case.
    Email(&'a str),
    /// By the phone number in E.164.
    Phone(&'a str),
}

/// How orders are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrdersBy<'a> {
    /// Of a customer.
    Customer(&'a ShopId),
    /// By the number that customers quote.
    Number(&'a str),
    /// By the carrier's number of one of its parcels.
    Tracking(&'a str),
}

/// How far somebody has read the changes of a shop; opaque.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cursor(pub String);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An order as a shop has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderRecord {
    /// The shop's own id.
    pub id: ShopId,
    /// The order.
    pub order: Order,
    /// Its parcels.
    pub shipments: Vec<Shipment>,
    /// Who bought.
    pub customer: CustomerRecord,
    /// When the shop changed it last.
    pub updated_at: DateTime<Utc>,
    /// What the shop said, word for word.
    #[serde(skip)]
    pub raw: String,
}

/// A customer as a shop has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomerRecord {
    /// The shop's own id; made from the address for a guest.
    pub id: ShopId,
    /// The customer. What the shop does not say is 0 or empty.
    pub customer: Customer,
    /// Whether the shop said how much was bought.
    pub counted: bool,
}

/// Orders that were read, and those that could not be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Read {
    /// The orders.
    pub orders: Vec<OrderRecord>,
    /// What was left out, and why.
    pub refused: Vec<Refused>,
}

/// An order that cannot be taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The shop's own id of it.
    pub id: ShopId,
    /// Why.
    pub why: Broken,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// What is new.
    pub read: Read,
    /// Where to go on.
    pub next: Cursor,
    /// Whether there is more right now.
    pub more: bool,
}

impl Read {
    /// Sorts records into those that are whole and those that are not.
    pub fn of(records: impl IntoIterator<Item = (ShopId, Result<OrderRecord, Broken>)>) -> Self {
        let mut read = Self::default();
        for (id, record) in records {
            match record {
                Ok(record) => read.orders.push(record),
                Err(why) => read.refused.push(Refused { id, why }),
            }
        }
        read
    }

    /// Newest first.
    pub fn newest_first(mut self) -> Self {
        self.orders
            .sort_by(|a, b| (b.order.placed_at, &b.id).cmp(&(a.order.placed_at, &a.id)));
        self
    }
}
