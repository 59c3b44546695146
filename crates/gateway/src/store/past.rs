//! What a dry run of notices plays again: parcels, conversations and objections, as one state of
//! the database that a gateway may be serving.

use super::{
    Doing as _, StoreError,
    cells::Cells,
    commerce::ONLY_WROTE,
    entity,
    sql::{Cell, Select},
};
use crate::{
    clock::moment,
    notices::{Past, PastCustomer, PastParcel, PastTalk},
};
use deskhand_domain::{
    Channel, Customer, CustomerId, Instant, Order, OrderId, Shipment, Shop, TicketStatus,
    shipment::TrackingStatus, ticket::Identity, wismo::Gaps,
};
use sqlx::AnyConnection;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// How many parcels are read at once.
const PAGE: usize = 500;
/// How many parcels that have arrived are learned from.
const ARRIVED: usize = 5_000;
/// How many conversations of a customer are looked at, the newest.
const TALKS: usize = 50;

/// Reads what happened since a moment; nothing while there is no shop.
pub async fn read_past(connection: &mut AnyConnection, since: Instant) -> Result<Past, StoreError> {
    let shop: Option<(String,)> = sqlx::query_as("select value from meta where key = 'shop'")
        .fetch_optional(&mut *connection)
        .await
        .doing("read the shop")?;
    let shop: Option<Shop> = shop.and_then(|(json,)| serde_json::from_str(&json).ok());
    let mut past = Past {
        time_zone: shop.map_or_else(String::new, |shop| shop.time_zone),
        ..Past::default()
    };
    let mut arrived: Vec<(Shipment, String)> = Vec::new();
    let mut after: Option<Uuid> = None;
    loop {
        let page = entity::select::<Shipment>()
            .and_if("id > ?", after.map(Cell::text))
            .rows(&mut *connection, "id", PAGE)
            .await
            .doing("read parcels")?;
        let page = entity::read_all::<Shipment>(&page)?;
        after = page.last().map(|parcel| parcel.id.0);
        let ids: BTreeSet<Uuid> = page.iter().map(|parcel| parcel.order.0).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let orders = entity::by_ids::<Order, _>(&mut *connection, &ids).await?;
        let orders: BTreeMap<OrderId, Order> =
            orders.into_iter().map(|order| (order.id, order)).collect();
        let count = page.len();
        for shipment in page {
            let Some(order) = orders.get(&shipment.order) else {
                continue;
            };
            if shipment.status == TrackingStatus::Delivered && arrived.len() < ARRIVED {
                arrived.push((shipment.clone(), order.ship_to.country.clone()));
            }
            if is_over(&shipment, since) {
                continue;
            }
            past.parcels.push(PastParcel {
                shipment,
                order: order.clone(),
            });
        }
        if count < PAGE {
            break;
        }
    }
    past.gaps = Gaps::learn(arrived.iter().map(|(parcel, to)| (parcel, to.as_str())));
    let customers: BTreeSet<CustomerId> = past
        .parcels
        .iter()
        .map(|parcel| parcel.order.customer)
        .collect();
    for id in customers {
        let customer = read_customer(connection, id).await?;
        past.customers.insert(id, customer);
    }
    Ok(past)
}

/// Whether nothing befell a parcel since a moment.
fn is_over(shipment: &Shipment, since: Instant) -> bool {
    let ended = matches!(
        shipment.status,
        TrackingStatus::Delivered | TrackingStatus::Returned | TrackingStatus::Cancelled
    );
    ended && shipment.scans.iter().all(|scan| scan.at < since)
}

async fn read_customer(
    connection: &mut AnyConnection,
    id: CustomerId,
) -> Result<PastCustomer, StoreError> {
    let mut found = PastCustomer::default();
    let customer = entity::by_ids::<Customer, _>(&mut *connection, &[id.0]).await?;
    let by_mail = |of: &Customer| of.email.contains('@') && of.source.name != ONLY_WROTE;
    if customer.first().is_some_and(by_mail) {
        found.reach.insert(Channel::Email);
    }
    let objected: Option<(i64,)> =
        sqlx::query_as("select objected_at from notice_objections where customer = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *connection)
            .await
            .doing("read whether a customer objected")?;
    found.objected_at = objected.and_then(|(at,)| moment(at));
    let rows = Select::new(
        "select id, order_id, status, channel, identity, created_at, updated_at from tickets",
    )
    .and("customer = ?", vec![Cell::text(id)])
    .rows(&mut *connection, "last_message_at desc", TALKS)
    .await
    .doing("read the conversations of a customer")?;
    for row in &rows {
        let cells = Cells::new("tickets", row);
        let status: TicketStatus = cells.word("status")?;
        let identity: Identity = cells.word("identity")?;
        let channel: Channel = cells.word("channel")?;
        if identity == Identity::Verified && channel == Channel::Whatsapp {
            found.reach.insert(channel);
        }
        let closed_at = cells.at("updated_at")?;
        let ticket: String = cells.text("id")?;
        found.talks.push(PastTalk {
            about: cells.maybe_parse("order_id")?,
            opened_at: cells.at("created_at")?,
            closed_at: (status == TicketStatus::Closed).then_some(closed_at),
            answers: read_answers(connection, ticket).await?,
        });
    }
    Ok(found)
}

/// When somebody of the shop wrote in a ticket, the newest first.
async fn read_answers(
    connection: &mut AnyConnection,
    ticket: String,
) -> Result<Vec<Instant>, StoreError> {
    let rows = Select::new("select id, sent_at from messages")
        .and("ticket = ?", vec![Cell::text(ticket)])
        .and("kind = 'public' and author_kind = 'account'", vec![])
        .rows(&mut *connection, "sent_at desc", TALKS)
        .await
        .doing("read when a customer was answered")?;
    rows.iter()
        .map(|row| Cells::new("messages", row).at("sent_at"))
        .collect()
}
