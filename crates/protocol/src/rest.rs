//! REST bodies under `/v1`. The resources themselves are the types of `deskhand-domain`.

use chrono::{DateTime, Utc};
use deskhand_domain::{
    Account, AccountId, Compared, DeviceId, FieldChanges, FieldKind, KeyId, MacroId, Message,
    MessageId, MessageKind, OrderId, Priority, Role, Scope, Shop, Team, TeamId, Ticket, TicketId,
    TicketStatus, order::Address,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;
use utoipa::ToSchema;

/// `GET /v1/hello`: who answers here. Needs no session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    /// Always `deskhand-gateway`.
    pub service: String,
    /// The gateway's own version.
    pub version: String,
    /// The protocol it speaks.
    pub protocol: u32,
    /// The shop's name.
    pub shop: String,
    /// Whether this is a sample shop with published passwords.
    pub sample: bool,
    /// What stands on the button that signs in with a browser; none when there is no such way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_sign_on: Option<String>,
    /// The gateway's clock, to notice one that is far off.
    pub now: DateTime<Utc>,
}

/// `POST /v1/sessions`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The account's e-mail address.
    pub email: String,
    /// Its password.
    pub password: String,
    /// The name of the device, shown in the list of sessions.
    #[serde(default)]
    pub device: String,
}

/// `POST /v1/sessions/refresh`: exchanges a refresh token for new tokens.
///
/// Who did not hear the answer may ask again with the same token, as long as none of the new ones was
/// used. A token that is used again later ends the session, since two hold it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The refresh token.
    pub refresh_token: String,
}

/// `POST /v1/sessions/totp`: the code that a sign-in asked for.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInCode {
    /// What the sign-in answered.
    pub challenge: String,
    /// The six digits of the authenticator app, or one of the recovery codes.
    pub code: String,
}

/// `POST /v1/sessions/oidc/begin`: begins a sign-in that goes on in a browser.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginInBrowser {
    /// Where the code comes back to: `http://127.0.0.1:PORT/callback`.
    pub redirect: String,
    /// The name of the device, shown in the list of sessions.
    #[serde(default)]
    pub device: String,
}

/// Where the browser goes, and what only the desktop knows.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct BegunInBrowser {
    /// Where the browser goes.
    pub url: String,
    /// Shown with the code.
    pub login: String,
}

/// `POST /v1/sessions/oidc`: the code that came back.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndInBrowser {
    /// What the beginning answered.
    pub login: String,
    /// The code.
    pub code: String,
    /// What came back with it.
    pub state: String,
}

/// What an authenticator app is set up with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Enrolment {
    /// The shared secret in base 32 (RFC 4648), to be typed.
    pub secret: String,
    /// The same as an `otpauth` address, to be shown as a QR code.
    pub url: String,
}

/// A code of the authenticator app, or a recovery code.
#[derive(Clone, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpCode {
    /// It.
    pub code: String,
}

/// Codes that are shown once and each work once, for the day the app is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct RecoveryCodes {
    /// They.
    pub codes: Vec<String>,
}

/// Whether codes of an authenticator app are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TotpState {
    /// Whether an app is set up.
    pub enabled: bool,
    /// Whether the role asks for one.
    pub required: bool,
    /// How many recovery codes are left.
    pub recovery_left: u32,
}

/// `POST /v1/password`.
#[derive(Clone, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password until now.
    pub old: String,
    /// The new one: 12 characters at least, and not one that is easily guessed.
    pub new: String,
}

/// What `POST /v1/live/ticket` answers: what opens the live socket once, sent as its bearer token.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct LiveTicket {
    /// The ticket.
    pub ticket: String,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
}

/// A key of a program, without what only the program knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MachineKey {
    /// Its id.
    pub id: KeyId,
    /// The machine account that it stands for.
    pub account: AccountId,
    /// What it is for.
    pub name: String,
    /// How it begins, to tell it from others.
    pub prefix: String,
    /// What it allows at most; the role of its account may allow less.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was last in use, to an hour.
    pub used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// `POST /v1/keys`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMachineKey {
    /// What it is for, 1 to 60 characters.
    pub name: String,
    /// What it should allow at most: at least one.
    pub scopes: BTreeSet<Scope>,
    /// For how many days, 1 to 3650; 365 unless told.
    #[serde(default)]
    pub days: Option<u16>,
    /// The machine account it is another key of; without it, one is made.
    #[serde(default)]
    pub account: Option<AccountId>,
}

