//! What a customer is told about where their order stands: sentences in the customer's language,
//! whose facts all come from the records. A sentence that needs a fact which is not there, or which
//! this role may not see, is left out or said in a way that does without.

use super::{Condition, Diagnosis, NextStep, Promised, What, days::Calendar};
use crate::{Instant, Order, Shipment, Source, calendar, mask};
use std::collections::BTreeMap;

/// The sentences of each language, as `key = text`; of several with one key the first is said whose
/// facts are all known.
const SENTENCES: [(&str, &str); 3] = [
    ("en", include_str!("answer/en.txt")),
    ("de", include_str!("answer/de.txt")),
    ("fr", include_str!("answer/fr.txt")),
];

/// Who is told, by whom, and about what.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// What stands of each parcel and of what has not left; what most needs somebody comes first.
    pub diagnoses: &'a [Diagnosis],
    /// The order.
    pub order: &'a Order,
    /// Its parcels.
    pub shipments: &'a [Shipment],
    /// The customer's name.
    pub customer: Option<&'a str>,
    /// The name of whoever writes.
    pub agent: &'a str,
    /// The shop's days; those of a parcel are the days where it goes.
    pub shop: &'a Calendar,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// What in it was read, each once, in the order of the text.
    pub facts: Vec<Stated>,
}

/// A piece of a text that was read somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// As it stands in the text.
    pub text: String,
    /// Where it was read, and when.
    pub source: Source,
}

/// The answer in a language such as `de` or `de-AT`, in English where there is none in it. `None`
/// when the records say nothing.
pub fn answer(told: &Told<'_>, language: &str) -> Option<Answer> {
    let (language, sentences) = sentences(language);
    let (first, others) = told.diagnoses.split_first()?;
    let mut writing = Writing::in_words(sentences);
    let facts = told.facts(first, language);
    writing.say("hello", &facts);
    writing.begin();
    writing.say(condition(first.condition), &facts);
    if let Some(promise) = &first.promise {
        writing.say(promised(promise.what), &facts);
    }
    for other in others {
        let facts = told.facts(other, language);
        writing.begin();
        writing.say(&format!("also.{}", condition(other.condition)), &facts);
        if let Some(promise) = &other.promise {
            writing.say(promised(promise.what), &facts);
        }
    }
    if let Some(step) = first.next.first().and_then(|step| step_key(*step)) {
        if !others.is_empty() {
            writing.begin();
        }
        writing.say(step, &facts);
    }
    writing.begin();
    writing.say("end", &facts);
    Some(writing.ended())
}

/// The sentences in a language, and which it is: English where there are none in it.
pub(crate) fn sentences(language: &str) -> (&'static str, &'static str) {
    let main = calendar::main(language);
    let found = SENTENCES.into_iter().find(|(name, _)| *name == main);
    found.unwrap_or(SENTENCES[0])
}

/// What is noted for whoever takes a step, in a language such as `de`: the warehouse, the carrier, or
/// a colleague who sends again or gives back. `None` when nobody but the customer is asked, or the
/// records say nothing.
pub fn request(told: &Told<'_>, step: NextStep, language: &str) -> Option<Answer> {
    let (language, sentences) = sentences(language);
    let key = match step {
        NextStep::AskWarehouse => "note.ask_warehouse",
        NextStep::ChaseCarrier => "note.chase_carrier",
        NextStep::StartTrace => "note.start_trace",
        NextStep::Reship => "note.reship",
        NextStep::Refund => "note.refund",
        _ => return None,
    };
    let facts = told.facts(told.diagnoses.first()?, language);
    let mut writing = Writing::in_words(sentences);
    for key in [key, "note.parcel", "note.last", "note.contents"] {
        writing.line();
        writing.say(key, &facts);
    }
    Some(writing.ended())
}

