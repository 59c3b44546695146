//! The orders of the people whose conversations are written by hand.

use chrono::{DateTime, Days, TimeDelta, Utc};
use deskhand_domain::{
    Order, Shipment,
    order::{PaymentMethod, RefundState, Return, ReturnState},
    shipment::{Scan, TrackingStatus},
    wismo::days::Calendar,
};

use crate::{
    aftercare,
    clock::{at_time, back, berlin, is_carrier_day, is_work_day},
    orders::{Sold, Trade, fulfilment, sent},
    parcels::{Fate, Parcel},
    rng::Rng,
    sale::{Basket, Terms},
};

/// How many of the people are known by name; they come first.
pub(crate) const PEOPLE: usize = 15;
/// The order everybody knows.
pub(crate) const AOIFES_ORDER: &str = "HP-20418";

/// Who, how many hours ago the last parcel reached its fate, what, and on which terms.
type Bought = (
    usize,
    i64,
    Fate,
    &'static [(&'static str, &'static str, u32)],
    Option<(&'static str, i64)>,
);

#[rustfmt::skip]
const BOUGHT: [Bought; 20] = [
    (0, 1_490 * 24, Fate::Delivered, &[("Kolm High boots", "brown, 39", 1)], None),
    (0, 1_130 * 24, Fate::Delivered, &[("Dun 0 sleeping bag", "regular", 1)], None),
    (0, 700 * 24, Fate::Delivered, &[("Birk 45 rucksack", "slate, M", 1)], None),
    (0, 308 * 24, Fate::Delivered, &[("Lomvi down jacket", "ink, M", 1)], None),
    (0, 264 * 24, Fate::Delivered, &[("Kvist trekking poles", "110–130 cm", 1)], None),
    (0, 120 * 24, Fate::SafePlace, &[("Tarn 8 l dry bag", "orange", 1)], None),
    (1, 30 * 24, Fate::Delivered, &[("Kvist trekking poles", "120–140 cm", 1)], None),
    (2, 80, Fate::Delivered, &[("Birk 45 rucksack", "slate, M", 1)], None),
    (3, 15 * 24, Fate::Delivered, &[("Lomvi down jacket", "ink, M", 1), ("Glo 250 headlamp", "", 2), ("Kvist trekking poles", "110–130 cm", 1)], Some(("TRAIL10", 10))),
    (4, 22, Fate::Neighbour, &[("Lomvi down jacket", "rust, L", 1)], None),
    (5, 75 * 24, Fate::Delivered, &[("Birk 45 rucksack", "rust, M", 1)], None),
    (6, 14, Fate::LabelOnly, &[("Kilde 0.75 l bottle", "moss", 1), ("Mose foam sleeping mat", "", 1)], None),
    (7, 30, Fate::Customs, &[("Vidda 2 tent", "stone", 1)], None),
    (8, 9 * 24, Fate::Delivered, &[("Glo 250 headlamp", "", 1), ("Ember pot", "1 litre", 1)], None),
    (9, 26, Fate::Delivered, &[("Kvist trekking poles", "110–130 cm", 1)], None),
    (10, 28, Fate::Lost, &[("Skarv 3 tent", "rust", 1)], None),
    (11, 40 * 24, Fate::Delivered, &[("Kvist trekking poles", "110–130 cm", 1)], None),
    (12, 50, Fate::Delivered, &[("Terne rain jacket", "sand, M", 1)], None),
    (13, 12 * 24, Fate::DeliveredSlow, &[("Glo 250 headlamp", "", 1)], Some(("AUTUMN10", 10))),
    (14, 5, Fate::LabelOnly, &[("Fjellheim 4 tent", "sand", 1), ("Mose foam sleeping mat", "", 1), ("Tarn 20 l dry bag", "grey", 1)], None),
];

pub(crate) fn orders(trade: &Trade<'_>, rng: &mut Rng) -> Vec<Sold> {
    let mut all: Vec<Sold> = BOUGHT
        .iter()
        .map(|(buyer, hours, fate, what, code)| {
            let end = trade.now - TimeDelta::hours(*hours);
            let parcel = trade.network.parcel(rng, *fate, end, &trade.people[*buyer]);
            let basket = basket(trade, what);
            let mut sold = sent(
                trade,
                rng,
                *buyer,
                &basket,
                &card(*code),
                vec![parcel],
                false,
            );
            // A name until the numbers are given, so that chance leaves these orders alone.
            sold.order.number = "by hand".into();
            afterwards(trade, &mut sold, rng);
            sold
        })
        .collect();
    all.push(aoifes_tent(trade, rng));
    all
}

fn card(code: Option<(&'static str, i64)>) -> Terms {
    Terms {
        code,
        method: Some(PaymentMethod::Card),
        ..Terms::default()
    }
}

fn basket(trade: &Trade<'_>, what: &[(&str, &str, u32)]) -> Basket {
    what.iter()
        .map(|(title, variant, quantity)| {
            let product = trade.catalogue.find(title);
            let variant = trade.catalogue.products[product]
                .variants
                .iter()
                .position(|known| known.title == *variant)
                .unwrap_or(0);
            (product, variant, *quantity)
        })
        .collect()
}

/// What their stories need beyond the parcel.
fn afterwards(trade: &Trade<'_>, sold: &mut Sold, rng: &mut Rng) {
    let now = trade.now;
    let title = sold.order.lines[0].title.as_str();
    match (sold.buyer, title) {
        (0, "Kvist trekking poles") => {
            let asked = now - TimeDelta::days(262);
            let settled = asked + TimeDelta::hours(20);
            let amount = sold.order.total;
            aftercare::add(
                &mut sold.order,
                asked,
                settled,
                RefundState::Succeeded,
                "Damaged on the way",
                vec![0],
                amount,
            );
        }
        (1, _) => {
            let asked = now - TimeDelta::days(9) - TimeDelta::hours(1);
            let number = format!("RMA-{}", 3_000 + rng.below(90));
            sold.order.returns.push(Return {
                number,
                state: ReturnState::Inspected,
                reason: "Changed mind".into(),
                lines: vec![1],
                requested_at: asked - TimeDelta::days(10),
                updated_at: asked,
            });
            let amount = sold.order.total;
            aftercare::add(
                &mut sold.order,
                asked,
                asked,
                RefundState::Sent,
                "Changed mind",
                vec![0],
                amount,
            );
        }
        (3, _) => {
            let asked = now - TimeDelta::days(11);
            let amount = halves(aftercare::share_of(&sold.order, 1).minor, &sold.order);
            let settled = asked + TimeDelta::hours(5);
            aftercare::add(
                &mut sold.order,
                asked,
                settled,
                RefundState::Succeeded,
                "Faulty",
                vec![1],
                amount,
            );
        }
        _ => {}
    }
}

/// One of two pieces: 48.60 of 97.20.
fn halves(minor: i64, order: &Order) -> deskhand_domain::Money {
    deskhand_domain::Money::new(minor / 2, order.total.currency)
}

/// A tent that has not been scanned for 54 hours, and a second parcel that arrived days ago.
fn aoifes_tent(trade: &Trade<'_>, rng: &mut Rng) -> Sold {
    let now = trade.now;
    let person = &trade.people[0];
    let carrier = Calendar::carrier(&person.address.country);
    let sorted = silent_since(&carrier, now, TimeDelta::hours(54));
    let arrived = trade
        .network
        .parcel(rng, Fate::Delivered, sorted - TimeDelta::hours(26), person);
    let basket = basket(
        trade,
        &[
            ("Skarv 3 tent", "moss", 1),
            ("Myr merino socks", "38–40", 2),
            ("Ember pot", "1 litre", 1),
        ],
    );
    let yesterday = berlin(now).date() - Days::new(1);
    let promised = (0..)
        .map(|days| yesterday - Days::new(days))
        .find(|day| carrier.is_open(*day))
        .unwrap_or(yesterday);
    let stalled = stalled_parcel(rng, sorted, arrived.created_at, at_time(promised, 18, 0));
    let mut sold = sent(
        trade,
        rng,
        0,
        &basket,
        &card(Some(("AUTUMN10", 10))),
        vec![stalled, arrived],
        false,
    );
    sold.order.number = AOIFES_ORDER.into();
    let numbers = ["WR4417092651", "WR4417092634"];
    for (shipment, number) in sold.shipments.iter_mut().zip(numbers) {
        shipment.tracking_number = number.into();
    }
    // The tent travels alone; socks and pot share the other box.
    let pot = sold.shipments[0].lines.pop();
    sold.shipments[1].lines.extend(pot);
    sold.shipments[0].source.fetched_at = now - TimeDelta::seconds(40);
    sold.order.fulfilment_status = fulfilment(&sold.order, &sold.shipments);
    sold
}

/// Since when a carrier has said nothing if it has been silent for so much of the days on which it
/// works.
fn silent_since(carrier: &Calendar, now: DateTime<Utc>, silent: TimeDelta) -> DateTime<Utc> {
    let mut since = now - silent;
    loop {
        let missing = silent - carrier.open_time(since, now);
        if missing <= TimeDelta::zero() {
            return since;
        }
        since -= missing;
    }
}

fn stalled_parcel(
    rng: &mut Rng,
    sorted: DateTime<Utc>,
    label: DateTime<Utc>,
    promised: DateTime<Utc>,
) -> Parcel {
    let left = back(rng, sorted - TimeDelta::hours(4), (21, 22), is_carrier_day);
    let collected = back(rng, left, (15, 17), is_work_day).max(label + TimeDelta::hours(2));
    let scan = |at, status, text: &str, place: Option<&str>| Scan {
        at,
        status,
        text: text.into(),
        place: place.map(str::to_owned),
    };
    let scans = vec![
        scan(
            sorted,
            TrackingStatus::InTransit,
            "Sorted at hub",
            Some("Venlo"),
        ),
        scan(
            left,
            TrackingStatus::InTransit,
            "Left depot",
            Some("Kassel"),
        ),
        scan(
            collected,
            TrackingStatus::InTransit,
            "Collected from sender",
            Some("Kassel"),
        ),
        scan(
            label,
            TrackingStatus::LabelCreated,
            "Label created by sender",
            None,
        ),
    ];
    Parcel {
        carrier: "Wren Parcel".into(),
        tracking_number: String::new(),
        status: TrackingStatus::InTransit,
        detail: None,
        created_at: label,
        promised_at: Some(promised),
        delivered_at: None,
        pickup_until: None,
        scans,
    }
}

/// The order of a known person, newest first.
pub(crate) fn of<'a>(
    sold: &'a [Sold],
    buyer: usize,
    title: &str,
) -> Option<(&'a Order, &'a [Shipment])> {
    sold.iter()
        .rev()
        .find(|sold| sold.buyer == buyer && sold.order.lines[0].title == title)
        .map(|sold| (&sold.order, sold.shipments.as_slice()))
}
