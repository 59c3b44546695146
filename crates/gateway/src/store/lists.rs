//! Pages of lists. A cursor is the place of the last row, so rows that come or go do not shift a
//! page.

use super::{
    Doing as _, Store, StoreError,
    entity::{self, Row},
    sql::{Cell, Select},
};
use crate::clock::{millis, moment};
use deskhand_domain::{
    AccountId, Article, Channel, Customer, CustomerId, Instant, Macro, Message, Order, OrderId,
    Shipment, TeamId, Ticket, TicketId, TicketStatus, knowledge::Topic,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The place of a row in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListCursor {
    /// What the list is sorted by, in milliseconds; 0 where it is sorted by id.
    pub at: i64,
    /// The row.
    pub id: Uuid,
}

/// Which tickets.
#[derive(Clone, Debug, Default)]
pub struct TicketFilter {
    /// Of these teams; of none, when there are none.
    pub teams: BTreeSet<TeamId>,
    /// In this state.
    pub status: Option<TicketStatus>,
    /// On this channel.
    pub channel: Option<Channel>,
    /// Of this account.
    pub assignee: Option<AccountId>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
}

/// Which orders.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// With this number.
    pub number: Option<String>,
}

/// A page and the place to go on from.
pub type Listed<T> = (Vec<T>, Option<ListCursor>);

impl Store {
    /// Tickets, newest message first.
    pub async fn tickets(
        &self,
        filter: TicketFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Listed<Ticket>, StoreError> {
        if filter.teams.is_empty() {
            return Ok((Vec::new(), None));
        }
        let select = entity::select::<Ticket>()
            .and_in("team", filter.teams.iter().map(Cell::text).collect())
            .and_if("status = ?", filter.status.map(Cell::word))
            .and_if("channel = ?", filter.channel.map(Cell::word))
            .and_if("assignee = ?", filter.assignee.map(Cell::text))
            .and_if("customer = ?", filter.customer.map(Cell::text));
        let select = match after {
            Some(cursor) => select.and(
                "last_message_at < ? or (last_message_at = ? and id < ?)",
                cells(cursor),
            ),
            None => select,
        };
        self.page(
            select,
            "last_message_at desc, id desc",
            limit,
            |ticket: &Ticket| (Some(ticket.last_message_at), ticket.id.0),
        )
        .await
    }

    /// The messages of a ticket, oldest first.
    pub async fn messages(
        &self,
        ticket: TicketId,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Listed<Message>, StoreError> {
        let select = entity::select::<Message>().and("ticket = ?", vec![Cell::text(ticket)]);
        let select = match after {
            Some(cursor) => select.and("sent_at > ? or (sent_at = ? and id > ?)", cells(cursor)),
            None => select,
        };
        self.page(select, "sent_at, id", limit, |message: &Message| {
            (Some(message.sent_at), message.id.0)
        })
        .await
    }

    /// Customers, or those with an address.
    pub async fn customers(
        &self,
        email: Option<String>,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Listed<Customer>, StoreError> {
        let email = email.map(|email| Cell::text(email.to_lowercase()));
        let select = entity::select::<Customer>().and_if("email_key = ?", email);
        self.by_id(select, after, limit, |customer: &Customer| customer.id.0)
            .await
    }

    /// Orders, newest first.
    pub async fn orders(
        &self,
        filter: OrderFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Listed<Order>, StoreError> {
        let select = entity::select::<Order>()
            .and_if("customer = ?", filter.customer.map(Cell::text))
            .and_if("number = ?", filter.number.map(Cell::text));
        let select = match after {
            Some(cursor) => {
                select.and("placed_at < ? or (placed_at = ? and id < ?)", cells(cursor))
            }
            None => select,
        };
        self.page(select, "placed_at desc, id desc", limit, |order: &Order| {
            (Some(order.placed_at), order.id.0)
        })
        .await
    }

    /// The parcels of an order.
    pub async fn shipments(
        &self,
        order: OrderId,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Listed<Shipment>, StoreError> {
        let select = entity::select::<Shipment>().and("order_id = ?", vec![Cell::text(order)]);
        self.by_id(select, after, limit, |shipment: &Shipment| shipment.id.0)
            .await
    }

    /// Articles of the knowledge base.
    pub async fn articles(
        &self,
        language: Option<String>,
        topic: Option<Topic>,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Listed<Article>, StoreError> {
        let select = entity::select::<Article>()
            .and_if("language = ?", language.map(Cell::text))
            .and_if("topic = ?", topic.map(Cell::word));
        self.by_id(select, after, limit, |article: &Article| article.id.0)
            .await
    }

    /// Stored answers.
    pub async fn macros(
        &self,
        language: Option<String>,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Listed<Macro>, StoreError> {
        let select = entity::select::<Macro>().and_if("language = ?", language.map(Cell::text));
        self.by_id(select, after, limit, |stored: &Macro| stored.id.0)
            .await
    }

    async fn by_id<E: Row>(
        &self,
        select: Select,
        after: Option<ListCursor>,
        limit: usize,
        id: fn(&E) -> Uuid,
    ) -> Result<Listed<E>, StoreError> {
        let select = select.and_if("id > ?", after.map(|cursor| Cell::text(cursor.id)));
        self.page(select, "id", limit, move |entity| (None, id(entity)))
            .await
    }

    async fn page<E: Row>(
        &self,
        select: Select,
        order: &'static str,
        limit: usize,
        place: impl Fn(&E) -> (Option<Instant>, Uuid),
    ) -> Result<Listed<E>, StoreError> {
        let rows = select
            .rows(self.read(), order, limit + 1)
            .await
            .doing("read a list")?;
        let mut items = entity::read_all::<E>(&rows)?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| {
            let (at, id) = place(last);
            ListCursor {
                at: at.map_or(0, millis),
                id,
            }
        });
        Ok((items, next))
    }
}

fn cells(cursor: ListCursor) -> Vec<Cell> {
    let at = moment(cursor.at).map_or(0, millis);
    vec![Cell::int(at), Cell::int(at), Cell::text(cursor.id)]
}
