//! The diagnosis of one parcel.

use super::{
    Condition, Confidence, Diagnosis, Leg, NextStep, Promise, Promised, Reason, Urgency, What,
    World, days::Calendar, hours,
};
use crate::{
    Instant, Order, Shipment, Source,
    shipment::{Scan, TrackingDetail, TrackingStatus},
};
use chrono::{Days, TimeDelta};

/// A carrier's clock and ours may differ by this much.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(15);

pub(super) fn diagnose(
    order: &Order,
    shipment: &Shipment,
    missed_at: Option<Instant>,
    now: Instant,
    world: &World,
) -> Diagnosis {
    let mut read = Read::new(order, shipment, now, world);
    let condition = read.condition(missed_at);
    let urgency = read.urgency(condition);
    Diagnosis {
        shipment: Some(shipment.id),
        condition,
        urgency,
        confidence: read.confidence(condition),
        next: next(condition, &read),
        look_again: read.look_again(condition),
        promise: read.promise(condition),
        reasons: read.reasons,
    }
}

/// A parcel's record as it is read at a moment.
struct Read<'a> {
    shipment: &'a Shipment,
    now: Instant,
    world: &'a World,
    /// When the carrier works where the parcel goes.
    carrier: Calendar,
    country: &'a str,
    last: Option<&'a Scan>,
    status: TrackingStatus,
    attempts: u32,
    contradicted: bool,
    learned: bool,
    inferred: bool,
    reasons: Vec<Reason>,
}

impl<'a> Read<'a> {
    fn new(order: &'a Order, shipment: &'a Shipment, now: Instant, world: &'a World) -> Self {
        let until = now + CLOCKS_DIFFER;
        let known = || shipment.scans.iter().filter(|scan| scan.at <= until);
        let last = known().max_by(|a, b| {
            (a.at, a.status, &a.text, &a.place).cmp(&(b.at, b.status, &b.text, &b.place))
        });
        let country = order.ship_to.country.as_str();
        let mut read = Self {
            shipment,
            now,
            world,
            carrier: Calendar::carrier(country),
            country,
            last,
            status: shipment.status,
            attempts: 0,
            contradicted: false,
            learned: true,
            inferred: false,
            reasons: Vec::new(),
        };
        let mut attempts: Vec<_> = known()
            .filter(|scan| scan.status == TrackingStatus::FailedAttempt)
            .map(|scan| read.carrier.day(scan.at))
            .collect();
        attempts.sort_unstable();
        attempts.dedup();
        read.attempts = u32::try_from(attempts.len()).unwrap_or(u32::MAX);
        read.status = read.settle();
        let ahead = shipment.scans.len() - known().count();
        if ahead > 0 {
            let events = u32::try_from(ahead).unwrap_or(u32::MAX);
            read.say(What::FromTheFuture { events }, None);
        }
        read
    }

    /// The state that counts. The record wins where it ends the journey; before that the newest
    /// event does.
    fn settle(&mut self) -> TrackingStatus {
        use TrackingStatus as S;
        let record = self.shipment.status;
        let Some(last) = self.last else {
            self.say(What::Recorded { status: record }, None);
            return record;
        };
        let (text, place) = (last.text.clone(), last.place.clone());
        let status = last.status;
        self.say(
            What::LastScan {
                status,
                text,
                place,
            },
            Some(last.at),
        );
        if record == status || status == S::Unknown {
            return record;
        }
        if record == S::Unknown {
            return status;
        }
        let event = status;
        let is_end = |status| matches!(status, S::Delivered | S::Returned | S::Lost | S::Cancelled);
        if is_end(record) || is_end(event) {
            self.contradicted = true;
            self.say(What::Contradiction { record, event }, Some(last.at));
        }
        if is_end(record) || record == S::Returning {
            record
        } else {
            event
        }
    }

    fn condition(&mut self, missed_at: Option<Instant>) -> Condition {
        use TrackingStatus as S;
        if let Some(detail) = self.shipment.detail {
            self.say(What::Detail { detail }, self.last.map(|scan| scan.at));
        }
        match self.status {
            S::Cancelled => {
                self.say(What::CalledOff, self.last.map(|scan| scan.at));
                Condition::Cancelled
            }
            S::Delivered => self.delivered(missed_at),
            S::Returned => Condition::Returned,
            S::Returning => Condition::Returning,
            S::Lost => Condition::Lost,
            S::AvailableForPickup => self.pickup(),
            S::LabelCreated => self.label(),
            S::InTransit | S::OutForDelivery | S::FailedAttempt | S::Unknown => self.under_way(),
        }
    }

