//! What Shopify's answers mean.

use super::shapes::{Allocation, MoneyBag, OrderAddress, PageInfo, Transaction};
pub use super::shapes::{Customer, Ids, Order};
use crate::commerce::{
    Broken, CustomerDraft, CustomerRecord, LineDraft, OrderDraft, ParcelDraft, RefundDraft, ShopId,
    exact, identity::SHOPIFY,
};
use chrono::{DateTime, Utc};
use deskhand_domain::{
    Currency, Money,
    order::{Address, Discount, Payment, PaymentMethod, RefundState},
    shipment::TrackingStatus,
};
use std::collections::BTreeMap;

impl MoneyBag {
    fn money(&self, currency: Currency, field: &'static str) -> Result<Money, Broken> {
        exact(&self.presentment_money.amount, currency, field)
    }
}

fn money(bag: Option<&MoneyBag>, currency: Currency, field: &'static str) -> Result<Money, Broken> {
    bag.map_or(Ok(Money::zero(currency)), |bag| bag.money(currency, field))
}

/// The number at the end of a global id, which the REST API and exports use too.
pub fn bare(id: &str) -> ShopId {
    let last = id.rsplit('/').next().unwrap_or(id);
    ShopId(last.split('?').next().unwrap_or(last).to_owned())
}

impl Order {
    pub fn draft(self) -> Result<OrderDraft, Broken> {
        let currency = self.presentment_currency_code.parse();
        let currency: Currency = currency.map_err(|_| Broken::Currency)?;
        self.is_whole()?;
        let mut taken_off: BTreeMap<u32, Money> = BTreeMap::new();
        let mut lines = Vec::with_capacity(self.line_items.nodes.len());
        for line in &self.line_items.nodes {
            let share = share(&line.discount_allocations, currency, &mut taken_off)?;
            let left = self.left_with(&line.id);
            let gone = line.quantity.saturating_sub(line.current_quantity);
            lines.push(LineDraft {
                id: line.id.clone(),
                sku: line.sku.clone().unwrap_or_default(),
                title: line.title.clone(),
                variant: line.variant_title.clone().unwrap_or_default(),
                quantity: line.quantity,
                unit_price: line
                    .original_unit_price_set
                    .money(currency, "originalUnitPrice")?,
                cancelled: gone.min(line.quantity.saturating_sub(left)),
                discount: share,
                sent: line.requires_shipping,
            });
        }
        for (id, title, bag) in [
            ("tip", "Tip", &self.total_tip_received_set),
            ("duties", "Duties", &self.original_total_duties_set),
        ] {
            let price = money(bag.as_ref(), currency, id)?;
            if price.minor > 0 {
                lines.push(fee(id, title, price));
            }
        }
        let mut shipping = Money::zero(currency);
        for line in &self.shipping_lines.nodes {
            share(&line.discount_allocations, currency, &mut taken_off)?;
            let price = line.original_price_set.money(currency, "shipping")?;
            shipping = shipping
                .plus(price)
                .ok_or(Broken::TooLarge { field: "shipping" })?;
        }
        let methods = self.shipping_lines.nodes.iter().map(|line| &*line.title);
        let name = |index: u32| {
            let mut all = self.discount_applications.nodes.iter();
            let one = all.find(|one| one.index == index);
            one.and_then(|one| one.code.clone().or_else(|| one.title.clone()))
                .unwrap_or_default()
        };
        let discounts = taken_off
            .iter()
            .filter(|(_, amount)| amount.minor != 0)
            .map(|(index, amount)| Discount {
                code: name(*index),
                amount: *amount,
            });
        Ok(OrderDraft {
            id: bare(&self.id),
            number: self.name.clone(),
            placed_at: self.processed_at.unwrap_or(self.created_at),
            updated_at: self.updated_at,
            customer: self.buyer()?,
            discounts: discounts.collect(),
            lines,
            shipping,
            shipping_method: methods.collect::<Vec<_>>().join(", "),
            tax: money(self.total_tax_set.as_ref(), currency, "totalTax")?,
            tax_included: self.taxes_included,
            total: self.total_price_set.money(currency, "totalPrice")?,
            payments: self.payments(currency)?,
            voided: self.display_financial_status.as_deref() == Some("VOIDED"),
            cancelled: self.cancelled_at.is_some(),
            parcels: self.parcels(),
            refunds: self.refunds(currency)?,
            ship_to: self.shipping_address.map(OrderAddress::address),
        })
    }

    /// Refuses an order of which only a part was read.
    fn is_whole(&self) -> Result<(), Broken> {
        let cut = |page: &Option<PageInfo>| page.as_ref().is_some_and(|page| page.has_next_page);
        if cut(&self.line_items.page_info) {
            return Err(Broken::TooMany { field: "lines" });
        }
        let mut parcels = self.fulfillments.iter();
        if self.fulfillments.len() >= 4 && !parcels.all(|parcel| parcel.status == "CANCELLED") {
            // Shopify does not say whether this list goes on.
            let all: u32 = self
                .line_items
                .nodes
                .iter()
                .map(|line| self.left_with(&line.id))
                .sum();
            let ordered: u32 = self
                .line_items
                .nodes
                .iter()
                .map(|line| line.current_quantity)
                .sum();
            if all < ordered {
                return Err(Broken::TooMany { field: "parcels" });
            }
        }
        let mut parcels = self.fulfillments.iter();
        if parcels.any(|parcel| cut(&parcel.fulfillment_line_items.page_info)) {
            return Err(Broken::TooMany {
                field: "lines of a parcel",
            });
        }
        Ok(())
    }

