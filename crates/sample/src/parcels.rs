//! Parcels: where they went, in the carrier's words.
//!
//! A parcel's story is told backwards from its last scan, so that what matters now (out for
//! delivery this morning, silent for 54 hours) is true now, and what came before fits.

use chrono::{DateTime, Days, TimeDelta, Utc};
use deskhand_domain::{
    order::Address,
    shipment::{Scan, TrackingDetail, TrackingStatus},
};
use serde::Deserialize;

use crate::{
    clock::{at_time, back, berlin, is_carrier_day, is_work_day},
    people::{Person, fill},
    rng::Rng,
};

/// How a parcel ends, as far as it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    LabelOnly,
    Moving,
    Late,
    Stalled,
    CarrierDelayed,
    OutForDelivery,
    FailedAttempt,
    Pickup,
    Customs,
    AddressProblem,
    Returning,
    Refused,
    Returned,
    Lost,
    Cancelled,
    DamagedBack,
    DamagedMoving,
    Unknown,
    Delivered,
    DeliveredSlow,
    Neighbour,
    SafePlace,
}

impl Fate {
    pub(crate) fn is_delivered(self) -> bool {
        matches!(
            self,
            Self::Delivered | Self::DeliveredSlow | Self::Neighbour | Self::SafePlace
        )
    }
}

#[derive(Deserialize)]
struct Carrier {
    name: String,
    number: String,
    collected: String,
    left: String,
    sorted: String,
    arrived: String,
    out: String,
    delivered: String,
}

#[derive(Deserialize)]
struct Route {
    country: String,
    carriers: Vec<String>,
    via: Vec<String>,
    border: Option<String>,
}

/// The carriers and the ways their parcels take.
#[derive(Deserialize)]
pub(crate) struct Network {
    carrier: Vec<Carrier>,
    route: Vec<Route>,
}

/// A parcel before it belongs to an order.
pub(crate) struct Parcel {
    pub(crate) carrier: String,
    pub(crate) tracking_number: String,
    pub(crate) status: TrackingStatus,
    pub(crate) detail: Option<TrackingDetail>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) promised_at: Option<DateTime<Utc>>,
    pub(crate) delivered_at: Option<DateTime<Utc>>,
    pub(crate) pickup_until: Option<DateTime<Utc>>,
    /// Newest first.
    pub(crate) scans: Vec<Scan>,
}

/// One step of the usual way: when in the day it happens, and what the carrier says.
struct Step {
    hours: (i64, i64),
    status: TrackingStatus,
    text: String,
    place: Option<String>,
    fits: fn(chrono::NaiveDate) -> bool,
}

impl Network {
    pub(crate) fn new() -> Self {
        toml::from_str(include_str!("../data/routes.toml"))
            .expect("routes.toml is part of the program")
    }

    /// A parcel that has come as far as `fate` says by `end`.
    pub(crate) fn parcel(
        &self,
        rng: &mut Rng,
        fate: Fate,
        end: DateTime<Utc>,
        to: &Person,
    ) -> Parcel {
        let route = self
            .route
            .iter()
            .find(|route| route.country == to.address.country)
            .unwrap_or(&self.route[0]);
        let wanted = rng.pick(&route.carriers);
        let carrier = self
            .carrier
            .iter()
            .find(|carrier| carrier.name == *wanted)
            .unwrap_or(&self.carrier[0]);
        let steps = usual_way(carrier, route, to);
        let story = Story::of(fate, rng, &steps, end, carrier, &to.address, route);
        let mut scans = story.ending;
        let mut before = story.before;
        for (index, step) in steps.iter().enumerate().take(story.last + 1).rev() {
            if story.gap == Some(index) {
                before -= TimeDelta::hours(rng.between(60, 104));
            }
            before = back(rng, before, step.hours, step.fits);
            scans.push(Scan {
                at: before,
                status: step.status,
                text: step.text.clone(),
                place: step.place.clone(),
            });
        }
        let created_at = scans.last().map_or(before, |scan| scan.at);
        let days = 2 + route.via.len() + usize::from(route.border.is_some());
        Parcel {
            carrier: carrier.name.clone(),
            tracking_number: fill(rng, &carrier.number),
            status: scans
                .first()
                .map_or(TrackingStatus::Unknown, |scan| scan.status),
            detail: story.detail,
            created_at,
            promised_at: (fate != Fate::Cancelled).then(|| promise(created_at, days)),
            delivered_at: scans
                .first()
                .filter(|scan| scan.status == TrackingStatus::Delivered)
                .map(|scan| scan.at),
            pickup_until: story.pickup_until,
            scans,
        }
    }
}

