//! `[carriers]`: services that are asked where parcels are.

use super::{Findings, Period, Rate, Secret};
use deskhand_connectors::carriers::Vendor;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The keys to services, and how often they are asked. One without a key is not asked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Carriers {
    /// EasyPost's.
    pub easypost: Option<Secret>,
    /// AfterShip's.
    pub aftership: Option<Secret>,
    /// Shippo's.
    pub shippo: Option<Secret>,
    /// 17TRACK's.
    pub seventeen_track: Option<Secret>,
    /// How long nobody may have told anything of a parcel under way before it is asked about.
    pub fresh: Period,
    /// How many parcels each of them is asked about at most.
    pub budget: Rate,
}

impl Default for Carriers {
    fn default() -> Self {
        Self {
            easypost: None,
            aftership: None,
            shippo: None,
            seventeen_track: None,
            fresh: Period(Duration::from_hours(6)),
            budget: Rate {
                count: 600,
                per: Duration::from_hours(1),
            },
        }
    }
}

impl Carriers {
    /// The key to a service.
    pub fn key(&self, vendor: Vendor) -> Option<&Secret> {
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
        wrong.unless(
            self.fresh.0 >= Duration::from_secs(600),
            "carriers.fresh",
            "is at least 10m: carriers do not scan more often, and each question may cost",
        );
    }
}
