//! The first copy of a desktop.

use crate::{
    app::State,
    extract::{Query, Who, cursor},
    feed::{LiveCursor, write_cursor},
    problem::Refusal,
    store::{StoreError, SyncCursor},
};
use axum::{Json, extract};
use deskhand_protocol::{problem::Problem, sync::SyncPage};
use serde::{Deserialize, Serialize};

/// Where to go on.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// `next` of the page before.
    after: Option<String>,
}

/// Where a sync stands, and for what sight: one that began with another is not gone on with.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scoped {
    scope: String,
    at: SyncCursor,
}

/// A page of everything the account may see: what is open first, newest first. When many desktops
/// catch up, 503 with `Retry-After`.
#[utoipa::path(get, path = "/v1/sync", params(After), responses(
    (status = 200, body = SyncPage), (status = 400, body = Problem), (status = 409, body = Problem)
))]
pub async fn page(
    extract::State(state): extract::State<State>,
    who: Who,
    Query(query): Query<After>,
) -> Result<Json<SyncPage>, Refusal> {
    let sight = who.sight();
    let scope = sight.scope();
    let after: Option<Scoped> = cursor(query.after.as_deref())?;
    if after.as_ref().is_some_and(|after| after.scope != scope) {
        return Err(StoreError::OtherEpoch.into());
    }
    let after = after.map(|after| after.at);
    let _turn = state.admission.turn().await?;
    let synced = state.store.sync(after, sight).await?;
    let epoch = state.store.history().epoch;
    let live = LiveCursor {
        epoch: epoch.clone(),
        scope: scope.clone(),
        upto: synced.head,
    };
    Ok(Json(SyncPage {
        epoch,
        changes: synced.changes,
        live: write_cursor(&live),
        next: synced.next.map(|at| write_cursor(&Scoped { scope, at })),
        total: synced.total,
    }))
}
