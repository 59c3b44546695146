//! What the core does for the cache beside the feed.

use crate::{
    fake::{Desk, Fake, Live, Machine, following, id, ok, page_of, refused, until},
    held::{shop, ticket},
};
use deskhand_protocol::{
    calls::Calls,
    view::{AddNote, Nothing, SearchQuery, Sort, TicketQuery, ViewId},
};
use serde_json::{Value, json};
use std::{
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

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
        // A part of what came in may be found before all of it is.
        let all = results.indexed == 100 && !results.hits.is_empty();
        all.then_some(results)
    })
    .await;
    assert_eq!(results.hits[0].title, "Tent");
    desk.client.stop().await;
}

const TICKETS: u128 = 400;

fn cache_file(folder: &Path) -> PathBuf {
    let profiles = std::fs::read_dir(folder.join("profiles")).expect("a folder");
    let profile = profiles.filter_map(Result::ok).next().expect("a profile");
    profile.path().join("cache.db")
}

/// Destroys part of the file, far from its beginning.
fn damage(file: &Path) {
    let mut file = std::fs::File::options()
        .write(true)
        .open(file)
        .expect("the cache");
    let length = file.metadata().expect("its length").len();
    let middle = length / 2 / 4096 * 4096;
    file.seek(SeekFrom::Start(middle)).expect("there");
    file.write_all(&vec![7; 16 * 4096]).expect("damaged");
}

async fn open_tickets(desk: &Desk) -> Option<u32> {
    let query = TicketQuery {
        view: ViewId::AllOpen,
        sort: Sort::Clock,
        offset: 0,
        limit: 500,
    };
    let page = desk.client.tickets(query).await.ok()?;
    Some(page.total.min(page.rows.len().try_into().ok()?))
}

#[tokio::test]
async fn a_damaged_cache_is_made_anew_at_once_and_keeps_what_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Arc::new(Machine::default());
    let open = || Live::Say(vec![following("e", 1)]);
    let fake = Fake::start(vec![open(), open(), open()], |line, _| {
        if line != "GET /v1/sync" {
            return refused(503, "unavailable", "retry-after: 600\r\n", json!([]));
        }
        let tickets = (1..=TICKETS).map(|number| {
            let mut ticket = ticket();
            ticket["id"] = json!(id(number));
            ticket["snippet"] = json!("Where is it? ".repeat(20));
            json!({"position": number, "record": {"kind": "ticket", "value": ticket}})
        });
        page_of("e", None, tickets.collect())
    })
    .await;
    let desk = Desk::start(folder.path(), &host).await;
    desk.sign_in(&fake).await;
    until("all tickets", async || {
        (open_tickets(&desk).await? == 400).then_some(())
    })
    .await;
    let note = AddNote {
        ticket: id(1).into(),
        text: "Ask the carrier.".into(),
    };
    let op = desk.client.add_note(note).await.expect("queued");
    desk.client.stop().await;
    damage(&cache_file(folder.path()));

    let desk = Desk::start(folder.path(), &host).await;
    desk.client.boot(Nothing {}).await.expect("booted");
    until("a new copy", async || {
        (fake.asked("GET /v1/sync") >= 2 && open_tickets(&desk).await? == 400).then_some(())
    })
    .await;
    let waits = desk.client.outbox(Nothing {}).await.expect("an outbox");
    assert_eq!(waits.iter().map(|item| item.op).collect::<Vec<_>>(), [op]);
    desk.client.stop().await;
}
