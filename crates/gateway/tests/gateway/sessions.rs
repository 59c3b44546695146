//! Tokens: how long they last, how they are exchanged, and when they end.

use crate::kit::{Answer, Shop, request};
use axum::http::StatusCode;
use chrono::TimeDelta;
use deskhand_protocol::problem::Code;
use serde_json::json;

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
