//! Admins give roles and teams; what is masked is revealed on purpose; a folder of rules is followed.

use crate::{
    kit::{Shop, Socket, TICKET},
    table::{TRADE, everybody, sign_in, with_trade},
};
use axum::http::StatusCode;
use deskhand_domain::{AccountId, TeamId};
use deskhand_gateway::{Config, policies::Follower, testing::id};
use deskhand_protocol::{audit::Action, live::close, problem::Code};
use serde_json::{Value, json};

const PRIYA: &str = "/v1/accounts/01900000-0001-7000-8000-000000000001";
const AINO: &str = "/v1/accounts/01900000-0001-7000-8000-000000000003";

async fn entries(shop: &Shop, action: Action) -> Vec<Value> {
    let trail = shop
        .state
        .store
        .audit_after(0, 10_000)
        .await
        .expect("the trail");
    trail
        .into_iter()
        .filter(|entry| entry.action == action)
        .map(|entry| entry.details)
        .collect()
}

#[tokio::test]
async fn of_two_admins_at_once_one_is_told() {
    let shop = Shop::open().await;
    with_trade(&shop).await;
    let aino = shop.sign_in("aino").await;
    let listed = shop.get("/v1/accounts", &aino).await.json();
    let priya = listed["items"]
        .as_array()
        .expect("accounts")
        .iter()
        .find(|item| item["account"]["name"] == "Priya Raman")
        .expect("Priya");
    assert_eq!(priya["version"], 1);
    assert_eq!(priya["account"]["teams"], json!([TeamId::MAIN]));
    let give = |body: Value| shop.send("PATCH", PRIYA, &aino, body);
    let done = give(json!({"version": 1, "teams": [TRADE, TRADE]})).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(done.json()["account"]["teams"], json!([TRADE]), "each once");
    assert_eq!(done.json()["version"], 2);
    let late = give(json!({"version": 1, "role": "supervisor"})).await;
    assert_eq!(late.problem().code, Code::Conflict);
    let now = give(json!({"version": 2})).await.json();
    assert_eq!(now["account"]["role"], "agent", "nothing was changed");
    for (body, pointer) in [
        (json!({"version": 3, "role": "wizard"}), "/role"),
        (json!({"version": 3, "role": "No Role"}), "/role"),
        (json!({"version": 3, "teams": [id(10, 99)]}), "/teams"),
    ] {
        let refused = give(body).await;
        assert_eq!(
            refused.problem().errors[0].pointer,
            pointer,
            "{}",
            refused.body
        );
    }
    let alone = shop
        .send("PATCH", AINO, &aino, json!({"version": 1, "role": "agent"}))
        .await;
    assert_eq!(
        alone.status,
        StatusCode::CONFLICT,
        "the last who manages accounts"
    );
    assert_eq!(entries(&shop, Action::TeamsChanged).await.len(), 1);
    assert_eq!(entries(&shop, Action::RoleChanged).await.len(), 0);
}

#[tokio::test]
async fn another_team_closes_the_socket_at_once_and_begins_another_copy() {
    let shop = Shop::open().await;
    with_trade(&shop).await;
    let address = shop.listen().await;
    let (aino, priya) = (shop.sign_in("aino").await, shop.sign_in("priya").await);
    let page = shop.get("/v1/sync", &priya).await.json();
    let mut socket = Socket::connect(&address, "/v1/live", &priya)
        .await
        .expect("a socket");
    socket
        .say(json!({"type": "follow", "cursor": page["live"]}))
        .await;
    assert_eq!(socket.next().await.expect("a frame")["type"], "following");
    let done = shop
        .send(
            "PATCH",
            PRIYA,
            &aino,
            json!({"version": 1, "teams": [TRADE]}),
        )
        .await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(socket.ended().await, close::SCOPE);
    assert_eq!(shop.get(TICKET, &priya).await.status, StatusCode::NOT_FOUND);
    let mine = shop.get("/v1/session", &priya).await.json();
    assert_eq!(mine["teams"], json!([{"id": TRADE, "name": "Trade"}]));
    assert_eq!(mine["refunds_up_to"], 100);
    // A ticket that is given to the team is there at once.
    let given = shop
        .send("PATCH", TICKET, &aino, json!({"team": TRADE}))
        .await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.body);
    assert_eq!(shop.get(TICKET, &priya).await.json()["team"], json!(TRADE));
}

