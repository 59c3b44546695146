//! Tokens: how long they last, how they are exchanged, and when they end.

use crate::kit::{Answer, Shop, Socket, live_ticket, request};
use axum::http::StatusCode;
use chrono::TimeDelta;
use deskhand_domain::DeviceId;
use deskhand_gateway::{
    Config,
    config::Secret,
    passwords, start,
    store::Standing,
    testing::{postgres::Postgres, small_shop},
};
use deskhand_protocol::{live::close, problem::Code};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Signs in and answers both tokens.
async fn sign_in(shop: &Shop, name: &str) -> (String, String) {
    let body = json!({"email": format!("{name}@hollowpine.example"), "password": "hollowpine"});
    both(&shop.send("POST", "/v1/sessions", "", body).await)
}

fn both(answer: &Answer) -> (String, String) {
    let body = answer.json();
    let text = |name: &str| body[name].as_str().expect("a token").to_owned();
    (text("token"), text("refresh_token"))
}

async fn refresh(shop: &Shop, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    shop.send("POST", "/v1/sessions/refresh", "", body).await
}

async fn session(shop: &Shop, token: &str) -> Answer {
    shop.get("/v1/session", token).await
}

#[tokio::test]
async fn a_token_lasts_ten_minutes_and_is_exchanged_for_another() {
    let shop = Shop::open().await;
    let (first, refresh_token) = sign_in(&shop, "priya").await;
    assert_eq!(session(&shop, &first).await.status, StatusCode::OK);
    let told = session(&shop, &first).await.json();
    assert_eq!((told.get("token"), told.get("refresh_token")), (None, None));
    shop.state.clock.advance(TimeDelta::minutes(10));
    let ended = session(&shop, &first).await.problem();
    assert_eq!(ended.code, Code::SignedOut);
    let answer = refresh(&shop, &refresh_token).await;
    assert_eq!(answer.status, StatusCode::OK);
    let (second, next) = both(&answer);
    assert_eq!(session(&shop, &second).await.status, StatusCode::OK);
    for wrong in ["", "wrong", &refresh_token, &next] {
        let refused = session(&shop, wrong).await.problem();
        assert_eq!(refused.code, Code::SignedOut, "{wrong}");
    }
    shop.state.clock.advance(TimeDelta::days(30));
    let ended = refresh(&shop, &next).await.problem();
    assert_eq!((ended.status, ended.code), (401, Code::SignedOut));
}

