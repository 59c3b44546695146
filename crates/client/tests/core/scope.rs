//! The account may see other things than before.

use crate::fake::{Desk, Fake, Live, at, changes, following, id, ok, page_of, until};
use deskhand_domain::{Scope, TicketId};
use deskhand_protocol::{
    calls::Calls,
    live::close,
    view::{AddNote, Boot, Nothing, OutboxAction, Sort, TicketQuery, ViewId},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

fn ticket() -> Value {
    let when = at(crate::fake::NOW);
    json!([{"position": 1, "record": {"kind": "ticket", "value": {
        "id": id(5), "number": 5, "channel": "email", "subject": "Secret tent",
        "customer": id(9), "identity": "verified", "order": null, "assignee": null,
        "status": "open", "priority": "normal", "tags": [], "intent": "other",
        "mood": "neutral", "language": "en", "at_stake": null, "escalated": false,
        "created_at": when, "updated_at": when, "last_message_at": when, "snippet": "",
        "waiting_since": null, "due_at": null, "seen_at": null, "snoozed_until": null,
        "mentions": [],
    }}}])
}

async fn rows(desk: &Desk) -> usize {
    let query = TicketQuery {
        view: ViewId::AllOpen,
        sort: Sort::Newest,
        offset: 0,
        limit: 10,
    };
    // Between the two copies the shop is closed for a moment.
    let page = desk.client.tickets(query).await;
    page.map_or(0, |page| page.rows.len())
}

#[tokio::test]
async fn what_is_no_longer_allowed_goes_at_once_and_what_was_written_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let live = vec![
        Live::Say(vec![following("e", 3), changes("c3", 3)]),
        Live::Close(close::SCOPE),
        Live::Say(vec![following("e", 3), changes("c4", 3)]),
    ];
    let syncs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&syncs);
    let fake = Fake::start(live, move |line, _| match line {
        "GET /v1/sync" if counted.fetch_add(1, Ordering::SeqCst) == 0 => {
            page_of("e", None, ticket())
        }
        "GET /v1/session" => ok(json!({
            "expires_at": at(crate::fake::NOW + 90_000), "scopes": ["audit:read"],
            "account": {"id": id(77), "name": "Priya", "email": "p@x.example", "role": "auditor"},
            "shop": {"name": "Fake", "currency": "EUR", "help_email": "h@x.example",
                "order_prefix": "X-", "time_zone": "Europe/Berlin"},
        })),
        "GET /v1/sync" => page_of("e", None, json!([])),
        _ => crate::fake::refused(503, "unavailable", "retry-after: 60\r\n", json!([])),
    })
    .await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    until("the ticket to be here", async || {
        (rows(&desk).await == 1).then_some(())
    })
    .await;
    let note = AddNote {
        ticket: TicketId(id(5)),
        text: "Ask Mette".into(),
    };
    desk.client.add_note(note).await.expect("queued");
    fake.end_sockets();
    until("the new scopes", async || {
        match desk.client.boot(Nothing {}).await.expect("booted") {
            Boot::Shop(signed) if signed.scopes == [Scope::AuditRead] => Some(()),
            _ => None,
        }
    })
    .await;
    assert_eq!(rows(&desk).await, 0, "the copy is gone");
    let outbox = desk.client.outbox(Nothing {}).await.expect("the outbox");
    assert!(
        matches!(&outbox[..], [item] if item.action == OutboxAction::Note { text: "Ask Mette".into() }),
        "{outbox:?}"
    );
    until("a new copy", async || {
        (syncs.load(Ordering::SeqCst) >= 2).then_some(())
    })
    .await;
    desk.client.stop().await;
}
