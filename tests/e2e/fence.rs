//! What the page in the window may do: the lists, word for word, and then the real window, which
//! tries the rest and does not get it.

use std::{collections::BTreeSet, fs, path::PathBuf};

use anyhow::Context;
use deskhand_tests::{
    canary::Canary,
    customer::Customer,
    desktop::{Desktop, Keyring},
    gateway::Gateway,
    process::workspace,
    wait,
};
use serde_json::{Value, json};

const WINDOW: &str = "base-uri 'none'; connect-src 'self' ipc: http://ipc.localhost; \
    default-src 'none'; font-src 'self'; form-action 'none'; frame-ancestors 'none'; \
    img-src 'self'; object-src 'none'; require-trusted-types-for 'script'; script-src 'self'; \
    style-src 'self'; trusted-types svelte-trusted-html";

const CHAT: &str = "base-uri 'none'; connect-src 'self'; default-src 'none'; form-action 'self'; \
    frame-ancestors *; img-src 'self' data:; require-trusted-types-for 'script'; \
    script-src 'self'; style-src 'self'; trusted-types 'none'";

/// What Tauri lets the page do. Each is used: events of the core, and the one command.
const PERMISSIONS: [&str; 3] = [
    "core:event:allow-listen",
    "core:event:allow-unlisten",
    "allow-rpc",
];

