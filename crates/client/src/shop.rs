//! An open shop: the cache, the session, and what the loops and the calls share.

use crate::{clock::Clock, gateway::Gateway, host::Host, presence::Presence};
use chrono::{DateTime, Utc};
use deskhand_cache::{Applied, CacheError, Reader, Viewer, Writer};
use deskhand_domain::{Account, AccountId, OpId, TicketId, wismo::Gaps};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    live::ClientFrame,
    view::{self, Connection, ConnectionView, Event, SignedIn},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, mpsc};

/// So many tickets are named one by one; beyond, the window looks at its lists anyway.
const NAMED_LIMIT: usize = 64;

/// An open shop. Lives from sign-in to sign-out; the loops hold it too.
pub(crate) struct Shop {
    pub(crate) signed: SignedIn,
    pub(crate) gateway: Gateway,
    pub(crate) writer: Writer,
    /// How large the cache may grow, in bytes.
    pub(crate) cache_limit: u64,
    pub(crate) reader: Reader,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) presence: Mutex<Presence>,
    /// How long carriers are usually silent, as far as it was learned.
    pub(crate) gaps: Mutex<Arc<Gaps>>,
    pub(crate) connection: Mutex<ConnectionView>,
    /// The ticket on the screen: colleagues learn of it after every reconnect.
    pub(crate) on_screen: Mutex<Option<TicketId>>,
    /// The operation on its way now.
    pub(crate) sending: Mutex<Option<OpId>>,
    /// Held while an operation is marked as on its way, and while one is taken back: never both.
    pub(crate) gate: tokio::sync::Mutex<()>,
    /// Frames for the live socket; what does not fit is dropped, it is stale soon.
    pub(crate) frames: mpsc::Sender<ClientFrame>,
    pub(crate) wake_feed: Notify,
    pub(crate) wake_history: Notify,
    pub(crate) wake_outbox: Notify,
    pub(crate) wake_snoozed: Notify,
    pub(crate) wake_index: Notify,
    /// Another ticket is on the screen.
    pub(crate) wake_opened: Notify,
    /// Reading or writing found damage in the cache.
    pub(crate) damaged: Notify,
    /// This computer slept, or its clock was set.
    pub(crate) jumped: Notify,
    /// The copy has to be made anew.
    pub(crate) begin_anew: Notify,
    /// The account may see other things now.
    pub(crate) rescoped: Notify,
    /// The gateway said that the session has ended.
    pub(crate) ended: Notify,
    /// The copy was alone for too long.
    pub(crate) lapsed: Notify,
    /// Why it ends, when it ends by itself.
    pub(crate) end: Mutex<Option<CallError>>,
}

impl Shop {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn emit(&self, event: Event) {
        self.host.emit(event);
    }

    pub(crate) fn viewer(&self) -> Viewer {
        Viewer {
            me: self.signed.account.id,
            currency: self.signed.shop.currency,
            now: self.now(),
        }
    }

    pub(crate) async fn people(&self) -> Result<BTreeMap<AccountId, Account>, CacheError> {
        let mut people: BTreeMap<_, _> = self
            .reader
            .accounts()
            .await?
            .into_iter()
            .map(|account| (account.id, account))
            .collect();
        people
            .entry(self.signed.account.id)
            .or_insert_with(|| self.signed.account.clone());
        Ok(people)
    }

    /// Colleagues who have it open, and who writes in it: everybody but me.
    pub(crate) fn who(
        &self,
        ticket: TicketId,
        people: &BTreeMap<AccountId, Account>,
    ) -> (Vec<Account>, Vec<view::Writer>) {
        let presence = lock(&self.presence);
        let me = self.signed.account.id;
        let readers = presence
            .readers(ticket)
            .iter()
            .filter(|id| **id != me)
            .filter_map(|id| people.get(id).cloned())
            .collect();
        let writers = presence
            .writers(ticket)
            .into_iter()
            .filter_map(|writer| match writer {
                None => Some(view::Writer::Customer),
                Some(id) if id == me => None,
                Some(id) => people.get(&id).cloned().map(view::Writer::Colleague),
            })
            .collect();
        (readers, writers)
    }

    /// Tells the window who is in a ticket now.
    pub(crate) async fn tell_presence(&self, tickets: BTreeSet<TicketId>) {
        if tickets.is_empty() {
            return;
        }
        match self.people().await {
            Ok(people) => {
                for ticket in tickets {
                    let (readers, writers) = self.who(ticket, &people);
                    self.emit(Event::Presence {
                        ticket,
                        readers,
                        writers,
                    });
                }
            }
            Err(error) => report(&error, "colleagues could not be read"),
        }
    }

    /// Tells the window what a batch touched.
    pub(crate) fn tell_applied(&self, applied: &Applied) {
        self.emit(Event::Lists);
        let on_screen = *lock(&self.on_screen);
        let mut tickets = applied.tickets.clone();
        if tickets.len() > NAMED_LIMIT {
            tickets.retain(|ticket| Some(*ticket) == on_screen);
        }
        if applied.shared {
            tickets.extend(on_screen);
        }
        for ticket in tickets {
            self.emit(Event::Ticket { ticket });
        }
        if applied.outbox {
            self.emit(Event::Outbox);
        }
        self.wake_snoozed.notify_one();
        self.wake_index.notify_one();
    }

    /// Looks whether an error of the cache means that it has to be made anew.
    pub(crate) fn suspect(&self, error: &CacheError) {
        if error.is_damaged() {
            self.damaged.notify_one();
        }
    }

    /// Changes how the connection is shown, and tells the window if that is news.
    pub(crate) fn set_connection(&self, change: impl FnOnce(&mut ConnectionView)) {
        let news = {
            let mut connection = lock(&self.connection);
            let before = connection.clone();
            change(&mut connection);
            (*connection != before).then(|| connection.clone())
        };
        if let Some(connection) = news {
            self.emit(Event::Connection(connection));
        }
    }

    /// Lets every loop look again now, whatever it waits for.
    pub(crate) fn wake_all(&self) {
        for loops in [
            &self.wake_feed,
            &self.wake_history,
            &self.wake_outbox,
            &self.wake_snoozed,
            &self.wake_index,
            &self.wake_opened,
            &self.jumped,
        ] {
            loops.notify_one();
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        lock(&self.connection).state != Connection::Offline
    }
}

/// How a shop starts out.
pub(crate) fn offline(current_as_of: Option<DateTime<Utc>>, history: u8) -> ConnectionView {
    ConnectionView {
        state: Connection::Offline,
        current_as_of,
        retry_at: None,
        history,
        problem: None,
    }
}

/// A lock that a panic elsewhere does not spoil.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Logs an error with all that led to it.
pub(crate) fn report(error: &(dyn std::error::Error + 'static), what: &'static str) {
    tracing::error!(error, "{what}");
}

/// What the window is told when the cache fails.
pub(crate) fn cache_failed(error: CacheError) -> CallError {
    report(&error, "the cache failed");
    let code = if error.is_damaged() {
        CallCode::CacheDamaged
    } else if error.is_disk_full() {
        CallCode::DiskFull
    } else if error.is_not_writable() {
        CallCode::NotWritable
    } else {
        CallCode::Internal
    };
    CallError::new(code, error.to_string())
}
