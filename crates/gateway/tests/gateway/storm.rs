//! Many desktops at once, and cursors that this gateway never gave.

use crate::kit::{Shop, Socket, TICKET};
use deskhand_domain::{Message, MessageId};
use deskhand_gateway::{
    admission::Admission,
    app::{self, State},
    feed::{LiveCursor, read_cursor, write_cursor},
    store::{StoreError, Tx},
    testing::id,
};
use deskhand_protocol::{live::close, problem::Code};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

const DESKTOPS: usize = 500;
/// Half of it already is far too long for a team to notice a restart.
const LIMIT: Duration = Duration::from_secs(20);

async fn live_cursor(shop: &Shop, token: &str) -> Value {
    shop.get("/v1/sync", token).await.json()["live"].clone()
}

/// Connects and reads until everything up to a position was received.
async fn catches_up(address: &str, token: &str, cursor: &Value, upto: i64) -> Socket {
    let mut socket = Socket::connect(address, "/v1/live", token)
        .await
        .expect("a socket");
    socket
        .say(json!({"type": "follow", "cursor": cursor}))
        .await;
    socket
        .until(|frame| frame["upto"].as_i64().is_some_and(|at| at >= upto))
        .await;
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_desktops_come_back_at_once_and_all_are_live() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let token = shop.sign_in("priya").await;
    shop.write(&token, TICKET, "note", "before").await;
    let cursor = live_cursor(&shop, &token).await;
    let mut cursor: LiveCursor =
        read_cursor(cursor.as_str().expect("a cursor")).expect("a cursor of this gateway");
    cursor.upto = *shop.state.store.head().borrow() - 1;
    let cursor = json!(write_cursor(&cursor));
    let head = *shop.state.store.head().borrow();
    let connect = (0..DESKTOPS).map(|_| catches_up(&address, &token, &cursor, head));
    let mut desktops = join_all(connect).await;
    let stop = shop.state.tasks.stop(Duration::from_secs(30));
    let told = join_all(desktops.iter_mut().map(Socket::ended));
    let (all_ended, codes) = tokio::join!(stop, told);
    assert!(all_ended, "every task ended");
    assert!(
        codes.iter().all(|code| *code == close::GOING_AWAY),
        "{codes:?}"
    );
    shop.state.store.close().await;
    drop(desktops);

    let shop = shop.reopen().await;
    let address = shop.listen().await;
    for number in 0..5 {
        shop.write(&token, TICKET, "note", &format!("meanwhile {number}"))
            .await;
    }
    let head = *shop.state.store.head().borrow();
    let began = tokio::time::Instant::now();
    let reconnect = (0..DESKTOPS).map(|_| catches_up(&address, &token, &cursor, head));
    let mut desktops = join_all(reconnect).await;
    let caught_up = began.elapsed();
    shop.write(&token, TICKET, "note", "and now").await;
    let head = *shop.state.store.head().borrow();
    let hear = desktops.iter_mut().map(|socket| {
        socket.until(move |frame| frame["upto"].as_i64().is_some_and(|at| at >= head))
    });
    join_all(hear).await;
    let live = began.elapsed();
    println!("{DESKTOPS} desktops: caught up after {caught_up:?}, live after {live:?}");
    assert!(live < LIMIT, "{live:?}");
}

