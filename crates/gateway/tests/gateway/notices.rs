//! Customers who are told before they ask, from the carrier's event to the message.

use crate::kit::{Shop, request};
use axum::http::{StatusCode, header};
use chrono::TimeDelta;
use deskhand_domain::{NoticeKind, notices::Decision};
use deskhand_gateway::{
    Config,
    intake::apply_due,
    notices::{Story, Teller, replay, set_objection},
    start,
    testing::{id, small_shop},
};
use serde_json::{Value, json};

/// The shop's clock begins on 18 November 2026 at 11:06:40 UTC; its parcels go to Portugal.
async fn shop() -> Shop {
    Shop::open_with(|config| config.notices.enabled = Some(true)).await
}

async fn teller(shop: &Shop) -> Teller {
    let teller = Teller::begin(&shop.state.store, &shop.state.config).await;
    teller.expect("a look").expect("customers are told")
}

async fn look(teller: &mut Teller) -> usize {
    let mut told = 0;
    loop {
        let round = teller.look().await.expect("a look");
        told += round.told;
        if !round.more {
            return told;
        }
    }
}

/// What a carrier tells of a parcel through `/v1/events`.
async fn tell(shop: &Shop, event: &str, parcel: u64, data: Value) {
    let admin = shop.sign_in("aino").await;
    let mut data = data;
    data["tracking_number"] = json!(format!("PT{parcel:010}"));
    let event = json!({
        "specversion": "1.0", "id": event, "source": "//carrier.example",
        "type": "dev.deskhand.parcel.tracked.v1", "data": data,
    });
    let mut request = request("POST", "/v1/events", &admin, Some(event.to_string()));
    let kind = "application/cloudevents+json".parse().expect("a header");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    let taken = shop.ask(request).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.body);
    apply_due(&shop.state.store).await.expect("applied");
}

fn scanned(status: &str, at: &str) -> Value {
    json!({ "status": status, "promised_at": "2026-11-18T17:00:00Z", "events": [
        { "at": "2026-11-18T06:00:00Z", "status": "in_transit", "text": "Sorted." },
        { "at": at, "status": status, "text": "Seen." },
    ]})
}

async fn notices(shop: &Shop, parcel: u64) -> Vec<Value> {
    let agent = shop.sign_in("priya").await;
    let path = format!("/v1/shipments/{}", id(4, parcel));
    let parcel = shop.get(&path, &agent).await.json();
    parcel["notices"].as_array().cloned().unwrap_or_default()
}

/// What was written to the customer of a notice.
async fn messages(shop: &Shop, notice: &Value) -> Vec<Value> {
    let agent = shop.sign_in("priya").await;
    let ticket = notice["ticket"].as_str().expect("a ticket");
    let path = format!("/v1/tickets/{ticket}/messages");
    let items = shop.get(&path, &agent).await.json()["items"].clone();
    items.as_array().cloned().expect("messages")
}

#[tokio::test]
async fn a_parcel_that_turns_late_is_told_once_whatever_comes_twice() {
    let shop = shop().await;
    let mut first = teller(&shop).await;
    tell(&shop, "1", 3, scanned("in_transit", "2026-11-18T11:00:00Z")).await;
    assert_eq!(look(&mut first).await, 0, "it is on its way");
    // The promised day ends on the Azores at 01:00 UTC; there it is eight o'clock at nine.
    shop.state.clock.advance(TimeDelta::hours(14));
    assert_eq!(look(&mut first).await, 0, "it is late, and night");
    shop.state.clock.advance(TimeDelta::hours(7));
    tell(&shop, "1", 3, scanned("in_transit", "2026-11-18T11:00:00Z")).await;
    assert_eq!(look(&mut first).await, 0, "in Lisbon they are awake");
    shop.state.clock.advance(TimeDelta::hours(1));
    let mut second = teller(&shop).await;
    let both = futures_util::future::join(look(&mut first), look(&mut second)).await;
    assert_eq!(both.0 + both.1, 1);
    let shop = shop.reopen().await;
    tell(&shop, "2", 3, scanned("in_transit", "2026-11-19T09:00:00Z")).await;
    assert_eq!(look(&mut teller(&shop).await).await, 0, "after a restart");

    let told = notices(&shop, 3).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["kind"], "late");
    let written = messages(&shop, &told[0]).await;
    assert_eq!(written.len(), 1);
    assert_eq!(written[0]["author"]["kind"], "system");
    assert_eq!(written[0]["channel"], "email");
    let text = written[0]["text"].as_str().expect("a text");
    assert!(text.starts_with("Hello Ana,"), "{text}");
    assert!(text.contains("HP-20003 should have been with you by Wednesday, 18 November"));
    assert!(text.ends_with("Kind regards\nHollowpine"), "{text}");
    let agent = shop.sign_in("priya").await;
    let ticket = told[0]["ticket"].as_str().expect("a ticket");
    let ticket = shop.get(&format!("/v1/tickets/{ticket}"), &agent).await;
    assert_eq!(ticket.json()["status"], "closed", "nobody has to act");
    assert_eq!(ticket.json()["subject"], "Your order HP-20003 is late");
}

