//! Errors over HTTP: `application/problem+json` (RFC 9457).

use crate::rest::Enrolment;
use chrono::{DateTime, Utc};
use deskhand_domain::{Compared, Message};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every answer with a status of 400 and above.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI reference that names the kind of problem: `/problems/<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words; the same for every problem of this kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time and what to do about it. Never holds personal data.
    pub detail: String,
    /// The machine-readable code; what programs decide by.
    pub code: Code,
    /// What is wrong with single fields of the body, each with a JSON pointer (RFC 6901).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// With `thread_moved`: the public messages that the author had not seen, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Message>,
    /// With `fields_moved`: the values as they are now, of those the author had seen otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<Compared>,
    /// With `totp_required` and `totp_enrolment`: what is sent back with the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
    /// Names the request in the gateway's logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The password was right; a code is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Challenge {
    /// Sent to `POST /v1/sessions/totp` with the code.
    pub challenge: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// With `totp_enrolment`: what an app is set up with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<Enrolment>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer to the field, for example `/text`; empty for the whole body.
    pub pointer: String,
    /// What is wrong and what to write instead.
    pub detail: String,
}

/// What a program can decide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The body or a parameter is wrong; see `errors`. 400 or 422.
    Invalid,
    /// Nobody is signed in, or the session has ended. 401.
    SignedOut,
    /// The session was ended from elsewhere: the desktop destroys its copy. 401.
    SessionRevoked,
    /// E-mail or password is wrong. 401.
    WrongCredentials,
    /// The password is right, and a code of the authenticator app is asked for; see `challenge`. 401.
    TotpRequired,
    /// The password is right, and the role asks for an authenticator app that is not set up yet; see
    /// `challenge`. 401.
    TotpEnrolment,
    /// The code is wrong, too old, or was used before. 401.
    WrongCode,
    /// An admin locked the account. 403.
    AccountLocked,
    /// The role may not do this. 403.
    Forbidden,
    /// There is no such thing, or not for this account. 404.
    NotFound,
    /// The path knows no such method. 405.
    MethodNotAllowed,
    /// The id was used for something else. 409.
    Conflict,
    /// The conversation went on since the author looked; see `missed`. 409.
    ThreadMoved,
    /// Somebody changed the same values since the author looked; see `moved`. 409.
    FieldsMoved,
    /// The message is on its way to the customer and cannot be taken back. 409.
    TooLate,
    /// The body is too large. 413.
    TooLarge,
    /// The body is not JSON in UTF-8. 415.
    UnsupportedMedia,
    /// The other side speaks another protocol version. 426.
    OtherVersion,
    /// Too many requests; see `Retry-After`. 429.
    Busy,
    /// The gateway made a mistake; `request_id` finds it. 500.
    Internal,
    /// The gateway cannot answer now; see `Retry-After`. 503.
    Unavailable,
}

impl Code {
    /// The title that goes with the code.
    pub fn title(self) -> &'static str {
        match self {
            Self::Invalid => "The request is not valid",
            Self::SignedOut => "Not signed in",
            Self::SessionRevoked => "The session was revoked",
            Self::WrongCredentials => "Wrong e-mail or password",
            Self::TotpRequired => "A code is asked for",
            Self::TotpEnrolment => "An authenticator app is to be set up",
            Self::WrongCode => "Wrong code",
            Self::AccountLocked => "The account is locked",
            Self::Forbidden => "Not allowed for this role",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Conflict => "Conflict",
            Self::ThreadMoved => "The conversation went on",
            Self::FieldsMoved => "Somebody changed the same",
            Self::TooLate => "Already on its way",
            Self::TooLarge => "Too large",
            Self::UnsupportedMedia => "Not JSON in UTF-8",
            Self::OtherVersion => "Another protocol version",
            Self::Busy => "Too many requests",
            Self::Internal => "Internal error",
            Self::Unavailable => "Not available now",
        }
    }
}
