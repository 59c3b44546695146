//! One suite for both engines: what every [`Store`] does, whatever lies behind it.

use super::{
    Done, ListCursor, NewSession, Operation, OrderFilter, Store, StoreError, TicketFilter, Visitor,
};
use crate::{
    feed::Sight,
    testing::{id, small_shop},
};
use chrono::TimeDelta;
use deskhand_domain::{
    Account, AccountId, Customer, CustomerId, Delivery, Instant, Message, MessageId, MessageKind,
    OpId, Order, Role, Ticket, TicketId, TicketStatus, text, ticket::Identity,
};
use deskhand_protocol::{
    chat::OpenConversation,
    rest::{NewMessage, TicketPatch},
    sync::{Kind, Record},
};
use futures_util::future::join_all;
use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};
use uuid::Uuid;

/// Texts that break programs which treat text as anything else.
pub const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)> & \"quotes\" 'single' `ticks`",
    "'; drop table tickets; --",
    "$1 ? %s {} \\ \\n \\u0000",
    "Zürich 🏔️ עברית العربية 日本語",
    "= cmd|' /C calc'!A0",
];

const SHOP_SIZE: u64 = 200;

/// Runs the whole suite; each case gets a store of its own.
pub async fn all<F: Future<Output = Store>>(fresh: impl Fn() -> F) {
    sessions_open_last_and_end(shop(fresh().await).await).await;
    an_operation_is_carried_out_once(shop(fresh().await).await).await;
    positions_follow_the_commits(shop(fresh().await).await).await;
    a_sync_reaches_everything(shop(fresh().await).await).await;
    roles_see_what_they_may(shop(fresh().await).await).await;
    a_conversation_is_opened_once(shop(fresh().await).await).await;
    an_answer_ends_the_waiting(shop(fresh().await).await).await;
    texts_come_back_as_they_were(shop(fresh().await).await).await;
    lists_filter_and_go_on(shop(fresh().await).await).await;
    a_patch_changes_only_what_it_names(shop(fresh().await).await).await;
    a_new_seed_is_a_new_history(shop(fresh().await).await).await;
}

async fn shop(store: Store) -> Store {
    let seed = small_shop(store.clock().now(), SHOP_SIZE, "no hash".to_owned());
    store.seed(seed).await.expect("the shop is stored");
    store
}

async fn sessions_open_last_and_end(store: Store) {
    let (priya, _) = store
        .credentials("PRIYA@hollowpine.example")
        .await
        .expect("a lookup")
        .expect("addresses are compared without case");
    assert!(
        store
            .credentials("nobody@x.example")
            .await
            .expect("a lookup")
            .is_none()
    );
    let expires_at = store.clock().now() + TimeDelta::hours(12);
    for token_hash in ["one", "two"] {
        let session = NewSession {
            token_hash: token_hash.to_owned(),
            account: priya.id,
            device: "desk".to_owned(),
            expires_at,
        };
        store.open_session(session).await.expect("a session");
    }
    let session = store
        .session("one")
        .await
        .expect("a lookup")
        .expect("it is open");
    assert_eq!((session.account, session.expires_at), (priya, expires_at));
    assert!(store.close_session("one").await.expect("an end"));
    assert!(
        !store.close_session("one").await.expect("an end"),
        "it ended before"
    );
    assert!(store.session("one").await.expect("a lookup").is_none());
    store.clock().advance(TimeDelta::hours(13));
    assert!(
        store.session("two").await.expect("a lookup").is_none(),
        "it ran out"
    );
}

async fn an_operation_is_carried_out_once(store: Store) {
    let operation = |request: &str| Operation {
        id: OpId(id(9, 1)),
        actor: "priya".to_owned(),
        request: request.to_owned(),
    };
    let write = |request: &str| {
        store.once(operation(request), |tx| {
            Box::pin(async move {
                let new = reply("Hello again", MessageKind::Public);
                let added = tx
                    .add_message(MessageId(id(9, 1)), ticket(1), agent(), new)
                    .await?;
                added
                    .map(|(message, _)| Done::new(201, &message))
                    .transpose()
            })
        })
    };
    let head = *store.head().borrow();
    let first = write("hello")
        .await
        .expect("it is done")
        .expect("there is a ticket");
    let moved = *store.head().borrow();
    assert!(moved > head, "the feed moved");
    let again = write("hello")
        .await
        .expect("it is done")
        .expect("there is a ticket");
    assert_eq!(first, again, "the same bytes");
    assert_eq!(
        *store.head().borrow(),
        moved,
        "nothing happened the second time"
    );
    assert!(matches!(write("other").await, Err(StoreError::Conflict)));
    let (messages, _) = store
        .messages(ticket(1), None, 100)
        .await
        .expect("messages");
    assert_eq!(messages.len(), 3, "it was written once");
}

