//! A real Vendure under the contract: installed by `make tests/vendure/node_modules/.stamp`, seeded
//! once, started for each test on a copy.

use crate::contract::{Fixture, GOODS, Market, PHONE, Placed, SECRET, Wish};
use crate::{client, clock};
use anyhow::{Context as _, Result, bail, ensure};
use async_trait::async_trait;
use deskhand_connectors::commerce::{
    Commerce, ShopId,
    vendure::{Access, Vendure},
};
use serde_json::{Value, json};
use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::OnceCell,
};

/// How long a machine that is busy with other things may take.
const PATIENCE: Duration = Duration::from_secs(240);

/// A Vendure that runs.
pub struct Server {
    pub address: String,
    child: Child,
    client: reqwest::Client,
    _folder: TempDir,
}

impl Server {
    /// Starts one on a copy of the seeded shop.
    pub async fn start(settings: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("shop.sqlite");
        fs::copy(seeded().await?, &file)?;
        let mut child = node("serve", &file)?
            .envs(settings.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node")?;
        let output = child.stdout.take().context("its output")?;
        let mut lines = BufReader::new(output).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await? {
                if line.starts_with("http://") {
                    return Ok(line);
                }
            }
            bail!("Vendure ended before it listened")
        };
        let address = tokio::time::timeout(PATIENCE, listening).await;
        Ok(Self {
            address: address.context("Vendure does not listen")??,
            child,
            client: client(),
            _folder: folder,
        })
    }

    /// Ends it at once.
    pub async fn stop(&mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// As Deskhand asks it.
    pub fn access(&self, channel: Option<&str>) -> Access {
        Access {
            address: format!("{}/admin-api", self.address),
            user: "deskhand@hollowpine.example".to_owned(),
            password: "only-for-tests".to_owned(),
            channel: channel.map(str::to_owned),
        }
    }

    fn asks(&self, path: &str, market: Market) -> Asks<'_> {
        Asks {
            client: &self.client,
            url: format!("{}/{path}", self.address),
            channel: channel(market),
            token: Mutex::default(),
        }
    }

    async fn admin(&self, market: Market) -> Result<Asks<'_>> {
        let admin = self.asks("admin-api", market);
        let login =
            r#"mutation { login(username: "superadmin", password: "superadmin") { __typename } }"#;
        admin.ask(login, json!({})).await?;
        Ok(admin)
    }
}

fn channel(market: Market) -> Option<&'static str> {
    match market {
        Market::Europe => None,
        Market::Japan => Some("jp"),
        Market::Kuwait => Some("kw"),
    }
}

/// Somebody with a session.
struct Asks<'a> {
    client: &'a reqwest::Client,
    url: String,
    channel: Option<&'static str>,
    token: Mutex<String>,
}

impl Asks<'_> {
    async fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        let token = self
            .token
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let body = json!({ "query": query, "variables": variables });
        let mut request = self.client.post(&self.url).bearer_auth(token).json(&body);
        if let Some(channel) = self.channel {
            request = request.header("vendure-token", channel);
        }
        let answer = request.send().await?;
        if let Some(token) = answer.headers().get("vendure-auth-token") {
            let token = token.to_str()?.to_owned();
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
        }
        let mut answer: Value = answer.json().await?;
        ensure!(answer["errors"].is_null(), "{query}: {}", answer["errors"]);
        let data = answer["data"].take();
        let refused = data
            .as_object()
            .into_iter()
            .flatten()
            .find_map(|(_, part)| part["errorCode"].as_str());
        ensure!(refused.is_none(), "{query}: {refused:?}");
        Ok(data)
    }
}

fn node(what: &str, file: &Path) -> Result<Command> {
    let folder = folder();
    ensure!(
        folder.join("node_modules").exists(),
        "Vendure is not installed: make tests/vendure/node_modules/.stamp"
    );
    let mut node = Command::new("node");
    node.arg(folder.join("server.mjs"))
        .arg(what)
        .arg(file)
        .env("VENDURE_DISABLE_TELEMETRY", "true")
        .kill_on_drop(true);
    Ok(node)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vendure")
}

