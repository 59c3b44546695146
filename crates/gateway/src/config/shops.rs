//! `[vendure]`, `[shopify]`: shops whose orders are shown.

use super::{Findings, Period, Secret};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A Vendure.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct VendureShop {
    /// The address of its admin interface; empty for none.
    pub address: String,
    /// The administrator whom Deskhand signs in as.
    pub user: String,
    /// Their password.
    pub password: Option<Secret>,
    /// The token of the channel; empty for the default one.
    pub channel: String,
    /// How old a copy may be before it is read again when somebody looks at it.
    pub fresh: Period,
    /// How often the shop is asked what changed.
    pub poll: Period,
    /// How long what the shop said is kept word for word.
    pub keep_raw: Period,
}

impl Default for VendureShop {
    fn default() -> Self {
        Self {
            address: String::new(),
            user: String::new(),
            password: None,
            channel: String::new(),
            fresh: Period(Duration::from_secs(300)),
            poll: Period(Duration::from_secs(60)),
            keep_raw: Period(Duration::from_secs(90 * 86_400)),
        }
    }
}

impl VendureShop {
    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        if self.address.is_empty() {
            return;
        }
        let here = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
        wrong.unless(
            self.address.starts_with("https://")
                || here.iter().any(|here| self.address.starts_with(here)),
            "vendure.address",
            "begins with https://, unless the shop runs on this machine",
        );
        wrong.unless(
            !self.user.is_empty() && self.password.is_some(),
            "vendure.user",
            "say whom to sign in as: user and password",
        );
        wrong.unless(
            self.poll.0 >= Duration::from_millis(100),
            "vendure.poll",
            "is at least 100ms: a shop is not asked without end",
        );
    }
}
