//! Customers: a copy of what the shop knows about a person.

use crate::{ids::CustomerId, money::Money, shop::Source};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A customer of the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Customer {
    /// Its id here.
    pub id: CustomerId,
    /// The whole name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The phone number in E.164, if known.
    pub phone: Option<String>,
    /// The town of the default address.
    pub city: Option<String>,
    /// ISO 3166-1 alpha-2 country of the default address.
    pub country: Option<String>,
    /// BCP 47 language, for example `de`.
    pub language: String,
    /// Since when this is a customer.
    pub since: DateTime<Utc>,
    /// How many orders were placed.
    pub order_count: u32,
    /// What was paid in all, after refunds, in the shop's currency.
    pub spent: Money,
    /// How many refunds there were.
    pub refund_count: u32,
    /// How closely a money request should be looked at. To weigh, never to block.
    pub risk: Risk,
    /// Where this copy was read.
    pub source: Source,
}

/// How closely to look at a request for money.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Nothing stands out.
    Low,
    /// Look closer.
    Elevated,
    /// Ask a supervisor.
    High,
}