#[tokio::test]
async fn nobody_hears_who_reads_and_writes_in_another_team() {
    let shop = Shop::open().await;
    with_trade(&shop).await;
    let address = shop.listen().await;
    let (aino, priya) = (shop.sign_in("aino").await, shop.sign_in("priya").await);
    let given = shop
        .send("PATCH", TICKET, &aino, json!({"team": TRADE}))
        .await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.body);
    let page = shop.get("/v1/sync", &priya).await.json();
    let mut hears = Socket::connect(&address, "/v1/live", &priya)
        .await
        .expect("a socket");
    hears
        .say(json!({"type": "follow", "cursor": page["live"]}))
        .await;
    let page = shop.get("/v1/sync", &aino).await.json();
    let mut writes = Socket::connect(&address, "/v1/live", &aino)
        .await
        .expect("a socket");
    writes
        .say(json!({"type": "follow", "cursor": page["live"]}))
        .await;
    let (foreign, own) = (id(5, 1), id(5, 2));
    // Priya says that she reads what she may not see: that is nothing to anybody.
    hears.until(|frame| frame["type"] == "following").await;
    hears
        .say(json!({"type": "reading", "ticket": foreign}))
        .await;
    for ticket in [foreign, own] {
        writes
            .say(json!({"type": "reading", "ticket": ticket}))
            .await;
        writes
            .say(json!({"type": "typing", "ticket": ticket, "typing": true}))
            .await;
    }
    let heard = hears
        .until(|frame| frame["type"] == "typing" || frame["type"] == "reading")
        .await;
    assert_eq!(heard["ticket"], json!(own), "{heard}");
    let seen = writes.until(|frame| frame["type"] == "reading").await;
    assert_ne!(seen["accounts"], json!([id(1, 1)]), "{seen}");
}

#[tokio::test]
async fn what_is_masked_is_revealed_with_a_reason_and_remembered() {
    let shop = Shop::open().await;
    with_trade(&shop).await;
    let people = everybody(&shop).await;
    let looker = people
        .iter()
        .find(|one| one.account.role.as_str() == "looker")
        .expect("a looker");
    let path = format!("/v1/customers/{}", id(2, 3));
    let masked = shop.get(&path, &looker.token).await;
    assert_eq!(masked.json()["email"], "•••");
    assert_eq!(masked.json()["city"], "•••");
    assert_eq!(
        masked.json()["phone"],
        Value::Null,
        "nothing is known to be hidden"
    );
    let reveal = format!("{path}/reveal");
    for bad in [
        json!({}),
        json!({"reason": "curiosity"}),
        json!({"reason": "fraud", "more": 1}),
    ] {
        let refused = shop.send("POST", &reveal, &looker.token, bad).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    }
    let clear = shop
        .send("POST", &reveal, &looker.token, json!({"reason": "fraud"}))
        .await;
    assert_eq!(clear.json()["email"], "ana3@example.com");
    assert_eq!(
        clear.json()["orders"],
        json!([]),
        "the role reads no orders"
    );
    let priya = shop.sign_in("priya").await;
    let body = json!({"reason": "delivery", "ticket": id(5, 3)});
    let clear = shop.send("POST", &reveal, &priya, body).await.json();
    assert_eq!(clear["orders"][0]["ship_to"]["street"], "Rua Um 1");
    let body = json!({"reason": "delivery", "ticket": id(5, 4)});
    let other = shop.send("POST", &reveal, &priya, body).await;
    assert_eq!(
        other.problem().errors[0].pointer,
        "/ticket",
        "of another customer"
    );
    let told = entries(&shop, Action::CustomerRevealed).await;
    let reasons: Vec<&Value> = told.iter().map(|details| &details["reason"]).collect();
    assert_eq!(reasons, ["fraud", "delivery"]);
}

