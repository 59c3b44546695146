//! Signing in and out.

use super::second_factor;
use crate::{
    app::State,
    extract::{Json, Peer, Person, Who},
    gate::Standing,
    passwords,
    problem::Refusal,
    store::{Entry, NewDevice, NewPair, Refreshed, StoreError},
    throttle::Throttle,
};
use axum::{
    extract,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::TimeDelta;
use deskhand_domain::{Account, AccountId, Currency, DeviceId, Instant, Shop, text};
use deskhand_protocol::{
    audit::{Action, Actor, ThingKind},
    problem::{Code, Problem},
    rest::{LEASE_DAYS, Refresh, Session, SignIn},
};

/// Signs in with a password.
#[utoipa::path(post, path = "/v1/sessions", request_body = SignIn, responses(
    (status = 201, body = Session), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 429, body = Problem)
))]
pub async fn sign_in(
    extract::State(state): extract::State<State>,
    Peer(peer): Peer,
    Json(body): Json<SignIn>,
) -> Result<Response, Refusal> {
    let email = text::line(&body.email).map_err(|error| Refusal::text("/email", error))?;
    let device = text::line(&body.device).unwrap_or_default();
    let now = state.clock.now();
    let tries = Tries::new(&state, &email, &peer);
    if let Some(wait) = tries.wait(now) {
        return Err(Refusal::busy(wait));
    }
    let (account, hash) = state.store.credentials(&email).await?.unzip();
    let right = passwords::verify(body.password, hash).await;
    let known = account.as_ref().map(|account| account.id);
    let Some(account) = account.filter(|_| right) else {
        tries.count(now);
        refused(&state, known).await?;
        return Err(Refusal::new(
            Code::WrongCredentials,
            "e-mail or password is wrong: check both and try again",
        ));
    };
    if state.store.is_locked(account.id).await? {
        refused(&state, known).await?;
        return Err(locked());
    }
    if let Some(refusal) = second_factor::asks(&state, &account, &device).await? {
        return Err(refusal);
    }
    let body = open(&state, account, device, Vec::new()).await?;
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

/// What counts wrong passwords: for an address from a peer, for an address, and from a peer.
struct Tries<'a> {
    counted: [(&'a Throttle, String); 3],
}

impl<'a> Tries<'a> {
    fn new(state: &'a State, email: &str, peer: &str) -> Self {
        let email = email.to_lowercase();
        let throttles = &state.throttles;
        Self {
            counted: [
                (&throttles.sign_in, format!("{email} {peer}")),
                (&throttles.account, email),
                (&throttles.peer, peer.to_owned()),
            ],
        }
    }

    fn wait(&self, now: Instant) -> Option<TimeDelta> {
        let waits = self.counted.iter();
        waits
            .filter_map(|(throttle, name)| throttle.wait(name, now))
            .max()
    }

    fn count(&self, now: Instant) {
        for (throttle, name) in &self.counted {
            throttle.count(name, now);
        }
    }
}

/// Tells the audit trail of a sign-in that was refused.
pub(super) async fn refused(state: &State, account: Option<AccountId>) -> Result<(), StoreError> {
    let refused = Entry::new(Actor::Nobody, Action::SignInRefused);
    let refused = match account {
        Some(account) => refused.to(ThingKind::Account, account),
        None => refused,
    };
    state.store.record(refused).await
}

pub(super) fn locked() -> Refusal {
    Refusal::new(
        Code::AccountLocked,
        "this account is locked: ask your admin to let you in again",
    )
}

/// Signs a device in.
pub(super) async fn open(
    state: &State,
    account: Account,
    name: String,
    recovery_codes: Vec<String>,
) -> Result<Session, StoreError> {
    let device = NewDevice {
        id: DeviceId(state.clock.id()),
        account: account.id,
        name,
    };
    let (tokens, pair) = Tokens::new(state);
    let expires_at = pair.access_until;
    state.store.open_session(device, pair).await?;
    let mut session = session_body(state, account, expires_at, Some(tokens));
    session.recovery_codes = recovery_codes;
    Ok(session)
}

/// Exchanges a refresh token for new tokens.
#[utoipa::path(post, path = "/v1/sessions/refresh", request_body = Refresh, responses(
    (status = 200, body = Session), (status = 401, body = Problem)
))]
pub async fn refresh(
    extract::State(state): extract::State<State>,
    Json(body): Json<Refresh>,
) -> Result<axum::Json<Session>, Refusal> {
    let (tokens, pair) = Tokens::new(&state);
    let old = passwords::digest(&body.refresh_token);
    match state.store.refresh(&old, pair).await? {
        Refreshed::Done(who) => Ok(axum::Json(session_body(
            &state,
            who.account,
            who.expires_at,
            Some(tokens),
        ))),
        Refreshed::Revoked => Err(Refusal::revoked()),
        Refreshed::Reused(account) => {
            tracing::warn!(%account, "a refresh token was used again: the device is signed out");
            Err(Refusal::signed_out())
        }
        Refreshed::Unknown => Err(Refusal::signed_out()),
    }
}

/// Two new tokens, as they are told once.
struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    /// With what is stored of them.
    fn new(state: &State) -> (Self, NewPair) {
        let (access, refresh) = (passwords::token(), passwords::token());
        let now = state.clock.now();
        let pair = NewPair {
            access: passwords::digest(&access),
            access_until: now + state.config.sessions.access(),
            refresh: passwords::digest(&refresh),
            refresh_until: now + state.config.sessions.refresh(),
        };
        (Self { access, refresh }, pair)
    }
}

/// Who is signed in.
#[utoipa::path(get, path = "/v1/session", responses(
    (status = 200, body = Session), (status = 401, body = Problem)
))]
pub async fn current(
    extract::State(state): extract::State<State>,
    who: Who,
) -> axum::Json<Session> {
    session_of(&state, who.account, &who.standing, who.expires_at, None).into()
}

/// Signs out; sockets of the session close.
#[utoipa::path(delete, path = "/v1/session", responses(
    (status = 204, description = "Signed out"), (status = 401, body = Problem)
))]
pub async fn sign_out(
    extract::State(state): extract::State<State>,
    Person { device, .. }: Person,
) -> Result<StatusCode, Refusal> {
    state.store.close_session(device).await?;
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
    Ok(Some(revoked.len()))
}

fn session_body(
    state: &State,
    account: Account,
    expires_at: Instant,
    tokens: Option<Tokens>,
) -> Session {
    let standing = state.gate.standing(&account, None, &state.store.teams());
    session_of(state, account, &standing, expires_at, tokens)
}

fn session_of(
    state: &State,
    account: Account,
    standing: &Standing,
    expires_at: Instant,
    tokens: Option<Tokens>,
) -> Session {
    let every = state.store.teams();
    let (subject, seen) = (standing.subject(), standing.sight().teams());
    let (token, refresh_token) = tokens.map(|tokens| (tokens.access, tokens.refresh)).unzip();
    Session {
        token,
        refresh_token,
        recovery_codes: Vec::new(),
        expires_at,
        account,
        scopes: subject.scopes.iter().copied().collect(),
        refunds_up_to: subject.refunds_up_to,
        teams: every
            .iter()
            .filter(|team| seen.contains(&team.id))
            .cloned()
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