/// What may be said, by the name it has in the sentences, and where it was read; names of people
/// are read nowhere.
pub(crate) type Facts<'a> = BTreeMap<&'static str, (String, Option<&'a Source>)>;

impl<'a> Told<'a> {
    pub(crate) fn facts(&self, diagnosis: &'a Diagnosis, language: &str) -> Facts<'a> {
        let mut facts = Facts::new();
        let mut know = |name: &'static str, value: Option<&str>, source: Option<&'a Source>| {
            let value = value.map(str::trim).unwrap_or_default();
            if !value.is_empty() && !mask::is_masked(value) {
                facts.insert(name, (value.to_owned(), source));
            }
        };
        let parcel = diagnosis
            .shipment
            .and_then(|id| self.shipments.iter().find(|parcel| parcel.id == id));
        let there = parcel.map(|_| Calendar::carrier(&self.order.ship_to.country));
        let wall = there.as_ref().unwrap_or(self.shop);
        let day = |at: Instant| calendar::day(wall.day(at), language);
        let first = |name: &str| name.split_whitespace().next().map(str::to_owned);
        know("name", self.customer.and_then(first).as_deref(), None);
        know("agent", first(self.agent).as_deref(), None);
        know("order", Some(&self.order.number), Some(&self.order.source));
        if let Some(parcel) = parcel {
            let source = Some(&parcel.source);
            know("carrier", Some(&parcel.carrier), source);
            know("number", Some(&parcel.tracking_number), source);
            let contents = contents(self.order, parcel);
            know("contents", Some(&contents), Some(&self.order.source));
        }
        for reason in &diagnosis.reasons {
            let (at, source) = (reason.at.map(day), Some(&reason.source));
            match &reason.what {
                What::LastScan { place, .. } => {
                    know("last", at.as_deref(), source);
                    know("place", place.as_deref(), source);
                }
                What::Promised => know("promised", at.as_deref(), source),
                What::HandedOver => know("handed_over", at.as_deref(), source),
                What::WaitsUntil => know("until", at.as_deref(), source),
                What::AvailableFrom => know("available", at.as_deref(), source),
                _ => {}
            }
        }
        if let Some(promise) = &diagnosis.promise {
            know("promise", Some(&day(promise.by)), Some(&promise.source));
        }
        facts
    }
}

/// What is in a parcel, or all of the order where nobody says.
fn contents(order: &Order, parcel: &Shipment) -> String {
    let line = |position: u32, quantity: u32| {
        let line = order.lines.iter().find(|line| line.position == position)?;
        let variant = match line.variant.as_str() {
            "" => String::new(),
            variant => format!(", {variant}"),
        };
        Some(format!("{quantity} × {}{variant}", line.title))
    };
    let told = parcel.lines.iter();
    let mut all: Vec<_> = told
        .filter_map(|part| line(part.position, part.quantity))
        .collect();
    if parcel.lines.is_empty() {
        let whole = order.lines.iter();
        all.extend(whole.filter_map(|part| line(part.position, part.quantity)));
    }
    all.join("; ")
}

/// A text that comes into being.
struct Writing<'a> {
    sentences: &'a str,
    text: String,
    facts: Vec<Stated>,
}

impl<'a> Writing<'a> {
    fn in_words(sentences: &'a str) -> Self {
        Self {
            sentences,
            text: String::new(),
            facts: Vec::new(),
        }
    }

    fn ended(self) -> Answer {
        Answer {
            text: self.text.trim_end().to_owned(),
            facts: self.facts,
        }
    }

    /// Begins a line.
    fn line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// Begins a paragraph.
    fn begin(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push_str("\n\n");
        }
    }

    /// Says the first sentence of a key whose facts are all known, if there is one.
    fn say(&mut self, key: &str, facts: &Facts<'_>) {
        let Some((text, used)) = first_said(self.sentences, key, facts) else {
            return;
        };
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push(' ');
        }
        self.text.push_str(&text);
        for name in used {
            let Some((value, Some(source))) = facts.get(name) else {
                continue;
            };
            if self.facts.iter().all(|known| known.text != *value) {
                self.facts.push(Stated {
                    text: value.clone(),
                    source: Source::clone(source),
                });
            }
        }
    }
}

fn lines(sentences: &str) -> impl Iterator<Item = (&str, &str)> {
    sentences.lines().filter_map(|line| line.split_once(" = "))
}

/// The first sentence of a key whose facts are all known, and which these are.
pub(crate) fn first_said<'w>(
    sentences: &'w str,
    key: &str,
    facts: &Facts<'_>,
) -> Option<(String, Vec<&'w str>)> {
    lines(sentences)
        .filter(|(name, _)| *name == key)
        .find_map(|(_, words)| filled(words, facts))
}

/// The words with every place filled in, and which places there are.
pub(crate) fn filled<'w>(words: &'w str, facts: &Facts<'_>) -> Option<(String, Vec<&'w str>)> {
    let (mut filled, mut used) = (String::with_capacity(words.len()), Vec::new());
    let mut rest = words;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        filled.push_str(before);
        match name {
            "line" => filled.push('\n'),
            _ => {
                filled.push_str(&facts.get(name)?.0);
                used.push(name);
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    Some((filled, used))
}

fn promised(what: Promised) -> &'static str {
    match what {
        Promised::Leaves => "promise.leaves",
        Promised::Arrives => "promise.arrives",
        Promised::Waits => "promise.waits",
    }
}

fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::NotShipped => "not_shipped",
        Condition::NotShippedLate => "not_shipped_late",
        Condition::Preorder => "preorder",
        Condition::Unpaid => "unpaid",
        Condition::LabelOnly => "label_only",
        Condition::Moving => "moving",
        Condition::Late => "late",
        Condition::Stalled => "stalled",
        Condition::OutForDelivery => "out_for_delivery",
        Condition::FailedAttempt => "failed_attempt",
        Condition::Pickup => "pickup",
        Condition::Customs => "customs",
        Condition::AddressProblem => "address_problem",
        Condition::Returning => "returning",
        Condition::Returned => "returned",
        Condition::Delivered => "delivered",
        Condition::NotReceived => "not_received",
        Condition::Lost => "lost",
        Condition::Cancelled => "cancelled",
        Condition::Unknown => "unknown",
    }
}

/// What is said of the step that is recommended; some say nothing to the customer.
fn step_key(step: NextStep) -> Option<&'static str> {
    Some(match step {
        NextStep::AskWarehouse => "step.ask_warehouse",
        NextStep::ChaseCarrier => "step.chase_carrier",
        NextStep::StartTrace => "step.start_trace",
        NextStep::AskAddress => "step.ask_address",
        NextStep::AskNeighbours => "step.ask_neighbours",
        NextStep::AskPapers => "step.ask_papers",
        NextStep::AskPayment => "step.ask_payment",
        NextStep::Reship | NextStep::Refund => "step.choose",
        NextStep::Reassure | NextStep::TellPickup | NextStep::Wait => return None,
    })
}

#[cfg(test)]
mod tests;
