//! Where each order stands, worked out on the desktop from what is in the copy.

use crate::shop::{Shop, cache_failed, lock, report};
use chrono::Local;
use deskhand_cache::CacheError;
use deskhand_domain::{
    Instant, Intent, Message, Order, Shipment, Ticket,
    message::Author,
    wismo::{
        self, Diagnosis, Gaps, World,
        answer::{Told, answer as tell},
    },
};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    view::{AboutOrder, OrderAnswer},
};
use std::{sync::Arc, time::Duration};

/// The first lists are read before the past is.
const LEARN_AFTER: Duration = Duration::from_secs(5);
const LEARN_EVERY: Duration = Duration::from_secs(6 * 3600);

/// Learns again and again how long each carrier is usually silent.
pub(crate) async fn learn(shop: Arc<Shop>) {
    tokio::time::sleep(LEARN_AFTER).await;
    loop {
        match usual_gaps(&shop).await {
            Ok(gaps) => *lock(&shop.gaps) = Arc::new(gaps),
            Err(error) => report(&error, "usual silences were not learned"),
        }
        tokio::time::sleep(LEARN_EVERY).await;
    }
}

async fn usual_gaps(shop: &Shop) -> Result<Gaps, CacheError> {
    let arrived = shop.reader.arrived().await?;
    Ok(Gaps::learn(
        arrived
            .iter()
            .map(|(parcel, country)| (parcel, country.as_str())),
    ))
}

/// What is known beside the records.
pub(crate) fn world(shop: &Shop) -> World {
    let mut world = World::new(&shop.signed.shop.time_zone);
    world.gaps = Gaps::clone(&lock(&shop.gaps));
    world
}

/// Where an order stands now.
pub(crate) fn diagnose(
    shop: &Shop,
    world: &World,
    order: &Order,
    shipments: &[Shipment],
    missed_at: Option<Instant>,
) -> Vec<Diagnosis> {
    wismo::diagnose(order, shipments, missed_at, shop.now(), world)
}

/// When the customer wrote that something is not there, if this ticket is about that.
pub(crate) fn missed_at(ticket: &Ticket, messages: &[Message]) -> Option<Instant> {
    let of_customer = |message: &&Message| matches!(message.author, Author::Customer(_));
    (ticket.intent == Intent::NotReceived)
        .then(|| {
            messages
                .iter()
                .rfind(of_customer)
                .map(|message| message.sent_at)
        })
        .flatten()
}

/// What the customer of a ticket may be told about an order; of somebody else's, nothing.
pub(crate) async fn answer(shop: &Shop, about: AboutOrder) -> Result<OrderAnswer, CallError> {
    let found = told(shop, about).await.map_err(cache_failed)?;
    let text = found.ok_or_else(|| {
        CallError::new(
            CallCode::NotFound,
            "there is no such order of this customer here",
        )
    })?;
    Ok(OrderAnswer { text })
}

async fn told(shop: &Shop, about: AboutOrder) -> Result<Option<String>, CacheError> {
    let reader = &shop.reader;
    let (Some(ticket), Some(order)) = (
        reader.ticket(about.ticket).await?,
        reader.order(about.order).await?,
    ) else {
        return Ok(None);
    };
    if order.customer != ticket.customer {
        return Ok(None);
    }
    let customer = reader.customer(ticket.customer).await?;
    let messages = reader.messages(ticket.id).await?;
    let shipments = reader.shipments(order.id).await?;
    let missed_at = missed_at(&ticket, &messages);
    let found = diagnose(shop, &world(shop), &order, &shipments, missed_at);
    let Some(diagnosis) = found.first() else {
        return Ok(None);
    };
    let told = Told {
        diagnosis,
        order: &order,
        shipments: &shipments,
        customer: customer.as_ref().map(|customer| customer.name.as_str()),
        agent: &shop.signed.account.name,
        day: &|at| at.with_timezone(&Local).date_naive(),
    };
    Ok(Some(tell(&told, &ticket.language)))
}
