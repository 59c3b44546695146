use super::*;
use chrono::DateTime;
use deskhand_domain::{OrderId, ShipmentId, Source};
use proptest::prelude::*;
use uuid::Uuid;

fn at(text: &str) -> Instant {
    DateTime::parse_from_rfc3339(text)
        .expect("a moment")
        .to_utc()
}

fn parcel() -> Shipment {
    Shipment {
        id: ShipmentId(Uuid::from_u128(1)),
        order: OrderId(Uuid::from_u128(2)),
        position: 1,
        carrier: "Colissimo".into(),
        tracking_number: "6A12345678901".into(),
        lines: Vec::new(),
        status: TrackingStatus::LabelCreated,
        detail: None,
        created_at: at("2026-11-17T09:00:00Z"),
        promised_at: None,
        delivered_at: None,
        pickup_until: None,
        notices: Vec::new(),
        scans: Vec::new(),
        source: Source {
            name: "Shop".into(),
            fetched_at: at("2026-11-17T09:00:00Z"),
        },
    }
}

fn event(time: &str, status: TrackingStatus) -> Event {
    Event {
        at: Moment::parse(time).expect("a moment"),
        status,
        detail: None,
        said: "code".into(),
        text: "words".into(),
        place: None,
    }
}

fn track(status: TrackingStatus, events: &[Event]) -> Track {
    Track {
        carrier: None,
        tracking_number: "6A12345678901".into(),
        status,
        detail: None,
        said: "code".into(),
        promised_at: None,
        events: events.to_vec(),
    }
}

const NOON: &str = "2026-11-19T12:00:00Z";

#[test]
fn an_older_track_adds_its_events_and_changes_nothing_else() {
    let van = event("2026-11-19T08:00:00+01:00", TrackingStatus::OutForDelivery);
    let hub = event("2026-11-18T22:00:00+01:00", TrackingStatus::InTransit);
    let newer = track(TrackingStatus::OutForDelivery, &[van, hub.clone()]);
    let older = track(TrackingStatus::InTransit, &[hub]);
    let both = told(
        &told(&parcel(), &newer, "FR", at(NOON)),
        &older,
        "FR",
        at(NOON),
    );
    assert_eq!(both.status, TrackingStatus::OutForDelivery);
    assert_eq!(both.scans.len(), 2);
    assert_eq!(both.scans[0].at, at("2026-11-19T07:00:00Z"));
    assert_eq!(both.source.fetched_at, at(NOON));
}

#[test]
fn it_is_delivered_when_the_carrier_saw_it_and_until_it_takes_that_back() {
    let door = event("2026-11-19T10:00:00Z", TrackingStatus::Delivered);
    let delivered = told(
        &parcel(),
        &track(TrackingStatus::Delivered, std::slice::from_ref(&door)),
        "FR",
        at(NOON),
    );
    assert_eq!(delivered.delivered_at, Some(at("2026-11-19T10:00:00Z")));
    let back = event("2026-11-20T10:00:00Z", TrackingStatus::Returning);
    let back = told(
        &delivered,
        &track(TrackingStatus::Returning, &[back, door]),
        "FR",
        at(NOON),
    );
    assert_eq!(
        (back.status, back.delivered_at),
        (TrackingStatus::Returning, None)
    );
}

#[test]
fn times_without_a_zone_are_those_where_it_goes() {
    let mut track = track(
        TrackingStatus::InTransit,
        &[
            event("2026-07-01T10:00:00", TrackingStatus::InTransit),
            event("2026-07-02", TrackingStatus::InTransit),
        ],
    );
    track.promised_at = Moment::parse("2026-07-04");
    let told = told(&parcel(), &track, "DE", at(NOON));
    assert_eq!(told.scans[1].at, at("2026-07-01T08:00:00Z"));
    assert_eq!(told.scans[0].at, at("2026-07-01T22:00:00Z"));
    assert_eq!(told.promised_at, Some(at("2026-07-04T18:00:00Z")));
}

#[test]
fn a_word_that_nobody_knows_is_shown_and_changes_no_state() {
    let mut strange = event("2026-11-19T10:00:00Z", TrackingStatus::Unknown);
    (strange.text, strange.said) = (String::new(), "TELEPORTED".into());
    let hub = event("2026-11-19T10:00:00Z", TrackingStatus::InTransit);
    let known = told(
        &parcel(),
        &track(TrackingStatus::InTransit, &[hub]),
        "FR",
        at(NOON),
    );
    let told = told(
        &known,
        &track(TrackingStatus::Unknown, &[strange]),
        "FR",
        at(NOON),
    );
    assert_eq!(told.status, TrackingStatus::InTransit);
    assert!(
        told.scans.iter().any(|scan| scan.text == "TELEPORTED"),
        "{told:?}"
    );
}

fn any_track() -> impl Strategy<Value = Track> {
    use TrackingStatus::{Delivered, InTransit, Lost, OutForDelivery, Returning, Unknown};
    let status = prop::sample::select(vec![
        InTransit,
        OutForDelivery,
        Delivered,
        Returning,
        Lost,
        Unknown,
    ]);
    let events = prop::collection::vec((0_u32..40, status.clone(), "[ab]{0,1}"), 0..4);
    let promise = prop::option::of(1_u32..20);
    (status, events, promise).prop_map(|(status, events, promise)| {
        let events = events.into_iter().map(|(hour, status, text)| Event {
            text,
            ..event(
                &format!("2026-11-{:02}T{:02}:00:00Z", 10 + hour / 24, hour % 24),
                status,
            )
        });
        let mut track = track(status, &events.collect::<Vec<_>>());
        track.promised_at = promise.and_then(|day| Moment::parse(&format!("2026-12-{day:02}")));
        track
    })
}

proptest! {
    #[test]
    fn the_order_and_the_number_of_tracks_change_nothing(
        tracks in prop::collection::vec(any_track(), 1..6), turn in any::<prop::sample::Index>(),
        twice in any::<prop::sample::Index>(),
    ) {
        let all = |tracks: &[Track]| {
            tracks.iter().fold(parcel(), |parcel, track| told(&parcel, track, "FR", at(NOON)))
        };
        let mut turned = tracks.clone();
        turned.push(tracks[twice.index(tracks.len())].clone());
        turned.reverse();
        let turn = turn.index(turned.len());
        turned.rotate_left(turn);
        prop_assert_eq!(all(&tracks), all(&turned));
    }

    #[test]
    fn nothing_that_a_carrier_told_is_lost(tracks in prop::collection::vec(any_track(), 1..6)) {
        let told = tracks.iter().fold(parcel(), |parcel, track| told(&parcel, track, "FR", at(NOON)));
        let wall = Calendar::carrier("FR");
        for event in tracks.iter().flat_map(|track| &track.events) {
            prop_assert!(told.scans.contains(&scan(event, &wall)));
        }
        prop_assert!(told.scans.windows(2).all(|two| two[0].at >= two[1].at && two[0] != two[1]));
    }
}
