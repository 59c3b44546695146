//! Keys of programs: for admins.

use crate::{
    app::State,
    extract::{Id, Json, Who},
    keys::{self, Wish},
    problem::Refusal,
    store::Made,
};
use axum::{extract, http::StatusCode};
use deskhand_domain::KeyId;
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{
    problem::Problem,
    rest::{MachineKey, MadeKey, NewMachineKey, Page},
};

/// Every key, the newest first, revoked ones too.
#[utoipa::path(get, path = "/v1/keys", responses(
    (status = 200, body = Page<MachineKey>), (status = 403, body = Problem)
))]
pub async fn list(
    extract::State(state): extract::State<State>,
    who: Who,
) -> Result<axum::Json<Page<MachineKey>>, Refusal> {
    who.may(Action::AccountsManage, &Resource::Shop)?;
    let items = state.store.keys().await?;
    Ok(axum::Json(Page { items, next: None }))
}

/// Makes a key. The answer is the only one that tells it. Without an account, a machine account of
/// the role `service` is made with it.
#[utoipa::path(post, path = "/v1/keys", request_body = NewMachineKey, responses(
    (status = 201, body = MadeKey), (status = 403, body = Problem), (status = 404, body = Problem),
    (status = 422, body = Problem)
))]
pub async fn make(
    extract::State(state): extract::State<State>,
    who: Who,
    Json(body): Json<NewMachineKey>,
) -> Result<(StatusCode, axum::Json<MadeKey>), Refusal> {
    who.may(Action::AccountsManage, &Resource::Shop)?;
    let wish = Wish {
        account: body.account,
        name: body.name,
        scopes: body.scopes,
        days: body.days.unwrap_or(keys::DAYS),
    };
    let ids = [state.clock.id(), state.clock.id()];
    let (key, stored) = keys::draw(wish, ids, state.clock.now())
        .map_err(|why| Refusal::unusable(why.pointer(), why.to_string()))?;
    match state.store.make_key(stored, who.account.id.into()).await? {
        Made::Done(about) => Ok((StatusCode::CREATED, axum::Json(MadeKey { key, about }))),
        Made::NoMachine => Err(Refusal::not_found()),
    }
}

/// Revokes a key at once.
#[utoipa::path(delete, path = "/v1/keys/{machine_key}", params(("machine_key" = KeyId, Path)), responses(
    (status = 204, description = "Revoked"), (status = 403, body = Problem),
    (status = 404, body = Problem)
))]
pub async fn revoke(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(key): Id<KeyId>,
) -> Result<StatusCode, Refusal> {
    who.may(Action::AccountsManage, &Resource::Shop)?;
    let (key, by) = (key.to_string(), who.account.id.into());
    match state.store.revoke_key(&key, by).await? {
        Some(_) => Ok(StatusCode::NO_CONTENT),
        None => Err(Refusal::not_found()),
    }
}
