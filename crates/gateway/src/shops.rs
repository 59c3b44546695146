//! Connected shops: their changes are read one after the other, and an order that somebody looks
//! at is read again when its copy is older than it may be. A shop that does not answer changes
//! nothing: the copy stays, with its age.

mod told;

use crate::{
    clock::Clock,
    config::{Config, ShopifyShop, VendureShop, WooCommerceShop},
    store::{Store, StoreError, TakenOver, Taking},
    tasks::Tasks,
};
use chrono::TimeDelta;
use deskhand_connectors::commerce::{
    Commerce, CommerceError, Cursor, Refused, ShopId,
    shopify::{self, Shopify},
    vendure::{Access, Vendure},
    woocommerce::{self, WooCommerce},
};
use deskhand_domain::{Order, OrderId, Ticket, TicketId};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

/// How long a shop may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long somebody who looks at an order waits for its shop; the copy is there at once.
const GLANCE: Duration = Duration::from_secs(5);
/// How often letters are looked for that somebody wants looked at again.
const LOOK: Duration = Duration::from_secs(10);
/// How long a shop that refuses is left alone.
const REFUSED: Duration = Duration::from_secs(600);
/// How often old words are looked for.
const DAILY: Duration = Duration::from_secs(86_400);
/// What is said of an order that its shop does not have any more.
const NOT_FOUND: &str = "NOT_FOUND";
/// How many orders are read again when a ticket is opened.
const LOOKED_AT: usize = 5;

/// Every shop that is connected.
#[derive(Clone, Default)]
pub struct Shops {
    all: Arc<Vec<Shop>>,
}

struct Shop {
    commerce: Arc<dyn Commerce>,
    fresh: Duration,
    poll: Duration,
    keep_raw: Duration,
    /// Says that it told of something.
    wake: Notify,
    /// One question about an order at a time: who waits finds it answered.
    turn: tokio::sync::Mutex<()>,
}

/// An order, and what came of reading it again.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The order as it is now here; none when there is none.
    pub order: Option<Order>,
    /// What came of asking.
    pub how: How,
}

/// What came of asking a shop for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// The copy is fresh enough, or belongs to no shop that is connected.
    Kept,
    /// It was read again.
    Read,
    /// The shop gave no answer that can be used; the copy stands.
    Stale(CommerceError),
}

impl Shops {
    /// The shops that the configuration names.
    pub fn connect(config: &Config, clock: &Clock) -> Self {
        let named = [
            &config.vendure.address,
            &config.shopify.address,
            &config.woocommerce.address,
        ];
        if named.iter().all(|address| address.is_empty()) {
            return Self::default();
        }
        let Some(client) = crate::oidc::http_client(PATIENCE) else {
            tracing::error!("shops cannot be asked: there is no client");
            return Self::default();
        };
        let mut all = Vec::new();
        all.extend(vendure(&config.vendure, client.clone(), clock));
        all.extend(shopify_shop(&config.shopify, client.clone(), clock));
        all.extend(woocommerce_shop(&config.woocommerce, client, clock));
        Self { all: Arc::new(all) }
    }

    /// One shop, for tests.
    pub fn one(commerce: Arc<dyn Commerce>, fresh: Duration, poll: Duration) -> Self {
        Self {
            all: Arc::new(vec![Shop::new(commerce, [fresh, poll, DAILY])]),
        }
    }

    /// Starts one task for each.
    pub fn start(&self, store: &Store, tasks: &Tasks) {
        for index in 0..self.all.len() {
            let (shops, store, stop) = (self.clone(), store.clone(), tasks.stopping());
            tasks.spawn("shop", async move {
                stop.run_until_cancelled(shops.all[index].follow(&store))
                    .await;
            });
        }
    }

    /// Says that a shop told of something, which lies in the inbox.
    pub fn wake(&self, source: &str) {
        for shop in self.all.iter().filter(|shop| shop.source() == source) {
            shop.wake.notify_one();
        }
    }

