//! The REST API, version 3, asked with a key that may read.

use super::rest;
use crate::commerce::{
    Action, Capabilities, Changes, Commerce, CommerceError, Connector, Cursor, CustomerDraft,
    CustomerRecord, CustomersBy, Denied, Now, OrderRecord, OrdersBy, Read, ShopId, Support,
    actions::ONLY_READS, http, identity::WOOCOMMERCE,
};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use deskhand_domain::Currency;
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::Value;

/// How many orders are read at once.
const PAGE: usize = 50;
/// How many decimals are asked for, whatever the shop shows.
const DECIMALS: &str = "6";

/// Where a shop is, and the key to it.
#[derive(Clone)]
pub struct Access {
    /// The address of the site, such as `https://shop.example`.
    pub address: String,
    /// The consumer key.
    pub key: String,
    /// The consumer secret.
    pub secret: String,
}

/// A WooCommerce shop.
pub struct WooCommerce {
    access: Access,
    client: Client,
    now: Now,
}

/// How far the changes are read: those after a moment, and which page of them.
struct Place {
    after: DateTime<Utc>,
    page: usize,
}

impl WooCommerce {
    /// A shop that is asked with this client.
    pub fn new(access: Access, client: Client, now: Now) -> Self {
        Self {
            access,
            client,
            now,
        }
    }

    async fn ask(&self, what: &str, asked: &[(&str, &str)]) -> Result<Value, CommerceError> {
        let address = self.access.address.trim_end_matches('/');
        let address = format!("{address}/wp-json/wc/v3/{what}");
        let address = Url::parse_with_params(&address, asked);
        let address = address.map_err(|_| CommerceError::Refused(Denied::Unsupported))?;
        let request = self.client.get(address);
        let request = request.basic_auth(&self.access.key, Some(&self.access.secret));
        let (_, answer) = http::ask(request, (self.now)()).await?;
        Ok(answer)
    }

    /// Orders as the shop tells them, each with its refunds.
    async fn list(&self, asked: &[(&str, &str)]) -> Result<Vec<Value>, CommerceError> {
        let asked = [&[("dp", DECIMALS)][..], asked].concat();
        let Value::Array(mut orders) = self.ask("orders", &asked).await? else {
            return Err(CommerceError::changed("the list of orders"));
        };
        for order in &mut orders {
            let refunded = order["refunds"]
                .as_array()
                .is_some_and(|all| !all.is_empty());
            if let (true, Some(id)) = (refunded, order["id"].as_u64()) {
                let what = format!("orders/{id}/refunds");
                let asked = [("dp", DECIMALS), ("per_page", "100")];
                order["refunds"] = self.ask(&what, &asked).await?;
            }
        }
        Ok(orders)
    }

    fn read(&self, orders: Vec<Value>) -> Result<Read, CommerceError> {
        rest::records(orders, |_| (self.now)())
    }
}

#[async_trait]
impl Commerce for WooCommerce {
    fn connector(&self) -> Connector {
        WOOCOMMERCE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities(|action| match action {
            Action::Parcels => Support::No(
                "it has no fulfilments: what is completed is one parcel without a number",
            ),
            Action::CustomersByEmail => Support::Within("who have an account"),
            Action::CustomersByPhone => Support::No("its interface searches no phone numbers"),
            Action::OrdersByTracking => Support::No("it has no tracking numbers"),
            Action::Webhooks => Support::No("Deskhand only polls it so far"),
            Action::Cancel
            | Action::Refund
            | Action::Reship
            | Action::EditAddress
            | Action::Note => ONLY_READS,
            _ => Support::Yes,
        })
    }

    async fn customers(&self, by: CustomersBy<'_>) -> Result<Vec<CustomerRecord>, CommerceError> {
        let CustomersBy::Email(email) = by else {
            return Err(CommerceError::Refused(Denied::Unsupported));
        };
        let email = email.trim();
        // What is no address is an error there.
        if !email.contains('@') {
            return Ok(Vec::new());
        }
        let asked = [("email", email), ("role", "all")];
        let found: Vec<Customer> = http::part(self.ask("customers", &asked).await?)?;
        let found = found.into_iter();
        let found = found.filter(|one| one.email.eq_ignore_ascii_case(email));
        let records = found.map(|one| one.record((self.now)()));
        let mut records = records.collect::<Result<Vec<_>, _>>()?;
        records.sort_by(|a, b| (a.customer.since, &a.id).cmp(&(b.customer.since, &b.id)));
        Ok(records)
    }

