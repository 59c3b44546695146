//! Who might have written, and when: an order whose story makes somebody ask.

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{
    Intent, TicketStatus,
    order::{FulfilmentStatus, PaymentMethod, PaymentStatus},
    shipment::TrackingStatus,
};
use std::collections::BTreeSet;

use super::{
    facts::{self, asked_about},
    words::Group,
    written,
};
use crate::{
    clock::berlin,
    orders::{Sold, Trade},
    rng::Rng,
};

/// A reason to write.
pub(crate) struct Case<'a> {
    pub(crate) intent: Intent,
    /// The name of the intent in the texts.
    pub(crate) key: &'static str,
    pub(crate) buyer: usize,
    pub(crate) sold: Option<&'a Sold>,
    pub(crate) line: usize,
    pub(crate) product: Option<usize>,
    /// When the first message is written; for open tickets about now.
    pub(crate) at: DateTime<Utc>,
    /// Before this there was no reason to write.
    pub(crate) since: DateTime<Utc>,
    pub(crate) language: &'static str,
}

impl<'a> Case<'a> {
    /// The key of the texts that fit at a moment.
    pub(crate) fn state(&self, at: DateTime<Utc>) -> &'static str {
        match (self.intent, self.sold) {
            (Intent::WhereIsIt, Some(sold)) => asked_about(sold, at).1,
            (Intent::NotReceived, Some(sold)) => {
                let (_, state) = asked_about(sold, at);
                match sold.shipments.first().and_then(|parcel| parcel.detail) {
                    Some(deskhand_domain::shipment::TrackingDetail::LeftWithNeighbour) => {
                        "neighbour"
                    }
                    Some(deskhand_domain::shipment::TrackingDetail::LeftInSafePlace) => "safe",
                    _ => state,
                }
            }
            (Intent::Refund, Some(sold)) => match sold.order.refunds.last() {
                Some(refund) if refund.requested_at > at => "asked",
                Some(refund) if refund.settled_at.is_none_or(|end| end > at) => "waiting",
                Some(refund) => match refund.state {
                    deskhand_domain::order::RefundState::Denied => "denied",
                    deskhand_domain::order::RefundState::Expired => "expired",
                    deskhand_domain::order::RefundState::Failed => "failed",
                    _ => "paid",
                },
                None => "asked",
            },
            (Intent::Cancel, Some(sold)) => match sold.order.fulfilment_status {
                FulfilmentStatus::Cancelled => "done",
                FulfilmentStatus::Unfulfilled => "possible",
                _ => "late",
            },
            (Intent::AddressChange, Some(sold)) => match asked_about(sold, at).1 {
                "unshipped" | "unshipped_late" => "possible",
                _ => "late",
            },
            (Intent::Customs, Some(sold)) => match asked_about(sold, at).1 {
                "customs" => "held",
                _ => "any",
            },
            (Intent::Payment, Some(sold)) => {
                let has = |method| {
                    sold.order
                        .payments
                        .iter()
                        .any(|payment| payment.method == method)
                };
                if sold.order.payment_status == PaymentStatus::Pending {
                    "pending"
                } else if has(PaymentMethod::GiftCard) {
                    "gift"
                } else if has(PaymentMethod::Klarna) {
                    "klarna"
                } else if has(PaymentMethod::Card) {
                    "card"
                } else {
                    "other"
                }
            }
            _ => "any",
        }
    }
}

/// How often which question is asked.
const ASKED: [(Intent, &str, usize); 18] = [
    (Intent::WhereIsIt, "where_is_it", 72),
    (Intent::NotReceived, "not_received", 6),
    (Intent::Refund, "refund", 9),
    (Intent::Return, "return", 8),
    (Intent::Exchange, "exchange", 6),
    (Intent::Damaged, "damaged", 5),
    (Intent::WrongItem, "wrong_item", 3),
    (Intent::MissingItem, "missing_item", 3),
    (Intent::AddressChange, "address_change", 4),
    (Intent::Cancel, "cancel", 4),
    (Intent::ProductQuestion, "product_question", 9),
    (Intent::Invoice, "invoice", 3),
    (Intent::Payment, "payment", 4),
    (Intent::Customs, "customs", 3),
    (Intent::Warranty, "warranty", 4),
    (Intent::Complaint, "complaint", 2),
    (Intent::Thanks, "thanks", 2),
    (Intent::Other, "other", 2),
];