/// The file of a shop with goods and no orders, made when there is none of this version.
async fn seeded() -> Result<PathBuf> {
    static SEEDED: OnceCell<PathBuf> = OnceCell::const_new();
    let file = SEEDED.get_or_try_init(|| async {
        let mut hasher = DefaultHasher::new();
        for name in ["server.mjs", "package-lock.json"] {
            fs::read(folder().join(name))?.hash(&mut hasher);
        }
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let file = kept.join(format!("vendure-{:016x}.sqlite", hasher.finish()));
        if !file.exists() {
            let draft = tempfile::tempdir_in(kept)?;
            let made = draft.path().join("shop.sqlite");
            let output = node("seed", &made)?.stdin(Stdio::null()).output();
            let output = tokio::time::timeout(PATIENCE * 2, output).await??;
            let words = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "Vendure makes no shop: {words}");
            fs::rename(&made, &file)?;
        }
        anyhow::Ok(file)
    });
    Ok(file.await?.clone())
}

/// Vendure under the contract.
pub struct Real(Server);

impl Real {
    /// Vendure counts two decimals whatever the currency.
    fn minor(market: Market, whole: i64) -> Result<i64> {
        Ok(match market {
            Market::Europe => whole,
            Market::Japan => {
                ensure!(whole % 100 == 0, "{whole} is no whole yen");
                whole / 100
            }
            Market::Kuwait => whole * 10,
        })
    }
}

#[async_trait]
impl Fixture for Real {
    async fn open() -> Result<Self> {
        Ok(Self(Server::start(&[]).await?))
    }

    fn commerce(&self, market: Market) -> Arc<dyn Commerce> {
        Arc::new(Vendure::new(
            self.0.access(channel(market)),
            client(),
            clock(),
        ))
    }

    fn stranger(&self) -> Option<Arc<dyn Commerce>> {
        let access = Access {
            password: SECRET.to_owned(),
            ..self.0.access(None)
        };
        Some(Arc::new(Vendure::new(access, client(), clock())))
    }

