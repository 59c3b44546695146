//! `[notices]`: what customers are told before they ask.

use super::{Findings, Period, Rate};
use chrono::TimeDelta;
use deskhand_domain::{
    Channel, NoticeKind,
    notices::{Hours, Rule, Rules, is_known_fact},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How long nobody may be told on end: with more, some country has no hour left.
const LONGEST_NIGHT: TimeDelta = TimeDelta::hours(16);

/// What customers are told before they ask.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notices {
    /// Whether they are told; unless said, only in the sample shop.
    pub enabled: Option<bool>,
    /// When nobody is told.
    pub quiet: Quiet,
    /// How many a customer gets at most.
    pub at_most: Rate,
    /// What has been so for longer is not told any more.
    pub fresh: Period,
    /// For how long nothing may be heard of a carrier whose silence says something.
    pub heard: Period,
    /// What is told; unless said, everything.
    pub rule: Vec<NoticeRule>,
}

/// What is told of one kind.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeRule {
    /// What must have befallen a parcel.
    pub when: NoticeKind,
    /// Where it is told.
    #[serde(default = "by_mail")]
    pub channels: Vec<Channel>,
    /// How long it must have been so.
    #[serde(default = "at_once")]
    pub after: Period,
    /// When nobody is told of this.
    #[serde(default)]
    pub quiet: Option<Quiet>,
    /// The shop's own words, by language.
    #[serde(default)]
    pub text: BTreeMap<String, String>,
}

/// A part of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quiet(pub Hours);

impl<'de> Deserialize<'de> for Quiet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let hours: Result<Hours, ()> = String::deserialize(from)?.parse();
        hours
            .map(Self)
            .map_err(|()| de::Error::custom("write two times of day, such as \"20:00-08:00\""))
    }
}

impl Serialize for Quiet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self {
            enabled: None,
            quiet: Quiet::default(),
            at_most: Rate {
                count: 3,
                per: Duration::from_hours(7 * 24),
            },
            fresh: Period(Duration::from_hours(3 * 24)),
            heard: Period(Duration::from_hours(36)),
            rule: Vec::new(),
        }
    }
}

impl Notices {
    /// The rules that follow; none when nobody is told.
    pub fn rules(&self, sample: bool) -> Option<Rules> {
        self.enabled.unwrap_or(sample).then(|| self.as_if_enabled())
    }

    /// The rules, whether anybody is told or not.
    pub fn as_if_enabled(&self) -> Rules {
        let rules: Vec<Rule> = self.rule.iter().map(NoticeRule::rule).collect();
        let every = Rules::default().rules;
        Rules {
            rules: if rules.is_empty() { every } else { rules },
            quiet: self.quiet.0,
            at_most: usize::try_from(self.at_most.count).unwrap_or(usize::MAX),
            within: span(self.at_most.per),
            fresh: span(self.fresh.0),
            heard: span(self.heard.0),
        }
    }

    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        wrong.unless(
            self.quiet.0.length() <= LONGEST_NIGHT,
            "notices.quiet",
            "is at most 16 hours long: a customer's country may have several clocks",
        );
        wrong.unless(
            self.fresh.0 >= Duration::from_hours(24),
            "notices.fresh",
            "is at least 1d: what befell a parcel at night is told in the morning",
        );
        let kinds: BTreeSet<NoticeKind> = self.rule.iter().map(|rule| rule.when).collect();
        wrong.unless(
            kinds.len() == self.rule.len(),
            "notices.rule",
            "has two rules for the same `when`: one would never count",
        );
        let all = |fits: fn(&NoticeRule) -> bool| self.rule.iter().all(fits);
        wrong.unless(
            all(|rule| !rule.channels.is_empty()),
            "notices.rule",
            "has a rule without channels: leave the rule out to tell nobody",
        );
        wrong.unless(
            all(|rule| !rule.channels.contains(&Channel::WebChat)),
            "notices.rule",
            "names web_chat, where a name is only claimed: say email or whatsapp",
        );
        wrong.unless(
            all(|rule| {
                let quiet = rule.quiet.unwrap_or_default();
                quiet.0.length() <= LONGEST_NIGHT
            }),
            "notices.rule",
            "has quiet hours of more than 16 hours",
        );
        wrong.unless(
            all(|rule| rule.text.values().all(|text| is_known(text))),
            "notices.rule",
            format!(
                "has a text with something in braces that is not known; known are {}",
                deskhand_domain::notices::FACTS.join(", ")
            ),
        );
    }
}

impl NoticeRule {
    fn rule(&self) -> Rule {
        Rule {
            when: self.when,
            channels: self.channels.clone(),
            after: span(self.after.0),
            quiet: self.quiet.map(|quiet| quiet.0),
            text: self.text.clone(),
        }
    }
}

/// Whether all that a text has in braces is something that can be known.
fn is_known(text: &str) -> bool {
    let mut parts = text.split('{');
    let plain = parts.next().is_some_and(|first| !first.contains('}'));
    plain
        && parts.all(|part| {
            let name = part.split_once('}');
            name.is_some_and(|(name, rest)| is_known_fact(name) && !rest.contains('}'))
        })
}

fn by_mail() -> Vec<Channel> {
    vec![Channel::Email]
}

fn at_once() -> Period {
    Period(Duration::ZERO)
}

fn span(period: Duration) -> TimeDelta {
    TimeDelta::from_std(period).unwrap_or(TimeDelta::MAX)
}
