//! The audit trail of a gateway that runs: who signs in is told, and it is checked from beside.

use crate::kit::{Shop, request, ticket};
use axum::http::StatusCode;
use deskhand_domain::AccountId;
use deskhand_gateway::{
    Config, StartError,
    audit::{
        chain::{BEGINNING, hex},
        command::{Check, check, public_key},
        csv,
        verify::Finding,
    },
    serve::Caller,
    start,
    store::{Entry, stored},
    testing::{id, postgres::Postgres},
};
use deskhand_protocol::audit::{Action, Actor, AuditCheck, AuditEntry, AuditPage, ThingKind};
use serde_json::json;
use std::net::IpAddr;

#[tokio::test]
async fn who_signs_in_and_who_is_refused_is_told_with_the_address_and_the_request() {
    let shop = Shop::open().await;
    let peer: IpAddr = "192.0.2.9".parse().expect("an address");
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
        request.extensions_mut().insert(Caller(peer));
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
    assert_eq!(
        (beside.report.findings, beside.key.is_some()),
        (vec![], true)
    );
    running.stop().await;
    let after = check(config, Check::default()).await.expect("a report");
    assert_eq!(after.report.findings, []);
    assert!(!after.heads.is_empty(), "one was signed at the end");
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

#[tokio::test]
async fn auditors_search_and_export_and_nobody_else() {
    let shop = Shop::open().await;
    let priya = shop.sign_in("priya").await;
    shop.write(&priya, &ticket(1), "note", "Nobody reads this")
        .await;
    shop.write(&priya, &ticket(2), "note", "Nor this").await;
    for path in ["/v1/audit", "/v1/audit/export"] {
        let refused = shop.get(path, &priya).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    let otto = shop.sign_in("otto").await;
    let list = async |query: &str| {
        let answer = shop.get(&format!("/v1/audit{query}"), &otto).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
        let page: AuditPage = serde_json::from_str(&answer.body).expect("a page");
        page
    };
    let all = list("").await;
    let positions = |page: &AuditPage| -> Vec<i64> {
        page.entries.iter().map(|entry| entry.position).collect()
    };
    assert_eq!(positions(&all), [8, 7, 6, 5, 4, 3, 2, 1], "newest first");
    let mut walked = Vec::new();
    let mut next = String::new();
    loop {
        let page = list(&format!("?limit=4{next}")).await;
        walked.extend(positions(&page));
        let Some(cursor) = page.next else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(walked, positions(&all));
    let customer = id(2, 2);
    let actor = id(1, 1);
    let now = shop.state.clock.now() + chrono::TimeDelta::minutes(1);
    let now = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for (query, expected) in [
        (format!("?customer={customer}"), vec![5]),
        (format!("?actor={actor}&action=note_written"), vec![5, 4]),
        // What was refused is told as well.
        (format!("?actor={actor}"), vec![7, 6, 5, 4, 3]),
        (format!("?actor={actor}&action=denied"), vec![7, 6]),
        (format!("?from={now}"), vec![]),
        (format!("?until={now}&action=history_begun"), vec![2, 1]),
    ] {
        assert_eq!(positions(&list(&query).await), expected, "{query}");
    }
    for query in [
        "?limit=0",
        "?cursor=x",
        "?action=nothing",
        "?actor=x",
        "?from=today",
        "?page=2",
    ] {
        let wrong = shop.get(&format!("/v1/audit{query}"), &otto).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{query}");
    }

    let aino = shop.sign_in("aino").await;
    let export = async |query: &str| -> Vec<AuditEntry> {
        let answer = shop.get(&format!("/v1/audit/export{query}"), &aino).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/x-ndjson");
        let lines = answer.body.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("an entry"))
            .collect()
    };
    let whole = export("").await;
    let told = whole.last().expect("an entry");
    assert_eq!(
        (told.position, told.action),
        (10, Action::AuditExported),
        "with itself"
    );
    let mut before = BEGINNING;
    for entry in &whole {
        before = stored(entry).hash(&before);
        assert_eq!(entry.hash, hex(&before), "an export can be checked");
    }
    let two = export("?limit=2&after=3").await;
    let places: Vec<i64> = two.iter().map(|entry| entry.position).collect();
    assert_eq!(places, [4, 5]);
    let query = format!("?customer={customer}&limit=9");
    let of_one = export(&query).await;
    assert_eq!(of_one.len(), 2, "and the export that names the customer");
    assert_eq!(of_one[1].details, json!({"limit": 9}));
    for query in ["?limit=0", "?limit=1000001", "?after=-1", "?cursor=x"] {
        let wrong = shop.get(&format!("/v1/audit/export{query}"), &aino).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn the_trail_is_searched_by_what_a_customer_is_known_by_as_far_as_one_may_know_it() {
    let shop = Shop::open().await;
    let priya = shop.sign_in("priya").await;
    for number in [1, 2] {
        shop.write(&priya, &ticket(number), "note", "Nobody reads this")
            .await;
    }
    let aino = shop.sign_in("aino").await;
    let found = async |customer: &str| -> Vec<i64> {
        let path = format!("/v1/audit?customer={customer}");
        let answer = shop.get(&path, &aino).await;
        assert_eq!(answer.status, StatusCode::OK, "{customer}: {}", answer.body);
        let page: AuditPage = serde_json::from_str(&answer.body).expect("a page");
        page.entries.iter().map(|entry| entry.position).collect()
    };
    for (customer, expected) in [
        (id(2, 2).to_string(), vec![5]),
        ("ana2@example.com".to_owned(), vec![5]),
        ("ANA2%40example.com".to_owned(), vec![5]),
        ("HP-20002".to_owned(), vec![5]),
        // Word for word, and nothing where nobody is meant.
        ("ana@example.com".to_owned(), vec![]),
        ("%25@example.com".to_owned(), vec![]),
        ("HP-2000".to_owned(), vec![]),
        (String::new(), vec![]),
        (id(2, 999).to_string(), vec![]),
    ] {
        assert_eq!(found(&customer).await, expected, "{customer}");
    }

    // An auditor who may not see addresses and orders does not learn which ones there are.
    let otto = shop.sign_in("otto").await;
    for [known, unknown] in [
        ["ana2@example.com", "nobody@example.com"],
        ["HP-20002", "HP-99999"],
    ] {
        for path in ["/v1/audit", "/v1/audit/export"] {
            let said = async |customer: &str| {
                let path = format!("{path}?customer={customer}");
                let refused = shop.get(&path, &otto).await.problem();
                (refused.status, refused.code, refused.detail)
            };
            let refused = said(known).await;
            assert_eq!(refused.0, 403, "{path} {known}");
            assert_eq!(refused, said(unknown).await);
        }
    }
    let path = format!("/v1/audit?customer={}", id(2, 2));
    assert_eq!(shop.get(&path, &otto).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_export_for_a_spreadsheet_has_the_same_entries() {
    let shop = Shop::open().await;
    let priya = shop.sign_in("priya").await;
    shop.write(&priya, &ticket(1), "note", "Nobody reads this")
        .await;
    let aino = shop.sign_in("aino").await;
    let export = async |query: &str| shop.get(&format!("/v1/audit/export?{query}"), &aino).await;
    let lines = export("limit=5").await;
    let entries: Vec<AuditEntry> = lines
        .body
        .lines()
        .map(|line| serde_json::from_str(line).expect("an entry"))
        .collect();
    assert_eq!(entries.len(), 5);
    let sheet = export("limit=5&format=csv").await;
    assert_eq!(sheet.headers["content-type"], "text/csv; charset=utf-8");
    let mut expected = csv::HEADER.to_owned();
    expected.extend(entries.iter().map(csv::line));
    assert_eq!(sheet.body, expected);
    // Nothing at all is a header.
    let nothing = export("format=csv&action=team_made").await;
    assert_eq!(nothing.body, csv::HEADER);
    let unknown = export("format=xml").await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn auditors_have_the_whole_trail_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::embedded(folder.path());
    let running = start(config.clone()).await.expect("a gateway");
    let state = running.state.clone();
    let hash = deskhand_gateway::passwords::hash("hollowpine").await;
    let seed = deskhand_gateway::testing::small_shop(state.clock.now(), 3, hash);
    state.store.seed(seed).await.expect("a shop");
    let shop = Shop {
        app: deskhand_gateway::app::app(state.clone()),
        state,
        folder,
    };
    let otto = shop.sign_in("otto").await;
    let answer = shop.get("/v1/audit/check", &otto).await;
    let whole: AuditCheck = serde_json::from_str(&answer.body).expect("a check");
    let end = shop.state.store.trail().await.expect("the end");
    assert_eq!((whole.entries, whole.findings.len()), (end.position, 0));
    let key = public_key(&config).expect("a key").to_hex();
    assert_eq!(whole.key.as_deref(), Some(key.as_str()));
    let priya = shop.sign_in("priya").await;
    let refused = shop.get("/v1/audit/check", &priya).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    running.stop().await;
    let running = start(config).await.expect("the same gateway");
    let state = running.state.clone();
    let shop = Shop {
        app: deskhand_gateway::app::app(state.clone()),
        state,
        folder: shop.folder,
    };
    let answer = shop.get("/v1/audit/check", &otto).await;
    let later: AuditCheck = serde_json::from_str(&answer.body).expect("a check");
    let head = later.heads.first().expect("one was signed at the end");
    assert!(head.position > whole.entries, "{head:?}");
    assert_eq!(later.findings, Vec::<String>::new());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_checks_prints_and_exports_beside_a_gateway_and_says_what_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::embedded(folder.path());
    let running = start(config.clone()).await.expect("a gateway");
    let store = running.state.store.clone();
    for _ in 0..3 {
        let entry = Entry::new(Actor::System, Action::SignInRefused);
        store.record(entry).await.expect("an entry");
    }
    let program = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_deskhand-gateway"))
            .arg("audit")
            .args(arguments)
            .arg("--data-dir")
            .arg(folder.path())
            .output()
            .expect("the program runs");
        let words = String::from_utf8(output.stdout).expect("text");
        (output.status.code(), words)
    };
    let (code, words) = program(&["verify"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("the trail is whole"), "{words}");
    assert!(words.contains("entries a second"), "{words}");
    let key = public_key(&config).expect("a key").to_hex();
    assert_eq!(program(&["key"]), (Some(0), format!("{key}\n")));
    let (code, words) = program(&["export", "--action", "sign_in_refused", "--limit", "2"]);
    assert_eq!((code, words.lines().count()), (Some(0), 2), "{words}");
    running.stop().await;

    let url = format!(
        "sqlite://{}?mode=rw",
        folder.path().join("gateway.db").display()
    );
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&url)
        .await
        .expect("a connection");
    for sql in [
        "drop trigger audit_is_not_deleted",
        "delete from audit where position = 3",
    ] {
        let done = sqlx::query(sql).execute(&mut connection).await;
        done.expect("changed");
    }
    drop(connection);
    let (code, words) = program(&["verify"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("entry 3 is missing"), "{words}");
}
