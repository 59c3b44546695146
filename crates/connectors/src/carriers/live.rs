//! Services that are asked where a parcel is: one contract, four of them.
//!
//! They tell by webhook as soon as they know; asking is for what they did not tell. A service that
//! has never heard of a number is told to watch it, and answers another time.

mod aftership;
mod easypost;
mod seventeen_track;
mod shippo;

use super::{Refusal, Track, Vendor, read};
use crate::commerce::{Now, Trouble, retry_after};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::{
    Client, Method, RequestBuilder, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// More than this is no answer about a parcel.
const LONGEST: usize = 4 << 20;
/// Nobody is kept waiting longer because a service says so.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// A service that can be asked.
#[async_trait]
pub trait Tracking: Send + Sync {
    /// Which.
    fn vendor(&self) -> Vendor;

    /// What it publishes about how often it may be asked.
    fn limit(&self) -> Limit;

    /// What becomes of a number that it has never heard of, in words.
    fn learns(&self) -> &'static str {
        "is watched once it was asked for"
    }

    /// Where a parcel is. `None` when the service does not know it, or not yet.
    async fn track(&self, parcel: Parcel<'_>) -> Result<Option<Told>, NoAnswer>;
}

/// A parcel, as a shop names it.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    /// The carrier's name; may be empty.
    pub carrier: &'a str,
    /// The carrier's number.
    pub number: &'a str,
}

/// What a service answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Where the parcel is.
    pub track: Track,
    /// The answer, word for word.
    pub raw: String,
}

/// So many requests within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub requests: u32,
    /// Within which time.
    pub within: Duration,
}

/// Why there is no answer. Holds codes and names of fields, never what a service says of a parcel.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The same question may be answered later.
    #[error("the service cannot answer now: {why}")]
    Later {
        /// What is the matter.
        why: Trouble,
        /// When the service wants to be asked again.
        after: Option<Duration>,
    },
    /// The key is wrong.
    #[error("the service does not know the key")]
    Credentials,
    /// The key may not do this, or nothing is left of what was paid for.
    #[error("the key may not ask this, or its quota is used up")]
    Permission,
    /// The service does not answer this question.
    #[error("the service refused: {0}")]
    Refused(String),
    /// The answer is not what this version of the interface says.
    #[error("the answer cannot be read: {0}")]
    Unreadable(#[from] Refusal),
}

/// Where a service is, and the key to it.
#[derive(Clone)]
pub struct Access {
    /// The address below which its interface lies.
    pub address: String,
    /// The key.
    pub key: String,
}

impl Access {
    /// A service at the address that it publishes.
    pub fn published(vendor: Vendor, key: &str) -> Self {
        let address = match vendor {
            Vendor::EasyPost => "https://api.easypost.com/v2",
            Vendor::AfterShip => "https://api.aftership.com/tracking/2026-07",
            Vendor::Shippo => "https://api.goshippo.com",
            Vendor::SeventeenTrack => "https://api.17track.net/track/v2.2",
        };
        Self {
            address: address.to_owned(),
            key: key.to_owned(),
        }
    }
}

/// A service that is asked with this client.
pub fn connect(vendor: Vendor, access: Access, client: Client, now: Now) -> Arc<dyn Tracking> {
    let line = Line {
        access,
        client,
        now,
    };
    match vendor {
        Vendor::EasyPost => Arc::new(easypost::EasyPost(line)),
        Vendor::AfterShip => Arc::new(aftership::AfterShip(line)),
        Vendor::Shippo => Arc::new(shippo::Shippo(line)),
        Vendor::SeventeenTrack => Arc::new(seventeen_track::SeventeenTrack(line)),
    }
}

/// The way to a service.
struct Line {
    access: Access,
    client: Client,
    now: Now,
}

/// An answer that is about the question: none of what [`Line::ask`] has a name for.
struct Heard {
    status: StatusCode,
    body: Vec<u8>,
}

