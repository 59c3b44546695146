//! Prints how fast the desktop's cache is: `figures [--messages 1000000] [--gathered 4000]`.
//!
//! Beside it rusqlite loads the same rows into the same encrypted, indexed schema, over the same
//! SQLite, in one transaction with one prepared statement for each table. Each figure is told by
//! the clock and by the time that processors worked for it: on a machine that does other things,
//! only the second can be compared.

use anyhow::{Context, ensure};
use chrono::Utc;
use deskhand_cache::{Cache, Key, Progress, Reader, Slice, Viewer, Writer};
use deskhand_domain::{AccountId, Currency, Message, MessageId, OpId, TicketId};
use deskhand_gateway::{store::Seed, testing};
use deskhand_protocol::{
    sync::{Change, Record},
    view::{OutboxAction, Sort, TicketQuery, ViewId},
};
use rusqlite::{Connection, params_from_iter, types::Value};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// What the client gathers from pages before it stores them together, unless told otherwise.
const GATHERED: usize = 4_000;
/// What a frame of the live socket holds at most.
const FRAME: usize = 500;
/// About as long a slice of the index works.
const SLICE: Duration = Duration::from_millis(40);
/// So long indexing should never hold the copy's writer.
const TOO_LONG: Duration = Duration::from_millis(5);
/// Messages of a ticket.
const EACH: u64 = 10;
/// What was missed in the second figure.
const MISSED: usize = 10_000;
const TABLES: [&str; 6] = [
    "tickets",
    "messages",
    "customers",
    "orders",
    "shipments",
    "accounts",
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let wanted = Wanted::read()?;
    let tickets = wanted.messages / EACH;
    let folder = tempfile::tempdir()?;
    let key = Key::random();
    let changes = changes(testing::small_shop(Utc::now(), tickets, String::new()));
    let rows = changes.len();
    println!(
        "{rows} rows: {tickets} tickets with {EACH} messages each, customers, orders, parcels"
    );

    let ours = folder.path().join("ours.db");
    let (writer, reader) = Cache::open(&ours, &key).await?;
    let began = Began::now();
    let first_list = history(&writer, &reader, &changes, wanted.gathered).await?;
    began.say("initial sync applied", rows);
    println!(
        "first usable list                {:>10.1?}  after the first page is here",
        first_list
    );

    waits(
        &folder.path().join("waits.db"),
        &key,
        &changes,
        wanted.gathered,
    )
    .await?;
    missed(&writer, &changes).await?;
    local_write(&writer, &reader).await?;
    index(&writer, &reader, rows).await?;
    reader.close().await;
    writer.close().await;
    beside(&ours, &folder.path().join("peer.db"), &key).await
}

/// Applies the history as the client does; answers when the first list was there.
async fn history(
    writer: &Writer,
    reader: &Reader,
    changes: &[Change],
    gathered: usize,
) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut first_list = Duration::ZERO;
    for (number, page) in pages(changes, gathered).enumerate() {
        let after = number.to_string();
        let next = (number + 1).to_string();
        let (epoch, total) = ("figures", changes.len() as u64);
        let next = Some(next.as_str());
        let progress = match number {
            0 => Progress::Begin {
                epoch,
                live: "",
                next,
                total,
            },
            _ => Progress::Page {
                epoch,
                after: &after,
                next,
                total,
            },
        };
        writer.apply(page, progress, Utc::now()).await?;
        if number == 0 {
            ensure!(list(reader).await? > 0, "the first list is empty");
            first_list = began.elapsed();
        }
    }
    Ok(first_list)
}

/// How long a person's write waits for its turn while the history comes in.
async fn waits(file: &Path, key: &Key, changes: &[Change], gathered: usize) -> anyhow::Result<()> {
    let (writer, reader) = Cache::open(file, key).await?;
    let writer = Arc::new(writer);
    let asked = Arc::clone(&writer);
    // On a thread of its own, as a person's command is.
    let mut others = JoinSet::new();
    others.spawn(async move {
        let mut waited = Held::default();
        // Never at the same moment of the history's work.
        for pause in (7..=23).cycle() {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let began = Began::now();
            if asked.wait_for_turn().await.is_err() {
                break;
            }
            waited.add(&began);
        }
        waited
    });
    let began = Began::now();
    history(&writer, &reader, changes, gathered).await?;
    began.say("the same beside a person", changes.len());
    reader.close().await;
    writer.close().await;
    let waited = others.join_next().await.context("nobody waited")??;
    waited.say("waited for the history");
    Ok(())
}

