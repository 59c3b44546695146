//! Who reads and who writes in which ticket, as far as was said lately. Never stored.

use deskhand_domain::{AccountId, TicketId};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::Instant;

/// How long somebody writes unless it is said again.
const WRITING: Duration = Duration::from_secs(6);

/// Who reads and writes where.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// Until when somebody writes; no account is the customer.
    writing: BTreeMap<(TicketId, Option<AccountId>), Instant>,
    reading: BTreeMap<TicketId, Vec<AccountId>>,
}

impl Presence {
    pub(crate) fn typing(
        &mut self,
        ticket: TicketId,
        account: Option<AccountId>,
        typing: bool,
        now: Instant,
    ) {
        if typing {
            self.writing.insert((ticket, account), now + WRITING);
        } else {
            self.writing.remove(&(ticket, account));
        }
    }

    pub(crate) fn reading(&mut self, ticket: TicketId, accounts: Vec<AccountId>) {
        if accounts.is_empty() {
            self.reading.remove(&ticket);
        } else {
            self.reading.insert(ticket, accounts);
        }
    }

    /// Forgets who has not renewed; answers where.
    pub(crate) fn expire(&mut self, now: Instant) -> BTreeSet<TicketId> {
        let late: Vec<_> = self
            .writing
            .iter()
            .filter(|(_, until)| **until <= now)
            .map(|(key, _)| *key)
            .collect();
        for key in &late {
            self.writing.remove(key);
        }
        late.into_iter().map(|(ticket, _)| ticket).collect()
    }

    /// When [`Self::expire`] has something to do.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.writing.values().min().copied()
    }

    /// Forgets all: the connection is gone. Answers where somebody was.
    pub(crate) fn clear(&mut self) -> BTreeSet<TicketId> {
        let tickets = self
            .writing
            .keys()
            .map(|(ticket, _)| *ticket)
            .chain(self.reading.keys().copied())
            .collect();
        *self = Self::default();
        tickets
    }

    pub(crate) fn writers(&self, ticket: TicketId) -> Vec<Option<AccountId>> {
        self.writing
            .keys()
            .filter(|(at, _)| *at == ticket)
            .map(|(_, account)| *account)
            .collect()
    }

    pub(crate) fn readers(&self, ticket: TicketId) -> Vec<AccountId> {
        self.reading.get(&ticket).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test(start_paused = true)]
    async fn who_does_not_renew_has_stopped() {
        let (ticket, colleague) = (TicketId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let start = Instant::now();
        let mut presence = Presence::default();
        presence.typing(ticket, None, true, start);
        presence.typing(ticket, Some(colleague), true, start);
        presence.typing(ticket, None, true, start + Duration::from_secs(4));
        assert_eq!(presence.expire(start + WRITING), BTreeSet::from([ticket]));
        assert_eq!(presence.writers(ticket), [None], "the customer renewed");
        presence.typing(ticket, None, false, start);
        assert_eq!(presence.next_expiry(), None);

        presence.reading(ticket, vec![colleague]);
        assert_eq!(presence.readers(ticket), [colleague]);
        assert_eq!(presence.clear(), BTreeSet::from([ticket]));
        assert_eq!(presence.readers(ticket), []);
    }
}
