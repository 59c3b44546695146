//! Who may do what: roles with scopes, and rules in Cedar.
//!
//! A [`Policy`] is read whole from texts or not at all. Whoever asks is a [`Subject`]; a decision
//! names the rule that took it, and what no rule permits is denied. The gateway evaluates it for
//! every request, and once for each team and class where many rows travel; the desktop evaluates
//! the same set to say beforehand what would be denied.
//!
//! This crate never opens a file: whoever does hands over names and texts.

mod action;
mod error;
mod policy;
mod roles;
mod rules;
mod subject;

pub use action::{Action, Resource};
pub use error::{Broken, Mistake};
pub use policy::{Decision, Policy, Source};
pub use roles::{Grant, Grants};
pub use subject::Subject;
