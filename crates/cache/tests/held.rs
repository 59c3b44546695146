//! Replies that were held because the conversation went on.

use chrono::{DateTime, Utc};
use deskhand_cache::{Cache, Key, StoredState, Viewer};
use deskhand_domain::{
    AccountId, Author, Channel, Currency, CustomerId, Message, MessageKind, OpId, TicketId,
};
use deskhand_protocol::view::{OutboxAction, ViewId};
use uuid::Uuid;

const TICKET: TicketId = TicketId(Uuid::from_u128(1));

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a moment")
}

fn missed(id: u128) -> Message {
    Message {
        id: Uuid::from_u128(id).into(),
        ticket: TICKET,
        kind: MessageKind::Public,
        author: Author::Customer(CustomerId(Uuid::from_u128(5))),
        channel: Channel::Email,
        text: "It has arrived after all.".into(),
        sent_at: now(),
        delivery: None,
        held_until: None,
        attachments: vec![],
    }
}

fn reply(seen: u128) -> OutboxAction {
    OutboxAction::Reply {
        text: "We send another one.".into(),
        seen: Some(Uuid::from_u128(seen).into()),
        close: false,
        macro_id: None,
        changes: None,
    }
}

#[tokio::test]
async fn a_held_reply_shows_what_was_missed_until_a_person_sends_it_or_takes_it_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, key) = (folder.path().join("cache.db"), Key::random());
    let (writer, reader) = Cache::open(&path, &key).await.expect("a cache");
    let (first, second): (OpId, OpId) = (Uuid::from_u128(10).into(), Uuid::from_u128(11).into());
    for op in [first, second] {
        let stored = writer.enqueue(op, TICKET, &reply(20), now()).await;
        stored.expect("stored");
        writer.mark_later(op, now()).await.expect("tried once");
    }
    let newer = [missed(21), missed(22)];
    writer.hold(first, &newer).await.expect("held");
    writer.hold(second, &newer).await.expect("held");

    let rows = reader.outbox().await.expect("read");
    let held = StoredState::Held {
        missed: newer.to_vec(),
    };
    assert!(rows.iter().all(|row| row.state == held), "{rows:?}");
    let viewer = Viewer {
        me: AccountId(Uuid::from_u128(77)),
        currency: Currency::EUR,
        now: now(),
    };
    let counts = reader.counts(&viewer).await.expect("counted");
    let of = |view| counts.iter().find(|x| x.view == view).map(|x| x.count);
    assert_eq!(of(ViewId::Held), Some(0), "the ticket itself is not here");

    // Another program takes the file over: what was missed goes with it.
    let other = folder.path().join("other.db");
    let (taking, taken) = Cache::open(&other, &key).await.expect("a cache");
    taking.adopt(&rows[0]).await.expect("adopted");
    assert_eq!(taken.outbox().await.expect("read")[0].state, held);

    let sent = writer.send_held(first).await.expect("released");
    assert_eq!(sent, Some(TICKET));
    let waiting = &reader.outbox().await.expect("read")[0];
    assert_eq!(waiting.state, StoredState::Waiting);
    assert_eq!(waiting.action, reply(22), "its author has seen the newest");
    assert_eq!((waiting.attempts, waiting.not_before), (0, None));
    let again = writer.send_held(first).await.expect("asked");
    assert_eq!(again, None, "it is not held any more");

    let back = writer.take_back(second).await.expect("asked");
    assert_eq!(back.expect("it was here").action, reply(20));
    assert_eq!(reader.outbox().await.expect("read").len(), 1);
    let sent = deskhand_cache::Became::Message(Uuid::from_u128(30).into());
    writer.mark_sent(first, sent).await.expect("noted");
    let late = writer.take_back(first).await.expect("asked");
    assert_eq!(late, None, "what was sent stays");
}
