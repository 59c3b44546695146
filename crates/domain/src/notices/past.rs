//! What was known at a moment, and when it begins and ends to be so.

use crate::{
    Instant, Order, Shipment,
    shipment::TrackingStatus,
    wismo::{self, Condition, Diagnosis, World, days::Calendar},
};
use chrono::{Days, TimeDelta};

/// So far ahead is looked for a change that time alone brings.
const AHEAD: TimeDelta = TimeDelta::days(60);

/// Where one parcel stands.
pub fn stands(
    order: &Order,
    shipment: &Shipment,
    now: Instant,
    world: &World,
) -> Option<Diagnosis> {
    let parcel = std::slice::from_ref(shipment);
    let mut all = wismo::diagnose(order, parcel, None, now, world).into_iter();
    all.find(|diagnosis| diagnosis.shipment == Some(shipment.id))
}

/// A parcel as it was known at a moment. What was said of it without a time of its own, such as the
/// promised day, counts as known from the beginning; none when there was no such parcel yet.
pub fn as_known(shipment: &Shipment, at: Instant) -> Option<Shipment> {
    let scans = shipment.scans.iter().filter(|scan| scan.at <= at);
    let scans: Vec<_> = scans.cloned().collect();
    if scans.is_empty() && shipment.created_at > at {
        return None;
    }
    let all = scans.len() == shipment.scans.len();
    let last = scans.iter().max_by_key(|scan| (scan.at, scan.status));
    let status = match last {
        _ if all && shipment.source.fetched_at <= at => shipment.status,
        Some(last) => last.status,
        None if shipment.scans.is_empty() => shipment.status,
        None => TrackingStatus::LabelCreated,
    };
    let mut known = shipment.clone();
    known.status = status;
    known.detail = shipment.detail.filter(|_| all);
    known.delivered_at = shipment.delivered_at.filter(|delivered| *delivered <= at);
    known.source.fetched_at = shipment.source.fetched_at.min(at);
    known.scans = scans;
    Some(known)
}

/// Since when a parcel stands as it does, as far as the records tell.
pub fn began(
    diagnosis: &Diagnosis,
    order: &Order,
    shipment: &Shipment,
    now: Instant,
    world: &World,
) -> Instant {
    let known = shipment.scans.iter().map(|scan| scan.at);
    let last = known.filter(|at| *at <= now).max();
    let last = last.unwrap_or(shipment.created_at).min(now);
    let over = promise_over(order, shipment);
    if diagnosis.condition == Condition::Late
        && let Some(over) = over.filter(|over| *over <= now)
    {
        return over;
    }
    let is = |at| {
        let then = stands(order, shipment, at, world);
        then.is_some_and(|then| then.condition == diagnosis.condition)
    };
    let began = first_minute(last, now, is).unwrap_or(now);
    match diagnosis.condition {
        // Until then it may come in time.
        Condition::Stalled => over.map_or(began, |over| began.max(over.min(now))),
        _ => began,
    }
}

/// The end of the promised day where the parcel goes.
pub(super) fn promise_over(order: &Order, shipment: &Shipment) -> Option<Instant> {
    let carrier = Calendar::carrier(&order.ship_to.country);
    let promised = carrier.day(shipment.promised_at?);
    Some(carrier.at(promised + Days::new(1), 0, 0))
}

/// When a parcel will stand elsewhere if nothing is heard of it, to the minute.
pub fn next_change(
    diagnosis: &Diagnosis,
    order: &Order,
    shipment: &Shipment,
    now: Instant,
    world: &World,
) -> Option<Instant> {
    // Nothing becomes of it by waiting.
    diagnosis.look_again?;
    let is_other = |at| {
        let then = stands(order, shipment, at, world);
        then.is_some_and(|then| then.condition != diagnosis.condition)
    };
    let from = now + TimeDelta::minutes(1);
    first_minute(from, now + AHEAD, is_other)
}

/// The first minute of a time from which on something holds; waiting never takes it back.
fn first_minute(from: Instant, to: Instant, holds: impl Fn(Instant) -> bool) -> Option<Instant> {
    if holds(from) {
        return Some(from);
    }
    if !holds(to) {
        return None;
    }
    let (mut before, mut after) = (0, (to - from).num_minutes().max(0) + 1);
    while after - before > 1 {
        let middle = i64::midpoint(before, after);
        if holds((from + TimeDelta::minutes(middle)).min(to)) {
            after = middle;
        } else {
            before = middle;
        }
    }
    Some((from + TimeDelta::minutes(after)).min(to))
}
