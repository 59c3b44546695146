//! What waits here, laid over what came in: lists, counts and tickets as they will be.

use chrono::TimeDelta;
use deskhand_cache::{CacheError, Listed, Reader, StoredOp, StoredState, Viewer};
use deskhand_domain::{Channel, Intent, Operation, Ticket, TicketId, TicketStatus, apply::apply};
use deskhand_protocol::{
    rest::TicketPatch,
    view::{OutboxAction, Sort, TicketQuery, ViewCount, ViewId},
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

/// What counts as high value, in whole units of the currency.
const HIGH_VALUE: i64 = 300;
/// The longest slice of a list.
const SLICE_LIMIT: u32 = 500;

/// The operations that the gateway's state does not show yet, by ticket and in their order.
#[derive(Default)]
pub(crate) struct Overlay {
    waiting: BTreeMap<TicketId, Vec<Operation>>,
    held: BTreeSet<TicketId>,
}

/// A ticket as the gateway knows it, and as it will be.
struct Changed {
    before: Ticket,
    after: Ticket,
    customer: Option<String>,
}

impl Overlay {
    pub(crate) async fn of(reader: &Reader) -> Result<Self, CacheError> {
        Ok(Self::new(&reader.outbox().await?))
    }

    /// What was refused, and what is held for its author to look at, will perhaps never be.
    pub(crate) fn new(outbox: &[StoredOp]) -> Self {
        let mut overlay = Self::default();
        for op in outbox {
            match op.state {
                StoredState::Waiting | StoredState::Sent => overlay
                    .waiting
                    .entry(op.ticket)
                    .or_default()
                    .extend(operations(op)),
                StoredState::Held { .. } | StoredState::Moved { .. } => {
                    overlay.held.insert(op.ticket);
                }
                StoredState::Parked(_) => {}
            }
        }
        overlay
            .waiting
            .retain(|_, operations| !operations.is_empty());
        overlay
    }

    /// Makes a ticket what it will be.
    pub(crate) fn lay_over(&self, ticket: &mut Ticket) {
        for operation in self.waiting.get(&ticket.id).into_iter().flatten() {
            apply(ticket, operation);
        }
    }

    async fn changed(&self, reader: &Reader) -> Result<Vec<Changed>, CacheError> {
        let mut changed = Vec::new();
        for id in self.waiting.keys() {
            let Some(before) = reader.ticket(*id).await? else {
                continue;
            };
            let mut after = before.clone();
            self.lay_over(&mut after);
            if after != before {
                let customer = reader.customer(before.customer).await?;
                changed.push(Changed {
                    before,
                    after,
                    customer: customer.map(|customer| customer.name),
                });
            }
        }
        Ok(changed)
    }

    fn holds(&self, view: ViewId, ticket: &Ticket, viewer: &Viewer) -> bool {
        holds(view, ticket, viewer, self.held.contains(&ticket.id))
    }
}

/// How many tickets each view holds, with what waits.
pub(crate) async fn counts(reader: &Reader, viewer: &Viewer) -> Result<Vec<ViewCount>, CacheError> {
    let overlay = Overlay::of(reader).await?;
    let changed = overlay.changed(reader).await?;
    let mut counts = reader.counts(viewer).await?;
    for count in &mut counts {
        for ticket in &changed {
            let before = overlay.holds(count.view, &ticket.before, viewer);
            let after = overlay.holds(count.view, &ticket.after, viewer);
            count.count = moved(count.count, before, after);
        }
    }
    Ok(counts)
}

fn moved(count: u32, before: bool, after: bool) -> u32 {
    count
        .saturating_add(u32::from(after))
        .saturating_sub(u32::from(before))
}

/// A slice of a view and how long the view is, with what waits.
pub(crate) async fn list(
    reader: &Reader,
    viewer: &Viewer,
    query: &TicketQuery,
) -> Result<(u32, Vec<Listed>), CacheError> {
    let query = &TicketQuery {
        limit: query.limit.min(SLICE_LIMIT),
        ..*query
    };
    let overlay = Overlay::of(reader).await?;
    let changed = overlay.changed(reader).await?;
    let leaving: Vec<&Ticket> = changed
        .iter()
        .map(|ticket| &ticket.before)
        .filter(|ticket| overlay.holds(query.view, ticket, viewer))
        .collect();
    let coming: Vec<Listed> = changed
        .iter()
        .filter(|ticket| overlay.holds(query.view, &ticket.after, viewer))
        .map(|ticket| (ticket.after.clone(), ticket.customer.clone()))
        .collect();
    if leaving.is_empty() && coming.is_empty() {
        return reader.list(query, viewer).await;
    }
    // The slice may begin so many rows earlier, and end so many later, than it will.
    let (out, into) = (length(leaving.len()), length(coming.len()));
    let first = query.offset.saturating_sub(into);
    let mut rows: Vec<Listed> = Vec::new();
    let wanted = query.offset.saturating_sub(first) + query.limit + out;
    let mut total;
    loop {
        let part = TicketQuery {
            offset: first + length(rows.len()),
            limit: wanted - length(rows.len()),
            ..*query
        };
        let found = reader.list(&part, viewer).await?;
        total = found.0;
        let nothing_more = found.1.is_empty();
        rows.extend(found.1);
        if nothing_more || length(rows.len()) >= wanted {
            break;
        }
    }
    let total = total.saturating_add(into).saturating_sub(out);
    let slice = merged(query, first, rows, &leaving, coming);
    Ok((total, slice))
}

/// The slice as it will be, from rows that begin at `first` of the list as it was.
fn merged(
    query: &TicketQuery,
    first: u32,
    mut rows: Vec<Listed>,
    leaving: &[&Ticket],
    mut coming: Vec<Listed>,
) -> Vec<Listed> {
    let order = |a: &Ticket, b: &Ticket| compare(query.sort, a, b);
    // Those of the leaving ones that stood before the first row.
    let here: BTreeSet<TicketId> = rows.iter().map(|(ticket, _)| ticket.id).collect();
    let gone_before = leaving
        .iter()
        .filter(|ticket| first > 0 && !here.contains(&ticket.id))
        .filter(|ticket| {
            rows.first()
                .is_none_or(|(row, _)| order(ticket, row) != Ordering::Greater)
        })
        .count();
    let changed: BTreeSet<TicketId> = leaving.iter().map(|ticket| ticket.id).collect();
    rows.retain(|(ticket, _)| !changed.contains(&ticket.id));
    coming.sort_by(|(a, _), (b, _)| order(a, b));
    let come_before = match rows.first() {
        Some((row, _)) if first > 0 => coming
            .iter()
            .take_while(|(ticket, _)| order(ticket, row) == Ordering::Less)
            .count(),
        _ => 0,
    };
    let begins = (first as usize).saturating_sub(gone_before) + come_before;
    rows.extend(coming.drain(come_before..));
    rows.sort_by(|(a, _), (b, _)| order(a, b));
    let skip = (query.offset as usize).saturating_sub(begins);
    rows.into_iter()
        .skip(skip)
        .take(query.limit as usize)
        .collect()
}

fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What an operation of the outbox does to its ticket.
fn operations(op: &StoredOp) -> Vec<Operation> {
    match &op.action {
        OutboxAction::Reply {
            text,
            close,
            changes: beside,
            ..
        } => {
            let status = beside.as_ref().and_then(|patch| patch.status);
            let then = match status {
                _ if *close => TicketStatus::Closed,
                Some(status) => status,
                None => TicketStatus::Pending,
            };
            let mut operations = vec![Operation::Reply {
                text: text.clone(),
                at: op.created_at,
                then,
            }];
            // The reply sets the state, as at the gateway.
            operations.extend(beside.as_ref().map(changes).into_iter().flatten().filter(
                |operation| !matches!(operation, Operation::Status(_) | Operation::Snooze(_)),
            ));
            operations
        }
        OutboxAction::Note { .. } => vec![Operation::Note],
        OutboxAction::Change { patch } => changes(patch),
        OutboxAction::Merge { into, .. } => vec![Operation::Merge(*into)],
    }
}

fn changes(patch: &TicketPatch) -> Vec<Operation> {
    let mut operations = Vec::new();
    match (patch.status, patch.snoozed_until) {
        (Some(TicketStatus::Snoozed), Some(until)) => operations.push(Operation::Snooze(until)),
        (Some(status), _) => operations.push(Operation::Status(status)),
        (None, _) => {}
    }
    operations.extend(patch.priority.map(Operation::Priority));
    operations.extend(patch.assignee.map(Operation::Assign));
    operations.extend(patch.escalated.map(Operation::Escalate));
    if !patch.add_tags.is_empty() || !patch.remove_tags.is_empty() {
        operations.push(Operation::Tags {
            add: patch.add_tags.clone(),
            remove: patch.remove_tags.clone(),
        });
    }
    if !patch.fields.is_empty() {
        operations.push(Operation::Fields(patch.fields.clone()));
    }
    operations
}

/// Whether a view holds a ticket: what the cache asks its indexes, of one ticket.
fn holds(view: ViewId, ticket: &Ticket, viewer: &Viewer, held: bool) -> bool {
    let asleep = ticket.status == TicketStatus::Snoozed
        && ticket.snoozed_until.is_none_or(|until| until > viewer.now);
    let closed = ticket.status == TicketStatus::Closed;
    let open = !closed && !asleep;
    let by = |channel| open && ticket.channel == channel;
    let about = |intents: [Intent; 2]| open && intents.contains(&ticket.intent);
    match view {
        ViewId::MyOpen => open && ticket.assignee == Some(viewer.me),
        ViewId::Unassigned => open && ticket.assignee.is_none(),
        ViewId::Mentions => ticket.mentions.contains(&viewer.me),
        ViewId::Snoozed => asleep,
        ViewId::Held => held,
        ViewId::WhereIsIt => about([Intent::WhereIsIt, Intent::NotReceived]),
        ViewId::Refunds => about([Intent::Refund, Intent::Return]),
        ViewId::BreachingSoon => {
            let soon = viewer.now + TimeDelta::hours(1);
            open && ticket.due_at.is_some_and(|due| due <= soon)
        }
        ViewId::HighValue => open && is_high(ticket, viewer),
        ViewId::Email => by(Channel::Email),
        ViewId::WebChat => by(Channel::WebChat),
        ViewId::Whatsapp => by(Channel::Whatsapp),
        ViewId::Escalated => ticket.escalated && !closed,
        ViewId::AllOpen => open,
        ViewId::Closed => closed,
    }
}

fn is_high(ticket: &Ticket, viewer: &Viewer) -> bool {
    ticket.at_stake.is_some_and(|stake| {
        stake.currency == viewer.currency
            && stake.minor >= HIGH_VALUE * 10_i64.pow(stake.currency.decimals())
    })
}

/// The order of a list; those nobody waits in come last, newest first.
fn compare(sort: Sort, a: &Ticket, b: &Ticket) -> Ordering {
    let newest = || b.last_message_at.cmp(&a.last_message_at);
    match sort {
        Sort::Newest => newest(),
        Sort::Oldest => newest().reverse(),
        Sort::Clock => match (a.due_at, b.due_at) {
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => newest(),
        },
    }
}

#[cfg(test)]
mod tests;
