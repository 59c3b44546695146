//! The encrypted SQLite file of the desktop: a copy of what the account may see, and the outbox.
//!
//! One [`Writer`] changes it, many [`Reader`]s read it, and nothing here talks to a network.
//! The library underneath can corrupt a WAL database when two connections write or checkpoint at
//! the same moment, so [`Writer`] cannot be cloned, holds a lock against other processes, and is
//! the only one that checkpoints.
//!
//! The one flow: changes arrive with positions; the newer position wins, so pages and live frames
//! may come in any order and more than once. Rows and the cursor that speaks of them are written
//! in one transaction. The search index is a file of its own, made from the copy and never asked
//! without it.

mod apply;
mod batch;
mod bulk;
mod contact;
mod drafts;
mod ending;
mod error;
mod evict;
mod filter;
mod index;
mod key;
mod keys;
mod list;
mod noted;
mod open;
mod outbox;
mod query;
mod read;
mod salvage;
mod search;
mod sync;
mod turn;
mod upsert;
mod words;

pub use apply::{Applied, Progress};
pub use contact::Contact;
pub use error::CacheError;
pub use evict::Evicted;
pub use index::Slice;
pub use key::Key;
pub use list::{Listed, Viewer};
pub use open::{Cache, OpenError, Reader, Writer};
pub use outbox::{Became, StoredOp, StoredState};
pub use sync::SyncState;
