//! Reads what others told and applies it. A letter is kept before it is read, so that nothing is
//! lost; what cannot be read or applied is set aside with a reason, for somebody to look at.

mod command;
mod read;

use crate::{
    clock::Clock,
    store::{Letter, LetterState, Store, StoreError},
    tasks::Tasks,
};
pub use command::{Inbox, InboxOutcome, carry_out, inbox};
use deskhand_connectors::{
    carriers::{Vendor, live::Told},
    commerce::identity::{SHOPIFY, VENDURE},
    webhooks::Sender,
};
pub use read::{event, kind, read, source, track};
use std::time::Duration;

/// Who tells, when a service was asked: this and its path. No CloudEvent has such a source.
pub const ASKED: &str = "/asked/";
/// How many letters are applied in one transaction.
const BATCH: usize = 64;
/// How often waiting letters are looked for: the clock may be set, and another process may have
/// them looked at again.
const TICK: Duration = Duration::from_secs(2);
/// How long to wait when the database cannot be used.
const AGAIN: Duration = Duration::from_millis(500);

/// Starts the one task that reads.
pub fn start(store: &Store, tasks: &Tasks) {
    let (store, stop) = (store.clone(), tasks.stopping());
    tasks.spawn("intake", async move {
        stop.run_until_cancelled(run(store)).await;
    });
}

async fn run(store: Store) {
    loop {
        match apply_due(&store).await {
            Ok(0) => {
                // Told or not, it is time to look again.
                let told = tokio::time::timeout(TICK, store.something_is_told()).await;
                tracing::trace!(told = told.is_ok(), "looking at what was told");
            }
            Ok(letters) => tracing::debug!(letters, "read what was told"),
            Err(error) => {
                tracing::error!(%error, "what was told cannot be applied; trying again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Applies what is due, and answers how much of it there was.
pub async fn apply_due(store: &Store) -> Result<usize, StoreError> {
    let letters = store.due_letters(BATCH).await?;
    let count = letters.len();
    if count > 0 {
        let read = letters.into_iter().map(|letter| {
            let reading = read::read(&letter);
            (letter, reading)
        });
        store.apply_letters(read.collect()).await?;
    }
    Ok(count)
}

/// A letter that nobody has read.
pub fn letter(clock: &Clock, source: &str, event: String, kind: String, payload: String) -> Letter {
    let now = clock.now();
    Letter {
        id: clock.id(),
        source: source.to_owned(),
        event,
        kind,
        payload,
        received_at: now,
        state: LetterState::Waiting,
        tries: 0,
        due_at: Some(now),
        settled_at: None,
        reason: None,
        subject: None,
    }
}

/// What a service answered when it was asked, kept like what it tells. An answer that says the same
/// as one before is the same letter.
pub fn answer(clock: &Clock, vendor: Vendor, told: &Told) -> Letter {
    let said = serde_json::to_vec(&told.track).unwrap_or_default();
    let source = format!("{ASKED}{}", path(Sender::Carriers(vendor)));
    letter(
        clock,
        &source,
        read::digest(&said),
        String::new(),
        told.raw.clone(),
    )
}

/// The last part of the path at which somebody tells; of a shop it is its key.
pub fn path(sender: Sender) -> &'static str {
    match sender {
        Sender::Carriers(Vendor::EasyPost) => "easypost",
        Sender::Carriers(Vendor::AfterShip) => "aftership",
        Sender::Carriers(Vendor::Shippo) => "shippo",
        Sender::Carriers(Vendor::SeventeenTrack) => "17track",
        Sender::Vendure => VENDURE.key,
        Sender::Shopify => SHOPIFY.key,
    }
}

/// Somebody who sends webhooks, as they are named in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service(pub Sender);

impl std::str::FromStr for Service {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Sender::ALL.into_iter();
        let found = all.find(|sender| path(*sender) == text);
        found.map(Self).ok_or(())
    }
}
