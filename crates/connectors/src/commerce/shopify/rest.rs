//! The shapes of Shopify's REST Admin API, which its webhooks have as well: orders, fulfilments,
//! refunds and transactions, as bytes in and records out.

mod shapes;

use super::says;
use crate::commerce::{
    Broken, CommerceError, CustomerDraft, LineDraft, OrderDraft, OrderRecord, ParcelDraft, Read,
    RefundDraft, ShopId, http, identity::SHOPIFY,
};
use chrono::{DateTime, Utc};
use deskhand_domain::{
    Currency, Money, Shipment,
    order::{Address, Discount, Payment, PaymentMethod, RefundState},
};
use serde::Serialize;
use serde_json::Value;
use shapes::{Fulfillment, Loose, Order, Refund, To, Transaction};

/// What a payload tells.
#[derive(Debug, Default, Serialize)]
pub struct Told {
    /// Whole orders, and those that do not add up.
    #[serde(flatten)]
    pub read: Read,
    /// Parcels without their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<Shipment>,
    /// Refunds without their order, as the sum of what was paid back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Money>,
    /// Payments without their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<Payment>,
}

/// Why a payload is not read.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// It is no JSON.
    #[error("it is no JSON")]
    NotJson,
    /// It tells of something else.
    #[error("it tells nothing of an order")]
    Nothing,
    /// A field is not what it was.
    #[error(transparent)]
    Shape(#[from] CommerceError),
    /// It does not add up.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// Reads a payload: `{"order": …}`, `{"orders": […]}` and the like, or a webhook's bare order.
pub fn read(payload: &[u8]) -> Result<Told, NotRead> {
    let payload: Value = serde_json::from_slice(payload).map_err(|_| NotRead::NotJson)?;
    let mut told = Told::default();
    let Value::Object(mut object) = payload else {
        return Err(NotRead::Nothing);
    };
    if ["line_items", "total_price", "financial_status"]
        .iter()
        .all(|key| object.contains_key(*key))
    {
        orders(vec![Value::Object(object)], &mut told)?;
        return Ok(told);
    }
    let mut take = |one: &str, many: &str| match (object.remove(one), object.remove(many)) {
        (Some(found @ Value::Object(_)), _) => vec![found],
        (_, Some(Value::Array(all))) => all,
        _ => Vec::new(),
    };
    orders(take("order", "orders"), &mut told)?;
    for raw in take("fulfillment", "fulfillments") {
        told.shipments.extend(parcel_alone(raw)?);
    }
    for raw in take("refund", "refunds") {
        let refund: Refund = http::part(raw)?;
        told.refunds.extend(refund.amount_alone()?);
    }
    for raw in take("transaction", "transactions") {
        let one: Transaction = http::part(raw)?;
        told.payments.extend(one.payment()?);
    }
    let nothing = told.read == Read::default()
        && told.shipments.is_empty()
        && told.refunds.is_empty()
        && told.payments.is_empty();
    if nothing {
        return Err(NotRead::Nothing);
    }
    Ok(told)
}

fn orders(found: Vec<Value>, told: &mut Told) -> Result<(), NotRead> {
    let mut records: Vec<(ShopId, Result<OrderRecord, Broken>)> = Vec::new();
    for raw in found {
        let words = raw.to_string();
        let order: Order = http::part(raw)?;
        let (id, at) = (order.id.id(), order.updated_at);
        let record = order
            .draft()
            .and_then(|draft| draft.finish(SHOPIFY, at, words));
        records.push((id, record));
    }
    told.read = Read::of(records);
    Ok(())
}

/// A parcel whose order is not told: its lines have no positions.
fn parcel_alone(raw: Value) -> Result<Option<Shipment>, NotRead> {
    let parcel: Fulfillment = http::part(raw)?;
    let Some(order) = &parcel.order_id else {
        return Ok(None);
    };
    let draft = parcel.draft();
    Ok(Some(Shipment {
        id: SHOPIFY.shipment(&draft.id),
        order: SHOPIFY.order(&order.id()),
        position: 1,
        carrier: draft.carrier,
        tracking_number: draft.tracking_number.split_whitespace().collect(),
        lines: Vec::new(),
        status: draft.status,
        detail: None,
        created_at: draft.created_at,
        promised_at: None,
        delivered_at: None,
        pickup_until: None,
        scans: Vec::new(),
        notices: Vec::new(),
        source: deskhand_domain::Source {
            name: SHOPIFY.title.to_owned(),
            fetched_at: parcel.updated_at.unwrap_or(draft.created_at),
        },
    }))
}

impl Order {
    fn draft(self) -> Result<OrderDraft, Broken> {
        let currency: Currency = self.currency.parse().map_err(|_| Broken::Currency)?;
        let money = |loose: &Option<Loose>, field| {
            let loose = loose.as_ref();
            loose.map_or(Ok(Money::zero(currency)), |loose| {
                loose.money(currency, field)
            })
        };
        let mut lines = Vec::with_capacity(self.line_items.len());
        for line in &self.line_items {
            let id = line.id.text();
            let left: u32 = self.left_with(&id);
            let gone = line
                .quantity
                .saturating_sub(line.current_quantity.unwrap_or(line.quantity));
            let mut share = None;
            for one in &line.discount_allocations {
                let amount = one.amount.money(currency, "a line's discount")?;
                let before: Money = share.unwrap_or(Money::zero(currency));
                share = Some(Money::new(
                    before.minor.saturating_add(amount.minor),
                    currency,
                ));
            }
            lines.push(LineDraft {
                id,
                sku: line.sku.clone().unwrap_or_default(),
                title: line.title.clone(),
                variant: line.variant_title.clone().unwrap_or_default(),
                quantity: line.quantity,
                unit_price: line.price.money(currency, "price")?,
                cancelled: gone.min(line.quantity.saturating_sub(left)),
                discount: share,
                sent: line.requires_shipping.unwrap_or(true),
            });
        }
        let tip = money(&self.total_tip_received, "total_tip_received")?;
        if tip.minor > 0 {
            lines.push(says::fee("tip", "Tip", tip));
        }
        let mut shipping = Money::zero(currency);
        for line in &self.shipping_lines {
            let price = line.price.money(currency, "shipping")?;
            shipping = shipping
                .plus(price)
                .ok_or(Broken::TooLarge { field: "shipping" })?;
        }
        let methods = self
            .shipping_lines
            .iter()
            .filter_map(|line| line.title.clone());
        let total = self.total_price.money(currency, "total_price")?;
        let mut refunds = Vec::new();
        for refund in &self.refunds {
            refunds.extend(refund.draft(currency, self.updated_at)?);
        }
        let cancelled = self.cancelled_at.is_some();
        Ok(OrderDraft {
            id: self.id.id(),
            number: self.name.clone().unwrap_or_default(),
            placed_at: self.processed_at.unwrap_or(self.created_at),
            updated_at: self.updated_at,
            customer: self.buyer(),
            discounts: self.discounts(currency)?,
            lines,
            shipping,
            shipping_method: methods.collect::<Vec<_>>().join(", "),
            tax: money(&self.total_tax, "total_tax")?,
            tax_included: self.taxes_included,
            payments: self.payments(total),
            total,
            voided: self.financial_status.as_deref() == Some("voided"),
            cancelled,
            parcels: self.fulfillments.iter().map(Fulfillment::draft).collect(),
            refunds,
            ship_to: self.shipping_address.map(To::address),
        })
    }

    fn left_with(&self, line: &str) -> u32 {
        let parcels = self
            .fulfillments
            .iter()
            .filter(|parcel| parcel.status.as_deref() != Some("cancelled"));
        let parts = parcels.flat_map(|parcel| &parcel.line_items);
        parts
            .filter(|part| part.id.text() == line)
            .map(|part| part.quantity)
            .sum()
    }

    /// By what they come from, when allocations say; else the sum under the first code.
    fn discounts(&self, currency: Currency) -> Result<Vec<Discount>, Broken> {
        let lines = self
            .line_items
            .iter()
            .flat_map(|line| &line.discount_allocations);
        let shipping = self
            .shipping_lines
            .iter()
            .flat_map(|line| &line.discount_allocations);
        let mut sums: Vec<(usize, i64)> = Vec::new();
        for one in lines.chain(shipping) {
            let amount = one.amount.money(currency, "a discount")?.minor;
            match sums
                .iter_mut()
                .find(|(index, _)| *index == one.discount_application_index)
            {
                Some((_, sum)) => *sum = sum.saturating_add(amount),
                None => sums.push((one.discount_application_index, amount)),
            }
        }
        if sums.is_empty()
            && let Some(all) = &self.total_discounts
        {
            sums.push((usize::MAX, all.money(currency, "total_discounts")?.minor));
        }
        let name = |index: usize| {
            let one = self.discount_applications.get(index);
            let said = one.and_then(|one| one.code.clone().or_else(|| one.title.clone()));
            said.or_else(|| self.discount_codes.first().map(|one| one.code.clone()))
        };
        let discounts = sums.into_iter().filter(|(_, sum)| *sum != 0);
        Ok(discounts
            .map(|(index, sum)| Discount {
                code: name(index).unwrap_or_default(),
                amount: Money::new(sum, currency),
            })
            .collect())
    }

    fn buyer(&self) -> CustomerDraft {
        let to = self.shipping_address.as_ref();
        let mut draft = CustomerDraft {
            name: to.and_then(|to| to.name.clone()).unwrap_or_default(),
            email: self.email.clone().unwrap_or_default(),
            phone: self.phone.clone(),
            language: self.customer_locale.clone(),
            ..CustomerDraft::default()
        };
        if let Some(customer) = &self.customer {
            let names = [&customer.first_name, &customer.last_name]
                .into_iter()
                .flatten();
            let names: Vec<&str> = names.map(String::as_str).collect();
            draft.id = customer.id.as_ref().map(Loose::id);
            if !names.is_empty() {
                draft.name = names.join(" ");
            }
            if let Some(email) = &customer.email {
                draft.email.clone_from(email);
            }
            draft.phone = customer.phone.clone().or(draft.phone);
            draft.since = customer.created_at;
        }
        draft
    }

    /// An order tells no transactions, only how far it is paid.
    fn payments(&self, total: Money) -> Vec<Payment> {
        let captured = match self.financial_status.as_deref() {
            Some("paid" | "partially_refunded" | "refunded") => true,
            Some("authorized") => false,
            _ => return Vec::new(),
        };
        let gateway = self.payment_gateway_names.first().or(self.gateway.as_ref());
        vec![Payment {
            method: method(gateway.map_or("", String::as_str)),
            label: gateway.cloned().unwrap_or_default(),
            amount: total,
            captured_at: captured.then(|| self.processed_at.unwrap_or(self.created_at)),
        }]
    }
}

fn method(gateway: &str) -> PaymentMethod {
    match gateway {
        "paypal" => PaymentMethod::Paypal,
        "gift_card" => PaymentMethod::GiftCard,
        gateway if gateway.contains("klarna") => PaymentMethod::Klarna,
        _ => PaymentMethod::Other,
    }
}

impl Fulfillment {
    fn draft(&self) -> ParcelDraft {
        let status = self.status.as_deref().unwrap_or_default().to_uppercase();
        let display = match self.shipment_status.as_deref() {
            Some("failure") => Some("NOT_DELIVERED".to_owned()),
            Some(word) => Some(word.to_uppercase()),
            None => None,
        };
        ParcelDraft {
            id: self.id.id(),
            carrier: self.tracking_company.clone().unwrap_or_default(),
            tracking_number: self.tracking_number.clone().unwrap_or_default(),
            lines: self
                .line_items
                .iter()
                .map(|part| (part.id.text(), part.quantity))
                .collect(),
            status: says::status(&status, display.as_deref()),
            created_at: self.created_at,
            promised_at: None,
            delivered_at: None,
        }
    }
}

impl Refund {
    fn paid(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions
            .iter()
            .filter(|one| one.kind == "refund" && one.status.as_deref() != Some("failure"))
    }

    fn draft(
        &self,
        currency: Currency,
        otherwise: DateTime<Utc>,
    ) -> Result<Option<RefundDraft>, Broken> {
        let mut sum = Money::zero(currency);
        let mut pending = false;
        for one in self.paid() {
            pending |= one.status.as_deref() == Some("pending");
            if let Some(amount) = &one.amount {
                let amount = amount.money(currency, "a refund")?;
                sum = sum
                    .plus(amount)
                    .ok_or(Broken::TooLarge { field: "a refund" })?;
            }
        }
        if sum.minor == 0 {
            return Ok(None);
        }
        let at = self.created_at.unwrap_or(otherwise);
        Ok(Some(RefundDraft {
            amount: sum,
            state: if pending {
                RefundState::Sent
            } else {
                RefundState::Succeeded
            },
            reason: self.note.clone().unwrap_or_default(),
            lines: self
                .refund_line_items
                .iter()
                .map(|line| line.line_item_id.text())
                .collect(),
            requested_at: at,
            settled_at: (!pending).then_some(at),
        }))
    }

    fn amount_alone(&self) -> Result<Option<Money>, Broken> {
        let currency = self
            .transactions
            .iter()
            .find_map(|one| one.currency.clone());
        let Some(currency) = currency else {
            return Ok(None);
        };
        let currency = currency.parse().map_err(|_| Broken::Currency)?;
        let draft = self.draft(currency, DateTime::UNIX_EPOCH)?;
        Ok(draft.map(|draft| draft.amount))
    }
}

impl Transaction {
    fn payment(self) -> Result<Option<Payment>, Broken> {
        let captured = match (&*self.kind, self.status.as_deref()) {
            ("sale" | "capture", Some("success")) => true,
            ("authorization", Some("success")) => false,
            _ => return Ok(None),
        };
        let (Some(amount), Some(currency)) = (self.amount, self.currency) else {
            return Ok(None);
        };
        let currency = currency.parse().map_err(|_| Broken::Currency)?;
        let gateway = self.gateway.unwrap_or_default();
        Ok(Some(Payment {
            method: method(&gateway),
            label: gateway,
            amount: amount.money(currency, "a transaction")?,
            captured_at: self.created_at.filter(|_| captured),
        }))
    }
}

impl To {
    fn address(self) -> Address {
        let said = |text: Option<String>| text.unwrap_or_default();
        let join = |parts: [Option<String>; 2]| {
            let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join(", ")
        };
        Address {
            name: said(self.name),
            street: join([self.address1, self.address2]),
            postal_code: said(self.zip),
            city: join([self.city, self.province_code]),
            country: said(self.country_code),
        }
    }
}
