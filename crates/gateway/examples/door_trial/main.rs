//! Thousands of slow connections against the gateway's own door, and against plain `axum::serve`.
//!
//! `door_trial CONNECTIONS [SECONDS]` serves the same interface both ways, one after the other, each
//! as a process of its own. Agents ask all the time, each time over a new connection; then as many
//! others as asked for come, a quarter of each kind: they say nothing, send their headers or their
//! body a byte at a time, or do not read what they asked for. When they have left, a tenth of them
//! comes again and the server is told to stop. Printed are the agents' times before, during and
//! after, what the server held, how many were cut, and how long stopping took. It fails when the
//! gateway's door is out of the bounds below. The limits of the door are those of the configuration
//! when a phase takes 20 seconds, and shorter when it takes less. Loopback only.

mod agents;
mod attack;

use agents::{AGENTS, Times, agents, sign_in};
use anyhow::{Context, Result, bail, ensure};
use attack::attack;
use deskhand_gateway::{
    Clock, Config, app, config::Period, passwords, start_at, store::Seed, testing::small_shop,
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How long agents ask before, and while the others hold on, and after.
const PHASE: u64 = 20;
/// How many times their usual time agents may wait, 99 of 100, while the others hold on.
const TIMES: u32 = 2;
/// Below this the 99th of 100 is no finding: it is a turn or two of two processors that the
/// attackers, the agents and the server share here, and nobody sees it.
const UNSEEN: Duration = Duration::from_millis(20);
/// What a slow connection may cost: a buffer for its head and one for its answer, and what holds them.
const KIB_EACH: u64 = 32;
/// What the agents' own work may move the server's memory by, however few others there are.
const KIB_BESIDE: u64 = 32 * 1024;
/// Which part of the connections comes once more, to be there when the server is told to stop.
const WHEN_STOPPED: usize = 10;
/// How long stopping may take.
const STOPPING: Duration = Duration::from_secs(5);
/// How long it is waited for where nothing bounds it.
const UNBOUNDED: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", how, seconds] => serve(how == "ours", seconds.parse()?).await,
        ["attack", address, connections] => attack(address.parse()?, connections.parse()?).await,
        [connections] => trial(connections.parse()?, PHASE).await,
        [connections, seconds] => trial(connections.parse()?, seconds.parse()?).await,
        _ => bail!("say how many connections"),
    }
}

/// What one way of serving showed.
struct Shown {
    before: Times,
    during: Times,
    after: Times,
    asked: usize,
    failed: usize,
    memory: [u64; 2],
    at_once: usize,
    held: usize,
    cut: usize,
    when_stopped: usize,
    stopped: Option<Duration>,
}

async fn trial(connections: usize, seconds: u64) -> Result<()> {
    let (connections, seconds) = (connections.clamp(40, 16_000), seconds.clamp(4, 60));
    println!(
        "{connections} slow connections, {AGENTS} agents, {seconds} s before, during and after"
    );
    let ours = one("ours", connections, seconds).await?;
    let plain = one("plain", connections, seconds).await?;
    print(&ours, &plain, connections);
    let wrong = judge(&ours, connections);
    ensure!(
        wrong.is_empty(),
        "the door did not hold: {}",
        wrong.join("; ")
    );
    println!("the door held: agents' p99, memory and stopping are within their bounds");
    Ok(())
}

