//! What every service must do when it is asked where a parcel is.

use crate::fake::{Fake, Instead, KEY, Scan};
use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use deskhand_connectors::{
    carriers::{
        Vendor,
        live::{Access, NoAnswer, Parcel, Told, Tracking, connect},
    },
    commerce::Trouble,
};
use deskhand_domain::shipment::TrackingStatus;
use std::{sync::Arc, time::Duration};

/// A number of a carrier that all four know, with a right check digit.
const NUMBER: &str = "9400111202555842332669";
const FIRST: Scan = Scan::Moving("2026-11-19T08:00:00+01:00");
const LAST: Scan = Scan::Delivered("2026-11-20T14:12:00+01:00");

/// The moment at which everything is asked.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_262_400, 0).expect("a moment")
}

/// A service and whoever asks it.
pub struct Desk {
    fake: Fake,
    service: Arc<dyn Tracking>,
}

impl Desk {
    pub async fn open(vendor: Vendor) -> Result<Self> {
        let fake = Fake::start(vendor).await?;
        let service = service(&fake, vendor, KEY, Duration::from_secs(60))?;
        Ok(Self { fake, service })
    }

    async fn ask(&self) -> Result<Option<Told>, NoAnswer> {
        ask(&*self.service, NUMBER).await
    }

    /// What the service answers instead.
    async fn instead(&self, instead: Instead) -> Result<NoAnswer> {
        self.fake.kept().instead = Some(instead);
        let answer = self.ask().await;
        self.fake.kept().instead = None;
        answer
            .err()
            .with_context(|| format!("{instead:?} is no answer"))
    }

    fn is_seen(&self, scans: &[Scan]) {
        let mut kept = self.fake.kept();
        kept.seen.insert(NUMBER.to_owned(), scans.to_vec());
        kept.watched.insert(NUMBER.to_owned());
    }
}

fn service(
    fake: &Fake,
    vendor: Vendor,
    key: &str,
    patience: Duration,
) -> Result<Arc<dyn Tracking>> {
    // Whoever comes second finds it done.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let client = reqwest::Client::builder().no_proxy().timeout(patience);
    let access = Access {
        address: fake.address.clone(),
        key: key.to_owned(),
    };
    Ok(connect(vendor, access, client.build()?, Arc::new(noon)))
}

async fn ask(service: &dyn Tracking, number: &str) -> Result<Option<Told>, NoAnswer> {
    let carrier = "USPS";
    service.track(Parcel { carrier, number }).await
}

pub async fn a_parcel_is_told_with_what_was_said(desk: Desk) -> Result<()> {
    desk.is_seen(&[FIRST]);
    let told = desk.ask().await?.context("it is known")?;
    ensure!(told.track.tracking_number == NUMBER);
    ensure!(told.track.status == TrackingStatus::InTransit);
    ensure!(told.track.events.len() == 1, "{:?}", told.track.events);
    ensure!(told.track.events[0].text == "Seen");
    desk.is_seen(&[FIRST, LAST]);
    let told = desk.ask().await?.context("it is known")?;
    ensure!(told.track.status == TrackingStatus::Delivered);
    ensure!(told.track.events.len() == 2, "newest first, each once");
    let at = told.track.events[0].at.to_string();
    ensure!(at == "2026-11-20T14:12:00+01:00", "{at}");
    // What was said is read again as the same.
    let again = deskhand_connectors::carriers::read(desk.service.vendor(), told.raw.as_bytes())?;
    ensure!(again.contains(&told.track), "{}", told.raw);
    Ok(())
}

pub async fn a_number_is_watched_once_it_was_asked_for(desk: Desk) -> Result<()> {
    for time in 1..=2 {
        desk.fake.kept().taken = 0;
        ensure!(
            desk.ask().await?.is_none(),
            "nobody has heard of it: {time}"
        );
    }
    desk.fake.kept().taken = 0;
    let asks_each_time = desk.service.vendor() == Vendor::Shippo;
    ensure!(asks_each_time || desk.fake.kept().watched.contains(NUMBER));
    desk.fake.kept().seen.insert(NUMBER.to_owned(), vec![FIRST]);
    let told = desk.ask().await?.context("now it is known")?;
    ensure!(told.track.status == TrackingStatus::InTransit);
    Ok(())
}

