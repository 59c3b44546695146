//! What the window sees: lists, and the screen of one ticket.

use crate::{
    outbox,
    shop::{Shop, cache_failed},
};
use deskhand_cache::{CacheError, StoredState};
use deskhand_domain::{Account, AccountId, Ticket};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    rest::TicketPatch,
    view::{
        OrderView, OutboxAction, TicketPage, TicketQuery, TicketRef, TicketRow, TicketView,
        ViewCounts,
    },
};
use std::collections::BTreeMap;

type People = BTreeMap<AccountId, Account>;

pub(crate) async fn counts(shop: &Shop) -> Result<ViewCounts, CallError> {
    let views = shop
        .reader
        .counts(&shop.viewer())
        .await
        .map_err(cache_failed)?;
    Ok(ViewCounts { views })
}

pub(crate) async fn tickets(shop: &Shop, query: TicketQuery) -> Result<TicketPage, CallError> {
    let people = shop.people().await.map_err(cache_failed)?;
    let (total, rows) = shop
        .reader
        .list(&query, &shop.viewer())
        .await
        .map_err(cache_failed)?;
    let rows = rows
        .into_iter()
        .map(|(ticket, customer)| row(shop, ticket, customer, &people))
        .collect();
    Ok(TicketPage { total, rows })
}

pub(crate) async fn ticket(shop: &Shop, which: TicketRef) -> Result<TicketView, CallError> {
    let not_here = || CallError::new(CallCode::NotFound, "the ticket is not here");
    view(shop, which)
        .await
        .map_err(cache_failed)?
        .ok_or_else(not_here)
}

async fn view(shop: &Shop, which: TicketRef) -> Result<Option<TicketView>, CacheError> {
    let reader = &shop.reader;
    let Some(mut ticket) = reader.ticket(which.ticket).await? else {
        return Ok(None);
    };
    let people = shop.people().await?;
    let customer = reader.customer(ticket.customer).await?;
    let name = customer.as_ref().map(|customer| customer.name.clone());

    // The outbox is read before the messages: what leaves it in between is then shown twice for a
    // moment rather than not at all.
    let pending = reader.outbox_of(ticket.id).await?;
    let messages = reader.messages(ticket.id).await?;
    let mut orders = Vec::new();
    for order in reader.orders(ticket.customer).await? {
        let shipments = reader.shipments(order.id).await?;
        orders.push(OrderView { order, shipments });
    }
    let order = match ticket.order {
        Some(id) => match orders.iter().find(|view| view.order.id == id) {
            Some(view) => Some(view.clone()),
            None => match reader.order(id).await? {
                Some(order) => Some(OrderView {
                    shipments: reader.shipments(id).await?,
                    order,
                }),
                None => None,
            },
        },
        None => None,
    };
    let history = reader
        .tickets_of(ticket.customer)
        .await?
        .into_iter()
        .filter(|other| other.id != ticket.id)
        .map(|other| row(shop, other, name.clone(), &people))
        .collect();
    for op in &pending {
        let parked = matches!(op.state, StoredState::Parked(_));
        if let (OutboxAction::Change { patch }, false) = (&op.action, parked) {
            apply(patch, &mut ticket);
        }
    }
    let (readers, writers) = shop.who(ticket.id, &people);
    Ok(Some(TicketView {
        customer,
        messages,
        pending: pending
            .into_iter()
            .map(|op| outbox::item(shop, op))
            .collect(),
        order,
        orders,
        history,
        people: people.into_values().collect(),
        readers,
        writers,
        ticket,
    }))
}

/// What a change that waits will make of the ticket.
fn apply(patch: &TicketPatch, ticket: &mut Ticket) {
    ticket.status = patch.status.unwrap_or(ticket.status);
    ticket.priority = patch.priority.unwrap_or(ticket.priority);
    ticket.assignee = patch.assignee.unwrap_or(ticket.assignee);
    ticket.escalated = patch.escalated.unwrap_or(ticket.escalated);
    ticket.snoozed_until = patch.snoozed_until.or(ticket.snoozed_until);
    ticket.tags.retain(|tag| !patch.remove_tags.contains(tag));
    ticket.tags.extend(patch.add_tags.iter().cloned());
    ticket.tags.sort();
    ticket.tags.dedup();
}

fn row(shop: &Shop, ticket: Ticket, customer: Option<String>, people: &People) -> TicketRow {
    let (readers, writers) = shop.who(ticket.id, people);
    TicketRow {
        id: ticket.id,
        number: ticket.number,
        channel: ticket.channel,
        customer: customer.unwrap_or_default(),
        unread: ticket.is_unread(),
        subject: ticket.subject,
        snippet: ticket.snippet,
        intent: ticket.intent,
        mood: ticket.mood,
        status: ticket.status,
        priority: ticket.priority,
        escalated: ticket.escalated,
        at_stake: ticket.at_stake,
        waiting_since: ticket.waiting_since,
        due_at: ticket.due_at,
        last_message_at: ticket.last_message_at,
        assignee: ticket.assignee.and_then(|id| people.get(&id).cloned()),
        readers,
        writers,
    }
}
