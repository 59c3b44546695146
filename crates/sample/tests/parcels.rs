//! Parcels go where carriers go, one scan after the other, and everything that can happen to one
//! has happened to some.

mod common;

use chrono::TimeDelta;
use common::{now, shop};
use deskhand_domain::{
    Shipment,
    order::FulfilmentStatus,
    shipment::{TrackingDetail as D, TrackingStatus as S},
    wismo::{self, Condition, Gaps, What, World},
};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn scans_are_newest_first_and_agree_with_the_parcel() {
    for parcel in &shop().shipments {
        let number = &parcel.tracking_number;
        assert!(!number.contains(' '), "{number}");
        for pair in parcel.scans.windows(2) {
            assert!(pair[0].at > pair[1].at, "{number}");
        }
        let newest = parcel.scans.first().expect("a label at least");
        let oldest = parcel.scans.last().expect("a label at least");
        assert!(newest.at <= now(), "{number}");
        assert_eq!(newest.status, parcel.status, "{number}");
        assert_eq!(
            (oldest.status, oldest.at),
            (S::LabelCreated, parcel.created_at),
            "{number}"
        );
        let delivered = (parcel.status == S::Delivered).then_some(newest.at);
        assert_eq!(parcel.delivered_at, delivered, "{number}");
        assert_eq!(
            parcel.pickup_until.is_some(),
            parcel.status == S::AvailableForPickup,
            "{number}"
        );
    }
}

#[test]
fn tracking_numbers_are_given_once() {
    let mut seen = BTreeSet::new();
    for parcel in &shop().shipments {
        assert!(
            seen.insert(parcel.tracking_number.clone()),
            "{} twice",
            parcel.tracking_number
        );
    }
}

#[test]
fn parcels_carry_what_was_ordered_and_leave_after_the_order() {
    let shop = shop();
    let orders: BTreeMap<_, _> = shop.orders.iter().map(|order| (order.id, order)).collect();
    let mut carried: BTreeMap<(deskhand_domain::OrderId, u32), u32> = BTreeMap::new();
    for parcel in &shop.shipments {
        let order = orders[&parcel.order];
        assert!(parcel.created_at > order.placed_at, "{}", order.number);
        assert!(
            !parcel.lines.is_empty(),
            "{} has an empty parcel",
            order.number
        );
        for line in &parcel.lines {
            *carried.entry((parcel.order, line.position)).or_default() += line.quantity;
        }
    }
    for ((order, position), quantity) in carried {
        let order = orders[&order];
        let line = order
            .lines
            .iter()
            .find(|line| line.position == position)
            .expect("a line of the order");
        assert!(quantity <= line.quantity, "{}", order.number);
    }
}

#[test]
fn every_status_and_detail_occurs() {
    let shop = shop();
    let statuses: BTreeSet<S> = shop.shipments.iter().map(|parcel| parcel.status).collect();
    assert_eq!(statuses.len(), 11, "{statuses:?}");
    let details: BTreeSet<D> = shop
        .shipments
        .iter()
        .filter_map(|parcel| parcel.detail)
        .collect();
    assert_eq!(details.len(), 7, "{details:?}");
}

