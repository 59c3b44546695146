//! Messages and notes.

use crate::{
    ids::{AccountId, CustomerId, MessageId, TicketId},
    ticket::Channel,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A message to or from a customer, or a note among colleagues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The ticket it belongs to.
    pub ticket: TicketId,
    /// Whether the customer sees it.
    pub kind: MessageKind,
    /// Who wrote it.
    pub author: Author,
    /// Where it was written or sent.
    pub channel: Channel,
    /// The plain text.
    pub text: String,
    /// When it was written.
    pub sent_at: DateTime<Utc>,
    /// How far a message to the customer has come; `None` on what the customer wrote and on notes.
    pub delivery: Option<Delivery>,
    /// Until when the gateway keeps a message to the customer back, so that its author may undo it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub held_until: Option<DateTime<Utc>>,
    /// Names of files that came with it.
    pub attachments: Vec<String>,
}

/// Whether the customer sees it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// The customer sees it.
    Public,
    /// Only colleagues see it.
    Note,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Author {
    /// The customer.
    Customer(CustomerId),
    /// Somebody who signs in.
    Account(AccountId),
    /// Deskhand itself.
    System,
}

/// How far a message to the customer has come.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The gateway keeps it for a moment, so that its author may undo it.
    Held,
    /// The gateway has it.
    Sent,
    /// The customer's page or mailbox has it.
    Delivered,
    /// The customer had it on the screen.
    Read,
    /// It will not arrive.
    Failed,
}
