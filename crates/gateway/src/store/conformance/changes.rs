//! Changes: compared with what their author saw, checked, counted, forgotten.

use super::*;
use crate::{prune, store::Undo};
use deskhand_domain::{
    Channel, Compared, Field, FieldKind, FieldValue, MacroId, Priority, field::is_key,
};
use deskhand_protocol::rest::DefineField;

const HOLD: TimeDelta = TimeDelta::seconds(13);

pub async fn a_change_that_was_overtaken_changes_nothing(store: Store) {
    let was = vec![
        Compared::Priority(Priority::Normal),
        Compared::Status(TicketStatus::Open),
    ];
    let wanted = |priority, was: &[Compared]| TicketPatch {
        priority: Some(priority),
        status: Some(TicketStatus::Pending),
        add_tags: vec!["mine".to_owned()],
        was: was.to_vec(),
        ..TicketPatch::default()
    };
    let colleague = TicketPatch {
        priority: Some(Priority::Urgent),
        ..TicketPatch::default()
    };
    patch(&store, colleague).await.expect("last writer wins");
    let head = *store.head().borrow();
    let now = moved(patch(&store, wanted(Priority::High, &was)).await);
    assert_eq!(now, [Compared::Priority(Priority::Urgent)], "as it is now");
    assert_eq!(*store.head().borrow(), head, "nothing changed, not the tag");
    let same = patch(&store, wanted(Priority::Urgent, &was)).await;
    let same = same.expect("what I want is so already");
    assert!(same.tags.contains(&"mine".to_owned()));
    let again = patch(&store, wanted(Priority::Low, &now)).await;
    assert_eq!(
        moved(again),
        [],
        "now the author has seen it: {now:?}, and the state is what is wanted"
    );
}

pub async fn every_value_is_compared_by_itself(store: Store) {
    define(&store, "claim", FieldKind::Text).await;
    let colleague = AccountId(id(1, 2));
    let later = store.clock().now() + TimeDelta::days(2);
    let text = |word: &str| Some(FieldValue::Text(word.to_owned()));
    let theirs = TicketPatch {
        assignee: Some(Some(colleague)),
        status: Some(TicketStatus::Snoozed),
        snoozed_until: Some(later),
        fields: [("claim".to_owned(), text("C-1"))].into(),
        ..TicketPatch::default()
    };
    patch(&store, theirs.clone()).await.expect("a change");
    let mine = TicketPatch {
        assignee: Some(Some(agent())),
        status: Some(TicketStatus::Snoozed),
        snoozed_until: Some(later + TimeDelta::days(1)),
        fields: [("claim".to_owned(), text("C-2"))].into(),
        was: vec![
            Compared::Assignee(None),
            Compared::Status(TicketStatus::Open),
            Compared::SnoozedUntil(None),
            Compared::Field {
                key: "claim".to_owned(),
                value: None,
            },
            Compared::Priority(Priority::Low),
        ],
        ..TicketPatch::default()
    };
    let expected = [
        Compared::Assignee(Some(colleague)),
        Compared::SnoozedUntil(Some(later)),
        Compared::Field {
            key: "claim".to_owned(),
            value: text("C-1"),
        },
    ];
    let now = moved(patch(&store, mine.clone()).await);
    assert_eq!(now, expected, "what is not changed is not compared");
    let finer = TicketPatch {
        snoozed_until: Some(later + TimeDelta::microseconds(400)),
        was: mine.was.clone(),
        ..theirs
    };
    patch(&store, finer)
        .await
        .expect("the same in milliseconds");
}

pub async fn of_two_changes_at_once_one_is_told(store: Store) {
    let wants = |priority| TicketPatch {
        priority: Some(priority),
        was: vec![Compared::Priority(Priority::Normal)],
        ..TicketPatch::default()
    };
    let (one, two) = tokio::join!(
        patch(&store, wants(Priority::High)),
        patch(&store, wants(Priority::Low))
    );
    let (stands, told) = match (one, two) {
        (Ok(stands), told) | (told, Ok(stands)) => (stands, moved(told)),
        other => panic!("{other:?}"),
    };
    assert_eq!(told, [Compared::Priority(stands.priority)]);
}

