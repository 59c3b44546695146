//! `deskhand-gateway import orders`: takes over an export of a shop's orders, all of it or nothing.

use crate::{
    clock::Clock,
    config::Config,
    start::{StartError, alone},
    store::{TakenOver, Taking},
};
use clap::ValueEnum;
use deskhand_connectors::commerce::{
    Connector, OrderRecord, exports,
    identity::{SHOPIFY, WOOCOMMERCE},
    woocommerce::Prices,
};
use std::path::Path;

/// Which shop wrote the file.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    /// Shopify's export of orders.
    Shopify,
    /// WooCommerce's Customer/Order/Coupon Export, one row for each line; prices without tax.
    #[value(name = "woocommerce")]
    WooCommerce,
    /// The same of a shop whose prices include tax.
    #[value(name = "woocommerce-with-tax")]
    WooCommerceWithTax,
}

impl Format {
    fn connector(self) -> Connector {
        match self {
            Self::Shopify => SHOPIFY,
            Self::WooCommerce | Self::WooCommerceWithTax => WOOCOMMERCE,
        }
    }
}

/// What a file holds, or every mistake in it with line and column.
pub fn read(file: &Path, format: Format) -> Result<Vec<OrderRecord>, StartError> {
    let bytes = std::fs::read(file).map_err(|error| StartError::Import {
        words: format!("{} cannot be read: {}", file.display(), error.kind()),
    })?;
    let text = String::from_utf8(bytes).map_err(|_| StartError::Import {
        words: format!("{} is not UTF-8", file.display()),
    })?;
    let now = Clock::default().now();
    let read = match format {
        Format::Shopify => exports::shopify(&text, now),
        Format::WooCommerce => exports::woocommerce(&text, Prices::WithoutTax, now),
        Format::WooCommerceWithTax => exports::woocommerce(&text, Prices::WithTax, now),
    };
    read.map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        StartError::Import {
            words: format!(
                "{} is not what {} writes:\n{}",
                file.display(),
                format.connector().title,
                lines.join("\n")
            ),
        }
    })
}

/// Stores orders in one transaction: an order that is there as it is in the file stays untouched.
pub async fn store(
    config: &Config,
    format: Format,
    orders: Vec<OrderRecord>,
) -> Result<TakenOver, StartError> {
    alone(config, async |store| {
        let taking = Taking {
            source: format.connector().key,
            cursor: None,
            touch: false,
            whole: true,
        };
        Ok(store.take_orders(taking, orders).await?)
    })
    .await
}
