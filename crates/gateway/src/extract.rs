//! What handlers ask of a request. Whatever cannot be read is refused with the place and the words.

mod events;
mod who;

use crate::{
    app::State,
    feed::read_cursor,
    passwords::digest,
    problem::Refusal,
    serve::{Caller, TooSlow, network},
    store::Visitor,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{Extensions, HeaderMap, StatusCode, header, request::Parts},
};
use deskhand_domain::OpId;
use deskhand_protocol::{IDEMPOTENCY_HEADER, problem::Code};
pub use events::{Events, Raw};
use serde::de::DeserializeOwned;
use std::{convert::Infallible, str::FromStr};
pub use who::{Person, TicketHolder, Who};

/// How deep JSON may be nested.
const DEPTH: usize = 32;
/// How many items a list or an object may have.
const ITEMS: usize = 1_000;

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<State> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &State) -> Result<Self, Refusal> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase();
        let plain = |c: &char| !c.is_whitespace() && *c != '"';
        let kind: String = kind.chars().filter(plain).collect();
        if !matches!(
            kind.as_str(),
            "application/json" | "application/json;charset=utf-8"
        ) {
            return Err(Refusal::new(
                Code::UnsupportedMedia,
                "send JSON in UTF-8, with the header content-type: application/json",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| {
                if TooSlow::is_behind(&rejection) {
                    Refusal::of_status(StatusCode::REQUEST_TIMEOUT)
                } else {
                    Refusal::of_status(rejection.status())
                }
            })?;
        let text = std::str::from_utf8(&bytes).map_err(|_| {
            Refusal::new(
                Code::UnsupportedMedia,
                "the body is not UTF-8: encode it as UTF-8",
            )
        })?;
        read_json(text).map(Json)
    }
}

/// Reads JSON; an error has a pointer to the field.
pub fn read_json<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    bounded(text)?;
    // serde would take an array for an object, by the order of the fields.
    if text.trim_start().starts_with('[') {
        return Err(Refusal::field("", "is an array: send an object"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let mut pointer = pointer(error.path());
        let words = error.into_inner().to_string();
        if let Some(name) = unplaced(&words) {
            pointer = format!("{pointer}/{name}");
        }
        Refusal::field(pointer, words)
    })?;
    json.end()
        .map_err(|error| Refusal::field("", error.to_string()))?;
    Ok(value)
}

/// Refuses what is nested too deep or has too many items, before anything is made of it.
fn bounded(text: &str) -> Result<(), Refusal> {
    let (mut open, mut quoted, mut escaped) = (Vec::new(), false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                open.push(1);
                if open.len() > DEPTH {
                    let words = format!("is more than {DEPTH} deep");
                    return Err(Refusal::field("", words));
                }
            }
            b']' | b'}' => {
                open.pop();
            }
            b',' => {
                let items = open.last_mut().map_or(0, |items| {
                    *items += 1;
                    *items
                });
                if items > ITEMS {
                    let words = format!("holds a list of more than {ITEMS}");
                    return Err(Refusal::field("", words));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The field that is missing or there twice: serde names it only in its words.
fn unplaced(words: &str) -> Option<&str> {
    let rest = words
        .strip_prefix("missing field `")
        .or_else(|| words.strip_prefix("duplicate field `"))?;
    rest.split_once('`').map(|(name, _)| name)
}

/// A JSON pointer (RFC 6901).
pub(crate) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => {
                format!("/{}", key.replace('~', "~0").replace('/', "~1"))
            }
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// Parameters behind the `?`.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<State> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        // Neither engine should be handed a NUL, and no parameter has a use for it.
        if query.contains("%00") {
            return Err(Refusal::new(Code::Invalid, "a parameter holds a NUL"));
        }
        axum::extract::Query::<T>::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|error| {
                let words = std::error::Error::source(&error)
                    .map_or_else(|| error.to_string(), ToString::to_string);
                Refusal::new(Code::Invalid, format!("a parameter is wrong: {words}"))
            })
    }
}

/// An id in the path. What is no id is not found.
pub struct Id<T>(pub T);

impl<T: FromStr + Send> FromRequestParts<State> for Id<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refusal> {
        let axum::extract::Path(text) =
            axum::extract::Path::<String>::from_request_parts(parts, state)
                .await
                .map_err(|_| Refusal::not_found())?;
        text.parse().map(Id).map_err(|_| Refusal::not_found())
    }
}

/// Two ids in the path.
pub struct Two<A, B>(pub A, pub B);

impl<A: FromStr + Send, B: FromStr + Send> FromRequestParts<State> for Two<A, B> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refusal> {
        let axum::extract::Path((one, two)) =
            axum::extract::Path::<(String, String)>::from_request_parts(parts, state)
                .await
                .map_err(|_| Refusal::not_found())?;
        one.parse()
            .ok()
            .zip(two.parse().ok())
            .map(|(one, two)| Self(one, two))
            .ok_or_else(Refusal::not_found)
    }
}

/// A list's cursor and limit.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Paging {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// How many, 1 to 200; 50 unless told.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 200)]
    pub limit: Option<String>,
}

impl Paging {
    /// The cursor and limit in use.
    pub fn read<T: DeserializeOwned>(&self) -> Result<(Option<T>, usize), Refusal> {
        let limit = match &self.limit {
            None => 50,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=200).contains(limit))
                .ok_or_else(|| Refusal::new(Code::Invalid, "limit is a number from 1 to 200"))?,
        };
        Ok((cursor(self.cursor.as_deref())?, limit))
    }
}

/// A cursor that came back.
pub fn cursor<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>, Refusal> {
    text.map(|text| {
        read_cursor(text).ok_or_else(|| {
            Refusal::new(
                Code::Invalid,
                "the cursor cannot be read: start without one",
            )
        })
    })
    .transpose()
}

impl FromRequestParts<State> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refusal> {
        let unknown = || {
            Refusal::new(
                Code::SignedOut,
                "this conversation is not known: open a new one",
            )
        };
        let token = bearer(&parts.headers).ok_or_else(unknown)?;
        let visitor = state.store.visitor(&digest(token)).await?;
        visitor.ok_or_else(unknown)
    }
}

/// The token behind `Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The operation's id in `Idempotency-Key`.
pub struct Op(pub OpId);

impl FromRequestParts<State> for Op {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Refusal> {
        parts
            .headers
            .get(IDEMPOTENCY_HEADER)
            .and_then(|key| key.to_str().ok())
            .and_then(|key| key.parse().ok())
            .map(Op)
            .ok_or_else(|| {
                Refusal::new(
                    Code::Invalid,
                    "the header idempotency-key must hold the operation's id, a UUID",
                )
            })
    }
}

/// The address a request came from, to count wrong passwords by.
pub struct Peer(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let caller = parts.extensions.get::<Caller>();
        Ok(Self(caller.map_or_else(String::new, |caller| {
            network(caller.0).to_string()
        })))
    }
}

/// The other end's address, where there is another end.
pub fn peer(extensions: &Extensions) -> Option<String> {
    let caller = extensions.get::<Caller>()?;
    Some(caller.0.to_string())
}
