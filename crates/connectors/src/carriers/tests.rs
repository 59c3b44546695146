//! Payloads made by hand in the shapes that the vendors publish.

use super::{Moment, Refusal, Track, Vendor, read};
use deskhand_domain::shipment::{
    TrackingDetail as Detail,
    TrackingStatus::{self as Status, *},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const ALL: [Vendor; 4] = [
    Vendor::EasyPost,
    Vendor::AfterShip,
    Vendor::Shippo,
    Vendor::SeventeenTrack,
];

fn one(vendor: Vendor, payload: &Value) -> Track {
    let mut tracks = read(vendor, payload.to_string().as_bytes()).expect("a track");
    assert_eq!(tracks.len(), 1, "{tracks:?}");
    tracks.remove(0)
}

/// The smallest payload of each vendor with a state and a reason in it.
fn payload(vendor: Vendor, state: &str, reason: &str) -> Value {
    match vendor {
        Vendor::EasyPost => json!({
            "object": "Tracker", "tracking_code": "AB 12", "status": state,
            "status_detail": reason, "tracking_details": [],
        }),
        Vendor::AfterShip => json!({ "meta": { "code": 200 }, "data": { "tracking": {
            "tracking_number": "AB 12", "tag": state, "subtag": reason,
        }}}),
        Vendor::Shippo => json!({ "event": "track_updated", "data": {
            "tracking_number": "AB 12", "tracking_history": [],
            "tracking_status": { "status": state, "substatus": { "code": reason } },
        }}),
        Vendor::SeventeenTrack => json!({ "event": "TRACKING_UPDATED", "data": {
            "number": "AB 12",
            "track_info": { "latest_status": { "status": state, "sub_status": reason } },
        }}),
    }
}

#[test]
fn each_word_of_each_vendor_has_its_meaning() {
    use Vendor::{AfterShip as A, EasyPost as E, SeventeenTrack as T, Shippo as S};
    let table: &[(Vendor, &str, &str, Status, Option<Detail>)] = &[
        (E, "pre_transit", "label_created", LabelCreated, None),
        (E, "in_transit", "arrived_at_facility", InTransit, None),
        (
            E,
            "in_transit",
            "weather_delay",
            InTransit,
            Some(Detail::Delayed),
        ),
        (E, "out_for_delivery", "", OutForDelivery, None),
        (E, "available_for_pickup", "", AvailableForPickup, None),
        (E, "delivered", "arrived_at_destination", Delivered, None),
        (E, "return_to_sender", "return", Returning, None),
        (
            E,
            "failure",
            "refused",
            FailedAttempt,
            Some(Detail::Refused),
        ),
        (
            E,
            "failure",
            "address_correction",
            FailedAttempt,
            Some(Detail::AddressProblem),
        ),
        (E, "failure", "lost", Lost, None),
        (E, "cancelled", "cancelled", Cancelled, None),
        (E, "error", "", Unknown, None),
        (E, "beamed_up", "", Unknown, None),
        (A, "InfoReceived", "InfoReceived_001", LabelCreated, None),
        (A, "InTransit", "InTransit_004", InTransit, None),
        (
            A,
            "OutForDelivery",
            "OutForDelivery_001",
            OutForDelivery,
            None,
        ),
        (A, "AttemptFail", "AttemptFail_001", FailedAttempt, None),
        (
            A,
            "AvailableForPickup",
            "AvailableForPickup_001",
            AvailableForPickup,
            None,
        ),
        (A, "Delivered", "Delivered_002", Delivered, None),
        (
            A,
            "Exception",
            "Exception_003",
            FailedAttempt,
            Some(Detail::Refused),
        ),
        (
            A,
            "Exception",
            "Exception_004",
            InTransit,
            Some(Detail::Customs),
        ),
        (
            A,
            "Exception",
            "Exception_007",
            FailedAttempt,
            Some(Detail::AddressProblem),
        ),
        (A, "Exception", "Exception_010", Returning, None),
        (A, "Exception", "Exception_011", Returned, None),
        (A, "Exception", "Exception_013", Lost, None),
        (A, "Exception", "Exception_001", Unknown, None),
        (A, "Expired", "Expired_001", Unknown, None),
        (A, "Pending", "", Unknown, None),
        (S, "PRE_TRANSIT", "information_received", LabelCreated, None),
        (S, "TRANSIT", "package_departed", InTransit, None),
        (S, "TRANSIT", "out_for_delivery", OutForDelivery, None),
        (S, "TRANSIT", "notice_left", FailedAttempt, None),
        (S, "TRANSIT", "pickup_available", AvailableForPickup, None),
        (
            S,
            "TRANSIT",
            "address_issue",
            InTransit,
            Some(Detail::AddressProblem),
        ),
        (S, "DELIVERED", "delivered", Delivered, None),
        (S, "RETURNED", "package_unclaimed", Returned, None),
        (S, "FAILURE", "package_lost", Lost, None),
        (S, "UNKNOWN", "other", Unknown, None),
        (T, "InfoReceived", "InfoReceived", LabelCreated, None),
        (
            T,
            "InTransit",
            "InTransit_CustomsProcessing",
            InTransit,
            Some(Detail::Customs),
        ),
        (
            T,
            "OutForDelivery",
            "OutForDelivery_Other",
            OutForDelivery,
            None,
        ),
        (
            T,
            "AvailableForPickup",
            "AvailableForPickup_Other",
            AvailableForPickup,
            None,
        ),
        (
            T,
            "DeliveryFailure",
            "DeliveryFailure_InvalidAddress",
            FailedAttempt,
            Some(Detail::AddressProblem),
        ),
        (
            T,
            "DeliveryFailure",
            "DeliveryFailure_Rejected",
            FailedAttempt,
            Some(Detail::Refused),
        ),
        (T, "Delivered", "Delivered_Other", Delivered, None),
        (T, "Exception", "Exception_Returning", Returning, None),
        (T, "Exception", "Exception_Lost", Lost, None),
        (T, "Exception", "Exception_Security", Unknown, None),
        (T, "NotFound", "NotFound_Other", Unknown, None),
    ];
    for (vendor, state, reason, status, detail) in table {
        let track = one(*vendor, &payload(*vendor, state, reason));
        assert_eq!(
            (track.status, track.detail),
            (*status, *detail),
            "{vendor:?} {state}/{reason}"
        );
        assert_eq!(track.tracking_number, "AB12", "spaces do not count");
        let kept = track.said.contains(state) || track.said.contains(reason);
        assert!(
            kept && !track.said.is_empty(),
            "{vendor:?} {state} was lost: {}",
            track.said
        );
    }
}

#[test]
fn events_are_in_order_each_once_with_their_place_and_zone() {
    let event = |at: &str, message: &str| {
        json!({
            "datetime": at, "status": "in_transit", "message": message,
            "tracking_location": { "city": "Leipzig", "state": null, "country": "DE", "zip": "" },
        })
    };
    let early = event("2026-11-18T08:00:00+01:00", "Picked up");
    let late = event("2026-11-18T07:30:00Z", "Sorted");
    let track = one(
        Vendor::EasyPost,
        &json!({
            "tracking_code": "X1", "status": "in_transit", "carrier": "DHL",
            "est_delivery_date": "2026-11-20", "tracking_details": [early, late, early],
        }),
    );
    let texts: Vec<_> = track
        .events
        .iter()
        .map(|event| event.text.as_str())
        .collect();
    assert_eq!(texts, ["Sorted", "Picked up"]);
    assert_eq!(track.events[1].at.to_string(), "2026-11-18T08:00:00+01:00");
    assert_eq!(track.events[1].place.as_deref(), Some("Leipzig, DE"));
    assert_eq!(
        track.promised_at.map(|at| at.to_string()).as_deref(),
        Some("2026-11-20")
    );
    assert_eq!(track.carrier.as_deref(), Some("DHL"));
}

#[test]
fn the_lists_of_the_buyers_site_are_read() {
    let last =
        json!({ "a": "2026-11-18 12:02", "b": null, "c": "Leipzig", "d": "", "z": "Arrived" });
    let listed = |number: &str, state: u8, last: &str| json!({ "FTrackNo": number, "FTrackStateType": state, "FLastEvent": last });
    let payload = json!({ "Json": [listed("A1", 10, &last.to_string()), listed("A2", 99, "")] });
    let tracks = read(Vendor::SeventeenTrack, payload.to_string().as_bytes()).expect("two");
    assert_eq!((tracks[0].status, tracks[1].status), (InTransit, Unknown));
    assert_eq!(tracks[1].said, "99", "an unknown state is kept");
    let event = &tracks[0].events[0];
    assert_eq!(
        (event.at.to_string().as_str(), event.place.as_deref()),
        ("2026-11-18T12:02:00", Some("Leipzig"))
    );
}

#[test]
fn what_is_no_track_is_refused_with_the_reason() {
    let refused = |vendor, payload: &str| read(vendor, payload.as_bytes()).expect_err("no track");
    for vendor in ALL {
        assert!(
            matches!(refused(vendor, "{"), Refusal::NotJson { .. }),
            "{vendor:?}"
        );
        assert!(
            matches!(refused(vendor, "{}"), Refusal::NoTrack),
            "{vendor:?}"
        );
        assert!(
            matches!(refused(vendor, "[1]"), Refusal::NoTrack),
            "{vendor:?}"
        );
    }
    let changed = json!({ "tracking_code": 7, "status": "delivered", "tracking_details": [] });
    let changed = refused(Vendor::EasyPost, &changed.to_string()).to_string();
    assert!(changed.ends_with("see tracking_code"), "{changed}");
    let error = json!({ "error": { "code": "TRACKER.NOT_FOUND", "message": "…" } });
    let error = refused(Vendor::EasyPost, &error.to_string());
    assert!(matches!(error, Refusal::Refused(code) if code == "TRACKER.NOT_FOUND"));
    let error = json!({ "meta": { "code": 4004 }, "data": {} });
    assert!(matches!(
        refused(Vendor::AfterShip, &error.to_string()),
        Refusal::Refused(_)
    ));
    let error = json!({ "Code": -11010101, "Json": { "Items": [] } });
    assert!(matches!(
        refused(Vendor::SeventeenTrack, &error.to_string()),
        Refusal::Refused(_)
    ));
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "data",
        "tracking",
        "trackings",
        "msg",
        "Json",
        "FTrackNo",
        "FTrackStateType",
        "FLastEvent",
        "tracking_code",
        "tracking_details",
        "tracking_history",
        "tracking_number",
        "track_info",
        "accepted",
        "status",
        "tag",
        "datetime",
        "meta",
        "code",
        "error",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[a-zA-Z0-9: {}-]{0,12}".prop_map(Value::from),
        Just(json!("2026-11-18T08:00:00Z")),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(words.clone(), inner, 0..6)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_makes_a_reader_fail(value in any_json(), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        for vendor in ALL {
            let text = value.to_string();
            for payload in [text.as_bytes(), &bytes] {
                if let Ok(tracks) = read(vendor, payload) {
                    prop_assert!(!tracks.is_empty());
                }
            }
        }
    }

    #[test]
    fn the_order_in_which_events_come_changes_nothing(
        minutes in prop::collection::vec(0_u32..60, 1..12), seed in any::<prop::sample::Index>(),
    ) {
        let event = |minute: &u32| json!({
            "checkpoint_time": format!("2026-11-18T08:{minute:02}:00+01:00"), "tag": "InTransit",
        });
        let track = |minutes: &[u32]| {
            let events: Vec<_> = minutes.iter().map(event).collect();
            one(Vendor::AfterShip, &json!({ "msg": {
                "tracking_number": "X", "tag": "InTransit", "checkpoints": events,
            }}))
        };
        let mut turned = minutes.clone();
        turned.rotate_left(seed.index(minutes.len()));
        prop_assert_eq!(track(&turned), track(&minutes));
    }

    #[test]
    fn a_moment_is_written_as_it_is_read(text in "20[0-9]{2}-0[1-9]-[012][1-8](T[01][0-9]:[0-5][0-9]:[0-5][0-9](\\+0[0-9]:00)?)?") {
        let moment = Moment::parse(&text);
        prop_assert_eq!(moment.map(|moment| moment.to_string()), Some(text));
    }
}
