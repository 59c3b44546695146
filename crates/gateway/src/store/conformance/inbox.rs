//! What others told.

use super::*;
use crate::{
    intake::{apply_due, letter},
    store::{Letter, LetterFilter, LetterState, PATIENCE, Reading},
};
use deskhand_connectors::{
    carriers::{Track, Vendor, live::Told},
    commerce::ShopId,
};
use deskhand_domain::{OrderId, Shipment, ShipmentId, shipment::TrackingStatus};
use deskhand_protocol::audit::{Action, Actor};
use serde_json::json;

/// A parcel of the small shop.
const KNOWN: &str = "PT0000000001";

/// What AfterShip would tell of a parcel.
fn told(store: &Store, number: &str, tag: &str, event: &str) -> Letter {
    let body = json!({ "event_id": event, "msg": {
        "tracking_number": number, "tag": tag, "slug": "correio", "checkpoints": [
            { "checkpoint_time": "2026-11-18T10:00:00+00:00", "tag": tag, "message": "Seen." },
        ],
    }});
    let (source, event) = ("/hooks/aftership", event.to_owned());
    letter(
        store.clock(),
        source,
        event,
        String::new(),
        body.to_string(),
    )
}

async fn keep(store: &Store, letters: Vec<Letter>) -> usize {
    store.keep_letters(letters).await.expect("it is kept")
}

async fn parcel(store: &Store, number: u64) -> Shipment {
    let read = store.write(move |tx| Box::pin(async move { tx.get(id(4, number)).await }));
    read.await.expect("a read").expect("a parcel")
}

/// The one letter of a sender's id.
async fn one(store: &Store, event: &str) -> Letter {
    let all = store
        .letters(&LetterFilter::default())
        .await
        .expect("a list");
    let mut found = all.into_iter().filter(|letter| letter.event == event);
    let letter = found.next().expect("it is there");
    assert_eq!(found.next(), None, "kept once");
    letter
}

pub async fn what_is_told_is_kept_once_and_changes_the_parcel(store: Store) {
    let letters = || {
        vec![
            told(&store, "pt 0000 000001", "OutForDelivery", "one"),
            told(&store, KNOWN, "OutForDelivery", "one"),
            told(&store, "PT0000000002", "Exception", "two"),
        ]
    };
    assert_eq!(keep(&store, letters()).await, 2);
    assert_eq!(keep(&store, letters()).await, 0);
    let head = *store.head().borrow();
    assert_eq!(apply_due(&store).await.expect("applied"), 2);
    assert_eq!(apply_due(&store).await.expect("applied"), 0);
    let changes = store.changes_after(head, 10).await.expect("changes");
    assert_eq!(changes.len(), 2, "both parcels travel");
    let seen = parcel(&store, 1).await;
    assert_eq!(seen.status, TrackingStatus::OutForDelivery);
    assert_eq!(seen.scans.len(), 1);
    assert_eq!(seen.source.fetched_at, store.clock().now());
    // A state that is in no list is kept, and shown in the carrier's words.
    let strange = parcel(&store, 2).await;
    assert_eq!(strange.status, TrackingStatus::Unknown);
    assert_eq!(strange.scans[0].text, "Seen.");
    let letter = one(&store, "one").await;
    assert_eq!(letter.state, LetterState::Applied);
    assert_eq!(letter.settled_at, Some(store.clock().now()));
    let of = LetterFilter {
        subject: letter.subject.clone(),
        ..LetterFilter::default()
    };
    assert_eq!(store.letters(&of).await.expect("a list"), [letter]);
    assert_eq!(keep(&store, letters()).await, 0, "also afterwards");
}

pub async fn a_ticket_sleeps_until_its_parcel_moves(store: Store) {
    let later = store.clock().now() + TimeDelta::days(2);
    let read = |number| {
        let store = &store;
        async move {
            let found: Option<Ticket> = store.get(ticket(number).0).await.expect("a read");
            found.expect("a ticket")
        }
    };
    let mut sleeping = [read(1).await, read(2).await];
    for ticket in &mut sleeping {
        ticket.status = TicketStatus::Snoozed;
        ticket.snoozed_until = Some(later);
    }
    let write = store.write(move |tx| Box::pin(async move { tx.put(&sleeping).await }));
    write.await.expect("they sleep");
    keep(&store, vec![told(&store, KNOWN, "InTransit", "a scan")]).await;
    apply_due(&store).await.expect("applied");
    let asleep = (TicketStatus::Snoozed, Some(later));
    let state = |number| {
        let read = read(number);
        async move {
            let ticket = read.await;
            (ticket.status, ticket.snoozed_until)
        }
    };
    assert_eq!(
        state(1).await,
        asleep,
        "one more scan on the way is no news"
    );
    keep(&store, vec![told(&store, KNOWN, "Delivered", "the end")]).await;
    apply_due(&store).await.expect("applied");
    assert_eq!(state(1).await, (TicketStatus::Open, None));
    assert_eq!(state(2).await, asleep, "it is about another order");
    let trail = store.audit_after(0, 1_000).await.expect("the trail");
    let woken = trail
        .iter()
        .any(|entry| entry.action == Action::TicketChanged && entry.actor == Actor::System);
    assert!(woken, "the trail says that nobody did it");
}

