//! Returns and refunds, in every state they can be in.

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{
    Money, Order,
    order::{FulfilmentStatus, PaymentStatus, Refund, RefundState, Return, ReturnState},
};

use crate::{
    clock::desk,
    orders::{Sold, Trade},
    rng::Rng,
};

const REASONS: [&str; 6] = [
    "Too small",
    "Too large",
    "Changed mind",
    "Not as described",
    "Faulty",
    "Arrived too late",
];

/// Sends back and pays back: recent cases in every state, old ones finished.
pub(crate) fn returns_and_refunds(trade: &Trade<'_>, rng: &mut Rng, sold: &mut [Sold]) {
    let mut states = RecentStates::new();
    let mut indexes: Vec<usize> = (0..sold.len()).collect();
    rng.shuffle(&mut indexes);
    let mut number = 3_000 + indexes.len();
    for index in indexes {
        let Sold {
            order, shipments, ..
        } = &mut sold[index];
        if order.fulfilment_status != FulfilmentStatus::Delivered || !order.number.is_empty() {
            continue;
        }
        let Some(delivered) = shipments
            .iter()
            .filter_map(|parcel| parcel.delivered_at)
            .max()
        else {
            continue;
        };
        let age = (trade.now - delivered).num_days();
        if (2..=24).contains(&age) {
            if let Some(state) = states.next_return() {
                number -= 1;
                send_back(rng, order, trade.now, delivered, state, number);
                continue;
            }
            if let Some(state) = states.next_refund() {
                let wished = trade.now - TimeDelta::hours(rng.between(3, age * 20));
                let asked = desk(rng, wished);
                refund_line(
                    rng,
                    order,
                    asked.min(trade.now - TimeDelta::minutes(30)),
                    trade.now,
                    state,
                );
            }
        } else if age > 40 && rng.chance(9) {
            number -= 1;
            let state = match rng.below(10) {
                0 => ReturnState::Rejected,
                1 => ReturnState::Cancelled,
                _ => ReturnState::Closed,
            };
            send_back(rng, order, trade.now, delivered, state, number);
        } else if age > 40 && rng.chance(4) {
            let wished = delivered + TimeDelta::hours(rng.between(20, 300));
            let asked = desk(rng, wished);
            let state = match rng.below(12) {
                0 => RefundState::Denied,
                1 => RefundState::Expired,
                2 => RefundState::Reconciled,
                _ => RefundState::Succeeded,
            };
            refund_line(rng, order, asked, trade.now, state);
        }
    }
}

struct RecentStates {
    returns: Vec<ReturnState>,
    refunds: Vec<RefundState>,
}

impl RecentStates {
    fn new() -> Self {
        use RefundState as F;
        use ReturnState as R;
        let returns = [
            R::Requested,
            R::Approved,
            R::InTransit,
            R::Received,
            R::Inspected,
            R::Closed,
        ];
        let mut returns: Vec<R> = returns.iter().cycle().take(24).copied().collect();
        returns.extend([R::Rejected, R::Cancelled, R::Rejected, R::Cancelled]);
        let refunds = [
            F::Requested,
            F::AwaitingApproval,
            F::Approved,
            F::Reserved,
            F::Sent,
            F::Unknown,
            F::Failed,
            F::Denied,
            F::Expired,
            F::Succeeded,
            F::Reconciled,
        ];
        let refunds = refunds.iter().cycle().take(33).copied().collect();
        Self { returns, refunds }
    }

    fn next_return(&mut self) -> Option<ReturnState> {
        self.returns.pop()
    }

    fn next_refund(&mut self) -> Option<RefundState> {
        self.refunds.pop()
    }
}

fn send_back(
    rng: &mut Rng,
    order: &mut Order,
    now: DateTime<Utc>,
    delivered: DateTime<Utc>,
    state: ReturnState,
    number: usize,
) {
    let line = rng.below(order.lines.len());
    let reason = *rng.pick(&REASONS);
    // As much time as the state needs, so that it is neither rushed nor in the future.
    let days = match state {
        ReturnState::Requested => 0,
        ReturnState::Approved | ReturnState::Rejected => 1,
        ReturnState::InTransit | ReturnState::Cancelled => 3,
        ReturnState::Received => 5,
        ReturnState::Inspected => 6,
        ReturnState::Closed => 9,
    };
    let latest = now - TimeDelta::hours(days * 24 + 3);
    let wished = delivered + TimeDelta::hours(rng.between(5, 24 * 9));
    let requested_at = desk(rng, wished)
        .min(latest)
        .max(delivered + TimeDelta::hours(2));
    let updated_at = (requested_at + TimeDelta::hours(days * 24 + rng.between(0, 2))).min(now);
    order.returns.push(Return {
        number: format!("RMA-{number}"),
        state,
        reason: reason.into(),
        lines: vec![order.lines[line].position],
        requested_at,
        updated_at,
    });
    let refund = match state {
        ReturnState::Closed => Some(RefundState::Succeeded),
        ReturnState::Inspected => Some(RefundState::Sent),
        _ => None,
    };
    if let Some(state) = refund {
        let asked = updated_at - TimeDelta::hours(2);
        let amount = share_of(order, line);
        add(
            order,
            asked,
            updated_at.min(now),
            state,
            reason,
            vec![line],
            amount,
        );
    }
}

