//! AfterShip, Tracking API 2026-07: the trackings of a number, or a new one.

use super::{Heard, Limit, Line, NoAnswer, Parcel, Told, Tracking, Vendor, plain};
use async_trait::async_trait;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// Answers that the number is watched already.
const EXISTS: u64 = 4003;

pub(super) struct AfterShip(pub(super) Line);

impl AfterShip {
    fn request(&self, method: Method, asked: &str) -> RequestBuilder {
        let request = self.0.request(method, &format!("/trackings{asked}"));
        request.header("as-api-key", &self.0.access.key)
    }
}

#[async_trait]
impl Tracking for AfterShip {
    fn vendor(&self) -> Vendor {
        Vendor::AfterShip
    }

    /// What is published for lists; trackings may be made more often.
    fn limit(&self) -> Limit {
        Limit {
            requests: 6,
            within: Duration::from_secs(1),
        }
    }

    async fn track(&self, parcel: Parcel<'_>) -> Result<Option<Told>, NoAnswer> {
        let asked = format!("?tracking_numbers={}", plain(parcel.number));
        let heard = self.0.ask(self.request(Method::GET, &asked)).await?;
        if !heard.status.is_success() {
            return Err(heard.refused(code(&heard).map(|code| code.to_string()).as_deref()));
        }
        if let Some(told) = heard.told(self.vendor(), parcel.number)? {
            return Ok(Some(told).filter(|told| !told.track.said.starts_with("Pending")));
        }
        let new = json!({ "tracking_number": parcel.number });
        let heard = self
            .0
            .ask(self.request(Method::POST, "").json(&new))
            .await?;
        match (heard.status, code(&heard)) {
            (status, _) if status.is_success() => Ok(None),
            (StatusCode::BAD_REQUEST, Some(EXISTS)) => Ok(None),
            (_, code) => Err(heard.refused(code.map(|code| code.to_string()).as_deref())),
        }
    }
}

fn code(heard: &Heard) -> Option<u64> {
    let body = heard.json().ok()?;
    body.pointer("/meta/code").and_then(Value::as_u64)
}
