//! Vendure 3, through its GraphQL admin interface.
//!
//! A session is opened once by name and password and kept: an API key would cost Vendure a bcrypt
//! hash a question. Vendure answers 200 to everything; what counts is `errors[].extensions.code`.
//! An order's `updatedAt` does not move when a payment is settled or a parcel leaves, so changes
//! are found by comparing the states of recent orders, not by that date.

mod says;

use super::{
    Action, Capabilities, Changes, Commerce, CommerceError, Connector, Cursor, CustomerRecord,
    CustomersBy, Denied, Now, OrderRecord, OrdersBy, Read, ShopId, Support, Trouble,
    actions::ONLY_READS, draft::phone_digits, http, identity::VENDURE,
};
use async_trait::async_trait;
use chrono::TimeDelta;
use reqwest::Client;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    sync::{Mutex, PoisonError},
};

/// How many orders are read at once.
const PAGE: usize = 100;
/// How many orders are compared at once.
const GLANCE: usize = 250;
/// For how long after it was placed an order is watched.
const WATCHED: TimeDelta = TimeDelta::days(60);

const ORDER: &str = "id code state updatedAt orderPlacedAt currencyCode
 subTotal subTotalWithTax total totalWithTax promotions { id couponCode name }
 discounts { description amount amountWithTax adjustmentSource }
 lines { id quantity orderPlacedQuantity unitPrice unitPriceWithTax
   discounts { amount amountWithTax } productVariant { sku name product { name } } }
 shippingLines { price priceWithTax shippingMethod { name } }
 surcharges { id sku description price priceWithTax }
 payments { id method state amount updatedAt
   refunds { id total state reason createdAt updatedAt lines { orderLineId } } }
 fulfillments { id state method trackingCode createdAt updatedAt lines { orderLineId quantity } }
 shippingAddress { fullName streetLine1 streetLine2 city province postalCode countryCode }
 customer { id firstName lastName emailAddress phoneNumber createdAt }";

/// Where a Vendure is, and as whom it is asked.
#[derive(Clone)]
pub struct Access {
    /// The address of its admin interface, such as `https://shop.example/admin-api`.
    pub address: String,
    /// The administrator's name.
    pub user: String,
    /// And password.
    pub password: String,
    /// The token of the channel, when it is not the default one.
    pub channel: Option<String>,
}

/// A Vendure.
pub struct Vendure {
    access: Access,
    client: Client,
    now: Now,
    session: tokio::sync::Mutex<Option<Session>>,
    watch: Mutex<Watch>,
}

/// A session, and how its channel counts.
#[derive(Clone)]
struct Session {
    token: String,
    terms: says::Terms,
}

/// The states that orders were last seen in.
#[derive(Default)]
struct Watch {
    seen: BTreeMap<String, u64>,
    /// What counts as seen once somebody asks with this cursor: then it has been stored.
    pending: Option<(Cursor, Vec<(String, u64)>)>,
}

/// Where a reading of the changes stands: everything once, then what is recent again and again.
#[derive(Clone, Copy)]
struct Place {
    all: bool,
    skip: usize,
    /// Tells readings apart.
    turn: u64,
}

impl Vendure {
    /// A shop that is asked with this client.
    pub fn new(access: Access, client: Client, now: Now) -> Self {
        Self {
            access,
            client,
            now,
            session: tokio::sync::Mutex::default(),
            watch: Mutex::default(),
        }
    }

    /// Asks, with a new session when the one at hand has ended.
    async fn ask(
        &self,
        query: &str,
        variables: Value,
    ) -> Result<(Value, says::Terms), CommerceError> {
        let session = self.session(None).await?;
        let body = json!({ "query": query, "variables": variables });
        match self.send(&body, Some(&session.token)).await {
            Err(CommerceError::Refused(Denied::Permission)) => {
                let session = self.session(Some(&session.token)).await?;
                let (data, _) = self.send(&body, Some(&session.token)).await?;
                Ok((data, session.terms))
            }
            answer => Ok((answer?.0, session.terms)),
        }
    }