pub async fn a_parcel_may_be_told_of_before_it_is_known(store: Store) {
    keep(&store, vec![told(&store, "NEW1", "Delivered", "early")]).await;
    keep(&store, vec![told(&store, "NEVER1", "Delivered", "strange")]).await;
    for _ in 0..3 {
        apply_due(&store).await.expect("looked at");
        assert_eq!(one(&store, "early").await.state, LetterState::Waiting);
        store.clock().advance(TimeDelta::hours(1));
    }
    let known = Shipment {
        id: ShipmentId(id(4, 9_001)),
        order: OrderId(id(3, 1)),
        tracking_number: "NEW1".to_owned(),
        ..parcel(&store, 1).await
    };
    let write = store.write(move |tx| Box::pin(async move { tx.put(&[known]).await }));
    write.await.expect("a parcel");
    store.clock().advance(TimeDelta::hours(6));
    apply_due(&store).await.expect("looked at");
    assert_eq!(one(&store, "early").await.state, LetterState::Applied);
    assert_eq!(
        parcel(&store, 9_001).await.status,
        TrackingStatus::Delivered
    );
    store.clock().advance(PATIENCE);
    apply_due(&store).await.expect("looked at");
    let dead = one(&store, "strange").await;
    assert_eq!(dead.state, LetterState::Dead);
    assert_eq!(dead.reason.as_deref(), Some("no parcel has this number"));
    // Somebody has it looked at again once its parcel is there.
    let late = Shipment {
        id: ShipmentId(id(4, 9_002)),
        tracking_number: "NEVER1".to_owned(),
        ..parcel(&store, 9_001).await
    };
    let write = store.write(move |tx| Box::pin(async move { tx.put(&[late]).await }));
    write.await.expect("a parcel");
    assert_eq!(store.replay_letters(None).await.expect("replayed"), 1);
    apply_due(&store).await.expect("looked at");
    assert_eq!(one(&store, "strange").await.state, LetterState::Applied);
}

pub async fn what_cannot_be_read_is_set_aside_and_holds_nothing_up(store: Store) {
    let broken = |event: &str, body: &str| {
        let (source, event) = ("/hooks/aftership", event.to_owned());
        letter(store.clock(), source, event, String::new(), body.to_owned())
    };
    let personal =
        "{\"msg\":{\"tracking_number\":\"PT0000000001\",\"tag\":[\"anna@example.com\"]}}";
    let letters = vec![
        broken("no JSON", "{"),
        broken("changed", personal),
        broken("of nothing", "{\"msg\":{\"order\":1}}"),
        told(&store, KNOWN, "Delivered", "good"),
    ];
    keep(&store, letters).await;
    apply_due(&store).await.expect("looked at");
    assert_eq!(parcel(&store, 1).await.status, TrackingStatus::Delivered);
    for (event, state) in [
        ("no JSON", LetterState::Dead),
        ("changed", LetterState::Dead),
        ("of nothing", LetterState::Ignored),
        ("good", LetterState::Applied),
    ] {
        assert_eq!(one(&store, event).await.state, state, "{event}");
    }
    let changed = one(&store, "changed").await;
    let reason = changed.reason.expect("a reason");
    assert!(
        reason.contains("tag") && !reason.contains("anna"),
        "{reason}"
    );
    // Dropped, it is looked at no more, also when all dead ones are.
    assert!(store.drop_letter(changed.id).await.expect("dropped"));
    assert!(!store.drop_letter(changed.id).await.expect("once"));
    assert_eq!(store.replay_letters(None).await.expect("replayed"), 1);
    assert_eq!(
        store
            .replay_letters(Some(changed.id))
            .await
            .expect("by its id"),
        1
    );
    apply_due(&store).await.expect("looked at");
    let aside = [one(&store, "changed").await, one(&store, "no JSON").await];
    assert!(
        aside.iter().all(|letter| letter.state == LetterState::Dead),
        "{aside:?}"
    );
    // All that no longer waits is forgotten in time.
    keep(&store, vec![told(&store, "NEW1", "Delivered", "waits")]).await;
    apply_due(&store).await.expect("looked at");
    let later = store.clock().now() + TimeDelta::days(1);
    assert_eq!(store.forget_letters(later).await.expect("forgotten"), 4);
    assert_eq!(one(&store, "waits").await.state, LetterState::Waiting);
}

