//! The history fills the copy in the background: who writes meanwhile does not wait for a page.

#[path = "fixture/records.rs"]
mod records;

use deskhand_cache::{Cache, CacheError, Key, Progress, Reader, Writer};
use deskhand_domain::OpId;
use deskhand_protocol::{
    sync::{Change, Record},
    view::OutboxAction,
};
use records::{blank_message, blank_ticket, now};
use std::pin::pin;
use uuid::Uuid;

/// A page of several thousand rows.
const TICKETS: u32 = 600;
const EACH: u32 = 5;

fn page() -> Vec<Change> {
    let records = (0..TICKETS).flat_map(|number| {
        let ticket = Uuid::from_u128(u128::from(number) << 64).into();
        let messages = (1..=EACH).map(move |part| {
            let id = Uuid::from_u128(u128::from(number) << 64 | u128::from(part));
            Record::Message(blank_message(id.into(), ticket, now()))
        });
        std::iter::once(Record::Ticket(blank_ticket(ticket, number, now()))).chain(messages)
    });
    let positions = records.zip(1..);
    positions
        .map(|(record, position)| Change { position, record })
        .collect()
}

async fn cache() -> (tempfile::TempDir, Writer, Reader) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache.db");
    let (writer, reader) = Cache::open(&path, &Key::random()).await.expect("a cache");
    begin(&writer, "one").await;
    (folder, writer, reader)
}

async fn begin(writer: &Writer, epoch: &str) {
    let progress = Progress::Begin {
        epoch,
        live: "live",
        next: Some("next"),
        total: 9,
    };
    writer.apply(&[], progress, now()).await.expect("begun");
}

const NEXT: Progress<'_> = Progress::Page {
    epoch: "one",
    after: "next",
    next: Some("last"),
    total: 9,
};

async fn note(writer: &Writer, number: u128) -> Result<(), CacheError> {
    let action = OutboxAction::Note {
        text: "Asked the carrier.".to_owned(),
    };
    let op = OpId(Uuid::from_u128(number));
    writer
        .enqueue(op, Uuid::from_u128(1 << 64).into(), &action, now())
        .await
}

/// How many tickets and messages are here, and what comes next.
async fn stored(reader: &Reader) -> (usize, usize, Option<String>) {
    let state = reader.sync_state().await.expect("a state");
    let (mut tickets, mut messages) = (0, 0);
    for number in 0..TICKETS {
        let id = Uuid::from_u128(u128::from(number) << 64).into();
        tickets += usize::from(reader.ticket(id).await.expect("read").is_some());
        messages += reader.messages(id).await.expect("read").len();
    }
    (tickets, messages, state.and_then(|state| state.next))
}

#[tokio::test]
async fn a_page_of_the_history_gives_way_to_whoever_writes() {
    let (_folder, writer, reader) = cache().await;
    let page = page();
    let mut applied = pin!(writer.apply(&page, NEXT, now()));
    let mut written = 0;
    // The page has its first turn before anybody else asks for one.
    let others = async {
        loop {
            tokio::task::yield_now().await;
            note(&writer, written).await.expect("stored");
            written += 1;
        }
    };
    tokio::select! {
        biased;
        done = &mut applied => drop(done.expect("applied")),
        () = others => {}
    }
    assert!(written > 3, "only {written} were written beside the page");
    assert_eq!(reader.outbox().await.expect("read").len() as u128, written);
    let (tickets, messages, next) = stored(&reader).await;
    assert_eq!(tickets, TICKETS as usize);
    assert_eq!(messages, (TICKETS * EACH) as usize);
    assert_eq!(next.as_deref(), Some("last"));
}

#[tokio::test]
async fn a_page_that_ends_halfway_is_fetched_again_and_nothing_is_there_twice() {
    let (_folder, writer, reader) = cache().await;
    let page = page();
    tokio::select! {
        biased;
        done = writer.apply(&page, NEXT, now()) => panic!("it did not give way: {done:?}"),
        done = note(&writer, 1) => done.expect("stored"),
    }
    let (tickets, messages, next) = stored(&reader).await;
    assert_eq!(next.as_deref(), Some("next"), "the page is not here yet");
    assert!(messages > 0 && messages < page.len(), "{messages} messages");
    assert_eq!(tickets, 0, "what others refer to comes first");

    let applied = writer.apply(&page, NEXT, now()).await.expect("applied");
    assert_eq!(applied.tickets.len(), TICKETS as usize);
    let (tickets, messages, next) = stored(&reader).await;
    assert_eq!(tickets, TICKETS as usize);
    assert_eq!(messages, (TICKETS * EACH) as usize);
    assert_eq!(next.as_deref(), Some("last"));
}

#[tokio::test]
async fn a_page_of_a_sync_that_was_given_up_leaves_nothing_when_it_gives_way() {
    let (_folder, writer, reader) = cache().await;
    begin(&writer, "two").await;
    let page = page();
    let (applied, noted) = tokio::join!(
        biased;
        writer.apply(&page, NEXT, now()),
        note(&writer, 1)
    );
    noted.expect("stored");
    assert!(applied.expect("given up").tickets.is_empty());
    assert_eq!(stored(&reader).await, (0, 0, Some("next".to_owned())));
}
