use super::*;
use crate::wismo::{World, diagnose};
use crate::{
    CustomerId, Money, OrderId, Source,
    ids::ShipmentId,
    money::Currency,
    order::{Address, FulfilmentStatus, OrderLine, PaymentStatus},
    shipment::{Scan, TrackingStatus},
    wismo::{Confidence, Promise, Reason, Urgency},
};
use std::collections::BTreeSet;

const CONDITIONS: [Condition; 20] = [
    Condition::NotShipped,
    Condition::NotShippedLate,
    Condition::Preorder,
    Condition::Unpaid,
    Condition::LabelOnly,
    Condition::Moving,
    Condition::Late,
    Condition::Stalled,
    Condition::OutForDelivery,
    Condition::FailedAttempt,
    Condition::Pickup,
    Condition::Customs,
    Condition::AddressProblem,
    Condition::Returning,
    Condition::Returned,
    Condition::Delivered,
    Condition::NotReceived,
    Condition::Lost,
    Condition::Cancelled,
    Condition::Unknown,
];

const STEPS: [NextStep; 12] = [
    NextStep::Reassure,
    NextStep::AskWarehouse,
    NextStep::ChaseCarrier,
    NextStep::StartTrace,
    NextStep::AskAddress,
    NextStep::TellPickup,
    NextStep::AskNeighbours,
    NextStep::AskPapers,
    NextStep::AskPayment,
    NextStep::Reship,
    NextStep::Refund,
    NextStep::Wait,
];

fn at(text: &str) -> Instant {
    text.parse().expect("a moment")
}

fn source(name: &str) -> Source {
    Source {
        name: name.to_owned(),
        fetched_at: at("2026-11-21T08:00:00Z"),
    }
}

fn order() -> Order {
    let none = Money::new(0, Currency::EUR);
    Order {
        id: OrderId(uuid::Uuid::from_u128(1)),
        number: "HP-20418".to_owned(),
        customer: CustomerId(uuid::Uuid::from_u128(2)),
        placed_at: at("2026-11-16T08:00:00Z"),
        lines: vec![OrderLine {
            position: 1,
            sku: "S-1".to_owned(),
            title: "Tent".to_owned(),
            variant: String::new(),
            quantity: 1,
            unit_price: none,
            total: none,
            discount: None,
            cancelled: 0,
            available_at: None,
        }],
        subtotal: none,
        discounts: Vec::new(),
        shipping: none,
        shipping_method: String::new(),
        tax: none,
        tax_included: true,
        total: none,
        payments: Vec::new(),
        payment_status: PaymentStatus::Paid,
        fulfilment_status: FulfilmentStatus::Shipped,
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
        source: source("Shop"),
    }
}

fn parcel() -> Shipment {
    Shipment {
        id: ShipmentId(uuid::Uuid::from_u128(3)),
        order: OrderId(uuid::Uuid::from_u128(1)),
        position: 1,
        carrier: "Wren".to_owned(),
        tracking_number: "WR4711".to_owned(),
        lines: Vec::new(),
        status: TrackingStatus::InTransit,
        detail: None,
        created_at: at("2026-11-17T08:00:00Z"),
        promised_at: Some(at("2026-11-24T12:00:00Z")),
        delivered_at: None,
        pickup_until: None,
        notices: Vec::new(),
        scans: vec![Scan {
            at: at("2026-11-19T09:00:00Z"),
            status: TrackingStatus::InTransit,
            text: "Arrived at depot".to_owned(),
            place: Some("Leipzig".to_owned()),
        }],
        source: source("Wren"),
    }
}

fn said(diagnosis: &Diagnosis, shipments: &[Shipment], language: &str) -> String {
    all_said(std::slice::from_ref(diagnosis), shipments, language).text
}

fn all_said(diagnoses: &[Diagnosis], shipments: &[Shipment], language: &str) -> Answer {
    let told = Told {
        diagnoses,
        order: &order(),
        shipments,
        customer: Some("Ana Sample"),
        agent: "Priya Raman",
        shop: &Calendar::shop("Europe/Berlin", "DE"),
    };
    answer(&told, language).expect("an answer")
}