    /// The session, or a new one when it is still the one that has ended.
    async fn session(&self, ended: Option<&str>) -> Result<Session, CommerceError> {
        let mut kept = self.session.lock().await;
        if let Some(session) = kept.as_ref()
            && ended != Some(&*session.token)
        {
            return Ok(session.clone());
        }
        *kept = None;
        let login = json!({
            "query": "mutation ($user: String!, $password: String!) {
                login(username: $user, password: $password) { __typename } }",
            "variables": { "user": self.access.user, "password": self.access.password },
        });
        let (data, token) = self.send(&login, None).await?;
        match data.pointer("/login/__typename").and_then(Value::as_str) {
            Some("CurrentUser") => {}
            Some("InvalidCredentialsError" | "NativeAuthStrategyError") => {
                return Err(CommerceError::Refused(Denied::Credentials));
            }
            Some(other) => return Err(CommerceError::said(other)),
            None => return Err(CommerceError::changed("data.login.__typename")),
        }
        let token = token.ok_or_else(|| CommerceError::changed("vendure-auth-token"))?;
        let terms = json!({ "query": "{ activeChannel { pricesIncludeTax }
            globalSettings { serverConfig { moneyStrategyPrecision } } }" });
        let (data, _) = self.send(&terms, Some(&token)).await?;
        let session = Session {
            token,
            terms: http::part::<says::Settings>(data)?.terms(),
        };
        *kept = Some(session.clone());
        Ok(session)
    }

    async fn send(
        &self,
        body: &Value,
        token: Option<&str>,
    ) -> Result<(Value, Option<String>), CommerceError> {
        let mut request = self.client.post(&self.access.address).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(channel) = &self.access.channel {
            request = request.header("vendure-token", channel);
        }
        let answer = http::ask(request, (self.now)()).await;
        let (headers, mut answer) = answer.map_err(|error| match error {
            // A question that this version does not understand.
            CommerceError::Refused(Denied::Address(status)) if status.as_u16() == 400 => {
                CommerceError::changed("the question")
            }
            other => other,
        })?;
        if let Some(error) = answer.pointer("/errors/0") {
            let code = error.pointer("/extensions/code").and_then(Value::as_str);
            return Err(match code {
                Some("FORBIDDEN" | "UNAUTHORIZED") => CommerceError::Refused(Denied::Permission),
                Some("CHANNEL_NOT_FOUND") => CommerceError::said("CHANNEL_NOT_FOUND"),
                Some("GRAPHQL_VALIDATION_FAILED" | "BAD_USER_INPUT" | "GRAPHQL_PARSE_FAILED") => {
                    CommerceError::changed("the question")
                }
                None | Some("INTERNAL_SERVER_ERROR") => CommerceError::later(Trouble::Failed),
                Some(code) => CommerceError::said(code),
            });
        }
        let token = headers.get("vendure-auth-token");
        let token = token
            .and_then(|token| token.to_str().ok())
            .map(str::to_owned);
        match answer.get_mut("data").map(Value::take) {
            Some(data @ Value::Object(_)) => Ok((data, token)),
            _ => Err(CommerceError::changed("data")),
        }
    }

    /// Orders by a filter, and how many there are in all.
    async fn some(&self, options: Value) -> Result<(Read, usize), CommerceError> {
        let query = format!(
            "query ($options: OrderListOptions) {{ orders(options: $options) {{ totalItems items {{ {ORDER} }} }} }}"
        );
        let (mut data, terms) = self.ask(&query, json!({ "options": options })).await?;
        let count = http::part(data["orders"]["totalItems"].take())?;
        self.records(data["orders"]["items"].take(), terms)
            .map(|read| (read, count))
    }

    fn records(&self, orders: Value, terms: says::Terms) -> Result<Read, CommerceError> {
        let Value::Array(orders) = orders else {
            return Err(CommerceError::changed("data.orders.items"));
        };
        let mut records = Vec::with_capacity(orders.len());
        for raw in orders {
            let words = raw.to_string();
            let order: says::Order = http::part(raw)?;
            let id = ShopId(order.id.clone());
            let record = order
                .draft(terms)
                .and_then(|draft| draft.finish(VENDURE, (self.now)(), words));
            records.push((id, record));
        }
        Ok(Read::of(records))
    }

