//! The search index, made in the background in slices from what changed.

use crate::{
    error::{CacheError, Doing},
    keys,
    open::{Reader, Writer},
    read::decode,
    words::for_index,
};
use chrono::{DateTime, Utc};
use deskhand_domain::{Customer, Message, Order, Shipment, Ticket};
use serde_json::{Value, json};
use sqlx::{Connection as _, Row, Sqlite, SqliteConnection, Transaction};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::Instant;

/// Documents of one second get neighbouring numbers.
const EACH_SECOND: i64 = 1024;

/// What can be found; the number is the kind in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Ticket = 1,
    Message = 2,
    Customer = 3,
    Order = 4,
    Shipment = 5,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Ticket,
        Self::Message,
        Self::Customer,
        Self::Order,
        Self::Shipment,
    ];

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == number)
    }

    pub(crate) fn table(self) -> &'static str {
        match self {
            Self::Ticket => "tickets",
            Self::Message => "messages",
            Self::Customer => "customers",
            Self::Order => "orders",
            Self::Shipment => "shipments",
        }
    }

    fn bodies(self) -> &'static str {
        macro_rules! of {
            ($table:literal) => {
                concat!(
                    "select rowid, id, body from ",
                    $table,
                    " where rowid in (select value from json_each(?1))"
                )
            };
        }
        match self {
            Self::Ticket => of!("tickets"),
            Self::Message => of!("messages"),
            Self::Customer => of!("customers"),
            Self::Order => of!("orders"),
            Self::Shipment => of!("shipments"),
        }
    }
}

/// A record that can be found.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Ticket(Ticket),
    Message(Message),
    Customer(Customer),
    Order(Order),
    Shipment(Shipment),
}

impl Item {
    fn read(kind: Kind, id: &str, body: &str) -> Result<Self, CacheError> {
        let table = kind.table();
        Ok(match kind {
            Kind::Ticket => Self::Ticket(decode(table, id, body)?),
            Kind::Message => Self::Message(decode(table, id, body)?),
            Kind::Customer => Self::Customer(decode(table, id, body)?),
            Kind::Order => Self::Order(decode(table, id, body)?),
            Kind::Shipment => Self::Shipment(decode(table, id, body)?),
        })
    }

    /// What a newer one stands before.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Ticket(x) => x.last_message_at,
            Self::Message(x) => x.sent_at,
            Self::Customer(x) => x.since,
            Self::Order(x) => x.placed_at,
            Self::Shipment(x) => x.created_at,
        }
    }

    /// The words it is found by, in an order that a snippet can show.
    pub(crate) fn text(&self) -> String {
        let mut parts: Vec<&str> = Vec::new();
        match self {
            Self::Ticket(x) => {
                parts.push(&x.subject);
                parts.extend(x.tags.iter().map(String::as_str));
            }
            Self::Message(x) => {
                parts.push(&x.text);
                parts.extend(x.attachments.iter().map(String::as_str));
            }
            Self::Customer(x) => {
                parts.extend([x.name.as_str(), x.email.as_str()]);
                parts.extend(x.city.as_deref());
            }
            Self::Order(x) => {
                parts.push(&x.number);
                for line in &x.lines {
                    parts.extend([line.title.as_str(), &line.variant, &line.sku]);
                }
                parts.extend([x.ship_to.name.as_str(), &x.ship_to.city]);
                parts.extend(x.returns.iter().map(|back| back.number.as_str()));
            }
            Self::Shipment(x) => parts.extend([x.carrier.as_str(), &x.tracking_number]),
        }
        parts.retain(|part| !part.trim().is_empty());
        parts.join(" · ")
    }
}

/// Reads records by where they stand in their table.
pub(crate) async fn items(
    connection: &mut SqliteConnection,
    rows: &[(Kind, i64)],
) -> Result<BTreeMap<(Kind, i64), Item>, CacheError> {
    let mut found = BTreeMap::new();
    for kind in Kind::ALL {
        let wanted: Vec<i64> = rows
            .iter()
            .filter(|row| row.0 == kind)
            .map(|row| row.1)
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let rows = sqlx::query(kind.bodies())
            .bind(text(&wanted)?)
            .fetch_all(&mut *connection)
            .await
            .doing("read what is looked for")?;
        for row in &rows {
            let item = Item::read(kind, row.get(1), row.get(2))?;
            found.insert((kind, row.get(0)), item);
        }
    }
    Ok(found)
}

