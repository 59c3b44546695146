//! Plays the past again under rules: what would have been told when, and why not.

use deskhand_domain::{
    Channel, CustomerId, Instant, NoticeKind, Order, OrderId, Shipment,
    notices::{
        Decision, Rules, Silence, Situation, Talk, Waiting, as_known, began, decide, next_change,
        stands,
    },
    wismo::{Gaps, World},
};
use serde::Serialize;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    fmt,
};

/// What happened, as far as the database still knows.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The shop's time zone.
    pub time_zone: String,
    /// How long carriers are usually silent.
    pub gaps: Gaps,
    /// Parcels that were on their way.
    pub parcels: Vec<PastParcel>,
    /// Who bought them.
    pub customers: BTreeMap<CustomerId, PastCustomer>,
}

/// A parcel with its order.
#[derive(Clone, Debug)]
pub struct PastParcel {
    /// The parcel.
    pub shipment: Shipment,
    /// Its order.
    pub order: Order,
}

/// A customer.
#[derive(Clone, Debug, Default)]
pub struct PastCustomer {
    /// Where they can be reached.
    pub reach: BTreeSet<Channel>,
    /// When they said that they do not want to be told.
    pub objected_at: Option<Instant>,
    /// Conversations with them.
    pub talks: Vec<PastTalk>,
}

/// A conversation.
#[derive(Clone, Debug)]
pub struct PastTalk {
    /// The order it is about.
    pub about: Option<OrderId>,
    /// When it began.
    pub opened_at: Instant,
    /// When it was closed; when it was opened again in between is not known.
    pub closed_at: Option<Instant>,
    /// When somebody of the shop wrote.
    pub answers: Vec<Instant>,
}

/// What would have been.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// What would have been told, or why not, in the order of time.
    pub lines: Vec<Line>,
    /// How many parcels were looked at.
    pub parcels: usize,
}

/// What would have become of a parcel at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Instant,
    /// What had befallen the parcel.
    pub kind: NoticeKind,
    /// The number of its order.
    pub order: String,
    /// Which parcel of the order.
    pub parcel: u32,
    /// What would have been done.
    pub decision: Decision,
}

impl fmt::Display for Line {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.format("%Y-%m-%dT%H:%M:%SZ");
        let (kind, order, parcel) = (word(self.kind), &self.order, self.parcel);
        let (done, why) = match self.decision {
            Decision::Tell { channel, .. } => ("told", word(channel)),
            Decision::Wait { until, why } => {
                let until = until.format("%Y-%m-%dT%H:%M:%SZ");
                ("waits", format!("{} until {until}", word(why)))
            }
            Decision::Silent(why) => ("silent", word(why)),
        };
        write!(to, "{at}  {done:6}  {kind:14}  {order}/{parcel}  {why}")
    }
}

impl Story {
    /// How often what would have been done, in words for people.
    pub fn counts(&self) -> Vec<String> {
        let mut counts: BTreeMap<(u8, String), usize> = BTreeMap::new();
        for line in &self.lines {
            let key = match line.decision {
                Decision::Tell { kind, .. } => (0, format!("told: {}", word(kind))),
                Decision::Wait { why, .. } => (1, format!("waited: {}", word(why))),
                Decision::Silent(why) => (2, format!("silent: {}", word(why))),
            };
            *counts.entry(key).or_default() += 1;
        }
        let counted = counts.into_iter();
        let mut lines: Vec<String> = counted
            .map(|((_, what), count)| format!("{count:6}  {what}"))
            .collect();
        lines.push(format!("{:6}  parcels looked at", self.parcels));
        lines
    }
}

/// An enum as the word it has everywhere.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A moment at which a parcel is looked at: because something was heard of it, or it was time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    at: Instant,
    parcel: usize,
    heard: bool,
}

/// What became of a parcel so far.
#[derive(Clone, Debug, Default)]
struct SoFar {
    told: BTreeSet<NoticeKind>,
    /// When it is looked at next, if nothing is heard before.
    next: Option<Instant>,
    /// What was said last, so that the same is not said at every look.
    said: Option<(NoticeKind, Why)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Told,
    Waits(Waiting),
    Silent(Silence),
}

