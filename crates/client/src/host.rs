//! What the core needs of the machine it runs on.

use crate::keychain::Keychain;
use deskhand_protocol::{rest::SampleAccount, view::Event};
use futures_util::future::BoxFuture;
use std::path::PathBuf;

/// What the shell offers to the core.
pub trait Host: Send + Sync + 'static {
    /// Where secrets are kept.
    fn keychain(&self) -> &dyn Keychain;
    /// Tells the window something. Must not block.
    fn emit(&self, event: Event);
    /// Starts the embedded sample shop, or finds the one that runs. The error is a sentence for
    /// people.
    fn open_sample(&self) -> BoxFuture<'_, Result<SampleShop, String>>;
    /// Hands an address to the system's browser or mail program. The address is a checked one; the
    /// error is a sentence for people.
    fn open_outside(&self, address: &str) -> Result<(), String>;
    /// Where files for the person go; a folder beside the copy, unless the machine has a better one.
    fn files(&self) -> Option<PathBuf> {
        None
    }
    /// Whether this program can open a sample shop.
    fn has_sample(&self) -> bool;
}

/// A sample shop that runs in this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleShop {
    /// Its address, `http://127.0.0.1:PORT`.
    pub address: String,
    /// The published password of every account.
    pub password: String,
    /// Who may sign in; the first of a role is the one that is offered.
    pub accounts: Vec<SampleAccount>,
}
