//! `[door]`: how connections are treated.

use super::{Findings, Period, Size};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How connections are treated.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Door {
    /// How many connections may be open at once.
    pub connections: usize,
    /// How many of one address.
    pub connections_per_address: usize,
    /// How long a new connection may say nothing.
    pub first_byte_timeout: Period,
    /// How long the headers of a request may take.
    pub header_timeout: Period,
    /// How long a request may take from its headers to its answer.
    pub request_timeout: Period,
    /// How long a connection is kept for the next request.
    pub idle_timeout: Period,
    /// How long a body or an answer may stand still.
    pub stall_timeout: Period,
    /// How many bytes a second a body or an answer must get on at least.
    pub least_rate: Size,
    /// How many headers a request may have.
    pub headers: usize,
    /// How large its head may be.
    pub header_size: Size,
    /// How long stopping may take.
    pub shutdown_timeout: Period,
}

impl Default for Door {
    fn default() -> Self {
        let seconds = |seconds| Period(Duration::from_secs(seconds));
        Self {
            connections: 20_000,
            connections_per_address: 1_000,
            first_byte_timeout: seconds(5),
            header_timeout: seconds(10),
            request_timeout: seconds(30),
            idle_timeout: seconds(60),
            stall_timeout: seconds(10),
            least_rate: Size(1024),
            headers: 64,
            header_size: Size(32 * 1024),
            shutdown_timeout: seconds(5),
        }
    }
}

impl Door {
    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        for (key, number) in [
            ("door.connections", self.connections),
            ("door.connections_per_address", self.connections_per_address),
            ("door.headers", self.headers),
            ("door.least_rate", self.least_rate.0),
        ] {
            wrong.unless(number > 0, key, "at 0 nobody could come in: say at least 1");
        }
        for (key, period) in [
            ("door.first_byte_timeout", self.first_byte_timeout),
            ("door.header_timeout", self.header_timeout),
            ("door.request_timeout", self.request_timeout),
            ("door.idle_timeout", self.idle_timeout),
            ("door.stall_timeout", self.stall_timeout),
            ("door.shutdown_timeout", self.shutdown_timeout),
        ] {
            wrong.unless(
                !period.0.is_zero(),
                key,
                "no time at all cuts everybody: say at least 1ms",
            );
        }
        wrong.unless(
            self.connections_per_address <= self.connections,
            "door.connections_per_address",
            "is more than door.connections",
        );
        wrong.unless(
            (8 * 1024..=1024 * 1024).contains(&self.header_size.0),
            "door.header_size",
            "is a size from 8KiB to 1MiB",
        );
    }
}