pub async fn an_answer_is_kept_once_and_notes_when_it_was_given(store: Store) {
    let answer = |status: TrackingStatus| Track {
        carrier: None,
        tracking_number: KNOWN.to_lowercase(),
        status,
        detail: None,
        said: "said".to_owned(),
        promised_at: None,
        events: Vec::new(),
    };
    let keep = async |status: TrackingStatus| {
        let told = Told {
            track: answer(status),
            raw: "{}".to_owned(),
        };
        let letter = crate::intake::answer(store.clock(), Vendor::EasyPost, &told);
        let event = letter.event.clone();
        let kept = store.keep_answer(letter, told.track).await;
        kept.expect("it is kept");
        event
    };
    assert_eq!(store.last_told(KNOWN).await.expect("a read"), None);
    let moving = keep(TrackingStatus::InTransit).await;
    let first = one(&store, &moving).await;
    store.clock().advance(TimeDelta::hours(7));
    assert_eq!(keep(TrackingStatus::InTransit).await, moving);
    let again = one(&store, &moving).await;
    assert_eq!(first.received_at + TimeDelta::hours(7), again.received_at);
    assert_eq!(again.state, LetterState::Applied);
    let told = store.last_told(KNOWN).await.expect("a read");
    assert_eq!(told, Some(again.received_at));
    assert_eq!(
        parcel(&store, 1).await.source.fetched_at,
        store.clock().now()
    );
    assert_ne!(keep(TrackingStatus::Delivered).await, moving);
    assert_eq!(parcel(&store, 1).await.status, TrackingStatus::Delivered);
    // Replayed, it is read like a webhook; this one says nothing.
    assert_eq!(
        store
            .replay_letters(Some(again.id))
            .await
            .expect("replayed"),
        1
    );
    apply_due(&store).await.expect("looked at");
    assert_eq!(one(&store, &moving).await.state, LetterState::Ignored);
}

pub async fn letters_of_shops_wait_for_their_shop(store: Store) {
    let tell = |event: &str| {
        let body = json!({ "id": event, "order": { "id": "17" } }).to_string();
        let (source, event) = ("/hooks/vendure", event.to_owned());
        letter(store.clock(), source, event, String::new(), body)
    };
    keep(&store, vec![tell("one"), tell("two")]).await;
    assert_eq!(apply_due(&store).await.expect("nothing"), 0);
    let due = async |source: &str| store.due_letters_of(source, 10).await.expect("a list");
    assert_eq!(due("/hooks/shopify").await, []);
    let letters = due("/hooks/vendure").await;
    assert_eq!(letters.len(), 2);
    let id = ShopId::from("17");
    let read = letters
        .into_iter()
        .zip([Reading::Taken(id.clone()), Reading::Order(id)]);
    store.apply_letters(read.collect()).await.expect("settled");
    assert_eq!(due("/hooks/vendure").await, []);
    let all = store
        .letters(&LetterFilter::default())
        .await
        .expect("a list");
    assert!(
        all.iter().all(|one| one.subject.as_deref() == Some("17")),
        "{all:?}"
    );
    store.clock().advance(TimeDelta::minutes(1));
    let again = due("/hooks/vendure").await;
    assert_eq!((again.len(), again[0].state), (1, LetterState::Waiting));
    store.clock().advance(PATIENCE);
    let read = again
        .into_iter()
        .map(|one| (one, Reading::Order(ShopId::from("17"))));
    store.apply_letters(read.collect()).await.expect("settled");
    let dead = LetterFilter {
        state: Some(LetterState::Dead),
        ..LetterFilter::default()
    };
    let dead = store.letters(&dead).await.expect("a list");
    let reason = dead[0].reason.as_deref();
    assert_eq!(reason, Some("the shop did not answer in time"));
}
