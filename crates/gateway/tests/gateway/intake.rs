//! What services and programs tell.

use crate::kit::{Answer, Shop, Socket, request};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use deskhand_gateway::{
    Config, Running, inbox,
    intake::{self, Inbox, InboxOutcome, apply_due},
    start,
    store::{LetterFilter, LetterState},
    testing::{id, small_shop},
};
use deskhand_protocol::problem::Code;
use ring::hmac;
use serde_json::{Value, json};

const SECRET: &str = "a secret of both";
const BATCH: &str = "application/cloudevents-batch+json";
const STRUCTURED: &str = "application/cloudevents+json";

async fn shop() -> Shop {
    Shop::open_with(|config| config.hooks.aftership = Some(SECRET.into())).await
}

fn body(event: &str, number: &str, tag: &str) -> String {
    json!({ "event_id": event, "msg": {
        "tracking_number": number, "tag": tag, "checkpoints": [
            { "checkpoint_time": "2026-11-18T10:00:00+00:00", "tag": tag, "message": "Seen." },
        ],
    }})
    .to_string()
}

fn proof(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    STANDARD.encode(hmac::sign(&key, body.as_bytes()))
}

async fn hook(shop: &Shop, service: &str, proof: Option<&str>, body: &str) -> Answer {
    let mut request = Request::builder()
        .method("POST")
        .uri(format!("/hooks/{service}"))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(proof) = proof {
        request = request.header("aftership-hmac-sha256", proof);
    }
    let request = request.body(Body::from(body.to_owned()));
    shop.ask(request.expect("a request")).await
}

async fn status(shop: &Shop, token: &str, parcel: u64) -> Value {
    let path = format!("/v1/shipments/{}", id(4, parcel));
    shop.get(&path, token).await.json()["status"].clone()
}

#[tokio::test]
async fn a_webhook_is_believed_by_its_proof_and_taken_once() {
    let shop = shop().await;
    let agent = shop.sign_in("priya").await;
    let told = body("e1", "PT0000000001", "Delivered");
    let right = proof(SECRET, &told);
    let other = proof(SECRET, &body("e1", "PT0000000002", "Delivered"));
    let wrong = proof("guessed", &told);
    for bad in [None, Some(wrong.as_str()), Some(other.as_str()), Some("")] {
        let refused = hook(&shop, "aftership", bad, &told).await;
        assert_eq!(refused.problem().code, Code::SignedOut, "{bad:?}");
    }
    // One that no secret was said for is not there, like one that does not exist.
    for absent in ["easypost", "nobody", "AFTERSHIP"] {
        let refused = hook(&shop, absent, Some(&right), &told).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{absent}");
    }
    assert_eq!(apply_due(&shop.state.store).await.expect("nothing"), 0);
    for (accepted, duplicates) in [(1, 0), (0, 1)] {
        let taken = hook(&shop, "aftership", Some(&right), &told).await;
        assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.body);
        let expected = json!({"accepted": accepted, "duplicates": duplicates});
        assert_eq!(taken.json(), expected);
    }
    apply_due(&shop.state.store).await.expect("applied");
    assert_eq!(status(&shop, &agent, 1).await, "delivered");
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(1024 * 1024));
    let refused = hook(&shop, "aftership", Some(&right), &large).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
}

fn event(event: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": event, "source": "//warehouse.example/scanner",
        "type": "dev.deskhand.parcel.tracked.v1", "time": "2026-11-18T10:00:00Z", "data": data,
    })
}

fn scanned(number: &str) -> Value {
    json!({ "tracking_number": number, "status": "out_for_delivery", "events": [
        { "at": "2026-11-18T06:00:00Z", "status": "out_for_delivery", "text": "On the van." },
    ]})
}

async fn tell(shop: &Shop, token: &str, kind: &str, body: &Value) -> Answer {
    let mut request = request("POST", "/v1/events", token, Some(body.to_string()));
    let kind = kind.parse().expect("a header");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    shop.ask(request).await
}

#[tokio::test]
async fn a_program_tells_events_in_each_of_the_three_ways() {
    let shop = shop().await;
    let admin = shop.sign_in("aino").await;
    let key = json!({"name": "Warehouse", "scopes": ["events:write"]});
    let key = shop.send("POST", "/v1/keys", &admin, key).await.json();
    let key = key["key"].as_str().expect("a key");
    let one = tell(&shop, key, STRUCTURED, &event("1", scanned("PT0000000001"))).await;
    assert_eq!(
        one.json(),
        json!({"accepted": 1, "duplicates": 0}),
        "{}",
        one.body
    );
    let list = json!([
        event("1", scanned("PT0000000001")),
        event("2", scanned("PT 0000000002"))
    ]);
    let both = tell(&shop, key, BATCH, &list).await;
    assert_eq!(both.json(), json!({"accepted": 1, "duplicates": 1}));
    let mut binary = request(
        "POST",
        "/v1/events",
        key,
        Some(scanned("PT0000000003").to_string()),
    );
    for (name, value) in [
        ("ce-specversion", "1.0"),
        ("ce-id", "caf%C3%A9"),
        ("ce-source", "//warehouse.example/scanner"),
        ("ce-type", "dev.deskhand.parcel.tracked.v1"),
    ] {
        binary
            .headers_mut()
            .insert(name, value.parse().expect("a header"));
    }
    let third = shop.ask(binary).await;
    assert_eq!(third.status, StatusCode::ACCEPTED, "{}", third.body);
    apply_due(&shop.state.store).await.expect("applied");
    for parcel in 1..=3 {
        assert_eq!(status(&shop, &admin, parcel).await, "out_for_delivery");
    }
    let all = shop.state.store.letters(&LetterFilter::default()).await;
    let all = all.expect("a list");
    assert!(all.iter().any(|letter| letter.event == "café"), "{all:?}");
    let agent = shop.sign_in("priya").await;
    let refused = tell(&shop, &agent, STRUCTURED, &event("4", scanned("PT1"))).await;
    assert_eq!(refused.problem().code, Code::Forbidden);
    let weather = json!({
        "specversion": "1.0", "id": "9", "source": "/me", "type": "org.example.weather",
    });
    let unknown = tell(&shop, key, STRUCTURED, &weather).await;
    assert_eq!(unknown.status, StatusCode::ACCEPTED);
    apply_due(&shop.state.store).await.expect("looked at");
    let dead = LetterFilter {
        state: Some(LetterState::Dead),
        ..LetterFilter::default()
    };
    assert_eq!(
        shop.state.store.letters(&dead).await.expect("a list").len(),
        1
    );
}

