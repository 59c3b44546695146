//! What an agent does to a ticket: changes that somebody else overtook, merging, stored answers,
//! and what was begun and not sent.

use crate::{
    fake::{
        Answer, Desk, Fake, Live, Machine, NOW, at, following, id, ok, page_of, refused, until,
    },
    held,
};
use deskhand_domain::{
    Compared, FieldValue, MacroId, OrderId, Priority, TicketId, TicketStatus, wismo::NextStep,
};
use deskhand_protocol::{
    calls::{CallCode, Calls},
    rest::TicketPatch,
    view::{
        AboutOrder, AboutStep, AddNote, Connection, Draft, FactVerdict, MergeInto, Nothing, OpRef,
        Opened, OutboxAction, OutboxState, SaveDraft, SendReply, Sort, TicketChange, TicketQuery,
        TicketRef, TicketView, ViewId,
    },
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// Tickets 1 and 2 are of one customer, ticket 3 is of another; ticket 1 has an order and a parcel.
async fn shop(answers: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) -> (Fake, Asked) {
    let asked: Asked = Arc::default();
    let log = Arc::clone(&asked);
    let fake = Fake::start(
        vec![Live::Say(vec![following("e", 1)])],
        move |line, body| {
            if line == "GET /v1/sync" {
                return page_of("e", None, everything());
            }
            let entry = (line.to_owned(), body.clone());
            log.lock().expect("the log").push(entry);
            answers(line, body)
        },
    )
    .await;
    (fake, asked)
}

fn everything() -> Value {
    let money = json!({"minor": 127_770, "currency": "EUR"});
    let zero = json!({"minor": 0, "currency": "EUR"});
    let source = json!({"name": "Shop", "fetched_at": at(NOW)});
    let stored = |number: u128, name: &str, language: &str, text: &str| {
        json!({"id": id(number), "name": name, "language": language, "text": text,
            "changes": {"status": "closed", "add_tags": ["x"], "fields": {}}})
    };
    let records = [
        ("ticket", ticket(1, 5, Some(9))),
        ("ticket", ticket(2, 5, None)),
        ("ticket", ticket(3, 6, None)),
        (
            "customer",
            json!({"id": id(5), "name": "Ana Lima", "email": "ana@x.example",
            "phone": null, "city": null, "country": null, "language": "en", "since": at(0),
            "order_count": 1, "spent": zero, "refund_count": 0, "risk": "low", "source": source}),
        ),
        (
            "order",
            json!({"id": id(9), "number": "X-20418", "customer": id(5), "placed_at": at(NOW),
            "lines": [], "subtotal": money, "discounts": [], "shipping": zero,
            "shipping_method": "Standard", "tax": zero, "tax_included": true, "total": money,
            "payments": [], "payment_status": "paid", "fulfilment_status": "cancelled",
            "ship_to": {"name": "", "street": "", "postal_code": "", "city": "", "country": "PT"},
            "ship_by": null, "refunds": [], "returns": [], "source": source}),
        ),
        (
            "macro",
            stored(41, "B", "de", "Hallo {{customer.first_name}}"),
        ),
        ("macro", stored(42, "A", "fr", "")),
        (
            "macro",
            stored(
                43,
                "Z",
                "en",
                "{{order.number}}: {{order.total}}, {{parcel.carrier}}",
            ),
        ),
        (
            "field",
            json!({"id": id(50), "key": "claim", "label": "Claim", "place": 0,
            "kind": {"kind": "text"}}),
        ),
    ];
    let changes = records.into_iter().zip(1..).map(|((kind, value), position)| {
        json!({"position": position, "record": {"kind": kind, "value": value}})
    });
    changes.collect()
}

fn ticket(number: u128, customer: u128, order: Option<u128>) -> Value {
    let mut ticket = held::ticket();
    ticket["id"] = json!(id(number));
    ticket["number"] = json!(number);
    ticket["customer"] = json!(id(customer));
    ticket["order"] = json!(order.map(id));
    ticket
}

fn which(number: u128) -> TicketRef {
    TicketRef {
        ticket: TicketId(id(number)),
    }
}

async fn open(desk: &Desk, number: u128) -> TicketView {
    let found = until("the ticket", async || {
        desk.client.ticket(which(number)).await.ok()
    });
    found.await
}

async fn state(desk: &Desk) -> Option<OutboxState> {
    let mut items = desk.client.outbox(Nothing {}).await.expect("an outbox");
    items.pop().map(|item| item.state)
}

fn high() -> TicketChange {
    TicketChange {
        ticket: TicketId(id(1)),
        patch: TicketPatch {
            priority: Some(Priority::High),
            fields: [("claim".to_owned(), Some(FieldValue::Text("C-1".into())))].into(),
            ..TicketPatch::default()
        },
    }
}

#[tokio::test]
async fn a_change_that_somebody_overtook_is_held_until_its_author_chooses() {
    let folder = tempfile::tempdir().expect("a folder");
    let urgent = json!({"kind": "priority", "value": "urgent"});
    let now = urgent.clone();
    let (fake, asked) = shop(move |_, body| {
        let was = body["was"].as_array().cloned().unwrap_or_default();
        if was.contains(&now) {
            return ok(ticket(1, 5, Some(9)));
        }
        let mut answer = refused(409, "fields_moved", "", json!([]));
        answer.body["moved"] = json!([now]);
        answer
    })
    .await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    open(&desk, 1).await;
    let op = desk.client.change_ticket(high()).await.expect("queued");
    let moved = async || match state(&desk).await? {
        OutboxState::Moved { now } => Some(now),
        _ => None,
    };
    let found = until("it to be held", moved).await;
    assert_eq!(found, [Compared::Priority(Priority::Urgent)]);
    let (_, first) = asked
        .lock()
        .expect("the log")
        .first()
        .cloned()
        .expect("a request");
    let nothing = json!({"kind": "field", "value": {"key": "claim", "value": null}});
    assert_eq!(
        first["was"],
        json!([{"kind": "priority", "value": "normal"}, nothing]),
        "what the agent saw, though the window said nothing"
    );
    let shown = open(&desk, 1).await;
    assert_eq!(shown.ticket.priority, Priority::Normal, "perhaps never");
    assert_eq!(in_view(&desk, ViewId::Held).await, 1);

    desk.client.send_held(OpRef { op }).await.expect("released");
    until("it to go", async || match state(&desk).await {
        None | Some(OutboxState::Sent) => Some(()),
        _ => None,
    })
    .await;
    let (_, last) = asked
        .lock()
        .expect("the log")
        .last()
        .cloned()
        .expect("a request");
    assert_eq!(last["was"], json!([nothing, urgent]));
    assert_eq!(last["priority"], "high", "what was wanted");
    desk.client.stop().await;
}

#[tokio::test]
async fn a_held_change_is_dropped_or_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (fake, _) = shop(|_, _| {
        let mut answer = refused(409, "fields_moved", "", json!([]));
        answer.body["moved"] = json!([{"kind": "priority", "value": "low"}]);
        answer
    })
    .await;
    let host = Arc::new(Machine::default());
    let desk = Desk::start(folder.path(), &host).await;
    desk.sign_in(&fake).await;
    open(&desk, 1).await;
    let op = desk.client.change_ticket(high()).await.expect("queued");
    let is_moved = |state| matches!(state, Some(OutboxState::Moved { .. }));
    until("it to be held", async || {
        is_moved(state(&desk).await).then_some(())
    })
    .await;
    let begun = SaveDraft {
        ticket: TicketId(id(2)),
        reply: "Dear Ana".into(),
        note: String::new(),
    };
    desk.client.save_draft(begun).await.expect("stored");
    desk.client.stop().await;
    drop(desk);

    let desk = Desk::start(folder.path(), &host).await;
    desk.client.boot(Nothing {}).await.expect("it boots");
    let draft = open(&desk, 2).await.draft.expect("the draft is still here");
    assert_eq!(draft.reply, "Dear Ana");
    assert!(is_moved(state(&desk).await), "and what is held");
    desk.client.discard_op(OpRef { op }).await.expect("dropped");
    assert_eq!(state(&desk).await, None);
    desk.client.stop().await;
}

