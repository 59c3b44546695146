//! The devices on which somebody is signed in.

use crate::{
    app::State,
    extract::{Id, Person},
    problem::Refusal,
};
use axum::{extract, http::StatusCode};
use deskhand_domain::DeviceId;
use deskhand_protocol::{problem::Problem, rest::Device};

/// The devices on which this account is signed in, the one in use last first.
#[utoipa::path(get, path = "/v1/devices", responses(
    (status = 200, body = Vec<Device>), (status = 401, body = Problem)
))]
pub async fn list(
    extract::State(state): extract::State<State>,
    Person {
        who,
        device: current,
    }: Person,
) -> Result<axum::Json<Vec<Device>>, Refusal> {
    let devices = state.store.devices(who.account.id, Some(current)).await?;
    Ok(axum::Json(devices))
}

/// Signs a device out: its sockets close, and its desktop destroys its copy at its next contact.
/// The device that asks is only signed out.
#[utoipa::path(delete, path = "/v1/devices/{device}", params(("device" = DeviceId, Path)), responses(
    (status = 204, description = "Signed out"), (status = 401, body = Problem),
    (status = 404, body = Problem)
))]
pub async fn sign_out(
    extract::State(state): extract::State<State>,
    Person {
        who,
        device: current,
    }: Person,
    Id(device): Id<DeviceId>,
) -> Result<StatusCode, Refusal> {
    let known = if device == current {
        state.store.close_session(device).await?
    } else {
        state.store.revoke_device(who.account.id, device).await?
    };
    if known {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::not_found())
    }
}
