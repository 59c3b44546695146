//! Conversations of customers, and what colleagues do in them.

use super::*;

pub async fn a_conversation_is_opened_once(store: Store) {
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

pub async fn an_answer_ends_the_waiting(store: Store) {
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
            .delivered(&visitor, Some(MessageId(answer)), how)
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
