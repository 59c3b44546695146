//! Words that stand in different places of one ticket: its subject and tags, its messages, and
//! what its customer is called.

use crate::{
    apply::Tx,
    error::{CacheError, Doing},
    filter::{self, Filter},
    query::Query,
    words::Term,
};
use sqlx::{Row, Sqlite};
use std::collections::BTreeSet;

/// With so many whole hits nobody needs others.
pub(crate) const ENOUGH: usize = 10;
/// How many of the newest texts with the rarest word lead to tickets.
const LEADS: i64 = 400;
/// How many tickets of a customer a name leads to.
const OF_CUSTOMER: i64 = 20;
/// How many of the newest texts with another word are looked at.
const LOOKED_AT: i64 = 20_000;

/// The places of tickets, as rows of their table, in which all words of a query stand somewhere:
/// the newest first.
pub(crate) async fn spread(
    tx: &mut Tx<'_>,
    query: &Query,
    filter: &Filter,
) -> Result<Vec<i64>, CacheError> {
    if query.terms.len() < 2 {
        return Ok(vec![]);
    }
    let mut terms = Vec::with_capacity(query.terms.len());
    for term in &query.terms {
        terms.push((how_often(tx, term).await?, term.fts()));
    }
    // The rarest leads; the others have to agree, those that say most first.
    terms.sort();
    let mut terms = terms.into_iter();
    let Some((_, rarest)) = terms.next() else {
        return Ok(vec![]);
    };
    let mut tickets = led_to(tx, &rarest).await?;
    for (_, term) in terms {
        if tickets.is_empty() {
            return Ok(vec![]);
        }
        tickets = with(tx, &tickets, &term).await?;
    }
    if !query.without.is_empty() && !tickets.is_empty() {
        let unwanted: Vec<String> = query.without.iter().map(Term::fts).collect();
        let unwanted = with(tx, &tickets, &unwanted.join(" OR ")).await?;
        tickets.retain(|row| !unwanted.contains(row));
    }
    if tickets.is_empty() {
        return Ok(vec![]);
    }
    let mut sql = sqlx::QueryBuilder::<Sqlite>::new("select d.row from found.documents as d ");
    sql.push(filter::JOINS)
        .push(" where d.kind = 1 and d.row in (select value from json_each(")
        .push_bind(json(&tickets)?)
        .push("))");
    filter.push(&mut sql);
    sql.push(" order by d.doc desc");
    let rows = sql.build().fetch_all(&mut **tx).await;
    let rows = rows.doing("look at tickets that have the words")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// In how many texts a word stands, as far as it matters.
async fn how_often(tx: &mut Tx<'_>, term: &Term) -> Result<i64, CacheError> {
    sqlx::query_scalar(
        "select count(*) from (select 1 from found.words where words match ?1 limit ?2)",
    )
    .bind(term.fts())
    .bind(LEADS * 4)
    .fetch_one(&mut **tx)
    .await
    .doing("see how rare a word is")
}

/// The tickets that the newest texts with a word belong to.
async fn led_to(tx: &mut Tx<'_>, term: &str) -> Result<BTreeSet<i64>, CacheError> {
    let rows: Vec<i64> = sqlx::query_scalar(
        "with lead (kind, row) as materialized ( \
           select d.kind, d.row from ( \
             select rowid as doc from found.words where words match ?1 order by rowid desc limit ?2 \
           ) as newest cross join found.documents as d on d.doc = newest.doc) \
         select row from lead where kind = 1 \
         union select t.rowid from lead join messages as m on m.rowid = lead.row \
           join tickets as t on t.id = m.ticket where kind = 2 \
         union select t.rowid from lead join customers as c on c.rowid = lead.row \
           join tickets as t on t.rowid in (select rowid from tickets where customer = c.id \
             order by last_message_at desc limit ?3) where kind = 3",
    )
    .bind(term)
    .bind(LEADS)
    .bind(OF_CUSTOMER)
    .fetch_all(&mut **tx)
    .await
    .doing("find tickets by a word")?;
    Ok(rows.into_iter().collect())
}

/// Those of the tickets in which a word stands somewhere.
async fn with(
    tx: &mut Tx<'_>,
    tickets: &BTreeSet<i64>,
    term: &str,
) -> Result<BTreeSet<i64>, CacheError> {
    let rows: Vec<i64> = sqlx::query_scalar(
        "with part (ticket, doc) as materialized ( \
           select t.value, d.doc from json_each(?1) as t \
             join found.documents as d on d.kind = 1 and d.row = t.value \
           union all select t.rowid, d.doc from json_each(?1) as j \
             join tickets as t on t.rowid = j.value \
             join messages as m on m.ticket = t.id \
             join found.documents as d on d.kind = 2 and d.row = m.rowid \
           union all select t.rowid, d.doc from json_each(?1) as j \
             join tickets as t on t.rowid = j.value \
             join customers as c on c.id = t.customer \
             join found.documents as d on d.kind = 3 and d.row = c.rowid) \
         select distinct ticket from part where doc in ( \
           select rowid from found.words where words match ?2 \
           and rowid >= (select min(doc) from part) and rowid <= (select max(doc) from part) \
           order by rowid desc limit ?3)",
    )
    .bind(json(tickets)?)
    .bind(term)
    .bind(LOOKED_AT)
    .fetch_all(&mut **tx)
    .await
    .doing("look for a word in tickets")?;
    Ok(rows.into_iter().collect())
}

fn json(rows: &BTreeSet<i64>) -> Result<String, CacheError> {
    serde_json::to_string(rows).map_err(CacheError::Encode)
}
