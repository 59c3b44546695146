//! The live socket of desktops, over real sockets.

use crate::kit::{Shop, Socket, TICKET, live_ticket, ticket};
use axum::http::StatusCode;
use deskhand_gateway::{config::Period, testing::id};
use deskhand_protocol::live::close;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    net::TcpSocket,
    time::{Instant, interval},
};

async fn desktop(shop: &Shop, address: &str, name: &str) -> (Socket, String) {
    let token = shop.sign_in(name).await;
    let live = shop.get("/v1/sync", &token).await.json()["live"].clone();
    let mut socket = Socket::connect(address, "/v1/live", &token)
        .await
        .expect("a socket");
    socket.say(json!({"type": "follow", "cursor": live})).await;
    let first = socket.next().await.expect("a frame");
    assert_eq!(first["type"], "following");
    (socket, token)
}

fn is_change_of(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |frame| {
        frame["type"] == "changes"
            && frame["changes"].as_array().is_some_and(|changes| {
                changes
                    .iter()
                    .any(|change| change["record"]["kind"] == kind)
            })
    }
}

#[tokio::test]
async fn what_one_agent_writes_all_desktops_get_as_the_same_frame() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let (mut priya, token) = desktop(&shop, &address, "priya").await;
    let (mut mette, _) = desktop(&shop, &address, "mette").await;
    let added = shop.write(&token, TICKET, "public", "On its way").await;
    let (one, two) = (
        priya.until(is_change_of("message")).await,
        mette.until(is_change_of("message")).await,
    );
    assert_eq!(one, two);
    let changes = one["changes"].as_array().expect("changes");
    assert_eq!(changes.len(), 2, "the ticket and its message, in one frame");
    assert_eq!(changes[1]["record"]["value"], added["message"]);
    assert_eq!(changes[1]["position"], one["upto"]);
}

#[tokio::test]
async fn a_desktop_that_was_away_goes_on_from_its_cursor() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let (mut socket, token) = desktop(&shop, &address, "priya").await;
    shop.write(&token, TICKET, "note", "one").await;
    let cursor = socket.until(is_change_of("message")).await["cursor"].clone();
    drop(socket);
    for text in ["two", "three"] {
        shop.write(&token, TICKET, "note", text).await;
    }
    let mut socket = Socket::connect(&address, "/v1/live", &token)
        .await
        .expect("a socket");
    socket
        .say(json!({"type": "follow", "cursor": cursor}))
        .await;
    let missed = socket.until(is_change_of("ticket")).await;
    let kinds: Vec<&Value> = missed["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|change| &change["record"]["kind"])
        .collect();
    assert_eq!(
        kinds,
        ["message", "ticket", "message"],
        "the ticket once, as it is now"
    );
}

#[tokio::test]
async fn typing_and_reading_are_told_and_forgotten() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let (mut priya, token) = desktop(&shop, &address, "priya").await;
    let (mut mette, _) = desktop(&shop, &address, "mette").await;
    let place = id(5, 1);
    priya.say(json!({"type": "reading", "ticket": place})).await;
    let reading = mette.until(|frame| frame["type"] == "reading").await;
    assert_eq!(reading["accounts"], json!([id(1, 1)]));
    let seen = shop.get(TICKET, &token).await.json();
    assert_ne!(seen["seen_at"], Value::Null, "an unread ticket is seen now");
    priya
        .say(json!({"type": "typing", "ticket": place, "typing": true}))
        .await;
    let typing = mette.until(|frame| frame["type"] == "typing").await;
    assert_eq!(
        (&typing["account"], &typing["typing"]),
        (&json!(id(1, 1)), &json!(true))
    );
    let (mut late, _) = desktop(&shop, &address, "aino").await;
    let reading = late.until(|frame| frame["type"] == "reading").await;
    assert_eq!(
        reading["accounts"],
        json!([id(1, 1)]),
        "also who comes later"
    );
    drop(priya);
    let typing = mette.until(|frame| frame["type"] == "typing").await;
    assert_eq!(typing["typing"], false, "who is gone does not write");
    let reading = mette.until(|frame| frame["type"] == "reading").await;
    assert_eq!(reading["accounts"], json!([]));
}

