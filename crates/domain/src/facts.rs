//! Facts in a text: what two people who answer the same customer must not say differently.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// An amount of money.
    Amount,
    /// A day, or a time.
    Day,
    /// The number of an order.
    OrderNumber,
    /// The number of a parcel.
    TrackingNumber,
    /// A link or an e-mail address.
    Link,
    /// Any other number: a count, a percentage, a number of days.
    Number,
}
