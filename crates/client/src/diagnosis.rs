//! Where each order stands, worked out on the desktop from what is in the copy.

use crate::shop::{Shop, lock, report};
use deskhand_cache::CacheError;
use deskhand_domain::{
    Instant, Intent, Message, Order, Shipment, Ticket,
    message::Author,
    wismo::{self, Diagnosis, Gaps, World},
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
