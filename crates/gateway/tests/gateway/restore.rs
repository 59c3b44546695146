//! A backup is put back: what desktops have seen since is not in it, so they sync again.

use crate::kit::{Shop, Socket, TICKET};
use deskhand_gateway::{Config, StartError, new_epoch, start};
use deskhand_protocol::{live::close, problem::Code};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

async fn shut(shop: &Shop) {
    let ended = shop.state.tasks.stop(Duration::from_secs(10)).await;
    assert!(ended, "every task ended");
    shop.state.store.close().await;
}

async fn cursors(shop: &Shop, token: &str) -> (Value, String) {
    let page = shop.get("/v1/sync", token).await.json();
    let next = page["next"].as_str().expect("more pages").to_owned();
    (page["live"].clone(), next)
}

fn copy(folder: &Path, from: &str, to: &str) {
    std::fs::copy(folder.join(from), folder.join(to)).expect("a copy");
}

#[tokio::test]
async fn after_a_backup_was_put_back_old_cursors_mean_sync_again() {
    let shop = Shop::open().await;
    let token = shop.sign_in("priya").await;
    let before = cursors(&shop, &token).await;
    shut(&shop).await;
    let folder = shop.folder.path().to_owned();
    copy(&folder, "gateway.db", "backup.db");
    let shop = shop.reopen().await;
    shop.write(&token, TICKET, "note", "not in the backup")
        .await;
    let since = cursors(&shop, &token).await;
    shut(&shop).await;
    copy(&folder, "backup.db", "gateway.db");
    let epoch = new_epoch(&Config::embedded(&folder))
        .await
        .expect("a new epoch");

    let shop = shop.reopen().await;
    let address = shop.listen().await;
    // As much is written as was lost: by the position alone nobody could tell.
    for _ in 0..3 {
        shop.write(&token, TICKET, "note", "another history").await;
    }
    for (live, next) in [before, since] {
        let mut socket = Socket::connect(&address, "/v1/live", &token)
            .await
            .expect("a socket");
        socket.say(json!({"type": "follow", "cursor": live})).await;
        assert_eq!(socket.ended().await, close::RESYNC);
        let problem = shop
            .get(&format!("/v1/sync?after={next}"), &token)
            .await
            .problem();
        assert_eq!((problem.status, problem.code), (409, Code::Conflict));
    }
    let page = shop.get("/v1/sync", &token).await.json();
    assert_eq!(page["epoch"], json!(epoch));
    let mut socket = Socket::connect(&address, "/v1/live", &token)
        .await
        .expect("a socket");
    socket
        .say(json!({"type": "follow", "cursor": page["live"]}))
        .await;
    assert_eq!(socket.next().await.expect("a frame")["type"], "following");
}

#[tokio::test]
async fn a_new_epoch_needs_a_database_that_nobody_uses() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::embedded(folder.path());
    let refused = new_epoch(&config).await.expect_err("there is nothing");
    assert!(
        matches!(refused, StartError::NoDatabase { .. }),
        "{refused}"
    );
    assert_eq!(refused.exit_code(), 24);
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 0, "nothing was made");
    let running = start(config.clone()).await.expect("it starts");
    let refused = new_epoch(&config).await.expect_err("it is in use");
    assert_eq!(refused.exit_code(), 18, "{refused}");
    running.stop().await;
    new_epoch(&config).await.expect("a new epoch");
}
