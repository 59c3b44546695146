//! `[hooks]` and `[inbox]`: who may tell what happened, and how long it is kept.

use super::{Findings, Period, Secret};
use deskhand_connectors::carriers::Vendor;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The secrets with which services prove their webhooks. A service without one is not listened to.
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
}

impl Hooks {
    /// The secret of a service.
    pub fn secret(&self, vendor: Vendor) -> Option<&Secret> {
        match vendor {
            Vendor::EasyPost => &self.easypost,
            Vendor::AfterShip => &self.aftership,
            Vendor::Shippo => &self.shippo,
            Vendor::SeventeenTrack => &self.seventeen_track,
        }
        .as_ref()
    }

    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        for (key, secret) in [
            ("hooks.easypost", &self.easypost),
            ("hooks.aftership", &self.aftership),
            ("hooks.shippo", &self.shippo),
            ("hooks.seventeen_track", &self.seventeen_track),
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
