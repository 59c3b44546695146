//! Merging: a ticket becomes part of another one with all that hangs on it.

use super::*;
use crate::store::Undo;
use deskhand_domain::{Author, Channel, FieldValue, Priority};
use deskhand_protocol::rest::Merged;

const HOLD: TimeDelta = TimeDelta::seconds(13);

pub async fn a_merged_ticket_takes_everything_along(store: Store) {
    of_customer(&store, 2, 1).await;
    let change = store.write(|tx| {
        Box::pin(async move {
            let mut one = tx.get::<Ticket>(ticket(1).0).await?.expect("a ticket");
            let mut two = tx.get::<Ticket>(ticket(2).0).await?.expect("a ticket");
            one.status = TicketStatus::Closed;
            (one.waiting_since, one.due_at) = (None, None);
            one.tags = vec!["parcel".to_owned(), "vip".to_owned()];
            one.fields = [("a".to_owned(), FieldValue::Number(1))].into();
            two.tags = vec!["lost".to_owned(), "parcel".to_owned()];
            two.priority = Priority::High;
            two.mentions = vec![agent()];
            two.fields = [
                ("a".to_owned(), FieldValue::Number(2)),
                ("b".to_owned(), FieldValue::YesNo(true)),
            ]
            .into();
            tx.put(&[one, two]).await
        })
    });
    change.await.expect("a write");
    let before = the_ticket(&store, ticket(2)).await;
    let head = *store.head().borrow();
    let first = merge(&store, 2, 1, 1).await.expect("merged");
    let merged: Merged = serde_json::from_str(&first.body).expect("an answer");
    assert_eq!(merged.ticket.merged_into, Some(ticket(1)));
    assert_eq!(merged.ticket.status, TicketStatus::Closed);
    assert_eq!(
        (merged.ticket.waiting_since, &merged.ticket.mentions),
        (None, &vec![])
    );
    let into = the_ticket(&store, ticket(1)).await;
    assert_eq!(into, merged.into);
    assert_eq!(into.status, TicketStatus::Open, "somebody waits in it");
    assert_eq!(
        (into.waiting_since, into.due_at),
        (before.waiting_since, before.due_at)
    );
    assert_eq!(into.tags, ["lost", "parcel", "vip"]);
    assert_eq!(
        (into.priority, &into.mentions),
        (Priority::High, &vec![agent()])
    );
    assert_eq!(into.fields.get("a"), Some(&FieldValue::Number(1)));
    assert_eq!(into.fields.len(), 2);
    let texts = |messages: Vec<Message>| -> Vec<String> {
        messages.into_iter().map(|message| message.text).collect()
    };
    let (here, _) = store.messages(ticket(1), None, 10).await.expect("a list");
    let here = texts(here);
    assert_eq!(here.len(), 5, "{here:?}");
    assert!(here[4].contains("ticket 2 part of this one"), "{here:?}");
    let (there, _) = store.messages(ticket(2), None, 10).await.expect("a list");
    let there = texts(there);
    assert!(
        there.len() == 1 && there[0].contains("part of ticket 1"),
        "{there:?}"
    );
    let changes = store.changes_after(head, 20).await.expect("the feed");
    let moved = changes.iter().filter(
        |change| matches!(&change.change.record, Record::Message(m) if m.ticket == ticket(1)),
    );
    assert_eq!(moved.count(), 3, "desktops are told of each message");
    let head = *store.head().borrow();
    let replay = merge(&store, 2, 1, 1).await.expect("known");
    assert_eq!(
        (replay, *store.head().borrow()),
        (first, head),
        "the same bytes, once"
    );
}

pub async fn what_cannot_be_merged_is_refused_and_stays(store: Store) {
    of_customer(&store, 2, 1).await;
    of_customer(&store, 4, 1).await;
    let refused = async |from, into, op| match merge(&store, from, into, op).await {
        Err(StoreError::Refused(words)) => words,
        other => panic!("{other:?}"),
    };
    let words = refused(5, 1, 1).await;
    assert!(words.contains("different customers"), "{words}");
    let wrong = |done| matches!(done, Err(StoreError::Wrong { pointer, .. }) if pointer == "/into");
    assert!(wrong(merge(&store, 1, 1, 2).await), "itself");
    assert!(wrong(merge(&store, 1, 9_999, 3).await), "nothing there");
    merge(&store, 2, 1, 4).await.expect("merged");
    let words = refused(2, 4, 5).await;
    assert!(words.contains("part of another one already"), "{words}");
    let words = refused(4, 2, 6).await;
    assert!(words.contains("part of another one itself"), "{words}");
    let late = TicketPatch {
        add_tags: vec!["late".to_owned()],
        ..TicketPatch::default()
    };
    let late = store.write(move |tx| Box::pin(tx_patch(tx, ticket(2), late)));
    let Err(StoreError::Refused(words)) = late.await else {
        panic!("a merged ticket changes no more");
    };
    assert!(words.contains("part of ticket 1"), "{words}");
    merge(&store, 1, 4, 7).await.expect("on and on");
    assert_eq!(
        the_ticket(&store, ticket(2)).await.merged_into,
        Some(ticket(4))
    );
    let (all, _) = store.messages(ticket(4), None, 50).await.expect("a list");
    assert_eq!(all.len(), 2 + 2 + 2 + 2, "of three, and notes of two");
}

