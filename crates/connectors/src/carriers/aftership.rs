//! AfterShip API v4 to 2026-07: a tracking, a list of them, the last checkpoint, and webhooks of the shape.

use super::{Event, Meaning, Moment, Refusal, Track, every, inner, nullable, place, shaped};
use deskhand_domain::shipment::{TrackingDetail as Detail, TrackingStatus as Status};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Tracking {
    tracking_number: String,
    tag: String,
    #[serde(default, deserialize_with = "nullable")]
    subtag: String,
    slug: Option<String>,
    expected_delivery: Option<Moment>,
    #[serde(default, deserialize_with = "nullable")]
    checkpoints: Vec<Checkpoint>,
    checkpoint: Option<Checkpoint>,
}

#[derive(Deserialize)]
struct Checkpoint {
    checkpoint_time: Moment,
    #[serde(default, deserialize_with = "nullable")]
    tag: String,
    #[serde(default, deserialize_with = "nullable")]
    subtag: String,
    #[serde(default, deserialize_with = "nullable")]
    message: String,
    city: Option<String>,
    state: Option<String>,
    #[serde(alias = "postal_code")]
    zip: Option<String>,
    #[serde(alias = "country_region_name")]
    country_name: Option<String>,
}

pub(super) fn read(payload: Value) -> Result<Vec<Track>, Refusal> {
    if let Some(code) = payload.pointer("/meta/code").and_then(Value::as_u64)
        && code >= 400
    {
        return Err(Refusal::Refused(code.to_string()));
    }
    if payload.pointer("/data/trackings").is_some() {
        let trackings = every(payload, "/data/trackings")?;
        return Ok(trackings.into_iter().map(track).collect());
    }
    let places = ["/data/tracking", "/msg", "/data"];
    let place = places.into_iter().find(|place| {
        let found = payload.pointer(place);
        found.is_some_and(|found| found.get("tracking_number").is_some())
    });
    let place = place.ok_or(Refusal::NoTrack)?;
    Ok(vec![track(shaped(inner(payload, place), place)?)])
}

fn track(tracking: Tracking) -> Track {
    let checkpoints = tracking.checkpoints.into_iter().chain(tracking.checkpoint);
    let events = checkpoints.map(|event| {
        let (status, detail) = meaning(&event.tag, &event.subtag);
        Event {
            at: event.checkpoint_time,
            status,
            detail,
            said: said(&event.tag, &event.subtag),
            text: event.message,
            place: place(&[event.city, event.state, event.zip, event.country_name]),
        }
    });
    let events = events.collect();
    let meaning = meaning(&tracking.tag, &tracking.subtag);
    let said = said(&tracking.tag, &tracking.subtag);
    Track::new(&tracking.tracking_number, tracking.slug, meaning, said)
        .with(tracking.expected_delivery, events)
}

fn said(tag: &str, subtag: &str) -> String {
    if subtag.is_empty() { tag } else { subtag }.to_owned()
}

fn meaning(tag: &str, subtag: &str) -> Meaning {
    let special = match subtag {
        "Exception_002" | "Exception_007" => Some(Detail::AddressProblem),
        "Exception_003" => Some(Detail::Refused),
        "Exception_004" => Some(Detail::Customs),
        "Exception_005" => Some(Detail::Delayed),
        "Exception_012" => Some(Detail::Damaged),
        _ => None,
    };
    let status = match (tag, subtag) {
        ("Exception", "Exception_010") => Status::Returning,
        ("Exception", "Exception_011") => Status::Returned,
        ("Exception", "Exception_013") => Status::Lost,
        ("Exception", "Exception_002" | "Exception_003" | "Exception_007") => Status::FailedAttempt,
        ("Exception", "Exception_004" | "Exception_005" | "Exception_012") => Status::InTransit,
        ("InfoReceived", _) => Status::LabelCreated,
        ("InTransit", _) => Status::InTransit,
        ("OutForDelivery", _) => Status::OutForDelivery,
        ("AttemptFail", _) => Status::FailedAttempt,
        ("Delivered", _) => Status::Delivered,
        ("AvailableForPickup", _) => Status::AvailableForPickup,
        _ => Status::Unknown,
    };
    (status, special)
}
