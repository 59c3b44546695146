//! The shop itself, and where a copied record came from.

use crate::money::Currency;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// The shop whose customers are answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Shop {
    /// Its name.
    pub name: String,
    /// The currency it keeps its books in.
    pub currency: Currency,
    /// The address customers write to.
    pub help_email: String,
    /// What its order numbers start with, for example `HP-`.
    pub order_prefix: String,
    /// The IANA time zone the shop works in, for example `Europe/Berlin`.
    pub time_zone: String,
}

/// Where a record was read and when: shown beside every block of shop data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Source {
    /// The system of record, in the words of the screen: `Shop`, or a carrier's name.
    pub name: String,
    /// When it was read there.
    pub fetched_at: DateTime<Utc>,
}