/// A diagnosis that knows everything, or nothing beside the order.
fn made(condition: Condition, step: NextStep, promise: Option<Promised>, full: bool) -> Diagnosis {
    let reason = |what, day: &str| Reason {
        what,
        at: Some(at(&format!("2026-11-{day}T09:00:00Z"))),
        source: source("Wren"),
    };
    let scan = What::LastScan {
        status: TrackingStatus::InTransit,
        text: "Arrived at depot".to_owned(),
        place: Some("Leipzig".to_owned()),
    };
    let reasons = vec![
        reason(scan, "19"),
        reason(What::HandedOver, "20"),
        reason(What::WaitsUntil, "27"),
        reason(What::AvailableFrom, "28"),
    ];
    Diagnosis {
        shipment: full.then(|| ShipmentId(uuid::Uuid::from_u128(3))),
        condition,
        urgency: Urgency::Act,
        confidence: Confidence::High,
        reasons: if full { reasons } else { Vec::new() },
        next: vec![step],
        look_again: None,
        promise: promise.map(|what| Promise {
            what,
            by: at("2026-11-26T12:00:00Z"),
            source: source("Wren"),
        }),
    }
}

#[test]
fn a_parcel_on_its_way_is_told_in_each_language() {
    let order = Order {
        fulfilment_status: FulfilmentStatus::Shipped,
        ..order()
    };
    let world = World::new("Europe/Berlin");
    let now = at("2026-11-19T12:00:00Z");
    let parcels = [parcel()];
    let found = diagnose(&order, &parcels, None, now, &world);
    for (language, text) in [
        (
            "en",
            "Hello Ana,\n\nYour order HP-20418 is on its way with Wren, tracking number WR4711. It \
             was last scanned on Thursday, 19 November in Leipzig. It should be with you by Tuesday, \
             24 November.\n\nKind regards\nPriya",
        ),
        (
            "de-AT",
            "Guten Tag Ana,\n\nIhre Bestellung HP-20418 ist mit Wren unterwegs, Sendungsnummer \
             WR4711. Zuletzt erfasst wurde sie am Donnerstag, 19. November in Leipzig. Sie sollte bis \
             Dienstag, 24. November bei Ihnen sein.\n\nFreundliche Grüße\nPriya",
        ),
        (
            "fr",
            "Bonjour Ana,\n\nVotre commande HP-20418 est en route avec Wren, numéro de suivi WR4711. \
             Elle a été scannée pour la dernière fois le jeudi 19 novembre à Leipzig. Elle devrait \
             être chez vous d’ici le mardi 24 novembre.\n\nCordialement,\nPriya",
        ),
    ] {
        assert_eq!(said(&found[0], &parcels, language), text);
    }
    let polish = said(&found[0], &parcels, "pl");
    assert!(polish.starts_with("Hello Ana,"), "{polish}");
}

