//! A sample of the feed's trial; all of it is the example `feed_proof`.

use deskhand_gateway::{
    Clock,
    store::{Location, Store},
    tasks::Tasks,
    testing::{
        feed_proof::{Plan, naive, ours},
        postgres::Postgres,
    },
};

const SAMPLE: Plan = Plan {
    events: 20_000,
    writers: 32,
    seed: 7,
};

async fn open(location: &Location) -> Store {
    let store = Store::open(location, Clock::default(), Tasks::default()).await;
    store.expect("a store")
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_no_reader_misses_what_commits_late_and_a_sequence_would() {
    let server = Postgres::start();
    let url = server.create("proof");
    let store = open(&Location::Url(url.clone())).await;
    let feed = ours(&store, SAMPLE).await.expect("a trial");
    assert!(feed.is_flawless() && feed.holes == 0, "{feed:?}");
    assert!(
        feed.committed >= SAMPLE.events && feed.rolled_back > 0,
        "{feed:?}"
    );
    store.close().await;
    let sequence = naive(&url, SAMPLE).await.expect("a trial");
    assert!(sequence.gaps > 0, "the trial would notice: {sequence:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_no_reader_misses_anything_either() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&Location::File(folder.path().join("gateway.db"))).await;
    let feed = ours(&store, SAMPLE).await.expect("a trial");
    assert!(feed.is_flawless() && feed.holes == 0, "{feed:?}");
    store.close().await;
}