#[tokio::test]
async fn what_is_wrong_with_an_event_is_named_and_nothing_of_its_batch_is_kept() {
    let shop = shop().await;
    let admin = shop.sign_in("aino").await;
    let with = |place: &str, value: Value| {
        let mut event = event("1", scanned("PT0000000001"));
        *event.pointer_mut(place).expect("a place") = value;
        event
    };
    for (place, value) in [
        ("/specversion", json!("0.3")),
        ("/id", json!("")),
        ("/id", json!("x".repeat(257))),
        ("/source", json!("/hooks/aftership")),
        ("/source", json!("/asked/aftership")),
        ("/type", json!("line\nbreak")),
        ("/data/tracking_number", json!("  ")),
        ("/data/tracking_number", json!(7)),
        ("/data/events/0/at", json!("yesterday")),
    ] {
        let bad = with(place, value);
        let refused = tell(&shop, &admin, STRUCTURED, &bad).await.problem();
        assert_eq!(refused.errors[0].pointer, place);
        let list = json!([event("2", scanned("PT0000000002")), bad]);
        let refused = tell(&shop, &admin, BATCH, &list).await.problem();
        assert_eq!(refused.errors[0].pointer, format!("/1{place}"));
    }
    let many: Vec<Value> = (0..501)
        .map(|n| event(&n.to_string(), scanned("PT1")))
        .collect();
    let refused = tell(&shop, &admin, BATCH, &json!(many)).await;
    assert_eq!(refused.problem().code, Code::Invalid);
    let plain = tell(&shop, &admin, "application/json", &event("1", Value::Null)).await;
    assert_eq!(plain.problem().code, Code::UnsupportedMedia);
    assert_eq!(apply_due(&shop.state.store).await.expect("nothing"), 0);
}

#[tokio::test]
async fn a_webhook_reaches_an_open_desktop() {
    let shop = shop().await;
    intake::start(&shop.state.store, &shop.state.tasks);
    let agent = shop.sign_in("priya").await;
    let address = shop.listen().await;
    let page = shop.get("/v1/sync", &agent).await.json();
    let mut desktop = Socket::connect(&address, "/v1/live", &agent)
        .await
        .expect("a socket");
    desktop
        .say(json!({"type": "follow", "cursor": page["live"]}))
        .await;
    let told = body("e1", "PT0000000001", "AttemptFail");
    let taken = hook(&shop, "aftership", Some(&proof(SECRET, &told)), &told).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED);
    let frame = desktop
        .until(|frame| frame.to_string().contains("failed_attempt"))
        .await;
    assert!(frame.to_string().contains("PT0000000001"), "{frame}");
}

/// A gateway of its own with the small shop, and its configuration.
async fn served() -> (tempfile::TempDir, Config, Running) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::embedded(folder.path());
    let running = start(config.clone()).await.expect("a gateway");
    let now = running.state.clock.now();
    let seed = small_shop(now, 3, String::new());
    running.state.store.seed(seed).await.expect("a shop");
    (folder, config, running)
}

#[tokio::test]
async fn an_operator_looks_at_letters_with_and_without_a_gateway() {
    let (_folder, config, running) = served().await;
    let clock = running.state.clock.clone();
    let letter = |event: &str| {
        let (source, kind) = ("/hooks/aftership", String::new());
        intake::letter(&clock, source, event.to_owned(), kind, "{".to_owned())
    };
    let letters = vec![letter("one"), letter("two")];
    let [one, two] = [letters[0].id, letters[1].id];
    running
        .state
        .store
        .keep_letters(letters)
        .await
        .expect("kept");
    let dead = || Inbox::List {
        filter: LetterFilter {
            state: Some(LetterState::Dead),
            ..LetterFilter::default()
        },
    };
    let count = async || match inbox(&config, dead()).await.expect("a list") {
        InboxOutcome::Letters { letters } => letters.len(),
        other => panic!("{other:?}"),
    };
    while count().await < 2 {}
    let dropped = inbox(&config, Inbox::Drop { id: one })
        .await
        .expect("dropped");
    assert_eq!(dropped, InboxOutcome::Changed { count: 1 });
    running.stop().await;
    assert_eq!(count().await, 1);
    let replayed = inbox(&config, Inbox::Replay { id: None })
        .await
        .expect("replayed");
    assert_eq!(replayed, InboxOutcome::Changed { count: 1 });
    let shown = inbox(&config, Inbox::Show { id: two })
        .await
        .expect("shown");
    match shown {
        InboxOutcome::Letters { letters } => {
            assert_eq!(
                (letters[0].state, letters[0].payload.as_str()),
                (LetterState::Waiting, "{")
            );
        }
        other => panic!("{other:?}"),
    }
    let nobody = Inbox::Show { id: id(9, 9) };
    assert_eq!(
        inbox(&config, nobody).await.expect("asked"),
        InboxOutcome::NoLetter
    );
}
