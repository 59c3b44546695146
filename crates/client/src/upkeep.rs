//! What the cache needs beside the feed: a look whether the file is whole, room on the disk, and
//! the messages that once had to make room.

use crate::{
    feed::End,
    shop::{Shop, lock, report},
};
use chrono::TimeDelta;
use deskhand_cache::CacheError;
use deskhand_domain::{Order, TicketId};
use deskhand_protocol::view::{Connection, Event};
use std::{collections::BTreeSet, pin::pin, sync::Arc, time::Duration};

/// The first lists are read before the whole file is.
const CHECK_AFTER: Duration = Duration::from_secs(2);
const MAKE_ROOM_EVERY: Duration = Duration::from_secs(1800);
/// What is older of an order is read anew while its ticket is on the screen.
const FRESH: TimeDelta = TimeDelta::minutes(5);
/// How often a ticket that stays on the screen is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// How many of a customer's orders are read anew, where nobody knows which one it is about.
const AT_ONCE: usize = 4;

/// Reads the whole file once; damage leads to a new copy.
pub(crate) async fn check(shop: Arc<Shop>) {
    tokio::time::sleep(CHECK_AFTER).await;
    match shop.reader.check().await {
        Ok(()) => tracing::info!("the cache is whole"),
        Err(error) => {
            report(&error, "the cache was checked");
            shop.suspect(&error);
        }
    }
}

/// Keeps the file within its limit.
pub(crate) async fn make_room(shop: Arc<Shop>) {
    loop {
        if let Err(error) = shrink(&shop).await {
            report(&error, "no room could be made");
            shop.suspect(&error);
        }
        tokio::time::sleep(MAKE_ROOM_EVERY).await;
    }
}

async fn shrink(shop: &Shop) -> Result<(), CacheError> {
    let mut keep: BTreeSet<TicketId> = shop.reader.drafts().await?;
    keep.extend(lock(&shop.on_screen).iter());
    let evicted = shop.writer.evict(shop.cache_limit, &keep).await?;
    if evicted.tickets > 0 {
        tracing::info!(
            tickets = evicted.tickets,
            before = evicted.before,
            after = evicted.after,
            "messages of old closed tickets made room"
        );
    }
    Ok(())
}

/// Fetches the messages of the ticket on the screen when they had to make room.
pub(crate) async fn bring_back(shop: Arc<Shop>) {
    loop {
        let mut wake = pin!(shop.wake_opened.notified());
        wake.as_mut().enable();
        let ticket = *lock(&shop.on_screen);
        if let Some(ticket) = ticket
            && let Err(end) = fetch(&shop, ticket).await
        {
            tracing::info!(?end, "older messages could not be fetched");
        }
        wake.await;
    }
}

/// Has the orders of the ticket on the screen read anew at their shop when what is here is old. What
/// comes of it comes by the feed; until then the window says how old it is.
pub(crate) async fn freshen(shop: Arc<Shop>) {
    loop {
        let mut wake = pin!(shop.wake_opened.notified());
        wake.as_mut().enable();
        let ticket = *lock(&shop.on_screen);
        let live = lock(&shop.connection).state == Connection::Live;
        if let Some(ticket) = ticket
            && live
            && let Err(end) = read_anew(&shop, ticket).await
        {
            tracing::info!(?end, "an order could not be read anew");
        }
        // It may stay on the screen for long.
        tokio::select! {
            () = wake => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

async fn read_anew(shop: &Shop, ticket: TicketId) -> Result<(), End> {
    let Some(ticket) = shop.reader.ticket(ticket).await? else {
        return Ok(());
    };
    let mut orders = shop.reader.orders(ticket.customer).await?;
    orders.retain(|order| ticket.order.is_none_or(|id| id == order.id));
    let old = |order: &Order| shop.now() - order.source.fetched_at >= FRESH;
    for order in orders.iter().take(AT_ONCE).filter(|order| old(order)) {
        shop.gateway.read_anew(order.id).await?;
    }
    Ok(())
}

async fn fetch(shop: &Shop, ticket: TicketId) -> Result<(), End> {
    if !shop.reader.is_evicted(ticket).await? {
        return Ok(());
    }
    let (mut messages, mut cursor) = (Vec::new(), None);
    loop {
        let page = shop.gateway.messages(ticket, cursor.as_deref()).await?;
        messages.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    shop.writer.bring_back(ticket, &messages).await?;
    shop.wake_index.notify_one();
    shop.emit(Event::Ticket { ticket });
    Ok(())
}
