//! The gateway over HTTP.

use crate::{address::Address, clock::Clock, network::Network, pass::Pass};
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{Compared, CustomerId, DeviceId, Message, OpId, OrderId, Ticket, TicketId};
use deskhand_protocol::{
    IDEMPOTENCY_HEADER, PROTOCOL_HEADER, PROTOCOL_VERSION,
    audit::{AuditCheck, AuditPage, AuditQuery},
    calls::{CallCode, CallError},
    problem::{Challenge, Code, Problem},
    rest::{
        ChangePassword, Device, Enrolment, Hello, LiveTicket, MergeTicket, Merged, MessageAdded,
        NewMessage, Page, RecoveryCodes, Refresh, Reveal, Revealed, Session, SignIn, SignInCode,
        TicketPatch, TotpCode, TotpState,
    },
    sync::SyncPage,
};
use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{sync::Arc, time::Duration};

/// How far apart the two clocks may be.
const CLOCK_MARGIN: TimeDelta = TimeDelta::minutes(5);
/// How long an exchange of tokens may take: everything else waits for it.
const REFRESH_LIMIT: Duration = Duration::from_secs(15);
/// How often a request is sent again with another token. One may end between its exchange and its
/// use: the computer slept meanwhile, or a clock was set.
const OTHER_TOKENS: u32 = 3;
/// How long an export may take; silence ends it much earlier.
const EXPORT_LIMIT: Duration = Duration::from_secs(600);

/// A gateway, perhaps with a session there.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) network: Network,
    pub(crate) address: Address,
    /// The session there, if there is one.
    pub(crate) pass: Option<Arc<Pass>>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why the gateway did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GatewayError {
    #[error("nothing answers at the gateway's address")]
    Unreachable(#[source] reqwest::Error),
    #[error("what answers there is not a Deskhand gateway")]
    NotAGateway,
    #[error("the gateway speaks version {0} of the protocol")]
    OtherVersion(u32),
    #[error("every token ended before the gateway saw it")]
    Late,
    #[error("{}", problem.detail)]
    Refused {
        problem: Box<Problem>,
        retry_after: Option<Duration>,
    },
}

impl GatewayError {
    /// Whether the same bytes may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::NotAGateway | Self::OtherVersion(_) | Self::Late => true,
            Self::Refused { problem, .. } => {
                matches!(
                    problem.code,
                    Code::Busy
                        | Code::Unavailable
                        | Code::Internal
                        | Code::SignedOut
                        | Code::OtherVersion
                ) || problem.status >= 500
            }
        }
    }

    /// Whether the session has ended.
    pub(crate) fn is_signed_out(&self) -> bool {
        matches!(self, Self::Refused { problem, .. }
            if matches!(problem.code, Code::SignedOut | Code::SessionRevoked))
    }

    /// Whether it was ended from elsewhere, so that the copy has to go.
    pub(crate) fn is_revoked(&self) -> bool {
        matches!(self, Self::Refused { problem, .. } if problem.code == Code::SessionRevoked)
    }

    /// Whether nothing was reached, so that nothing else will be either.
    pub(crate) fn is_unreachable(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }

    /// Whether nothing of the request reached anybody.
    pub(crate) fn never_left(&self) -> bool {
        matches!(self, Self::Unreachable(error) if error.is_connect())
    }

    /// What the author of a reply had not seen, when the conversation went on.
    pub(crate) fn missed(&self) -> Option<&[Message]> {
        match self {
            Self::Refused { problem, .. } if problem.code == Code::ThreadMoved => {
                Some(&problem.missed)
            }
            _ => None,
        }
    }

    /// The values that somebody else set since the author of a change looked, as they are now.
    pub(crate) fn moved(&self) -> Option<&[Compared]> {
        match self {
            Self::Refused { problem, .. } if problem.code == Code::FieldsMoved => {
                Some(&problem.moved)
            }
            _ => None,
        }
    }

    /// Whether the gateway refused for now and said until when.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Refused { problem, retry_after: Some(_) }
            if matches!(problem.code, Code::Busy | Code::Unavailable))
    }

    /// Whether the gateway cannot make anything of the request.
    pub(crate) fn is_invalid(&self) -> bool {
        matches!(self, Self::Refused { problem, .. } if problem.code == Code::Invalid)
    }

    /// What is wrong with the first field that the gateway could not use.
    pub(crate) fn first_field(&self) -> Option<String> {
        match self {
            Self::Refused { problem, .. } => {
                problem.errors.first().map(|error| error.detail.clone())
            }
            _ => None,
        }
    }

    /// What a sign-in asks for beside the right password.
    pub(crate) fn challenge(&self) -> Option<&Challenge> {
        match self {
            Self::Refused { problem, .. } => problem.challenge.as_ref(),
            _ => None,
        }
    }

    /// Whether the gateway knows no such thing.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { problem, .. } if problem.code == Code::NotFound)
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl From<GatewayError> for CallError {
    fn from(error: GatewayError) -> Self {
        let code = match &error {
            GatewayError::Unreachable(_) | GatewayError::Late => CallCode::Unreachable,
            GatewayError::NotAGateway => CallCode::NotAGateway,
            GatewayError::OtherVersion(_) => CallCode::OtherVersion,
            GatewayError::Refused { problem, .. } => match problem.code {
                Code::SignedOut => CallCode::SignedOut,
                Code::SessionRevoked => CallCode::SessionRevoked,
                Code::WrongCredentials => CallCode::WrongCredentials,
                Code::TotpRequired => CallCode::TotpRequired,
                Code::TotpEnrolment => CallCode::TotpEnrolment,
                Code::WrongCode => CallCode::WrongCode,
                Code::AccountLocked => CallCode::AccountLocked,
                Code::Busy if problem.status == 429 => CallCode::TooManyTries,
                Code::Forbidden => CallCode::Forbidden,
                Code::NotFound => CallCode::NotFound,
                Code::TooLate => CallCode::TooLate,
                Code::OtherVersion => CallCode::OtherVersion,
                Code::Busy | Code::Unavailable => CallCode::Unreachable,
                _ => CallCode::Internal,
            },
        };
        Self::new(code, error.to_string())
    }
}

