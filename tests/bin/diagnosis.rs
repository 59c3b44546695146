//! Prints how long a diagnosis takes: every order of the sample shop, again and again, with gaps
//! learned from its parcels.

use anyhow::ensure;
use chrono::Utc;
use deskhand_domain::{
    Order, Shipment,
    wismo::{self, Gaps, World},
};
use std::{
    collections::BTreeMap,
    hint::black_box,
    time::{Duration, Instant},
};

/// So often every order is looked at.
const TIMES: usize = 50;

fn main() -> anyhow::Result<()> {
    let now = Utc::now();
    let shop = deskhand_sample::generate(now);
    let mut parcels: BTreeMap<_, Vec<Shipment>> = BTreeMap::new();
    for parcel in shop.shipments {
        parcels.entry(parcel.order).or_default().push(parcel);
    }
    let orders: Vec<(Order, Vec<Shipment>)> = shop
        .orders
        .into_iter()
        .map(|order| {
            let of_order = parcels.remove(&order.id).unwrap_or_default();
            (order, of_order)
        })
        .collect();
    ensure!(!orders.is_empty(), "the sample shop has no orders");

    let began = Instant::now();
    let mut world = World::new("Europe/Berlin");
    world.gaps = Gaps::learn(orders.iter().flat_map(|(order, parcels)| {
        let country = order.ship_to.country.as_str();
        parcels.iter().map(move |parcel| (parcel, country))
    }));
    println!("usual gaps learned in {:.1?}", began.elapsed());

    let mut took: Vec<Duration> = Vec::with_capacity(orders.len() * TIMES);
    for _ in 0..TIMES {
        for (order, parcels) in &orders {
            let began = Instant::now();
            black_box(wismo::diagnose(
                black_box(order),
                parcels,
                None,
                now,
                &world,
            ));
            took.push(began.elapsed());
        }
    }
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 1_000];
    println!(
        "a diagnosis of {} orders: {:.1?} median, {:.1?} at 99 percent, {:.1?} at 99.9, {:.1?} longest",
        orders.len(),
        at(500),
        at(990),
        at(999),
        at(1_000),
    );
    Ok(())
}
