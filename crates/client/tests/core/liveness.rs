//! What comes over the live socket, and what should not.

use crate::fake::{
    Desk, Fake, Live, Machine, NOW, at, changes, changes_after, following, following_from, frame,
    moment, page, refused, until,
};
use deskhand_protocol::{
    calls::{CallCode, Calls},
    live::close,
    view::{Connection, Nothing},
};
use serde_json::json;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Message;

/// A gateway whose sync is one page.
async fn small(live: Vec<Live>) -> Fake {
    Fake::start(live, |_, _| page("e", None)).await
}

async fn live(desk: &Desk) {
    until("the feed to be live", async || {
        (desk.connection().await.state == Connection::Live).then_some(())
    })
    .await;
}

async fn asked(fake: &Fake, what: &str, times: usize) {
    until(what, async || (fake.asked(what) >= times).then_some(())).await;
}

#[tokio::test]
async fn a_frame_of_an_unknown_kind_is_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let fake = small(vec![Live::Say(vec![
        following("e", 2),
        frame(json!({"type": "weather", "rain": true})),
        changes("c2", 2),
    ])])
    .await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    live(&desk).await;
    assert_eq!(
        fake.asked("follow live-e"),
        1,
        "one connection: {:?}",
        fake.log()
    );
    desk.client.stop().await;
}

#[tokio::test]
async fn a_frame_that_overtakes_the_first_one_does_not_move_the_cursor() {
    let folder = tempfile::tempdir().expect("a folder");
    let overtaken = vec![following_from("e", 1, 3), changes_after(2, "c3", 3)];
    let in_order = vec![
        following_from("e", 1, 3),
        changes_after(1, "c2", 2),
        changes_after(2, "c3", 3),
    ];
    let fake = small(vec![Live::Say(overtaken), Live::Say(in_order)]).await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    live(&desk).await;
    assert_eq!(
        (fake.asked("follow live-e"), fake.asked("follow c3")),
        (2, 0),
        "it goes on where it was: {:?}",
        fake.log()
    );
    desk.client.stop().await;
}

#[tokio::test]
async fn after_garbage_the_feed_goes_on_at_its_cursor() {
    let folder = tempfile::tempdir().expect("a folder");
    for garbage in [
        Message::text("{"),
        Message::binary(vec![1, 2, 3]),
        frame(json!({"type": "changes", "changes": 7})),
        // More than is taken at once.
        Message::text("x".repeat(17 * 1024 * 1024)),
    ] {
        let bad = vec![following("e", 9), changes("c1", 1), garbage];
        let good = vec![following("e", 9), changes("c9", 9)];
        let fake = small(vec![Live::Say(bad), Live::Say(good)]).await;
        let at = folder.path().join(fake.address[7..].replace(':', "-"));
        let desk = Desk::signed_in(&at, &fake).await;
        asked(&fake, "follow c1", 1).await;
        live(&desk).await;
        assert_eq!(
            fake.asked("GET /v1/sync"),
            1,
            "no new copy: {:?}",
            fake.log()
        );
        desk.client.stop().await;
    }
}

#[tokio::test]
async fn garbage_that_comes_again_is_gone_round_by_a_new_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let bad = || Live::Say(vec![following("e", 9), Message::text("[")]);
    let good = vec![following("e", 9), changes("c9", 9)];
    let fake = small(vec![bad(), bad(), Live::Say(good)]).await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    until("words for it", async || {
        let problem = desk.connection().await.problem?;
        (problem.code == CallCode::NotAGateway).then_some(())
    })
    .await;
    asked(&fake, "GET /v1/sync", 2).await;
    live(&desk).await;
    desk.client.stop().await;
}

#[tokio::test]
async fn a_cursor_that_means_nothing_to_the_gateway_leads_to_a_new_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    // It says so; it has another history; its history is shorter than what was seen of it.
    let said = vec![Live::Close(close::RESYNC)];
    let other = vec![Live::Say(vec![following("another", 1)])];
    let shorter = vec![
        Live::Say(vec![
            following("e", 9),
            changes("c9", 9),
            Message::Close(None),
        ]),
        Live::Say(vec![following("e", 4)]),
    ];
    for (name, mut script) in [("said", said), ("other", other), ("shorter", shorter)] {
        script.push(Live::Say(vec![following("e", 3), changes("c3", 3)]));
        let fake = small(script).await;
        let desk = Desk::signed_in(&folder.path().join(name), &fake).await;
        asked(&fake, "GET /v1/sync", 2).await;
        live(&desk).await;
        desk.client.stop().await;
    }
}

