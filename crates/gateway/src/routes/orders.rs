//! Orders and parcels.

use super::{paging, shown};
use crate::{
    app::State,
    extract::{Id, Paging, Query, Who},
    problem::Refusal,
    shops::How,
    store::OrderFilter,
};
use axum::{
    Json, extract,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};
use deskhand_connectors::commerce::{CommerceError, Trouble};
use deskhand_domain::{CustomerId, Order, OrderId, Shipment, ShipmentId};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{problem::Problem, rest::Page};
use serde::Deserialize;
use std::time::Duration;

/// What came of asking a cache (RFC 9211).
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

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

/// One order, read again from its shop when the copy is older than it may be.
///
/// `Cache-Control` (RFC 9111) says how old it may be: `max-age=60`, `no-cache` to read it again in any
/// case, `only-if-cached` never to ask the shop. `Age` tells how old it is, and `Cache-Status`
/// (RFC 9211) what came of asking: when the shop does not answer, the copy stands.
#[utoipa::path(get, path = "/v1/orders/{order}", params(
    ("order" = OrderId, Path),
    ("Cache-Control" = Option<String>, Header, description = "How old the copy may be")
), responses(
    (status = 200, body = Order, headers(
        ("Age" = u32, description = "Seconds since it was read in the shop"),
        ("Cache-Status" = String, description = "Whether the shop was asked, and what it said")
    )),
    (status = 404, body = Problem)
))]
pub async fn one(
    extract::State(state): extract::State<State>,
    who: Who,
    headers: HeaderMap,
    Id(order): Id<OrderId>,
) -> Result<([(HeaderName, HeaderValue); 2], Json<Order>), Refusal> {
    who.may(Action::OrderRead, &Resource::Order)?;
    let looked = match Wanted::read(&headers) {
        Wanted::Copy => state
            .store
            .get::<Order>(order.0)
            .await?
            .map(|order| (order, How::Kept)),
        Wanted::Within(within) => {
            let looked = state.shops.look(&state.store, order, within).await?;
            looked.order.map(|order| (order, looked.how))
        }
    };
    let (order, how) = looked.ok_or_else(Refusal::not_found)?;
    let age = (state.clock.now() - order.source.fetched_at).num_seconds();
    let headers = [
        (header::AGE, HeaderValue::from(age.max(0))),
        (CACHE_STATUS, HeaderValue::from_static(cache_status(&how))),
    ];
    Ok((headers, Json(who.sight().order(order))))
}

/// How old a copy may be for whoever asks.
enum Wanted {
    /// However old.
    Copy,
    /// As old as this, or as the shop's own limit.
    Within(Option<Duration>),
}

impl Wanted {
    fn read(headers: &HeaderMap) -> Self {
        let said = headers.get_all(header::CACHE_CONTROL).iter();
        let said = said.filter_map(|value| value.to_str().ok());
        let mut within = None;
        for directive in said.flat_map(|value| value.split(',')) {
            let directive = directive.trim().to_ascii_lowercase();
            if directive == "only-if-cached" {
                return Self::Copy;
            } else if directive == "no-cache" {
                within = Some(Duration::ZERO);
            } else if let Some(seconds) = directive.strip_prefix("max-age=") {
                // What cannot be read counts as 0 (RFC 9111, section 4.2.1).
                let seconds = seconds.trim_matches('"').parse().unwrap_or_default();
                let seconds = Duration::from_secs(seconds);
                within = Some(within.map_or(seconds, |known: Duration| known.min(seconds)));
            }
        }
        Self::Within(within)
    }
}

/// What came of asking, as a member of `Cache-Status`.
fn cache_status(how: &How) -> &'static str {
    match how {
        How::Kept => "Deskhand; hit",
        How::Read => "Deskhand; fwd=stale; fwd-status=200; stored",
        How::Stale(CommerceError::Later { why, .. }) => match why {
            Trouble::Unreachable => "Deskhand; fwd=stale; detail=unreachable",
            Trouble::TimedOut => "Deskhand; fwd=stale; detail=timed-out",
            Trouble::Throttled => "Deskhand; fwd=stale; detail=throttled",
            Trouble::Failed => "Deskhand; fwd=stale; detail=failed",
        },
        How::Stale(CommerceError::Refused(_)) => "Deskhand; fwd=stale; detail=refused",
        How::Stale(CommerceError::Changed { .. }) => "Deskhand; fwd=stale; detail=changed-shape",
    }
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