#[tokio::test]
async fn a_merge_is_shown_at_once_and_refused_where_it_cannot_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let (fake, asked) = shop(|line, _| {
        if line.ends_with("/merge") {
            let mut ended = ticket(2, 5, None);
            ended["merged_into"] = json!(id(1));
            return ok(json!({"ticket": ended, "into": ticket(1, 5, Some(9))}));
        }
        refused(409, "conflict", "", json!([]))
    })
    .await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    open(&desk, 3).await;
    let merge = async |from, into| {
        let which = MergeInto {
            ticket: TicketId(id(from)),
            into: TicketId(id(into)),
        };
        desk.client.merge_tickets(which).await
    };
    for (from, into, code) in [
        (3, 1, CallCode::CannotMerge),
        (1, 1, CallCode::CannotMerge),
        (1, 99, CallCode::NotFound),
    ] {
        let refused = merge(from, into).await;
        assert_eq!(
            refused.expect_err("it cannot be").code,
            code,
            "{from} {into}"
        );
    }
    merge(2, 1).await.expect("queued");
    let shown = open(&desk, 2).await;
    assert_eq!(shown.ticket.merged_into, Some(TicketId(id(1))));
    assert_eq!(shown.ticket.status, TicketStatus::Closed);
    assert!(matches!(
        shown.pending.first().map(|item| &item.action),
        None | Some(OutboxAction::Merge { number: 1, .. })
    ));
    until("it to be sent", async || {
        let asked = asked.lock().expect("the log");
        asked
            .iter()
            .any(|(line, body)| {
                *line == format!("POST /v1/tickets/{}/merge", id(2))
                    && *body == json!({"into": id(1)})
            })
            .then_some(())
    })
    .await;
    desk.client.stop().await;
}