    /// Those of the orders whose states are not as they were, and how many were compared.
    async fn moved(
        &self,
        place: Place,
    ) -> Result<(Vec<(String, u64)>, usize, usize), CommerceError> {
        let since = (self.now)() - WATCHED;
        let options = json!({
            "filter": { "orderPlacedAt": { "isNull": false }, "_or": [
                { "orderPlacedAt": { "after": since } }, { "updatedAt": { "after": since } },
            ] },
            "sort": { "id": "ASC" }, "skip": place.skip, "take": GLANCE,
        });
        let query =
            "query ($options: OrderListOptions) { orders(options: $options) { totalItems items {
            id state updatedAt lines { id quantity } payments { id state refunds { id state } }
            fulfillments { id state trackingCode } } } }";
        let (mut data, _) = self.ask(query, json!({ "options": options })).await?;
        let total = http::part(data["orders"]["totalItems"].take())?;
        let Value::Array(items) = data["orders"]["items"].take() else {
            return Err(CommerceError::changed("data.orders.items"));
        };
        let watch = self.watch();
        let mut moved = Vec::new();
        for item in &items {
            let id = item["id"].as_str();
            let id = id.ok_or_else(|| CommerceError::changed("data.orders.items.id"))?;
            let mut hasher = DefaultHasher::new();
            item.to_string().hash(&mut hasher);
            let state = hasher.finish();
            if watch.seen.get(id) != Some(&state) {
                moved.push((id.to_owned(), state));
            }
        }
        Ok((moved, items.len(), total))
    }

    fn watch(&self) -> std::sync::MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Commerce for Vendure {
    fn connector(&self) -> Connector {
        VENDURE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities(|action| match action {
            Action::CustomersByPhone => {
                Support::Within("when the last three digits are written together")
            }
            Action::OrdersByTracking => {
                Support::No("its interface searches no tracking codes; Deskhand looks in its copy")
            }
            Action::Changes => Support::Within("of the last 60 days, after one reading of all"),
            Action::Webhooks => Support::Within("by a plugin of a few lines in the shop"),
            Action::Cancel
            | Action::Refund
            | Action::Reship
            | Action::EditAddress
            | Action::Note => ONLY_READS,
            _ => Support::Yes,
        })
    }

    async fn customers(&self, by: CustomersBy<'_>) -> Result<Vec<CustomerRecord>, CommerceError> {
        let (filter, digits) = match by {
            CustomersBy::Email(email) => {
                let email = email.trim().to_lowercase();
                (json!({ "emailAddress": { "eq": email } }), None)
            }
            CustomersBy::Phone(phone) => {
                let digits = phone_digits(phone);
                let Some(end) = digits.len().checked_sub(3) else {
                    return Ok(Vec::new());
                };
                (
                    json!({ "phoneNumber": { "contains": &digits[end..] } }),
                    Some(digits),
                )
            }
        };
        let query = "query ($options: CustomerListOptions) { customers(options: $options) { items {
            id firstName lastName emailAddress phoneNumber createdAt } } }";
        let options = json!({ "filter": filter, "sort": { "createdAt": "ASC" }, "take": PAGE });
        let (mut data, _) = self.ask(query, json!({ "options": options })).await?;
        let found: Vec<says::Customer> = http::part(data["customers"]["items"].take())?;
        let records = found
            .into_iter()
            .map(|customer| customer.record((self.now)()));
        Ok(records
            .filter(|record| digits.is_none() || record.customer.phone == digits)
            .collect())
    }

    async fn orders(&self, by: OrdersBy<'_>) -> Result<Read, CommerceError> {
        match by {
            OrdersBy::Tracking(_) => Err(CommerceError::Refused(Denied::Unsupported)),
            OrdersBy::Number(number) if number.trim().is_empty() => Ok(Read::default()),
            OrdersBy::Number(number) => {
                let number = number.trim().to_uppercase();
                let filter =
                    json!({ "code": { "eq": number }, "orderPlacedAt": { "isNull": false } });
                let read = self.some(json!({ "filter": filter, "take": 10 })).await?;
                Ok(read.0.newest_first())
            }
            OrdersBy::Customer(customer) => {
                let query = format!(
                    "query ($id: ID!, $options: OrderListOptions) {{ customer(id: $id) {{
                        orders(options: $options) {{ items {{ {ORDER} }} }} }} }}"
                );
                let options = json!({
                    "filter": { "orderPlacedAt": { "isNull": false } },
                    "sort": { "orderPlacedAt": "DESC" }, "take": PAGE,
                });
                let asked = json!({ "id": customer.0, "options": options });
                let (mut data, terms) = self.ask(&query, asked).await?;
                if data["customer"].is_null() {
                    return Ok(Read::default());
                }
                let orders = data["customer"]["orders"]["items"].take();
                Ok(self.records(orders, terms)?.newest_first())
            }
        }
    }

    async fn order(&self, id: &ShopId) -> Result<Option<OrderRecord>, CommerceError> {
        let query = format!("query ($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}");
        let (mut data, terms) = self.ask(&query, json!({ "id": id.0 })).await?;
        // A basket has an id as well.
        if data["order"].is_null() || data["order"]["orderPlacedAt"].is_null() {
            return Ok(None);
        }
        let mut read = self.records(Value::Array(vec![data["order"].take()]), terms)?;
        match read.refused.pop() {
            Some(refused) => Err(CommerceError::Refused(Denied::Broken(refused.why))),
            None => Ok(read.orders.pop()),
        }
    }

    async fn changes(&self, since: Option<&Cursor>) -> Result<Changes, CommerceError> {
        let place = Place::read(since)?;
        {
            let mut watch = self.watch();
            match watch.pending.take() {
                Some((cursor, states)) if Some(&cursor) == since => watch.seen.extend(states),
                _ => {}
            }
        }
        let (read, states, next, more) = if place.all {
            let options = json!({
                "filter": { "orderPlacedAt": { "isNull": false } },
                "sort": { "id": "ASC" }, "skip": place.skip, "take": PAGE,
            });
            let (read, total) = self.some(options).await?;
            let upto = place.skip + read.orders.len() + read.refused.len();
            let more = upto < total && upto > place.skip;
            (read, Vec::new(), place.after(upto, more), more)
        } else {
            let (mut moved, compared, total) = self.moved(place).await?;
            let cut = moved.len() > PAGE;
            moved.truncate(PAGE);
            let ids: Vec<&str> = moved.iter().map(|(id, _)| &**id).collect();
            let read = if ids.is_empty() {
                Read::default()
            } else {
                let filter = json!({ "id": { "in": ids } });
                self.some(json!({ "filter": filter, "take": PAGE }))
                    .await?
                    .0
            };
            // When one page of states holds more changes than are read at once, it is read again.
            let upto = if cut {
                place.skip
            } else {
                place.skip + compared
            };
            let more = cut || (upto < total && compared > 0);
            (read, moved, place.after(upto, more), more)
        };
        self.watch().pending = Some((next.clone(), states));
        Ok(Changes { read, next, more })
    }
}

impl Place {
    fn read(cursor: Option<&Cursor>) -> Result<Self, CommerceError> {
        let Some(cursor) = cursor else {
            return Ok(Self {
                all: true,
                skip: 0,
                turn: 0,
            });
        };
        let parts: Vec<&str> = cursor.0.split(':').collect();
        let place = match parts.as_slice() {
            [what @ ("all" | "recent"), skip, turn] => skip
                .parse()
                .ok()
                .zip(turn.parse().ok())
                .map(|(skip, turn)| Self {
                    all: *what == "all",
                    skip,
                    turn,
                }),
            _ => None,
        };
        place.ok_or_else(|| CommerceError::changed("the cursor"))
    }

    fn after(self, upto: usize, more: bool) -> Cursor {
        let what = if self.all && more { "all" } else { "recent" };
        let skip = if more { upto } else { 0 };
        Cursor(format!("{what}:{skip}:{}", self.turn.wrapping_add(1)))
    }
}
