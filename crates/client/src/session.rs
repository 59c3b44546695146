//! From a closed shop to an open one: boot, passphrase, sign-in, the sample shop.

use crate::{
    address::Address,
    client::Client,
    closing,
    copy::{self, IfKeyIsWrong},
    diagnosis, feed,
    gateway::Gateway,
    lease::{self, Lease},
    outbox,
    pass::Pass,
    profile::{Profile, Signed},
    search,
    shop::{Shop, cache_failed, lock, offline},
    tasks::Tasks,
    upkeep,
    vault::TOKEN,
};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    rest::{Session, SignIn, SignInCode},
    view::{Boot, Event, GatewayAddress, GatewayProbe, OpenSample, Passphrase, Password, SignedIn},
};
use std::sync::Arc;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// How many frames may wait for the live socket.
const FRAMES: usize = 32;

/// A shop that is open, and its tasks.
pub(crate) struct Slot {
    pub(crate) shop: Arc<Shop>,
    pub(crate) profile: Profile,
    pub(crate) tasks: Tasks,
}

impl Client {
    pub(crate) async fn boot_shop(&self) -> Boot {
        let _one = self.inner.session.lock().await;
        if let Some(shop) = self.inner.opened() {
            return Boot::Shop(shop.signed.clone());
        }
        let profile = Profile::read(&self.inner.data_dir);
        if let Some(profile) = &profile
            && self.waits_for_passphrase(profile)
        {
            return Boot::Unlock {
                address: profile.address.clone(),
                email: profile.email.clone(),
            };
        }
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

    /// Whether there is a copy that only its passphrase opens.
    fn waits_for_passphrase(&self, profile: &Profile) -> bool {
        let vault = &self.inner.vault;
        !profile.sample
            && vault.is_sealed()
            && (profile.signed.is_some() || vault.cache(profile).exists())
    }

    /// Opens the copy with its passphrase.
    pub(crate) async fn unlock_here(&self, with: Passphrase) -> Result<SignedIn, CallError> {
        let _one = self.inner.session.lock().await;
        let inner = &self.inner;
        if let Some(shop) = inner.opened() {
            return Ok(shop.signed.clone());
        }
        if inner.vault.is_sealed() {
            inner.vault.unseal(Zeroizing::new(with.passphrase)).await?;
        }
        let opened = match Profile::read(&inner.data_dir) {
            Some(profile) => self.resume(profile).await,
            None => Err(nobody()),
        };
        if let Err(problem) = &opened {
            // The passphrase was right; the sign-in screen says what is missing.
            *lock(&inner.ended) = Some(problem.clone());
        }
        inner.host.emit(Event::Session);
        opened
    }

    /// Opens what was open before, without any network.
    pub(crate) async fn resume(&self, mut profile: Profile) -> Result<SignedIn, CallError> {
        let inner = &self.inner;
        let Some(signed) = profile.signed.clone() else {
            return Err(nobody());
        };
        let Some(token) = inner.vault.get(&profile, TOKEN).await? else {
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
        self.open(profile, signed, token, None).await
    }

    pub(crate) async fn probe(&self, typed: GatewayAddress) -> Result<GatewayProbe, CallError> {
        let address = Address::parse(&typed.address)?;
        let gateway = Gateway::new(
            self.inner.network.clone(),
            address.clone(),
            Arc::clone(&self.inner.clock),
        );
        let start = tokio::time::Instant::now();
        let hello = gateway.hello(self.inner.clock.now()).await?;
        Ok(GatewayProbe {
            address: address.text(),
            shop: hello.shop,
            version: hello.version,
            single_sign_on: hello.single_sign_on,
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
            code: None,
        };
        self.sign_in_at(with, true).await
    }

    async fn sign_in_at(&self, with: Password, sample: bool) -> Result<SignedIn, CallError> {
        let inner = &self.inner;
        let address = Address::parse(&with.address)?;
        let gateway = Gateway::new(
            inner.network.clone(),
            address.clone(),
            Arc::clone(&inner.clock),
        );
        gateway.hello(inner.clock.now()).await?;
        inner.vault.prepare(sample, with.passphrase).await?;
        let typed = Profile {
            address: address.text(),
            email: with.email.trim().to_owned(),
            sample,
            signed: None,
            cache_mib: None,
        };
        let before = self.wipe_if_revoked(&gateway, &typed).await?;
        let body = SignIn {
            email: typed.email,
            password: with.password,
            device: device_name(),
        };
        let session = match sign_in(&gateway, &body, with.code).await {
            Ok(session) => session,
            Err(error) => {
                inner.vault.forget_unused();
                return Err(error);
            }
        };
        self.enter(address, sample, before, session).await
    }

    /// Opens the shop for whom the gateway signed in.
    pub(crate) async fn enter(
        &self,
        address: Address,
        sample: bool,
        before: Option<Gateway>,
        session: Session,
    ) -> Result<SignedIn, CallError> {
        let inner = &self.inner;
        let Some(token) = session.refresh_token.clone() else {
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
        inner.vault.set(&profile, TOKEN, token.clone()).await?;
        if let Some(before) = before {
            closing::tell_sign_out(&before).await;
        }
        let signed = Signed::from(&session);
        let mut signed_in = self.open(profile, signed, token, Some(&session)).await?;
        signed_in.recovery_codes = session.recovery_codes;
        inner.host.emit(Event::Session);
        Ok(signed_in)
    }

    /// What is left of a session that was revoked meanwhile goes before anybody sees it. Answers a
    /// session that is still open, which the sign-in replaces.
    pub(crate) async fn wipe_if_revoked(
        &self,
        gateway: &Gateway,
        typed: &Profile,
    ) -> Result<Option<Gateway>, CallError> {
        let inner = &self.inner;
        if inner.opened().is_some() || typed.sample {
            return Ok(None); // An open shop learns of it by itself.
        }
        let Some(token) = inner.vault.get(typed, TOKEN).await.unwrap_or_default() else {
            return Ok(None);
        };
        let pass = Pass::new(inner.vault.clone(), typed.clone(), token);
        let before = gateway.clone().with(pass);
        match before.session().await {
            Err(error) if error.is_revoked() => inner.vault.destroy(typed).await.map(|()| None),
            Err(_) => Ok(None),
            Ok(_) => Ok(Some(before)),
        }
    }

    /// Opens the cache and starts the loops. A sign-in brings its session with it.
    async fn open(
        &self,
        mut profile: Profile,
        signed: Signed,
        token: String,
        session: Option<&Session>,
    ) -> Result<SignedIn, CallError> {
        let inner = &self.inner;
        let address = Address::parse(&profile.address)?;
        let now = inner.clock.now();
        let if_wrong = match session {
            Some(_) => IfKeyIsWrong::BeginAnew,
            None => IfKeyIsWrong::Say,
        };
        let (writer, reader) = copy::open(&inner.vault, &profile, if_wrong, now).await?;
        let lease = match session {
            Some(session) => {
                let lease = Lease::renewed(session, now);
                lease::store(&writer, &lease).await.map(|()| lease)
            }
            // The sample shop runs in this program.
            None if profile.sample => Ok(Lease::begun(now)),
            None => lease::resume(&reader, &writer, now).await,
        };
        let lease = match lease {
            Ok(lease) => lease,
            Err(problem) => {
                reader.close().await;
                writer.close().await;
                return Err(problem);
            }
        };
        let state = reader.sync_state().await.map_err(cache_failed)?;
        let signed_in = SignedIn {
            account: signed.account.clone(),
            scopes: signed.scopes.clone(),
            refunds_up_to: signed.refunds_up_to,
            teams: signed.teams.clone(),
            shop: signed.shop.clone(),
            gateway: address.text(),
            sample: profile.sample,
            recovery_codes: Vec::new(),
            chat_page: address.join("chat/").to_string(),
        };
        let pass = Pass::new(inner.vault.clone(), profile.clone(), token);
        if let Some(session) = session {
            pass.take(session, now);
        }
        profile.signed = Some(signed);
        if !inner.vault.is_passing(&profile) {
            profile
                .write(&inner.data_dir)
                .map_err(|error| CallError::new(CallCode::NotWritable, error.to_string()))?;
        }
        let (frames, socket_frames) = mpsc::channel(FRAMES);
        let shop = Arc::new(Shop {
            signed: signed_in.clone(),
            gateway: Gateway::new(inner.network.clone(), address, Arc::clone(&inner.clock))
                .with(pass),
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
            gaps: Default::default(),
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
            rescoped: Default::default(),
            ended: Default::default(),
            lapsed: Default::default(),
            end: Default::default(),
        });
        let tasks = Tasks::default();
        tasks.spawn("feed", feed::run(Arc::clone(&shop), socket_frames));
        tasks.spawn("history", feed::bring_history(Arc::clone(&shop)));
        tasks.spawn("outbox", outbox::run(Arc::clone(&shop)));
        tasks.spawn("index", search::index(Arc::clone(&shop)));
        tasks.spawn("check", upkeep::check(Arc::clone(&shop)));
        tasks.spawn("usual silences", diagnosis::learn(Arc::clone(&shop)));
        tasks.spawn("room", upkeep::make_room(Arc::clone(&shop)));
        tasks.spawn("older messages", upkeep::bring_back(Arc::clone(&shop)));
        tasks.spawn("old orders", upkeep::freshen(Arc::clone(&shop)));
        tasks.spawn("jumps", feed::notice_jumps(Arc::clone(&shop)));
        tasks.spawn("snoozed", feed::wake_snoozed(Arc::clone(&shop)));
        if !profile.sample {
            tasks.spawn("lease", lease::watch(Arc::clone(&shop), lease));
        }
        let end = closing::watch(
            Arc::downgrade(inner),
            Arc::downgrade(&shop),
            tasks.stopping(),
        );
        inner.tasks.spawn("end of session", end);
        *lock(&inner.slot) = Some(Slot {
            shop,
            profile,
            tasks,
        });
        Ok(signed_in)
    }
}

/// What a device is called in the list of devices.
pub(crate) fn device_name() -> String {
    format!("Deskhand on {}", std::env::consts::OS)
}

/// Signs in with a password, and with the code that it may ask for.
async fn sign_in(
    gateway: &Gateway,
    body: &SignIn,
    code: Option<String>,
) -> Result<Session, CallError> {
    let error = match gateway.sign_in(body).await {
        Ok(session) => return Ok(session),
        Err(error) => error,
    };
    let Some(asked) = error.challenge() else {
        return Err(error.into());
    };
    if let Some(code) = code {
        let challenge = asked.challenge.clone();
        let answer = gateway.sign_in_code(&SignInCode { challenge, code }).await;
        return answer.map_err(Into::into);
    }
    let enrolment = asked.enrolment.clone();
    let mut error = CallError::from(error);
    if let Some(enrolment) = enrolment {
        error.detail = enrolment.url;
    }
    Err(error)
}

fn nobody() -> CallError {
    CallError::new(CallCode::SignedOut, "nobody is signed in")
}
