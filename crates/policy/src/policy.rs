//! A policy: roles and rules, read whole or not at all, and its decisions.

use crate::{
    action::{Action, Resource},
    error::{Broken, Mistake},
    roles::{self, Grants},
    rules::{self, Rules},
    subject::{Kind, Subject, uid},
};
use cedar_policy::{
    Authorizer, Context, Decision as Answer, Effect, Entities, Entity, Request,
    RestrictedExpression, Validator,
};
use deskhand_domain::{AccountId, Currency, Money, Role, Scope, TeamId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The policy of a shop that has none of its own.
const EMBEDDED: [(&str, &str); 5] = [
    ("roles.toml", include_str!("../policies/roles.toml")),
    ("tickets.cedar", include_str!("../policies/tickets.cedar")),
    (
        "customers.cedar",
        include_str!("../policies/customers.cedar"),
    ),
    ("refunds.cedar", include_str!("../policies/refunds.cedar")),
    ("shop.cedar", include_str!("../policies/shop.cedar")),
];

/// A file of a policy: `roles.toml`, or a name that ends in `.cedar`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file's name without its folder.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// Roles and rules.
pub struct Policy {
    grants: Grants,
    rules: Rules,
    authorizer: Authorizer,
}

/// What a policy says, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may be done.
    pub allowed: bool,
    /// The id of the rule that decided; of a denial that no rule took, of the rule that would have
    /// permitted it.
    pub rule: Option<String>,
    /// Where that rule stands.
    pub place: Option<String>,
    /// Why not, in words for whoever asked; empty when it is allowed.
    pub words: String,
}

impl Policy {
    /// The policy of a shop that has none of its own.
    pub fn embedded() -> Result<Self, Broken> {
        Self::read(&[])
    }

    /// The embedded policy with a shop's own files: a role replaces one of the same name, a file of
    /// rules one of the same name; whatever else is there comes on top. Nothing, if anything is
    /// wrong.
    pub fn read(own: &[Source]) -> Result<Self, Broken> {
        let mut mistakes = Vec::new();
        let mut gather = |read: Result<(), Vec<Mistake>>| match read {
            Ok(()) => {}
            Err(more) => mistakes.extend(more),
        };
        let mut policy = Self {
            grants: Grants::new(),
            rules: Rules::default(),
            authorizer: Authorizer::new(),
        };
        let validator = Validator::new(rules::schema().map_err(Broken)?);
        for (name, text) in EMBEDDED {
            if name == "roles.toml" {
                gather(roles::read(name, text, &mut policy.grants));
            } else if !own.iter().any(|source| source.name == name) {
                gather(policy.rules.read(name, text, &validator));
            }
        }
        for Source { name, text } in own {
            gather(if name == "roles.toml" {
                roles::read(name, text, &mut policy.grants)
            } else {
                policy.rules.read(name, text, &validator)
            });
        }
        if mistakes.is_empty() {
            Ok(policy)
        } else {
            Err(Broken(mistakes))
        }
    }

    /// Every role that is defined.
    pub fn roles(&self) -> &Grants {
        &self.grants
    }

    /// The ids of all rules, with the place where each stands.
    pub fn rules(&self) -> impl Iterator<Item = (&str, String)> {
        let known = self.rules.known.iter();
        known.map(|(id, rule)| (id.as_str(), format!("{}, line {}", rule.file, rule.line)))
    }

    /// Somebody who asks. `key` is what a program's key allows at most.
    pub fn subject(
        &self,
        account: AccountId,
        role: Role,
        teams: &[TeamId],
        key: Option<&BTreeSet<Scope>>,
    ) -> Subject {
        let grant = self.grants.get(&role);
        let mut scopes = grant.map_or_else(BTreeSet::new, |grant| grant.scopes.clone());
        if let Some(key) = key {
            scopes.retain(|scope| key.contains(scope));
        }
        Subject {
            account,
            role,
            teams: teams.iter().copied().collect(),
            scopes,
            refunds_up_to: grant.map_or(0, |grant| grant.refunds_up_to),
            known: grant.is_some(),
            entity: None,
        }
        .seen_by_rules()
    }

    /// Somebody of whom a gateway told what they may, whatever this policy says of their role.
    pub fn told(
        &self,
        account: AccountId,
        role: Role,
        teams: &[TeamId],
        scopes: &[Scope],
        refunds_up_to: u32,
    ) -> Subject {
        Subject {
            account,
            role,
            teams: teams.iter().copied().collect(),
            scopes: scopes.iter().copied().collect(),
            refunds_up_to,
            known: true,
            entity: None,
        }
        .seen_by_rules()
    }

