//! `[sessions]`: how long somebody is signed in.

use super::{Findings, Period};
use chrono::TimeDelta;
use deskhand_domain::Role;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long tokens last.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// One that is sent with every request.
    pub access: Period,
    /// One that is kept: a desktop that was away for longer signs in again.
    pub refresh: Period,
    /// The roles that sign in with an authenticator app beside the password.
    pub totp_required: Vec<Role>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            access: Period(Duration::from_secs(600)),
            refresh: Period(Duration::from_secs(30 * 86_400)),
            totp_required: Vec::new(),
        }
    }
}

impl Sessions {
    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
        wrong.unless(
            (second..=hour).contains(&self.access.0),
            "sessions.access",
            "a stolen token is of use for so long: say \"1s\" to \"1h\"",
        );
        wrong.unless(
            self.refresh.0 >= self.access.0,
            "sessions.refresh",
            "is at least as long as sessions.access",
        );
        wrong.unless(
            self.refresh.0 <= Duration::from_secs(366 * 86_400),
            "sessions.refresh",
            "is at most a year: say \"366d\" or less",
        );
    }

    /// How long an access token lasts.
    pub fn access(&self) -> TimeDelta {
        delta(self.access)
    }

    /// How long a refresh token lasts.
    pub fn refresh(&self) -> TimeDelta {
        delta(self.refresh)
    }
}

fn delta(period: Period) -> TimeDelta {
    TimeDelta::from_std(period.0).unwrap_or(TimeDelta::MAX)
}
