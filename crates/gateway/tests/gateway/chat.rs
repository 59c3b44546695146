//! The web chat: what the customer's page gets, and what it never gets.

use crate::kit::{Shop, Socket, request};
use axum::http::{StatusCode, header};
use deskhand_gateway::testing::id;
use deskhand_protocol::{live::close, problem::Code};
use serde_json::{Value, json};
use uuid::Uuid;

fn opening() -> Value {
    json!({
        "name": "Ana <b>Lima</b>", "email": "ana1@example.com", "id": Uuid::new_v4(),
        "text": "Where is HP-20001?", "language": "pt-BR"
    })
}

/// Opens a conversation; the token and the path of its ticket.
async fn open(shop: &Shop) -> (String, String) {
    let answer = shop
        .send("POST", "/chat/api/conversations", "", opening())
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let token = answer.json()["token"].as_str().expect("a token").to_owned();
    let agent = shop.sign_in("priya").await;
    let newest = shop
        .get("/v1/tickets?limit=1&status=open", &agent)
        .await
        .json();
    let ticket = newest["items"][0]["id"].as_str().expect("a ticket");
    (token, format!("/v1/tickets/{ticket}"))
}

async fn page(address: &str, token: &str) -> (Socket, Value) {
    let mut socket = Socket::connect(address, "/chat/live", "")
        .await
        .expect("a socket");
    socket.say(json!({"type": "hello", "token": token})).await;
    let first = socket.next().await.expect("a frame");
    assert_eq!(first["type"], "conversation");
    (socket, first["conversation"].clone())
}

#[tokio::test]
async fn a_conversation_runs_both_ways() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let (token, ticket) = open(&shop).await;
    let agent = shop.sign_in("priya").await;
    let opened = shop.get(&ticket, &agent).await.json();
    assert_eq!(
        opened["customer"],
        json!(id(2, 1)),
        "Ana is known by her address"
    );
    assert_eq!(opened["order"], json!(id(3, 1)));
    assert_eq!(
        (&opened["identity"], &opened["language"]),
        (&json!("claimed"), &json!("pt"))
    );
    let (mut socket, conversation) = page(&address, &token).await;
    assert_eq!(conversation["messages"][0]["text"], "Where is HP-20001?");
    assert_eq!(conversation["name"], "Ana <b>Lima</b>", "a name is text");
    let live = shop.get("/v1/sync", &agent).await.json()["live"].clone();
    let mut desk = Socket::connect(&address, "/v1/live", &agent)
        .await
        .expect("a socket");
    desk.say(json!({"type": "follow", "cursor": live})).await;
    desk.until(|frame| frame["type"] == "following").await;

    desk.say(json!({"type": "reading", "ticket": opened["id"]}))
        .await;
    let seen = socket.until(|frame| frame["type"] == "message").await;
    assert_eq!(
        (&seen["message"]["mine"], &seen["message"]["seen"]),
        (&json!(true), &json!(true))
    );
    desk.say(json!({"type": "typing", "ticket": opened["id"], "typing": true}))
        .await;
    let typing = socket.until(|frame| frame["type"] == "typing").await;
    assert_eq!(
        (&typing["from"], &typing["typing"]),
        (&json!("Priya"), &json!(true))
    );

    shop.write(&agent, &ticket, "note", "she sounds worried")
        .await;
    let added = shop.write(&agent, &ticket, "public", "Tomorrow!").await;
    let message = socket.until(|frame| frame["type"] == "message").await["message"].clone();
    assert_eq!(
        (&message["text"], &message["from"]),
        (&json!("Tomorrow!"), &json!("Priya"))
    );
    let delivered = |how: &'static str| {
        move |frame: &Value| frame["type"] == "message" && frame["message"]["delivery"] == how
    };
    socket.until(delivered("delivered")).await;
    socket
        .say(json!({"type": "read", "upto": added["message"]["id"]}))
        .await;
    socket.until(delivered("read")).await;

    socket.say(json!({"type": "typing", "typing": true})).await;
    let typing = desk.until(|frame| frame["type"] == "typing").await;
    assert_eq!(
        (&typing["ticket"], &typing["account"]),
        (&opened["id"], &Value::Null)
    );
    let thanks = json!({"id": Uuid::new_v4(), "text": "Thanks"});
    for _ in 0..2 {
        let answer = shop
            .send("POST", "/chat/api/messages", &token, thanks.clone())
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    }
    let mine = socket
        .until(|frame| frame["message"]["text"] == "Thanks")
        .await;
    assert_eq!(mine["message"]["id"], thanks["id"], "the page's own id");
    let reopened = shop.get(&ticket, &agent).await.json();
    assert_eq!(reopened["status"], "open");
    assert_ne!(reopened["due_at"], Value::Null);

    drop(socket);
    let (_, again) = page(&address, &token).await;
    let texts: Vec<&Value> = again["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|m| &m["text"])
        .collect();
    assert_eq!(
        texts,
        ["Where is HP-20001?", "Tomorrow!", "Thanks"],
        "after a reload, no note"
    );
}

