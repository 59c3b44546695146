//! Changes, fields and merges over HTTP, and the chat page of a merged ticket.

use crate::kit::{Shop, Socket, TICKET, operation, ticket};
use axum::http::StatusCode;
use deskhand_domain::{CustomerId, Ticket};
use deskhand_gateway::testing::id;
use deskhand_protocol::problem::Code;
use serde_json::{Value, json};
use uuid::Uuid;

async fn of_customer_one(shop: &Shop, number: u64) {
    let write = shop.state.store.write(move |tx| {
        Box::pin(async move {
            let found = tx.get::<Ticket>(id(5, number)).await?;
            let mut ticket = found.expect("a ticket");
            ticket.customer = CustomerId(id(2, 1));
            tx.put(&[ticket]).await
        })
    });
    write.await.expect("a write");
}

#[tokio::test]
async fn a_change_that_was_overtaken_is_refused_and_its_id_stays_free() {
    let shop = Shop::open().await;
    let (priya, mette) = (shop.sign_in("priya").await, shop.sign_in("mette").await);
    let urgent = json!({"priority": "urgent"});
    assert_eq!(
        shop.send("PATCH", TICKET, &mette, urgent).await.status,
        StatusCode::OK
    );
    let op = Uuid::new_v4();
    let change = async |was: &str| {
        let body = json!({"priority": "high", "was": [{"kind": "priority", "value": was}]});
        let request = operation("PATCH", TICKET, &priya, Some(body.to_string()), op);
        shop.ask(request).await
    };
    let refused = change("normal").await.problem();
    assert_eq!((refused.status, refused.code), (409, Code::FieldsMoved));
    assert_eq!(
        serde_json::to_value(&refused.moved).expect("JSON"),
        json!([{"kind": "priority", "value": "urgent"}])
    );
    let done = change("urgent").await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(done.json()["priority"], "high");
    let replay = change("low").await;
    assert_eq!(replay.body, done.body, "the bytes of then");
}

#[tokio::test]
async fn fields_are_defined_by_an_admin_and_wrong_values_are_named() {
    let shop = Shop::open().await;
    let (priya, aino) = (shop.sign_in("priya").await, shop.sign_in("aino").await);
    let text = json!({"label": " Carrier   claim ", "kind": {"kind": "text"}});
    let denied = shop
        .send("PUT", "/v1/fields/claim", &priya, text.clone())
        .await;
    assert_eq!(denied.problem().code, Code::Forbidden);
    let made = shop
        .send("PUT", "/v1/fields/claim", &aino, text.clone())
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.json()["label"], "Carrier claim");
    let again = shop.send("PUT", "/v1/fields/claim", &aino, text).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, made.json()));
    let listed = shop.get("/v1/fields", &priya).await.json();
    assert_eq!(listed["items"], json!([made.json()]));
    let choice =
        |options: Value| json!({"label": "x", "kind": {"kind": "choice", "options": options}});
    for (key, body, pointer) in [
        ("x", choice(json!([])), "/kind/options"),
        ("x", choice(json!(["a", "a"])), "/kind/options"),
        ("x", choice(json!([" a"])), "/kind/options"),
        (
            "x",
            json!({"label": "", "kind": {"kind": "text"}}),
            "/label",
        ),
        (
            "x",
            json!({"label": "a".repeat(61), "kind": {"kind": "text"}}),
            "/label",
        ),
        (
            "x",
            json!({"label": "x", "kind": {"kind": "colour"}}),
            "/kind",
        ),
    ] {
        let refused = shop
            .send("PUT", &format!("/v1/fields/{key}"), &aino, body)
            .await;
        let problem = refused.problem();
        let pointers: Vec<&str> = problem.errors.iter().map(|e| e.pointer.as_str()).collect();
        assert!(
            pointers.iter().any(|p| p.starts_with(pointer)),
            "{pointer} {problem:?}"
        );
    }
    let bad = shop
        .send("PUT", "/v1/fields/No", &aino, choice(json!(["a"])))
        .await;
    assert_eq!(bad.problem().code, Code::Invalid);
    for (fields, pointer) in [
        (json!({"claim": 4}), "/fields/claim"),
        (json!({"claim": "a".repeat(501)}), "/fields/claim"),
        (json!({"colour": "red"}), "/fields/colour"),
    ] {
        let refused = shop
            .send("PATCH", TICKET, &priya, json!({"fields": fields}))
            .await;
        assert_eq!(refused.problem().errors[0].pointer, pointer);
        let path = format!("{TICKET}/messages");
        let note = json!({"kind": "note", "text": "x", "changes": {"fields": fields}});
        let refused = shop.send("POST", &path, &priya, note).await;
        assert_eq!(
            refused.problem().errors[0].pointer,
            format!("/changes{pointer}")
        );
    }
    let set = json!({"fields": {"claim": " C-1\nof DHL "}});
    let set = shop.send("PATCH", TICKET, &priya, set).await.json();
    assert_eq!(set["fields"], json!({"claim": "C-1 of DHL"}));
    let blank = json!({"fields": {"claim": "  "}});
    let blank = shop.send("PATCH", TICKET, &priya, blank).await.json();
    assert_eq!(blank.get("fields"), None, "nothing is no value");
    let macros = json!({"kind": "note", "text": "x", "macro_id": Uuid::new_v4()});
    let unknown = shop
        .send("POST", &format!("{TICKET}/messages"), &priya, macros)
        .await;
    assert_eq!(unknown.problem().errors[0].pointer, "/macro_id");
}

