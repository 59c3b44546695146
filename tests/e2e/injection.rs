//! Every string of `deskhand_tests::injection` in every field, rendered in the real window and in
//! the chat page: none runs, none asks for anything, none reaches the core.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use anyhow::{Context, ensure};
use deskhand_protocol::{IDEMPOTENCY_HEADER, chat::ChatSend};
use deskhand_tests::{
    canary::Canary,
    chromium::Chromium,
    desktop::{Desktop, Keyring, Window},
    gateway::Gateway,
    injection::{self, Strings},
    wait,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// How many conversations are opened by one script.
const BATCH: usize = 8;

/// Counts everything that must not happen, and tells what of the page is not ours.
const WATCH: &str = r#"
    window.broken = [];
    window.asked = 0;
    addEventListener('securitypolicyviolation', (event) => window.broken.push(`${event.effectiveDirective} ${event.blockedURI}`));
    for (const name of ['alert', 'confirm', 'prompt', 'open', 'print']) window[name] = () => { window.asked += 1; };
    const FOREIGN = 'script, iframe, frame, object, embed, img, video, audio, source, track, link, style, meta, base, math, marquee, template, noscript, xmp, image, foreignObject, details[ontoggle]';
    window.foreign = () => {
        const found = [...document.body.querySelectorAll(FOREIGN)].filter((it) => !it.matches('body > script') && !it.outerHTML.startsWith('<noscript><p class="lead">')).map((it) => it.outerHTML.slice(0, 200));
        for (const element of document.body.querySelectorAll('*')) for (const { name, value } of element.attributes) {
            const link = element.tagName === 'A' && name === 'href' && /^https?:/i.test(value);
            const runs = name.startsWith('on') || (['href', 'src', 'action', 'data', 'poster'].includes(name) && /127\.0\.0\.1|script:|^data:/i.test(value));
            if (runs && !link) found.push(`${element.tagName} ${name}`);
        }
        return found;
    };
"#;

/// Opens the next conversations one after the other, in all three parts of the panel.
const OPEN_NEXT: &str = r"
    const [count, done] = arguments;
    const until = (what) => new Promise((yes, no) => {
        const began = performance.now();
        const look = () => {
            const found = what();
            if (found) yes(found);
            else if (performance.now() - began > 10000) no(new Error(String(what)));
            else setTimeout(look, 4);
        };
        look();
    });
    const selected = () => document.querySelector('[role=option][aria-selected=true]')?.dataset.ticket;
    const shown = () => document.querySelector('main')?.dataset.ticket;
    const texts = (css) => [...document.querySelectorAll(css)].map((it) => it.textContent);
    (async () => {
        const seen = [];
        for (let at = 0; at < count; at += 1) {
            const before = shown();
            await until(() => shown() === selected() && document.querySelector('[data-message]'));
            const one = { ticket: shown(), subject: texts('header h2.subject')[0], messages: texts('main .bubble, main .body, main .text'), panel: [], foreign: [] };
            for (const tab of ['case', 'orders', 'history']) {
                document.querySelector(`#panel-${tab}`).click();
                await until(() => document.querySelector(`#panel-${tab}`).getAttribute('aria-selected') === 'true');
                await new Promise((yes) => setTimeout(yes, 0));
                one.panel.push(document.querySelector('#panel-body').textContent.length);
                one.foreign.push(...window.foreign());
            }
            seen.push(one);
            document.querySelector('#panel-case').click();
            dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
            if (at + 1 < count) await until(() => selected() !== before);
        }
        return seen;
    })().then(done, (thrown) => done({ failed: String(thrown) }));
";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_customer_or_a_shop_writes_runs_in_the_real_window() -> anyhow::Result<()> {
    let canary = Canary::start().await?;
    let strings = Strings::new(canary.address()).all();
    ensure!(strings.len() >= 500, "only {} strings", strings.len());
    let gateway =
        Gateway::start_filled(async |folder| injection::fill(folder, &strings).await).await?;
    let mut desktop = Desktop::start(Keyring::Unlocked)?;
    desktop.set("DESKHAND_LOG", "warn,deskhand=trace");
    let window = desktop.open_window(&[]).await?;
    window
        .sign_in(&gateway.address(), "priya@hollowpine.example", "hollowpine")
        .await?;
    window.run(WATCH, json!([])).await?;
    window.choose_view("All open").await?;
    window.see("Live").await?;
    all_here(&window, strings.len()).await?;

    let mut seen = BTreeSet::new();
    while seen.len() < strings.len() {
        let count = BATCH.min(strings.len() - seen.len());
        let batch = window.run_async(OPEN_NEXT, json!([count])).await?;
        for one in batch.as_array().with_context(|| batch.to_string())? {
            seen.insert(check(one, &strings)?);
        }
    }
    assert_eq!(seen.len(), strings.len(), "each stood in a conversation");

    let dialogs = dialogs(&window, &strings).await?;
    let ran = window.run("return window.ran ?? 0", json!([])).await?;
    let broken = window.run("return window.broken", json!([])).await?;
    let asked = window.run("return window.asked", json!([])).await?;
    let requests = "return performance.getEntriesByType('resource').map((it) => it.name)\
                    .filter((it) => !it.startsWith('ipc:') && !it.startsWith('tauri:'))";
    let requests = window.run(requests, json!([])).await?;
    assert_eq!((ran, asked), (json!(0), json!(0)), "scripts and dialogs");
    assert_eq!((broken, requests), (json!([]), json!([])));
    assert_eq!(canary.connections(), 0, "{:?}", canary.asked());
    assert_eq!(desktop.opened(), Vec::<String>::new());
    window.see("Live").await?;
    let calls = calls(&desktop)?;
    window.close().await?;
    check_calls(&calls, strings.len())?;
    writeln!(
        std::io::stderr(),
        "{} strings in the window: {} conversations, {dialogs} dialogs, 0 ran, 0 requests; calls {calls:?}",
        strings.len(),
        seen.len(),
    )?;
    Ok(())
}

