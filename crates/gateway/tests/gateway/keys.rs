//! Programs and their keys.

use crate::kit::{Answer, Shop, Socket, live_ticket, ticket};
use axum::http::StatusCode;
use chrono::TimeDelta;
use deskhand_domain::{AccountId, Scope};
use deskhand_gateway::{
    Config, StartError,
    keys::{self, Wish},
    list_keys, make_key, passwords, revoke_key, start,
    testing::small_shop,
};
use deskhand_protocol::{audit::Actor, problem::Code};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path, time::Duration};
use tokio::time::Instant;

async fn ask_for(shop: &Shop, token: &str, scopes: &[&str]) -> Answer {
    let body = json!({"name": "Warehouse", "scopes": scopes});
    shop.send("POST", "/v1/keys", token, body).await
}

/// A key of these scopes, and its id.
async fn key(shop: &Shop, scopes: &[&str]) -> (String, Value) {
    let admin = shop.sign_in("aino").await;
    let made = ask_for(shop, &admin, scopes).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let key = made.json()["key"].as_str().expect("a key").to_owned();
    (key, made.json()["about"].clone())
}

#[tokio::test]
async fn a_program_may_do_what_its_key_and_its_role_allow() {
    let shop = Shop::open().await;
    let (key, about) = key(&shop, &["tickets:read", "accounts:manage"]).await;
    assert!(key.starts_with(about["prefix"].as_str().expect("a beginning")));
    let session = shop.get("/v1/session", &key).await.json();
    assert_eq!(
        session["scopes"],
        json!(["tickets:read"]),
        "no more than both"
    );
    assert_eq!(session["account"]["id"], about["account"]);
    assert!(session.get("token").is_none());
    let tickets = shop.get("/v1/tickets", &key).await;
    assert_eq!(tickets.status, StatusCode::OK, "{}", tickets.body);
    let write = json!({"kind": "note", "text": "Packed.", "seen": null});
    let path = format!("{}/messages", ticket(1));
    for (method, path, body) in [
        ("GET", "/v1/accounts", Value::Null),
        ("GET", "/v1/customers", Value::Null),
        ("GET", "/v1/audit", Value::Null),
        ("POST", path.as_str(), write),
    ] {
        let refused = shop.send(method, path, &key, body).await.problem();
        assert_eq!(refused.code, Code::Forbidden, "{method} {path}");
    }
    // What is of a session is nothing for a program.
    for (method, path) in [
        ("DELETE", "/v1/session"),
        ("GET", "/v1/devices"),
        ("DELETE", "/v1/devices/01900000-0000-7000-8000-000000000000"),
        ("POST", "/v1/live/ticket"),
        ("GET", "/v1/totp"),
        ("POST", "/v1/totp"),
        ("POST", "/v1/totp/confirm"),
        ("POST", "/v1/totp/remove"),
        ("POST", "/v1/password"),
    ] {
        let refused = shop.send(method, path, &key, json!({})).await.problem();
        assert_eq!(refused.code, Code::Forbidden, "{method} {path}");
    }
    let address = shop.listen().await;
    assert_eq!(live_ticket(&address, &key).await.err(), Some(403));
    let socket = Socket::connect_with(&address, "/v1/live", &key).await;
    assert_eq!(socket.err(), Some(401), "a key is no ticket");
}

#[tokio::test]
async fn a_key_that_writes_writes_as_its_machine_account() {
    let shop = Shop::open().await;
    let (key, about) = key(&shop, &["tickets:read", "tickets:write"]).await;
    let note = shop.write(&key, &ticket(1), "note", "Packed.").await;
    assert_eq!(note["message"]["author"]["id"], about["account"], "{note}");
    let admin = shop.sign_in("aino").await;
    let told = shop.get("/v1/audit?limit=50", &admin).await;
    let told = told.json()["entries"].as_array().expect("entries").clone();
    let of = |action: &str| {
        let found = told.iter().find(|entry| entry["action"] == action);
        found.unwrap_or_else(|| panic!("nothing of {action}"))
    };
    assert_eq!(of("key_made")["thing"]["id"], about["id"]);
    assert_eq!(of("key_made")["details"]["scopes"], about["scopes"]);
    assert!(told.iter().all(|entry| !entry.to_string().contains(&key)));
    let written = of("note_written");
    let by_key = json!({ "kind": "machine", "id": about["id"] });
    assert_eq!(written["actor"], by_key, "the key that was used");
    assert_eq!(written["details"]["account"], about["account"]);

    // What the policy refuses a key is told of the key as well; whoever looks for the account, or
    // for the key, finds both.
    let refused = shop.get("/v1/audit", &key).await.problem();
    assert_eq!(refused.code, Code::Forbidden);
    for actor in [&about["id"], &about["account"]] {
        let actor = actor.as_str().expect("an id");
        let path = format!("/v1/audit?actor={actor}");
        let of_it = shop.get(&path, &admin).await.json();
        let of_it = of_it["entries"].as_array().expect("entries").clone();
        let told: Vec<_> = of_it.iter().map(|entry| &entry["action"]).collect();
        assert_eq!(told, ["denied", "note_written"], "{of_it:?}");
        assert!(of_it.iter().all(|entry| entry["actor"] == by_key));
    }
}

