use super::*;
use crate::{
    CustomerId, Money, OrderId, Source,
    money::Currency,
    order::{Address, FulfilmentStatus, OrderLine, PaymentStatus},
    shipment::{Scan, ShipmentLine},
};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

/// A day of November 2026, or `MM-DD`, with a time in UTC.
fn at(text: &str) -> Instant {
    let (day, time) = text.split_once('/').expect("a day and a time");
    let (month, day) = day.split_once('-').unwrap_or(("11", day));
    let text = format!("2026-{month}-{day}T{time}:00Z");
    text.parse().expect("a moment")
}

fn read<T: DeserializeOwned>(word: &str) -> T {
    serde_json::from_value(word.into()).expect("a known word")
}

fn word<T: Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).expect("a word");
    value.as_str().expect("a word").to_owned()
}

fn status(word: &str) -> Option<TrackingStatus> {
    use TrackingStatus as S;
    Some(match word {
        "label" => S::LabelCreated,
        "transit" => S::InTransit,
        "van" => S::OutForDelivery,
        "failed" => S::FailedAttempt,
        "pickup" => S::AvailableForPickup,
        "delivered" => S::Delivered,
        "returning" => S::Returning,
        "returned" => S::Returned,
        "lost" => S::Lost,
        "cancelled" => S::Cancelled,
        "odd" => S::Unknown,
        _ => return None,
    })
}

fn shop(fetched_at: Instant) -> Source {
    Source {
        name: "Shop".to_owned(),
        fetched_at,
    }
}

fn order(placed_at: Instant, pieces: u32, fetched_at: Instant) -> Order {
    let none = Money::new(0, Currency::EUR);
    let line = |position| OrderLine {
        position,
        sku: format!("S-{position}"),
        title: "Tent".to_owned(),
        variant: String::new(),
        quantity: 1,
        unit_price: none,
        total: none,
        cancelled: 0,
        available_at: None,
        discount: None,
    };
    Order {
        id: OrderId(uuid::Uuid::from_u128(1)),
        number: "HP-1".to_owned(),
        customer: CustomerId(uuid::Uuid::from_u128(2)),
        placed_at,
        lines: (1..=pieces).map(line).collect(),
        subtotal: none,
        discounts: Vec::new(),
        shipping: none,
        shipping_method: String::new(),
        tax: none,
        tax_included: true,
        total: none,
        payments: Vec::new(),
        payment_status: PaymentStatus::Paid,
        fulfilment_status: FulfilmentStatus::Unfulfilled,
        ship_to: Address {
            name: String::new(),
            street: String::new(),
            postal_code: String::new(),
            city: String::new(),
            country: "DE".to_owned(),
        },
        ship_by: None,
        refunds: Vec::new(),
        returns: Vec::new(),
        source: shop(fetched_at),
    }
}

fn parcel(created_at: Instant, fetched_at: Instant) -> Shipment {
    Shipment {
        id: ShipmentId(uuid::Uuid::from_u128(3)),
        order: OrderId(uuid::Uuid::from_u128(1)),
        position: 1,
        carrier: "Wren".to_owned(),
        tracking_number: "WR1".to_owned(),
        lines: Vec::new(),
        status: TrackingStatus::LabelCreated,
        detail: None,
        created_at,
        promised_at: None,
        delivered_at: None,
        pickup_until: None,
        scans: Vec::new(),
        notices: Vec::new(),
        source: Source {
            name: "Wren".to_owned(),
            fetched_at,
        },
    }
}

fn scan(at: Instant, status: TrackingStatus) -> Scan {
    Scan {
        at,
        status,
        text: "Scanned".to_owned(),
        place: None,
    }
}

fn promise(diagnosis: &Diagnosis) -> String {
    diagnosis
        .promise
        .as_ref()
        .map_or("-".to_owned(), |promise| {
            format!(
                "{} {}",
                word(&promise.what),
                promise.by.format("%m-%d/%H:%M")
            )
        })
}

/// A promise as a case writes it, with the month that it may leave out.
fn wanted_promise(words: &[&str]) -> String {
    match words {
        [what, by] => format!("{what} {}", at(by).format("%m-%d/%H:%M")),
        _ => "-".to_owned(),
    }
}

fn cases(text: &str) -> impl Iterator<Item = (&str, Vec<&str>, Vec<&str>)> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (case, wanted) = line.split_once("=>").expect("a case and its outcome");
        (
            line,
            case.split_whitespace().collect(),
            wanted.split_whitespace().collect(),
        )
    })
}

