//! Replies over HTTP: refused when stale, held, undone, released.

use crate::kit::{Shop, Socket, TICKET, operation, request, ticket};
use axum::http::StatusCode;
use deskhand_gateway::testing::id;
use deskhand_protocol::problem::Code;
use serde_json::{Value, json};
use uuid::Uuid;

const HOLD: chrono::TimeDelta = chrono::TimeDelta::seconds(13);

#[tokio::test]
async fn a_stale_reply_is_refused_with_what_was_missed_and_its_id_stays_free() {
    let shop = Shop::open().await;
    let token = shop.sign_in("mette").await;
    let (path, op) = (format!("{TICKET}/messages"), Uuid::new_v4());
    let send = async |seen: Value| {
        let body = json!({"kind": "public", "text": "On its way", "seen": seen});
        let request = operation("POST", &path, &token, Some(body.to_string()), op);
        shop.ask(request).await
    };
    let refused = send(Value::Null).await.problem();
    assert_eq!((refused.status, refused.code), (409, Code::ThreadMoved));
    let missed: Vec<Uuid> = refused.missed.iter().map(|missed| missed.id.0).collect();
    assert_eq!(missed, [id(6, 2), id(6, 3)], "oldest first");
    let stored = shop.get(&path, &token).await.json();
    assert_eq!(stored["items"].as_array().map(Vec::len), Some(2), "nothing");
    let sent = send(json!(id(6, 3))).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
    let priya = shop.sign_in("priya").await;
    shop.write(&priya, TICKET, "public", "And again").await;
    let again = send(json!(id(6, 2))).await;
    assert_eq!(
        (again.status, again.body),
        (sent.status, sent.body),
        "the bytes of then"
    );
}

#[tokio::test]
async fn a_mail_can_be_undone_until_it_is_on_its_way() {
    let shop = Shop::open().await;
    shop.by_mail(1).await;
    let address = shop.listen().await;
    let (priya, mette) = (shop.sign_in("priya").await, shop.sign_in("mette").await);
    let live = shop.get("/v1/sync", &mette).await.json()["live"].clone();
    let mut colleague = Socket::connect(&address, "/v1/live", &mette)
        .await
        .expect("a socket");
    colleague
        .say(json!({"type": "follow", "cursor": live}))
        .await;
    let before = shop.get(TICKET, &priya).await.json();
    let added = shop
        .write(&priya, TICKET, "public", "To the wrong one")
        .await;
    assert_eq!(added["message"]["delivery"], "held");
    let until =
        (shop.state.clock.now() + HOLD).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    assert_eq!(added["message"]["held_until"], json!(until));
    let of_message = |frame: &Value, key: &str, value: &Value| {
        let changes = frame["changes"].as_array().cloned().unwrap_or_default();
        changes
            .iter()
            .any(|change| change["record"]["value"][key] == *value)
    };
    colleague
        .until(|frame| of_message(frame, "delivery", &json!("held")))
        .await;
    let path = format!(
        "{TICKET}/messages/{}",
        added["message"]["id"].as_str().expect("an id")
    );
    let undo = async |token: &str| shop.ask(request("DELETE", &path, token, None)).await;
    assert_eq!(undo(&mette).await.problem().code, Code::Forbidden);
    let auditor = shop.sign_in("otto").await;
    assert_eq!(undo(&auditor).await.problem().code, Code::Forbidden);
    assert_eq!(undo(&priya).await.status, StatusCode::NO_CONTENT);
    let gone = colleague
        .until(|frame| of_message(frame, "id", &added["message"]["id"]))
        .await;
    let kinds: Vec<&Value> = gone["changes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|change| &change["record"]["kind"])
        .collect();
    assert!(kinds.contains(&&json!("gone")), "{gone}");
    assert_eq!(undo(&priya).await.status, StatusCode::NO_CONTENT, "again");
    let after = shop.get(TICKET, &priya).await.json();
    for field in [
        "status",
        "waiting_since",
        "due_at",
        "snippet",
        "last_message_at",
    ] {
        assert_eq!(after[field], before[field], "{field}");
    }

    let added = shop
        .write(&priya, TICKET, "public", "To the right one")
        .await;
    shop.state.clock.advance(HOLD);
    colleague
        .until(|frame| of_message(frame, "delivery", &json!("sent")))
        .await;
    let path = format!(
        "{TICKET}/messages/{}",
        added["message"]["id"].as_str().expect("an id")
    );
    let late = shop
        .ask(request("DELETE", &path, &priya, None))
        .await
        .problem();
    assert_eq!((late.status, late.code), (409, Code::TooLate));
    let unknown = format!("{TICKET}/messages/{}", Uuid::nil());
    let unknown = shop.ask(request("DELETE", &unknown, &priya, None)).await;
    assert_eq!(unknown.problem().code, Code::NotFound);
}

#[tokio::test]
async fn a_chat_is_answered_at_once() {
    let shop = Shop::open().await;
    shop.state.store.hold_replies(HOLD);
    let token = shop.sign_in("priya").await;
    let added = shop.write(&token, &ticket(2), "public", "Hello").await;
    assert_eq!(added["message"]["delivery"], "sent");
    assert_eq!(added["message"]["held_until"], Value::Null);
}

#[tokio::test]
async fn what_was_due_while_the_gateway_was_away_goes_out_when_it_starts() {
    let shop = Shop::open().await;
    shop.by_mail(1).await;
    let token = shop.sign_in("priya").await;
    let added = shop.write(&token, TICKET, "public", "On its way").await;
    assert_eq!(added["message"]["delivery"], "held");
    shop.state
        .tasks
        .stop(std::time::Duration::from_secs(5))
        .await;
    shop.state.store.close().await;
    shop.state.clock.advance(HOLD);
    let again = shop.reopen().await;
    let mut head = again.state.store.head();
    let of = deskhand_domain::TicketId(id(5, 1));
    let sent = async {
        loop {
            let messages = again
                .state
                .store
                .public_messages(of)
                .await
                .expect("messages");
            if messages
                .iter()
                .all(|message| message.delivery != Some(deskhand_domain::Delivery::Held))
            {
                return;
            }
            head.changed().await.expect("the store lives");
        }
    };
    let limit = std::time::Duration::from_secs(15);
    tokio::time::timeout(limit, sent).await.expect("it is sent");
}
