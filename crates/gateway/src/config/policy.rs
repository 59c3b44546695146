//! `[policy]`: where the shop's own roles and rules lie.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where the shop's own roles and rules lie.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// The folder with `roles.toml` and files that end in `.cedar`.
    pub folder: Option<PathBuf>,
}
