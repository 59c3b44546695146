//! Signing in and out.

use crate::{
    app::State,
    extract::{Json, Peer, Who},
    hub::Passing,
    passwords,
    problem::Refusal,
    store::{Entry, NewSession, StoreError},
};
use axum::{
    extract,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::TimeDelta;
use deskhand_domain::{Account, Currency, Instant, Scope, Shop, text};
use deskhand_protocol::{
    audit::{Action, Actor, ThingKind},
    problem::{Code, Problem},
    rest::{LEASE_DAYS, Session, SignIn},
};

/// How long a session lasts.
const LASTS: TimeDelta = TimeDelta::hours(12);

/// Signs in with a password.
#[utoipa::path(post, path = "/v1/sessions", request_body = SignIn, responses(
    (status = 201, body = Session), (status = 401, body = Problem), (status = 429, body = Problem)
))]
pub async fn sign_in(
    extract::State(state): extract::State<State>,
    Peer(peer): Peer,
    Json(body): Json<SignIn>,
) -> Result<Response, Refusal> {
    let email = text::line(&body.email).map_err(|error| Refusal::text("/email", error))?;
    let device = text::line(&body.device).unwrap_or_default();
    let name = format!("{} {peer}", email.to_lowercase());
    let now = state.clock.now();
    if let Some(wait) = state.throttles.sign_in.wait(&name, now) {
        return Err(Refusal::busy(wait));
    }
    let (account, hash) = state.store.credentials(&email).await?.unzip();
    let right = passwords::verify(body.password, hash).await;
    let known = account.as_ref().map(|account| account.id);
    let Some(account) = account.filter(|_| right) else {
        state.throttles.sign_in.count(&name, now);
        let refused = Entry::new(Actor::Nobody, Action::SignInRefused);
        let refused = match known {
            Some(account) => refused.to(ThingKind::Account, account),
            None => refused,
        };
        state.store.record(refused).await?;
        return Err(Refusal::new(
            Code::WrongCredentials,
            "e-mail or password is wrong: check both and try again",
        ));
    };
    let token = passwords::token();
    let session = NewSession {
        token_hash: passwords::digest(&token),
        account: account.id,
        device,
        expires_at: now + LASTS,
    };
    state.store.open_session(session).await?;
    let body = session_body(&state, account, now + LASTS, Some(token));
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

/// Who is signed in.
#[utoipa::path(get, path = "/v1/session", responses(
    (status = 200, body = Session), (status = 401, body = Problem)
))]
pub async fn current(
    extract::State(state): extract::State<State>,
    who: Who,
) -> axum::Json<Session> {
    axum::Json(session_body(&state, who.account, who.expires_at, None))
}

/// Signs out; sockets of the session close.
#[utoipa::path(delete, path = "/v1/session", responses(
    (status = 204, description = "Signed out"), (status = 401, body = Problem)
))]
pub async fn sign_out(
    extract::State(state): extract::State<State>,
    who: Who,
) -> Result<StatusCode, Refusal> {
    state.store.close_session(&who.token_hash).await?;
    state.hub.say(Passing::SignedOut {
        token_hash: who.token_hash,
    });
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes every session of an account: its sockets close, and its desktops destroy what they keep.
/// `None` when nobody has that address.
pub async fn revoke(state: &State, email: &str) -> Result<Option<usize>, StoreError> {
    let Some((account, _)) = state.store.credentials(email).await? else {
        return Ok(None);
    };
    let revoked = state
        .store
        .revoke_sessions(account.id, Actor::System)
        .await?;
    let count = revoked.len();
    for token_hash in revoked {
        state.hub.say(Passing::SignedOut { token_hash });
    }
    Ok(Some(count))
}

fn session_body(
    state: &State,
    account: Account,
    expires_at: Instant,
    token: Option<String>,
) -> Session {
    const SCOPES: [Scope; 5] = [
        Scope::TicketsRead,
        Scope::TicketsWrite,
        Scope::MessagesSend,
        Scope::CustomersRead,
        Scope::AuditRead,
    ];
    let role = account.role;
    Session {
        token,
        expires_at,
        account,
        scopes: SCOPES
            .into_iter()
            .filter(|scope| role.may(*scope))
            .collect(),
        shop: state.store.history().shop.unwrap_or_else(no_shop),
        lease_days: LEASE_DAYS,
        now: Some(state.clock.now()),
    }
}

/// What is said of a shop that was not set up yet.
fn no_shop() -> Shop {
    Shop {
        name: "Deskhand".to_owned(),
        currency: Currency::EUR,
        help_email: String::new(),
        order_prefix: String::new(),
        time_zone: "UTC".to_owned(),
    }
}
