//! What a customer may be told about where their order stands.

use deskhand_domain::{Instant, OrderId, Source, TicketId, wismo::NextStep};
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

/// Asks what whoever takes a step has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AboutStep {
    /// Where the customer asks.
    pub ticket: TicketId,
    /// Which of their orders.
    pub order: OrderId,
    /// What is to be done.
    pub step: NextStep,
    /// The colleagues' language, such as `de`.
    pub language: String,
}

/// A note for whoever takes a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StepNote {
    /// The text.
    pub text: String,
    /// The tag by which such tickets are found.
    pub tag: String,
}

/// What a customer may be told about where an order stands. Every fact in it is from the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OrderAnswer {
    /// The text, in the ticket's language where there is one for it.
    pub text: String,
    /// What in it was read, each once, in the order of the text.
    pub facts: Vec<StatedFact>,
    /// When to look again, if somebody must.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub wake_at: Option<Instant>,
}

/// A piece of a text that was read somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StatedFact {
    /// As it stands in the text.
    pub text: String,
    /// Where it was read, and when.
    pub source: Source,
}
