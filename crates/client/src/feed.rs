//! The loop that keeps the copy current: first pages, then the live socket, again and again.

use crate::{
    backoff::Backoff,
    clock::Jumps,
    gateway::GatewayError,
    live,
    shop::{Shop, cache_failed, lock, report},
};
use chrono::TimeDelta;
use deskhand_cache::{CacheError, Progress};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    live::ClientFrame,
    sync::SyncPage,
    view::{Connection, Event},
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::Instant};

/// How often the clock is looked at for jumps.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(2);
/// How much of the history is stored together, and how long that is waited for.
const GATHERED: usize = 4_000;
const GATHER_FOR: Duration = Duration::from_millis(250);

/// Why a connection ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The session has ended. Final.
    SignedOut,
    /// The copy has to be made anew.
    Resync,
    /// The account may see other things now: the copy goes at once.
    Scope,
    /// Something came that cannot be read; what it was.
    Unreadable(&'static str),
    /// The gateway restarts: it is back in a moment.
    GoingAway,
    /// Anything else; tried again after a pause.
    Failed {
        problem: CallError,
        retry_after: Option<Duration>,
    },
}

impl End {
    pub(crate) fn unreachable(detail: &str) -> Self {
        Self::Failed {
            problem: CallError::new(CallCode::Unreachable, detail),
            retry_after: None,
        }
    }
}

impl From<GatewayError> for End {
    fn from(error: GatewayError) -> Self {
        if error.is_signed_out() {
            return Self::SignedOut;
        }
        let retry_after = error.retry_after();
        Self::Failed {
            problem: error.into(),
            retry_after,
        }
    }
}

impl From<CacheError> for End {
    fn from(error: CacheError) -> Self {
        Self::Failed {
            problem: cache_failed(error),
            retry_after: None,
        }
    }
}