#[tokio::test]
async fn the_same_opening_is_one_conversation() {
    let shop = Shop::open().await;
    let body = opening();
    let first = shop
        .send("POST", "/chat/api/conversations", "", body.clone())
        .await;
    let again = shop
        .send("POST", "/chat/api/conversations", "", body.clone())
        .await;
    assert_eq!(
        (first.status, again.status),
        (StatusCode::CREATED, StatusCode::OK)
    );
    assert_eq!(first.json()["messages"], again.json()["messages"]);
    for answer in [first, again] {
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        let found = shop.get("/chat/api/conversation", &token).await;
        assert_eq!(found.json()["messages"].as_array().map(Vec::len), Some(1));
        assert_eq!(found.json().get("token"), None);
    }
    let mut other = body;
    other["text"] = json!("Something else");
    let answer = shop
        .send("POST", "/chat/api/conversations", "", other)
        .await;
    assert_eq!(answer.problem().code, Code::Conflict);
}

#[tokio::test]
async fn what_a_page_sends_wrong_is_named() {
    let shop = Shop::open().await;
    let check = async |field: &str, value: Value, status: u16| {
        let mut body = opening();
        body[field] = value.clone();
        let problem = shop
            .send("POST", "/chat/api/conversations", "", body)
            .await
            .problem();
        let pointer = problem.errors.first().map(|error| error.pointer.clone());
        assert_eq!(
            (problem.status, pointer),
            (status, Some(format!("/{field}"))),
            "{value}"
        );
    };
    check("name", json!("  "), 422).await;
    check("name", json!("x".repeat(201)), 422).await;
    check("email", json!("ana"), 422).await;
    check("text", json!(""), 422).await;
    check("text", json!("x".repeat(20_001)), 422).await;
    check("id", json!("5"), 400).await;
    check("extra", json!(1), 400).await;
}

#[tokio::test]
async fn a_page_without_its_token_gets_nothing() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    for token in ["", "wrong"] {
        let answer = shop.get("/chat/api/conversation", token).await;
        assert_eq!(answer.problem().code, Code::SignedOut);
    }
    let mut socket = Socket::connect(&address, "/chat/live", "")
        .await
        .expect("a socket");
    socket.say(json!({"type": "hello", "token": "wrong"})).await;
    assert_eq!(socket.ended().await, close::SIGNED_OUT);
    let agent = shop.sign_in("priya").await;
    let answer = shop.get("/chat/api/conversation", &agent).await;
    assert_eq!(
        answer.problem().code,
        Code::SignedOut,
        "an agent is no visitor"
    );
    let (visitor, _) = open(&shop).await;
    let answer = shop.get("/v1/tickets", &visitor).await;
    assert_eq!(
        answer.problem().code,
        Code::SignedOut,
        "a visitor is no agent"
    );
}

#[tokio::test]
async fn who_writes_too_much_waits() {
    let shop = Shop::open().await;
    let (token, _) = open(&shop).await;
    let send = async || {
        let body = json!({"id": Uuid::new_v4(), "text": "again"});
        shop.send("POST", "/chat/api/messages", &token, body).await
    };
    for _ in 0..20 {
        assert_eq!(send().await.status, StatusCode::CREATED);
    }
    let answer = send().await;
    assert_eq!(answer.problem().code, Code::Busy);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    shop.state.clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(send().await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn pages_run_only_our_own_files() {
    let shop = Shop::open().await;
    for (path, ancestors) in [
        ("/chat/", "frame-ancestors *"),
        ("/chat/demo", "frame-ancestors 'none'"),
    ] {
        let answer = shop.ask(request("GET", path, "", None)).await;
        assert_eq!(answer.status, StatusCode::OK);
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .expect("text");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
        assert!(
            policy.contains(ancestors) && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(
            !answer.body.contains("<script>"),
            "{path} has a script inside"
        );
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    let script = shop.ask(request("GET", "/chat/chat.js", "", None)).await;
    assert!(
        script.headers[header::CONTENT_TYPE]
            .to_str()
            .expect("text")
            .contains("javascript")
    );
}