    /// How many pieces of a line have left.
    fn left_with(&self, line: &str) -> u32 {
        let parcels = self
            .fulfillments
            .iter()
            .filter(|parcel| parcel.status != "CANCELLED");
        let parts = parcels.flat_map(|parcel| &parcel.fulfillment_line_items.nodes);
        parts
            .filter(|part| part.line_item.id == line)
            .map(|part| part.quantity)
            .sum()
    }

    fn buyer(&self) -> Result<CustomerDraft, Broken> {
        let mut draft = match &self.customer {
            Some(customer) => customer.clone().draft()?,
            None => CustomerDraft {
                name: self
                    .shipping_address
                    .as_ref()
                    .and_then(|to| to.name.clone())
                    .unwrap_or_default(),
                ..CustomerDraft::default()
            },
        };
        if draft.email.is_empty() {
            draft.email = self.email.clone().unwrap_or_default();
        }
        draft.phone = draft.phone.or_else(|| self.phone.clone());
        draft.language = draft.language.or_else(|| self.customer_locale.clone());
        Ok(draft)
    }

    fn payments(&self, currency: Currency) -> Result<Vec<Payment>, Broken> {
        let done = |one: &&Transaction| one.status == "SUCCESS";
        let captures: Vec<&Transaction> = self
            .transactions
            .iter()
            .filter(done)
            .filter(|one| one.kind == "CAPTURE")
            .collect();
        let voided: Vec<&Transaction> = self
            .transactions
            .iter()
            .filter(done)
            .filter(|one| one.kind == "VOID")
            .collect();
        let of = |child: &&&Transaction, id: &str| {
            child
                .parent_transaction
                .as_ref()
                .is_some_and(|parent| parent.id == id)
        };
        let mut payments = Vec::new();
        for one in self.transactions.iter().filter(done) {
            let mut amount = one.amount_set.money(currency, "a transaction")?;
            let captured_at = match &*one.kind {
                "SALE" | "CAPTURE" => one.processed_at.or(Some(self.created_at)),
                "AUTHORIZATION" if voided.iter().any(|child| of(&child, &one.id)) => continue,
                "AUTHORIZATION" => {
                    for child in captures.iter().filter(|child| of(child, &one.id)) {
                        let taken = child.amount_set.money(currency, "a transaction")?;
                        amount.minor -= taken.minor;
                    }
                    if amount.minor <= 0 {
                        continue;
                    }
                    None
                }
                _ => continue,
            };
            payments.push(Payment {
                method: one.method(),
                label: one.label(),
                amount,
                captured_at,
            });
        }
        Ok(payments)
    }

    fn parcels(&self) -> Vec<ParcelDraft> {
        let mut parcels: Vec<ParcelDraft> = self
            .fulfillments
            .iter()
            .map(|parcel| {
                let tracking = parcel.tracking_info.first();
                let status = status(&parcel.status, parcel.display_status.as_deref());
                let parts = parcel.fulfillment_line_items.nodes.iter();
                ParcelDraft {
                    id: bare(&parcel.id),
                    carrier: tracking
                        .and_then(|one| one.company.clone())
                        .unwrap_or_default(),
                    tracking_number: tracking
                        .and_then(|one| one.number.clone())
                        .unwrap_or_default(),
                    lines: parts
                        .map(|part| (part.line_item.id.clone(), part.quantity))
                        .collect(),
                    status,
                    created_at: parcel.created_at,
                    promised_at: parcel.estimated_delivery_at,
                    delivered_at: parcel.delivered_at,
                }
            })
            .collect();
        parcels.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        parcels
    }

    fn refunds(&self, currency: Currency) -> Result<Vec<RefundDraft>, Broken> {
        let mut refunds = Vec::new();
        for refund in &self.refunds {
            let amount = refund.total_refunded_set.money(currency, "a refund")?;
            if amount.minor == 0 {
                continue;
            }
            let is = |word: &str| {
                refund
                    .transactions
                    .nodes
                    .iter()
                    .any(|one| one.status == word)
            };
            let state = if is("PENDING") || is("AWAITING_RESPONSE") {
                RefundState::Sent
            } else if is("FAILURE") || is("ERROR") {
                RefundState::Failed
            } else {
                RefundState::Succeeded
            };
            let at = refund.created_at.unwrap_or(self.updated_at);
            let lines = refund.refund_line_items.nodes.iter();
            refunds.push(RefundDraft {
                amount,
                state,
                reason: refund.note.clone().unwrap_or_default(),
                lines: lines.map(|line| line.line_item.id.clone()).collect(),
                requested_at: at,
                settled_at: (state == RefundState::Succeeded).then_some(at),
            });
        }
        refunds.sort_by_key(|refund| refund.requested_at);
        Ok(refunds)
    }
}

