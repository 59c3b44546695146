//! What customers are told before they ask: what was told, and when a parcel is looked at again.

mod case;
mod telling;

use super::{
    Doing as _, Entry, Store, StoreError, Tx,
    cells::Cells,
    entity,
    sql::{self, Cell, Select},
};
use crate::{clock::millis, clock::moment, notices::Asking};
pub use case::{Case, read_case};
use deskhand_domain::{
    Customer, Instant, NoticeKind, Order, OrderId, Shipment, ShipmentId, shipment::TrackingStatus,
};
use deskhand_protocol::{
    audit::{Action, Actor, ThingKind},
    sync::Kind,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const SINCE: &str = "notices_since";
const POSITION: &str = "notices_position";
/// How many parcels that have arrived are learned from, the newest.
const ARRIVED: usize = 5_000;
/// How far back in the feed they are looked for.
const LOOKED_BACK: usize = 50_000;
/// How far the feed may go on before it is noted that it was read.
const NOTED_EVERY: i64 = 10_000;

/// Parcels that changed or whose time has come.
#[derive(Clone, Debug)]
pub struct ToLookAt {
    /// Which.
    pub parcels: Vec<Uuid>,
    /// How far the feed was read.
    pub position: i64,
    /// Whether there may be more.
    pub more: bool,
}

impl Store {
    /// Since when customers are told; noted when they are told for the first time, and forgotten
    /// when they are not: what befell a parcel before is not told.
    pub async fn tell_customers(&self, told: bool) -> Result<Option<Instant>, StoreError> {
        let known = self.meta(SINCE).await?;
        if let Some(since) = known.filter(|_| told) {
            return Ok(moment(since));
        }
        if !told && known.is_none() {
            return Ok(None);
        }
        self.write(move |tx| {
            Box::pin(async move {
                if told {
                    tx.set_meta(SINCE, &millis(tx.now).to_string()).await?;
                    return Ok(Some(tx.now));
                }
                tx.forget_since().await?;
                Ok(None)
            })
        })
        .await
    }

    /// How far the feed was read for parcels.
    pub async fn notices_position(&self) -> Result<i64, StoreError> {
        Ok(self.meta(POSITION).await?.unwrap_or_default())
    }

    async fn meta(&self, key: &'static str) -> Result<Option<i64>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as("select value from meta where key = $1")
            .bind(key)
            .fetch_optional(self.read())
            .await
            .doing("read what holds for all of it")?;
        Ok(row.and_then(|(value,)| value.parse().ok()))
    }

    /// Parcels that changed since a position of the feed, and those whose time has come.
    pub async fn parcels_to_look_at(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<ToLookAt, StoreError> {
        let places = Select::new("select kind, id, position from feed")
            .and("position > ?", vec![Cell::int(after)])
            .rows(self.read(), "position", limit)
            .await
            .doing("look which parcels changed")?;
        let mut found = ToLookAt {
            parcels: Vec::new(),
            position: after,
            more: places.len() == limit,
        };
        for row in &places {
            let cells = Cells::new("feed", row);
            found.position = cells.int("position")?;
            if cells.text("kind")? == Kind::Shipment.as_str() {
                found.parcels.push(cells.parse("id")?);
            }
        }
        let now = self.clock().now();
        let due = Select::new("select shipment as id from notice_looks")
            .and("look_at <= ?", vec![Cell::at(now)])
            .rows(self.read(), "look_at", limit)
            .await
            .doing("look whose time has come")?;
        found.more |= due.len() == limit;
        for row in &due {
            found
                .parcels
                .push(Cells::new("notice_looks", row).parse("id")?);
        }
        found.parcels.sort_unstable();
        found.parcels.dedup();
        Ok(found)
    }

    /// Parcels with their orders, those that exist.
    pub async fn parcels(&self, ids: &[Uuid]) -> Result<Vec<(Shipment, Order)>, StoreError> {
        let parcels = self.load::<Shipment>(ids).await?;
        let orders: BTreeSet<Uuid> = parcels.iter().map(|parcel| parcel.order.0).collect();
        let orders: Vec<Uuid> = orders.into_iter().collect();
        let orders = self.load::<Order>(&orders).await?.into_iter();
        let orders: BTreeMap<OrderId, Order> = orders.map(|order| (order.id, order)).collect();
        let with_order = |parcel: Shipment| {
            let order = orders.get(&parcel.order).cloned();
            order.map(|order| (parcel, order))
        };
        Ok(parcels.into_iter().filter_map(with_order).collect())
    }

    /// All that counts for a parcel.
    pub async fn case(&self, shipment: Shipment, order: Order) -> Result<Case, StoreError> {
        let connection = self.read().acquire().await;
        let mut connection = connection.doing("read what counts for a notice")?;
        read_case(&mut connection, shipment, order).await
    }

    /// Tells the customer of a parcel, unless something has come in between; once for each kind,
    /// whoever asks how often. Answers of what.
    pub async fn tell(
        &self,
        of: ShipmentId,
        asking: Asking,
    ) -> Result<Option<NoticeKind>, StoreError> {
        self.write(move |tx| Box::pin(async move { tx.tell(of, &asking).await }))
            .await
    }

    /// Notes when parcels are looked at again, and how far the feed was read.
    pub async fn plan_looks(
        &self,
        looks: Vec<(ShipmentId, Option<Instant>)>,
        position: i64,
    ) -> Result<(), StoreError> {
        let ids: Vec<Cell> = looks.iter().map(|(id, _)| Cell::text(id)).collect();
        let mut known: BTreeMap<ShipmentId, Instant> = BTreeMap::new();
        for ids in ids.chunks(500) {
            let rows = Select::new("select shipment as id, look_at from notice_looks")
                .and_in("shipment", ids.to_vec())
                .rows(self.read(), "shipment", ids.len())
                .await
                .doing("read when parcels are looked at")?;
            for row in &rows {
                let cells = Cells::new("notice_looks", row);
                known.insert(cells.parse("id")?, cells.at("look_at")?);
            }
        }
        let changed = looks.into_iter();
        let changed: Vec<_> = changed
            .filter(|(id, look)| known.get(id) != look.as_ref())
            .collect();
        let noted = self.notices_position().await?;
        if changed.is_empty() && position < noted + NOTED_EVERY {
            return Ok(());
        }
        self.write(move |tx| Box::pin(async move { tx.plan_looks(&changed, position).await }))
            .await
    }

    /// Parcels that have arrived, the newest, each with the country it went to.
    pub async fn arrived(&self) -> Result<Vec<(Shipment, String)>, StoreError> {
        let places = Select::new("select kind, id from feed")
            .rows(self.read(), "position desc", LOOKED_BACK)
            .await
            .doing("look for parcels that have arrived")?;
        let mut ids = Vec::new();
        for row in &places {
            let cells = Cells::new("feed", row);
            if cells.text("kind")? == Kind::Shipment.as_str() && ids.len() < ARRIVED {
                ids.push(cells.parse("id")?);
            }
        }
        let parcels = self.parcels(&ids).await?.into_iter();
        Ok(parcels
            .filter(|(parcel, _)| parcel.status == TrackingStatus::Delivered)
            .map(|(parcel, order)| (parcel, order.ship_to.country))
            .collect())
    }

    /// Notes that a customer does not want to be told, or does again. Answers how many customers
    /// have that address.
    pub async fn set_objection(&self, email: String, objects: bool) -> Result<usize, StoreError> {
        self.write(move |tx| Box::pin(async move { tx.set_objection(&email, objects).await }))
            .await
    }
}

impl Tx {
    async fn plan_looks(
        &mut self,
        looks: &[(ShipmentId, Option<Instant>)],
        position: i64,
    ) -> Result<(), StoreError> {
        let planned = looks.iter().filter_map(|(id, look)| {
            let look = (*look)?;
            Some(vec![Cell::text(id), Cell::at(look)])
        });
        let (planned, columns) = (planned.collect(), ["shipment", "look_at"]);
        sql::upsert(
            &mut self.inner,
            "notice_looks",
            "shipment",
            &columns,
            planned,
        )
        .await
        .doing("note when parcels are looked at")?;
        for (id, _) in looks.iter().filter(|(_, look)| look.is_none()) {
            sqlx::query("delete from notice_looks where shipment = $1")
                .bind(id.to_string())
                .execute(&mut *self.inner)
                .await
                .doing("note that a parcel is not looked at again")?;
        }
        self.set_meta(POSITION, &position.to_string()).await
    }

    /// What befell parcels until now is not told from now on.
    pub(super) async fn forget_since(&mut self) -> Result<(), StoreError> {
        sqlx::query("delete from meta where key = $1")
            .bind(SINCE)
            .execute(&mut *self.inner)
            .await
            .doing("forget since when customers are told")?;
        Ok(())
    }

    async fn set_objection(&mut self, email: &str, objects: bool) -> Result<usize, StoreError> {
        let rows = entity::select::<Customer>()
            .and("email_key = ?", vec![Cell::text(email.to_lowercase())])
            .rows(&mut *self.inner, "id", 100)
            .await
            .doing("look for the customer")?;
        let customers = entity::read_all::<Customer>(&rows)?;
        for customer in &customers {
            let row = vec![Cell::text(customer.id), Cell::at(self.now)];
            let columns = ["customer", "objected_at"];
            if objects {
                let rows = vec![row];
                sql::insert_new(
                    &mut self.inner,
                    "notice_objections",
                    "customer",
                    &columns,
                    rows,
                )
                .await
                .doing("note an objection")?;
            } else {
                sqlx::query("delete from notice_objections where customer = $1")
                    .bind(customer.id.to_string())
                    .execute(&mut *self.inner)
                    .await
                    .doing("take an objection back")?;
            }
            self.audit(
                Entry::new(Actor::System, Action::NoticesSet)
                    .to(ThingKind::Customer, customer.id)
                    .of(customer.id)
                    .with("told", !objects),
            );
        }
        Ok(customers.len())
    }
}
