//! The contract between window and core: one table, from which the router and the TypeScript map
//! are made.

use crate::audit::{AuditCheck, AuditExported, AuditPage, AuditQuery};
use crate::rest::{
    ChangePassword, Device, Enrolment, RecoveryCodes, Revealed, TotpCode, TotpState,
};
use crate::view::{
    AboutOrder, AboutStep, AddNote, Boot, ConnectionView, DeviceRef, GatewayAddress, GatewayProbe,
    Link, MacroView, MergeInto, Nothing, OpRef, OpenSample, Opened, OrderAnswer, OutboxItem,
    Passphrase, Password, RevealAsk, SaveDraft, SearchQuery, SearchResults, SendReply, SignedIn,
    StepNote, TakenBack, TicketChange, TicketPage, TicketQuery, TicketRef, TicketView, TypingNow,
    UndoSend, Verdict, ViewCounts, Wish,
};
use deskhand_domain::{Account, OpId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A call that went wrong, as the window gets it. The window owns the words; `detail` is for what
/// only the core knows (a path, a field).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CallError {
    /// What the window decides by.
    pub code: CallCode,
    /// What only the core knows; English, without personal data.
    pub detail: String,
}

/// What the window decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CallCode {
    /// There is no such call, or its arguments are not of its form: a mistake in the program.
    BadCall,
    /// Nobody is signed in.
    SignedOut,
    /// The address is not one.
    BadAddress,
    /// Nothing answers at the address.
    Unreachable,
    /// Something answers, and it is not a gateway.
    NotAGateway,
    /// The gateway speaks another version of the protocol.
    OtherVersion,
    /// This computer's clock is far off.
    ClockOff,
    /// E-mail or password is wrong.
    WrongCredentials,
    /// A code of the authenticator app is asked for: call again with it.
    TotpRequired,
    /// An authenticator app is to be set up; the detail is its `otpauth` address. Call again with
    /// its first code.
    TotpEnrolment,
    /// The code is wrong, too old, or was used before.
    WrongCode,
    /// An admin locked the account.
    AccountLocked,
    /// Nobody came back from the browser, or with an error.
    BrowserFailed,
    /// Too many tries: wait.
    TooManyTries,
    /// The new password is too short or easily guessed.
    WeakPassword,
    /// The role may not do this.
    Forbidden,
    /// The system's keychain is not there.
    KeychainAbsent,
    /// The system's keychain is locked.
    KeychainLocked,
    /// The passphrase does not open the copy.
    WrongPassphrase,
    /// The passphrase is too short.
    PassphraseTooShort,
    /// The copy was without contact to the gateway for too long: sign in to open it.
    LeaseEnded,
    /// The session was ended from elsewhere, and the copy is gone from this computer.
    SessionRevoked,
    /// The tickets are not of one customer, or one of them was merged already.
    CannotMerge,
    /// The keychain's key does not open the cache.
    WrongKey,
    /// The cache is damaged.
    CacheDamaged,
    /// A newer Deskhand wrote the cache.
    CacheNewer,
    /// The folder cannot be written.
    NotWritable,
    /// Another Deskhand has the folder open.
    FolderInUse,
    /// The disk is full.
    DiskFull,
    /// The sample shop could not be opened.
    SampleFailed,
    /// It is too late to take the message back.
    TooLate,
    /// The text is empty.
    TextEmpty,
    /// The text is too long; `detail` says the limit.
    TextTooLong,
    /// A link leads to neither a web page nor an e-mail address.
    LinkRefused,
    /// The system opened no browser; `detail` says why.
    NoBrowser,
    /// There is no such thing.
    NotFound,
    /// Something else; `detail` says what.
    Internal,
}

