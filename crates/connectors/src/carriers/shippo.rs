//! Shippo: a track, and `track_updated` with one in it.

use super::{Event, Meaning, Moment, Refusal, Track, inner, nullable, place, shaped};
use deskhand_domain::shipment::{TrackingDetail as Detail, TrackingStatus as Status};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Tracked {
    tracking_number: String,
    carrier: Option<String>,
    eta: Option<Moment>,
    tracking_status: Option<State>,
    #[serde(default, deserialize_with = "nullable")]
    tracking_history: Vec<State>,
}

#[derive(Deserialize)]
struct State {
    status: String,
    substatus: Option<Substatus>,
    #[serde(default, deserialize_with = "nullable")]
    status_details: String,
    status_date: Option<Moment>,
    location: Option<Location>,
}

#[derive(Deserialize)]
struct Substatus {
    code: String,
}

#[derive(Deserialize)]
struct Location {
    city: Option<String>,
    state: Option<String>,
    zip: Option<String>,
    country: Option<String>,
}

pub(super) fn read(payload: Value) -> Result<Vec<Track>, Refusal> {
    let tracked = match payload.get("data") {
        Some(_) => inner(payload, "/data"),
        None => payload,
    };
    if tracked.get("tracking_history").is_none() {
        return Err(Refusal::NoTrack);
    }
    Ok(vec![track(shaped(tracked, "")?)])
}

fn track(tracked: Tracked) -> Track {
    let newest = tracked.tracking_status.as_ref();
    let meant = newest.map_or((Status::Unknown, None), meaning);
    let said = newest.map_or_else(String::new, said);
    let number = &tracked.tracking_number;
    let head = Track::new(number, tracked.carrier, meant, said);
    let states = tracked.tracking_history.into_iter();
    let events = states.chain(tracked.tracking_status).filter_map(|state| {
        let (status, detail) = meaning(&state);
        Some(Event {
            at: state.status_date?,
            status,
            detail,
            said: self::said(&state),
            text: state.status_details,
            place: state
                .location
                .and_then(|at| place(&[at.city, at.state, at.zip, at.country])),
        })
    });
    head.with(tracked.eta, events.collect())
}

fn said(state: &State) -> String {
    match &state.substatus {
        Some(substatus) => format!("{}/{}", state.status, substatus.code),
        None => state.status.clone(),
    }
}

fn meaning(state: &State) -> Meaning {
    let code = state.substatus.as_ref().map_or("", |x| x.code.as_str());
    let special = match code {
        "address_issue" => Some(Detail::AddressProblem),
        "package_damaged" => Some(Detail::Damaged),
        "delayed" => Some(Detail::Delayed),
        _ => None,
    };
    let status = match (state.status.as_str(), code) {
        ("TRANSIT", "out_for_delivery") => Status::OutForDelivery,
        ("TRANSIT", "pickup_available") => Status::AvailableForPickup,
        ("TRANSIT", "delivery_attempted" | "notice_left" | "location_inaccessible") => {
            Status::FailedAttempt
        }
        ("TRANSIT" | "FAILURE", "return_to_sender") => Status::Returning,
        ("FAILURE", "package_lost") => Status::Lost,
        ("PRE_TRANSIT", _) => Status::LabelCreated,
        ("TRANSIT", _) => Status::InTransit,
        ("DELIVERED", _) => Status::Delivered,
        ("RETURNED", _) => Status::Returned,
        ("FAILURE", _) => Status::FailedAttempt,
        _ => Status::Unknown,
    };
    (status, special)
}
