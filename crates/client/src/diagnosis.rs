//! Where each order stands, worked out on the desktop from what is in the copy.

use crate::shop::{Shop, cache_failed, lock, report};
use deskhand_cache::CacheError;
use deskhand_domain::{
    Customer, Instant, Intent, Message, Order, OrderId, Shipment, Ticket, TicketId,
    message::Author,
    wismo::{
        self, Diagnosis, Gaps, NextStep, Urgency, World,
        answer::{Stated, Told, answer as tell, request},
    },
};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    view::{AboutOrder, AboutStep, OrderAnswer, StatedFact, StepNote},
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
    let about = Asked::read(shop, about.ticket, about.order).await?;
    let wake_at = about
        .diagnoses
        .iter()
        .filter(|diagnosis| diagnosis.urgency != Urgency::Fine)
        .filter_map(|diagnosis| diagnosis.look_again)
        .min();
    let answer = tell(&about.told(shop), &about.ticket.language).ok_or_else(no_such_order)?;
    Ok(OrderAnswer {
        text: answer.text,
        facts: answer.facts.into_iter().map(stated).collect(),
        wake_at,
    })
}

/// What whoever takes a step has to know about an order of the ticket's customer.
pub(crate) async fn step(shop: &Shop, about: AboutStep) -> Result<StepNote, CallError> {
    let asked = Asked::read(shop, about.ticket, about.order).await?;
    let tag = match about.step {
        NextStep::AskWarehouse => "ask-warehouse",
        NextStep::ChaseCarrier => "ask-carrier",
        NextStep::StartTrace => "trace",
        NextStep::Reship => "reship",
        _ => "refund",
    };
    let note = request(&asked.told(shop), about.step, &about.language).ok_or_else(no_such_order)?;
    Ok(StepNote {
        text: note.text,
        tag: tag.to_owned(),
    })
}

/// An order that a customer asks for, with all that is known of it.
struct Asked {
    ticket: Ticket,
    order: Order,
    customer: Option<Customer>,
    shipments: Vec<Shipment>,
    diagnoses: Vec<Diagnosis>,
    world: World,
}

impl Asked {
    async fn read(shop: &Shop, ticket: TicketId, order: OrderId) -> Result<Self, CallError> {
        let found = Self::find(shop, ticket, order).await;
        found.map_err(cache_failed)?.ok_or_else(no_such_order)
    }

    async fn find(
        shop: &Shop,
        ticket: TicketId,
        order: OrderId,
    ) -> Result<Option<Self>, CacheError> {
        let reader = &shop.reader;
        let (Some(ticket), Some(order)) =
            (reader.ticket(ticket).await?, reader.order(order).await?)
        else {
            return Ok(None);
        };
        if order.customer != ticket.customer {
            return Ok(None);
        }
        let customer = reader.customer(ticket.customer).await?;
        let messages = reader.messages(ticket.id).await?;
        let shipments = reader.shipments(order.id).await?;
        let world = world(shop);
        let missed_at = missed_at(&ticket, &messages);
        let diagnoses = diagnose(shop, &world, &order, &shipments, missed_at);
        Ok(Some(Self {
            ticket,
            order,
            customer,
            shipments,
            diagnoses,
            world,
        }))
    }

    fn told<'a>(&'a self, shop: &'a Shop) -> Told<'a> {
        Told {
            diagnoses: &self.diagnoses,
            order: &self.order,
            shipments: &self.shipments,
            customer: self
                .customer
                .as_ref()
                .map(|customer| customer.name.as_str()),
            agent: &shop.signed.account.name,
            shop: &self.world.shop,
        }
    }
}

fn no_such_order() -> CallError {
    CallError::new(
        CallCode::NotFound,
        "there is no such order of this customer here",
    )
}

fn stated(fact: Stated) -> StatedFact {
    StatedFact {
        text: fact.text,
        source: fact.source,
    }
}