pub async fn spaces_and_small_letters_are_the_same_number(desk: Desk) -> Result<()> {
    let number = "1z999aa10123456784";
    desk.fake.kept().watched.insert(number.to_owned());
    desk.fake.kept().seen.insert(number.to_owned(), vec![FIRST]);
    let told = ask(&*desk.service, number).await?;
    ensure!(told.is_some_and(|told| told.track.tracking_number == number));
    Ok(())
}

pub async fn a_wrong_key_is_named_and_not_repeated(desk: Desk) -> Result<()> {
    let vendor = desk.service.vendor();
    let stranger = service(
        &desk.fake,
        vendor,
        "some-other-key",
        Duration::from_secs(60),
    )?;
    let error = ask(&*stranger, NUMBER).await.err().context("a refusal")?;
    ensure!(matches!(error, NoAnswer::Credentials), "{error:?}");
    for status in [402, 403] {
        let error = desk.instead(Instead::Status(status, None)).await?;
        ensure!(matches!(error, NoAnswer::Permission), "{error:?}");
    }
    Ok(())
}

pub async fn the_published_limit_is_told_as_one(desk: Desk) -> Result<()> {
    desk.is_seen(&[FIRST]);
    let limit = desk.service.limit().requests;
    for _ in 0..limit {
        desk.ask().await?;
    }
    ensure!(desk.fake.kept().throttled == 0, "the limit is as published");
    let error = desk.ask().await.err().context("one too many")?;
    let NoAnswer::Later { why, after } = error else {
        anyhow::bail!("{error:?}");
    };
    ensure!(why == Trouble::Throttled);
    let tells_when = desk.service.vendor() == Vendor::AfterShip;
    ensure!(
        after == tells_when.then_some(Duration::from_secs(1)),
        "{after:?}"
    );
    // The next window.
    desk.fake.kept().taken = 0;
    ensure!(desk.ask().await?.is_some());
    Ok(())
}

pub async fn whoever_is_told_to_wait_is_told_how_long(desk: Desk) -> Result<()> {
    for (status, header, seconds) in [
        (429, Some(("retry-after", "7")), Some(7)),
        (
            429,
            Some(("retry-after", "Sat, 21 Nov 2026 12:00:30 GMT")),
            Some(30),
        ),
        (429, Some(("retry-after", "999999999")), Some(3_600)),
        (429, Some(("x-ratelimit-reset", "1795262404")), Some(4)),
        (503, Some(("retry-after", "60")), Some(60)),
        (429, None, None),
        (500, None, None),
        (502, None, None),
    ] {
        let error = desk.instead(Instead::Status(status, header)).await?;
        let NoAnswer::Later { why, after } = error else {
            anyhow::bail!("{status}: {error:?}");
        };
        let throttled = status == 429;
        let expected = if throttled {
            Trouble::Throttled
        } else {
            Trouble::Failed
        };
        ensure!(why == expected, "{status}: {why}");
        ensure!(
            after == seconds.map(Duration::from_secs),
            "{header:?}: {after:?}"
        );
    }
    Ok(())
}

pub async fn garbage_is_refused_and_nothing_of_it_is_told(desk: Desk) -> Result<()> {
    let of_another_type = match desk.service.vendor() {
        Vendor::EasyPost => r#"{"trackers":[{"tracking_code":{"of":"Robin"}}]}"#,
        Vendor::AfterShip => r#"{"data":{"trackings":[{"tracking_number":["Robin"]}]}}"#,
        Vendor::Shippo => r#"{"tracking_number":"1","tracking_history":"Robin"}"#,
        Vendor::SeventeenTrack => r#"{"code":0,"data":{"accepted":[{"number":["Robin"]}]}}"#,
    };
    for body in [
        "<html>Robin lives at 9 Lindenstr.</html>",
        "",
        "{\"trackers\":[{\"tracking_code\":",
        of_another_type,
    ] {
        let error = desk.instead(Instead::Body(body)).await?;
        ensure!(
            matches!(error, NoAnswer::Unreadable(_)),
            "{body}: {error:?}"
        );
        ensure!(!format!("{error} {error:?}").contains("Robin"), "{error:?}");
    }
    Ok(())
}

