//! Codes of an authenticator app: at the sign-in, and setting one up.

use super::sessions;
use crate::{
    app::State,
    codes,
    extract::{Json, Person},
    passwords,
    problem::Refusal,
    store::{NewChallenge, StoreError, Taken},
};
use axum::{
    extract,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::TimeDelta;
use deskhand_domain::Account;
use deskhand_protocol::{
    problem::{Challenge, Code, Problem},
    rest::{Enrolment, RecoveryCodes, Session, SignInCode, TotpCode, TotpState},
};

/// How long a sign-in waits for its code.
const PATIENCE: TimeDelta = TimeDelta::minutes(5);

/// What a sign-in asks for beside the right password, if anything.
pub(super) async fn asks(
    state: &State,
    account: &Account,
    device: &str,
) -> Result<Option<Refusal>, Refusal> {
    let factor = state.store.factor(account.id).await?;
    let confirmed = factor.is_some_and(|factor| factor.confirmed);
    let (code, enrolment) = if confirmed {
        (Code::TotpRequired, None)
    } else if is_required(state, account) {
        (Code::TotpEnrolment, Some(enrol(state, account).await?))
    } else {
        return Ok(None);
    };
    let challenge = passwords::token();
    let expires_at = state.clock.now() + PATIENCE;
    let new = NewChallenge {
        hash: passwords::digest(&challenge),
        account: account.id,
        device: device.to_owned(),
        expires_at,
    };
    state.store.add_challenge(new).await?;
    let challenge = Challenge {
        challenge,
        expires_at,
        enrolment,
    };
    Ok(Some(Refusal::asks(code, challenge)))
}

fn is_required(state: &State, account: &Account) -> bool {
    state.config.sessions.totp_required.contains(&account.role)
}

/// Begins to set an app up, or goes on with it.
async fn enrol(state: &State, account: &Account) -> Result<Enrolment, Refusal> {
    let factor = state
        .store
        .begin_factor(account.id, codes::secret())
        .await?;
    if factor.confirmed {
        return Err(Refusal::new(
            Code::Conflict,
            "an authenticator app is set up already: remove it first",
        ));
    }
    let shop = state.store.history().shop;
    let shop = shop.map_or_else(|| "Deskhand".to_owned(), |shop| shop.name);
    codes::enrolment(&factor.secret, account, &shop).ok_or_else(Refusal::internal)
}

/// What a right code led to.
struct Right {
    /// Shown once, when the app was set up with this code.
    recovery: Vec<String>,
}

/// Takes a code of the app or a recovery code.
async fn take(state: &State, account: &Account, code: &str) -> Result<Right, Refusal> {
    let name = account.id.to_string();
    let now = state.clock.now();
    if let Some(wait) = state.throttles.code.wait(&name, now) {
        return Err(Refusal::busy(wait));
    }
    let right = match state.store.factor(account.id).await? {
        None => None,
        Some(factor) => match codes::step(&factor.secret, account, code, now) {
            Some(step) => take_step(state, account, step).await?,
            None if factor.confirmed => take_recovery(state, account, code).await?,
            None => None,
        },
    };
    match right {
        Some(right) => Ok(right),
        None => {
            state.throttles.code.count(&name, now);
            sessions::refused(state, Some(account.id)).await?;
            Err(Refusal::new(
                Code::WrongCode,
                "the code is wrong, too old, or was used before: wait for the next one",
            ))
        }
    }
}

async fn take_step(
    state: &State,
    account: &Account,
    step: u64,
) -> Result<Option<Right>, StoreError> {
    let recovery = codes::recovery();
    let hashes = recovery
        .iter()
        .map(|code| codes::recovery_hash(code))
        .collect();
    Ok(
        match state.store.take_step(account.id, step, hashes).await? {
            Taken::First => Some(Right { recovery }),
            Taken::Next => Some(Right {
                recovery: Vec::new(),
            }),
            Taken::Spent => None,
        },
    )
}

async fn take_recovery(
    state: &State,
    account: &Account,
    code: &str,
) -> Result<Option<Right>, StoreError> {
    let hash = codes::recovery_hash(code);
    let taken = state.store.take_recovery(account.id, hash).await?;
    Ok(taken.then(|| Right {
        recovery: Vec::new(),
    }))
}

/// Signs in with the code that the password asked for.
#[utoipa::path(post, path = "/v1/sessions/totp", request_body = SignInCode, responses(
    (status = 201, body = Session), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 429, body = Problem)
))]
pub async fn sign_in(
    extract::State(state): extract::State<State>,
    Json(body): Json<SignInCode>,
) -> Result<Response, Refusal> {
    let hash = passwords::digest(&body.challenge);
    let Some((account, device)) = state.store.try_challenge(&hash).await? else {
        return Err(Refusal::signed_out());
    };
    if state.store.is_locked(account.id).await? {
        return Err(sessions::locked());
    }
    let right = take(&state, &account, &body.code).await?;
    state.store.end_challenge(&hash).await?;
    let session = sessions::open(&state, account, device, right.recovery).await?;
    Ok((StatusCode::CREATED, axum::Json(session)).into_response())
}

