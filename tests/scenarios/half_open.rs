//! A half-open connection: from one moment on every packet is dropped, and nobody is told.
//!
//! Gateway and desk are processes in a network namespace of their own, which needs root. Whoever has
//! none says so with `DESKHAND_WITHOUT_ROOT=1` and leaves the matter to the silent line of
//! `core_live.rs`; without that word the test fails.

use anyhow::{Context, bail, ensure};
use deskhand_protocol::{
    live::HEARTBEAT_SECONDS,
    view::{Connection, ConnectionView},
};
use deskhand_tests::{
    desk::{PASSWORD, PRIYA},
    process::{NEEDS_ROOT, Process, program, without_root},
    wait,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

const GATEWAY: &str = "127.0.0.1:7430";
/// Two heartbeats, and what the desk allows for a slow network.
const NOTICED: Duration = Duration::from_secs(2 * HEARTBEAT_SECONDS + 4);

#[tokio::test]
async fn dropped_packets_are_noticed_within_two_heartbeats() -> anyhow::Result<()> {
    let network = match Namespace::make() {
        Ok(network) => network,
        Err(_) if without_root() => {
            eprintln!("NOT RUN: DESKHAND_WITHOUT_ROOT is set, and network namespaces need root");
            return Ok(());
        }
        Err(error) => return Err(error.context(NEEDS_ROOT)),
    };
    let folder = tempfile::tempdir()?;
    let log = std::fs::File::create(folder.path().join("gateway.log"))?;
    let (_gateway, ()) = Process::start_and_read(
        network
            .command(&program("deskhand-gateway")?)
            .args(["serve", "--sample", "--listen", GATEWAY, "--data-dir"])
            .arg(folder.path().join("gateway"))
            .stdin(Stdio::null())
            .stderr(log),
        Duration::from_secs(30),
        |line| line.starts_with("http").then_some(()),
    )?;
    let mut desk = Desk::start(&network, &folder.path().join("desk"))?;
    let with = json!({ "address": GATEWAY, "email": PRIYA, "password": PASSWORD });
    desk.call("sign_in", with)?;
    desk.becomes(Connection::Live)?;

    network.run(&[
        "tc", "qdisc", "add", "dev", "lo", "root", "pfifo", "limit", "0",
    ])?;
    let began = Instant::now();
    desk.becomes(Connection::Offline)?;
    let took = began.elapsed();
    eprintln!("the dropped packets were noticed after {took:.1?}");
    ensure!(took <= NOTICED, "noticed after {took:?}");

    network.run(&["tc", "qdisc", "del", "dev", "lo", "root"])?;
    desk.call("connect_now", json!({}))?;
    desk.becomes(Connection::Live)?;
    Ok(())
}

/// A network that nobody else is in.
struct Namespace {
    name: String,
}

impl Namespace {
    fn make() -> anyhow::Result<Self> {
        let network = Self {
            name: format!("deskhand-{}", std::process::id()),
        };
        ip(&["netns", "add", &network.name])?;
        network.run(&["ip", "link", "set", "lo", "up"])?;
        Ok(network)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    fn run(&self, words: &[&str]) -> anyhow::Result<()> {
        ip(&[&["netns", "exec", &self.name], words].concat())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&["netns", "del", &self.name]).ok();
    }
}

fn ip(words: &[&str]) -> anyhow::Result<()> {
    let ran = Command::new("ip").args(words).output()?;
    let said = String::from_utf8_lossy(&ran.stderr);
    ensure!(ran.status.success(), "ip {words:?}: {said}");
    Ok(())
}

/// A desk in the namespace; it is talked to over pipes, which need no network.
struct Desk {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Desk {
    fn start(network: &Namespace, folder: &Path) -> anyhow::Result<Self> {
        let mut child = network
            .command(&program("deskhand-test-desk")?)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self {
            to: child.stdin.take().context("no input")?,
            from: BufReader::new(child.stdout.take().context("no output")?),
            child,
        })
    }

    fn call(&mut self, name: &str, args: Value) -> anyhow::Result<Value> {
        writeln!(self.to, "{}", json!({ "name": name, "args": args }))?;
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        let mut answer: Value = serde_json::from_str(&line)?;
        if let Some(error) = answer.get("error") {
            bail!("{name}: {error}");
        }
        Ok(answer["ok"].take())
    }

    fn becomes(&mut self, state: Connection) -> anyhow::Result<()> {
        wait::until_now(&format!("the desk to be {state:?}"), || {
            let now = self.call("connection", json!({}))?;
            let now: ConnectionView = serde_json::from_value(now)?;
            Ok((now.state == state).then_some(()))
        })
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