pub fn fee(id: &str, title: &str, price: Money) -> LineDraft {
    LineDraft {
        id: id.to_owned(),
        sku: String::new(),
        title: title.to_owned(),
        variant: String::new(),
        quantity: 1,
        unit_price: price,
        cancelled: 0,
        discount: None,
        sent: false,
    }
}

/// The sum of allocations, also noted under what they come from.
fn share(
    allocations: &[Allocation],
    currency: Currency,
    taken_off: &mut BTreeMap<u32, Money>,
) -> Result<Option<Money>, Broken> {
    let too_large = Broken::TooLarge {
        field: "a discount",
    };
    let mut sum = None;
    for one in allocations {
        let amount = one.allocated_amount_set.money(currency, "a discount")?;
        let before = sum.unwrap_or(Money::zero(currency));
        sum = Some(before.plus(amount).ok_or(too_large)?);
        let all = taken_off
            .entry(one.discount_application.index)
            .or_insert(Money::zero(currency));
        *all = all.plus(amount).ok_or(too_large)?;
    }
    Ok(sum)
}

/// What the words for a fulfilment mean; `FULFILLED` says that the shop sent it.
pub fn status(status: &str, display: Option<&str>) -> TrackingStatus {
    match display.unwrap_or(status) {
        "LABEL_PRINTED" | "LABEL_PURCHASED" | "CONFIRMED" | "SUBMITTED" | "PENDING" | "OPEN" => {
            TrackingStatus::LabelCreated
        }
        "FULFILLED"
        | "MARKED_AS_FULFILLED"
        | "IN_TRANSIT"
        | "PICKED_UP"
        | "CARRIER_PICKED_UP"
        | "DELAYED"
        | "SUCCESS" => TrackingStatus::InTransit,
        "OUT_FOR_DELIVERY" => TrackingStatus::OutForDelivery,
        "ATTEMPTED_DELIVERY" => TrackingStatus::FailedAttempt,
        "READY_FOR_PICKUP" => TrackingStatus::AvailableForPickup,
        "DELIVERED" => TrackingStatus::Delivered,
        "CANCELED" | "CANCELLED" | "LABEL_VOIDED" => TrackingStatus::Cancelled,
        _ => TrackingStatus::Unknown,
    }
}

impl Transaction {
    fn method(&self) -> PaymentMethod {
        let gateway = self.gateway.as_deref().unwrap_or_default();
        if self
            .payment_details
            .as_ref()
            .is_some_and(|card| card.company.is_some())
        {
            return PaymentMethod::Card;
        }
        match gateway {
            "paypal" => PaymentMethod::Paypal,
            "gift_card" => PaymentMethod::GiftCard,
            gateway if gateway.contains("klarna") => PaymentMethod::Klarna,
            "bank_deposit" | "Bank Deposit" => PaymentMethod::BankTransfer,
            _ => PaymentMethod::Other,
        }
    }

    fn label(&self) -> String {
        let card = self.payment_details.as_ref();
        if let Some((company, number)) =
            card.and_then(|card| card.company.as_ref().zip(card.number.as_ref()))
        {
            let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
            let last: String = digits[digits.len().saturating_sub(4)..].iter().collect();
            return format!("{company} ·· {last}");
        }
        let name = self.formatted_gateway.as_ref().or(self.gateway.as_ref());
        name.cloned().unwrap_or_default()
    }
}

impl OrderAddress {
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
            country: said(self.country_code_v2),
        }
    }
}

impl Customer {
    fn draft(self) -> Result<CustomerDraft, Broken> {
        let currency = self.amount_spent.currency_code.parse();
        let currency = currency.map_err(|_| Broken::Currency)?;
        let spent = exact(&self.amount_spent.amount, currency, "amountSpent")?;
        let shape = |_| Broken::Shape {
            field: "numberOfOrders",
        };
        let count = self.number_of_orders.parse().map_err(shape)?;
        let place = self.default_address;
        Ok(CustomerDraft {
            id: Some(bare(&self.id)),
            name: self.display_name,
            email: self
                .default_email_address
                .map(|one| one.email_address)
                .unwrap_or_default(),
            phone: self.default_phone_number.map(|one| one.phone_number),
            city: place.as_ref().and_then(|place| place.city.clone()),
            country: place.and_then(|place| place.country_code_v2),
            language: self.locale,
            since: Some(self.created_at),
            totals: Some((count, spent)),
        })
    }

    pub fn record(self, now: DateTime<Utc>) -> Result<CustomerRecord, Broken> {
        let id = bare(&self.id);
        let draft = self.draft()?;
        let currency = draft
            .totals
            .map_or(Currency::EUR, |(_, spent)| spent.currency);
        Ok(draft.finish(id, SHOPIFY, currency, now))
    }
}
