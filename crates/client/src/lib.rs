//! The core of the desktop: session, copy of the shop, live feed, outbox, and the calls of the window.
//!
//! It owns every background task and never names Tauri: what it needs of the machine it asks of
//! [`Host`].
//!
//! The one flow: a call of the window reads the cache, or stores an operation in the outbox and
//! returns. Loops carry the outbox to the gateway and the feed into the cache; after each batch
//! they tell the window which of its pictures may be old, and the window calls again.

mod address;
mod audit;
mod backoff;
mod browser;
mod calls;
mod client;
mod clock;
mod closing;
mod copy;
mod diagnosis;
mod feed;
mod gateway;
mod held;
mod host;
mod keychain;
mod lease;
mod link;
mod live;
mod loopback;
mod network;
mod outbox;
mod overlay;
mod pass;
mod presence;
mod preview;
mod profile;
mod sealed;
mod search;
mod session;
mod shop;
mod tasks;
mod ticket_ops;
mod undo;
mod upkeep;
mod vault;
mod views;

pub use client::{Client, StartError};
pub use clock::{Clock, SystemClock};
pub use futures_util::future::BoxFuture;
pub use host::{Host, SampleShop};
pub use keychain::{Keychain, KeychainError, MemoryKeychain};
pub use network::NetworkError;
