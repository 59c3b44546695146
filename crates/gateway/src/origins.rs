//! Which pages of the web may talk to the gateway: its own, and for the chat those that are named.
//! Programs that are no browsers send no `Origin` and are not meant.

use crate::{app::State, problem::Refusal};
use axum::{
    extract::{self, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use deskhand_protocol::problem::Code;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// No page, or one of the gateway's own.
    Here,
    /// A page that may use the chat.
    Chat,
    /// Any other page.
    Elsewhere,
}

fn from(state: &State, request: &Request) -> From {
    let headers = request.headers();
    let Some(origin) = headers.get(header::ORIGIN) else {
        return From::Here;
    };
    let Ok(origin) = origin.to_str() else {
        return From::Elsewhere;
    };
    let origins = &state.config.origins;
    let named = |list: &[String]| list.iter().any(|named| named == origin);
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    if (host.is_some() && host == authority) || named(&origins.own) {
        From::Here
    } else if request.uri().path().starts_with("/chat/") && named(&origins.chat) {
        From::Chat
    } else {
        From::Elsewhere
    }
}

/// Refuses what changes something, and sockets, for pages from elsewhere; answers what browsers ask
/// in advance (CORS preflight) for pages that may use the chat.
pub async fn check(
    extract::State(state): extract::State<State>,
    request: Request,
    next: Next,
) -> Response {
    let asks = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let only_reads = matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.headers().contains_key(header::UPGRADE);
    match from(&state, &request) {
        From::Chat if asks => preflight(),
        From::Elsewhere if asks || !only_reads => Refusal::new(
            Code::Forbidden,
            "pages of this origin may not do this: name it in [origins] of the configuration",
        )
        .into_response(),
        From::Here | From::Chat | From::Elsewhere => next.run(request).await,
    }
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Tells browsers that a page which may use the chat may also read its answers.
pub async fn tell(
    extract::State(state): extract::State<State>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let readable = from(&state, &request) == From::Chat;
    let mut response = next.run(request).await;
    if let Some(origin) = origin.filter(|_| readable) {
        allow(response.headers_mut(), origin);
    }
    response
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