/// Whether codes of an authenticator app are asked for.
#[utoipa::path(get, path = "/v1/totp", responses(
    (status = 200, body = TotpState), (status = 401, body = Problem)
))]
pub async fn current(
    extract::State(state): extract::State<State>,
    Person { who, .. }: Person,
) -> Result<axum::Json<TotpState>, Refusal> {
    let factor = state.store.factor(who.account.id).await?;
    Ok(axum::Json(TotpState {
        enabled: factor.is_some_and(|factor| factor.confirmed),
        required: is_required(&state, &who.account),
        recovery_left: state.store.recovery_left(who.account.id).await?,
    }))
}

/// Begins to set an authenticator app up. Nothing changes before its first code is shown.
#[utoipa::path(post, path = "/v1/totp", responses(
    (status = 200, body = Enrolment), (status = 401, body = Problem), (status = 409, body = Problem)
))]
pub async fn begin(
    extract::State(state): extract::State<State>,
    Person { who, .. }: Person,
) -> Result<axum::Json<Enrolment>, Refusal> {
    Ok(axum::Json(enrol(&state, &who.account).await?))
}

/// Shows that the app is set up; the answer is the only one that names the recovery codes.
#[utoipa::path(post, path = "/v1/totp/confirm", request_body = TotpCode, responses(
    (status = 200, body = RecoveryCodes), (status = 401, body = Problem),
    (status = 409, body = Problem), (status = 429, body = Problem)
))]
pub async fn confirm(
    extract::State(state): extract::State<State>,
    Person { who, .. }: Person,
    Json(body): Json<TotpCode>,
) -> Result<axum::Json<RecoveryCodes>, Refusal> {
    let factor = state.store.factor(who.account.id).await?;
    if factor.is_none_or(|factor| factor.confirmed) {
        return Err(Refusal::new(
            Code::Conflict,
            "no authenticator app is being set up: begin with it",
        ));
    }
    let right = take(&state, &who.account, &body.code).await?;
    Ok(axum::Json(RecoveryCodes {
        codes: right.recovery,
    }))
}

/// Signs in without an app from now on; where the role asks for one, another is set up at the next
/// sign-in.
#[utoipa::path(post, path = "/v1/totp/remove", request_body = TotpCode, responses(
    (status = 204, description = "Removed"), (status = 401, body = Problem),
    (status = 429, body = Problem)
))]
pub async fn remove(
    extract::State(state): extract::State<State>,
    Person { who, .. }: Person,
    Json(body): Json<TotpCode>,
) -> Result<StatusCode, Refusal> {
    take(&state, &who.account, &body.code).await?;
    let account = who.account.id;
    state.store.remove_factor(account, account.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