#[tokio::test]
async fn an_open_ticket_holds_a_notice_and_its_end_lets_it_go() {
    let shop = shop().await;
    let mut teller = teller(&shop).await;
    let waits = |at| scanned("available_for_pickup", at);
    tell(&shop, "1", 1, waits("2026-11-18T11:06:40Z")).await;
    assert_eq!(look(&mut teller).await, 0);
    let agent = shop.sign_in("mette").await;
    let close = json!({"status": "closed"});
    let closed = shop.send("PATCH", crate::kit::TICKET, &agent, close).await;
    assert_eq!(closed.status, StatusCode::OK, "{}", closed.body);
    assert_eq!(
        look(&mut teller).await,
        0,
        "nothing was heard of the parcel"
    );
    shop.state.clock.advance(TimeDelta::hours(1));
    assert_eq!(look(&mut teller).await, 1);
    let told = notices(&shop, 1).await;
    assert_eq!(told[0]["kind"], "pickup");
    // What befalls the parcel next is told in the same ticket.
    shop.state.clock.advance(TimeDelta::hours(1));
    tell(&shop, "2", 1, scanned("lost", "2026-11-18T13:00:00Z")).await;
    assert_eq!(look(&mut teller).await, 1);
    let told = notices(&shop, 1).await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["ticket"], told[1]["ticket"]);
    assert_eq!(messages(&shop, &told[1]).await.len(), 2);
}

async fn played(shop: &Shop) -> (Story, String) {
    let since = shop.state.clock.now() - TimeDelta::days(3);
    let mut out = Vec::new();
    let now = shop.state.clock.now();
    let story = replay(&shop.state.config, Some(since), now, &mut out).await;
    let lines = String::from_utf8(out).expect("words");
    (story.expect("a story"), lines)
}

#[tokio::test]
async fn a_dry_run_says_what_would_have_been_told_and_why_not_and_changes_nothing() {
    let shop = shop().await;
    tell(&shop, "1", 3, scanned("in_transit", "2026-11-18T11:00:00Z")).await;
    tell(
        &shop,
        "2",
        1,
        scanned("failed_attempt", "2026-11-18T11:06:00Z"),
    )
    .await;
    tell(
        &shop,
        "3",
        6,
        scanned("failed_attempt", "2026-11-18T11:06:00Z"),
    )
    .await;
    let object = shop
        .state
        .store
        .set_objection("ana6@example.com".to_owned(), true);
    assert_eq!(object.await.expect("noted"), 1);
    shop.state.clock.advance(TimeDelta::hours(23));
    let head = *shop.state.store.head().borrow();
    let (story, lines) = played(&shop).await;
    let told: Vec<_> = story
        .lines
        .iter()
        .filter_map(|line| match line.decision {
            Decision::Tell { kind, .. } => Some((line.order.as_str(), kind)),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            ("HP-20006", NoticeKind::FailedAttempt),
            ("HP-20003", NoticeKind::Late)
        ],
        "{lines}"
    );
    for line in [
        "2026-11-19T01:00:00Z  waits   late            HP-20003/1  quiet_hours until 2026-11-19T09:00:00Z",
        "2026-11-19T09:00:00Z  told    late            HP-20003/1  email",
        "2026-11-18T11:06:00Z  waits   failed_attempt  HP-20001/1  ticket_open until 2026-11-18T12:06:00Z",
    ] {
        assert!(lines.contains(line), "{lines}");
    }
    let counts = story.counts().join("\n");
    assert!(counts.contains("     1  told: late"), "{counts}");
    assert!(counts.contains("    30  parcels looked at"), "{counts}");
    assert_eq!(
        *shop.state.store.head().borrow(),
        head,
        "nothing was stored"
    );
    assert!(notices(&shop, 3).await.is_empty());
    assert_eq!(played(&shop).await.1, lines, "the same every time");
}

#[tokio::test]
async fn customers_are_told_while_the_gateway_runs_when_it_was_asked_to() {
    for enabled in [true, false] {
        let shop = Shop::open_with(|config| config.notices.enabled = Some(enabled)).await;
        let state = &shop.state;
        deskhand_gateway::notices::start(&state.store, &state.config, &state.tasks);
        let mut head = state.store.head();
        // The first look is over when it is noted how far it went.
        while enabled && state.store.notices_position().await.expect("a position") == 0 {
            tokio::task::yield_now().await;
        }
        tell(&shop, "1", 3, scanned("lost", "2026-11-18T11:06:40Z")).await;
        while enabled && notices(&shop, 3).await.is_empty() {
            head.changed().await.expect("a change");
        }
        assert_eq!(notices(&shop, 3).await.len(), usize::from(enabled));
        assert!(state.tasks.stop(std::time::Duration::from_secs(5)).await);
    }
}

#[tokio::test]
async fn an_objection_is_noted_with_and_without_a_gateway() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::embedded(folder.path());
    let running = start(config.clone()).await.expect("a gateway");
    let now = running.state.clock.now();
    let seed = small_shop(now, 3, String::new());
    running.state.store.seed(seed).await.expect("a shop");
    let object = async |email: &str, objects| {
        let noted = set_objection(&config, email, objects).await;
        noted.expect("noted")
    };
    assert_eq!(object("Ana1@example.com", true).await, 1);
    assert_eq!(object("nobody@example.com", true).await, 0);
    running.stop().await;
    assert_eq!(object("ana1@example.com", false).await, 1);
}