impl Writer {
    /// Indexes some of what changed, the newest first, or puts pieces of the index together, and
    /// holds the writer about as long as it is told. Answers whether there is more.
    pub async fn index_slice(&self, budget: Duration) -> Result<bool, CacheError> {
        if self.pace.checkpoints() {
            self.checkpoint().await?;
            return Ok(true);
        }
        if self.pace.merges() {
            let begun = Instant::now();
            let worked = self.merge(self.pace.pages.now()).await?;
            self.pace.pages.took(begun.elapsed(), budget);
            self.pace.merged(worked);
            return Ok(true);
        }
        let begun = Instant::now();
        let mut connection = self.connection_for_index().await?;
        let mut tx = connection.begin().await.doing("begin to index")?;
        let queue = next(&mut tx, self.pace.rows.now()).await?;
        if queue.is_empty() {
            drop(tx);
            drop(connection);
            self.checkpoint().await?;
            return Ok(false);
        }
        let rows: Vec<(Kind, i64)> = queue.iter().map(|(_, kind, row)| (*kind, *row)).collect();
        let items = items(&mut tx, &rows).await?;
        forget(&mut tx, &rows).await?;
        store(&mut tx, &items).await?;
        let done: Vec<Value> = queue
            .iter()
            .map(|(at, kind, row)| json!([at, *kind as i64, row]))
            .collect();
        run(
            &mut tx,
            "delete from to_index where (at, kind, row) in \
             (select value ->> 0, value ->> 1, value ->> 2 from json_each(?1))",
            &done,
        )
        .await?;
        tx.commit().await.doing("commit what was indexed")?;
        self.pace.rows.took(begun.elapsed(), budget);
        self.pace.stored();
        Ok(true)
    }

    /// Puts pieces of the word index together, as many pages as it is told. Answers whether there
    /// was something to do.
    async fn merge(&self, pages: u32) -> Result<bool, CacheError> {
        let mut connection = self.connection_for_index().await?;
        let mut tx = connection.begin().await.doing("begin to merge")?;
        let before = changes(&mut tx).await?;
        sqlx::query("insert into words (words, rank) values ('merge', ?1)")
            .bind(pages)
            .execute(&mut *tx)
            .await
            .doing("merge the index")?;
        // The statement itself counts as one.
        let worked = changes(&mut tx).await? - before >= 2;
        tx.commit().await.doing("commit a merge")?;
        Ok(worked)
    }
}

async fn changes(tx: &mut Tx<'_>) -> Result<i64, CacheError> {
    sqlx::query_scalar("select total_changes()")
        .fetch_one(&mut **tx)
        .await
        .doing("see what a merge did")
}

impl Reader {
    /// How much of the copy can be found, in percent; 100 only when all can.
    pub async fn indexed_percent(&self) -> Result<u8, CacheError> {
        let mut connection = self.pool.acquire().await.doing("begin to read")?;
        indexed_percent(&mut connection).await
    }
}

pub(crate) async fn indexed_percent(connection: &mut SqliteConnection) -> Result<u8, CacheError> {
    let more: Option<i64> = sqlx::query_scalar("select 1 from to_index limit 1")
        .fetch_optional(&mut *connection)
        .await
        .doing("see what is to be indexed")?;
    if more.is_none() {
        return Ok(100);
    }
    let (done, left): (i64, i64) =
        sqlx::query_as("select (select count(*) from documents), (select count(*) from to_index)")
            .fetch_one(connection)
            .await
            .doing("count what is indexed")?;
    let percent = done * 100 / (done + left).max(1);
    Ok(u8::try_from(percent.clamp(0, 99)).unwrap_or(99))
}

/// Takes everything out of the index.
pub(crate) const CLEAR: [&str; 5] = [
    "insert into words (words) values ('delete-all')",
    "delete from documents",
    "delete from exact",
    "delete from to_index",
    "delete from evicted",
];

