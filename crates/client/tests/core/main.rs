//! The core before a gateway that answers what a test tells it to.

mod ends;
mod fake;
mod held;
mod keys;
mod liveness;
mod ops;
mod preview;
mod refused;
mod scope;
mod tokens;
mod upkeep;
