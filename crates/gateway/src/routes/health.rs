//! Whether the gateway lives, and who it is.

use crate::{app::State, problem::Refusal};
use axum::{Json, extract};
use deskhand_protocol::{PROTOCOL_VERSION, problem::Code, rest::Hello};

/// The process answers.
#[utoipa::path(get, path = "/healthz", responses((status = 200, description = "It lives")))]
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers too.
#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, description = "Ready"), (status = 503, description = "Not ready")
))]
pub async fn ready(extract::State(state): extract::State<State>) -> Result<&'static str, Refusal> {
    if state.tasks.stopping().is_cancelled() {
        return Err(Refusal::new(
            Code::Unavailable,
            "the gateway stops: try again in a moment",
        ));
    }
    state.store.ping().await?;
    Ok("ready\n")
}

/// Who answers here.
#[utoipa::path(get, path = "/v1/hello", responses((status = 200, body = Hello)))]
pub async fn hello(extract::State(state): extract::State<State>) -> Json<Hello> {
    Json(Hello {
        service: "deskhand-gateway".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: PROTOCOL_VERSION,
        shop: state.store.shop_name(),
        sample: state.store.history().sample,
        single_sign_on: {
            let oidc = &state.config.oidc;
            oidc.is_used().then(|| oidc.name.clone())
        },
        now: state.clock.now(),
    })
}