type Tx<'a> = Transaction<'a, Sqlite>;

async fn next(tx: &mut Tx<'_>, size: u32) -> Result<Vec<(i64, Kind, i64)>, CacheError> {
    let rows = sqlx::query(
        "select at, kind, row from to_index order by at desc, kind desc, row desc limit ?1",
    )
    .bind(size)
    .fetch_all(&mut **tx)
    .await
    .doing("read what is to be indexed")?;
    Ok(rows
        .iter()
        .filter_map(|row| Some((row.get(0), Kind::from_number(row.get(1))?, row.get(2))))
        .collect())
}

/// Takes rows out of the index.
pub(crate) async fn forget(tx: &mut Tx<'_>, rows: &[(Kind, i64)]) -> Result<(), CacheError> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|(kind, row)| json!([*kind as i64, row]))
        .collect();
    // What came just now is in no index.
    let any: Option<i64> = sqlx::query_scalar(
        "select 1 from documents \
         where (kind, row) in (select value ->> 0, value ->> 1 from json_each(?1)) limit 1",
    )
    .bind(text(&rows)?)
    .fetch_optional(&mut **tx)
    .await
    .doing("look into the index")?;
    if any.is_none() {
        return Ok(());
    }
    for statement in [
        "delete from words where rowid in (select doc from documents \
         where (kind, row) in (select value ->> 0, value ->> 1 from json_each(?1)))",
        "delete from documents \
         where (kind, row) in (select value ->> 0, value ->> 1 from json_each(?1))",
        "delete from exact \
         where (kind, row) in (select value ->> 0, value ->> 1 from json_each(?1))",
    ] {
        run(tx, statement, &rows).await?;
    }
    Ok(())
}

async fn store(tx: &mut Tx<'_>, items: &BTreeMap<(Kind, i64), Item>) -> Result<(), CacheError> {
    let mut seconds: Vec<(i64, (Kind, i64))> = items
        .iter()
        .map(|(key, item)| (item.at().timestamp().max(0) * EACH_SECOND, *key))
        .collect();
    seconds.sort_unstable();
    let mut documents = numbered(tx, &seconds).await?;
    // Ascending: the word index writes a piece of its own whenever a number goes back.
    documents.sort_unstable();
    let rows: Vec<Value> = documents
        .iter()
        .map(|(doc, (kind, row))| json!([doc, *kind as i64, row]))
        .collect();
    let texts: Vec<Value> = documents
        .iter()
        .filter_map(|(doc, key)| Some(json!([doc, for_index(&items.get(key)?.text())])))
        .collect();
    let exact: Vec<Value> = items
        .iter()
        .flat_map(|((kind, row), item)| {
            keys::of(item)
                .into_iter()
                .map(move |key| json!([key, *kind as i64, row]))
        })
        .collect();
    run(
        tx,
        "insert into documents (doc, kind, row) \
         select value ->> 0, value ->> 1, value ->> 2 from json_each(?1)",
        &rows,
    )
    .await?;
    run(
        tx,
        "insert into words (rowid, text) select value ->> 0, value ->> 1 from json_each(?1)",
        &texts,
    )
    .await?;
    run(
        tx,
        "insert or ignore into exact (key, kind, row) \
         select value ->> 0, value ->> 1, value ->> 2 from json_each(?1)",
        &exact,
    )
    .await
}

/// Numbers that no document has, at these moments or shortly after them.
async fn numbered(
    tx: &mut Tx<'_>,
    seconds: &[(i64, (Kind, i64))],
) -> Result<Vec<(i64, (Kind, i64))>, CacheError> {
    let firsts: BTreeSet<i64> = seconds.iter().map(|(first, _)| *first).collect();
    let stored = last_of(tx, &firsts, EACH_SECOND).await?;
    let mut taken = BTreeSet::new();
    let mut documents = Vec::with_capacity(seconds.len());
    for (first, key) in seconds {
        let mut stored = stored.get(first).copied();
        let mut width = EACH_SECOND;
        let doc = loop {
            let now = taken.range(first..&(first + width)).next_back().copied();
            let doc = stored.max(now).map_or(*first, |last| last + 1);
            if doc < first + width {
                break doc;
            }
            // Everything of this second has a number: among four times as many there is one.
            width *= 4;
            let wider = last_of(tx, &BTreeSet::from([*first]), width).await?;
            stored = wider.get(first).copied();
        };
        taken.insert(doc);
        documents.push((doc, *key));
    }
    Ok(documents)
}

