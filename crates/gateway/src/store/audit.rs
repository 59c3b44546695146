//! The audit trail in its table. An entry is written in the transaction of what it tells, and the
//! row that gives writers their turn also holds the newest hash, so the chain has one order.

use super::{
    Doing as _, Location, Store, StoreError, Tx, cells::Cells, postgres, sql, sql::Cell, sqlite,
};
use crate::{
    audit::{
        chain::{BEGINNING, Stored, hex, unhex},
        key::AuditKey,
    },
    clock::millis,
    start::StartError,
};
use deskhand_domain::{CustomerId, Instant};
use deskhand_protocol::audit::{Action, Actor, AuditEntry, Thing, ThingKind};
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::{AnyConnection, any::AnyRow};
use uuid::Uuid;

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

/// How far the trail goes, as it stands beside the counter of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    /// How many entries there are.
    pub position: i64,
    /// The hash of the newest, in hex.
    pub hash: String,
    /// What the gateway's key signed of both, in hex.
    pub seal: String,
}

impl Trail {
    /// Reads it through a connection.
    pub async fn read(
        executor: impl sqlx::Executor<'_, Database = sqlx::Any>,
    ) -> Result<Self, StoreError> {
        let (position, hash, seal) =
            sqlx::query_as("select audit_position, audit_hash, audit_seal from feed_head")
                .fetch_one(executor)
                .await
                .doing("read how far the audit trail goes")?;
        Ok(Self {
            position,
            hash,
            seal,
        })
    }

    /// Whether it is as the key has left it.
    fn is_sealed_by(&self, key: &AuditKey) -> bool {
        let hash = unhex::<32>(&self.hash);
        self.position == 0
            || hash.is_some_and(|hash| key.public().sealed(self.position, &hash, &self.seal))
    }
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// From this moment on.
    pub from: Option<Instant>,
    /// Before this moment.
    pub until: Option<Instant>,
    /// Of this account, machine key or customer.
    pub actor: Option<Uuid>,
    /// That concern one of these customers.
    pub customers: Option<Vec<CustomerId>>,
    /// That tell of this.
    pub action: Option<Action>,
}

impl AuditFilter {
    fn select(&self) -> sql::Select {
        let select = select()
            .and_if("at >= ?", self.from.map(Cell::at))
            .and_if("at < ?", self.until.map(Cell::at))
            .and_if("action = ?", self.action.map(Cell::word));
        let select = match self.actor {
            // What a program did stands under its key; who asks for its account gets that too.
            Some(actor) => select.and(
                "actor = ? or actor in (select id from machine_keys where account = ?)",
                vec![Cell::text(actor), Cell::text(actor)],
            ),
            None => select,
        };
        match self.customers.as_deref() {
            Some([]) => select.and("1 = 0", Vec::new()),
            Some(customers) => {
                let customers = customers.iter().map(|id| Cell::text(*id)).collect();
                select.and_in("customer", customers)
            }
            None => select,
        }
    }

    /// Adds to an entry what was asked for.
    pub fn tell(&self, entry: Entry) -> Entry {
        let entry = told(entry, "from", self.from);
        let entry = told(entry, "until", self.until);
        let entry = told(entry, "actor", self.actor);
        let entry = told(entry, "action", self.action);
        match self.customers.as_deref() {
            Some([customer]) => entry.of(*customer),
            Some(customers) => entry.with("customers", customers),
            None => entry,
        }
    }
}

