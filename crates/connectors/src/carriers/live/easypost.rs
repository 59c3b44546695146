//! EasyPost, API v2: the trackers of a number, or a new one.

use super::{Limit, Line, NoAnswer, Parcel, Told, Tracking, Vendor, plain};
use async_trait::async_trait;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::time::Duration;

/// The key is the user's name; there is no password.
pub(super) struct EasyPost(pub(super) Line);

impl EasyPost {
    fn request(&self, method: Method, asked: &str) -> RequestBuilder {
        let request = self.0.request(method, &format!("/trackers{asked}"));
        request.basic_auth(&self.0.access.key, Some(""))
    }
}

#[async_trait]
impl Tracking for EasyPost {
    fn vendor(&self) -> Vendor {
        Vendor::EasyPost
    }

    fn limit(&self) -> Limit {
        Limit {
            requests: 5,
            within: Duration::from_secs(1),
        }
    }

    async fn track(&self, parcel: Parcel<'_>) -> Result<Option<Told>, NoAnswer> {
        let asked = format!("?tracking_code={}&page_size=5", plain(parcel.number));
        let heard = self.0.ask(self.request(Method::GET, &asked)).await?;
        if !heard.status.is_success() {
            return Err(refused(&heard));
        }
        if let Some(told) = heard.told(self.vendor(), parcel.number)? {
            return Ok(known(told));
        }
        // The carrier is found by the number: a shop's name of it is not one of EasyPost's.
        let new = json!({ "tracker": { "tracking_code": parcel.number } });
        let heard = self
            .0
            .ask(self.request(Method::POST, "").json(&new))
            .await?;
        if !heard.status.is_success() {
            return Err(refused(&heard));
        }
        let told = heard.told(self.vendor(), parcel.number)?;
        Ok(told.and_then(known))
    }
}

/// A tracker that was just made knows nothing.
fn known(told: Told) -> Option<Told> {
    let nothing = told.track.said.starts_with("unknown") && told.track.events.is_empty();
    (!nothing).then_some(told)
}

fn refused(heard: &super::Heard) -> NoAnswer {
    let body = heard.json().unwrap_or_default();
    heard.refused(body.pointer("/error/code").and_then(Value::as_str))
}
