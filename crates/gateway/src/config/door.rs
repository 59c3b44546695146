//! `[door]`: how connections are treated.

use super::{Findings, Period};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How connections are treated.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Door {
    /// How many connections may be open at once.
    pub connections: usize,
    /// How long the headers of a request may take.
    pub header_timeout: Period,
    /// How long a request may take from its headers to its answer.
    pub request_timeout: Period,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            connections: 10_000,
            header_timeout: Period(Duration::from_secs(10)),
            request_timeout: Period(Duration::from_secs(30)),
        }
    }
}

impl Door {
    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        wrong.unless(
            self.connections > 0,
            "door.connections",
            "at 0 nobody could come in: say at least 1",
        );
        for (key, period) in [
            ("door.header_timeout", self.header_timeout),
            ("door.request_timeout", self.request_timeout),
        ] {
            wrong.unless(
                !period.0.is_zero(),
                key,
                "no time at all cuts everybody: say at least 1ms",
            );
        }
    }
}