pub async fn two_merges_at_once_end_in_one_ticket(store: Store) {
    for round in 0..10 {
        let (a, b) = (10 + 3 * round, 11 + 3 * round);
        of_customer(&store, b, a).await;
        let (one, two) = tokio::join!(
            merge(&store, a, b, 100 + 2 * round),
            merge(&store, b, a, 101 + 2 * round)
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let ended = [a, b].map(async |number| the_ticket(&store, ticket(number)).await);
        let [a, b] = ended;
        let (a, b) = (a.await, b.await);
        assert!(a.merged_into.is_some() != b.merged_into.is_some());
    }
}

pub async fn a_reply_to_a_merged_ticket_must_have_seen_the_other(store: Store) {
    of_customer(&store, 2, 1).await;
    let mine = MessageId(id(6, 5));
    merge(&store, 2, 1, 1).await.expect("merged");
    let question = MessageId(id(6, 3));
    let missed = match answer(&store, 2, 20, Some(mine)).await {
        Err(StoreError::ThreadMoved { missed }) => missed,
        other => panic!("{other:?}"),
    };
    assert!(missed.iter().any(|message| message.id == question));
    assert!(missed.iter().all(|message| message.ticket == ticket(1)));
    let newest = missed.last().map(|message| message.id);
    let sent = answer(&store, 1, 20, newest)
        .await
        .expect("it has seen all");
    assert_eq!(sent.ticket, ticket(1));
    let note = NewMessage {
        seen: None,
        ..reply("For colleagues", MessageKind::Note)
    };
    let note = store.write(move |tx| {
        Box::pin(async move {
            tx.add_message(MessageId(id(9, 21)), ticket(2), agent(), note)
                .await
        })
    });
    let (note, of) = note.await.expect("a note").expect("a ticket");
    assert_eq!((note.ticket, of.id), (ticket(1), ticket(1)));
}

pub async fn a_merge_and_a_reply_never_cross(store: Store) {
    for round in 0..10 {
        let (a, b) = (10 + 3 * round, 11 + 3 * round);
        of_customer(&store, b, a).await;
        let seen = Some(MessageId(id(6, b * 2 + 1)));
        let (merged, answered) = if round % 2 == 0 {
            let (answered, merged) = tokio::join!(
                answer(&store, b, 200 + round, seen),
                merge(&store, b, a, 300 + round)
            );
            (merged, answered)
        } else {
            tokio::join!(
                merge(&store, b, a, 300 + round),
                answer(&store, b, 200 + round, seen)
            )
        };
        merged.expect("merged");
        match answered {
            Ok(message) => {
                let stored = store.get::<Message>(message.id.0).await.expect("a lookup");
                let stored = stored.expect("a message");
                assert_eq!(stored.ticket, ticket(a), "it came first and went along");
            }
            Err(StoreError::ThreadMoved { missed }) => assert!(!missed.is_empty()),
            Err(error) => panic!("{error}"),
        }
    }
}

pub async fn a_held_reply_of_a_merged_ticket_can_be_undone(store: Store) {
    store.hold_replies(HOLD);
    of_customer(&store, 2, 1).await;
    let waited = the_ticket(&store, ticket(2)).await.waiting_since;
    let change = store.write(|tx| {
        Box::pin(async move {
            let mut one = tx.get::<Ticket>(ticket(1).0).await?.expect("a ticket");
            let mut two = tx.get::<Ticket>(ticket(2).0).await?.expect("a ticket");
            one.status = TicketStatus::Closed;
            (one.waiting_since, one.due_at) = (None, None);
            two.channel = Channel::Email;
            tx.put(&[one, two]).await
        })
    });
    change.await.expect("a write");
    answer(&store, 2, 20, Some(MessageId(id(6, 5))))
        .await
        .expect("sent");
    merge(&store, 2, 1, 1).await.expect("merged");
    let closed = the_ticket(&store, ticket(1)).await;
    assert_eq!(
        (closed.status, closed.waiting_since),
        (TicketStatus::Closed, None)
    );
    let undone = store.undo(ticket(2), MessageId(id(9, 20)), agent()).await;
    assert_eq!(undone.expect("an answer"), Undo::Done, "by the old name");
    let again = store.undo(ticket(1), MessageId(id(9, 20)), agent()).await;
    assert_eq!(again.expect("an answer"), Undo::Done);
    let waits = the_ticket(&store, ticket(1)).await;
    assert_eq!(waits.status, TicketStatus::Open);
    assert_eq!(waits.waiting_since, waited, "the question is open again");
    assert_eq!(
        waits.channel,
        Channel::WebChat,
        "where the customer wrote last"
    );
}

pub async fn a_chat_goes_on_in_the_other_ticket_and_shows_only_itself(store: Store) {
    let visitor = chat(&store).await;
    let of = the_ticket(&store, visitor.ticket).await;
    let private = store.write(move |tx| {
        Box::pin(async move {
            let mut one = tx.get::<Ticket>(ticket(1).0).await?.expect("a ticket");
            one.customer = of.customer;
            tx.put(&[one]).await
        })
    });
    private.await.expect("a write");
    let chat_number = u64::from(of.number);
    let operation = Operation {
        id: OpId(id(9, 900)),
        teams: [deskhand_domain::TeamId::MAIN].into(),
        actor: "priya".to_owned(),
        request: "merge".to_owned(),
        attempt: "merge".to_owned(),
    };
    let from = visitor.ticket;
    let merged = store.once(operation, move |tx| {
        Box::pin(async move {
            let notes = [id(12, 900), id(13, 900)];
            let merged = tx.merge(from, ticket(1), agent(), notes).await?;
            merged.map(|merged| Done::new(200, &merged)).transpose()
        })
    });
    merged.await.expect("merged");
    assert!(chat_number > 200);
    let stale = store
        .customer_writes(&visitor, MessageId(id(9, 30)), "Still there?".to_owned())
        .await
        .expect("a page that does not know yet")
        .expect("a message");
    assert_eq!(stale.ticket, ticket(1));
    let again = store
        .customer_writes(&visitor, MessageId(id(9, 30)), "Still there?".to_owned())
        .await;
    assert_eq!(again.expect("known"), Some(stale));
    let now = store
        .visitor("ben")
        .await
        .expect("a lookup")
        .expect("known");
    assert_eq!(now.ticket, ticket(1));
    answer(&store, 1, 31, Some(MessageId(id(9, 30))))
        .await
        .expect("an answer");
    let page = store.conversation(&now).await.expect("a conversation");
    let texts: Vec<&str> = page.messages.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(
        texts,
        ["Hello?", "Still there?", "Reply 31"],
        "not what else the ticket holds"
    );
    store
        .delivered(&now, None, Delivery::Delivered)
        .await
        .expect("it moves");
    let sent = store.get::<Message>(id(9, 31)).await.expect("a lookup");
    assert_eq!(sent.and_then(|m| m.delivery), Some(Delivery::Delivered));
    let all = store.public_messages(ticket(1)).await.expect("messages");
    assert_eq!(all.len(), 5, "agents see all of it");
    assert!(all.iter().any(|m| m.author == Author::Account(agent())));
}

/// Makes a ticket one of another ticket's customer.
async fn of_customer(store: &Store, number: u64, like: u64) {
    let write = store.write(move |tx| {
        Box::pin(async move {
            let like = tx.get::<Ticket>(ticket(like).0).await?.expect("a ticket");
            let found = tx.get::<Ticket>(ticket(number).0).await?;
            let mut changed = found.expect("a ticket");
            changed.customer = like.customer;
            tx.put(&[changed]).await
        })
    });
    write.await.expect("a write");
}

async fn merge(store: &Store, from: u64, into: u64, op: u64) -> Result<Done, StoreError> {
    let operation = Operation {
        id: OpId(id(11, op)),
        teams: [deskhand_domain::TeamId::MAIN].into(),
        actor: agent().to_string(),
        request: format!("merge {from} {into}"),
        attempt: format!("merge {from} {into}"),
    };
    let done = store.once(operation, move |tx| {
        Box::pin(async move {
            let notes = [id(12, op), id(13, op)];
            let merged = tx.merge(ticket(from), ticket(into), agent(), notes).await?;
            merged.map(|merged| Done::new(200, &merged)).transpose()
        })
    });
    Ok(done.await?.expect("there is a ticket"))
}

async fn answer(
    store: &Store,
    of: u64,
    number: u64,
    seen: Option<MessageId>,
) -> Result<Message, StoreError> {
    let new = NewMessage {
        seen,
        ..reply(&format!("Reply {number}"), MessageKind::Public)
    };
    let write = store.write(move |tx| {
        Box::pin(async move {
            tx.add_message(MessageId(id(9, number)), ticket(of), agent(), new)
                .await
        })
    });
    Ok(write.await?.expect("a ticket").0)
}
