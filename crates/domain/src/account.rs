//! Who signs in, and what their role may do.

use crate::ids::AccountId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A person or program that signs in, as colleagues see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The whole name.
    pub name: String,
    /// The address it signs in with.
    pub email: String,
    /// What it may do.
    pub role: Role,
}

/// What somebody is at the shop.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers customers.
    Agent,
    /// Answers customers and decides more alone.
    SeniorAgent,
    /// Decides what agents may not decide alone.
    Supervisor,
    /// Runs the shop's Deskhand.
    Admin,
    /// Reads the audit log and nothing personal.
    Auditor,
    /// A program.
    Service,
}

/// One thing that a role may or may not do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
pub enum Scope {
    /// Read tickets and their messages.
    #[serde(rename = "tickets:read")]
    TicketsRead,
    /// Assign, tag, close and otherwise change tickets.
    #[serde(rename = "tickets:write")]
    TicketsWrite,
    /// Write to customers.
    #[serde(rename = "messages:send")]
    MessagesSend,
    /// Read customers and their orders.
    #[serde(rename = "customers:read")]
    CustomersRead,
    /// Define the shop's own fields.
    #[serde(rename = "fields:write")]
    FieldsWrite,
    /// Read the audit log.
    #[serde(rename = "audit:read")]
    AuditRead,
}

impl Role {
    /// Whether the role has the scope. What is not listed is denied.
    pub fn may(self, scope: Scope) -> bool {
        use Scope::{AuditRead, CustomersRead, MessagesSend, TicketsRead, TicketsWrite};
        match self {
            Self::Agent | Self::SeniorAgent | Self::Supervisor => {
                matches!(
                    scope,
                    TicketsRead | TicketsWrite | MessagesSend | CustomersRead
                )
            }
            Self::Admin => true,
            Self::Auditor => matches!(scope, AuditRead),
            Self::Service => false,
        }
    }

    /// The role as it is written in databases and bodies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::SeniorAgent => "senior_agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Service => "service",
        }
    }
}
