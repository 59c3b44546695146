//! Single records and what belongs to them.

use crate::{
    error::{CacheError, Doing},
    open::Reader,
};
use deskhand_domain::{
    Account, Customer, CustomerId, Field, Macro, Message, Order, OrderId, Shipment, Ticket,
    TicketId,
};
use serde::de::DeserializeOwned;
use sqlx::{Row, sqlite::SqliteRow};

impl Reader {
    /// A ticket.
    pub async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>, CacheError> {
        self.one(
            "tickets",
            "select id, body from tickets where id = ?1",
            id.to_string(),
        )
        .await
    }

    /// A customer.
    pub async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, CacheError> {
        self.one(
            "customers",
            "select id, body from customers where id = ?1",
            id.to_string(),
        )
        .await
    }

    /// An order.
    pub async fn order(&self, id: OrderId) -> Result<Option<Order>, CacheError> {
        self.one(
            "orders",
            "select id, body from orders where id = ?1",
            id.to_string(),
        )
        .await
    }

    /// Messages and notes of a ticket, oldest first.
    pub async fn messages(&self, ticket: TicketId) -> Result<Vec<Message>, CacheError> {
        self.many(
            "messages",
            "select id, body from messages where ticket = ?1 order by sent_at, id",
            ticket.to_string(),
        )
        .await
    }

    /// A customer's orders, newest first.
    pub async fn orders(&self, customer: CustomerId) -> Result<Vec<Order>, CacheError> {
        self.many(
            "orders",
            "select id, body from orders where customer = ?1 order by placed_at desc limit 50",
            customer.to_string(),
        )
        .await
    }

    /// An order's parcels, by position.
    pub async fn shipments(&self, order: OrderId) -> Result<Vec<Shipment>, CacheError> {
        self.many(
            "shipments",
            "select id, body from shipments where order_id = ?1 order by parcel",
            order.to_string(),
        )
        .await
    }

    /// Parcels that have arrived, the newest ones, each with the country it went to.
    pub async fn arrived(&self) -> Result<Vec<(Shipment, String)>, CacheError> {
        sqlx::query(
            "select s.id, s.body, json_extract(o.body, '$.ship_to.country')
             from shipments s join orders o on o.id = s.order_id
             where json_extract(s.body, '$.status') = 'delivered'
             order by o.placed_at desc limit 2000",
        )
        .fetch_all(&self.pool)
        .await
        .doing("read parcels that have arrived")?
        .iter()
        .map(|row| Ok((body("shipments", row)?, row.get(2))))
        .collect()
    }

    /// A customer's tickets, newest first.
    pub async fn tickets_of(&self, customer: CustomerId) -> Result<Vec<Ticket>, CacheError> {
        self.many(
            "tickets",
            "select id, body from tickets where customer = ?1 order by last_message_at desc limit 50",
            customer.to_string(),
        )
        .await
    }

    /// Everybody who works at the shop.
    pub async fn accounts(&self) -> Result<Vec<Account>, CacheError> {
        self.many(
            "accounts",
            "select id, body from accounts where ?1 = ''",
            String::new(),
        )
        .await
    }

    /// The stored answers.
    pub async fn macros(&self) -> Result<Vec<Macro>, CacheError> {
        self.many(
            "macros",
            "select id, body from macros where ?1 = ''",
            String::new(),
        )
        .await
    }

    /// The shop's own fields, by place.
    pub async fn fields(&self) -> Result<Vec<Field>, CacheError> {
        self.many(
            "fields",
            "select id, body from fields where ?1 = '' order by place, id",
            String::new(),
        )
        .await
    }

    async fn one<T: DeserializeOwned>(
        &self,
        table: &'static str,
        sql: &'static str,
        id: String,
    ) -> Result<Option<T>, CacheError> {
        let row = sqlx::query(sql)
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .doing("read a record")?;
        row.map(|row| body(table, &row)).transpose()
    }

    async fn many<T: DeserializeOwned>(
        &self,
        table: &'static str,
        sql: &'static str,
        of: String,
    ) -> Result<Vec<T>, CacheError> {
        sqlx::query(sql)
            .bind(of)
            .fetch_all(&self.pool)
            .await
            .doing("read records")?
            .iter()
            .map(|row| body(table, row))
            .collect()
    }
}

fn body<T: DeserializeOwned>(table: &'static str, row: &SqliteRow) -> Result<T, CacheError> {
    decode(table, row.get(0), row.get(1))
}

/// Reads a body, or says whose it was.
pub(crate) fn decode<T: DeserializeOwned>(
    table: &'static str,
    id: &str,
    body: &str,
) -> Result<T, CacheError> {
    serde_json::from_str(body).map_err(|source| CacheError::Row {
        table,
        column: "body",
        id: id.to_owned(),
        source,
    })
}
