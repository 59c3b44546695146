//! Asks services where parcels are that nobody told anything of for too long. What they answer goes
//! the way of their webhooks: kept as it was said, and merged into the parcel.

mod service;

use crate::{
    clock::Clock,
    config::Config,
    intake,
    store::{Store, StoreError},
    tasks::Tasks,
};
use chrono::TimeDelta;
use deskhand_connectors::carriers::{
    Vendor,
    live::{Access, Parcel, Tracking, connect},
};
use deskhand_domain::{Instant, Shipment, ShipmentId, shipment::TrackingStatus};
use service::{Said, Service};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many parcels are looked at together.
const BATCH: usize = 500;
/// How long after one pass over all parcels the next begins.
const PASS: Duration = Duration::from_secs(60);
/// How long to wait when the database cannot be used.
const AGAIN: Duration = Duration::from_secs(5);
/// A parcel that is older than this is asked about no more.
const GIVEN_UP: TimeDelta = TimeDelta::days(60);
/// How long a parcel is left alone at most that nobody knows.
const LONGEST: TimeDelta = TimeDelta::days(2);

/// Starts the one task that asks, if there is somebody to ask.
pub fn start(config: &Config, store: &Store, tasks: &Tasks) {
    let clock = store.clock().clone();
    let services = services(config, &clock);
    if services.is_empty() {
        return;
    }
    let mut asking = Asking::new(store, services, config);
    let stop = tasks.stopping();
    tasks.spawn("parcels", async move {
        stop.run_until_cancelled(asking.run()).await;
    });
}

/// The services that the configuration has a key for.
fn services(config: &Config, clock: &Clock) -> Vec<Arc<dyn Tracking>> {
    let keys = Vendor::ALL
        .into_iter()
        .filter_map(|vendor| Some((vendor, config.carriers.key(vendor)?)));
    let keys: Vec<_> = keys.collect();
    if keys.is_empty() {
        return Vec::new();
    }
    let Some(client) = crate::oidc::http_client(PATIENCE) else {
        tracing::error!("services cannot be asked about parcels: there is no client");
        return Vec::new();
    };
    let connected = keys.into_iter().map(|(vendor, key)| {
        let (access, clock) = (Access::published(vendor, key.reveal()), clock.clone());
        connect(
            vendor,
            access,
            client.clone(),
            Arc::new(move || clock.now()),
        )
    });
    connected.collect()
}

/// Goes over all parcels, again and again.
pub struct Asking {
    store: Store,
    services: Vec<Service>,
    fresh: TimeDelta,
    /// Up to which parcel this pass is.
    after: Option<ShipmentId>,
    /// When a parcel is asked about again that was, and how often nobody knew it.
    asked: BTreeMap<ShipmentId, (Instant, u32)>,
}

impl Asking {
    /// Asks these services, as configured.
    pub fn new(store: &Store, services: Vec<Arc<dyn Tracking>>, config: &Config) -> Self {
        let budget = config.carriers.budget;
        let services = services.into_iter();
        let services = services.map(|one| Service::new(one, budget, store.clock()));
        Self {
            store: store.clone(),
            services: services.collect(),
            fresh: TimeDelta::from_std(config.carriers.fresh.0).unwrap_or(TimeDelta::MAX),
            after: None,
            asked: BTreeMap::new(),
        }
    }

    async fn run(&mut self) {
        loop {
            let pause = match self.some().await {
                Ok(true) => continue,
                Ok(false) => PASS,
                Err(error) => {
                    tracing::error!(%error, "what services tell of parcels cannot be stored");
                    AGAIN
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Looks at some parcels and asks about those that are due. Whether there are more in this pass.
    pub async fn some(&mut self) -> Result<bool, StoreError> {
        let parcels = self.store.parcels_after(self.after, BATCH).await?;
        for parcel in &parcels {
            if self.is_due(parcel).await? {
                self.ask(parcel).await?;
            }
            self.after = Some(parcel.id);
        }
        let more = parcels.len() == BATCH;
        if !more {
            self.after = None;
            let now = self.store.clock().now();
            self.asked.retain(|_, (next, _)| *next + LONGEST > now);
        }
        Ok(more)
    }

    async fn is_due(&self, parcel: &Shipment) -> Result<bool, StoreError> {
        let now = self.store.clock().now();
        let waits = self.asked.get(&parcel.id);
        if parcel.tracking_number.is_empty()
            || !is_under_way(parcel.status)
            || parcel.created_at + GIVEN_UP < now
            || waits.is_some_and(|(next, _)| *next > now)
        {
            return Ok(false);
        }
        let told = self.store.last_told(&parcel.tracking_number).await?;
        Ok(told.unwrap_or(parcel.created_at) + self.fresh <= now)
    }

    async fn ask(&mut self, parcel: &Shipment) -> Result<(), StoreError> {
        let question = Parcel {
            carrier: &parcel.carrier,
            number: &parcel.tracking_number,
        };
        let mut nobody_knows = true;
        for service in &mut self.services {
            match service.ask(question).await {
                Said::Told(told) => {
                    let letter = intake::answer(self.store.clock(), service.vendor(), &told);
                    self.store.keep_answer(letter, told.track).await?;
                    let next = self.store.clock().now() + self.fresh;
                    self.asked.insert(parcel.id, (next, 0));
                    return Ok(());
                }
                Said::Nothing => {}
                Said::NotNow => nobody_knows = false,
            }
        }
        if nobody_knows {
            let tries = self.asked.get(&parcel.id).map_or(0, |(_, tries)| *tries);
            let factor = 2_i32.saturating_pow(tries.min(8));
            let pause = self.fresh.checked_mul(factor).unwrap_or(LONGEST);
            let next = self.store.clock().now() + pause.min(LONGEST.max(self.fresh));
            self.asked
                .insert(parcel.id, (next, tries.saturating_add(1)));
        }
        Ok(())
    }
}

/// Whether a carrier may still tell something of it.
fn is_under_way(status: TrackingStatus) -> bool {
    match status {
        TrackingStatus::LabelCreated
        | TrackingStatus::InTransit
        | TrackingStatus::OutForDelivery
        | TrackingStatus::FailedAttempt
        | TrackingStatus::AvailableForPickup
        | TrackingStatus::Returning
        | TrackingStatus::Unknown => true,
        TrackingStatus::Delivered
        | TrackingStatus::Returned
        | TrackingStatus::Lost
        | TrackingStatus::Cancelled => false,
    }
}
