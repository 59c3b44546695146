//! Where a gateway is, from what somebody typed.

use deskhand_protocol::calls::{CallCode, CallError};
use reqwest::Url;

/// The address of a gateway: a scheme, a host, perhaps a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(Url);

impl Address {
    /// Reads what somebody typed. Without a scheme it is `https`, on this computer `http`;
    /// `http` to another computer is refused, since passwords would cross the network in the open.
    pub(crate) fn parse(typed: &str) -> Result<Self, CallError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(bad(
                "the address is empty: type one such as desk.example.com",
            ));
        }
        let full = if typed.contains("://") {
            typed.to_owned()
        } else {
            let guess = format!("http://{typed}");
            let local = Url::parse(&guess).is_ok_and(|url| is_loopback(&url));
            if local {
                guess
            } else {
                format!("https://{typed}")
            }
        };
        let url = Url::parse(&full)
            .map_err(|error| bad(&format!("the address cannot be read: {error}")))?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(bad("the address names no computer"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("the address must not hold a name or a password"));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(bad(
                    "only https is safe to another computer: write https://",
                ));
            }
            other => {
                return Err(bad(&format!(
                    "{other}: is not a way to a gateway: write https://"
                )));
            }
        }
        let mut base = url;
        base.set_path("/");
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self(base))
    }

    /// A page below it. `path` starts without a slash.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("/{path}"));
        url
    }

    /// The live socket.
    pub(crate) fn live(&self) -> String {
        let scheme = if self.is_encrypted() { "wss" } else { "ws" };
        let rest = self.join("v1/live").to_string();
        rest.split_once(':')
            .map_or_else(String::new, |(_, rest)| format!("{scheme}:{rest}"))
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// As it is shown and kept: without the last slash.
    pub(crate) fn text(&self) -> String {
        self.0.as_str().trim_end_matches('/').to_owned()
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

fn bad(words: &str) -> CallError {
    CallError::new(CallCode::BadAddress, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_addresses_become_whole_ones_or_are_refused_with_words() {
        let check = |typed: &str, full: Option<&str>| {
            let read = Address::parse(typed);
            assert_eq!(
                read.as_ref().ok().map(Address::text).as_deref(),
                full,
                "{typed}"
            );
            if let Err(error) = read {
                assert_eq!(error.code, CallCode::BadAddress, "{typed}");
                assert!(!error.detail.is_empty(), "{typed}");
            }
        };
        check("desk.example.com", Some("https://desk.example.com"));
        check(
            " desk.example.com:8443/x?y#z ",
            Some("https://desk.example.com:8443"),
        );
        check(
            "https://desk.example.com/",
            Some("https://desk.example.com"),
        );
        check("127.0.0.1:7431", Some("http://127.0.0.1:7431"));
        check("localhost:7431", Some("http://localhost:7431"));
        check("[::1]:7431", Some("http://[::1]:7431"));
        check("http://127.0.0.1:7431", Some("http://127.0.0.1:7431"));
        check("http://desk.example.com", None);
        check("ftp://desk.example.com", None);
        check("https://ana:secret@desk.example.com", None);
        check("", None);
        check("two words", None);
        check("https://", None);
        check("desk.example.com:99999", None);
    }

    #[test]
    fn the_live_socket_is_encrypted_when_the_gateway_is() {
        let live = |typed| Address::parse(typed).map(|address| address.live());
        assert_eq!(
            live("desk.example.com").as_deref(),
            Ok("wss://desk.example.com/v1/live")
        );
        assert_eq!(
            live("127.0.0.1:1").as_deref(),
            Ok("ws://127.0.0.1:1/v1/live")
        );
    }
}
