//! The customer's chat page.

use std::{collections::BTreeSet, io::Write as _};

use anyhow::{Context, ensure};
use deskhand_protocol::{
    IDEMPOTENCY_HEADER,
    chat::{ChatSend, Conversation, OpenConversation},
};
use deskhand_tests::{
    canary::Canary,
    chromium::Chromium,
    gateway::Gateway,
    injection::{self, Strings},
    wait,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{WATCH, plain};

/// How many strings a customer writes in one conversation. A page gets the newest 500 messages when
/// it comes, and puts each one that comes later below all that it has.
const OF_ONE: usize = 77;
/// How many of the strings an agent writes; the customer writes all.
const ANSWERED: usize = 5;
/// How many strings run, at least, where they are taken for mark-up.
const RUNS: u64 = 50;
/// The longest name that a customer may have.
const NAME: usize = 200;

/// What stands in the bubbles, without the words for those who hear the page.
const BUBBLES: &str = "[...document.querySelectorAll('#log .bubble')].map((it) => { \
    const copy = it.cloneNode(true); \
    for (const hidden of copy.querySelectorAll('.hidden')) hidden.remove(); \
    return copy.textContent; })";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_written_runs_in_the_chat_page() -> anyhow::Result<()> {
    let canary = Canary::start().await?;
    let strings = Strings::new(canary.address()).all();
    ensure!(strings.len() >= 500, "only {} strings", strings.len());
    let gateway = Gateway::start_filled(
        "chat_messages_per_minute = 100000\nundo_seconds = 0\n",
        async |folder| injection::fill(folder, &strings[..OF_ONE / 10]).await,
    )
    .await?;
    deskhand_tests::use_ring();
    let shop = Shop::sign_in(gateway.address()).await?;
    let page = Chromium::open(&format!("{}/chat/", gateway.address())).await?;
    page.at_every_start(WATCH).await?;
    let mut names = strings.iter().filter(|text| text.chars().count() < NAME);

    let (mut conversations, mut messages) = (0, 0);
    for strings in strings.chunks(OF_ONE) {
        let name = names.next().context("no more names")?;
        let customer = shop.open(name, &strings[0], conversations).await?;
        conversations += 1;
        let mut written = vec![&strings[0]];
        let keep = json!(customer.token).to_string();
        page.run(&format!(
            "localStorage.setItem('deskhand.chat.token', {keep})"
        ))
        .await?;
        // What comes while the page is open, and then all of it at once.
        page.go(&format!("{}/chat/?{conversations}", gateway.address()))
            .await?;
        all_shown(&page, &format!("?{conversations}"), written.len()).await?;
        let mut last = customer.first;
        for text in &strings[1..] {
            last = shop.write(&customer, text).await?;
            written.push(text);
        }
        for text in strings.iter().step_by(ANSWERED) {
            shop.answer(&customer, text, last).await?;
            written.push(text);
        }
        for coming in ["", "&again"] {
            let search = format!("?{conversations}{coming}");
            if !coming.is_empty() {
                check_page(&page, &canary).await?;
                page.go(&format!("{}/chat/{search}", gateway.address()))
                    .await?;
            }
            all_shown(&page, &search, written.len()).await?;
            let shown: Vec<String> = serde_json::from_value(page.run(BUBBLES).await?)?;
            let shown: BTreeSet<String> = shown.iter().map(|text| plain(text)).collect();
            for text in &written {
                let same = shown.contains(&plain(text));
                ensure!(same, "{text:?} is not there word for word");
            }
        }
        check_page(&page, &canary).await?;
        messages += written.len();
    }
    writeln!(
        std::io::stderr(),
        "{} strings in the chat page: {messages} messages in {conversations} conversations, each \
         as it came and again at once, 0 ran, 0 requests",
        strings.len(),
    )?;
    Ok(())
}

/// The trial itself on trial: in a page without a policy that takes texts for mark-up, everything
/// that is counted is counted.
#[tokio::test(flavor = "multi_thread")]
async fn where_texts_are_taken_for_mark_up_the_strings_run_and_are_seen() -> anyhow::Result<()> {
    let canary = Canary::start().await?;
    let strings = Strings::new(canary.address()).all();
    let gateway = Gateway::start().await?;
    let page = Chromium::open(&format!("{}/chat/", gateway.address())).await?;
    page.at_every_start(WATCH).await?;
    let log = "document.querySelector('#log')";

    // With the page's own policy nothing of it runs either, and the policy says so.
    page.go(&format!("{}/chat/?kept", gateway.address()))
        .await?;
    page.run(&format!(
        "try {{ {log}.innerHTML = '<img src=x onerror=\"window.ran=1\">' }} catch {{}}"
    ))
    .await?;
    wait::until("the policy to be broken", || async {
        let broken = page.run("window.broken.length").await?;
        Ok((broken.as_u64() > Some(0)).then_some(()))
    })
    .await?;
    assert_eq!(page.run("window.ran ?? 0").await?, 0);
    assert!(check_page(&page, &canary).await.is_err());

    page.without_policy().await?;
    page.go(&format!("{}/chat/?taken", gateway.address()))
        .await?;
    page.run("window.ran = 0").await?;
    // Those that lead the page itself away would end the trial.
    let stays: Vec<&String> = strings
        .iter()
        .filter(|text| !text.to_lowercase().contains("http-equiv"))
        .collect();
    let texts = json!(stays);
    page.run(&format!(
        "{log}.hidden = false; for (const text of {texts}) {{ \
         const bubble = document.createElement('div'); \
         bubble.innerHTML = text; document.body.append(bubble); }} \
         for (const it of document.querySelectorAll('*')) for (const {{ name }} of it.attributes) \
         if (name.startsWith('on')) it.dispatchEvent(new Event(name.slice(2)));"
    ))
    .await?;
    // Images run by themselves, others when somebody comes near: each hears its event. The rest
    // runs in a page of its own, or only asks for something.
    let count = "[window.ran, window.asked, window.foreign().length]";
    let counted: [u64; 3] = wait::until("strings that run", || async {
        let counted: [u64; 3] = serde_json::from_value(page.run(count).await?)?;
        let all = counted.iter().all(|count| *count >= RUNS);
        Ok((all && canary.connections() > 0).then_some(counted))
    })
    .await?;
    let [ran, asked, foreign] = counted;
    writeln!(
        std::io::stderr(),
        "taken for mark-up: {ran} ran, {asked} dialogs, {foreign} elements, {} connections",
        canary.connections(),
    )?;
    assert!(check_page(&page, &canary).await.is_err());
    Ok(())
}

/// Waits for all messages in the page of that address: as long as more of them come, it waits on.
async fn all_shown(page: &Chromium, search: &str, written: usize) -> anyhow::Result<()> {
    let count = format!(
        "location.search === {} ? document.querySelectorAll('#log .bubble').length : 0",
        json!(search)
    );
    let mut here = 0;
    while here < written as u64 {
        let words = format!("message {} of {written} in {search}", here + 1);
        here = wait::until(&words, || async {
            let now = page.run(&count).await?.as_u64();
            Ok(now.filter(|now| *now > here))
        })
        .await?;
    }
    Ok(())
}

async fn check_page(page: &Chromium, canary: &Canary) -> anyhow::Result<()> {
    let said = page
        .run("JSON.stringify([window.ran ?? 0, window.asked, window.broken, window.foreign()])")
        .await?;
    ensure!(said == "[0,0,[],[]]", "{said}");
    let requests = "performance.getEntriesByType('resource').map((it) => it.name)\
                    .filter((it) => !it.startsWith(location.origin + '/chat/') && it !== location.origin + '/v1/hello').join()";
    let requests = page.run(requests).await?;
    ensure!(requests == "", "{requests}");
    ensure!(canary.connections() == 0, "{:?}", canary.asked());
    Ok(())
}

/// A customer's conversation, and who has it.
struct Customer {
    token: String,
    ticket: String,
    first: Uuid,
}

/// Who writes in the chat, without a page and without a window.
struct Shop {
    http: reqwest::Client,
    gateway: String,
    token: String,
}

impl Shop {
    async fn sign_in(gateway: String) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let who =
            json!({ "email": "priya@hollowpine.example", "password": "hollowpine", "device": "" });
        let request = http.post(format!("{gateway}/v1/sessions")).json(&who);
        let session: Value = request.send().await?.error_for_status()?.json().await?;
        Ok(Self {
            http,
            gateway,
            token: session["token"].as_str().context("no token")?.to_owned(),
        })
    }

    async fn open(&self, name: &str, text: &str, number: usize) -> anyhow::Result<Customer> {
        let open = OpenConversation {
            name: name.to_owned(),
            email: format!("trial{number}@example.com"),
            text: text.to_owned(),
            id: Uuid::now_v7(),
            language: None,
        };
        let request = self
            .http
            .post(format!("{}/chat/api/conversations", self.gateway));
        let answer = request.json(&open).send().await?.error_for_status()?;
        let opened: Conversation = answer.json().await?;
        let path = format!(
            "{}/v1/tickets?status=open&channel=web_chat&limit=200",
            self.gateway
        );
        let answer = self.http.get(path).bearer_auth(&self.token).send().await?;
        let tickets: Value = answer.error_for_status()?.json().await?;
        let tickets = tickets["items"].as_array().context("no tickets")?;
        let newest = tickets
            .iter()
            .max_by_key(|ticket| ticket["created_at"].as_str().map(str::to_owned));
        let ticket = newest.context("no conversation")?["id"].as_str();
        let first = opened.messages.first().context("no message")?;
        Ok(Customer {
            token: opened.token.context("no token")?,
            ticket: ticket.context("no id")?.to_owned(),
            first: first.id.0,
        })
    }

    async fn write(&self, customer: &Customer, text: &str) -> anyhow::Result<Uuid> {
        let message = ChatSend {
            id: Uuid::now_v7(),
            text: text.to_owned(),
        };
        let request = self
            .http
            .post(format!("{}/chat/api/messages", self.gateway));
        let request = request.bearer_auth(&customer.token).json(&message);
        request.send().await?.error_for_status()?;
        Ok(message.id)
    }

    /// Answers, having seen the customer's last message.
    async fn answer(&self, customer: &Customer, text: &str, seen: Uuid) -> anyhow::Result<()> {
        let path = format!("{}/v1/tickets/{}/messages", self.gateway, customer.ticket);
        let reply = json!({ "kind": "public", "text": text, "seen": seen });
        let request = self.http.post(path).bearer_auth(&self.token).json(&reply);
        let request = request.header(IDEMPOTENCY_HEADER, Uuid::now_v7().to_string());
        request.send().await?.error_for_status()?;
        Ok(())
    }
}
