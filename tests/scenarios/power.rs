//! Power cuts at random moments and random unsynced writes: what was acknowledged is there, the
//! file is whole, and the start is quick.
//!
//! One process is traced, and the disk it could have left behind is made again and again.
//! `DESKHAND_TIMES=2000` makes that many.

use anyhow::{Context, bail, ensure};
use deskhand_cache::{Cache, Key, Reader, Slice, Viewer, Writer};
use deskhand_domain::{AccountId, Currency, Message, TicketId};
use deskhand_gateway::{Clock, Config, start_at, testing};
use deskhand_protocol::{
    IDEMPOTENCY_HEADER,
    rest::{NewMessage, Session},
    view::SearchQuery,
};
use deskhand_tests::{
    desk::{PASSWORD, PRIYA},
    power::{Files, Trace, files, has_ended, lay_out, traced},
    process::{Process, program, workspace},
    random::{Dice, Template},
    use_ring, wait,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// How many disks are looked at in every test run, of a desktop and of a gateway each.
const TIMES: u64 = 120;
/// How many operations a traced process stores: enough that its log is written back and begun anew.
const OPERATIONS: usize = 400;
/// How long a start after a power cut usually takes at most.
const START: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_operation_of_a_desktop_is_lost_in_a_power_cut() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (home, log) = (folder.path().join("desk"), folder.path().join("trace"));
    std::fs::create_dir(&home)?;
    let key = Key::from_hex(&"5e".repeat(32)).context("a key")?;
    let many = OPERATIONS.to_string();
    let mut process = Process::start(
        traced(&program("deskhand-test-crash")?, &log)
            .arg(home.join("cache.db"))
            .args([&key.to_hex(), "1", &many])
            .stdin(Stdio::null())
            .stdout(Stdio::null()),
    )?;
    let status = process.ended(Duration::from_secs(120))?;
    ensure!(status.success(), "it ended with {status}");
    written_down(&log).await?;
    let mut trace = Trace::read(&log, &home)?;
    let (ops, _) = stored(&home, &key).await?;
    ensure!(ops.len() == OPERATIONS, "{} were stored", ops.len());

    let report = desks(&trace, &ops, &home, &key, times()?).await?;
    report.print("a desktop", &trace)?;

    // Without the guard the same comparison has to fail.
    trace.forget_syncs();
    let Err(error) = desks(&trace, &ops, &home, &key, 40).await else {
        bail!("nothing was noticed although nothing was ever synced");
    };
    let words = format!("{error:#}");
    ensure!(words.contains("power cut at"), "another failure: {words}");
    Ok(())
}

/// Cuts the power of a desktop so many times.
async fn desks(
    trace: &Trace,
    ops: &BTreeSet<String>,
    home: &Path,
    key: &Key,
    times: u64,
) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let said = trace.said(ops);
    for seed in 0..times {
        let mut dice = Dice::new(seed);
        let moment = usize::try_from(dice.below(trace.moments as u64))?;
        let disk = trace.cut(&Files::new(), moment, &mut dice);
        let said = before(&said, moment);
        let place = tempfile::tempdir()?;
        lay_out(&disk, home, place.path())?;
        let mut took = Duration::ZERO;
        let outcome = stored(place.path(), key).await.and_then(|(there, start)| {
            took = start;
            let lost: Vec<_> = said.iter().filter(|op| !there.contains(**op)).collect();
            ensure!(
                lost.is_empty(),
                "{lost:?} were acknowledged and are not there"
            );
            let strange = there.difference(ops).count();
            ensure!(strange == 0, "{strange} operations that nobody stored");
            Ok(())
        });
        keep_if_wrong(outcome, "desk", seed, moment, &disk, home)?;
        report.add(said.len(), took);
    }
    Ok(report)
}

/// What had been said before a moment.
fn before(said: &BTreeMap<String, usize>, moment: usize) -> Vec<&str> {
    let before = said.iter().filter(|(_, at)| **at <= moment);
    before.map(|(word, _)| word.as_str()).collect()
}

