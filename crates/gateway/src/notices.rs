//! Tells customers before they ask: looks at parcels that changed or whose time has come, and at
//! the usual silence of each carrier, decides with `domain::notices`, and writes what is told in
//! one transaction with the record of it.

mod command;
mod replay;

use crate::{
    config::Config,
    store::{Case, Store, StoreError},
    tasks::Tasks,
};
use chrono::TimeDelta;
pub use command::{replay, set_objection};
use deskhand_domain::{
    Instant, NoticeKind, Order, Shipment,
    notices::{
        Decision, Rule, Rules, Words, began, decide, next_change, stands, words as put_into_words,
    },
    wismo::{Diagnosis, Gaps, World, answer::Told},
};
pub use replay::{Line, Past, PastCustomer, PastParcel, PastTalk, Story, play};
use std::{sync::Arc, time::Duration};

/// How many places of the feed, and parcels whose time has come, are looked at in one go.
const BATCH: usize = 256;
/// How often somebody looks when nothing changes: the clock may be set.
const TICK: Duration = Duration::from_secs(2);
/// How long changes may gather before they are looked at.
const GATHER: Duration = Duration::from_millis(250);
/// How long others have their turn while there is more to look at.
const BREATH: Duration = Duration::from_millis(50);
/// How long to wait when the database cannot be used.
const AGAIN: Duration = Duration::from_secs(5);
/// How often it is learned how long carriers are usually silent.
const LEARN: TimeDelta = TimeDelta::hours(6);

/// What is asked about each parcel.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The shop's rules.
    pub rules: Arc<Rules>,
    /// What the shop and the past say about time.
    pub world: Arc<World>,
    /// The shop's name.
    pub shop: Arc<str>,
    /// Since when customers are told.
    pub since: Instant,
}

impl Asking {
    /// Where a parcel stands, and what is done about it; none when it is nothing to be told.
    pub fn weigh(&self, case: &Case, now: Instant) -> Option<(Diagnosis, Decision)> {
        let diagnosis = stands(&case.order, &case.shipment, now, &self.world)?;
        let since = began(&diagnosis, &case.order, &case.shipment, now, &self.world);
        let decision = decide(&case.situation(&diagnosis, since, self), now, &self.rules);
        Some((diagnosis, decision))
    }

    /// What the customer is told, in their language.
    pub fn words(&self, case: &Case, diagnosis: &Diagnosis, kind: NoticeKind) -> Words {
        let customer = case.customer.as_ref();
        let shop = &self.world.shop;
        let told = Told {
            diagnoses: std::slice::from_ref(diagnosis),
            order: &case.order,
            shipments: std::slice::from_ref(&case.shipment),
            customer: customer.map(|customer| customer.name.as_str()),
            agent: &self.shop,
            shop,
        };
        let standard = Rule::new(kind);
        let rule = self.rules.rules.iter().find(|rule| rule.when == kind);
        let language = customer.map_or("en", |customer| customer.language.as_str());
        put_into_words(&told, kind, rule.unwrap_or(&standard), language)
    }
}

/// What came of looking once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// How many customers were told.
    pub told: usize,
    /// Whether there is more to look at now.
    pub more: bool,
}

/// Whoever looks: one for a gateway, since it is all in the database what was told.
pub struct Teller {
    store: Store,
    rules: Arc<Rules>,
    since: Instant,
    /// How far the feed was read.
    position: i64,
    gaps: Gaps,
    learned_at: Option<Instant>,
}

impl Teller {
    /// Begins to tell, or to tell no longer; nobody looks when customers are not told.
    pub async fn begin(store: &Store, config: &Config) -> Result<Option<Self>, StoreError> {
        let rules = config.notices.rules(store.history().sample);
        let since = store.tell_customers(rules.is_some()).await?;
        let Some((rules, since)) = rules.zip(since) else {
            return Ok(None);
        };
        Ok(Some(Self {
            store: store.clone(),
            rules: Arc::new(rules),
            since,
            position: store.notices_position().await?,
            gaps: Gaps::default(),
            learned_at: None,
        }))
    }

