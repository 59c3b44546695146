//! How often somebody may ask, told in advance: `RateLimit` and `RateLimit-Policy` of
//! draft-ietf-httpapi-ratelimit-headers-10. Kept in memory: a restart forgives.

use crate::{
    app::State,
    config::{self, Rate},
    problem::Refusal,
    serve::{Caller, network},
};
use axum::{
    extract::{self, Request},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use chrono::TimeDelta;
use deskhand_domain::{AccountId, Instant};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How many names a bucket remembers before it forgets those that are full again.
const REMEMBERED: usize = 50_000;
/// The longest query.
const QUERY: usize = 8 * 1024;

/// Every rate of a gateway.
pub struct Rates {
    address: Bucket,
    sign_ins: Bucket,
    reads: Bucket,
    writes: Bucket,
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    policy: &'static str,
    limit: u32,
    window: i64,
    left: u32,
    /// Seconds until it is whole again.
    resets: i64,
}

/// The quotas that a request has used, for the headers of its answer.
#[derive(Clone, Default)]
pub struct Quotas(Arc<Mutex<Vec<Quota>>>);

impl Rates {
    /// As configured.
    pub fn new(rates: &config::Rates) -> Self {
        Self {
            address: Bucket::new("address", rates.address),
            sign_ins: Bucket::new("sign-ins", rates.sign_ins),
            reads: Bucket::new("reads", rates.reads),
            writes: Bucket::new("writes", rates.writes),
        }
    }

    /// Counts a request of an account. Catching up has a line of its own, so it is not counted.
    pub fn account(
        &self,
        account: AccountId,
        (method, path): (&Method, &str),
        extensions: &Extensions,
        now: Instant,
    ) -> Result<(), Refusal> {
        let bucket = match *method {
            _ if matches!(path, "/v1/sync" | "/v1/live" | "/v1/live/ticket") => return Ok(()),
            Method::GET | Method::HEAD => &self.reads,
            _ => &self.writes,
        };
        bucket.count(&account.to_string(), extensions, now)
    }
}

/// Counts a request of an address, before anything else is looked at.
pub async fn limited(
    extract::State(state): extract::State<State>,
    request: Request,
    next: Next,
) -> Response {
    if request
        .uri()
        .query()
        .is_some_and(|query| query.len() > QUERY)
    {
        return Refusal::of_status(StatusCode::URI_TOO_LONG).into_response();
    }
    let caller = request.extensions().get::<Caller>();
    if let Some(Caller(address)) = caller {
        let (name, now) = (network(*address).to_string(), state.clock.now());
        let rates = &state.throttles.rates;
        let sign_in = request.method() == Method::POST
            && matches!(
                request.uri().path(),
                "/v1/sessions"
                    | "/v1/sessions/totp"
                    | "/v1/sessions/oidc"
                    | "/v1/sessions/oidc/begin"
            );
        let mut counted = rates.address.count(&name, request.extensions(), now);
        if sign_in && counted.is_ok() {
            counted = rates.sign_ins.count(&name, request.extensions(), now);
        }
        if let Err(refusal) = counted {
            return refusal.into_response();
        }
    }
    next.run(request).await
}

impl Quotas {
    fn add(&self, quota: Quota) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(quota);
    }

    /// Writes them into the headers of the answer.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let quotas = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if quotas.is_empty() {
            return;
        }
        let list = |write: &dyn Fn(&Quota) -> String| {
            let items: Vec<String> = quotas.iter().map(write).collect();
            HeaderValue::from_str(&items.join(", "))
        };
        let policies =
            list(&|quota| format!("\"{}\";q={};w={}", quota.policy, quota.limit, quota.window));
        let left =
            list(&|quota| format!("\"{}\";r={};t={}", quota.policy, quota.left, quota.resets));
        for (name, value) in [("ratelimit-policy", policies), ("ratelimit", left)] {
            if let Ok(value) = value {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// Tokens that come back evenly over the window of a rate, for each name.
struct Bucket {
    policy: &'static str,
    rate: Rate,
    used: Mutex<BTreeMap<String, Used>>,
}

/// How much of it was used when.
#[derive(Clone, Copy)]
struct Used {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn new(policy: &'static str, rate: Rate) -> Self {
        Self {
            policy,
            rate,
            used: Mutex::default(),
        }
    }

    fn count(&self, name: &str, extensions: &Extensions, now: Instant) -> Result<(), Refusal> {
        let taken = self.take(name, now);
        let (quota, wait) = match taken {
            Ok(quota) => (quota, None),
            Err((quota, wait)) => (quota, Some(wait)),
        };
        if let Some(quotas) = extensions.get::<Quotas>() {
            quotas.add(quota);
        }
        wait.map_or(Ok(()), |wait| Err(Refusal::busy(wait)))
    }

    /// Takes one, or says how long to wait for it.
    fn take(&self, name: &str, now: Instant) -> Result<Quota, (Quota, TimeDelta)> {
        let (limit, window) = (f64::from(self.rate.count), self.rate.per.as_secs_f64());
        let refilled = |used: &Used| {
            let seconds = (now - used.at).num_milliseconds().max(0) as f64 / 1000.0;
            (used.tokens - seconds * limit / window).max(0.0)
        };
        let mut all = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.retain(|_, used| refilled(used) > 0.0);
        }
        while all.len() >= REMEMBERED {
            all.pop_first();
        }
        let used = all.get(name).map_or(0.0, refilled);
        let fits = used + 1.0 <= limit;
        let tokens = if fits { used + 1.0 } else { used };
        all.insert(name.to_owned(), Used { tokens, at: now });
        let quota = Quota {
            policy: self.policy,
            limit: self.rate.count,
            window: window as i64,
            left: (limit - tokens) as u32,
            resets: (tokens * window / limit).ceil() as i64,
        };
        if fits {
            return Ok(quota);
        }
        let wait = (used + 1.0 - limit) * window / limit;
        Err((
            quota,
            TimeDelta::milliseconds((wait * 1000.0).ceil() as i64),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_was_used_comes_back_evenly() {
        let rate = Rate {
            count: 60,
            per: Duration::from_secs(60),
        };
        let bucket = Bucket::new("reads", rate);
        let at = |second| chrono::DateTime::from_timestamp(second, 0).expect("a moment");
        for left in (0..60).rev() {
            assert_eq!(bucket.take("ana", at(0)).expect("one").left, left);
        }
        let (quota, wait) = bucket.take("ana", at(0)).expect_err("none is left");
        assert_eq!(
            (quota.left, quota.resets, wait),
            (0, 60, TimeDelta::seconds(1))
        );
        assert!(bucket.take("ben", at(0)).is_ok(), "names are apart");
        assert!(bucket.take("ana", at(1)).is_ok(), "one came back");
        assert!(bucket.take("ana", at(1)).is_err());
        assert!(
            bucket.take("ana", at(-100)).is_err(),
            "a clock that is set back gives nothing"
        );
        assert_eq!(bucket.take("ana", at(1_000)).expect("all").left, 59);
    }

    #[test]
    fn the_headers_are_those_of_the_draft() {
        let quotas = Quotas::default();
        let mut headers = HeaderMap::new();
        quotas.tell(&mut headers);
        assert!(headers.is_empty());
        for policy in ["address", "reads"] {
            quotas.add(Quota {
                policy,
                limit: 100,
                window: 60,
                left: 99,
                resets: 1,
            });
        }
        quotas.tell(&mut headers);
        assert_eq!(
            headers["ratelimit-policy"],
            r#""address";q=100;w=60, "reads";q=100;w=60"#
        );
        assert_eq!(
            headers["ratelimit"],
            r#""address";r=99;t=1, "reads";r=99;t=1"#
        );
    }
}
