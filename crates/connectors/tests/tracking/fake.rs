//! Fakes of the four services, which keep to what each publishes: where the key stands, which
//! questions there are, how many are taken within which time, and how one is refused. They are not
//! the services themselves, and nothing here was recorded from one.

use crate::words;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use deskhand_connectors::carriers::Vendor;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{net::TcpListener, sync::oneshot};

/// The key that opens the door.
pub const KEY: &str = "only-for-tests";

/// What a carrier saw, at a moment in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    Moving(&'static str),
    Delivered(&'static str),
}

/// How the fake answers instead of as it should.
#[derive(Clone, Copy, Debug)]
pub enum Instead {
    /// With this status, and the header and value if any.
    Status(u16, Option<(&'static str, &'static str)>),
    /// With this body and 200.
    Body(&'static str),
    /// Not at all.
    Silence,
}

/// A service that runs.
pub struct Fake {
    pub address: String,
    kept: Arc<Mutex<Kept>>,
    stop: Option<oneshot::Sender<()>>,
}

/// What the fake knows.
pub struct Kept {
    pub vendor: Vendor,
    /// What carriers saw, by number.
    pub seen: BTreeMap<String, Vec<Scan>>,
    /// Which numbers somebody wants to be told of.
    pub watched: BTreeSet<String>,
    pub instead: Option<Instead>,
    /// How many questions were taken since the window of the limit began; it ends when a test says.
    pub taken: u32,
    /// How often somebody was told to wait.
    pub throttled: usize,
}

type Shared = Arc<Mutex<Kept>>;

impl Fake {
    pub async fn start(vendor: Vendor) -> anyhow::Result<Self> {
        let kept = Arc::new(Mutex::new(Kept {
            vendor,
            seen: BTreeMap::new(),
            watched: BTreeSet::new(),
            instead: None,
            taken: 0,
            throttled: 0,
        }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let app = match vendor {
            Vendor::EasyPost => Router::new().route("/trackers", get(trackers).post(new_tracker)),
            Vendor::AfterShip => {
                Router::new().route("/trackings", get(trackings).post(new_tracking))
            }
            Vendor::Shippo => Router::new().route("/tracks/{carrier}/{number}", get(track)),
            Vendor::SeventeenTrack => Router::new()
                .route("/gettrackinfo", post(track_info))
                .route("/register", post(register)),
        };
        let app = app
            .layer(axum::middleware::from_fn_with_state(kept.clone(), door))
            .with_state(kept.clone());
        let (stop, stopped) = oneshot::channel();
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

fn lock(kept: &Shared) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many questions of this kind are published to be taken within one window.
fn published(vendor: Vendor, is_list: bool) -> u32 {
    match (vendor, is_list) {
        // Index endpoints, by the second.
        (Vendor::EasyPost, true) => 5,
        // GET /trackings and POST /trackings, by the second.
        (Vendor::AfterShip, true) => 6,
        (Vendor::EasyPost | Vendor::AfterShip, false) => 20,
        // GET of tracks, by the minute.
        (Vendor::Shippo, _) => 500,
        // All of them, by the second.
        (Vendor::SeventeenTrack, _) => 3,
    }
}

/// What holds for every question: the key, the limit, and what a test wants instead.
async fn door(
    State(kept): State<Shared>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let (refusal, instead) = {
        let mut kept = lock(&kept);
        let is_list = request.method() == axum::http::Method::GET;
        let refusal = if has_key(kept.vendor, request.headers()) {
            kept.taken += 1;
            let is_too_many = kept.taken > published(kept.vendor, is_list);
            kept.throttled += usize::from(is_too_many);
            is_too_many.then(|| words::throttled(kept.vendor))
        } else {
            Some(words::unknown_key(kept.vendor))
        };
        (refusal, kept.instead)
    };
    match (instead, refusal) {
        (Some(Instead::Silence), _) => std::future::pending().await,
        (Some(Instead::Body(body)), _) => body.into_response(),
        (Some(Instead::Status(status, header)), _) => {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            let mut answer = (status, "<html>An error</html>").into_response();
            if let Some((name, value)) = header {
                let name = HeaderName::from_static(name);
                let value = value.parse().expect("a header");
                answer.headers_mut().insert(name, value);
            }
            answer
        }
        (None, Some(refusal)) => refusal,
        (None, None) => next.run(request).await,
    }
}

fn has_key(vendor: Vendor, headers: &HeaderMap) -> bool {
    let basic = format!("Basic {}", STANDARD.encode(format!("{KEY}:")));
    let (name, value) = match vendor {
        Vendor::EasyPost => ("authorization", basic),
        Vendor::AfterShip => ("as-api-key", KEY.to_owned()),
        Vendor::Shippo => ("authorization", format!("ShippoToken {KEY}")),
        Vendor::SeventeenTrack => ("17token", KEY.to_owned()),
    };
    headers.get(name).is_some_and(|told| *told == *value)
}

impl Kept {
    fn scans(&self, number: &str) -> &[Scan] {
        self.seen.get(number).map_or(&[], Vec::as_slice)
    }
}

type Asked = Query<BTreeMap<String, String>>;

async fn trackers(State(kept): State<Shared>, Query(asked): Asked) -> Json<Value> {
    let kept = lock(&kept);
    let number = asked.get("tracking_code").cloned().unwrap_or_default();
    let found = kept.watched.contains(&number);
    let trackers: Vec<Value> = found
        .then(|| words::tracker(&number, kept.scans(&number)))
        .into_iter()
        .collect();
    Json(json!({ "trackers": trackers, "has_more": false }))
}

async fn new_tracker(State(kept): State<Shared>, Json(body): Json<Value>) -> Response {
    let mut kept = lock(&kept);
    let number = body.pointer("/tracker/tracking_code");
    let Some(number) = number.and_then(Value::as_str).filter(|it| it.len() > 4) else {
        let error = json!({ "code": "TRACKER.CREATE.ERROR", "message": "…", "errors": [] });
        let body = Json(json!({ "error": error }));
        return (StatusCode::UNPROCESSABLE_ENTITY, body).into_response();
    };
    kept.watched.insert(number.to_owned());
    let tracker = words::tracker(number, kept.scans(number));
    (StatusCode::CREATED, Json(tracker)).into_response()
}

async fn trackings(State(kept): State<Shared>, Query(asked): Asked) -> Json<Value> {
    let kept = lock(&kept);
    let numbers = asked.get("tracking_numbers").cloned().unwrap_or_default();
    let found = numbers
        .split(',')
        .filter(|number| kept.watched.contains(*number));
    let trackings: Vec<Value> = found
        .map(|number| words::tracking(number, kept.scans(number)))
        .collect();
    let data = json!({ "trackings": trackings, "pagination": { "has_next_page": false } });
    Json(json!({ "meta": { "code": 200 }, "data": data }))
}

async fn new_tracking(State(kept): State<Shared>, Json(body): Json<Value>) -> Response {
    let mut kept = lock(&kept);
    let refused = |code: u16| {
        let meta = json!({ "code": code, "type": "BadRequest", "message": "…" });
        let body = Json(json!({ "meta": meta, "data": {} }));
        (StatusCode::BAD_REQUEST, body).into_response()
    };
    let Some(number) = body["tracking_number"].as_str().filter(|it| it.len() > 4) else {
        return refused(4005);
    };
    if !kept.watched.insert(number.to_owned()) {
        return refused(4003);
    }
    let tracking = words::tracking(number, &[]);
    let body = Json(json!({ "meta": { "code": 201 }, "data": tracking }));
    (StatusCode::CREATED, body).into_response()
}

async fn track(
    State(kept): State<Shared>,
    Path((carrier, number)): Path<(String, String)>,
) -> Response {
    let kept = lock(&kept);
    if !["usps", "ups", "dhl_express", "fedex"].contains(&&*carrier) {
        let detail = json!({ "detail": "Carrier token not found" });
        return (StatusCode::BAD_REQUEST, Json(detail)).into_response();
    }
    Json(words::track(&carrier, &number, kept.scans(&number))).into_response()
}

/// The numbers of a question to 17TRACK; at most 40.
fn numbers(body: &Bytes) -> Option<Vec<String>> {
    let asked: Vec<Value> = serde_json::from_slice(body).ok()?;
    let numbers = asked
        .iter()
        .map(|one| one["number"].as_str().map(str::to_owned));
    numbers
        .collect::<Option<Vec<_>>>()
        .filter(|all| (1..=40).contains(&all.len()))
}

/// What becomes of each: the entry of the accepted, or the code of the rejected.
fn each(body: &Bytes, of: impl Fn(&str) -> Result<Value, i64>) -> Json<Value> {
    let Some(numbers) = numbers(body) else {
        let errors = json!([{ "code": -18_010_013, "message": "…" }]);
        return Json(json!({ "code": -18_010_013, "data": { "errors": errors } }));
    };
    let (mut accepted, mut rejected) = (Vec::new(), Vec::new());
    for number in numbers {
        match of(&number) {
            Ok(entry) => accepted.push(entry),
            Err(code) => rejected.push(json!({
                "number": number, "error": { "code": code, "message": "…" },
            })),
        }
    }
    Json(json!({ "code": 0, "data": { "accepted": accepted, "rejected": rejected } }))
}

async fn track_info(State(kept): State<Shared>, body: Bytes) -> Json<Value> {
    let kept = lock(&kept);
    each(&body, |number| {
        if !kept.watched.contains(number) {
            return Err(-18_019_902);
        }
        match kept.scans(number) {
            [] => Err(-18_019_909),
            scans => Ok(words::track_info(number, scans)),
        }
    })
}

async fn register(State(kept): State<Shared>, body: Bytes) -> Json<Value> {
    let asked = numbers(&body).unwrap_or_default();
    let mut kept = lock(&kept);
    let known = kept.watched.clone();
    let fine = |number: &str| number.len() > 4;
    kept.watched
        .extend(asked.into_iter().filter(|number| fine(number)));
    each(&body, |number| {
        if known.contains(number) {
            return Err(-18_019_901);
        }
        if !fine(number) {
            return Err(-18_010_012);
        }
        Ok(json!({ "origin": 1, "number": number, "carrier": 100_003 }))
    })
}
