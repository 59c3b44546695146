//! What the core does for the cache beside the feed.

use crate::{
    fake::{Desk, ok, until},
    held::shop,
};
use deskhand_protocol::{calls::Calls, view::SearchQuery};
use serde_json::Value;

#[tokio::test]
async fn what_came_in_is_found_a_moment_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let fake = shop(|_, _| ok(Value::Null)).await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    let results = until("a hit", async || {
        let query = SearchQuery {
            text: "tent".into(),
            limit: 10,
        };
        let results = desk.client.search(query).await.expect("an answer");
        (!results.hits.is_empty()).then_some(results)
    })
    .await;
    assert_eq!(results.indexed, 100);
    assert_eq!(results.hits[0].title, "Tent");
    desk.client.stop().await;
}
