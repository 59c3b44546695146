//! What a customer is told about where their order stands: sentences in the customer's language,
//! whose facts all come from the records. A sentence that needs a fact which is not there, or which
//! this role may not see, is left out or said in a way that does without.

use super::{Condition, Diagnosis, NextStep, Promised};
use crate::{Instant, Order, Shipment, calendar, mask, wismo::What};
use chrono::NaiveDate;
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
    /// What stands of the parcel, or of what has not left.
    pub diagnosis: &'a Diagnosis,
    /// The order.
    pub order: &'a Order,
    /// Its parcels.
    pub shipments: &'a [Shipment],
    /// The customer's name.
    pub customer: Option<&'a str>,
    /// The name of whoever writes.
    pub agent: &'a str,
    /// The day of a moment where the shop is.
    pub day: &'a dyn Fn(Instant) -> NaiveDate,
}

/// The answer in a language such as `de` or `de-AT`, in English where there is none in it.
pub fn answer(told: &Told<'_>, language: &str) -> String {
    let main = calendar::main(language);
    let sentences = SENTENCES.iter().find(|(name, _)| *name == main);
    let (language, sentences) = sentences.unwrap_or(&SENTENCES[0]);
    let facts = facts(told, language);
    let say = |key: &str| first_said(sentences, key, &facts);
    let diagnosis = told.diagnosis;
    let promised = diagnosis
        .promise
        .as_ref()
        .map(|promise| match promise.what {
            Promised::Leaves => "promise.leaves",
            Promised::Arrives => "promise.arrives",
            Promised::Waits => "promise.waits",
        });
    let body = [
        say(condition(diagnosis.condition)),
        promised.and_then(say),
        diagnosis
            .next
            .first()
            .and_then(|step| step_key(*step))
            .and_then(say),
    ];
    let body: Vec<String> = body.into_iter().flatten().collect();
    let parts = [say("hello"), Some(body.join(" ")), say("end")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join("\n\n")
}

/// The sentences of a language, in English where there are none in it.
pub(crate) fn sentences(language: &str) -> &'static str {
    let found = SENTENCES.iter().find(|(name, _)| *name == language);
    found.map_or(SENTENCES[0].1, |(_, sentences)| sentences)
}

/// What may be said, by the name it has in the sentences.
pub(crate) fn facts(told: &Told<'_>, language: &str) -> BTreeMap<&'static str, String> {
    let mut facts = BTreeMap::new();
    let mut know = |name: &'static str, value: Option<&str>| {
        let value = value.map(str::trim).unwrap_or_default();
        if !value.is_empty() && !mask::is_masked(value) {
            facts.insert(name, value.to_owned());
        }
    };
    let day = |at: Instant| calendar::day((told.day)(at), language);
    let first = |name: &str| name.split_whitespace().next().map(str::to_owned);
    know("name", told.customer.and_then(first).as_deref());
    know("agent", first(told.agent).as_deref());
    know("order", Some(&told.order.number));
    let diagnosis = told.diagnosis;
    let parcel = diagnosis
        .shipment
        .and_then(|id| told.shipments.iter().find(|parcel| parcel.id == id));
    if let Some(parcel) = parcel {
        know("carrier", Some(&parcel.carrier));
        know("number", Some(&parcel.tracking_number));
    }
    for reason in &diagnosis.reasons {
        let at = reason.at.map(day);
        match &reason.what {
            What::LastScan { place, .. } => {
                know("last", at.as_deref());
                know("place", place.as_deref());
            }
            What::HandedOver => know("handed_over", at.as_deref()),
            What::WaitsUntil => know("until", at.as_deref()),
            What::AvailableFrom => know("available", at.as_deref()),
            _ => {}
        }
    }
    let promise = diagnosis.promise.as_ref().map(|promise| day(promise.by));
    know("promise", promise.as_deref());
    facts
}

/// The first sentence of a key whose facts are all known.
pub(crate) fn first_said(
    sentences: &str,
    key: &str,
    facts: &BTreeMap<&'static str, String>,
) -> Option<String> {
    lines(sentences)
        .filter(|(name, _)| *name == key)
        .find_map(|(_, text)| filled(text, facts))
}

fn lines(sentences: &str) -> impl Iterator<Item = (&str, &str)> {
    sentences.lines().filter_map(|line| line.split_once(" = "))
}

/// A text with its facts, when all of them are known.
pub(crate) fn filled(text: &str, facts: &BTreeMap<&'static str, String>) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        filled.push_str(before);
        match name {
            "line" => filled.push('\n'),
            _ => filled.push_str(facts.get(name)?),
        }
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
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
