//! Takes over what a connected shop says: customers, orders and parcels, each whole or not at all.

use super::{
    Doing as _, Store, StoreError, Tx,
    cells::Cells,
    entity,
    sql::{self, Cell},
    wake::has_moved,
};
use crate::{clock::millis, passwords::digest};
use deskhand_connectors::commerce::{CustomerRecord, OrderRecord, ShopId};
use deskhand_domain::{
    Currency, Customer, CustomerId, Instant, Money, Order, OrderId, Shipment,
    order::{PaymentStatus, RefundState},
    shipment::TrackingStatus,
};
use std::collections::BTreeMap;

const CURSORS: &[&str] = &["source", "cursor", "read_at"];
const RECORDS: &[&str] = &[
    "source",
    "kind",
    "shop_id",
    "entity",
    "said",
    "fetched_at",
    "raw",
];
/// What a customer who only wrote to us has as their source.
pub(super) const ONLY_WROTE: &str = "Web chat";

/// What came of orders that a shop told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// How many are new here or changed.
    pub changed: usize,
    /// How many were the same as before.
    pub same: usize,
    /// Those whose number another order has, by the shop's own ids.
    pub clashes: Vec<ShopId>,
}

/// How the orders of a page are taken over.
#[derive(Clone, Debug)]
pub struct Taking {
    /// The shop.
    pub source: &'static str,
    /// How far its changes are read with this page.
    pub cursor: Option<String>,
    /// Whether an order that is the same is noted as read again.
    pub touch: bool,
    /// Whether all of them are stored or none.
    pub whole: bool,
}

/// Where an order was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The shop.
    pub source: String,
    /// Its own id there.
    pub id: ShopId,
}

impl Store {
    /// How far the changes of a shop are read.
    pub async fn shop_cursor(&self, source: &str) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("select cursor from shop_cursors where source = $1")
                .bind(source)
                .fetch_optional(self.read())
                .await
                .doing("read how far a shop is read")?;
        Ok(row.map(|row| row.0))
    }

    /// Where an order was read, when a connected shop has it.
    pub async fn origin_of(&self, order: OrderId) -> Result<Option<Origin>, StoreError> {
        let row = sqlx::query(
            "select source, shop_id from shop_records where entity = $1 and kind = 'order'",
        )
        .bind(order.to_string())
        .fetch_optional(self.read())
        .await
        .doing("look where an order was read")?;
        let origin = row.map(|row| {
            let cells = Cells::new("shop_records", &row);
            Ok(Origin {
                source: cells.text("source")?,
                id: ShopId(cells.text("shop_id")?),
            })
        });
        origin.transpose()
    }

    /// Takes over a page of orders and how far it goes, in one transaction.
    pub async fn take_orders(
        &self,
        taking: Taking,
        records: Vec<OrderRecord>,
    ) -> Result<TakenOver, StoreError> {
        let currency = self.history().shop.map(|shop| shop.currency);
        self.write(move |tx| {
            Box::pin(async move {
                let mut taken = TakenOver::default();
                let mut buyers = BTreeMap::new();
                for record in records {
                    tx.take_order(&taking, record, &mut taken, &mut buyers)
                        .await?;
                }
                if taking.whole && !taken.clashes.is_empty() {
                    let ids: Vec<&str> = taken.clashes.iter().map(|id| &*id.0).collect();
                    let ids = ids.join(", ");
                    return Err(StoreError::Refused(format!(
                        "other orders have the numbers of these: {ids}"
                    )));
                }
                for (customer, counted) in buyers {
                    if !counted {
                        tx.count_orders(customer, currency.unwrap_or(Currency::EUR))
                            .await?;
                    }
                }
                if let Some(cursor) = &taking.cursor {
                    let row = vec![
                        Cell::text(taking.source),
                        Cell::text(cursor),
                        Cell::at(tx.now),
                    ];
                    sql::upsert(&mut tx.inner, "shop_cursors", "source", CURSORS, vec![row])
                        .await
                        .doing("note how far a shop is read")?;
                }
                Ok(taken)
            })
        })
        .await
    }

    /// Forgets what shops said word for word before a moment. Answers how many records.
    pub async fn forget_raw_before(&self, before: Instant) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let done = sqlx::query(
                    "update shop_records set raw = null where raw is not null and fetched_at < $1",
                )
                .bind(millis(before))
                .execute(&mut *tx.inner)
                .await
                .doing("forget what shops said")?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

