//! `[vendure]`, `[shopify]`, `[woocommerce]`: shops whose orders are shown.

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
        wrong.unless(
            is_encrypted_or_here(&self.address),
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

/// A Shopify shop.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShopifyShop {
    /// Its own address, such as `https://hollowpine.myshopify.com`; empty for none.
    pub address: String,
    /// The Admin API access token of an app in it.
    pub token: Option<Secret>,
    /// How old a copy may be before it is read again when somebody looks at it.
    pub fresh: Period,
    /// How often the shop is asked what changed.
    pub poll: Period,
    /// How long what the shop said is kept word for word.
    pub keep_raw: Period,
}

impl Default for ShopifyShop {
    fn default() -> Self {
        let times = VendureShop::default();
        Self {
            address: String::new(),
            token: None,
            fresh: times.fresh,
            poll: times.poll,
            keep_raw: times.keep_raw,
        }
    }
}

impl ShopifyShop {
    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        if self.address.is_empty() {
            return;
        }
        wrong.unless(
            is_encrypted_or_here(&self.address),
            "shopify.address",
            "begins with https://, unless the shop runs on this machine",
        );
        wrong.unless(
            self.token.is_some(),
            "shopify.token",
            "is what the shop knows this gateway by: say it",
        );
        wrong.unless(
            self.poll.0 >= Duration::from_millis(100),
            "shopify.poll",
            "is at least 100ms: a shop is not asked without end",
        );
    }
}

/// A WooCommerce shop.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct WooCommerceShop {
    /// The address of the site, such as `https://shop.example`; empty for none.
    pub address: String,
    /// The consumer key of its REST API.
    pub key: Option<Secret>,
    /// Its consumer secret.
    pub secret: Option<Secret>,
    /// How old a copy may be before it is read again when somebody looks at it.
    pub fresh: Period,
    /// How often the shop is asked what changed.
    pub poll: Period,
    /// How long what the shop said is kept word for word.
    pub keep_raw: Period,
}

impl Default for WooCommerceShop {
    fn default() -> Self {
        let times = VendureShop::default();
        Self {
            address: String::new(),
            key: None,
            secret: None,
            fresh: times.fresh,
            poll: times.poll,
            keep_raw: times.keep_raw,
        }
    }
}

impl WooCommerceShop {
    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        if self.address.is_empty() {
            return;
        }
        wrong.unless(
            is_encrypted_or_here(&self.address),
            "woocommerce.address",
            "begins with https://, unless the shop runs on this machine",
        );
        wrong.unless(
            self.key.is_some() && self.secret.is_some(),
            "woocommerce.key",
            "is what the shop knows this gateway by: say key and secret",
        );
        wrong.unless(
            self.poll.0 >= Duration::from_millis(100),
            "woocommerce.poll",
            "is at least 100ms: a shop is not asked without end",
        );
    }
}

fn is_encrypted_or_here(address: &str) -> bool {
    let here = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
    address.starts_with("https://") || here.iter().any(|here| address.starts_with(here))
}
