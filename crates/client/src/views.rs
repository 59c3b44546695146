//! What the window sees: lists, and the screen of one ticket.

use crate::{
    diagnosis, outbox,
    overlay::{self, Overlay},
    shop::{Shop, cache_failed},
};
use deskhand_cache::CacheError;
use deskhand_domain::{Account, AccountId, Instant, Order, Ticket, TicketId, wismo::World};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    view::{OrderView, TicketPage, TicketQuery, TicketRef, TicketRow, TicketView, ViewCounts},
};
use std::collections::{BTreeMap, BTreeSet};

type People = BTreeMap<AccountId, Account>;

pub(crate) async fn counts(shop: &Shop) -> Result<ViewCounts, CallError> {
    let counted = overlay::counts(&shop.reader, &shop.viewer()).await;
    let views = counted.map_err(cache_failed)?;
    Ok(ViewCounts { views })
}

pub(crate) async fn tickets(shop: &Shop, query: TicketQuery) -> Result<TicketPage, CallError> {
    let people = shop.people().await.map_err(cache_failed)?;
    let listed = overlay::list(&shop.reader, &shop.viewer(), &query).await;
    let (total, rows) = listed.map_err(cache_failed)?;
    let drafts = shop.reader.drafts().await.map_err(cache_failed)?;
    let rows = rows
        .into_iter()
        .map(|(ticket, customer)| row(shop, ticket, customer, &people, &drafts))
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
    let waiting = reader.outbox().await?;
    let overlay = Overlay::new(&waiting);
    let messages = reader.messages(ticket.id).await?;
    let world = diagnosis::world(shop);
    let missed_at = diagnosis::missed_at(&ticket, &messages);
    let mut orders = Vec::new();
    for order in reader.orders(ticket.customer).await? {
        // Whatever is missing is of the order that the ticket is about.
        let missed_at = missed_at.filter(|_| ticket.order.is_none_or(|id| id == order.id));
        orders.push(order_view(shop, &world, order, missed_at).await?);
    }
    let order = match ticket.order {
        Some(id) => match orders.iter().find(|view| view.order.id == id) {
            Some(view) => Some(view.clone()),
            None => match reader.order(id).await? {
                Some(order) => Some(order_view(shop, &world, order, missed_at).await?),
                None => None,
            },
        },
        None => None,
    };
    let drafts = reader.drafts().await?;
    let history = reader
        .tickets_of(ticket.customer)
        .await?
        .into_iter()
        .filter(|other| other.id != ticket.id)
        .map(|mut other| {
            overlay.lay_over(&mut other);
            row(shop, other, name.clone(), &people, &drafts)
        })
        .collect();
    overlay.lay_over(&mut ticket);
    let (readers, writers) = shop.who(ticket.id, &people);
    Ok(Some(TicketView {
        customer,
        messages,
        pending: waiting
            .into_iter()
            .filter(|op| op.ticket == ticket.id)
            .map(|op| outbox::item(shop, op))
            .collect(),
        order,
        orders,
        history,
        people: people.into_values().collect(),
        readers,
        writers,
        fields: reader.fields().await?,
        draft: reader.draft(ticket.id).await?,
        ticket,
    }))
}

async fn order_view(
    shop: &Shop,
    world: &World,
    order: Order,
    missed_at: Option<Instant>,
) -> Result<OrderView, CacheError> {
    let shipments = shop.reader.shipments(order.id).await?;
    Ok(OrderView {
        diagnoses: diagnosis::diagnose(shop, world, &order, &shipments, missed_at),
        shipments,
        order,
    })
}

fn row(
    shop: &Shop,
    ticket: Ticket,
    customer: Option<String>,
    people: &People,
    drafts: &BTreeSet<TicketId>,
) -> TicketRow {
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
        draft: drafts.contains(&ticket.id),
    }
}
