//! Replies: refused when the conversation went on, held, taken back, released.

use super::*;
use crate::store::Undo;
use deskhand_domain::{Author, Channel};

const HOLD: TimeDelta = TimeDelta::seconds(13);

pub async fn a_reply_that_missed_something_is_refused(store: Store) {
    let (priya, mette) = (agent(), AccountId(id(1, 2)));
    let (hello, question) = (MessageId(id(6, 2)), MessageId(id(6, 3)));
    let head = *store.head().borrow();
    let elsewhere = MessageId(id(6, 5));
    for seen in [
        None,
        Some(hello),
        Some(elsewhere),
        Some(MessageId(id(9, 77))),
    ] {
        let missed = missed(write(&store, priya, 10, seen).await);
        assert_eq!(missed, [question], "not what Priya wrote herself; {seen:?}");
    }
    assert_eq!(*store.head().borrow(), head, "nothing was stored");
    let first = write(&store, priya, 10, Some(question)).await;
    let first = first.expect("the same id goes through with a newer message seen");
    let mine = write(&store, priya, 11, Some(question)).await;
    mine.expect("what the author wrote meanwhile is no news");
    let others = write(&store, mette, 12, Some(question)).await;
    let two = [MessageId(id(9, 10)), MessageId(id(9, 11))];
    assert_eq!(missed(others), two, "oldest first");
    let caught_up = write(&store, mette, 12, Some(two[1])).await;
    caught_up.expect("she has seen both");
    let replay = write(&store, priya, 10, None).await;
    assert_eq!(replay.expect("the answer of then"), first, "the same bytes");
    let note = NewMessage {
        seen: None,
        ..reply("For colleagues", MessageKind::Note)
    };
    let note = store.write(move |tx| {
        Box::pin(async move {
            tx.add_message(MessageId(id(9, 13)), ticket(1), priya, note)
                .await
        })
    });
    note.await.expect("a note is never refused");
}

pub async fn what_was_refused_is_refused_again_whatever_became_of_the_reason(store: Store) {
    let (priya, mette) = (agent(), AccountId(id(1, 2)));
    mail(&store, 1).await;
    let question = Some(MessageId(id(6, 3)));
    let theirs = write(&store, mette, 30, question).await;
    theirs.expect("she was first");
    let refused = missed(write(&store, priya, 31, question).await);
    assert_eq!(refused, [MessageId(id(9, 30))]);
    let undone = store.undo(ticket(1), MessageId(id(9, 30)), mette).await;
    assert_eq!(undone.expect("an answer"), Undo::Done);
    // The second copy of a request may come minutes after the first one was answered, and its
    // author has given it up since.
    let late = missed(write(&store, priya, 31, question).await);
    assert_eq!(late, refused, "in the words of then");
    assert_eq!(
        store
            .public_messages(ticket(1))
            .await
            .expect("messages")
            .len(),
        2
    );
    let all_the_same = write(&store, priya, 31, Some(refused[0])).await;
    let all_the_same = all_the_same.expect("its author has seen it");
    let late = write(&store, priya, 31, question).await;
    assert_eq!(late.expect("the answer of then"), all_the_same);
    assert_eq!(
        store
            .public_messages(ticket(1))
            .await
            .expect("messages")
            .len(),
        3
    );
}

