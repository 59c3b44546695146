//! How long things take to the row in the real window, by one clock: a customer's message from
//! before its send, and an agent's own change from the key, until the row has changed in the page.

use std::{
    io::Write as _,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use chrono::Utc;
use deskhand_protocol::chat::{ChatSend, Conversation, OpenConversation};
use deskhand_tests::{
    desktop::{Desktop, Keyring, Window},
    gateway::Gateway,
    wait,
};
use serde_json::json;
use uuid::Uuid;

const MESSAGES: usize = 200;

/// Notes the moment at which a row first shows `measured message N`.
const WATCH: &str = r"
    window.measured = {};
    const look = () => {
        for (const row of document.querySelectorAll('[role=option]')) {
            for (const [, number] of row.textContent.matchAll(/measured message (\d+)/g))
                window.measured[number] ??= performance.timeOrigin + performance.now();
        }
    };
    const whole = { subtree: true, childList: true, characterData: true };
    new MutationObserver(look).observe(document.body, whole);
";

/// How many rows an agent changes.
const CHANGES: usize = 40;

/// Notes how long after the key the row of the selected ticket looks otherwise: the change is in
/// the outbox on disk by then.
const WATCH_KEYS: &str = r"
    window.changed = [];
    let pressed = null;
    addEventListener('keydown', (event) => {
        const row = document.querySelector('[role=option][aria-selected=true]');
        if (event.key === 'x' && row) pressed = { at: performance.now(), row: row.dataset.ticket, was: row.innerHTML };
    }, true);
    new MutationObserver(() => {
        const row = pressed && document.querySelector(`[data-ticket='${pressed.row}']`);
        if (!row || row.innerHTML === pressed.was) return;
        window.changed.push(performance.now() - pressed.at);
        pressed = null;
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
";

/// Whether the key does something to the selected ticket; `null` until its conversation is shown.
const FREE: &str = r"
    const row = document.querySelector('[role=option][aria-selected=true]');
    const shown = document.querySelector('header h2.subject')?.textContent;
    if (!row || shown !== row.querySelector('.subject').textContent) return null;
    return row.querySelector('.mark').textContent === '' && !row.querySelector('.mark svg');
";

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_own_change_is_in_the_row_before_the_gateway_answers() -> anyhow::Result<()> {
    let gateway = Gateway::start().await?;
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let window = desktop.open_window(&[]).await?;
    window
        .sign_in(&gateway.address(), "priya@hollowpine.example", "hollowpine")
        .await?;
    window.choose_view("All open").await?;
    window.wait_for("[role=option][aria-selected=true]").await?;
    window.run(WATCH_KEYS, json!([])).await?;
    let selected = "return document.querySelector('[role=option][aria-selected=true]')?.dataset.ticket ?? null";
    let changed = "return window.changed";
    let mut times = Vec::new();
    for _ in 0..CHANGES * 2 {
        if times.len() == CHANGES {
            break;
        }
        let before = window.run(selected, json!([])).await?;
        window.press(&['j']).await?;
        wait::until("the next row to be selected", || async {
            Ok((window.run(selected, json!([])).await? != before).then_some(()))
        })
        .await?;
        // The key acts on the conversation that is shown, and some are with a supervisor already.
        let free = wait::until("its conversation", || async {
            Ok(window.run(FREE, json!([])).await?.as_bool())
        })
        .await?;
        if !free {
            continue;
        }
        window.press(&['x']).await?;
        times = wait::until("the row to change", || async {
            let now: Vec<f64> = serde_json::from_value(window.run(changed, json!([])).await?)?;
            Ok((now.len() > times.len()).then_some(now))
        })
        .await?;
    }
    times.sort_by(f64::total_cmp);
    let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
    writeln!(
        std::io::stderr(),
        "From the key to the changed row in the window, {} changes: p50 {p50:.0} ms, p99 {p99:.0} ms",
        times.len()
    )?;
    assert!(
        times.len() == CHANGES,
        "only {} rows could be changed",
        times.len()
    );
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_in_the_window_at_once() -> anyhow::Result<()> {
    let gateway = Gateway::start_with("chat_messages_per_minute = 10000\n").await?;
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let window = desktop.open_window(&[]).await?;
    window
        .sign_in(&gateway.address(), "priya@hollowpine.example", "hollowpine")
        .await?;
    let visitor = Visitor::begin(&gateway.address()).await?;
    window.choose_view("Unassigned").await?;
    window.row_with("measured message 0").await?;
    window.run(WATCH, json!([])).await?;

    let mut times = Vec::with_capacity(MESSAGES);
    for number in 1..=MESSAGES {
        let sent = visitor.write(&format!("measured message {number}")).await?;
        let seen = shown_at(&window, number).await?;
        times.push(seen - sent);
    }
    times.sort_by(f64::total_cmp);
    let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
    // The test harness swallows what a passing test prints, but not what is written.
    writeln!(
        std::io::stderr(),
        "From the customer's send to the row in the window, {MESSAGES} messages: \
         p50 {p50:.0} ms, p99 {p99:.0} ms"
    )?;
    assert!(times[0] > 0.0, "a message cannot arrive before it is sent");
    window.close().await
}

async fn shown_at(window: &Window, number: usize) -> anyhow::Result<f64> {
    wait::until(&format!("message {number} in the list"), || async {
        let script = "return window.measured[arguments[0]] ?? null";
        Ok(window
            .run(script, json!([number.to_string()]))
            .await?
            .as_f64())
    })
    .await
}

/// The value below which that share of the sorted values lies (nearest rank).
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted[rank.max(1) - 1]
}

/// A customer without a page, by the chat's own interface.
struct Visitor {
    http: reqwest::Client,
    gateway: String,
    token: String,
}

impl Visitor {
    async fn begin(gateway: &str) -> anyhow::Result<Self> {
        deskhand_tests::use_ring();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        let opening = OpenConversation {
            name: "Measure Taker".to_owned(),
            email: "measure@example.com".to_owned(),
            text: "measured message 0".to_owned(),
            id: Uuid::now_v7(),
            language: Some("en".to_owned()),
        };
        let request = http.post(format!("{gateway}/chat/api/conversations"));
        let answer = request.json(&opening).send().await?.error_for_status()?;
        let conversation: Conversation = answer.json().await?;
        Ok(Self {
            http,
            gateway: gateway.to_owned(),
            token: conversation.token.context("no token")?,
        })
    }

    /// Sends, and gives the moment before the send in milliseconds.
    async fn write(&self, text: &str) -> anyhow::Result<f64> {
        let message = ChatSend {
            id: Uuid::now_v7(),
            text: text.to_owned(),
        };
        let request = self
            .http
            .post(format!("{}/chat/api/messages", self.gateway))
            .bearer_auth(&self.token)
            .json(&message);
        let sent = now()?;
        request.send().await?.error_for_status()?;
        Ok(sent)
    }
}

fn now() -> anyhow::Result<f64> {
    let since = SystemTime::from(Utc::now()).duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(since.as_secs_f64() * 1000.0)
}
