//! How long a customer's message takes to the row in the real window: from before the send until
//! the row has changed in the page, by one clock.

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
