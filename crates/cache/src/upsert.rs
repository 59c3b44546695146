//! Rows into their tables: many with each statement, and the newer position wins.

use crate::{
    apply::Tx,
    batch::{Cell, Rows},
    error::{CacheError, Doing},
};
use deskhand_protocol::sync::Kind;
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;

/// How many rows one statement takes. Few sizes, so that each is prepared once.
const AT_ONCE: [usize; 4] = [64, 16, 4, 1];

/// The columns after the id and the position, in the order of a [`Batch`](crate::batch::Batch).
fn table(kind: Kind) -> (&'static str, &'static [&'static str]) {
    match kind {
        Kind::Ticket => (
            "tickets",
            &[
                "number",
                "customer",
                "assignee",
                "lane",
                "wakes_at",
                "channel",
                "topic",
                "escalated",
                "high_value",
                "clock",
                "last_message_at",
                "updated_at",
                "body",
            ],
        ),
        Kind::Message => ("messages", &["ticket", "sent_at", "body"]),
        Kind::Customer => ("customers", &["name", "body"]),
        Kind::Order => ("orders", &["customer", "number", "placed_at", "body"]),
        Kind::Shipment => ("shipments", &["order_id", "parcel", "body"]),
        Kind::Account => ("accounts", &["body"]),
        Kind::Macro => ("macros", &["body"]),
        Kind::Article => ("articles", &["body"]),
        Kind::Field => ("fields", &["place", "body"]),
    }
}

/// Stores rows, unless what they speak of is gone or known in a newer state. Answers which are
/// left for another transaction, because this one is full.
pub(crate) async fn upsert(
    tx: &mut Tx<'_>,
    kind: Kind,
    rows: Rows,
    is_full: &mut impl FnMut(usize) -> bool,
) -> Result<Rows, CacheError> {
    let (table, columns) = table(kind);
    let mut rows = unburied(tx, kind, rows).await?.into_iter();
    for size in AT_ONCE {
        while rows.len() >= size {
            if is_full(size) {
                return Ok(rows.collect());
            }
            let sql = statement(table, columns, size);
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for cell in rows.by_ref().take(size).flatten() {
                query = match cell {
                    Cell::Null => query.bind(None::<i64>),
                    Cell::Number(number) => query.bind(number),
                    Cell::Text(text) => query.bind(text),
                };
            }
            query.execute(&mut **tx).await.doing("store changes")?;
        }
    }
    Ok(Rows::new())
}

/// Without the rows of what is gone since. Nearly nothing ever is.
async fn unburied(tx: &mut Tx<'_>, kind: Kind, mut rows: Rows) -> Result<Rows, CacheError> {
    let any: Option<i64> = sqlx::query_scalar("select 1 from gone where kind = ?1 limit 1")
        .bind(kind.as_str())
        .fetch_optional(&mut **tx)
        .await
        .doing("see whether anything is gone")?;
    if any.is_none() {
        return Ok(rows);
    }
    let ids: Vec<&str> = rows.iter().filter_map(|row| row.first()?.text()).collect();
    let gone = sqlx::query(
        "select id, position from gone \
         where kind = ?1 and id in (select value from json_each(?2))",
    )
    .bind(kind.as_str())
    .bind(serde_json::to_string(&ids).map_err(CacheError::Encode)?)
    .fetch_all(&mut **tx)
    .await
    .doing("look up what is gone")?;
    let gone: BTreeMap<String, i64> = gone.iter().map(|row| (row.get(0), row.get(1))).collect();
    rows.retain(|row| match row.as_slice() {
        [Cell::Text(id), Cell::Number(position), ..] => {
            gone.get(id).is_none_or(|gone| gone < position)
        }
        _ => false,
    });
    Ok(rows)
}

fn statement(table: &str, columns: &[&str], rows: usize) -> String {
    let places = format!("({})", vec!["?"; columns.len() + 2].join(", "));
    let set: Vec<String> = columns
        .iter()
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    format!(
        "insert into {table} (id, position, {}) values {} on conflict (id) do update \
         set position = excluded.position, {} where excluded.position > {table}.position",
        columns.join(", "),
        vec![places; rows].join(", "),
        set.join(", "),
    )
}
