//! Orders: a copy of the shop's record, exact to the penny.

use crate::{
    ids::{CustomerId, OrderId},
    money::Money,
    shop::Source,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// An order as the shop recorded it.
///
/// Invariant: `subtotal − discounts + shipping (+ tax unless included) = total`, and the payments
/// that were captured or authorised sum to `total` unless the order is unpaid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Order {
    /// Its id here.
    pub id: OrderId,
    /// The number customers quote, for example `HP-20418`.
    pub number: String,
    /// Who bought.
    pub customer: CustomerId,
    /// When.
    pub placed_at: DateTime<Utc>,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// Sum of the lines before discounts.
    pub subtotal: Money,
    /// Discounts on the whole order, each a positive amount that was taken off.
    pub discounts: Vec<Discount>,
    /// What shipping cost.
    pub shipping: Money,
    /// The shipping method in the shop's words.
    pub shipping_method: String,
    /// The tax in the total.
    pub tax: Money,
    /// Whether line prices include tax.
    pub tax_included: bool,
    /// What the customer owes or paid.
    pub total: Money,
    /// How it was paid.
    pub payments: Vec<Payment>,
    /// Whether it is paid.
    pub payment_status: PaymentStatus,
    /// How far it has been sent.
    pub fulfilment_status: FulfilmentStatus,
    /// Where it goes.
    pub ship_to: Address,
    /// When the shop promised to hand it over at the latest.
    pub ship_by: Option<DateTime<Utc>>,
    /// Money given back.
    pub refunds: Vec<Refund>,
    /// Goods coming back.
    pub returns: Vec<Return>,
    /// Where this copy was read.
    pub source: Source,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OrderLine {
    /// Position in the order, from 1.
    pub position: u32,
    /// Stock-keeping unit of the variant.
    pub sku: String,
    /// The product's name.
    pub title: String,
    /// The variant in words, for example `moss, M`; empty when there is only one.
    pub variant: String,
    /// How many.
    pub quantity: u32,
    /// Price of one, as shown to the customer.
    pub unit_price: Money,
    /// `unit_price × quantity`.
    pub total: Money,
    /// How many of them were cancelled before they left.
    #[serde(default)]
    pub cancelled: u32,
    /// From when it can be had, when it was ordered before that.
    #[serde(default)]
    pub available_at: Option<DateTime<Utc>>,
    /// Its share of the order's discounts, when the shop spreads them over the lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub discount: Option<Money>,
}

/// A discount on the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Discount {
    /// The code or the name of the promotion.
    pub code: String,
    /// What was taken off; positive.
    pub amount: Money,
}

/// One payment of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Payment {
    /// How.
    pub method: PaymentMethod,
    /// What an agent may see of it, for example `Visa ·· 4242`.
    pub label: String,
    /// How much.
    pub amount: Money,
    /// When it was captured, if it was.
    pub captured_at: Option<DateTime<Utc>>,
}

/// A way to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Credit or debit card.
    Card,
    /// PayPal.
    Paypal,
    /// Buy now, pay later.
    Klarna,
    /// Bank transfer.
    BankTransfer,
    /// The shop's gift card.
    GiftCard,
    /// Another one; the label says which.
    Other,
}

/// Whether an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing has arrived yet.
    Pending,
    /// Reserved, not captured.
    Authorised,
    /// Paid.
    Paid,
    /// Part of it was given back.
    PartlyRefunded,
    /// All of it was given back.
    Refunded,
    /// Given up before payment.
    Voided,
}

/// How far an order has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FulfilmentStatus {
    /// Nothing has left.
    Unfulfilled,
    /// Some lines have left.
    PartlyShipped,
    /// All lines have left.
    Shipped,
    /// Some parcels have arrived.
    PartlyDelivered,
    /// All parcels have arrived.
    Delivered,
    /// Will not be sent.
    Cancelled,
}

/// A postal address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Address {
    /// Who receives it.
    pub name: String,
    /// Street and number, as the country writes them.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// Town.
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// Money given back for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Refund {
    /// How much.
    pub amount: Money,
    /// Where it is in its life.
    pub state: RefundState,
    /// Why, in the shop's words.
    pub reason: String,
    /// Positions of the lines it is for; empty when it is goodwill or shipping.
    pub lines: Vec<u32>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it ended, if it has.
    pub settled_at: Option<DateTime<Utc>>,
}

/// Where a refund is in its life.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Asked for.
    Requested,
    /// Somebody else has to decide.
    AwaitingApproval,
    /// Allowed.
    Approved,
    /// Refused.
    Denied,
    /// Nobody decided in time.
    Expired,
    /// The amount is set aside.
    Reserved,
    /// At the payment provider.
    Sent,
    /// Paid back.
    Succeeded,
    /// Will not happen.
    Failed,
    /// May have paid, may not; the provider is asked, it is never paid again.
    Unknown,
    /// Was unknown, and was settled by reading back.
    Reconciled,
}

/// Goods coming back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Return {
    /// The number on the return label, for example `RMA-3071`.
    pub number: String,
    /// Where it is in its life.
    pub state: ReturnState,
    /// Why, in the customer's choice of words.
    pub reason: String,
    /// Positions of the lines that come back.
    pub lines: Vec<u32>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
}

/// Where a return is in its life.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    /// Asked for.
    Requested,
    /// The label was sent.
    Approved,
    /// Refused.
    Rejected,
    /// On its way back.
    InTransit,
    /// In the warehouse.
    Received,
    /// Looked at and booked.
    Inspected,
    /// Finished.
    Closed,
    /// The customer keeps it after all.
    Cancelled,
}
