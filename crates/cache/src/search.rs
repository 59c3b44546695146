//! Search: numbers and addresses first, then the best of the newest texts, then tickets in which
//! the words stand in different places.

mod completions;
mod spread;

use crate::{
    error::{CacheError, Doing},
    filter::{self, Filter},
    index::{
        Item, Kind, items,
        percent::{belongs, indexed_percent},
    },
    keys,
    list::Viewer,
    open::Reader,
    query::Query,
    words::{Term, Word, fit, snippet, words},
};
use completions::{completions, operators};
use deskhand_domain::MessageKind;
use deskhand_protocol::view::{Found, SearchHit, SearchQuery, SearchResults, Unclear, UnclearKind};
use sqlx::{Row, Sqlite, Transaction};
use std::collections::{BTreeMap, BTreeSet};

/// The most hits of one answer.
const MOST_HITS: u32 = 100;
/// How many of the newest matches are ranked.
const RANKED: i64 = 200;
/// How many matches are looked at when filters throw many away.
const LOOKED_AT: i64 = 20_000;
/// How many hits one number or address may have.
const SAME_KEY: i64 = 20;

type Row2 = (Kind, i64);
type Tx<'a> = Transaction<'a, Sqlite>;

impl Reader {
    /// Looks through everything that is here. Any text is a query, and none is an error.
    pub async fn search(
        &self,
        query: &SearchQuery,
        viewer: &Viewer,
    ) -> Result<SearchResults, CacheError> {
        let parsed = Query::new(&query.text);
        let Some(pool) = self.searching.pool() else {
            return Ok(nothing_yet(query, parsed));
        };
        let mut tx = pool.begin().await.doing("begin to search")?;
        let found = look(&mut tx, query, &parsed, viewer).await;
        match found {
            Ok(Some(results)) => Ok(results),
            Ok(None) => Ok(nothing_yet(query, parsed)),
            // The index can be made anew; if it was the copy, making it says so.
            Err(error) if error.is_damaged() => {
                self.searching.suspect();
                Ok(nothing_yet(query, parsed))
            }
            Err(error) => Err(error),
        }
    }
}

/// What is said while there is no index.
fn nothing_yet(query: &SearchQuery, parsed: Query) -> SearchResults {
    SearchResults {
        hits: vec![],
        completions: operators(&query.text),
        indexed: 0,
        unclear: parsed.unclear,
    }
}

/// Nothing when the index does not belong to the copy.
async fn look(
    tx: &mut Tx<'_>,
    query: &SearchQuery,
    parsed: &Query,
    viewer: &Viewer,
) -> Result<Option<SearchResults>, CacheError> {
    if !belongs(tx).await? {
        return Ok(None);
    }
    let limit = query.limit.clamp(1, MOST_HITS) as usize;
    let filter = Filter::new(tx, &parsed.conditions, viewer).await?;
    let mut hits = Vec::new();
    let mut seen = BTreeSet::new();
    for (row, exact) in by_key(tx, parsed, &filter).await? {
        if seen.insert(row) && hits.len() < limit {
            hits.push((row, exact));
        }
    }
    let (found, all) = by_words(tx, parsed, &filter).await?;
    let mut items = items(tx, &found).await?;
    for row in ranked(&found, &items, &parsed.terms) {
        if seen.insert(row) && hits.len() < limit {
            hits.push((row, false));
        }
    }
    if hits.len() < spread::ENOUGH.min(limit) {
        // A ticket of which something is shown already is not shown once more.
        let shown = tickets_of(tx, &seen).await?;
        for row in spread::spread(tx, parsed, &filter).await? {
            let ticket = (Kind::Ticket, row);
            if !shown.contains(&row) && seen.insert(ticket) && hits.len() < limit {
                hits.push((ticket, false));
            }
        }
    }
    let missing: Vec<Row2> = hits.iter().map(|hit| hit.0).collect();
    let missing: Vec<Row2> = missing
        .into_iter()
        .filter(|row| !items.contains_key(row))
        .collect();
    items.append(&mut crate::index::items(tx, &missing).await?);
    let mut shown = Vec::with_capacity(hits.len());
    for (row, exact) in hits {
        if let Some(item) = items.get(&row) {
            shown.push(hit(tx, item, exact, &parsed.terms).await?);
        }
    }
    let mut unclear = parsed.unclear.clone();
    if !all {
        unclear.push(Unclear {
            kind: UnclearKind::TooMany,
            word: LOOKED_AT.to_string(),
        });
    }
    Ok(Some(SearchResults {
        hits: shown,
        completions: completions(tx, &query.text).await?,
        indexed: indexed_percent(tx).await?,
        unclear,
    }))
}

