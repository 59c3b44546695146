//! Who may speak with the host: a browser on this computer that was given the token.

use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The secret of one run.
#[derive(Clone)]
pub struct Token(String);

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was sent to a name that is not ours: a page elsewhere may have pointed its name here.
    ForeignHost,
    /// It was sent by a page that is not ours.
    ForeignOrigin,
    /// It carries no token, or a wrong one.
    NoToken,
}

impl Token {
    pub fn new() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares in a time that does not tell how much was right.
    pub fn is(&self, given: &str) -> bool {
        let pairs = self.0.bytes().zip(given.bytes());
        let differs = pairs.fold(0, |sum, (ours, theirs)| sum | (ours ^ theirs));
        self.0.len() == given.len() && differs == 0
    }

    /// The cookie that carries it. Cookies know no ports, so its name does.
    pub fn cookie(&self, address: SocketAddr) -> String {
        let name = cookie_name(address);
        format!("{name}={}; Path=/; HttpOnly; SameSite=Strict", self.0)
    }
}

/// Whether the request was sent to us by our own name.
pub fn check_host(headers: &HeaderMap, address: SocketAddr) -> Result<(), Refusal> {
    let host = text(headers, header::HOST).ok_or(Refusal::ForeignHost)?;
    match own_names(address).iter().any(|name| name == host) {
        true => Ok(()),
        false => Err(Refusal::ForeignHost),
    }
}

/// Whether the request comes from our own page or from a program that was given the token.
pub fn check_caller(
    method: &Method,
    headers: &HeaderMap,
    upgrade: bool,
    address: SocketAddr,
    token: &Token,
) -> Result<(), Refusal> {
    let origin = text(headers, header::ORIGIN);
    let ours = origin.is_some_and(|origin| {
        own_names(address)
            .iter()
            .any(|name| origin.strip_prefix("http://") == Some(name))
    });
    if origin.is_some() && !ours {
        return Err(Refusal::ForeignOrigin);
    }
    let bearer = text(headers, header::AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|given| token.is(given));
    if bearer {
        return Ok(());
    }
    let name = cookie_name(address);
    let cookie = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split("; "))
        .filter_map(|pair| pair.split_once('='))
        .any(|(key, given)| key == name && token.is(given));
    if !cookie {
        return Err(Refusal::NoToken);
    }
    // Browsers send the origin with everything that does something.
    let harmless = matches!(*method, Method::GET | Method::HEAD) && !upgrade;
    match harmless || ours {
        true => Ok(()),
        false => Err(Refusal::ForeignOrigin),
    }
}

fn own_names(address: SocketAddr) -> [String; 2] {
    [address.to_string(), format!("localhost:{}", address.port())]
}

fn cookie_name(address: SocketAddr) -> String {
    format!("deskhand-{}", address.port())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
