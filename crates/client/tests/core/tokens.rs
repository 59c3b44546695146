//! Tokens that end, and the ones they are exchanged for.

use crate::{
    fake::{Answer, Fake, Live, TOKEN, following, ok, page_of, refused, tokens, until},
    keys::{Machine, boot, copies, sign_in, start, waiting, write_note},
};
use deskhand_client::Keychain as _;
use deskhand_protocol::{
    calls::{CallCode, Calls},
    view::{Boot, Nothing},
};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

/// A gateway that answers 503 to everything but the first page and what the test says.
async fn shop(other: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) -> Fake {
    let live = vec![Live::Say(vec![following("e", 1)])];
    Fake::start(live, move |line, _| match line {
        "GET /v1/sync" => page_of("e", None, json!([])),
        line => other(line)
            .unwrap_or_else(|| refused(503, "unavailable", "retry-after: 1\r\n", json!([]))),
    })
    .await
}

/// The refresh tokens that were shown.
type Shown = Arc<Mutex<Vec<String>>>;

/// Answers exchanges in turn, the last answer again and again, and notes what was shown.
fn exchanges(fake: &Fake, answers: Vec<fn() -> Answer>) -> Shown {
    let shown = Shown::default();
    let (noted, next) = (Arc::clone(&shown), AtomicUsize::new(0));
    fake.on_refresh(move |_, body: &Value| {
        let token = body["refresh_token"].as_str().expect("a token").to_owned();
        noted.lock().expect("the tokens").push(token);
        let turn = next.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        answers[turn]()
    });
    shown
}

fn lost() -> Answer {
    Answer {
        status: 0,
        headers: String::new(),
        body: Value::Null,
    }
}

fn kept(machine: &Machine) -> Option<String> {
    let names = machine.secrets.names();
    let name = names.iter().find(|name| name.starts_with("session"))?;
    machine.secrets.get(name).expect("the keychain")
}

async fn closes(client: &deskhand_client::Client) {
    until("the shop to close", async || {
        client.connection(Nothing {}).await.err().map(|_| ())
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again_and_by_one_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Arc::new(Machine::default());
    let fake = shop(|_| None).await;
    let (client, _) = start(folder.path(), &machine).await;
    sign_in(&client, &fake, None).await.expect("signed in");
    write_note(&client).await;
    client.stop().await;
    assert_eq!(kept(&machine).as_deref(), Some(TOKEN));

    // No token for requests survives the program: all loops want one at once.
    let shown = exchanges(&fake, vec![lost, lost, || tokens("second")]);
    let asked = fake.log().len();
    let (client, _) = start(folder.path(), &machine).await;
    assert!(matches!(boot(&client).await, Boot::Shop(_)));
    until("the new token to be kept", async || {
        (kept(&machine).as_deref() == Some("second")).then_some(())
    })
    .await;
    until("the shop to be live", async || {
        let connection = client.connection(Nothing {}).await.expect("it is open");
        connection
            .current_as_of
            .filter(|_| connection.problem.is_none())
    })
    .await;
    let tried = shown.lock().expect("the tokens").clone();
    assert_eq!(
        tried,
        [TOKEN, TOKEN, TOKEN],
        "the same, until it is answered"
    );
    let log = fake.log().split_off(asked);
    let first_other = log
        .iter()
        .position(|line| line != "POST /v1/sessions/refresh");
    assert_eq!(first_other, Some(3), "nothing is sent before: {log:?}");
    client.stop().await;

    let (client, _) = start(folder.path(), &machine).await;
    assert!(matches!(boot(&client).await, Boot::Shop(_)));
    until("the next exchange", async || {
        (shown.lock().expect("the tokens").len() > 3).then_some(())
    })
    .await;
    assert_eq!(shown.lock().expect("the tokens")[3], "second");
    client.stop().await;
}

#[tokio::test]
async fn a_request_that_was_refused_for_its_token_is_sent_again_with_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Arc::new(Machine::default());
    let refusals = AtomicUsize::new(1);
    let fake = shop(move |line| {
        if line != "GET /v1/session" {
            return None;
        }
        let refuse = refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
        Some(match refuse {
            Ok(_) => refused(401, "signed_out", "", json!([])),
            Err(_) => ok(tokens("x").body),
        })
    })
    .await;
    let shown = exchanges(&fake, vec![|| tokens("second")]);
    let (client, _) = start(folder.path(), &machine).await;
    sign_in(&client, &fake, None).await.expect("signed in");
    until("the question to be asked again", async || {
        (fake.asked("GET /v1/session") == 2).then_some(())
    })
    .await;
    assert_eq!(shown.lock().expect("the tokens").as_slice(), [TOKEN]);
    assert_eq!(kept(&machine).as_deref(), Some("second"));
    assert!(matches!(boot(&client).await, Boot::Shop(_)));
    client.stop().await;
}

#[tokio::test]
async fn a_session_that_ended_or_was_revoked_says_so_at_the_exchange() {
    let ends: [(fn() -> Answer, CallCode); 2] = [
        (
            || refused(401, "signed_out", "", json!([])),
            CallCode::SignedOut,
        ),
        (
            || refused(401, "session_revoked", "", json!([])),
            CallCode::SessionRevoked,
        ),
    ];
    for (end, code) in ends {
        let folder = tempfile::tempdir().expect("a folder");
        let machine = Arc::new(Machine::default());
        let fake = shop(|_| None).await;
        let (client, _) = start(folder.path(), &machine).await;
        sign_in(&client, &fake, None).await.expect("signed in");
        write_note(&client).await;
        client.stop().await;
        exchanges(&fake, vec![end]);
        let (client, _) = start(folder.path(), &machine).await;
        assert!(
            matches!(boot(&client).await, Boot::Shop(_)),
            "it is offline"
        );
        closes(&client).await;
        let Boot::SignIn { problem, .. } = boot(&client).await else {
            panic!("it is closed");
        };
        assert_eq!(problem.map(|problem| problem.code), Some(code));
        assert_eq!(kept(&machine), None);
        let wiped = code == CallCode::SessionRevoked;
        assert_eq!(copies(folder.path()).is_empty(), wiped);
        fake.on_refresh(|_, _| tokens(TOKEN));
        sign_in(&client, &fake, None).await.expect("signed in");
        assert_eq!(waiting(&client).await, usize::from(!wiped), "{code:?}");
        client.stop().await;
    }
}