async fn positions_follow_the_commits(store: Store) {
    let start = *store.head().borrow();
    let writer = |number: u64| {
        let store = &store;
        async move {
            for _ in 0..10 {
                let patch = TicketPatch {
                    add_tags: vec![format!("writer-{number}")],
                    ..TicketPatch::default()
                };
                let of = ticket(1 + number % 4);
                let write = store.write(move |tx| Box::pin(tx_patch(tx, of, patch)));
                write.await.expect("a write");
            }
        }
    };
    let writers = join_all((0..8).map(writer));
    let seen = async {
        let mut seen: BTreeMap<(Kind, Uuid), i64> = BTreeMap::new();
        let mut upto = start;
        while upto < start + 80 {
            for change in store.changes_after(upto, 7).await.expect("the feed") {
                assert!(change.position > upto, "positions grow");
                upto = change.position;
                seen.insert(change.record.key(), upto);
            }
            if upto < start + 80 {
                let mut head = store.head();
                let waited = head.wait_for(|head| *head > upto);
                tokio::time::timeout(std::time::Duration::from_secs(20), waited)
                    .await
                    .expect("the writers go on")
                    .expect("the store lives");
            }
        }
        seen
    };
    let (_, seen) = tokio::join!(writers, seen);
    assert_eq!(
        *store.head().borrow(),
        start + 80,
        "no position was lost or doubled"
    );
    let now = store.changes_after(start, 1_000).await.expect("the feed");
    assert_eq!(
        now.len(),
        4,
        "80 changes of four tickets catch up as four rows"
    );
    for change in now {
        assert_eq!(
            seen.get(&change.record.key()),
            Some(&change.position),
            "a reader missed it"
        );
        let Record::Ticket(ticket) = change.record else {
            panic!("only tickets changed");
        };
        assert_eq!(
            ticket.tags.len(),
            3,
            "both writers of a ticket are in its state"
        );
    }
}

async fn a_sync_reaches_everything(store: Store) {
    let mut reached: BTreeMap<(Kind, Uuid), usize> = BTreeMap::new();
    let mut rest: BTreeSet<(Kind, Uuid)> = BTreeSet::new();
    let (mut cursor, mut pages) = (None, 0);
    let first_head = *store.head().borrow();
    loop {
        let in_rest = matches!(
            &cursor,
            Some(super::SyncCursor {
                next: super::sync::Next::Rest { .. },
                ..
            })
        );
        let page = store.sync(cursor, |_| true).await.expect("a page");
        pages += 1;
        assert!(page.changes.len() <= 1_000, "pages are bounded");
        if pages == 1 {
            let tickets = page
                .changes
                .iter()
                .filter_map(|change| match &change.record {
                    Record::Ticket(ticket) => Some(ticket),
                    _ => None,
                });
            let open: Vec<&Ticket> = tickets.collect();
            assert_eq!(open.len(), 60);
            assert!(open.iter().all(|ticket| ticket.is_open()));
        }
        assert_eq!(
            page.head, first_head,
            "the live cursor stays where the sync began"
        );
        for change in &page.changes {
            let key = change.record.key();
            *reached.entry(key).or_default() += 1;
            if in_rest {
                assert!(rest.insert(key), "{key:?} came twice in the rest");
            }
        }
        assert_eq!(
            page.total, 1_206,
            "accounts, articles, macros and six for each ticket"
        );
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
        // Somebody works meanwhile.
        let patch = TicketPatch {
            status: Some(TicketStatus::Closed),
            ..TicketPatch::default()
        };
        let of = ticket(pages);
        store
            .write(move |tx| Box::pin(tx_patch(tx, of, patch)))
            .await
            .expect("a write");
    }
    assert_eq!(reached.len(), 1_206, "every entity");
    assert_eq!(
        rest.len(),
        1_206,
        "the rest alone is everything, exactly once"
    );
    let mut other = store
        .sync(None, |_| true)
        .await
        .expect("a page")
        .next
        .expect("more");
    other.epoch = "another".to_owned();
    assert!(matches!(
        store.sync(Some(other), |_| true).await,
        Err(StoreError::OtherEpoch)
    ));
}

