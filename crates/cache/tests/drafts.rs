//! What was begun and not sent, and what is held.

use chrono::{DateTime, Utc};
use deskhand_cache::{Cache, Key, Progress, Reader, StoredOp, StoredState, Writer};
use deskhand_domain::{Compared, OpId, Priority, TicketId};
use deskhand_protocol::{
    rest::TicketPatch,
    view::{Draft, OutboxAction},
};
use std::path::Path;
use uuid::Uuid;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a moment")
}

fn ticket(number: u128) -> TicketId {
    TicketId(Uuid::from_u128(number))
}

fn op(number: u128) -> OpId {
    OpId(Uuid::from_u128(number))
}

fn draft(reply: &str, note: &str) -> Draft {
    Draft {
        reply: reply.into(),
        note: note.into(),
        saved_at: now(),
    }
}

async fn open(folder: &Path, key: &Key) -> (Writer, Reader) {
    let opened = Cache::open(&folder.join("cache.db"), key).await;
    opened.expect("a cache")
}

#[tokio::test]
async fn a_draft_outlives_a_new_sync_and_a_broken_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = Key::random();
    let (writer, reader) = open(folder.path(), &key).await;
    let begun = draft("Dear Ana 🏔️", "ask Mette");
    writer
        .save_draft(ticket(1), &draft("Dear", ""))
        .await
        .expect("stored");
    writer.save_draft(ticket(1), &begun).await.expect("stored");
    writer
        .save_draft(ticket(2), &draft("x", ""))
        .await
        .expect("stored");
    writer
        .save_draft(ticket(2), &draft("", ""))
        .await
        .expect("dropped");
    for epoch in ["one", "two"] {
        let begin = Progress::Begin {
            epoch,
            live: "l",
            next: None,
            total: 0,
        };
        writer.apply(&[], begin, now()).await.expect("applied");
    }
    assert_eq!(
        reader.draft(ticket(1)).await.expect("a look"),
        Some(begun.clone())
    );
    let with = reader.drafts().await.expect("a look");
    assert_eq!(with.into_iter().collect::<Vec<_>>(), [ticket(1)]);
    reader.close().await;
    writer.close().await;
    let path = folder.path().join("cache.db");
    let rescued = Cache::salvage_drafts(&path, &key).await;
    assert_eq!(rescued, [(ticket(1), begun)]);
    let nothing = Cache::salvage_drafts(&path, &Key::random()).await;
    assert_eq!(nothing, [], "another key");
}

#[tokio::test]
async fn what_is_sent_is_begun_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let (writer, reader) = open(folder.path(), &Key::random()).await;
    writer
        .save_draft(ticket(1), &draft("a", "b"))
        .await
        .expect("stored");
    let note = OutboxAction::Note { text: "b".into() };
    let change = OutboxAction::Change {
        patch: TicketPatch::default(),
    };
    writer
        .enqueue(op(1), ticket(1), &change, now())
        .await
        .expect("stored");
    writer
        .enqueue(op(2), ticket(2), &note, now())
        .await
        .expect("stored");
    let found = reader.draft(ticket(1)).await.expect("a look");
    assert_eq!(
        found,
        Some(draft("a", "b")),
        "another ticket, another thing"
    );
    writer
        .enqueue(op(3), ticket(1), &note, now())
        .await
        .expect("stored");
    let found = reader.draft(ticket(1)).await.expect("a look");
    assert_eq!(found, Some(draft("a", "")));
}

#[tokio::test]
async fn a_held_change_is_taken_over_and_sent_with_what_is_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let (writer, reader) = open(folder.path(), &Key::random()).await;
    let patch = |was: &[Compared]| TicketPatch {
        priority: Some(Priority::High),
        assignee: Some(None),
        was: was.to_vec(),
        ..TicketPatch::default()
    };
    let was = [
        Compared::Priority(Priority::Normal),
        Compared::Assignee(None),
    ];
    let urgent = Compared::Priority(Priority::Urgent);
    let held = StoredOp {
        op: op(1),
        ticket: ticket(1),
        action: OutboxAction::Change { patch: patch(&was) },
        state: StoredState::Moved {
            now: vec![urgent.clone()],
        },
        created_at: now(),
        attempts: 0,
        not_before: None,
    };
    writer.adopt(&held).await.expect("taken over");
    let found = reader.outbox().await.expect("a look");
    assert_eq!(found, [held]);
    let released = writer.send_held(op(1)).await.expect("released");
    assert_eq!(released, Some(ticket(1)));
    let found = reader
        .outbox()
        .await
        .expect("a look")
        .pop()
        .expect("it waits");
    assert_eq!(found.state, StoredState::Waiting);
    let now_seen = [Compared::Assignee(None), urgent];
    assert_eq!(
        found.action,
        OutboxAction::Change {
            patch: patch(&now_seen)
        }
    );
    assert_eq!(
        writer.send_held(op(1)).await.expect("a look"),
        None,
        "no more"
    );
}