#[test]
fn parcels_stand_where_the_table_says() {
    let (mut count, mut wrong) = (0, Vec::new());
    for (line, words, wanted) in cases(include_str!("tests/parcels.txt")) {
        let now = at(words[0]);
        let fetched = now - TimeDelta::minutes(5);
        let mut shipment = parcel(now - TimeDelta::days(1), fetched);
        let mut order = order(now - TimeDelta::days(2), 0, fetched);
        order.ship_to.country = words[1].to_owned();
        let (mut missed, mut record, mut created) = (None, None, None);
        for pair in words[2..].chunks(2) {
            let [name, value] = pair else {
                panic!("{line}: a word without a value")
            };
            match *name {
                "promised" => shipment.promised_at = Some(at(value)),
                "until" => shipment.pickup_until = Some(at(value)),
                "fetched" => shipment.source.fetched_at = at(value),
                "created" => created = Some(at(value)),
                "missed" => missed = Some(at(value)),
                "detail" => shipment.detail = Some(read(value)),
                "status" => record = Some(status(value).unwrap_or_else(|| read(value))),
                name => {
                    let status = status(name).unwrap_or_else(|| panic!("{line}: {name}"));
                    let at = at(value);
                    if status == TrackingStatus::Delivered {
                        shipment.delivered_at = Some(at);
                    }
                    shipment.scans.push(scan(at, status));
                }
            }
        }
        let last = shipment.scans.last().map(|scan| scan.status);
        shipment.status = record.or(last).unwrap_or(TrackingStatus::Unknown);
        let first = shipment.scans.iter().map(|scan| scan.at).min();
        shipment.created_at = created.or(first).unwrap_or(shipment.created_at);

        let seen = diagnose(
            &order,
            &[shipment],
            missed,
            now,
            &World::new("Europe/Berlin"),
        );
        let seen = &seen[0];
        let words = [
            word(&seen.condition),
            word(&seen.urgency),
            word(&seen.confidence),
            word(&seen.next[0]),
            promise(seen),
        ];
        let mut expected: Vec<String> = wanted
            .iter()
            .take(4)
            .map(|word| (*word).to_owned())
            .collect();
        expected.push(wanted_promise(&wanted[4..]));
        if words[..] != expected[..] {
            wrong.push(format!("{line}\n    is {}", words.join(" ")));
        }
        assert!(seen.look_again.is_none_or(|again| again > now), "{line}");
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 150, "{count} cases");
}

#[test]
fn what_has_not_left_stands_where_the_table_says() {
    for (line, words, wanted) in cases(include_str!("tests/rests.txt")) {
        let now = at(words[0]);
        let mut order = order(now, 0, now);
        let mut sent = 0;
        let mut state = TrackingStatus::InTransit;
        let mut rest = words[1..].iter();
        while let Some(name) = rest.next() {
            let mut value = || *rest.next().expect("a value");
            match *name {
                "placed" => order.placed_at = at(value()),
                "lines" => {
                    let placed = order.placed_at;
                    order.lines =
                        self::order(placed, value().parse().expect("a number"), now).lines;
                }
                "shipby" => order.ship_by = Some(at(value())),
                "from" => {
                    let from = Some(at(value()));
                    order
                        .lines
                        .iter_mut()
                        .for_each(|line| line.available_at = from);
                }
                "cancelled" => {
                    let pieces: usize = value().parse().expect("a number");
                    order
                        .lines
                        .iter_mut()
                        .rev()
                        .take(pieces)
                        .for_each(|line| line.cancelled = 1);
                }
                "sent" => sent = value().parse().expect("a number"),
                "fulfilment" => order.fulfilment_status = read(value()),
                "unpaid" => order.payment_status = PaymentStatus::Pending,
                "void" => state = TrackingStatus::Cancelled,
                name => panic!("{line}: {name}"),
            }
        }
        let mut shipments = Vec::new();
        if sent > 0 {
            let mut shipment = parcel(order.placed_at, now);
            let line = |position| ShipmentLine {
                position,
                quantity: 1,
            };
            shipment.lines = (1..=sent).map(line).collect();
            shipment.status = state;
            shipments.push(shipment);
        }
        let all = diagnose(&order, &shipments, None, now, &World::new("Europe/Berlin"));
        let rest = all.iter().find(|diagnosis| diagnosis.shipment.is_none());
        let seen = rest.map_or(vec!["-".to_owned()], |seen| {
            vec![
                word(&seen.condition),
                word(&seen.urgency),
                word(&seen.next[0]),
                promise(seen),
            ]
        });
        let mut expected: Vec<String> = wanted
            .iter()
            .take(3)
            .map(|word| (*word).to_owned())
            .collect();
        if expected.len() == 3 {
            expected.push(wanted_promise(&wanted[3..]));
        }
        assert_eq!(seen, expected, "{line}");
        let again = rest.and_then(|seen| seen.look_again);
        assert!(again.is_none_or(|again| again > now), "{line}");
    }
}

