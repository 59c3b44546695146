//! The file of the index beside its copy: whatever becomes of it, the copy stays and is found again.

use super::*;
use crate::{Cache, Key, Progress, Reader, Viewer, Writer};
use deskhand_domain::{Channel, Currency, MessageKind, message::Author};
use deskhand_protocol::{
    sync::{Change, Record},
    view::{SearchQuery, SearchResults},
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use uuid::Uuid;

const SLICE: Duration = Duration::from_millis(50);

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a moment")
}

fn message(number: u32, text: &str) -> Change {
    Change {
        position: number.into(),
        record: Record::Message(Message {
            id: Uuid::from_u128(number.into()).into(),
            ticket: Uuid::from_u128(1 << 64).into(),
            kind: MessageKind::Public,
            author: Author::System,
            channel: Channel::Email,
            text: text.into(),
            sent_at: now(),
            delivery: None,
            held_until: None,
            attachments: vec![],
        }),
    }
}

struct World {
    folder: tempfile::TempDir,
    key: Key,
    writer: Writer,
    reader: Reader,
}

impl World {
    /// A copy with so many messages, of which nothing is indexed.
    async fn new(messages: u32) -> Self {
        let (folder, key) = (tempfile::tempdir().expect("a folder"), Key::random());
        let opened = Cache::open(&folder.path().join("cache.db"), &key).await;
        let (writer, reader) = opened.expect("a cache");
        let history: Vec<_> = (1..=messages)
            .map(|number| message(number, &format!("an old lantern, number{number}")))
            .collect();
        Self::begin(&writer, &history).await;
        Self {
            folder,
            key,
            writer,
            reader,
        }
    }

    async fn begin(writer: &Writer, history: &[Change]) {
        let progress = Progress::Begin {
            epoch: "one",
            live: "live",
            next: None,
            total: 1,
        };
        let applied = writer.apply(history, progress, now()).await;
        applied.expect("applied");
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cache.db")
    }

    fn index_file(&self) -> PathBuf {
        self.folder.path().join("cache.db-index")
    }

    async fn bring(&self, change: Change) {
        let (cursor, upto) = ("c", change.position);
        let progress = Progress::Live { cursor, upto };
        let applied = self.writer.apply(&[change], progress, now()).await;
        applied.expect("applied");
    }

    async fn index(&self) {
        while self.writer.index_slice(SLICE).await.expect("indexed") != Slice::Nothing {}
    }

    /// Closes it, does something to its files, and opens it again.
    async fn reopen(mut self, meanwhile: impl FnOnce(&Path)) -> Self {
        self.reader.close().await;
        self.writer.close().await;
        meanwhile(self.folder.path());
        let opened = Cache::open(&self.path(), &self.key).await;
        (self.writer, self.reader) = opened.expect("the copy is whole");
        self
    }

    async fn ask(&self, text: &str) -> SearchResults {
        let viewer = Viewer {
            me: Uuid::from_u128(7).into(),
            currency: Currency::EUR,
            now: now(),
        };
        let query = SearchQuery {
            text: text.into(),
            limit: 5,
        };
        let found = self.reader.search(&query, &viewer).await;
        found.expect("an answer")
    }

    async fn hits(&self, text: &str) -> usize {
        self.ask(text).await.hits.len()
    }
}

