//! What is known of a parcel when its customer is told or not.

use crate::{
    clock::moment,
    notices::Asking,
    store::{
        Doing as _, StoreError,
        cells::Cells,
        commerce::ONLY_WROTE,
        entity,
        sql::{Cell, Select},
    },
};
use deskhand_domain::{
    Channel, Customer, CustomerId, Instant, NoticeKind, Order, Shipment, TicketStatus,
    notices::{Situation, Talk},
    ticket::Identity,
    wismo::Diagnosis,
};
use sqlx::AnyConnection;
use std::collections::BTreeSet;

/// How many of a customer's conversations are looked at, the newest.
const TALKS: usize = 50;

/// A parcel, and all that counts when its customer is told or not.
#[derive(Clone, Debug)]
pub struct Case {
    /// The parcel.
    pub shipment: Shipment,
    /// Its order.
    pub order: Order,
    /// Who bought.
    pub customer: Option<Customer>,
    told: BTreeSet<NoticeKind>,
    told_at: Vec<Instant>,
    reach: BTreeSet<Channel>,
    objected_at: Option<Instant>,
    talks: Vec<Talk>,
    heard_at: Option<Instant>,
}

impl Case {
    /// What is decided about.
    pub fn situation<'a>(
        &'a self,
        diagnosis: &'a Diagnosis,
        began: Instant,
        asking: &Asking,
    ) -> Situation<'a> {
        Situation {
            diagnosis,
            began,
            shipment: &self.shipment,
            order: &self.order,
            told: &self.told,
            told_at: &self.told_at,
            reach: &self.reach,
            objected_at: self.objected_at,
            talks: &self.talks,
            heard_at: self.heard_at,
            since: asking.since,
            wall: asking.world.shop.zone,
        }
    }
}

/// Reads all that counts for a parcel, through whatever connection.
pub async fn read_case(
    connection: &mut AnyConnection,
    shipment: Shipment,
    order: Order,
) -> Result<Case, StoreError> {
    let customer = entity::by_ids::<Customer, _>(&mut *connection, &[order.customer.0]).await?;
    let customer = customer.into_iter().next();
    let (reach, talks) = read_talks(connection, customer.as_ref(), order.customer).await?;
    let told = Select::new("select kind as id from notices")
        .and("shipment = ?", vec![Cell::text(shipment.id)])
        .rows(&mut *connection, "kind", NoticeKind::ALL.len())
        .await
        .doing("read what was told of a parcel")?;
    let told = told.iter().map(|row| Cells::new("notices", row).word("id"));
    let told_at = Select::new("select told_at from notices")
        .and("customer = ?", vec![Cell::text(order.customer)])
        .rows(&mut *connection, "told_at desc", 200)
        .await
        .doing("read what a customer was told")?;
    let told_at = told_at
        .iter()
        .map(|row| Cells::new("notices", row).at("told_at"));
    let objected: Option<(i64,)> =
        sqlx::query_as("select objected_at from notice_objections where customer = $1")
            .bind(order.customer.to_string())
            .fetch_optional(&mut *connection)
            .await
            .doing("read whether a customer objected")?;
    let (heard,): (i64,) =
        sqlx::query_as("select coalesce(max(fetched_at), -1) from shipments where source = $1")
            .bind(&shipment.source.name)
            .fetch_one(&mut *connection)
            .await
            .doing("read when a carrier was heard of")?;
    Ok(Case {
        told: told.collect::<Result<_, _>>()?,
        told_at: told_at.collect::<Result<_, _>>()?,
        reach,
        objected_at: objected.and_then(|(at,)| moment(at)),
        talks,
        heard_at: moment(heard).filter(|_| heard >= 0),
        shipment,
        order,
        customer,
    })
}

/// Where a customer can be reached, and their conversations. An address that somebody only typed
/// into a chat reaches whoever that was.
async fn read_talks(
    connection: &mut AnyConnection,
    customer: Option<&Customer>,
    id: CustomerId,
) -> Result<(BTreeSet<Channel>, Vec<Talk>), StoreError> {
    let mut reach = BTreeSet::new();
    if customer.is_some_and(|of| of.email.contains('@') && of.source.name != ONLY_WROTE) {
        reach.insert(Channel::Email);
    }
    let rows = Select::new(
        "select id, order_id, status, channel, identity,
            (select coalesce(max(sent_at), -1) from messages where messages.ticket = tickets.id
             and messages.kind = 'public' and author_kind = 'account') as answered_at
         from tickets",
    )
    .and("customer = ?", vec![Cell::text(id)])
    .rows(&mut *connection, "last_message_at desc", TALKS)
    .await
    .doing("read the conversations of a customer")?;
    let mut talks = Vec::with_capacity(rows.len());
    for row in &rows {
        let cells = Cells::new("tickets", row);
        let status: TicketStatus = cells.word("status")?;
        let identity: Identity = cells.word("identity")?;
        let channel: Channel = cells.word("channel")?;
        let answered = cells.int("answered_at")?;
        if identity == Identity::Verified && channel == Channel::Whatsapp {
            reach.insert(channel);
        }
        talks.push(Talk {
            about: cells.maybe_parse("order_id")?,
            open: status != TicketStatus::Closed,
            answered_at: moment(answered).filter(|_| answered >= 0),
        });
    }
    Ok((reach, talks))
}
