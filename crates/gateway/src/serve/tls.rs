//! TLS by rustls, with a certificate that may change while the gateway runs.

use crate::{config::Tls, tasks::Tasks};
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio_rustls::TlsAcceptor;

/// What is wrong with a certificate or its key, and which setting names it.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {words}")]
pub struct TlsError {
    /// `tls.certificate` or `tls.key`.
    pub key: &'static str,
    /// What is wrong; nothing of what is in the files.
    pub words: String,
}

/// A certificate with its key, and where they come from.
pub struct Certificate {
    files: (PathBuf, PathBuf),
    read: Read,
    every: Duration,
    current: Arc<Current>,
    config: ServerConfig,
}

/// The bytes of both files, to see whether they changed.
#[derive(PartialEq, Eq)]
struct Read {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

struct Current(RwLock<Arc<CertifiedKey>>);

impl Certificate {
    /// What the configuration names, if it names one.
    pub fn load(tls: &Tls) -> Result<Option<Self>, TlsError> {
        let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) else {
            return Ok(None);
        };
        let read = Read::both(certificate, key)?;
        let current = Arc::new(Current(RwLock::new(Arc::new(read.certified()?))));
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS12, &TLS13])
            .map_err(|error| TlsError {
                key: "tls.certificate",
                words: format!("TLS cannot be used: {error}"),
            })?
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Self {
            config,
            files: (certificate.clone(), key.clone()),
            read,
            every: tls.reload.0,
            current,
        }))
    }

    /// Accepts with it from now on, and with what stands in the files later.
    pub fn follow(self, tasks: &Tasks) -> TlsAcceptor {
        let acceptor = TlsAcceptor::from(Arc::new(self.config.clone()));
        let stop = tasks.stopping();
        tasks.spawn("certificate", async move {
            stop.run_until_cancelled(self.watch()).await;
        });
        acceptor
    }

    async fn watch(mut self) {
        loop {
            tokio::time::sleep(self.every).await;
            let (certificate, key) = self.files.clone();
            let read = tokio::task::spawn_blocking(move || Read::both(&certificate, &key)).await;
            let Ok(Ok(read)) = read else {
                tracing::error!(
                    "the files of the certificate cannot be read: the one before stays"
                );
                continue;
            };
            if read == self.read {
                continue;
            }
            match read.certified() {
                Ok(new) => {
                    *self
                        .current
                        .0
                        .write()
                        .unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                    tracing::info!("there is a new certificate");
                }
                // Perhaps only one of the two was written yet.
                Err(error) => {
                    tracing::error!(%error, "the new certificate cannot be used: the one before stays")
                }
            }
            self.read = read;
        }
    }
}

impl Read {
    fn both(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = |name, path: &Path| {
            std::fs::read(path).map_err(|error| TlsError {
                key: name,
                words: format!(
                    "the file {} cannot be read: {}",
                    path.display(),
                    error.kind()
                ),
            })
        };
        Ok(Self {
            certificate: read("tls.certificate", certificate)?,
            key: read("tls.key", key)?,
        })
    }

    fn certified(&self) -> Result<CertifiedKey, TlsError> {
        let wrong = |key, words: &str| TlsError {
            key,
            words: words.to_owned(),
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .map_err(|_| wrong("tls.certificate", "is not PEM"))?;
        if chain.is_empty() {
            return Err(wrong("tls.certificate", "holds no certificate in PEM"));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| wrong("tls.key", "holds no private key in PEM"))?;
        let provider: CryptoProvider = ring::default_provider();
        CertifiedKey::from_der(chain, key, &provider).map_err(|error| {
            wrong(
                "tls.key",
                &format!("does not go with the certificate: {error}"),
            )
        })
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(
            self.0
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str("the current certificate")
    }
}
