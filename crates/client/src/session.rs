//! From a closed shop to an open one and back: boot, sign-in, the sample shop, sign-out.

use crate::{
    address::Address,
    client::{Client, Inner},
    feed,
    gateway::Gateway,
    outbox,
    profile::{Profile, Signed},
    search,
    shop::{Shop, cache_failed, lock, offline, report},
    tasks::Tasks,
    upkeep,
    vault::{self, IfKeyIsWrong, TOKEN},
};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    rest::SignIn,
    view::{Boot, Event, GatewayAddress, GatewayProbe, Nothing, OpenSample, Password, SignedIn},
};
use futures_util::future::BoxFuture;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

/// How many frames may wait for the live socket.
const FRAMES: usize = 32;
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// How often a damaged cache is made anew.
const REBUILD_EVERY: Duration = Duration::from_secs(600);
/// How often somebody looks whether the gateway is there to fill a new one.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long a sign-out waits for what is still to be sent.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// A shop that is open, and its tasks.
pub(crate) struct Slot {
    pub(crate) shop: Arc<Shop>,
    tasks: Tasks,
}

impl Client {
    pub(crate) async fn boot_shop(&self) -> Boot {
        let _one = self.inner.session.lock().await;
        if let Some(shop) = self.inner.opened() {
            return Boot::Shop(shop.signed.clone());
        }
        let profile = Profile::read(&self.inner.data_dir);
        let ended = lock(&self.inner.ended).take();
        let problem = match &profile {
            Some(profile) if profile.signed.is_some() => match self.resume(profile.clone()).await {
                Ok(signed) => return Boot::Shop(signed),
                Err(problem) => Some(problem),
            },
            _ => ended,
        };
        let last = profile.filter(|profile| !profile.sample);
        Boot::SignIn {
            address: last.as_ref().map(|profile| profile.address.clone()),
            email: last.map(|profile| profile.email),
            sample: self.inner.host.has_sample(),
            problem,
        }
    }

    /// Opens what was open before, without any network.
    async fn resume(&self, mut profile: Profile) -> Result<SignedIn, CallError> {
        let inner = &self.inner;
        let Some(signed) = profile.signed.clone() else {
            return Err(CallError::new(CallCode::SignedOut, "nobody is signed in"));
        };
        let name = profile.secret(&inner.data_dir, TOKEN);
        let Some(token) = vault::get(&inner.host, name).await? else {
            return Err(CallError::new(
                CallCode::SignedOut,
                "the session is not in the keychain",
            ));
        };
        if profile.sample {
            // Its port may be another one now.
            let sample = inner
                .host
                .open_sample()
                .await
                .map_err(|why| CallError::new(CallCode::SampleFailed, why))?;
            profile.address = Address::parse(&sample.address)?.text();
        }
        self.open(profile, signed, token, IfKeyIsWrong::Say).await
    }

    pub(crate) async fn probe(&self, typed: GatewayAddress) -> Result<GatewayProbe, CallError> {
        let address = Address::parse(&typed.address)?;
        let gateway = Gateway::new(self.inner.network.clone(), address.clone(), None);
        let start = tokio::time::Instant::now();
        let hello = gateway.hello(self.inner.clock.now()).await?;
        Ok(GatewayProbe {
            address: address.text(),
            shop: hello.shop,
            version: hello.version,
            milliseconds: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            encrypted: address.is_encrypted(),
        })
    }

    pub(crate) async fn sign_in_with(&self, with: Password) -> Result<SignedIn, CallError> {
        let _one = self.inner.session.lock().await;
        self.sign_in_at(with, false).await
    }

    pub(crate) async fn sign_in_to_sample(&self, who: OpenSample) -> Result<SignedIn, CallError> {
        let _one = self.inner.session.lock().await;
        let failed = |why: String| CallError::new(CallCode::SampleFailed, why);
        let sample = self.inner.host.open_sample().await.map_err(failed)?;
        let account = sample
            .accounts
            .iter()
            .find(|account| account.role == who.role)
            .ok_or_else(|| failed("the sample shop has nobody of that role".into()))?;
        let with = Password {
            address: sample.address.clone(),
            email: account.email.clone(),
            password: sample.password.clone(),
            passphrase: None,
        };
        self.sign_in_at(with, true).await
    }

