//! Copies that were alone for too long, and sessions that the gateway ended.

use crate::{
    fake::{
        Answer, Fake, Live, NOW, TOKEN, at, following, id, ok, page_of, refused, tokens, until,
    },
    keys::{Machine, boot, copies, files, sign_in, start, waiting, write_note},
};
use deskhand_client::KeychainError;
use deskhand_protocol::{
    calls::{CallCode, CallError, Calls},
    live::close,
    view::{Boot, Nothing, Passphrase},
};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

const DAY: i64 = 86_400;
const PASSPHRASE: &str = "correct horse battery";

/// A gateway whose live socket does this, and which answers 503 to everything but the first page
/// and the question for the session.
async fn shop(live: Vec<Live>, session: impl Fn() -> Answer + Send + Sync + 'static) -> Fake {
    Fake::start(live, move |line, _| match line {
        "GET /v1/sync" => page_of("e", None, json!([])),
        "GET /v1/session" => session(),
        _ => away(),
    })
    .await
}

fn away() -> Answer {
    refused(503, "unavailable", "retry-after: 600\r\n", json!([]))
}

fn session(days: i64) -> Answer {
    ok(json!({
        "expires_at": at(NOW + 90_000), "scopes": ["tickets:read"], "lease_days": days,
        "account": {"id": id(77), "name": "Priya", "email": "p@x.example", "role": "agent"},
        "shop": {"name": "Fake", "currency": "EUR", "help_email": "h@x.example",
            "order_prefix": "X-", "time_zone": "Europe/Berlin"},
    }))
}

fn problem(boot: Boot) -> Option<CallError> {
    match boot {
        Boot::SignIn { problem, .. } => problem,
        other => panic!("something is open: {other:?}"),
    }
}

async fn closes(client: &deskhand_client::Client) {
    until("the shop to close", async || {
        client.connection(Nothing {}).await.err().map(|_| ())
    })
    .await;
}

fn set(clock: &crate::fake::Hand, moment: i64) {
    *clock.0.lock().expect("the clock") = moment;
}

#[tokio::test]
async fn a_copy_that_was_alone_for_too_long_is_locked_and_a_sign_in_opens_it_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Arc::new(Machine::default());
    let fake = shop(vec![Live::Refuse(503, String::new())], away).await;
    let (client, clock) = start(folder.path(), &machine).await;
    sign_in(&client, &fake, None).await.expect("signed in");
    write_note(&client).await;
    set(&clock, NOW + 14 * DAY - 60);
    client.stop().await;

    let (client, clock) = start(folder.path(), &machine).await;
    set(&clock, NOW + 14 * DAY - 60);
    assert!(
        matches!(boot(&client).await, Boot::Shop(_)),
        "still in time"
    );
    // It sleeps over the end.
    set(&clock, NOW + 15 * DAY);
    closes(&client).await;
    let Boot::SignIn {
        address,
        email,
        problem,
        ..
    } = boot(&client).await
    else {
        panic!("it is locked");
    };
    assert_eq!(address.as_deref(), Some(fake.address.as_str()));
    assert_eq!(email.as_deref(), Some("p@x.example"));
    assert_eq!(
        problem.map(|problem| problem.code),
        Some(CallCode::LeaseEnded)
    );
    client.stop().await;

    // A clock that is set back opens nothing.
    let (client, _) = start(folder.path(), &machine).await;
    let locked = problem_of(&client).await;
    assert_eq!(locked, Some(CallCode::LeaseEnded));
    sign_in(&client, &fake, None).await.expect("signed in");
    assert_eq!(waiting(&client).await, 1, "the same copy");
    client.stop().await;
    let (client, _) = start(folder.path(), &machine).await;
    assert!(matches!(boot(&client).await, Boot::Shop(_)), "a new lease");
    client.stop().await;
}

async fn problem_of(client: &deskhand_client::Client) -> Option<CallCode> {
    problem(boot(client).await).map(|problem| problem.code)
}

#[tokio::test]
async fn a_clock_that_is_ahead_locks_a_copy_that_is_opened_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Arc::new(Machine::default());
    let fake = shop(vec![Live::Refuse(503, String::new())], away).await;
    let (client, _) = start(folder.path(), &machine).await;
    sign_in(&client, &fake, None).await.expect("signed in");
    client.stop().await;
    let (client, clock) = start(folder.path(), &machine).await;
    set(&clock, NOW + 20 * DAY);
    assert_eq!(problem_of(&client).await, Some(CallCode::LeaseEnded));
    set(&clock, NOW);
    assert_eq!(problem_of(&client).await, Some(CallCode::LeaseEnded));
    assert_ne!(
        copies(folder.path()),
        Vec::<PathBuf>::new(),
        "nothing is lost"
    );
    client.stop().await;
}

#[tokio::test]
async fn the_gateway_says_how_long_a_lease_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Arc::new(Machine::default());
    let fake = shop(vec![Live::Say(vec![following("e", 1)])], || session(2)).await;
    let (client, _) = start(folder.path(), &machine).await;
    sign_in(&client, &fake, None).await.expect("signed in");
    until("the question", async || {
        (fake.asked("GET /v1/session") > 0).then_some(())
    })
    .await;
    client.stop().await;
    let (client, clock) = start(folder.path(), &machine).await;
    set(&clock, NOW + 3 * DAY);
    assert_eq!(problem_of(&client).await, Some(CallCode::LeaseEnded));
    client.stop().await;
}

