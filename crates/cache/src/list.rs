//! The lists of the rail: one index for each, chosen by name so that no statistics can change it.

use crate::{
    batch::channel,
    error::{CacheError, Doing},
    open::Reader,
    read::decode,
};
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{AccountId, Channel, Currency, Ticket};
use deskhand_protocol::view::{Sort, TicketQuery, ViewCount, ViewId};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

/// The longest slice of a list.
const SLICE_LIMIT: u32 = 500;

/// Who looks, and when: some views depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// Who.
    pub me: AccountId,
    /// The shop's currency.
    pub currency: Currency,
    /// When.
    pub now: DateTime<Utc>,
}

/// A ticket of a list, with the customer's name.
pub type Listed = (Ticket, Option<String>);

impl Reader {
    /// A slice of a view, and how long the view is.
    pub async fn list(
        &self,
        query: &TicketQuery,
        viewer: &Viewer,
    ) -> Result<(u32, Vec<Listed>), CacheError> {
        let plan = Plan::new(query.view, query.sort);
        let mut tx = self.pool.begin().await.doing("begin to read a list")?;
        let total = count(&mut tx, query.view, viewer).await?;
        let sql = sqlx::query(AssertSqlSafe(plan.page()));
        let sql = match parameter(query.view, viewer) {
            Some(Parameter::Text(text)) => sql.bind(text),
            Some(Parameter::Moment(moment)) => sql.bind(moment),
            None => sql.bind(None::<i64>),
        };
        let rows = sql
            .bind(query.limit.min(SLICE_LIMIT))
            .bind(query.offset)
            .fetch_all(&mut *tx)
            .await
            .doing("read a list")?;
        let rows = rows
            .iter()
            .map(|row| Ok((decode("tickets", row.get(0), row.get(1))?, row.get(2))))
            .collect::<Result<_, CacheError>>()?;
        Ok((total, rows))
    }

    /// How many tickets each view holds.
    pub async fn counts(&self, viewer: &Viewer) -> Result<Vec<ViewCount>, CacheError> {
        let mut tx = self.pool.begin().await.doing("begin to count")?;
        let mut counts = Vec::with_capacity(ViewId::ALL.len());
        for view in ViewId::ALL {
            let count = count(&mut tx, view, viewer).await?;
            counts.push(ViewCount { view, count });
        }
        Ok(counts)
    }
}

async fn count(
    connection: &mut SqliteConnection,
    view: ViewId,
    viewer: &Viewer,
) -> Result<u32, CacheError> {
    let query = sqlx::query_scalar(AssertSqlSafe(Plan::new(view, Sort::Clock).count()));
    let query = match parameter(view, viewer) {
        Some(Parameter::Text(text)) => query.bind(text),
        Some(Parameter::Moment(moment)) => query.bind(moment),
        None => query,
    };
    query.fetch_one(connection).await.doing("count a view")
}

enum Parameter {
    Text(String),
    Moment(i64),
}

/// What `?1` is in a view's condition.
fn parameter(view: ViewId, viewer: &Viewer) -> Option<Parameter> {
    match view {
        ViewId::MyOpen | ViewId::Mentions => Some(Parameter::Text(viewer.me.to_string())),
        ViewId::HighValue => Some(Parameter::Text(viewer.currency.code().to_owned())),
        ViewId::BreachingSoon => {
            let soon = viewer.now + TimeDelta::hours(1);
            Some(Parameter::Moment(soon.timestamp_micros()))
        }
        _ => None,
    }
}

/// How a view is read. All parts are constants of this file.
struct Plan {
    /// The name of the index, if one serves.
    index: Option<String>,
    condition: String,
    order: &'static str,
}

