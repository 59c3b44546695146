//! What a customer may be told about where their order stands.

use deskhand_domain::{OrderId, TicketId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks what a customer may be told about an order of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AboutOrder {
    /// Where they ask.
    pub ticket: TicketId,
    /// Which of their orders.
    pub order: OrderId,
}

/// What a customer may be told about where an order stands. Every fact in it is from the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OrderAnswer {
    /// The text, in the ticket's language where there is one for it.
    pub text: String,
}
