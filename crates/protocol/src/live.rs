//! Frames of the live socket, `GET /v1/live` (WebSocket, RFC 6455), JSON in text frames.
//!
//! The desktop authenticates the upgrade with a ticket of `POST /v1/live/ticket`, which it sends as
//! a bearer token, and names the protocol in the header; the first frame it sends is [`ClientFrame::Follow`].

use crate::sync::Change;
use chrono::{DateTime, Utc};
use deskhand_domain::{AccountId, TicketId};
use serde::{Deserialize, Serialize};

/// How often the gateway says that it lives, in seconds.
pub const HEARTBEAT_SECONDS: u64 = 5;

/// Close codes of the application (RFC 6455 §7.4.2).
pub mod close {
    /// The session has ended: sign in again, do not reconnect.
    pub const SIGNED_OUT: u16 = 4001;
    /// The cursor belongs to another epoch or cannot be read: start with a new sync.
    pub const RESYNC: u16 = 4002;
    /// The reader was too slow: reconnect with the last cursor.
    pub const TOO_SLOW: u16 = 4003;
    /// A frame could not be read.
    pub const BAD_FRAME: u16 = 4004;
    /// The account may see other things than before: delete the copy, then start with a new sync.
    pub const SCOPE: u16 = 4005;
    /// The session was ended from elsewhere: the desktop destroys its copy, and does not reconnect.
    pub const REVOKED: u16 = 4006;
    /// The gateway stops: reconnect after a moment (RFC 6455 §7.4.1, going away).
    pub const GOING_AWAY: u16 = 1001;
}

/// What the gateway sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to `follow`: the feed is live from the cursor on.
    Following {
        /// Which history.
        epoch: String,
        /// The position of the cursor: the first `changes` comes right after it.
        #[serde(default)]
        from: Option<i64>,
        /// The newest position.
        head: i64,
        /// The gateway's clock.
        now: DateTime<Utc>,
    },
    /// Entities that changed. Apply them and the cursor in one transaction.
    Changes {
        /// The entities.
        changes: Vec<Change>,
        /// The position before them: a desktop that stands before it has missed something. 0 when
        /// nobody says it.
        #[serde(default)]
        after: i64,
        /// Where to go on after them.
        cursor: String,
        /// The position the cursor stands at.
        upto: i64,
    },
    /// The gateway lives. A head beyond what was received means that frames are missing.
    Heartbeat {
        /// The newest position.
        head: i64,
        /// The gateway's clock.
        now: DateTime<Utc>,
    },
    /// The customer or a colleague is writing, or has stopped. Never stored.
    Typing {
        /// Where.
        ticket: TicketId,
        /// Who: a colleague, or `null` for the customer.
        account: Option<AccountId>,
        /// Whether they write.
        typing: bool,
    },
    /// Which colleagues have a ticket open. Replaces what was said of the ticket before. Never stored.
    Reading {
        /// Where.
        ticket: TicketId,
        /// Who.
        accounts: Vec<AccountId>,
    },
}

/// What the desktop sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// Send what comes after the cursor, from now on.
    Follow {
        /// From a sync page or the last `changes`.
        cursor: String,
    },
    /// The agent is writing in a ticket, or has stopped.
    Typing {
        /// Where.
        ticket: TicketId,
        /// Whether they write.
        typing: bool,
    },
    /// The agent has a ticket open, or none.
    Reading {
        /// Which.
        ticket: Option<TicketId>,
    },
}
