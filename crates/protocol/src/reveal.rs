//! Looking on purpose at what is masked.

use crate::rest::RevealReason;
use deskhand_domain::TicketId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Somebody wants to see what is masked otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RevealAsk {
    /// Of the customer of this ticket.
    pub ticket: TicketId,
    /// Why. It stands in the audit trail.
    pub reason: RevealReason,
}