    /// Looks at what changed and at what is due, and tells whoever is to be told.
    pub async fn look(&mut self) -> Result<Round, StoreError> {
        let Some(shop) = self.store.history().shop else {
            return Ok(Round::default());
        };
        let found = self.store.parcels_to_look_at(self.position, BATCH).await?;
        let mut round = Round {
            told: 0,
            more: found.more,
        };
        if found.parcels.is_empty() {
            self.position = found.position;
            return Ok(round);
        }
        self.learn().await?;
        let mut world = World::new(&shop.time_zone);
        world.gaps = self.gaps.clone();
        let asking = Asking {
            rules: self.rules.clone(),
            world: Arc::new(world),
            shop: shop.name.into(),
            since: self.since,
        };
        let mut looks = Vec::with_capacity(found.parcels.len());
        for (shipment, order) in self.store.parcels(&found.parcels).await? {
            let id = shipment.id;
            let (told, look) = self.look_at(shipment, order, &asking).await?;
            round.told += usize::from(told);
            looks.push((id, look));
        }
        self.store.plan_looks(looks, found.position).await?;
        self.position = found.position;
        Ok(round)
    }

    /// Whether a customer was told, and when the parcel is looked at again.
    async fn look_at(
        &self,
        shipment: Shipment,
        order: Order,
        asking: &Asking,
    ) -> Result<(bool, Option<Instant>), StoreError> {
        let now = self.store.clock().now();
        let Some(diagnosis) = stands(&order, &shipment, now, &asking.world) else {
            return Ok((false, None));
        };
        let change = next_change(&diagnosis, &order, &shipment, now, &asking.world);
        if NoticeKind::of(diagnosis.condition).is_none() {
            return Ok((false, change));
        }
        let id = shipment.id;
        let case = self.store.case(shipment, order).await?;
        Ok(match asking.weigh(&case, now) {
            Some((_, Decision::Wait { until, .. })) => (
                false,
                Some(change.map_or(until, |change| until.min(change))),
            ),
            Some((_, Decision::Tell { .. })) => {
                let told = self.store.tell(id, asking.clone()).await?.is_some();
                // Something came in between.
                let soon = now + TimeDelta::minutes(1);
                (told, if told { change } else { Some(soon) })
            }
            Some((_, Decision::Silent(_))) | None => (false, change),
        })
    }

    async fn learn(&mut self) -> Result<(), StoreError> {
        let now = self.store.clock().now();
        // Also when the clock was set back.
        if self
            .learned_at
            .is_some_and(|at| (TimeDelta::zero()..LEARN).contains(&(now - at)))
        {
            return Ok(());
        }
        let arrived = self.store.arrived().await?;
        let arrived = arrived.iter().map(|(parcel, to)| (parcel, to.as_str()));
        self.gaps = Gaps::learn(arrived);
        self.learned_at = Some(now);
        Ok(())
    }
}

/// Starts the one task that looks.
pub fn start(store: &Store, config: &Arc<Config>, tasks: &Tasks) {
    let (store, config, stop) = (store.clone(), config.clone(), tasks.stopping());
    tasks.spawn("notices", async move {
        stop.run_until_cancelled(run(store, &config)).await;
    });
}

async fn run(store: Store, config: &Config) {
    let mut teller = loop {
        match Teller::begin(&store, config).await {
            Ok(Some(teller)) => break teller,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "customers cannot be told; trying again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    };
    let mut head = store.head();
    loop {
        head.mark_unchanged();
        match teller.look().await {
            Ok(round) => {
                if round.told > 0 {
                    tracing::info!(told = round.told, "told customers before they ask");
                }
                if round.more {
                    tokio::time::sleep(BREATH).await;
                } else {
                    let changed = tokio::time::timeout(TICK, head.changed()).await;
                    tracing::trace!(changed = changed.is_ok(), "looking at parcels");
                    tokio::time::sleep(GATHER).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, "parcels cannot be looked at; trying again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}