    /// An order, read again from its shop when the copy is older than `within`, or than the shop's
    /// own limit.
    pub async fn look(
        &self,
        store: &Store,
        id: OrderId,
        within: Option<Duration>,
    ) -> Result<Looked, StoreError> {
        let kept = |order| Looked {
            order,
            how: How::Kept,
        };
        let order = store.get::<Order>(id.0).await?;
        let origin = store.origin_of(id).await?;
        let shop = origin.as_ref().and_then(|origin| {
            let mut shops = self.all.iter();
            shops.find(|shop| shop.source() == origin.source)
        });
        let (Some(found), Some(origin), Some(shop)) = (&order, &origin, shop) else {
            return Ok(kept(order));
        };
        let within = within.unwrap_or(shop.fresh);
        if is_young(found, store, within) {
            return Ok(kept(order));
        }
        let asked_at = store.clock().now();
        let _turn = shop.turn.lock().await;
        let now = store.get::<Order>(id.0).await?;
        if now
            .as_ref()
            .is_some_and(|now| now.source.fetched_at >= asked_at)
        {
            return Ok(kept(now));
        }
        let how = match shop.read_again(store, &origin.id).await? {
            Ok(_) => How::Read,
            Err(error) => {
                tracing::info!(source = shop.source(), %error, "an order cannot be read again");
                How::Stale(error)
            }
        };
        let order = store.get::<Order>(id.0).await?;
        Ok(Looked { order, how })
    }

    /// Somebody opened a ticket: the orders it may be about are read again, beside.
    pub fn look_at_ticket(&self, store: &Store, tasks: &Tasks, ticket: TicketId) {
        if self.all.is_empty() {
            return;
        }
        let (shops, store, stop) = (self.clone(), store.clone(), tasks.stopping());
        tasks.spawn("look at a ticket", async move {
            let looking = shops.orders_of(&store, ticket);
            if let Some(Err(error)) = stop.run_until_cancelled(looking).await {
                tracing::error!(%error, "the orders of a ticket cannot be looked at");
            }
        });
    }

    async fn orders_of(&self, store: &Store, ticket: TicketId) -> Result<(), StoreError> {
        let Some(ticket) = store.get::<Ticket>(ticket.0).await? else {
            return Ok(());
        };
        let mut ids: Vec<OrderId> = ticket.order.into_iter().collect();
        if ids.is_empty() {
            let filter = crate::store::OrderFilter {
                customer: Some(ticket.customer),
                number: None,
            };
            let (orders, _) = store.orders(filter, None, LOOKED_AT).await?;
            ids.extend(orders.iter().map(|order| order.id));
        }
        for id in ids {
            self.look(store, id, None).await?;
        }
        Ok(())
    }
}

