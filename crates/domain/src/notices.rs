//! Telling customers before they ask: what befell a parcel is told once, when it may be.
//!
//! Pure: what is told of a situation at a moment is a function of both and of the shop's rules. The
//! gateway tells with it, and a dry run over past events asks the very same function.

mod hours;
mod past;
#[cfg(test)]
mod tests;
mod words;

use crate::{
    Channel, Instant, Order, OrderId, Shipment, TicketId,
    shipment::TrackingStatus,
    wismo::{Condition, Diagnosis, What, days::Calendar},
};
use chrono::{DateTime, Days, TimeDelta, Utc};
pub use hours::{Hours, Wall};
pub use past::{as_known, began, next_change, stands};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;
use utoipa::ToSchema;
pub use words::{FACTS, Words, is_known_fact, words};

/// How long somebody waits who cannot be told for a reason that has no end of its own.
const AGAIN: TimeDelta = TimeDelta::hours(1);

/// What befell a parcel that its customer is told of.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The promised day is over.
    Late,
    /// Silent for much longer than is usual.
    Stalled,
    /// Somebody tried to hand it over and could not.
    FailedAttempt,
    /// Waits at a pick-up point.
    Pickup,
    /// Given up by the carrier, or silent for so long that it must be taken for lost.
    Lost,
}

/// What a customer was told of a parcel before they asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Notice {
    /// What had befallen it.
    pub kind: NoticeKind,
    /// When they were told.
    pub at: DateTime<Utc>,
    /// Where the message is.
    pub ticket: TicketId,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Late,
        Self::Stalled,
        Self::FailedAttempt,
        Self::Pickup,
        Self::Lost,
    ];

    /// What a condition is told as, if it is told.
    pub fn of(condition: Condition) -> Option<Self> {
        Some(match condition {
            Condition::Late => Self::Late,
            Condition::Stalled => Self::Stalled,
            Condition::FailedAttempt => Self::FailedAttempt,
            Condition::Pickup => Self::Pickup,
            Condition::Lost => Self::Lost,
            _ => return None,
        })
    }

    /// How bad it is among what only gets worse by waiting.
    fn worse_than(self, other: Self) -> bool {
        let rank = |kind| match kind {
            Self::Late => 1,
            Self::Stalled => 2,
            Self::Lost => 3,
            Self::FailedAttempt | Self::Pickup => 0,
        };
        rank(other) > 0 && rank(self) > rank(other)
    }
}

/// What is told, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Of what.
    pub when: NoticeKind,
    /// Where, the first that reaches the customer.
    pub channels: Vec<Channel>,
    /// How long it must have been so.
    pub after: TimeDelta,
    /// When nobody is told of it, when it is not as with the others.
    pub quiet: Option<Hours>,
    /// The shop's own words, by language.
    pub text: BTreeMap<String, String>,
}

impl Rule {
    /// By mail, at once, in the words that every shop has.
    pub fn new(when: NoticeKind) -> Self {
        Self {
            when,
            channels: vec![Channel::Email],
            after: TimeDelta::zero(),
            quiet: None,
            text: BTreeMap::new(),
        }
    }
}

/// When a shop's customers are told what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// At most one for each kind; what has none is not told.
    pub rules: Vec<Rule>,
    /// When nobody is told, on the customer's clock.
    pub quiet: Hours,
    /// How many notices a customer gets at most…
    pub at_most: usize,
    /// …within this time.
    pub within: TimeDelta,
    /// What has been so for longer is not news.
    pub fresh: TimeDelta,
    /// When nobody was heard of a carrier for so long, its silence says nothing.
    pub heard: TimeDelta,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            rules: NoticeKind::ALL.into_iter().map(Rule::new).collect(),
            quiet: Hours::default(),
            at_most: 3,
            within: TimeDelta::days(7),
            fresh: TimeDelta::days(3),
            heard: TimeDelta::hours(36),
        }
    }
}

