//! `[tls]`: TLS without a proxy.

use super::{Findings, Period};
use crate::serve::Certificate;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// TLS without a proxy.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The chain of certificates in PEM, the gateway's own first.
    pub certificate: Option<PathBuf>,
    /// Its private key in PEM.
    pub key: Option<PathBuf>,
    /// How often both are looked at for a change.
    pub reload: Period,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: None,
            key: None,
            reload: Period(Duration::from_secs(30)),
        }
    }
}

impl Tls {
    /// Whether the gateway speaks TLS itself.
    pub fn is_on(&self) -> bool {
        self.certificate.is_some()
    }

    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        wrong.unless(!self.reload.0.is_zero(), "tls.reload", "say at least 1ms");
        match (&self.certificate, &self.key) {
            (Some(_), None) => wrong.unless(false, "tls.certificate", "needs tls.key beside it"),
            (None, Some(_)) => wrong.unless(false, "tls.key", "needs tls.certificate beside it"),
            _ => {
                if let Err(error) = Certificate::load(self) {
                    wrong.unless(false, error.key, error.words);
                }
            }
        }
    }
}
