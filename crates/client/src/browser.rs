//! Signing in with the gateway's provider, in the system's browser (RFC 8252): the code comes back to
//! this machine, and the gateway exchanges it.

use crate::{
    address::Address,
    client::Client,
    gateway::{Gateway, GatewayError, open, read},
    link,
    loopback::{self, Loopback},
    profile::Profile,
    session::device_name,
    shop::lock,
};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    rest::{BeginInBrowser, BegunInBrowser, EndInBrowser, Session},
    view::{BrowserSignIn, SignedIn},
};
use reqwest::Method;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long somebody may take in the browser.
const LIMIT: Duration = Duration::from_secs(300);

impl Client {
    /// Signs in with the gateway's provider. A later one takes its place.
    pub(crate) async fn sign_in_with_browser(
        &self,
        with: BrowserSignIn,
    ) -> Result<SignedIn, CallError> {
        let inner = &self.inner;
        let address = Address::parse(&with.address)?;
        let gateway = Gateway::new(
            inner.network.clone(),
            address.clone(),
            Arc::clone(&inner.clock),
        );
        gateway.hello(inner.clock.now()).await?;
        {
            // Where the secrets go is known before anybody is sent to the browser.
            let _one = inner.session.lock().await;
            inner.vault.prepare(false, with.passphrase.clone()).await?;
            inner.vault.forget_unused();
        }
        let end = self.browse(&gateway).await?;
        let _one = inner.session.lock().await;
        inner.vault.prepare(false, with.passphrase).await?;
        let session = match gateway.end_in_browser(&end).await {
            Ok(session) => session,
            Err(error) => {
                inner.vault.forget_unused();
                return Err(error.into());
            }
        };
        let typed = Profile {
            address: address.text(),
            email: session.account.email.clone(),
            sample: false,
            signed: None,
            cache_mib: None,
        };
        let before = self.wipe_if_revoked(&gateway, &typed).await?;
        self.enter(address, false, before, session).await
    }

    /// Nobody waits for the browser any more.
    pub(crate) fn leave_browser(&self) {
        if let Some(waiting) = lock(&self.inner.browser).take() {
            waiting.cancel();
        }
    }

    /// Sends the browser to the provider and waits until it comes back with a code.
    async fn browse(&self, gateway: &Gateway) -> Result<EndInBrowser, CallError> {
        let stop = CancellationToken::new();
        if let Some(before) = lock(&self.inner.browser).replace(stop.clone()) {
            before.cancel();
        }
        let loopback = Loopback::open().await;
        let loopback = loopback.map_err(|error| failed(&error.to_string()))?;
        let asked = BeginInBrowser {
            redirect: loopback.redirect(),
            device: device_name(),
        };
        let begun = gateway.begin_in_browser(&asked).await?;
        let url = link::outside(&begun.url)?;
        if !url.starts_with("http") {
            return Err(failed("the provider's address is no web page"));
        }
        let state = loopback::state_of(&url);
        let state = state.ok_or_else(|| failed("the provider's address has no state"))?;
        let opened = self.inner.host.open_outside(&url);
        opened.map_err(|why| failed(&why))?;
        let waiting = stop.run_until_cancelled(loopback.code(&state));
        let code = tokio::time::timeout(LIMIT, waiting)
            .await
            .map_err(|_| failed("nobody came back from the browser in time"))?
            .ok_or_else(|| failed("somebody went on otherwise"))?
            .map_err(|error| failed(&error.to_string()))?
            .ok_or_else(|| failed("the provider signed nobody in"))?;
        Ok(EndInBrowser {
            login: begun.login,
            code,
            state,
        })
    }
}

impl Gateway {
    /// Begins a sign-in that goes on in a browser.
    async fn begin_in_browser(
        &self,
        body: &BeginInBrowser,
    ) -> Result<BegunInBrowser, GatewayError> {
        let request = self.request(Method::POST, "v1/sessions/oidc/begin");
        read(open(request.json(body)).await?.as_ref())
    }

    /// Ends it with the code that came back.
    async fn end_in_browser(&self, body: &EndInBrowser) -> Result<Session, GatewayError> {
        let request = self.request(Method::POST, "v1/sessions/oidc");
        read(open(request.json(body)).await?.as_ref())
    }
}

fn failed(why: &str) -> CallError {
    CallError::new(CallCode::BrowserFailed, why)
}
