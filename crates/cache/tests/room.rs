//! Old closed tickets make room, and a damaged file is noticed.

#[path = "fixture/records.rs"]
mod records;

use chrono::TimeDelta;
use deskhand_cache::{Cache, CacheError, Key, Progress, Reader, Slice, Viewer, Writer};
use deskhand_domain::{AccountId, Currency, Message, Ticket, TicketId, TicketStatus};
use deskhand_protocol::{
    sync::{Change, Record},
    view::{OutboxAction, SearchQuery},
};
use records::{blank_message, blank_ticket, now};
use std::{collections::BTreeSet, fs, path::Path, time::Duration};
use uuid::Uuid;

const TICKETS: u32 = 60;
const OPEN: u32 = 60;
const DRAFT: u32 = 1;
const QUEUED: u32 = 2;

fn of(number: u32) -> TicketId {
    Uuid::from_u128(number.into()).into()
}

/// The higher the number, the newer.
fn ticket(number: u32) -> Ticket {
    let at = now() + TimeDelta::hours(number.into());
    Ticket {
        subject: format!("Tent {number}"),
        status: match number {
            OPEN => TicketStatus::Open,
            _ => TicketStatus::Closed,
        },
        ..blank_ticket(of(number), number, at)
    }
}

fn message(ticket: u32, at: u32) -> Message {
    let id = Uuid::from_u128(u128::from(ticket * 100 + at) + (1 << 96));
    let sent_at = now() + TimeDelta::hours(ticket.into()) + TimeDelta::seconds(at.into());
    Message {
        text: format!(
            "Number {ticket} leaks. {}",
            "It rained all night. ".repeat(60)
        ),
        ..blank_message(id.into(), of(ticket), sent_at)
    }
}

async fn filled(path: &Path, key: &Key) -> (Writer, Reader) {
    let (writer, reader) = Cache::open(path, key).await.expect("a cache");
    let messages = |number| (0..8).map(move |at| Record::Message(message(number, at)));
    let changes: Vec<Change> = (1..=TICKETS)
        .flat_map(|number| messages(number).chain([Record::Ticket(ticket(number))]))
        .zip(1..)
        .map(|(record, position)| Change { position, record })
        .collect();
    let progress = Progress::Begin {
        epoch: "one",
        live: "live",
        next: None,
        total: 9,
    };
    let applied = writer.apply(&changes, progress, now()).await;
    applied.expect("applied");
    index(&writer).await;
    (writer, reader)
}

async fn index(writer: &Writer) {
    let slice = Duration::from_millis(50);
    while writer.index_slice(slice).await.expect("indexed") != Slice::Nothing {}
}

async fn found(reader: &Reader, text: &str) -> usize {
    let query = SearchQuery {
        text: text.into(),
        limit: 100,
    };
    let viewer = Viewer {
        me: AccountId(Uuid::from_u128(77)),
        currency: Currency::EUR,
        now: now(),
    };
    let results = reader.search(&query, &viewer).await.expect("searched");
    results.hits.len()
}

#[tokio::test]
async fn old_closed_tickets_make_room_and_what_is_being_written_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache.db");
    let (writer, reader) = filled(&path, &Key::random()).await;
    let action = OutboxAction::Note { text: "x".into() };
    let op = Uuid::from_u128(1).into();
    let queued = writer.enqueue(op, of(QUEUED), &action, now()).await;
    queued.expect("stored");
    let keep = BTreeSet::from([of(DRAFT)]);

    let untouched = writer.evict(u64::MAX, &keep).await.expect("measured");
    assert_eq!(untouched.tickets, 0, "there is room");
    let limit = untouched.before * 3 / 4;
    let evicted = writer.evict(limit, &keep).await.expect("evicted");
    assert!(evicted.after <= limit, "{evicted:?}");
    assert!((10..50).contains(&evicted.tickets), "{evicted:?}");
    for (number, stays) in [
        (DRAFT, true),
        (QUEUED, true),
        (3, false),
        (59, true),
        (OPEN, true),
    ] {
        let here = reader.messages(of(number)).await.expect("read").len();
        assert_eq!(here, if stays { 8 } else { 0 }, "{number}");
        let noted = reader.is_evicted(of(number)).await.expect("read");
        assert_eq!(noted, !stays, "{number}");
    }
    assert_eq!(
        found(&reader, "\"number 3 leaks\"").await,
        0,
        "its messages are gone"
    );
    assert_eq!(found(&reader, "\"tent 3\"").await, 1, "the ticket is here");
    assert_eq!(found(&reader, "\"number 59 leaks\"").await, 8);

    // Its agent opens it: the gateway sends the messages, one was newer over the feed.
    let back: Vec<Message> = (0..8).map(|at| message(3, at)).collect();
    writer.bring_back(of(3), &back).await.expect("stored");
    index(&writer).await;
    assert_eq!(reader.messages(of(3)).await.expect("read"), back);
    assert!(!reader.is_evicted(of(3)).await.expect("read"));
    assert_eq!(found(&reader, "\"number 3 leaks\"").await, 8);

    let all = writer.evict(0, &keep).await.expect("evicted");
    assert!(all.after < evicted.after, "{all:?}");
    let left = reader.messages(of(OPEN)).await.expect("read").len();
    assert_eq!(left, 8, "an open ticket never goes");
    assert_eq!(reader.outbox().await.expect("read").len(), 1);
    reader.check().await.expect("the file is whole");
    let (before, key_pages) = (untouched.before, 40 * 4096);
    reader.close().await;
    writer.close().await;
    let size = fs::metadata(&path).expect("the file").len();
    assert!(
        size < before / 2 + key_pages,
        "{size} of {before}: the disk has the room"
    );
}

#[tokio::test]
async fn a_check_reads_all_of_the_file_and_notices_one_wrong_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, key) = (folder.path().join("cache.db"), Key::random());
    let (writer, reader) = filled(&path, &key).await;
    reader.check().await.expect("the file is whole");
    reader.close().await;
    writer.close().await;
    let whole = fs::read(&path).expect("the file");
    let (mut noticed, mut spare) = (0, 0);
    for page in (40..whole.len() / 4096).step_by(17) {
        let mut bytes = whole.clone();
        bytes[page * 4096 + 100] ^= 1;
        fs::write(&path, &bytes).expect("written");
        let Ok((writer, reader)) = Cache::open(&path, &key).await else {
            noticed += 1;
            continue;
        };
        match reader.check().await {
            Ok(()) => spare += 1,
            Err(error) => {
                assert!(error.is_damaged(), "{error:?}");
                assert!(!matches!(error, CacheError::Encode(_)));
                noticed += 1;
            }
        }
        reader.close().await;
        writer.close().await;
    }
    println!("{noticed} pages noticed, {spare} hold nothing");
    assert!(noticed > 5 && spare <= noticed / 4, "{noticed} of {spare}");
}
