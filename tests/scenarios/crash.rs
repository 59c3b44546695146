//! `kill -9` at random moments: what was acknowledged is there, and the start is quick.
//!
//! `DESKHAND_TIMES=2000` kills that often.

use anyhow::{Context, ensure};
use deskhand_cache::{Cache, Key};
use deskhand_domain::{Message, MessageKind};
use deskhand_protocol::rest::{NewMessage, Session};
use deskhand_protocol::{IDEMPOTENCY_HEADER, rest::Page};
use deskhand_tests::{
    desk::{PASSWORD, PRIYA},
    process::program,
    random::{Dice, House, Template},
    use_ring,
};
use serde_json::json;
use std::{
    collections::BTreeSet,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    task::JoinSet,
};
use uuid::Uuid;

/// How often a desktop's cache is killed in every test run.
const TIMES: u64 = 100;
/// How often before a new file is begun, so that files stay as large as a day's.
const ONE_FILE: u64 = 25;
/// How long a start after a crash may take.
const START: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_operation_of_a_killed_desktop_is_lost() -> anyhow::Result<()> {
    let times = times()?;
    let folder = tempfile::tempdir()?;
    let key = Key::from_hex(&"5e".repeat(32)).context("a key")?;
    let (mut acknowledged, mut slowest, mut files) = (0, Duration::ZERO, BTreeSet::new());
    let mut here = BTreeSet::new();
    for seed in 0..times {
        if seed % ONE_FILE == 0 {
            here.clear();
            files.insert(seed);
        }
        let file = folder.path().join((seed / ONE_FILE).to_string());
        let said = kill_while_storing(&file, &key, seed).await?;
        acknowledged += said.len();
        here.extend(said);

        let began = Instant::now();
        let (writer, reader) = Cache::open(&file, &key).await?;
        let stored = reader.outbox().await?;
        let took = began.elapsed();
        slowest = slowest.max(took);
        let stored: BTreeSet<String> = stored.iter().map(|row| row.op.to_string()).collect();
        let lost: Vec<&String> = here.difference(&stored).collect();
        ensure!(
            lost.is_empty(),
            "seed {seed}: {lost:?} were acknowledged and are not there"
        );
        ensure!(
            took < START,
            "seed {seed}: the start after the crash took {took:?}"
        );
        reader.close().await;
        writer.close().await;
    }
    eprintln!(
        "{times} kills: {acknowledged} acknowledged operations, none lost; the slowest start took {slowest:?}"
    );
    assert!(
        acknowledged > 0,
        "the kills came before anything was stored"
    );
    Ok(())
}

/// What the process said before it was killed.
async fn kill_while_storing(file: &Path, key: &Key, seed: u64) -> anyhow::Result<Vec<String>> {
    let mut child = Command::new(program("deskhand-test-crash")?)
        .arg(file)
        .args([key.to_hex(), seed.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let mut dice = Dice::new(seed);
    // Some are killed while they open the file.
    if dice.chance(90) {
        let open = lines.next_line().await?;
        ensure!(
            open.as_deref() == Some("open"),
            "it could not open the cache: {open:?}"
        );
    }
    tokio::time::sleep(Duration::from_micros(dice.below(60_000))).await;
    child.kill().await?;
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await? {
        // The last line may be half a line.
        if line.len() == 36 {
            said.push(line);
        }
    }
    Ok(said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_operation_of_a_killed_gateway_is_lost_or_done_twice() -> anyhow::Result<()>
{
    // A gateway starts slower than a cache opens.
    let times = times()? / 5;
    use_ring();
    let folder = tempfile::tempdir()?;
    let template = Template::make().await?;
    let mut house = House::open(&template, &folder.path().join("gateway"), true).await?;
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .no_proxy()
        .build()?;
    let ticket = deskhand_gateway::testing::id(5, 1);
    let messages = format!("{}/v1/tickets/{ticket}/messages", house.address());
    let mut slowest = Duration::ZERO;
    let mut acknowledged = BTreeSet::new();
    for seed in 0..times {
        let ops: Vec<Uuid> = (0..8).map(|_| Uuid::now_v7()).collect();
        let token = sign_in(&http, &house.address()).await?;
        let mut writing = JoinSet::new();
        for op in ops.clone() {
            let (http, messages, token) = (http.clone(), messages.clone(), token.clone());
            writing.spawn(async move {
                let note = write(&http, &messages, &token, op).await;
                note.is_ok().then_some(op)
            });
        }
        let pause = Dice::new(seed).below(40_000);
        tokio::time::sleep(Duration::from_micros(pause)).await;
        house.kill().await?;
        let said: Vec<Uuid> = writing.join_all().await.into_iter().flatten().collect();
        let began = Instant::now();
        house.start().await?;
        slowest = slowest.max(began.elapsed());
        let there = notes(&http, &house.address(), &messages).await?;
        for op in &said {
            let times = there.iter().filter(|id| *id == op).count();
            ensure!(
                times == 1,
                "seed {seed}: {op} was acknowledged and is there {times} times"
            );
        }
        acknowledged.extend(said);
        // The desk repeats what it heard nothing of. Tokens of these gateways last two seconds.
        let token = sign_in(&http, &house.address()).await?;
        for op in &ops {
            write(&http, &messages, &token, *op).await?;
        }
    }
    let there = notes(&http, &house.address(), &messages).await?;
    let once: BTreeSet<Uuid> = there.iter().copied().collect();
    ensure!(once.len() == there.len(), "something is there twice");
    let expected = usize::try_from(times * 8)?;
    // Two messages were there before.
    ensure!(
        there.len() == expected + 2,
        "{} of {expected} are there",
        there.len() - 2
    );
    eprintln!(
        "{times} kills of the gateway: {} of {expected} were acknowledged before, all are there once; the slowest start took {slowest:?}",
        acknowledged.len()
    );
    house.stop().await
}

async fn sign_in(http: &reqwest::Client, address: &str) -> anyhow::Result<String> {
    let body = json!({ "email": PRIYA, "password": PASSWORD, "device": "" });
    let asked = http.post(format!("{address}/v1/sessions")).json(&body);
    let session: Session = asked.send().await?.error_for_status()?.json().await?;
    session.token.context("no token")
}

async fn write(http: &reqwest::Client, address: &str, token: &str, op: Uuid) -> anyhow::Result<()> {
    let note = NewMessage {
        kind: MessageKind::Note,
        text: op.to_string(),
        seen: None,
        then: None,
        macro_id: None,
        changes: None,
    };
    let request = http.post(address).bearer_auth(token);
    let request = request.header(IDEMPOTENCY_HEADER, op.to_string());
    request.json(&note).send().await?.error_for_status()?;
    Ok(())
}

async fn notes(http: &reqwest::Client, address: &str, messages: &str) -> anyhow::Result<Vec<Uuid>> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    let (mut token, mut read) = (sign_in(http, address).await?, Instant::now());
    loop {
        if read.elapsed() > Duration::from_secs(1) {
            (token, read) = (sign_in(http, address).await?, Instant::now());
        }
        let after = cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}"));
        let request = http.get(format!("{messages}?limit=200{after}"));
        let request = request.bearer_auth(&token);
        let page: Page<Message> = request.send().await?.error_for_status()?.json().await?;
        all.extend(page.items.iter().map(|message| message.id.0));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(all),
        }
    }
}

fn times() -> anyhow::Result<u64> {
    match std::env::var("DESKHAND_TIMES") {
        Ok(text) => text.parse().context("DESKHAND_TIMES is no number"),
        Err(_) => Ok(TIMES),
    }
}
