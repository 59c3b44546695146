//! Asking a shop over HTTP: every way this can end has a name.

use super::{CommerceError, Denied, Trouble};
use chrono::{DateTime, Utc};
use reqwest::{
    RequestBuilder, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// More than this is no answer about orders.
const LONGEST: usize = 16 << 20;
/// Nobody is kept waiting longer because a shop says so.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// Sends a request and reads a JSON answer.
pub async fn ask(
    request: RequestBuilder,
    now: DateTime<Utc>,
) -> Result<(HeaderMap, Value), CommerceError> {
    let mut answer = request.send().await.map_err(|error| failed(&error))?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    if !status.is_success() {
        return Err(refused(status, &headers, now));
    }
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| failed(&error))? {
        if body.len() + part.len() > LONGEST {
            return Err(CommerceError::changed("the length of the answer"));
        }
        body.extend_from_slice(&part);
    }
    let json = serde_json::from_slice(&body);
    let json = json.map_err(|_| CommerceError::changed("the answer, which is no JSON"))?;
    Ok((headers, json))
}

/// Reads a part of an answer; an error names the path of the field, not what is there.
pub fn part<T: DeserializeOwned>(value: Value) -> Result<T, CommerceError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let at = error.path().to_string();
        let words = error.inner().to_string();
        // Of a field that is missing the path names only what it is missing in.
        let missing = words.strip_prefix("missing field `");
        match missing.and_then(|rest| rest.split('`').next()) {
            Some(field) if at == "." => CommerceError::changed(field),
            Some(field) => CommerceError::changed(format!("{at}.{field}")),
            None => CommerceError::changed(at),
        }
    })
}

fn failed(error: &reqwest::Error) -> CommerceError {
    CommerceError::later(if error.is_timeout() {
        Trouble::TimedOut
    } else {
        Trouble::Unreachable
    })
}

fn refused(status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> CommerceError {
    let after = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| retry_after(text, now));
    let later = |why| CommerceError::Later { why, after };
    match status {
        StatusCode::TOO_MANY_REQUESTS => later(Trouble::Throttled),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::LOCKED => {
            later(Trouble::Failed)
        }
        _ if status.is_server_error() => later(Trouble::Failed),
        StatusCode::UNAUTHORIZED => CommerceError::Refused(Denied::Credentials),
        StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED => {
            CommerceError::Refused(Denied::Permission)
        }
        _ => CommerceError::Refused(Denied::Address(status)),
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let wait = match text.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => {
            let at = DateTime::parse_from_rfc2822(text.trim()).ok()?;
            (at.with_timezone(&Utc) - now).to_std().unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_says_when_it_wants_to_be_asked_again() {
        let now = DateTime::parse_from_rfc3339("2026-11-21T12:00:00Z").expect("a moment");
        let now = now.with_timezone(&Utc);
        for (text, seconds) in [
            ("2", Some(2.0)),
            ("2.0", Some(2.0)),
            ("Sat, 21 Nov 2026 12:00:30 GMT", Some(30.0)),
            ("Sat, 21 Nov 2026 11:00:00 GMT", Some(0.0)),
            ("999999999", Some(3_600.0)),
            ("-1", None),
            ("soon", None),
        ] {
            let wait = retry_after(text, now).map(|wait| wait.as_secs_f64());
            assert_eq!(wait, seconds, "{text}");
        }
    }
}
