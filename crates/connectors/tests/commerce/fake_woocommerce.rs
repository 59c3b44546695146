//! A fake of WooCommerce's REST API, version 3, that keeps to what is published: HTTP Basic with
//! key and secret, pages of at most 100, `dp` decimals, exclusive `modified_after`, refunds of an
//! order in a list of their own, and errors with a code.

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{net::TcpListener, sync::oneshot};

/// The key and the secret that open the door.
pub const KEY: &str = "ck_only-for-tests";
pub const SECRET: &str = "cs_only-for-tests";

/// A shop that runs.
pub struct Fake {
    pub address: String,
    kept: Shared,
    stop: Option<oneshot::Sender<()>>,
}

/// What the fake knows.
#[derive(Default)]
pub struct Kept {
    /// Orders without their refunds.
    pub orders: Vec<Value>,
    /// Refunds, by the id of their order.
    pub refunds: BTreeMap<u64, Vec<Value>>,
    pub customers: Vec<Value>,
    /// Counts what happens.
    ticks: u32,
    /// Answers with this status and body instead, while there is one.
    pub instead: Option<(u16, Value)>,
}

type Shared = Arc<Mutex<Kept>>;
type Asked = Query<BTreeMap<String, String>>;

impl Fake {
    pub async fn start() -> anyhow::Result<Self> {
        let kept = Shared::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let app = Router::new()
            .route("/wp-json/wc/v3/orders", get(orders))
            .route("/wp-json/wc/v3/orders/{order}/refunds", get(refunds))
            .route("/wp-json/wc/v3/customers", get(customers))
            .layer(from_fn_with_state(kept.clone(), door))
            .with_state(kept.clone());
        // The test's runtime ends it at the latest.
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move {
            let serving = axum::serve(listener, app).into_future();
            tokio::select! {
                _ = serving => {}
                _ = stopped => {}
            }
        });
        tasks.detach_all();
        Ok(Self {
            address,
            kept,
            stop: Some(stop),
        })
    }

    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        lock(&self.kept)
    }

    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
    }
}

impl Kept {
    /// The next moment: everything that happens has one of its own.
    pub fn tick(&mut self) -> String {
        self.ticks += 1;
        format!(
            "2026-11-21T11:{:02}:{:02}",
            self.ticks / 60,
            self.ticks % 60
        )
    }

    /// An order as it is told: of its refunds only how much.
    fn told(&self, order: &Value) -> Value {
        let refunds = order["id"].as_u64().and_then(|id| self.refunds.get(&id));
        let refunds = refunds.into_iter().flatten().map(|refund| {
            let amount = refund["amount"].as_str().unwrap_or_default();
            json!({ "id": refund["id"], "reason": refund["reason"], "total": format!("-{amount}") })
        });
        let mut order = order.clone();
        order["refunds"] = refunds.collect();
        order
    }
}

fn lock(kept: &Shared) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(status: StatusCode, code: &str) -> Response {
    let data = json!({ "status": status.as_u16() });
    let body = json!({ "code": code, "message": "…", "data": data });
    (status, Json(body)).into_response()
}

async fn door(State(kept): State<Shared>, request: Request, next: Next) -> Response {
    let basic = format!("Basic {}", STANDARD.encode(format!("{KEY}:{SECRET}")));
    let proof = request.headers().get("authorization");
    if proof.is_none_or(|proof| *proof != *basic) {
        return refused(StatusCode::UNAUTHORIZED, "woocommerce_rest_cannot_view");
    }
    let instead = lock(&kept).instead.clone();
    match instead {
        Some((status, body)) => {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            (status, Json(body)).into_response()
        }
        None => next.run(request).await,
    }
}

/// The page of a list that is asked for, or the parameter that cannot be.
fn page(asked: &BTreeMap<String, String>, all: Vec<Value>) -> Response {
    let number = |name: &str, otherwise: usize| match asked.get(name) {
        Some(text) => text.parse().ok().filter(|number| *number > 0),
        None => Some(otherwise),
    };
    let (size, at) = (number("per_page", 10), number("page", 1));
    let (Some(size @ 1..=100), Some(at)) = (size, at) else {
        return refused(StatusCode::BAD_REQUEST, "rest_invalid_param");
    };
    let part: Vec<Value> = all.into_iter().skip((at - 1) * size).take(size).collect();
    Json(part).into_response()
}

async fn orders(State(kept): State<Shared>, Query(asked): Asked) -> Response {
    let kept = lock(&kept);
    let text = |order: &Value, place: &str| {
        let said = order.pointer(place).and_then(Value::as_str);
        said.unwrap_or_default().to_lowercase()
    };
    let is_meant = |order: &&Value| {
        asked.iter().all(|(name, value)| match name.as_str() {
            "include" => value.split(',').any(|id| is(&order["id"], id)),
            "customer" => is(&order["customer_id"], value),
            "search" => ["/number", "/billing/email", "/billing/last_name"]
                .iter()
                .any(|place| text(order, place).contains(&value.to_lowercase())),
            "modified_after" => text(order, "/date_modified_gmt") > value.to_lowercase(),
            _ => true,
        })
    };
    let mut found: Vec<&Value> = kept.orders.iter().filter(is_meant).collect();
    found.sort_by_key(|order| match asked.get("orderby").map(String::as_str) {
        Some("modified") => text(order, "/date_modified_gmt"),
        _ => text(order, "/date_created_gmt"),
    });
    if asked.get("order").is_none_or(|order| order != "asc") {
        found.reverse();
    }
    page(
        &asked,
        found.into_iter().map(|order| kept.told(order)).collect(),
    )
}

/// Whether a number is written so.
fn is(number: &Value, text: &str) -> bool {
    text.parse().is_ok_and(|read: u64| *number == read)
}

async fn refunds(
    State(kept): State<Shared>,
    Path(order): Path<u64>,
    Query(asked): Asked,
) -> Response {
    let kept = lock(&kept);
    if !kept.orders.iter().any(|one| one["id"] == order) {
        return refused(StatusCode::NOT_FOUND, "woocommerce_rest_invalid_order_id");
    }
    let mut all = kept.refunds.get(&order).cloned().unwrap_or_default();
    all.reverse();
    page(&asked, all)
}

async fn customers(State(kept): State<Shared>, Query(asked): Asked) -> Response {
    let email = asked.get("email").cloned().unwrap_or_default();
    if !email.contains('@') {
        return refused(StatusCode::BAD_REQUEST, "rest_invalid_param");
    }
    let kept = lock(&kept);
    let found = kept.customers.iter().filter(|one| {
        let said = one["email"].as_str();
        said.is_some_and(|said| said.eq_ignore_ascii_case(&email))
    });
    page(&asked, found.cloned().collect())
}
