//! Whose request it is, when proxies of ours stand in between.

use crate::config::{Proxy, ProxyHeader};
use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The machines whose word about others counts.
#[derive(Clone, Debug)]
pub struct Proxies {
    trusted: Vec<IpNet>,
    header: ProxyHeader,
}

impl Proxies {
    /// As configured.
    pub fn new(proxy: &Proxy) -> Self {
        Self {
            trusted: proxy.trusted.clone(),
            header: proxy.header,
        }
    }

    /// Whether it is one of our proxies.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|net| net.contains(&address))
    }

    /// Who asks: from the nearest machine outwards, the first that is none of our proxies. What
    /// stands beyond it is that machine's word, and nothing is known of it.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.to_canonical();
        if !self.trusts(caller) {
            return caller;
        }
        let name = match self.header {
            ProxyHeader::Forwarded => "forwarded",
            ProxyHeader::XForwardedFor => "x-forwarded-for",
        };
        let lines = headers.get_all(name).iter();
        let text: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        for hop in split(&text.join(","), ',').into_iter().rev() {
            let said = match self.header {
                ProxyHeader::Forwarded => forwarded_for(hop),
                ProxyHeader::XForwardedFor => Some(hop),
            };
            let Some(address) = said.and_then(address) else {
                break;
            };
            caller = address;
            if !self.trusts(caller) {
                break;
            }
        }
        caller
    }
}

/// The parts of a header between separators that do not stand in quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|letter| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
    .collect()
}

/// The value of `for` in an element of `Forwarded` (RFC 7239 §4).
fn forwarded_for(element: &str) -> Option<&str> {
    split(element, ';').into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| value.trim().trim_matches('"'))
    })
}

/// An address with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare.parse().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(header: ProxyHeader, peer: &str, lines: &[&str]) -> String {
        let proxies = Proxies::new(&Proxy {
            trusted: vec![
                "10.0.0.0/8".parse().expect("a network"),
                "2001:db8:1::/48".parse().expect("one"),
            ],
            header,
        });
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = if header == ProxyHeader::Forwarded {
                "forwarded"
            } else {
                "x-forwarded-for"
            };
            headers.append(name, line.parse().expect("a header"));
        }
        proxies
            .caller(peer.parse().expect("an address"), &headers)
            .to_string()
    }

    #[test]
    fn only_the_word_of_our_proxies_counts() {
        use ProxyHeader::{Forwarded, XForwardedFor};
        for (header, peer, lines, expected) in [
            (
                XForwardedFor,
                "192.0.2.9",
                vec!["198.51.100.1"],
                "192.0.2.9",
            ),
            (
                XForwardedFor,
                "10.0.0.1",
                vec!["198.51.100.1"],
                "198.51.100.1",
            ),
            (
                XForwardedFor,
                "10.0.0.1",
                vec!["127.0.0.1, 198.51.100.1"],
                "198.51.100.1",
            ),
            (
                XForwardedFor,
                "10.0.0.1",
                vec!["6.6.6.6", "198.51.100.1, 10.0.0.7"],
                "198.51.100.1",
            ),
            (
                XForwardedFor,
                "::ffff:10.0.0.1",
                vec!["198.51.100.1:5000"],
                "198.51.100.1",
            ),
            (
                XForwardedFor,
                "10.0.0.1",
                vec!["198.51.100.1, nonsense"],
                "10.0.0.1",
            ),
            (XForwardedFor, "10.0.0.1", vec![], "10.0.0.1"),
            (XForwardedFor, "10.0.0.1", vec!["10.0.0.5"], "10.0.0.5"),
            (
                Forwarded,
                "10.0.0.1",
                vec!["for=198.51.100.1;proto=https, for=10.0.0.2"],
                "198.51.100.1",
            ),
            (
                Forwarded,
                "10.0.0.1",
                vec![r#"For="[2001:db8::17]:4711""#],
                "2001:db8::17",
            ),
            (
                Forwarded,
                "2001:db8:1::9",
                vec![r#"for="[2001:db8::17]""#],
                "2001:db8::17",
            ),
            (
                Forwarded,
                "10.0.0.1",
                vec![r#"for=unknown, for="_a,b""#],
                "10.0.0.1",
            ),
            (
                Forwarded,
                "10.0.0.1",
                vec![r#"by="a,b;c";for=198.51.100.1"#],
                "198.51.100.1",
            ),
            (Forwarded, "10.0.0.1", vec!["198.51.100.1"], "10.0.0.1"),
        ] {
            assert_eq!(caller(header, peer, &lines), expected, "{peer} {lines:?}");
        }
    }
}
