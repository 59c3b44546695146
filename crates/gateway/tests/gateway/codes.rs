//! Codes of an authenticator app, passwords, and locked accounts.

use crate::kit::{Answer, Shop};
use axum::http::StatusCode;
use chrono::TimeDelta;
use deskhand_domain::{Account, Role};
use deskhand_gateway::codes;
use deskhand_protocol::{audit::Actor, problem::Code};
use serde_json::{Value, json};

async fn account(shop: &Shop, name: &str) -> Account {
    let email = format!("{name}@hollowpine.example");
    let found = shop.state.store.credentials(&email).await;
    found.expect("a lookup").expect("an account").0
}

async fn password(shop: &Shop, name: &str, password: &str) -> Answer {
    let body = json!({"email": format!("{name}@hollowpine.example"), "password": password});
    shop.send("POST", "/v1/sessions", "", body).await
}

async fn code(shop: &Shop, asked: &Answer, code: &str) -> Answer {
    let challenge = asked.json()["challenge"]["challenge"].clone();
    let body = json!({"challenge": challenge, "code": code});
    shop.send("POST", "/v1/sessions/totp", "", body).await
}

/// What the app would show.
async fn shown(shop: &Shop, name: &str, secret: &str) -> String {
    let account = account(shop, name).await;
    codes::code(secret, &account, shop.state.clock.now()).expect("a code")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn an_app_is_set_up_asked_for_and_removed() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let post = async |path: &str, body: Value| shop.send("POST", path, &token, body).await;
    let early = post("/v1/totp/confirm", json!({"code": "123456"})).await;
    assert_eq!(early.problem().code, Code::Conflict);
    let begun = post("/v1/totp", json!({})).await.json();
    let again = post("/v1/totp", json!({})).await.json();
    assert_eq!(begun, again, "the same until it is confirmed");
    let secret = text(&begun["secret"]);
    shop.sign_in("priya").await;
    let wrong = post("/v1/totp/confirm", json!({"code": "000000"})).await;
    assert_eq!(wrong.problem().code, Code::WrongCode);
    let first = shown(&shop, "priya", &secret).await;
    let confirmed = post("/v1/totp/confirm", json!({"code": first}))
        .await
        .json();
    let recovery = confirmed["codes"].as_array().expect("codes").clone();
    assert_eq!(recovery.len(), 10);
    let state = shop.get("/v1/totp", &token).await.json();
    assert_eq!(
        state,
        json!({"enabled": true, "required": false, "recovery_left": 10})
    );

    let asked = password(&shop, "priya", "hollowpine").await;
    assert_eq!(asked.problem().code, Code::TotpRequired);
    assert!(asked.json()["challenge"].get("enrolment").is_none());
    let used = code(&shop, &asked, &first).await;
    assert_eq!(
        used.problem().code,
        Code::WrongCode,
        "it was used to set the app up"
    );
    shop.state.clock.advance(TimeDelta::seconds(30));
    let next = shown(&shop, "priya", &secret).await;
    let signed_in = code(&shop, &asked, &next).await;
    assert_eq!(signed_in.status, StatusCode::CREATED, "{}", signed_in.body);
    assert!(signed_in.json()["token"].is_string());
    let again = code(&shop, &asked, &next).await;
    assert_eq!(
        again.problem().code,
        Code::SignedOut,
        "a challenge is met once"
    );
    let asked = password(&shop, "priya", "hollowpine").await;
    let again = code(&shop, &asked, &next).await;
    assert_eq!(
        again.problem().code,
        Code::WrongCode,
        "a code is taken once"
    );

    let spare = text(&recovery[3]).to_uppercase();
    let by_recovery = code(&shop, &asked, &spare).await;
    assert_eq!(
        by_recovery.status,
        StatusCode::CREATED,
        "{}",
        by_recovery.body
    );
    shop.state.clock.advance(TimeDelta::minutes(6));
    let token = shop_token(&by_recovery);
    let asked = password(&shop, "priya", "hollowpine").await;
    let again = code(&shop, &asked, &spare).await;
    assert_eq!(again.problem().code, Code::WrongCode, "once each");
    let state = shop.get("/v1/totp", &token).await.json();
    assert_eq!(state["recovery_left"], 9);

    let now = shown(&shop, "priya", &secret).await;
    let removed = shop
        .send("POST", "/v1/totp/remove", &token, json!({"code": now}))
        .await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    shop.sign_in("priya").await;
}

fn shop_token(answer: &Answer) -> String {
    text(&answer.json()["token"])
}