#[tokio::test]
async fn a_merge_is_carried_out_once_and_says_why_not() {
    let shop = Shop::open().await;
    of_customer_one(&shop, 2).await;
    let (priya, otto) = (shop.sign_in("priya").await, shop.sign_in("otto").await);
    let into = json!({"into": id(5, 1)}).to_string();
    let path = format!("{}/merge", ticket(2));
    let op = Uuid::new_v4();
    let ask = async |token: &str| {
        let request = operation("POST", &path, token, Some(into.clone()), op);
        shop.ask(request).await
    };
    assert_eq!(ask(&otto).await.problem().code, Code::Forbidden);
    let elsewhere = format!("{}/merge", ticket(4));
    let other = shop.send("POST", &elsewhere, &priya, json!({"into": id(5, 1)}));
    let other = other.await.problem();
    assert_eq!(other.code, Code::Conflict);
    assert!(
        other.detail.contains("different customers"),
        "{}",
        other.detail
    );
    let nowhere = shop
        .send("POST", &path, &priya, json!({"into": Uuid::new_v4()}))
        .await;
    assert_eq!(nowhere.problem().errors[0].pointer, "/into");
    let merged = ask(&priya).await;
    assert_eq!(merged.status, StatusCode::OK, "{}", merged.body);
    assert_eq!(merged.json()["ticket"]["merged_into"], json!(id(5, 1)));
    assert_eq!(ask(&priya).await.body, merged.body, "the bytes of then");
    let late = shop
        .send("PATCH", &ticket(2), &priya, json!({"priority": "low"}))
        .await;
    let late = late.problem();
    assert_eq!(late.code, Code::Conflict);
    assert!(late.detail.contains("part of ticket 1"), "{}", late.detail);
}

#[tokio::test]
async fn the_page_of_a_merged_chat_goes_on_and_shows_only_its_own() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let priya = shop.sign_in("priya").await;
    let opening = json!({"name": "Ana", "email": "ana1@example.com", "id": Uuid::new_v4(),
        "text": "Is anybody there?"});
    let opened = shop
        .send("POST", "/chat/api/conversations", "", opening)
        .await
        .json();
    let token = opened["token"].as_str().expect("a token");
    let newest = shop
        .get("/v1/tickets?limit=1&status=open", &priya)
        .await
        .json();
    let chat = format!(
        "/v1/tickets/{}",
        newest["items"][0]["id"].as_str().expect("an id")
    );
    let mut page = Socket::connect(&address, "/chat/live", "")
        .await
        .expect("a socket");
    page.say(json!({"type": "hello", "token": token})).await;
    page.until(|frame| frame["type"] == "conversation").await;

    let into = json!({"into": id(5, 1)});
    let merged = shop
        .send("POST", &format!("{chat}/merge"), &priya, into)
        .await;
    assert_eq!(merged.status, StatusCode::OK, "{}", merged.body);
    let whole = page.until(|frame| frame["type"] == "conversation").await;
    let texts = |messages: &Value| -> Vec<String> {
        let messages = messages.as_array().expect("messages").iter();
        messages
            .map(|m| m["text"].as_str().expect("text").to_owned())
            .collect()
    };
    assert_eq!(
        texts(&whole["conversation"]["messages"]),
        ["Is anybody there?"]
    );
    shop.write(&priya, TICKET, "public", "Yes, here").await;
    let answer = page
        .until(|frame| frame["message"]["text"] == "Yes, here")
        .await;
    page.say(json!({"type": "read", "upto": answer["message"]["id"]}))
        .await;
    let read = page
        .until(|frame| frame["type"] == "message" && frame["message"]["delivery"] == "read")
        .await;
    assert_eq!(read["message"]["text"], "Yes, here");
}