#[tokio::test]
async fn a_sealed_copy_is_locked_too_and_keeps_its_passphrase() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Machine::without_keychain();
    let fake = shop(vec![Live::Refuse(503, String::new())], away).await;
    let (client, _) = start(folder.path(), &machine).await;
    sign_in(&client, &fake, Some(PASSPHRASE))
        .await
        .expect("signed in");
    write_note(&client).await;
    client.stop().await;
    let (client, clock) = start(folder.path(), &machine).await;
    set(&clock, NOW + 20 * DAY);
    let passphrase = PASSPHRASE.to_owned();
    let locked = client.unlock(Passphrase { passphrase }).await;
    assert_eq!(
        locked.err().map(|error| error.code),
        Some(CallCode::LeaseEnded)
    );
    assert_eq!(problem_of(&client).await, Some(CallCode::LeaseEnded));
    set(&clock, NOW);
    sign_in(&client, &fake, None).await.expect("signed in");
    assert_eq!(waiting(&client).await, 1);
    client.stop().await;
}

/// What is left of a copy and its secrets.
fn left(folder: &std::path::Path, machine: &Machine) -> (Vec<PathBuf>, Vec<String>, bool) {
    let sealed = folder.join("secrets.sealed").exists();
    (copies(folder), machine.secrets.names(), sealed)
}

#[tokio::test]
async fn a_revoked_session_takes_key_token_and_copy_with_it_and_an_ended_one_does_not() {
    for passphrase in [None, Some(PASSPHRASE)] {
        for (word, code) in [
            ("session_revoked", CallCode::SessionRevoked),
            ("signed_out", CallCode::SignedOut),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let machine = Arc::new(Machine::default());
            if passphrase.is_some() {
                machine.breaks(Some(KeychainError::Absent("none".into())));
            }
            // Why is not known at first, and so nothing happens yet.
            let known = Arc::new(AtomicBool::new(false));
            let answer = Arc::clone(&known);
            let live = vec![Live::Close(close::SIGNED_OUT)];
            let fake = shop(live, move || match answer.load(Ordering::SeqCst) {
                false => away(),
                true => refused(401, word, "", json!([])),
            })
            .await;
            // A session that has ended has no tokens to exchange either.
            let ended = Arc::clone(&known);
            fake.on_refresh(move |_, _| match ended.load(Ordering::SeqCst) {
                false => tokens(TOKEN),
                true => refused(401, word, "", json!([])),
            });
            let (client, _) = start(folder.path(), &machine).await;
            sign_in(&client, &fake, passphrase)
                .await
                .expect("signed in");
            write_note(&client).await;
            until("the question", async || {
                (fake.asked("GET /v1/session") > 0).then_some(())
            })
            .await;
            assert!(matches!(boot(&client).await, Boot::Shop(_)));
            known.store(true, Ordering::SeqCst);
            closes(&client).await;
            let shown = problem_of(&client).await;
            assert_eq!(shown, Some(code), "{word}");
            let (copies, names, sealed) = left(folder.path(), &machine);
            if code == CallCode::SessionRevoked {
                assert_eq!((copies, names, sealed), (vec![], vec![], false), "{word}");
                for file in files(folder.path()) {
                    let bytes = std::fs::read(&file).expect("a file");
                    for secret in ["Ask the carrier", TOKEN] {
                        let mut windows = bytes.windows(secret.len());
                        assert!(
                            !windows.any(|window| window == secret.as_bytes()),
                            "{file:?}"
                        );
                    }
                }
            } else {
                assert!(!copies.is_empty(), "{word}");
                assert_eq!(sealed, passphrase.is_some());
                assert_eq!(
                    names.len(),
                    usize::from(passphrase.is_none()),
                    "the key alone"
                );
                sign_in(&client, &fake, None).await.expect("signed in");
                assert_eq!(waiting(&client).await, 1, "{word}");
            }
            client.stop().await;
        }
    }
}

#[tokio::test]
async fn a_session_that_was_revoked_while_the_copy_was_locked_is_wiped_at_the_sign_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Arc::new(Machine::default());
    let answer = Arc::new(Mutex::new("unavailable"));
    let word = Arc::clone(&answer);
    let fake = shop(vec![Live::Refuse(503, String::new())], move || {
        let word = *word.lock().expect("a word");
        refused(401, word, "", json!([]))
    })
    .await;
    let (client, _) = start(folder.path(), &machine).await;
    sign_in(&client, &fake, None).await.expect("signed in");
    write_note(&client).await;
    client.stop().await;
    let (client, clock) = start(folder.path(), &machine).await;
    set(&clock, NOW + 20 * DAY);
    assert_eq!(problem_of(&client).await, Some(CallCode::LeaseEnded));
    set(&clock, NOW);
    *answer.lock().expect("a word") = "session_revoked";
    sign_in(&client, &fake, None).await.expect("signed in");
    assert_eq!(waiting(&client).await, 0, "a new copy");
    assert_eq!(machine.secrets.names().len(), 2);
    client.stop().await;
}