/// Waits for all open conversations: as long as more of them come, it waits on.
async fn all_here(window: &Window, count: usize) -> anyhow::Result<()> {
    let all_open = "const all = [...document.querySelectorAll('nav button')].find((it) => it.title === 'All open');\
                    return Number(all.querySelector('.count').textContent.replaceAll(/\\D/g, ''))";
    let mut here = 0;
    while here < count as u64 {
        here = wait::until("more of the conversations", || async {
            let now = window.run(all_open, json!([])).await?.as_u64();
            Ok(now.filter(|now| *now > here))
        })
        .await?;
    }
    Ok(())
}

/// Which string a conversation holds; it stands there word for word.
fn check(one: &Value, strings: &[String]) -> anyhow::Result<usize> {
    let subject = one["subject"].as_str().context("no subject")?;
    let at = strings
        .iter()
        .position(|text| text == subject)
        .with_context(|| format!("no string is {subject:?}"))?;
    let messages = one["messages"].as_array().context("no messages")?;
    let same = |shown: &Value| plain(shown.as_str().unwrap_or_default()) == plain(&strings[at]);
    ensure!(
        messages.len() == 2 && messages.iter().all(same),
        "{messages:?}"
    );
    ensure!(one["foreign"] == json!([]), "{}", one["foreign"]);
    let filled = |length: &Value| length.as_u64().unwrap_or_default() > 500;
    let panel = one["panel"].as_array().context("no panel")?;
    ensure!(
        panel[..2].iter().all(filled),
        "the panel was empty: {panel:?}"
    );
    Ok(at)
}

/// What is compared: the gateway leaves control characters and those that turn the direction of a
/// text out, and paragraphs the blanks at their ends.
fn plain(text: &str) -> String {
    let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && !unseen(*c))
        .collect()
}

/// Everything that opens over the columns, with some strings typed into it as well.
async fn dialogs(window: &Window, strings: &[String]) -> anyhow::Result<usize> {
    let mut opened = 0;
    for (key, typed) in [
        ("m", true),
        ("M", true),
        ("/", true),
        (">", true),
        ("b", false),
        ("l", false),
        ("?", false),
    ] {
        let typed: Vec<&String> = strings
            .iter()
            .step_by(if typed { 40 } else { strings.len() })
            .collect();
        let outcome = window.run_async(DIALOG, json!([key, typed])).await?;
        ensure!(outcome["foreign"] == json!([]), "{key}: {outcome}");
        ensure!(outcome["shown"].as_u64() > Some(0), "{key}: {outcome}");
        opened += 1;
    }
    Ok(opened)
}