/// Looks for cases, each order at most twice and never twice for the same reason.
pub(crate) struct Finder<'a> {
    trade: &'a Trade<'a>,
    sold: &'a [Sold],
    groups: &'a [Group],
    taken: BTreeSet<(&'static str, uuid::Uuid)>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(trade: &'a Trade<'a>, sold: &'a [Sold], groups: &'a [Group]) -> Self {
        Self {
            trade,
            sold,
            groups,
            taken: BTreeSet::new(),
        }
    }

    pub(crate) fn took(&mut self, case: &Case<'_>) {
        if let Some(sold) = case.sold {
            self.taken.insert((case.key, sold.order.id.0));
        }
    }

    /// A case for a ticket of this status, if luck finds one.
    pub(crate) fn find(
        &self,
        rng: &mut Rng,
        status: TicketStatus,
        language: &'static str,
    ) -> Option<Case<'a>> {
        let (intent, key) = asked(rng);
        if intent == Intent::ProductQuestion {
            return self.question(rng, key, language, status);
        }
        let start = rng.below(self.sold.len());
        for sold in self.sold[start..].iter().chain(&self.sold[..start]) {
            if sold.buyer < crate::known::PEOPLE
                || written(&self.trade.people[sold.buyer].customer.language) != language
                || self.taken.contains(&(key, sold.order.id.0))
            {
                continue;
            }
            let Some((since, at)) = self.moment(rng, intent, sold, status) else {
                continue;
            };
            let line = rng.below(sold.order.lines.len());
            let line = match intent {
                Intent::Refund | Intent::Return => refund_line(sold).unwrap_or(line),
                _ => line,
            };
            if intent == Intent::MissingItem && sold.order.lines.len() < 2 {
                continue;
            }
            if intent == Intent::Exchange
                && facts::size_of(&sold.order.lines[line].variant).is_none()
            {
                continue;
            }
            let case = Case {
                intent,
                key,
                buyer: sold.buyer,
                sold: Some(sold),
                line,
                product: None,
                at,
                since,
                language,
            };
            if self.has_words(&case) {
                return Some(case);
            }
        }
        None
    }

    fn has_words(&self, case: &Case<'_>) -> bool {
        let state = case.state(case.at);
        self.groups.iter().any(|group| {
            group.intent == case.key
                && group.language == case.language
                && group
                    .keys
                    .get("sit")
                    .is_none_or(|sit| sit.split(',').any(|one| one == state))
                && group.name != "any"
        })
    }

    fn question(
        &self,
        rng: &mut Rng,
        key: &'static str,
        language: &'static str,
        status: TicketStatus,
    ) -> Option<Case<'a>> {
        let people = self.trade.people;
        let known = crate::known::PEOPLE;
        let buyer = (0..200)
            .map(|_| known + rng.below(people.len() - known))
            .find(|index| written(&people[*index].customer.language) == language)?;
        Some(Case {
            intent: Intent::ProductQuestion,
            key,
            buyer,
            sold: None,
            line: 0,
            product: Some(self.trade.catalogue.draw(rng)),
            at: self.any_time(rng, status),
            since: DateTime::UNIX_EPOCH,
            language,
        })
    }

    fn any_time(&self, rng: &mut Rng, status: TicketStatus) -> DateTime<Utc> {
        let hours = match status {
            TicketStatus::Open => rng.between(0, 8),
            TicketStatus::Pending | TicketStatus::Snoozed => rng.between(20, 100),
            TicketStatus::Closed => rng.between(70, 24 * 170),
        };
        let minutes = hours * 60 + rng.between(0, 59);
        waking(self.trade.now - TimeDelta::minutes(minutes), status)
    }

    /// When somebody with this order would write for this reason.
    fn moment(
        &self,
        rng: &mut Rng,
        intent: Intent,
        sold: &Sold,
        status: TicketStatus,
    ) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let now = self.trade.now;
        let order = &sold.order;
        let live = status != TicketStatus::Closed;
        let delivered = sold
            .shipments
            .iter()
            .filter_map(|parcel| parcel.delivered_at)
            .max();
        let shipped = sold
            .shipments
            .iter()
            .flat_map(|parcel| &parcel.scans)
            .filter(|scan| scan.status != TrackingStatus::LabelCreated)
            .map(|scan| scan.at)
            .min();
        let lost = sold
            .shipments
            .iter()
            .any(|parcel| parcel.status == TrackingStatus::Lost);
        let all_there = order.fulfilment_status == FulfilmentStatus::Delivered;
        let cancelled = order.fulfilment_status == FulfilmentStatus::Cancelled;
        let recent = match status {
            TicketStatus::Open => now,
            _ => now - TimeDelta::minutes(rng.between(18 * 60, 60 * 60)),
        };
        // Between two moments for what is over; about now for what goes on, if now is between.
        let mut between = |from: DateTime<Utc>, to: DateTime<Utc>| {
            if live {
                (from <= recent && recent <= to).then_some((from, recent))
            } else {
                let to = to.min(now - TimeDelta::hours(60));
                let minutes = (to - from).num_minutes();
                (minutes > 0).then(|| {
                    let at = from + TimeDelta::minutes(rng.between(0, minutes));
                    (from, waking(at, status))
                })
            }
        };
        let hours = TimeDelta::hours;
        match intent {
            Intent::WhereIsIt if cancelled => None,
            Intent::WhereIsIt if all_there => {
                let created = sold.shipments.first()?.created_at;
                (!live).then(|| between(created + hours(20), delivered? - hours(2)))?
            }
            Intent::WhereIsIt => between(order.placed_at + hours(if live { 20 } else { 60 }), now),
            Intent::NotReceived if all_there && sold.shipments.len() == 1 => {
                between(delivered? + hours(3), delivered? + hours(70))
            }
            Intent::Refund => {
                let refund = order
                    .refunds
                    .last()
                    .filter(|_| order.returns.is_empty() || !live)?;
                if order.payment_status == PaymentStatus::Voided {
                    return None;
                }
                between(
                    refund.requested_at + hours(8),
                    refund.requested_at + hours(9 * 24),
                )
            }
            Intent::Return if all_there => match order.returns.last() {
                Some(back) => {
                    (!live).then(|| between(back.requested_at - hours(2), back.requested_at))?
                }
                None => {
                    live.then(|| between(delivered? + hours(5), delivered? + hours(24 * 24)))?
                }
            },
            Intent::Exchange | Intent::Damaged | Intent::WrongItem | Intent::MissingItem
                if all_there && order.returns.is_empty() =>
            {
                between(delivered? + hours(2), delivered? + hours(24 * 12))
            }
            Intent::Complaint | Intent::Thanks | Intent::Other if all_there => {
                between(delivered? + hours(3), delivered? + hours(24 * 6))
            }
            Intent::AddressChange if !cancelled => {
                let end = shipped.unwrap_or(now);
                between(
                    order.placed_at + hours(1),
                    end + hours(if live { 0 } else { 20 }),
                )
            }
            Intent::Cancel if live => {
                (sold.shipments.is_empty() && !cancelled).then(|| between(order.placed_at, now))?
            }
            Intent::Cancel if cancelled && order.payment_status != PaymentStatus::Voided => {
                let asked = order.refunds.last()?.requested_at;
                between(asked - hours(3), asked)
            }
            Intent::Cancel if all_there => between(shipped?, shipped? + hours(12)),
            Intent::Invoice if all_there => {
                between(order.placed_at + hours(20), delivered? + hours(24 * 30))
            }
            Intent::Payment if !cancelled => {
                between(order.placed_at + hours(2), order.placed_at + hours(24 * 5))
            }
            Intent::Customs if !order.tax_included && !cancelled && !lost => between(
                shipped? + hours(10),
                delivered.unwrap_or(now) + hours(24 * 4),
            ),
            Intent::Warranty if all_there => between(delivered? + hours(24 * 45), now),
            _ => None,
        }
    }
}

fn asked(rng: &mut Rng) -> (Intent, &'static str) {
    let total: usize = ASKED.iter().map(|(.., weight)| weight).sum();
    let mut at = rng.below(total);
    for (intent, key, weight) in ASKED {
        if at < weight {
            return (intent, key);
        }
        at -= weight;
    }
    (Intent::WhereIsIt, "where_is_it")
}

fn refund_line(sold: &Sold) -> Option<usize> {
    let back = sold
        .order
        .returns
        .last()
        .and_then(|back| back.lines.first());
    let refund = sold
        .order
        .refunds
        .last()
        .and_then(|refund| refund.lines.first());
    let position = *back.or(refund)?;
    sold.order
        .lines
        .iter()
        .position(|line| line.position == position)
}

/// Nobody writes about socks at four in the morning.
fn waking(at: DateTime<Utc>, status: TicketStatus) -> DateTime<Utc> {
    use chrono::Timelike;
    if status != TicketStatus::Open && berlin(at).hour() < 7 {
        at + TimeDelta::hours(7)
    } else {
        at
    }
}
