//! The audit trail in its table. An entry is written in the transaction of what it tells, and the
//! row that gives writers their turn also holds the newest hash, so the chain has one order.

use super::{Doing as _, Store, StoreError, Tx, cells::Cells, sql, sql::Cell};
use crate::{
    audit::chain::{Stored, hex, unhex},
    clock::millis,
};
use deskhand_domain::CustomerId;
use deskhand_protocol::audit::{Action, Actor, AuditEntry, Thing, ThingKind};
use serde::Serialize;
use serde_json::{Map, Value};

/// Every column, in the order in which they are bound.
const COLUMNS: [&str; 13] = [
    "position",
    "id",
    "at",
    "actor_kind",
    "actor",
    "action",
    "thing_kind",
    "thing",
    "customer",
    "peer",
    "request",
    "details",
    "hash",
];

/// What an entry tells. When, from where, and in which request are added where it is written.
#[derive(Clone, Debug)]
pub struct Entry {
    actor: Actor,
    action: Action,
    thing: Option<Thing>,
    customer: Option<CustomerId>,
    details: Map<String, Value>,
}

impl Entry {
    /// Somebody did something.
    pub fn new(actor: impl Into<Actor>, action: Action) -> Self {
        Self {
            actor: actor.into(),
            action,
            thing: None,
            customer: None,
            details: Map::new(),
        }
    }

    /// To what.
    pub fn to(mut self, kind: ThingKind, id: impl ToString) -> Self {
        let id = id.to_string();
        self.thing = Some(Thing { kind, id });
        self
    }

    /// Which customer it concerns.
    pub fn of(mut self, customer: CustomerId) -> Self {
        self.customer = Some(customer);
        self
    }

    /// A detail. Ids, numbers and words of this program only: never a text that somebody wrote, a
    /// secret, a name or an address.
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.details.insert(name.to_owned(), value);
        self
    }
}

impl Tx {
    /// Adds an entry to the audit trail; it is there exactly when this transaction is.
    pub fn audit(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Writes the entries of this transaction behind those there are.
    pub(super) async fn write_entries(&mut self) -> Result<(), StoreError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let mut position = self.trail.0;
        let mut hash = unhex(&self.trail.1).ok_or_else(|| StoreError::Inconsistent {
            table: "feed_head",
            column: "audit_hash",
            id: "1".to_owned(),
        })?;
        let mut rows = Vec::with_capacity(self.entries.len());
        for entry in std::mem::take(&mut self.entries) {
            position += 1;
            let stored = self.stored(entry, position);
            hash = stored.hash(&hash);
            rows.push(cells(stored, &hash));
        }
        sql::insert(&mut self.inner, "audit", &COLUMNS, rows)
            .await
            .doing("write the audit trail")?;
        self.trail = (position, hex(&hash));
        sqlx::query("update feed_head set audit_position = $1, audit_hash = $2 where one = 1")
            .bind(position)
            .bind(hex(&hash))
            .execute(&mut *self.inner)
            .await
            .doing("move the head of the audit trail")?;
        Ok(())
    }

    fn stored(&self, entry: Entry, position: i64) -> Stored {
        let (actor_kind, actor) = entry.actor.parts();
        let (thing_kind, thing) = entry.thing.map(|thing| (thing.kind, thing.id)).unzip();
        Stored {
            position,
            id: self.clock.id().to_string(),
            at: millis(self.now),
            actor_kind: actor_kind.to_owned(),
            actor: actor.map(|id| id.to_string()),
            action: word(entry.action),
            thing_kind: thing_kind.map(word),
            thing,
            customer: entry.customer.map(|id| id.to_string()),
            peer: self.via.peer.clone(),
            request: self.via.request.clone(),
            details: Value::Object(entry.details).to_string(),
        }
    }
}

impl Store {
    /// Adds an entry that belongs to no other change, such as a refused attempt.
    pub async fn record(&self, entry: Entry) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.audit(entry);
                Ok(())
            })
        })
        .await
    }

    /// The entries behind a position, oldest first.
    pub async fn audit_after(
        &self,
        position: i64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sql::Select::new(&format!("select {} from audit", COLUMNS.join(", ")))
            .and("position > ?", vec![Cell::int(position)])
            .rows(self.read(), "position", limit)
            .await
            .doing("read the audit trail")?;
        rows.iter()
            .map(|row| read(&Cells::new("audit", row)))
            .collect()
    }
}

fn cells(stored: Stored, hash: &[u8; 32]) -> Vec<Cell> {
    vec![
        Cell::int(stored.position),
        Cell::Text(Some(stored.id)),
        Cell::int(stored.at),
        Cell::Text(Some(stored.actor_kind)),
        Cell::Text(stored.actor),
        Cell::Text(Some(stored.action)),
        Cell::Text(stored.thing_kind),
        Cell::Text(stored.thing),
        Cell::Text(stored.customer),
        Cell::Text(stored.peer),
        Cell::Text(stored.request),
        Cell::Text(Some(stored.details)),
        Cell::text(hex(hash)),
    ]
}

fn read(cells: &Cells<'_>) -> Result<AuditEntry, StoreError> {
    let actor = Actor::of(&cells.text("actor_kind")?, cells.maybe_parse("actor")?);
    let thing = match cells.maybe_word("thing_kind")? {
        Some(kind) => Some(Thing {
            kind,
            id: cells.text("thing")?,
        }),
        None => None,
    };
    Ok(AuditEntry {
        position: cells.int("position")?,
        id: cells.parse("id")?,
        at: cells.at("at")?,
        actor: actor.ok_or_else(|| cells.bad("actor"))?,
        action: cells.word("action")?,
        thing,
        customer: cells.maybe_parse("customer")?,
        peer: cells.maybe_text("peer")?,
        request_id: cells.maybe_text("request")?,
        details: cells.json("details")?,
        hash: cells.text("hash")?,
    })
}

/// An entry as it lies in the database.
pub fn stored(entry: &AuditEntry) -> Stored {
    let (actor_kind, actor) = entry.actor.parts();
    Stored {
        position: entry.position,
        id: entry.id.to_string(),
        at: millis(entry.at),
        actor_kind: actor_kind.to_owned(),
        actor: actor.map(|id| id.to_string()),
        action: word(entry.action),
        thing_kind: entry.thing.as_ref().map(|thing| word(thing.kind)),
        thing: entry.thing.as_ref().map(|thing| thing.id.clone()),
        customer: entry.customer.map(|id| id.to_string()),
        peer: entry.peer.clone(),
        request: entry.request_id.clone(),
        details: entry.details.to_string(),
    }
}

/// The word that an enum is written as.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