/// What `POST /v1/keys` answers.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeKey {
    /// The key, told once: sent as a bearer token with every request.
    pub key: String,
    /// All else about it.
    pub about: MachineKey,
}

/// A device on which somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its name as it was given at the sign-in.
    pub name: String,
    /// When somebody signed in there.
    pub first_seen: DateTime<Utc>,
    /// When it was last in use, to a few minutes.
    pub last_seen: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// For how many days a desktop keeps its copy open without contact, unless the gateway says
/// otherwise.
pub const LEASE_DAYS: u16 = 14;

fn lease_days() -> u16 {
    LEASE_DAYS
}

/// What `POST /v1/sessions` and `POST /v1/sessions/refresh` answer, and `GET /v1/session` without the
/// tokens.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// The access token, sent as `Authorization: Bearer` (RFC 6750).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The refresh token: kept, and exchanged for new tokens before the access token ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Shown once, when an authenticator app was set up at the sign-in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery_codes: Vec<String>,
    /// When the access token ends.
    pub expires_at: DateTime<Utc>,
    /// Who signed in.
    pub account: Account,
    /// What the role may do.
    pub scopes: Vec<Scope>,
    /// Up to how much money the account gives back alone, in whole units of a currency.
    #[serde(default)]
    pub refunds_up_to: u32,
    /// The teams whose tickets it sees.
    #[serde(default)]
    pub teams: Vec<Team>,
    /// The shop.
    pub shop: Shop,
    /// For how many days the desktop keeps its copy open without contact.
    #[serde(default = "lease_days")]
    pub lease_days: u16,
    /// The gateway's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<DateTime<Utc>>,
}

/// `POST /v1/tickets/{ticket}/messages`, with the operation's id in `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// Whether the customer sees it.
    pub kind: MessageKind,
    /// The plain text, 1 to 20,000 characters.
    pub text: String,
    /// The newest public message the author had on the screen. A public message is refused with
    /// `thread_moved` (409) when somebody wrote publicly after it; `null` means that the author
    /// saw an empty conversation.
    #[serde(default)]
    pub seen: Option<MessageId>,
    /// The state the ticket takes with it, for example `pending` or `closed`.
    #[serde(default)]
    pub then: Option<TicketStatus>,
    /// The stored answer it was made from, to count its use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macro_id: Option<MacroId>,
    /// What a stored answer changes beside, in the same transaction. `then` wins over its `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub changes: Option<TicketPatch>,
}

/// What a new message led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageAdded {
    /// The message as stored.
    pub message: Message,
    /// The ticket as it is now.
    pub ticket: Ticket,
}

/// `PATCH /v1/tickets/{ticket}`: only what is there changes. `Idempotency-Key` names the operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TicketPatch {
    /// The new state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub status: Option<TicketStatus>,
    /// The new priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub priority: Option<Priority>,
    /// Who looks after it now; `null` for nobody.
    #[serde(skip_serializing_if = "Option::is_none", with = "nullable")]
    #[ts(optional, type = "string | null")]
    #[schema(value_type = Option<String>)]
    pub assignee: Option<Option<AccountId>>,
    /// Tags to add.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub add_tags: Vec<String>,
    /// Tags to take away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub remove_tags: Vec<String>,
    /// Gives it to another team.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub team: Option<TeamId>,
    /// Until when it sleeps; goes with `status: snoozed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Handed to a supervisor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub escalated: Option<bool>,
    /// Other values of the shop's own fields, by key; `null` takes a value away.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(optional, as = "Option<FieldChanges>")]
    pub fields: FieldChanges,
    /// What the author had seen of what they change. When it is something else by now, and not what
    /// they want anyway, nothing changes and the answer is `fields_moved` (409). What is not listed
    /// is not compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Compared>>")]
    pub was: Vec<Compared>,
}

