//! Everything that crosses a process: REST bodies, feed frames, calls of the window, error codes.
//!
//! Two borders meet here. Between desktop and gateway: [`rest`], [`sync`], [`live`], [`chat`],
//! [`problem`], [`audit`]. Between window and core: [`calls`] and [`view`], generated for TypeScript.
//! This crate never opens a file or a socket.

mod answer;
pub mod audit;
pub mod calls;
pub mod chat;
pub mod events;
pub mod live;
mod outbox;
pub mod problem;
pub mod rest;
mod reveal;
mod search;
pub mod sync;
pub mod view;

/// The version of the protocol between desktop and gateway. It grows when an older peer would
/// misunderstand; both sides refuse another number with words.
pub const PROTOCOL_VERSION: u32 = 1;

/// The header in which both sides name their [`PROTOCOL_VERSION`].
pub const PROTOCOL_HEADER: &str = "deskhand-protocol";

/// The header that carries an operation's id ([`deskhand_domain::OpId`]): the same id is carried
/// out once and answered with the same bytes for ever after.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";
