//! Where is my order: what the records say, in one word with its reasons.
//!
//! Pure: the same records and the same moment give the same diagnosis, in whatever order the
//! carrier's events came. What is not in the records is not said: each reason names where it was
//! read and when, and a promise is only made when somebody else made it first.

pub mod answer;
pub mod days;
mod gaps;
mod parcel;
mod rest;
#[cfg(test)]
mod tests;

use crate::{
    Instant, Order, Shipment, Source,
    ids::ShipmentId,
    shipment::{TrackingDetail, TrackingStatus},
};
use chrono::TimeDelta;
use days::Calendar;
pub use gaps::{Gap, Gaps, Leg};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a parcel, or the part of an order that has not left, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Not sent, and not due yet.
    NotShipped,
    /// Not sent, and the time for it is over.
    NotShippedLate,
    /// Not sent, since it cannot be had yet.
    Preorder,
    /// Not sent, since nobody has paid.
    Unpaid,
    /// A label exists; the carrier has not seen the parcel.
    LabelOnly,
    /// On its way.
    Moving,
    /// On its way after the promised day.
    Late,
    /// Silent for much longer than is usual.
    Stalled,
    /// On the van today.
    OutForDelivery,
    /// Somebody tried to hand it over and could not.
    FailedAttempt,
    /// Waits at a pick-up point.
    Pickup,
    /// Held by customs.
    Customs,
    /// The address is incomplete or wrong.
    AddressProblem,
    /// On its way back to the shop.
    Returning,
    /// Back at the shop.
    Returned,
    /// Handed over.
    Delivered,
    /// Handed over, the carrier says; the customer says it is not there.
    NotReceived,
    /// Given up by the carrier, or silent for so long that it must be taken for lost.
    Lost,
    /// Will not be sent.
    Cancelled,
    /// The carrier reports something we do not know.
    Unknown,
}

/// How much somebody has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Nothing.
    Fine,
    /// Keep an eye on it.
    Watch,
    /// Something.
    Act,
}

/// How sure the diagnosis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The records contradict each other, or it is inferred from silence alone.
    Low,
    /// The records are old, or the usual gap was not learned from this carrier.
    Medium,
    /// The records say so.
    High,
}

/// What can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Say where it is.
    Reassure,
    /// Ask the warehouse.
    AskWarehouse,
    /// Ask the carrier where it is.
    ChaseCarrier,
    /// Have the carrier search for it.
    StartTrace,
    /// Ask the customer for the right address.
    AskAddress,
    /// Tell where it waits and until when.
    TellPickup,
    /// Ask the customer to look with neighbours and in the agreed place.
    AskNeighbours,
    /// Ask for what customs want.
    AskPapers,
    /// Remind of the payment.
    AskPayment,
    /// Send it again.
    Reship,
    /// Give the money back.
    Refund,
    /// Look again later.
    Wait,
}

/// One reason, with where it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(rename = "DiagnosisReason")]
pub struct Reason {
    /// What the record says.
    pub what: What,
    /// The moment it is about.
    pub at: Option<Instant>,
    /// Where it was read, and when.
    pub source: Source,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(rename = "DiagnosisFact")]
pub enum What {
    /// The order was placed at `at`.
    Placed,
    /// It leaves, or should have left, by `at`: the shop said so.
    ShipBy,
    /// It should have left by `at`, by the shop's usual handling time.
    HandlingTime {
        /// In working days.
        days: u32,
    },
    /// It can be had from `at` on.
    AvailableFrom,
    /// So many pieces have not left.
    Waiting {
        /// How many.
        pieces: u32,
    },
    /// So many pieces were cancelled.
    PiecesCancelled {
        /// How many.
        pieces: u32,
    },
    /// Nothing was paid.
    NotPaid,
    /// The shop cancelled the order, or the carrier's label.
    CalledOff,
    /// The label was made at `at`.
    LabelMade,
    /// The carrier's record, without any event.
    Recorded {
        /// The state in it.
        status: TrackingStatus,
    },
    /// The carrier's last word, at `at`.
    LastScan {
        /// The state after it.
        status: TrackingStatus,
        /// In the carrier's words.
        text: String,
        /// Where.
        place: Option<String>,
    },
    /// Silent since `at`; days on which the carrier does not work are left out.
    SilentFor {
        /// How long.
        hours: u32,
    },
    /// How long this carrier is usually silent here.
    UsualGap {
        /// How long.
        hours: u32,
        /// Whether it was seen with this carrier, or is taken for granted.
        learned: bool,
    },
    /// Promised for `at`.
    Promised,
    /// Days since the promised one.
    DaysLate {
        /// How many, from 1.
        days: u32,
    },
    /// What the carrier adds.
    Detail {
        /// What makes it special.
        detail: TrackingDetail,
    },
    /// Times somebody tried to hand it over.
    Attempts {
        /// How often.
        count: u32,
    },
    /// Waits until `at`.
    WaitsUntil,
    /// Waited until `at`, and nobody has said since what became of it.
    WaitOver,
    /// Handed over at `at`.
    HandedOver,
    /// The customer wrote at `at` that it is not there.
    CustomerMisses,
    /// The carrier's record and its events say different things.
    Contradiction {
        /// What the record says.
        record: TrackingStatus,
        /// What the newest event says.
        event: TrackingStatus,
    },
    /// Events that lie in the future were left out.
    FromTheFuture {
        /// How many.
        events: u32,
    },
}

