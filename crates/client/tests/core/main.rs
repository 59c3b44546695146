//! The core before a gateway that answers what a test tells it to.

mod fake;
mod held;
mod keys;
mod liveness;
mod scope;
mod upkeep;
