//! The audit trail of a gateway that runs: who signs in is told, and it is checked from beside.

use crate::kit::{Shop, request};
use axum::{extract::ConnectInfo, http::StatusCode};
use deskhand_domain::AccountId;
use deskhand_gateway::{
    Config, StartError,
    audit::{
        command::{Check, check, public_key},
        verify::Finding,
    },
    start,
    store::Entry,
    testing::{id, postgres::Postgres},
};
use deskhand_protocol::audit::{Action, Actor, ThingKind};
use serde_json::json;
use std::net::SocketAddr;

#[tokio::test]
async fn who_signs_in_and_who_is_refused_is_told_with_the_address_and_the_request() {
    let shop = Shop::open().await;
    let peer: SocketAddr = "192.0.2.9:4711".parse().expect("an address");
    for (email, password, status) in [
        (
            "priya@hollowpine.example",
            "a secret guess",
            StatusCode::UNAUTHORIZED,
        ),
        (
            "nobody@hollowpine.example",
            "a secret guess",
            StatusCode::UNAUTHORIZED,
        ),
        (
            "priya@hollowpine.example",
            "hollowpine",
            StatusCode::CREATED,
        ),
    ] {
        let body = json!({"email": email, "password": password}).to_string();
        let mut request = request("POST", "/v1/sessions", "", Some(body));
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = shop.ask(request).await;
        assert_eq!(answer.status, status);
        let entries = shop
            .state
            .store
            .audit_after(0, 100)
            .await
            .expect("the trail");
        let told = entries.last().expect("an entry");
        assert_eq!(told.peer.as_deref(), Some("192.0.2.9"));
        let request_id = answer.headers["x-request-id"].to_str().expect("text");
        assert_eq!(told.request_id.as_deref(), Some(request_id));
    }
    let token = shop.sign_in("priya").await;
    let answer = shop.send("DELETE", "/v1/session", &token, json!({})).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let trail = shop
        .state
        .store
        .audit_after(0, 100)
        .await
        .expect("the trail");
    let priya = AccountId(id(1, 1));
    let told: Vec<_> = trail
        .iter()
        .filter(|entry| entry.action != Action::HistoryBegun)
        .map(|entry| {
            let thing = entry.thing.as_ref();
            let thing = thing.filter(|thing| thing.kind == ThingKind::Account);
            (
                entry.actor,
                entry.action,
                thing.map(|thing| thing.id.clone()),
            )
        })
        .collect();
    assert_eq!(
        told[..2],
        [
            (
                Actor::Nobody,
                Action::SignInRefused,
                Some(priya.to_string())
            ),
            (Actor::Nobody, Action::SignInRefused, None),
        ]
    );
    let own: Vec<Action> = told[2..].iter().map(|told| told.1).collect();
    assert_eq!(own, [Action::SignedIn, Action::SignedIn, Action::SignedOut]);
    assert!(told[2..].iter().all(|told| told.0 == Actor::Account(priya)));
    let text = serde_json::to_string(&trail).expect("JSON");
    for secret in ["secret guess", "hollowpine", "example", &token] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_is_checked_beside_its_gateway_and_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::embedded(folder.path());
    config.sample = true;
    checked_beside_and_after(&config).await;
    let server = Postgres::start();
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config {
        data_dir: folder.path().to_owned(),
        database_url: Some(server.create("checked").into()),
        ..config
    };
    checked_beside_and_after(&config).await;
}

async fn checked_beside_and_after(config: &Config) {
    let running = start(config.clone()).await.expect("a gateway");
    let store = running.state.store.clone();
    for _ in 0..5 {
        let entry = Entry::new(Actor::System, Action::SignInRefused);
        store.record(entry).await.expect("an entry");
    }
    let beside = check(config, Check::default()).await.expect("a report");
    assert_eq!((beside.report.findings, beside.signatures), (vec![], true));
    running.stop().await;
    let after = check(config, Check::default()).await.expect("a report");
    assert_eq!(after.report.findings, []);
    assert!(after.heads > 0, "one was signed at the end");
    assert!(after.report.entries >= 7, "{}", after.report.entries);

    let other = tempfile::tempdir().expect("a folder");
    let foreign = deskhand_gateway::audit::key::AuditKey::read_or_make(&other.path().join("key"));
    let with = Check {
        key: Some(foreign.expect("a key").public()),
        ..Check::default()
    };
    let foreign = check(config, with).await.expect("a report").report;
    assert!(foreign.findings.contains(&Finding::Unsealed), "{foreign:?}");
    let own = Check {
        key: Some(public_key(config).expect("a key")),
        ..Check::default()
    };
    assert_eq!(
        check(config, own).await.expect("a report").report.findings,
        []
    );
    let nowhere = Check {
        heads: Some(other.path().join("heads")),
        ..Check::default()
    };
    assert!(
        check(config, nowhere).await.is_err(),
        "heads that were named must be there"
    );

    std::fs::write(config.data_dir.join("audit.key"), "no key").expect("a file");
    let refused = start(config.clone()).await.map(|running| running.address);
    let refused = refused.expect_err("it does not start without its key");
    assert!(matches!(refused, StartError::AuditKey { .. }), "{refused}");
}