/// What may be told the customer, because somebody who can keep it has said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(rename = "DiagnosisPromise")]
pub struct Promise {
    /// What happens.
    pub what: Promised,
    /// At the latest; never in the past.
    pub by: Instant,
    /// Who said so.
    pub source: Source,
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "PromisedThing")]
pub enum Promised {
    /// It leaves the shop.
    Leaves,
    /// It arrives.
    Arrives,
    /// It waits to be fetched.
    Waits,
}

/// What stands of one parcel, or of what has not left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Diagnosis {
    /// The parcel; none for what has not left.
    pub shipment: Option<ShipmentId>,
    /// Where it stands.
    pub condition: Condition,
    /// How much somebody has to do.
    pub urgency: Urgency,
    /// How sure this is.
    pub confidence: Confidence,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What to do; the first is the one that is recommended.
    pub next: Vec<NextStep>,
    /// When to look again; always later than now.
    pub look_again: Option<Instant>,
    /// What may be promised.
    pub promise: Option<Promise>,
}

/// What the shop and the past say about time.
#[derive(Clone, Debug)]
pub struct World {
    /// When the shop works.
    pub shop: Calendar,
    /// The working days in which an order leaves when the shop has not said anything else.
    pub handling_days: u32,
    /// A parcel that was silent for so many carrier days is taken for lost.
    pub lost_after_days: u32,
    /// A parcel is stalled when it is silent for so many times the gap that is taken for granted…
    pub stalled_times: u32,
    /// …or for so many times the one that was learned, which four of five silences stay below…
    pub stalled_times_learned: u32,
    /// …and at least this long.
    pub stalled_least: TimeDelta,
    /// How old a record may be before it is not trusted fully.
    pub fresh: TimeDelta,
    /// How long carriers are usually silent.
    pub gaps: Gaps,
}

impl World {
    /// A shop in a time zone, with nothing learned yet.
    pub fn new(zone: &str) -> Self {
        Self {
            shop: Calendar::shop(zone, country_of(zone)),
            handling_days: 2,
            lost_after_days: 12,
            stalled_times: 3,
            stalled_times_learned: 2,
            stalled_least: TimeDelta::hours(36),
            fresh: TimeDelta::hours(12),
            gaps: Gaps::default(),
        }
    }
}

/// The country whose holidays a shop in this zone has.
fn country_of(zone: &str) -> &'static str {
    const ZONES: [(&str, &str); 15] = [
        ("Europe/Berlin", "DE"),
        ("Europe/Vienna", "AT"),
        ("Europe/Zurich", "CH"),
        ("Europe/Paris", "FR"),
        ("Europe/Brussels", "BE"),
        ("Europe/Amsterdam", "NL"),
        ("Europe/London", "GB"),
        ("Europe/Dublin", "IE"),
        ("Europe/Copenhagen", "DK"),
        ("Europe/Stockholm", "SE"),
        ("Europe/Warsaw", "PL"),
        ("Europe/Rome", "IT"),
        ("Europe/Madrid", "ES"),
        ("America/New_York", "US"),
        ("America/Toronto", "CA"),
    ];
    let known = ZONES.iter().find(|(name, _)| *name == zone);
    known.map_or("", |(_, country)| country)
}

/// Diagnoses an order: what most needs somebody comes first.
///
/// `missed_at` is when the customer wrote that something the carrier calls delivered is not there.
pub fn diagnose(
    order: &Order,
    shipments: &[Shipment],
    missed_at: Option<Instant>,
    now: Instant,
    world: &World,
) -> Vec<Diagnosis> {
    let mut all: Vec<_> = shipments
        .iter()
        .map(|shipment| parcel::diagnose(order, shipment, missed_at, now, world))
        .collect();
    all.extend(rest::diagnose(order, shipments, now, world));
    // Stable, so that parcels of equal need stay in the order of their positions.
    all.sort_by_key(|diagnosis| {
        std::cmp::Reverse((diagnosis.urgency, weight(diagnosis.condition)))
    });
    all
}

/// Which of two conditions of equal urgency is told first.
fn weight(condition: Condition) -> u8 {
    use Condition as C;
    match condition {
        C::Lost => 9,
        C::NotReceived => 8,
        C::Returned | C::Returning => 7,
        C::AddressProblem | C::Customs => 6,
        C::Stalled | C::NotShippedLate => 5,
        C::Late | C::FailedAttempt | C::Pickup => 4,
        C::OutForDelivery | C::Unpaid => 3,
        C::Moving | C::LabelOnly | C::Unknown => 2,
        C::NotShipped | C::Preorder => 1,
        C::Delivered | C::Cancelled => 0,
    }
}

/// How far waiting alone has taken a condition: it never takes it back.
pub fn lateness(condition: Condition) -> u8 {
    match condition {
        Condition::Lost => 3,
        Condition::Stalled => 2,
        Condition::Late | Condition::NotShippedLate => 1,
        _ => 0,
    }
}

/// Whole hours, as reasons tell them.
fn hours(span: TimeDelta) -> u32 {
    u32::try_from(span.num_hours().max(0)).unwrap_or(u32::MAX)
}
