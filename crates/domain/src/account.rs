//! Who signs in, what they are at the shop, and what a role can be allowed.

use crate::ids::{AccountId, TeamId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
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
    /// Whose tickets it sees.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<TeamId>>")]
    pub teams: Vec<TeamId>,
}

/// Some colleagues and the tickets they look after. Every ticket is of one team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name, at most 60 characters.
    pub name: String,
}

/// What somebody is at the shop. What a role may do stands in `roles.toml` of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(
    type = "\"agent\" | \"senior_agent\" | \"supervisor\" | \"admin\" | \"auditor\" | \"service\" | (string & {})"
)]
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
    /// A role of the shop's own.
    Custom(RoleName),
}

impl utoipa::PartialSchema for Role {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("The name of a role, such as agent."))
            .pattern(Some("^[a-z][a-z0-9_]{0,30}$"))
            .build()
            .into()
    }
}

impl ToSchema for Role {}

/// The name of a role of the shop's own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName {
    letters: [u8; RoleName::LONGEST],
    length: u8,
}

impl RoleName {
    /// How many letters a name has at most.
    pub const LONGEST: usize = 31;

    /// The name.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.letters[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a role is named with 1 to 31 small letters, digits and underscores, and begins with a letter"
)]
pub struct NotARole;

impl Role {
    /// The roles that every gateway knows.
    pub const BUILT_IN: [Self; 6] = [
        Self::Agent,
        Self::SeniorAgent,
        Self::Supervisor,
        Self::Admin,
        Self::Auditor,
        Self::Service,
    ];

    /// The role as it is written in databases and bodies.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Agent => "agent",
            Self::SeniorAgent => "senior_agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Service => "service",
            Self::Custom(name) => name.as_str(),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        if let Some(known) = Self::BUILT_IN.iter().find(|role| role.as_str() == text) {
            return Ok(*known);
        }
        let fine = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text
                .bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
        let mut letters = [0; RoleName::LONGEST];
        match letters.get_mut(..text.len()) {
            Some(place) if fine => place.copy_from_slice(text.as_bytes()),
            _ => return Err(NotARole),
        }
        let length = u8::try_from(text.len()).map_err(|_| NotARole)?;
        Ok(Self::Custom(RoleName { letters, length }))
    }
}

impl TryFrom<String> for Role {
    type Error = NotARole;

    fn try_from(text: String) -> Result<Self, NotARole> {
        text.parse()
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.as_str().to_owned()
    }
}

macro_rules! scopes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        /// One thing that a role may or may not do.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS,
        )]
        pub enum Scope {$(
            $(#[doc = $doc])*
            #[serde(rename = $text)]
            $name,
        )*}

        impl Scope {
            /// Every scope there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The scope as it is written.
            pub fn as_str(self) -> &'static str {
                match self {$(Self::$name => $text,)*}
            }

            /// What it is for, in one sentence.
            pub fn words(self) -> &'static str {
                match self {$(Self::$name => concat!($($doc),*).trim_ascii(),)*}
            }
        }
    };
}

/// As it is written: what the macro renames is hidden from what derives descriptions.
impl utoipa::PartialSchema for Scope {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("One thing that a role may or may not do."))
            .enum_values(Some(Self::ALL.iter().map(|scope| scope.as_str())))
            .build()
            .into()
    }
}

impl ToSchema for Scope {}

scopes! {
    /// Read the tickets of the own teams and their messages.
    TicketsRead = "tickets:read";
    /// Assign, tag, close, merge and otherwise change tickets; write notes.
    TicketsWrite = "tickets:write";
    /// Give tickets to another team.
    TicketsMove = "tickets:move";
    /// Write to customers.
    MessagesSend = "messages:send";
    /// Read customers.
    CustomersRead = "customers:read";
    /// See e-mail, phone, address and payment details, and find customers by them.
    CustomersPii = "customers:pii";
    /// Look at masked fields of one customer on purpose, with a reason that is logged.
    CustomersReveal = "customers:reveal";
    /// Read orders and parcels.
    OrdersRead = "orders:read";
    /// Change orders at the shop.
    OrdersAct = "orders:act";
    /// Ask for a refund.
    RefundsRequest = "refunds:request";
    /// Give money back, up to the role's limit.
    RefundsExecute = "refunds:execute";
    /// Decide on refunds that somebody else asked for.
    RefundsApprove = "refunds:approve";
    /// Define the shop's own fields.
    FieldsWrite = "fields:write";
    /// See the tickets of every team.
    TeamsAll = "teams:all";
    /// Tell of what happened elsewhere, such as what a carrier saw.
    EventsWrite = "events:write";
    /// Read figures.
    MetricsRead = "metrics:read";
    /// Read the audit log.
    AuditRead = "audit:read";
    /// Take data out as files.
    ExportsRead = "exports:read";
    /// Give accounts their roles and teams, and make teams.
    AccountsManage = "accounts:manage";
    /// Look at the whole policy and test it.
    PolicyManage = "policy:manage";
}

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let found = Self::ALL.iter().find(|scope| scope.as_str() == text);
        found.copied().ok_or(NotAScope)
    }
}

/// A text that names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such scope")]
pub struct NotAScope;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_the_word_that_it_is_written_with() {
        for role in Role::BUILT_IN {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        let own: Role = "seasonal_2026".parse().expect("a name");
        assert_eq!(own.as_str(), "seasonal_2026");
        let json = serde_json::to_string(&own).expect("JSON");
        assert_eq!(json, "\"seasonal_2026\"");
        assert_eq!(serde_json::from_str::<Role>(&json).ok(), Some(own));
        let long = "a".repeat(32);
        for bad in ["", "Agent", "1st", "_x", "a-b", "a b", long.as_str()] {
            assert_eq!(bad.parse::<Role>(), Err(NotARole), "{bad}");
        }
    }

    #[test]
    fn a_scope_is_written_alike_in_bodies_and_files() {
        for scope in Scope::ALL {
            let json = serde_json::to_value(scope).expect("JSON");
            assert_eq!(json, scope.as_str());
            assert_eq!(scope.as_str().parse(), Ok(*scope));
            assert!(scope.words().ends_with('.'), "{scope:?}");
        }
    }
}
