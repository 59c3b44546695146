//! Every route, by resource.

mod accounts;
mod audit;
mod chat;
mod customers;
mod described;
mod devices;
mod fields;
mod health;
mod intake;
mod keys;
mod knowledge;
mod merge;
mod oidc;
mod orders;
mod pages;
mod password;
mod second_factor;
mod sessions;
mod sync;
pub(crate) mod tickets;

use crate::{
    app::State,
    extract::Paging,
    feed::write_cursor,
    live,
    problem::Refusal,
    store::{Done, ListCursor},
};
use axum::{
    Router,
    body::Bytes,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, delete, get, patch, post, put},
};
use described::Everywhere;
use deskhand_protocol::rest::Page;
pub use sessions::revoke;
use std::sync::LazyLock;
use utoipa::OpenApi;

/// Routes, and what the description of the interface must list.
#[derive(Default)]
pub struct Routes {
    /// The routes.
    pub router: Router<State>,
    /// Method and path of each.
    pub listed: Vec<(&'static str, &'static str)>,
}

impl Routes {
    fn get<T: 'static>(self, path: &'static str, handler: impl Handler<T, State>) -> Self {
        self.add("get", path, get(handler))
    }

    fn post<T: 'static>(self, path: &'static str, handler: impl Handler<T, State>) -> Self {
        self.add("post", path, post(handler))
    }

    fn put<T: 'static>(self, path: &'static str, handler: impl Handler<T, State>) -> Self {
        self.add("put", path, put(handler))
    }

    fn patch<T: 'static>(self, path: &'static str, handler: impl Handler<T, State>) -> Self {
        self.add("patch", path, patch(handler))
    }

    fn delete<T: 'static>(self, path: &'static str, handler: impl Handler<T, State>) -> Self {
        self.add("delete", path, delete(handler))
    }

    /// A page for people: not part of the described interface.
    fn page<T: 'static>(mut self, path: &'static str, handler: impl Handler<T, State>) -> Self {
        self.router = self.router.route(path, get(handler));
        self
    }

    fn add(mut self, method: &'static str, path: &'static str, route: MethodRouter<State>) -> Self {
        let route = match largest_body(path) {
            Some(limit) => route.layer(DefaultBodyLimit::max(limit)),
            None => route,
        };
        self.router = self.router.route(path, route);
        self.listed.push((method, path));
        self
    }
}

/// How large a body may be where it is another size than elsewhere.
fn largest_body(path: &str) -> Option<usize> {
    if path.starts_with("/v1/sessions") {
        Some(16 * 1024)
    } else if path.starts_with("/chat/") {
        Some(128 * 1024)
    } else if path.starts_with("/hooks/") || path == "/v1/events" {
        Some(1024 * 1024)
    } else {
        None
    }
}

/// Every route.
pub fn all() -> Routes {
    Routes::default()
        .get("/healthz", health::alive)
        .get("/readyz", health::ready)
        .get("/v1/hello", health::hello)
        .get("/v1/openapi.json", openapi)
        .post("/v1/sessions", sessions::sign_in)
        .post("/v1/sessions/refresh", sessions::refresh)
        .get("/v1/session", sessions::current)
        .delete("/v1/session", sessions::sign_out)
        .post("/v1/sessions/oidc/begin", oidc::begin)
        .post("/v1/sessions/oidc", oidc::end)
        .post("/v1/sessions/totp", second_factor::sign_in)
        .get("/v1/totp", second_factor::current)
        .post("/v1/totp", second_factor::begin)
        .post("/v1/totp/confirm", second_factor::confirm)
        .post("/v1/totp/remove", second_factor::remove)
        .post("/v1/password", password::change)
        .get("/v1/devices", devices::list)
        .delete("/v1/devices/{device}", devices::sign_out)
        .get("/v1/tickets", tickets::list)
        .get("/v1/tickets/{ticket}", tickets::one)
        .patch("/v1/tickets/{ticket}", tickets::change)
        .get("/v1/tickets/{ticket}/messages", tickets::messages)
        .post("/v1/tickets/{ticket}/messages", tickets::write)
        .delete("/v1/tickets/{ticket}/messages/{message}", tickets::undo)
        .post("/v1/tickets/{ticket}/merge", merge::merge)
        .get("/v1/fields", fields::list)
        .put("/v1/fields/{key}", fields::define)
        .get("/v1/customers", customers::list)
        .get("/v1/customers/{customer}", customers::one)
        .get("/v1/customers/{customer}/orders", customers::orders)
        .post("/v1/customers/{customer}/reveal", customers::reveal)
        .get("/v1/accounts", accounts::list)
        .patch("/v1/accounts/{account}", accounts::assign)
        .get("/v1/roles", accounts::roles)
        .get("/v1/keys", keys::list)
        .post("/v1/keys", keys::make)
        .delete("/v1/keys/{machine_key}", keys::revoke)
        .get("/v1/teams", accounts::teams)
        .post("/v1/teams", accounts::add_team)
        .get("/v1/orders", orders::list)
        .get("/v1/orders/{order}", orders::one)
        .get("/v1/orders/{order}/shipments", orders::shipments)
        .get("/v1/shipments/{shipment}", orders::shipment)
        .get("/v1/articles", knowledge::articles)
        .get("/v1/macros", knowledge::macros)
        .get("/v1/audit", audit::list)
        .get("/v1/audit/export", audit::export)
        .get("/v1/audit/check", audit::check)
        .post("/v1/events", intake::tell)
        .post("/hooks/{service}", intake::hook)
        .get("/v1/sync", sync::page)
        .post("/v1/live/ticket", live::agent::ticket)
        .get("/v1/live", live::agent::upgrade)
        .post("/chat/api/conversations", chat::open)
        .get("/chat/api/conversation", chat::conversation)
        .post("/chat/api/messages", chat::write)
        .get("/chat/live", live::visitor::upgrade)
        .page("/chat", pages::to_chat)
        .page("/chat/", pages::chat)
        .page("/chat/demo", pages::demo)
        .page("/chat/{file}", pages::part)
}

