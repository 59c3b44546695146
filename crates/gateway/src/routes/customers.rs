//! Customers.

use super::{paging, shown};
use crate::{
    app::State,
    extract::{Id, Json as Body, Paging, Query, Who},
    problem::Refusal,
    store::{Entry, OrderFilter},
};
use axum::{Json, extract};
use deskhand_domain::{Customer, CustomerId, Order};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{
    audit,
    problem::Problem,
    rest::{Page, Reveal, Revealed, RevealedOrder},
};
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
    who.may(Action::CustomerRead, &Resource::Customer)?;
    if query.email.is_some() {
        // An address that finds somebody is an address that is known.
        who.may(Action::CustomerContact, &Resource::Customer)?;
    }
    let (cursor, limit) = paging(&Paging {
        cursor: query.cursor,
        limit: query.limit,
    })?;
    let found = state.store.customers(query.email, cursor, limit).await?;
    Ok(shown(found, |customer| who.sight().customer(customer)))
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
    who.may(Action::CustomerRead, &Resource::Customer)?;
    let found = state.store.get::<Customer>(customer.0).await?;
    let seen = found.map(|customer| Json(who.sight().customer(customer)));
    seen.ok_or_else(Refusal::not_found)
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
    who.may(Action::CustomerRead, &Resource::Customer)?;
    who.may(Action::OrderRead, &Resource::Order)?;
    let (cursor, limit) = paging(&query)?;
    if state.store.get::<Customer>(customer.0).await?.is_none() {
        return Err(Refusal::not_found());
    }
    let filter = OrderFilter {
        customer: Some(customer),
        number: None,
    };
    let found = state.store.orders(filter, cursor, limit).await?;
    Ok(shown(found, |order| who.sight().order(order)))
}

/// What is masked otherwise, on purpose: that somebody looked is in the audit trail before they see
/// anything.
#[utoipa::path(post, path = "/v1/customers/{customer}/reveal", request_body = Reveal,
    params(("customer" = CustomerId, Path)),
    responses((status = 200, body = Revealed), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub async fn reveal(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(customer): Id<CustomerId>,
    Body(body): Body<Reveal>,
) -> Result<Json<Revealed>, Refusal> {
    who.may(Action::CustomerReveal, &Resource::Customer)?;
    if let Some(ticket) = body.ticket
        && who.ticket(&state, ticket).await?.customer != customer
    {
        return Err(Refusal::field("/ticket", "is a ticket of another customer"));
    }
    let found = state.store.get::<Customer>(customer.0).await?;
    let found = found.ok_or_else(Refusal::not_found)?;
    let orders = if who.may(Action::OrderRead, &Resource::Order).is_ok() {
        let filter = OrderFilter {
            customer: Some(customer),
            number: None,
        };
        state.store.orders(filter, None, 50).await?.0
    } else {
        Vec::new()
    };
    let looked = Entry::new(who.account.id, audit::Action::CustomerRevealed)
        .to(audit::ThingKind::Customer, customer)
        .of(customer)
        .with("orders", orders.len())
        .with("reason", body.reason)
        .with("ticket", body.ticket);
    state.store.record(looked).await?;
    Ok(Json(Revealed {
        email: found.email,
        phone: found.phone,
        city: found.city,
        orders: orders.into_iter().map(revealed).collect(),
    }))
}

fn revealed(order: Order) -> RevealedOrder {
    RevealedOrder {
        order: order.id,
        ship_to: order.ship_to,
        payments: order
            .payments
            .into_iter()
            .map(|payment| payment.label)
            .collect(),
    }
}