/// Follows the gateway until the session ends.
pub(crate) async fn run(shop: Arc<Shop>, mut frames: mpsc::Receiver<ClientFrame>) {
    let mut backoff = Backoff::reconnect();
    let mut unreadable = Backoff::new(Duration::from_secs(1), Duration::from_secs(300));
    let mut unread = 0;
    let mut anew = false;
    loop {
        let mut wake = pin!(shop.wake_feed.notified());
        wake.as_mut().enable(); // Armed before looking, so no wake-up is lost.
        let end = follow(&shop, &mut frames, &mut anew, &mut backoff).await;
        let gone = lock(&shop.presence).clear();
        shop.tell_presence(gone).await;
        if !matches!(end, End::Unreadable(_)) {
            unread = 0;
            unreadable.reset();
        }
        let (pause, problem) = match end {
            End::SignedOut => {
                shop.ended.notify_one();
                return;
            }
            End::Resync => {
                anew = true;
                (backoff.next(None, rand::random()), None)
            }
            End::Scope => {
                anew = true;
                match shop.writer.purge().await {
                    Ok(()) => {
                        shop.emit(Event::Lists);
                        shop.rescoped.notify_one();
                        (Duration::ZERO, None)
                    }
                    Err(error) => {
                        let problem = cache_failed(error);
                        (backoff.next(None, rand::random()), Some(problem))
                    }
                }
            }
            End::Unreadable(what) => {
                // The same frame would come again after the same cursor: the second time the copy
                // is made anew, page by page. The outbox stays.
                unread += 1;
                anew = anew || unread > 1;
                (
                    unreadable.next(None, rand::random()),
                    Some(CallError::new(CallCode::NotAGateway, what)),
                )
            }
            End::GoingAway => (
                Duration::from_millis(250).mul_f64(0.5 + rand::random::<f64>()),
                None,
            ),
            End::Failed {
                problem,
                retry_after,
            } => (backoff.next(retry_after, rand::random()), Some(problem)),
        };
        if problem
            .as_ref()
            .is_some_and(|problem| problem.code == CallCode::CacheDamaged)
        {
            shop.damaged.notify_one();
        }
        let retry_at = TimeDelta::from_std(pause)
            .ok()
            .map(|pause| shop.now() + pause);
        shop.set_connection(|view| {
            view.state = Connection::Offline;
            view.retry_at = retry_at;
            view.problem = problem;
        });
        tokio::select! {
            () = wake => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn follow(
    shop: &Arc<Shop>,
    frames: &mut mpsc::Receiver<ClientFrame>,
    anew: &mut bool,
    backoff: &mut Backoff,
) -> End {
    let begun = async {
        let state = match shop.reader.sync_state().await? {
            Some(state) if !*anew => state,
            _ => {
                begin(shop).await?;
                *anew = false;
                shop.reader.sync_state().await?.ok_or(End::Resync)?
            }
        };
        Ok::<_, End>(state)
    };
    match begun.await {
        Ok(state) => live::follow(shop, frames, state, backoff).await,
        Err(end) => end,
    }
}

/// The first page: what was copied before goes in the same transaction.
async fn begin(shop: &Shop) -> Result<(), End> {
    let page = shop.gateway.sync(None).await?;
    let progress = Progress::Begin {
        epoch: &page.epoch,
        live: &page.live,
        next: page.next.as_deref(),
        total: page.total,
    };
    let applied = shop
        .writer
        .apply(&page.changes, progress, shop.now())
        .await?;
    show_history(shop).await?;
    shop.tell_applied(&applied);
    Ok(())
}

/// Brings the pages after the first while the feed is live.
pub(crate) async fn bring_history(shop: Arc<Shop>) {
    let mut backoff = Backoff::reconnect();
    loop {
        let mut wake = pin!(shop.wake_history.notified());
        wake.as_mut().enable();
        let pause = match next_page(&shop).await {
            Ok(true) => {
                backoff.reset();
                continue;
            }
            Ok(false) => Duration::from_secs(3600),
            Err(End::SignedOut) => {
                shop.ended.notify_one();
                return;
            }
            Err(End::Failed {
                problem,
                retry_after,
            }) => {
                shop.set_connection(|view| view.problem = Some(problem));
                backoff.next(retry_after, rand::random())
            }
            Err(End::Resync | End::Scope | End::GoingAway | End::Unreadable(_)) => {
                backoff.next(None, rand::random())
            }
        };
        tokio::select! {
            () = wake => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Whether there was a page to bring.
async fn next_page(shop: &Shop) -> Result<bool, End> {
    if !shop.is_live() {
        return Ok(false);
    }
    let Some(state) = shop.reader.sync_state().await? else {
        return Ok(false);
    };
    let Some(after) = state.next else {
        return Ok(false);
    };
    let page = match shop.gateway.sync(Some(&after)).await {
        Err(error) if error.is_invalid() => {
            // The gateway does not know where this sync was: it is begun anew.
            shop.begin_anew.notify_one();
            return Err(End::Resync);
        }
        page => page?,
    };
    if page.epoch != state.epoch {
        // The live socket learns of the new history by itself and begins anew.
        return Err(End::Resync);
    }
    let (page, failed) = gather(shop, page).await;
    let progress = Progress::Page {
        epoch: &page.epoch,
        after: &after,
        next: page.next.as_deref(),
        total: page.total,
    };
    let applied = shop
        .writer
        .apply(&page.changes, progress, shop.now())
        .await?;
    shop.set_connection(|view| view.problem = None);
    show_history(shop).await?;
    shop.tell_applied(&applied);
    match failed {
        // What came before is stored; what the gateway said is heard.
        Some(error) if !error.is_invalid() => Err(error.into()),
        _ => Ok(true),
    }
}

/// More pages to be stored together with this one, which costs much less than one by one.
/// Ends early with what the gateway answered instead of a page.
async fn gather(shop: &Shop, mut page: SyncPage) -> (SyncPage, Option<GatewayError>) {
    let enough = Instant::now() + GATHER_FOR;
    while page.changes.len() < GATHERED
        && Instant::now() < enough
        && let Some(next) = page.next.as_deref()
    {
        let more = match shop.gateway.sync(Some(next)).await {
            Ok(more) if more.epoch == page.epoch => more,
            Ok(_) => break,
            Err(error) => return (page, Some(error)),
        };
        page.changes.extend(more.changes);
        page.next = more.next;
        page.total = more.total;
    }
    (page, None)
}

async fn show_history(shop: &Shop) -> Result<(), CacheError> {
    if let Some(state) = shop.reader.sync_state().await? {
        shop.set_connection(|view| view.history = state.percent());
    }
    Ok(())
}

/// Wakes every loop after a sleep of this computer: what they wait for may long be there, and
/// moments that were written down may be far away on a clock that was set.
pub(crate) async fn notice_jumps(shop: Arc<Shop>) {
    let mut jumps = Jumps::new(shop.now());
    loop {
        tokio::time::sleep(LOOK_AT_CLOCK).await;
        if jumps.look(shop.now()) {
            if let Err(error) = shop.writer.hurry().await {
                report(&error, "the pauses of the outbox could not be dropped");
            }
            shop.wake_all();
        }
    }
}

/// Moves snoozed tickets to the open ones when their time comes, and lets the lists that depend on
/// the time be looked at once a minute.
pub(crate) async fn wake_snoozed(shop: Arc<Shop>) {
    loop {
        let mut wake = pin!(shop.wake_snoozed.notified());
        wake.as_mut().enable();
        let now = shop.now();
        let minute = Duration::from_secs(60);
        let pause = match shop.writer.wake(now).await {
            Ok((woken, next)) => {
                if woken > 0 {
                    shop.emit(Event::Lists);
                }
                next.map_or(minute, |next| {
                    (next - now).to_std().unwrap_or_default().min(minute)
                })
            }
            Err(error) => {
                report(&error, "snoozed tickets could not be woken");
                shop.suspect(&error);
                minute
            }
        };
        tokio::select! {
            () = wake => {}
            () = tokio::time::sleep(pause) => {
                shop.emit(Event::Lists);
            }
        }
    }
}