#[tokio::test]
async fn wrong_codes_are_counted_and_challenges_end() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let begun = shop
        .send("POST", "/v1/totp", &token, json!({}))
        .await
        .json();
    let secret = text(&begun["secret"]);
    let first = shown(&shop, "priya", &secret).await;
    shop.send("POST", "/v1/totp/confirm", &token, json!({"code": first}))
        .await;
    let asked = password(&shop, "priya", "hollowpine").await;
    for _ in 0..5 {
        let wrong = code(&shop, &asked, "000000").await;
        assert_eq!(wrong.problem().code, Code::WrongCode);
    }
    let spent = code(&shop, &asked, "000000").await;
    assert_eq!(
        spent.problem().code,
        Code::SignedOut,
        "five tries for a challenge"
    );
    let asked = password(&shop, "priya", "hollowpine").await;
    let busy = code(&shop, &asked, "000000").await;
    assert_eq!(busy.problem().code, Code::Busy, "and for an account");
    shop.state.clock.advance(TimeDelta::minutes(6));
    let right = shown(&shop, "priya", &secret).await;
    let late = code(&shop, &asked, &right).await;
    assert_eq!(late.problem().code, Code::SignedOut, "five minutes");
}

#[tokio::test]
async fn a_role_that_needs_an_app_sets_it_up_at_the_sign_in() {
    let shop = Shop::open_with(|config| config.sessions.totp_required = vec![Role::Admin]).await;
    shop.sign_in("priya").await;
    let asked = password(&shop, "aino", "hollowpine").await;
    assert_eq!(asked.problem().code, Code::TotpEnrolment);
    let enrolment = asked.json()["challenge"]["enrolment"].clone();
    assert!(text(&enrolment["url"]).starts_with("otpauth://totp/"));
    let secret = text(&enrolment["secret"]);
    // The window asks again with the code, and for that the gateway begins again.
    let asked = password(&shop, "aino", "hollowpine").await;
    assert_eq!(asked.json()["challenge"]["enrolment"], enrolment);
    let first = shown(&shop, "aino", &secret).await;
    let signed_in = code(&shop, &asked, &first).await.json();
    assert_eq!(
        signed_in["recovery_codes"].as_array().map(Vec::len),
        Some(10)
    );
    let asked = password(&shop, "aino", "hollowpine").await;
    assert_eq!(asked.problem().code, Code::TotpRequired);
}

#[tokio::test]
async fn a_password_is_changed_for_a_good_one_and_others_are_signed_out() {
    let shop = Shop::open().await;
    let (here, there) = (shop.sign_in("priya").await, shop.sign_in("priya").await);
    let change = async |old: &str, new: &str| {
        let body = json!({"old": old, "new": new});
        shop.send("POST", "/v1/password", &here, body).await
    };
    let wrong = change("wrong", "moss tent gravel piano").await;
    assert_eq!(wrong.problem().code, Code::WrongCredentials);
    for weak in ["short", "password1234", "priya@hollowpine.example"] {
        let problem = change("hollowpine", weak).await.problem();
        assert_eq!(
            (problem.status, problem.code),
            (422, Code::Invalid),
            "{weak}"
        );
        assert_eq!(problem.errors[0].pointer, "/new");
    }
    let done = change("hollowpine", "moss tent gravel piano").await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    let other = shop.get("/v1/session", &there).await.problem();
    assert_eq!(other.code, Code::SignedOut, "their copies stay");
    assert_eq!(shop.get("/v1/session", &here).await.status, StatusCode::OK);
    let old = password(&shop, "priya", "hollowpine").await;
    assert_eq!(old.problem().code, Code::WrongCredentials);
    let new = password(&shop, "priya", "moss tent gravel piano").await;
    assert_eq!(new.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_locked_account_signs_nobody_in() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let priya = account(&shop, "priya").await;
    let lock = async |locked| {
        let done = shop.state.store.set_locked(priya.id, locked, Actor::System);
        done.await.expect("a write");
    };
    lock(true).await;
    let gone = shop.get("/v1/session", &token).await.problem();
    assert_eq!(gone.code, Code::SignedOut);
    let right = password(&shop, "priya", "hollowpine").await.problem();
    assert_eq!((right.status, right.code), (403, Code::AccountLocked));
    let wrong = password(&shop, "priya", "wrong").await.problem();
    assert_eq!(wrong.code, Code::WrongCredentials, "told to nobody else");
    lock(false).await;
    shop.sign_in("priya").await;
}

#[tokio::test]
async fn wrong_passwords_count_for_an_account_wherever_they_come_from() {
    let shop = Shop::open().await;
    let now = shop.state.clock.now();
    for _ in 0..20 {
        shop.state
            .throttles
            .account
            .count("priya@hollowpine.example", now);
    }
    let answer = password(&shop, "priya", "hollowpine").await;
    assert_eq!(answer.problem().code, Code::Busy);
    shop.sign_in("mette").await;
}
