//! Changing a password.

use super::sessions;
use crate::{
    app::State,
    extract::{Json, Person},
    passwords,
    problem::Refusal,
};
use axum::{extract, http::StatusCode};
use deskhand_protocol::{
    problem::{Code, Problem},
    rest::ChangePassword,
};

/// Changes the password; every other device is signed out.
#[utoipa::path(post, path = "/v1/password", request_body = ChangePassword, responses(
    (status = 204, description = "Changed"), (status = 401, body = Problem),
    (status = 422, body = Problem), (status = 429, body = Problem)
))]
pub async fn change(
    extract::State(state): extract::State<State>,
    Person { who, device }: Person,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode, Refusal> {
    let name = who.account.id.to_string();
    let now = state.clock.now();
    if let Some(wait) = state.throttles.code.wait(&name, now) {
        return Err(Refusal::busy(wait));
    }
    let known = state.store.credentials(&who.account.email).await?;
    let hash = known.map(|(_, hash)| hash);
    if !passwords::verify(body.old, hash).await {
        state.throttles.code.count(&name, now);
        sessions::refused(&state, Some(who.account.id)).await?;
        return Err(Refusal::new(
            Code::WrongCredentials,
            "the password until now is wrong: try again",
        ));
    }
    let about = vec![who.account.email.clone(), who.account.name.clone()];
    passwords::check_new(&body.new, about)
        .await
        .map_err(|weak| Refusal::unusable("/new", weak.to_string()))?;
    let hash = passwords::hash(&body.new).await;
    if hash.is_empty() {
        return Err(Refusal::internal());
    }
    let account = who.account.id;
    state
        .store
        .set_password(account, hash, Some(device))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
