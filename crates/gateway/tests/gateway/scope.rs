//! Somebody may see other things than before: their desktop is told before it is told anything else.

use crate::kit::{Shop, Socket, TICKET};
use deskhand_domain::{AccountId, Role};
use deskhand_gateway::testing::id;
use deskhand_protocol::{audit::Actor, live::close};
use serde_json::{Value, json};

async fn follow(address: &str, token: &str, cursor: &Value) -> Socket {
    let mut socket = Socket::connect(address, "/v1/live", token)
        .await
        .expect("a socket");
    socket
        .say(json!({"type": "follow", "cursor": cursor}))
        .await;
    socket
}

#[tokio::test]
async fn a_desktop_with_another_sight_is_told_to_delete_its_copy_before_it_gets_anything() {
    let shop = Shop::open().await;
    let address = shop.listen().await;
    let token = shop.sign_in("priya").await;
    let page = shop.get("/v1/sync", &token).await.json();
    let mut open = follow(&address, &token, &page["live"]).await;
    let first = open.next().await.expect("a frame");
    assert_eq!(first["type"], "following");

    let priya = AccountId(id(1, 1));
    let role = shop
        .state
        .store
        .set_role(priya, Role::Auditor, Actor::System)
        .await;
    assert_eq!(
        role.expect("stored").map(|account| account.role),
        Some(Role::Auditor)
    );
    let mine = shop.get("/v1/session", &token).await.json();
    assert_eq!(
        mine["scopes"],
        json!(["audit:read", "exports:read"]),
        "at once over HTTP"
    );
    assert_eq!(open.ended().await, close::SCOPE, "an open socket is closed");
    let mut later = follow(&address, &token, &page["live"]).await;
    assert_eq!(later.ended().await, close::SCOPE, "the old cursor is not");
    let next = page["next"].as_str().expect("more pages");
    let refused = shop.get(&format!("/v1/sync?after={next}"), &token).await;
    assert_eq!(refused.status, 409, "nor is its sync gone on with");

    // With the new sight there is another copy, and it has nothing of the old one.
    let page = shop.get("/v1/sync", &token).await.json();
    let kinds: Vec<&Value> = page["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|change| &change["record"]["kind"])
        .collect();
    assert!(
        !kinds
            .iter()
            .any(|kind| *kind == "ticket" || *kind == "message"),
        "{kinds:?}"
    );
    let mut open = follow(&address, &token, &page["live"]).await;
    assert_eq!(open.next().await.expect("a frame")["type"], "following");

    // A role that sees the same is no reason to begin anew.
    let mette = shop.sign_in("mette").await;
    let page = shop.get("/v1/sync", &mette).await.json();
    let raised = shop
        .state
        .store
        .set_role(AccountId(id(1, 2)), Role::Agent, Actor::System)
        .await;
    assert!(raised.expect("stored").is_some());
    let mut same = follow(&address, &mette, &page["live"]).await;
    shop.write(&mette, TICKET, "note", "still here").await;
    let change = same.until(|frame| frame["type"] == "changes").await;
    assert_ne!(change["changes"], json!([]));
}
