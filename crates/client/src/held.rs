//! What a held reply says beside what its author missed.

use crate::shop::Shop;
use deskhand_domain::{Author, Message, facts};
use deskhand_protocol::view::{FactVerdict, HeldFact, OutboxAction};

/// The facts of a held text beside those of what the shop wrote meanwhile. What the customer wrote
/// counts only where it contradicts.
pub(crate) fn facts(shop: &Shop, action: &OutboxAction, missed: &[Message]) -> Vec<HeldFact> {
    let (OutboxAction::Reply { text, .. } | OutboxAction::Note { text }) = action else {
        return Vec::new();
    };
    let said = |by_customer: bool| -> String {
        let texts = missed.iter().filter_map(|message| {
            let customer = matches!(message.author, Author::Customer(_));
            (customer == by_customer).then_some(message.text.as_str())
        });
        texts.collect::<Vec<_>>().join("\n")
    };
    let prefix = &shop.signed.shop.order_prefix;
    let mut found = facts::compare(text, &said(false), prefix);
    for theirs in facts::compare(text, &said(true), prefix) {
        let known = found.iter().any(|fact| {
            fact.kind == theirs.kind && fact.mine == theirs.mine && !fact.theirs.is_empty()
        });
        if theirs.verdict == facts::Verdict::Disagrees && !known {
            found.retain(|fact| fact.kind != theirs.kind || fact.mine != theirs.mine);
            found.push(theirs);
        }
    }
    found.into_iter().map(shown).collect()
}

fn shown(fact: facts::Pair) -> HeldFact {
    HeldFact {
        kind: fact.kind,
        mine: fact.mine,
        theirs: fact.theirs,
        verdict: match fact.verdict {
            facts::Verdict::Agrees => FactVerdict::Agrees,
            facts::Verdict::Disagrees => FactVerdict::Disagrees,
            facts::Verdict::OnlyMine => FactVerdict::OnlyMine,
            facts::Verdict::OnlyTheirs => FactVerdict::OnlyTheirs,
        },
    }
}