/// Opens something with its key, writes into its field, and closes it.
const DIALOG: &str = r"
    const [key, typed, done] = arguments;
    const pause = () => new Promise((yes) => requestAnimationFrame(() => setTimeout(yes, 20)));
    const box = () => document.querySelector('dialog[open], .pop');
    (async () => {
        dispatchEvent(new KeyboardEvent('keydown', { key: key === '>' ? 'k' : key, ctrlKey: key === '>', shiftKey: key === 'M', bubbles: true }));
        for (let tries = 0; tries < 200 && !box(); tries += 1) await pause();
        const foreign = [];
        let shown = 0;
        for (const text of typed) {
            const field = box()?.querySelector('input');
            if (field) {
                field.value = text;
                field.dispatchEvent(new Event('input', { bubbles: true }));
                await pause();
            }
            shown = Math.max(shown, box()?.textContent.length ?? 0);
            foreign.push(...window.foreign());
            if (field) {
                field.value = '';
                field.dispatchEvent(new Event('input', { bubbles: true }));
                await pause();
                shown = Math.max(shown, box()?.textContent.length ?? 0);
                foreign.push(...window.foreign());
            }
        }
        box()?.querySelector('input')?.blur();
        box()?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
        for (let tries = 0; tries < 200 && box(); tries += 1) await pause();
        return { foreign, shown, closed: !box() };
    })().then(done, (thrown) => done({ failed: String(thrown) }));
";

/// A log as it reads, without what colours it in a terminal.
fn without_colours(log: &str) -> String {
    let mut parts = log.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        plain + part.split_once('m').map_or("", |(_, rest)| rest)
    })
}

/// How often the page called what.
fn calls(desktop: &Desktop) -> anyhow::Result<BTreeMap<String, usize>> {
    let log = without_colours(&std::fs::read_to_string(desktop.log())?);
    let mut calls = BTreeMap::new();
    for line in log.lines().filter(|line| line.contains("the page calls")) {
        let name = line.rsplit("call=").next().unwrap_or_default();
        let name = name.trim().trim_matches('"').to_owned();
        *calls.entry(name).or_default() += 1;
    }
    Ok(calls)
}

/// Only what the trial itself makes the window ask for, and not more often than it does.
fn check_calls(calls: &BTreeMap<String, usize>, tickets: usize) -> anyhow::Result<()> {
    for (name, most) in [
        ("boot", 4),
        ("probe_gateway", 20),
        ("sign_in", 1),
        ("connection", 10),
        ("views", tickets * 2),
        ("outbox", tickets * 2),
        ("tickets", tickets * 4),
        ("ticket", tickets * 4),
        ("open_ticket", tickets + 10),
        ("macros", 4),
        ("search", 200),
        ("may", 10),
    ] {
        let made = calls.get(name).copied().unwrap_or_default();
        ensure!(made <= most, "{name} was called {made} times");
    }
    let known = [
        "boot",
        "probe_gateway",
        "sign_in",
        "connection",
        "views",
        "outbox",
        "tickets",
        "ticket",
        "open_ticket",
        "macros",
        "search",
        "may",
    ];
    let others: Vec<&String> = calls
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    ensure!(others.is_empty(), "nobody asked for {others:?}");
    ensure!(
        calls.get("ticket").copied() >= Some(tickets),
        "calls were not counted: {calls:?}"
    );
    Ok(())
}

