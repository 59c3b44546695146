//! What is said but never stored: who writes, and who has which ticket open.

use deskhand_domain::{AccountId, TicketId};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::broadcast;

/// Something that happens now and is forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passing {
    /// Somebody writes, or has stopped.
    Typing {
        /// Where.
        ticket: TicketId,
        /// The account and its first name; `None` for the customer.
        by: Option<(AccountId, String)>,
        /// Whether they write.
        typing: bool,
    },
    /// Who has a ticket open now.
    Reading {
        /// Which.
        ticket: TicketId,
        /// Who.
        accounts: Vec<AccountId>,
    },
    /// Somebody may see other things now: every socket looks whether it is its own account.
    Rescoped,
}

/// The meeting point of all sockets of one gateway.
#[derive(Clone)]
pub struct Hub {
    passing: broadcast::Sender<Passing>,
    /// How many sockets of an account have a ticket open.
    readers: Arc<Mutex<BTreeMap<TicketId, BTreeMap<AccountId, usize>>>>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            passing: broadcast::Sender::new(1_024),
            readers: Arc::default(),
        }
    }
}

impl Hub {
    /// What happens from now on. Who falls behind misses some, which is no harm.
    pub fn listen(&self) -> broadcast::Receiver<Passing> {
        self.passing.subscribe()
    }

    /// Says something to all who listen now.
    pub fn say(&self, passing: Passing) {
        // Nobody listening is no error.
        self.passing.send(passing).ok();
    }

    /// An account opens a ticket.
    pub fn opens(&self, ticket: TicketId, account: AccountId) {
        self.change(ticket, |readers| {
            *readers.entry(account).or_default() += 1;
        });
    }

    /// An account leaves a ticket.
    pub fn leaves(&self, ticket: TicketId, account: AccountId) {
        self.change(ticket, |readers| {
            let last = readers.get_mut(&account).is_none_or(|count| {
                *count -= 1;
                *count == 0
            });
            if last {
                readers.remove(&account);
            }
        });
    }

    /// Who has which ticket open.
    pub fn readers(&self) -> Vec<Passing> {
        let readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers
            .iter()
            .map(|(ticket, accounts)| Passing::Reading {
                ticket: *ticket,
                accounts: accounts.keys().copied().collect(),
            })
            .collect()
    }

    fn change(&self, ticket: TicketId, change: impl FnOnce(&mut BTreeMap<AccountId, usize>)) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = readers.entry(ticket).or_default();
        change(entry);
        let accounts: Vec<AccountId> = entry.keys().copied().collect();
        if accounts.is_empty() {
            readers.remove(&ticket);
        }
        // Said while the lock is held, so that the last word is the newest.
        self.say(Passing::Reading { ticket, accounts });
    }
}