/// The evening of the `days`-th carrier day after the label.
fn promise(created_at: DateTime<Utc>, days: usize) -> DateTime<Utc> {
    let mut day = berlin(created_at).date();
    let mut left = days;
    while left > 0 {
        day = day + Days::new(1);
        if is_carrier_day(day) {
            left -= 1;
        }
    }
    at_time(day, 18, 0)
}

const LABEL: usize = 0;
const COLLECTED: usize = 1;
const LEFT: usize = 2;

/// Every step from the label to the van, in order.
fn usual_way(carrier: &Carrier, route: &Route, to: &Person) -> Vec<Step> {
    use TrackingStatus::{InTransit, LabelCreated, OutForDelivery};
    let home = || Some("Kassel".to_owned());
    let step = |hours, status, text: &str, place| Step {
        hours,
        status,
        text: text.into(),
        place,
        fits: is_carrier_day,
    };
    let mut steps = vec![
        step((9, 13), LabelCreated, "Label created by sender", None),
        step((15, 18), InTransit, &carrier.collected, home()),
        step((20, 23), InTransit, &carrier.left, home()),
    ];
    steps[LABEL].fits = is_work_day;
    steps[COLLECTED].fits = is_work_day;
    for hub in &route.via {
        steps.push(step((1, 6), InTransit, &carrier.sorted, Some(hub.clone())));
    }
    if let Some(border) = &route.border {
        steps.push(step(
            (8, 16),
            InTransit,
            "Cleared by customs",
            Some(border.clone()),
        ));
    }
    if route.via.last() != Some(&to.hub) {
        steps.push(step(
            (1, 5),
            InTransit,
            &carrier.sorted,
            Some(to.hub.clone()),
        ));
    }
    let town = || Some(to.address.city.clone());
    steps.push(step((5, 7), InTransit, &carrier.arrived, town()));
    steps.push(step((7, 9), OutForDelivery, &carrier.out, town()));
    steps
}

/// What happened after the usual way, newest first, and how much of that way there was.
struct Story {
    ending: Vec<Scan>,
    before: DateTime<Utc>,
    last: usize,
    gap: Option<usize>,
    detail: Option<TrackingDetail>,
    pickup_until: Option<DateTime<Utc>>,
}

