//! Signing in with an OpenID Connect provider: the browser goes there, the code comes back to the
//! desktop's own machine (RFC 8252), and the gateway exchanges it.

use super::sessions;
use crate::{
    app::State,
    extract::Json,
    oidc::OidcError,
    passwords,
    problem::Refusal,
    store::{BrowserSignIn, Identity},
};
use axum::{
    extract,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::TimeDelta;
use deskhand_domain::text;
use deskhand_protocol::{
    audit::Actor,
    problem::{Code, Problem},
    rest::{BeginInBrowser, BegunInBrowser, EndInBrowser, Session},
};

/// How long somebody may take at the provider.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// Begins a sign-in that goes on in a browser.
#[utoipa::path(post, path = "/v1/sessions/oidc/begin", request_body = BeginInBrowser, responses(
    (status = 200, body = BegunInBrowser), (status = 404, body = Problem)
))]
pub async fn begin(
    extract::State(state): extract::State<State>,
    Json(body): Json<BeginInBrowser>,
) -> Result<axum::Json<BegunInBrowser>, Refusal> {
    if !is_loopback(&body.redirect) {
        return Err(Refusal::unusable(
            "/redirect",
            "is http://127.0.0.1:PORT/callback: the code goes to this machine only",
        ));
    }
    let device = text::line(&body.device).unwrap_or_default();
    let now = state.clock.now();
    let begun = state
        .oidc
        .begin(&body.redirect, now)
        .await
        .map_err(refusal)?;
    let login = passwords::token();
    let new = BrowserSignIn {
        hash: passwords::digest(&login),
        state: begun.state,
        nonce: begun.nonce,
        verifier: begun.verifier,
        redirect: body.redirect,
        device,
        expires_at: now + PATIENCE,
    };
    state.store.begin_in_browser(new).await?;
    Ok(axum::Json(BegunInBrowser {
        url: begun.url,
        login,
    }))
}

/// Ends it with the code that came back.
#[utoipa::path(post, path = "/v1/sessions/oidc", request_body = EndInBrowser, responses(
    (status = 201, body = Session), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem)
))]
pub async fn end(
    extract::State(state): extract::State<State>,
    Json(body): Json<EndInBrowser>,
) -> Result<Response, Refusal> {
    let begun = state
        .store
        .end_in_browser(&passwords::digest(&body.login))
        .await?;
    let Some(begun) = begun.filter(|begun| same(&begun.state, &body.state)) else {
        sessions::refused(&state, None).await?;
        return Err(wrong());
    };
    let now = state.clock.now();
    let person = state
        .oidc
        .finish(
            &body.code,
            &begun.redirect,
            &begun.nonce,
            &begun.verifier,
            now,
        )
        .await;
    let person = match person {
        Ok(person) => person,
        Err(error) => {
            sessions::refused(&state, None).await?;
            return Err(refusal(error));
        }
    };
    let config = &state.config.oidc;
    let Some(role) = config.role(&person.groups) else {
        sessions::refused(&state, None).await?;
        return Err(turned_away());
    };
    let who = Identity {
        issuer: config.issuer.clone(),
        subject: person.subject,
        email: person.email.and_then(|email| text::email(&email).ok()),
        name: person.name.and_then(|name| text::line(&name).ok()),
        role,
        create: config.create_accounts,
    };
    let Some(mut account) = state.store.account_of(who).await? else {
        sessions::refused(&state, None).await?;
        return Err(turned_away());
    };
    if state.store.is_locked(account.id).await? {
        sessions::refused(&state, Some(account.id)).await?;
        return Err(sessions::locked());
    }
    if account.role != role {
        state
            .store
            .set_role(account.id, role, Actor::System)
            .await?;
        account.role = role;
    }
    let session = sessions::open(&state, account, begun.device, Vec::new()).await?;
    Ok((StatusCode::CREATED, axum::Json(session)).into_response())
}

/// Whether two secrets are the same, in a time that says nothing of them.
fn same(one: &str, other: &str) -> bool {
    passwords::digest(one) == passwords::digest(other)
}

/// RFC 8252 §7.3: the loopback address, any port.
fn is_loopback(redirect: &str) -> bool {
    let rest = redirect
        .strip_prefix("http://127.0.0.1:")
        .or_else(|| redirect.strip_prefix("http://[::1]:"));
    let port = rest.and_then(|rest| rest.strip_suffix("/callback"));
    port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn wrong() -> Refusal {
    Refusal::new(
        Code::WrongCredentials,
        "the provider did not say who you are: begin the sign-in again",
    )
}

fn turned_away() -> Refusal {
    Refusal::new(
        Code::Forbidden,
        "you are known, and nobody let you in here yet: ask your admin",
    )
}

fn refusal(error: OidcError) -> Refusal {
    match &error {
        OidcError::None => Refusal::not_found(),
        OidcError::Unreachable(source) => {
            tracing::warn!(
                error = source.to_string(),
                "the sign-in provider does not answer"
            );
            Refusal::later(
                "the sign-in provider does not answer: try again in a moment",
                TimeDelta::seconds(5),
            )
        }
        OidcError::Refused(source) | OidcError::BadToken(source) => {
            tracing::warn!(error = source.to_string(), %error, "a sign-in was refused");
            wrong()
        }
    }
}
