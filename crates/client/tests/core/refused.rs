//! Operations that the gateway does not take: refused for good, not now, or not understood. Nothing
//! is lost, and the agent sees which.

use crate::{
    fake::{Answer, Desk, Fake, Live, Machine, following, id, ok, page_of, refused, until},
    held::{shop, ticket},
};
use deskhand_domain::{OpId, TicketId};
use deskhand_protocol::{
    calls::{CallCode, Calls},
    view::{AddNote, Boot, Connection, Nothing, OpRef, OutboxItem, OutboxState, TicketRef},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

async fn note(desk: &Desk, ticket: u128) -> OpId {
    let note = AddNote {
        ticket: TicketId(id(ticket)),
        text: "It came.".into(),
    };
    desk.client.add_note(note).await.expect("stored")
}

async fn outbox(desk: &Desk) -> Vec<OutboxItem> {
    desk.client.outbox(Nothing {}).await.expect("an outbox")
}

async fn state(desk: &Desk, op: OpId) -> Option<OutboxState> {
    let mut items = outbox(desk).await.into_iter();
    items.find(|item| item.op == op).map(|item| item.state)
}

async fn sent(desk: &Desk, op: OpId) {
    until("it to be sent", async || {
        (state(desk, op).await? == OutboxState::Sent).then_some(())
    })
    .await;
}

fn added() -> Answer {
    let message = json!({"id": id(30), "ticket": id(1), "kind": "note",
        "author": {"kind": "account", "id": id(77)}, "channel": "email", "text": "It came.",
        "sent_at": crate::fake::at(crate::fake::NOW), "delivery": null, "attachments": []});
    ok(json!({"message": message, "ticket": ticket()}))
}

/// How a gateway answers.
type Answering = Box<dyn Fn() -> Answer + Send + Sync>;

#[tokio::test]
async fn what_is_refused_for_good_waits_for_a_person_with_the_gateways_words_and_stops_no_other() {
    for (status, code) in [
        (400, "invalid"),
        (403, "forbidden"),
        (404, "not_found"),
        (409, "conflict"),
        (413, "too_large"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let first = format!("POST /v1/tickets/{}/messages", id(1));
        let poisoned = first.clone();
        let fake = shop(move |line, _| match line == poisoned {
            true => refused(status, code, "", json!([])),
            false => added(),
        })
        .await;
        let desk = Desk::signed_in(folder.path(), &fake).await;
        let (bad, behind, other) = (
            note(&desk, 1).await,
            note(&desk, 1).await,
            note(&desk, 2).await,
        );
        sent(&desk, other).await;
        let reason = until("it to be refused", async || {
            match state(&desk, bad).await? {
                OutboxState::Parked { reason } => Some(reason),
                _ => None,
            }
        })
        .await;
        assert_eq!(reason, format!("because of {code}"), "{status}");
        assert_eq!(
            state(&desk, behind).await,
            Some(OutboxState::Waiting),
            "{status}: in order"
        );
        assert_eq!(fake.asked(&first), 1, "{status}: not asked again by itself");

        desk.client
            .retry_op(OpRef { op: bad })
            .await
            .expect("retried");
        until("another try", async || {
            (fake.asked(&first) > 1).then_some(())
        })
        .await;
        until("the answer", async || match state(&desk, bad).await? {
            OutboxState::Parked { .. } => Some(()),
            _ => None,
        })
        .await;
        desk.client
            .discard_op(OpRef { op: bad })
            .await
            .expect("given up");
        assert_eq!(state(&desk, bad).await, None, "{status}: it is gone");
        desk.client.stop().await;
    }
}

#[tokio::test]
async fn what_may_pass_is_sent_again_until_it_is_taken() {
    let strange = |status, body: Value| Answer {
        status,
        headers: String::new(),
        body,
    };
    let soon = "retry-after: 1\r\n";
    let cases: [(&str, Answering); 7] = [
        (
            "429",
            Box::new(move || refused(429, "busy", soon, json!([]))),
        ),
        ("500", Box::new(|| refused(500, "internal", "", json!([])))),
        (
            "503",
            Box::new(move || refused(503, "unavailable", soon, json!([]))),
        ),
        (
            "426",
            Box::new(|| refused(426, "other_version", "", json!([]))),
        ),
        ("garbage", Box::new(move || strange(200, json!("<html>")))),
        (
            "a proxy's 502",
            Box::new(move || strange(502, json!("<html>"))),
        ),
        (
            "a proxy's 403",
            Box::new(move || strange(403, json!("<html>"))),
        ),
    ];
    for (name, answer) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let times = AtomicUsize::new(0);
        let fake = shop(move |line, _| {
            if !line.starts_with("POST") || times.fetch_add(1, Ordering::SeqCst) > 0 {
                return added();
            }
            answer()
        })
        .await;
        let desk = Desk::signed_in(folder.path(), &fake).await;
        let op = note(&desk, 1).await;
        until(name, async || {
            desk.client.connect_now(Nothing {}).await.expect("hurried");
            (state(&desk, op).await? == OutboxState::Sent).then_some(())
        })
        .await;
        let path = format!("POST /v1/tickets/{}/messages", id(1));
        assert_eq!(fake.asked(&path), 2, "{name}: {:?}", fake.log());
        desk.client.stop().await;
    }
}

#[tokio::test]
async fn a_desktop_of_another_version_keeps_its_outbox_reads_on_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Arc::new(Machine::default());
    let old = || refused(426, "other_version", "", json!([]));
    let updated = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&updated);
    let fake = Fake::start(
        vec![
            Live::Refuse(426, String::new()),
            Live::Refuse(426, String::new()),
            Live::Say(vec![following("e", 1)]),
        ],
        move |line, _| match line {
            "GET /v1/sync" => {
                let change =
                    json!({"position": 1, "record": {"kind": "ticket", "value": ticket()}});
                page_of("e", None, json!([change]))
            }
            _ if now.load(Ordering::SeqCst) == 0 => old(),
            _ => added(),
        },
    )
    .await;
    let desk = Desk::start(folder.path(), &host).await;
    desk.sign_in(&fake).await;
    let problem = until("words for it", async || desk.connection().await.problem).await;
    assert_eq!(problem.code, CallCode::OtherVersion);
    assert_eq!(desk.connection().await.state, Connection::Offline);
    let which = TicketRef {
        ticket: TicketId(id(1)),
    };
    desk.client.ticket(which).await.expect("it is read on");
    let op = note(&desk, 1).await;
    until("a try", async || {
        let path = format!("POST /v1/tickets/{}/messages", id(1));
        (fake.asked(&path) > 0).then_some(())
    })
    .await;
    desk.client.stop().await;

    // The update: the program is another one, the folder and the keychain are the same.
    updated.store(1, Ordering::SeqCst);
    let desk = Desk::start(folder.path(), &host).await;
    let booted = desk.client.boot(Nothing {}).await.expect("booted");
    assert!(matches!(booted, Boot::Shop(_)), "{booted:?}");
    until("what waited to be sent", async || {
        desk.client.connect_now(Nothing {}).await.expect("hurried");
        (state(&desk, op).await? == OutboxState::Sent).then_some(())
    })
    .await;
    desk.client.stop().await;
}