    async fn sign_in_at(&self, with: Password, sample: bool) -> Result<SignedIn, CallError> {
        let inner = &self.inner;
        let address = Address::parse(&with.address)?;
        let gateway = Gateway::new(inner.network.clone(), address.clone(), None);
        gateway.hello(inner.clock.now()).await?;
        let body = SignIn {
            email: with.email.trim().to_owned(),
            password: with.password,
            device: format!("Deskhand on {}", std::env::consts::OS),
        };
        let session = gateway.sign_in(&body).await?;
        let Some(token) = session.token.clone() else {
            return Err(CallError::new(
                CallCode::NotAGateway,
                "the gateway gave no session",
            ));
        };
        inner.close().await;
        let profile = Profile {
            address: address.text(),
            email: session.account.email.clone(),
            sample,
            signed: None,
            cache_mib: Profile::read(&inner.data_dir).and_then(|last| last.cache_mib),
        };
        let name = profile.secret(&inner.data_dir, TOKEN);
        vault::set(&inner.host, name, token.clone()).await?;
        let signed = Signed::from(&session);
        let signed_in = self
            .open(profile, signed, token, IfKeyIsWrong::BeginAnew)
            .await?;
        inner.host.emit(Event::Session);
        Ok(signed_in)
    }

    /// Opens the cache and starts the loops.
    async fn open(
        &self,
        mut profile: Profile,
        signed: Signed,
        token: String,
        if_wrong: IfKeyIsWrong,
    ) -> Result<SignedIn, CallError> {
        let inner = &self.inner;
        let address = Address::parse(&profile.address)?;
        let now = inner.clock.now();
        let (writer, reader) =
            vault::open(&inner.host, &inner.data_dir, &profile, if_wrong, now).await?;
        let state = reader.sync_state().await.map_err(cache_failed)?;
        let signed_in = SignedIn {
            account: signed.account.clone(),
            scopes: signed.scopes.clone(),
            shop: signed.shop.clone(),
            gateway: address.text(),
            sample: profile.sample,
            chat_page: address.join("chat/").to_string(),
        };
        profile.signed = Some(signed);
        profile
            .write(&inner.data_dir)
            .map_err(|error| CallError::new(CallCode::NotWritable, error.to_string()))?;
        let (frames, socket_frames) = mpsc::channel(FRAMES);
        let shop = Arc::new(Shop {
            signed: signed_in.clone(),
            gateway: Gateway::new(inner.network.clone(), address, Some(token)),
            writer,
            cache_limit: profile.cache_limit(),
            reader,
            host: Arc::clone(&inner.host),
            clock: Arc::clone(&inner.clock),
            presence: Default::default(),
            connection: std::sync::Mutex::new(offline(
                state.as_ref().and_then(|state| state.current_as_of),
                state.as_ref().map_or(0, |state| state.percent()),
            )),
            on_screen: Default::default(),
            sending: Default::default(),
            gate: Default::default(),
            frames,
            wake_feed: Default::default(),
            wake_history: Default::default(),
            wake_outbox: Default::default(),
            wake_snoozed: Default::default(),
            wake_index: Default::default(),
            wake_opened: Default::default(),
            damaged: Default::default(),
            jumped: Default::default(),
            begin_anew: Default::default(),
            ended: Default::default(),
        });
        let tasks = Tasks::default();
        tasks.spawn("feed", feed::run(Arc::clone(&shop), socket_frames));
        tasks.spawn("history", feed::bring_history(Arc::clone(&shop)));
        tasks.spawn("outbox", outbox::run(Arc::clone(&shop)));
        tasks.spawn("index", search::index(Arc::clone(&shop)));
        tasks.spawn("check", upkeep::check(Arc::clone(&shop)));
        tasks.spawn("room", upkeep::make_room(Arc::clone(&shop)));
        tasks.spawn("older messages", upkeep::bring_back(Arc::clone(&shop)));
        tasks.spawn("jumps", feed::notice_jumps(Arc::clone(&shop)));
        tasks.spawn("snoozed", feed::wake_snoozed(Arc::clone(&shop)));
        let end = watch(
            Arc::downgrade(inner),
            Arc::downgrade(&shop),
            tasks.stopping(),
        );
        inner.tasks.spawn("end of session", end);
        *lock(&inner.slot) = Some(Slot { shop, tasks });
        Ok(signed_in)
    }

