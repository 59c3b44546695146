//! The way to a gateway: one HTTP client and one idea of whom to trust, for requests and for the
//! live socket alike.

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{sync::Arc, time::Duration};

/// What the program connects with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) http: reqwest::Client,
    /// Trusts whom this computer trusts, a company's own authority included.
    pub(crate) tls: Arc<ClientConfig>,
}

/// Why the network could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The encryption.
    #[error("the encryption could not be set up")]
    Tls(#[from] rustls::Error),
    /// The HTTP client.
    #[error("the HTTP client could not be set up")]
    Http(#[from] reqwest::Error),
}

impl Network {
    pub(crate) fn new() -> Result<Self, NetworkError> {
        let tls = tls()?;
        let http = reqwest::Client::builder()
            .user_agent(concat!("Deskhand/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(20))
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_backend_preconfigured(tls.clone())
            .build()?;
        Ok(Self {
            http,
            tls: Arc::new(tls),
        })
    }
}

fn tls() -> Result<ClientConfig, rustls::Error> {
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
    };
    match builder()?.with_platform_verifier() {
        Ok(trusting) => Ok(trusting.with_no_client_auth()),
        Err(error) => {
            // A computer without any certificates can still reach a gateway of its own.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "no certificates: https will fail"
            );
            let nobody = builder()?.with_root_certificates(RootCertStore::empty());
            Ok(nobody.with_no_client_auth())
        }
    }
}
