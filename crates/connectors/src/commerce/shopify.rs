//! Shopify, through its GraphQL Admin API, version 2026-07.
//!
//! Every question has a cost, and the shop tells with each answer how much is left; who asks too
//! much gets 200 with `THROTTLED`. One order with its lines, parcels and refunds costs at most 1,000
//! points, which is the limit of one question, so orders are listed by id and read one by one.

pub mod rest;
mod says;
mod shapes;

use super::{
    Action, Capabilities, Changes, Commerce, CommerceError, Connector, Cursor, CustomerRecord,
    CustomersBy, Denied, Now, OrderRecord, OrdersBy, Read, ShopId, Support, Trouble,
    actions::ONLY_READS, draft::phone_digits, http, identity::SHOPIFY,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Client;
use serde_json::{Value, json};
use std::time::Duration;

/// The version of the interface.
pub const VERSION: &str = "2026-07";
/// How many orders are read for one page of changes, or for one search.
const PAGE: usize = 20;
/// A wait for points that is longer than this is for whoever asks.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often one question waits for points.
const TRIES: usize = 4;

const MONEY: &str = "{ presentmentMoney { amount } }";
const CUSTOMER: &str = "id displayName defaultEmailAddress { emailAddress }
 defaultPhoneNumber { phoneNumber } locale createdAt numberOfOrders
 amountSpent { amount currencyCode } defaultAddress { city countryCodeV2 }";

/// Where a shop is, and the token of the app in it.
#[derive(Clone)]
pub struct Access {
    /// The shop's own address, such as `https://hollowpine.myshopify.com`.
    pub address: String,
    /// The Admin API access token.
    pub token: String,
}

/// A Shopify shop.
pub struct Shopify {
    access: Access,
    client: Client,
    now: Now,
}

impl Shopify {
    /// A shop that is asked with this client.
    pub fn new(access: Access, client: Client, now: Now) -> Self {
        Self {
            access,
            client,
            now,
        }
    }

    async fn ask(&self, query: &str, variables: Value) -> Result<Value, CommerceError> {
        let body = json!({ "query": query, "variables": variables });
        let address = self.access.address.trim_end_matches('/');
        let address = format!("{address}/admin/api/{VERSION}/graphql.json");
        for _ in 0..TRIES {
            let request = self
                .client
                .post(&address)
                .header("X-Shopify-Access-Token", &self.access.token)
                .json(&body);
            let (_, mut answer) = http::ask(request, (self.now)()).await?;
            let Some(error) = answer.pointer("/errors/0") else {
                return match answer.get_mut("data").map(Value::take) {
                    Some(data @ Value::Object(_)) => Ok(data),
                    _ => Err(CommerceError::changed("data")),
                };
            };
            let code = error.pointer("/extensions/code").and_then(Value::as_str);
            match code {
                Some("THROTTLED") => {
                    let wait = until_restored(&answer);
                    if wait > PATIENCE {
                        return Err(throttled(wait));
                    }
                    tokio::time::sleep(wait).await;
                }
                Some("ACCESS_DENIED") => return Err(CommerceError::Refused(Denied::Permission)),
                Some("INTERNAL_SERVER_ERROR" | "TIMEOUT") => {
                    return Err(CommerceError::later(Trouble::Failed));
                }
                Some("undefinedField" | "argumentNotAccepted" | "parseError") | None => {
                    return Err(CommerceError::changed("the question"));
                }
                Some(code) => return Err(CommerceError::said(code)),
            }
        }
        Err(throttled(PATIENCE))
    }

    async fn read(
        &self,
        id: &str,
    ) -> Result<Option<Result<OrderRecord, super::Broken>>, CommerceError> {
        let query = format!(
            "query ($id: ID!) {{ order(id: $id) {{
              id name createdAt processedAt updatedAt cancelledAt taxesIncluded email phone
              customerLocale presentmentCurrencyCode displayFinancialStatus
              totalPriceSet {MONEY} totalTaxSet {MONEY} totalTipReceivedSet {MONEY}
              originalTotalDutiesSet {MONEY}
              customer {{ {CUSTOMER} }}
              shippingAddress {{ name address1 address2 zip city provinceCode countryCodeV2 }}
              discountApplications(first: 10) {{ nodes {{ index
                ... on DiscountCodeApplication {{ code }}
                ... on AutomaticDiscountApplication {{ title }}
                ... on ManualDiscountApplication {{ title }}
                ... on ScriptDiscountApplication {{ title }} }} }}
              shippingLines(first: 3) {{ nodes {{ title originalPriceSet {MONEY}
                discountAllocations {{ allocatedAmountSet {MONEY} discountApplication {{ index }} }} }} }}
              lineItems(first: 50) {{ pageInfo {{ hasNextPage }} nodes {{
                id sku title variantTitle quantity currentQuantity requiresShipping
                originalUnitPriceSet {MONEY}
                discountAllocations {{ allocatedAmountSet {MONEY} discountApplication {{ index }} }} }} }}
              fulfillments(first: 4) {{ id status displayStatus createdAt deliveredAt estimatedDeliveryAt
                trackingInfo(first: 1) {{ company number }}
                fulfillmentLineItems(first: 40) {{ pageInfo {{ hasNextPage }}
                  nodes {{ quantity lineItem {{ id }} }} }} }}
              refunds(first: 4) {{ id createdAt note totalRefundedSet {MONEY}
                transactions(first: 2) {{ nodes {{ status }} }}
                refundLineItems(first: 10) {{ nodes {{ lineItem {{ id }} }} }} }}
              transactions(first: 10) {{ id kind status gateway formattedGateway processedAt
                amountSet {MONEY} parentTransaction {{ id }}
                paymentDetails {{ ... on CardPaymentDetails {{ company number }} }} }}
            }} }}"
        );
        let mut data = self.ask(&query, json!({ "id": id })).await?;
        let order = data["order"].take();
        if order.is_null() {
            return Ok(None);
        }
        let raw = order.to_string();
        let order: says::Order = http::part(order)?;
        let record = order
            .draft()
            .and_then(|draft| draft.finish(SHOPIFY, (self.now)(), raw));
        Ok(Some(record))
    }

    /// The ids of orders, newest change last, and where the list goes on.
    async fn list(&self, search: &str, after: Option<&str>) -> Result<says::Ids, CommerceError> {
        let query = "query ($search: String!, $after: String, $first: Int!) {
            orders(first: $first, after: $after, query: $search, sortKey: UPDATED_AT) {
              nodes { id name updatedAt } pageInfo { hasNextPage endCursor } } }";
        let asked = json!({ "search": search, "after": after, "first": PAGE });
        let mut data = self.ask(query, asked).await?;
        http::part(data["orders"].take())
    }

    async fn read_all<'a>(
        &self,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<Read, CommerceError> {
        let mut records = Vec::new();
        for id in ids {
            // Deleted between the list and the question.
            if let Some(record) = self.read(id).await? {
                records.push((says::bare(id), record));
            }
        }
        Ok(Read::of(records))
    }
}