impl Plan {
    fn new(view: ViewId, sort: Sort) -> Self {
        let (index, condition) = match view {
            ViewId::MyOpen => ("assignee", "lane = 'open' and assignee = ?1".into()),
            ViewId::Unassigned => ("assignee", "lane = 'open' and assignee is null".into()),
            ViewId::Mentions => (
                "",
                "tickets.id in (select ticket from mentions where account = ?1)".into(),
            ),
            ViewId::Snoozed => ("lane", "lane = 'snoozed'".into()),
            ViewId::Held => (
                "",
                "tickets.id in (select ticket from outbox where state in ('held', 'moved'))".into(),
            ),
            ViewId::WhereIsIt => ("topic", topic("parcel")),
            ViewId::Refunds => ("topic", topic("money")),
            ViewId::BreachingSoon => ("lane", "lane = 'open' and clock <= ?1".into()),
            ViewId::HighValue => (
                "high",
                "lane = 'open' and high_value is not null and high_value = ?1".into(),
            ),
            ViewId::Email => ("channel", written(Channel::Email)),
            ViewId::WebChat => ("channel", written(Channel::WebChat)),
            ViewId::Whatsapp => ("channel", written(Channel::Whatsapp)),
            ViewId::Escalated => ("escalated", "escalated = 1 and lane <> 'closed'".into()),
            ViewId::AllOpen => ("lane", "lane = 'open'".into()),
            ViewId::Closed => ("lane", "lane = 'closed'".into()),
        };
        // Due ones are few among many, whatever the order they are shown in.
        let by_clock = sort == Sort::Clock || view == ViewId::BreachingSoon;
        let column = if by_clock { "clock" } else { "newest" };
        Self {
            index: (!index.is_empty()).then(|| format!("tickets_{index}_{column}")),
            condition,
            order: match sort {
                Sort::Clock => "clock, tickets.rowid",
                Sort::Newest => "last_message_at desc, tickets.rowid desc",
                Sort::Oldest => "last_message_at, tickets.rowid",
            },
        }
    }

    fn from(&self) -> String {
        match &self.index {
            Some(index) => format!("tickets indexed by {index}"),
            None => "tickets".into(),
        }
    }

    fn page(&self) -> String {
        format!(
            "select tickets.id, tickets.body, \
             (select name from customers where customers.id = tickets.customer) \
             from {} where {} order by {} limit ?2 offset ?3",
            self.from(),
            self.condition,
            self.order,
        )
    }

    fn count(&self) -> String {
        format!(
            "select count(*) from {} where {}",
            self.from(),
            self.condition
        )
    }
}

fn topic(name: &str) -> String {
    format!("lane = 'open' and topic <> '' and topic = '{name}'")
}

fn written(by: Channel) -> String {
    format!("lane = 'open' and channel = '{}'", channel(by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cache, Key};

    #[tokio::test]
    async fn every_list_is_read_by_its_index_and_the_hot_ones_are_never_sorted() {
        let folder = tempfile::tempdir().expect("a folder");
        let (_writer, reader) = Cache::open(&folder.path().join("cache.db"), &Key::random())
            .await
            .expect("a cache");
        for view in ViewId::ALL {
            for sort in [Sort::Clock, Sort::Newest, Sort::Oldest] {
                let sql = format!("explain query plan {}", Plan::new(view, sort).page());
                let steps: Vec<String> = sqlx::query(AssertSqlSafe(sql))
                    .bind("x")
                    .bind(60)
                    .bind(0)
                    .fetch_all(&reader.pool)
                    .await
                    .expect("a plan")
                    .iter()
                    .map(|row| row.get(3))
                    .collect();
                let plan = steps.join("; ");
                assert!(!plan.contains("SCAN tickets"), "{view:?} {sort:?}: {plan}");
                let few = matches!(view, ViewId::Mentions | ViewId::Held)
                    || (view == ViewId::BreachingSoon && sort != Sort::Clock);
                if !few {
                    assert!(!plan.contains("TEMP B-TREE"), "{view:?} {sort:?}: {plan}");
                }
            }
        }
    }
}
