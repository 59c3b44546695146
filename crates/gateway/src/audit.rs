//! The audit trail: who did what, each entry written in the transaction of what it tells.
//!
//! Entries are a chain of hashes ([`chain`]). The gateway's key ([`key`]) signs the end of it in
//! every transaction, and every hour a head ([`heads`]) that can be kept elsewhere. [`verify`]
//! reads the whole trail and names what is not as it was written.

pub mod chain;
pub mod command;
pub mod csv;
pub mod heads;
pub mod key;
pub(crate) mod told;
pub mod verify;
