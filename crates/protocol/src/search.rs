//! What somebody looks for, and what was found.

use chrono::{DateTime, Utc};
use deskhand_domain::TicketId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What somebody looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SearchQuery {
    /// As typed, operators included: `from:`, `tag:`, `is:open`, `before:2026-11-01`, `order:`.
    pub text: String,
    /// How many hits at most; 100 is the limit.
    pub limit: u32,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SearchResults {
    /// Exact matches of numbers and addresses first, then the best of the newest.
    pub hits: Vec<SearchHit>,
    /// Ways to go on with what is typed: operators and their values.
    pub completions: Vec<String>,
    /// How much of the copy is indexed, in percent.
    pub indexed: u8,
    /// What of the query was not understood or could not be looked at; empty when all was.
    pub unclear: Vec<Unclear>,
}

/// What of a query was not taken as it may have been meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Unclear {
    /// Why.
    pub kind: UnclearKind,
    /// The part of the query as it was typed; for [`UnclearKind::TooMany`] how many were looked at.
    pub word: String,
}

/// Why a part of a query was not taken as it may have been meant. The first five were looked for as
/// words instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UnclearKind {
    /// There is no filter of that name.
    NoSuchFilter,
    /// After `is:` comes open, pending, snoozed, closed, unassigned or mine.
    NoSuchState,
    /// After `channel:` comes email, chat or whatsapp.
    NoSuchChannel,
    /// After `has:` comes attachment.
    NoSuchPart,
    /// A day is written like 2026-11-01.
    NoSuchDay,
    /// Very many texts have these words, and only the newest were looked at.
    TooMany,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SearchHit {
    /// Where it stands.
    pub found: Found,
    /// The ticket to open; the customer's newest when the hit is no ticket itself.
    pub ticket: Option<TicketId>,
    /// What it is called: a subject, a name, an order number, a tracking number.
    pub title: String,
    /// The words around the match.
    pub snippet: Vec<SnippetPart>,
    /// Whose it is.
    pub customer: Option<String>,
    /// When it was written, placed or made.
    pub at: Option<DateTime<Utc>>,
    /// Whether a number or an address matched as a whole.
    pub exact: bool,
}

/// Where a hit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// A ticket's subject or tags.
    Ticket,
    /// A message.
    Message,
    /// A note.
    Note,
    /// A customer.
    Customer,
    /// An order.
    Order,
    /// A parcel.
    Parcel,
}

/// A piece of text, marked where it matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether it matched.
    pub matched: bool,
}
