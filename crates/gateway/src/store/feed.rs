//! The feed: what changed, in the order of the commits.

use super::{
    Doing as _, Entry, History, Store, StoreError, Tx, cells::Cells, entity, sql, sql::Cell,
};
use deskhand_domain::{Account, Article, Customer, Field, Macro, Message, Order, Shipment, Ticket};
use deskhand_protocol::{
    audit::{Action, Actor, ThingKind},
    sync::{Change, Gone, Kind, Record},
};
use entity::Row;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Where one entity stands in the feed.
pub(super) type Place = (Kind, Uuid, i64);

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
        sqlx::query("update feed_head set position = $1 where one = 1")
            .bind(self.head)
            .execute(&mut *self.inner)
            .await
            .doing("move the head of the feed")?;
        self.touched.clear();
        Ok(self.head)
    }
}

impl Store {
    /// What changed after a position, in order, at most `limit` entities.
    pub async fn changes_after(
        &self,
        position: i64,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError> {
        let rows = sqlx::query(
            "select kind, id, position from feed where position > $1 order by position limit $2",
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
    pub(super) async fn changes_at(&self, places: Vec<Place>) -> Result<Vec<Change>, StoreError> {
        let mut wanted: BTreeMap<Kind, Vec<Uuid>> = BTreeMap::new();
        for (kind, id, _) in &places {
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
            .map(|(kind, id, position)| Change {
                position,
                record: found
                    .remove(&(kind, id))
                    .unwrap_or(Record::Gone(Gone { kind, id })),
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
        Ok(())
    }

    /// Gives the history a new name: what was read under the old one holds no longer.
    pub async fn begin_epoch(&self) -> Result<String, StoreError> {
        let epoch = self.clock().id().simple().to_string();
        let stored = epoch.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.audit(begun(&stored));
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
            Ok((kind, cells.parse("id")?, cells.int("position")?))
        })
        .collect()
}
