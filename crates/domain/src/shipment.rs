//! Parcels and what the carriers say about them.

use crate::{
    ids::{OrderId, ShipmentId},
    notices::Notice,
    shop::Source,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// One parcel of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Shipment {
    /// Its id here.
    pub id: ShipmentId,
    /// The order it belongs to.
    pub order: OrderId,
    /// Which parcel of the order this is, from 1.
    pub position: u32,
    /// The carrier's name.
    pub carrier: String,
    /// The carrier's number for it, without spaces.
    pub tracking_number: String,
    /// What is in it.
    pub lines: Vec<ShipmentLine>,
    /// The newest state.
    pub status: TrackingStatus,
    /// What makes the state special, if anything does.
    pub detail: Option<TrackingDetail>,
    /// When the label was made.
    pub created_at: DateTime<Utc>,
    /// The day the carrier or the shop promised, if one did.
    pub promised_at: Option<DateTime<Utc>>,
    /// When it arrived, if it did.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Until when it waits at a pick-up point, if it does.
    pub pickup_until: Option<DateTime<Utc>>,
    /// What the carrier scanned, newest first.
    pub scans: Vec<Scan>,
    /// What the customer was told of it before they asked, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Notice>>")]
    pub notices: Vec<Notice>,
    /// Where this copy was read.
    pub source: Source,
}

/// A line of the order, or part of it, in a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ShipmentLine {
    /// Position of the line in the order.
    pub position: u32,
    /// How many of it.
    pub quantity: u32,
}

/// One event the carrier reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Scan {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The state after it.
    pub status: TrackingStatus,
    /// What happened, in the carrier's words.
    pub text: String,
    /// Where, if the carrier says.
    pub place: Option<String>,
}

/// The state of a parcel.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TrackingStatus {
    /// A label exists; the carrier has not seen the parcel.
    LabelCreated,
    /// Moving, or supposed to.
    InTransit,
    /// On the van.
    OutForDelivery,
    /// Somebody tried to hand it over and could not.
    FailedAttempt,
    /// Waits at a pick-up point.
    AvailableForPickup,
    /// Handed over.
    Delivered,
    /// Going back to the shop.
    Returning,
    /// Back at the shop.
    Returned,
    /// The carrier gave it up.
    Lost,
    /// The label was cancelled.
    Cancelled,
    /// A state we do not know; shown as it came.
    Unknown,
}

/// What makes a state special.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TrackingDetail {
    /// Held by customs.
    Customs,
    /// The address is incomplete or wrong.
    AddressProblem,
    /// The carrier itself says it is late.
    Delayed,
    /// Damaged on the way.
    Damaged,
    /// Refused by whoever opened the door.
    Refused,
    /// Left with a neighbour.
    LeftWithNeighbour,
    /// Left where the customer had allowed it.
    LeftInSafePlace,
}