/// Makes the router's names, the dispatch and the TypeScript map from one table.
macro_rules! calls {
    ($($(#[doc = $doc:literal])* $name:ident($input:ty) -> $output:ty;)*) => {
        /// Every call, as the core implements it.
        pub trait Calls: Send + Sync {
            $(
                $(#[doc = $doc])*
                fn $name(&self, input: $input) -> impl Future<Output = Result<$output, CallError>> + Send;
            )*
        }

        /// The names of all calls.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// Finds the call by its name, reads its arguments, makes it and writes its result.
        pub async fn route(
            calls: &impl Calls,
            name: &str,
            args: serde_json::Value,
        ) -> Result<serde_json::Value, CallError> {
            match name {
                $(stringify!($name) => {
                    let input: $input = serde_json::from_value(args).map_err(CallError::bad_call)?;
                    let output = calls.$name(input).await?;
                    serde_json::to_value(output).map_err(CallError::bad_call)
                })*
                other => Err(CallError {
                    code: CallCode::BadCall,
                    detail: format!("there is no call named {other}"),
                }),
            }
        }

        /// Shows every argument and result type to a visitor.
        pub fn visit_types(visitor: &mut impl ts_rs::TypeVisitor) {
            $(
                visitor.visit::<$input>();
                visitor.visit::<$output>();
            )*
        }

        /// The TypeScript interface that maps each call to its argument and result.
        pub fn typescript(config: &ts_rs::Config) -> String {
            let mut out = String::from("export interface Calls {\n");
            $(
                $(out.push_str(&format!("  /** {} */\n", $doc.trim()));)*
                out.push_str(&format!(
                    "  {}: {{ args: {}; result: {} }};\n",
                    stringify!($name),
                    <$input as TS>::name(config),
                    <$output as TS>::name(config),
                ));
            )*
            out.push_str("}\n");
            out
        }
    };
}

impl CallError {
    /// An error with a code and what only the core knows.
    pub fn new(code: CallCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    fn bad_call(error: serde_json::Error) -> Self {
        Self::new(CallCode::BadCall, error.to_string())
    }
}

calls! {
    /// What to show first: a sign-in screen, or the shop.
    boot(Nothing) -> Boot;
    /// Whether a gateway answers at an address.
    probe_gateway(GatewayAddress) -> GatewayProbe;
    /// Signs in with a password.
    sign_in(Password) -> SignedIn;
    /// Signs in with the gateway's provider, in the system's browser.
    sign_in_in_browser(crate::view::BrowserSignIn) -> SignedIn;
    /// Waits for the browser no longer: the sign-in there ends with `browser_failed`.
    cancel_browser_sign_in(Nothing) -> Nothing;
    /// Starts the sample shop in this program and signs in there.
    open_sample(OpenSample) -> SignedIn;
    /// Signs out: the session ends and the cache's key is destroyed.
    sign_out(Nothing) -> Nothing;
    /// How the core stands to the gateway.
    connection(Nothing) -> ConnectionView;
    /// Drops the pause before the next attempt to connect.
    connect_now(Nothing) -> Nothing;
    /// The views of the rail and how many tickets each holds.
    views(Nothing) -> ViewCounts;
    /// A slice of a view's list.
    tickets(TicketQuery) -> TicketPage;
    /// Everything the screen of one ticket shows.
    ticket(TicketRef) -> TicketView;
    /// Marks a ticket as the one on the screen, or none: colleagues and the customer learn of it.
    open_ticket(Opened) -> Nothing;
    /// Says that the agent is writing, or has stopped.
    typing(TypingNow) -> Nothing;
    /// Queues a reply to the customer.
    send_reply(SendReply) -> OpId;
    /// Queues a note to colleagues.
    add_note(AddNote) -> OpId;
    /// Queues a change of a ticket.
    change_ticket(TicketChange) -> OpId;
    /// What waits to be sent, and what was refused.
    outbox(Nothing) -> Vec<OutboxItem>;
    /// Tries a parked operation again.
    retry_op(OpRef) -> Nothing;
    /// Gives an operation that was not sent up.
    discard_op(OpRef) -> Nothing;
    /// Sends a held reply as it is, now that its author has seen what was missed.
    send_held(OpRef) -> Nothing;
    /// Takes an operation that was not sent out of the outbox, to write on.
    take_back(OpRef) -> TakenBack;
    /// Takes a sent reply back while the gateway still holds it.
    undo_send(UndoSend) -> TakenBack;
    /// Whether the gateway would allow something, and why not.
    may(Wish) -> Verdict;
    /// Stores what was begun and not sent.
    save_draft(SaveDraft) -> Nothing;
    /// The stored answers, filled in for a ticket; those in its language first.
    macros(TicketRef) -> Vec<MacroView>;
    /// What the customer of a ticket may be told about where an order of theirs stands.
    order_answer(AboutOrder) -> OrderAnswer;
    /// What whoever takes a step about an order has to know, as a note.
    order_step(AboutStep) -> StepNote;
    /// Queues that a ticket becomes part of another one.
    merge_tickets(MergeInto) -> OpId;
    /// Opens the copy with its passphrase.
    unlock(Passphrase) -> SignedIn;
    /// Gives up the copy whose passphrase is lost: it is deleted, with what was not sent.
    forget_copy(Nothing) -> Nothing;
    /// Opens a link in the system's browser or mail program.
    open_link(Link) -> Nothing;
    /// Whether codes of an authenticator app are asked for.
    totp(Nothing) -> TotpState;
    /// Begins to set an authenticator app up.
    begin_totp(Nothing) -> Enrolment;
    /// Shows that the app is set up; answers recovery codes, once.
    confirm_totp(TotpCode) -> RecoveryCodes;
    /// Signs in without an app from now on.
    remove_totp(TotpCode) -> Nothing;
    /// Changes the password; every other device is signed out.
    change_password(ChangePassword) -> Nothing;
    /// The devices on which this account is signed in, the one in use last first.
    devices(Nothing) -> Vec<Device>;
    /// Signs a device out: it destroys its copy at its next contact.
    sign_out_device(DeviceRef) -> Nothing;
    /// Looks through everything that is on this computer.
    search(SearchQuery) -> SearchResults;
    /// Who works at the shop, as far as this computer knows.
    colleagues(Nothing) -> Vec<Account>;
    /// Shows what is masked otherwise of a ticket's customer; it is told in the audit trail, and
    /// never kept here.
    reveal(RevealAsk) -> Revealed;
    /// A page of the gateway's audit trail; only while connected, and never kept here.
    audit(AuditQuery) -> AuditPage;
    /// Has the gateway read its whole trail again.
    check_audit(Nothing) -> AuditCheck;
    /// Writes what an auditor looks for into a file of its own.
    export_audit(AuditQuery) -> AuditExported;
}
