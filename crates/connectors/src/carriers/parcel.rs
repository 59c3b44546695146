//! A parcel as it is after a carrier has told of it.

#[cfg(test)]
mod tests;

use super::{Event, Moment, Track};
use chrono::NaiveTime;
use deskhand_domain::{
    Instant, Shipment,
    shipment::{Scan, TrackingDetail, TrackingStatus},
    wismo::days::Calendar,
};

/// A promised day ends at this hour, where the parcel goes.
const EVENING: u32 = 20;

/// What a parcel is after a track of it, received at `at`. A time without a zone is taken for one
/// where the parcel goes.
///
/// The order in which tracks come makes no difference: events are gathered, each once, and what the
/// track with the newest event says of the whole counts. Of two with the same newest event the one
/// that is further on does; an unknown state is behind every other. Of several promised days the last counts.
pub fn told(shipment: &Shipment, track: &Track, country: &str, at: Instant) -> Shipment {
    let wall = Calendar::carrier(country);
    let mut told = shipment.clone();
    let mut news: Vec<Scan> = track
        .events
        .iter()
        .map(|event| scan(event, &wall))
        .collect();
    let before = Standing {
        newest: newest(&shipment.scans),
        known: shipment.status != TrackingStatus::Unknown,
        status: shipment.status,
        detail: shipment.detail,
    };
    let after = Standing {
        newest: newest(&news),
        known: track.status != TrackingStatus::Unknown,
        status: track.status,
        detail: track.detail,
    };
    let counts = before.max(after);
    told.scans.append(&mut news);
    told.scans.sort_by(|a, b| order(b).cmp(&order(a)));
    told.scans.dedup();
    told.status = counts.status;
    told.detail = counts.detail;
    let promise = track.promised_at.map(|day| promised(day, &wall));
    told.promised_at = shipment.promised_at.max(promise);
    told.delivered_at = (told.status == TrackingStatus::Delivered)
        .then(|| {
            let mut scans = told.scans.iter();
            scans.find(|scan| scan.status == TrackingStatus::Delivered)
        })
        .flatten()
        .map(|scan| scan.at)
        .or_else(|| {
            shipment
                .delivered_at
                .filter(|_| told.status == TrackingStatus::Delivered)
        });
    told.source.fetched_at = shipment.source.fetched_at.max(at);
    told
}

/// What somebody says of the whole parcel. The greatest counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    newest: Option<Instant>,
    known: bool,
    status: TrackingStatus,
    detail: Option<TrackingDetail>,
}

fn newest(scans: &[Scan]) -> Option<Instant> {
    scans.iter().map(|scan| scan.at).max()
}

fn order(scan: &Scan) -> (Instant, TrackingStatus, &str, Option<&str>) {
    (scan.at, scan.status, &scan.text, scan.place.as_deref())
}

fn scan(event: &Event, wall: &Calendar) -> Scan {
    // A word that we do not know is shown as it came.
    let text = if event.text.is_empty() {
        &event.said
    } else {
        &event.text
    };
    Scan {
        at: instant(event.at, wall, NaiveTime::MIN),
        status: event.status,
        text: text.clone(),
        place: event.place.clone(),
    }
}

fn promised(day: Moment, wall: &Calendar) -> Instant {
    instant(
        day,
        wall,
        NaiveTime::from_hms_opt(EVENING, 0, 0).unwrap_or_default(),
    )
}

fn instant(moment: Moment, wall: &Calendar, hour: NaiveTime) -> Instant {
    match moment {
        Moment::At(at) => at.to_utc(),
        Moment::Local(local) => wall.moment(local),
        Moment::Day(day) => wall.moment(day.and_time(hour)),
    }
}
