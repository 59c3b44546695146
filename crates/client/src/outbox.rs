//! The outbox: stored before it is shown, sent in order per ticket, and never dropped silently.

use crate::{
    backoff::pause,
    clock::Jumps,
    gateway::GatewayError,
    held,
    shop::{Shop, cache_failed, lock, report},
};
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_cache::{Became, CacheError, StoredOp, StoredState};
use deskhand_domain::{MessageKind, OpId, TicketId, TicketStatus};
use deskhand_protocol::{
    calls::CallError,
    rest::NewMessage,
    view::{Event, OutboxAction, OutboxItem, OutboxState},
};
use std::{collections::BTreeSet, pin::pin, sync::Arc, time::Duration};
use tokio::time::Instant;
use uuid::{ContextV7, Timestamp, Uuid};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_WISH: Duration = Duration::from_secs(3600);
const LOOK_AT_CLOCK: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(3600);

/// What to send now, and when to look again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The first operation of each ticket that may go, oldest first.
    pub(crate) send: Vec<OpId>,
    /// When the next one's pause is over.
    pub(crate) next: Option<DateTime<Utc>>,
}

/// From what is stored to what is sent: in order per ticket, so that a parked or pausing operation
/// holds up its own ticket and no other.
pub(crate) fn plan(rows: &[StoredOp], now: DateTime<Utc>) -> Plan {
    let mut taken = BTreeSet::new();
    let mut plan = Plan {
        send: vec![],
        next: None,
    };
    for row in rows.iter().filter(|row| row.state != StoredState::Sent) {
        if !taken.insert(row.ticket) || row.state != StoredState::Waiting {
            continue;
        }
        match row.not_before {
            Some(at) if at > now => plan.next = Some(plan.next.map_or(at, |next| next.min(at))),
            _ => plan.send.push(row.op),
        }
    }
    plan
}

/// Stores an operation and lets it go.
pub(crate) async fn enqueue(
    shop: &Shop,
    ticket: TicketId,
    action: OutboxAction,
) -> Result<OpId, CallError> {
    let op = new_op(shop.now());
    shop.writer
        .enqueue(op, ticket, &action, shop.now())
        .await
        .map_err(cache_failed)?;
    tell(shop, ticket);
    shop.wake_outbox.notify_one();
    Ok(op)
}

fn new_op(now: DateTime<Utc>) -> OpId {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let moment = Timestamp::from_unix(ContextV7::new(), seconds, now.timestamp_subsec_nanos());
    OpId(Uuid::new_v7(moment))
}

