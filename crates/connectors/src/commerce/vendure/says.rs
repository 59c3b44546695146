//! What a Vendure says, and what it means.

use crate::commerce::{
    Broken, CustomerDraft, CustomerRecord, LineDraft, OrderDraft, ParcelDraft, RefundDraft, ShopId,
    identity::VENDURE,
};
use chrono::{DateTime, Utc};
use deskhand_domain::{
    Currency, Money,
    order::{Address, Discount, Payment, PaymentMethod, RefundState},
    shipment::TrackingStatus,
};
use serde::Deserialize;

/// How a channel counts.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Whether its prices include tax.
    included: bool,
    /// How many decimals its whole numbers have, whatever the currency.
    precision: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    active_channel: Channel,
    global_settings: Global,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Channel {
    prices_include_tax: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Global {
    server_config: ServerConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerConfig {
    money_strategy_precision: u32,
}

impl Settings {
    pub fn terms(self) -> Terms {
        Terms {
            included: self.active_channel.prices_include_tax,
            precision: self.global_settings.server_config.money_strategy_precision,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub id: String,
    code: String,
    state: String,
    updated_at: DateTime<Utc>,
    order_placed_at: Option<DateTime<Utc>>,
    currency_code: String,
    total: i64,
    total_with_tax: i64,
    promotions: Vec<Promotion>,
    discounts: Vec<OrderDiscount>,
    lines: Vec<Line>,
    shipping_lines: Vec<ShippingLine>,
    surcharges: Vec<Surcharge>,
    payments: Option<Vec<OrderPayment>>,
    fulfillments: Option<Vec<Fulfillment>>,
    shipping_address: Option<OrderAddress>,
    customer: Option<Customer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Promotion {
    id: String,
    coupon_code: Option<String>,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderDiscount {
    description: String,
    amount: i64,
    amount_with_tax: i64,
    adjustment_source: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LineDiscount {
    amount: i64,
    amount_with_tax: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    id: String,
    quantity: u32,
    order_placed_quantity: u32,
    unit_price: i64,
    unit_price_with_tax: i64,
    discounts: Vec<LineDiscount>,
    product_variant: Variant,
}

#[derive(Deserialize)]
struct Variant {
    sku: String,
    name: String,
    product: Product,
}

#[derive(Deserialize)]
struct Product {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShippingLine {
    price: i64,
    price_with_tax: i64,
    shipping_method: Named,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Surcharge {
    id: String,
    sku: Option<String>,
    description: String,
    price: i64,
    price_with_tax: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderPayment {
    method: String,
    state: String,
    amount: i64,
    updated_at: DateTime<Utc>,
    refunds: Vec<OrderRefund>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderRefund {
    total: i64,
    state: String,
    reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    lines: Vec<RefundLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundLine {
    order_line_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fulfillment {
    id: String,
    state: String,
    method: String,
    tracking_code: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    lines: Vec<FulfillmentLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FulfillmentLine {
    order_line_id: String,
    quantity: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderAddress {
    full_name: Option<String>,
    street_line1: Option<String>,
    street_line2: Option<String>,
    city: Option<String>,
    province: Option<String>,
    postal_code: Option<String>,
    country_code: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    id: String,
    first_name: String,
    last_name: String,
    email_address: String,
    phone_number: Option<String>,
    created_at: DateTime<Utc>,
}

/// Reads whole numbers of a channel as money of an order.
#[derive(Clone, Copy)]
struct Counting {
    terms: Terms,
    currency: Currency,
}

impl Counting {
    /// The amount as this channel shows it.
    fn shown(self, net: i64, gross: i64, field: &'static str) -> Result<Money, Broken> {
        self.money(if self.terms.included { gross } else { net }, field)
    }

    fn money(self, whole: i64, field: &'static str) -> Result<Money, Broken> {
        let (has, wanted) = (self.terms.precision, self.currency.decimals());
        let factor = 10_i64.checked_pow(has.abs_diff(wanted));
        let factor = factor.ok_or(Broken::TooLarge { field })?;
        let minor = if wanted >= has {
            whole
                .checked_mul(factor)
                .ok_or(Broken::TooLarge { field })?
        } else if whole % factor == 0 {
            whole / factor
        } else {
            return Err(Broken::Decimals { field });
        };
        Ok(Money::new(minor, self.currency))
    }
}

impl Order {
    pub fn draft(self, terms: Terms) -> Result<OrderDraft, Broken> {
        let currency = self.currency_code.parse().map_err(|_| Broken::Currency)?;
        let count = Counting { terms, currency };
        let placed_at = self.order_placed_at;
        let placed_at = placed_at.ok_or(Broken::Missing {
            field: "orderPlacedAt",
        })?;
        let mut discounts = self.discounts(count)?;
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let ordered = line.order_placed_quantity.max(line.quantity);
            let unit_price = count.shown(line.unit_price, line.unit_price_with_tax, "unitPrice")?;
            let cancelled = ordered - line.quantity;
            // Vendure takes what is cancelled out of all sums, so it is taken off by name.
            let off = unit_price
                .times(cancelled)
                .ok_or(Broken::TooLarge { field: "a line" })?;
            if off.minor > 0 {
                discounts.push(Discount {
                    code: "cancelled".to_owned(),
                    amount: off,
                });
            }
            let share = line.share(count)?;
            lines.push(LineDraft {
                id: line.id.clone(),
                sku: line.product_variant.sku.clone(),
                title: line.product_variant.product.name.clone(),
                variant: line.product_variant.words(),
                quantity: ordered,
                unit_price,
                cancelled,
                discount: share,
                sent: true,
            });
        }
        for surcharge in &self.surcharges {
            let price = count.shown(surcharge.price, surcharge.price_with_tax, "surcharge")?;
            if price.minor < 0 {
                discounts.push(Discount {
                    code: surcharge.description.clone(),
                    amount: Money::new(-price.minor, currency),
                });
            } else {
                lines.push(LineDraft {
                    id: format!("surcharge:{}", surcharge.id),
                    sku: surcharge.sku.clone().unwrap_or_default(),
                    title: surcharge.description.clone(),
                    variant: String::new(),
                    quantity: 1,
                    unit_price: price,
                    cancelled: 0,
                    discount: None,
                    sent: false,
                });
            }
        }
        let mut shipping = Money::zero(currency);
        for line in &self.shipping_lines {
            let price = count.shown(line.price, line.price_with_tax, "shipping")?;
            shipping = shipping
                .plus(price)
                .ok_or(Broken::TooLarge { field: "shipping" })?;
        }
        let methods: Vec<&str> = self
            .shipping_lines
            .iter()
            .map(|line| &*line.shipping_method.name)
            .collect();
        let tax = self.total_with_tax.saturating_sub(self.total);
        let (payments, refunds, voided) = self.money_moved(count)?;
        Ok(OrderDraft {
            id: ShopId(self.id.clone()),
            number: self.code.clone(),
            placed_at,
            updated_at: self.updated_at,
            customer: self
                .customer
                .clone()
                .map(Customer::draft)
                .unwrap_or_default(),
            lines,
            discounts,
            shipping,
            shipping_method: methods.join(", "),
            tax: count.money(tax, "tax")?,
            tax_included: terms.included,
            total: count.money(self.total_with_tax, "totalWithTax")?,
            payments,
            voided,
            cancelled: self.state == "Cancelled",
            parcels: self.parcels(),
            refunds,
            ship_to: self.shipping_address.map(OrderAddress::address),
        })
    }

    fn discounts(&self, count: Counting) -> Result<Vec<Discount>, Broken> {
        let mut discounts = Vec::new();
        for discount in &self.discounts {
            let amount = count.shown(discount.amount, discount.amount_with_tax, "discount")?;
            let promotion = discount.adjustment_source.strip_prefix("PROMOTION:");
            let promotion = self
                .promotions
                .iter()
                .find(|one| Some(&*one.id) == promotion);
            let code = promotion.map(|one| one.coupon_code.as_ref().unwrap_or(&one.name));
            if amount.minor != 0 {
                discounts.push(Discount {
                    code: code.unwrap_or(&discount.description).clone(),
                    amount: Money::new(-amount.minor, amount.currency),
                });
            }
        }
        Ok(discounts)
    }

    fn money_moved(
        &self,
        count: Counting,
    ) -> Result<(Vec<Payment>, Vec<RefundDraft>, bool), Broken> {
        let (mut payments, mut refunds) = (Vec::new(), Vec::new());
        let all = self.payments.as_deref().unwrap_or_default();
        for payment in all {
            let captured = payment.state == "Settled";
            if captured || payment.state == "Authorized" {
                payments.push(Payment {
                    method: method(&payment.method),
                    label: payment.method.clone(),
                    amount: count.money(payment.amount, "a payment")?,
                    captured_at: captured.then_some(payment.updated_at),
                });
            }
            for refund in &payment.refunds {
                let state = match &*refund.state {
                    "Settled" => RefundState::Succeeded,
                    "Pending" => RefundState::Sent,
                    "Failed" => RefundState::Failed,
                    _ => RefundState::Unknown,
                };
                refunds.push(RefundDraft {
                    amount: count.money(refund.total, "a refund")?,
                    state,
                    reason: refund.reason.clone().unwrap_or_default(),
                    lines: refund
                        .lines
                        .iter()
                        .map(|line| line.order_line_id.clone())
                        .collect(),
                    requested_at: refund.created_at,
                    settled_at: (state == RefundState::Succeeded).then_some(refund.updated_at),
                });
            }
        }
        refunds.sort_by_key(|refund| refund.requested_at);
        let voided = !all.is_empty() && all.iter().all(|payment| payment.state == "Cancelled");
        Ok((payments, refunds, voided))
    }

    fn parcels(&self) -> Vec<ParcelDraft> {
        let mut parcels: Vec<ParcelDraft> = self
            .fulfillments
            .iter()
            .flatten()
            .map(|parcel| {
                let status = match &*parcel.state {
                    "Created" | "Pending" => TrackingStatus::LabelCreated,
                    "Shipped" => TrackingStatus::InTransit,
                    "Delivered" => TrackingStatus::Delivered,
                    "Cancelled" => TrackingStatus::Cancelled,
                    _ => TrackingStatus::Unknown,
                };
                let inside = parcel.lines.iter();
                ParcelDraft {
                    id: ShopId(parcel.id.clone()),
                    carrier: parcel.method.clone(),
                    tracking_number: parcel.tracking_code.clone().unwrap_or_default(),
                    lines: inside
                        .map(|line| (line.order_line_id.clone(), line.quantity))
                        .collect(),
                    status,
                    created_at: parcel.created_at,
                    promised_at: None,
                    delivered_at: (status == TrackingStatus::Delivered)
                        .then_some(parcel.updated_at),
                }
            })
            .collect();
        parcels.sort_by(|a, b| {
            (a.created_at, a.id.0.len(), &a.id).cmp(&(b.created_at, b.id.0.len(), &b.id))
        });
        parcels
    }
}

impl Line {
    fn share(&self, count: Counting) -> Result<Option<Money>, Broken> {
        if self.discounts.is_empty() {
            return Ok(None);
        }
        let net: i64 = self.discounts.iter().map(|one| one.amount).sum();
        let gross: i64 = self.discounts.iter().map(|one| one.amount_with_tax).sum();
        count.shown(-net, -gross, "a line's discount").map(Some)
    }
}

impl Variant {
    /// What the variant's name says beyond the product's.
    fn words(&self) -> String {
        let rest = self.name.strip_prefix(&self.product.name);
        rest.unwrap_or(&self.name).trim().to_owned()
    }
}

impl OrderAddress {
    fn address(self) -> Address {
        let said = |text: Option<String>| text.unwrap_or_default();
        let join = |parts: [Option<String>; 2]| {
            let parts: Vec<String> = parts
                .into_iter()
                .flatten()
                .filter(|part| !part.is_empty())
                .collect();
            parts.join(", ")
        };
        Address {
            name: said(self.full_name),
            street: join([self.street_line1, self.street_line2]),
            postal_code: said(self.postal_code),
            city: join([self.city, self.province]),
            country: said(self.country_code),
        }
    }
}

impl Customer {
    fn draft(self) -> CustomerDraft {
        CustomerDraft {
            id: Some(ShopId(self.id)),
            name: format!("{} {}", self.first_name, self.last_name),
            email: self.email_address,
            phone: self.phone_number,
            since: Some(self.created_at),
            ..CustomerDraft::default()
        }
    }

    pub fn record(self, now: DateTime<Utc>) -> CustomerRecord {
        let id = ShopId(self.id.clone());
        self.draft().finish(id, VENDURE, Currency::EUR, now)
    }
}

/// What a code of a payment method says for certain.
fn method(code: &str) -> PaymentMethod {
    let code = code.to_lowercase();
    let says = |word| code.contains(word);
    if says("paypal") {
        PaymentMethod::Paypal
    } else if says("klarna") {
        PaymentMethod::Klarna
    } else if says("gift-card") || says("giftcard") {
        PaymentMethod::GiftCard
    } else if says("bank-transfer") {
        PaymentMethod::BankTransfer
    } else if code == "card" || says("credit-card") {
        PaymentMethod::Card
    } else {
        PaymentMethod::Other
    }
}
