//! What a person does with an operation in the outbox: try it again, let it go out as it is, take
//! it back before it was sent, or a moment after.

use crate::{
    outbox,
    shop::{Shop, cache_failed, lock},
};
use chrono::{DateTime, Utc};
use deskhand_cache::{Became, StoredOp, StoredState};
use deskhand_domain::{Message, OpId, TicketId};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    view::{Nothing, OutboxAction, TakenBack, UndoSend},
};
use std::time::Duration;

/// How long taking back waits for the answer to what is on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(10);
/// So often it may slip away between two looks.
const ATTEMPTS: usize = 3;
/// How long the gateway has to say whether it has what is taken back; nothing is sent meanwhile.
const ASK: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

pub(crate) async fn retry(shop: &Shop, op: OpId) -> Result<Nothing, CallError> {
    let retried = shop.writer.retry(op).await.map_err(cache_failed)?;
    acted(shop, retried)
}

/// Sends a held reply as it is, now that its author has seen what was missed.
pub(crate) async fn send_held(shop: &Shop, op: OpId) -> Result<Nothing, CallError> {
    let released = shop.writer.send_held(op).await.map_err(cache_failed)?;
    acted(shop, released)
}

/// Takes an operation out of the outbox, unless it is on its way or at the gateway.
pub(crate) async fn take_back(shop: &Shop, op: OpId) -> Result<TakenBack, CallError> {
    let taken = {
        let _one = shop.gate.lock().await;
        if *lock(&shop.sending) == Some(op) {
            None
        } else {
            if let Some(ticket) = perhaps_there(shop, op).await? {
                let asked = at_gateway(shop, UndoSend { ticket, op });
                let asked = tokio::time::timeout(ASK, asked).await;
                asked.unwrap_or_else(|_| Err(unknown()))?;
            }
            shop.writer.take_back(op).await.map_err(cache_failed)?
        }
    };
    acted(shop, taken.as_ref().map(|taken| taken.ticket))?;
    taken.map(taken_back).ok_or_else(gone)
}

/// The ticket of a message that waits here and may be at the gateway all the same: an earlier
/// attempt may have arrived without its answer coming back.
async fn perhaps_there(shop: &Shop, op: OpId) -> Result<Option<TicketId>, CallError> {
    let rows = shop.reader.outbox().await.map_err(cache_failed)?;
    let found = rows.into_iter().find(|row| row.op == op);
    let perhaps = found.filter(|row| {
        let message = matches!(
            row.action,
            OutboxAction::Reply { .. } | OutboxAction::Note { .. }
        );
        message && row.attempts > 0 && row.state == StoredState::Waiting
    });
    Ok(perhaps.map(|row| row.ticket))
}

/// Takes a reply back: here while it waits here, at the gateway while it is held there.
pub(crate) async fn undo_send(shop: &Shop, which: UndoSend) -> Result<TakenBack, CallError> {
    let UndoSend { ticket, op } = which;
    for _ in 0..ATTEMPTS {
        answered(shop, op).await;
        match stored(shop, ticket, op).await? {
            Some(stored) if stored.state != StoredState::Sent => {
                match take_back(shop, op).await {
                    Err(error) if error.code == CallCode::NotFound => {} // It went out just now.
                    taken => return taken,
                }
            }
            stored => return sent_back(shop, which, stored).await,
        }
    }
    Err(gone())
}

/// Takes back what the gateway has.
async fn sent_back(
    shop: &Shop,
    which: UndoSend,
    stored: Option<StoredOp>,
) -> Result<TakenBack, CallError> {
    let UndoSend { ticket, op } = which;
    let message = message(shop, ticket, op).await?;
    at_gateway(shop, which).await?;
    if stored.is_some() {
        // Its message never comes, so nothing else would take it out of the outbox.
        let never = Became::Change(DateTime::<Utc>::UNIX_EPOCH);
        shop.writer
            .mark_sent(op, never)
            .await
            .map_err(cache_failed)?;
    }
    outbox::tell(shop, ticket);
    let action = match (stored, message) {
        (Some(stored), _) => stored.action,
        (None, Some(message)) => OutboxAction::Reply {
            text: message.text,
            seen: None,
            close: false,
            macro_id: None,
            changes: None,
        },
        (None, None) => return Err(gone()),
    };
    Ok(TakenBack { ticket, action })
}

/// Makes sure that the gateway does not have it, or says why it stays there.
async fn at_gateway(shop: &Shop, which: UndoSend) -> Result<(), CallError> {
    match shop.gateway.take_message_back(which.ticket, which.op).await {
        // Not there: it never came, or an earlier answer was lost.
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}

/// Waits until an operation is not on its way any more, within a limit.
async fn answered(shop: &Shop, op: OpId) {
    let settled = async {
        while *lock(&shop.sending) == Some(op) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    if tokio::time::timeout(ON_ITS_WAY, settled).await.is_err() {
        tracing::info!("what is to be taken back is still on its way");
    }
}

async fn stored(shop: &Shop, ticket: TicketId, op: OpId) -> Result<Option<StoredOp>, CallError> {
    let rows = shop.reader.outbox_of(ticket).await.map_err(cache_failed)?;
    Ok(rows.into_iter().find(|row| row.op == op))
}

/// The message that the operation became: it has the operation's id.
async fn message(shop: &Shop, ticket: TicketId, op: OpId) -> Result<Option<Message>, CallError> {
    let messages = shop.reader.messages(ticket).await.map_err(cache_failed)?;
    Ok(messages.into_iter().find(|message| message.id.0 == op.0))
}

fn taken_back(stored: StoredOp) -> TakenBack {
    TakenBack {
        ticket: stored.ticket,
        action: stored.action,
    }
}

fn unknown() -> CallError {
    CallError::new(
        CallCode::Unreachable,
        "it may have reached the gateway, which does not answer now",
    )
}

fn gone() -> CallError {
    CallError::new(
        CallCode::NotFound,
        "there is no such operation, or it was sent",
    )
}

/// A person acted on an operation of this ticket; `NotFound` when it is not there or was sent.
fn acted(shop: &Shop, on: Option<TicketId>) -> Result<Nothing, CallError> {
    outbox::tell(shop, on.ok_or_else(gone)?);
    shop.wake_outbox.notify_one();
    Ok(Nothing {})
}