pub async fn fields_are_defined_and_their_values_checked(store: Store) {
    assert!(is_key("claim"));
    let claim = define(&store, "claim", FieldKind::Text).await;
    let choice = |options: &[&str]| FieldKind::Choice {
        options: options.iter().map(|option| (*option).to_owned()).collect(),
    };
    define(&store, "claim_by", choice(&["DHL", "UPS_1%"])).await;
    let (again, new) = try_define(&store, "claim", FieldKind::Number)
        .await
        .expect("nobody uses it yet");
    assert!(!new && again.id == claim.id);
    let set = async |key: &str, value: FieldValue| {
        let patch = TicketPatch {
            fields: [(key.to_owned(), Some(value))].into(),
            ..TicketPatch::default()
        };
        self::patch(&store, patch).await
    };
    let text = |word: &str| FieldValue::Text(word.to_owned());
    for (key, value, pointer) in [
        ("claim", text("four"), "/fields/claim"),
        ("claim_by", text("ups"), "/fields/claim_by"),
        ("a~b/c", text("x"), "/fields/a~0b~1c"),
    ] {
        assert_eq!(wrong(set(key, value).await), pointer);
    }
    let with = set("claim_by", text("UPS_1%")).await.expect("a value");
    assert_eq!(with.fields.get("claim_by"), Some(&text("UPS_1%")));
    assert_eq!(the_ticket(&store, ticket(1)).await, with, "it is stored");
    let kind = try_define(&store, "claim_by", FieldKind::Text).await;
    assert_eq!(wrong(kind), "/kind", "tickets have values");
    let gone = try_define(&store, "claim_by", choice(&["DHL"])).await;
    assert_eq!(wrong(gone), "/kind/options");
    let fewer = try_define(&store, "claim_by", choice(&["UPS_1%", "GLS"])).await;
    fewer.expect("nobody has DHL");
    let other = try_define(&store, "claim", FieldKind::Text).await;
    other.expect("claim_by is another field");
    let none = TicketPatch {
        fields: [("claim_by".to_owned(), None)].into(),
        ..TicketPatch::default()
    };
    let none = patch(&store, none).await.expect("taken away");
    assert!(none.fields.is_empty());
    for number in 0..48 {
        define(&store, &format!("f{number}"), FieldKind::YesNo).await;
    }
    let many = try_define(&store, "one_more", FieldKind::YesNo).await;
    assert!(
        matches!(many, Err(StoreError::Refused(_))),
        "50 is the limit"
    );
    assert_eq!(store.fields().await.expect("fields").len(), 50);
}