impl Gateway {
    pub(crate) fn new(network: Network, address: Address, clock: Arc<dyn Clock>) -> Self {
        Self {
            network,
            address,
            pass: None,
            clock,
        }
    }

    /// The same gateway with a session there.
    pub(crate) fn with(self, pass: Pass) -> Self {
        Self {
            pass: Some(Arc::new(pass)),
            ..self
        }
    }

    /// Who answers there, if it is a gateway of our protocol and of our time.
    pub(crate) async fn hello(&self, now: DateTime<Utc>) -> Result<Hello, CallError> {
        let body = open(self.request(Method::GET, "v1/hello")).await?;
        // Another version may say more or less of itself, so these two are read first.
        let greeting: Greeting = read(body.as_ref())?;
        if greeting.service != "deskhand-gateway" {
            return Err(GatewayError::NotAGateway.into());
        }
        if greeting.protocol != PROTOCOL_VERSION {
            return Err(GatewayError::OtherVersion(greeting.protocol).into());
        }
        let hello: Hello = read(body.as_ref())?;
        let off = hello.now - now;
        if off.abs() > CLOCK_MARGIN {
            return Err(CallError::new(
                CallCode::ClockOff,
                format!(
                    "this computer's clock is {} minutes off",
                    off.num_minutes().abs()
                ),
            ));
        }
        Ok(hello)
    }

    pub(crate) async fn sign_in(&self, body: &SignIn) -> Result<Session, GatewayError> {
        let request = self.request(Method::POST, "v1/sessions").json(body);
        read(open(request).await?.as_ref())
    }

    /// The code that a sign-in asked for.
    pub(crate) async fn sign_in_code(&self, body: &SignInCode) -> Result<Session, GatewayError> {
        let request = self.request(Method::POST, "v1/sessions/totp").json(body);
        read(open(request).await?.as_ref())
    }

    pub(crate) async fn totp(&self) -> Result<TotpState, GatewayError> {
        self.send(self.request(Method::GET, "v1/totp")).await
    }

    pub(crate) async fn begin_totp(&self) -> Result<Enrolment, GatewayError> {
        self.send(self.request(Method::POST, "v1/totp")).await
    }

    pub(crate) async fn confirm_totp(
        &self,
        code: &TotpCode,
    ) -> Result<RecoveryCodes, GatewayError> {
        let request = self.request(Method::POST, "v1/totp/confirm");
        self.send(request.json(code)).await
    }

    pub(crate) async fn remove_totp(&self, code: &TotpCode) -> Result<(), GatewayError> {
        let request = self.request(Method::POST, "v1/totp/remove").json(code);
        self.answered(request).await.map(|_| ())
    }

    pub(crate) async fn change_password(&self, body: &ChangePassword) -> Result<(), GatewayError> {
        let request = self.request(Method::POST, "v1/password").json(body);
        self.answered(request).await.map(|_| ())
    }

    pub(crate) async fn sign_out(&self) -> Result<(), GatewayError> {
        self.answered(self.request(Method::DELETE, "v1/session"))
            .await
            .map(|_| ())
    }