#[test]
fn every_condition_and_step_is_told_whatever_is_known() {
    let parcels = [parcel()];
    // Every number that the records have; days are of these.
    let known: BTreeSet<&str> = ["20418", "4711", "19", "20", "26", "27", "28"].into();
    for (language, _) in SENTENCES {
        for condition in CONDITIONS {
            for step in STEPS {
                for promise in [
                    None,
                    Some(Promised::Leaves),
                    Some(Promised::Arrives),
                    Some(Promised::Waits),
                ] {
                    for full in [true, false] {
                        let text = said(&made(condition, step, promise, full), &parcels, language);
                        assert!(
                            text.contains("HP-20418"),
                            "{language} {condition:?}: {text}"
                        );
                        assert!(!text.contains(['{', '}']), "{text}");
                        let numbers = text.split(|c: char| !c.is_ascii_digit());
                        for number in numbers.filter(|number| !number.is_empty()) {
                            assert!(known.contains(number), "{number} in {text}");
                        }
                        assert_eq!(text.contains("26"), promise.is_some(), "{text}");
                        assert!(full || !text.contains("WR4711"), "{text}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_was_read_stands_beside_the_text() {
    let parcels = [parcel()];
    let found = made(
        Condition::Stalled,
        NextStep::ChaseCarrier,
        Some(Promised::Arrives),
        true,
    );
    let answer = all_said(&[found], &parcels, "en");
    let facts: Vec<_> = answer
        .facts
        .iter()
        .map(|fact| (fact.text.as_str(), fact.source.name.as_str()))
        .collect();
    let read = [
        ("HP-20418", "Shop"),
        ("Wren", "Wren"),
        ("WR4711", "Wren"),
        ("Thursday, 19 November", "Wren"),
        ("Leipzig", "Wren"),
        ("Thursday, 26 November", "Wren"),
    ];
    assert_eq!(facts, read);
    for fact in &answer.facts {
        assert!(answer.text.contains(&fact.text), "{fact:?}");
    }
}

#[test]
fn every_parcel_of_an_order_is_told() {
    let mut second = parcel();
    second.id = ShipmentId(uuid::Uuid::from_u128(4));
    second.position = 2;
    second.tracking_number = "WR4712".to_owned();
    let parcels = [parcel(), second];
    for (language, _) in SENTENCES {
        for condition in CONDITIONS {
            let first = made(Condition::Stalled, NextStep::ChaseCarrier, None, true);
            let mut other = made(condition, NextStep::Wait, None, true);
            other.shipment = Some(parcels[1].id);
            let text = all_said(&[first, other.clone()], &parcels, language).text;
            let paragraphs: Vec<_> = text.split("\n\n").collect();
            assert_eq!(paragraphs.len(), 5, "{language} {condition:?}: {text}");
            assert!(paragraphs[1].contains("WR4711"), "{text}");
            let rest = matches!(
                condition,
                Condition::NotShipped
                    | Condition::NotShippedLate
                    | Condition::Preorder
                    | Condition::Unpaid
                    | Condition::Cancelled
            );
            assert_eq!(paragraphs[2].contains("WR4712"), !rest, "{text}");
            // Nothing is known of it.
            other.reasons.clear();
            other.shipment = None;
            let first = made(Condition::Stalled, NextStep::ChaseCarrier, None, true);
            let text = all_said(&[first, other], &parcels, language).text;
            assert_eq!(text.split("\n\n").count(), 5, "{text}");
        }
    }
}

#[test]
fn who_takes_a_step_is_told_what_they_need() {
    let found = [made(Condition::Lost, NextStep::StartTrace, None, true)];
    let parcels = [parcel()];
    let (order, shop) = (order(), Calendar::shop("Europe/Berlin", "DE"));
    let told = Told {
        diagnoses: &found,
        order: &order,
        shipments: &parcels,
        customer: Some("Ana Sample"),
        agent: "Priya Raman",
        shop: &shop,
    };
    let note = request(&told, NextStep::StartTrace, "en").expect("a note");
    assert_eq!(
        note.text,
        "To request at Wren: a trace of parcel WR4711 of order HP-20418.\nParcel: Wren, WR4711.\n\
         Last scan: Thursday, 19 November, Leipzig.\nIn it: 1 × Tent."
    );
    for (language, _) in SENTENCES {
        for step in STEPS {
            let note = request(&told, step, language);
            let asked = matches!(
                step,
                NextStep::AskWarehouse
                    | NextStep::ChaseCarrier
                    | NextStep::StartTrace
                    | NextStep::Reship
                    | NextStep::Refund
            );
            assert_eq!(note.is_some(), asked, "{step:?}");
            // Colleagues see who it is about beside the note.
            assert!(note.is_none_or(|note| !note.text.contains("Ana")));
        }
    }
}

#[test]
fn nothing_is_told_of_nothing() {
    let told = Told {
        diagnoses: &[],
        order: &order(),
        shipments: &[],
        customer: None,
        agent: "",
        shop: &Calendar::shop("Europe/Berlin", "DE"),
    };
    assert_eq!(answer(&told, "en"), None);
}

#[test]
fn each_language_says_the_same_things() {
    let keys = |sentences: &'static str| -> BTreeSet<&str> {
        let all = sentences.lines().filter(|line| !line.is_empty());
        all.map(|line| line.split_once(" = ").expect("a key and a text").0)
            .collect()
    };
    let english = keys(SENTENCES[0].1);
    for (language, sentences) in SENTENCES {
        assert_eq!(keys(sentences), english, "{language}");
    }
    for condition in CONDITIONS {
        let key = super::condition(condition);
        assert!(english.contains(key));
        assert!(english.contains(format!("also.{key}").as_str()));
    }
    for step in STEPS {
        assert!(step_key(step).is_none_or(|key| english.contains(key)));
    }
}

#[test]
fn what_this_role_may_not_see_is_not_told() {
    let mut hidden = parcel();
    hidden.tracking_number = mask::MASK.to_owned();
    let mut diagnosis = made(Condition::Moving, NextStep::Wait, None, true);
    diagnosis.reasons[0].what = What::LastScan {
        status: TrackingStatus::InTransit,
        text: mask::MASK.to_owned(),
        place: Some(mask::MASK.to_owned()),
    };
    let text = said(&diagnosis, &[hidden], "en");
    assert!(!text.contains('•'), "{text}");
    assert!(
        text.contains("Your order HP-20418 is on its way."),
        "{text}"
    );
}