/// The operations of a cache that is whole, and how long its start took.
async fn stored(folder: &Path, key: &Key) -> anyhow::Result<(BTreeSet<String>, Duration)> {
    let began = Instant::now();
    let (writer, reader) = Cache::open(&folder.join("cache.db"), key).await?;
    let rows = reader.outbox().await;
    let took = began.elapsed();
    let checked = reader.check().await;
    let found = all_is_found(&writer, &reader).await;
    reader.close().await;
    writer.close().await;
    checked?;
    found.context("the search index")?;
    let ops = rows?.iter().map(|row| row.op.to_string()).collect();
    Ok((ops, took))
}

/// Whatever the power cut left of the index, the messages of the copy are found by their own words
/// and no others are.
async fn all_is_found(writer: &Writer, reader: &Reader) -> anyhow::Result<()> {
    while writer.index_slice(Duration::from_millis(40)).await? != Slice::Nothing {}
    let messages = reader.messages(TicketId(Uuid::nil())).await?;
    let viewer = Viewer {
        me: AccountId(Uuid::nil()),
        currency: Currency::EUR,
        now: chrono::DateTime::UNIX_EPOCH,
    };
    for message in messages.iter().step_by(messages.len() / 5 + 1) {
        let word = message.text.split(' ').next().context("no word")?;
        let query = SearchQuery {
            text: format!("\"{word}\""),
            limit: 50,
        };
        let found = reader.search(&query, &viewer).await?;
        ensure!(found.indexed == 100, "{} percent", found.indexed);
        let hits: Vec<_> = found.hits.iter().map(|hit| hit.at).collect();
        ensure!(hits == [Some(message.sent_at)], "{word}: {hits:?}");
    }
    let any = SearchQuery {
        text: "lantern".into(),
        limit: 100,
    };
    let any = reader.search(&any, &viewer).await?.hits.len();
    let expected = messages.len().min(100);
    ensure!(any == expected, "{any} found of {expected}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_operation_of_a_gateway_is_lost_in_a_power_cut() -> anyhow::Result<()> {
    use_ring();
    let folder = tempfile::tempdir()?;
    let (home, log) = (folder.path().join("gateway"), folder.path().join("trace"));
    Template::make().await?.copy(&home)?;
    let at_first = files(&home)?;
    let errors = std::fs::File::create(folder.path().join("log"))?;
    let (process, address) = Process::start_and_read(
        traced(&program("deskhand-gateway")?, &log)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&home)
            .stdin(Stdio::null())
            .stderr(errors),
        Duration::from_secs(60),
        |line| line.starts_with("http").then(|| line.to_owned()),
    )?;
    let ops = write(&address).await?;
    let ended = move || process.stop(Duration::from_secs(60));
    let status = tokio::task::spawn_blocking(ended).await??;
    ensure!(status.success(), "it ended with {status}");
    written_down(&log).await?;
    let trace = Trace::read(&log, &home)?;
    let said = trace.said(&ops);

    let mut report = Report::default();
    for seed in 0..times()? {
        let mut dice = Dice::new(seed);
        let moment = usize::try_from(dice.below(trace.moments as u64))?;
        let disk = trace.cut(&at_first, moment, &mut dice);
        let said = before(&said, moment);
        let place = tempfile::tempdir()?;
        lay_out(&disk, &home, place.path())?;
        let (there, took) = written(place.path()).await?;
        let outcome = said.iter().try_for_each(|op| {
            let times = there.iter().filter(|message| message.text == **op).count();
            ensure!(
                times == 1,
                "{op} was acknowledged and is there {times} times"
            );
            Ok(())
        });
        keep_if_wrong(outcome, "gateway", seed, moment, &disk, &home)?;
        report.add(said.len(), took);
    }
    report.print("a gateway", &trace)
}