struct Wanted {
    messages: u64,
    gathered: usize,
}

impl Wanted {
    fn read() -> anyhow::Result<Self> {
        let mut wanted = Self {
            messages: 20_000,
            gathered: GATHERED,
        };
        let mut args = std::env::args().skip(1);
        while let Some(name) = args.next() {
            let number = args.next().context("a number is missing")?;
            match name.as_str() {
                "--messages" => wanted.messages = number.parse()?,
                "--gathered" => wanted.gathered = number.parse()?,
                other => anyhow::bail!("{other} is not known; there are --messages and --gathered"),
            }
        }
        Ok(wanted)
    }
}

/// The shop as a sync would bring it: ticket by ticket with what belongs to it.
fn changes(shop: Seed) -> Vec<Change> {
    let mut records: Vec<Record> = shop.accounts.into_iter().map(Record::Account).collect();
    let belongings = shop.customers.into_iter().zip(shop.orders);
    let tickets = shop.tickets.into_iter().zip(shop.messages.chunks(2));
    let parcels = belongings.zip(shop.shipments).zip(tickets);
    for (number, (((customer, order), parcel), (ticket, messages))) in (0_u64..).zip(parcels) {
        records.push(Record::Ticket(ticket));
        records.push(Record::Customer(customer));
        records.push(Record::Order(order));
        records.push(Record::Shipment(parcel));
        let written = messages.iter().cycle().zip(0..EACH);
        records.extend(written.map(|(message, part)| {
            Record::Message(Message {
                id: MessageId(testing::id(16, number * EACH + part)),
                text: format!(
                    "{} The parcel of order {number} was to come on Tuesday, and part {part} of it did not.",
                    message.text
                ),
                ..message.clone()
            })
        }));
    }
    let positions = records.into_iter().zip(1_i64..);
    positions
        .map(|(record, position)| Change { position, record })
        .collect()
}

/// The first page as the gateway makes it, then as many together as the client gathers.
fn pages(changes: &[Change], gathered: usize) -> impl Iterator<Item = &[Change]> {
    let (first, rest) = changes.split_at(changes.len().min(FRAME));
    std::iter::once(first).chain(rest.chunks(gathered))
}

async fn list(reader: &Reader) -> anyhow::Result<u32> {
    let query = TicketQuery {
        view: ViewId::AllOpen,
        sort: Sort::Clock,
        offset: 0,
        limit: 60,
    };
    let viewer = Viewer {
        me: AccountId(testing::id(1, 1)),
        currency: Currency::EUR,
        now: Utc::now(),
    };
    Ok(reader.list(&query, &viewer).await?.0)
}

/// Changes of rows that are there, as frames after a pause bring them.
async fn missed(writer: &Writer, changes: &[Change]) -> anyhow::Result<()> {
    let head = changes.last().context("no rows")?.position;
    let missed: Vec<Change> = changes
        .iter()
        .cycle()
        .take(MISSED)
        .zip(head + 1..)
        .map(|(change, position)| Change {
            position,
            record: change.record.clone(),
        })
        .collect();
    let began = Began::now();
    for frame in missed.chunks(FRAME) {
        let upto = frame.last().map_or(head, |change| change.position);
        let progress = Progress::Live { cursor: "", upto };
        writer.apply(frame, progress, Utc::now()).await?;
    }
    began.say("missed events applied", MISSED);
    Ok(())
}

/// From an agent's write to the operation being readable, on disk and synced.
async fn local_write(writer: &Writer, reader: &Reader) -> anyhow::Result<()> {
    let mut took = Vec::new();
    for number in 0..200 {
        let ticket = TicketId(testing::id(5, 1 + number));
        let action = OutboxAction::Note {
            text: "Asked the carrier.".to_owned(),
        };
        let op = OpId(testing::id(9, number));
        let began = Instant::now();
        writer.enqueue(op, ticket, &action, Utc::now()).await?;
        ensure!(
            reader.outbox_of(ticket).await?.len() == 1,
            "it is not there"
        );
        reader.ticket(ticket).await?;
        took.push(began.elapsed());
    }
    took.sort();
    println!(
        "{:<32} {:>10.1?} median; {:.1?} at 99 percent",
        "local write, stored and read",
        share(&took, 500),
        share(&took, 990),
    );
    Ok(())
}

