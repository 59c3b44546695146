//! `[proxy]`: whose word about others counts.

use super::Findings;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Whose word about others counts.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    /// Networks of the proxies in front of the gateway.
    pub trusted: Vec<IpNet>,
    /// The header in which they say who asks.
    pub header: ProxyHeader,
}

/// The header in which a proxy says who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `Forwarded` (RFC 7239).
    #[default]
    Forwarded,
    /// `X-Forwarded-For`.
    XForwardedFor,
}

impl Proxy {
    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        wrong.unless(
            self.trusted.iter().all(|net| net.prefix_len() > 0),
            "proxy.trusted",
            "trusts everybody, so that anybody may claim any address: name the networks of the proxies",
        );
    }
}
