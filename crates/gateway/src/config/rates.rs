//! `[rates]` and `[origins]`: how often somebody may ask, and from which pages.

use super::{Findings, Rate};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often somebody may ask.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// Requests of an address.
    pub address: Rate,
    /// Sign-ins of an address.
    pub sign_ins: Rate,
    /// What an account reads.
    pub reads: Rate,
    /// What an account changes.
    pub writes: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        let minute = |count| Rate {
            count,
            per: Duration::from_secs(60),
        };
        Self {
            address: minute(60_000),
            sign_ins: minute(300),
            reads: minute(12_000),
            writes: minute(2_400),
        }
    }
}

/// Which pages of the web may talk to the gateway.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Origins {
    /// Origins under which the gateway itself is reached, where a proxy changes the host.
    pub own: Vec<String>,
    /// Origins of shops that use the chat's interface from their own pages.
    pub chat: Vec<String>,
}

impl Origins {
    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        for (key, list) in [("origins.own", &self.own), ("origins.chat", &self.chat)] {
            wrong.unless(
                list.iter().all(|origin| is_origin(origin)),
                key,
                "write origins as browsers do: https://shop.example, with a port if it is not the usual one, and no path",
            );
        }
    }
}

fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        let plain = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-.:[]".contains(letter)
        };
        !host.is_empty() && host.chars().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path_and_no_star() {
        for fine in [
            "https://shop.example",
            "http://127.0.0.1:8080",
            "https://[::1]:7",
        ] {
            assert!(is_origin(fine), "{fine}");
        }
        for wrong in [
            "*",
            "https://",
            "shop.example",
            "https://shop.example/",
            "https://*.example",
            "null",
            "https://Shop.example",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
