//! From what a shop says to a record: ids, positions and states are made here once for all shops.

use super::{Broken, Connector, CustomerRecord, OrderRecord, ShopId, check::check};
use chrono::{DateTime, Utc};
use deskhand_domain::{
    Currency, Customer, Money, Order, Shipment, Source,
    customer::Risk,
    order::{
        Address, Discount, FulfilmentStatus, OrderLine, Payment, PaymentStatus, Refund, RefundState,
    },
    shipment::{ShipmentLine, TrackingStatus},
};
use std::collections::BTreeMap;

/// An order in a shop's words, before it is checked.
#[derive(Clone, Debug)]
pub struct OrderDraft {
    /// The shop's own id.
    pub id: ShopId,
    /// The number customers quote.
    pub number: String,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// Who bought.
    pub customer: CustomerDraft,
    /// What was bought; also fees that the shop keeps beside the lines.
    pub lines: Vec<LineDraft>,
    /// What was taken off.
    pub discounts: Vec<Discount>,
    /// What shipping cost before its discounts.
    pub shipping: Money,
    /// In the shop's words.
    pub shipping_method: String,
    /// The tax in the total.
    pub tax: Money,
    /// Whether the prices include it.
    pub tax_included: bool,
    /// What the customer owes or paid.
    pub total: Money,
    /// How it was paid; only payments that are authorised or captured.
    pub payments: Vec<Payment>,
    /// Whether the shop gave the payment up.
    pub voided: bool,
    /// Whether the shop cancelled the order.
    pub cancelled: bool,
    /// Its parcels, oldest first.
    pub parcels: Vec<ParcelDraft>,
    /// Money given back.
    pub refunds: Vec<RefundDraft>,
    /// Where it goes; nowhere for what is not sent.
    pub ship_to: Option<Address>,
}

/// A customer in a shop's words.
#[derive(Clone, Debug, Default)]
pub struct CustomerDraft {
    /// The shop's own id; none for a guest.
    pub id: Option<ShopId>,
    /// The whole name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The phone number as the shop has it.
    pub phone: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// How many orders, and what was paid for them, if the shop says.
    pub totals: Option<(u32, Money)>,
}

/// A line in a shop's words.
#[derive(Clone, Debug)]
pub struct LineDraft {
    /// The shop's own id.
    pub id: String,
    /// The variant's.
    pub sku: String,
    /// The product.
    pub title: String,
    /// The variant.
    pub variant: String,
    /// As ordered.
    pub quantity: u32,
    /// Of one, before discounts.
    pub unit_price: Money,
    /// How many were cancelled.
    pub cancelled: u32,
    /// The share of the discounts, if the shop spreads them.
    pub discount: Option<Money>,
    /// Whether it is sent at all: a fee is not.
    pub sent: bool,
}

/// A parcel in a shop's words.
#[derive(Clone, Debug)]
pub struct ParcelDraft {
    /// The shop's own id.
    pub id: ShopId,
    /// The carrier, as the shop names it.
    pub carrier: String,
    /// The number; empty when there is none.
    pub tracking_number: String,
    /// What is in it, by the lines' own ids.
    pub lines: Vec<(String, u32)>,
    /// Where it is.
    pub status: TrackingStatus,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it should arrive.
    pub promised_at: Option<DateTime<Utc>>,
    /// When it did.
    pub delivered_at: Option<DateTime<Utc>>,
}

/// A refund in a shop's words.
#[derive(Clone, Debug)]
pub struct RefundDraft {
    /// How much.
    pub amount: Money,
    /// Where it is.
    pub state: RefundState,
    /// Why.
    pub reason: String,
    /// For which lines, by their own ids.
    pub lines: Vec<String>,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// When it ended.
    pub settled_at: Option<DateTime<Utc>>,
}

