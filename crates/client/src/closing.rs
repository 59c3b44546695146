//! The ends of an open shop: signed out here, ended or revoked by the gateway, alone for too long,
//! damaged.

use crate::{
    backoff::Backoff,
    client::{Client, Inner},
    copy,
    gateway::Gateway,
    outbox,
    profile::{Profile, Signed},
    session::Slot,
    shop::{Shop, lock, report},
    vault::TOKEN,
};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    rest::Session,
    view::{Connection, Event, Nothing},
};
use futures_util::future::BoxFuture;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const STOP_LIMIT: Duration = Duration::from_secs(5);
/// How often a damaged cache is made anew.
const REBUILD_EVERY: Duration = Duration::from_secs(600);
/// How often somebody looks whether the gateway is there to fill a new one.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long a sign-out waits for what is still to be sent.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);
/// How long a sign-out waits for the gateway to hear of it.
const TELL_LIMIT: Duration = Duration::from_secs(3);

impl Client {
    pub(crate) async fn sign_out_here(&self) -> Result<Nothing, CallError> {
        let _one = self.inner.session.lock().await;
        let inner = &self.inner;
        let shop = inner.opened();
        if let Some(shop) = &shop {
            // What still waits is destroyed with the cache; it gets a last chance.
            outbox::flush(shop, FLUSH_LIMIT).await;
            tell_sign_out(&shop.gateway).await;
        }
        drop(shop);
        let profile = inner.close().await;
        if let Some(profile) = profile.or_else(|| Profile::read(&inner.data_dir)) {
            inner.vault.destroy(&profile).await?;
            inner.vault.forget_unused();
            inner.note_end(profile)?;
        }
        inner.host.emit(Event::Session);
        Ok(Nothing {})
    }

    /// Gives up a copy whose passphrase is lost.
    pub(crate) async fn forget_copy_here(&self) -> Result<Nothing, CallError> {
        let _one = self.inner.session.lock().await;
        let inner = &self.inner;
        let profile = inner.close().await;
        if let Some(profile) = profile.or_else(|| Profile::read(&inner.data_dir)) {
            inner.vault.forget(&profile).await?;
            inner.note_end(profile)?;
        }
        inner.host.emit(Event::Session);
        Ok(Nothing {})
    }
}

impl Inner {
    pub(crate) fn opened(&self) -> Option<Arc<Shop>> {
        lock(&self.slot).as_ref().map(|slot| Arc::clone(&slot.shop))
    }

    /// Ends the loops and closes the cache. Answers whose it was.
    pub(crate) async fn close(&self) -> Option<Profile> {
        let slot = lock(&self.slot).take();
        let Slot {
            shop,
            profile,
            tasks,
        } = slot?;
        tasks.stop(STOP_LIMIT).await;
        if let Some(pass) = &shop.gateway.pass {
            pass.close().await;
        }
        shop.reader.close().await;
        shop.writer.close().await;
        Some(profile)
    }

    /// Notes that reading found damage, so that the file is put aside: now or at the next start.
    pub(crate) fn note_damage(&self) {
        let open = lock(&self.slot)
            .as_ref()
            .map(|slot| (self.vault.cache(&slot.profile), Arc::clone(&slot.shop)));
        if let Some((cache, shop)) = open {
            copy::note_damage(&cache);
            shop.damaged.notify_one();
        }
    }

    /// Notes in the profile that nobody is signed in.
    fn note_end(&self, mut profile: Profile) -> Result<(), CallError> {
        if self.vault.is_passing(&profile) {
            return Ok(()); // It was never written down.
        }
        profile.signed = None;
        profile
            .write(&self.data_dir)
            .map_err(|error| CallError::new(CallCode::NotWritable, error.to_string()))
    }

    /// A disk that damages every file is no reason to make one after the other.
    fn may_rebuild(&self) -> bool {
        lock(&self.rebuilt).is_none_or(|at| at.elapsed() > REBUILD_EVERY)
    }

    /// The shop ends by itself. What becomes of the copy depends on why.
    async fn end(&self, shop: &Arc<Shop>, why: CallError) {
        let _one = self.session.lock().await;
        if !self.opened().is_some_and(|open| Arc::ptr_eq(&open, shop)) {
            return;
        }
        let Some(profile) = self.close().await else {
            return;
        };
        let code = why.code;
        *lock(&self.ended) = Some(why);
        let done = match code {
            // The copy is locked: the next sign-in opens it.
            CallCode::LeaseEnded => Ok(()),
            CallCode::SessionRevoked => {
                let wiped = self.vault.destroy(&profile).await;
                self.vault.forget_unused();
                wiped.and(self.note_end(profile))
            }
            // The cache and the outbox wait for the next sign-in.
            _ => {
                let deleted = self.vault.delete(&profile, TOKEN).await;
                deleted.and(self.note_end(profile))
            }
        };
        if let Err(error) = done {
            tracing::error!(code = ?error.code, "the end of the session could not be noted");
        }
        self.host.emit(Event::Session);
    }
}