#[async_trait]
impl Commerce for Shopify {
    fn connector(&self) -> Connector {
        SHOPIFY
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities(|action| match action {
            Action::ReadOrder => {
                Support::Within("up to 50 lines and 4 parcels; else refused by name")
            }
            Action::OrdersByTracking => Support::No(
                "its interface searches no tracking numbers; Deskhand looks in its copy",
            ),
            Action::Changes => {
                Support::Within("orders of 60 days unless the app has read_all_orders")
            }
            Action::Cancel
            | Action::Refund
            | Action::Reship
            | Action::EditAddress
            | Action::Note => ONLY_READS,
            _ => Support::Yes,
        })
    }

    async fn customers(&self, by: CustomersBy<'_>) -> Result<Vec<CustomerRecord>, CommerceError> {
        let search = match by {
            CustomersBy::Email(email) => format!("email:{}", quoted(email.trim())),
            CustomersBy::Phone(phone) => format!("phone:{}", quoted(&phone_digits(phone))),
        };
        let query = format!(
            "query ($search: String!) {{ customers(first: 20, query: $search, sortKey: CREATED_AT) {{
                nodes {{ {CUSTOMER} }} }} }}"
        );
        let mut data = self.ask(&query, json!({ "search": search })).await?;
        let found: Vec<says::Customer> = http::part(data["customers"]["nodes"].take())?;
        let mut records = Vec::new();
        for customer in found {
            let record = customer.record((self.now)());
            records.push(record.map_err(|why| CommerceError::Refused(Denied::Broken(why)))?);
        }
        // The search takes words, not whole values.
        records.retain(|record| match by {
            CustomersBy::Email(email) => record.customer.email.eq_ignore_ascii_case(email.trim()),
            CustomersBy::Phone(phone) => {
                record.customer.phone.as_deref() == Some(&phone_digits(phone))
            }
        });
        Ok(records)
    }

    async fn orders(&self, by: OrdersBy<'_>) -> Result<Read, CommerceError> {
        let search = match by {
            OrdersBy::Tracking(_) => return Err(CommerceError::Refused(Denied::Unsupported)),
            OrdersBy::Number(number) if number.trim().is_empty() => return Ok(Read::default()),
            OrdersBy::Number(number) => format!("name:{}", quoted(number.trim())),
            OrdersBy::Customer(id) => format!("customer_id:{}", quoted(&id.0)),
        };
        let ids = self.list(&search, None).await?;
        let meant = ids.nodes.iter().filter(|node| match by {
            OrdersBy::Number(number) => node.name.eq_ignore_ascii_case(number.trim()),
            _ => true,
        });
        let read = self.read_all(meant.map(|node| &*node.id)).await?;
        Ok(read.newest_first())
    }

    async fn order(&self, id: &ShopId) -> Result<Option<OrderRecord>, CommerceError> {
        if id.0.is_empty() || !id.0.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        let record = self.read(&format!("gid://shopify/Order/{id}")).await?;
        let record = record.transpose();
        record.map_err(|why| CommerceError::Refused(Denied::Broken(why)))
    }

    async fn changes(&self, since: Option<&Cursor>) -> Result<Changes, CommerceError> {
        let (from, after) = match since {
            None => ("1970-01-01T00:00:00Z", None),
            Some(cursor) => match cursor.0.split_once('|') {
                Some((from, after)) => (from, Some(after).filter(|after| !after.is_empty())),
                None => return Err(CommerceError::changed("the cursor")),
            },
        };
        let ids = self.list(&format!("updated_at:>='{from}'"), after).await?;
        let read = self
            .read_all(ids.nodes.iter().map(|node| &*node.id))
            .await?;
        let newest: Option<DateTime<Utc>> = ids.nodes.iter().map(|node| node.updated_at).max();
        let more = ids.page_info.has_next_page;
        let next = match (more, ids.page_info.end_cursor) {
            (true, Some(end)) => format!("{from}|{end}"),
            (true, None) => return Err(CommerceError::changed("orders.pageInfo.endCursor")),
            // What changed in the same second may come after this answer.
            (false, _) => {
                let from = newest.map_or_else(
                    || from.to_owned(),
                    |newest| newest.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
                );
                format!("{from}|")
            }
        };
        let next = Cursor(next);
        Ok(Changes { read, next, more })
    }
}

/// A value of the search syntax, in which only quotes and backslashes mean something.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn throttled(after: Duration) -> CommerceError {
    CommerceError::Later {
        why: Trouble::Throttled,
        after: Some(after),
    }
}

/// How long until the points that were asked for are there again.
fn until_restored(answer: &Value) -> Duration {
    let number = |place: &str| answer.pointer(place).and_then(Value::as_f64);
    let asked = number("/extensions/cost/requestedQueryCost");
    let left = number("/extensions/cost/throttleStatus/currentlyAvailable");
    let rate = number("/extensions/cost/throttleStatus/restoreRate").filter(|rate| *rate > 0.0);
    let seconds = match (asked, left, rate) {
        (Some(asked), Some(left), Some(rate)) => ((asked - left) / rate).max(0.1),
        _ => 2.0,
    };
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
