//! The HTTP interface: what it answers, and to what it says no and how.

use crate::kit::{Shop, TICKET, operation, request, ticket};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use deskhand_gateway::{routes, store::conformance::HOSTILE};
use deskhand_protocol::problem::Code;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::OpenApi as _;
use uuid::Uuid;

#[tokio::test]
async fn an_answer_is_stored_once_however_often_it_is_sent() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let path = format!("{TICKET}/messages");
    let (op, body) = (
        Uuid::new_v4(),
        json!({"kind": "public", "text": "On its way!", "seen": shop.newest(&token, TICKET).await}),
    );
    let send = |body: &Value| operation("POST", &path, &token, Some(body.to_string()), op);
    let first = shop.ask(send(&body)).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    assert_eq!(first.json()["message"]["id"], op.to_string());
    assert_eq!(first.json()["ticket"]["status"], "pending");
    let again = shop.ask(send(&body)).await;
    assert_eq!(
        (again.status, again.body),
        (first.status, first.body),
        "the same bytes"
    );
    let other = shop
        .ask(send(&json!({"kind": "public", "text": "Other"})))
        .await;
    assert_eq!(other.problem().code, Code::Conflict);
    let messages = shop.get(&path, &token).await.json();
    assert_eq!(messages["items"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn bad_bodies_are_refused_with_a_pointer_and_never_500() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let path = format!("{TICKET}/messages");
    let check = async |body: &[u8], kind: &str, status: u16, code: Code, pointer: Option<&str>| {
        let mut request = request("POST", &path, &token, None);
        *request.body_mut() = Body::from(body.to_vec());
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, kind.parse().expect("a type"));
        let answer = shop.ask(request).await;
        let words = String::from_utf8_lossy(body)
            .chars()
            .take(60)
            .collect::<String>();
        let problem = answer.problem();
        assert_eq!((problem.status, problem.code), (status, code), "{words}");
        let found = problem.errors.first().map(|error| error.pointer.as_str());
        assert_eq!(found, pointer, "{words}");
    };
    let json = "application/json";
    let bad = Code::Invalid;
    check(b"", json, 400, bad, Some("")).await;
    check(b"{", json, 400, bad, Some("")).await;
    check(b"[]", json, 400, bad, Some("")).await;
    check(br#"{"kind":"public"}"#, json, 400, bad, Some("/text")).await;
    check(br#"["note","x",null,null]"#, json, 400, bad, Some("")).await;
    check(
        br#"{"kind":"note","text":"x","text":"y"}"#,
        json,
        400,
        bad,
        Some("/text"),
    )
    .await;
    check(
        br#"{"kind":"public","text":5}"#,
        json,
        400,
        bad,
        Some("/text"),
    )
    .await;
    check(
        br#"{"kind":"loud","text":"x"}"#,
        json,
        400,
        bad,
        Some("/kind"),
    )
    .await;
    check(
        br#"{"kind":"note","text":"x","seen":"y"}"#,
        json,
        400,
        bad,
        Some("/seen"),
    )
    .await;
    check(
        br#"{"kind":"note","text":"x","a/b":1}"#,
        json,
        400,
        bad,
        Some("/a~1b"),
    )
    .await;
    check(
        br#"{"kind":"note","text":"x"} more"#,
        json,
        400,
        bad,
        Some(""),
    )
    .await;
    check(
        br#"{"kind":"note","text":" \n "}"#,
        json,
        422,
        bad,
        Some("/text"),
    )
    .await;
    let long = format!(r#"{{"kind":"note","text":"{}"}}"#, "x".repeat(20_001));
    check(long.as_bytes(), json, 422, bad, Some("/text")).await;
    let huge = format!(r#"{{"kind":"note","text":"{}"}}"#, "x".repeat(300_000));
    check(huge.as_bytes(), json, 413, Code::TooLarge, None).await;
    let deep = "[".repeat(10_000);
    check(deep.as_bytes(), json, 400, bad, Some("")).await;
    check(
        b"{\"kind\":\"note\",\"text\":\"\xff\"}",
        json,
        415,
        Code::UnsupportedMedia,
        None,
    )
    .await;
    check(
        br#"{"kind":"note","text":"x"}"#,
        "text/plain",
        415,
        Code::UnsupportedMedia,
        None,
    )
    .await;
    let latin = "application/json; charset=iso-8859-1";
    check(
        br#"{"kind":"note","text":"x"}"#,
        latin,
        415,
        Code::UnsupportedMedia,
        None,
    )
    .await;
}

#[tokio::test]
async fn bad_paths_and_parameters_are_problems_too() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let check = async |path: &str, status: u16, code: Code| {
        let problem = shop.get(path, &token).await.problem();
        assert_eq!((problem.status, problem.code), (status, code), "{path}");
    };
    check("/nowhere", 404, Code::NotFound).await;
    check("/v1/tickets/not-an-id", 404, Code::NotFound).await;
    check("/v1/tickets/%ff", 404, Code::NotFound).await;
    check(&ticket(99), 404, Code::NotFound).await;
    check(&format!("{}/messages", ticket(99)), 404, Code::NotFound).await;
    check("/v1/tickets?status=loud", 400, Code::Invalid).await;
    check("/v1/tickets?unknown=1", 400, Code::Invalid).await;
    check("/v1/tickets?limit=0", 400, Code::Invalid).await;
    check("/v1/tickets?limit=many", 400, Code::Invalid).await;
    check("/v1/tickets?cursor=%00", 400, Code::Invalid).await;
    check("/v1/tickets?cursor=e30", 400, Code::Invalid).await;
    check("/v1/customers?email=%00", 400, Code::Invalid).await;
    check("/v1/sync?after=garbled", 400, Code::Invalid).await;
    let ticket = shop
        .send("POST", "/v1/live/ticket", &token, json!({}))
        .await;
    let ticket = ticket.json()["ticket"].clone();
    let plain = shop
        .get("/v1/live", ticket.as_str().expect("a ticket"))
        .await;
    assert_eq!(plain.problem().code, Code::Invalid, "no upgrade");
    check("/chat/nothing.js", 404, Code::NotFound).await;
    let answer = shop.send("DELETE", TICKET, &token, json!({})).await;
    assert_eq!(answer.problem().code, Code::MethodNotAllowed);
}

#[tokio::test]
async fn a_cursor_of_another_history_says_sync_again() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let next = shop.get("/v1/sync", &token).await.json()["next"].clone();
    let next = next.as_str().expect("more pages");
    let now = shop.state.clock.now();
    let hash = deskhand_gateway::passwords::hash("hollowpine").await;
    let seed = deskhand_gateway::testing::small_shop(now, 30, hash);
    shop.state.store.seed(seed).await.expect("a new history");
    let token = shop.sign_in("priya").await;
    let problem = shop
        .get(&format!("/v1/sync?after={next}"), &token)
        .await
        .problem();
    assert_eq!((problem.status, problem.code), (409, Code::Conflict));
    assert!(problem.detail.contains("new sync"), "{}", problem.detail);
}

#[tokio::test]
async fn without_a_session_nothing_is_told() {
    let shop = Shop::open().await;
    for (method, path) in routes::all().listed {
        // A webhook has a proof, and is not there without a secret.
        let open = path.starts_with("/chat/live")
            || path.starts_with("/hooks/")
            || [
                "/healthz",
                "/readyz",
                "/v1/hello",
                "/v1/openapi.json",
                "/v1/sessions",
                "/v1/sessions/refresh",
                "/v1/sessions/totp",
                "/v1/sessions/oidc",
                "/v1/sessions/oidc/begin",
            ]
            .contains(&path)
            || path == "/chat/api/conversations";
        if open {
            continue;
        }
        let path = path
            .split('/')
            .map(|part| {
                if part.starts_with('{') {
                    "01900000-0005-7000-8000-000000000001"
                } else {
                    part
                }
            })
            .collect::<Vec<_>>()
            .join("/");
        for token in ["", "wrong"] {
            let problem = shop
                .send(&method.to_uppercase(), &path, token, json!({}))
                .await
                .problem();
            assert_eq!(
                (problem.status, problem.code),
                (401, Code::SignedOut),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn an_auditor_sees_nothing_personal() {
    let shop = Shop::open().await;
    let token = shop.sign_in("otto").await;
    for path in ["/v1/tickets", TICKET, "/v1/customers", "/v1/orders"] {
        let problem = shop.get(path, &token).await.problem();
        assert_eq!(
            (problem.status, problem.code),
            (403, Code::Forbidden),
            "{path}"
        );
    }
    let body = json!({"kind": "note", "text": "x"});
    let answer = shop
        .send("POST", &format!("{TICKET}/messages"), &token, body)
        .await;
    assert_eq!(answer.problem().code, Code::Forbidden);
    let answer = shop
        .send("PATCH", TICKET, &token, json!({"status": "closed"}))
        .await;
    assert_eq!(answer.problem().code, Code::Forbidden);
    let mut kinds = BTreeSet::new();
    let mut path = "/v1/sync".to_owned();
    loop {
        let page = shop.get(&path, &token).await.json();
        for change in page["changes"].as_array().expect("changes") {
            kinds.insert(
                change["record"]["kind"]
                    .as_str()
                    .expect("a kind")
                    .to_owned(),
            );
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/sync?after={next}"),
            None => break,
        }
    }
    let expected = ["account", "article", "macro"].map(str::to_owned);
    assert_eq!(kinds, BTreeSet::from(expected));
}

#[tokio::test]
async fn wrong_passwords_are_slowed_down() {
    let shop = Shop::open().await;
    let body = json!({"email": "priya@hollowpine.example", "password": "wrong"});
    for _ in 0..5 {
        let answer = shop.send("POST", "/v1/sessions", "", body.clone()).await;
        assert_eq!(answer.problem().code, Code::WrongCredentials);
    }
    let right = json!({"email": "Priya@hollowpine.example", "password": "hollowpine"});
    let answer = shop.send("POST", "/v1/sessions", "", right).await;
    assert_eq!(
        answer.problem().code,
        Code::Busy,
        "even the right one waits"
    );
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    shop.sign_in("mette").await;
    shop.state.clock.advance(chrono::TimeDelta::minutes(6));
    shop.sign_in("priya").await;
}

#[tokio::test]
async fn another_protocol_is_refused_with_words() {
    let shop = Shop::open().await;
    let hello = |version: &str| {
        Request::get("/v1/hello")
            .header("deskhand-protocol", version)
            .body(Body::empty())
    };
    let answer = shop.ask(hello("1").expect("a request")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let problem = shop.ask(hello("2").expect("a request")).await.problem();
    assert_eq!((problem.status, problem.code), (426, Code::OtherVersion));
}

#[tokio::test]
async fn mark_up_in_any_text_stays_the_text_it_is() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    for hostile in HOSTILE {
        let seen = shop.newest(&token, TICKET).await;
        let body = json!({"kind": "public", "text": hostile, "seen": seen});
        let path = format!("{TICKET}/messages");
        let answer = shop.send("POST", &path, &token, body).await.json();
        assert_eq!(answer["message"]["text"], *hostile);
        let body = json!({"add_tags": [hostile]});
        let answer = shop.send("PATCH", TICKET, &token, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}

#[tokio::test]
async fn a_patch_is_checked_before_anything_changes() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let check = async |body: Value, pointer: &str| {
        let problem = shop
            .send("PATCH", TICKET, &token, body.clone())
            .await
            .problem();
        assert_eq!(
            problem.errors.first().map(|e| e.pointer.as_str()),
            Some(pointer),
            "{body}"
        );
    };
    check(json!({"status": "gone"}), "/status").await;
    check(json!({"assignee": Uuid::nil()}), "/assignee").await;
    check(
        json!({"snoozed_until": "2026-12-01T00:00:00Z"}),
        "/snoozed_until",
    )
    .await;
    check(
        json!({"status": "snoozed", "snoozed_until": "-5000-01-01T00:00:00Z"}),
        "/snoozed_until",
    )
    .await;
    check(json!({"add_tags": [" "]}), "/add_tags").await;
    check(json!([]), "").await;
    check(json!({"add_tags": ["x", 5]}), "/add_tags/1").await;
    check(json!({"number": 5}), "/number").await;
    let assigned = json!({"assignee": deskhand_gateway::testing::id(1, 2)});
    let answer = shop.send("PATCH", TICKET, &token, assigned).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let nobody = shop
        .send("PATCH", TICKET, &token, json!({"assignee": null}))
        .await;
    assert_eq!(nobody.json()["assignee"], Value::Null);
    let mut keyless = request("PATCH", TICKET, &token, Some("{}".to_owned()));
    keyless.headers_mut().remove("idempotency-key");
    assert_eq!(shop.ask(keyless).await.problem().code, Code::Invalid);
}

#[tokio::test]
async fn every_route_is_described_and_every_description_is_a_route() {
    let description = serde_json::to_value(routes::Description::openapi()).expect("a description");
    assert!(
        description["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1"))
    );
    let described: BTreeSet<(String, String)> = description["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods");
            methods
                .keys()
                .map(move |method| (method.clone(), path.clone()))
        })
        .collect();
    let routed: BTreeSet<(String, String)> = routes::all()
        .listed
        .into_iter()
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(described, routed);
}

#[tokio::test]
async fn every_description_tells_the_token_and_the_problems() {
    let description = serde_json::to_value(routes::Description::openapi()).expect("a description");
    let paths = description["paths"].as_object().expect("paths");
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let answers = operation["responses"].as_object().expect("answers");
            for (status, answer) in answers
                .iter()
                .filter(|(status, _)| status.as_str() >= "400")
            {
                let schema = &answer["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(
                    schema, "#/components/schemas/Problem",
                    "{method} {path} {status}"
                );
            }
            let signed = operation["security"] == json!([{"bearer": []}]);
            let asks_otherwise = path.starts_with("/v1/sessions") || path.starts_with("/hooks/");
            assert_eq!(signed, answers.contains_key("401") && !asks_otherwise);
            assert!(answers.contains_key("426"), "{method} {path}");
        }
    }
    let text = description.to_string();
    for named in text.split("\"#/components/schemas/").skip(1) {
        let name = named.split('"').next().unwrap_or_default();
        let schema = &description["components"]["schemas"][name];
        assert!(schema.is_object(), "{name} is described");
    }
    let list = &description["paths"]["/v1/tickets"]["get"]["parameters"];
    let limit = list.as_array().into_iter().flatten();
    let limit = limit
        .clone()
        .find(|parameter| parameter["name"] == "limit")
        .expect("a limit");
    assert_eq!(limit["schema"]["maximum"], 200);
}
