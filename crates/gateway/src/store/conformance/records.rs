//! Operations, lists and texts.

use super::*;

pub async fn an_operation_is_carried_out_once(store: Store) {
    let operation = |request: &str| Operation {
        id: OpId(id(9, 1)),
        teams: [deskhand_domain::TeamId::MAIN].into(),
        actor: "priya".to_owned(),
        request: request.to_owned(),
        attempt: request.to_owned(),
    };
    let write = |request: &str| {
        store.once(operation(request), |tx| {
            Box::pin(async move {
                let new = NewMessage {
                    seen: Some(MessageId(id(6, 3))),
                    ..reply("Hello again", MessageKind::Public)
                };
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

pub async fn texts_come_back_as_they_were(store: Store) {
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

pub async fn lists_filter_and_go_on(store: Store) {
    let (mut cursor, mut found): (Option<ListCursor>, Vec<Ticket>) = (None, Vec::new());
    let closed = TicketFilter {
        teams: [TeamId::MAIN].into(),
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

pub async fn a_patch_changes_only_what_it_names(store: Store) {
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

pub async fn a_write_goes_on_when_its_caller_is_gone(store: Store) {
    let head = *store.head().borrow();
    let patch = TicketPatch {
        escalated: Some(true),
        ..TicketPatch::default()
    };
    let write = store.write(move |tx| Box::pin(tx_patch(tx, ticket(1), patch)));
    // Polled once, so that it has begun, and dropped, as when a peer hangs up.
    let begun = futures_util::FutureExt::now_or_never(write);
    assert!(begun.is_none(), "it cannot be done at once");
    let mut newer = store.head();
    let moved = newer.wait_for(|now| *now > head);
    tokio::time::timeout(std::time::Duration::from_secs(20), moved)
        .await
        .expect("it is committed")
        .expect("the store lives");
    assert!(the_ticket(&store, ticket(1)).await.escalated);
}
