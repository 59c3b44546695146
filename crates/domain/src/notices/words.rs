//! The words of a notice: what `wismo::answer` says where nobody has to speak for themselves, and
//! sentences of its own where it is the shop that writes.

use super::{NoticeKind, Rule};
use crate::{
    calendar,
    wismo::answer::{self, Facts, Told},
};

/// The sentences of each language, as in `wismo::answer`.
const SENTENCES: [(&str, &str); 3] = [
    ("en", include_str!("words/en.txt")),
    ("de", include_str!("words/de.txt")),
    ("fr", include_str!("words/fr.txt")),
];

/// What a shop's own words may name in braces.
pub const FACTS: [&str; 9] = [
    "name", "order", "carrier", "number", "last", "place", "until", "promised", "shop",
];

/// A message to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What it is about, in one line.
    pub subject: String,
    /// The message.
    pub text: String,
}

/// Whether a shop's own words may name this.
pub fn is_known_fact(name: &str) -> bool {
    FACTS.contains(&name) || name == "line"
}

/// What a customer is told, in their language or in English. `told.agent` is the shop's name.
pub fn words(told: &Told<'_>, kind: NoticeKind, rule: &Rule, language: &str) -> Words {
    let main = calendar::main(language);
    let (language, common) = answer::sentences(language);
    let own = SENTENCES.iter().find(|(name, _)| *name == language);
    let own = own.map_or(SENTENCES[0].1, |(_, own)| own);
    let diagnosis = told.diagnoses.first();
    let mut facts = diagnosis.map_or_else(Facts::new, |one| told.facts(one, language));
    facts.insert("shop", (told.agent.to_owned(), None));
    let say = |key: &str| {
        let said = answer::first_said(own, key, &facts);
        let said = said.or_else(|| answer::first_said(common, key, &facts));
        said.map(|(text, _)| text).unwrap_or_default()
    };
    let key = key(kind);
    // The shop's own words count where all is known that they name.
    let of_shop = rule.text.get(main).or_else(|| rule.text.get(language));
    let of_shop = of_shop.and_then(|text| answer::filled(text, &facts));
    let of_shop = of_shop.map(|(text, _)| text);
    let body = of_shop.unwrap_or_else(|| {
        let then = match kind {
            NoticeKind::Lost => say("step.choose"),
            _ => String::new(),
        };
        let body = [say(key), then, say("close")];
        let body = body.into_iter().filter(|part| !part.is_empty());
        body.collect::<Vec<_>>().join(" ")
    });
    Words {
        subject: say(&format!("subject.{key}")),
        text: [say("hello"), body, say("end")].join("\n\n"),
    }
}

fn key(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Late => "late",
        NoticeKind::Stalled => "stalled",
        NoticeKind::FailedAttempt => "failed_attempt",
        NoticeKind::Pickup => "pickup",
        NoticeKind::Lost => "lost",
    }
}