/// How many of the strings an agent writes; the customer writes all.
const ANSWERED: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_written_runs_in_the_chat_page() -> anyhow::Result<()> {
    let canary = Canary::start().await?;
    let strings = Strings::new(canary.address()).all();
    let gateway =
        Gateway::start_with("chat_messages_per_minute = 100000\nundo_seconds = 0\n").await?;
    let page = Chromium::open(&format!("{}/chat/", gateway.address())).await?;
    page.run(&format!("(() => {{ {WATCH} }})()")).await?;
    page.type_into("#name", "<svg onload=alert(1)>").await?;
    page.type_into("#email", "trial@example.com").await?;
    page.type_into("#text", "The trial begins.").await?;
    page.click("#start button[type=submit]").await?;
    let token = wait::until("the conversation", || async {
        let token = "localStorage.getItem('deskhand.chat.token')";
        Ok(page.run(token).await?.as_str().map(str::to_owned))
    })
    .await?;

    let (mut written, mut last) = (Vec::new(), Uuid::nil());
    deskhand_tests::use_ring();
    let http = reqwest::Client::builder().no_proxy().build()?;
    for text in &strings {
        let message = ChatSend {
            id: Uuid::now_v7(),
            text: text.clone(),
        };
        let request = http.post(format!("{}/chat/api/messages", gateway.address()));
        let answer = request.bearer_auth(&token).json(&message).send().await?;
        answer.error_for_status()?;
        written.push(text.clone());
        last = message.id;
    }
    let agent = Agent::sign_in(&http, &gateway.address()).await?;
    for text in written.clone().iter().step_by(ANSWERED) {
        agent.answer(text, last).await?;
        written.push(text.clone());
    }

    let bubbles = "[...document.querySelectorAll('#log .bubble')].map((it) => { \
        const copy = it.cloneNode(true); \
        for (const hidden of copy.querySelectorAll('.hidden')) hidden.remove(); \
        return copy.textContent; })";
    let count = "document.querySelectorAll('#log .bubble').length";
    all_shown(&page, count, written.len()).await?;
    let shown: Vec<String> = serde_json::from_value(page.run(bubbles).await?)?;
    let shown: BTreeSet<String> = shown.iter().map(|text| plain(text)).collect();
    for text in &written {
        let same = |one: &String| *one == plain(text);
        ensure!(
            shown.iter().any(same),
            "{text:?} is not there word for word"
        );
    }
    check_page(&page, &canary).await?;
    // And once more from the beginning, with all of it there at once.
    page.run("location.reload()").await?;
    let anew = format!("window.broken ? 0 : {count}");
    all_shown(&page, &anew, written.len()).await?;
    page.run(&format!("(() => {{ {WATCH} }})()")).await?;
    check_page(&page, &canary).await?;
    writeln!(
        std::io::stderr(),
        "{} messages in the chat page: 0 ran, 0 requests",
        written.len()
    )?;
    Ok(())
}

/// Waits for all messages and the first one: as long as more of them come, it waits on.
async fn all_shown(page: &Chromium, count: &str, written: usize) -> anyhow::Result<()> {
    let mut here = 0;
    while here <= written as u64 {
        here = wait::until("more of the messages", || async {
            // While the page is loaded anew there is none.
            let now = page.run(count).await.unwrap_or_default();
            Ok(now.as_u64().filter(|now| *now > here))
        })
        .await?;
    }
    Ok(())
}

async fn check_page(page: &Chromium, canary: &Canary) -> anyhow::Result<()> {
    let said = page
        .run("JSON.stringify([window.ran ?? 0, window.asked, window.broken, window.foreign()])")
        .await?;
    assert_eq!(said, "[0,0,[],[]]");
    let requests = "performance.getEntriesByType('resource').map((it) => it.name)\
                    .filter((it) => !it.startsWith(location.origin + '/chat/') && it !== location.origin + '/v1/hello').join()";
    assert_eq!(page.run(requests).await?, "");
    assert_eq!(canary.connections(), 0, "{:?}", canary.asked());
    Ok(())
}

/// Who answers in the chat, without a window.
struct Agent {
    http: reqwest::Client,
    gateway: String,
    token: String,
    ticket: String,
}

impl Agent {
    async fn sign_in(http: &reqwest::Client, gateway: &str) -> anyhow::Result<Self> {
        let who =
            json!({ "email": "priya@hollowpine.example", "password": "hollowpine", "device": "" });
        let request = http.post(format!("{gateway}/v1/sessions")).json(&who);
        let session: Value = request.send().await?.error_for_status()?.json().await?;
        let mut agent = Self {
            http: http.clone(),
            gateway: gateway.to_owned(),
            token: session["token"].as_str().context("no token")?.to_owned(),
            ticket: String::new(),
        };
        let tickets = agent.get("tickets?status=open&limit=200").await?;
        let tickets = tickets["items"].as_array().context("no tickets")?;
        let newest = tickets
            .iter()
            .filter(|ticket| ticket["channel"] == "web_chat")
            .max_by_key(|ticket| ticket["created_at"].as_str().map(str::to_owned));
        let id = newest.context("no conversation")?["id"].as_str();
        agent.ticket = id.context("no id")?.to_owned();
        Ok(agent)
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.http.get(format!("{}/v1/{path}", self.gateway));
        let answer = request.bearer_auth(&self.token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Answers, having seen the customer's last message.
    async fn answer(&self, text: &str, seen: Uuid) -> anyhow::Result<()> {
        let path = format!("{}/v1/tickets/{}/messages", self.gateway, self.ticket);
        let reply = json!({ "kind": "public", "text": text, "seen": seen });
        let request = self.http.post(path).bearer_auth(&self.token).json(&reply);
        let request = request.header(IDEMPOTENCY_HEADER, Uuid::now_v7().to_string());
        request.send().await?.error_for_status()?;
        Ok(())
    }
}
