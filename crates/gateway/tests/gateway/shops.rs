//! Orders of a connected shop, as somebody who looks at them sees them.

use crate::kit::Shop;
use async_trait::async_trait;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use chrono::TimeDelta;
use deskhand_connectors::commerce::{
    Capabilities, Changes, Commerce, CommerceError, Connector, Cursor, CustomerRecord, CustomersBy,
    OrderRecord, OrdersBy, Read, ShopId, Trouble, identity::EMBEDDED, memory::Embedded,
};
use deskhand_domain::{Customer, Order, OrderId};
use deskhand_gateway::{
    Config,
    app::{self, State},
    config::Period,
    shops::Shops,
    store::{OrderFilter, Taking},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// A shop that can be stopped, and counts how often it is asked for an order.
pub struct Fickle {
    connector: Connector,
    shop: Embedded,
    clock: deskhand_gateway::clock::Clock,
    trouble: std::sync::Mutex<Option<CommerceError>>,
    asked: AtomicUsize,
}

impl Fickle {
    /// Answers so from now on; as it should with nothing.
    pub fn says(&self, error: impl Into<Option<CommerceError>>) {
        *self.trouble.lock().expect("a lock") = error.into();
    }

    fn is_well(&self) -> Result<(), CommerceError> {
        let trouble = self.trouble.lock().expect("a lock").clone();
        trouble.map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Commerce for Fickle {
    fn connector(&self) -> Connector {
        self.connector
    }
    fn capabilities(&self) -> Capabilities {
        self.shop.capabilities()
    }
    async fn customers(&self, by: CustomersBy<'_>) -> Result<Vec<CustomerRecord>, CommerceError> {
        self.shop.customers(by).await
    }
    async fn orders(&self, by: OrdersBy<'_>) -> Result<Read, CommerceError> {
        self.shop.orders(by).await
    }
    async fn order(&self, id: &ShopId) -> Result<Option<OrderRecord>, CommerceError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.is_well()?;
        let mut record = self.shop.order(id).await?;
        if let Some(record) = &mut record {
            record.order.source.fetched_at = self.clock.now();
        }
        Ok(record)
    }
    async fn changes(&self, since: Option<&Cursor>) -> Result<Changes, CommerceError> {
        self.is_well()?;
        self.shop.changes(since).await
    }
}

pub struct Looking {
    pub shop: Shop,
    pub fickle: Arc<Fickle>,
    token: String,
    pub order: OrderId,
}

impl Looking {
    /// A gateway whose connected shop has an order that was just read.
    async fn begin() -> Self {
        Self::begin_as(EMBEDDED, |_| {}).await
    }

    /// The same with another shop and another configuration.
    pub async fn begin_as(connector: Connector, set: impl FnOnce(&mut Config)) -> Self {
        let hour = Duration::from_secs(3_600);
        let shop = Shop::open_with(|config| {
            config.sessions.access = Period(hour);
            set(config);
        })
        .await;
        let token = shop.sign_in("priya").await;
        let (store, clock) = (&shop.state.store, shop.state.clock.clone());
        let (orders, _) = store
            .orders(OrderFilter::default(), None, 1)
            .await
            .expect("orders");
        let mut order = orders.into_iter().next().expect("an order");
        order.source.fetched_at = clock.now();
        let (customers, _) = store.customers(None, None, 100).await.expect("customers");
        let customers: Vec<Customer> = customers;
        let embedded = Embedded::with(&customers, vec![order.clone()], Vec::new());
        let records = embedded.changes(None).await.expect("changes").read.orders;
        let taking = Taking {
            source: connector.key,
            cursor: None,
            touch: true,
            whole: false,
        };
        let order = OrderId(order.id.0);
        store
            .take_orders(taking, records)
            .await
            .expect("it is stored");
        let fickle = Arc::new(Fickle {
            connector,
            shop: embedded,
            clock,
            trouble: std::sync::Mutex::default(),
            asked: AtomicUsize::new(0),
        });
        let five = Duration::from_secs(300);
        let state = State {
            shops: Shops::one(fickle.clone(), five, hour),
            ..shop.state.clone()
        };
        let shop = Shop {
            app: app::app(state.clone()),
            state,
            ..shop
        };
        Self {
            shop,
            fickle,
            token,
            order,
        }
    }

    /// What is told: age, status of the cache, when the order was read.
    async fn look(&self, cache_control: Option<&str>) -> (u64, String, Order) {
        let path = format!("/v1/orders/{}", self.order);
        let bearer = format!("Bearer {}", self.token);
        let mut request = Request::get(path).header(header::AUTHORIZATION, bearer);
        if let Some(cache_control) = cache_control {
            request = request.header(header::CACHE_CONTROL, cache_control);
        }
        let request = request.body(Body::empty()).expect("a request");
        let answer = self.shop.ask(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let told = |name: &str| {
            let value = answer.headers.get(name).expect("a header");
            value.to_str().expect("a text").to_owned()
        };
        let (age, status) = (told("age"), told("cache-status"));
        let order = serde_json::from_str(&answer.body).expect("an order");
        (age.parse().expect("seconds"), status, order)
    }

    pub fn asked(&self) -> usize {
        self.fickle.asked.load(Ordering::SeqCst)
    }

    pub fn wait(&self, minutes: i64) {
        self.shop.state.clock.advance(TimeDelta::minutes(minutes));
    }
}

#[tokio::test]
async fn an_order_is_read_again_when_its_copy_is_too_old() {
    let looking = Looking::begin().await;
    let (age, status, _) = looking.look(None).await;
    assert_eq!((age, &*status, looking.asked()), (0, "Deskhand; hit", 0));
    looking.wait(4);
    let (age, status, _) = looking.look(None).await;
    assert_eq!((age, &*status), (240, "Deskhand; hit"));
    let (age, status, _) = looking.look(Some("no-cache")).await;
    assert_eq!(
        (age, &*status),
        (0, "Deskhand; fwd=stale; fwd-status=200; stored")
    );
    looking.wait(6);
    let (age, _, _) = looking.look(Some("only-if-cached")).await;
    assert_eq!((age, looking.asked()), (360, 1), "nobody asked");
    let (age, _, _) = looking.look(Some("max-age=400")).await;
    assert_eq!((age, looking.asked()), (360, 1), "it was young enough");
    let (age, status, order) = looking.look(None).await;
    assert_eq!(
        (age, &*status),
        (0, "Deskhand; fwd=stale; fwd-status=200; stored")
    );
    assert_eq!(order.source.fetched_at, looking.shop.state.clock.now());
    assert_eq!(looking.asked(), 2);
}

#[tokio::test]
async fn a_shop_that_does_not_answer_leaves_the_copy_with_its_age() {
    let looking = Looking::begin().await;
    let (_, _, before) = looking.look(None).await;
    looking.wait(10);
    for (error, detail) in [
        (
            CommerceError::Later {
                why: Trouble::Unreachable,
                after: None,
            },
            "unreachable",
        ),
        (
            CommerceError::Changed {
                at: "lines[0].quantity".to_owned(),
            },
            "changed-shape",
        ),
    ] {
        looking.fickle.says(error);
        let (age, status, order) = looking.look(None).await;
        assert_eq!(age, 600);
        assert_eq!(status, format!("Deskhand; fwd=stale; detail={detail}"));
        assert_eq!(order, before, "the copy stands");
    }
}

#[tokio::test]
async fn nobody_who_may_not_read_orders_makes_the_gateway_ask() {
    let looking = Looking::begin().await;
    looking.wait(10);
    let path = format!("/v1/orders/{}", looking.order);
    let answer = looking.shop.get(&path, "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(looking.asked(), 0);
}

#[tokio::test]
async fn a_whole_shop_is_taken_over_page_by_page() {
    let shop = Shop::open().await;
    let sample = deskhand_sample::generate(shop.state.clock.now());
    let orders = sample.orders.len();
    let embedded = Embedded::with(&sample.customers, sample.orders, sample.shipments);
    let store = &shop.state.store;
    let began = tokio::time::Instant::now();
    let mut cursor = None;
    let (mut taken_over, mut clashes) = (0, 0);
    loop {
        let changes = embedded.changes(cursor.as_ref()).await.expect("changes");
        let taking = Taking {
            source: "embedded",
            cursor: Some(changes.next.0.clone()),
            touch: false,
            whole: false,
        };
        let taken = store.take_orders(taking, changes.read.orders).await;
        let taken = taken.expect("it is stored");
        taken_over += taken.changed;
        clashes += taken.clashes.len();
        cursor = Some(changes.next);
        if !changes.more {
            break;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    // The small shop has orders of its own, with some of the same numbers.
    assert_eq!((taken_over, clashes), (orders - 30, 30));
    println!(
        "{orders} orders in {seconds:.2} s, {:.0} orders/s",
        f64::from(u32::try_from(orders).expect("a count")) / seconds
    );
}

const EXPORT: &str = "\
Id,Name,Email,Financial Status,Currency,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku
450789469,#1001,robin@customer.example,paid,EUR,4.95,4.78,29.93,0.00,2026-11-01 10:00:00 +0100,2,Enamel mug,12.49,MUG-1
";

#[tokio::test]
async fn an_export_is_imported_whole_and_once_or_not_at_all() {
    let shop = Shop::open().await;
    shop.state.store.close().await;
    let folder = &shop.folder;
    let data = folder.path().display().to_string();
    let import = |text: &str, more: &[&str]| {
        let file = folder.path().join("orders.csv");
        std::fs::write(&file, text).expect("a file");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_deskhand-gateway"))
            .args(["import-orders", "--data-dir", &data, "--format", "shopify"])
            .arg(&file)
            .args(more)
            .output()
            .expect("the gateway is there");
        let words = [output.stdout, output.stderr].concat();
        let words = String::from_utf8(words).expect("UTF-8");
        let words = words.replace(&file.display().to_string(), "orders.csv");
        (output.status.code(), words)
    };
    let wrong = EXPORT
        .replace("29.93", "29.94")
        .replace("12.49,", "12.495,");
    let (code, words) = import(&wrong, &["--dry-run"]);
    let words = words.lines().nth(1).map(str::to_owned);
    let told = "line 2, Lineitem price: it has more decimals than its currency";
    assert_eq!((code, words.as_deref()), (Some(33), Some(told)));
    let (code, words) = import(EXPORT, &["--dry-run"]);
    assert_eq!(
        (code, &*words),
        (Some(0), "1 orders, and nothing is wrong with them\n")
    );
    for counts in [
        "1 stored, 0 were there already",
        "0 stored, 1 were there already",
    ] {
        let (code, words) = import(EXPORT, &[]);
        assert_eq!(
            (code, words.lines().nth(1)),
            (Some(0), Some(counts)),
            "{words}"
        );
    }
}
