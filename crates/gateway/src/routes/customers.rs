//! Customers.

use super::{listed, paging};
use crate::{
    app::State,
    extract::{Id, Paging, Query, Who},
    problem::Refusal,
    store::OrderFilter,
};
use axum::{Json, extract};
use deskhand_domain::{Customer, CustomerId, Order, Scope};
use deskhand_protocol::{problem::Problem, rest::Page};
use serde::Deserialize;

/// Which customers.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    email: Option<String>,
    cursor: Option<String>,
    #[param(value_type = Option<u8>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// Customers.
#[utoipa::path(get, path = "/v1/customers", params(Filter), responses(
    (status = 200, body = Page<Customer>), (status = 403, body = Problem)
))]
pub async fn list(
    extract::State(state): extract::State<State>,
    who: Who,
    Query(query): Query<Filter>,
) -> Result<Json<Page<Customer>>, Refusal> {
    who.must(Scope::CustomersRead)?;
    let (cursor, limit) = paging(&Paging {
        cursor: query.cursor,
        limit: query.limit,
    })?;
    Ok(listed(
        state.store.customers(query.email, cursor, limit).await?,
    ))
}

/// One customer.
#[utoipa::path(get, path = "/v1/customers/{customer}", params(("customer" = CustomerId, Path)), responses(
    (status = 200, body = Customer), (status = 404, body = Problem)
))]
pub async fn one(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(customer): Id<CustomerId>,
) -> Result<Json<Customer>, Refusal> {
    who.must(Scope::CustomersRead)?;
    let found = state.store.get::<Customer>(customer.0).await?;
    found.map(Json).ok_or_else(Refusal::not_found)
}

/// A customer's orders, newest first.
#[utoipa::path(get, path = "/v1/customers/{customer}/orders",
    params(("customer" = CustomerId, Path), Paging),
    responses((status = 200, body = Page<Order>), (status = 404, body = Problem)))]
pub async fn orders(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(customer): Id<CustomerId>,
    Query(query): Query<Paging>,
) -> Result<Json<Page<Order>>, Refusal> {
    who.must(Scope::CustomersRead)?;
    let (cursor, limit) = paging(&query)?;
    if state.store.get::<Customer>(customer.0).await?.is_none() {
        return Err(Refusal::not_found());
    }
    let filter = OrderFilter {
        customer: Some(customer),
        number: None,
    };
    Ok(listed(state.store.orders(filter, cursor, limit).await?))
}
