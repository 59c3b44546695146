//! What somebody sees of the feed, of syncs and of lists.
//!
//! The policy is asked once for each team and class, never for each row. Two accounts that see the
//! same have equal sights, and share what is encoded for one of them.

use crate::passwords::digest;
use deskhand_domain::{Customer, Order, Shipment, TeamId, mask::Masked as _};
use deskhand_policy::{Action, Policy, Resource, Subject};
use deskhand_protocol::sync::{Change, Gone, Kind, Record};
use std::collections::BTreeSet;

/// What somebody sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sight {
    /// Whose tickets.
    teams: BTreeSet<TeamId>,
    customers: bool,
    orders: bool,
    knowledge: bool,
    colleagues: bool,
    /// Whether contact and payment details are not masked.
    clear: bool,
}

/// A change, and whose it is.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The change.
    pub change: Change,
    /// Whose; `None` when it is the whole shop's.
    pub team: Option<TeamId>,
    /// Whose it was before.
    pub former: Vec<TeamId>,
}

/// How a change is seen.
enum Way {
    Whole,
    /// It went to others.
    Gone,
    Hidden,
}

fn gone(change: &Change) -> Change {
    let (kind, id) = change.record.key();
    Change {
        position: change.position,
        record: Record::Gone(Gone { kind, id }),
    }
}

impl Sight {
    /// What somebody sees under a policy.
    pub fn of(policy: &Policy, subject: &Subject, teams: impl IntoIterator<Item = TeamId>) -> Self {
        let may = |action, resource| policy.may(subject, action, &resource);
        Self {
            teams: teams
                .into_iter()
                .filter(|team| may(Action::TicketRead, Resource::Ticket { team: *team }))
                .collect(),
            customers: may(Action::CustomerRead, Resource::Customer),
            orders: may(Action::OrderRead, Resource::Order),
            knowledge: may(Action::KnowledgeRead, Resource::Shop),
            colleagues: may(Action::ColleagueRead, Resource::Shop),
            clear: may(Action::CustomerContact, Resource::Customer),
        }
    }

    /// Everything, of these teams; for whoever looks behind the policy.
    pub fn whole(teams: impl IntoIterator<Item = TeamId>) -> Self {
        Self {
            teams: teams.into_iter().collect(),
            customers: true,
            orders: true,
            knowledge: true,
            colleagues: true,
            clear: true,
        }
    }

    /// Its name in cursors.
    pub fn scope(&self) -> String {
        let signs = [
            (!self.teams.is_empty(), 't'),
            (self.customers, 'c'),
            (self.orders, 'o'),
            (self.knowledge, 'k'),
            (self.colleagues, 's'),
            (self.clear, 'p'),
        ];
        let mut scope: String = signs
            .into_iter()
            .filter_map(|(sees, sign)| sees.then_some(sign))
            .collect();
        let teams: Vec<String> = self.teams.iter().map(ToString::to_string).collect();
        scope.push('.');
        scope.push_str(&digest(teams.join(" "))[..16]);
        scope
    }

    /// Whose tickets are visible.
    pub fn teams(&self) -> &BTreeSet<TeamId> {
        &self.teams
    }

    /// Whether contact and payment details are not masked.
    pub fn is_clear(&self) -> bool {
        self.clear
    }

    /// Whether entities of a kind are visible at all.
    pub fn may(&self, kind: Kind) -> bool {
        match kind {
            Kind::Ticket | Kind::Message => !self.teams.is_empty(),
            Kind::Customer => self.customers,
            Kind::Order | Kind::Shipment => self.orders,
            Kind::Macro | Kind::Article | Kind::Field => self.knowledge,
            Kind::Account => self.colleagues,
        }
    }

    /// The change as it is seen: whole, masked, as gone when it went to others, or not at all.
    pub fn shows(&self, placed: &Placed) -> Option<Change> {
        match self.way(placed) {
            Way::Whole => Some(self.shown(placed.change.clone())),
            Way::Gone => Some(gone(&placed.change)),
            Way::Hidden => None,
        }
    }

    /// The same of a change that nobody else needs.
    pub fn show(&self, placed: Placed) -> Option<Change> {
        match self.way(&placed) {
            Way::Whole => Some(self.shown(placed.change)),
            Way::Gone => Some(gone(&placed.change)),
            Way::Hidden => None,
        }
    }

    fn way(&self, placed: &Placed) -> Way {
        let (kind, _) = placed.change.record.key();
        if !self.may(kind) {
            return Way::Hidden;
        }
        if !matches!(kind, Kind::Ticket | Kind::Message) {
            return Way::Whole;
        }
        // A ticket that moved since its place was read is whose it is now.
        let team = match &placed.change.record {
            Record::Ticket(ticket) => Some(ticket.team),
            _ => placed.team,
        };
        let sees = |team: &TeamId| self.teams.contains(team);
        if team.as_ref().is_some_and(sees) {
            Way::Whole
        } else if placed.former.iter().chain(&placed.team).any(sees) {
            Way::Gone
        } else {
            Way::Hidden
        }
    }

    fn shown(&self, change: Change) -> Change {
        if self.clear {
            return change;
        }
        let record = match change.record {
            Record::Customer(customer) => Record::Customer(customer.masked()),
            Record::Order(order) => Record::Order(order.masked()),
            Record::Shipment(shipment) => Record::Shipment(shipment.masked()),
            other => other,
        };
        Change { record, ..change }
    }

    /// A customer as seen.
    pub fn customer(&self, customer: Customer) -> Customer {
        if self.clear {
            customer
        } else {
            customer.masked()
        }
    }

    /// An order as seen.
    pub fn order(&self, order: Order) -> Order {
        if self.clear { order } else { order.masked() }
    }

    /// A parcel as seen.
    pub fn shipment(&self, shipment: Shipment) -> Shipment {
        if self.clear {
            shipment
        } else {
            shipment.masked()
        }
    }
}
