//! `[hooks]` and `[inbox]`: who may tell what happened, and how long it is kept.

use super::{Findings, Period, Secret};
use deskhand_connectors::{carriers::Vendor, webhooks::Sender};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The secrets with which services and shops prove their webhooks. Who has none is not listened to.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// EasyPost's.
    pub easypost: Option<Secret>,
    /// AfterShip's.
    pub aftership: Option<Secret>,
    /// Shippo's.
    pub shippo: Option<Secret>,
    /// 17TRACK's.
    pub seventeen_track: Option<Secret>,
    /// The one that the plugin in Vendure signs with.
    pub vendure: Option<Secret>,
    /// The client secret of the app in the Shopify shop.
    pub shopify: Option<Secret>,
}

impl Hooks {
    /// The secret of somebody.
    pub fn secret(&self, sender: Sender) -> Option<&Secret> {
        match sender {
            Sender::Carriers(Vendor::EasyPost) => &self.easypost,
            Sender::Carriers(Vendor::AfterShip) => &self.aftership,
            Sender::Carriers(Vendor::Shippo) => &self.shippo,
            Sender::Carriers(Vendor::SeventeenTrack) => &self.seventeen_track,
            Sender::Vendure => &self.vendure,
            Sender::Shopify => &self.shopify,
        }
        .as_ref()
    }

    /// See [`super::Config::check`]; `shops` are the addresses of the Vendure and the Shopify shop.
    pub(super) fn check(&self, [vendure, shopify]: [&str; 2], wrong: &mut Findings) {
        wrong.unless(
            self.vendure.is_none() || !vendure.is_empty(),
            "hooks.vendure",
            "is of no use without a shop: say vendure.address as well",
        );
        wrong.unless(
            self.shopify.is_none() || !shopify.is_empty(),
            "hooks.shopify",
            "is of no use without a shop: say shopify.address as well",
        );
        for (key, secret) in [
            ("hooks.easypost", &self.easypost),
            ("hooks.aftership", &self.aftership),
            ("hooks.shippo", &self.shippo),
            ("hooks.seventeen_track", &self.seventeen_track),
            ("hooks.vendure", &self.vendure),
            ("hooks.shopify", &self.shopify),
        ] {
            let is_empty = secret
                .as_ref()
                .is_some_and(|secret| secret.reveal().is_empty());
            wrong.unless(
                !is_empty,
                key,
                "is empty, and anybody could prove that: say the secret of the service",
            );
        }
    }
}

/// What others told, as they told it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Inbox {
    /// For how long it is kept.
    pub keep: Period,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            keep: Period(Duration::from_hours(90 * 24)),
        }
    }
}

impl Inbox {
    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        wrong.unless(
            self.keep.0 >= Duration::from_hours(7 * 24),
            "inbox.keep",
            "is at least 7d: a parcel may be told of days before its order is known",
        );
    }
}
