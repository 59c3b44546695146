//! Puts the feed on PostgreSQL on trial with as many events as told:
//! `cargo run -p deskhand-gateway --example feed_proof -- --events 1000000 --writers 64`.

use clap::Parser;
use deskhand_gateway::{
    Clock,
    store::{Location, Store},
    tasks::Tasks,
    testing::{
        feed_proof::{Found, Plan, naive, ours},
        postgres::Postgres,
    },
};
use std::process::ExitCode;

/// Many writers that dawdle and roll back, and a reader that must miss nothing.
#[derive(Parser)]
struct Arguments {
    /// How many events are committed at least.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// How many write at once.
    #[arg(long, default_value_t = 64)]
    writers: u64,
    /// What chance is made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments {
        events,
        writers,
        seed,
    } = Arguments::parse();
    let plan = Plan {
        events,
        writers,
        seed,
    };
    let server = Postgres::start();
    let url = server.create("proof");
    let store = Store::open(
        &Location::Url(url.clone()),
        Clock::default(),
        Tasks::default(),
    )
    .await?;
    let began = tokio::time::Instant::now();
    let feed = ours(&store, plan).await?;
    print("the feed", feed, began.elapsed());
    store.close().await;
    let began = tokio::time::Instant::now();
    let sequence = naive(&url, plan).await?;
    print("a sequence, position > cursor", sequence, began.elapsed());
    Ok(if !feed.is_flawless() {
        eprintln!("the feed lost something");
        ExitCode::FAILURE
    } else if sequence.is_flawless() {
        eprintln!("the trial is too gentle: even the naive reader missed nothing");
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn print(name: &str, found: Found, took: std::time::Duration) {
    let Found {
        committed,
        rolled_back,
        gaps,
        duplicates,
        reorders,
        ghosts,
        holes,
        at_head,
    } = found;
    println!(
        "{name}: {committed} committed, {rolled_back} rolled back, {gaps} gaps, \
         {duplicates} duplicates, {reorders} reorders, {ghosts} never committed, \
         {holes} holes in the positions, {at_head} times at the head, {:.1} s",
        took.as_secs_f64()
    );
}
