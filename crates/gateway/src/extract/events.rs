//! Events in the HTTP binding of CloudEvents 1.0: structured, as a batch, or in headers.

use super::{bounded, read_json};
use crate::{app::State, intake::ASKED, problem::Refusal, serve::TooSlow};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use deskhand_protocol::{
    events::{BATCH, CloudEvent},
    problem::Code,
};
use serde_json::Value;

/// Events as they were told.
pub struct Events(pub Vec<CloudEvent>);

/// The bytes of a body.
pub struct Raw(pub Bytes);

impl FromRequest<State> for Raw {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &State) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, state).await;
        bytes.map(Self).map_err(|rejection| {
            if TooSlow::is_behind(&rejection) {
                Refusal::of_status(StatusCode::REQUEST_TIMEOUT)
            } else {
                Refusal::of_status(rejection.status())
            }
        })
    }
}

impl FromRequest<State> for Events {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &State) -> Result<Self, Refusal> {
        let headers = request.headers().clone();
        let Raw(bytes) = Raw::from_request(request, state).await?;
        let text = std::str::from_utf8(&bytes).map_err(|_| unsupported())?;
        let kind = value(&headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let events = match kind.to_ascii_lowercase().as_str() {
            "application/cloudevents+json" => vec![read_json(text)?],
            "application/cloudevents-batch+json" => batch(text)?,
            "application/json" if headers.contains_key("ce-specversion") => {
                vec![binary(&headers, text)?]
            }
            _ => return Err(unsupported()),
        };
        let one = events.len() == 1;
        for (index, event) in events.iter().enumerate() {
            let place = if one {
                String::new()
            } else {
                format!("/{index}")
            };
            check(event, &place)?;
        }
        Ok(Self(events))
    }
}

fn unsupported() -> Refusal {
    Refusal::new(
        Code::UnsupportedMedia,
        "send application/cloudevents+json, application/cloudevents-batch+json, or \
         application/json with the headers ce-specversion, ce-id, ce-source and ce-type, in UTF-8",
    )
}

fn batch(text: &str) -> Result<Vec<CloudEvent>, Refusal> {
    bounded(text)?;
    let list: Vec<Value> = serde_json::from_str(text)
        .map_err(|_| Refusal::field("", "is no list of events: send a JSON array"))?;
    if list.len() > BATCH {
        let words = format!("holds more than {BATCH} events: send them in several batches");
        return Err(Refusal::field("", words));
    }
    let events = list.into_iter().enumerate().map(|(index, event)| {
        serde_path_to_error::deserialize(event).map_err(|error| {
            let place = format!("/{index}{}", super::pointer(error.path()));
            Refusal::field(place, "is missing, or of another type")
        })
    });
    events.collect()
}

fn binary(headers: &HeaderMap, text: &str) -> Result<CloudEvent, Refusal> {
    bounded(text)?;
    let attribute = |name: &str| {
        let text = value(headers, &format!("ce-{name}"));
        let decoded = text.and_then(|text| percent_decoded(&text));
        decoded.ok_or_else(|| {
            Refusal::new(
                Code::Invalid,
                format!("the header ce-{name} is missing or cannot be read"),
            )
        })
    };
    let data = serde_json::from_str(text).map_err(|_| Refusal::field("", "is no JSON"))?;
    Ok(CloudEvent {
        specversion: attribute("specversion")?,
        id: attribute("id")?,
        source: attribute("source")?,
        kind: attribute("type")?,
        data,
    })
}

fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Header values hold what is not printable ASCII as `%` and two digits.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            let pair = std::str::from_utf8(&pair).ok()?;
            bytes.push(u8::from_str_radix(pair, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn check(event: &CloudEvent, place: &str) -> Result<(), Refusal> {
    if event.specversion != "1.0" {
        let words = "is not 1.0, the one version that is spoken here";
        return Err(Refusal::field(format!("{place}/specversion"), words));
    }
    for (name, text, most) in [
        ("id", &event.id, 256),
        ("source", &event.source, 512),
        ("type", &event.kind, 256),
    ] {
        let is_fine = !text.is_empty() && text.chars().count() <= most;
        if !is_fine || text.chars().any(char::is_control) {
            let words = format!("has 1 to {most} characters and no control characters");
            return Err(Refusal::field(format!("{place}/{name}"), words));
        }
    }
    if event.source.starts_with("/hooks/") || event.source.starts_with(ASKED) {
        let words = "is a service's own: name your program";
        return Err(Refusal::field(format!("{place}/source"), words));
    }
    Ok(())
}
