//! Webhooks of shops: each names an order, which is read from the shop at once.

use crate::{
    kit::{Answer, Socket},
    shops::Looking,
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use deskhand_connectors::commerce::{
    CommerceError, ShopId, Trouble,
    identity::{SHOPIFY, VENDURE},
};
use deskhand_domain::Order;
use deskhand_gateway::store::{Letter, LetterFilter, LetterState};
use deskhand_protocol::problem::Code;
use ring::hmac;
use serde_json::{Value, json};

const SECRET: &str = "a secret of both";

fn hmac_of(text: &str) -> hmac::Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::sign(&key, text.as_bytes())
}

impl Looking {
    /// A gateway whose Vendure has an order, and everything runs.
    async fn vendure() -> Self {
        let looking = Self::begin_as(VENDURE, |config| {
            config.hooks.vendure = Some(SECRET.into());
        })
        .await;
        looking.run();
        looking
    }

    fn run(&self) {
        let state = &self.shop.state;
        state.shops.start(&state.store, &state.tasks);
    }

    /// The shop's own id of the order.
    async fn id(&self) -> ShopId {
        let origin = self.shop.state.store.origin_of(self.order).await;
        origin.expect("a read").expect("an origin").id
    }

    async fn hook(&self, service: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::post(format!("/hooks/{service}"))
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned()));
        self.shop.ask(request.expect("a request")).await
    }

    /// What the plugin in Vendure sends, so many minutes ago.
    async fn vendure_tells(&self, event: &str, order: &Value, ago: i64) -> Answer {
        let body = json!({ "id": event, "type": "order", "order": order }).to_string();
        let at = self.shop.state.clock.now() - TimeDelta::minutes(ago);
        let seconds = at.timestamp();
        let proof = hmac_of(&format!("{seconds}.{body}"));
        let digits: String = proof.as_ref().iter().map(|x| format!("{x:02x}")).collect();
        let proof = format!("t={seconds},v1={digits}");
        self.hook("vendure", &[("x-vendure-signature", &proof)], &body)
            .await
    }

    async fn letters(&self) -> Vec<Letter> {
        let all = LetterFilter::default();
        let letters = self.shop.state.store.letters(&all).await;
        letters.expect("a list")
    }

    /// Waits until the newest letter is in a state, and answers it.
    async fn until(&self, state: LetterState) -> Letter {
        let looking = async {
            loop {
                let letter = self.letters().await.into_iter().next();
                match letter.filter(|letter| letter.state == state && letter.tries > 0) {
                    Some(letter) => return letter,
                    None => tokio::task::yield_now().await,
                }
            }
        };
        let limit = std::time::Duration::from_secs(15);
        let found = tokio::time::timeout(limit, looking).await;
        found.expect("the letter is settled")
    }
}

#[tokio::test]
async fn what_vendure_tells_is_read_from_it_at_once_and_once() {
    let looking = Looking::vendure().await;
    let id = looking.id().await;
    let order = json!({ "id": id.0, "code": "T5Q" });
    looking.wait(7);
    for (accepted, duplicates) in [(1, 0), (0, 1)] {
        let taken = looking.vendure_tells("e1", &order, 0).await;
        assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.body);
        let expected = json!({"accepted": accepted, "duplicates": duplicates});
        assert_eq!(taken.json(), expected);
    }
    let letter = looking.until(LetterState::Applied).await;
    assert_eq!(letter.subject, Some(id.0.clone()));
    let old = looking.vendure_tells("e2", &order, 11).await;
    assert_eq!(old.problem().code, Code::SignedOut);
    let forged = looking.hook("vendure", &[], "{}").await;
    assert_eq!(forged.problem().code, Code::SignedOut);
    let shopify = looking.hook("shopify", &[], "{}").await;
    assert_eq!(shopify.status, StatusCode::NOT_FOUND, "it has no secret");
    assert_eq!(looking.asked(), 1);
    let (store, order) = (&looking.shop.state.store, looking.order.0);
    let read = store.write(move |tx| Box::pin(async move { tx.get::<Order>(order).await }));
    let order = read.await.expect("a read").expect("an order");
    assert_eq!(order.source.fetched_at, looking.shop.state.clock.now());
}

