//! Records into the index and out of it.

use super::{Item, Kind, text};
use crate::{
    apply::Tx,
    error::{CacheError, Doing},
    keys,
    words::for_index,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Documents of one second get neighbouring numbers.
const EACH_SECOND: i64 = 1024;

/// Takes rows out of the index.
pub(super) async fn forget(tx: &mut Tx<'_>, rows: &[(Kind, i64)]) -> Result<(), CacheError> {
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
    .indexing("look into the index")?;
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

/// Puts records into the index, each of which stands in it nowhere.
pub(super) async fn store(
    tx: &mut Tx<'_>,
    items: &BTreeMap<(Kind, i64), Item>,
) -> Result<(), CacheError> {
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
    .indexing("number documents")?;
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
        .indexing("write the index")?;
    Ok(())
}
