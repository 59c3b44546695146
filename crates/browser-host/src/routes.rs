//! What the host answers.

use std::{net::SocketAddr, path::Path as FilePath, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{
        DefaultBodyLimit, Path, Query, Request, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use deskhand_client::Client;
use deskhand_protocol::calls::{self, CallCode, CallError};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::{
    access::{self, Refusal, Token},
    files,
    host::BrowserHost,
};

/// The longest call: far above the longest reply.
const LONGEST_CALL: usize = 256 * 1024;

/// What the page may load: its own files, and nothing inline. The one policy for mark-up is
/// Svelte's, which takes only what was compiled.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

/// What every answer needs.
#[derive(Clone)]
pub struct Shared {
    pub client: Client,
    pub host: Arc<BrowserHost>,
    pub ui: Arc<FilePath>,
    pub address: SocketAddr,
    pub token: Token,
    pub stop: CancellationToken,
}

/// Everything the host answers, behind the check of who asks.
pub fn app(shared: Shared) -> Router {
    Router::new()
        .route("/rpc/{name}", post(rpc))
        .route("/events", get(events))
        .fallback(get(file))
        .layer(DefaultBodyLimit::max(LONGEST_CALL))
        .layer(middleware::from_fn_with_state(shared.clone(), guard))
        .with_state(shared)
}

#[derive(Deserialize)]
struct Entrance {
    token: Option<String>,
}

/// Lets in who may come in, and puts the safety headers on every answer.
async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = match admit(&shared, &request) {
        Ok(None) => next.run(request).await,
        Ok(Some(response)) => response,
        Err(refusal) => refuse(refusal),
    };
    let headers = response.headers_mut();
    let mut set = |name, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn admit(shared: &Shared, request: &Request) -> Result<Option<Response>, Refusal> {
    access::check_host(request.headers(), shared.address)?;
    if request.method() == Method::GET && request.uri().path() == "/" {
        let entrance = Query::<Entrance>::try_from_uri(request.uri());
        if let Ok(Query(Entrance { token: Some(given) })) = entrance {
            return match shared.token.is(&given) {
                true => Ok(Some(enter(shared))),
                false => Err(Refusal::NoToken),
            };
        }
    }
    let upgrade = request.headers().contains_key(header::UPGRADE);
    let (method, headers) = (request.method(), request.headers());
    access::check_caller(method, headers, upgrade, shared.address, &shared.token)?;
    Ok(None)
}

fn enter(shared: &Shared) -> Response {
    let cookie = shared.token.cookie(shared.address);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

fn refuse(refusal: Refusal) -> Response {
    match refusal {
        Refusal::ForeignHost => (
            StatusCode::MISDIRECTED_REQUEST,
            "This program answers only at 127.0.0.1 and localhost.\n",
        ),
        Refusal::ForeignOrigin => (
            StatusCode::FORBIDDEN,
            "This was asked by a page of somebody else.\n",
        ),
        Refusal::NoToken => (
            StatusCode::UNAUTHORIZED,
            "Open the address that deskhand-browser-host printed: it carries a token.\n",
        ),
    }
    .into_response()
}

async fn file(State(shared): State<Shared>, uri: Uri) -> Response {
    let Some(file) = files::find(&shared.ui, uri.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match tokio::fs::read(&file).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, files::media_type(&file))], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn rpc(State(shared): State<Shared>, Path(name): Path<String>, body: Bytes) -> Response {
    let outcome = match serde_json::from_slice(&body) {
        Ok(args) => calls::route(&shared.client, &name, args).await,
        Err(error) => Err(CallError::new(CallCode::BadCall, error.to_string())),
    };
    match outcome {
        Ok(value) => Json(value).into_response(),
        Err(error) => (status(error.code), Json(error)).into_response(),
    }
}

fn status(code: CallCode) -> StatusCode {
    match code {
        CallCode::BadCall => StatusCode::BAD_REQUEST,
        CallCode::SignedOut => StatusCode::UNAUTHORIZED,
        CallCode::Forbidden => StatusCode::FORBIDDEN,
        CallCode::NotFound => StatusCode::NOT_FOUND,
        CallCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

async fn events(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| carry_events(shared, socket))
}

/// Sends each event until the page goes, falls behind, or the host stops.
async fn carry_events(shared: Shared, mut socket: WebSocket) {
    let mut events = shared.host.events();
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            event = events.recv() => {
                let Ok(event) = event else { return };
                let Ok(text) = serde_json::to_string(&event) else { return };
                if socket.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
            received = socket.recv() => {
                if !matches!(received, Some(Ok(_))) {
                    return;
                }
            }
        }
    }
}