#[tokio::test]
async fn a_refresh_token_that_two_hold_signs_the_device_out() {
    let shop = Shop::open().await;
    let (_, stolen) = sign_in(&shop, "priya").await;
    let (other, _) = sign_in(&shop, "priya").await;
    let (mine, next) = both(&refresh(&shop, &stolen).await);
    assert_eq!(session(&shop, &mine).await.status, StatusCode::OK);
    let thief = refresh(&shop, &stolen).await.problem();
    assert_eq!(thief.code, Code::SignedOut);
    let gone = session(&shop, &mine).await.problem();
    assert_eq!(gone.code, Code::SignedOut);
    let gone = refresh(&shop, &next).await.problem();
    assert_eq!(gone.code, Code::SignedOut);
    assert_eq!(session(&shop, &other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_ends_when_signed_out_or_revoked() {
    let shop = Shop::open().await;
    let (one, one_refresh) = sign_in(&shop, "priya").await;
    let (two, two_refresh) = sign_in(&shop, "priya").await;
    assert_eq!(session(&shop, &one).await.status, StatusCode::OK);
    let gone = shop.ask(request("DELETE", "/v1/session", &one, None)).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    for answer in [
        session(&shop, &one).await,
        refresh(&shop, &one_refresh).await,
    ] {
        assert_eq!(answer.problem().code, Code::SignedOut);
    }
    assert_eq!(session(&shop, &two).await.status, StatusCode::OK);
    let revoked = deskhand_gateway::routes::revoke(&shop.state, "priya@hollowpine.example").await;
    assert_eq!(revoked.expect("a write"), Some(1));
    for answer in [
        session(&shop, &two).await,
        refresh(&shop, &two_refresh).await,
    ] {
        assert_eq!(answer.problem().code, Code::SessionRevoked);
    }
}

#[tokio::test]
async fn what_is_no_access_token_of_this_gateway_opens_nothing() {
    let shop = Shop::open().await;
    let (token, refresh_token) = sign_in(&shop, "priya").await;
    // {"alg":"none"} and {"sub":"priya"}, with and without a signature.
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwcml5YSJ9.";
    let long = "a".repeat(4_000);
    for wrong in [
        refresh_token.as_str(),
        &passwords::digest(&token),
        &token[1..],
        &format!("{token}A"),
        &token.to_lowercase(),
        unsigned,
        &format!("{unsigned}c2lnbmF0dXJl"),
        "%00",
        "dk_",
        &long,
    ] {
        let problem = session(&shop, wrong).await.problem();
        assert_eq!(
            (problem.status, problem.code),
            (401, Code::SignedOut),
            "{wrong}"
        );
    }
    let scheme = axum::http::Request::get("/v1/session")
        .header("authorization", format!("Basic {token}"))
        .body(axum::body::Body::empty());
    let basic = shop.ask(scheme.expect("a request")).await;
    assert_eq!(basic.problem().code, Code::SignedOut);
    assert_eq!(session(&shop, &token).await.status, StatusCode::OK);
    assert_eq!(
        refresh(&shop, &token).await.problem().code,
        Code::SignedOut,
        "nor is one the other"
    );
}

#[tokio::test]
async fn a_ticket_opens_one_socket_and_soon() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let token = shop.sign_in("priya").await;
    let refused = Socket::connect_with(&address, "/v1/live", &token).await;
    assert_eq!(refused.err(), Some(401), "a token is no ticket");
    let ticket = live_ticket(&address, &token).await.expect("a ticket");
    let get = shop.get("/v1/session", &ticket).await.problem();
    assert_eq!(get.code, Code::SignedOut, "a ticket is no token");
    let connect = || Socket::connect_with(&address, "/v1/live", &ticket);
    assert!(connect().await.is_ok());
    assert_eq!(connect().await.err(), Some(401), "once");
    let late = live_ticket(&address, &token).await.expect("a ticket");
    shop.state.clock.advance(TimeDelta::seconds(30));
    let late = Socket::connect_with(&address, "/v1/live", &late).await;
    assert_eq!(late.err(), Some(401));
    let wrong = live_ticket(&address, "wrong").await;
    assert_eq!(wrong.err(), Some(401));
}

#[tokio::test]
async fn devices_are_listed_and_signed_out_from_elsewhere() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let body = json!({"email": "priya@hollowpine.example", "password": "hollowpine",
        "device": "Laptop"});
    let (laptop, refresh_token) = both(&shop.send("POST", "/v1/sessions", "", body).await);
    shop.state.clock.advance(TimeDelta::minutes(5));
    let (desk, _) = sign_in(&shop, "priya").await;
    let mette = shop.sign_in("mette").await;
    let listed = async |token: &str| shop.get("/v1/devices", token).await.json();
    let devices = listed(&desk).await;
    let of = |name: &str| {
        let mut all = devices.as_array().into_iter().flatten();
        all.find(|device| device["name"] == name).expect("a device")["id"].clone()
    };
    assert_eq!(devices.as_array().map(Vec::len), Some(2), "{devices}");
    assert_eq!(
        (&devices[0]["current"], &devices[1]["current"]),
        (&json!(true), &json!(false))
    );
    let path = |id: &Value| format!("/v1/devices/{}", id.as_str().expect("an id"));
    let away = path(&of("Laptop"));
    let others = shop.ask(request("DELETE", &away, &mette, None)).await;
    assert_eq!(others.problem().code, Code::NotFound, "not hers");
    let page = shop.get("/v1/sync", &laptop).await.json();
    let mut socket = Socket::connect(&address, "/v1/live", &laptop)
        .await
        .expect("a socket");
    socket
        .say(json!({"type": "follow", "cursor": page["live"]}))
        .await;
    socket.until(|frame| frame["type"] == "following").await;
    let gone = shop.ask(request("DELETE", &away, &desk, None)).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(socket.ended().await, close::REVOKED);
    for answer in [
        session(&shop, &laptop).await,
        refresh(&shop, &refresh_token).await,
    ] {
        assert_eq!(answer.problem().code, Code::SessionRevoked);
    }
    let again = shop.ask(request("DELETE", &away, &desk, None)).await;
    assert_eq!(again.problem().code, Code::NotFound);
    let mine = path(&listed(&desk).await[0]["id"]);
    let mine = shop.ask(request("DELETE", &mine, &desk, None)).await;
    assert_eq!(mine.status, StatusCode::NO_CONTENT);
    assert_eq!(session(&shop, &desk).await.problem().code, Code::SignedOut);
}

/// Runs `deskhand-gateway revoke` as a process of its own; answers whether it succeeded, and what
/// it said.
async fn revoke_as_a_process(config: &Config, account: &str) -> (bool, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_deskhand-gateway"));
    command.args(["revoke", "--account", account, "--data-dir"]);
    command.arg(&config.data_dir).kill_on_drop(true);
    if let Some(url) = &config.database_url {
        command.env("DESKHAND_DATABASE_URL", url.reveal());
    }
    let output = command.output().await.expect("a process");
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

/// Ends the sessions of an account from another process. A socket and a request learn of it in
/// time.
async fn revoked_from_elsewhere(config: Config) {
    let elsewhere = config.clone();
    let running = start(config).await.expect("a gateway");
    let store = &running.state.store;
    let hash = passwords::hash("hollowpine").await;
    let seed = small_shop(store.clock().now(), 5, hash);
    store.seed(seed).await.expect("a shop");
    let body = json!({"email": "priya@hollowpine.example", "password": "hollowpine"});
    let ask = async |request| {
        use tower::ServiceExt as _;
        let app = deskhand_gateway::app::app(running.state.clone());
        let answer: axum::response::Response = app.oneshot(request).await.expect("an answer");
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await;
        serde_json::from_slice::<Value>(&body.expect("a body")).expect("JSON")
    };
    let signed_in = ask(request("POST", "/v1/sessions", "", Some(body.to_string()))).await;
    let token = signed_in["token"].as_str().expect("a token");
    let Ok(Standing::Open(who)) = store.session(&passwords::digest(token)).await else {
        panic!("it is open")
    };
    let page = ask(request("GET", "/v1/sync", token, None)).await;
    let address = running.address.to_string();
    let mut socket = Socket::connect(&address, "/v1/live", token)
        .await
        .expect("a socket");
    socket
        .say(json!({"type": "follow", "cursor": page["live"]}))
        .await;
    socket.until(|frame| frame["type"] == "following").await;
    let (done, said) = revoke_as_a_process(&elsewhere, "nobody@hollowpine.example").await;
    assert!(!done && said.contains("nobody signs in"), "{said}");
    let began = Instant::now();
    let (done, said) = revoke_as_a_process(&elsewhere, "priya@hollowpine.example").await;
    assert!(done && said.contains("1 sessions revoked"), "{said}");
    until_revoked(&running, who.device).await;
    let refused = ask(request("GET", "/v1/session", token, None)).await;
    assert_eq!(refused["code"], "session_revoked", "{refused}");
    let over_http = began.elapsed();
    assert_eq!(socket.ended().await, close::REVOKED);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "it took {took:?}");
    eprintln!(
        "after the revocation began in another process, requests were refused within {} ms and the \
         socket was closed within {} ms",
        over_http.as_millis(),
        took.as_millis()
    );
    running.stop().await;
}

async fn until_revoked(running: &deskhand_gateway::Running, device: DeviceId) {
    let mut changes = running.state.store.session_changes();
    loop {
        let standing = running.state.store.device(device).await.expect("a lookup");
        if standing == Standing::Revoked {
            return;
        }
        changes.changed().await.expect("a store");
    }
}

#[tokio::test]
async fn a_revocation_beside_a_running_gateway_reaches_its_sockets() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::embedded(folder.path());
    revoked_from_elsewhere(config).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_in_a_shared_postgres_reaches_the_sockets_of_another_process() {
    let server = Postgres::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::embedded(folder.path());
    config.database_url = Some(Secret::from(server.create("shop").as_str()));
    revoked_from_elsewhere(config).await;
}

/// `cargo test -p deskhand-gateway --test gateway verifying -- --nocapture` prints what it costs.
#[tokio::test]
async fn verifying_a_request_costs_far_less_than_a_millisecond() {
    const REQUESTS: u32 = 20_000;
    const ANEW: u32 = 500;
    let shop = Shop::open().await;
    let store = &shop.state.store;
    let hash = passwords::digest(shop.sign_in("priya").await);
    let open = async || {
        let found = store.session(&hash).await.expect("a lookup");
        assert!(matches!(found, Standing::Open(_)));
    };
    open().await;
    let began = Instant::now();
    for _ in 0..REQUESTS {
        open().await;
    }
    let known = began.elapsed() / REQUESTS;
    let began = Instant::now();
    for _ in 0..ANEW {
        store.forget_known();
        open().await;
    }
    let anew = began.elapsed() / ANEW;
    eprintln!(
        "verifying a token: {:.1} µs known by heart, {:.1} µs looked up",
        known.as_secs_f64() * 1e6,
        anew.as_secs_f64() * 1e6
    );
    assert!(known < Duration::from_millis(1), "{known:?}");
}
