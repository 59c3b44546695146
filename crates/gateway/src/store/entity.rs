//! How each entity lies in its table.

use super::{Doing as _, StoreError, Tx, cells::Cells, sql, sql::Cell, sql::Select};
use deskhand_domain::{Account, Article, Customer, Field, Macro, Order, Shipment};
use deskhand_protocol::sync::{Kind, Record};
use sqlx::{Any, Executor};
use uuid::Uuid;

/// An entity that travels in the feed and has a table.
pub trait Row: Sized + Send + Sync + 'static {
    /// What it is in the feed.
    const KIND: Kind;
    /// Its table.
    const TABLE: &'static str;
    /// The columns it is made of.
    const COLUMNS: &'static [&'static str];
    /// Reads a row.
    fn read(cells: &Cells<'_>) -> Result<Self, StoreError>;
    /// As it travels.
    fn record(self) -> Record;
}

/// An entity whose every column is in [`Row::COLUMNS`].
pub trait Put: Row {
    /// Its id.
    fn id(&self) -> Uuid;
    /// Its cells, in the order of the columns.
    fn cells(&self) -> Vec<Cell>;
}

impl Tx {
    /// Stores entities as they are now and gives each a new place in the feed.
    pub async fn put<E: Put>(&mut self, entities: &[E]) -> Result<(), StoreError> {
        let rows = entities.iter().map(Put::cells).collect();
        sql::upsert(&mut self.inner, E::TABLE, "id", E::COLUMNS, rows)
            .await
            .doing("store an entity")?;
        self.touched
            .extend(entities.iter().map(|entity| (E::KIND, entity.id())));
        Ok(())
    }

    /// One entity by its id, as this transaction sees it.
    pub async fn get<E: Row>(&mut self, id: Uuid) -> Result<Option<E>, StoreError> {
        Ok(by_ids::<E, _>(&mut *self.inner, &[id]).await?.pop())
    }
}

/// The start of a `select` of whole entities.
pub fn select<E: Row>() -> Select {
    Select::new(&format!(
        "select {} from {}",
        E::COLUMNS.join(", "),
        E::TABLE
    ))
}

/// Reads rows of whole entities.
pub fn read_all<E: Row>(rows: &[sqlx::any::AnyRow]) -> Result<Vec<E>, StoreError> {
    rows.iter()
        .map(|row| E::read(&Cells::new(E::TABLE, row)))
        .collect()
}

/// Entities by their ids, those that exist.
pub async fn by_ids<'e, E: Row, X: Executor<'e, Database = Any>>(
    executor: X,
    ids: &[Uuid],
) -> Result<Vec<E>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = select::<E>()
        .and_in("id", ids.iter().map(Cell::text).collect())
        .rows(executor, "id", ids.len())
        .await
        .doing("load entities")?;
    read_all(&rows)
}

impl Row for Account {
    const KIND: Kind = Kind::Account;
    const TABLE: &'static str = "accounts";
    const COLUMNS: &'static [&'static str] = &["id", "name", "email", "role", "teams"];

    fn read(cells: &Cells<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: cells.parse("id")?,
            name: cells.text("name")?,
            email: cells.text("email")?,
            role: cells.word("role")?,
            teams: cells.json("teams")?,
        })
    }

    fn record(self) -> Record {
        Record::Account(self)
    }
}

/// An entity that is kept as a document, with columns only for what is searched.
macro_rules! document {
    ($entity:ident, $table:literal, [$($column:literal = $cell:expr),*]) => {
        impl Row for $entity {
            const KIND: Kind = Kind::$entity;
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &["id", "document", $($column),*];

            fn read(cells: &Cells<'_>) -> Result<Self, StoreError> {
                cells.json("document")
            }

            fn record(self) -> Record {
                Record::$entity(self)
            }
        }

        impl Put for $entity {
            fn id(&self) -> Uuid {
                self.id.0
            }

            fn cells(&self) -> Vec<Cell> {
                let text: fn(&Self) -> Vec<Cell> = |entity| vec![
                    Cell::text(entity.id),
                    Cell::json(entity),
                    $($cell(entity)),*
                ];
                text(self)
            }
        }
    };
}

document!(
    Customer,
    "customers",
    [
        "email_key" = |c: &Customer| Cell::text(c.email.to_lowercase()),
        "source" = |c: &Customer| Cell::text(&c.source.name),
        "fetched_at" = |c: &Customer| Cell::at(c.source.fetched_at)
    ]
);
document!(
    Order,
    "orders",
    [
        "number" = |o: &Order| Cell::text(&o.number),
        "customer" = |o: &Order| Cell::text(o.customer),
        "placed_at" = |o: &Order| Cell::at(o.placed_at),
        "source" = |o: &Order| Cell::text(&o.source.name),
        "fetched_at" = |o: &Order| Cell::at(o.source.fetched_at)
    ]
);
document!(
    Shipment,
    "shipments",
    [
        "order_id" = |s: &Shipment| Cell::text(s.order),
        "tracking_number" = |s: &Shipment| Cell::text(&s.tracking_number),
        "source" = |s: &Shipment| Cell::text(&s.source.name),
        "fetched_at" = |s: &Shipment| Cell::at(s.source.fetched_at)
    ]
);
document!(
    Article,
    "articles",
    [
        "slug" = |a: &Article| Cell::text(&a.slug),
        "language" = |a: &Article| Cell::text(&a.language),
        "topic" = |a: &Article| Cell::word(a.topic)
    ]
);
document!(
    Macro,
    "macros",
    [
        "name" = |m: &Macro| Cell::text(&m.name),
        "language" = |m: &Macro| Cell::text(&m.language)
    ]
);
document!(
    Field,
    "fields",
    [
        "key" = |f: &Field| Cell::text(&f.key),
        "place" = |f: &Field| Cell::int(f.place)
    ]
);