#[test]
fn what_most_needs_somebody_comes_first() {
    let now = at("20/12:00");
    let mut order = order(at("16/10:00"), 3, now);
    order.ship_by = Some(at("25/17:00"));
    let sent = |position: u32, status, scanned| {
        let mut shipment = parcel(at("16/11:00"), now);
        shipment.id = ShipmentId(uuid::Uuid::from_u128(u128::from(position) + 10));
        shipment.position = position;
        shipment.lines = vec![ShipmentLine {
            position,
            quantity: 1,
        }];
        shipment.status = status;
        shipment.scans = vec![scan(scanned, status)];
        shipment
    };
    let parcels = [
        sent(1, TrackingStatus::Delivered, at("18/12:00")),
        sent(2, TrackingStatus::InTransit, at("17/04:00")),
    ];
    let all = diagnose(&order, &parcels, None, now, &World::new("Europe/Berlin"));
    let conditions: Vec<_> = all.iter().map(|diagnosis| diagnosis.condition).collect();
    assert_eq!(
        conditions,
        [
            Condition::Stalled,
            Condition::NotShipped,
            Condition::Delivered
        ]
    );
    assert_eq!(all[0].shipment, Some(parcels[1].id));
}

#[test]
fn a_usual_gap_that_was_learned_makes_stalled_sure() {
    let now = at("20/18:00");
    let order = order(at("16/10:00"), 0, now);
    let mut silent = parcel(at("16/11:00"), now);
    silent.status = TrackingStatus::InTransit;
    silent.scans = vec![scan(at("18/20:00"), TrackingStatus::InTransit)];
    let stands = |world: &World| {
        let all = diagnose(&order, std::slice::from_ref(&silent), None, now, world);
        (all[0].condition, all[0].confidence)
    };
    let mut world = World::new("Europe/Berlin");
    assert_eq!(stands(&world), (Condition::Moving, Confidence::High));

    let mut arrived = parcel(at("09/09:00"), now);
    arrived.status = TrackingStatus::Delivered;
    arrived.scans = (0..=9)
        .map(|step| {
            scan(
                at("09/09:00") + TimeDelta::hours(12 * step),
                TrackingStatus::InTransit,
            )
        })
        .collect();
    let of_one = Gaps::learn([(&arrived, "DE")]);
    assert_eq!(of_one, Gaps::default(), "nine silences are not enough");
    world.gaps = Gaps::learn([(&arrived, "DE"), (&arrived, "DE"), (&arrived, "DE")]);
    assert_eq!(
        world.gaps.usual("Wren", "DE", Leg::Transport),
        Gap {
            usual: TimeDelta::hours(12),
            learned: true
        }
    );
    assert!(!world.gaps.usual("Wren", "NL", Leg::Transport).learned);
    assert_eq!(stands(&world), (Condition::Stalled, Confidence::High));
}

const STATES: [TrackingStatus; 11] = [
    TrackingStatus::LabelCreated,
    TrackingStatus::InTransit,
    TrackingStatus::OutForDelivery,
    TrackingStatus::FailedAttempt,
    TrackingStatus::AvailableForPickup,
    TrackingStatus::Delivered,
    TrackingStatus::Returning,
    TrackingStatus::Returned,
    TrackingStatus::Lost,
    TrackingStatus::Cancelled,
    TrackingStatus::Unknown,
];

