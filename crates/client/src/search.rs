//! Search: the call, and the loop that makes what came in findable, a little at a time.

use crate::shop::{Shop, cache_failed, report};
use deskhand_cache::Slice;
use deskhand_protocol::{
    calls::CallError,
    view::{SearchQuery, SearchResults},
};
use std::{pin::pin, sync::Arc, time::Duration};

/// About as long one slice works; nobody waits for it.
const SLICE: Duration = Duration::from_millis(40);
/// Between two slices everything else gets its turn.
const BREATH: Duration = Duration::from_millis(1);
const AFTER_A_FAILURE: Duration = Duration::from_secs(60);

pub(crate) async fn search(shop: &Shop, query: &SearchQuery) -> Result<SearchResults, CallError> {
    let found = shop.reader.search(query, &shop.viewer()).await;
    let found = found.map_err(cache_failed)?;
    if found.indexed < 100 {
        // Nothing may be going on: the search may have found the index broken.
        shop.wake_index.notify_one();
    }
    Ok(found)
}

/// Indexes what came in until the shop closes.
pub(crate) async fn index(shop: Arc<Shop>) {
    loop {
        let mut wake = pin!(shop.wake_index.notified());
        wake.as_mut().enable(); // Armed before looking, so no wake-up is lost.
        match shop.writer.index_slice(SLICE).await {
            Ok(Slice::Index | Slice::Copy) => tokio::time::sleep(BREATH).await,
            Ok(Slice::Nothing) => wake.await,
            Err(error) => {
                report(&error, "what came in could not be indexed");
                shop.suspect(&error);
                tokio::time::sleep(AFTER_A_FAILURE).await;
            }
        }
    }
}
