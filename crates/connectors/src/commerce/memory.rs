//! A shop that lies in memory: the sample shop, and shops that are read from files.

use super::{
    Action, Capabilities, Changes, Commerce, CommerceError, Connector, Cursor, CustomerRecord,
    CustomersBy, OrderRecord, OrdersBy, Read, ShopId, Support, actions::ONLY_READS,
    draft::phone_digits, identity::EMBEDDED,
};
use async_trait::async_trait;
use deskhand_domain::{Customer, Order, Shipment};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many changes come at once.
const PAGE: usize = 100;

/// A shop in memory.
#[derive(Default)]
pub struct Embedded {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    orders: BTreeMap<ShopId, (u64, OrderRecord)>,
    /// Counts changes.
    last: u64,
}

impl Embedded {
    /// A shop with these customers, orders and parcels, such as the sample shop's.
    pub fn with(customers: &[Customer], orders: Vec<Order>, shipments: Vec<Shipment>) -> Self {
        let customers: BTreeMap<_, _> = customers
            .iter()
            .map(|customer| (customer.id, customer))
            .collect();
        let mut parcels: BTreeMap<_, Vec<Shipment>> = BTreeMap::new();
        for parcel in shipments {
            parcels.entry(parcel.order).or_default().push(parcel);
        }
        let shop = Self::default();
        for order in orders {
            let Some(customer) = customers.get(&order.customer) else {
                continue;
            };
            let newest = order.refunds.iter().map(|refund| refund.requested_at).max();
            shop.put(OrderRecord {
                id: ShopId(order.number.clone()),
                shipments: parcels.remove(&order.id).unwrap_or_default(),
                customer: CustomerRecord {
                    id: ShopId(customer.id.to_string()),
                    customer: (*customer).clone(),
                    counted: true,
                },
                updated_at: newest.unwrap_or(order.placed_at),
                raw: serde_json::to_string(&order).unwrap_or_default(),
                order,
            });
        }
        shop
    }

    /// Stores an order as it is now.
    pub fn put(&self, record: OrderRecord) {
        let mut kept = self.kept();
        kept.last += 1;
        let change = kept.last;
        kept.orders.insert(record.id.clone(), (change, record));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, wanted: impl Fn(&OrderRecord) -> bool) -> Vec<OrderRecord> {
        let kept = self.kept();
        let records = kept.orders.values().map(|(_, record)| record);
        records.filter(|record| wanted(record)).cloned().collect()
    }
}

#[async_trait]
impl Commerce for Embedded {
    fn connector(&self) -> Connector {
        EMBEDDED
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities(|action| match action {
            Action::Webhooks => Support::No("it lies in the gateway itself"),
            Action::Cancel
            | Action::Refund
            | Action::Reship
            | Action::EditAddress
            | Action::Note => ONLY_READS,
            _ => Support::Yes,
        })
    }

    async fn customers(&self, by: CustomersBy<'_>) -> Result<Vec<CustomerRecord>, CommerceError> {
        let is_meant = |customer: &Customer| match by {
            CustomersBy::Email(email) => customer.email.eq_ignore_ascii_case(email.trim()),
            CustomersBy::Phone(phone) => customer.phone.as_deref() == Some(&phone_digits(phone)),
        };
        let mut found: Vec<CustomerRecord> = self
            .find(|record| is_meant(&record.customer.customer))
            .into_iter()
            .map(|record| record.customer)
            .collect();
        found.sort_by(|a, b| (a.customer.since, &a.id).cmp(&(b.customer.since, &b.id)));
        found.dedup_by(|a, b| a.id == b.id);
        Ok(found)
    }

    async fn orders(&self, by: OrdersBy<'_>) -> Result<Read, CommerceError> {
        let orders = self.find(|record| match by {
            OrdersBy::Customer(customer) => record.customer.id == *customer,
            OrdersBy::Number(number) => record.order.number.eq_ignore_ascii_case(number.trim()),
            OrdersBy::Tracking(number) => record
                .shipments
                .iter()
                .any(|parcel| parcel.tracking_number == number),
        });
        let read = Read {
            orders,
            refused: Vec::new(),
        };
        Ok(read.newest_first())
    }

    async fn order(&self, id: &ShopId) -> Result<Option<OrderRecord>, CommerceError> {
        Ok(self.find(|record| record.id == *id).pop())
    }

    async fn changes(&self, since: Option<&Cursor>) -> Result<Changes, CommerceError> {
        let since = match since {
            None => 0,
            Some(cursor) => {
                let since = cursor.0.parse();
                since.map_err(|_| CommerceError::changed("the cursor"))?
            }
        };
        let kept = self.kept();
        let mut changed: Vec<&(u64, OrderRecord)> = kept
            .orders
            .values()
            .filter(|(change, _)| *change > since)
            .collect();
        changed.sort_by_key(|(change, _)| *change);
        let more = changed.len() > PAGE;
        changed.truncate(PAGE);
        let last = changed.last().map_or(since, |(change, _)| *change);
        let orders = changed.into_iter().map(|(_, record)| record.clone());
        Ok(Changes {
            read: Read {
                orders: orders.collect(),
                refused: Vec::new(),
            },
            next: Cursor(last.to_string()),
            more,
        })
    }
}
