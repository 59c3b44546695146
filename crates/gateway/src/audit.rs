//! The audit trail: entries in a chain of hashes, each written in the transaction of what it tells.

pub mod chain;
pub(crate) mod told;
