//! What a letter says.

use super::{ASKED, Service, path};
use crate::store::{Letter, Reading};
use axum::http::HeaderMap;
use deskhand_connectors::{
    carriers::{self, Event, Moment, Refusal, Track, Vendor},
    webhooks::{self, Changed, Sender},
};
use deskhand_domain::shipment::{TrackingDetail, TrackingStatus};
use deskhand_protocol::events::{CloudEvent, PARCEL_TRACKED, ParcelEvent, ParcelTracked};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Who tells, when a service or a shop does. No CloudEvent has such a source.
pub fn source(sender: Sender) -> String {
    format!("/hooks/{}", path(sender))
}

/// What somebody calls an event: the id that the signed body tells, or what stands in it. Headers
/// are not signed, so a webhook that is sent again under another id is still the same.
pub fn event(sender: Sender, body: &[u8]) -> String {
    let place = match sender {
        Sender::Carriers(Vendor::EasyPost) | Sender::Vendure => Some("/id"),
        Sender::Carriers(Vendor::AfterShip) => Some("/event_id"),
        Sender::Carriers(Vendor::Shippo | Vendor::SeventeenTrack) | Sender::Shopify => None,
    };
    let payload: Option<Value> = place.and_then(|_| serde_json::from_slice(body).ok());
    let told = payload
        .as_ref()
        .zip(place)
        .and_then(|(payload, place)| payload.pointer(place)?.as_str())
        .filter(|id| !id.is_empty() && id.len() <= 256);
    let is_tracker = sender == Sender::Carriers(Vendor::EasyPost);
    match told {
        // The same tracker keeps its id; only an event's is told once.
        Some(id) if !is_tracker || id.starts_with("evt_") => id.to_owned(),
        _ => digest(body),
    }
}

/// SHA-256 in hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What kind of event Shopify says it is; nobody else says it outside of the body.
pub fn kind(sender: Sender, headers: &HeaderMap) -> String {
    let topic = headers.get("x-shopify-topic");
    let topic = topic.filter(|_| sender == Sender::Shopify);
    let topic = topic.and_then(|topic| topic.to_str().ok());
    topic.unwrap_or_default().chars().take(64).collect()
}

/// What a letter says. Those of shops name orders, which are read from the shop
/// ([`crate::shops`]).
pub fn read(letter: &Letter) -> Reading {
    let source = &letter.source;
    let service = source
        .strip_prefix("/hooks/")
        .or_else(|| source.strip_prefix(ASKED));
    match service.and_then(|name| name.parse().ok()) {
        Some(Service(Sender::Carriers(vendor))) => {
            match carriers::read(vendor, letter.payload.as_bytes()) {
                Ok(tracks) => Reading::Tracks(tracks),
                Err(refusal @ Refusal::NoTrack) => Reading::Nothing(refusal.to_string()),
                Err(refusal) => Reading::Unreadable(refusal.to_string()),
            }
        }
        Some(Service(shop)) => {
            match webhooks::changed(shop, &letter.kind, letter.payload.as_bytes()) {
                Ok(Changed::Order(id)) => Reading::Order(id),
                Ok(Changed::Other) => Reading::Nothing("it tells nothing of an order".to_owned()),
                Err(refusal) => Reading::Unreadable(refusal.to_string()),
            }
        }
        None => cloud_event(letter),
    }
}

fn cloud_event(letter: &Letter) -> Reading {
    if letter.kind != PARCEL_TRACKED {
        let why = "no event of this type is known here: see docs/EVENTS.md";
        return Reading::Unreadable(why.to_owned());
    }
    let event: Result<CloudEvent, _> = serde_json::from_str(&letter.payload);
    let track = event.ok().and_then(|event| track(event.data).ok());
    match track {
        Some(track) => Reading::Tracks(vec![track]),
        None => Reading::Unreadable("its data cannot be read".to_owned()),
    }
}

/// Which field of the data is wrong, as a JSON pointer, and what is wrong with it.
pub type Wrong = (String, &'static str);

/// The data of an event that tells of a parcel.
pub fn track(data: Value) -> Result<Track, Wrong> {
    let told: ParcelTracked = serde_path_to_error::deserialize(data).map_err(|error| {
        let place = crate::extract::pointer(error.path());
        (place, "is missing, or of another type: see docs/EVENTS.md")
    })?;
    let number: String = told.tracking_number.split_whitespace().collect();
    if number.is_empty() {
        return Err(("/tracking_number".to_owned(), "is empty"));
    }
    let moment = |text: Option<&str>, place: String| match text {
        None => Ok(None),
        Some(text) => match Moment::parse(text) {
            Some(moment) => Ok(Some(moment)),
            None => Err((place, "is a time in ISO 8601, such as 2027-01-31T09:00:00Z")),
        },
    };
    let promised_at = moment(told.promised_at.as_deref(), "/promised_at".to_owned())?;
    let mut events = Vec::new();
    for (index, event) in told.events.into_iter().enumerate() {
        let ParcelEvent {
            at,
            status,
            text,
            place,
        } = event;
        let Some(at) = moment(Some(&at), format!("/events/{index}/at"))? else {
            continue;
        };
        events.push(Event {
            at,
            status: word(&status).unwrap_or(TrackingStatus::Unknown),
            detail: None,
            said: status,
            text,
            place,
        });
    }
    events.sort();
    events.dedup();
    events.reverse();
    let detail: Option<TrackingDetail> = match told.detail.as_deref() {
        None => None,
        Some(text) => Some(word(text).ok_or_else(|| {
            let known = "is none of the words that docs/EVENTS.md lists";
            ("/detail".to_owned(), known)
        })?),
    };
    Ok(Track {
        carrier: told.carrier,
        tracking_number: number,
        status: word(&told.status).unwrap_or(TrackingStatus::Unknown),
        detail,
        said: told.status,
        promised_at,
        events,
    })
}

fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(Value::String(text.to_owned())).ok()
}
