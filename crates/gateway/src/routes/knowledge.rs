//! Articles and stored answers.

use super::{listed, paging};
use crate::{
    app::State,
    extract::{Paging, Query, Who},
    problem::Refusal,
};
use axum::{Json, extract};
use deskhand_domain::{Article, Macro, knowledge::Topic};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{
    problem::{Code, Problem},
    rest::Page,
};
use serde::Deserialize;

/// Which articles or stored answers.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    language: Option<String>,
    topic: Option<Topic>,
    cursor: Option<String>,
    #[param(value_type = Option<u8>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// Articles of the knowledge base.
#[utoipa::path(get, path = "/v1/articles", params(Filter), responses(
    (status = 200, body = Page<Article>), (status = 403, body = Problem)
))]
pub async fn articles(
    extract::State(state): extract::State<State>,
    who: Who,
    Query(query): Query<Filter>,
) -> Result<Json<Page<Article>>, Refusal> {
    who.may(Action::KnowledgeRead, &Resource::Shop)?;
    let (cursor, limit) = paging(&Paging {
        cursor: query.cursor,
        limit: query.limit,
    })?;
    let found = state
        .store
        .articles(query.language, query.topic, cursor, limit);
    Ok(listed(found.await?))
}

/// Stored answers.
#[utoipa::path(get, path = "/v1/macros", params(Filter), responses(
    (status = 200, body = Page<Macro>), (status = 403, body = Problem)
))]
pub async fn macros(
    extract::State(state): extract::State<State>,
    who: Who,
    Query(query): Query<Filter>,
) -> Result<Json<Page<Macro>>, Refusal> {
    who.may(Action::KnowledgeRead, &Resource::Shop)?;
    if query.topic.is_some() {
        return Err(Refusal::new(Code::Invalid, "stored answers have no topic"));
    }
    let (cursor, limit) = paging(&Paging {
        cursor: query.cursor,
        limit: query.limit,
    })?;
    Ok(listed(
        state.store.macros(query.language, cursor, limit).await?,
    ))
}
