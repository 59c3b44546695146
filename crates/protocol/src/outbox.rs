//! The window's picture of the outbox; part of [`crate::view`].

use chrono::{DateTime, Utc};
use deskhand_domain::{Compared, MacroId, Message, MessageId, OpId, TicketId, facts::FactKind};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::rest::TicketPatch;

/// Something that was written here and is not at the gateway yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OutboxItem {
    /// The operation.
    pub op: OpId,
    /// Where.
    pub ticket: TicketId,
    /// What.
    pub action: OutboxAction,
    /// How it stands.
    pub state: OutboxState,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OutboxAction {
    /// Writes to the customer.
    Reply {
        /// The text.
        text: String,
        /// The newest public message its author had seen.
        seen: Option<MessageId>,
        /// Closes the ticket with it.
        close: bool,
        /// The stored answer it was made from.
        #[serde(default)]
        #[ts(optional)]
        macro_id: Option<MacroId>,
        /// What a stored answer changes beside.
        #[serde(default)]
        #[ts(optional)]
        changes: Option<TicketPatch>,
    },
    /// Writes to colleagues.
    Note {
        /// The text.
        text: String,
    },
    /// Changes the ticket.
    Change {
        /// What changes.
        patch: TicketPatch,
    },
    /// Makes the ticket part of another one.
    Merge {
        /// The ticket that goes on.
        into: TicketId,
        /// Its number.
        number: u32,
    },
}

/// How an operation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OutboxState {
    /// Stored here; goes out by itself.
    Waiting,
    /// On its way now.
    Sending,
    /// The gateway has it; what it led to has not come back over the feed yet.
    Sent,
    /// The conversation went on while it waited: a person compares and chooses.
    Held {
        /// The public messages its author had not seen, oldest first.
        missed: Vec<Message>,
        /// The facts of the held text beside those of what was missed.
        #[serde(default)]
        facts: Vec<HeldFact>,
    },
    /// Somebody changed the same values while it waited: a person chooses. `send_held` sets them
    /// all the same, `discard_op` leaves them as they are.
    Moved {
        /// The values as they are now.
        now: Vec<Compared>,
    },
    /// Refused; a person has to act.
    Parked {
        /// Why, in the gateway's words.
        reason: String,
    },
}

/// A fact of a held reply or of what was missed: an amount, a day, a number, a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HeldFact {
    /// What it is.
    pub kind: FactKind,
    /// As it stands in the held text; empty when it is not there.
    pub mine: String,
    /// As it stands in what was missed; empty when it is not there.
    pub theirs: String,
    /// How the two stand to each other.
    pub verdict: FactVerdict,
}

/// How a fact of a held text stands to what was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FactVerdict {
    /// Both say the same.
    Agrees,
    /// They say different things of one kind.
    Disagrees,
    /// Only the held text says it.
    OnlyMine,
    /// Only what was missed says it.
    OnlyTheirs,
}
