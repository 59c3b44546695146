//! How each of the four services says what a fake knows.

use crate::fake::Scan;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use deskhand_connectors::carriers::Vendor;
use serde_json::{Value, json};

/// What a service says to a key that it does not know.
pub fn unknown_key(vendor: Vendor) -> Response {
    let body = match vendor {
        Vendor::EasyPost => json!({ "error": { "code": "APIKEY.INACTIVE", "message": "…" } }),
        Vendor::AfterShip => {
            json!({ "meta": { "code": 401, "type": "Unauthorized", "message": "…" }, "data": {} })
        }
        Vendor::Shippo => json!({ "detail": "Invalid token" }),
        Vendor::SeventeenTrack => {
            json!({ "code": -18_010_002, "data": { "errors": [{ "code": -18_010_002 }] } })
        }
    };
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}

/// What a service says to whoever asks too often. Only AfterShip tells until when, as a Unix time.
pub fn throttled(vendor: Vendor) -> Response {
    let body = match vendor {
        Vendor::EasyPost => json!({ "error": { "code": "RATE_LIMITED", "message": "…" } }),
        Vendor::AfterShip => {
            json!({ "meta": { "code": 429, "type": "TooManyRequests" }, "data": {} })
        }
        Vendor::Shippo => json!({ "detail": "Request was throttled." }),
        Vendor::SeventeenTrack => json!({ "code": 429, "data": {} }),
    };
    let mut answer = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    if vendor == Vendor::AfterShip {
        let at = (crate::contract::noon().timestamp() + 1).to_string();
        let at = at.parse().expect("a header");
        answer.headers_mut().insert("x-ratelimit-reset", at);
    }
    answer
}

fn at(scan: Scan) -> &'static str {
    match scan {
        Scan::Moving(at) | Scan::Delivered(at) => at,
    }
}

/// One of two words.
fn word<T>(scan: Scan, [moving, delivered]: [T; 2]) -> T {
    match scan {
        Scan::Moving(_) => moving,
        Scan::Delivered(_) => delivered,
    }
}

/// EasyPost's; the newest scan comes last.
pub fn tracker(number: &str, scans: &[Scan]) -> Value {
    let state = |scan| word(scan, ["in_transit", "delivered"]);
    let details: Vec<Value> = scans
        .iter()
        .map(|scan| {
            json!({
                "object": "TrackingDetail", "message": "Seen", "status": state(*scan),
                "status_detail": "status_update", "datetime": at(*scan),
                "tracking_location": { "city": "BERLIN", "country": "DE" },
            })
        })
        .collect();
    json!({
        "id": "trk_1", "object": "Tracker", "tracking_code": number, "carrier": "USPS",
        "status": scans.last().map_or("unknown", |scan| state(*scan)),
        "status_detail": "status_update", "est_delivery_date": null, "tracking_details": details,
    })
}

/// AfterShip's.
pub fn tracking(number: &str, scans: &[Scan]) -> Value {
    let tag = |scan| word(scan, ["InTransit", "Delivered"]);
    let checkpoints: Vec<Value> = scans
        .iter()
        .map(|scan| {
            json!({
                "slug": "usps", "checkpoint_time": at(*scan), "tag": tag(*scan),
                "subtag": word(*scan, ["InTransit_001", "Delivered_001"]), "message": "Seen",
                "city": "Berlin", "postal_code": "10969", "country_region_name": "Germany",
            })
        })
        .collect();
    json!({
        "id": "6f8a", "tracking_number": number, "slug": "usps",
        "tag": scans.last().map_or("Pending", |scan| tag(*scan)),
        "subtag": scans.last().map_or("Pending_001", |scan| {
            word(*scan, ["InTransit_001", "Delivered_001"])
        }),
        "checkpoints": checkpoints,
    })
}

/// Shippo's.
pub fn track(carrier: &str, number: &str, scans: &[Scan]) -> Value {
    let state = |scan: &Scan| {
        json!({
            "object_id": "63f2", "status": word(*scan, ["TRANSIT", "DELIVERED"]),
            "substatus": { "code": word(*scan, ["package_departed", "delivered"]) },
            "status_details": "Seen", "status_date": at(*scan),
            "location": { "city": "Berlin", "state": "", "zip": "10969", "country": "DE" },
        })
    };
    let history: Vec<Value> = scans.iter().map(state).collect();
    json!({
        "carrier": carrier, "tracking_number": number, "eta": null,
        "tracking_status": scans.last().map(state), "tracking_history": history, "messages": [],
    })
}

/// 17TRACK's; the newest event comes first.
pub fn track_info(number: &str, scans: &[Scan]) -> Value {
    let sub = |scan| word(scan, ["InTransit_Other", "Delivered_Other"]);
    let events: Vec<Value> = scans
        .iter()
        .rev()
        .map(|scan| {
            json!({
                "time_iso": at(*scan), "description": "Seen", "location": "BERLIN",
                "stage": word(*scan, [None, Some("Delivered")]), "sub_status": sub(*scan),
            })
        })
        .collect();
    let newest = scans.last().copied();
    json!({
        "number": number, "carrier": 100_003,
        "track_info": {
            "latest_status": {
                "status": newest.map_or("NotFound", |scan| word(scan, ["InTransit", "Delivered"])),
                "sub_status": newest.map_or("NotFound_Other", sub),
            },
            "time_metrics": { "estimated_delivery_date": { "from": null, "to": null } },
            "tracking": { "providers": [
                { "provider": { "key": 100_003, "name": "FedEx" }, "events": events },
            ] },
        },
    })
}
