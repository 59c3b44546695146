//! The audit trail: who did what, to what, and when.

use chrono::{DateTime, Utc};
use deskhand_domain::{AccountId, CustomerId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

/// One entry. It holds ids and words of this program, never a text that somebody wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditEntry {
    /// Its place in the trail: 1, 2, 3, without gaps.
    #[ts(type = "number")]
    pub position: i64,
    /// Its id.
    pub id: Uuid,
    /// When it was done, by the gateway's clock.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// What it was done to.
    pub thing: Option<Thing>,
    /// The customer it concerns.
    pub customer: Option<CustomerId>,
    /// The address of the other end.
    pub peer: Option<String>,
    /// The request, as the gateway's logs name it.
    pub request_id: Option<String>,
    /// More, by name.
    #[schema(value_type = Object)]
    #[ts(type = "Record<string, unknown>")]
    pub details: serde_json::Value,
    /// SHA-256 of the hash before it and of everything above, in hex.
    pub hash: String,
}

/// Which entries of the trail, a page at a time, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct AuditQuery {
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
    /// Of this account, machine key or customer.
    pub actor: Option<Uuid>,
    /// That concern this customer: by id, or by e-mail address or order number, word for word.
    pub customer: Option<String>,
    /// That tell of this.
    pub action: Option<Action>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// A page of the trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditPage {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page, when there is one.
    pub next: Option<String>,
}

/// What came out when the gateway read its whole trail again: every hash, the end that its key
/// signed, and the heads that were signed on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditCheck {
    /// When it was read, by the gateway's clock.
    pub at: DateTime<Utc>,
    /// How many entries there are.
    #[ts(type = "number")]
    pub entries: i64,
    /// What is not as it was written, in the order of the trail; at most a hundred are named.
    pub findings: Vec<String>,
    /// The public half of the key that signs, in hex; without one, no signature was checked.
    pub key: Option<String>,
    /// The newest heads, newest first, at most fifty.
    pub heads: Vec<AuditHead>,
}

/// How far the trail went at a moment, signed by the gateway's key. Whoever keeps it elsewhere can
/// tell later whether what lies before it was written anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditHead {
    /// Counts the heads from 1.
    #[ts(type = "number")]
    pub number: u64,
    /// When it was signed.
    pub at: DateTime<Utc>,
    /// How many entries the trail had.
    #[ts(type = "number")]
    pub position: i64,
    /// The hash of the newest, in hex.
    pub hash: String,
}

/// Where an export of the trail was put.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AuditExported {
    /// The file, one entry a line.
    pub file: String,
    /// How many entries it holds.
    #[ts(type = "number")]
    pub entries: u64,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// Somebody who signs in.
    Account(AccountId),
    /// A program, by its key.
    Machine(Uuid),
    /// A customer, or a visitor who claims to be one.
    Customer(CustomerId),
    /// The gateway by itself, or who runs it.
    System,
    /// Somebody who is not signed in.
    Nobody,
}

impl Actor {
    /// The kind as it is stored, and the id where there is one.
    pub fn parts(self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::Account(AccountId(id)) => ("account", Some(id)),
            Self::Machine(id) => ("machine", Some(id)),
            Self::Customer(CustomerId(id)) => ("customer", Some(id)),
            Self::System => ("system", None),
            Self::Nobody => ("nobody", None),
        }
    }

    /// Reads what [`Self::parts`] gave.
    pub fn of(kind: &str, id: Option<Uuid>) -> Option<Self> {
        match (kind, id) {
            ("account", Some(id)) => Some(Self::Account(AccountId(id))),
            ("machine", Some(id)) => Some(Self::Machine(id)),
            ("customer", Some(id)) => Some(Self::Customer(CustomerId(id))),
            ("system", None) => Some(Self::System),
            ("nobody", None) => Some(Self::Nobody),
            _ => None,
        }
    }
}

impl From<AccountId> for Actor {
    fn from(id: AccountId) -> Self {
        Self::Account(id)
    }
}

/// What was done. Names are stored for ever: none is changed or used again.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The gateway noticed that the trail was not as it had left it.
    TrailBroken,
    /// A new history began: a database was made, filled anew, or put back from a backup.
    HistoryBegun,
    /// Somebody signed in.
    SignedIn,
    /// A sign-in was refused.
    SignInRefused,
    /// Somebody signed out.
    SignedOut,
    /// A refresh token was used again after what came of it: its device was signed out.
    TokenReused,
    /// The sessions of an account were ended from elsewhere.
    SessionsRevoked,
    /// Somebody signed one of their devices out from elsewhere.
    DeviceSignedOut,
    /// Somebody changed their password.
    PasswordChanged,
    /// An account was locked.
    AccountLocked,
    /// An account was let in again.
    AccountUnlocked,
    /// Somebody signs in with the codes of an app from now on.
    SecondFactorSet,
    /// Codes of an app are no longer asked for.
    SecondFactorRemoved,
    /// Somebody signed in with one of their recovery codes.
    RecoveryCodeUsed,
    /// An account was made: for a program, or at the first sign-in with a provider.
    AccountMade,
    /// A provider knows whose account this is from now on.
    IdentityLinked,
    /// A program was given a key.
    KeyMade,
    /// A key of a program was revoked.
    KeyRevoked,
    /// An account was given another role.
    RoleChanged,
    /// A ticket was changed.
    TicketChanged,
    /// A ticket became part of another one.
    TicketsMerged,
    /// A message to a customer was written; by mail and the like it is held for a moment.
    MessageSent,
    /// A held message went out.
    MessageReleased,
    /// A held message was taken back.
    MessageTakenBack,
    /// A note to colleagues was written.
    NoteWritten,
    /// A customer opened a conversation.
    ConversationOpened,
    /// A customer wrote.
    MessageReceived,
    /// One of the shop's own fields was defined or changed.
    FieldDefined,
    /// The audit trail was exported.
    AuditExported,
    /// The policy said no.
    Denied,
    /// An account was given other teams.
    TeamsChanged,
    /// A team was made.
    TeamMade,
    /// Masked fields of a customer were looked at on purpose.
    CustomerRevealed,
    /// Another policy was put in force.
    PolicyChanged,
    /// A customer was told of a parcel before they asked.
    CustomerTold,
    /// A customer is no longer told before they ask, or is again.
    NoticesSet,
}

/// What something was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Thing {
    /// What it is.
    pub kind: ThingKind,
    /// Its id.
    pub id: String,
}

/// What something is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ThingKind {
    /// An account.
    Account,
    /// A device on which somebody is signed in.
    Device,
    /// A key of a program.
    Key,
    /// A ticket.
    Ticket,
    /// A message or a note.
    Message,
    /// One of the shop's own fields.
    Field,
    /// A team.
    Team,
    /// A customer.
    Customer,
    /// A history, by its epoch.
    History,
}
