//! The live sockets: one for desktops, one for customers' chat pages.

pub mod agent;
mod socket;
pub mod visitor;
