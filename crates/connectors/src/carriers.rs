//! What carriers say of a parcel, through the services that ask them: one model, read from their
//! payloads and webhooks.
//!
//! A word that is not in a vendor's published list becomes [`TrackingStatus::Unknown`] and is kept
//! as it came; nothing is guessed from the carrier's sentence.

mod aftership;
mod easypost;
pub mod live;
mod moment;
mod parcel;
mod seventeen_track;
mod shippo;
#[cfg(test)]
mod tests;

use deskhand_domain::shipment::{TrackingDetail, TrackingStatus};
pub use moment::Moment;
pub use parcel::told;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A service that asks carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vendor {
    /// EasyPost, API v2: trackers, lists of them, and events.
    EasyPost,
    /// AfterShip, API v4 and the webhooks of the same shape.
    AfterShip,
    /// Shippo: tracks and `track_updated`.
    Shippo,
    /// 17TRACK: API v2 and its webhooks, and the lists of its buyers' site.
    SeventeenTrack,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::EasyPost,
        Self::AfterShip,
        Self::Shippo,
        Self::SeventeenTrack,
    ];

    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::EasyPost => "EasyPost",
            Self::AfterShip => "AfterShip",
            Self::Shippo => "Shippo",
            Self::SeventeenTrack => "17TRACK",
        }
    }
}

/// Where a parcel is, as a vendor tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Track {
    /// The carrier, as the vendor names it; `None` when it does not.
    pub carrier: Option<String>,
    /// The number, without spaces.
    pub tracking_number: String,
    /// The newest state.
    pub status: TrackingStatus,
    /// What makes it special.
    pub detail: Option<TrackingDetail>,
    /// The state in the vendor's own words.
    pub said: String,
    /// When it is to arrive.
    pub promised_at: Option<Moment>,
    /// What happened, newest first, each once.
    pub events: Vec<Event>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Event {
    /// When, with the zone if one was told.
    pub at: Moment,
    /// The state after it.
    pub status: TrackingStatus,
    /// What makes it special.
    pub detail: Option<TrackingDetail>,
    /// The vendor's code.
    pub said: String,
    /// The carrier's words.
    pub text: String,
    /// Where.
    pub place: Option<String>,
}

/// Why a payload is not read.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is no JSON.
    #[error("it is no JSON: see line {line}, column {column}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A field is missing, or not what this service sends; what stands in it may be personal.
    #[error("it is not what this service sends: see {at}")]
    Shape {
        /// Which field.
        at: String,
    },
    /// It tells of something else.
    #[error("it tells nothing of a parcel")]
    NoTrack,
    /// The vendor answered with an error of its own.
    #[error("the service refused: {0}")]
    Refused(String),
}

/// Reads what a vendor sent.
pub fn read(vendor: Vendor, payload: &[u8]) -> Result<Vec<Track>, Refusal> {
    let payload = serde_json::from_slice(payload).map_err(|error| Refusal::NotJson {
        line: error.line(),
        column: error.column(),
    })?;
    let tracks = match vendor {
        Vendor::EasyPost => easypost::read(payload),
        Vendor::AfterShip => aftership::read(payload),
        Vendor::Shippo => shippo::read(payload),
        Vendor::SeventeenTrack => seventeen_track::read(payload),
    }?;
    if tracks.is_empty() {
        return Err(Refusal::NoTrack);
    }
    Ok(tracks)
}

/// What a word of a vendor means.
type Meaning = (TrackingStatus, Option<TrackingDetail>);

impl Track {
    fn new(number: &str, carrier: Option<String>, (status, detail): Meaning, said: String) -> Self {
        Self {
            carrier: carrier.filter(|carrier| !carrier.is_empty()),
            tracking_number: number.split_whitespace().collect(),
            status,
            detail,
            said,
            promised_at: None,
            events: Vec::new(),
        }
    }

    fn with(mut self, promised_at: Option<Moment>, mut events: Vec<Event>) -> Self {
        events.sort();
        events.dedup();
        events.reverse();
        self.promised_at = promised_at;
        self.events = events;
        self
    }
}

/// What stands at a place of a payload.
fn inner(mut payload: Value, place: &str) -> Value {
    payload
        .pointer_mut(place)
        .map(Value::take)
        .unwrap_or_default()
}

/// The records of a list at a place of a payload.
fn every<T: DeserializeOwned>(payload: Value, place: &str) -> Result<Vec<T>, Refusal> {
    shaped(inner(payload, place), place)
}

/// A record at a place of a payload.
fn shaped<T: DeserializeOwned>(value: Value, place: &str) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { "the whole" } else { &path };
        let at = match place {
            "" => path.to_owned(),
            place => format!("{path} in {place}"),
        };
        Refusal::Shape { at }
    })
}

/// The parts of a place that are told, with commas between.
fn place(parts: &[Option<String>]) -> Option<String> {
    let parts: Vec<_> = parts
        .iter()
        .flatten()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A field that is absent, `null`, or what it should be.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