    /// Whether somebody may do something to something.
    pub fn decide(&self, subject: &Subject, action: Action, resource: &Resource) -> Decision {
        let denied = |rule: Option<&str>, words: String| Decision {
            allowed: false,
            rule: rule.map(str::to_owned),
            place: rule.and_then(|id| self.place(id)),
            words,
        };
        if !subject.known {
            let role = subject.role;
            return denied(
                None,
                format!(
                    "the role {role} does not exist any more: ask an admin to give this account another one"
                ),
            );
        }
        let Some(rules) = self.rules.by_action.get(&action) else {
            return denied(None, "no rule permits this".to_owned());
        };
        let Some((request, entities)) = asked(subject, action, resource) else {
            return denied(None, "this cannot be decided".to_owned());
        };
        let answer = self.authorizer.is_authorized(&request, rules, &entities);
        let mut reasons: Vec<String> = answer
            .diagnostics()
            .reason()
            .map(ToString::to_string)
            .collect();
        reasons.sort_unstable();
        let reason = reasons.first();
        // A rule that fails does not count, and one that fails to forbid must not permit.
        let failed = answer.diagnostics().errors().next().is_some();
        match (answer.decision(), reason) {
            (Answer::Allow, Some(rule)) if !failed => Decision {
                allowed: true,
                rule: Some(rule.clone()),
                place: self.place(rule),
                words: String::new(),
            },
            (Answer::Deny, Some(rule)) => {
                let words = self
                    .rules
                    .known
                    .get(rule)
                    .and_then(|rule| rule.words.as_deref());
                let words = words.unwrap_or("a rule of the shop forbids this");
                denied(Some(rule), filled(words, subject, resource))
            }
            _ => {
                let missed = rules
                    .policies()
                    .filter(|rule| rule.effect() == Effect::Permit)
                    .map(|rule| rule.id().to_string())
                    .min();
                denied(
                    missed.as_deref(),
                    self.why_not(subject, missed.as_deref(), resource),
                )
            }
        }
    }

    /// Whether somebody may; for decisions about many rows at once.
    pub fn may(&self, subject: &Subject, action: Action, resource: &Resource) -> bool {
        self.decide(subject, action, resource).allowed
    }

    fn place(&self, rule: &str) -> Option<String> {
        let rule = self.rules.known.get(rule)?;
        Some(format!("{}, line {}", rule.file, rule.line))
    }

    /// Why a rule that could have permitted something did not.
    fn why_not(&self, subject: &Subject, rule: Option<&str>, resource: &Resource) -> String {
        let needs = rule
            .and_then(|id| self.rules.known.get(id))
            .and_then(|rule| rule.needs.as_deref());
        let has = |scope: &str| subject.scopes.iter().any(|known| known.as_str() == scope);
        match (needs, resource) {
            (Some(scope), _) if !has(scope) => {
                let role = subject.role;
                format!(
                    "your role ({role}) may not do this, it needs {scope}: ask somebody who may, or an admin"
                )
            }
            (_, Resource::Ticket { team }) if !subject.teams.contains(team) => {
                "the ticket is of another team: ask somebody of that team, or an admin".to_owned()
            }
            _ => "no rule permits this: ask somebody who may, or an admin".to_owned(),
        }
    }
}

/// The request and what is known of both ends.
fn asked(subject: &Subject, action: Action, resource: &Resource) -> Option<(Request, Entities)> {
    let thing = uid(resource.kind(), "one")?;
    let attributes = match resource {
        Resource::Ticket { team } => HashMap::from([(
            "team".to_owned(),
            RestrictedExpression::new_entity_uid(uid(Kind::Team, team)?),
        )]),
        Resource::Refund {
            amount,
            requested_by,
        } => HashMap::from([
            (
                "amount".to_owned(),
                RestrictedExpression::new_long(thousandths(*amount)),
            ),
            (
                "requested_by".to_owned(),
                RestrictedExpression::new_entity_uid(uid(Kind::Account, requested_by)?),
            ),
        ]),
        Resource::Customer | Resource::Order | Resource::Shop => HashMap::new(),
    };
    let thing_known = if attributes.is_empty() {
        None
    } else {
        Some(Entity::new(thing.clone(), attributes, [].into()).ok()?)
    };
    let asker = subject.entity.clone()?;
    let request = Request::new(
        asker.uid(),
        uid(Kind::Action, action)?,
        thing,
        Context::empty(),
        None,
    )
    .ok()?;
    let entities = Entities::from_entities([asker].into_iter().chain(thing_known), None).ok()?;
    Some((request, entities))
}

/// An amount as rules see it. What does not fit is above every limit.
fn thousandths(amount: Money) -> i64 {
    let factor = 10_i64.pow(3_u32.saturating_sub(amount.currency.decimals()));
    amount.minor.checked_mul(factor).unwrap_or(i64::MAX)
}

/// The words of a rule with what they are about.
fn filled(words: &str, subject: &Subject, resource: &Resource) -> String {
    let mut values = BTreeMap::from([("{role}", subject.role.to_string())]);
    if let Resource::Refund { amount, .. } = resource {
        values.insert("{amount}", amount.to_string());
        values.insert(
            "{limit}",
            whole(subject.refunds_up_to, amount.currency).to_string(),
        );
    }
    values
        .into_iter()
        .fold(words.to_owned(), |words, (name, value)| {
            words.replace(name, &value)
        })
}

fn whole(units: u32, currency: Currency) -> Money {
    Money::new(i64::from(units) * 10_i64.pow(currency.decimals()), currency)
}
