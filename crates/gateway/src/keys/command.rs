//! `deskhand-gateway key …`: for who runs the gateway, which may run meanwhile.

use super::{Wish, draw};
use crate::{
    clock::Clock,
    config::Config,
    errands::{self, Errand, Outcome},
    start::StartError,
};
use deskhand_protocol::rest::{MachineKey, MadeKey};

/// Makes a key. Only its hash leaves this process.
pub async fn make_key(config: &Config, wish: Wish) -> Result<MadeKey, StartError> {
    let clock = Clock::default();
    let drawn = draw(wish, [clock.id(), clock.id()], clock.now());
    let (key, stored) = drawn.map_err(|why| StartError::Config(why.to_string()))?;
    match errands::run(config, &Errand::MakeKey { key: stored }).await? {
        Outcome::Key { about } => Ok(MadeKey { key, about }),
        other => Err(other.unlike("")),
    }
}

/// Every key, the newest first, revoked ones too.
pub async fn list_keys(config: &Config) -> Result<Vec<MachineKey>, StartError> {
    match errands::run(config, &Errand::ListKeys).await? {
        Outcome::Keys { keys } => Ok(keys),
        other => Err(other.unlike("")),
    }
}

/// Revokes a key, named by its id or its beginning.
pub async fn revoke_key(config: &Config, name: &str) -> Result<MachineKey, StartError> {
    let key = name.to_owned();
    match errands::run(config, &Errand::RevokeKey { key }).await? {
        Outcome::Key { about } => Ok(about),
        other => Err(other.unlike(name)),
    }
}
