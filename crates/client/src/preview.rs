//! What the gateway would allow, said before it is asked.
//!
//! The same rules as in the gateway, with what the session told of the role. A shop may have rules
//! of its own, which only the gateway knows: it decides.

use crate::shop::{Shop, cache_failed};
use deskhand_domain::TeamId;
use deskhand_policy::{Action, Policy, Resource};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    view::{Verdict, Wish},
};
use std::sync::LazyLock;

static POLICY: LazyLock<Option<Policy>> = LazyLock::new(|| Policy::embedded().ok());

/// Whether the gateway would allow something.
pub(crate) async fn may(shop: &Shop, wish: Wish) -> Result<Verdict, CallError> {
    let wrong = |words: &str| CallError::new(CallCode::BadCall, words);
    let action: Action = wish.action.parse().map_err(|words: String| wrong(&words))?;
    let policy = POLICY
        .as_ref()
        .ok_or_else(|| CallError::new(CallCode::Internal, "the rules cannot be read"))?;
    let signed = &shop.signed;
    let resource = match (action.about(), wish.ticket, wish.amount) {
        ("Ticket", Some(ticket), _) => {
            let found = shop.reader.ticket(ticket).await.map_err(cache_failed)?;
            let team = found.map_or(TeamId::MAIN, |ticket| ticket.team);
            Resource::Ticket { team }
        }
        ("Refund", _, Some(amount)) => Resource::Refund {
            amount,
            requested_by: wish.requested_by.unwrap_or(signed.account.id),
        },
        ("Ticket", ..) => return Err(wrong("say which ticket")),
        ("Refund", ..) => return Err(wrong("say which amount")),
        ("Customer", ..) => Resource::Customer,
        ("Order", ..) => Resource::Order,
        _ => Resource::Shop,
    };
    let teams: Vec<TeamId> = signed.teams.iter().map(|team| team.id).collect();
    let (account, scopes) = (&signed.account, &signed.scopes);
    let limit = signed.refunds_up_to;
    let subject = policy.told(account.id, account.role, &teams, scopes, limit);
    let decision = policy.decide(&subject, action, &resource);
    Ok(Verdict {
        allowed: decision.allowed,
        words: decision.words,
        rule: decision.rule,
    })
}
