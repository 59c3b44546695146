//! The diagnosis of what has not left the shop.

use super::{
    Condition, Confidence, Diagnosis, NextStep, Promise, Promised, Reason, Urgency, What, World,
};
use crate::{
    Instant, Order, Shipment, Source,
    order::{FulfilmentStatus, OrderLine, PaymentStatus},
    shipment::TrackingStatus,
};
use chrono::Days;

/// `None` when everything has left, or was cancelled piece by piece.
pub(super) fn diagnose(
    order: &Order,
    shipments: &[Shipment],
    now: Instant,
    world: &World,
) -> Option<Diagnosis> {
    let cancelled: u32 = order.lines.iter().map(|line| line.cancelled).sum();
    let mut said = Said {
        source: &order.source,
        reasons: Vec::new(),
    };
    said.say(What::Placed, Some(order.placed_at));
    if cancelled > 0 {
        said.say(What::PiecesCancelled { pieces: cancelled }, None);
    }
    if order.fulfilment_status == FulfilmentStatus::Cancelled || is_all_cancelled(order) {
        if !shipments.is_empty() {
            return None;
        }
        said.say(What::CalledOff, None);
        return Some(said.done(Condition::Cancelled, None, None));
    }
    let waiting: Vec<_> = order
        .lines
        .iter()
        .map(|line| (line, unsent(line, shipments)))
        .filter(|(_, pieces)| *pieces > 0)
        .collect();
    // A shop that does not say what is in which parcel says whether all of them have left.
    let all_left = matches!(
        order.fulfilment_status,
        FulfilmentStatus::Shipped | FulfilmentStatus::Delivered
    );
    if waiting.is_empty() || all_left {
        return None;
    }
    let pieces = waiting.iter().map(|(_, pieces)| pieces).sum();
    said.say(What::Waiting { pieces }, None);

    let tomorrow = world.shop.day(now) + Days::new(1);
    let look_again = Some(world.shop.at(world.shop.open_from(tomorrow), 12, 0));
    if order.payment_status == PaymentStatus::Pending {
        said.say(What::NotPaid, None);
        return Some(said.done(Condition::Unpaid, look_again, None));
    }
    let available = waiting
        .iter()
        .map(|(line, _)| line.available_at)
        .max()
        .flatten();
    if let Some(from) = available.filter(|from| *from > now) {
        said.say(What::AvailableFrom, Some(from));
        let day = world.shop.open_from(world.shop.day(from)).max(tomorrow);
        let again = world.shop.at(day, 12, 0);
        return Some(said.done(Condition::Preorder, Some(again), None));
    }
    let begins = available.map_or(order.placed_at, |from| from.max(order.placed_at));
    let due = match order.ship_by {
        Some(by) if by >= begins => {
            said.say(What::ShipBy, Some(by));
            by
        }
        _ => {
            let days = world.handling_days;
            let by = world.shop.after_days(begins, days);
            said.say(What::HandlingTime { days }, Some(by));
            by
        }
    };
    if due < now {
        return Some(said.done(Condition::NotShippedLate, look_again, None));
    }
    let promise = Promise {
        what: Promised::Leaves,
        by: due,
        source: order.source.clone(),
    };
    // Only what the shop itself has said may be passed on.
    let promise = (order.ship_by == Some(due) && due > now).then_some(promise);
    let day = world.shop.day(due) + Days::new(1);
    let again = world.shop.at(world.shop.open_from(day), 12, 0);
    Some(said.done(Condition::NotShipped, Some(again), promise))
}

struct Said<'a> {
    source: &'a Source,
    reasons: Vec<Reason>,
}

impl Said<'_> {
    fn say(&mut self, what: What, at: Option<Instant>) {
        self.reasons.push(Reason {
            what,
            at,
            source: self.source.clone(),
        });
    }

    fn done(
        self,
        condition: Condition,
        look_again: Option<Instant>,
        promise: Option<Promise>,
    ) -> Diagnosis {
        use {Condition as C, NextStep as N};
        let (urgency, next) = match condition {
            C::NotShippedLate => (Urgency::Act, vec![N::AskWarehouse, N::Refund]),
            C::Unpaid => (Urgency::Watch, vec![N::AskPayment, N::Wait]),
            C::Cancelled => (Urgency::Fine, vec![N::Reassure]),
            _ => (Urgency::Fine, vec![N::Reassure, N::AskWarehouse]),
        };
        Diagnosis {
            shipment: None,
            condition,
            urgency,
            confidence: Confidence::High,
            reasons: self.reasons,
            next,
            look_again,
            promise,
        }
    }
}

fn is_all_cancelled(order: &Order) -> bool {
    let whole = |line: &OrderLine| line.cancelled >= line.quantity;
    !order.lines.is_empty() && order.lines.iter().all(whole)
}

/// How many pieces of a line are neither cancelled nor in a parcel that counts.
fn unsent(line: &OrderLine, shipments: &[Shipment]) -> u32 {
    let sent: u32 = shipments
        .iter()
        .filter(|shipment| shipment.status != TrackingStatus::Cancelled)
        .flat_map(|shipment| &shipment.lines)
        .filter(|sent| sent.position == line.position)
        .map(|sent| sent.quantity)
        .sum();
    line.quantity
        .saturating_sub(line.cancelled)
        .saturating_sub(sent)
}
