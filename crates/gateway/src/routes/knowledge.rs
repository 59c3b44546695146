//! Articles and stored answers.

use super::{listed, paging};
use crate::{
    app::State,
    extract::{Paging, Query, Who},
    feed::Sight,
    problem::Refusal,
};
use axum::{Json, extract};
use deskhand_domain::{Article, Macro, knowledge::Topic};
use deskhand_protocol::{
    problem::{Code, Problem},
    rest::Page,
    sync::Kind,
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
    must_see(&who, Kind::Article)?;
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
    must_see(&who, Kind::Macro)?;
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

/// The same rule as for rows of the feed.
fn must_see(who: &Who, kind: Kind) -> Result<(), Refusal> {
    if Sight::of(who.account.role).may(kind) {
        Ok(())
    } else {
        Err(Refusal::new(Code::Forbidden, "your role may not read this"))
    }
}
