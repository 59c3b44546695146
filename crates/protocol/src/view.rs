//! What the window shows and asks for: the arguments, results and events of [`crate::calls`].

use chrono::{DateTime, Utc};
use deskhand_domain::{
    Account, AccountId, Channel, Customer, DeviceId, Field, Intent, MacroChanges, MacroId, Message,
    MessageId, Money, Mood, OpId, Order, Priority, Role, Scope, Shipment, Shop, Team, Ticket,
    TicketId, TicketStatus, wismo::Diagnosis,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{calls::CallError, rest::TicketPatch};

pub use crate::answer::{AboutOrder, AboutStep, OrderAnswer, StatedFact, StepNote};
pub use crate::outbox::{FactVerdict, HeldFact, OutboxAction, OutboxItem, OutboxState};
pub use crate::reveal::RevealAsk;
pub use crate::search::{
    Found, SearchHit, SearchQuery, SearchResults, SnippetPart, Unclear, UnclearKind,
};

/// No argument, or no result: an empty object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Nothing {}

/// A link that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Link {
    /// Its whole address.
    pub address: String,
}

/// What to show first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "screen", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "one is made at the start, none is kept in a list"
)]
pub enum Boot {
    /// Nobody is signed in.
    SignIn {
        /// The gateway of the last sign-in, to offer it again.
        address: Option<String>,
        /// The e-mail of the last sign-in.
        email: Option<String>,
        /// Whether this program can open the sample shop.
        sample: bool,
        /// Why an earlier session could not go on, if one could not.
        problem: Option<CallError>,
    },
    /// Somebody is signed in, and the copy waits for its passphrase: there is no keychain to keep
    /// its key.
    Unlock {
        /// The gateway.
        address: String,
        /// Who is signed in.
        email: String,
    },
    /// Somebody is signed in and the cache is open.
    Shop(SignedIn),
}

/// Who is signed in, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SignedIn {
    /// Shown once, when an authenticator app was set up at the sign-in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub recovery_codes: Vec<String>,
    /// Who.
    pub account: Account,
    /// What the role may do.
    pub scopes: Vec<Scope>,
    /// Up to how much money it gives back alone, in whole units of a currency.
    #[serde(default)]
    #[ts(optional, as = "Option<u32>")]
    pub refunds_up_to: u32,
    /// The teams whose tickets it sees.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<Team>>")]
    pub teams: Vec<Team>,
    /// The shop.
    pub shop: Shop,
    /// The gateway's address.
    pub gateway: String,
    /// Whether this is the sample shop.
    pub sample: bool,
    /// The address of the gateway's chat page for customers.
    pub chat_page: String,
}

/// What somebody would like to do, to be told beforehand whether they may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// The action as the policy names it, such as `message.send` or `refund.execute`.
    pub action: String,
    /// The ticket, where it is about one.
    #[serde(default)]
    #[ts(optional)]
    pub ticket: Option<TicketId>,
    /// The amount, where it is about money.
    #[serde(default)]
    #[ts(optional)]
    pub amount: Option<Money>,
    /// Who asked for it, where it is about what was asked for.
    #[serde(default)]
    #[ts(optional)]
    pub requested_by: Option<AccountId>,
}

/// What the gateway would say. It decides again when it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Verdict {
    /// Whether it would be done.
    pub allowed: bool,
    /// Why not, such as `needs a supervisor: above 100.00 EUR`; empty when it is allowed.
    pub words: String,
    /// The rule that decided, if one did.
    pub rule: Option<String>,
}

/// Where a gateway should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GatewayAddress {
    /// As typed: `desk.example.com`, `127.0.0.1:7431`, `https://…`.
    pub address: String,
}

/// What answers at an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GatewayProbe {
    /// What stands on the button that signs in with a browser; none when there is no such way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub single_sign_on: Option<String>,
    /// The address in full, as it will be used.
    pub address: String,
    /// The shop's name.
    pub shop: String,
    /// The gateway's version.
    pub version: String,
    /// How long the answer took, in milliseconds.
    #[ts(type = "number")]
    pub milliseconds: u64,
    /// Whether the connection is encrypted with a valid certificate.
    pub encrypted: bool,
}

/// A sign-in with a password.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct Password {
    /// The gateway.
    pub address: String,
    /// The account's e-mail address.
    pub email: String,
    /// Its password.
    pub password: String,
    /// Protects the copy on a computer without a keychain; 12 characters at least. Asked for when
    /// the sign-in was refused with `keychain_absent` or `keychain_locked`.
    #[serde(default)]
    #[ts(optional)]
    pub passphrase: Option<String>,
    /// A code of the authenticator app, or a recovery code. Asked for when the sign-in was refused
    /// with `totp_required` or `totp_enrolment`.
    #[serde(default)]
    #[ts(optional)]
    pub code: Option<String>,
}