    fn delivered(&mut self, missed_at: Option<Instant>) -> Condition {
        let at = self.shipment.delivered_at.or(self.last.map(|scan| scan.at));
        self.say(What::HandedOver, at);
        // Whoever asked before it was handed over asked about something else.
        let missed = missed_at.filter(|missed| at.is_none_or(|at| *missed >= at));
        let Some(missed) = missed else {
            return Condition::Delivered;
        };
        self.reasons.push(Reason {
            what: What::CustomerMisses,
            at: Some(missed),
            source: Source {
                name: "Customer".to_owned(),
                fetched_at: missed,
            },
        });
        Condition::NotReceived
    }

    fn pickup(&mut self) -> Condition {
        if let Some(until) = self.shipment.pickup_until {
            let over = until < self.now;
            self.say(
                if over {
                    What::WaitOver
                } else {
                    What::WaitsUntil
                },
                Some(until),
            );
        }
        Condition::Pickup
    }

    fn label(&mut self) -> Condition {
        self.say(What::LabelMade, Some(self.shipment.created_at));
        if self.is_late() {
            Condition::Late
        } else {
            Condition::LabelOnly
        }
    }

    fn under_way(&mut self) -> Condition {
        let special = match self.shipment.detail {
            Some(TrackingDetail::Customs) => Some(Condition::Customs),
            Some(TrackingDetail::AddressProblem) => Some(Condition::AddressProblem),
            _ => None,
        };
        if self.attempts > 0 {
            let count = self.attempts;
            self.say(What::Attempts { count }, None);
        }
        let late = self.is_late();
        // Whoever holds it says so: silence tells nothing more.
        if let Some(special) = special {
            return special;
        }
        if let Some(silent) = self.silence() {
            return silent;
        }
        if late {
            return Condition::Late;
        }
        match self.status {
            TrackingStatus::OutForDelivery => self.on_the_van(),
            TrackingStatus::FailedAttempt => Condition::FailedAttempt,
            TrackingStatus::Unknown => Condition::Unknown,
            _ if self.shipment.detail == Some(TrackingDetail::Delayed) => Condition::Late,
            _ => Condition::Moving,
        }
    }

    /// A van that was out yesterday has come back with the parcel.
    fn on_the_van(&self) -> Condition {
        let since = self.last.map_or(self.shipment.created_at, |scan| scan.at);
        if self.carrier.day(since) < self.carrier.day(self.now) {
            Condition::Late
        } else {
            Condition::OutForDelivery
        }
    }

    /// Whether the promised day is over where the parcel goes.
    fn is_late(&mut self) -> bool {
        let Some(promised) = self.shipment.promised_at else {
            return false;
        };
        self.say(What::Promised, Some(promised));
        let (promised, today) = (self.carrier.day(promised), self.carrier.day(self.now));
        let days = (today - promised).num_days();
        if days < 1 {
            return false;
        }
        let days = u32::try_from(days).unwrap_or(u32::MAX);
        self.say(What::DaysLate { days }, self.shipment.promised_at);
        true
    }

    /// What a silence means that is much longer than usual.
    fn silence(&mut self) -> Option<Condition> {
        let since = self.last.map_or(self.shipment.created_at, |scan| scan.at);
        let silent = self.carrier.open_time(since, self.now);
        let leg = Leg::after(self.last.map_or(self.status, |scan| scan.status));
        let gap = self
            .world
            .gaps
            .usual(&self.shipment.carrier, self.country, leg);
        let times = if gap.learned {
            self.world.stalled_times_learned
        } else {
            self.world.stalled_times
        };
        let times = i32::try_from(times).unwrap_or(i32::MAX);
        let stalled = (gap.usual * times).max(self.world.stalled_least);
        if silent <= gap.usual {
            return None;
        }
        self.say(
            What::SilentFor {
                hours: hours(silent),
            },
            Some(since),
        );
        let usual = What::UsualGap {
            hours: hours(gap.usual),
            learned: gap.learned,
        };
        self.say(usual, None);
        self.learned = gap.learned;
        let lost = TimeDelta::days(i64::from(self.world.lost_after_days)).max(stalled * 2);
        if silent >= lost {
            self.inferred = true;
            Some(Condition::Lost)
        } else if silent >= stalled {
            Some(Condition::Stalled)
        } else {
            None
        }
    }

