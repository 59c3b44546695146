//! The gateway: the one place where tickets, messages and the copies of the shop's records live.
//!
//! A request is checked, authorised and carried out in one transaction, which also gives what
//! changed its place in the feed. The feed's loop reads what is new, encodes it once, and every
//! live socket sends the same bytes; chat pages get the public part of their own conversation.
//!
//! Never here: anything of the desktop, and anything that renders a message as mark-up.

pub mod admission;
pub mod app;
pub mod audit;
pub mod clock;
pub mod codes;
pub mod config;
mod elsewhere;
pub mod errands;
pub mod explain;
mod extract;
pub mod feed;
pub mod gate;
pub mod hub;
pub mod import;
pub mod intake;
pub mod keys;
mod live;
pub mod notices;
pub mod oidc;
mod origins;
pub mod parcels;
pub mod passwords;
pub mod policies;
mod problem;
pub mod prune;
mod rates;
pub mod release;
pub mod routes;
pub mod sample;
pub mod serve;
pub mod shops;
pub mod sight;
pub mod start;
pub mod store;
pub mod tasks;
pub mod testing;
mod throttle;
pub mod via;

pub use clock::Clock;
pub use config::Config;
pub use intake::inbox;
pub use keys::command::{list_keys, make_key, revoke_key};
pub use start::{
    Running, StartError, forget_app, new_epoch, revoke, set_locked, start, start_at, start_sample,
};