prop_compose! {
    /// An order with a parcel whose events lie within two weeks.
    fn story()(
        record in 0..STATES.len(),
        events in prop::collection::vec((0i64..20_160, 0..STATES.len()), 0..8),
        promised in prop::option::of(0i64..40_000),
        until in prop::option::of(0i64..40_000),
        ship_by in prop::option::of(0i64..40_000),
        available in prop::option::of(0i64..40_000),
        country in prop::sample::select(vec!["DE", "FR", "GB", "US", "AU", "PT", "XX"]),
        detail in prop::option::of(prop::sample::select(vec![
            TrackingDetail::Customs, TrackingDetail::AddressProblem, TrackingDetail::Delayed,
            TrackingDetail::Damaged, TrackingDetail::Refused,
        ])),
        pieces in 0u32..3,
    ) -> (Order, Shipment) {
        let begin = at("02/00:00");
        let minutes = |minutes| begin + TimeDelta::minutes(minutes);
        let mut order = order(begin, pieces, begin);
        order.ship_by = ship_by.map(minutes);
        order.ship_to.country = country.to_owned();
        order.lines.iter_mut().for_each(|line| line.available_at = available.map(minutes));
        let mut shipment = parcel(begin, begin);
        shipment.status = STATES[record];
        shipment.detail = detail;
        shipment.promised_at = promised.map(minutes);
        shipment.pickup_until = until.map(minutes);
        shipment.scans = events.iter().map(|(at, state)| scan(minutes(*at), STATES[*state])).collect();
        (order, shipment)
    }
}

proptest! {
    #[test]
    fn no_promise_and_no_look_lies_in_the_past(
        (order, shipment) in story(), after in 0i64..80_000, missed in prop::option::of(0i64..20_000),
    ) {
        let begin = at("02/00:00");
        let now = begin + TimeDelta::minutes(after);
        let missed = missed.map(|missed| begin + TimeDelta::minutes(missed));
        for seen in diagnose(&order, &[shipment], missed, now, &World::new("Europe/Berlin")) {
            prop_assert!(seen.promise.is_none_or(|promise| promise.by > now));
            prop_assert!(seen.look_again.is_none_or(|again| again > now));
            prop_assert!(!seen.next.is_empty() && !seen.reasons.is_empty());
        }
    }

    #[test]
    fn the_order_of_events_does_not_matter(
        (order, shipment) in story(), after in 0i64..80_000, seed in any::<u64>(),
    ) {
        let now = at("02/00:00") + TimeDelta::minutes(after);
        let world = World::new("Europe/Berlin");
        let mut other = shipment.clone();
        let count = other.scans.len();
        for index in (1..count).rev() {
            let step = u64::try_from(index).unwrap_or(1) + 1;
            other.scans.swap(index, usize::try_from(seed.rotate_left(7) % step).unwrap_or(0));
        }
        // The same event twice is one event.
        other.scans.extend(shipment.scans.first().cloned().filter(|scan| scan.at <= now));
        let (one, two) = (
            diagnose(&order, &[shipment], None, now, &world),
            diagnose(&order, &[other], None, now, &world),
        );
        prop_assert_eq!(one, two);
    }

    #[test]
    fn waiting_never_turns_late_into_early(
        (order, mut shipment) in story(), first in 20_200i64..60_000, more in 0i64..60_000,
    ) {
        let begin = at("02/00:00");
        let world = World::new("Europe/Berlin");
        shipment.source.fetched_at = begin;
        let later = |now| {
            let all = diagnose(&order, std::slice::from_ref(&shipment), None, now, &world);
            let by = |parcel: bool| {
                let mut of = all.iter().filter(|seen| seen.shipment.is_some() == parcel);
                of.next().map_or(0, |seen| lateness(seen.condition))
            };
            (by(true), by(false))
        };
        let now = begin + TimeDelta::minutes(first);
        let (one, two) = (later(now), later(now + TimeDelta::minutes(more)));
        prop_assert!(two.0 >= one.0 && two.1 >= one.1, "{:?} {:?}", one, two);
    }

    #[test]
    fn open_time_grows_and_adds_up(a in 0i64..100_000, b in 0i64..100_000, c in 0i64..100_000) {
        let mut ends = [a, b, c];
        ends.sort_unstable();
        let [a, b, c] = ends.map(|minutes| at("02/00:00") + TimeDelta::minutes(minutes));
        let carrier = days::Calendar::carrier("DE");
        let sum = carrier.open_time(a, b) + carrier.open_time(b, c);
        prop_assert_eq!(sum, carrier.open_time(a, c));
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day");
        let day = first + Days::new(u64::try_from(a.timestamp() % 700).unwrap_or(0));
        prop_assert!(carrier.is_open(carrier.open_from(day)));
    }
}
