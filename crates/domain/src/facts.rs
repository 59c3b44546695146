//! Facts in a text: what two people who answer the same customer must not say differently.

mod find;
mod words;

pub use find::{Fact, find};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// An amount of money.
    Amount,
    /// A day, or a time.
    Day,
    /// The number of an order.
    OrderNumber,
    /// The number of a parcel.
    TrackingNumber,
    /// A link or an e-mail address.
    Link,
    /// Any other number: a count, a percentage, a number of days.
    Number,
}

/// How a fact of one text stands to another text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// They say different things of one kind.
    Disagrees,
    /// Both say the same.
    Agrees,
    /// Only the first says it.
    OnlyMine,
    /// Only the second says it.
    OnlyTheirs,
}

/// A fact of one text beside that of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// What it is.
    pub kind: FactKind,
    /// As it stands in the first text; empty when it is not there.
    pub mine: String,
    /// As it stands in the second; empty when it is not there.
    pub theirs: String,
    /// How the two stand to each other.
    pub verdict: Verdict,
}

/// Compares the facts of two texts; what disagrees comes first. `prefix` is that of the shop's
/// order numbers.
pub fn compare(mine: &str, theirs: &str, prefix: &str) -> Vec<Pair> {
    let (mut mine, mut theirs) = (once(find(mine, prefix)), once(find(theirs, prefix)));
    let mut pairs = couple(&mut mine, &mut theirs, Fact::agrees, Verdict::Agrees);
    pairs.extend(couple(
        &mut mine,
        &mut theirs,
        Fact::disagrees,
        Verdict::Disagrees,
    ));
    let alone = |fact: Fact, verdict| {
        let (mine, theirs) = match verdict {
            Verdict::OnlyTheirs => (String::new(), fact.text),
            _ => (fact.text, String::new()),
        };
        Pair {
            kind: fact.kind,
            mine,
            theirs,
            verdict,
        }
    };
    pairs.extend(mine.into_iter().map(|fact| alone(fact, Verdict::OnlyMine)));
    pairs.extend(
        theirs
            .into_iter()
            .map(|fact| alone(fact, Verdict::OnlyTheirs)),
    );
    pairs.sort_by_key(|pair| (pair.verdict, pair.kind));
    pairs
}

/// Takes out of both what belongs together, in the order of the first.
fn couple(
    mine: &mut Vec<Fact>,
    theirs: &mut Vec<Fact>,
    belong: fn(&Fact, &Fact) -> bool,
    verdict: Verdict,
) -> Vec<Pair> {
    let mut pairs = Vec::new();
    mine.retain(|fact| {
        let Some(index) = theirs.iter().position(|other| belong(fact, other)) else {
            return true;
        };
        pairs.push(Pair {
            kind: fact.kind,
            mine: fact.text.clone(),
            theirs: theirs.remove(index).text,
            verdict,
        });
        false
    });
    pairs
}

/// Each fact once, however often it is said.
fn once(facts: Vec<Fact>) -> Vec<Fact> {
    let mut kept: Vec<Fact> = Vec::new();
    for fact in facts {
        if !kept.iter().any(|other| other.agrees(&fact)) {
            kept.push(fact);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