/// The tickets that messages among these belong to.
async fn tickets_of(tx: &mut Tx<'_>, rows: &BTreeSet<Row2>) -> Result<BTreeSet<i64>, CacheError> {
    let messages: Vec<i64> = rows
        .iter()
        .filter(|(kind, _)| *kind == Kind::Message)
        .map(|(_, row)| *row)
        .collect();
    let rows: Vec<i64> = sqlx::query_scalar(
        "select t.rowid from json_each(?1) as j join messages as m on m.rowid = j.value \
         join tickets as t on t.id = m.ticket",
    )
    .bind(serde_json::to_string(&messages).map_err(CacheError::Encode)?)
    .fetch_all(&mut **tx)
    .await
    .doing("read whose messages were found")?;
    Ok(rows.into_iter().collect())
}

/// What a number, an address or the beginning of one names.
async fn by_key(
    tx: &mut Tx<'_>,
    query: &Query,
    filter: &Filter,
) -> Result<Vec<(Row2, bool)>, CacheError> {
    let typed: Vec<&str> = query.typed.iter().map(String::as_str).collect();
    let typed: Vec<&str> = typed.iter().flat_map(|x| x.split_whitespace()).collect();
    let guesses = keys::guesses(&typed);
    let mut found = Vec::new();
    for whole in [true, false] {
        for guess in guesses.iter().filter(|guess| whole || guess.open) {
            let mut sql = sqlx::QueryBuilder::new(
                "select d.doc, d.kind, d.row from found.exact as e \
                 join found.documents as d on d.kind = e.kind and d.row = e.row ",
            );
            sql.push(filter::JOINS);
            if whole {
                sql.push(" where e.key = ").push_bind(&guess.key);
            } else {
                sql.push(" where e.key > ").push_bind(&guess.key);
                sql.push(" and e.key < ").push_bind(keys::after(&guess.key));
            }
            filter.push(&mut sql);
            sql.push(" order by d.doc desc limit ").push_bind(SAME_KEY);
            let rows = read(tx, sql).await?;
            found.extend(rows.into_iter().map(|(_, row)| (row, whole)));
        }
    }
    Ok(found)
}

/// The newest texts with all of the words, and whether nothing that may fit was left out unseen.
async fn by_words(
    tx: &mut Tx<'_>,
    query: &Query,
    filter: &Filter,
) -> Result<(Vec<Row2>, bool), CacheError> {
    let nothing = query.terms.is_empty() && query.without.is_empty() && filter.is_empty();
    if nothing {
        return Ok((vec![], true));
    }
    let fts = |terms: &[Term], between: &str| {
        let terms: Vec<String> = terms.iter().map(Term::fts).collect();
        terms.join(between)
    };
    let mut looked_for = format!("({})", fts(&query.terms, " AND "));
    if !query.terms.is_empty() && !query.without.is_empty() {
        looked_for = format!("{looked_for} NOT ({})", fts(&query.without, " OR "));
    }
    // The candidates come newest first and the joins keep that order, so the limits end the work.
    let mut sql = sqlx::QueryBuilder::new("select d.doc, d.kind, d.row from (");
    let mut most = if filter.is_empty() { RANKED } else { LOOKED_AT };
    if query.terms.is_empty() {
        sql.push("select doc, kind, row from found.documents where ");
        sql.push(filter.kinds());
        if !query.without.is_empty() {
            sql.push(" and doc not in (select rowid from found.words where words match ");
            sql.push_bind(fts(&query.without, " OR ")).push(")");
        }
        filter.push_moments("doc", &mut sql);
        sql.push(" order by doc desc limit ");
        most *= 10;
    } else {
        sql.push("select rowid as doc from found.words where words match ");
        sql.push_bind(looked_for.clone());
        filter.push_moments("rowid", &mut sql);
        sql.push(" order by rowid desc limit ");
    }
    sql.push_bind(most)
        .push(") as newest cross join found.documents as d on d.doc = newest.doc ");
    sql.push(filter::JOINS).push(" where true");
    filter.push(&mut sql);
    sql.push(" limit ").push_bind(RANKED);
    let mut rows = read(tx, sql).await?;
    rows.sort_unstable_by(|a, b| b.cmp(a));
    let mut all = true;
    if !query.terms.is_empty() && !filter.is_empty() && (rows.len() as i64) < RANKED {
        let mut sql = sqlx::QueryBuilder::new("select 1 from found.words where words match ");
        sql.push_bind(looked_for);
        filter.push_moments("rowid", &mut sql);
        sql.push(" order by rowid desc limit 1 offset ")
            .push_bind(LOOKED_AT);
        let older = sql.build().fetch_optional(&mut **tx).await;
        all = older.doing("see whether there is more")?.is_none();
    }
    Ok((rows.into_iter().map(|(_, row)| row).collect(), all))
}