#[tokio::test]
async fn the_index_is_made_while_somebody_else_holds_the_copys_writer() {
    let world = World::new(300).await;
    let slice = world.writer.index_slice(SLICE).await.expect("begun");
    assert_eq!(slice, Slice::Copy, "all is noted for a new file");
    let held = world.writer.turn().await.expect("held");
    while world.hits("number300").await == 0 {
        let slice = world.writer.index_slice(SLICE).await.expect("indexed");
        assert_eq!(slice, Slice::Index);
    }
    assert_eq!(world.ask("lantern").await.indexed, 100);
    drop(held);
    assert_eq!(
        world.writer.index_slice(SLICE).await.expect("put away"),
        Slice::Copy,
        "then its notes go"
    );
    world.index().await;
    let left: i64 = sqlx::query_scalar("select count(*) from noted")
        .fetch_one(&world.reader.pool)
        .await
        .expect("counted");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_comes_now_is_found_before_the_history() {
    let world = World::new(20_000).await;
    let short = Duration::from_micros(100);
    world.writer.index_slice(short).await.expect("begun");
    world.bring(message(30_000, "xylophone")).await;
    while world.hits("xylophone").await == 0 {
        world.writer.index_slice(short).await.expect("indexed");
    }
    let percent = world.ask("xylophone").await.indexed;
    assert!(percent < 5, "{percent} percent of the history went first");
}

#[tokio::test]
async fn an_index_is_kept_over_a_restart_and_goes_on_where_it_was() {
    let world = World::new(3_000).await;
    let short = Duration::from_millis(1);
    while world.reader.indexed_percent().await.expect("read") < 20 {
        world.writer.index_slice(short).await.expect("indexed");
    }
    let world = world.reopen(|_| {}).await;
    let percent = world.reader.indexed_percent().await.expect("read");
    assert!((20..100).contains(&percent), "{percent}");
    assert_eq!(world.hits("number1").await, 5, "its beginning");
    world.index().await;
    let world = world.reopen(|_| {}).await;
    assert_eq!(world.reader.indexed_percent().await.expect("read"), 100);
    assert_eq!(world.hits("number3000").await, 1);
}

#[tokio::test]
async fn an_index_that_is_missing_or_broken_or_another_ones_is_made_anew() {
    let mut world = World::new(300).await;
    world.index().await;
    let other = World::new(1).await;
    other.index().await;
    let (others, file) = (other.index_file(), world.index_file());
    other.reader.close().await;
    other.writer.close().await;
    let of_another_key = fs::read(others).expect("the other's index");
    let nonsense = vec![7; 8192];
    for bytes in [None, Some(vec![]), Some(nonsense), Some(of_another_key)] {
        world = world
            .reopen(|_| match &bytes {
                None => fs::remove_file(&file).expect("taken away"),
                Some(bytes) => fs::write(&file, bytes).expect("replaced"),
            })
            .await;
        let before = world.ask("lantern").await;
        assert_eq!((before.hits.len(), before.indexed), (0, 0));
        world.index().await;
        assert_eq!(world.hits("number300").await, 1);
        world.reader.check().await.expect("the copy is whole");
    }
}

#[tokio::test]
async fn an_index_that_is_broken_within_is_noticed_by_whoever_looks() {
    let mut world = World::new(3_000).await;
    world.index().await;
    let file = world.index_file();
    world = world
        .reopen(|_| {
            let mut bytes = fs::read(&file).expect("the index");
            let pages = bytes.chunks_mut(4096).skip(12);
            pages.for_each(|page| page[100] ^= 1);
            fs::write(&file, bytes).expect("broken");
        })
        .await;
    let answer = world.ask("lantern").await;
    assert_eq!((answer.hits.len(), answer.indexed), (0, 0));
    world.index().await;
    assert_eq!(world.hits("number3000").await, 1);
    world.reader.check().await.expect("the copy is whole");
}

#[tokio::test]
async fn an_index_that_has_seen_what_a_power_cut_undid_is_made_anew() {
    let mut world = World::new(10).await;
    world.index().await;
    let (copy, mut before) = (world.path(), vec![]);
    world = world
        .reopen(|_| before = fs::read(&copy).expect("the copy"))
        .await;
    world.bring(message(11, "a short-lived tambourine")).await;
    world.index().await;
    assert_eq!(world.hits("tambourine").await, 1);
    world = world
        .reopen(|_| fs::write(&copy, &before).expect("undone"))
        .await;
    assert_eq!(world.ask("lantern").await.indexed, 0);
    // Another message takes the place of the one that was undone.
    world.bring(message(12, "a harp")).await;
    world.index().await;
    assert_eq!(world.hits("tambourine").await, 0);
    assert_eq!(world.hits("harp").await, 1);
    assert_eq!(world.hits("lantern").await, 5);
}

#[tokio::test]
async fn a_copy_that_was_cleared_does_not_ask_the_index_of_before() {
    let world = World::new(300).await;
    world.index().await;
    world.writer.purge().await.expect("purged");
    assert_eq!(world.ask("lantern").await.indexed, 0);
    // It takes the place of one that was there before.
    World::begin(&world.writer, &[message(1, "a harp")]).await;
    assert_eq!(world.hits("lantern").await, 0);
    world.index().await;
    assert_eq!(world.hits("lantern").await, 0);
    assert_eq!(world.hits("harp").await, 1);
    assert_eq!(world.ask("harp").await.indexed, 100);
}

#[tokio::test]
async fn an_index_that_an_earlier_program_left_in_the_copy_goes_and_all_is_found_again() {
    let mut world = World::new(300).await;
    world.index().await;
    let search = include_str!("../../../../migrations/cache/202611202330_search.sql");
    let merges = include_str!("../../../../migrations/cache/202611210150_merges.sql");
    for statement in [
        "drop trigger tickets_changed; drop trigger messages_changed; \
         drop trigger customers_changed; drop trigger orders_changed; \
         drop trigger shipments_changed; drop table evicted; drop table noted; drop table indexing; \
         delete from _sqlx_migrations where version = 202611211330",
        search,
        merges,
        "insert into documents (doc, kind, row) select rowid, 2, rowid from messages",
        "insert into words (rowid, text) select rowid, body from messages",
        "insert into exact (key, kind, row) select 'n' || id, 2, rowid from messages",
    ] {
        let done = sqlx::raw_sql(statement)
            .execute(&mut *world.writer.turn().await.expect("a turn"))
            .await;
        done.expect("as it was");
    }
    let file = world.index_file();
    world = world
        .reopen(|_| fs::remove_file(file).expect("there was none"))
        .await;
    assert_eq!(world.ask("lantern").await.indexed, 0);
    world.index().await;
    assert_eq!(world.hits("number300").await, 1);
    let left: Vec<String> = sqlx::query_scalar(
        "select name from sqlite_schema where name like 'words%' \
         or name in ('documents', 'exact', 'to_index')",
    )
    .fetch_all(&world.reader.pool)
    .await
    .expect("listed");
    assert_eq!(left, Vec::<String>::new());
    world.reader.check().await.expect("the copy is whole");
}
