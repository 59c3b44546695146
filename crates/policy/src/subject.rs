//! Who asks.

use cedar_policy::{Entity, EntityTypeName, EntityUid, RestrictedExpression};
use deskhand_domain::{AccountId, Role, Scope, TeamId};
use std::{
    collections::{BTreeSet, HashMap},
    fmt::Display,
    sync::LazyLock,
};

/// Somebody who asks, with what their role may do under a policy.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Who it is.
    pub account: AccountId,
    /// What they are at the shop.
    pub role: Role,
    /// Whose tickets they see.
    pub teams: BTreeSet<TeamId>,
    /// What the role may do, and the key with which they ask as well.
    pub scopes: BTreeSet<Scope>,
    /// Up to how much money they give back, in whole units of the currency.
    pub refunds_up_to: u32,
    /// Whether the policy knows the role.
    pub known: bool,
    /// The same as rules see it.
    pub(crate) entity: Option<Entity>,
}

impl Subject {
    /// Makes what rules see of it; to be called again after any change.
    pub(crate) fn seen_by_rules(mut self) -> Self {
        self.entity = self.as_entity();
        self
    }

    fn as_entity(&self) -> Option<Entity> {
        let scopes = self
            .scopes
            .iter()
            .map(|scope| RestrictedExpression::new_string(scope.as_str().to_owned()));
        let limit = i64::from(self.refunds_up_to) * 1_000;
        let attributes = HashMap::from([
            (
                "role".to_owned(),
                RestrictedExpression::new_string(self.role.to_string()),
            ),
            ("scopes".to_owned(), RestrictedExpression::new_set(scopes)),
            (
                "refunds_up_to".to_owned(),
                RestrictedExpression::new_long(limit),
            ),
        ]);
        let teams = self.teams.iter().map(|team| uid(Kind::Team, team));
        let teams: Option<_> = teams.collect();
        Entity::new(uid(Kind::Account, self.account)?, attributes, teams?).ok()
    }
}

/// The name of something in rules.
pub(crate) fn uid(kind: Kind, id: impl Display) -> Option<EntityUid> {
    let id = cedar_policy::EntityId::new(id.to_string());
    let kind = KINDS.get(kind as usize)?.clone()?;
    Some(EntityUid::from_type_name_and_id(kind, id))
}

/// What rules speak of.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Account,
    Team,
    Ticket,
    Customer,
    Order,
    Refund,
    Shop,
    Action,
}

/// Reading a name takes longer than a decision.
static KINDS: LazyLock<[Option<EntityTypeName>; 8]> = LazyLock::new(|| {
    [
        "Account", "Team", "Ticket", "Customer", "Order", "Refund", "Shop", "Action",
    ]
    .map(|name| name.parse().ok())
});