    pub(crate) async fn sign_out_here(&self) -> Result<Nothing, CallError> {
        let _one = self.inner.session.lock().await;
        let inner = &self.inner;
        let shop = inner.opened();
        if let Some(shop) = &shop {
            // What still waits is destroyed with the cache; it gets a last chance.
            outbox::flush(shop, FLUSH_LIMIT).await;
            if let Err(error) = shop.gateway.sign_out().await {
                report(&error, "the gateway was not told of the sign-out");
            }
        }
        drop(shop);
        inner.close().await;
        if let Some(mut profile) = Profile::read(&inner.data_dir) {
            vault::destroy(&inner.host, &inner.data_dir, &profile).await?;
            profile.signed = None;
            profile
                .write(&inner.data_dir)
                .map_err(|error| CallError::new(CallCode::NotWritable, error.to_string()))?;
        }
        inner.host.emit(Event::Session);
        Ok(Nothing {})
    }
}

impl Inner {
    pub(crate) fn opened(&self) -> Option<Arc<Shop>> {
        lock(&self.slot).as_ref().map(|slot| Arc::clone(&slot.shop))
    }

    /// Ends the loops and closes the cache.
    pub(crate) async fn close(&self) {
        let slot = lock(&self.slot).take();
        if let Some(slot) = slot {
            slot.tasks.stop(STOP_LIMIT).await;
            slot.shop.reader.close().await;
            slot.shop.writer.close().await;
        }
    }

    /// A disk that damages every file is no reason to make one after the other.
    fn may_rebuild(&self) -> bool {
        lock(&self.rebuilt).is_none_or(|at| at.elapsed() > REBUILD_EVERY)
    }

    /// The gateway ended the session: the cache and the outbox wait for the next sign-in.
    async fn end_session(&self, shop: &Arc<Shop>) {
        let _one = self.session.lock().await;
        if !self.opened().is_some_and(|open| Arc::ptr_eq(&open, shop)) {
            return;
        }
        self.close().await;
        let problem = CallError::new(CallCode::SignedOut, "the session has ended");
        *lock(&self.ended) = Some(problem);
        if let Some(mut profile) = Profile::read(&self.data_dir) {
            let name = profile.secret(&self.data_dir, TOKEN);
            if let Err(error) = vault::delete(&self.host, name).await {
                tracing::warn!(code = ?error.code, "the ended session stays in the keychain");
            }
            profile.signed = None;
            if let Err(error) = profile.write(&self.data_dir) {
                report(&error, "the profile could not be written");
            }
        }
        self.host.emit(Event::Session);
    }
}

/// Waits for the gateway's word that the session has ended, for damage, or for another end of the
/// shop.
async fn watch(inner: Weak<Inner>, shop: Weak<Shop>, closing: CancellationToken) {
    let Some(shop) = shop.upgrade() else { return };
    let mut damaged = false;
    loop {
        tokio::select! {
            () = closing.cancelled() => return,
            () = shop.ended.notified() => {
                if let Some(inner) = inner.upgrade() {
                    inner.end_session(&shop).await;
                }
                return;
            }
            () = shop.damaged.notified() => damaged = true,
            () = tokio::time::sleep(LOOK_AGAIN), if damaged => {}
        }
        let Some(inner) = inner.upgrade() else { return };
        // What can still be read is better than an empty copy that nothing fills.
        if damaged && inner.may_rebuild() && shop.gateway.hello(shop.now()).await.is_ok() {
            rebuild(inner, shop).await;
            return;
        }
    }
}

/// Puts the damaged cache aside and begins a new one at once; the outbox goes with it.
fn rebuild(inner: Arc<Inner>, shop: Arc<Shop>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let _one = inner.session.lock().await;
        let is_open = inner.opened().is_some_and(|open| Arc::ptr_eq(&open, &shop));
        drop(shop);
        let Some(profile) = Profile::read(&inner.data_dir).filter(|_| is_open) else {
            return;
        };
        tracing::warn!("the cache is damaged: it is made anew from the gateway");
        *lock(&inner.rebuilt) = Some(Instant::now());
        vault::note_damage(&inner.data_dir, &profile);
        inner.close().await;
        let client = Client {
            inner: Arc::clone(&inner),
        };
        if let Err(problem) = client.resume(profile).await {
            *lock(&client.inner.ended) = Some(problem);
        }
        for event in [Event::Session, Event::Lists, Event::Outbox] {
            client.inner.host.emit(event);
        }
    })
}
