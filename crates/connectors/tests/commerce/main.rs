//! The one contract that every shop passes, and what else is particular to each.

mod contract;
mod fake_shopify;
mod fake_woocommerce;
mod graphql;
mod memory;
mod shopify;
mod vendure;
mod woocommerce;

use deskhand_connectors::commerce::Now;
use std::{sync::Arc, time::Duration};

contract::suite!(embedded, memory::Hollowpine);
contract::suite!(real_vendure, vendure::Real);
contract::suite!(faked_shopify, shopify::Faked);
contract::suite!(faked_woocommerce, woocommerce::Faked);

/// A clock that stands still, as connectors ask for it.
pub fn clock() -> Now {
    Arc::new(contract::noon)
}

/// A client for this machine.
#[expect(clippy::expect_used, reason = "a test without a client cannot go on")]
pub fn client() -> reqwest::Client {
    // Whoever comes second finds it done.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client")
}