impl Story {
    fn of(
        fate: Fate,
        rng: &mut Rng,
        steps: &[Step],
        end: DateTime<Utc>,
        carrier: &Carrier,
        to: &Address,
        route: &Route,
    ) -> Self {
        use TrackingDetail as D;
        use TrackingStatus as S;
        let van = steps.len() - 1;
        let depot = van - 1;
        let underway = |rng: &mut Rng| LEFT + rng.below(depot - LEFT);
        let mut story = Self {
            ending: vec![],
            before: end,
            last: van,
            gap: None,
            detail: None,
            pickup_until: None,
        };
        let town = to.city.clone();
        match fate {
            Fate::LabelOnly => story.last = LABEL,
            Fate::Moving => story.last = LEFT + rng.below(depot - LEFT + 1),
            Fate::Late => {
                story.last = underway(rng) + 1;
                story.gap = Some(story.last - 1);
            }
            Fate::Stalled => {
                story.last = underway(rng);
                story.before -= TimeDelta::hours(rng.between(50, 120));
            }
            Fate::OutForDelivery => {}
            Fate::CarrierDelayed => {
                story.last = underway(rng);
                let place = steps[story.last].place.clone();
                story.detail = Some(D::Delayed);
                story.tell(
                    rng,
                    (6, 22),
                    S::InTransit,
                    "Delayed: more parcels than usual at this hub",
                    place,
                );
                story.before -= TimeDelta::hours(rng.between(20, 44));
            }
            Fate::FailedAttempt => {
                story.tell(
                    rng,
                    (10, 17),
                    S::FailedAttempt,
                    "Nobody at home, card left",
                    Some(town),
                );
            }
            Fate::Pickup => story.wait_for_pickup(rng, to),
            Fate::Customs => {
                story.last = steps
                    .iter()
                    .position(|step| step.text == "Cleared by customs")
                    .map_or(LEFT, |at| at - 1);
                story.detail = Some(D::Customs);
                let place = route.border.clone().or_else(|| Some("Kassel".into()));
                story.before -= TimeDelta::hours(rng.between(4, 60));
                let text = "Held by customs: commercial invoice wanted";
                story.tell(rng, (8, 16), S::InTransit, text, place);
            }
            Fate::AddressProblem => {
                story.last = depot;
                story.detail = Some(D::AddressProblem);
                let text = "Address incomplete, delivery not possible";
                story.tell(rng, (7, 12), S::InTransit, text, Some(town));
            }
            Fate::Returning | Fate::Refused | Fate::Returned => {
                if fate == Fate::Returned {
                    let text = "Handed back to sender";
                    story.tell(rng, (9, 16), S::Returned, text, Some("Kassel".into()));
                    story.before -= TimeDelta::hours(18);
                }
                let hub = steps[depot - 1].place.clone();
                story.tell(rng, (1, 6), S::Returning, "On the way back to sender", hub);
                if fate == Fate::Refused || rng.chance(40) {
                    story.detail = Some(D::Refused);
                    story.tell(
                        rng,
                        (10, 17),
                        S::Returning,
                        "Refused by recipient",
                        Some(town),
                    );
                } else {
                    let text = "Not collected in time, goes back";
                    story.tell(rng, (8, 12), S::Returning, text, Some(town));
                    story.before -= TimeDelta::days(7);
                    story.wait_for_pickup(rng, to);
                    story.pickup_until = None;
                }
            }
            Fate::Lost => {
                story.last = underway(rng);
                let text = "Search ended without result, parcel declared lost";
                story.tell(rng, (9, 16), S::Lost, text, None);
                story.before -= TimeDelta::hours(rng.between(210, 330));
            }
            Fate::Cancelled => {
                story.last = LABEL;
                story.tell(
                    rng,
                    (14, 17),
                    S::Cancelled,
                    "Label cancelled by sender",
                    None,
                );
            }
            Fate::DamagedBack => {
                story.last = depot - 1;
                story.detail = Some(D::Damaged);
                let place = steps[story.last].place.clone();
                story.tell(
                    rng,
                    (8, 18),
                    S::Returning,
                    "Damaged on the way, goes back to sender",
                    place,
                );
            }
            Fate::DamagedMoving => {
                story.last = depot - 1;
                story.detail = Some(D::Damaged);
                let place = steps[story.last].place.clone();
                story.tell(
                    rng,
                    (8, 18),
                    S::InTransit,
                    "Box damaged, packed again by us",
                    place,
                );
            }
            Fate::Unknown => {
                story.last = LEFT;
                story.tell(rng, (8, 18), S::Unknown, "Event 7X-114", None);
            }
            Fate::Delivered | Fate::DeliveredSlow => {
                if fate == Fate::DeliveredSlow {
                    story.gap = Some(underway(rng));
                }
                story.tell(rng, (9, 18), S::Delivered, &carrier.delivered, Some(town));
            }
            Fate::Neighbour => {
                story.detail = Some(D::LeftWithNeighbour);
                let text = "Delivered, left with a neighbour";
                story.tell(rng, (9, 18), S::Delivered, text, Some(town));
            }
            Fate::SafePlace => {
                story.detail = Some(D::LeftInSafePlace);
                let text = "Delivered, left in the agreed place";
                story.tell(rng, (9, 18), S::Delivered, text, Some(town));
            }
        }
        story
    }

    /// Puts one more scan before everything told so far.
    fn tell(
        &mut self,
        rng: &mut Rng,
        hours: (i64, i64),
        status: TrackingStatus,
        text: &str,
        place: Option<String>,
    ) {
        let at = back(rng, self.before, hours, is_carrier_day);
        self.before = at;
        self.ending.push(Scan {
            at,
            status,
            text: text.into(),
            place,
        });
    }

    fn wait_for_pickup(&mut self, rng: &mut Rng, to: &Address) {
        use TrackingStatus::{AvailableForPickup, FailedAttempt};
        let street = to
            .street
            .trim_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let shop = format!("Parcel shop {street}, {}", to.city);
        let text = "Ready for collection";
        self.tell(rng, (9, 13), AvailableForPickup, text, Some(shop));
        let day = berlin(self.before).date() + Days::new(7);
        self.pickup_until = Some(at_time(day, 18, 0));
        // The van tried the day before.
        let yesterday = at_time(berlin(self.before).date(), 0, 0);
        self.before = yesterday;
        let text = "Nobody at home, card left";
        self.tell(rng, (10, 17), FailedAttempt, text, Some(to.city.clone()));
    }
}