impl Line {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = self.access.address.trim_end_matches('/');
        self.client.request(method, format!("{address}{path}"))
    }

    /// Sends a request; every way in which it can fail for reasons that are not the parcel's has a
    /// name.
    async fn ask(&self, request: RequestBuilder) -> Result<Heard, NoAnswer> {
        let mut answer = request.send().await.map_err(|error| failed(&error))?;
        let status = answer.status();
        let after = wait(answer.headers(), (self.now)());
        let later = |why| Err(NoAnswer::Later { why, after });
        match status {
            StatusCode::TOO_MANY_REQUESTS => return later(Trouble::Throttled),
            StatusCode::REQUEST_TIMEOUT => return later(Trouble::Failed),
            _ if status.is_server_error() => return later(Trouble::Failed),
            StatusCode::UNAUTHORIZED => return Err(NoAnswer::Credentials),
            StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED => {
                return Err(NoAnswer::Permission);
            }
            _ => {}
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + part.len() > LONGEST {
                let at = "the length of the answer".to_owned();
                return Err(Refusal::Shape { at }.into());
            }
            body.extend_from_slice(&part);
        }
        Ok(Heard { status, body })
    }
}

impl Heard {
    fn json(&self) -> Result<Value, NoAnswer> {
        let json = serde_json::from_slice(&self.body);
        let json = json.map_err(|error| Refusal::NotJson {
            line: error.line(),
            column: error.column(),
        })?;
        Ok(json)
    }

    /// What it says of a parcel of this number; nothing when it tells of none.
    fn told(self, vendor: Vendor, number: &str) -> Result<Option<Told>, NoAnswer> {
        let tracks = match read(vendor, &self.body) {
            Ok(tracks) => tracks,
            Err(Refusal::NoTrack) => return Ok(None),
            Err(refusal) => return Err(refusal.into()),
        };
        let raw = String::from_utf8(self.body).map_err(|_| Refusal::Shape {
            at: "the answer, which is no UTF-8".to_owned(),
        })?;
        let mut tracks = tracks.into_iter();
        let track = tracks.find(|track| is_same(&track.tracking_number, number));
        Ok(track.map(|track| Told { track, raw }))
    }

    /// The code with which a service refuses a question, without its words.
    fn refused(&self, code: Option<&str>) -> NoAnswer {
        let is_code = |code: &&str| {
            let mut bytes = code.bytes();
            code.len() <= 60
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        };
        NoAnswer::Refused(match code.filter(is_code) {
            Some(code) => format!("{} {code}", self.status.as_u16()),
            None => self.status.as_u16().to_string(),
        })
    }
}

/// Whether two spellings are one number: spaces do not count, nor does the case of letters.
fn is_same(one: &str, other: &str) -> bool {
    let letters = |text: &str| -> String {
        let all = text.chars().filter(|c| !c.is_whitespace());
        all.map(|c| c.to_ascii_uppercase()).collect()
    };
    letters(one) == letters(other)
}

/// A number as it may stand in an address: letters, digits and hyphens.
fn plain(number: &str) -> String {
    let kept = number.chars();
    kept.filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect()
}

fn failed(error: &reqwest::Error) -> NoAnswer {
    let why = if error.is_timeout() {
        Trouble::TimedOut
    } else {
        Trouble::Unreachable
    };
    NoAnswer::Later { why, after: None }
}

/// When a service wants to be asked again: `Retry-After` (RFC 9110), or `X-RateLimit-Reset` as a
/// Unix time, as AfterShip has it.
fn wait(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let told = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let after = told(RETRY_AFTER.as_str()).and_then(|text| retry_after(text, now));
    let reset = || {
        let at = told("x-ratelimit-reset")?.trim().parse().ok()?;
        let at = DateTime::from_timestamp(at, 0)?;
        Some((at - now).to_std().unwrap_or_default().min(LONGEST_WAIT))
    };
    after.or_else(reset)
}