/// Writes notes, each of which is its operation's id, four at a time.
async fn write(address: &str) -> anyhow::Result<BTreeSet<String>> {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .no_proxy()
        .build()?;
    let who = json!({ "email": PRIYA, "password": PASSWORD, "device": "test" });
    let session = http.post(format!("{address}/v1/sessions")).json(&who);
    let session: Session = session.send().await?.error_for_status()?.json().await?;
    let token = session.token.context("no token")?;
    let mut ops = BTreeSet::new();
    for number in 0..OPERATIONS / 4 {
        let notes = (0..4).map(|part| {
            let op = Uuid::now_v7().to_string();
            let ticket = TicketId(testing::id(5, 1 + (number as u64 + part) % 4));
            let path = format!("{address}/v1/tickets/{ticket}/messages");
            let note = NewMessage {
                kind: deskhand_domain::MessageKind::Note,
                text: op.clone(),
                seen: None,
                then: None,
                macro_id: None,
                changes: None,
            };
            let request = http.post(path).bearer_auth(&token).json(&note);
            (op.clone(), request.header(IDEMPOTENCY_HEADER, op).send())
        });
        let (names, answers): (Vec<_>, Vec<_>) = notes.unzip();
        for answer in futures_util::future::join_all(answers).await {
            answer?.error_for_status()?;
        }
        ops.extend(names);
    }
    Ok(ops)
}

/// What a gateway finds in its folder, and how long its start took.
async fn written(folder: &Path) -> anyhow::Result<(Vec<Message>, Duration)> {
    let began = Instant::now();
    let running = start_at(Config::embedded(folder), Clock::default()).await?;
    let took = began.elapsed();
    let mut all = Vec::new();
    for placed in running.state.store.changes_after(0, 100_000).await? {
        if let deskhand_protocol::sync::Record::Message(message) = placed.change.record {
            all.push(message);
        }
    }
    running.stop().await;
    Ok((all, took))
}

#[derive(Default)]
struct Report {
    disks: usize,
    acknowledged: usize,
    starts: Vec<Duration>,
}

impl Report {
    fn add(&mut self, acknowledged: usize, took: Duration) {
        self.disks += 1;
        self.acknowledged += acknowledged;
        self.starts.push(took);
    }

    fn print(mut self, of: &str, trace: &Trace) -> anyhow::Result<()> {
        self.starts.sort();
        let usual = self.starts.get(self.starts.len() / 2).context("no start")?;
        let slowest = self.starts.last().context("no start")?;
        eprintln!(
            "{} power cuts of {of} among {} moments: {} acknowledged operations looked for, none lost; half of the starts took less than {usual:?}, the slowest {slowest:?}",
            self.disks, trace.moments, self.acknowledged
        );
        // A busy machine makes single starts slow.
        ensure!(
            *usual < START,
            "a start after a power cut usually takes {usual:?}"
        );
        ensure!(
            self.acknowledged > 0,
            "nothing was acknowledged before a cut"
        );
        Ok(())
    }
}

/// Leaves the disk that shows what is wrong where somebody can look at it.
fn keep_if_wrong(
    outcome: anyhow::Result<()>,
    name: &str,
    seed: u64,
    moment: usize,
    disk: &Files,
    home: &Path,
) -> anyhow::Result<()> {
    let Err(error) = outcome else { return Ok(()) };
    let kept = workspace().join(format!("target/tests/power-{name}-{seed}"));
    lay_out(disk, home, &kept)?;
    Err(error.context(format!(
        "seed {seed}, power cut at {moment}; the disk is kept in {}",
        kept.display()
    )))
}

/// strace writes on for a moment after the process has ended.
async fn written_down(log: &Path) -> anyhow::Result<()> {
    wait::until("the end of the trace", || async {
        Ok(has_ended(log)?.then_some(()))
    })
    .await
}

fn times() -> anyhow::Result<u64> {
    match std::env::var("DESKHAND_TIMES") {
        Ok(text) => text.parse().context("DESKHAND_TIMES is no number"),
        Err(_) => Ok(TIMES),
    }
}
