//! Connections end before their process does.
//!
//! SQLCipher and OpenSSL free what they share when a process exits, while a connection whose pool
//! was only dropped is still being closed on a thread of its own: that ends in a crash. So a
//! thread that dropped a cache without closing it ends only after the cache's connections have.
//! `main` and the threads of a runtime end before the process exits; who calls
//! [`std::process::exit`] closes the cache first.

use sqlx::sqlite::SqliteConnectOptions;
use std::{
    cell::RefCell,
    convert::Infallible,
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread,
    time::Duration,
};

/// Longer than it takes to write the log back into the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// From the end of a connection to the end of its thread.
const MOMENT: Duration = Duration::from_millis(2);

/// Held by everything that reads or writes one cache.
#[derive(Clone)]
pub(crate) struct Ending(#[expect(dead_code, reason = "held for its end")] Arc<Owned>);

struct Owned(Mutex<Option<Receiver<Infallible>>>);

/// What every connection of a cache holds until it is closed.
#[derive(Clone)]
pub(crate) struct Alive(Sender<Infallible>);

thread_local! {
    static LEFT: RefCell<Left> = const { RefCell::new(Left(Vec::new())) };
}

/// Caches that were dropped on this thread.
struct Left(Vec<Receiver<Infallible>>);

pub(crate) fn ending() -> (Alive, Ending) {
    let (alive, ended) = channel();
    let owned = Owned(Mutex::new(Some(ended)));
    (Alive(alive), Ending(Arc::new(owned)))
}

impl Alive {
    /// SQLite drops a collation as the last thing of a connection; nothing else is told of that.
    pub(crate) fn held_by(self, options: SqliteConnectOptions) -> SqliteConnectOptions {
        options.collation("held_until_closed", move |a, b| {
            let Self(_held) = &self;
            a.cmp(b)
        })
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let ended = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(ended) = ended.take() else { return };
        let mut ended = Some(ended);
        let noted = LEFT.try_with(|left| {
            let Ok(mut left) = left.try_borrow_mut() else {
                return;
            };
            left.0.retain(|x| x.try_recv() == Err(TryRecvError::Empty));
            left.0.extend(ended.take());
        });
        if noted.is_err() {
            // The thread is ending already.
            drop(Left(ended.into_iter().collect()));
        }
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        let left = mem::take(&mut self.0);
        if left.is_empty() {
            return;
        }
        for ended in left {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                tracing::warn!("a connection of the cache did not end with its thread");
            }
        }
        thread::sleep(MOMENT);
    }
}