pub async fn another_parcel_is_not_taken_for_this_one(desk: Desk) -> Result<()> {
    let body = match desk.service.vendor() {
        Vendor::EasyPost => crate::words::tracker("9400111202555842332999", &[LAST]),
        Vendor::AfterShip => serde_json::json!({ "meta": { "code": 200 }, "data": {
            "trackings": [crate::words::tracking("9400111202555842332999", &[LAST])] } }),
        Vendor::Shippo => crate::words::track("usps", "9400111202555842332999", &[LAST]),
        Vendor::SeventeenTrack => serde_json::json!({ "code": 0, "data": { "rejected": [],
            "accepted": [crate::words::track_info("9400111202555842332999", &[LAST])] } }),
    };
    let body: &'static str = body.to_string().leak();
    desk.fake.kept().instead = Some(Instead::Body(body));
    ensure!(desk.ask().await?.is_none());
    Ok(())
}

pub async fn nobody_waits_for_ever(mut desk: Desk) -> Result<()> {
    let vendor = desk.service.vendor();
    let hasty = service(&desk.fake, vendor, KEY, Duration::from_millis(200))?;
    desk.fake.kept().instead = Some(Instead::Silence);
    let error = ask(&*hasty, NUMBER).await.err().context("no answer")?;
    let timed_out = matches!(
        error,
        NoAnswer::Later {
            why: Trouble::TimedOut,
            ..
        }
    );
    ensure!(timed_out, "{error:?}");
    desk.fake.kept().instead = None;
    desk.fake.stop();
    let refused = async {
        loop {
            match desk.ask().await {
                Err(error) => return error,
                // What was accepted before it stopped is still answered.
                Ok(_) => tokio::task::yield_now().await,
            }
        }
    };
    let error = tokio::time::timeout(Duration::from_secs(20), refused).await?;
    let unreachable = matches!(
        error,
        NoAnswer::Later {
            why: Trouble::Unreachable,
            ..
        }
    );
    ensure!(unreachable, "{error:?}");
    Ok(())
}

pub async fn no_error_tells_the_key_or_the_number(desk: Desk) -> Result<()> {
    for instead in [
        Instead::Status(418, None),
        Instead::Status(404, None),
        Instead::Status(500, None),
        Instead::Body("[]"),
    ] {
        desk.fake.kept().instead = Some(instead);
        if let Err(error) = desk.ask().await {
            let words = format!("{error} {error:?}");
            ensure!(!words.contains(KEY) && !words.contains(NUMBER), "{words}");
        }
    }
    Ok(())
}

/// The suite for one service.
macro_rules! suite {
    ($name:ident, $vendor:expr) => {
        mod $name {
            use super::*;

            $crate::contract::suite!(@each $vendor;
                a_parcel_is_told_with_what_was_said,
                a_number_is_watched_once_it_was_asked_for,
                spaces_and_small_letters_are_the_same_number,
                a_wrong_key_is_named_and_not_repeated,
                the_published_limit_is_told_as_one,
                whoever_is_told_to_wait_is_told_how_long,
                garbage_is_refused_and_nothing_of_it_is_told,
                another_parcel_is_not_taken_for_this_one,
                nobody_waits_for_ever,
                no_error_tells_the_key_or_the_number,
            );
        }
    };
    (@each $vendor:expr; $($case:ident,)*) => {
        $(
            #[tokio::test]
            async fn $case() -> anyhow::Result<()> {
                let desk = crate::contract::Desk::open($vendor).await?;
                crate::contract::$case(desk).await
            }
        )*
    };
}
pub(crate) use suite;