/// A sign-in that goes on in the system's browser.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct BrowserSignIn {
    /// The gateway.
    pub address: String,
    /// See [`Password::passphrase`].
    #[serde(default)]
    #[ts(optional)]
    pub passphrase: Option<String>,
}

/// The passphrase of the copy.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct Passphrase {
    /// As typed.
    pub passphrase: String,
}

/// As whom to open the sample shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OpenSample {
    /// `agent` or `supervisor`.
    pub role: Role,
}

/// How the core stands to the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConnectionView {
    /// In one word.
    pub state: Connection,
    /// Until when the copy is known to be complete; `None` before the first sync.
    pub current_as_of: Option<DateTime<Utc>>,
    /// When the next attempt is made, while offline.
    pub retry_at: Option<DateTime<Utc>>,
    /// How much of the history is here, in percent; 100 when all is.
    pub history: u8,
    /// Why it is offline, if something said so.
    pub problem: Option<CallError>,
}

/// How the core stands to the gateway, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// The feed is live.
    Live,
    /// Connected, and still receiving what was missed.
    CatchingUp,
    /// No connection.
    Offline,
}

/// A view of the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ViewId {
    /// Open, and mine.
    MyOpen,
    /// Open, and nobody's.
    Unassigned,
    /// A colleague named me.
    Mentions,
    /// Asleep.
    Snoozed,
    /// A reply of mine is held here because the conversation went on.
    Held,
    /// Open, and about a parcel.
    WhereIsIt,
    /// Open, and about money back.
    Refunds,
    /// Open, and due within the hour or overdue.
    BreachingSoon,
    /// Open, and at least 300 of the shop's currency are at stake.
    HighValue,
    /// Open, by e-mail.
    Email,
    /// Open, by web chat.
    WebChat,
    /// Open, by WhatsApp.
    Whatsapp,
    /// Handed to a supervisor.
    Escalated,
    /// Open.
    AllOpen,
    /// Finished.
    Closed,
}

impl ViewId {
    /// All views, in the order of the rail.
    pub const ALL: [Self; 15] = [
        Self::MyOpen,
        Self::Unassigned,
        Self::Mentions,
        Self::Snoozed,
        Self::Held,
        Self::WhereIsIt,
        Self::Refunds,
        Self::BreachingSoon,
        Self::HighValue,
        Self::Email,
        Self::WebChat,
        Self::Whatsapp,
        Self::Escalated,
        Self::AllOpen,
        Self::Closed,
    ];
}

/// How many tickets each view holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ViewCounts {
    /// In the order of [`ViewId::ALL`].
    pub views: Vec<ViewCount>,
}

/// How many tickets a view holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ViewCount {
    /// Which.
    pub view: ViewId,
    /// How many.
    pub count: u32,
}

/// A slice of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TicketQuery {
    /// Of which view.
    pub view: ViewId,
    /// In which order.
    pub sort: Sort,
    /// The first row, from 0.
    pub offset: u32,
    /// How many rows at most; 500 is the limit.
    pub limit: u32,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Due first; those nobody waits in last.
    Clock,
    /// Newest message first.
    Newest,
    /// Oldest message first.
    Oldest,
}

/// A slice of a list and how long the list is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TicketPage {
    /// How many rows the whole list has.
    pub total: u32,
    /// The rows of the slice.
    pub rows: Vec<TicketRow>,
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TicketRow {
    /// The ticket.
    pub id: TicketId,
    /// Its number.
    pub number: u32,
    /// Where the customer wrote last.
    pub channel: Channel,
    /// The customer's name.
    pub customer: String,
    /// What it is about.
    pub subject: String,
    /// The start of the newest message.
    pub snippet: String,
    /// What the customer wants.
    pub intent: Intent,
    /// How the customer sounds.
    pub mood: Mood,
    /// Where it is in its life.
    pub status: TicketStatus,
    /// How urgent.
    pub priority: Priority,
    /// The customer wrote something nobody has looked at.
    pub unread: bool,
    /// Handed to a supervisor.
    pub escalated: bool,
    /// The amount at stake.
    pub at_stake: Option<Money>,
    /// Since when the customer waits.
    pub waiting_since: Option<DateTime<Utc>>,
    /// When the answer is due.
    pub due_at: Option<DateTime<Utc>>,
    /// When the newest message was written.
    pub last_message_at: DateTime<Utc>,
    /// Who looks after it.
    pub assignee: Option<Account>,
    /// Colleagues who have it open now.
    pub readers: Vec<Account>,
    /// Colleagues, or the customer, who write in it now.
    pub writers: Vec<Writer>,
    /// Something was begun here and not sent.
    pub draft: bool,
}

/// Somebody who is writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", content = "account", rename_all = "snake_case")]
pub enum Writer {
    /// The customer.
    Customer,
    /// A colleague.
    Colleague(Account),
}

/// Names a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TicketRef {
    /// Which.
    pub ticket: TicketId,
}

