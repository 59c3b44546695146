//! How long a copy stays open without its gateway: a stolen computer does not show a shop for ever.
//!
//! Time alone counts from the last contact, by the gateway's clock. A clock that is set back stops
//! nothing: the latest moment that was seen stays, and the time that the program runs is added.

use crate::shop::{Shop, cache_failed, lock, report};
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_cache::{Contact, Reader, Writer};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    rest::{LEASE_DAYS, Session},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How often the time is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How often the gateway is asked whether the session lives.
const ASK: Duration = Duration::from_secs(3600);
/// How often the time that was seen is stored.
const STORE: Duration = Duration::from_secs(300);

/// The time a copy has been alone.
#[derive(Debug)]
pub(crate) struct Lease {
    contact: Contact,
    /// How long it has been alone.
    alone: TimeDelta,
    /// What this computer's clock said at the contact, as far as known.
    then: DateTime<Utc>,
    run: Instant,
}

impl Lease {
    /// As it was stored.
    pub(crate) fn known(contact: Contact) -> Self {
        Self {
            contact,
            alone: contact.seen - contact.at,
            then: contact.at,
            run: Instant::now(),
        }
    }

    /// A copy whose time begins now.
    pub(crate) fn begun(wall: DateTime<Utc>) -> Self {
        Self::known(Contact {
            at: wall,
            seen: wall,
            days: LEASE_DAYS,
        })
    }

    /// A contact just now.
    pub(crate) fn renewed(session: &Session, wall: DateTime<Utc>) -> Self {
        let at = session.now.unwrap_or(wall);
        Self {
            contact: Contact {
                at,
                seen: at,
                days: session.lease_days,
            },
            alone: TimeDelta::zero(),
            then: wall,
            run: Instant::now(),
        }
    }

    /// Counts the time that passed, by the clock on the wall and by the time that ran. Answers
    /// whether the copy was alone for too long.
    pub(crate) fn look(&mut self, wall: DateTime<Utc>) -> bool {
        let now = Instant::now();
        let ran = TimeDelta::from_std(now - self.run).unwrap_or(TimeDelta::MAX);
        self.run = now;
        self.alone = (self.alone + ran).max(wall - self.then);
        self.contact.seen = (self.contact.seen + ran).max(wall);
        self.alone > TimeDelta::days(self.contact.days.into())
    }
}

/// The lease of a copy that is opened without a contact.
pub(crate) async fn resume(
    reader: &Reader,
    writer: &Writer,
    wall: DateTime<Utc>,
) -> Result<Lease, CallError> {
    let stored = reader.contact().await.map_err(cache_failed)?;
    // A copy of an earlier program, or one that was made anew: its time begins now.
    let mut lease = stored.map_or_else(|| Lease::begun(wall), Lease::known);
    let ended = lease.look(wall);
    store(writer, &lease).await?;
    if ended { Err(over(&lease)) } else { Ok(lease) }
}

pub(crate) async fn store(writer: &Writer, lease: &Lease) -> Result<(), CallError> {
    writer
        .set_contact(&lease.contact)
        .await
        .map_err(cache_failed)
}

fn over(lease: &Lease) -> CallError {
    CallError::new(
        CallCode::LeaseEnded,
        format!(
            "this computer was without contact to the gateway for more than {} days; the copy and \
             what waits to be sent are kept: sign in to open them",
            lease.contact.days
        ),
    )
}

/// Watches the time, and asks the gateway now and then whether the session lives.
pub(crate) async fn watch(shop: Arc<Shop>, mut lease: Lease) {
    let (mut asked, mut stored) = (None::<Instant>, Instant::now());
    loop {
        let ended = lease.look(shop.now());
        let due = asked.is_none_or(|asked| asked.elapsed() >= ASK);
        if !ended && due && shop.is_live() {
            match shop.gateway.session().await {
                Ok(session) => {
                    lease = Lease::renewed(&session, shop.now());
                    asked = Some(Instant::now());
                    keep(&shop, &lease).await;
                    stored = Instant::now();
                }
                Err(error) if error.is_signed_out() => {
                    shop.ended.notify_one();
                    return;
                }
                Err(error) => tracing::info!(
                    error = &error as &dyn std::error::Error,
                    "the session could not be looked at"
                ),
            }
        } else if ended || stored.elapsed() >= STORE {
            keep(&shop, &lease).await;
            stored = Instant::now();
        }
        if ended {
            *lock(&shop.end) = Some(over(&lease));
            shop.lapsed.notify_one();
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn keep(shop: &Shop, lease: &Lease) {
    if let Err(error) = shop.writer.set_contact(&lease.contact).await {
        report(&error, "the last contact could not be noted");
        shop.suspect(&error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + day * 86_400, 0).expect("a moment")
    }

    fn lease() -> Lease {
        Lease::known(Contact {
            at: at(0),
            seen: at(0),
            days: 14,
        })
    }

    /// The program ends and starts: only what was stored is known.
    fn restarted(lease: &Lease) -> Lease {
        Lease::known(lease.contact)
    }

    #[tokio::test(start_paused = true)]
    async fn a_copy_is_open_for_fourteen_days_and_no_longer() {
        let mut lease = lease();
        assert!(!lease.look(at(14)));
        assert!(lease.look(at(14) + TimeDelta::seconds(1)));
        assert!(restarted(&lease).look(at(14)), "nor after a restart");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_back_gives_no_time() {
        let mut lease = lease();
        assert!(!lease.look(at(10)));
        assert!(!lease.look(at(-300)));
        let mut lease = restarted(&lease);
        for _ in 0..4 {
            tokio::time::advance(DAY).await;
            assert!(!lease.look(at(-300)), "ten days and up to four that ran");
        }
        tokio::time::advance(DAY).await;
        assert!(lease.look(at(-300)), "the fifteenth ran");
        assert!(lease.look(at(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_forward_ends_it_until_the_next_contact() {
        let mut lease = lease();
        assert!(lease.look(at(15)));
        assert!(restarted(&lease).look(at(1)), "and back is not believed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_contact_counts_by_the_gateways_clock() {
        let session = serde_json::json!({
            "expires_at": at(1), "scopes": [], "now": at(0), "lease_days": 3,
            "account": {"id": uuid::Uuid::nil(), "name": "P", "email": "p@x.example", "role": "agent"},
            "shop": {"name": "F", "currency": "EUR", "help_email": "h@x.example",
                "order_prefix": "X", "time_zone": "UTC"},
        });
        let session: Session = serde_json::from_value(session).expect("a session");
        // A clock a year ahead, put right after the contact, earns no year.
        let mut lease = Lease::renewed(&session, at(365));
        assert!(!lease.look(at(365)), "online it does no harm");
        let mut offline = restarted(&lease);
        assert!(offline.look(at(365)));
        for _ in 0..3 {
            tokio::time::advance(DAY).await;
            assert!(!lease.look(at(0)));
        }
        tokio::time::advance(DAY).await;
        assert!(lease.look(at(0)), "the fourth day ran");
    }

    #[tokio::test(start_paused = true)]
    async fn sleeping_over_the_end_counts() {
        let mut lease = lease();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(lease.look(at(20)), "no time ran, and the wall says so");
    }
}