pub async fn a_reply_and_a_customer_never_cross(store: Store) {
    let visitor = chat(&store).await;
    let (mut seen, mut refused) = (MessageId(id(9, 4)), 0);
    for round in 0..40 {
        let (question, answer) = (MessageId(id(10, round)), MessageId(id(11, round)));
        let asks = store.customer_writes(&visitor, question, format!("And {round}?"));
        let new = NewMessage {
            seen: Some(seen),
            ..reply("Tomorrow", MessageKind::Public)
        };
        let of = visitor.ticket;
        let answers = store.write(move |tx| {
            Box::pin(async move { tx.add_message(answer, of, agent(), new).await })
        });
        let (asked, answered) = if round % 2 == 0 {
            tokio::join!(asks, answers)
        } else {
            let (answered, asked) = tokio::join!(answers, asks);
            (asked, answered)
        };
        let asked = asked.expect("it is stored").expect("a conversation");
        match answered {
            Ok(stored) => {
                let (stored, _) = stored.expect("a ticket");
                assert!(stored.sent_at < asked.sent_at, "the question came after it");
            }
            Err(StoreError::ThreadMoved { missed }) => {
                assert_eq!(missed, [asked], "the question was what it missed");
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
        seen = question;
    }
    assert!(refused > 0, "the two met at least once");
}

pub async fn a_held_reply_is_taken_back_as_if_it_never_was(store: Store) {
    let before = mail(&store, 1).await;
    let question = Some(MessageId(id(6, 3)));
    let sent = write(&store, agent(), 20, question).await.expect("stored");
    let held = message(&store, 20).await.expect("a message");
    assert_eq!(held.delivery, Some(Delivery::Held));
    assert_eq!(held.held_until, Some(store.clock().now() + HOLD));
    assert_eq!(the_ticket(&store, ticket(1)).await.waiting_since, None);
    let undo = |by| store.undo(ticket(1), MessageId(id(9, 20)), by);
    let colleague = undo(AccountId(id(1, 2))).await.expect("an answer");
    assert_eq!(colleague, Undo::NotYours);
    let head = *store.head().borrow();
    assert_eq!(undo(agent()).await.expect("an answer"), Undo::Done);
    let changes = store.changes_after(head, 10).await.expect("the feed");
    let gone = changes
        .iter()
        .any(|change| matches!(&change.change.record, Record::Gone(gone) if gone.id == id(9, 20)));
    assert!(gone, "desktops are told: {changes:?}");
    let after = the_ticket(&store, ticket(1)).await;
    let as_before = Ticket {
        updated_at: before.updated_at,
        seen_at: before.seen_at,
        ..after
    };
    assert_eq!(
        as_before, before,
        "waiting, due, state and snippet are back"
    );
    assert_eq!(undo(agent()).await.expect("an answer"), Undo::Done, "again");
    let replay = write(&store, agent(), 20, question).await.expect("known");
    assert_eq!(replay, sent, "the same bytes");
    assert!(message(&store, 20).await.is_none(), "and it stays gone");
    let on = write(&store, agent(), 21, Some(MessageId(id(9, 20)))).await;
    on.expect("an undone message still is a place in the conversation");
    let elsewhere = store.undo(ticket(2), MessageId(id(9, 21)), agent()).await;
    assert_eq!(elsewhere.expect("an answer"), Undo::Unknown);
}

pub async fn a_held_reply_is_released_when_its_moment_has_passed(store: Store) {
    mail(&store, 1).await;
    let question = Some(MessageId(id(6, 3)));
    write(&store, agent(), 22, question).await.expect("stored");
    let until = store.clock().now() + HOLD;
    assert_eq!(store.release_due().await.expect("an answer"), Some(until));
    let delivery = async || message(&store, 22).await.expect("a message").delivery;
    assert_eq!(delivery().await, Some(Delivery::Held));
    store.clock().advance(HOLD);
    let head = *store.head().borrow();
    assert_eq!(store.release_due().await.expect("an answer"), None);
    assert_eq!(delivery().await, Some(Delivery::Sent));
    assert!(*store.head().borrow() > head, "desktops are told");
    let late = store.undo(ticket(1), MessageId(id(9, 22)), agent()).await;
    assert_eq!(late.expect("an answer"), Undo::TooLate);
    let in_chat = store.undo(ticket(2), MessageId(id(6, 4)), agent()).await;
    assert_eq!(in_chat.expect("an answer"), Undo::TooLate);
    let customers = store.undo(ticket(2), MessageId(id(6, 5)), agent()).await;
    assert_eq!(customers.expect("an answer"), Undo::NotYours);
}

pub async fn an_undo_and_a_release_never_both_win(store: Store) {
    mail(&store, 1).await;
    let mut seen = MessageId(id(6, 3));
    for number in 30..50 {
        let sent = write(&store, agent(), number, Some(seen)).await;
        sent.expect("stored");
        store.clock().advance(HOLD);
        let message = MessageId(id(9, number));
        let undo = store.undo(ticket(1), message, agent());
        let (undone, released) = if number % 2 == 0 {
            tokio::join!(undo, store.release_due())
        } else {
            let (released, undone) = tokio::join!(store.release_due(), undo);
            (undone, released)
        };
        released.expect("an answer");
        let found = self::message(&store, number).await;
        match undone.expect("an answer") {
            Undo::Done => assert_eq!(found, None, "it is gone"),
            Undo::TooLate => {
                let delivery = found.and_then(|message| message.delivery);
                assert_eq!(delivery, Some(Delivery::Sent));
            }
            other => panic!("{other:?}"),
        }
        seen = message;
    }
}

pub async fn of_two_agents_who_answer_at_once_one_is_told(store: Store) {
    let question = Some(MessageId(id(6, 3)));
    let (one, two) = tokio::join!(
        write(&store, agent(), 60, question),
        write(&store, AccountId(id(1, 2)), 61, question)
    );
    let (refused, first) = if one.is_ok() { (two, 60) } else { (one, 61) };
    assert_eq!(missed(refused), [MessageId(id(9, first))]);
}

pub async fn a_clock_that_was_set_back_holds_nothing_for_hours(store: Store) {
    mail(&store, 1).await;
    store.clock().advance(TimeDelta::hours(2));
    let question = Some(MessageId(id(6, 3)));
    write(&store, agent(), 70, question).await.expect("stored");
    store.clock().advance(TimeDelta::hours(-2));
    assert_eq!(store.release_due().await.expect("an answer"), None);
    let sent = message(&store, 70).await.expect("a message");
    assert_eq!(sent.delivery, Some(Delivery::Sent));
}

pub async fn an_undo_keeps_what_others_did_since(store: Store) {
    let before = mail(&store, 1).await;
    let question = Some(MessageId(id(6, 3)));
    write(&store, agent(), 23, question).await.expect("stored");
    write(&store, agent(), 24, question).await.expect("stored");
    let patch = TicketPatch {
        add_tags: vec!["vip".to_owned()],
        ..TicketPatch::default()
    };
    let patch = store.write(move |tx| Box::pin(tx_patch(tx, ticket(1), patch)));
    patch.await.expect("a write");
    let undo = async |number| {
        let done = store
            .undo(ticket(1), MessageId(id(9, number)), agent())
            .await;
        assert_eq!(done.expect("an answer"), Undo::Done);
        the_ticket(&store, ticket(1)).await
    };
    let one_stands = undo(23).await;
    assert_eq!(
        one_stands.waiting_since, None,
        "the second is an answer too"
    );
    assert_eq!(one_stands.snippet, "Reply 24");
    let none_stands = undo(24).await;
    assert_eq!(none_stands.waiting_since, before.waiting_since);
    assert_eq!(none_stands.due_at, before.due_at);
    assert_eq!(none_stands.status, before.status);
    assert_eq!(none_stands.snippet, before.snippet);
    assert!(
        none_stands.tags.contains(&"vip".to_owned()),
        "others' work stays"
    );
    let closing = NewMessage {
        seen: question,
        then: Some(TicketStatus::Closed),
        macro_id: None,
        changes: None,
        ..reply("Done", MessageKind::Public)
    };
    let closing = store.write(move |tx| {
        Box::pin(async move {
            tx.add_message(MessageId(id(9, 25)), ticket(1), agent(), closing)
                .await
        })
    });
    closing.await.expect("a write");
    customer_mails(&store, id(9, 26)).await;
    let open_again = undo(25).await;
    assert_eq!(open_again.status, TicketStatus::Open);
    assert_eq!(
        open_again.waiting_since, before.waiting_since,
        "since the first question"
    );
    assert_eq!(open_again.snippet, "Hello?");
}

/// Writes as the desktop does: once, under an id.
async fn write(
    store: &Store,
    by: AccountId,
    number: u64,
    seen: Option<MessageId>,
) -> Result<Done, StoreError> {
    let operation = Operation {
        id: OpId(id(9, number)),
        teams: [deskhand_domain::TeamId::MAIN].into(),
        actor: by.to_string(),
        request: "reply".to_owned(),
        attempt: format!("reply, seen {seen:?}"),
    };
    let new = NewMessage {
        seen,
        ..reply(&format!("Reply {number}"), MessageKind::Public)
    };
    let done = store.once(operation, move |tx| {
        Box::pin(async move {
            let message = MessageId(id(9, number));
            let added = tx.add_message(message, ticket(1), by, new).await?;
            added.map(|added| Done::new(201, &added)).transpose()
        })
    });
    Ok(done.await?.expect("there is a ticket"))
}

fn missed(written: Result<Done, StoreError>) -> Vec<MessageId> {
    match written {
        Err(StoreError::ThreadMoved { missed }) => {
            missed.into_iter().map(|message| message.id).collect()
        }
        other => panic!("it was not refused: {other:?}"),
    }
}

/// Makes a ticket one by mail, whose replies are held.
async fn mail(store: &Store, number: u64) -> Ticket {
    store.hold_replies(HOLD);
    let mut changed = the_ticket(store, ticket(number)).await;
    changed.channel = Channel::Email;
    let put = changed.clone();
    let write = store.write(move |tx| Box::pin(async move { tx.put(&[put]).await }));
    write.await.expect("a write");
    changed
}

async fn customer_mails(store: &Store, message: Uuid) {
    let write = store.write(move |tx| {
        Box::pin(async move {
            let found = tx.get::<Ticket>(ticket(1).0).await?;
            let mut ticket = found.expect("a ticket");
            let sent_at = tx.moment_after(ticket.id).await?;
            ticket.status = TicketStatus::Open;
            ticket.waiting_since = Some(sent_at);
            let message = Message {
                id: MessageId(message),
                ticket: ticket.id,
                kind: MessageKind::Public,
                author: Author::Customer(ticket.customer),
                channel: Channel::Email,
                text: "Hello?".to_owned(),
                sent_at,
                delivery: None,
                held_until: None,
                attachments: Vec::new(),
            };
            tx.put(&[ticket]).await?;
            tx.put(&[message]).await
        })
    });
    write.await.expect("a write");
}

async fn message(store: &Store, number: u64) -> Option<Message> {
    let found = store.get::<Message>(id(9, number)).await;
    found.expect("a lookup")
}