/// Carries the outbox to the gateway until the shop closes.
pub(crate) async fn run(shop: Arc<Shop>) {
    // How often in a row nobody was there to take something.
    let mut unreached = 0;
    loop {
        let mut wake = pin!(shop.wake_outbox.notified());
        wake.as_mut().enable(); // Armed before looking, so no wake-up is lost.
        let pause = match round(&shop, &mut unreached).await {
            Ok(Round::Again) => continue,
            Ok(Round::Wait(pause)) => pause,
            Ok(Round::Quiet(pause)) => {
                // The gateway asked for it: nothing but a jump of the clock ends it earlier.
                let mut jumps = Jumps::new(shop.now());
                let until = Instant::now() + pause;
                while Instant::now() < until && !jumps.look(shop.now()) {
                    let step = Instant::now() + LOOK_AT_CLOCK;
                    tokio::time::sleep_until(until.min(step)).await;
                }
                continue;
            }
            Ok(Round::SignedOut) => {
                shop.ended.notify_one();
                return;
            }
            Err(error) => {
                report(&error, "the outbox could not be read or written");
                shop.suspect(&error);
                LONGEST_PAUSE
            }
        };
        tokio::select! {
            () = wake => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

enum Round {
    Again,
    Wait(Duration),
    /// The gateway wants to be left alone for a while.
    Quiet(Duration),
    SignedOut,
}

async fn round(shop: &Shop, unreached: &mut u32) -> Result<Round, CacheError> {
    let rows = shop.reader.outbox().await?;
    let now = shop.now();
    let plan = plan(&rows, now);
    if plan.send.is_empty() {
        let wait = plan
            .next
            .map_or(IDLE, |next| (next - now).to_std().unwrap_or_default());
        return Ok(Round::Wait(wait));
    }
    for row in rows.iter().filter(|row| plan.send.contains(&row.op)) {
        match carry(shop, row, *unreached).await? {
            Fate::Settled => *unreached = 0,
            Fate::Unreachable => {
                *unreached = unreached.saturating_add(1);
                break;
            }
            Fate::Busy(pause) => return Ok(Round::Quiet(pause)),
            Fate::SignedOut => return Ok(Round::SignedOut),
        }
    }
    Ok(Round::Again)
}

enum Fate {
    Settled,
    Unreachable,
    Busy(Duration),
    SignedOut,
}

/// Sends one operation and stores which fate it had.
async fn carry(shop: &Shop, row: &StoredOp, unreached: u32) -> Result<Fate, CacheError> {
    let Some(row) = &claim(shop, row).await? else {
        return Ok(Fate::Settled); // Somebody took it back a moment ago.
    };
    let answer = send(shop, row).await;
    let fate = match answer {
        Ok(became) => {
            shop.writer.mark_sent(row.op, became).await?;
            Fate::Settled
        }
        Err(error) if error.is_signed_out() => Fate::SignedOut,
        Err(error) if error.is_transient() => {
            tracing::info!(error = &error as &dyn std::error::Error, "tried later");
            let wait = error.retry_after().unwrap_or_else(|| {
                let failures = row.attempts.max(unreached);
                pause(failures, FIRST_PAUSE, LONGEST_PAUSE, rand::random()).max(FIRST_PAUSE / 4)
            });
            let wait = wait.min(LONGEST_WISH);
            let later = TimeDelta::from_std(wait).unwrap_or(TimeDelta::minutes(1));
            let later = shop.now() + later;
            match error.never_left() {
                true => shop.writer.mark_stayed(row.op, later).await?,
                false => shop.writer.mark_later(row.op, later).await?,
            }
            if error.is_busy() {
                Fate::Busy(wait)
            } else if error.is_unreachable() {
                Fate::Unreachable
            } else {
                Fate::Settled
            }
        }
        Err(error) => {
            match (error.missed(), error.moved()) {
                (Some(missed), _) => shop.writer.hold(row.op, missed).await?,
                (_, Some(now)) => shop.writer.moved(row.op, now).await?,
                _ => shop.writer.park(row.op, &error.to_string()).await?,
            }
            shop.emit(Event::Lists);
            Fate::Settled
        }
    };
    show_sending(shop, row, None);
    Ok(fate)
}

/// Marks an operation as on its way, if it is still to be sent: from here on nobody takes it back.
async fn claim(shop: &Shop, row: &StoredOp) -> Result<Option<StoredOp>, CacheError> {
    let _one = shop.gate.lock().await;
    let rows = shop.reader.outbox_of(row.ticket).await?;
    let found = rows
        .into_iter()
        .find(|stored| stored.op == row.op && stored.state == StoredState::Waiting);
    if let Some(found) = &found {
        shop.writer.mark_leaving(found.op).await?;
        show_sending(shop, found, Some(found.op));
    }
    Ok(found)
}

async fn send(shop: &Shop, row: &StoredOp) -> Result<Became, GatewayError> {
    let message = match &row.action {
        OutboxAction::Reply {
            text,
            seen,
            close,
            macro_id,
            changes,
        } => NewMessage {
            kind: MessageKind::Public,
            text: text.clone(),
            seen: *seen,
            then: close.then_some(TicketStatus::Closed),
            macro_id: *macro_id,
            changes: changes.clone(),
        },
        OutboxAction::Note { text } => NewMessage {
            kind: MessageKind::Note,
            text: text.clone(),
            seen: None,
            then: None,
            macro_id: None,
            changes: None,
        },
        OutboxAction::Change { patch } => {
            let ticket = shop
                .gateway
                .change_ticket(row.op, row.ticket, patch)
                .await?;
            return Ok(Became::Change(ticket.updated_at));
        }
        OutboxAction::Merge { into, .. } => {
            let merged = shop.gateway.merge(row.op, row.ticket, *into).await?;
            return Ok(Became::Change(merged.ticket.updated_at));
        }
    };
    let added = shop
        .gateway
        .add_message(row.op, row.ticket, &message)
        .await?;
    Ok(Became::Message(added.message.id))
}

fn show_sending(shop: &Shop, row: &StoredOp, sending: Option<OpId>) {
    *lock(&shop.sending) = sending;
    shop.emit(Event::Outbox);
    shop.emit(Event::Ticket { ticket: row.ticket });
}

/// Tells the window that the operations of a ticket changed, and with them what its lists show.
pub(crate) fn tell(shop: &Shop, ticket: TicketId) {
    shop.emit(Event::Outbox);
    shop.emit(Event::Ticket { ticket });
    shop.emit(Event::Lists);
}

/// As the window sees it.
pub(crate) fn item(shop: &Shop, row: StoredOp) -> OutboxItem {
    let sending = *lock(&shop.sending) == Some(row.op);
    OutboxItem {
        op: row.op,
        ticket: row.ticket,
        state: match row.state {
            StoredState::Waiting if sending => OutboxState::Sending,
            StoredState::Waiting => OutboxState::Waiting,
            StoredState::Sent => OutboxState::Sent,
            StoredState::Held { missed } => OutboxState::Held {
                facts: held::facts(shop, &row.action, &missed),
                missed,
            },
            StoredState::Moved { now } => OutboxState::Moved { now },
            StoredState::Parked(reason) => OutboxState::Parked { reason },
        },
        action: row.action,
        created_at: row.created_at,
    }
}

/// Waits until nothing waits any more, within a limit.
pub(crate) async fn flush(shop: &Shop, within: Duration) {
    let empty = async {
        loop {
            match shop.reader.outbox().await {
                Ok(rows) if rows.iter().any(|row| row.state == StoredState::Waiting) => {}
                _ => return,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(within, empty).await.is_err() {
        tracing::warn!("unsent operations go with the session");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("a moment")
    }

    fn row(op: u128, ticket: u128, state: StoredState, not_before: Option<i64>) -> StoredOp {
        StoredOp {
            op: OpId(Uuid::from_u128(op)),
            ticket: TicketId(Uuid::from_u128(ticket)),
            action: OutboxAction::Note { text: "x".into() },
            state,
            created_at: at(0),
            attempts: 0,
            not_before: not_before.map(at),
        }
    }

    #[test]
    fn a_parked_held_or_pausing_operation_holds_up_its_own_ticket_and_no_other() {
        let parked = || StoredState::Parked("no".into());
        let held = || StoredState::Held { missed: vec![] };
        let check = |rows: &[StoredOp], send: &[u128], next: Option<i64>| {
            let plan = plan(rows, at(100));
            let ops: Vec<u128> = plan.send.iter().map(|op| op.0.as_u128()).collect();
            assert_eq!(
                (ops.as_slice(), plan.next),
                (send, next.map(at)),
                "{rows:?}"
            );
        };
        let waiting = |op, ticket| row(op, ticket, StoredState::Waiting, None);
        check(&[], &[], None);
        check(
            &[waiting(1, 1), waiting(2, 1), waiting(3, 2)],
            &[1, 3],
            None,
        );
        check(
            &[row(1, 1, parked(), None), waiting(2, 1), waiting(3, 2)],
            &[3],
            None,
        );
        check(
            &[row(1, 1, held(), None), waiting(2, 1), waiting(3, 2)],
            &[3],
            None,
        );
        check(
            &[row(1, 1, StoredState::Sent, None), waiting(2, 1)],
            &[2],
            None,
        );
        check(
            &[
                row(1, 1, StoredState::Waiting, Some(130)),
                waiting(2, 1),
                waiting(3, 2),
            ],
            &[3],
            Some(130),
        );
        check(&[row(1, 1, StoredState::Waiting, Some(100))], &[1], None);
    }

    proptest! {
        #[test]
        fn at_most_one_of_a_ticket_is_sent_and_it_is_the_oldest(
            rows in proptest::collection::vec((0_u128..5, 0_u8..3, proptest::option::of(0_i64..200)), 0..30)
        ) {
            let rows: Vec<StoredOp> = rows.into_iter().enumerate().map(|(index, (ticket, state, after))| {
                let state = match state {
                    0 => StoredState::Waiting,
                    1 => StoredState::Sent,
                    _ => StoredState::Parked(String::new()),
                };
                row(index as u128, ticket, state, after)
            }).collect();
            let plan = plan(&rows, at(100));
            for op in &plan.send {
                let this = rows.iter().find(|row| row.op == *op).expect("it is stored");
                let first = rows.iter().find(|row| row.ticket == this.ticket && row.state != StoredState::Sent);
                prop_assert_eq!(first.map(|row| row.op), Some(*op));
                prop_assert_eq!(&this.state, &StoredState::Waiting);
            }
        }
    }
}
