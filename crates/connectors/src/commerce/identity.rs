//! Which shop, and which of its records: the same record always has the same id.

use deskhand_domain::{CustomerId, OrderId, ShipmentId};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Under which all ids of shops are made (RFC 9562, version 5).
const SHOPS: Uuid = Uuid::from_u128(0x5c1f_0c1e_6f0e_5d6b_8d1c_2f4a_9e7b_3a10);

/// A shop that is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Connector {
    /// Its key, such as `vendure`; ids are made from it.
    pub key: &'static str,
    /// Its name on the screen.
    pub title: &'static str,
}

/// The shop that Deskhand brings along.
pub const EMBEDDED: Connector = Connector {
    key: "embedded",
    title: "Shop",
};
/// A Vendure.
pub const VENDURE: Connector = Connector {
    key: "vendure",
    title: "Vendure",
};
/// A Shopify shop.
pub const SHOPIFY: Connector = Connector {
    key: "shopify",
    title: "Shopify",
};
/// A WooCommerce shop.
pub const WOOCOMMERCE: Connector = Connector {
    key: "woocommerce",
    title: "WooCommerce",
};

/// A record's id in its shop.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShopId(pub String);

impl ShopId {
    /// The id of somebody who has no account: one address is one guest.
    pub fn guest(email: &str) -> Self {
        Self(format!("guest:{}", email.trim().to_lowercase()))
    }

    /// Whether this is somebody without an account.
    pub fn is_guest(&self) -> bool {
        self.0.starts_with("guest:")
    }

    /// The id of a buyer of whom the shop knows nothing but the order.
    pub fn buyer_of(order: &ShopId) -> Self {
        Self(format!("buyer-of:{order}"))
    }
}

impl From<&str> for ShopId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl fmt::Display for ShopId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Connector {
    /// The id here of an order there.
    pub fn order(self, id: &ShopId) -> OrderId {
        OrderId(self.id("order", id))
    }

    /// The id here of a customer there.
    pub fn customer(self, id: &ShopId) -> CustomerId {
        CustomerId(self.id("customer", id))
    }

    /// The id here of a parcel there.
    pub fn shipment(self, id: &ShopId) -> ShipmentId {
        ShipmentId(self.id("shipment", id))
    }

    fn id(self, kind: &str, id: &ShopId) -> Uuid {
        let shop = Uuid::new_v5(&SHOPS, self.key.as_bytes());
        Uuid::new_v5(&shop, format!("{kind}:{id}").as_bytes())
    }
}
