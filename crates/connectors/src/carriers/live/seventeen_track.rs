//! 17TRACK, API v2.2: what is known of a number, or that it shall be watched.

use super::{Heard, Limit, Line, NoAnswer, Parcel, Told, Tracking, Vendor};
use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The number was never told to it.
const NOT_REGISTERED: i64 = -18_019_902;
/// It was told, and nothing is known yet.
const NOTHING_YET: i64 = -18_019_909;
/// It was told before.
const REGISTERED: i64 = -18_019_901;

pub(super) struct SeventeenTrack(pub(super) Line);

impl SeventeenTrack {
    async fn ask(&self, what: &str, number: &str) -> Result<Heard, NoAnswer> {
        let request = self.0.request(Method::POST, what);
        let request = request.header("17token", &self.0.access.key);
        // The carrier is found by the number: a shop's name of it is not one of 17TRACK's.
        let heard = self
            .0
            .ask(request.json(&json!([{ "number": number }])))
            .await?;
        if !heard.status.is_success() {
            return Err(heard.refused(None));
        }
        Ok(heard)
    }
}

#[async_trait]
impl Tracking for SeventeenTrack {
    fn vendor(&self) -> Vendor {
        Vendor::SeventeenTrack
    }

    fn limit(&self) -> Limit {
        Limit {
            requests: 3,
            within: Duration::from_secs(1),
        }
    }

    async fn track(&self, parcel: Parcel<'_>) -> Result<Option<Told>, NoAnswer> {
        let heard = self.ask("/gettrackinfo", parcel.number).await?;
        match rejected(&heard)? {
            None => {
                let told = heard.told(self.vendor(), parcel.number)?;
                Ok(told.filter(|told| told.track.said != "NotFound_Other"))
            }
            Some(NOTHING_YET) => Ok(None),
            Some(NOT_REGISTERED) => {
                let heard = self.ask("/register", parcel.number).await?;
                match rejected(&heard)? {
                    None | Some(REGISTERED) => Ok(None),
                    Some(code) => Err(heard.refused(Some(&code.to_string()))),
                }
            }
            Some(code) => Err(heard.refused(Some(&code.to_string()))),
        }
    }
}

/// The code with which it rejected the one number that was asked for.
fn rejected(heard: &Heard) -> Result<Option<i64>, NoAnswer> {
    let body = heard.json()?;
    let code = body.pointer("/data/rejected/0/error/code");
    Ok(code.and_then(Value::as_i64))
}
