//! The feed: what changed, in the order of the commits.

use super::{
    Doing as _, Entry, History, Store, StoreError, Tx, cells::Cells, entity, sql, sql::Cell,
};
use crate::sight::Placed;
use deskhand_domain::{
    Account, Article, Customer, Field, Macro, Message, Order, Shipment, TeamId, Ticket,
};
use deskhand_protocol::{
    audit::{Action, Actor, ThingKind},
    sync::{Change, Gone, Kind, Record},
};
use entity::Row;
use sqlx::any::AnyRow;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Where one entity stands in the feed, and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) id: Uuid,
    pub(super) position: i64,
    team: Option<TeamId>,
    former: Vec<TeamId>,
}

impl Tx {
    /// Gives everything this transaction touched the next positions; answers the new head.
    pub(super) async fn number(&mut self) -> Result<i64, StoreError> {
        if self.touched.is_empty() {
            return Ok(self.head);
        }
        // A role may have changed.
        let accounts = self.touched.iter().any(|(kind, _)| *kind == Kind::Account);
        self.sessions_changed |= accounts;
        let first = self.head + 1;
        let rows: Vec<Vec<Cell>> = self
            .touched
            .iter()
            .zip(first..)
            .map(|((kind, id), position)| {
                vec![
                    Cell::text(kind.as_str()),
                    Cell::text(id),
                    Cell::int(position),
                ]
            })
            .collect();
        self.head += i64::try_from(rows.len()).unwrap_or_default();
        let columns = ["kind", "id", "position"];
        sql::upsert(&mut self.inner, "feed", "kind, id", &columns, rows)
            .await
            .doing("write the feed")?;
        let kinds: BTreeSet<Kind> = self.touched.iter().map(|(kind, _)| *kind).collect();
        if kinds.contains(&Kind::Ticket) {
            self.whose(OF_TICKETS, first).await?;
        }
        if kinds.contains(&Kind::Message) {
            self.whose(OF_MESSAGES, first).await?;
        }
        sqlx::query("update feed_head set position = $1 where one = 1")
            .bind(self.head)
            .execute(&mut *self.inner)
            .await
            .doing("move the head of the feed")?;
        self.touched.clear();
        Ok(self.head)
    }

    /// Writes whose the entities are that were touched, and whose they were before. What is gone
    /// stays whose it was.
    async fn whose(&mut self, sql: &'static str, from: i64) -> Result<(), StoreError> {
        sqlx::query(sql)
            .bind(from)
            .execute(&mut *self.inner)
            .await
            .doing("write whose it is")?;
        Ok(())
    }
}

const OF_TICKETS: &str = "update feed set team = owner.team,
    former = case when feed.team is null or feed.team = owner.team
        or feed.former like '%' || feed.team || '%'
        then feed.former else feed.former || ' ' || feed.team end
    from tickets as owner
    where feed.kind = 'ticket' and feed.position >= $1 and owner.id = feed.id";
const OF_MESSAGES: &str = "update feed set team = owner.team,
    former = case when feed.team is null or feed.team = owner.team
        or feed.former like '%' || feed.team || '%'
        then feed.former else feed.former || ' ' || feed.team end
    from messages join tickets as owner on owner.id = messages.ticket
    where feed.kind = 'message' and feed.position >= $1 and messages.id = feed.id";

impl Store {
    /// What changed after a position, in order, at most `limit` entities.
    pub async fn changes_after(
        &self,
        position: i64,
        limit: usize,
    ) -> Result<Vec<Placed>, StoreError> {
        let rows = sqlx::query(
            "select kind, id, position, team, former from feed where position > $1 order by position limit $2",
        )
        .bind(position)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(self.read())
        .await
        .doing("read the feed")?;
        self.changes_at(places(&rows)?).await
    }

