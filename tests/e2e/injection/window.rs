//! The real window.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use anyhow::{Context, ensure};
use deskhand_tests::{
    canary::Canary,
    desktop::{Desktop, Keyring, Window},
    gateway::Gateway,
    injection::{self, Strings},
    wait,
};
use serde_json::{Value, json};

use crate::{WATCH, plain};

/// How many conversations are opened by one script.
const BATCH: usize = 8;

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
                one.foreign.push(...window.foreign(document.querySelector('#panel-body')));
            }
            one.foreign.push(...window.foreign(document.querySelector('main')));
            seen.push(one);
            document.querySelector('#panel-case').click();
            dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
            if (at + 1 < count) await until(() => selected() !== before);
        }
        return { seen, foreign: window.foreign() };
    })().then(done, (thrown) => done({ failed: String(thrown) }));
";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_customer_or_a_shop_writes_runs_in_the_real_window() -> anyhow::Result<()> {
    let canary = Canary::start().await?;
    let strings = Strings::new(canary.address()).some();
    let gateway =
        Gateway::start_filled("", async |folder| injection::fill(folder, &strings).await).await?;
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
        ensure!(batch["foreign"] == json!([]), "{batch}");
        let opened = batch["seen"].as_array();
        for one in opened.with_context(|| batch.to_string())? {
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
    check_calls(&calls, strings.len())?;
    what_got_in_would_be_seen(&window, &desktop, strings.len()).await?;
    window.close().await?;
    writeln!(
        std::io::stderr(),
        "{} strings in the window: {} conversations, {dialogs} dialogs, 0 ran, 0 requests; calls {calls:?}",
        strings.len(),
        seen.len(),
    )?;
    Ok(())
}

/// Plants in the page what a string would have made of it, and sees that each of it is noticed.
async fn what_got_in_would_be_seen(
    window: &Window,
    desktop: &Desktop,
    tickets: usize,
) -> anyhow::Result<()> {
    window.run(PLANT, json!([])).await?;
    wait::until("the policy to be broken", || async {
        let broken = window.run("return window.broken.length", json!([])).await?;
        Ok((broken.as_u64() > Some(0)).then_some(()))
    })
    .await?;
    let foreign = window.run("return window.foreign()", json!([])).await?;
    let found = foreign.to_string();
    ensure!(
        found.contains("<img") && found.contains("MAIN data"),
        "{found}"
    );
    wait::until("the call to be counted", || async {
        Ok(check_calls(&calls(desktop)?, tickets).err())
    })
    .await?;
    Ok(())
}

/// An element, an attribute, mark-up and a call, as if a text had been taken for more than text.
const PLANT: &str = r"
    const image = document.createElement('img');
    image.src = 'http://127.0.0.1:9/planted';
    const main = document.querySelector('main');
    main.append(image);
    main.setAttribute('data', 'javascript:window.ran = 1');
    try { document.createElement('div').innerHTML = '<b>planted</b>'; } catch { /* the policy says so as well */ }
    window.__TAURI_INTERNALS__.invoke('rpc', { name: 'no_such_call', args: {} }).catch(() => {});
";

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