fn print(ours: &Shown, plain: &Shown, connections: usize) {
    println!("{:<28} {:>14} {:>14}", "", "our door", "axum::serve");
    let row = |name: &str, of: &dyn Fn(&Shown) -> String| {
        println!("{name:<28} {:>14} {:>14}", of(ours), of(plain));
    };
    let time = |times: Times, which: usize| {
        times.map_or_else(|| "none answered".to_owned(), |times| ms(times[which]))
    };
    row("agents' p50 before", &|shown| time(shown.before, 0));
    row("agents' p50 during", &|shown| time(shown.during, 0));
    row("agents' p50 after", &|shown| time(shown.after, 0));
    row("agents' p99 before", &|shown| time(shown.before, 1));
    row("agents' p99 during", &|shown| time(shown.during, 1));
    row("agents' p99 after", &|shown| time(shown.after, 1));
    row("agents' requests", &|shown| shown.asked.to_string());
    row("requests that failed", &|shown| shown.failed.to_string());
    row("memory before", &|shown| format!("{} KiB", shown.memory[0]));
    row("memory at most", &|shown| {
        format!("{} KiB", shown.memory[1])
    });
    row("memory a slow connection", &|shown| {
        let more = shown.memory[1].saturating_sub(shown.memory[0]);
        format!("{:.1} KiB", more as f64 / connections as f64)
    });
    row("open when all had come", &|shown| shown.at_once.to_string());
    row("held open at the end", &|shown| shown.held.to_string());
    row("cut", &|shown| shown.cut.to_string());
    row("there when stopped", &|shown| {
        shown.when_stopped.to_string()
    });
    row("stopped after", &|shown| {
        shown
            .stopped
            .map_or_else(|| format!("not in {UNBOUNDED:?}"), ms)
    });
}

/// What of the gateway's door is out of its bounds. The usual time is the worse one of before and
/// after: what else this machine does comes and goes.
fn judge(shown: &Shown, connections: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    match (shown.before, shown.during, shown.after) {
        (Some([_, before]), Some([_, during]), Some([_, after])) => {
            let usual = before.max(after).max(UNSEEN / TIMES);
            if during > usual * TIMES {
                let (during, usual) = (ms(during), ms(usual));
                wrong.push(format!(
                    "agents' p99 was {during}, more than {TIMES} times {usual}"
                ));
            }
        }
        _ => wrong.push("no agent was answered".to_owned()),
    }
    if shown.failed > 0 {
        wrong.push(format!("{} requests of agents failed", shown.failed));
    }
    let [before, most] = shown.memory;
    let bound = before + KIB_BESIDE + KIB_EACH * connections as u64;
    if most > bound {
        wrong.push(format!("it took {most} KiB of memory, more than {bound}"));
    }
    if shown.held * 20 > connections {
        wrong.push(format!("{} slow connections were not cut", shown.held));
    }
    if shown.when_stopped == 0 {
        wrong.push("nobody was there when it was told to stop".to_owned());
    }
    if shown.stopped.is_none_or(|took| took > STOPPING) {
        wrong.push(format!("it did not stop within {STOPPING:?}"));
    }
    wrong
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

async fn one(how: &str, connections: usize, seconds: u64) -> Result<Shown> {
    let phase = Duration::from_secs(seconds);
    let mut server = child(&["serve", how, &seconds.to_string()])?;
    let mut said = BufReader::new(server.stdout.take().context("its words")?).lines();
    let address = timeout(Duration::from_secs(60), said.next_line()).await??;
    let address: SocketAddr = address.context("an address")?.parse()?;
    let pid = server.id().context("its number")?;
    let idle = memory(pid)?;
    let token = sign_in(address).await?;
    let for_a_phase = async || {
        let stop = CancellationToken::new();
        let asking = agents(address, &token, pid, stop.clone());
        let (seen, ()) = tokio::join!(asking, async {
            sleep(phase).await;
            stop.cancel();
        });
        seen
    };
    let before = for_a_phase().await?;
    // The agents work on while the others come, and then for as long as before.
    let stop = CancellationToken::new();
    let asking = agents(address, &token, pid, stop.clone());
    let (during, attackers) = tokio::join!(asking, async {
        let attackers = Attackers::come(address, connections).await;
        if attackers.is_ok() {
            sleep(phase).await;
        }
        stop.cancel();
        attackers
    });
    let (during, mut attackers) = (during?, attackers?);
    let (held, cut) = attackers.count().await?;
    let at_once = attackers.at_once;
    attackers.leave().await?;
    let after = for_a_phase().await?;
    let mut last = Attackers::come(address, connections / WHEN_STOPPED).await?;
    let (when_stopped, _) = last.count().await?;
    let began = Instant::now();
    let mut stop = server.stdin.take().context("its ears")?;
    stop.write_all(b"stop\n").await?;
    let stopped = timeout(UNBOUNDED, server.wait())
        .await
        .is_ok()
        .then(|| began.elapsed());
    if stopped.is_none() {
        server.kill().await?;
    }
    last.leave().await?;
    Ok(Shown {
        before: before.times,
        during: during.times,
        after: after.times,
        asked: before.asked + during.asked + after.asked,
        failed: before.failed + during.failed + after.failed,
        memory: [idle.max(before.memory), during.memory],
        at_once,
        held,
        cut,
        when_stopped,
        stopped,
    })
}

/// Processes that hold connections, as many as it takes for each to have files enough. They work
/// less than the others who want to: real ones have computers of their own.
struct Attackers {
    all: Vec<(Child, Lines<BufReader<ChildStdout>>)>,
    /// How many connections were open when the last one had come.
    at_once: usize,
}

impl Attackers {
    /// Comes with so many connections, all of which are tried when this is done.
    async fn come(address: SocketAddr, connections: usize) -> Result<Self> {
        let (mut all, mut at_once) = (Vec::new(), 0);
        let shares = connections.div_ceil(8_000);
        for share in 0..shares {
            let count = connections / shares + usize::from(share < connections % shares);
            let exe = std::env::current_exe()?;
            let mut nice = Command::new("nice");
            nice.args(["-n", "5"]).arg(exe).args([
                "attack",
                &address.to_string(),
                &count.to_string(),
            ]);
            let mut attacker = piped(&mut nice)?;
            let mut said = BufReader::new(attacker.stdout.take().context("its words")?).lines();
            let ready = timeout(Duration::from_secs(180), said.next_line()).await??;
            let open = ready
                .as_deref()
                .and_then(|it| it.strip_prefix("connected "));
            at_once += open.context("connections")?.parse::<usize>()?;
            all.push((attacker, said));
        }
        Ok(Self { all, at_once })
    }

    /// How many connections are open, and how many are not any more.
    async fn count(&mut self) -> Result<(usize, usize)> {
        let (mut held, mut cut) = (0, 0);
        for (attacker, said) in &mut self.all {
            let mut ask = attacker.stdin.take().context("its ears")?;
            ask.write_all(b"count\n").await?;
            let counts = timeout(Duration::from_secs(20), said.next_line()).await??;
            let counts = counts.context("counts")?;
            let (open, closed) = counts.split_once(' ').context("two counts")?;
            held += open.parse::<usize>()?;
            cut += closed.parse::<usize>()?;
            attacker.stdin = Some(ask);
        }
        Ok((held, cut))
    }

    async fn leave(self) -> Result<()> {
        for (mut attacker, _) in self.all {
            attacker.kill().await?;
        }
        Ok(())
    }
}

/// What a process has in memory, in KiB.
fn memory(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("VmRSS")?.parse()?)
}