#[tokio::test]
async fn history_goes_on_where_it_was_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Arc::new(Machine::default());
    let open = || Live::Say(vec![following("e", 0)]);
    let broken = std::sync::atomic::AtomicBool::new(true);
    let fake = Fake::start(vec![open(), open()], move |line, _| match line {
        "GET /v1/sync" => page("e", Some("p1")),
        "GET /v1/sync?after=p1" => page("e", Some("p2")),
        "GET /v1/sync?after=p2" if broken.swap(false, std::sync::atomic::Ordering::Relaxed) => {
            refused(503, "unavailable", "retry-after: 3600\r\n", json!([]))
        }
        _ => page("e", None),
    })
    .await;
    let desk = Desk::start(folder.path(), &host).await;
    desk.sign_in(&fake).await;
    // What came before the refusal is stored when the refusal is heard.
    until("the refusal", async || desk.connection().await.problem).await;
    assert_eq!(fake.asked("GET /v1/sync?after=p2"), 1, "{:?}", fake.log());
    desk.client.stop().await;

    let desk = Desk::start(folder.path(), &host).await;
    desk.client.boot(Nothing {}).await.expect("booted");
    until("all of the history", async || {
        (desk.connection().await.history == 100).then_some(())
    })
    .await;
    assert_eq!(fake.asked("GET /v1/sync"), 1, "{:?}", fake.log());
    assert_eq!(fake.asked("GET /v1/sync?after=p1"), 1, "{:?}", fake.log());
    assert_eq!(fake.asked("GET /v1/sync?after=p2"), 2, "{:?}", fake.log());
    desk.client.stop().await;
}

#[tokio::test]
async fn a_gateway_that_is_full_is_left_alone_as_long_as_it_wants() {
    let folder = tempfile::tempdir().expect("a folder");
    let date =
        "date: Sun, 06 Nov 1994 12:00:00 GMT\r\nretry-after: Sun, 06 Nov 1994 12:10:00 GMT\r\n";
    for (name, wish) in [("seconds", "retry-after: 600\r\n"), ("date", date)] {
        let fake = small(vec![Live::Refuse(503, wish.to_owned())]).await;
        let desk = Desk::signed_in(&folder.path().join(name), &fake).await;
        let retry_at = until("the next attempt", async || {
            desk.connection().await.retry_at
        })
        .await;
        let wait = (retry_at - moment(NOW)).num_seconds();
        assert!((600..=601).contains(&wait), "{name}: {wait}");
        desk.client.stop().await;

        let headers = wish.to_owned();
        let fake = Fake::start(vec![], move |_, _| {
            refused(503, "unavailable", &headers, json!([]))
        })
        .await;
        let desk = Desk::signed_in(&folder.path().join(format!("{name}-sync")), &fake).await;
        let retry_at = until("the next attempt", async || {
            desk.connection().await.retry_at
        })
        .await;
        let wait = (retry_at - moment(NOW)).num_seconds();
        assert!((600..=601).contains(&wait), "{name} at the sync: {wait}");
        desk.client.stop().await;
    }
}

#[tokio::test]
async fn after_a_sleep_the_pause_is_over_and_old_words_do_not_make_the_copy_current() {
    let folder = tempfile::tempdir().expect("a folder");
    let fake = small(vec![
        Live::Refuse(503, "retry-after: 3000\r\n".into()),
        Live::Say(vec![following("e", 2), changes("c2", 2)]),
    ])
    .await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    until("the pause", async || desk.connection().await.retry_at).await;
    *desk.clock.0.lock().expect("the clock") += 3600;
    live(&desk).await;
    let as_of = desk.connection().await.current_as_of;
    assert_eq!(as_of, Some(moment(NOW + 3600)), "of now, not {}", at(NOW));
    desk.client.stop().await;
}