    async fn place(&self, wish: &Wish) -> Result<Placed> {
        let shop = self.0.asks("shop-api", wish.market);
        for (at, count) in &wish.goods {
            // The seed makes variants 1, 2, 3 out of the goods in their order.
            let id = (at + 1).to_string();
            ensure!(*at < GOODS.len(), "no such goods");
            shop.ask(
                "mutation ($id: ID!, $count: Int!) { addItemToOrder(productVariantId: $id, quantity: $count) {
                    __typename ... on ErrorResult { errorCode } } }",
                json!({ "id": id, "count": count }),
            )
            .await?;
        }
        let name = if wish.email.starts_with("robin") {
            ["Robin", "Okafor"]
        } else {
            ["Sam", "Lind"]
        };
        shop.ask(
            "mutation ($input: CreateCustomerInput!) { setCustomerForOrder(input: $input) {
                __typename ... on ErrorResult { errorCode } } }",
            json!({ "input": { "firstName": name[0], "lastName": name[1], "emailAddress": wish.email,
                "phoneNumber": if name[0] == "Robin" { PHONE } else { "" } } }),
        )
        .await?;
        shop.ask(
            "mutation ($input: CreateAddressInput!) { setOrderShippingAddress(input: $input) {
                __typename ... on ErrorResult { errorCode } } }",
            json!({ "input": { "fullName": name.join(" "), "streetLine1": "Lindenstr. 9",
                "city": "Berlin", "postalCode": "10969", "countryCode": "DE" } }),
        )
        .await?;
        if wish.coupon {
            shop.ask(
                r#"mutation { applyCouponCode(couponCode: "SUMMER10") { __typename ... on ErrorResult { errorCode } } }"#,
                json!({}),
            )
            .await?;
        }
        let wanted = if wish.market == Market::Japan {
            "Parcel in Japan"
        } else {
            "Standard parcel"
        };
        let methods = shop
            .ask("{ eligibleShippingMethods { id name } }", json!({}))
            .await?;
        let methods = methods["eligibleShippingMethods"]
            .as_array()
            .context("shipping methods")?;
        let method = methods
            .iter()
            .find(|method| method["name"] == wanted)
            .context("a shipping method")?;
        shop.ask(
            "mutation ($id: [ID!]!) { setOrderShippingMethod(shippingMethodId: $id) {
                __typename ... on ErrorResult { errorCode } } }",
            json!({ "id": [method["id"]] }),
        )
        .await?;
        shop.ask(
            r#"mutation { transitionOrderToState(state: "ArrangingPayment") { __typename ... on ErrorResult { errorCode } } }"#,
            json!({}),
        )
        .await?;
        let paid = shop
            .ask(
                r#"mutation { addPaymentToOrder(input: { method: "card", metadata: {} }) {
                    __typename ... on ErrorResult { errorCode } ... on Order { id code total totalWithTax payments { id } } } }"#,
                json!({}),
            )
            .await?;
        let order = &paid["addPaymentToOrder"];
        if wish.paid {
            let admin = self.0.admin(wish.market).await?;
            admin
                .ask(
                    "mutation ($id: ID!) { settlePayment(id: $id) { __typename ... on ErrorResult { errorCode } } }",
                    json!({ "id": order["payments"][0]["id"] }),
                )
                .await?;
        }
        let total = order["totalWithTax"].as_i64().context("a total")?;
        let net = order["total"].as_i64().context("a net total")?;
        Ok(Placed {
            id: ShopId::from(order["id"].as_str().context("an id")?),
            number: order["code"].as_str().context("a code")?.to_owned(),
            total: Self::minor(wish.market, total)?,
            tax: Self::minor(wish.market, total - net)?,
        })
    }

    async fn ship(&self, order: &Placed, line: usize, quantity: u32, tracking: &str) -> Result<()> {
        let admin = self.0.admin(Market::Europe).await?;
        let lines = admin
            .ask(
                "query ($id: ID!) { order(id: $id) { lines { id } } }",
                json!({ "id": order.id.0 }),
            )
            .await?;
        let made = admin
            .ask(
                "mutation ($input: FulfillOrderInput!) { addFulfillmentToOrder(input: $input) {
                    __typename ... on ErrorResult { errorCode } ... on Fulfillment { id } } }",
                json!({ "input": {
                    "lines": [{ "orderLineId": lines["order"]["lines"][line]["id"], "quantity": quantity }],
                    "handler": { "code": "manual-fulfillment", "arguments": [
                        { "name": "method", "value": "DHL" },
                        { "name": "trackingCode", "value": tracking },
                    ] },
                } }),
            )
            .await?;
        let id = &made["addFulfillmentToOrder"]["id"];
        moves(&admin, id, "Shipped").await
    }

    async fn deliver(&self, order: &Placed, tracking: &str) -> Result<()> {
        let admin = self.0.admin(Market::Europe).await?;
        let found = admin
            .ask(
                "query ($id: ID!) { order(id: $id) { fulfillments { id trackingCode } } }",
                json!({ "id": order.id.0 }),
            )
            .await?;
        let parcels = found["order"]["fulfillments"]
            .as_array()
            .context("parcels")?;
        let parcel = parcels
            .iter()
            .find(|parcel| parcel["trackingCode"] == tracking);
        moves(
            &admin,
            &parcel.context("no such parcel")?["id"],
            "Delivered",
        )
        .await
    }

    async fn refund(&self, order: &Placed, minor: i64, reason: &str) -> Result<()> {
        let admin = self.0.admin(Market::Europe).await?;
        let found = admin
            .ask(
                "query ($id: ID!) { order(id: $id) { payments { id } } }",
                json!({ "id": order.id.0 }),
            )
            .await?;
        admin
            .ask(
                "mutation ($input: RefundOrderInput!) { refundOrder(input: $input) {
                    __typename ... on ErrorResult { errorCode } } }",
                json!({ "input": {
                    "paymentId": found["order"]["payments"][0]["id"], "amount": minor, "reason": reason,
                    "lines": [], "shipping": 0, "adjustment": 0,
                } }),
            )
            .await?;
        Ok(())
    }

    async fn cancel(&self, order: &Placed, line: usize, quantity: u32) -> Result<()> {
        let admin = self.0.admin(Market::Europe).await?;
        let lines = admin
            .ask(
                "query ($id: ID!) { order(id: $id) { lines { id } } }",
                json!({ "id": order.id.0 }),
            )
            .await?;
        admin
            .ask(
                "mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) {
                    __typename ... on ErrorResult { errorCode } } }",
                json!({ "input": {
                    "orderId": order.id.0, "reason": "changed their mind",
                    "lines": [{ "orderLineId": lines["order"]["lines"][line]["id"], "quantity": quantity }],
                } }),
            )
            .await?;
        Ok(())
    }

    async fn stop(&mut self) -> Result<bool> {
        self.0.stop().await?;
        Ok(true)
    }
}

async fn moves(admin: &Asks<'_>, parcel: &Value, state: &str) -> Result<()> {
    admin
        .ask(
            "mutation ($id: ID!, $state: String!) { transitionFulfillmentToState(id: $id, state: $state) {
                __typename ... on ErrorResult { errorCode } } }",
            json!({ "id": parcel, "state": state }),
        )
        .await?;
    Ok(())
}
