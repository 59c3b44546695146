//! The shop that lies in memory, under the contract.

use crate::contract::{self, COUPON, Fixture, GOODS, Market, PHONE, Placed, SHIPPING, Wish};
use anyhow::{Context as _, Result};
use async_trait::async_trait;
use deskhand_connectors::commerce::{
    Commerce, Connector, CustomerDraft, LineDraft, OrderDraft, ParcelDraft, RefundDraft, ShopId,
    memory::Embedded,
};
use deskhand_domain::{
    Currency, Money,
    order::{Address, Discount, Payment, PaymentMethod, RefundState},
    shipment::TrackingStatus,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The sample shop's way of keeping orders.
pub struct Hollowpine {
    shop: Arc<Embedded>,
    orders: Mutex<BTreeMap<ShopId, OrderDraft>>,
}

impl Hollowpine {
    fn change(&self, order: &Placed, change: impl FnOnce(&mut OrderDraft)) -> Result<()> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let draft = orders.get_mut(&order.id).context("no such order")?;
        change(draft);
        self.store(draft.clone())
    }

    fn store(&self, draft: OrderDraft) -> Result<()> {
        let raw = format!("{draft:?}");
        let record = draft.finish(self.connector(), contract::noon(), raw)?;
        self.shop.put(record);
        Ok(())
    }

    fn connector(&self) -> Connector {
        self.shop.connector()
    }
}

#[async_trait]
impl Fixture for Hollowpine {
    async fn open() -> Result<Self> {
        Ok(Self {
            shop: Arc::default(),
            orders: Mutex::default(),
        })
    }

    fn commerce(&self, _market: Market) -> Arc<dyn Commerce> {
        self.shop.clone()
    }

    fn stranger(&self) -> Option<Arc<dyn Commerce>> {
        None
    }

    async fn place(&self, wish: &Wish) -> Result<Placed> {
        let (code, factor) = match wish.market {
            Market::Europe => ("EUR", 1),
            Market::Japan => ("JPY", 2),
            Market::Kuwait => ("KWD", 3),
        };
        let currency: Currency = code.parse()?;
        let money = |minor| Money::new(minor, currency);
        let included = wish.market == Market::Europe;
        let goods: Vec<(&str, i64, u32)> = wish
            .goods
            .iter()
            .map(|(at, count)| (GOODS[*at].0, GOODS[*at].1 * factor, *count))
            .collect();
        let worth: Vec<u64> = goods
            .iter()
            .map(|(_, price, count)| price.unsigned_abs() * u64::from(*count))
            .collect();
        let subtotal = i64::try_from(worth.iter().sum::<u64>())?;
        let off = if wish.coupon { subtotal / 10 } else { 0 };
        let shares = money(off).split(&worth);
        let gross = subtotal - off;
        let tax = if included {
            gross * 19 / 119
        } else {
            gross * 19 / 100
        };
        let total = gross + SHIPPING + if included { 0 } else { tax };
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let number = format!("HP-{}", 20_418 + orders.len());
        let id = ShopId(number.clone());
        let title = |sku: &str| {
            if sku == "TENT-2" {
                "Ridge tent"
            } else {
                "Enamel mug"
            }
            .to_owned()
        };
        let lines = goods.iter().zip(shares).enumerate();
        let draft = OrderDraft {
            id: id.clone(),
            number: number.clone(),
            placed_at: contract::minutes_ago(60),
            updated_at: contract::noon(),
            customer: CustomerDraft {
                name: "Robin Okafor".to_owned(),
                email: wish.email.to_owned(),
                phone: Some(PHONE.to_owned()),
                ..CustomerDraft::default()
            },
            lines: lines
                .map(|(index, ((sku, price, count), share))| LineDraft {
                    id: index.to_string(),
                    sku: (*sku).to_owned(),
                    title: title(sku),
                    variant: String::new(),
                    quantity: *count,
                    unit_price: money(*price),
                    cancelled: 0,
                    discount: wish.coupon.then_some(share),
                    sent: true,
                })
                .collect(),
            discounts: wish
                .coupon
                .then(|| Discount {
                    code: COUPON.to_owned(),
                    amount: money(off),
                })
                .into_iter()
                .collect(),
            shipping: money(SHIPPING),
            shipping_method: "Standard parcel".to_owned(),
            tax: money(tax),
            tax_included: included,
            total: money(total),
            payments: vec![Payment {
                method: PaymentMethod::Card,
                label: "Visa ·· 4242".to_owned(),
                amount: money(total),
                captured_at: wish.paid.then(contract::noon),
            }],
            voided: false,
            cancelled: false,
            parcels: Vec::new(),
            refunds: Vec::new(),
            ship_to: Some(Address {
                name: "Robin Okafor".to_owned(),
                street: "Lindenstr. 9".to_owned(),
                postal_code: "10969".to_owned(),
                city: "Berlin".to_owned(),
                country: "DE".to_owned(),
            }),
        };
        self.store(draft.clone())?;
        orders.insert(id.clone(), draft);
        Ok(Placed {
            id,
            number,
            total,
            tax,
        })
    }

    async fn ship(&self, order: &Placed, line: usize, quantity: u32, tracking: &str) -> Result<()> {
        self.change(order, |draft| {
            draft.parcels.push(ParcelDraft {
                id: ShopId(tracking.to_owned()),
                carrier: "DHL".to_owned(),
                tracking_number: tracking.to_owned(),
                lines: vec![(line.to_string(), quantity)],
                status: TrackingStatus::InTransit,
                created_at: contract::noon(),
                promised_at: None,
                delivered_at: None,
            });
        })
    }

    async fn deliver(&self, order: &Placed, tracking: &str) -> Result<()> {
        self.change(order, |draft| {
            for parcel in &mut draft.parcels {
                if parcel.tracking_number == tracking {
                    parcel.status = TrackingStatus::Delivered;
                }
            }
        })
    }

    async fn refund(&self, order: &Placed, minor: i64, reason: &str) -> Result<()> {
        self.change(order, |draft| {
            draft.refunds.push(RefundDraft {
                amount: Money::new(minor, draft.total.currency),
                state: RefundState::Succeeded,
                reason: reason.to_owned(),
                lines: Vec::new(),
                requested_at: contract::noon(),
                settled_at: Some(contract::noon()),
            });
        })
    }

    async fn cancel(&self, order: &Placed, line: usize, quantity: u32) -> Result<()> {
        self.change(order, |draft| draft.lines[line].cancelled += quantity)
    }

    async fn stop(&mut self) -> Result<bool> {
        Ok(false)
    }
}