fn child(arguments: &[&str]) -> Result<Child> {
    piped(Command::new(std::env::current_exe()?).args(arguments))
}

fn piped(command: &mut Command) -> Result<Child> {
    Ok(command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?)
}

/// Waits for a line, or for the end of whoever started us.
async fn told() -> Result<()> {
    let mut line = String::new();
    tokio::task::spawn_blocking(move || std::io::stdin().read_line(&mut line)).await??;
    Ok(())
}

async fn serve(ours: bool, seconds: u64) -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let folder = tempfile::tempdir()?;
    let mut config = Config::embedded(folder.path());
    let shorter = seconds as f64 / PHASE as f64;
    let door = &mut config.door;
    for period in [
        &mut door.first_byte_timeout,
        &mut door.header_timeout,
        &mut door.stall_timeout,
        &mut door.idle_timeout,
    ] {
        *period = Period(period.0.mul_f64(shorter.min(1.0)));
    }
    let running = start_at(config, Clock::default()).await?;
    let now = running.state.clock.now();
    let hash = passwords::hash("hollowpine").await;
    let shop: Seed = small_shop(now, 30, hash);
    running.state.store.seed(shop).await?;
    if ours {
        println!("{}", running.address);
        told().await?;
        running.stop().await;
        return Ok(());
    }
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let app = app::app(running.state.clone());
    axum::serve(listener, app)
        .with_graceful_shutdown(async {
            if let Err(error) = told().await {
                eprintln!("{error}");
            }
        })
        .await?;
    running.stop().await;
    Ok(())
}