/// Makes everything findable, in slices as the client does, and looks how long each writer is held.
async fn index(writer: &Writer, reader: &Reader, rows: usize) -> anyhow::Result<()> {
    let began = Began::now();
    let (mut of_copy, mut of_index) = (Held::default(), Held::default());
    loop {
        let slice = Began::now();
        let held = match writer.index_slice(SLICE).await? {
            Slice::Copy => &mut of_copy,
            Slice::Index => &mut of_index,
            Slice::Nothing => break,
        };
        held.add(&slice);
    }
    ensure!(reader.indexed_percent().await? == 100, "not all is indexed");
    began.say("indexed for search", rows);
    of_copy.say("the copy's writer");
    of_index.say("the index's writer");
    Ok(())
}

/// How long a writer was held each time.
#[derive(Default)]
struct Held {
    clock: Vec<Duration>,
    worked: Vec<Duration>,
}

impl Held {
    fn add(&mut self, since: &Began) {
        self.clock.push(since.clock.elapsed());
        self.worked.push(since.worked());
    }

    fn say(mut self, who: &str) {
        for (how, times) in [
            ("by the clock", &mut self.clock),
            ("processor time", &mut self.worked),
        ] {
            times.sort();
            let long = times.iter().filter(|time| **time > TOO_LONG).count();
            let what = format!("  {who}, {how}");
            println!(
                "{what:<36} {:>8.1?} median; {:.1?} at 99 percent; {:.1?} at 99.9; {:.1?} longest; {long} of {} above {TOO_LONG:?}; {:.2?} in all",
                share(times, 500),
                share(times, 990),
                share(times, 999),
                share(times, 1000),
                times.len(),
                times.iter().sum::<Duration>(),
            );
        }
    }
}

/// What so many of a thousand stay below.
fn share(sorted: &[Duration], of_thousand: usize) -> Duration {
    let at = (sorted.len() * of_thousand / 1000).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

/// The peer: the rows of one file, loaded into another of the same schema.
async fn beside(ours: &Path, peer: &Path, key: &Key) -> anyhow::Result<()> {
    let (writer, reader) = Cache::open(peer, key).await?;
    reader.close().await;
    writer.close().await;
    let from = open(ours, key)?;
    let mut loaded = Vec::new();
    for table in TABLES {
        let mut select = from.prepare(&format!("select * from {table}"))?;
        let width = select.column_count();
        let mut rows = select.query([])?;
        let mut copied: Vec<Vec<Value>> = Vec::new();
        while let Some(row) = rows.next()? {
            copied.push((0..width).map(|at| row.get(at)).collect::<Result<_, _>>()?);
        }
        loaded.push((table, width, copied));
    }
    let rows = loaded.iter().map(|(_, _, rows)| rows.len()).sum();
    let mut to = open(peer, key)?;
    let began = Began::now();
    let tx = to.transaction()?;
    for (table, width, rows) in &loaded {
        let places = vec!["?"; *width].join(", ");
        let mut insert = tx.prepare(&format!("insert into {table} values ({places})"))?;
        for row in rows {
            insert.execute(params_from_iter(row))?;
        }
    }
    tx.commit()?;
    began.say("rusqlite, the same rows", rows);
    Ok(())
}

fn open(file: &Path, key: &Key) -> anyhow::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch(&format!(
        "pragma key = \"x'{}'\"; pragma synchronous = full; pragma temp_store = memory; \
         pragma foreign_keys = off;",
        key.to_hex()
    ))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    Ok(connection)
}

/// When something began, by the clock and by what the processors had done for this process.
struct Began {
    clock: Instant,
    worked: Duration,
}

impl Began {
    fn now() -> Self {
        Self {
            clock: Instant::now(),
            worked: worked(),
        }
    }

    fn worked(&self) -> Duration {
        worked().saturating_sub(self.worked)
    }

    fn say(&self, what: &str, rows: usize) {
        let (took, worked) = (self.clock.elapsed(), self.worked());
        let rate = |time: Duration| rows as f64 / time.as_secs_f64().max(1e-9);
        println!(
            "{what:<32} {took:>10.2?} {rows} rows, {:.0} rows/s; {worked:.2?} of processors, {:.0} rows/s of one",
            rate(took),
            rate(worked),
        );
    }
}

/// What the processors have done for the threads of this process, where the system says so.
fn worked() -> Duration {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return Duration::ZERO;
    };
    let nanos = threads.filter_map(|thread| {
        let file = thread.ok()?.path().join("schedstat");
        let text = std::fs::read_to_string(file).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}
