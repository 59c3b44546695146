//! Conditions of a search as SQL: constants of this file and placeholders, nothing else.

use crate::{
    batch::channel,
    error::{CacheError, Doing},
    keys,
    list::Viewer,
    query::{Condition, State},
    words::{fold, words},
};
use deskhand_domain::Account;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use std::collections::BTreeSet;

/// How many people a name may mean.
const PEOPLE: i64 = 2_000;

/// What a found document `d` may belong to.
pub(crate) const JOINS: &str = "left join messages as m on d.kind = 2 and m.rowid = d.row \
    left join tickets as t on t.rowid = case d.kind when 1 then d.row \
      when 2 then (select x.rowid from tickets as x where x.id = m.ticket) end";

/// Whose a found document is.
const CUSTOMER: &str = "coalesce(t.customer, case d.kind \
    when 3 then (select id from customers where rowid = d.row) \
    when 4 then (select customer from orders where rowid = d.row) \
    when 5 then (select o.customer from shipments as s join orders as o on o.id = s.order_id \
                 where s.rowid = d.row) end)";

/// Conditions, with the names in them looked up.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    parts: Vec<(Part, bool)>,
    from: Option<i64>,
    until: Option<i64>,
}

#[derive(Debug)]
enum Part {
    /// Ids of customers and accounts, as a JSON array.
    Author(String),
    /// Ids of customers, as a JSON array.
    Customer(String),
    /// A key of the exact index that stands for tickets.
    Tag(String),
    Order(String),
    Channel(&'static str),
    Is(State, String),
    Attachment,
    /// Numbers of documents, from and before.
    Moments(i64, i64),
}

impl Filter {
    pub(crate) async fn new(
        connection: &mut SqliteConnection,
        conditions: &[(Condition, bool)],
        viewer: &Viewer,
    ) -> Result<Self, CacheError> {
        let mut filter = Self::default();
        for (condition, wanted) in conditions {
            let part = match condition {
                Condition::From(name) => {
                    let mut people = customers(connection, name).await?;
                    people.extend(accounts(connection, name, viewer).await?);
                    Part::Author(json(&people)?)
                }
                Condition::Customer(name) => {
                    Part::Customer(json(&customers(connection, name).await?)?)
                }
                Condition::Tag(tag) => Part::Tag(keys::tag(tag)),
                Condition::Order(number) => Part::Order(format!("n{}", keys::number(number))),
                Condition::Channel(by) => Part::Channel(channel(*by)),
                Condition::Is(state) => Part::Is(*state, viewer.me.to_string()),
                Condition::Attachment => Part::Attachment,
                Condition::Before(second) if *wanted => {
                    let end = doc(*second);
                    filter.until = Some(filter.until.map_or(end, |until| until.min(end)));
                    continue;
                }
                Condition::After(second) if *wanted => {
                    filter.from = filter.from.max(Some(doc(*second)));
                    continue;
                }
                Condition::Before(second) => Part::Moments(i64::MIN, doc(*second)),
                Condition::After(second) => Part::Moments(doc(*second), i64::MAX),
            };
            filter.parts.push((part, *wanted));
        }
        Ok(filter)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.from.is_none() && self.until.is_none()
    }

    /// Which documents are listed when no words are looked for.
    pub(crate) fn kinds(&self) -> &'static str {
        let any =
            |is: fn(&Part) -> bool| self.parts.iter().any(|(part, wanted)| *wanted && is(part));
        if any(|part| matches!(part, Part::Author(_) | Part::Attachment)) {
            "kind = 2"
        } else if any(|part| matches!(part, Part::Order(_) | Part::Customer(_))) {
            "kind <> 2"
        } else {
            "kind = 1"
        }
    }

    /// Adds the moments: ` and column …`.
    pub(crate) fn push_moments(&self, column: &'static str, sql: &mut QueryBuilder<Sqlite>) {
        if let Some(from) = self.from {
            sql.push(" and ").push(column).push(" >= ").push_bind(from);
        }
        if let Some(until) = self.until {
            sql.push(" and ").push(column).push(" < ").push_bind(until);
        }
    }

    /// Adds everything, for a statement with [`JOINS`].
    pub(crate) fn push(&self, sql: &mut QueryBuilder<Sqlite>) {
        self.push_moments("d.doc", sql);
        for (part, wanted) in &self.parts {
            sql.push(" and coalesce((");
            part.push(sql);
            sql.push("), 0) = ").push_bind(i64::from(*wanted));
        }
    }
}

