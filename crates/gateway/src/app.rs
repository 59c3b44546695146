//! The whole HTTP interface as one value, so that tests need no socket.

use crate::{
    admission::Admission,
    clock::Clock,
    config::Config,
    extract::peer,
    feed::Feed,
    gate::Gate,
    hub::Hub,
    oidc::Oidc,
    origins,
    problem::{Denied, Refusal},
    rates::{self, Quotas},
    routes,
    shops::Shops,
    store::{Entry, Store},
    tasks::Tasks,
    throttle::Throttles,
    via::Via,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use deskhand_protocol::{PROTOCOL_HEADER, PROTOCOL_VERSION, audit, problem::Code};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use uuid::Uuid;

/// The largest body.
const BODY_LIMIT: usize = 256 * 1024;
/// The header that names a request in the logs.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every handler can use.
#[derive(Clone)]
pub struct State {
    /// What was set.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// Commits on their way to sockets.
    pub feed: Feed,
    /// Who may do what.
    pub gate: Gate,
    /// What is said and never stored.
    pub hub: Hub,
    /// The line of desktops that catch up.
    pub admission: Admission,
    /// The provider that people sign in with, if there is one.
    pub oidc: Oidc,
    /// Shops whose orders are shown.
    pub shops: Shops,
    /// How often somebody may try.
    pub throttles: Arc<Throttles>,
    /// The time.
    pub clock: Clock,
    /// Every task.
    pub tasks: Tasks,
}

/// The interface.
pub fn app(state: State) -> Router {
    layered(routes::all().router, state)
}

/// Routes inside everything that holds for all of them.
fn layered(router: Router<State>, state: State) -> Router {
    router
        .fallback(|| async { Refusal::not_found() })
        .method_not_allowed_fallback(|| async {
            Refusal::of_status(axum::http::StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(|_| {
            Refusal::internal().into_response()
        }))
        .layer(middleware::from_fn_with_state(state.clone(), within_time))
        .layer(middleware::from_fn(same_version))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            rates::limited,
        ))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            origins::check,
        ))
        .layer(middleware::from_fn_with_state(state.clone(), finish))
        .layer(middleware::from_fn_with_state(state.clone(), origins::tell))
        .with_state(state)
}

/// Sockets are not counted: they answer the upgrade at once.
async fn within_time(
    axum::extract::State(state): axum::extract::State<State>,
    request: Request,
    next: Next,
) -> Response {
    let limit = state.config.door.request_timeout.0;
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::of_status(axum::http::StatusCode::SERVICE_UNAVAILABLE).into_response(),
    }
}

/// Refuses a peer that speaks another protocol.
async fn same_version(request: Request, next: Next) -> Response {
    let theirs = request.headers().get(PROTOCOL_HEADER);
    if theirs.is_some_and(|theirs| theirs != PROTOCOL_VERSION.to_string().as_str()) {
        return Refusal::new(
            Code::OtherVersion,
            format!(
                "this gateway speaks protocol {PROTOCOL_VERSION}: update the older of desktop and gateway"
            ),
        )
        .into_response();
    }
    next.run(request).await
}

/// Names the request, writes problems, adds security headers, logs.
async fn finish(
    axum::extract::State(state): axum::extract::State<State>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = state.clock.now();
    let id = Uuid::new_v4().simple().to_string();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str)
        .to_owned();
    let via = Via::new(peer(request.extensions()), Some(id.clone()));
    let quotas = Quotas::default();
    request.extensions_mut().insert(quotas.clone());
    let mut response = via.clone().during(next.run(request)).await;
    let status = response.status();
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        if let Some(denied) = refusal.what_was_denied() {
            record(&state, denied.clone(), via).await;
        }
        response = refusal.answer(Some(id.clone()));
    } else if status.is_client_error() || status.is_server_error() {
        response = Refusal::of_status(status).answer(Some(id.clone()));
    }
    quotas.tell(response.headers_mut());
    secure(response.headers_mut(), state.config.tls.is_on());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let ms = (state.clock.now() - started).num_milliseconds();
    tracing::info!(request_id = id, %method, route, status = response.status().as_u16(), ms, "answered");
    response
}

/// What was denied is in the audit trail before it is answered. When it cannot be, it is denied all
/// the same.
async fn record(state: &State, denied: Denied, via: Via) {
    let entry = Entry::new(denied.account, audit::Action::Denied)
        .with("wanted", denied.action.as_str())
        .with("rule", denied.rule);
    if let Err(error) = via.during(state.store.record(entry)).await {
        tracing::error!(%error, "a denied attempt could not be recorded");
    }
}

/// Headers for every answer; a page that sets its own keeps it.
fn secure(headers: &mut HeaderMap, tls: bool) {
    if tls {
        // RFC 6797: two years, as lists of such sites ask for.
        let hsts = HeaderValue::from_static("max-age=63072000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    let always = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in always {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

/// The throttles of a configuration.
pub fn throttles(config: &Config) -> Throttles {
    Throttles::new(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Location;
    use axum::{body::Body, routing::get};
    use deskhand_protocol::problem::Problem;
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn a_panic_is_a_problem_that_names_the_request() {
        let folder = tempfile::tempdir().expect("a folder");
        let (clock, tasks) = (Clock::default(), Tasks::default());
        let file = Location::File(folder.path().join("gateway.db"));
        let store = Store::open(&file, clock.clone(), tasks.clone()).await;
        let store = store.expect("a store");
        let config = Arc::new(Config::embedded(folder.path()));
        let state = State {
            throttles: Arc::new(throttles(&config)),
            oidc: Oidc::new(config.clone()),
            shops: Shops::default(),
            config,
            feed: Feed::start(&store, &tasks),
            gate: Gate::new(crate::policies::read(None).expect("a policy")),
            hub: Hub::default(),
            admission: Admission::default(),
            store,
            clock,
            tasks,
        };
        let broken = get(async || -> String { panic!("a mistake") });
        let app = layered(Router::new().route("/broken", broken), state);
        let request = Request::get("/broken")
            .body(Body::empty())
            .expect("a request");
        let response = app.oneshot(request).await.expect("an answer");
        let id = response.headers()[&REQUEST_ID]
            .to_str()
            .expect("text")
            .to_owned();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await;
        let problem: Problem = serde_json::from_slice(&body.expect("a body")).expect("a problem");
        assert_eq!((problem.status, problem.code), (500, Code::Internal));
        assert_eq!(problem.request_id, Some(id));
        assert!(!problem.detail.contains("mistake\""), "no inner words");
    }
}
