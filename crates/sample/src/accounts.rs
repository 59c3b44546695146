//! The people who answer Hollowpine's customers.

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{Account, AccountId, Role};

use crate::rng::Rng;

/// Everybody who signs in, in the order of the sign-in screen.
pub(crate) fn all(now: DateTime<Utc>) -> Vec<Account> {
    let mut rng = Rng::new("accounts");
    [
        ("Priya Raman", "priya", Role::Agent),
        ("Daniel Okafor", "daniel", Role::Agent),
        ("Luis Fernández", "luis", Role::Agent),
        ("Anna Bauer", "anna", Role::SeniorAgent),
        ("Mette Kjær", "mette", Role::Supervisor),
        ("Sven Lund", "sven", Role::Supervisor),
        ("Ines Albrecht", "ines", Role::Admin),
        ("Tobias Reuter", "tobias", Role::Auditor),
    ]
    .into_iter()
    .map(|(name, mailbox, role)| Account {
        id: rng.id(now - TimeDelta::days(400)),
        name: name.into(),
        email: format!("{mailbox}@hollowpine.example"),
        role,
        teams: vec![deskhand_domain::TeamId::MAIN],
    })
    .collect()
}

/// The ids that tickets name.
pub(crate) struct Desk {
    pub(crate) priya: AccountId,
    pub(crate) daniel: AccountId,
    pub(crate) luis: AccountId,
    pub(crate) anna: AccountId,
    pub(crate) mette: AccountId,
    pub(crate) sven: AccountId,
}

impl Desk {
    pub(crate) fn new(accounts: &[Account]) -> Self {
        let id = |index: usize| accounts[index].id;
        Self {
            priya: id(0),
            daniel: id(1),
            luis: id(2),
            anna: id(3),
            mette: id(4),
            sven: id(5),
        }
    }

    /// Those who write to customers every day.
    pub(crate) fn agents(&self) -> [AccountId; 4] {
        [self.priya, self.daniel, self.luis, self.anna]
    }

    pub(crate) fn first_name(&self, id: AccountId) -> &'static str {
        [
            (self.priya, "Priya"),
            (self.daniel, "Daniel"),
            (self.luis, "Luis"),
            (self.anna, "Anna"),
            (self.mette, "Mette"),
            (self.sven, "Sven"),
        ]
        .into_iter()
        .find(|(known, _)| *known == id)
        .map_or("Hollowpine", |(_, name)| name)
    }
}