/// The description of the interface.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Deskhand gateway",
        description = "Tickets, messages, customers, orders and parcels of a shop. \
            Errors are application/problem+json (RFC 9457).",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        health::alive,
        health::ready,
        health::hello,
        openapi,
        sessions::sign_in,
        sessions::refresh,
        sessions::current,
        sessions::sign_out,
        oidc::begin,
        oidc::end,
        second_factor::sign_in,
        second_factor::current,
        second_factor::begin,
        second_factor::confirm,
        second_factor::remove,
        password::change,
        devices::list,
        devices::sign_out,
        tickets::list,
        tickets::one,
        tickets::change,
        tickets::messages,
        tickets::write,
        tickets::undo,
        merge::merge,
        fields::list,
        fields::define,
        customers::list,
        customers::one,
        customers::orders,
        customers::reveal,
        accounts::list,
        accounts::assign,
        accounts::roles,
        keys::list,
        keys::make,
        keys::revoke,
        accounts::teams,
        accounts::add_team,
        orders::list,
        orders::one,
        orders::shipments,
        orders::shipment,
        knowledge::articles,
        knowledge::macros,
        audit::list,
        audit::export,
        audit::check,
        intake::tell,
        intake::hook,
        sync::page,
        live::agent::ticket,
        live::agent::upgrade,
        live::visitor::upgrade,
        chat::open,
        chat::conversation,
        chat::write,
    ),
    components(schemas(deskhand_protocol::problem::Problem, deskhand_domain::OpId)),
    modifiers(&Everywhere)
)]
pub struct Description;

/// The description as JSON.
#[utoipa::path(get, path = "/v1/openapi.json", responses((status = 200, description = "OpenAPI 3.1")))]
async fn openapi() -> Response {
    // Made once: anybody may ask for it, and making it takes far longer than sending it.
    static JSON: LazyLock<Option<Bytes>> =
        LazyLock::new(|| Description::openapi().to_json().ok().map(Bytes::from));
    match JSON.clone() {
        Some(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        None => Refusal::internal().into_response(),
    }
}

/// JSON with a status.
fn reply(done: Done) -> Response {
    let status = StatusCode::from_u16(done.status).unwrap_or(StatusCode::OK);
    let kind = (header::CONTENT_TYPE, "application/json");
    (status, [kind], done.body).into_response()
}

/// A page of a list with its cursor.
fn listed<T>((items, next): (Vec<T>, Option<ListCursor>)) -> axum::Json<Page<T>> {
    let next = next.as_ref().map(write_cursor);
    axum::Json(Page { items, next })
}

/// The same, each as somebody sees it.
fn shown<T>(
    (items, next): (Vec<T>, Option<ListCursor>),
    show: impl FnMut(T) -> T,
) -> axum::Json<Page<T>> {
    listed((items.into_iter().map(show).collect(), next))
}

/// The place and size of the wanted page.
fn paging(paging: &Paging) -> Result<(Option<ListCursor>, usize), Refusal> {
    paging.read()
}