#[test]
fn every_answer_to_where_is_my_order_has_an_order() {
    let shop = shop();
    let now = now();
    let some = |what: &str, found: bool| assert!(found, "nothing is {what}");
    let parcel =
        |fits: &dyn Fn(&deskhand_domain::Shipment) -> bool| shop.shipments.iter().any(fits);
    let waiting = |late: bool| {
        shop.orders.iter().any(|order| {
            order.fulfilment_status == FulfilmentStatus::Unfulfilled
                && order.ship_by.is_some_and(|until| (until < now) == late)
                && shop.shipments.iter().all(|parcel| parcel.order != order.id)
        })
    };
    some("waiting to be packed", waiting(false));
    some("waiting too long to be packed", waiting(true));
    let age = |parcel: &deskhand_domain::Shipment| now - parcel.scans[0].at;
    let plain = |parcel: &deskhand_domain::Shipment| {
        parcel.status == S::InTransit && parcel.detail.is_none()
    };
    let late = |parcel: &deskhand_domain::Shipment| parcel.promised_at.is_some_and(|at| at < now);
    let two_days = TimeDelta::hours(48);
    some(
        "moving",
        parcel(&|one| plain(one) && !late(one) && age(one) < two_days),
    );
    some(
        "late",
        parcel(&|one| plain(one) && late(one) && age(one) < two_days),
    );
    some("stalled", parcel(&|one| plain(one) && age(one) > two_days));
    some(
        "left with a neighbour",
        parcel(&|one| one.detail == Some(D::LeftWithNeighbour)),
    );
    some(
        "waiting with a deadline",
        parcel(&|one| one.pickup_until.is_some_and(|until| until > now)),
    );
    let of = |fulfilment| {
        shop.orders
            .iter()
            .any(|order| order.fulfilment_status == fulfilment)
    };
    some(
        "split and partly there",
        of(FulfilmentStatus::PartlyDelivered),
    );
    some("cancelled", of(FulfilmentStatus::Cancelled));
}

#[test]
fn a_delivered_order_has_only_delivered_parcels() {
    let shop = shop();
    let mut parcels: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for parcel in &shop.shipments {
        parcels.entry(parcel.order).or_default().push(parcel.status);
    }
    for order in &shop.orders {
        let statuses = parcels.get(&order.id).map_or(&[][..], Vec::as_slice);
        let all = !statuses.is_empty() && statuses.iter().all(|status| *status == S::Delivered);
        if order.fulfilment_status == FulfilmentStatus::Delivered {
            assert!(all, "{}", order.number);
        }
        if order.fulfilment_status == FulfilmentStatus::Cancelled {
            assert!(statuses.is_empty(), "{}", order.number);
        }
    }
}

#[test]
fn the_tent_of_the_pictures_is_silent_for_54_hours() {
    let shop = shop();
    let tent = shop
        .shipments
        .iter()
        .find(|parcel| parcel.tracking_number == "WR4417092651")
        .expect("the tent");
    assert_eq!(now() - tent.scans[0].at, TimeDelta::hours(54));
    assert_eq!(tent.scans[0].place.as_deref(), Some("Venlo"));
    assert_eq!(tent.lines.len(), 1);
    assert!(tent.promised_at.is_some_and(|promised| promised < now()));
}

#[test]
fn the_tent_stands_still_on_any_day() {
    // Saturday, Sunday, Monday; Christmas, and a Sunday after it.
    for later in [1, 2, 3, 35, 36, 37].map(TimeDelta::days) {
        let now = now() + later;
        let shop = deskhand_sample::generate(now);
        let order = shop
            .orders
            .iter()
            .find(|order| order.number == "HP-20418")
            .expect("Aoife's order");
        let parcels: Vec<_> = shop
            .shipments
            .iter()
            .filter(|parcel| parcel.order == order.id)
            .cloned()
            .collect();
        let mut world = World::new("Europe/Berlin");
        let country = |parcel: &Shipment| {
            let mut orders = shop.orders.iter();
            let found = orders.find(|order| order.id == parcel.order);
            found.map_or("", |order| order.ship_to.country.as_str())
        };
        world.gaps = Gaps::learn(
            shop.shipments
                .iter()
                .map(|parcel| (parcel, country(parcel))),
        );
        let first = wismo::diagnose(order, &parcels, None, now, &world)
            .into_iter()
            .next()
            .expect("a diagnosis");
        assert_eq!(first.condition, Condition::Stalled, "{now}");
        let silent = first.reasons.iter().find_map(|reason| match reason.what {
            What::SilentFor { hours } => Some(hours),
            _ => None,
        });
        assert_eq!(silent, Some(54), "{now}");
    }
}