async fn roles_see_what_they_may(store: Store) {
    let auditor = Sight::of(Role::Auditor);
    let (mut cursor, mut kinds) = (None, BTreeSet::new());
    loop {
        let page = store
            .sync(cursor, |kind| auditor.may(kind))
            .await
            .expect("a page");
        kinds.extend(page.changes.iter().map(|change| change.record.key().0));
        assert_eq!(page.total, 6, "accounts, an article and a macro");
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(
        kinds,
        BTreeSet::from([Kind::Account, Kind::Macro, Kind::Article])
    );
    let service = Sight::of(Role::Service);
    let page = store
        .sync(None, |kind| service.may(kind))
        .await
        .expect("a page");
    assert!(
        page.changes.is_empty() && page.next.is_none(),
        "a program sees nothing"
    );
}

async fn a_conversation_is_opened_once(store: Store) {
    let open = OpenConversation {
        name: "Ana".to_owned(),
        email: "ANA7@example.com".to_owned(),
        text: "Where are HP-20008 and HP-20007?".to_owned(),
        id: id(9, 2),
        language: Some("pt".to_owned()),
    };
    let ask =
        |token: &str| store.open_conversation(open.clone(), "request".to_owned(), token.to_owned());
    let first = ask("token-1").await.expect("it opens");
    let again = ask("token-2").await.expect("it is found");
    assert!(first.new && !again.new);
    assert_eq!(first.visitor, again.visitor);
    let other = store.open_conversation(open.clone(), "another".to_owned(), "t".to_owned());
    assert!(
        matches!(other.await, Err(StoreError::Conflict)),
        "the id is taken"
    );
    for token in ["token-1", "token-2"] {
        let visitor = store.visitor(token).await.expect("a lookup");
        assert_eq!(visitor.as_ref(), Some(&first.visitor));
    }
    assert!(store.visitor("token-3").await.expect("a lookup").is_none());
    let opened = the_ticket(&store, first.visitor.ticket).await;
    assert_eq!(
        opened.customer,
        CustomerId(id(2, 7)),
        "the address is Ana's"
    );
    assert_eq!(opened.identity, Identity::Claimed);
    assert_eq!(
        opened.order.map(|order| order.0),
        Some(id(3, 7)),
        "her order, not another's"
    );
    assert_eq!(u64::from(opened.number), SHOP_SIZE + 1);
    let stranger = OpenConversation {
        email: "new@example.com".to_owned(),
        id: id(9, 3),
        ..open
    };
    let stranger = store
        .open_conversation(stranger, "r".to_owned(), "t4".to_owned())
        .await
        .expect("it opens");
    assert_eq!(
        the_ticket(&store, stranger.visitor.ticket).await.order,
        None,
        "not theirs"
    );
    let customer = store.get::<Customer>(stranger.visitor.customer.0).await;
    assert_eq!(
        customer.expect("a lookup").expect("a customer").source.name,
        "Web chat"
    );
}

async fn an_answer_ends_the_waiting(store: Store) {
    let visitor = chat(&store).await;
    let waiting = the_ticket(&store, visitor.ticket).await;
    assert!(waiting.waiting_since.is_some() && waiting.due_at.is_some() && waiting.is_unread());
    store
        .mark_seen(visitor.ticket, agent())
        .await
        .expect("seen");
    assert!(!the_ticket(&store, visitor.ticket).await.is_unread());
    let note = reply("@mette please look, @priya knows", MessageKind::Note);
    say(&store, visitor.ticket, id(9, 5), note).await;
    let noted = the_ticket(&store, visitor.ticket).await;
    assert_eq!(
        noted.mentions,
        [AccountId(id(1, 2))],
        "colleagues, not the author"
    );
    assert!(noted.waiting_since.is_some(), "a note is no answer");
    store
        .mark_seen(visitor.ticket, AccountId(id(1, 2)))
        .await
        .expect("seen");
    assert!(the_ticket(&store, visitor.ticket).await.mentions.is_empty());
    let answer = id(9, 6);
    say(
        &store,
        visitor.ticket,
        answer,
        reply("Tomorrow!", MessageKind::Public),
    )
    .await;
    let answered = the_ticket(&store, visitor.ticket).await;
    assert_eq!(answered.status, TicketStatus::Pending);
    assert_eq!(
        (answered.waiting_since, answered.due_at, answered.assignee),
        (None, None, None)
    );
    assert_eq!(answered.snippet, "Tomorrow!");
    let page = store.conversation(&visitor).await.expect("a conversation");
    assert_eq!(page.messages.len(), 2, "no note");
    assert_eq!(page.messages[1].from, "Priya", "first name only");
    let delivery = async || {
        let message = store.get::<Message>(answer).await;
        message.expect("a lookup").expect("a message").delivery
    };
    assert_eq!(delivery().await, Some(Delivery::Sent));
    for how in [Delivery::Delivered, Delivery::Read, Delivery::Delivered] {
        store
            .delivered(visitor.ticket, Some(MessageId(answer)), how)
            .await
            .expect("it moves");
    }
    assert_eq!(delivery().await, Some(Delivery::Read), "never backwards");
    let write = |text: &str| store.customer_writes(&visitor, MessageId(id(9, 7)), text.to_owned());
    let first = write("Thanks").await.expect("written");
    assert_eq!(
        write("Thanks").await.expect("known"),
        first,
        "the same id is stored once"
    );
    assert!(matches!(write("Other").await, Err(StoreError::Conflict)));
    assert_eq!(
        the_ticket(&store, visitor.ticket).await.status,
        TicketStatus::Open,
        "open again"
    );
}

async fn texts_come_back_as_they_were(store: Store) {
    for (hostile, number) in HOSTILE.iter().zip(1..) {
        let found = store
            .get::<Ticket>(ticket(number).0)
            .await
            .expect("a lookup");
        let mut changed = found.expect("a ticket");
        changed.subject = text::line(hostile).expect("a line");
        changed.tags = vec![changed.subject.clone()];
        changed.snippet = changed.subject.clone();
        let customer = store
            .get::<Customer>(changed.customer.0)
            .await
            .expect("a lookup");
        let mut customer = customer.expect("a customer");
        customer.name = changed.subject.clone();
        let (put, put_customer) = (changed.clone(), customer.clone());
        let write = store.write(move |tx| {
            Box::pin(async move {
                tx.put(&[put]).await?;
                tx.put(&[put_customer]).await
            })
        });
        write.await.expect("it is stored");
        assert_eq!(the_ticket(&store, changed.id).await, changed);
        let back = store
            .get::<Customer>(customer.id.0)
            .await
            .expect("a lookup");
        assert_eq!(back, Some(customer));
        let message = id(9, 100 + number);
        say(
            &store,
            ticket(number),
            message,
            reply(hostile, MessageKind::Public),
        )
        .await;
        let message = store.get::<Message>(message).await.expect("a lookup");
        assert_eq!(message.expect("a message").text, *hostile);
        let none = store.customers(Some((*hostile).to_owned()), None, 10).await;
        assert!(none.expect("a list").0.is_empty(), "a filter is a value");
    }
}

async fn lists_filter_and_go_on(store: Store) {
    let (mut cursor, mut found): (Option<ListCursor>, Vec<Ticket>) = (None, Vec::new());
    let closed = TicketFilter {
        status: Some(TicketStatus::Closed),
        ..TicketFilter::default()
    };
    loop {
        let (items, next) = store
            .tickets(closed.clone(), cursor, 7)
            .await
            .expect("a page");
        assert!(items.len() <= 7);
        found.extend(items);
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(found.len(), 66, "every third");
    assert!(
        found
            .iter()
            .all(|ticket| ticket.status == TicketStatus::Closed)
    );
    assert!(
        found
            .windows(2)
            .all(|two| two[0].last_message_at >= two[1].last_message_at)
    );
    let numbers: BTreeSet<u32> = found.iter().map(|ticket| ticket.number).collect();
    assert_eq!(numbers.len(), 66, "none twice");
    let by_number = OrderFilter {
        number: Some("HP-20005".to_owned()),
        customer: None,
    };
    let (orders, next) = store.orders(by_number, None, 10).await.expect("a page");
    assert_eq!(
        orders
            .iter()
            .map(|order: &Order| order.id.0)
            .collect::<Vec<_>>(),
        [id(3, 5)]
    );
    assert_eq!(next, None);
    let (parcels, _) = store
        .shipments(orders[0].id, None, 10)
        .await
        .expect("a page");
    assert_eq!(parcels.len(), 1);
    let (customers, _) = store
        .customers(Some("ANA5@EXAMPLE.COM".to_owned()), None, 10)
        .await
        .expect("a page");
    assert_eq!(customers.len(), 1);
    let (first, next) = store.messages(ticket(5), None, 1).await.expect("a page");
    let (second, end) = store.messages(ticket(5), next, 1).await.expect("a page");
    assert!(first[0].sent_at < second[0].sent_at, "oldest first");
    assert_eq!(end, None);
}

async fn a_patch_changes_only_what_it_names(store: Store) {
    let before = the_ticket(&store, ticket(1)).await;
    let patch = TicketPatch {
        assignee: Some(Some(agent())),
        add_tags: vec!["vip".to_owned()],
        remove_tags: vec!["parcel".to_owned()],
        ..TicketPatch::default()
    };
    let write = |patch| store.write(move |tx| Box::pin(tx_patch(tx, ticket(1), patch)));
    write(patch).await.expect("a write");
    let after = the_ticket(&store, ticket(1)).await;
    assert_eq!(
        (after.assignee, &after.tags[..]),
        (Some(agent()), &["vip".to_owned()][..])
    );
    assert_eq!(
        (after.status, after.priority),
        (before.status, before.priority)
    );
    let nobody = TicketPatch {
        assignee: Some(None),
        ..TicketPatch::default()
    };
    write(nobody).await.expect("a write");
    assert_eq!(the_ticket(&store, ticket(1)).await.assignee, None);
}

async fn a_new_seed_is_a_new_history(store: Store) {
    let before = store.history();
    assert!(before.sample && before.shop.is_some());
    let age = TimeDelta::hours(12);
    assert!(
        !store.is_stale_sample(age).await.expect("an age"),
        "it is new"
    );
    store.clock().advance(TimeDelta::hours(13));
    assert!(store.is_stale_sample(age).await.expect("an age"));
    store.mark_seen(ticket(1), agent()).await.expect("seen");
    assert!(
        !store.is_stale_sample(age).await.expect("an age"),
        "somebody worked in it"
    );
    let store = shop(store).await;
    assert_ne!(store.history().epoch, before.epoch);
    let now: Instant = store.clock().now();
    assert!(the_ticket(&store, ticket(1)).await.last_message_at > now - TimeDelta::hours(1));
    let accounts = store
        .load::<Account>(&[id(1, 1), id(1, 2)])
        .await
        .expect("accounts");
    assert_eq!(accounts.len(), 2);
}

async fn tx_patch(
    tx: &mut super::Tx,
    ticket: TicketId,
    patch: TicketPatch,
) -> Result<Option<Ticket>, StoreError> {
    tx.patch_ticket(ticket, patch).await
}

async fn say(store: &Store, ticket: TicketId, message: Uuid, new: NewMessage) {
    let write = store.write(move |tx| {
        Box::pin(async move {
            tx.add_message(MessageId(message), ticket, agent(), new)
                .await
        })
    });
    write.await.expect("a write").expect("a ticket");
}

async fn chat(store: &Store) -> Visitor {
    let open = OpenConversation {
        name: "Ben".to_owned(),
        email: "ben@example.com".to_owned(),
        text: "Hello?".to_owned(),
        id: id(9, 4),
        language: None,
    };
    let opened = store.open_conversation(open, "r".to_owned(), "ben".to_owned());
    opened.await.expect("it opens").visitor
}

async fn the_ticket(store: &Store, id: TicketId) -> Ticket {
    let found = store.get::<Ticket>(id.0).await.expect("a lookup");
    found.expect("a ticket")
}

fn reply(text: &str, kind: MessageKind) -> NewMessage {
    NewMessage {
        kind,
        text: text.to_owned(),
        seen: None,
        then: None,
    }
}

fn agent() -> AccountId {
    AccountId(id(1, 1))
}

fn ticket(number: u64) -> TicketId {
    TicketId(id(5, number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, store::Location, tasks::Tasks, testing::postgres::Postgres};
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn clock() -> Clock {
        Clock::fixed(chrono::DateTime::from_timestamp(1_795_000_000, 0).expect("a moment"))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn sqlite_conforms() {
        let folder = tempfile::tempdir().expect("a folder");
        let count = AtomicUsize::new(0);
        all(|| async {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let file = Location::File(folder.path().join(format!("a shop {number}%.db")));
            Store::open(&file, clock(), Tasks::default())
                .await
                .expect("a store")
        })
        .await;
        assert_eq!(count.into_inner(), 11);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn postgres_conforms() {
        let server = Postgres::start();
        let count = AtomicUsize::new(0);
        all(|| async {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let url = Location::Url(server.create(&format!("shop{number}")));
            Store::open(&url, clock(), Tasks::default())
                .await
                .expect("a store")
        })
        .await;
        assert_eq!(count.into_inner(), 11);
    }
}
