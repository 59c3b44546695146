//! What others tell: events in the shape of CloudEvents 1.0.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A carrier told of a parcel; `data` is a [`ParcelTracked`].
pub const PARCEL_TRACKED: &str = "dev.deskhand.parcel.tracked.v1";

/// How many events a batch holds at most.
pub const BATCH: usize = 500;

/// An event in the JSON format of CloudEvents 1.0. Attributes that are not named here are allowed
/// and not looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CloudEvent {
    /// `1.0`.
    pub specversion: String,
    /// Names it within its source: told twice, it is kept once.
    #[schema(min_length = 1, max_length = 256)]
    pub id: String,
    /// Who tells: a URI reference.
    #[schema(min_length = 1, max_length = 512)]
    pub source: String,
    /// What it tells of, such as `dev.deskhand.parcel.tracked.v1`. One that this gateway does not
    /// know is kept, and set aside.
    #[serde(rename = "type")]
    #[schema(min_length = 1, max_length = 256)]
    pub kind: String,
    /// What happened.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub data: Value,
}

/// What a carrier told of a parcel. Times are ISO 8601; one without a zone is taken for one where
/// the parcel goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParcelTracked {
    /// The carrier's number; spaces do not count.
    pub tracking_number: String,
    /// The carrier, as it is named there.
    #[serde(default)]
    pub carrier: Option<String>,
    /// The newest state: `label_created`, `in_transit`, `out_for_delivery`, `failed_attempt`,
    /// `available_for_pickup`, `delivered`, `returning`, `returned`, `lost` or `cancelled`. Another
    /// word is kept and shown as it came.
    pub status: String,
    /// What makes it special: `customs`, `address_problem`, `delayed`, `damaged`, `refused`,
    /// `left_with_neighbour` or `left_in_safe_place`.
    #[serde(default)]
    pub detail: Option<String>,
    /// When it is to arrive.
    #[serde(default)]
    pub promised_at: Option<String>,
    /// What happened, in any order.
    #[serde(default)]
    pub events: Vec<ParcelEvent>,
}

/// One thing that happened to a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParcelEvent {
    /// When.
    pub at: String,
    /// The state after it, in the same words.
    pub status: String,
    /// The carrier's words.
    #[serde(default)]
    pub text: String,
    /// Where.
    #[serde(default)]
    pub place: Option<String>,
}

/// What became of events that were told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventsTaken {
    /// How many are new; they are kept, and applied in a moment.
    pub accepted: usize,
    /// How many were told before.
    pub duplicates: usize,
}