/// One line is paid back without coming back.
fn refund_line(
    rng: &mut Rng,
    order: &mut Order,
    asked: DateTime<Utc>,
    now: DateTime<Utc>,
    state: RefundState,
) {
    let line = rng.below(order.lines.len());
    let reason = *rng.pick(&[
        "Faulty",
        "Damaged on the way",
        "Wrong item",
        "Missing from the box",
        "Goodwill",
    ]);
    let settled = (asked + TimeDelta::hours(rng.between(1, 40))).min(now);
    if reason == "Goodwill" {
        let amount = Money::new(
            (share_of(order, line).minor / 10).max(500),
            order.total.currency,
        );
        let amount = Money::new(amount.minor.min(order.total.minor), order.total.currency);
        add(order, asked, settled, state, reason, vec![], amount);
    } else {
        let amount = share_of(order, line);
        add(order, asked, settled, state, reason, vec![line], amount);
    }
}

/// All the money back, as after a cancellation.
pub(crate) fn give_back_all(rng: &mut Rng, order: &mut Order, now: DateTime<Utc>, reason: &str) {
    let asked = order.placed_at + TimeDelta::hours(rng.between(1, 14));
    let asked = asked.min(now - TimeDelta::hours(2));
    let settled = (asked + TimeDelta::hours(rng.between(1, 30))).min(now);
    let lines = (0..order.lines.len()).collect();
    let amount = order.total;
    add(
        order,
        asked,
        settled,
        RefundState::Succeeded,
        reason,
        lines,
        amount,
    );
}

/// A line's part of what was paid: with its part of the discounts, and of the tax where that was
/// added.
pub(crate) fn share_of(order: &Order, line: usize) -> Money {
    let mut weights: Vec<u64> = order
        .lines
        .iter()
        .map(|line| u64::try_from(line.total.minor).unwrap_or(0))
        .collect();
    // Shipping is paid for like a last line.
    let off: i64 = order
        .discounts
        .iter()
        .map(|discount| discount.amount.minor)
        .sum();
    let goods = order.subtotal.minor - off;
    let discounted = Money::new(goods, order.total.currency).split(&weights);
    for (weight, part) in weights.iter_mut().zip(&discounted) {
        *weight = u64::try_from(part.minor).unwrap_or(0);
    }
    weights.push(u64::try_from(order.shipping.minor).unwrap_or(0));
    order.total.split(&weights)[line]
}

pub(crate) fn add(
    order: &mut Order,
    requested_at: DateTime<Utc>,
    settled_at: DateTime<Utc>,
    state: RefundState,
    reason: &str,
    lines: Vec<usize>,
    amount: Money,
) {
    use RefundState::{Denied, Expired, Failed, Reconciled, Succeeded};
    let ended = matches!(state, Succeeded | Reconciled | Failed | Denied | Expired);
    order.refunds.push(Refund {
        amount,
        state,
        reason: reason.into(),
        lines: lines
            .iter()
            .map(|line| order.lines[*line].position)
            .collect(),
        requested_at,
        settled_at: ended.then_some(settled_at),
    });
    let back = paid_back(order);
    order.payment_status = match back {
        0 => order.payment_status,
        all if all == order.total.minor => PaymentStatus::Refunded,
        _ => PaymentStatus::PartlyRefunded,
    };
}

/// What was really paid back, in the order's currency.
pub(crate) fn paid_back(order: &Order) -> i64 {
    order
        .refunds
        .iter()
        .filter(|refund| {
            matches!(
                refund.state,
                RefundState::Succeeded | RefundState::Reconciled
            )
        })
        .map(|refund| refund.amount.minor)
        .sum()
}
