//! Fills an empty database in one transaction, and makes an old sample shop anew.

use super::{
    Doing as _, Store, StoreError, Tx, feed,
    sql::{self, Cell},
};
use crate::clock::{millis, moment};
use chrono::TimeDelta;
use deskhand_domain::{
    Account, Article, Customer, Field, Macro, Message, Order, Shipment, Shop, Team, TeamId, Ticket,
};
use deskhand_protocol::sync::Kind;
use std::collections::BTreeMap;

/// What an empty database is filled with.
#[derive(Clone)]
pub struct Seed {
    /// The shop.
    pub shop: Shop,
    /// Its teams beside the one that every shop has.
    pub teams: Vec<Team>,
    /// Who signs in.
    pub accounts: Vec<Account>,
    /// The Argon2 hash of everybody's password.
    pub password_hash: String,
    /// Whether the passwords are published.
    pub sample: bool,
    /// Products, as documents with their key.
    pub products: Vec<(String, String)>,
    /// Customers.
    pub customers: Vec<Customer>,
    /// Orders.
    pub orders: Vec<Order>,
    /// Parcels.
    pub shipments: Vec<Shipment>,
    /// Tickets.
    pub tickets: Vec<Ticket>,
    /// Messages.
    pub messages: Vec<Message>,
    /// Articles.
    pub articles: Vec<Article>,
    /// Stored answers.
    pub macros: Vec<Macro>,
    /// The shop's own fields.
    pub fields: Vec<Field>,
}

impl Store {
    /// Whether nothing was ever stored.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let row = sqlx::query("select id from accounts limit 1")
            .fetch_optional(&self.inner.write)
            .await
            .doing("look whether there is a shop")?;
        Ok(row.is_none())
    }

    /// Whether this is a sample shop older than `age` in which nothing has changed since.
    pub async fn is_stale_sample(&self, age: TimeDelta) -> Result<bool, StoreError> {
        let rows: Vec<(String, String)> = sqlx::query_as("select key, value from meta")
            .fetch_all(&self.inner.write)
            .await
            .doing("read how old the sample shop is")?;
        let values: BTreeMap<String, String> = rows.into_iter().collect();
        let number = |key: &str| values.get(key).and_then(|value| value.parse::<i64>().ok());
        let head = *self.inner.head.borrow();
        let untouched = number("sample_head") == Some(head);
        let old = number("sample_made_at")
            .and_then(moment)
            .is_some_and(|made_at| self.clock().now() - made_at > age);
        Ok(untouched && old)
    }

    /// Fills the database, after emptying it, in one transaction and as a new history.
    pub async fn seed(&self, seed: Seed) -> Result<(), StoreError> {
        let epoch = self.clock().id().simple().to_string();
        self.write(move |tx| {
            Box::pin(async move {
                tx.moved = true;
                tx.clear().await?;
                tx.audit(feed::begun(&epoch));
                tx.fill(&seed, &epoch).await
            })
        })
        .await?;
        self.read_history().await
    }
}

impl Tx {
    async fn clear(&mut self) -> Result<(), StoreError> {
        for sql in [
            "delete from inbox",
            "delete from notices",
            "delete from notice_looks",
            "delete from notice_objections",
            "delete from visitors",
            "delete from conversations",
            "delete from messages",
            "delete from held_replies",
            "update tickets set merged_into = null",
            "delete from tickets",
            "delete from shop_cursors",
            "delete from shop_records",
            "delete from shipments",
            "delete from orders",
            "delete from customers",
            "delete from articles",
            "delete from macros",
            "delete from macro_uses",
            "delete from fields",
            "delete from products",
            "delete from operations",
            "delete from refused_operations",
            "delete from browser_sign_ins",
            "delete from identities",
            "delete from challenges",
            "delete from recovery_codes",
            "delete from second_factors",
            "delete from machine_keys",
            "delete from tokens",
            "delete from devices",
            "delete from sessions",
            "delete from accounts",
            "delete from feed",
            "delete from meta",
        ] {
            sqlx::query(sql)
                .execute(&mut *self.inner)
                .await
                .doing("empty the tables")?;
        }
        sqlx::query("delete from teams where id <> $1")
            .bind(TeamId::MAIN.to_string())
            .execute(&mut *self.inner)
            .await
            .doing("empty the tables")?;
        Ok(())
    }

    async fn fill(&mut self, seed: &Seed, epoch: &str) -> Result<(), StoreError> {
        for team in &seed.teams {
            self.put_team(team).await?;
        }
        for account in &seed.accounts {
            self.add_account(account, &seed.password_hash).await?;
        }
        let products = seed
            .products
            .iter()
            .map(|(id, document)| vec![Cell::text(id), Cell::text(document)])
            .collect();
        let columns = ["id", "document"];
        sql::upsert(&mut self.inner, "products", "id", &columns, products)
            .await
            .doing("store products")?;
        self.put(&seed.customers).await?;
        self.put(&seed.orders).await?;
        self.put(&seed.shipments).await?;
        self.put(&seed.articles).await?;
        self.put(&seed.macros).await?;
        self.put(&seed.fields).await?;
        self.put(&seed.tickets).await?;
        self.put(&seed.messages).await?;
        let head = self.number().await?;
        self.set_meta("epoch", epoch).await?;
        let shop = serde_json::to_string(&seed.shop).unwrap_or_default();
        self.set_meta("shop", &shop).await?;
        if seed.sample {
            self.set_meta("sample", "yes").await?;
            self.set_meta("sample_head", &head.to_string()).await?;
            let now = millis(self.now).to_string();
            self.set_meta("sample_made_at", &now).await?;
        }
        Ok(())
    }

    /// Stores an account that may sign in.
    pub async fn add_account(
        &mut self,
        account: &Account,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        let columns = [
            "id",
            "name",
            "email",
            "email_key",
            "role",
            "teams",
            "password",
            "created_at",
        ];
        let row = vec![
            Cell::text(account.id),
            Cell::text(&account.name),
            Cell::text(&account.email),
            Cell::text(account.email.to_lowercase()),
            Cell::word(account.role),
            Cell::json(&account.teams),
            Cell::text(password_hash),
            Cell::at(self.now),
        ];
        sql::upsert(&mut self.inner, "accounts", "id", &columns, vec![row])
            .await
            .doing("store an account")?;
        self.touched.insert((Kind::Account, account.id.0));
        Ok(())
    }
}

impl Store {
    /// When the newest message was written.
    pub async fn newest_record(&self) -> Result<Option<deskhand_domain::Instant>, StoreError> {
        let (newest,): (i64,) =
            sqlx::query_as("select coalesce(max(last_message_at), -1) from tickets")
                .fetch_one(self.read())
                .await
                .doing("look for the newest record")?;
        Ok(moment(newest).filter(|_| newest >= 0))
    }
}

impl Seed {
    /// The sample shop.
    pub fn sample(sample: deskhand_sample::Sample, password_hash: String) -> Self {
        let products = sample
            .products
            .iter()
            .map(|product| {
                let document = serde_json::to_string(product).unwrap_or_default();
                (product.id.to_string(), document)
            })
            .collect();
        Self {
            shop: sample.shop,
            teams: Vec::new(),
            accounts: sample.accounts,
            password_hash,
            sample: true,
            products,
            customers: sample.customers,
            orders: sample.orders,
            shipments: sample.shipments,
            tickets: sample.tickets,
            messages: sample.messages,
            articles: sample.articles,
            fields: sample.fields,
            macros: sample.macros,
        }
    }
}