/// The last number that is given among so many after each of these.
async fn last_of(
    tx: &mut Tx<'_>,
    firsts: &BTreeSet<i64>,
    width: i64,
) -> Result<BTreeMap<i64, i64>, CacheError> {
    let rows: Vec<(i64, Option<i64>)> = sqlx::query_as(
        "select value, (select max(doc) from documents where doc >= value and doc < value + ?2) \
         from json_each(?1)",
    )
    .bind(text(firsts)?)
    .bind(width)
    .fetch_all(&mut **tx)
    .await
    .doing("number documents")?;
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|(first, last)| Some((first, last?)))
        .collect())
}

async fn run(tx: &mut Tx<'_>, statement: &'static str, rows: &[Value]) -> Result<(), CacheError> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(statement)
        .bind(text(rows)?)
        .execute(&mut **tx)
        .await
        .doing("write the index")?;
    Ok(())
}

fn text(rows: &(impl serde::Serialize + ?Sized)) -> Result<String, CacheError> {
    serde_json::to_string(rows).map_err(CacheError::Encode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cache, Key, Progress, Viewer};
    use deskhand_domain::{Channel, Currency, MessageKind, message::Author};
    use deskhand_protocol::{
        sync::{Change, Record},
        view::SearchQuery,
    };
    use uuid::Uuid;

    #[tokio::test]
    async fn a_file_from_before_there_was_a_search_is_indexed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, key) = (folder.path().join("cache.db"), Key::random());
        let (writer, reader) = Cache::open(&path, &key).await.expect("a cache");
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        let message = Message {
            id: Uuid::from_u128(1).into(),
            ticket: Uuid::from_u128(2).into(),
            kind: MessageKind::Public,
            author: Author::System,
            channel: Channel::Email,
            text: "an old lantern".into(),
            sent_at: now,
            delivery: None,
            held_until: None,
            attachments: vec![],
        };
        let change = Change {
            position: 1,
            record: Record::Message(message),
        };
        let progress = Progress::Begin {
            epoch: "one",
            live: "live",
            next: None,
            total: 1,
        };
        let applied = writer.apply(&[change], progress, now).await;
        applied.expect("applied");
        // The file as the program before wrote it.
        for statement in [
            "drop table words; drop table documents; drop table exact; drop table to_index; \
             drop table evicted",
            "drop trigger tickets_new; drop trigger tickets_changed; drop trigger messages_new; \
             drop trigger messages_changed; drop trigger customers_new; \
             drop trigger customers_changed; drop trigger orders_new; drop trigger orders_changed; \
             drop trigger shipments_new; drop trigger shipments_changed",
            "delete from _sqlx_migrations where version in (202611202330, 202611210150)",
        ] {
            let undone = sqlx::raw_sql(statement).execute(&writer.pool).await;
            undone.expect("undone");
        }
        reader.close().await;
        writer.close().await;

        let (writer, reader) = Cache::open(&path, &key).await.expect("a cache");
        assert_eq!(reader.indexed_percent().await.expect("read"), 0);
        let slice = Duration::from_millis(50);
        while writer.index_slice(slice).await.expect("indexed") {}
        assert_eq!(reader.indexed_percent().await.expect("read"), 100);
        let viewer = Viewer {
            me: Uuid::from_u128(7).into(),
            currency: Currency::EUR,
            now,
        };
        let query = SearchQuery {
            text: "lantern".into(),
            limit: 5,
        };
        let found = reader.search(&query, &viewer).await.expect("searched");
        assert_eq!(found.hits.len(), 1);
        reader.close().await;
        writer.close().await;
    }
}