impl OrderDraft {
    /// A whole record, or why there is none.
    pub fn finish(
        self,
        connector: Connector,
        fetched_at: DateTime<Utc>,
        raw: String,
    ) -> Result<OrderRecord, Broken> {
        if self.number.trim().is_empty() {
            return Err(Broken::Missing {
                field: "the number",
            });
        }
        let currency = self.total.currency;
        let source = source(connector, fetched_at);
        let order_id = connector.order(&self.id);
        let customer = self
            .customer
            .finish_for(&self.id, connector, currency, fetched_at);
        let positions = self.positions();
        let mut shipments = Vec::with_capacity(self.parcels.len());
        for (index, parcel) in self.parcels.iter().enumerate() {
            let mut lines = Vec::with_capacity(parcel.lines.len());
            for (line, quantity) in &parcel.lines {
                let position = positions.get(line.as_str());
                lines.push(ShipmentLine {
                    position: *position.ok_or(Broken::Quantity { field: "a parcel" })?,
                    quantity: *quantity,
                });
            }
            shipments.push(Shipment {
                id: connector.shipment(&parcel.id),
                order: order_id,
                position: counted(index),
                carrier: parcel.carrier.clone(),
                tracking_number: parcel.tracking_number.split_whitespace().collect(),
                lines,
                status: parcel.status,
                detail: None,
                created_at: parcel.created_at,
                promised_at: parcel.promised_at,
                delivered_at: parcel.delivered_at,
                pickup_until: None,
                scans: Vec::new(),
                notices: Vec::new(),
                source: source.clone(),
            });
        }
        let mut refunds = Vec::with_capacity(self.refunds.len());
        for refund in &self.refunds {
            let mut lines = Vec::with_capacity(refund.lines.len());
            for line in &refund.lines {
                let position = positions.get(line.as_str());
                lines.push(*position.ok_or(Broken::Quantity { field: "a refund" })?);
            }
            refunds.push(Refund {
                amount: refund.amount,
                state: refund.state,
                reason: refund.reason.clone(),
                lines,
                requested_at: refund.requested_at,
                settled_at: refund.settled_at,
            });
        }
        let mut lines = Vec::with_capacity(self.lines.len());
        let mut subtotal = Money::zero(currency);
        for (index, line) in self.lines.iter().enumerate() {
            let too_large = Broken::TooLarge { field: "a line" };
            let total = line.unit_price.times(line.quantity).ok_or(too_large)?;
            subtotal = subtotal
                .plus(total)
                .ok_or(Broken::Mixed { field: "a line" })?;
            lines.push(OrderLine {
                position: counted(index),
                sku: line.sku.clone(),
                title: line.title.clone(),
                variant: line.variant.clone(),
                quantity: line.quantity,
                unit_price: line.unit_price,
                total,
                cancelled: line.cancelled,
                available_at: None,
                discount: line.discount,
            });
        }
        let order = Order {
            id: order_id,
            number: self.number.trim().to_owned(),
            customer: customer.customer.id,
            placed_at: self.placed_at,
            lines,
            subtotal,
            payment_status: self.payment_status(),
            fulfilment_status: self.fulfilment_status(),
            discounts: self.discounts,
            shipping: self.shipping,
            shipping_method: self.shipping_method,
            tax: self.tax,
            tax_included: self.tax_included,
            total: self.total,
            payments: self.payments,
            ship_to: self.ship_to.unwrap_or_else(nowhere),
            ship_by: None,
            refunds,
            returns: Vec::new(),
            source,
        };
        check(&order, &shipments)?;
        Ok(OrderRecord {
            id: self.id,
            order,
            shipments,
            customer,
            updated_at: self.updated_at,
            raw,
        })
    }

    fn positions(&self) -> BTreeMap<&str, u32> {
        let lines = self.lines.iter().enumerate();
        lines
            .map(|(index, line)| (line.id.as_str(), counted(index)))
            .collect()
    }

