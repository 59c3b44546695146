//! The tokens of a session: one for requests, in memory and for minutes; and the one it is exchanged
//! for, which is kept with the secrets and nowhere else.
//!
//! A new pair is asked for before the old one ends, or when a request was refused, by one request at
//! a time; whoever else needs a token waits for it. The refresh token is stored before anything is
//! sent with the new access token: a program that ends in between asks again with the old one, which
//! the gateway answers as long as none of the new ones was used.

use crate::{
    gateway::{Gateway, GatewayError},
    profile::Profile,
    shop::lock,
    vault::{TOKEN, Vault},
};
use chrono::{DateTime, Utc};
use deskhand_protocol::rest::Session;
use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How long a sign-out waits for an exchange that is on its way.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// The tokens of one session.
pub(crate) struct Pass {
    vault: Vault,
    profile: Profile,
    /// Locked while it is exchanged.
    refresh: tokio::sync::Mutex<Zeroizing<String>>,
    access: Mutex<Option<Access>>,
    /// Whether the session is over here: nothing is stored any more.
    closed: AtomicBool,
}

#[derive(Clone)]
struct Access {
    token: String,
    /// When it should be exchanged.
    due: Instant,
    until: Instant,
}

impl Pass {
    /// A pass from its refresh token, before there is an access token.
    pub(crate) fn new(vault: Vault, profile: Profile, refresh: String) -> Self {
        Self {
            vault,
            profile,
            refresh: tokio::sync::Mutex::new(Zeroizing::new(refresh)),
            access: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// Takes the access token of an answer. `wall` stands in for the gateway's clock.
    pub(crate) fn take(&self, session: &Session, wall: DateTime<Utc>) -> Option<String> {
        let token = session.token.clone()?;
        let lasts = session.expires_at - session.now.unwrap_or(wall);
        let lasts = lasts.to_std().unwrap_or_default();
        let now = Instant::now();
        *lock(&self.access) = Some(Access {
            token: token.clone(),
            due: now + lasts.mul_f64(0.9),
            until: now + lasts,
        });
        Some(token)
    }

    /// The access token, exchanged if it is due.
    pub(crate) async fn token(&self, gateway: &Gateway) -> Result<String, GatewayError> {
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let refresh = self.refresh.lock().await;
        if let Some(token) = self.fresh() {
            return Ok(token); // Somebody else has exchanged it meanwhile.
        }
        match self.exchange(refresh, gateway).await {
            // The old one still has a moment.
            Err(error) if !error.is_signed_out() => self.still().ok_or(error),
            other => other,
        }
    }

    /// Another access token than the one that was refused.
    pub(crate) async fn instead_of(
        &self,
        refused: &str,
        gateway: &Gateway,
    ) -> Result<String, GatewayError> {
        let refresh = self.refresh.lock().await;
        match self.fresh() {
            Some(token) if token != refused => Ok(token),
            _ => {
                lock(&self.access).take();
                self.exchange(refresh, gateway).await
            }
        }
    }

    async fn exchange(
        &self,
        mut refresh: tokio::sync::MutexGuard<'_, Zeroizing<String>>,
        gateway: &Gateway,
    ) -> Result<String, GatewayError> {
        let session = gateway.refresh(&refresh).await?;
        let Some(next) = session.refresh_token.clone() else {
            return Err(GatewayError::NotAGateway);
        };
        if !self.closed.load(Ordering::SeqCst) {
            let stored = self.vault.set(&self.profile, TOKEN, next.clone()).await;
            if let Err(error) = stored {
                // It goes on with what is in memory; after a restart somebody has to sign in.
                tracing::error!(code = ?error.code, "the new token could not be stored");
            }
        }
        *refresh = Zeroizing::new(next);
        self.take(&session, gateway.clock.now())
            .ok_or(GatewayError::NotAGateway)
    }

    /// The session is over here: what is exchanged from now on is not stored.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let exchanged = tokio::time::timeout(CLOSE_LIMIT, self.refresh.lock()).await;
        if exchanged.is_err() {
            tracing::info!("an exchange of tokens was on its way");
        }
    }

    fn fresh(&self) -> Option<String> {
        let access = lock(&self.access).clone()?;
        (access.due > Instant::now()).then_some(access.token)
    }

    fn still(&self) -> Option<String> {
        let access = lock(&self.access).clone()?;
        (access.until > Instant::now()).then_some(access.token)
    }
}
