//! Replies to a conversation that went on, and replies that are taken back.

use crate::fake::{Answer, Desk, Fake, Live, NOW, at, following, id, ok, page_of, refused, until};
use deskhand_domain::{OpId, TicketId};
use deskhand_protocol::{
    calls::{CallCode, Calls},
    view::{
        Nothing, OpRef, OutboxAction, OutboxItem, OutboxState, SendReply, Sort, TicketQuery,
        UndoSend, ViewId,
    },
};
use serde_json::{Value, json};

const TICKET: u128 = 1;

pub fn ticket() -> Value {
    json!({"id": id(TICKET), "number": 7, "channel": "email", "subject": "Tent",
        "customer": id(5), "identity": "claimed", "order": null, "assignee": id(77),
        "status": "open", "priority": "normal", "tags": [], "intent": "other", "mood": "neutral",
        "language": "en", "at_stake": null, "escalated": false, "created_at": at(NOW - 900),
        "updated_at": at(NOW - 900), "last_message_at": at(NOW - 900), "snippet": "Where?",
        "waiting_since": at(NOW - 900), "due_at": at(NOW), "seen_at": null,
        "snoozed_until": null, "mentions": []})
}

fn message(number: u128, text: &str) -> Value {
    json!({"id": id(number), "ticket": id(TICKET), "kind": "public",
        "author": {"kind": "customer", "id": id(5)}, "channel": "email", "text": text,
        "sent_at": at(NOW), "delivery": null, "attachments": []})
}

/// A gateway with one ticket, and what it answers besides.
pub async fn shop(answers: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) -> Fake {
    let open = Live::Say(vec![following("e", 1)]);
    Fake::start(vec![open], move |line, body| {
        if line == "GET /v1/sync" {
            let changes = json!([{"position": 1, "record": {"kind": "ticket", "value": ticket()}}]);
            return page_of("e", None, changes);
        }
        answers(line, body)
    })
    .await
}

async fn reply(desk: &Desk, seen: Option<u128>) -> OpId {
    let reply = SendReply {
        ticket: TicketId(id(TICKET)),
        text: "We send another one.".into(),
        seen: seen.map(|seen| id(seen).into()),
        close: true,
        macro_id: None,
        changes: None,
    };
    until("the ticket", async || {
        let which = deskhand_protocol::view::TicketRef {
            ticket: TicketId(id(TICKET)),
        };
        desk.client.ticket(which).await.ok()
    })
    .await;
    desk.client.send_reply(reply).await.expect("queued")
}

async fn outbox(desk: &Desk) -> Vec<OutboxItem> {
    desk.client.outbox(Nothing {}).await.expect("an outbox")
}

async fn in_view(desk: &Desk, view: ViewId) -> u32 {
    let query = TicketQuery {
        view,
        sort: Sort::Clock,
        offset: 0,
        limit: 10,
    };
    desk.client.tickets(query).await.expect("a list").total
}

#[tokio::test]
async fn a_reply_to_a_conversation_that_went_on_is_held_with_what_was_missed_and_goes_when_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let fake = shop(|_, body| {
        if body["seen"] == json!(id(22)) {
            let mut sent = message(30, "We send another one.");
            sent["author"] = json!({"kind": "account", "id": id(77)});
            return ok(json!({"message": sent, "ticket": ticket()}));
        }
        let missed = json!([message(21, "It came."), message(22, "Thanks!")]);
        refused(409, "thread_moved", "", missed)
    })
    .await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    let op = reply(&desk, Some(20)).await;
    let missed = until("it to be held", async || {
        match outbox(&desk).await.pop()?.state {
            OutboxState::Held { missed, .. } => Some(missed),
            _ => None,
        }
    })
    .await;
    let texts: Vec<&str> = missed.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["It came.", "Thanks!"]);
    assert_eq!(in_view(&desk, ViewId::Held).await, 1);
    assert_eq!(
        in_view(&desk, ViewId::MyOpen).await,
        1,
        "the customer still waits"
    );

    desk.client.send_held(OpRef { op }).await.expect("released");
    until("it to be sent", async || {
        (outbox(&desk).await.pop()?.state == OutboxState::Sent).then_some(())
    })
    .await;
    assert_eq!(in_view(&desk, ViewId::Held).await, 0);
    assert_eq!(
        in_view(&desk, ViewId::MyOpen).await,
        0,
        "closed with the reply"
    );
    let again = desk.client.send_held(OpRef { op }).await;
    assert_eq!(again.expect_err("it is sent").code, CallCode::NotFound);
    desk.client.stop().await;
}

#[tokio::test]
async fn a_reply_is_taken_back_from_the_gateway_until_it_is_too_late() {
    let folder = tempfile::tempdir().expect("a folder");
    let late = std::sync::atomic::AtomicBool::new(true);
    let fake = shop(move |line, body| {
        if line.starts_with("DELETE") {
            return if late.swap(false, std::sync::atomic::Ordering::Relaxed) {
                refused(409, "too_late", "", json!([]))
            } else {
                ok(Value::Null)
            };
        }
        let sent = message(30, body["text"].as_str().unwrap_or_default());
        ok(json!({"message": sent, "ticket": ticket()}))
    })
    .await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    let op = reply(&desk, None).await;
    until("it to be sent", async || {
        (outbox(&desk).await.pop()?.state == OutboxState::Sent).then_some(())
    })
    .await;
    let undo = UndoSend {
        ticket: TicketId(id(TICKET)),
        op,
    };
    let first = desk.client.undo_send(undo).await;
    assert_eq!(first.expect_err("too late").code, CallCode::TooLate);
    assert_eq!(outbox(&desk).await.len(), 1, "nothing changed");
    let back = desk.client.undo_send(undo).await.expect("taken back");
    assert!(
        matches!(&back.action, OutboxAction::Reply { text, .. } if text == "We send another one."),
        "{back:?}"
    );
    assert_eq!(outbox(&desk).await, []);
    assert_eq!(
        in_view(&desk, ViewId::MyOpen).await,
        1,
        "the customer waits again"
    );
    desk.client.stop().await;
}

#[tokio::test]
async fn a_reply_that_has_not_left_is_taken_back_without_the_gateway() {
    let folder = tempfile::tempdir().expect("a folder");
    let fake = shop(|_, _| {
        let wish = "retry-after: 600\r\n";
        refused(503, "unavailable", wish, json!([]))
    })
    .await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    let first = reply(&desk, None).await;
    let op = reply(&desk, None).await;
    let undo = UndoSend {
        ticket: TicketId(id(TICKET)),
        op,
    };
    desk.client.undo_send(undo).await.expect("taken back");
    let left: Vec<OpId> = outbox(&desk).await.iter().map(|item| item.op).collect();
    assert_eq!(left, [first]);
    let asked = fake.log();
    assert!(
        !asked.iter().any(|line| line.starts_with("DELETE")),
        "{asked:?}"
    );
    desk.client.stop().await;
}