#[test]
fn the_window_may_do_what_is_written_here_and_nothing_else() -> anyhow::Result<()> {
    assert_eq!(names("src-tauri/capabilities")?, ["window.json"]);
    let capability = json_of("src-tauri/capabilities/window.json")?;
    assert_eq!(capability["permissions"], json!(PERMISSIONS));
    assert_eq!(capability["windows"], json!(["main"]));
    for key in ["remote", "webviews", "platforms", "local"] {
        assert!(capability.get(key).is_none(), "{key} widens the capability");
    }
    assert_eq!(names("src-tauri/permissions")?, ["rpc.toml"]);
    let permission = fs::read_to_string(workspace().join("src-tauri/permissions/rpc.toml"))?;
    let lists: Vec<&str> = permission
        .lines()
        .filter(|line| line.starts_with("commands") || line.starts_with("scope"))
        .collect();
    assert_eq!(lists, ["commands.allow = [\"rpc\"]"]);

    let app = &json_of("tauri.conf.json")?["app"];
    assert_eq!(app["withGlobalTauri"], false);
    let security = app["security"].as_object().context("no security")?;
    let keys: BTreeSet<&str> = security.keys().map(String::as_str).collect();
    assert_eq!(keys, ["capabilities", "csp", "freezePrototype"].into());
    assert_eq!(security["capabilities"], json!(["window"]));
    assert_eq!(security["freezePrototype"], true);
    let policy = security["csp"].as_object().context("no policy")?;
    let lines = policy
        .iter()
        .map(|(name, sources)| format!("{name} {}", sources.as_str().unwrap_or_default()));
    assert_eq!(sorted(&lines.collect::<Vec<_>>().join("; ")), WINDOW);

    let lock = fs::read_to_string(workspace().join("Cargo.lock"))?;
    let plugins = lock
        .lines()
        .filter(|line| line.starts_with("name = \"tauri-plugin-"));
    assert_eq!(plugins.count(), 0, "a plugin brings commands of its own");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_hosts_page_and_the_chat_page_are_as_strict() -> anyhow::Result<()> {
    deskhand_tests::use_ring();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let ui = tempfile::tempdir()?;
    fs::write(ui.path().join("index.html"), "<!doctype html>the page")?;
    let host = deskhand_browser_host::start(deskhand_browser_host::Config {
        ui: ui.path().to_owned(),
        data_dir: None,
        listen: "127.0.0.1:0".parse()?,
    })
    .await?;
    let answer = http.get(host.url()).send().await?;
    let of_the_browser = WINDOW
        .replace(" ipc: http://ipc.localhost", "")
        .replace(" object-src 'none';", "");
    assert_eq!(policy_of(&answer)?, of_the_browser);
    host.stop().await;

    let gateway = Gateway::start().await?;
    let answer = http
        .get(format!("{}/chat/", gateway.address()))
        .send()
        .await?;
    assert_eq!(policy_of(&answer)?, CHAT);
    Ok(())
}

/// Tries, in the page, what a script that got in would try. Each entry tells how it ended.
const TRIES: &str = r"
    const done = arguments[arguments.length - 1];
    const canary = arguments[0];
    const outcomes = {};
    const invoke = (command, args) => window.__TAURI_INTERNALS__.invoke(command, args ?? {});
    const tries = {
        eval: () => (0, eval)('1'),
        function: () => new Function('return 1')(),
        markup: () => { document.createElement('div').innerHTML = '<b>x</b>'; },
        policy: () => trustedTypes.createPolicy('mine', { createHTML: (text) => text }),
        timer: () => setTimeout('window.ran = 1', 0),
        fetch: () => fetch(canary),
        socket: () => new Promise((yes, no) => {
            const socket = new WebSocket(canary.replace('http', 'ws'));
            socket.onopen = yes; socket.onerror = () => no(new Error('closed'));
        }),
        worker: () => new Promise((yes, no) => {
            const worker = new Worker(canary); worker.onmessage = yes; worker.onerror = () => no(new Error('no worker'));
        }),
        window: () => { if (!window.open(canary)) throw new Error('no window'); },
        close: () => invoke('plugin:window|close', { label: 'main' }),
        create: () => invoke('plugin:webview|create_webview_window', { options: { label: 'second', url: canary } }),
        emit: () => invoke('plugin:event|emit', { event: 'core', payload: { topic: 'session' } }),
        path: () => invoke('plugin:path|resolve_directory', { directory: 21 }),
        app: () => invoke('plugin:app|version'),
        resource: () => invoke('plugin:resources|close', { rid: 0 }),
        other: () => invoke('no_such_command'),
    };
    const elements = {
        image: ['img', { src: canary + '/image' }],
        style: ['link', { rel: 'stylesheet', href: canary + '/style' }], object: ['object', { data: canary + '/object' }],
        media: ['video', { src: canary + '/media' }],
    };
    for (const [name, [tag, attributes]] of Object.entries(elements)) tries[name] = () => new Promise((yes, no) => {
        const element = Object.assign(document.createElement(tag), attributes);
        element.onload = yes; element.onerror = () => no(new Error('not loaded'));
        // Some elements say only by the policy's event that they may not load.
        addEventListener('securitypolicyviolation', () => no(new Error('not loaded')), { once: true });
        document.body.append(element);
    });
    (async () => {
        for (const [name, attempt] of Object.entries(tries)) {
            try { await attempt(); outcomes[name] = 'done'; } catch (thrown) { outcomes[name] = String(thrown?.message ?? thrown); }
        }
        // These do not say how they end; the canary knows.
        navigator.sendBeacon(canary + '/beacon');
        document.body.append(Object.assign(document.createElement('iframe'), { src: canary + '/frame' }));
        // A form and the address itself: the page must still be here afterwards.
        const form = Object.assign(document.createElement('form'), { action: canary + '/form' });
        document.body.append(form);
        try { form.submit(); } catch { /* not sent either */ }
        location.href = canary + '/address';
        setTimeout(() => done({ outcomes, ran: window.ran ?? 0 }), 500);
    })();
";

/// Follows a link as a script would, and then gives the page time to leave.
const FOLLOW: &str = r"
    const [canary, done] = arguments;
    const link = Object.assign(document.createElement('a'), { href: canary + '/link' });
    document.body.append(link);
    link.click();
    setTimeout(() => done(location.href), 500);
";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_script_would_try_is_refused_in_the_real_window() -> anyhow::Result<()> {
    let canary = Canary::start().await?;
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let window = desktop.open_window(&[]).await?;
    window.wait_for("#address").await?;

    // The page's own styles and scripts pass the policy that the window really has.
    let policy = "return document.querySelector('meta[http-equiv]')?.content ?? null";
    let own = window
        .run_async(
            "fetch('/').then((it) => arguments[0](it.headers.get('content-security-policy')))",
            json!([]),
        )
        .await?;
    let written = window.run(policy, json!([])).await?;
    let policy = own.as_str().or(written.as_str()).context("no policy")?;
    assert_eq!(sorted(&without_nonces(policy)), WINDOW);

    let tried = window.run_async(TRIES, json!([canary.address()])).await?;
    let outcomes = tried["outcomes"].as_object().context("no outcomes")?;
    let done: Vec<&String> = outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == "done")
        .map(|(name, _)| name)
        .collect();
    assert_eq!(done, Vec::<&String>::new(), "these were let through");
    assert_eq!(outcomes.len(), 20, "{outcomes:?}");
    assert_eq!(tried["ran"], 0);
    assert_eq!(canary.connections(), 0, "{:?}", canary.asked());
    let here = window.run("return location.href", json!([])).await?;
    assert_eq!(here, "tauri://localhost");

    // WebKit opens a connection as soon as a link is pressed, before it may go there; it asks
    // nothing. The window's own links are buttons, so that nobody presses one.
    let args = json!([canary.address()]);
    assert_eq!(window.run_async(FOLLOW, args).await?, "tauri://localhost");
    let asked = canary.asked();
    assert!(asked.iter().all(String::is_empty), "{asked:?}");
    window.wait_for("#address").await?;
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_shows_where_it_leads_before_the_systems_browser_opens_it() -> anyhow::Result<()> {
    let gateway = Gateway::start().await?;
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let window = desktop.open_window(&[]).await?;
    window
        .sign_in(&gateway.address(), "priya@hollowpine.example", "hollowpine")
        .await?;
    let customer = Customer::visit(&gateway.address()).await?;
    let text = "See https://аррӏе.com/login?a=1 or javascript:alert(1) please";
    customer
        .begin("Ottilie Wintergreen", "o@example.com", text)
        .await?;
    window.choose_view("Unassigned").await?;
    window.open_row("Ottilie").await?;
    window.see("please").await?;

    let links = "return [...document.querySelectorAll('[data-link]')].map((it) => it.dataset.link)";
    let address = "https://xn--80ak6aa92e.com/login?a=1";
    assert_eq!(window.run(links, json!([])).await?, json!([address]));
    let link = window.wait_for("[data-link]").await?;
    window.click(&link).await?;
    window.see("Open this page in your browser?").await?;
    window.see("Its true name is xn--80ak6aa92e.com").await?;
    assert_eq!(desktop.opened(), Vec::<String>::new(), "not asked yet");
    window.press_button("Open xn--80ak6aa92e.com").await?;
    wait::until("the browser to be asked", || async {
        Ok((desktop.opened() == [address]).then_some(()))
    })
    .await?;
    window.until_gone("Open this page in your browser?").await?;
    window.close().await
}

fn names(folder: &str) -> anyhow::Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(workspace().join(folder))? {
        names.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names.into_iter().collect())
}

fn json_of(file: &str) -> anyhow::Result<Value> {
    let path: PathBuf = workspace().join(file);
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

fn policy_of(answer: &reqwest::Response) -> anyhow::Result<String> {
    let policy = answer.headers().get("content-security-policy");
    Ok(sorted(policy.context("no policy")?.to_str()?))
}

/// The directives in the order of their names.
fn sorted(policy: &str) -> String {
    let mut parts: Vec<&str> = policy.split(';').map(str::trim).collect();
    parts.retain(|part| !part.is_empty());
    parts.sort_unstable();
    parts.join("; ")
}

/// Tauri adds a nonce or a hash for each script and style of the page that it serves itself.
fn without_nonces(policy: &str) -> String {
    let word = |word: &&str| !word.starts_with("'nonce-") && !word.starts_with("'sha256-");
    policy
        .split(';')
        .map(|part| {
            // It also writes 'self' once more beside them.
            let mut words: Vec<&str> = part.split_whitespace().filter(word).collect();
            words.dedup();
            words.join(" ")
        })
        .collect::<Vec<_>>()
        .join(";")
}