#[tokio::test]
async fn a_key_ends_when_it_is_revoked_locked_or_too_old() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("aino").await;
    let agent = shop.sign_in("priya").await;
    assert_eq!(
        ask_for(&shop, &agent, &["tickets:read"])
            .await
            .problem()
            .code,
        Code::Forbidden
    );
    let works = async |key: &str| shop.get("/v1/tickets", key).await.status == StatusCode::OK;
    let refused = async |key: &str| shop.get("/v1/tickets", key).await.problem().code;
    let (first, about) = key(&shop, &["tickets:read"]).await;
    assert!(works(&first).await);
    let listed = shop.get("/v1/keys", &admin).await;
    assert!(!listed.body.contains(&first), "it is told once");
    assert_eq!(listed.json()["items"][0]["prefix"], about["prefix"]);
    let path = format!("/v1/keys/{}", about["id"].as_str().expect("an id"));
    let by_agent = shop.send("DELETE", &path, &agent, Value::Null).await;
    assert_eq!(by_agent.problem().code, Code::Forbidden);
    let revoked = shop.send("DELETE", &path, &admin, Value::Null).await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    assert_eq!(refused(&first).await, Code::SignedOut);
    let again = shop.send("DELETE", &path, &admin, Value::Null).await;
    assert_eq!(again.problem().code, Code::NotFound);

    let (second, about) = key(&shop, &["tickets:read"]).await;
    assert!(works(&second).await);
    let account: AccountId = about["account"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id");
    let lock = async |locked| {
        let done = shop.state.store.set_locked(account, locked, Actor::System);
        done.await.expect("a write");
    };
    lock(true).await;
    assert_eq!(refused(&second).await, Code::SignedOut);
    lock(false).await;
    assert!(works(&second).await);
    shop.state.clock.advance(TimeDelta::days(365));
    assert_eq!(refused(&second).await, Code::SignedOut);
    for wrong in ["dk_", "dk_x", "DK_x", &second[..20], &format!("{second}x")] {
        assert_eq!(refused(wrong).await, Code::SignedOut, "{wrong}");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_is_refused_with_the_field() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("aino").await;
    let post = async |body: Value| shop.send("POST", "/v1/keys", &admin, body).await;
    for (body, pointer) in [
        (json!({"name": " ", "scopes": ["orders:read"]}), "/name"),
        (json!({"name": "x", "scopes": []}), "/scopes"),
        (
            json!({"name": "x", "scopes": ["orders:read"], "days": 0}),
            "/days",
        ),
    ] {
        let problem = post(body).await.problem();
        assert_eq!(
            (problem.status, problem.errors[0].pointer.as_str()),
            (422, pointer)
        );
    }
    let unknown = post(json!({"name": "x", "scopes": ["orders:burn"]})).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let priya = shop
        .state
        .store
        .credentials("priya@hollowpine.example")
        .await;
    let priya = priya.expect("a lookup").expect("Priya").0.id;
    let colleague = json!({"name": "x", "scopes": ["orders:read"], "account": priya});
    assert_eq!(post(colleague).await.problem().code, Code::NotFound);
}

/// Every file below a folder that holds these bytes.
fn holding(folder: &Path, bytes: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            holding(&path, bytes, found);
        } else if let Ok(content) = std::fs::read(&path)
            && content.windows(bytes.len()).any(|part| part == bytes)
        {
            found.push(path.display().to_string());
        }
    }
}

/// With nothing but the configuration, as the command line does it, beside a gateway that runs.
#[tokio::test]
async fn the_command_line_makes_and_revokes_keys_and_no_file_has_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::embedded(folder.path());
    let running = start(config.clone()).await.expect("a gateway");
    let store = running.state.store.clone();
    let hash = passwords::hash("hollowpine").await;
    let seed = small_shop(store.clock().now(), 5, hash);
    store.seed(seed).await.expect("a shop");
    let wish = |account| Wish {
        account,
        name: "Warehouse".to_owned(),
        scopes: BTreeSet::from([Scope::OrdersRead]),
        days: keys::DAYS,
    };
    let made = make_key(&config, wish(None)).await.expect("a key");
    let known = store.key(&passwords::digest(&made.key)).await;
    assert_eq!(
        known.expect("a lookup").expect("it works").key,
        made.about.id
    );
    let nobody = make_key(&config, wish(Some(AccountId(uuid::Uuid::nil())))).await;
    assert!(matches!(nobody, Err(StartError::NoMachine)));
    let listed = list_keys(&config).await.expect("a list");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].prefix, made.about.prefix);
    let secret = &made.key.as_bytes()[made.about.prefix.len()..];
    let mut found = Vec::new();
    holding(folder.path(), secret, &mut found);
    assert_eq!(found, [""; 0]);
    holding(folder.path(), made.about.prefix.as_bytes(), &mut found);
    assert!(!found.is_empty(), "the scan finds what is there");
    let began = Instant::now();
    revoke_key(&config, &made.about.prefix)
        .await
        .expect("revoked");
    let known = store.key(&passwords::digest(&made.key)).await;
    assert_eq!(known.expect("a lookup"), None);
    assert!(began.elapsed() < Duration::from_secs(5));
    let again = revoke_key(&config, &made.about.prefix).await;
    assert!(matches!(again, Err(StartError::NoKey { .. })));
    running.stop().await;
}

/// `cargo test -p deskhand-gateway --test gateway verifying -- --nocapture` prints what it costs.
#[tokio::test]
async fn verifying_a_key_costs_far_less_than_a_millisecond() {
    const REQUESTS: u32 = 20_000;
    const ANEW: u32 = 500;
    let shop = Shop::open().await;
    let (key, _) = key(&shop, &["tickets:read"]).await;
    let store = &shop.state.store;
    let open = async || {
        let found = store.key(&passwords::digest(&key)).await;
        assert!(found.expect("a lookup").is_some());
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
        "verifying a key: {:.1} µs known by heart, {:.1} µs looked up",
        known.as_secs_f64() * 1e6,
        anew.as_secs_f64() * 1e6
    );
    assert!(known < Duration::from_millis(1), "{known:?}");
}
