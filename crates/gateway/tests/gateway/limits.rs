//! How much, how deep, how often, and from which pages.

use crate::kit::{Answer, Shop, request};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use deskhand_gateway::{config::Rate, serve::Caller};
use deskhand_protocol::problem::Code;
use serde_json::json;
use std::time::Duration;

fn per_minute(count: u32) -> Rate {
    Rate {
        count,
        per: Duration::from_secs(60),
    }
}

#[tokio::test]
async fn an_account_that_asks_too_often_is_told_when_to_come_back() {
    let shop = Shop::open_with(|config| {
        config.rates.reads = per_minute(3);
        config.rates.writes = per_minute(1);
    })
    .await;
    let (priya, mette) = (shop.sign_in("priya").await, shop.sign_in("mette").await);
    for left in ["2", "1", "0"] {
        let answer = shop.get("/v1/tickets", &priya).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["ratelimit-policy"], "\"reads\";q=3;w=60");
        let told = answer.headers["ratelimit"].to_str().expect("text");
        assert!(
            told.starts_with(&format!("\"reads\";r={left};t=")),
            "{told}"
        );
    }
    let refused = shop.get("/v1/tickets", &priya).await;
    assert_eq!(refused.problem().code, Code::Busy);
    assert_eq!(refused.headers["retry-after"], "21");
    assert_eq!(refused.headers["ratelimit"], "\"reads\";r=0;t=60");
    assert_eq!(
        shop.get("/v1/tickets", &mette).await.status,
        StatusCode::OK,
        "others go on"
    );
    assert_eq!(
        shop.get("/v1/sync", &priya).await.status,
        StatusCode::OK,
        "catching up has a line of its own"
    );
    let note = json!({"kind": "note", "text": "one"});
    let path = format!("{}/messages", crate::kit::TICKET);
    assert_eq!(
        shop.send("POST", &path, &priya, note.clone()).await.status,
        StatusCode::CREATED
    );
    assert_eq!(
        shop.send("POST", &path, &priya, note).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    shop.state.clock.advance(chrono::TimeDelta::seconds(20));
    assert_eq!(shop.get("/v1/tickets", &priya).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_refused_before_anything_is_looked_at() {
    let shop = Shop::open_with(|config| {
        config.rates.address = per_minute(3);
        config.rates.sign_ins = per_minute(1);
    })
    .await;
    let ask = async |method: &str, path: &str, from: &str| {
        let mut request = request(method, path, "", Some("{}".to_owned()));
        request
            .extensions_mut()
            .insert(Caller(from.parse().expect("an address")));
        shop.ask(request).await
    };
    let at = "2001:db8::1";
    assert_eq!(
        ask("POST", "/v1/sessions", at).await.status,
        StatusCode::BAD_REQUEST
    );
    let refused = ask("POST", "/v1/sessions", at).await;
    assert_eq!(refused.problem().code, Code::Busy);
    assert_eq!(
        refused.headers["ratelimit-policy"],
        "\"address\";q=3;w=60, \"sign-ins\";q=1;w=60"
    );
    assert_eq!(
        ask("GET", "/v1/hello", "2001:db8::2").await.status,
        StatusCode::OK
    );
    assert_eq!(
        ask("GET", "/v1/hello", "2001:db8::3").await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "one /64"
    );
    assert_eq!(
        ask("GET", "/v1/hello", "192.0.2.1").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn what_is_too_long_too_deep_or_too_large_is_refused() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let long = format!("/v1/tickets?cursor={}", "x".repeat(9_000));
    assert_eq!(shop.get(&long, &token).await.problem().status, 414);
    let post =
        async |path: &str, body: String| shop.ask(request("POST", path, &token, Some(body))).await;
    let path = format!("{}/messages", crate::kit::TICKET);
    let deep = format!("{{\"kind\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    let refused = post(&path, deep).await.problem();
    assert!(refused.errors[0].detail.contains("deep"), "{refused:?}");
    let many = format!(
        "{{\"kind\":\"note\",\"text\":\"a\",\"mentions\":[{}1]}}",
        "1,".repeat(1_000)
    );
    let refused = post(&path, many).await.problem();
    assert!(refused.errors[0].detail.contains("1000"), "{refused:?}");
    let brackets = json!({"kind": "note", "text": "[{".repeat(1_000) + "\\\""}).to_string();
    assert_eq!(
        post(&path, brackets).await.status,
        StatusCode::CREATED,
        "a text may hold anything"
    );
    let large = |size: usize| format!("{{\"email\":\"{}\"}}", "x".repeat(size));
    assert_eq!(
        post("/v1/sessions", large(17_000)).await.problem().status,
        413
    );
    assert_eq!(
        post("/chat/api/conversations", large(140_000))
            .await
            .problem()
            .status,
        413
    );
    assert_eq!(post(&path, large(140_000)).await.problem().status, 400);
    assert_eq!(post(&path, large(270_000)).await.problem().status, 413);
}

/// Asks as a page of an origin would.
async fn page(
    shop: &Shop,
    method: &str,
    path: &str,
    origin: &str,
    more: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "help.example")
        .header(header::ORIGIN, origin)
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    shop.ask(request.body(Body::from("{}")).expect("a request"))
        .await
}

#[tokio::test]
async fn pages_from_elsewhere_change_nothing() {
    let shop =
        Shop::open_with(|config| config.origins.chat = vec!["https://shop.example".to_owned()])
            .await;
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
    let asks = [("access-control-request-method", "POST")];
    for (method, path, origin, more, status) in [
        ("POST", "/v1/sessions", "https://evil.example", &[][..], 403),
        ("POST", "/v1/sessions", "null", &[][..], 403),
        ("POST", "/v1/sessions", "https://shop.example", &[][..], 403),
        ("POST", "/v1/sessions", "https://help.example", &[][..], 400),
        ("GET", "/v1/live", "https://evil.example", &upgrade[..], 403),
        (
            "GET",
            "/chat/live",
            "https://evil.example",
            &upgrade[..],
            403,
        ),
        (
            "GET",
            "/chat/live",
            "https://shop.example",
            &upgrade[..],
            400,
        ),
        ("GET", "/v1/hello", "https://evil.example", &[][..], 200),
        (
            "POST",
            "/chat/api/conversations",
            "https://evil.example",
            &[][..],
            403,
        ),
        (
            "POST",
            "/chat/api/conversations",
            "https://shop.example",
            &[][..],
            400,
        ),
        (
            "OPTIONS",
            "/chat/api/conversations",
            "https://shop.example",
            &asks[..],
            204,
        ),
        (
            "OPTIONS",
            "/chat/api/conversations",
            "https://evil.example",
            &asks[..],
            403,
        ),
        (
            "OPTIONS",
            "/v1/sessions",
            "https://shop.example",
            &asks[..],
            403,
        ),
    ] {
        let answer = page(&shop, method, path, origin, more).await;
        let words = format!("{method} {path} {origin}: {}", answer.body);
        assert_eq!(answer.status.as_u16(), status, "{words}");
        let allowed = answer.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        let chat = origin == "https://shop.example" && path.starts_with("/chat/");
        assert_eq!(
            allowed.map(|value| value == origin),
            chat.then_some(true),
            "{words}"
        );
        assert!(
            !answer
                .headers
                .contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS)
        );
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_browsers_narrow() {
    let shop = Shop::open().await;
    for path in ["/v1/hello", "/nothing", "/chat/", "/v1/tickets"] {
        let answer = shop.get(path, "").await;
        for name in [
            "x-content-type-options",
            "referrer-policy",
            "content-security-policy",
            "cross-origin-resource-policy",
            "permissions-policy",
            "cache-control",
        ] {
            assert!(answer.headers.contains_key(name), "{path} lacks {name}");
        }
        assert!(
            !answer.headers.contains_key("strict-transport-security"),
            "no TLS of ours"
        );
        assert!(!answer.headers.contains_key("server"));
    }
}