fn told(entry: Entry, name: &str, value: Option<impl Serialize>) -> Entry {
    match value {
        Some(value) => entry.with(name, value),
        None => entry,
    }
}

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
        let broken = self
            .key
            .as_ref()
            .is_some_and(|key| !self.trail.is_sealed_by(key));
        if broken {
            // What is written from here on is sealed again; this entry says that something was not.
            tracing::error!("the audit trail is not as this gateway left it: run audit verify");
            let broken = Entry::new(Actor::System, Action::TrailBroken);
            self.entries
                .insert(0, broken.with("position", self.trail.position));
        }
        let mut position = self.trail.position;
        let mut hash = unhex(&self.trail.hash).unwrap_or(BEGINNING);
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
        let key = self.key.as_ref();
        self.trail = Trail {
            position,
            hash: hex(&hash),
            seal: key.map_or_else(String::new, |key| key.seal(position, &hash)),
        };
        sqlx::query(
            "update feed_head set audit_position = $1, audit_hash = $2, audit_seal = $3
             where one = 1",
        )
        .bind(position)
        .bind(self.trail.hash.clone())
        .bind(self.trail.seal.clone())
        .execute(&mut *self.inner)
        .await
        .doing("move the head of the audit trail")?;
        Ok(())
    }

    fn stored(&self, mut entry: Entry, position: i64) -> Stored {
        if let (Some(key), Actor::Account(account)) = (self.via.key(), entry.actor) {
            entry = entry.with("account", account);
            entry.actor = Actor::Machine(key.0);
        }
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
    /// How far the trail goes.
    pub async fn trail(&self) -> Result<Trail, StoreError> {
        Trail::read(self.read()).await
    }

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
        let filter = AuditFilter::default();
        self.audit_between(&filter, position, i64::MAX, limit).await
    }

    /// The entries behind a position and up to another, oldest first.
    pub async fn audit_between(
        &self,
        filter: &AuditFilter,
        after: i64,
        end: i64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = filter
            .select()
            .and(
                "position > ? and position <= ?",
                vec![Cell::int(after), Cell::int(end)],
            )
            .rows(self.read(), "position", limit)
            .await
            .doing("read the audit trail")?;
        read_all(&rows)
    }

    /// The entries before a position, newest first.
    pub async fn audit_before(
        &self,
        filter: &AuditFilter,
        position: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = filter
            .select()
            .and_if("position < ?", position.map(Cell::int))
            .rows(self.read(), "position desc", limit)
            .await
            .doing("read the audit trail")?;
        read_all(&rows)
    }
}

/// Connects to a database that a gateway may be using, to read one state of it.
pub async fn connect_to_read(location: &Location) -> Result<AnyConnection, StartError> {
    sqlx::any::install_default_drivers();
    match location {
        Location::File(file) => sqlite::connect_to_read(file).await,
        Location::Url(url) => postgres::connect_to_read(url).await,
    }
}

/// Entries in order with their hashes, whatever they say.
pub async fn read_trail(
    connection: &mut AnyConnection,
    after: Option<i64>,
    limit: usize,
) -> Result<Vec<(Stored, String)>, StoreError> {
    let rows = select()
        .and_if("position > ?", after.map(Cell::int))
        .rows(connection, "position", limit)
        .await
        .doing("read the audit trail")?;
    rows.iter()
        .map(|row| {
            let cells = Cells::new("audit", row);
            let stored = Stored {
                position: cells.int("position")?,
                id: cells.text("id")?,
                at: cells.int("at")?,
                actor_kind: cells.text("actor_kind")?,
                actor: cells.maybe_text("actor")?,
                action: cells.text("action")?,
                thing_kind: cells.maybe_text("thing_kind")?,
                thing: cells.maybe_text("thing")?,
                customer: cells.maybe_text("customer")?,
                peer: cells.maybe_text("peer")?,
                request: cells.maybe_text("request")?,
                details: cells.text("details")?,
            };
            Ok((stored, cells.text("hash")?))
        })
        .collect()
}

/// Entries behind a position through a connection, oldest first.
pub async fn read_entries(
    connection: &mut AnyConnection,
    filter: &AuditFilter,
    after: i64,
    limit: usize,
) -> Result<Vec<AuditEntry>, StoreError> {
    let rows = filter
        .select()
        .and("position > ?", vec![Cell::int(after)])
        .rows(connection, "position", limit)
        .await
        .doing("read the audit trail")?;
    read_all(&rows)
}

fn read_all(rows: &[AnyRow]) -> Result<Vec<AuditEntry>, StoreError> {
    rows.iter()
        .map(|row| read(&Cells::new("audit", row)))
        .collect()
}

fn select() -> sql::Select {
    sql::Select::new(&format!("select {} from audit", COLUMNS.join(", ")))
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