/// What is known when somebody is to be told or not.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Where the parcel stands.
    pub diagnosis: &'a Diagnosis,
    /// Since when it does.
    pub began: Instant,
    /// The parcel.
    pub shipment: &'a Shipment,
    /// Its order.
    pub order: &'a Order,
    /// What was told of this parcel.
    pub told: &'a BTreeSet<NoticeKind>,
    /// When this customer was told anything, of whatever order.
    pub told_at: &'a [Instant],
    /// Where they can be reached.
    pub reach: &'a BTreeSet<Channel>,
    /// When they said that they do not want this.
    pub objected_at: Option<Instant>,
    /// Conversations with them.
    pub talks: &'a [Talk],
    /// When anything was last heard of any parcel of this source.
    pub heard_at: Option<Instant>,
    /// Since when customers are told at all.
    pub since: Instant,
    /// The clock of a customer in a country whose own is not known.
    pub wall: chrono_tz::Tz,
}

/// A conversation with the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Talk {
    /// The order it is about; when that is not known, it may be any.
    pub about: Option<OrderId>,
    /// Whether somebody still has to act.
    pub open: bool,
    /// When somebody of the shop last wrote there.
    pub answered_at: Option<Instant>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The customer is told.
    Tell {
        /// Of what.
        kind: NoticeKind,
        /// Where.
        channel: Channel,
    },
    /// It is looked at again.
    Wait {
        /// When; later than now.
        until: Instant,
        /// Why.
        why: Waiting,
    },
    /// Nobody is told, unless something changes.
    Silent(Silence),
}

/// Why somebody is told later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// It has not been so for long enough.
    Delay,
    /// It stands still, and may still come on the promised day.
    Promised,
    /// It is on the van today.
    OnTheVan,
    /// A ticket is open that is about it, or may be.
    TicketOpen,
    /// Nothing was heard of this carrier for long: it may be us who do not hear.
    NotHeard,
    /// The customer was told enough lately.
    ToldEnough,
    /// It is night where the customer is.
    QuietHours,
}

/// Why nobody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// Nothing befell it that customers are told of.
    Nothing,
    /// The shop's rules do not name it.
    NoRule,
    /// They were told.
    Told,
    /// They were told worse.
    ToldWorse,
    /// The records contradict each other.
    Contradiction,
    /// No carrier has told of it, so that its silence says nothing.
    NotTracked,
    /// It was so before customers were told at all.
    Before,
    /// It has been so for so long that it is no news.
    Old,
    /// The customer does not want it.
    Objected,
    /// There is no channel that reaches the customer.
    NoChannel,
    /// Somebody of the shop has written about this order since.
    Answered,
}

/// Decides whether a customer is told of a parcel now.
pub fn decide(of: &Situation<'_>, now: Instant, rules: &Rules) -> Decision {
    match may_tell(of, now, rules) {
        Err(why) => Decision::Silent(why),
        Ok((rule, channel)) => match waits(of, now, rules, rule) {
            Some((until, why)) => Decision::Wait { until, why },
            None => Decision::Tell {
                kind: rule.when,
                channel,
            },
        },
    }
}