#[tokio::test]
async fn sockets_end_with_the_reason() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let token = shop.sign_in("priya").await;
    for wrong in ["", "wrong"] {
        let refused = Socket::connect(&address, "/v1/live", wrong).await;
        assert_eq!(refused.err(), Some(401));
    }
    let end_of = async |first: &str| {
        let mut socket = Socket::connect(&address, "/v1/live", &token)
            .await
            .expect("a socket");
        socket.raw(first).await;
        socket.ended().await
    };
    assert_eq!(
        end_of(r#"{"type":"follow","cursor":"garbled"}"#).await,
        close::RESYNC
    );
    let other = deskhand_gateway::feed::write_cursor(&json!({"epoch": "other", "upto": 1}));
    let follow = json!({"type": "follow", "cursor": other}).to_string();
    assert_eq!(end_of(&follow).await, close::RESYNC);
    assert_eq!(
        end_of(r#"{"type":"reading","ticket":null}"#).await,
        close::BAD_FRAME
    );
    assert_eq!(end_of("not json").await, close::BAD_FRAME);
    assert_eq!(end_of(&"x".repeat(20_000)).await, close::BAD_FRAME);
    assert_eq!(
        end_of(r#"{"type":"follow","cursor":"x","more":1}"#).await,
        close::BAD_FRAME
    );
    let (mut signed_out, token) = desktop(&shop, &address, "priya").await;
    let (mut stopped, _) = desktop(&shop, &address, "mette").await;
    let gone = crate::kit::request("DELETE", "/v1/session", &token, None);
    shop.ask(gone).await;
    assert_eq!(signed_out.ended().await, close::SIGNED_OUT);
    let stop = shop.state.tasks.stop(Duration::from_secs(5));
    let (all_ended, code) = tokio::join!(stop, stopped.ended());
    assert_eq!(code, close::GOING_AWAY);
    assert!(all_ended, "every task ended");
}

#[tokio::test]
async fn an_auditors_socket_tells_nothing_personal() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let (mut auditor, _) = desktop(&shop, &address, "otto").await;
    let (mut priya, token) = desktop(&shop, &address, "priya").await;
    priya
        .say(json!({"type": "typing", "ticket": id(5, 1), "typing": true}))
        .await;
    shop.write(&token, &ticket(2), "public", "Hello").await;
    priya.until(is_change_of("message")).await;
    let frame = auditor.next().await.expect("a frame");
    assert_eq!(
        (&frame["type"], &frame["changes"]),
        (&json!("changes"), &json!([]))
    );
    auditor
        .say(json!({"type": "reading", "ticket": id(5, 1)}))
        .await;
    let beat = auditor.next().await.expect("a frame");
    assert_eq!(
        beat["type"], "heartbeat",
        "no typing, no reading; but it lives"
    );
    assert_eq!(beat["head"], frame["upto"]);
}

#[tokio::test]
async fn who_floods_the_others_is_cut_off() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let (mut priya, _) = desktop(&shop, &address, "priya").await;
    let (mut mette, _) = desktop(&shop, &address, "mette").await;
    for turn in 0..300 {
        let frame = json!({"type": "typing", "ticket": id(5, 1), "typing": turn % 2 == 0});
        if !priya.try_say(frame).await {
            break;
        }
    }
    assert_eq!(priya.ended().await, 1008);
    let beat = mette.until(|frame| frame["type"] == "heartbeat").await;
    assert_ne!(beat["head"], 0, "the others go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_cut_off_and_catches_up_later() {
    let stall = Duration::from_secs(1);
    let shop = Shop::open_with(|config| config.door.stall_timeout = Period(stall)).await;
    let (address, tally) = shop.open_door().await;
    let token = shop.sign_in("mette").await;
    let cursor = shop.get("/v1/sync", &token).await.json()["live"].clone();
    let follow = json!({"type": "follow", "cursor": cursor});
    let small = TcpSocket::new_v4().expect("a socket");
    small.set_recv_buffer_size(4 * 1024).expect("a buffer");
    let deaf = small.connect(address).await.expect("a connection");
    let pass = live_ticket(&address.to_string(), &token)
        .await
        .expect("a ticket");
    let mut deaf = Socket::over(deaf, "/v1/live", &pass)
        .await
        .expect("a socket");
    deaf.say(follow.clone()).await;
    // More than a frame has, and than the systems keep between the two.
    let (notes, path) = (80, format!("{}/messages", ticket(1)));
    let note = json!({"kind": "note", "text": "x".repeat(20_000)});
    let mut last = Value::Null;
    for _ in 0..notes {
        let answer = shop.send("POST", &path, &token, note.clone()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        last = answer.json()["message"]["id"].clone();
    }
    let began = Instant::now();
    let mut look = interval(Duration::from_millis(20));
    while tally.slow_reader.get() == 0 {
        assert!(began.elapsed() < stall * 15, "it was not cut off");
        look.tick().await;
    }
    let mut again = Socket::connect(&address.to_string(), "/v1/live", &token)
        .await
        .expect("a socket");
    again.say(follow).await;
    let (mut frames, mut found) = (0, false);
    while !found {
        let frame = again.until(|frame| frame["type"] == "changes").await;
        let changes = frame["changes"].as_array().expect("changes");
        found = changes
            .iter()
            .any(|change| change["record"]["value"]["id"] == last);
        frames += 1;
    }
    assert_eq!(
        frames, 2,
        "what is too much for one frame comes in two: {notes} notes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_reaches_another_desktop_at_once() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let (_, token) = desktop(&shop, &address, "priya").await;
    let (mut mette, _) = desktop(&shop, &address, "mette").await;
    let mut took = Vec::new();
    for _ in 0..100 {
        let sent = tokio::time::Instant::now();
        shop.write(&token, TICKET, "note", "hello").await;
        mette.until(is_change_of("message")).await;
        took.push(sent.elapsed());
    }
    took.sort();
    println!("request to frame: p50 {:?}, p99 {:?}", took[50], took[98]);
    assert_eq!(took.len(), 100, "each commit came as a frame of its own");
}