    fn urgency(&self, condition: Condition) -> Urgency {
        use Condition as C;
        match condition {
            C::Stalled
            | C::Lost
            | C::NotReceived
            | C::AddressProblem
            | C::Returning
            | C::Returned => Urgency::Act,
            C::Late | C::FailedAttempt | C::Pickup | C::Customs | C::Unknown => Urgency::Watch,
            C::LabelOnly if self.is_label_old() => Urgency::Watch,
            _ => Urgency::Fine,
        }
    }

    /// Whether the carrier should have fetched it by now.
    fn is_label_old(&self) -> bool {
        self.world.shop.after_days(self.shipment.created_at, 1) < self.now
    }

    fn confidence(&self, condition: Condition) -> Confidence {
        use Condition as C;
        let ended = matches!(condition, C::Delivered | C::Returned | C::Cancelled);
        let old = self.now - self.shipment.source.fetched_at > self.world.fresh;
        if self.contradicted || self.inferred || condition == C::Unknown {
            Confidence::Low
        } else if (old && !ended) || (condition == C::Stalled && !self.learned) {
            Confidence::Medium
        } else {
            Confidence::High
        }
    }

    /// When something may have changed; later than now.
    fn look_again(&self, condition: Condition) -> Option<Instant> {
        use Condition as C;
        let day = match condition {
            C::Delivered | C::Returned | C::Cancelled | C::Lost | C::NotReceived => return None,
            // The van is back in the evening.
            C::OutForDelivery => {
                let evening = self.carrier.at(self.carrier.day(self.now), 20, 0);
                return Some(evening.max(self.now + TimeDelta::hours(1)));
            }
            C::Moving | C::LabelOnly => self.shipment.promised_at.map(|at| self.carrier.day(at)),
            C::Pickup => self.shipment.pickup_until.map(|at| self.carrier.day(at)),
            _ => None,
        };
        let tomorrow = self.world.shop.day(self.now) + Days::new(1);
        let day = day.map_or(tomorrow, |day| (day + Days::new(1)).max(tomorrow));
        Some(self.world.shop.at(self.world.shop.open_from(day), 12, 0))
    }

    /// What may be told, if it can still be kept.
    fn promise(&self, condition: Condition) -> Option<Promise> {
        use Condition as C;
        let today = || self.carrier.at(self.carrier.day(self.now), 22, 0);
        let (what, by) = match condition {
            C::Moving | C::LabelOnly => (Promised::Arrives, self.shipment.promised_at?),
            C::OutForDelivery => (Promised::Arrives, today()),
            C::Pickup => (Promised::Waits, self.shipment.pickup_until?),
            _ => return None,
        };
        (by > self.now && !self.contradicted).then(|| Promise {
            what,
            by,
            source: self.shipment.source.clone(),
        })
    }

    fn say(&mut self, what: What, at: Option<Instant>) {
        self.reasons.push(Reason {
            what,
            at,
            source: self.shipment.source.clone(),
        });
    }
}

fn next(condition: Condition, read: &Read) -> Vec<NextStep> {
    use {Condition as C, NextStep as N};
    let over = read
        .shipment
        .pickup_until
        .is_some_and(|until| until < read.now);
    match condition {
        C::Moving | C::OutForDelivery | C::Delivered => vec![N::Reassure],
        C::LabelOnly if read.is_label_old() => vec![N::AskWarehouse, N::Reassure],
        C::LabelOnly => vec![N::Reassure, N::AskWarehouse],
        C::Late if read.status == TrackingStatus::LabelCreated => {
            vec![N::AskWarehouse, N::Reship, N::Refund]
        }
        C::Late => vec![N::Reassure, N::ChaseCarrier],
        C::Stalled => vec![N::ChaseCarrier, N::Reship, N::Refund],
        C::FailedAttempt if read.attempts > 1 => vec![N::AskAddress, N::ChaseCarrier],
        C::FailedAttempt => vec![N::Reassure, N::AskAddress],
        C::Pickup if over => vec![N::ChaseCarrier, N::TellPickup],
        C::Pickup => vec![N::TellPickup],
        C::Customs => vec![N::AskPapers, N::ChaseCarrier],
        C::AddressProblem => vec![N::AskAddress, N::ChaseCarrier],
        C::Returning => vec![N::AskAddress, N::Reship, N::Refund],
        C::Returned => vec![N::Reship, N::Refund, N::AskAddress],
        C::NotReceived => vec![N::AskNeighbours, N::StartTrace, N::Reship, N::Refund],
        C::Lost if read.inferred => vec![N::StartTrace, N::Reship, N::Refund],
        C::Lost => vec![N::Reship, N::Refund],
        _ => vec![N::Wait, N::ChaseCarrier],
    }
}