#[tokio::test]
async fn who_finds_the_line_full_is_told_when_to_come_back() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let admission = Admission::new(1, 1, Duration::from_millis(50));
    let small = Shop {
        app: app::app(State {
            admission: admission.clone(),
            ..shop.state.clone()
        }),
        ..shop
    };
    let turn = admission.turn().await.expect("the first turn");
    let waited = small.get("/v1/sync", &token).await;
    assert_eq!(
        waited.problem().code,
        Code::Unavailable,
        "in line for too long"
    );
    let (one, two) = tokio::join!(small.get("/v1/sync", &token), small.get("/v1/sync", &token));
    for refused in [one, two] {
        let seconds = refused.headers["retry-after"].to_str().expect("text");
        let seconds: u32 = seconds.parse().expect("a number");
        assert!((1..=5).contains(&seconds), "{seconds}");
        assert!(refused.problem().detail.contains("nothing is lost"));
    }
    let address = small.listen().await;
    let cursor = {
        drop(turn);
        live_cursor(&small, &token).await
    };
    let _turn = admission.turn().await.expect("a turn");
    let mut socket = Socket::connect(&address, "/v1/live", &token)
        .await
        .expect("a place in line");
    socket
        .say(json!({"type": "follow", "cursor": cursor}))
        .await;
    assert_eq!(
        socket.ended().await,
        close::GOING_AWAY,
        "its turn did not come"
    );
    let waiting = admission.turn();
    let connect = Socket::connect(&address, "/v1/live", &token);
    let (_, refused) = tokio::join!(waiting, connect);
    assert_eq!(refused.err(), Some(503), "not even a place in line");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_slowly_keeps_nobody_waiting() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let before = live_cursor(&shop, &token).await;
    shop.state
        .store
        .write(|tx| Box::pin(much_text(tx)))
        .await
        .expect("a write");
    let recent = live_cursor(&shop, &token).await;
    shop.write(&token, TICKET, "note", "the newest").await;
    let head = *shop.state.store.head().borrow();
    let one_by_one = Shop {
        app: app::app(State {
            admission: Admission::new(1, 10, Duration::from_secs(5)),
            ..shop.state.clone()
        }),
        ..shop
    };
    let address = one_by_one.listen().await;
    let mut slow = Socket::connect(&address, "/v1/live", &token)
        .await
        .expect("a socket");
    slow.say(json!({"type": "follow", "cursor": before})).await;
    assert_eq!(slow.next().await.expect("a frame")["type"], "following");
    // It reads nothing more: 16 MB are more than the sockets between take.
    for _ in 0..3 {
        catches_up(&address, &token, &recent, head).await;
    }
}

async fn much_text(tx: &mut Tx) -> Result<(), StoreError> {
    let found = tx.get::<Message>(id(6, 3)).await?.expect("a message");
    let notes: Vec<Message> = (0..800)
        .map(|number| Message {
            id: MessageId(id(9, number)),
            text: "x".repeat(20_000),
            ..found.clone()
        })
        .collect();
    tx.put(&notes).await
}

#[tokio::test]
async fn a_cursor_this_gateway_never_gave_means_sync_again() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    let address = shop.listen().await;
    let token = shop.sign_in("priya").await;
    let elsewhere = other.sign_in("priya").await;
    let end_of = async |cursor: Value| {
        let mut socket = Socket::connect(&address, "/v1/live", &token)
            .await
            .expect("a socket");
        socket
            .say(json!({"type": "follow", "cursor": cursor}))
            .await;
        socket.ended().await
    };
    let mine = live_cursor(&shop, &token).await;
    let parsed: LiveCursor = read_cursor(mine.as_str().expect("text")).expect("a cursor");
    let at = |upto| {
        json!(write_cursor(&LiveCursor {
            upto,
            ..parsed.clone()
        }))
    };
    let next = shop.get("/v1/sync", &token).await.json()["next"].clone();
    let theirs = live_cursor(&other, &elsewhere).await;
    for cursor in [
        at(parsed.upto + 1),
        at(i64::MAX),
        at(-1),
        theirs,
        next.clone(),
    ] {
        assert_eq!(end_of(cursor.clone()).await, close::RESYNC, "{cursor}");
    }
    for garbage in ["", "%%%", "e30", "bnVsbA", &"A".repeat(5_000)] {
        assert_eq!(end_of(json!(garbage)).await, close::RESYNC, "{garbage}");
    }

    let of = async |cursor: &str| {
        let path = format!("/v1/sync?after={cursor}");
        let problem = shop.get(&path, &token).await.problem();
        (problem.status, problem.code)
    };
    let again = (409, Code::Conflict);
    let mut future: Value = read_cursor(next.as_str().expect("text")).expect("a cursor");
    for head in [parsed.upto + 1, i64::MAX, -1] {
        future["at"]["head"] = json!(head);
        assert_eq!(of(&write_cursor(&future)).await, again, "{head}");
    }
    let theirs = other.get("/v1/sync", &elsewhere).await.json()["next"].clone();
    assert_eq!(of(theirs.as_str().expect("text")).await, again);
    for garbage in [mine.as_str().expect("text"), "e30", "bnVsbA", "x"] {
        assert_eq!(of(garbage).await, (400, Code::Invalid), "{garbage}");
    }
}