impl Part {
    fn push(&self, sql: &mut QueryBuilder<Sqlite>) {
        match self {
            Self::Author(people) => {
                sql.push("coalesce(m.body ->> '$.author.id', ")
                    .push(CUSTOMER);
                sql.push(") in (select value from json_each(")
                    .push_bind(people.clone());
                sql.push("))");
            }
            Self::Customer(people) => {
                sql.push(CUSTOMER).push(" in (select value from json_each(");
                sql.push_bind(people.clone()).push("))");
            }
            Self::Tag(key) => {
                sql.push("t.rowid in (select row from found.exact where kind = 1 and key = ");
                sql.push_bind(key.clone()).push(")");
            }
            Self::Order(key) => {
                // The order itself, its parcels, tickets about it, and messages of those.
                sql.push(
                    "case d.kind when 2 then t.rowid * 8 + 1 else d.row * 8 + d.kind end in ( \
                     select of.row * 8 + of.kind from found.exact as named \
                     join orders as o on o.rowid = named.row \
                     join found.exact as of on of.key = 'o' || o.id \
                     where named.kind = 4 and named.key = ",
                );
                sql.push_bind(key.clone()).push(")");
            }
            Self::Channel(name) => {
                sql.push("t.channel = ").push_bind(*name);
            }
            Self::Is(state, me) => match state {
                State::Open => {
                    sql.push("t.lane = 'open'");
                }
                State::Pending => {
                    sql.push("t.body ->> '$.status' = 'pending'");
                }
                State::Snoozed => {
                    sql.push("t.lane = 'snoozed'");
                }
                State::Closed => {
                    sql.push("t.lane = 'closed'");
                }
                State::Unassigned => {
                    sql.push("t.id is not null and t.assignee is null");
                }
                State::Mine => {
                    sql.push("t.assignee = ").push_bind(me.clone());
                }
            },
            Self::Attachment => {
                sql.push("m.body ->> '$.attachments[0]' is not null");
            }
            Self::Moments(from, until) => {
                sql.push("d.doc >= ").push_bind(*from);
                sql.push(" and d.doc < ").push_bind(*until);
            }
        }
    }
}

/// The first document of a second.
fn doc(second: i64) -> i64 {
    second.max(0).saturating_mul(1024)
}

/// The customers whom a name or an address may mean.
async fn customers(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<BTreeSet<String>, CacheError> {
    let mut keys: Vec<String> = if name.contains('@') {
        vec![format!("e{}", fold(name.trim()))]
    } else {
        let words = words(name).into_iter();
        words.map(|word| keys::name(&word.folded)).collect()
    };
    keys.truncate(8);
    let mut meant: Option<BTreeSet<String>> = None;
    for key in keys {
        let ids: Vec<String> = sqlx::query_scalar(
            "select c.id from found.exact as e join customers as c on c.rowid = e.row \
             where e.kind = 3 and e.key >= ?1 and e.key < ?2 limit ?3",
        )
        .bind(&key)
        .bind(keys::after(&key))
        .bind(PEOPLE)
        .fetch_all(&mut *connection)
        .await
        .doing("look a name up")?;
        let ids: BTreeSet<String> = ids.into_iter().collect();
        meant = Some(match meant {
            Some(before) => before.intersection(&ids).cloned().collect(),
            None => ids,
        });
    }
    Ok(meant.unwrap_or_default())
}

/// The accounts whom a name may mean; `me` is the one who looks.
async fn accounts(
    connection: &mut SqliteConnection,
    name: &str,
    viewer: &Viewer,
) -> Result<Vec<String>, CacheError> {
    let looked_for = fold(name.trim());
    if looked_for == "me" {
        return Ok(vec![viewer.me.to_string()]);
    }
    let bodies: Vec<(String, String)> = sqlx::query_as("select id, body from accounts")
        .fetch_all(connection)
        .await
        .doing("look a colleague up")?;
    let mut meant = Vec::new();
    for (id, body) in bodies {
        let account: Account = crate::read::decode("accounts", &id, &body)?;
        let has = words(&account.name);
        let asked = words(name);
        let named = !asked.is_empty()
            && asked.iter().all(|word| {
                has.iter()
                    .any(|own| own.folded.starts_with(word.folded.as_str()))
            });
        if named || fold(&account.email) == looked_for {
            meant.push(id);
        }
    }
    Ok(meant)
}

fn json(people: &BTreeSet<String>) -> Result<String, CacheError> {
    serde_json::to_string(people).map_err(CacheError::Encode)
}
