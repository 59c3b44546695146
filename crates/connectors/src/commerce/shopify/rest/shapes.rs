//! The shapes themselves.

use crate::commerce::{Broken, ShopId, exact};
use chrono::{DateTime, Utc};
use deskhand_domain::{Currency, Money};
use serde::Deserialize;

/// A number, or the same as a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Loose {
    Text(String),
    Number(serde_json::Number),
}

impl Loose {
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }

    pub fn id(&self) -> ShopId {
        ShopId(self.text())
    }

    pub fn money(&self, currency: Currency, field: &'static str) -> Result<Money, Broken> {
        exact(&self.text(), currency, field)
    }
}

#[derive(Deserialize)]
pub struct Order {
    pub id: Loose,
    pub name: Option<String>,
    pub created_at: DateTime<Utc>,
    pub processed_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub currency: String,
    #[serde(default)]
    pub taxes_included: bool,
    pub total_price: Loose,
    pub total_tax: Option<Loose>,
    pub total_discounts: Option<Loose>,
    pub total_tip_received: Option<Loose>,
    pub financial_status: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub customer_locale: Option<String>,
    pub gateway: Option<String>,
    #[serde(default)]
    pub payment_gateway_names: Vec<String>,
    pub line_items: Vec<Line>,
    #[serde(default)]
    pub shipping_lines: Vec<ShippingLine>,
    #[serde(default)]
    pub discount_codes: Vec<Code>,
    #[serde(default)]
    pub discount_applications: Vec<Application>,
    #[serde(default)]
    pub fulfillments: Vec<Fulfillment>,
    #[serde(default)]
    pub refunds: Vec<Refund>,
    pub customer: Option<Customer>,
    pub shipping_address: Option<To>,
}

#[derive(Deserialize)]
pub struct Line {
    pub id: Loose,
    pub sku: Option<String>,
    pub title: String,
    pub variant_title: Option<String>,
    pub quantity: u32,
    pub current_quantity: Option<u32>,
    pub price: Loose,
    pub requires_shipping: Option<bool>,
    #[serde(default)]
    pub discount_allocations: Vec<Allocation>,
}

#[derive(Deserialize)]
pub struct ShippingLine {
    pub title: Option<String>,
    pub price: Loose,
    #[serde(default)]
    pub discount_allocations: Vec<Allocation>,
}

#[derive(Deserialize)]
pub struct Allocation {
    pub amount: Loose,
    pub discount_application_index: usize,
}

#[derive(Deserialize)]
pub struct Application {
    pub code: Option<String>,
    pub title: Option<String>,
}

#[derive(Deserialize)]
pub struct Code {
    pub code: String,
}

#[derive(Deserialize)]
pub struct Fulfillment {
    pub id: Loose,
    pub order_id: Option<Loose>,
    pub status: Option<String>,
    pub shipment_status: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    pub tracking_company: Option<String>,
    pub tracking_number: Option<String>,
    #[serde(default)]
    pub line_items: Vec<Part>,
}

#[derive(Deserialize)]
pub struct Part {
    pub id: Loose,
    pub quantity: u32,
}

#[derive(Deserialize)]
pub struct Refund {
    pub created_at: Option<DateTime<Utc>>,
    pub note: Option<String>,
    #[serde(default)]
    pub refund_line_items: Vec<RefundLine>,
    #[serde(default)]
    pub transactions: Vec<Transaction>,
}

#[derive(Deserialize)]
pub struct RefundLine {
    pub line_item_id: Loose,
}

#[derive(Deserialize)]
pub struct Transaction {
    pub kind: String,
    pub status: Option<String>,
    pub amount: Option<Loose>,
    pub currency: Option<String>,
    pub gateway: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct Customer {
    pub id: Option<Loose>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct To {
    pub name: Option<String>,
    pub address1: Option<String>,
    pub address2: Option<String>,
    pub zip: Option<String>,
    pub city: Option<String>,
    pub province_code: Option<String>,
    pub country_code: Option<String>,
}
