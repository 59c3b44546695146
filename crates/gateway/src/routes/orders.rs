//! Orders and parcels.

use super::{paging, shown};
use crate::{
    app::State,
    extract::{Id, Paging, Query, Who},
    problem::Refusal,
    store::OrderFilter,
};
use axum::{Json, extract};
use deskhand_domain::{CustomerId, Order, OrderId, Shipment, ShipmentId};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{problem::Problem, rest::Page};
use serde::Deserialize;

/// Which orders.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    customer: Option<CustomerId>,
    number: Option<String>,
    cursor: Option<String>,
    #[param(value_type = Option<u8>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// Orders, newest first.
#[utoipa::path(get, path = "/v1/orders", params(Filter), responses(
    (status = 200, body = Page<Order>), (status = 403, body = Problem)
))]
pub async fn list(
    extract::State(state): extract::State<State>,
    who: Who,
    Query(query): Query<Filter>,
) -> Result<Json<Page<Order>>, Refusal> {
    who.may(Action::OrderRead, &Resource::Order)?;
    let (cursor, limit) = paging(&Paging {
        cursor: query.cursor,
        limit: query.limit,
    })?;
    let filter = OrderFilter {
        customer: query.customer,
        number: query.number,
    };
    let found = state.store.orders(filter, cursor, limit).await?;
    Ok(shown(found, |order| who.sight().order(order)))
}

/// One order.
#[utoipa::path(get, path = "/v1/orders/{order}", params(("order" = OrderId, Path)), responses(
    (status = 200, body = Order), (status = 404, body = Problem)
))]
pub async fn one(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(order): Id<OrderId>,
) -> Result<Json<Order>, Refusal> {
    who.may(Action::OrderRead, &Resource::Order)?;
    let found = state.store.get::<Order>(order.0).await?;
    let seen = found.map(|order| Json(who.sight().order(order)));
    seen.ok_or_else(Refusal::not_found)
}

/// The parcels of an order.
#[utoipa::path(get, path = "/v1/orders/{order}/shipments", params(("order" = OrderId, Path), Paging),
    responses((status = 200, body = Page<Shipment>), (status = 404, body = Problem)))]
pub async fn shipments(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(order): Id<OrderId>,
    Query(query): Query<Paging>,
) -> Result<Json<Page<Shipment>>, Refusal> {
    who.may(Action::OrderRead, &Resource::Order)?;
    let (cursor, limit) = paging(&query)?;
    if state.store.get::<Order>(order.0).await?.is_none() {
        return Err(Refusal::not_found());
    }
    let found = state.store.shipments(order, cursor, limit).await?;
    Ok(shown(found, |shipment| who.sight().shipment(shipment)))
}

/// One parcel.
#[utoipa::path(get, path = "/v1/shipments/{shipment}", params(("shipment" = ShipmentId, Path)), responses(
    (status = 200, body = Shipment), (status = 404, body = Problem)
))]
pub async fn shipment(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(shipment): Id<ShipmentId>,
) -> Result<Json<Shipment>, Refusal> {
    who.may(Action::OrderRead, &Resource::Order)?;
    let found = state.store.get::<Shipment>(shipment.0).await?;
    let seen = found.map(|shipment| Json(who.sight().shipment(shipment)));
    seen.ok_or_else(Refusal::not_found)
}
