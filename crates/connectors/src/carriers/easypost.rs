//! EasyPost API v2: `Tracker`, `Event` with a tracker in it, and lists of trackers.

use super::{Event, Meaning, Moment, Refusal, Track, every, inner, nullable, place, shaped};
use deskhand_domain::shipment::{TrackingDetail as Detail, TrackingStatus as Status};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Tracker {
    tracking_code: String,
    status: String,
    #[serde(default, deserialize_with = "nullable")]
    status_detail: String,
    carrier: Option<String>,
    est_delivery_date: Option<Moment>,
    #[serde(default, deserialize_with = "nullable")]
    tracking_details: Vec<TrackingDetail>,
}

#[derive(Deserialize)]
struct TrackingDetail {
    #[serde(default, deserialize_with = "nullable")]
    message: String,
    #[serde(default, deserialize_with = "nullable")]
    status: String,
    #[serde(default, deserialize_with = "nullable")]
    status_detail: String,
    datetime: Moment,
    #[serde(default, deserialize_with = "nullable")]
    tracking_location: Location,
}

#[derive(Default, Deserialize)]
struct Location {
    city: Option<String>,
    state: Option<String>,
    country: Option<String>,
    zip: Option<String>,
}

pub(super) fn read(payload: Value) -> Result<Vec<Track>, Refusal> {
    if let Some(code) = payload.pointer("/error/code").and_then(Value::as_str) {
        return Err(Refusal::Refused(code.to_owned()));
    }
    if payload.get("trackers").is_some() {
        return Ok(every(payload, "/trackers")?
            .into_iter()
            .map(track)
            .collect());
    }
    // An event carries what it tells of.
    let tracker = match payload.pointer("/result/object").and_then(Value::as_str) {
        Some("Tracker") => inner(payload, "/result"),
        _ => payload,
    };
    if tracker.get("tracking_code").is_none() || tracker.get("tracking_details").is_none() {
        return Err(Refusal::NoTrack);
    }
    Ok(vec![track(shaped(tracker, "")?)])
}

fn track(tracker: Tracker) -> Track {
    let events = tracker.tracking_details.into_iter().map(|event| {
        let (status, detail) = meaning(&event.status, &event.status_detail);
        let at = event.tracking_location;
        Event {
            at: event.datetime,
            status,
            detail,
            said: said(&event.status, &event.status_detail),
            text: event.message,
            place: place(&[at.city, at.state, at.zip, at.country]),
        }
    });
    let events = events.collect();
    let meaning = meaning(&tracker.status, &tracker.status_detail);
    let said = said(&tracker.status, &tracker.status_detail);
    Track::new(&tracker.tracking_code, tracker.carrier, meaning, said)
        .with(tracker.est_delivery_date, events)
}

fn said(status: &str, detail: &str) -> String {
    if detail.is_empty() {
        status.to_owned()
    } else {
        format!("{status}/{detail}")
    }
}

fn meaning(status: &str, detail: &str) -> Meaning {
    let special = match detail {
        "address_correction" => Some(Detail::AddressProblem),
        "damaged" => Some(Detail::Damaged),
        "delayed" | "weather_delay" | "missorted" => Some(Detail::Delayed),
        "refused" => Some(Detail::Refused),
        _ => None,
    };
    let status = match (status, detail) {
        ("failure", "lost") => Status::Lost,
        ("failure", "return") => Status::Returning,
        ("pre_transit", _) => Status::LabelCreated,
        ("in_transit", _) => Status::InTransit,
        ("out_for_delivery", _) => Status::OutForDelivery,
        ("delivered", _) => Status::Delivered,
        ("available_for_pickup", _) => Status::AvailableForPickup,
        ("return_to_sender", _) => Status::Returning,
        ("failure", _) => Status::FailedAttempt,
        ("cancelled", _) => Status::Cancelled,
        _ => Status::Unknown,
    };
    (status, special)
}