/// Everything the screen of one ticket shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TicketView {
    /// The ticket.
    pub ticket: Ticket,
    /// Its customer.
    pub customer: Option<Customer>,
    /// Messages and notes, oldest first.
    pub messages: Vec<Message>,
    /// What this desktop has written and not yet sent, oldest first.
    pub pending: Vec<OutboxItem>,
    /// The order it is about.
    pub order: Option<OrderView>,
    /// The customer's orders, newest first.
    pub orders: Vec<OrderView>,
    /// The customer's other tickets, newest first.
    pub history: Vec<TicketRow>,
    /// Colleagues, to show names for ids.
    pub people: Vec<Account>,
    /// Colleagues who have it open now.
    pub readers: Vec<Account>,
    /// Who is writing now.
    pub writers: Vec<Writer>,
    /// The shop's own fields, by place.
    pub fields: Vec<Field>,
    /// What was begun here and not sent.
    pub draft: Option<Draft>,
}

/// What was begun and not sent. It lies in the copy, survives everything that the outbox survives,
/// and never leaves this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Draft {
    /// The text of the reply.
    pub reply: String,
    /// The text of the note.
    pub note: String,
    /// When it was last stored.
    pub saved_at: DateTime<Utc>,
}

/// What was begun, to be stored; with both texts empty there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SaveDraft {
    /// Where.
    pub ticket: TicketId,
    /// The text of the reply.
    pub reply: String,
    /// The text of the note.
    pub note: String,
}

/// A stored answer, filled in for a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MacroView {
    /// Which.
    pub id: MacroId,
    /// Its name.
    pub name: String,
    /// BCP 47 language.
    pub language: String,
    /// The text with everything filled in that is known; a gap stays as `{{order.number}}`.
    pub text: String,
    /// The gaps, each once: `order.number`.
    pub gaps: Vec<String>,
    /// What it changes beside.
    pub changes: MacroChanges,
}

/// A ticket that becomes part of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MergeInto {
    /// The ticket that ends.
    pub ticket: TicketId,
    /// The ticket that goes on.
    pub into: TicketId,
}

/// An order with its parcels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OrderView {
    /// The order.
    pub order: Order,
    /// Its parcels, by position.
    pub shipments: Vec<Shipment>,
    /// Where each parcel and the rest stand, what most needs somebody first.
    pub diagnoses: Vec<Diagnosis>,
}

/// The ticket on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Opened {
    /// Which, or none.
    pub ticket: Option<TicketId>,
}

/// The agent is writing, or has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TypingNow {
    /// Where.
    pub ticket: TicketId,
    /// Whether they write.
    pub typing: bool,
}

/// A reply to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SendReply {
    /// Where.
    pub ticket: TicketId,
    /// The text.
    pub text: String,
    /// The newest public message on the screen.
    pub seen: Option<MessageId>,
    /// Closes the ticket with it.
    pub close: bool,
    /// The stored answer it was made from.
    #[serde(default)]
    #[ts(optional)]
    pub macro_id: Option<MacroId>,
    /// What a stored answer changes beside; goes out with the reply or not at all.
    #[serde(default)]
    #[ts(optional)]
    pub changes: Option<TicketPatch>,
}

/// A note to colleagues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AddNote {
    /// Where.
    pub ticket: TicketId,
    /// The text.
    pub text: String,
}

/// A change of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TicketChange {
    /// Which.
    pub ticket: TicketId,
    /// What changes.
    pub patch: TicketPatch,
}

/// A device on which this account is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeviceRef {
    /// Which.
    pub device: DeviceId,
}

/// Names an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OpRef {
    /// Which.
    pub op: OpId,
}

/// An operation that came back to its author's hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TakenBack {
    /// Where.
    pub ticket: TicketId,
    /// What it was; its text belongs into the composer again.
    pub action: OutboxAction,
}

/// A message that its author wants back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UndoSend {
    /// Where.
    pub ticket: TicketId,
    /// The operation that sent it.
    pub op: OpId,
}

/// What the core tells the window without being asked. A hint to look again, never the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum Event {
    /// Somebody signed in or out, here or by the gateway's word.
    Session,
    /// The connection changed; carries it, since it changes often.
    Connection(ConnectionView),
    /// Lists and counts may have changed.
    Lists,
    /// A ticket or something its screen shows has changed.
    Ticket {
        /// Which.
        ticket: TicketId,
    },
    /// Who reads or writes in a ticket has changed.
    Presence {
        /// Which.
        ticket: TicketId,
        /// Colleagues who have it open.
        readers: Vec<Account>,
        /// Who is writing.
        writers: Vec<Writer>,
    },
    /// The outbox changed.
    Outbox,
    /// An address is to be opened beside the window. Only a host without a system of its own, the
    /// browser host, sends it, and only its page's transport hears it.
    Outside {
        /// A checked address.
        address: String,
    },
}
