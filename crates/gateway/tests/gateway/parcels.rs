//! Parcels that nobody told anything of are asked about.

use crate::kit::Shop;
use async_trait::async_trait;
use chrono::TimeDelta;
use deskhand_connectors::{
    carriers::{
        Event, Moment, Track, Vendor,
        live::{Limit, NoAnswer, Parcel, Told, Tracking},
    },
    commerce::Trouble,
};
use deskhand_domain::{Shipment, shipment::TrackingStatus};
use deskhand_gateway::{
    config::Rate,
    parcels::Asking,
    store::{LetterFilter, LetterState},
    testing::id,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// A service that answers from memory.
struct Service {
    vendor: Vendor,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    knows: BTreeMap<String, TrackingStatus>,
    /// What it was asked, in order.
    asked: Vec<String>,
    trouble: Option<fn() -> NoAnswer>,
}

impl Service {
    fn of(vendor: Vendor, knows: &[(&str, TrackingStatus)]) -> Arc<Self> {
        let knows = knows
            .iter()
            .map(|(number, status)| ((*number).to_owned(), *status));
        let kept = Kept {
            knows: knows.collect(),
            ..Kept::default()
        };
        Arc::new(Self {
            vendor,
            kept: Mutex::new(kept),
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("a lock")
    }

    /// What it was asked since it was asked last.
    fn was_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.kept().asked)
    }
}

#[async_trait]
impl Tracking for Service {
    fn vendor(&self) -> Vendor {
        self.vendor
    }

    fn limit(&self) -> Limit {
        Limit {
            requests: 1_000_000,
            within: Duration::from_secs(1),
        }
    }

    async fn track(&self, parcel: Parcel<'_>) -> Result<Option<Told>, NoAnswer> {
        let mut kept = self.kept();
        kept.asked.push(parcel.number.to_owned());
        if let Some(trouble) = kept.trouble {
            return Err(trouble());
        }
        let Some(status) = kept.knows.get(parcel.number).copied() else {
            return Ok(None);
        };
        let track = Track {
            carrier: None,
            tracking_number: parcel.number.to_owned(),
            status,
            detail: None,
            said: "said".to_owned(),
            promised_at: None,
            events: vec![Event {
                at: Moment::parse("2026-11-18T12:00:00Z").expect("a moment"),
                status,
                detail: None,
                said: "said".to_owned(),
                text: "Seen.".to_owned(),
                place: None,
            }],
        };
        let raw = format!("what {:?} says", self.vendor);
        Ok(Some(Told { track, raw }))
    }
}

/// A shop with three parcels under way, and whoever asks these services about them.
async fn asking(services: &[&Arc<Service>], budget: u32) -> (Shop, Asking) {
    let shop = Shop::open_with(|config| {
        config.carriers.budget = Rate {
            count: budget,
            per: Duration::from_secs(3_600),
        };
    })
    .await;
    let now = shop.state.clock.now();
    let write = shop.state.store.write(move |tx| {
        Box::pin(async move {
            for number in 1..=30 {
                let Some(mut parcel) = tx.get::<Shipment>(id(4, number)).await? else {
                    continue;
                };
                parcel.status = match number {
                    1..=3 => TrackingStatus::InTransit,
                    _ => TrackingStatus::Delivered,
                };
                parcel.scans.clear();
                parcel.created_at = now - TimeDelta::days(2);
                tx.put(&[parcel]).await?;
            }
            Ok(())
        })
    });
    write.await.expect("parcels");
    let services = services
        .iter()
        .map(|one| (*one).clone() as Arc<dyn Tracking>);
    let asking = Asking::new(&shop.state.store, services.collect(), &shop.state.config);
    (shop, asking)
}

const FIRST: &str = "PT0000000001";
const SECOND: &str = "PT0000000002";
const THIRD: &str = "PT0000000003";

async fn parcel(shop: &Shop, number: u64) -> Shipment {
    let read = shop
        .state
        .store
        .write(move |tx| Box::pin(async move { tx.get(id(4, number)).await }));
    read.await.expect("a read").expect("a parcel")
}

async fn pass(asking: &mut Asking) {
    while asking.some().await.expect("a pass") {}
}

#[tokio::test]
async fn what_nobody_told_of_is_asked_about_and_kept_as_it_was_said() {
    let delivered = TrackingStatus::Delivered;
    let first = Service::of(Vendor::AfterShip, &[(FIRST, delivered)]);
    let second = Service::of(Vendor::EasyPost, &[(SECOND, TrackingStatus::InTransit)]);
    let (shop, mut asking) = asking(&[&first, &second], 600).await;
    pass(&mut asking).await;
    assert_eq!(first.was_asked(), [FIRST, SECOND, THIRD]);
    assert_eq!(second.was_asked(), [SECOND, THIRD], "the first knew one");
    let seen = parcel(&shop, 1).await;
    assert_eq!((seen.status, seen.scans.len()), (delivered, 1));
    assert_eq!(seen.source.fetched_at, shop.state.clock.now());
    let letters = shop.state.store.letters(&LetterFilter::default()).await;
    let letters = letters.expect("a list");
    let mut told: Vec<_> = letters
        .iter()
        .map(|letter| (&*letter.source, &*letter.payload, letter.state))
        .collect();
    told.sort_unstable_by_key(|(source, _, _)| *source);
    let applied = LetterState::Applied;
    assert_eq!(
        told,
        [
            ("/asked/aftership", "what AfterShip says", applied),
            ("/asked/easypost", "what EasyPost says", applied),
        ]
    );
}

#[tokio::test]
async fn nothing_is_asked_again_before_its_time() {
    let service = Service::of(Vendor::EasyPost, &[(SECOND, TrackingStatus::InTransit)]);
    let (shop, mut asking) = asking(&[&service], 600).await;
    pass(&mut asking).await;
    assert_eq!(service.was_asked().len(), 3);
    pass(&mut asking).await;
    assert_eq!(service.was_asked(), [""; 0], "all were just asked");
    shop.state.clock.advance(TimeDelta::hours(6));
    pass(&mut asking).await;
    assert_eq!(service.was_asked(), [FIRST, SECOND, THIRD]);
    // What nobody knew twice is left alone for twice as long.
    shop.state.clock.advance(TimeDelta::hours(6));
    pass(&mut asking).await;
    assert_eq!(service.was_asked(), [SECOND]);
    let letters = shop.state.store.letters(&LetterFilter::default()).await;
    let letters = letters.expect("a list");
    assert_eq!(letters.len(), 1, "the same answer is the same letter");
    let now = shop.state.clock.now();
    assert_eq!(letters[0].received_at, now, "and was given again");
    assert_eq!(parcel(&shop, 2).await.source.fetched_at, now);
    assert_eq!(parcel(&shop, 2).await.scans.len(), 1);
}

#[tokio::test]
async fn what_a_webhook_told_of_is_not_asked_about() {
    let service = Service::of(Vendor::EasyPost, &[]);
    let (shop, mut asking) = asking(&[&service], 600).await;
    let body = format!(
        r#"{{"event_id":"e1","msg":{{"tracking_number":"{SECOND}","tag":"InTransit","checkpoints":[]}}}}"#
    );
    let letter = deskhand_gateway::intake::letter(
        &shop.state.clock,
        "/hooks/aftership",
        "e1".to_owned(),
        String::new(),
        body,
    );
    let store = &shop.state.store;
    store.keep_letters(vec![letter]).await.expect("kept");
    let applied = deskhand_gateway::intake::apply_due(store).await;
    assert_eq!(applied.expect("applied"), 1);
    pass(&mut asking).await;
    assert_eq!(service.was_asked(), [FIRST, THIRD]);
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_left_alone_for_as_long_as_it_says() {
    let service = Service::of(Vendor::EasyPost, &[(SECOND, TrackingStatus::InTransit)]);
    let (shop, mut asking) = asking(&[&service], 600).await;
    let wait = |seconds| shop.state.clock.advance(TimeDelta::seconds(seconds));
    for (trouble, seconds) in [
        (throttled as fn() -> NoAnswer, 90),
        (failed, 60),
        (refused, 600),
    ] {
        service.kept().trouble = Some(trouble);
        pass(&mut asking).await;
        assert_eq!(service.was_asked(), [FIRST], "and nothing else");
        wait(seconds - 1);
        pass(&mut asking).await;
        assert_eq!(service.was_asked(), [""; 0]);
        wait(1);
    }
    service.kept().trouble = None;
    pass(&mut asking).await;
    assert_eq!(service.was_asked(), [FIRST, SECOND, THIRD]);
}

fn throttled() -> NoAnswer {
    NoAnswer::Later {
        why: Trouble::Throttled,
        after: Some(Duration::from_secs(90)),
    }
}

/// The second in a row: twice as long as the first.
fn failed() -> NoAnswer {
    NoAnswer::Later {
        why: Trouble::Failed,
        after: None,
    }
}

fn refused() -> NoAnswer {
    NoAnswer::Credentials
}

#[tokio::test]
async fn a_service_is_asked_no_more_than_was_said() {
    let service = Service::of(Vendor::EasyPost, &[]);
    let (_shop, mut asking) = asking(&[&service], 2).await;
    for _ in 0..3 {
        pass(&mut asking).await;
    }
    assert_eq!(service.was_asked(), [FIRST, SECOND]);
}