    /// Who is signed in, and what they may do now.
    pub(crate) async fn session(&self) -> Result<Session, GatewayError> {
        self.send(self.request(Method::GET, "v1/session")).await
    }

    /// What opens the live socket once.
    pub(crate) async fn live_ticket(&self) -> Result<String, GatewayError> {
        let request = self.request(Method::POST, "v1/live/ticket");
        let answer: LiveTicket = self.send(request).await?;
        Ok(answer.ticket)
    }

    /// Where this account is signed in.
    pub(crate) async fn devices(&self) -> Result<Vec<Device>, GatewayError> {
        self.send(self.request(Method::GET, "v1/devices")).await
    }

    /// Signs a device out.
    pub(crate) async fn sign_out_device(&self, device: DeviceId) -> Result<(), GatewayError> {
        let path = format!("v1/devices/{device}");
        self.answered(self.request(Method::DELETE, &path))
            .await
            .map(|_| ())
    }

    pub(crate) async fn sync(&self, after: Option<&str>) -> Result<SyncPage, GatewayError> {
        let mut url = self.address.join("v1/sync");
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after);
        }
        self.send(self.prepared(self.network.http.get(url))).await
    }

    /// What is masked otherwise of a customer.
    pub(crate) async fn reveal(
        &self,
        customer: CustomerId,
        body: &Reveal,
    ) -> Result<Revealed, GatewayError> {
        let path = format!("v1/customers/{customer}/reveal");
        self.send(self.request(Method::POST, &path).json(body))
            .await
    }

    /// Has an order read anew at its shop when the gateway's is old too.
    pub(crate) async fn read_anew(&self, order: OrderId) -> Result<(), GatewayError> {
        let path = format!("v1/orders/{order}");
        self.answered(self.request(Method::GET, &path))
            .await
            .map(drop)
    }

    /// A page of the audit trail.
    pub(crate) async fn audit(&self, query: &AuditQuery) -> Result<AuditPage, GatewayError> {
        self.send(self.about("v1/audit", query)).await
    }

    /// What the audit trail tells of this, one entry a line.
    pub(crate) async fn audit_lines(&self, query: &AuditQuery) -> Result<Response, GatewayError> {
        let request = self.about("v1/audit/export", query).timeout(EXPORT_LIMIT);
        self.answered(request).await
    }

    /// Has the whole audit trail read again.
    pub(crate) async fn audit_check(&self) -> Result<AuditCheck, GatewayError> {
        self.send(self.request(Method::GET, "v1/audit/check")).await
    }

    /// A question with words behind `?`.
    fn about(&self, path: &str, query: &impl Serialize) -> RequestBuilder {
        let mut url = self.address.join(path);
        let words = serde_json::to_value(query).unwrap_or_default();
        for (name, word) in words.as_object().into_iter().flatten() {
            if let Some(word) = word.as_str() {
                url.query_pairs_mut().append_pair(name, word);
            }
        }
        self.prepared(self.network.http.get(url))
    }

    /// A page of a ticket's messages.
    pub(crate) async fn messages(
        &self,
        ticket: TicketId,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, GatewayError> {
        let mut url = self.address.join(&format!("v1/tickets/{ticket}/messages"));
        if let Some(cursor) = cursor {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        self.send(self.prepared(self.network.http.get(url))).await
    }

    pub(crate) async fn add_message(
        &self,
        op: OpId,
        ticket: TicketId,
        message: &NewMessage,
    ) -> Result<MessageAdded, GatewayError> {
        let request = self
            .request(Method::POST, &format!("v1/tickets/{ticket}/messages"))
            .header(IDEMPOTENCY_HEADER, op.to_string())
            .json(message);
        self.send(request).await
    }

    /// Takes a message back that the gateway still holds.
    pub(crate) async fn take_message_back(
        &self,
        ticket: TicketId,
        op: OpId,
    ) -> Result<(), GatewayError> {
        let path = format!("v1/tickets/{ticket}/messages/{op}");
        self.answered(self.request(Method::DELETE, &path))
            .await
            .map(|_| ())
    }

    pub(crate) async fn change_ticket(
        &self,
        op: OpId,
        ticket: TicketId,
        patch: &TicketPatch,
    ) -> Result<Ticket, GatewayError> {
        let request = self
            .request(Method::PATCH, &format!("v1/tickets/{ticket}"))
            .header(IDEMPOTENCY_HEADER, op.to_string())
            .json(patch);
        self.send(request).await
    }

    pub(crate) async fn merge(
        &self,
        op: OpId,
        ticket: TicketId,
        into: TicketId,
    ) -> Result<Merged, GatewayError> {
        let request = self
            .request(Method::POST, &format!("v1/tickets/{ticket}/merge"))
            .header(IDEMPOTENCY_HEADER, op.to_string())
            .json(&MergeTicket { into });
        self.send(request).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.prepared(self.network.http.request(method, self.address.join(path)))
    }

    fn prepared(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(PROTOCOL_HEADER, PROTOCOL_VERSION.to_string())
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, GatewayError> {
        let response = self.answered(request).await?;
        let body = response.bytes().await.map_err(GatewayError::Unreachable)?;
        read(body.as_ref())
    }

    /// Sends a request in the name of who is signed in. When the token has ended, another one is
    /// asked for, and the request is sent again: it was refused before anything was done. Only the
    /// exchange says that the session itself has ended.
    async fn answered(&self, mut request: RequestBuilder) -> Result<Response, GatewayError> {
        let Some(pass) = &self.pass else {
            return answered(request).await;
        };
        let mut token = pass.token(self).await?;
        for _ in 0..OTHER_TOKENS {
            let again = request.try_clone();
            match (answered(request.bearer_auth(&token)).await, again) {
                (Err(error), Some(again)) if error.is_signed_out() && !error.is_revoked() => {
                    token = pass.instead_of(&token, self).await?;
                    request = again;
                }
                (answer, _) => return answer,
            }
        }
        match answered(request.bearer_auth(&token)).await {
            Err(error) if error.is_signed_out() && !error.is_revoked() => Err(GatewayError::Late),
            answer => answer,
        }
    }

    /// Exchanges a refresh token.
    pub(crate) async fn refresh(&self, token: &str) -> Result<Session, GatewayError> {
        let refresh_token = token.to_owned();
        let request = self
            .request(Method::POST, "v1/sessions/refresh")
            .timeout(REFRESH_LIMIT)
            .json(&Refresh { refresh_token });
        read(open(request).await?.as_ref())
    }
}

/// Sends a request that needs no session.
pub(crate) async fn open(request: RequestBuilder) -> Result<impl AsRef<[u8]>, GatewayError> {
    let response = answered(request).await?;
    response.bytes().await.map_err(GatewayError::Unreachable)
}

/// What every version of a gateway says of itself.
#[derive(Deserialize)]
struct Greeting {
    service: String,
    protocol: u32,
}

pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, GatewayError> {
    serde_json::from_slice(body).map_err(|_| GatewayError::NotAGateway)
}

async fn answered(request: RequestBuilder) -> Result<Response, GatewayError> {
    let response = request.send().await.map_err(GatewayError::Unreachable)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = retry_after(response.headers());
    let body = response.bytes().await.map_err(GatewayError::Unreachable)?;
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => Err(GatewayError::Refused {
            problem: Box::new(problem),
            retry_after,
        }),
        Err(_) => Err(strange(status, retry_after)),
    }
}

/// An error that no gateway wrote: something between, or no gateway at all.
fn strange(status: StatusCode, retry_after: Option<Duration>) -> GatewayError {
    let code = match status.as_u16() {
        429 => Code::Busy,
        502..=504 => Code::Unavailable,
        _ => return GatewayError::NotAGateway,
    };
    GatewayError::Refused {
        problem: Box::new(Problem {
            kind: "about:blank".into(),
            title: code.title().into(),
            status: status.as_u16(),
            detail: format!("the gateway is not available now ({status})"),
            code,
            errors: vec![],
            missed: vec![],
            moved: vec![],
            challenge: None,
            request_id: None,
        }),
        retry_after,
    }
}

/// When the gateway wants to be asked again (RFC 9110 §10.2.3): seconds, or a date, which is
/// compared with the date of the answer and so needs no clock of this computer.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let value = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?;
    let answered = DateTime::parse_from_rfc2822(text(DATE)?).ok()?;
    Some((until - answered).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_to_be_asked_later_is_seconds_or_a_date() {
        let wish = |retry: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry.parse().expect("a header"));
            if let Some(date) = date {
                headers.insert(DATE, date.parse().expect("a header"));
            }
            retry_after(&headers).map(|wish| wish.as_secs())
        };
        let (noon, later) = (
            "Sun, 06 Nov 1994 12:00:00 GMT",
            "Sun, 06 Nov 1994 12:01:30 GMT",
        );
        assert_eq!(wish("120", None), Some(120));
        assert_eq!(wish(later, Some(noon)), Some(90));
        assert_eq!(wish(noon, Some(later)), Some(0), "it has passed");
        assert_eq!(wish(later, None), None, "later than what?");
        assert_eq!(wish("soon", Some(noon)), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
