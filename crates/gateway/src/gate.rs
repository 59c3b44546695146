//! Who may do what here: the policy in force, and what it means for each account.

use crate::{problem::Refusal, sight::Sight};
use deskhand_domain::{Account, AccountId, Role, Scope, Team, TeamId};
use deskhand_policy::{Action, Decision, Policy, Resource, Subject};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

/// How many accounts are kept in memory; beyond, all are worked out anew.
const KEPT: usize = 4_096;

/// The policy in force.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    policy: RwLock<Arc<Policy>>,
    /// What was worked out under that policy.
    standings: Mutex<BTreeMap<Key, Arc<Standing>>>,
}

/// Everything that a standing follows from, beside the policy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    account: AccountId,
    role: Role,
    teams: Vec<TeamId>,
    key: Option<BTreeSet<Scope>>,
    known: Vec<TeamId>,
}

/// What somebody may do and see.
pub struct Standing {
    policy: Arc<Policy>,
    subject: Subject,
    sight: Sight,
    /// What was decided before: the same question has the same answer.
    decided: Mutex<BTreeMap<(Action, Option<TeamId>), Decision>>,
}

impl Gate {
    /// Starts with a policy.
    pub fn new(policy: Policy) -> Self {
        Self {
            inner: Arc::new(Inner {
                policy: RwLock::new(Arc::new(policy)),
                standings: Mutex::default(),
            }),
        }
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        let policy = self.inner.policy.read();
        Arc::clone(&policy.unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another policy in force.
    pub fn replace(&self, policy: Policy) {
        let mut standings = self.standings();
        let mut place = self
            .inner
            .policy
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *place = Arc::new(policy);
        standings.clear();
    }

    /// What an account may do and see; `key` is what a program's key allows at most.
    pub fn standing(
        &self,
        account: &Account,
        key: Option<&BTreeSet<Scope>>,
        teams: &[Team],
    ) -> Arc<Standing> {
        let wanted = Key {
            account: account.id,
            role: account.role,
            teams: account.teams.clone(),
            key: key.cloned(),
            known: teams.iter().map(|team| team.id).collect(),
        };
        let mut standings = self.standings();
        if let Some(found) = standings.get(&wanted) {
            return Arc::clone(found);
        }
        let policy = self.policy();
        let subject = policy.subject(account.id, account.role, &account.teams, key);
        let sight = Sight::of(&policy, &subject, wanted.known.iter().copied());
        let standing = Arc::new(Standing {
            policy,
            subject,
            sight,
            decided: Mutex::default(),
        });
        if standings.len() >= KEPT {
            standings.clear();
        }
        standings.insert(wanted, Arc::clone(&standing));
        standing
    }

    fn standings(&self) -> std::sync::MutexGuard<'_, BTreeMap<Key, Arc<Standing>>> {
        let standings = self.inner.standings.lock();
        standings.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    /// Who it is, under the policy.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What they see.
    pub fn sight(&self) -> &Sight {
        &self.sight
    }

    /// Whether they may do something to something, and which rule says so.
    pub fn decide(&self, action: Action, resource: &Resource) -> Decision {
        let team = match resource {
            Resource::Ticket { team } => Some(*team),
            Resource::Customer | Resource::Order | Resource::Shop => None,
            Resource::Refund { .. } => return self.policy.decide(&self.subject, action, resource),
        };
        let mut decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        let known = decided.entry((action, team));
        known
            .or_insert_with(|| self.policy.decide(&self.subject, action, resource))
            .clone()
    }

    /// Refuses in the words of the rule, unless they may.
    pub fn may(&self, action: Action, resource: &Resource) -> Result<(), Refusal> {
        let decision = self.decide(action, resource);
        if decision.allowed {
            Ok(())
        } else {
            Err(Refusal::denied(self.subject.account, action, decision))
        }
    }
}