#[tokio::test]
async fn stored_answers_are_filled_in_and_go_out_with_their_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (fake, asked) = shop(|_, _| refused(400, "invalid", "", json!([]))).await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    open(&desk, 1).await;
    let found = until("the stored answers", async || {
        let found = desk.client.macros(which(1)).await.ok()?;
        (found.len() == 3).then_some(found)
    })
    .await;
    let names: Vec<&str> = found.iter().map(|stored| stored.name.as_str()).collect();
    assert_eq!(names, ["Z", "A", "B"], "the ticket's language first");
    assert_eq!(found[0].text, "X-20418: €1,277.70, {{parcel.carrier}}");
    assert_eq!(found[0].gaps, ["parcel.carrier"]);
    assert_eq!(found[2].text, "Hallo Ana");
    assert_eq!(found[0].changes.status, Some(TicketStatus::Closed));

    let changes = TicketPatch {
        add_tags: vec!["x".into()],
        status: Some(TicketStatus::Closed),
        ..TicketPatch::default()
    };
    let reply = SendReply {
        ticket: TicketId(id(1)),
        text: found[2].text.clone(),
        seen: None,
        close: false,
        macro_id: Some(MacroId(id(41))),
        changes: Some(changes),
    };
    desk.client.send_reply(reply).await.expect("queued");
    let sent = until("it to be sent", async || {
        asked.lock().expect("the log").last().cloned()
    })
    .await;
    assert_eq!(sent.1["macro_id"], json!(id(41)));
    assert_eq!(sent.1["changes"]["add_tags"], json!(["x"]));
    desk.client.stop().await;
}

#[tokio::test]
async fn a_customer_is_told_of_their_own_order_and_of_nobody_elses() {
    let folder = tempfile::tempdir().expect("a folder");
    let (fake, _) = shop(|_, _| refused(400, "invalid", "", json!([]))).await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    open(&desk, 1).await;
    let about = |ticket| AboutOrder {
        ticket: TicketId(id(ticket)),
        order: OrderId(id(9)),
    };
    let told = until("the order", async || {
        desk.client.order_answer(about(1)).await.ok()
    })
    .await;
    let words = "Hello Ana,\n\nYour order X-20418 was cancelled and will not be sent.\n\n";
    assert!(told.text.starts_with(words), "{}", told.text);
    open(&desk, 3).await;
    let foreign = desk.client.order_answer(about(3)).await;
    assert_eq!(
        foreign.expect_err("somebody else's").code,
        CallCode::NotFound
    );
    let step = |ticket| AboutStep {
        ticket: TicketId(id(ticket)),
        order: OrderId(id(9)),
        step: NextStep::Reship,
        language: "de-AT".to_owned(),
    };
    let foreign = desk.client.order_step(step(3)).await;
    assert_eq!(
        foreign.expect_err("somebody else's").code,
        CallCode::NotFound
    );
    let note = desk.client.order_step(step(1)).await.expect("a note");
    assert_eq!(note.tag, "reship");
    assert!(
        note.text
            .starts_with("Noch einmal zu versenden: Bestellung X-20418."),
        "{}",
        note.text
    );
    desk.client.stop().await;
}

#[tokio::test]
async fn an_order_on_the_screen_is_read_anew_when_it_is_old() {
    let folder = tempfile::tempdir().expect("a folder");
    let (fake, _) = shop(|_, _| ok(json!({}))).await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    open(&desk, 1).await;
    until("a live connection", async || {
        let state = desk.client.connection(Nothing {}).await.ok()?.state;
        (state == Connection::Live).then_some(())
    })
    .await;
    let order = format!("GET /v1/orders/{}", id(9));
    let on_the_screen = |ticket| Opened { ticket };
    let show = async |ticket| {
        let shown = desk.client.open_ticket(on_the_screen(ticket)).await;
        shown.expect("it is on the screen");
    };
    show(Some(TicketId(id(1)))).await;
    show(None).await;
    assert_eq!(fake.asked(&order), 0, "it was read just now");
    *desk.clock.0.lock().expect("the clock") = NOW + 301;
    show(Some(TicketId(id(1)))).await;
    until("the order to be asked for", async || {
        (fake.asked(&order) > 0).then_some(())
    })
    .await;
    desk.client.stop().await;
}

