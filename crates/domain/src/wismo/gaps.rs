//! How long a carrier is usually silent, learned from parcels that have arrived.

use crate::{Shipment, shipment::TrackingStatus, wismo::days::Calendar};
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// So many silences of one kind are needed before they are believed.
const ENOUGH: usize = 20;

/// A part of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leg {
    /// From the label to the first scan.
    Collection,
    /// Between depots.
    Transport,
    /// On the van, or after somebody tried.
    Doorstep,
}

impl Leg {
    /// The leg that begins with a scan of this state.
    pub fn after(status: TrackingStatus) -> Self {
        use TrackingStatus as S;
        match status {
            S::LabelCreated => Self::Collection,
            S::OutForDelivery | S::FailedAttempt => Self::Doorstep,
            _ => Self::Transport,
        }
    }

    /// What is taken for granted before anything was learned.
    fn default(self) -> TimeDelta {
        TimeDelta::hours(match self {
            Self::Collection => 30,
            Self::Transport => 18,
            Self::Doorstep => 14,
        })
    }
}

/// A usual silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// How long.
    pub usual: TimeDelta,
    /// Whether it was seen with this carrier.
    pub learned: bool,
}

/// The usual silences of every carrier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// By carrier, country and leg.
    seen: BTreeMap<(String, String, Leg), TimeDelta>,
}

impl Gaps {
    /// Learns from parcels that have arrived, each with the country it went to.
    pub fn learn<'a>(arrived: impl IntoIterator<Item = (&'a Shipment, &'a str)>) -> Self {
        let mut all: BTreeMap<(String, String, Leg), Vec<TimeDelta>> = BTreeMap::new();
        let mut calendars: BTreeMap<String, Calendar> = BTreeMap::new();
        for (shipment, country) in arrived {
            if shipment.status != TrackingStatus::Delivered {
                continue;
            }
            let calendar = calendars
                .entry(country.to_owned())
                .or_insert_with(|| Calendar::carrier(country));
            let mut scans: Vec<_> = shipment.scans.iter().collect();
            scans.sort_by_key(|scan| scan.at);
            for pair in scans.windows(2) {
                let leg = Leg::after(pair[0].status);
                let key = (shipment.carrier.clone(), country.to_owned(), leg);
                let silence = calendar.open_time(pair[0].at, pair[1].at);
                all.entry(key).or_default().push(silence);
            }
        }
        let seen = all
            .into_iter()
            .filter(|(_, silences)| silences.len() >= ENOUGH)
            .map(|(key, mut silences)| {
                silences.sort_unstable();
                // Four of five silences are shorter.
                (key, silences[silences.len() * 4 / 5])
            })
            .collect();
        Self { seen }
    }

    /// How long a carrier is usually silent on a leg to a country.
    pub fn usual(&self, carrier: &str, country: &str, leg: Leg) -> Gap {
        let key = (carrier.to_owned(), country.to_owned(), leg);
        match self.seen.get(&key) {
            // Less than an hour is a scanner that beeps twice, not a rhythm.
            Some(usual) => Gap {
                usual: (*usual).max(TimeDelta::hours(1)),
                learned: true,
            },
            None => Gap {
                usual: leg.default(),
                learned: false,
            },
        }
    }
}