impl Tx {
    async fn take_order(
        &mut self,
        taking: &Taking,
        record: OrderRecord,
        taken: &mut TakenOver,
        buyers: &mut BTreeMap<CustomerId, bool>,
    ) -> Result<(), StoreError> {
        let said = digest(&record.raw);
        let known = self.shop_record(taking.source, "order", &record.id).await?;
        let same = known.is_some_and(|(_, before)| before == said);
        if same && !taking.touch {
            taken.same += 1;
            return Ok(());
        }
        if self.number_is_taken(&record.order).await? {
            taken.clashes.push(record.id);
            return Ok(());
        }
        let mut order = record.order;
        let customer = self.take_customer(taking.source, &record.customer).await?;
        order.customer = customer;
        let known = self.get::<Order>(order.id.0).await?;
        let is_new = known.is_none();
        if let Some(before) = known {
            order.returns = before.returns;
            order.ship_by = order.ship_by.or(before.ship_by);
        }
        let mut shipments = record.shipments;
        let mut moved = false;
        for parcel in &mut shipments {
            let before = self.get::<Shipment>(parcel.id.0).await?;
            if let Some(before) = before.clone() {
                parcel.notices.clone_from(&before.notices);
                keep_scans(parcel, before);
            }
            moved |= has_moved(before.as_ref(), parcel);
        }
        shipments.extend(self.vanished(&order, &shipments).await?);
        self.note(
            taking.source,
            "order",
            &record.id,
            order.id.0,
            said,
            Some(record.raw),
        )
        .await?;
        self.put(std::slice::from_ref(&order)).await?;
        self.put(&shipments).await?;
        if moved && !is_new {
            self.wake_about(&order).await?;
        }
        let counted = buyers.entry(customer).or_insert(record.customer.counted);
        *counted &= record.customer.counted;
        if same {
            taken.same += 1;
        } else {
            taken.changed += 1;
        }
        Ok(())
    }

