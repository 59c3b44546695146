//! What the file of a desk holds, table by table, without the cache's own reading.

use super::seat::Seat;
use anyhow::{Context, ensure};
use deskhand_cache::{Cache, Key};
use deskhand_protocol::sync::{Change, Kind};
use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, sqlite::SqliteConnectOptions};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A record and its position.
pub(super) type Records = BTreeMap<(Kind, Uuid), (i64, Value)>;

/// Every kind that a cache keeps.
const KINDS: [Kind; 9] = [
    Kind::Ticket,
    Kind::Message,
    Kind::Customer,
    Kind::Order,
    Kind::Shipment,
    Kind::Account,
    Kind::Macro,
    Kind::Article,
    Kind::Field,
];

/// A change as it lies on the disk.
pub(super) fn stored(change: &Change) -> anyhow::Result<(i64, Value)> {
    let mut record = serde_json::to_value(&change.record)?;
    Ok((change.position, record["value"].take()))
}

/// Reads all records of a closed desk.
pub(super) async fn read(seat: &Seat) -> anyhow::Result<Records> {
    let key = Key::from_hex(&seat.secret("cache-key")?).context("no key")?;
    let file = seat.cache()?;
    // Opened in order once: that starts the cipher and takes up what the log of the file has.
    let (writer, reader) = Cache::open(&file, &key).await?;
    let left = reader.outbox().await?;
    reader.close().await;
    writer.close().await;
    ensure!(left.is_empty(), "operations stayed: {left:?}");
    let mut connection = SqliteConnectOptions::new()
        .filename(&file)
        .pragma("key", format!("\"x'{}'\"", key.to_hex()))
        .read_only(true)
        .connect()
        .await?;
    let mut records = Records::new();
    for kind in KINDS {
        let select = format!("select id, position, body from {}s", kind.as_str());
        let rows = sqlx::query(AssertSqlSafe(select))
            .fetch_all(&mut connection)
            .await?;
        for row in rows {
            let id: Uuid = row.get::<&str, _>(0).parse()?;
            let body = serde_json::from_str(row.get(2))?;
            records.insert((kind, id), (row.get(1), body));
        }
    }
    connection.close().await?;
    Ok(records)
}
