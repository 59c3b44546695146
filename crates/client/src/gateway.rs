//! The gateway over HTTP.

use crate::address::Address;
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{OpId, Ticket, TicketId};
use deskhand_protocol::{
    IDEMPOTENCY_HEADER, PROTOCOL_HEADER, PROTOCOL_VERSION,
    calls::{CallCode, CallError},
    problem::{Code, Problem},
    rest::{Hello, MessageAdded, NewMessage, Session, SignIn, TicketPatch},
    sync::SyncPage,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::RETRY_AFTER};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Duration;

/// How far apart the two clocks may be.
const CLOCK_MARGIN: TimeDelta = TimeDelta::minutes(5);

/// A gateway, perhaps with a session there.
#[derive(Clone)]
pub(crate) struct Gateway {
    http: reqwest::Client,
    pub(crate) address: Address,
    pub(crate) token: Option<String>,
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
            Self::Unreachable(_) | Self::NotAGateway | Self::OtherVersion(_) => true,
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
        matches!(self, Self::Refused { problem, .. } if problem.code == Code::SignedOut)
    }

    /// Whether nothing was reached, so that nothing else will be either.
    pub(crate) fn is_unreachable(&self) -> bool {
        !matches!(self, Self::Refused { .. })
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
            GatewayError::Unreachable(_) => CallCode::Unreachable,
            GatewayError::NotAGateway => CallCode::NotAGateway,
            GatewayError::OtherVersion(_) => CallCode::OtherVersion,
            GatewayError::Refused { problem, .. } => match problem.code {
                Code::SignedOut => CallCode::SignedOut,
                Code::WrongCredentials => CallCode::WrongCredentials,
                Code::Forbidden => CallCode::Forbidden,
                Code::NotFound => CallCode::NotFound,
                Code::OtherVersion => CallCode::OtherVersion,
                Code::Busy | Code::Unavailable => CallCode::Unreachable,
                _ => CallCode::Internal,
            },
        };
        Self::new(code, error.to_string())
    }
}

/// The HTTP client of the program.
pub(crate) fn http() -> Result<reqwest::Client, reqwest::Error> {
    // Fails when it was done before, which is as good.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("the cryptography was chosen before");
    }
    let builder = || {
        reqwest::Client::builder()
            .user_agent(concat!("Deskhand/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(20))
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
    };
    builder().build().or_else(|error| {
        // A computer without any certificates can still reach a gateway of its own.
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "no certificates: https will fail"
        );
        builder().tls_certs_only([]).build()
    })
}

impl Gateway {
    pub(crate) fn new(http: reqwest::Client, address: Address, token: Option<String>) -> Self {
        Self {
            http,
            address,
            token,
        }
    }

    /// Who answers there, if it is a gateway of our protocol and of our time.
    pub(crate) async fn hello(&self, now: DateTime<Utc>) -> Result<Hello, CallError> {
        let body = self.bytes(self.request(Method::GET, "v1/hello")).await?;
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
        self.send(self.request(Method::POST, "v1/sessions").json(body))
            .await
    }

    pub(crate) async fn sign_out(&self) -> Result<(), GatewayError> {
        let request = self
            .request(Method::DELETE, "v1/session")
            .timeout(Duration::from_secs(3));
        answered(request).await.map(|_| ())
    }

    pub(crate) async fn sync(&self, after: Option<&str>) -> Result<SyncPage, GatewayError> {
        let mut url = self.address.join("v1/sync");
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after);
        }
        self.send(self.prepared(self.http.get(url))).await
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

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.prepared(self.http.request(method, self.address.join(path)))
    }

    fn prepared(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header(PROTOCOL_HEADER, PROTOCOL_VERSION.to_string());
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, GatewayError> {
        read(self.bytes(request).await?.as_ref())
    }

    async fn bytes(&self, request: RequestBuilder) -> Result<impl AsRef<[u8]>, GatewayError> {
        let response = answered(request).await?;
        response.bytes().await.map_err(GatewayError::Unreachable)
    }
}

/// What every version of a gateway says of itself.
#[derive(Deserialize)]
struct Greeting {
    service: String,
    protocol: u32,
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, GatewayError> {
    serde_json::from_slice(body).map_err(|_| GatewayError::NotAGateway)
}

async fn answered(request: RequestBuilder) -> Result<Response, GatewayError> {
    let response = request.send().await.map_err(GatewayError::Unreachable)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| retry_after(value.to_str().ok()?));
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
            request_id: None,
        }),
        retry_after,
    }
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3); a date is not understood and means no wish.
pub(crate) fn retry_after(value: &str) -> Option<Duration> {
    value.trim().parse().ok().map(Duration::from_secs)
}
