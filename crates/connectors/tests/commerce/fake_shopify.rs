//! A fake of Shopify's GraphQL Admin API, 2026-07, that keeps to what the vendor publishes: the
//! header with the token, fields that are asked for and no others, pages of at most 250, a cost for
//! each question with at most 1,000 points, a bucket that is filled again by the second, and 200
//! with `errors`.

use crate::graphql::{Field, parse};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{net::TcpListener, sync::oneshot, time::Instant};

/// What the bucket holds, and what comes back in a second.
pub const BUCKET: f64 = 2_000.0;
const RESTORED: f64 = 100.0;
/// What one question may cost.
const DEAREST: u64 = 1_000;
/// How many a page may hold.
const LONGEST: u64 = 250;
/// The token that opens the door.
pub const TOKEN: &str = "shpat_only-for-tests";

/// A shop that runs.
pub struct Fake {
    pub address: String,
    kept: Arc<Mutex<Kept>>,
    stop: Option<oneshot::Sender<()>>,
}

/// What the fake knows.
pub struct Kept {
    /// Orders with every field that the schema has here; connections have `nodes`.
    pub orders: Vec<Value>,
    pub customers: Vec<Value>,
    /// Counts what happens.
    ticks: u32,
    /// What is left in the bucket, and since when.
    left: f64,
    since: Instant,
    /// Answers this instead, while there is one.
    pub instead: Option<Value>,
    /// How often somebody was told to wait.
    pub throttled: usize,
    /// Fields that this app may not read.
    pub denied: Vec<&'static str>,
}