/// Plays a time again, parcel by parcel in the order in which things happened.
pub fn play(past: &Past, rules: &Rules, world: &World, since: Instant, now: Instant) -> Story {
    let heard = heard(past);
    let mut looks = BinaryHeap::new();
    for (parcel, of) in past.parcels.iter().enumerate() {
        let begins = of.shipment.created_at.max(since);
        let scans = of.shipment.scans.iter().map(|scan| scan.at);
        let times = scans.filter(|at| *at > begins).chain([begins]);
        for at in times.filter(|at| *at <= now).collect::<BTreeSet<_>>() {
            looks.push(Reverse(Look {
                at,
                parcel,
                heard: true,
            }));
        }
    }
    let mut so_far = vec![SoFar::default(); past.parcels.len()];
    let mut told_at: BTreeMap<CustomerId, Vec<Instant>> = BTreeMap::new();
    let mut story = Story {
        lines: Vec::new(),
        parcels: past.parcels.len(),
    };
    while let Some(Reverse(look)) = looks.pop() {
        let state = &mut so_far[look.parcel];
        if !look.heard && state.next != Some(look.at) {
            continue;
        }
        let PastParcel { shipment, order } = &past.parcels[look.parcel];
        let at = look.at;
        let Some(known) = as_known(shipment, at) else {
            continue;
        };
        let Some(diagnosis) = stands(order, &known, at, world) else {
            continue;
        };
        let mut next = next_change(&diagnosis, order, &known, at, world);
        let nobody = PastCustomer::default();
        let customer = past.customers.get(&order.customer).unwrap_or(&nobody);
        if let Some(kind) = NoticeKind::of(diagnosis.condition) {
            let told_at = told_at.entry(order.customer).or_default();
            let talks: Vec<Talk> = customer.talks.iter().filter_map(|of| of.then(at)).collect();
            let heard = heard.get(known.source.name.as_str());
            let situation = Situation {
                diagnosis: &diagnosis,
                began: began(&diagnosis, order, &known, at, world),
                shipment: &known,
                order,
                told: &state.told,
                told_at: told_at.as_slice(),
                reach: &customer.reach,
                objected_at: customer.objected_at,
                talks: &talks,
                heard_at: heard.and_then(|times| times.range(..=at).next_back().copied()),
                since,
                wall: world.shop.zone,
            };
            let decision = decide(&situation, at, rules);
            let why = match decision {
                Decision::Tell { kind, .. } => {
                    state.told.insert(kind);
                    told_at.push(at);
                    Why::Told
                }
                Decision::Wait { until, why } => {
                    next = Some(next.map_or(until, |change| until.min(change)));
                    Why::Waits(why)
                }
                Decision::Silent(why) => Why::Silent(why),
            };
            let same = state.said == Some((kind, why));
            if !same && why != Why::Silent(Silence::Told) {
                state.said = Some((kind, why));
                story.lines.push(Line {
                    at,
                    kind,
                    order: order.number.clone(),
                    parcel: known.position,
                    decision,
                });
            }
        }
        state.next = next.filter(|next| *next <= now);
        if let Some(at) = state.next {
            looks.push(Reverse(Look {
                at,
                parcel: look.parcel,
                heard: false,
            }));
        }
    }
    story
}

impl PastTalk {
    /// The conversation as it stood at a moment.
    fn then(&self, at: Instant) -> Option<Talk> {
        (self.opened_at <= at).then(|| Talk {
            about: self.about,
            open: self.closed_at.is_none_or(|closed| at < closed),
            answered_at: self
                .answers
                .iter()
                .filter(|sent| **sent <= at)
                .max()
                .copied(),
        })
    }
}

/// When anything was heard from each source, as far as it is still known.
fn heard(past: &Past) -> BTreeMap<&str, BTreeSet<Instant>> {
    let mut heard: BTreeMap<&str, BTreeSet<Instant>> = BTreeMap::new();
    for PastParcel { shipment, .. } in &past.parcels {
        let times = heard.entry(shipment.source.name.as_str()).or_default();
        times.extend(shipment.scans.iter().map(|scan| scan.at));
        times.insert(shipment.source.fetched_at);
    }
    heard
}