/// The rule and the channel, unless something speaks against it that no waiting changes.
fn may_tell<'r>(
    of: &Situation<'_>,
    now: Instant,
    rules: &'r Rules,
) -> Result<(&'r Rule, Channel), Silence> {
    let kind = NoticeKind::of(of.diagnosis.condition).ok_or(Silence::Nothing)?;
    let rule = rules.rules.iter().find(|rule| rule.when == kind);
    let rule = rule.ok_or(Silence::NoRule)?;
    if of.told.contains(&kind) {
        return Err(Silence::Told);
    }
    if of.told.iter().any(|told| told.worse_than(kind)) {
        return Err(Silence::ToldWorse);
    }
    let says = |fits: fn(&What) -> bool| of.diagnosis.reasons.iter().any(|why| fits(&why.what));
    if says(|what| matches!(what, What::Contradiction { .. })) {
        return Err(Silence::Contradiction);
    }
    if is_silence(of) && of.shipment.scans.is_empty() {
        return Err(Silence::NotTracked);
    }
    if of.began < of.since {
        return Err(Silence::Before);
    }
    if now - of.began > rules.fresh {
        return Err(Silence::Old);
    }
    if of.objected_at.is_some_and(|at| at <= now) {
        return Err(Silence::Objected);
    }
    let reaches = |channel: &&Channel| of.reach.contains(*channel);
    let channel = rule.channels.iter().find(reaches);
    let channel = *channel.ok_or(Silence::NoChannel)?;
    let answered = of.talks.iter().any(|talk| {
        let since = talk.answered_at.is_some_and(|at| at >= of.began);
        talk.about == Some(of.order.id) && since
    });
    if answered {
        return Err(Silence::Answered);
    }
    Ok((rule, channel))
}

/// What waiting ends, and when it does: of several, the last.
fn waits(
    of: &Situation<'_>,
    now: Instant,
    rules: &Rules,
    rule: &Rule,
) -> Option<(Instant, Waiting)> {
    let open = of.talks.iter().any(|talk| {
        let about = talk.about.is_none_or(|order| order == of.order.id);
        talk.open && about
    });
    let heard = of.heard_at.is_some_and(|at| now - at <= rules.heard);
    let wall = Wall::of(&of.order.ship_to.country, of.wall);
    let quiet = rule.quiet.unwrap_or(rules.quiet);
    let all = [
        Some((of.began + rule.after, Waiting::Delay)),
        promised(of).map(|until| (until, Waiting::Promised)),
        on_the_van(of, now).map(|until| (until, Waiting::OnTheVan)),
        open.then_some((now + AGAIN, Waiting::TicketOpen)),
        (is_silence(of) && !heard).then_some((now + AGAIN, Waiting::NotHeard)),
        told_enough(of.told_at, now, rules).map(|until| (until, Waiting::ToldEnough)),
        Some((wall.awake_from(now, quiet), Waiting::QuietHours)),
    ];
    let waiting = all.into_iter().flatten().filter(|(until, _)| *until > now);
    waiting.max()
}

/// Whether it follows from hearing nothing, and not from what somebody has said.
fn is_silence(of: &Situation<'_>) -> bool {
    match of.diagnosis.condition {
        Condition::Late | Condition::Stalled => true,
        Condition::Lost => of.shipment.status != TrackingStatus::Lost,
        _ => false,
    }
}

/// Until when a parcel that stands still is no concern of its customer: it may come in time.
fn promised(of: &Situation<'_>) -> Option<Instant> {
    let stalled = of.diagnosis.condition == Condition::Stalled;
    past::promise_over(of.order, of.shipment).filter(|_| stalled)
}

/// Until when a parcel may still come that is late and out today.
fn on_the_van(of: &Situation<'_>, now: Instant) -> Option<Instant> {
    let carrier = Calendar::carrier(&of.order.ship_to.country);
    let known = of.shipment.scans.iter().filter(|scan| scan.at <= now);
    let last = known.max_by_key(|scan| (scan.at, scan.status))?;
    let today = carrier.day(now);
    let out = last.status == TrackingStatus::OutForDelivery && carrier.day(last.at) == today;
    out.then(|| carrier.at(today + Days::new(1), 0, 0))
}

/// Until when a customer is told nothing more.
fn told_enough(told_at: &[Instant], now: Instant, rules: &Rules) -> Option<Instant> {
    let mut lately: Vec<Instant> = told_at
        .iter()
        .copied()
        .filter(|at| *at + rules.within > now)
        .collect();
    if rules.at_most == 0 {
        return Some(now + AGAIN);
    }
    lately.sort_unstable();
    let first = lately.len().checked_sub(rules.at_most)?;
    Some(lately[first] + rules.within)
}