/// Tells the gateway that a session is over, if it can be reached.
pub(crate) async fn tell_sign_out(gateway: &Gateway) {
    match tokio::time::timeout(TELL_LIMIT, gateway.sign_out()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => report(&error, "the gateway was not told of the sign-out"),
        Err(error) => report(&error, "the gateway did not hear of the sign-out"),
    }
}

/// Asks the gateway until it says why it ended the session: a revoked one takes the copy with it.
async fn why(shop: &Shop) -> CallError {
    let mut backoff = Backoff::reconnect();
    loop {
        match shop.gateway.session().await {
            Err(error) if error.is_revoked() => {
                return CallError::new(
                    CallCode::SessionRevoked,
                    "the session was ended from elsewhere, and the copy is gone from this computer",
                );
            }
            Err(error) if error.is_transient() && !error.is_signed_out() => {
                let problem = CallError::from(error);
                shop.set_connection(|view| {
                    view.state = Connection::Offline;
                    view.problem = Some(problem);
                });
            }
            _ => break,
        }
        tokio::time::sleep(backoff.next(None, rand::random())).await;
    }
    CallError::new(CallCode::SignedOut, "the session has ended")
}

/// Waits for the gateway's word that the session has ended, for the end of the lease, for damage,
/// or for another end of the shop.
pub(crate) async fn watch(inner: Weak<Inner>, shop: Weak<Shop>, closing: CancellationToken) {
    let Some(shop) = shop.upgrade() else { return };
    let (mut damaged, mut rescoped) = (false, false);
    loop {
        let ended = tokio::select! {
            () = closing.cancelled() => return,
            () = shop.ended.notified() => {
                let Some(why) = closing.run_until_cancelled(why(&shop)).await else {
                    return;
                };
                Some(why)
            }
            () = shop.lapsed.notified() => lock(&shop.end).take(),
            () = shop.damaged.notified() => {
                damaged = true;
                None
            }
            () = shop.rescoped.notified() => {
                rescoped = true;
                None
            }
            () = tokio::time::sleep(LOOK_AGAIN), if damaged || rescoped => None,
        };
        let Some(inner) = inner.upgrade() else { return };
        if let Some(why) = ended {
            inner.end(&shop, why).await;
            return;
        }
        if rescoped && let Ok(session) = shop.gateway.session().await {
            reopen(inner, shop, session).await;
            return;
        }
        // What can still be read is better than an empty copy that nothing fills.
        if damaged && inner.may_rebuild() && shop.gateway.hello(shop.now()).await.is_ok() {
            rebuild(inner, shop).await;
            return;
        }
    }
}

/// Opens the copy with what the account may do now.
fn reopen(inner: Arc<Inner>, shop: Arc<Shop>, session: Session) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let _one = inner.session.lock().await;
        let is_open = inner.opened().is_some_and(|open| Arc::ptr_eq(&open, &shop));
        drop(shop);
        if !is_open {
            return;
        }
        let Some(mut profile) = inner.close().await else {
            return;
        };
        profile.signed = Some(Signed::from(&session));
        resume(inner.clone(), profile).await;
    })
}

/// Opens what was just closed, and tells the window to look at everything again.
async fn resume(inner: Arc<Inner>, profile: Profile) {
    let client = Client { inner };
    if let Err(problem) = client.resume(profile).await {
        *lock(&client.inner.ended) = Some(problem);
    }
    for event in [Event::Session, Event::Lists, Event::Outbox] {
        client.inner.host.emit(event);
    }
}

/// Puts the damaged cache aside and begins a new one at once; the outbox goes with it.
fn rebuild(inner: Arc<Inner>, shop: Arc<Shop>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let _one = inner.session.lock().await;
        let is_open = inner.opened().is_some_and(|open| Arc::ptr_eq(&open, &shop));
        drop(shop);
        if !is_open {
            return;
        }
        tracing::warn!("the cache is damaged: it is made anew from the gateway");
        *lock(&inner.rebuilt) = Some(Instant::now());
        inner.note_damage();
        let Some(profile) = inner.close().await else {
            return;
        };
        resume(inner.clone(), profile).await;
    })
}
