//! An order in a real Vendure, from its shop to whoever is asked about it.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{Currency, Order, OrderId, Shipment, Ticket, order::FulfilmentStatus};
use deskhand_gateway::{
    Config, Running,
    config::{Period, Secret},
    passwords, start,
    store::{LetterFilter, OrderFilter, Store},
    testing::small_shop,
};
use deskhand_protocol::{calls::Calls as _, view::AboutOrder};
use deskhand_tests::{
    desk::{Desk, failed},
    process::{Process, workspace},
    use_ring, wait,
};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Client, header};
use ring::hmac;
use serde_json::{Value, json};
use std::{
    io::Write as _,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpStream, time::Instant};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{ClientRequestBuilder, Message},
};

const FIRST: &str = "00340434161094015902";
const SECOND: &str = "00340434161094015919";
/// What Vendure and the gateway know.
const SECRET: &str = "only-for-tests-either";
/// How soon a change in the shop is at the desk.
const AT_THE_DESK: Duration = Duration::from_secs(2);
/// How many webhooks are measured.
const WEBHOOKS: usize = 50;
/// A machine that is busy with other things may take long.
const PATIENCE: Duration = Duration::from_secs(300);

/// Somebody with a session at Vendure.
struct Asks {
    url: String,
    client: Client,
    token: Mutex<String>,
}

impl Asks {
    fn new(url: String, client: &Client) -> Self {
        let client = client.clone();
        let token = Mutex::default();
        Self { url, client, token }
    }

    async fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        let token = self
            .token
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let request = self.client.post(&self.url).bearer_auth(token);
        let body = json!({ "query": query, "variables": variables });
        let answer = request.json(&body).send().await?;
        if let Some(token) = answer.headers().get("vendure-auth-token") {
            let token = token.to_str()?.to_owned();
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
        }
        let mut answer: Value = answer.json().await?;
        ensure!(answer["errors"].is_null(), "{query}: {}", answer["errors"]);
        Ok(answer["data"].take())
    }

    /// A mutation of which only success counts.
    async fn run(&self, mutation: &str) -> Result<Value> {
        self.ask(&format!("mutation {{ {mutation} }}"), json!({}))
            .await
    }

    /// Buys a tent and two mugs, and answers id and code of the order.
    async fn buy(&self) -> Result<(String, String)> {
        for step in [
            r#"addItemToOrder(productVariantId: "1", quantity: 1) { __typename }"#,
            r#"addItemToOrder(productVariantId: "3", quantity: 2) { __typename }"#,
            r#"setCustomerForOrder(input: { firstName: "Robin", lastName: "Okafor",
                emailAddress: "robin.okafor@customer.example" }) { __typename }"#,
            r#"setOrderShippingAddress(input: { fullName: "Robin Okafor", streetLine1: "Lindenstr. 9",
                city: "Berlin", postalCode: "10969", countryCode: "DE" }) { __typename }"#,
        ] {
            self.run(step).await?;
        }
        let methods = self
            .ask("{ eligibleShippingMethods { id name } }", json!({}))
            .await?;
        let methods = methods["eligibleShippingMethods"]
            .as_array()
            .context("methods")?
            .clone();
        let method = methods
            .iter()
            .find(|one| one["name"] == "Standard parcel")
            .context("a method")?;
        let set = "mutation ($id: [ID!]!) { setOrderShippingMethod(shippingMethodId: $id) { __typename } }";
        self.ask(set, json!({ "id": [method["id"]] })).await?;
        self.run(r#"transitionOrderToState(state: "ArrangingPayment") { __typename }"#)
            .await?;
        let paid = self
            .run(r#"addPaymentToOrder(input: { method: "card", metadata: {} }) { ... on Order { id code } }"#)
            .await?;
        let order = &paid["addPaymentToOrder"];
        let text = |key: &str| order[key].as_str().map(str::to_owned).context("an order");
        Ok((text("id")?, text("code")?))
    }

    /// Settles the payment, as the shop's own people do.
    async fn settle(&self, order: &str) -> Result<()> {
        let found = self
            .ask(
                "query ($id: ID!) { order(id: $id) { payments { id } } }",
                json!({ "id": order }),
            )
            .await?;
        let settle = "mutation ($id: ID!) { settlePayment(id: $id) { __typename } }";
        self.ask(settle, json!({ "id": found["order"]["payments"][0]["id"] }))
            .await?;
        Ok(())
    }

    /// Sends a line of an order.
    async fn ship(&self, order: &str, line: usize, quantity: u32, number: &str) -> Result<()> {
        let found = self
            .ask(
                "query ($id: ID!) { order(id: $id) { lines { id } } }",
                json!({ "id": order }),
            )
            .await?;
        let input = json!({
            "lines": [{ "orderLineId": found["order"]["lines"][line]["id"], "quantity": quantity }],
            "handler": { "code": "manual-fulfillment", "arguments": [
                { "name": "method", "value": "DHL" }, { "name": "trackingCode", "value": number },
            ] },
        });
        let made = self
            .ask(
                "mutation ($input: FulfillOrderInput!) { addFulfillmentToOrder(input: $input) {
                    ... on Fulfillment { id } } }",
                json!({ "input": input }),
            )
            .await?;
        self.ask(
            r#"mutation ($id: ID!) { transitionFulfillmentToState(id: $id, state: "Shipped") { __typename } }"#,
            json!({ "id": made["addFulfillmentToOrder"]["id"] }),
        )
        .await?;
        Ok(())
    }
}