#[tokio::test]
async fn a_webhook_of_a_shop_reaches_an_open_desktop() {
    let looking = Looking::vendure().await;
    let (shop, id) = (&looking.shop, looking.id().await);
    let agent = shop.sign_in("priya").await;
    let address = shop.listen().await;
    let page = shop.get("/v1/sync", &agent).await.json();
    let mut desktop = Socket::connect(&address, "/v1/live", &agent)
        .await
        .expect("a socket");
    desktop
        .say(json!({"type": "follow", "cursor": page["live"]}))
        .await;
    looking.wait(1);
    looking.vendure_tells("e1", &json!({ "id": id.0 }), 0).await;
    let order = looking.order.to_string();
    let frame = desktop
        .until(|frame| frame["type"] == "changes" && frame.to_string().contains(&order))
        .await;
    assert!(frame["changes"].is_array(), "{frame}");
}

#[tokio::test]
async fn what_a_shop_told_waits_until_it_answers() {
    let looking = Looking::vendure().await;
    let id = looking.id().await;
    let order = json!({ "id": id.0 });
    looking
        .fickle
        .says(CommerceError::later(Trouble::Unreachable));
    looking.vendure_tells("e1", &order, 0).await;
    let waiting = looking.until(LetterState::Waiting).await;
    assert!(waiting.due_at > Some(looking.shop.state.clock.now()));
    looking.fickle.says(None);
    looking.wait(2);
    // Whatever wakes the shop has all looked at that is due.
    looking.vendure_tells("e2", &order, 0).await;
    looking.until(LetterState::Applied).await;
    let all = looking.letters().await;
    assert!(
        all.iter()
            .all(|letter| letter.state == LetterState::Applied),
        "{all:?}"
    );
    assert_eq!(looking.asked(), 2, "one question for both letters");
}

#[tokio::test]
async fn what_names_no_order_is_set_aside_by_name() {
    let looking = Looking::vendure().await;
    let gone = json!({ "id": "4711" });
    looking.vendure_tells("e1", &gone, 0).await;
    let ignored = looking.until(LetterState::Ignored).await;
    let reason = ignored.reason.as_deref();
    assert_eq!(reason, Some("the shop has no such order"));
    looking.wait(1);
    let strange = json!({ "id": { "robin@customer.example": 1 } });
    looking.vendure_tells("e2", &strange, 0).await;
    let dead = looking.until(LetterState::Dead).await;
    let reason = dead.reason.expect("a reason");
    assert_eq!(reason, "it is not what this shop sends: see /order/id");
    looking.wait(1);
    looking
        .fickle
        .says(CommerceError::changed("lines[0].quantity"));
    let order = json!({ "id": looking.id().await.0 });
    looking.vendure_tells("e3", &order, 0).await;
    let dead = looking.until(LetterState::Dead).await;
    let reason = dead.reason.expect("a reason");
    assert!(reason.ends_with("lines[0].quantity"), "{reason}");
}

#[tokio::test]
async fn shopify_is_believed_by_the_body_and_taken_once_whatever_its_headers_say() {
    let looking = Looking::begin_as(SHOPIFY, |config| {
        config.hooks.shopify = Some(SECRET.into());
    })
    .await;
    looking.run();
    let id = looking.id().await;
    let tell = async |topic: &str, webhook: &str, minutes: i64, body: &Value| {
        let body = body.to_string();
        let at = looking.shop.state.clock.now() - TimeDelta::minutes(minutes);
        let (proof, at) = (STANDARD.encode(hmac_of(&body)), at.to_rfc3339());
        let headers = [
            ("x-shopify-hmac-sha256", &*proof),
            ("x-shopify-topic", topic),
            ("x-shopify-webhook-id", webhook),
            ("x-shopify-triggered-at", &*at),
        ];
        looking.hook("shopify", &headers, &body).await
    };
    let order = json!({ "id": id.0, "updated_at": "2026-11-18T10:00:00Z" });
    for (webhook, accepted) in [("w1", 1), ("w1", 0), ("w2", 0)] {
        let taken = tell("orders/updated", webhook, 3, &order).await;
        assert_eq!(taken.json()["accepted"], accepted, "{}", taken.body);
    }
    let applied = looking.until(LetterState::Applied).await;
    assert_eq!(
        (applied.kind.as_str(), applied.subject),
        ("orders/updated", Some(id.0.clone()))
    );
    let late = tell("orders/updated", "w3", 301, &json!({ "id": 1 })).await;
    assert_eq!(late.problem().code, Code::SignedOut);
    looking.wait(1);
    let refund = json!({ "id": 890_088, "order_id": id.0 });
    tell("refunds/create", "w4", 0, &refund).await;
    let applied = looking.until(LetterState::Applied).await;
    assert_eq!(applied.kind, "refunds/create");
    looking.wait(1);
    tell("products/update", "w5", 0, &json!({ "id": 7 })).await;
    looking.until(LetterState::Ignored).await;
    assert_eq!(looking.asked(), 2);
}