    /// Whether another order has this number: a number names one order.
    async fn number_is_taken(&mut self, order: &Order) -> Result<bool, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("select id from orders where number = $1 and id <> $2")
                .bind(&order.number)
                .bind(order.id.to_string())
                .fetch_optional(&mut *self.inner)
                .await
                .doing("look for the number of an order")?;
        Ok(row.is_some())
    }

    /// Stores who bought, and answers their id here: that of somebody who wrote to us before with
    /// this address, or the one that follows from the shop's.
    async fn take_customer(
        &mut self,
        source: &'static str,
        record: &CustomerRecord,
    ) -> Result<CustomerId, StoreError> {
        let mut customer = record.customer.clone();
        match self.shop_record(source, "customer", &record.id).await? {
            Some((entity, _)) => customer.id = CustomerId(entity),
            None => {
                if let Some(id) = self
                    .same_person(&customer.email, record.id.is_guest())
                    .await?
                {
                    customer.id = id;
                }
            }
        }
        let before = self.get::<Customer>(customer.id.0).await?;
        if let Some(before) = &before {
            customer.risk = before.risk;
            customer.refund_count = before.refund_count;
            customer.since = customer.since.min(before.since);
            customer.city = customer.city.or_else(|| before.city.clone());
            customer.country = customer.country.or_else(|| before.country.clone());
            customer.language.clone_from(&before.language);
            if !record.counted {
                (customer.order_count, customer.spent) = (before.order_count, before.spent);
            }
        }
        let id = customer.id;
        let mut timeless = customer.clone();
        timeless.source.fetched_at = Instant::UNIX_EPOCH;
        let said = digest(serde_json::to_string(&timeless).unwrap_or_default());
        let known = self.shop_record(source, "customer", &record.id).await?;
        if known.is_none_or(|(_, before)| before != said) {
            self.note(source, "customer", &record.id, id.0, said, None)
                .await?;
            self.put(&[customer]).await?;
        }
        Ok(id)
    }

    /// Parcels of an order that its shop does not tell any more, and no carrier has seen.
    async fn vanished(
        &mut self,
        order: &Order,
        told: &[Shipment],
    ) -> Result<Vec<Shipment>, StoreError> {
        let rows = entity::select::<Shipment>()
            .and("order_id = ?", vec![Cell::text(order.id)])
            .rows(&mut *self.inner, "id", 100)
            .await
            .doing("read the parcels of an order")?;
        let known = entity::read_all::<Shipment>(&rows)?.into_iter();
        let gone = known.filter(|known| {
            !told.iter().any(|parcel| parcel.id == known.id)
                && known.scans.is_empty()
                && known.status != TrackingStatus::Cancelled
        });
        Ok(gone
            .map(|parcel| Shipment {
                status: TrackingStatus::Cancelled,
                ..parcel
            })
            .collect())
    }

    /// Somebody with this address who only wrote to us, or bought as a guest; for a guest, anybody
    /// with it.
    async fn same_person(
        &mut self,
        email: &str,
        is_guest: bool,
    ) -> Result<Option<CustomerId>, StoreError> {
        if email.is_empty() {
            return Ok(None);
        }
        let select = entity::select::<Customer>()
            .and("email_key = ?", vec![Cell::text(email.to_lowercase())]);
        let select = if is_guest {
            select
        } else {
            select.and(
                "source = ? or exists (select 1 from shop_records r where r.entity = customers.id
                 and r.kind = 'customer' and r.shop_id like 'guest:%')",
                vec![Cell::text(ONLY_WROTE)],
            )
        };
        let rows = select
            .rows(&mut *self.inner, "id", 1)
            .await
            .doing("look for somebody who wrote")?;
        let mut found = entity::read_all::<Customer>(&rows)?;
        Ok(found.pop().map(|customer| customer.id))
    }

    /// Writes into a customer what their orders come to, when the shop does not say.
    async fn count_orders(&mut self, id: CustomerId, currency: Currency) -> Result<(), StoreError> {
        let Some(before) = self.get::<Customer>(id.0).await? else {
            return Ok(());
        };
        let rows = entity::select::<Order>()
            .and("customer = ?", vec![Cell::text(id)])
            .rows(&mut *self.inner, "placed_at desc", 1_000)
            .await
            .doing("read the orders of a customer")?;
        let orders = entity::read_all::<Order>(&rows)?;
        let mut customer = before.clone();
        customer.order_count = u32::try_from(orders.len()).unwrap_or(u32::MAX);
        let paid_back = |order: &Order| {
            let refunds = order.refunds.iter();
            refunds
                .filter(|refund| refund.state == RefundState::Succeeded)
                .map(|refund| refund.amount.minor)
                .collect::<Vec<_>>()
        };
        let refunds = orders
            .iter()
            .map(|order| paid_back(order).len())
            .sum::<usize>();
        customer.refund_count = u32::try_from(refunds).unwrap_or(u32::MAX);
        let kept = orders
            .iter()
            .filter(|order| order.total.currency == currency)
            .filter(|order| {
                !matches!(
                    order.payment_status,
                    PaymentStatus::Pending | PaymentStatus::Authorised | PaymentStatus::Voided
                )
            })
            .map(|order| order.total.minor - paid_back(order).iter().sum::<i64>());
        customer.spent = Money::new(kept.sum(), currency);
        if customer != before {
            self.put(&[customer]).await?;
        }
        Ok(())
    }

    async fn shop_record(
        &mut self,
        source: &str,
        kind: &str,
        id: &ShopId,
    ) -> Result<Option<(uuid::Uuid, String)>, StoreError> {
        let row = sqlx::query(
            "select entity, said from shop_records
             where source = $1 and kind = $2 and shop_id = $3",
        )
        .bind(source)
        .bind(kind)
        .bind(&id.0)
        .fetch_optional(&mut *self.inner)
        .await
        .doing("look for a record of a shop")?;
        let known = row.map(|row| {
            let cells = Cells::new("shop_records", &row);
            Ok((cells.parse("entity")?, cells.text("said")?))
        });
        known.transpose()
    }

    async fn note(
        &mut self,
        source: &str,
        kind: &str,
        id: &ShopId,
        entity: uuid::Uuid,
        said: String,
        raw: Option<String>,
    ) -> Result<(), StoreError> {
        let row = vec![
            Cell::text(source),
            Cell::text(kind),
            Cell::text(&id.0),
            Cell::text(entity),
            Cell::text(said),
            Cell::at(self.now),
            Cell::maybe(raw),
        ];
        let key = "source, kind, shop_id";
        sql::upsert(&mut self.inner, "shop_records", key, RECORDS, vec![row])
            .await
            .doing("note a record of a shop")
    }
}

/// What a carrier scanned says more than the shop does, as long as it is about the same parcel.
fn keep_scans(parcel: &mut Shipment, before: Shipment) {
    let called_off = parcel.status == TrackingStatus::Cancelled;
    if before.scans.is_empty() || before.tracking_number != parcel.tracking_number || called_off {
        return;
    }
    parcel.status = before.status;
    parcel.detail = before.detail;
    parcel.scans = before.scans;
    parcel.promised_at = before.promised_at;
    parcel.delivered_at = before.delivered_at;
    parcel.pickup_until = before.pickup_until;
    parcel.source = before.source;
}