    /// Entities as they are now, with the positions that were read before them: a change in
    /// between follows with its own position.
    pub(super) async fn changes_at(&self, places: Vec<Place>) -> Result<Vec<Placed>, StoreError> {
        let mut wanted: BTreeMap<Kind, Vec<Uuid>> = BTreeMap::new();
        for Place { kind, id, .. } in &places {
            wanted.entry(*kind).or_default().push(*id);
        }
        let mut found: BTreeMap<(Kind, Uuid), Record> = BTreeMap::new();
        for (kind, ids) in wanted {
            for record in self.records(kind, &ids).await? {
                found.insert(record.key(), record);
            }
        }
        Ok(places
            .into_iter()
            .map(|place| {
                let (kind, id) = (place.kind, place.id);
                let record = found.remove(&(kind, id));
                Placed {
                    change: Change {
                        position: place.position,
                        record: record.unwrap_or(Record::Gone(Gone { kind, id })),
                    },
                    team: place.team,
                    former: place.former,
                }
            })
            .collect())
    }

    async fn records(&self, kind: Kind, ids: &[Uuid]) -> Result<Vec<Record>, StoreError> {
        fn all<E: Row>(found: Vec<E>) -> Vec<Record> {
            found.into_iter().map(Row::record).collect()
        }
        Ok(match kind {
            Kind::Ticket => all(self.load::<Ticket>(ids).await?),
            Kind::Message => all(self.load::<Message>(ids).await?),
            Kind::Customer => all(self.load::<Customer>(ids).await?),
            Kind::Order => all(self.load::<Order>(ids).await?),
            Kind::Shipment => all(self.load::<Shipment>(ids).await?),
            Kind::Account => all(self.load::<Account>(ids).await?),
            Kind::Macro => all(self.load::<Macro>(ids).await?),
            Kind::Article => all(self.load::<Article>(ids).await?),
            Kind::Field => all(self.load::<Field>(ids).await?),
        })
    }

    /// Reads the epoch, the shop and the head; called at the start and after a reseed.
    pub(super) async fn read_history(&self) -> Result<(), StoreError> {
        let (head,): (i64,) = sqlx::query_as("select position from feed_head")
            .fetch_one(&self.inner.write)
            .await
            .doing("read the head of the feed")?;
        let rows: Vec<(String, String)> = sqlx::query_as("select key, value from meta")
            .fetch_all(&self.inner.write)
            .await
            .doing("read what holds for all of it")?;
        let mut values: BTreeMap<String, String> = rows.into_iter().collect();
        let epoch = match values.remove("epoch") {
            Some(epoch) => epoch,
            None => self.begin_epoch().await?,
        };
        let history = History {
            epoch,
            shop: values
                .remove("shop")
                .and_then(|json| serde_json::from_str(&json).ok()),
            sample: values.contains_key("sample"),
        };
        *self
            .inner
            .history
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = history;
        self.inner.head.send_replace(head);
        self.read_teams().await
    }

    /// Gives the history a new name: what was read under the old one holds no longer.
    pub async fn begin_epoch(&self) -> Result<String, StoreError> {
        let epoch = self.clock().id().simple().to_string();
        let stored = epoch.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.audit(begun(&stored));
                // What was told after the backup was made must not be told again.
                tx.forget_since().await?;
                tx.set_meta("epoch", &stored).await
            })
        })
        .await?;
        Ok(epoch)
    }
}

impl Tx {
    /// Remembers something that holds for the whole database.
    pub(super) async fn set_meta(
        &mut self,
        key: &'static str,
        value: &str,
    ) -> Result<(), StoreError> {
        let row = vec![Cell::text(key), Cell::text(value)];
        sql::upsert(&mut self.inner, "meta", "key", &["key", "value"], vec![row])
            .await
            .doing("remember what holds for all of it")
    }
}

/// A history began.
pub(super) fn begun(epoch: &str) -> Entry {
    Entry::new(Actor::System, Action::HistoryBegun).to(ThingKind::History, epoch)
}

/// Reads rows of the feed.
pub(super) fn places(rows: &[AnyRow]) -> Result<Vec<Place>, StoreError> {
    rows.iter()
        .map(|row| {
            let cells = Cells::new("feed", row);
            let kind = Kind::parse(&cells.text("kind")?).ok_or_else(|| cells.bad("kind"))?;
            let former = cells.text("former")?;
            let former = former.split_whitespace().map(str::parse);
            Ok(Place {
                kind,
                id: cells.parse("id")?,
                position: cells.int("position")?,
                team: cells.maybe_parse("team")?,
                former: former
                    .collect::<Result<_, _>>()
                    .map_err(|_| cells.bad("former"))?,
            })
        })
        .collect()
}