async fn read(
    tx: &mut Tx<'_>,
    mut sql: sqlx::QueryBuilder<Sqlite>,
) -> Result<Vec<(i64, Row2)>, CacheError> {
    let rows = sql.build().fetch_all(&mut **tx).await.doing("search")?;
    Ok(rows
        .iter()
        .filter_map(|row| Some((row.get(0), (Kind::from_number(row.get(1))?, row.get(2)))))
        .collect())
}

/// The best first; those that fit alike stay in their order, the newest first.
fn ranked(found: &[Row2], items: &BTreeMap<Row2, Item>, terms: &[Term]) -> Vec<Row2> {
    let texts: Vec<(Row2, Vec<Word>)> = found
        .iter()
        .filter_map(|row| Some((*row, words(&items.get(row)?.text()))))
        .collect();
    let all: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let average = all as f64 / texts.len().max(1) as f64;
    let mut fits: Vec<(f64, Row2)> = texts
        .iter()
        .map(|(row, text)| (fit(text, terms, average), *row))
        .collect();
    fits.sort_by(|a, b| b.0.total_cmp(&a.0));
    fits.into_iter().map(|(_, row)| row).collect()
}

async fn hit(
    tx: &mut Tx<'_>,
    item: &Item,
    exact: bool,
    terms: &[Term],
) -> Result<SearchHit, CacheError> {
    let text = item.text();
    let (found, title, shown, place) = match item {
        Item::Ticket(x) => {
            let tags = x.tags.join(" · ");
            let shown = if tags.is_empty() {
                x.snippet.clone()
            } else {
                tags
            };
            let sql = "select t.id, t.body ->> '$.subject', c.name from tickets as t \
                       left join customers as c on c.id = t.customer where t.id = ?1";
            (
                Found::Ticket,
                Some(x.subject.clone()),
                shown,
                (sql, x.id.to_string()),
            )
        }
        Item::Message(x) => {
            let found = match x.kind {
                MessageKind::Public => Found::Message,
                MessageKind::Note => Found::Note,
            };
            let sql = "select t.id, t.body ->> '$.subject', c.name from tickets as t \
                       left join customers as c on c.id = t.customer where t.id = ?1";
            (found, None, text, (sql, x.ticket.to_string()))
        }
        Item::Customer(x) => {
            let sql = "select (select id from tickets where customer = c.id \
                       order by last_message_at desc limit 1), null, c.name \
                       from customers as c where c.id = ?1";
            (
                Found::Customer,
                Some(x.name.clone()),
                text,
                (sql, x.id.to_string()),
            )
        }
        Item::Order(x) => (
            Found::Order,
            Some(x.number.clone()),
            text,
            (OF_ORDER, x.id.to_string()),
        ),
        Item::Shipment(x) => {
            let title = Some(x.tracking_number.clone());
            (Found::Parcel, title, text, (OF_ORDER, x.order.to_string()))
        }
    };
    let row = sqlx::query(place.0)
        .bind(place.1)
        .fetch_optional(&mut **tx)
        .await
        .doing("read where a hit stands")?;
    let (ticket, subject, customer): (Option<String>, Option<String>, Option<String>) = row
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .unwrap_or_default();
    Ok(SearchHit {
        found,
        ticket: ticket.and_then(|id| id.parse().ok()),
        title: title.or(subject).unwrap_or_default(),
        snippet: snippet(&shown, terms),
        customer,
        at: Some(item.at()),
        exact,
    })
}

/// The newest ticket about an order, or the customer's newest, and whose it is.
const OF_ORDER: &str = "select coalesce( \
      (select id from tickets where customer = o.customer and body ->> '$.order' = o.id \
       order by last_message_at desc limit 1), \
      (select id from tickets where customer = o.customer \
       order by last_message_at desc limit 1)), null, \
    (select name from customers where id = o.customer) from orders as o where o.id = ?1";