#[tokio::test]
async fn what_was_begun_goes_when_it_is_sent_and_not_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let (fake, _) = shop(|_, _| refused(400, "invalid", "", json!([]))).await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    open(&desk, 1).await;
    let begun = |reply: &str, note: &str| SaveDraft {
        ticket: TicketId(id(1)),
        reply: reply.into(),
        note: note.into(),
    };
    let draft = async || {
        let draft: Option<Draft> = open(&desk, 1).await.draft;
        draft.map(|draft| (draft.reply, draft.note))
    };
    let save = async |begun| desk.client.save_draft(begun).await.expect("stored");
    let texts = |reply: &str, note: &str| Some((reply.to_owned(), note.to_owned()));
    assert_eq!(draft().await, None);
    save(begun("Dear", "")).await;
    save(begun("Dear Ana", "ask Mette")).await;
    assert_eq!(draft().await, texts("Dear Ana", "ask Mette"));
    let query = TicketQuery {
        view: ViewId::AllOpen,
        sort: Sort::Clock,
        offset: 0,
        limit: 10,
    };
    let page = desk.client.tickets(query).await.expect("a list");
    let with = page.rows.iter().filter(|row| row.draft);
    assert_eq!(with.map(|row| row.number).collect::<Vec<_>>(), [1]);

    desk.client.change_ticket(high()).await.expect("queued");
    assert_eq!(draft().await, texts("Dear Ana", "ask Mette"));
    let note = AddNote {
        ticket: TicketId(id(1)),
        text: "ask Mette".into(),
    };
    desk.client.add_note(note).await.expect("queued");
    assert_eq!(draft().await, texts("Dear Ana", ""));
    let reply = SendReply {
        ticket: TicketId(id(1)),
        text: "Dear Ana".into(),
        seen: None,
        close: false,
        macro_id: None,
        changes: None,
    };
    let op = desk.client.send_reply(reply).await.expect("queued");
    assert_eq!(draft().await, None);
    let back = desk
        .client
        .take_back(OpRef { op })
        .await
        .expect("taken back");
    assert!(matches!(back.action, OutboxAction::Reply { text, .. } if text == "Dear Ana"));
    save(begun("Dear Ana", "")).await;
    save(begun("", "")).await;
    assert_eq!(draft().await, None);
    desk.client.stop().await;
}

#[tokio::test]
async fn a_held_reply_shows_what_the_shop_says_otherwise_and_takes_the_later_one_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = |number: u128, author: Value, text: &str| {
        json!({"id": id(number), "ticket": id(1), "kind": "public", "author": author,
            "channel": "email", "text": text, "sent_at": at(NOW), "delivery": null,
            "attachments": []})
    };
    let (fake, asked) = shop(move |_, body| {
        if body["seen"] == json!(id(22)) {
            return refused(400, "invalid", "", json!([]));
        }
        let colleague = json!({"kind": "account", "id": id(78)});
        let customer = json!({"kind": "customer", "id": id(5)});
        let missed = json!([
            message(21, customer, "I paid €30, in 3 days it is my birthday"),
            message(22, colleague, "You get €25 back by Tuesday."),
        ]);
        refused(409, "thread_moved", "", missed)
    })
    .await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    open(&desk, 1).await;
    let reply = |text: &str| SendReply {
        ticket: TicketId(id(1)),
        text: text.into(),
        seen: Some(id(20).into()),
        close: false,
        macro_id: None,
        changes: None,
    };
    let first = desk
        .client
        .send_reply(reply("We refund €20 by Tuesday."))
        .await;
    let op = first.expect("queued");
    desk.client
        .send_reply(reply("And thanks."))
        .await
        .expect("queued");
    let facts = until("it to be held", async || {
        let items = desk.client.outbox(Nothing {}).await.expect("an outbox");
        match &items.first()?.state {
            OutboxState::Held { facts, .. } => Some(facts.clone()),
            _ => None,
        }
    })
    .await;
    let told: Vec<(&str, &str, FactVerdict)> = facts
        .iter()
        .map(|fact| (fact.mine.as_str(), fact.theirs.as_str(), fact.verdict))
        .collect();
    assert_eq!(
        told,
        [
            ("€20", "€25", FactVerdict::Disagrees),
            ("Tuesday", "Tuesday", FactVerdict::Agrees),
        ],
        "the customer's own days and amounts are no promise of the shop"
    );
    desk.client.send_held(OpRef { op }).await.expect("released");
    until("the first to be parked", async || {
        let asked = asked.lock().expect("the log");
        let seen = asked.iter().any(|(_, body)| body["seen"] == json!(id(22)));
        seen.then_some(())
    })
    .await;
    let items = desk.client.outbox(Nothing {}).await.expect("an outbox");
    let later = items.last().expect("the later reply");
    assert!(
        matches!(&later.action, OutboxAction::Reply { seen, .. } if *seen == Some(id(22).into())),
        "its author has seen it too: {later:?}"
    );
    desk.client.stop().await;
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