    async fn orders(&self, by: OrdersBy<'_>) -> Result<Read, CommerceError> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let orders = match by {
            OrdersBy::Tracking(_) => return Err(CommerceError::Refused(Denied::Unsupported)),
            OrdersBy::Customer(id) if is_number(&id.0) => {
                let asked = [("customer", &*id.0), ("per_page", "100")];
                self.list(&asked).await?
            }
            OrdersBy::Customer(id) => match id.0.strip_prefix("guest:") {
                Some(email) => {
                    let mut orders = self.list(&[("search", email), ("per_page", "100")]).await?;
                    orders.retain(|order| {
                        let said = order.pointer("/billing/email").and_then(Value::as_str);
                        order["customer_id"] == 0
                            && said.is_some_and(|said| said.eq_ignore_ascii_case(email))
                    });
                    orders
                }
                None => Vec::new(),
            },
            OrdersBy::Number(number) => {
                let number = number.trim();
                if number.is_empty() {
                    return Ok(Read::default());
                }
                let mut orders = self.list(&[("search", number), ("per_page", "20")]).await?;
                orders.retain(|order| {
                    let said = order["number"].as_str();
                    said.is_some_and(|said| said.eq_ignore_ascii_case(number))
                });
                orders
            }
        };
        Ok(self.read(orders)?.newest_first())
    }

    async fn order(&self, id: &ShopId) -> Result<Option<OrderRecord>, CommerceError> {
        if id.0.is_empty() || !id.0.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        // A list of one: an order that is not there is an empty list, a wrong address is not.
        let mut orders = self.list(&[("include", &id.0)]).await?;
        orders.retain(|order| {
            order["id"]
                .as_u64()
                .is_some_and(|one| one.to_string() == id.0)
        });
        let mut read = self.read(orders)?;
        match read.refused.pop() {
            Some(refused) => Err(CommerceError::Refused(Denied::Broken(refused.why))),
            None => Ok(read.orders.pop()),
        }
    }

    async fn changes(&self, since: Option<&Cursor>) -> Result<Changes, CommerceError> {
        let place = Place::read(since)?;
        let after = place.after.to_rfc3339_opts(SecondsFormat::Secs, true);
        let (page, size) = (place.page.to_string(), PAGE.to_string());
        let asked = [
            ("modified_after", after.trim_end_matches('Z')),
            ("dates_are_gmt", "true"),
            ("orderby", "modified"),
            ("order", "asc"),
            ("per_page", &*size),
            ("page", &*page),
        ];
        let orders = self.list(&asked).await?;
        let more = orders.len() == PAGE;
        let newest = orders.iter().filter_map(|order| {
            let at = order["date_modified_gmt"].as_str()?;
            let at = NaiveDateTime::parse_from_str(at, "%Y-%m-%dT%H:%M:%S").ok()?;
            Some(at.and_utc())
        });
        let next = place.after(newest.max(), more);
        let read = self.read(orders)?;
        Ok(Changes { read, next, more })
    }
}

impl Place {
    fn read(cursor: Option<&Cursor>) -> Result<Self, CommerceError> {
        let Some(cursor) = cursor else {
            return Ok(Self {
                after: DateTime::UNIX_EPOCH,
                page: 1,
            });
        };
        let parts = cursor.0.split_once('|').and_then(|(after, page)| {
            let after = DateTime::from_timestamp(after.parse().ok()?, 0)?;
            let page = page.parse().ok()?;
            Some(Self { after, page })
        });
        parts.ok_or_else(|| CommerceError::changed("the cursor"))
    }

    /// Goes on by the moment, since an order that changes meanwhile moves all others to another
    /// page; only within one second by the page. What changed in the newest second comes again.
    fn after(&self, newest: Option<DateTime<Utc>>, more: bool) -> Cursor {
        let upto = newest.map(|newest| newest - TimeDelta::seconds(1));
        let (after, page) = match upto.filter(|upto| *upto > self.after) {
            Some(upto) => (upto, 1),
            None if more => (self.after, self.page + 1),
            None => (self.after, 1),
        };
        Cursor(format!("{}|{page}", after.timestamp()))
    }
}

#[derive(Deserialize)]
struct Customer {
    id: u64,
    email: String,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    date_created_gmt: Option<String>,
    billing: Option<Billing>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Billing {
    phone: String,
    city: String,
    country: String,
}

impl Customer {
    fn record(self, now: DateTime<Utc>) -> Result<CustomerRecord, CommerceError> {
        let since = self.date_created_gmt.as_deref();
        let since = since.map(|at| NaiveDateTime::parse_from_str(at, "%Y-%m-%dT%H:%M:%S"));
        let since = since
            .transpose()
            .map_err(|_| CommerceError::changed("date_created_gmt"))?;
        let billing = self.billing.unwrap_or_default();
        let draft = CustomerDraft {
            name: format!("{} {}", self.first_name, self.last_name),
            email: self.email,
            phone: Some(billing.phone),
            city: Some(billing.city),
            country: Some(billing.country),
            since: since.map(|at| at.and_utc()),
            ..CustomerDraft::default()
        };
        let id = ShopId(self.id.to_string());
        Ok(draft.finish(id, WOOCOMMERCE, Currency::EUR, now))
    }
}
