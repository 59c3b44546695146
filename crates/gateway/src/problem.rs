//! Errors as `application/problem+json`.

use crate::store::StoreError;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use deskhand_domain::{AccountId, Compared, Message, text::TextError};
use deskhand_policy::{Action, Decision};
use deskhand_protocol::problem::{Challenge, Code, FieldError, Problem};

/// Why a request is refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    status: StatusCode,
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    meanwhile: Meanwhile,
    retry_after: Option<TimeDelta>,
    denied: Option<Box<Denied>>,
}

/// What a policy denied, for the audit trail.
#[derive(Debug, Clone)]
pub struct Denied {
    /// Whom.
    pub account: AccountId,
    /// What they wanted.
    pub action: Action,
    /// The rule that decided.
    pub rule: Option<String>,
}

/// What happened since whoever asks looked.
#[derive(Debug, Clone)]
enum Meanwhile {
    Nothing,
    /// Messages were written.
    Missed(Vec<Message>),
    /// Values were set; these are they now.
    Moved(Vec<Compared>),
    /// The password was right, and a code is asked for.
    Asked(Box<Challenge>),
}

impl Refusal {
    /// A refusal with words that say what to do.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            status: status(code),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            meanwhile: Meanwhile::Nothing,
            retry_after: None,
            denied: None,
        }
    }

    /// One field is wrong.
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut refusal = Self::new(Code::Invalid, "a field is wrong; see errors");
        refusal.errors.push(FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        refusal
    }

    /// A text is empty, too long or the like. 422: it can be read but not used.
    pub fn text(pointer: impl Into<String>, error: TextError) -> Self {
        Self::unusable(pointer, error.to_string())
    }

    /// A field can be read and not be used. 422.
    pub fn unusable(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut refusal = Self::field(pointer, detail);
        refusal.status = StatusCode::UNPROCESSABLE_ENTITY;
        refusal
    }

    /// Nobody is signed in.
    pub fn signed_out() -> Self {
        Self::new(
            Code::SignedOut,
            "nobody is signed in, or the session has ended: sign in",
        )
    }

    /// The password was right, and a code is asked for.
    pub fn asks(code: Code, challenge: Challenge) -> Self {
        let mut refusal = Self::new(
            code,
            "send a code of your authenticator app with the challenge to /v1/sessions/totp",
        );
        refusal.meanwhile = Meanwhile::Asked(Box::new(challenge));
        refusal
    }

    /// The session was ended from elsewhere.
    pub fn revoked() -> Self {
        Self::new(
            Code::SessionRevoked,
            "the session was ended from elsewhere: ask your admin, or sign in again",
        )
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Self::new(
            Code::NotFound,
            "there is no such thing, or not for this account",
        )
    }

    /// The policy says no, in the words of its rule.
    pub fn denied(account: AccountId, action: Action, decision: Decision) -> Self {
        let mut refusal = Self::new(Code::Forbidden, decision.words);
        refusal.denied = Some(Box::new(Denied {
            account,
            action,
            rule: decision.rule,
        }));
        refusal
    }

    /// What the policy denied, if it is that.
    pub fn what_was_denied(&self) -> Option<&Denied> {
        self.denied.as_deref()
    }

    /// Too often.
    pub fn busy(wait: TimeDelta) -> Self {
        let seconds = wait.num_seconds() + 1;
        let mut refusal = Self::new(
            Code::Busy,
            format!("too many tries: wait {seconds} seconds and try again"),
        );
        refusal.retry_after = Some(wait);
        refusal
    }

    /// Not now, but after a while.
    pub fn later(detail: &str, wait: TimeDelta) -> Self {
        let mut refusal = Self::new(Code::Unavailable, detail);
        refusal.retry_after = Some(wait);
        refusal
    }

    /// The gateway made a mistake.
    pub fn internal() -> Self {
        Self::new(
            Code::Internal,
            "the gateway made a mistake: try again, and give the request id to who runs it",
        )
    }

    /// What a bare status of a library means.
    pub fn of_status(status: StatusCode) -> Self {
        let mut refusal = match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(Code::MethodNotAllowed, "this path knows no such method")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(Code::TooLarge, "the body is too large: send less")
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => {
                Self::new(Code::Unavailable, "it took too long: try again")
            }
            other if other.is_server_error() => Self::internal(),
            _ => Self::new(Code::Invalid, "the request cannot be read"),
        };
        refusal.status = status;
        refusal
    }

    /// The body, with the request's id.
    pub fn problem(&self, request_id: Option<String>) -> Problem {
        let name = serde_json::to_value(self.code).ok();
        let name = name
            .as_ref()
            .and_then(|name| name.as_str())
            .unwrap_or("internal");
        let (mut missed, mut moved, mut challenge) = (Vec::new(), Vec::new(), None);
        match &self.meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::Missed(messages) => missed = messages.clone(),
            Meanwhile::Moved(values) => moved = values.clone(),
            Meanwhile::Asked(asked) => challenge = Some(Challenge::clone(asked)),
        }
        Problem {
            kind: format!("/problems/{name}"),
            title: self.code.title().to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.code,
            errors: self.errors.clone(),
            missed,
            moved,
            challenge,
            request_id,
        }
    }

    /// The whole answer, with the request's id.
    pub fn answer(&self, request_id: Option<String>) -> Response {
        let body = serde_json::to_string(&self.problem(request_id)).unwrap_or_default();
        let kind = (header::CONTENT_TYPE, "application/problem+json");
        let mut response = (self.status, [kind], body).into_response();
        if let Some(wait) = self.retry_after
            && let Ok(seconds) = HeaderValue::from_str(&(wait.num_seconds() + 1).to_string())
        {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if matches!(self.code, Code::SignedOut | Code::SessionRevoked) {
            let bearer = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// The body is written by the outermost layer, which knows the request's id.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict => Self::new(
                Code::Conflict,
                "the id was used for something else: make a new one",
            ),
            StoreError::ThreadMoved { missed } => {
                let mut refusal = Self::new(
                    Code::ThreadMoved,
                    "the conversation went on and nothing was sent: read what is in missed, then send again with the newest as seen",
                );
                refusal.meanwhile = Meanwhile::Missed(missed.clone());
                refusal
            }
            StoreError::FieldsMoved { moved } => {
                let mut refusal = Self::new(
                    Code::FieldsMoved,
                    "somebody changed the same meanwhile and nothing was changed: look at moved, then send again with that as was",
                );
                refusal.meanwhile = Meanwhile::Moved(moved.clone());
                refusal
            }
            StoreError::Wrong { pointer, detail } => Self::field(pointer, detail),
            StoreError::Refused(words) => Self::new(Code::Conflict, words),
            StoreError::OtherEpoch => Self::new(
                Code::Conflict,
                "the cursor belongs to another history: start with a new sync",
            ),
            other if other.is_transient() => {
                tracing::warn!(error = chain(other), "the database cannot answer now");
                let words = if other.is_full() {
                    "the gateway's disk is full, what was stored is safe: make room there and try again"
                } else {
                    "the gateway's database cannot answer now: try again in a moment"
                };
                Self::later(words, TimeDelta::seconds(2))
            }
            other => {
                tracing::error!(error = chain(other), "the store failed");
                Self::internal()
            }
        }
    }
}

/// An error with its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::Invalid => StatusCode::BAD_REQUEST,
        Code::SignedOut
        | Code::SessionRevoked
        | Code::WrongCredentials
        | Code::TotpRequired
        | Code::TotpEnrolment
        | Code::WrongCode => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::AccountLocked => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::Conflict | Code::ThreadMoved | Code::FieldsMoved | Code::TooLate => {
            StatusCode::CONFLICT
        }
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::OtherVersion => StatusCode::UPGRADE_REQUIRED,
        Code::Busy => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}