    fn payment_status(&self) -> PaymentStatus {
        let total = self.total.minor;
        let captured = self
            .payments
            .iter()
            .filter(|payment| payment.captured_at.is_some());
        let captured: i64 = captured.map(|payment| payment.amount.minor).sum();
        let all: i64 = self
            .payments
            .iter()
            .map(|payment| payment.amount.minor)
            .sum();
        let gone = [
            RefundState::Succeeded,
            RefundState::Reconciled,
            RefundState::Sent,
        ];
        let refunds = self
            .refunds
            .iter()
            .filter(|refund| gone.contains(&refund.state));
        let refunded: i64 = refunds.map(|refund| refund.amount.minor).sum();
        if refunded > 0 && refunded >= captured {
            PaymentStatus::Refunded
        } else if refunded > 0 {
            PaymentStatus::PartlyRefunded
        } else if self.voided || (self.cancelled && all == 0) {
            PaymentStatus::Voided
        } else if captured >= total {
            PaymentStatus::Paid
        } else if all >= total {
            PaymentStatus::Authorised
        } else {
            PaymentStatus::Pending
        }
    }

    fn fulfilment_status(&self) -> FulfilmentStatus {
        let wanted: u64 = self
            .lines
            .iter()
            .filter(|line| line.sent)
            .map(|line| u64::from(line.quantity.saturating_sub(line.cancelled)))
            .sum();
        if self.cancelled || (wanted == 0 && self.lines.iter().any(|line| line.cancelled > 0)) {
            return FulfilmentStatus::Cancelled;
        }
        let pieces = |counts: fn(TrackingStatus) -> bool| -> u64 {
            let parcels = self.parcels.iter().filter(|parcel| counts(parcel.status));
            let lines = parcels.flat_map(|parcel| &parcel.lines);
            lines.map(|(_, quantity)| u64::from(*quantity)).sum()
        };
        let left = pieces(|status| {
            !matches!(
                status,
                TrackingStatus::Cancelled | TrackingStatus::LabelCreated
            )
        });
        let arrived = pieces(|status| status == TrackingStatus::Delivered);
        match (left, arrived) {
            (0, _) => FulfilmentStatus::Unfulfilled,
            (_, arrived) if arrived >= wanted => FulfilmentStatus::Delivered,
            (_, arrived) if arrived > 0 => FulfilmentStatus::PartlyDelivered,
            (left, _) if left >= wanted => FulfilmentStatus::Shipped,
            _ => FulfilmentStatus::PartlyShipped,
        }
    }
}

impl CustomerDraft {
    /// A record of somebody who has an account.
    pub fn finish(
        self,
        id: ShopId,
        connector: Connector,
        currency: Currency,
        fetched_at: DateTime<Utc>,
    ) -> CustomerRecord {
        let counted = self.totals.is_some();
        let (order_count, spent) = self.totals.unwrap_or((0, Money::zero(currency)));
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let customer = Customer {
            id: connector.customer(&id),
            name: self.name.trim().to_owned(),
            email: self.email.trim().to_owned(),
            phone: filled(self.phone).as_deref().map(phone_digits),
            city: filled(self.city),
            country: filled(self.country),
            language: filled(self.language).unwrap_or_else(|| "en".to_owned()),
            since: self.since.unwrap_or(fetched_at),
            order_count,
            spent,
            refund_count: 0,
            risk: Risk::Low,
            source: source(connector, fetched_at),
        };
        CustomerRecord {
            id,
            customer,
            counted,
        }
    }

    fn finish_for(
        &self,
        order: &ShopId,
        connector: Connector,
        currency: Currency,
        fetched_at: DateTime<Utc>,
    ) -> CustomerRecord {
        let id = match &self.id {
            Some(id) => id.clone(),
            None if self.email.trim().is_empty() => ShopId::buyer_of(order),
            None => ShopId::guest(&self.email),
        };
        self.clone().finish(id, connector, currency, fetched_at)
    }
}

/// A number without what people put between its digits.
pub(crate) fn phone_digits(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_ascii_digit() || *c == '+');
    kept.collect()
}

pub(crate) fn source(connector: Connector, fetched_at: DateTime<Utc>) -> Source {
    Source {
        name: connector.title.to_owned(),
        fetched_at,
    }
}

fn nowhere() -> Address {
    Address {
        name: String::new(),
        street: String::new(),
        postal_code: String::new(),
        city: String::new(),
        country: String::new(),
    }
}

fn counted(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}
