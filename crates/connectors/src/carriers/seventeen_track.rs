//! 17TRACK: API v2 (`track_info`) with its webhooks, and the lists of its buyers' site.

use super::{Event, Meaning, Moment, Refusal, Track, every, inner, nullable, place, shaped};
use deskhand_domain::shipment::{TrackingDetail as Detail, TrackingStatus as Status};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Parcel {
    number: String,
    track_info: TrackInfo,
}

#[derive(Deserialize)]
struct TrackInfo {
    latest_status: LatestStatus,
    time_metrics: Option<TimeMetrics>,
    tracking: Option<Tracking>,
}

#[derive(Deserialize)]
struct LatestStatus {
    status: String,
    #[serde(default, deserialize_with = "nullable")]
    sub_status: String,
}

#[derive(Deserialize)]
struct TimeMetrics {
    estimated_delivery_date: Option<Estimated>,
}

#[derive(Deserialize)]
struct Estimated {
    to: Option<Moment>,
}

#[derive(Deserialize)]
struct Tracking {
    providers: Vec<Provider>,
}

#[derive(Deserialize)]
struct Provider {
    provider: Named,
    #[serde(default, deserialize_with = "nullable")]
    events: Vec<Happened>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Happened {
    time_iso: Option<Moment>,
    time_utc: Option<Moment>,
    #[serde(default, deserialize_with = "nullable")]
    description: String,
    location: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    sub_status: String,
}

/// A parcel in a list of the site; the event is JSON in a text.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "FTrackNo")]
    number: String,
    #[serde(rename = "FTrackStateType")]
    state: i64,
    #[serde(rename = "FLastEvent", default, deserialize_with = "nullable")]
    last: String,
}

#[derive(Deserialize)]
struct LastEvent {
    a: Option<String>,
    c: Option<String>,
    d: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    z: String,
}

pub(super) fn read(payload: Value) -> Result<Vec<Track>, Refusal> {
    for code in ["code", "Code"] {
        let code = payload.get(code).and_then(Value::as_i64);
        if let Some(code) = code.filter(|code| *code != 0) {
            return Err(Refusal::Refused(code.to_string()));
        }
    }
    if payload.pointer("/data/accepted").is_some() {
        let parcels = every(payload, "/data/accepted")?;
        return Ok(parcels.into_iter().map(track).collect());
    }
    if payload.pointer("/data/track_info").is_some() {
        let parcel = shaped(inner(payload, "/data"), "/data")?;
        return Ok(vec![track(parcel)]);
    }
    if payload.pointer("/Json/0/FTrackNo").is_some() {
        let list = every(payload, "/Json")?;
        return list.into_iter().map(listed).collect();
    }
    Err(Refusal::NoTrack)
}

fn track(parcel: Parcel) -> Track {
    let info = parcel.track_info;
    let newest = info.latest_status;
    let said = if newest.sub_status.is_empty() {
        newest.status.clone()
    } else {
        newest.sub_status.clone()
    };
    let providers = info.tracking.map_or_else(Vec::new, |x| x.providers);
    let carrier = providers.iter().find_map(|x| x.provider.name.clone());
    let events = providers.into_iter().flat_map(|x| x.events);
    let events = events.filter_map(|event| {
        let (main, _) = event
            .sub_status
            .split_once('_')
            .unwrap_or((&event.sub_status, ""));
        let (status, detail) = meaning(main, &event.sub_status);
        Some(Event {
            at: event.time_iso.or(event.time_utc)?,
            status,
            detail,
            text: event.description,
            place: place(&[event.location]),
            said: event.sub_status,
        })
    });
    let events = events.collect();
    let meant = meaning(&newest.status, &newest.sub_status);
    let promised = info.time_metrics.and_then(|x| x.estimated_delivery_date);
    Track::new(&parcel.number, carrier, meant, said).with(promised.and_then(|x| x.to), events)
}

fn meaning(main: &str, sub: &str) -> Meaning {
    let (_, reason) = sub.split_once('_').unwrap_or_default();
    let special = match reason {
        "InvalidAddress" => Some(Detail::AddressProblem),
        "CustomsProcessing" | "CustomsRequiringInformation" => Some(Detail::Customs),
        "Damage" => Some(Detail::Damaged),
        "Delayed" => Some(Detail::Delayed),
        "Rejected" => Some(Detail::Refused),
        _ => None,
    };
    let status = match (main, reason) {
        ("Exception", "Returning") => Status::Returning,
        ("Exception", "Returned") => Status::Returned,
        ("Exception", "Lost") => Status::Lost,
        ("Exception", "Cancel") => Status::Cancelled,
        ("Exception", "Damage" | "Delayed") => Status::InTransit,
        ("InfoReceived", _) => Status::LabelCreated,
        ("InTransit", _) => Status::InTransit,
        ("AvailableForPickup", _) => Status::AvailableForPickup,
        ("OutForDelivery", _) => Status::OutForDelivery,
        ("DeliveryFailure", _) => Status::FailedAttempt,
        ("Delivered", _) => Status::Delivered,
        _ => Status::Unknown,
    };
    (status, special)
}

fn listed(parcel: Listed) -> Result<Track, Refusal> {
    let status = match parcel.state {
        10 => Status::InTransit,
        30 => Status::AvailableForPickup,
        35 => Status::FailedAttempt,
        40 => Status::Delivered,
        _ => Status::Unknown,
    };
    let said = parcel.state.to_string();
    let mut events = Vec::new();
    if !parcel.last.trim().is_empty() {
        let last = serde_json::from_str(&parcel.last).map_err(|_| Refusal::Shape {
            at: "FLastEvent".to_owned(),
        })?;
        let last: LastEvent = shaped(last, "/FLastEvent")?;
        if let Some(at) = last.a.as_deref().and_then(Moment::parse) {
            events.push(Event {
                at,
                status,
                detail: None,
                said: said.clone(),
                text: last.z,
                place: place(&[last.c, last.d]),
            });
        }
    }
    Ok(Track::new(&parcel.number, None, (status, None), said).with(None, events))
}