/// `POST /v1/tickets/{ticket}/merge`: the ticket becomes part of another one of the same customer.
/// Its messages go there, it is closed, and what is said in it later is said there.
/// `Idempotency-Key` names the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeTicket {
    /// The ticket that goes on.
    pub into: TicketId,
}

/// What a merge led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Merged {
    /// The ticket that ended.
    pub ticket: Ticket,
    /// The ticket that goes on.
    pub into: Ticket,
}

/// `PUT /v1/fields/{key}`: defines a field of the shop's own, or changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineField {
    /// Its name on the screen, 1 to 60 characters.
    pub label: String,
    /// What it holds. A field that has values keeps its kind; a choice may gain options.
    pub kind: FieldKind,
    /// Its place among the fields, from 0.
    #[serde(default)]
    pub place: u32,
}

/// An account as admins see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// The account.
    pub account: Account,
    /// Counts what admins change of it.
    pub version: i64,
}

/// `PATCH /v1/accounts/{account}`: only what is there changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPatch {
    /// The version that its author had seen. When it is another one by now, nothing changes.
    pub version: i64,
    /// What the account is from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whose tickets it sees from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<Vec<TeamId>>,
}

/// A role and what it may do, in `GET /v1/roles`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleInfo {
    /// The role.
    pub role: Role,
    /// What it is for.
    pub words: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Up to how much money it gives back, in whole units of a currency.
    pub refunds_up_to: u32,
}

/// `POST /v1/teams`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTeam {
    /// Its name, 1 to 60 characters.
    pub name: String,
}

/// `POST /v1/customers/{customer}/reveal`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// Why. It stands in the audit trail.
    pub reason: RevealReason,
    /// The ticket that it is for, if it is for one.
    #[serde(default)]
    pub ticket: Option<TicketId>,
}

/// Why somebody looks at what is masked otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevealReason {
    /// A parcel does not arrive.
    Delivery,
    /// To be sure who writes.
    Identity,
    /// A payment or a refund is in question.
    Payment,
    /// It looks like fraud.
    Fraud,
    /// The customer asked what is known of them, or to be called.
    Request,
}

/// What is masked otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Revealed {
    /// The e-mail address.
    pub email: String,
    /// The phone number, if known.
    pub phone: Option<String>,
    /// The town, if known.
    pub city: Option<String>,
    /// The newest orders, at most 50.
    pub orders: Vec<RevealedOrder>,
}

/// What is masked of an order otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct RevealedOrder {
    /// Which order.
    pub order: OrderId,
    /// Where it goes.
    pub ship_to: Address,
    /// What may be seen of how it was paid.
    pub payments: Vec<String>,
}

/// A page of a list. `next` is opaque; pass it as `cursor` for the following page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The things.
    pub items: Vec<T>,
    /// The cursor of the following page, if there is one.
    pub next: Option<String>,
}

/// A sign-in of the sample shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SampleAccount {
    /// The account's e-mail address.
    pub email: String,
    /// What it may do.
    pub role: Role,
}

/// Tells a missing field from one that is `null`.
mod nullable {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer, T: Serialize>(
        value: &Option<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value
            .as_ref()
            .and_then(Option::as_ref)
            .serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_tells_nobody_from_not_said() {
        let patch = |text: &str| serde_json::from_str::<TicketPatch>(text).expect("a patch");
        assert_eq!(patch("{}").assignee, None, "not said");
        assert_eq!(patch(r#"{"assignee":null}"#).assignee, Some(None), "nobody");
        let nobody = TicketPatch {
            assignee: Some(None),
            ..TicketPatch::default()
        };
        let text = serde_json::to_string(&nobody).expect("JSON");
        assert_eq!(text, r#"{"assignee":null}"#);
        assert_eq!(patch(&text), nobody);
    }

    #[test]
    fn a_body_with_an_unknown_field_is_refused() {
        let error =
            serde_json::from_str::<TicketPatch>(r#"{"colour":"red"}"#).expect_err("unknown");
        assert!(error.to_string().contains("colour"), "{error}");
    }
}