pub async fn a_stored_answer_changes_with_its_message_and_is_undone_with_it(store: Store) {
    define(&store, "claim", FieldKind::Text).await;
    store.hold_replies(HOLD);
    let stored = MacroId(id(8, 1));
    let mut before = the_ticket(&store, ticket(1)).await;
    before.channel = Channel::Email;
    before.tags = vec!["old".to_owned(), "parcel".to_owned()];
    let put = before.clone();
    let write = store.write(move |tx| Box::pin(async move { tx.put(&[put]).await }));
    write.await.expect("a write");
    let from_macro = |number: u64, stored| {
        let changes = TicketPatch {
            priority: Some(Priority::High),
            assignee: Some(Some(agent())),
            add_tags: vec!["trace".to_owned(), "parcel".to_owned()],
            remove_tags: vec!["old".to_owned()],
            status: Some(TicketStatus::Closed),
            fields: [("claim".to_owned(), Some(FieldValue::Text("C-1".to_owned())))].into(),
            ..TicketPatch::default()
        };
        let new = NewMessage {
            seen: Some(MessageId(id(6, 3))),
            macro_id: Some(stored),
            changes: Some(changes),
            ..reply("We asked the carrier", MessageKind::Public)
        };
        store.write(move |tx| {
            Box::pin(async move {
                tx.add_message(MessageId(id(9, number)), ticket(1), agent(), new)
                    .await
            })
        })
    };
    let unknown = from_macro(1, MacroId(id(8, 2))).await;
    assert_eq!(wrong(unknown), "/macro_id");
    assert_eq!(the_ticket(&store, ticket(1)).await, before, "nothing");
    from_macro(2, stored).await.expect("a write");
    let changed = the_ticket(&store, ticket(1)).await;
    assert_eq!(
        (changed.priority, changed.assignee, changed.status),
        (Priority::High, Some(agent()), TicketStatus::Closed)
    );
    assert_eq!(changed.tags, ["parcel", "trace"]);
    assert_eq!(changed.fields.len(), 1);
    assert_eq!(store.uses(stored).await.expect("a count"), 1);
    let undone = store.undo(ticket(1), MessageId(id(9, 2)), agent()).await;
    assert_eq!(undone.expect("an answer"), Undo::Done);
    let after = the_ticket(&store, ticket(1)).await;
    let as_before = Ticket {
        updated_at: before.updated_at,
        seen_at: before.seen_at,
        ..after
    };
    assert_eq!(as_before, before, "all of it is back");
    assert_eq!(store.uses(stored).await.expect("a count"), 0);

    from_macro(3, stored).await.expect("a write");
    let colleague = TicketPatch {
        priority: Some(Priority::Low),
        add_tags: vec!["vip".to_owned()],
        ..TicketPatch::default()
    };
    patch(&store, colleague).await.expect("a change");
    let undone = store.undo(ticket(1), MessageId(id(9, 3)), agent()).await;
    assert_eq!(undone.expect("an answer"), Undo::Done);
    let after = the_ticket(&store, ticket(1)).await;
    assert_eq!(after.priority, Priority::Low, "what others set since stays");
    assert_eq!(after.tags, ["old", "parcel", "vip"]);
}

pub async fn operations_are_remembered_for_half_a_year(store: Store) {
    let note = || {
        let operation = Operation {
            id: OpId(id(9, 1)),
            teams: [deskhand_domain::TeamId::MAIN].into(),
            actor: "priya".to_owned(),
            request: "note".to_owned(),
            attempt: "note".to_owned(),
        };
        store.once(operation, |tx| {
            Box::pin(async move {
                let head = tx.now.timestamp();
                Done::new(200, &head).map(Some)
            })
        })
    };
    let first = note().await.expect("done").expect("an answer");
    store.clock().advance(TimeDelta::days(179));
    assert_eq!(prune::prune(&store).await.expect("it looks"), 0);
    assert_eq!(note().await.expect("known"), Some(first.clone()));
    store.clock().advance(TimeDelta::days(2));
    assert_eq!(prune::prune(&store).await.expect("it forgets"), 1);
    assert_eq!(prune::prune(&store).await.expect("it looks"), 0);
    let anew = note().await.expect("done").expect("an answer");
    assert_ne!(anew, first, "it is carried out anew");
}

async fn patch(store: &Store, patch: TicketPatch) -> Result<Ticket, StoreError> {
    let write = store.write(move |tx| Box::pin(tx_patch(tx, ticket(1), patch)));
    Ok(write.await?.expect("a ticket"))
}

async fn define(store: &Store, key: &str, kind: FieldKind) -> Field {
    let (field, new) = try_define(store, key, kind).await.expect("it is defined");
    assert!(new, "{key}");
    field
}

async fn try_define(
    store: &Store,
    key: &str,
    kind: FieldKind,
) -> Result<(Field, bool), StoreError> {
    let define = DefineField {
        label: key.to_owned(),
        kind,
        place: 0,
    };
    store
        .define_field(key.to_owned(), define, agent().into())
        .await
}

/// The values a change was refused for; none when it was not.
fn moved(changed: Result<Ticket, StoreError>) -> Vec<Compared> {
    match changed {
        Ok(_) => Vec::new(),
        Err(StoreError::FieldsMoved { moved }) => moved,
        Err(error) => panic!("{error}"),
    }
}

fn wrong<T: std::fmt::Debug>(refused: Result<T, StoreError>) -> String {
    match refused {
        Err(StoreError::Wrong { pointer, .. }) => pointer,
        other => panic!("{other:?}"),
    }
}
