//! The answers of Shopify's GraphQL Admin API, as far as they are asked for.

use chrono::{DateTime, Utc};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ids {
    pub nodes: Vec<IdOnly>,
    pub page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdOnly {
    pub id: String,
    pub name: String,
    pub updated_at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageInfo {
    pub has_next_page: bool,
    #[serde(default)]
    pub end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Nodes<T> {
    pub nodes: Vec<T>,
    #[serde(default)]
    pub page_info: Option<PageInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MoneyBag {
    pub presentment_money: Amount,
}

#[derive(Deserialize)]
pub struct Amount {
    pub amount: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub id: String,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub processed_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub taxes_included: bool,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub customer_locale: Option<String>,
    pub presentment_currency_code: String,
    pub display_financial_status: Option<String>,
    pub total_price_set: MoneyBag,
    pub total_tax_set: Option<MoneyBag>,
    pub total_tip_received_set: Option<MoneyBag>,
    pub original_total_duties_set: Option<MoneyBag>,
    pub customer: Option<Customer>,
    pub shipping_address: Option<OrderAddress>,
    pub discount_applications: Nodes<Application>,
    pub shipping_lines: Nodes<ShippingLine>,
    pub line_items: Nodes<Line>,
    pub fulfillments: Vec<Fulfillment>,
    pub refunds: Vec<OrderRefund>,
    pub transactions: Vec<Transaction>,
}

#[derive(Deserialize)]
pub struct Application {
    pub index: u32,
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub title: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Allocation {
    pub allocated_amount_set: MoneyBag,
    pub discount_application: Index,
}

#[derive(Deserialize)]
pub struct Index {
    pub index: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippingLine {
    pub title: String,
    pub original_price_set: MoneyBag,
    pub discount_allocations: Vec<Allocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub id: String,
    pub sku: Option<String>,
    pub title: String,
    pub variant_title: Option<String>,
    pub quantity: u32,
    pub current_quantity: u32,
    pub requires_shipping: bool,
    pub original_unit_price_set: MoneyBag,
    pub discount_allocations: Vec<Allocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fulfillment {
    pub id: String,
    pub status: String,
    pub display_status: Option<String>,
    pub created_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub estimated_delivery_at: Option<DateTime<Utc>>,
    pub tracking_info: Vec<TrackingInfo>,
    pub fulfillment_line_items: Nodes<Part>,
}

#[derive(Deserialize)]
pub struct TrackingInfo {
    pub company: Option<String>,
    pub number: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    pub quantity: u32,
    pub line_item: Id,
}

#[derive(Deserialize)]
pub struct Id {
    pub id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRefund {
    pub created_at: Option<DateTime<Utc>>,
    pub note: Option<String>,
    pub total_refunded_set: MoneyBag,
    pub transactions: Nodes<Status>,
    pub refund_line_items: Nodes<RefundLine>,
}

#[derive(Deserialize)]
pub struct Status {
    pub status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundLine {
    pub line_item: Id,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    pub id: String,
    pub kind: String,
    pub status: String,
    pub gateway: Option<String>,
    pub formatted_gateway: Option<String>,
    pub processed_at: Option<DateTime<Utc>>,
    pub amount_set: MoneyBag,
    pub parent_transaction: Option<Id>,
    pub payment_details: Option<Card>,
}

#[derive(Deserialize)]
pub struct Card {
    #[serde(default)]
    pub company: Option<String>,
    #[serde(default)]
    pub number: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderAddress {
    pub name: Option<String>,
    pub address1: Option<String>,
    pub address2: Option<String>,
    pub zip: Option<String>,
    pub city: Option<String>,
    pub province_code: Option<String>,
    pub country_code_v2: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    pub id: String,
    pub display_name: String,
    pub default_email_address: Option<Email>,
    pub default_phone_number: Option<Phone>,
    pub locale: Option<String>,
    pub created_at: DateTime<Utc>,
    /// A whole number that is too large for GraphQL's `Int`, as a text.
    pub number_of_orders: String,
    pub amount_spent: Spent,
    pub default_address: Option<Place>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Email {
    pub email_address: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Phone {
    pub phone_number: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spent {
    pub amount: String,
    pub currency_code: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    pub city: Option<String>,
    pub country_code_v2: Option<String>,
}
