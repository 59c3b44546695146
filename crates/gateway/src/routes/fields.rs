//! The shop's own fields.

use crate::{
    app::State,
    extract::{Json, Who},
    problem::Refusal,
    store::check_definition,
};
use axum::{
    extract::{self, Path},
    http::StatusCode,
};
use deskhand_domain::{Field, text};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{
    problem::{Code, Problem},
    rest::{DefineField, Page},
};

/// The shop's own fields, by place.
#[utoipa::path(get, path = "/v1/fields", responses(
    (status = 200, body = Page<Field>), (status = 403, body = Problem)
))]
pub async fn list(
    extract::State(state): extract::State<State>,
    who: Who,
) -> Result<axum::Json<Page<Field>>, Refusal> {
    who.may(Action::KnowledgeRead, &Resource::Shop)?;
    let items = state.store.fields().await?;
    Ok(axum::Json(Page { items, next: None }))
}

/// Defines a field, or changes it. A field that tickets have values of keeps its kind and the
/// options that are in use; a shop has at most 50 fields.
#[utoipa::path(put, path = "/v1/fields/{key}", request_body = DefineField,
    params(("key" = String, Path)),
    responses((status = 200, body = Field), (status = 201, body = Field),
        (status = 400, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn define(
    extract::State(state): extract::State<State>,
    who: Who,
    Path(key): Path<String>,
    Json(mut define): Json<DefineField>,
) -> Result<(StatusCode, axum::Json<Field>), Refusal> {
    who.may(Action::FieldsDefine, &Resource::Shop)?;
    define.label = text::line(&define.label).map_err(|error| Refusal::text("/label", error))?;
    if define.label.chars().count() > 60 {
        return Err(Refusal::field("/label", "has at most 60 characters"));
    }
    check_definition(&key, &define).map_err(|(pointer, words)| {
        if pointer.is_empty() {
            Refusal::new(Code::Invalid, words)
        } else {
            Refusal::field(pointer, words)
        }
    })?;
    let (field, new) = state
        .store
        .define_field(key, define, who.account.id.into())
        .await?;
    let status = if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, axum::Json(field)))
}