struct World {
    vendure: Option<Process>,
    /// Vendure ends with it.
    _input: std::process::ChildStdin,
    gateway: Running,
    http: Client,
    token: String,
    shop: Asks,
    admin: Asks,
    folder: TempDir,
}

impl World {
    async fn begin() -> Result<Self> {
        use_ring();
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("shop.sqlite");
        let node = |what: &str| {
            let mut node = Command::new("node");
            node.arg(workspace().join("tests/vendure/server.mjs"))
                .arg(what)
                .arg(&file);
            node
        };
        ensure!(
            workspace().join("tests/vendure/node_modules").exists(),
            "Vendure is not installed: make tests/vendure/node_modules/.stamp"
        );
        let mut seeding = Process::start(node("seed").stdout(Stdio::null()))?;
        ensure!(seeding.ended(PATIENCE)?.success(), "Vendure makes no shop");
        let read = |line: &str| line.starts_with("http://").then(|| line.to_owned());
        let mut serving = node("serve");
        serving.env("VENDURE_WEBHOOK_SECRET", SECRET);
        let (mut vendure, address) =
            Process::start_and_read(serving.stdin(Stdio::piped()), PATIENCE, read)?;

        let mut config = Config::embedded(folder.path().join("gateway"));
        config.vendure.address = format!("{address}/admin-api");
        config.vendure.user = "deskhand@hollowpine.example".to_owned();
        config.vendure.password = Some(Secret::from("only-for-tests"));
        // Whatever comes in time comes by webhook.
        config.vendure.poll = Period(Duration::from_secs(3_600));
        config.hooks.vendure = Some(Secret::from(SECRET));
        config.hooks.shippo = Some(Secret::from(SECRET));
        config.vendure.fresh = Period(Duration::from_secs(3_600));
        let gateway = start(config).await?;
        let mut input = vendure.input()?;
        writeln!(input, "http://{}/hooks/vendure", gateway.address)?;
        let store = &gateway.state.store;
        let hash = passwords::hash("hollowpine").await;
        store.seed(small_shop(store.clock().now(), 3, hash)).await?;
        let http = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()?;
        let body = json!({ "email": "priya@hollowpine.example", "password": "hollowpine" });
        let asked = http
            .post(format!("http://{}/v1/sessions", gateway.address))
            .json(&body);
        let session: Value = asked.send().await?.error_for_status()?.json().await?;
        let admin = Asks::new(format!("{address}/admin-api"), &http);
        admin
            .run(r#"login(username: "superadmin", password: "superadmin") { __typename }"#)
            .await?;
        Ok(Self {
            vendure: Some(vendure),
            _input: input,
            token: session["token"].as_str().context("a token")?.to_owned(),
            shop: Asks::new(format!("{address}/shop-api"), &http),
            admin,
            gateway,
            http,
            folder,
        })
    }

    fn store(&self) -> &Store {
        &self.gateway.state.store
    }

    /// Waits until the order is as it should be here.
    async fn until(
        &self,
        number: &str,
        is: impl Fn(&Order, &[Shipment]) -> bool,
    ) -> Result<(Order, Vec<Shipment>)> {
        wait::until("the order to be taken over", async || {
            let filter = OrderFilter {
                customer: None,
                number: Some(number.to_owned()),
            };
            let (mut orders, _) = self.store().orders(filter, None, 1).await?;
            let Some(order) = orders.pop() else {
                return Ok(None);
            };
            let (parcels, _) = self.store().shipments(order.id, None, 10).await?;
            Ok(is(&order, &parcels).then_some((order, parcels)))
        })
        .await
    }

    /// What somebody at a desk is told: age, what came of asking, the order.
    async fn look(&self, order: OrderId) -> Result<(u64, String, Order)> {
        let asked = self
            .http
            .get(format!("http://{}/v1/orders/{order}", self.gateway.address))
            .bearer_auth(&self.token)
            .header(header::CACHE_CONTROL, "no-cache");
        let answer = asked.send().await?.error_for_status()?;
        let told = |name: &str| {
            let value = answer.headers().get(name).context("a header")?;
            Ok::<_, anyhow::Error>(value.to_str()?.to_owned())
        };
        let (age, status) = (told("age")?.parse()?, told("cache-status")?);
        Ok((age, status, answer.json().await?))
    }

    /// The ticket of somebody in the chat who gives this address.
    async fn asks(&self, email: &str, text: &str) -> Result<Ticket> {
        let id = uuid::Uuid::new_v4();
        let body = json!({ "id": id, "name": "Robin", "email": email, "text": text });
        let url = format!("http://{}/chat/api/conversations", self.gateway.address);
        self.http
            .post(url)
            .json(&body)
            .send()
            .await?
            .error_for_status()?;
        let filter = deskhand_gateway::store::TicketFilter {
            teams: [deskhand_domain::TeamId::MAIN].into(),
            ..Default::default()
        };
        let (mut tickets, _) = self.store().tickets(filter, None, 1).await?;
        tickets.pop().context("a ticket")
    }

    /// Somebody at a desk of their own, with all that there is.
    async fn desk(&self) -> Result<Desk> {
        let desk = Desk::start(&self.folder.path().join("desk")).await?;
        let address = format!("http://{}", self.gateway.address);
        desk.sign_in(address).await.map_err(failed)?;
        desk.live().await?;
        Ok(desk)
    }

    /// Sends what Vendure would, and answers once the gateway has it.
    async fn webhook(&self, order: &str) -> Result<()> {
        let body = json!({ "id": uuid::Uuid::new_v4(), "type": "order", "order": { "id": order } });
        self.tell("vendure", "x-vendure-signature", body).await
    }

    /// Sends what a service would of a parcel that was seen on its way, and is promised.
    async fn scanned(&self, number: &str) -> Result<()> {
        let now = Utc::now();
        let state = json!({
            "status": "TRANSIT", "status_details": "Sorted", "location": { "city": "Leipzig" },
            "status_date": (now - TimeDelta::hours(2)).to_rfc3339(),
        });
        let body = json!({ "event": "track_updated", "data": {
            "tracking_number": number, "carrier": "dhl_germany",
            "eta": (now + TimeDelta::days(2)).to_rfc3339(),
            "tracking_status": state, "tracking_history": [state],
        }});
        self.tell("shippo", "shippo-auth-signature", body).await
    }

    /// Signs and sends.
    async fn tell(&self, service: &str, proof: &str, body: Value) -> Result<()> {
        let body = body.to_string();
        let seconds = Utc::now().timestamp();
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let signed = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
        let digits: String = signed.as_ref().iter().map(|x| format!("{x:02x}")).collect();
        let url = format!("http://{}/hooks/{service}", self.gateway.address);
        let asked = self
            .http
            .post(url)
            .header(proof, format!("t={seconds},v1={digits}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        let taken: Value = asked.send().await?.error_for_status()?.json().await?;
        ensure!(taken["accepted"] == 1, "{taken}");
        Ok(())
    }

    /// A live socket that follows from now on.
    async fn follow(&self) -> Result<Live> {
        let address = self.gateway.address;
        let asked = self.http.post(format!("http://{address}/v1/live/ticket"));
        let ticket: Value = asked
            .bearer_auth(&self.token)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let ticket = ticket["ticket"].as_str().context("a ticket")?;
        let asked = self.http.get(format!("http://{address}/v1/sync"));
        let page: Value = asked.bearer_auth(&self.token).send().await?.json().await?;
        let request = ClientRequestBuilder::new(format!("ws://{address}/v1/live").parse()?)
            .with_header("authorization", format!("Bearer {ticket}"));
        let (mut stream, _) = tokio_tungstenite::connect_async(request).await?;
        let follow = json!({ "type": "follow", "cursor": page["live"] });
        stream.send(Message::text(follow.to_string())).await?;
        Ok(Live(stream))
    }
}

/// A live socket.
struct Live(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Live {
    /// Waits for a frame with the order as it was read after a moment.
    async fn until_read(&mut self, order: OrderId, after: DateTime<Utc>) -> Result<()> {
        loop {
            let next = tokio::time::timeout(wait::LIMIT, self.0.next()).await?;
            let Message::Text(text) = next.context("the socket is open")?? else {
                continue;
            };
            if has_read(&serde_json::from_str(&text)?, &order.to_string(), after) {
                return Ok(());
            }
        }
    }
}

/// Whether the order, as it was read after a moment, stands somewhere in there.
fn has_read(there: &Value, order: &str, after: DateTime<Utc>) -> bool {
    let read_at = || {
        let at = there.pointer("/source/fetched_at")?.as_str()?;
        DateTime::parse_from_rfc3339(at).ok()
    };
    match there {
        Value::Object(fields) => {
            let is_it = there["id"] == order && read_at().is_some_and(|at| at >= after);
            is_it || fields.values().any(|field| has_read(field, order, after))
        }
        Value::Array(items) => items.iter().any(|item| has_read(item, order, after)),
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_from_its_shop_to_whoever_is_asked_about_it() -> Result<()> {
    let mut world = World::begin().await?;
    let (id, code) = world.shop.buy().await?;
    world.admin.settle(&id).await?;
    world.admin.ship(&id, 1, 2, FIRST).await?;
    let half = FulfilmentStatus::PartlyShipped;
    let (order, parcels) = world
        .until(&code, |order, _| order.fulfilment_status == half)
        .await?;
    assert_eq!(order.total.currency, Currency::EUR);
    assert_eq!(order.total.minor, 24_900 + 2 * 1_249 + 495);
    assert_eq!(parcels.len(), 1);
    assert_eq!(parcels[0].tracking_number, FIRST);
    assert_eq!(order.source.name, "Vendure");

    let asked = format!("Where is the rest of {code}?");
    let mine = world.asks("Robin.Okafor@customer.example", &asked).await?;
    assert_eq!(mine.order, Some(order.id), "the customer's own order");
    let not_mine = world.asks("somebody@else.example", &asked).await?;
    assert_eq!(
        not_mine.order, None,
        "an order number opens nothing to others"
    );
    let desk = world.desk().await?;
    let on_the_screen = async |status: FulfilmentStatus| {
        wait::until("the order on the screen", || async {
            let shown = desk.screen(mine.id).await?.order;
            Ok(shown.filter(|shown| shown.order.fulfilment_status == status))
        })
        .await
    };
    let shown = on_the_screen(half).await?;
    assert_eq!(shown.shipments.len(), 1);

    // What `w` writes names the parcel, its last scan and the promise, each with where it was read.
    world.scanned(FIRST).await?;
    wait::until("the scan on the screen", || async {
        let shown = desk.screen(mine.id).await?.order;
        Ok(shown.filter(|shown| !shown.shipments[0].scans.is_empty()))
    })
    .await?;
    let about = AboutOrder {
        ticket: mine.id,
        order: order.id,
    };
    let answer = desk.client.order_answer(about).await.map_err(failed)?;
    for told in [
        code.as_str(),
        FIRST,
        "DHL",
        "Leipzig",
        "It should be with you by",
    ] {
        ensure!(answer.text.contains(told), "{told}: {}", answer.text);
    }
    let read = |text: &str| {
        let mut facts = answer.facts.iter();
        let fact = facts.find(|fact| fact.text == text);
        fact.map(|fact| fact.source.name.clone())
    };
    assert_eq!(read(&code).as_deref(), Some("Vendure"));
    assert!(
        read(FIRST).is_some() && read("Leipzig").is_some(),
        "{:?}",
        answer.facts
    );
    let foreign = AboutOrder {
        ticket: not_mine.id,
        ..about
    };
    assert!(
        desk.client.order_answer(foreign).await.is_err(),
        "not to somebody else"
    );

    world.admin.ship(&id, 0, 1, SECOND).await?;
    let shipped = Instant::now();
    let whole = FulfilmentStatus::Shipped;
    let shown = on_the_screen(whole).await?;
    let took = shipped.elapsed();
    println!("the second parcel was on the screen {took:?} after it was sent, by webhook");
    assert!(took < AT_THE_DESK, "{took:?}");
    assert_eq!(shown.shipments.len(), 2);
    assert!(shown.order.source.fetched_at > order.source.fetched_at);
    let letters = world.store().letters(&LetterFilter::default()).await?;
    assert!(!letters.is_empty(), "what the shop told is kept");
    desk.client.stop().await;

    let mut live = world.follow().await?;
    let mut times = Vec::with_capacity(WEBHOOKS);
    for _ in 0..WEBHOOKS {
        let (sent, began) = (world.gateway.state.clock.now(), Instant::now());
        world.webhook(&id).await?;
        live.until_read(order.id, sent).await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    println!(
        "from webhook to socket frame, the order read from Vendure between: median {:?}, p99 {:?} of {WEBHOOKS}",
        times[WEBHOOKS / 2],
        times[WEBHOOKS * 99 / 100],
    );

    let (_, status, read) = world.look(order.id).await?;
    assert_eq!(status, "Deskhand; fwd=stale; fwd-status=200; stored");

    world.vendure.take().context("it runs")?.kill()?;
    let (_, status, stale) = world.look(order.id).await?;
    assert_eq!(status, "Deskhand; fwd=stale; detail=unreachable");
    assert_eq!(
        stale, read,
        "what was read stands, with the moment it was read at"
    );
    Ok(())
}