impl Shop {
    fn new(commerce: Arc<dyn Commerce>, [fresh, poll, keep_raw]: [Duration; 3]) -> Self {
        Self {
            commerce,
            fresh,
            poll,
            keep_raw,
            wake: Notify::new(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    fn source(&self) -> &'static str {
        self.commerce.connector().key
    }

    /// Reads one order again; the outer error is the database's.
    async fn read_again(
        &self,
        store: &Store,
        id: &ShopId,
    ) -> Result<Result<TakenOver, CommerceError>, StoreError> {
        let asked = tokio::time::timeout(GLANCE, self.commerce.order(id)).await;
        let record = match asked {
            Ok(Ok(Some(record))) => record,
            Ok(Ok(None)) => {
                return Ok(Err(CommerceError::said(NOT_FOUND)));
            }
            Ok(Err(error)) => return Ok(Err(error)),
            Err(_) => {
                return Ok(Err(CommerceError::Later {
                    why: deskhand_connectors::commerce::Trouble::TimedOut,
                    after: None,
                }));
            }
        };
        let taking = Taking {
            source: self.source(),
            cursor: None,
            touch: true,
            whole: false,
        };
        Ok(Ok(store.take_orders(taking, vec![record]).await?))
    }

    /// Reads what changes, for as long as the gateway runs: what the shop told of at once, and all
    /// of it from time to time.
    async fn follow(&self, store: &Store) {
        let mut failures = 0_u32;
        let mut forget_at = tokio::time::Instant::now();
        let mut poll_at = forget_at;
        loop {
            if let Err(error) = self.read_told(store).await {
                tracing::error!(source = self.source(), %error, "what a shop told cannot be stored");
            }
            if tokio::time::Instant::now() >= poll_at {
                let pause = match self.page(store).await {
                    Ok(true) => {
                        failures = 0;
                        continue;
                    }
                    Ok(false) => {
                        failures = 0;
                        self.poll
                    }
                    Err(pause) => {
                        failures = failures.saturating_add(1);
                        pause.unwrap_or_else(|| self.backoff(failures))
                    }
                };
                poll_at = tokio::time::Instant::now() + pause;
            }
            if tokio::time::Instant::now() >= forget_at {
                forget_at += DAILY;
                self.forget(store).await;
            }
            let look_at = poll_at.min(tokio::time::Instant::now() + LOOK);
            tokio::select! {
                // A wake-up while nobody waits is kept.
                () = self.wake.notified() => {}
                () = tokio::time::sleep_until(look_at) => {}
            }
        }
    }

    /// One page of changes. Whether there is more, or how long to wait.
    async fn page(&self, store: &Store) -> Result<bool, Option<Duration>> {
        let source = self.source();
        let failed = |error: StoreError| {
            tracing::error!(source, %error, "changes of a shop cannot be stored");
            None
        };
        let cursor = store.shop_cursor(source).await.map_err(failed)?.map(Cursor);
        let changes = match self.commerce.changes(cursor.as_ref()).await {
            Ok(changes) => changes,
            Err(CommerceError::Later { why, after }) => {
                tracing::warn!(source, %why, "a shop cannot be read now");
                return Err(after);
            }
            Err(error) => {
                tracing::error!(source, %error, "a shop cannot be read");
                return Err(Some(REFUSED.max(self.poll)));
            }
        };
        for Refused { id, why } in &changes.read.refused {
            tracing::warn!(source, order = %id, %why, "an order of a shop is not taken over");
        }
        let taking = Taking {
            source,
            cursor: Some(changes.next.0),
            touch: false,
            whole: false,
        };
        let began = tokio::time::Instant::now();
        let taken = store.take_orders(taking, changes.read.orders).await;
        let taken = taken.map_err(failed)?;
        for id in &taken.clashes {
            tracing::warn!(source, order = %id, "another order has its number: it is not taken over");
        }
        if taken.changed > 0 {
            let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(
                source,
                orders = taken.changed,
                millis,
                "orders of a shop were taken over"
            );
        }
        Ok(changes.more)
    }

    /// Longer each time, up to ten times as long as usual.
    fn backoff(&self, failures: u32) -> Duration {
        let factor = 2_u32
            .saturating_pow(failures.saturating_sub(1).min(4))
            .min(10);
        self.poll * factor
    }

    async fn forget(&self, store: &Store) {
        let kept = TimeDelta::from_std(self.keep_raw).unwrap_or(TimeDelta::MAX);
        let Some(before) = store.clock().now().checked_sub_signed(kept) else {
            return;
        };
        match store.forget_raw_before(before).await {
            Ok(0) => {}
            Ok(records) => tracing::info!(records, "forgot what shops said word for word"),
            Err(error) => tracing::error!(%error, "old words of shops cannot be forgotten"),
        }
    }
}

fn is_young(order: &Order, store: &Store, within: Duration) -> bool {
    let age = (store.clock().now() - order.source.fetched_at).to_std();
    age.unwrap_or_default() <= within
}

fn vendure(config: &VendureShop, client: reqwest::Client, clock: &Clock) -> Option<Shop> {
    let password = config
        .password
        .as_ref()
        .filter(|_| !config.address.is_empty())?;
    let access = Access {
        address: config.address.clone(),
        user: config.user.clone(),
        password: password.reveal().to_owned(),
        channel: Some(config.channel.clone()).filter(|channel| !channel.is_empty()),
    };
    let clock = clock.clone();
    let commerce = Vendure::new(access, client, Arc::new(move || clock.now()));
    let times = [config.fresh.0, config.poll.0, config.keep_raw.0];
    Some(Shop::new(Arc::new(commerce), times))
}

fn shopify_shop(config: &ShopifyShop, client: reqwest::Client, clock: &Clock) -> Option<Shop> {
    let token = config.token.as_ref();
    let token = token.filter(|_| !config.address.is_empty())?;
    let access = shopify::Access {
        address: config.address.clone(),
        token: token.reveal().to_owned(),
    };
    let clock = clock.clone();
    let commerce = Shopify::new(access, client, Arc::new(move || clock.now()));
    let times = [config.fresh.0, config.poll.0, config.keep_raw.0];
    Some(Shop::new(Arc::new(commerce), times))
}

fn woocommerce_shop(
    config: &WooCommerceShop,
    client: reqwest::Client,
    clock: &Clock,
) -> Option<Shop> {
    let keys = config.key.as_ref().zip(config.secret.as_ref());
    let (key, secret) = keys.filter(|_| !config.address.is_empty())?;
    let access = woocommerce::Access {
        address: config.address.clone(),
        key: key.reveal().to_owned(),
        secret: secret.reveal().to_owned(),
    };
    let clock = clock.clone();
    let commerce = WooCommerce::new(access, client, Arc::new(move || clock.now()));
    let times = [config.fresh.0, config.poll.0, config.keep_raw.0];
    Some(Shop::new(Arc::new(commerce), times))
}