impl Fake {
    pub async fn start() -> anyhow::Result<Self> {
        let kept = Arc::new(Mutex::new(Kept {
            orders: Vec::new(),
            customers: Vec::new(),
            ticks: 0,
            left: BUCKET,
            since: Instant::now(),
            instead: None,
            throttled: 0,
            denied: Vec::new(),
        }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let app = Router::new()
            .route("/admin/api/2026-07/graphql.json", post(answer))
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
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
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
            "2026-11-21T11:{:02}:{:02}Z",
            self.ticks / 60,
            self.ticks % 60
        )
    }
}

type Answer = (StatusCode, Json<Value>);

async fn answer(
    State(kept): State<Arc<Mutex<Kept>>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if headers
        .get("x-shopify-access-token")
        .is_none_or(|token| token != TOKEN)
    {
        let words = "[API] Invalid API key or access token (unrecognized login or wrong password)";
        return (StatusCode::UNAUTHORIZED, Json(json!({ "errors": words })));
    }
    if let Some(instead) = &kept.instead {
        return (StatusCode::OK, Json(instead.clone()));
    }
    let Some(question) = body["query"].as_str().and_then(parse) else {
        return refused("parseError", json!({}));
    };
    let asked: u64 = question
        .iter()
        .map(|field| cost(field, &body["variables"]))
        .sum();
    let now = Instant::now();
    let restored = now.duration_since(kept.since).as_secs_f64() * RESTORED;
    (kept.left, kept.since) = ((kept.left + restored).min(BUCKET), now);
    let told = |left: f64, actual: Option<u64>| {
        json!({ "cost": { "requestedQueryCost": asked, "actualQueryCost": actual,
            "throttleStatus": { "maximumAvailable": BUCKET, "currentlyAvailable": left.floor(),
                "restoreRate": RESTORED } } })
    };
    if asked > DEAREST {
        return refused("MAX_COST_EXCEEDED", told(kept.left, None));
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 1,000")]
    if (asked as f64) > kept.left {
        kept.throttled += 1;
        let extensions = told(kept.left, None);
        return refused("THROTTLED", extensions);
    }
    let mut data = serde_json::Map::new();
    let mut actual = 0;
    for field in &question {
        match root(&kept, field, &body["variables"], &mut actual) {
            Ok(value) => {
                data.insert(field.name.clone(), value);
            }
            Err(code) => return refused(code, told(kept.left, None)),
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 1,000")]
    {
        kept.left -= actual as f64;
    }
    let extensions = told(kept.left, Some(actual));
    (
        StatusCode::OK,
        Json(json!({ "data": data, "extensions": extensions })),
    )
}

/// 200, as all errors of this interface.
fn refused(code: &str, extensions: Value) -> Answer {
    let errors = json!([{ "message": "see the code", "extensions": { "code": code } }]);
    (
        StatusCode::OK,
        Json(json!({ "errors": errors, "extensions": extensions })),
    )
}

/// A number that an argument says, itself or by a variable.
fn number(field: &Field, name: &str, variables: &Value) -> Option<u64> {
    let said = field.arguments.get(name)?;
    match said.strip_prefix('$') {
        Some(variable) => variables[variable].as_u64(),
        None => said.parse().ok(),
    }
}

fn text<'a>(field: &'a Field, name: &str, variables: &'a Value) -> Option<&'a str> {
    let said = field.arguments.get(name)?;
    match said.strip_prefix('$') {
        Some(variable) => variables[variable].as_str(),
        None => Some(said),
    }
}

/// Objects cost one, lists and pages as many times what is in them as are asked for.
fn cost(field: &Field, variables: &Value) -> u64 {
    if field.fields.is_empty() {
        return 0;
    }
    let inside: u64 = field
        .fields
        .iter()
        .map(|field| cost(field, variables))
        .sum();
    let own =
        u64::from(!["nodes", "pageInfo"].contains(&&*field.name) && !field.name.starts_with("..."));
    match number(field, "first", variables) {
        Some(first) => first * (1 + inside).max(1),
        None => own + inside,
    }
}

fn root(
    kept: &Kept,
    field: &Field,
    variables: &Value,
    actual: &mut u64,
) -> Result<Value, &'static str> {
    if kept.denied.contains(&&*field.name) {
        return Err("ACCESS_DENIED");
    }
    let search = text(field, "query", variables).unwrap_or_default();
    match &*field.name {
        "order" => {
            let id = text(field, "id", variables).unwrap_or_default();
            let found = kept.orders.iter().find(|order| order["id"] == id);
            found.map_or(Ok(Value::Null), |order| {
                project(order, field, variables, actual)
            })
        }
        "orders" => {
            let mut found: Vec<&Value> = kept
                .orders
                .iter()
                .filter(|order| matches(order, search))
                .collect();
            found.sort_by_key(|order| (order["updatedAt"].to_string(), order["id"].to_string()));
            page(&found, field, variables, actual)
        }
        "customers" => {
            let found: Vec<&Value> = kept
                .customers
                .iter()
                .filter(|one| matches(one, search))
                .collect();
            page(&found, field, variables, actual)
        }
        _ => Err("undefinedField"),
    }
}

/// The search syntax, as far as it is used here: one term.
fn matches(record: &Value, search: &str) -> bool {
    let Some((key, value)) = search.split_once(':') else {
        return true;
    };
    let value = value.trim_matches(|c| c == '"' || c == '\'').to_lowercase();
    let is = |place: &str| {
        let said = record.pointer(place).and_then(Value::as_str);
        said.is_some_and(|said| said.to_lowercase() == value)
    };
    match key {
        // A search by words finds more than the whole value.
        "name" => {
            let name = record["name"].as_str().unwrap_or_default().to_lowercase();
            !value.is_empty() && name.contains(value.trim_start_matches('#'))
        }
        "email" => is("/defaultEmailAddress/emailAddress"),
        "phone" => is("/defaultPhoneNumber/phoneNumber"),
        "customer_id" => {
            let id = record.pointer("/customer/id").and_then(Value::as_str);
            id.is_some_and(|id| id.rsplit('/').next() == Some(&value))
        }
        "updated_at" => {
            let since = value
                .trim_start_matches(">=")
                .trim_matches('\'')
                .to_uppercase();
            record["updatedAt"].as_str().is_some_and(|at| *at >= *since)
        }
        _ => false,
    }
}

fn page(
    found: &[&Value],
    field: &Field,
    variables: &Value,
    actual: &mut u64,
) -> Result<Value, &'static str> {
    let first = number(field, "first", variables).ok_or("missingRequiredArguments")?;
    if first > LONGEST {
        return Err("BAD_USER_INPUT");
    }
    let after = text(field, "after", variables);
    let begin = match after {
        None => 0,
        Some(after) => {
            let at = found.iter().position(|one| one["id"] == after);
            at.ok_or("BAD_USER_INPUT")? + 1
        }
    };
    let end = (begin + usize::try_from(first).unwrap_or(usize::MAX)).min(found.len());
    let nodes: Vec<Value> = found[begin..end].iter().map(|one| (*one).clone()).collect();
    let last = nodes
        .last()
        .map(|one| one["id"].clone())
        .unwrap_or_default();
    let whole = json!({ "nodes": nodes,
        "pageInfo": { "hasNextPage": end < found.len(), "endCursor": last } });
    project(&whole, field, variables, actual)
}

/// What was asked for of a value, and no more.
fn project(
    value: &Value,
    field: &Field,
    variables: &Value,
    actual: &mut u64,
) -> Result<Value, &'static str> {
    match value {
        _ if field.fields.is_empty() => Ok(value.clone()),
        Value::Null => Ok(Value::Null),
        Value::Array(items) => {
            let first =
                number(field, "first", variables).and_then(|first| usize::try_from(first).ok());
            let items = items.iter().take(first.unwrap_or(usize::MAX));
            items
                .map(|item| project(item, field, variables, actual))
                .collect()
        }
        Value::Object(object) => {
            *actual += 1;
            let mut wanted = serde_json::Map::new();
            for inner in &field.fields {
                if let Some(kind) = inner.name.strip_prefix("...") {
                    if object.get("__typename").and_then(Value::as_str) == Some(kind) {
                        let Value::Object(more) = project(value, inner, variables, actual)? else {
                            return Err("undefinedField");
                        };
                        wanted.extend(more);
                    }
                    continue;
                }
                let Some(there) = object.get(&inner.name) else {
                    return Err("undefinedField");
                };
                let mut there = there.clone();
                if let (Some(first), Some(nodes)) = (
                    number(inner, "first", variables),
                    there["nodes"].as_array().cloned(),
                ) {
                    let first = usize::try_from(first).unwrap_or(usize::MAX);
                    let more = nodes.len() > first;
                    there["nodes"] = nodes.into_iter().take(first).collect();
                    there["pageInfo"] = json!({ "hasNextPage": more, "endCursor": "x" });
                }
                wanted.insert(
                    inner.name.clone(),
                    project(&there, inner, variables, actual)?,
                );
            }
            Ok(Value::Object(wanted))
        }
        _ => Err("undefinedField"),
    }
}