#[tokio::test]
async fn a_folder_of_rules_is_taken_whole_or_not_at_all() {
    let shop = Shop::open().await;
    let folder = tempfile::tempdir().expect("a folder");
    let roles = folder.path().join("roles.toml");
    let write = |text: &str| std::fs::write(&roles, text).expect("a file");
    write("[agent]\nscopes = [\"tickets:read\"]\n");
    let mut follower = Follower::new(folder.path().to_owned());
    let priya = shop.sign_in("priya").await;
    let body = json!({"priority": "high"});
    let change = || shop.send("PATCH", TICKET, &priya, body.clone());
    assert_eq!(change().await.status, StatusCode::OK);
    write("[agent]\nscopes = [\"tickets:read\", \"orders:read\"]\n");
    follower.look(&shop.state).await;
    assert_eq!(
        change().await.status,
        StatusCode::OK,
        "somebody may be writing"
    );
    follower.look(&shop.state).await;
    let refused = change().await.problem();
    assert!(
        refused.detail.contains("tickets:write"),
        "{}",
        refused.detail
    );
    assert_eq!(entries(&shop, Action::PolicyChanged).await.len(), 1);
    // With a mistake the one before stays in force; a right one after it is taken again.
    write("[agent]\nscopes = [\"tickets:wrong\"]\n");
    for _ in 0..3 {
        follower.look(&shop.state).await;
        assert_eq!(change().await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(entries(&shop, Action::PolicyChanged).await.len(), 1);
    write("[agent]\nscopes = [\"tickets:read\", \"tickets:write\"]\n");
    follower.look(&shop.state).await;
    follower.look(&shop.state).await;
    assert_eq!(change().await.status, StatusCode::OK);
    assert_eq!(entries(&shop, Action::PolicyChanged).await.len(), 2);
    // A folder that is gone is a mistake too.
    std::fs::remove_dir_all(folder.path()).expect("removed");
    follower.look(&shop.state).await;
    follower.look(&shop.state).await;
    assert_eq!(change().await.status, StatusCode::OK);
}

#[tokio::test]
async fn nothing_starts_with_a_mistake_in_the_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("policy");
    std::fs::create_dir(&rules).expect("a folder");
    std::fs::write(rules.join("own.cedar"), "\npermit (everybody);").expect("a file");
    let mut config = Config::embedded(folder.path().join("data"));
    config.policy.folder = Some(rules);
    let error = deskhand_gateway::start(config)
        .await
        .err()
        .expect("refused");
    assert_eq!(error.exit_code(), 28);
    assert!(error.to_string().contains("own.cedar, line 2"), "{error}");
}

#[tokio::test]
async fn the_rule_that_decides_is_told_beside_a_gateway_that_runs() {
    let shop = Shop::open().await;
    let explain = |account: &str, action: &str, resource: &str| {
        let told = std::process::Command::new(env!("CARGO_BIN_EXE_deskhand-gateway"))
            .args(["policy", "explain", "--data-dir"])
            .arg(shop.folder.path())
            .args(["--as", account, action, resource])
            .output()
            .expect("the gateway is there");
        let text = [told.stdout, told.stderr].concat();
        (told.status.code(), String::from_utf8(text).expect("UTF-8"))
    };
    let priya = "Priya@hollowpine.example";
    let (code, told) = explain(priya, "message.send", "ticket:1");
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.starts_with("message.send: allowed by messages.send (tickets.cedar, line "),
        "{told}"
    );
    let (_, told) = explain(priya, "refund.execute", "refund:250:EUR");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ROLES.md");
    let page = std::fs::read_to_string(page).expect("the page");
    assert!(
        page.contains(&told),
        "the page shows something else than {told}"
    );
    let (code, told) = explain("nobody@hollowpine.example", "order.read", "order");
    assert_eq!(code, Some(25), "{told}");
    for (action, resource) in [
        ("order.eat", "order"),
        ("order.read", "parcel:7"),
        ("ticket.read", "ticket:999"),
    ] {
        let (code, told) = explain(priya, action, resource);
        assert_eq!(code, Some(10), "{told}");
    }
}

#[tokio::test]
async fn a_role_that_was_deleted_allows_nothing_and_says_so() {
    let shop = Shop::open().await;
    with_trade(&shop).await;
    let people = everybody(&shop).await;
    let gone = people
        .iter()
        .find(|one| one.account.role.as_str() == "deleted")
        .expect("somebody");
    let refused = shop.get("/v1/tickets", &gone.token).await.problem();
    assert!(
        refused
            .detail
            .contains("the role deleted does not exist any more"),
        "{}",
        refused.detail
    );
    let page = shop.get("/v1/sync", &gone.token).await.json();
    assert_eq!(page["changes"], json!([]), "nor does a copy hold anything");
    let mine = shop.get("/v1/session", &gone.token).await.json();
    assert_eq!((&mine["scopes"], &mine["teams"]), (&json!([]), &json!([])));
    let token = sign_in(&shop, AccountId(id(1, 1)), "again").await;
    assert_eq!(shop.get(TICKET, &token).await.status, StatusCode::OK);
}
