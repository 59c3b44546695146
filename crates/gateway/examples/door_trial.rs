//! Thousands of slow connections against the gateway's own door, and against plain `axum::serve`.
//!
//! `door_trial CONNECTIONS [SECONDS]` serves the same interface both ways, one after the other, each
//! as a process of its own. Agents ask all the time, each time over a new connection; then as many
//! others as asked for come, a quarter of each kind: they say nothing, send their headers or their
//! body a byte at a time, or do not read what they asked for. Printed are the agents' times before
//! and during, what the server held, how many were cut, and how long stopping took. The limits of
//! the door are those of the configuration when a phase takes 20 seconds, and shorter when it takes
//! less. Loopback only.

use anyhow::{Context, Result, bail, ensure};
use deskhand_gateway::{
    Clock, Config, app, config::Period, passwords, start_at, store::Seed, testing::small_shop,
};
use serde_json::{Value, json};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpSocket, TcpStream},
    process::{Child, Command},
    task::JoinSet,
    time::{Instant, interval, timeout},
};

/// How many agents ask.
const AGENTS: usize = 8;
/// How long they ask before, and while the others hold on.
const PHASE: u64 = 20;
/// How many connections of one address there are: below what one address may have.
const OF_ONE: usize = 500;
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

/// Median and 99 of 100; nothing when nobody was answered.
type Times = Option<[Duration; 2]>;

/// What one way of serving showed.
struct Shown {
    before: Times,
    during: Times,
    asked: usize,
    failed: usize,
    memory: [u64; 2],
    held: usize,
    cut: usize,
    stopped: Option<Duration>,
}

async fn trial(connections: usize, seconds: u64) -> Result<()> {
    let (connections, seconds) = (connections.clamp(4, 16_000), seconds.clamp(4, 60));
    println!("{connections} slow connections, {AGENTS} agents, {seconds} s before and during");
    let ours = one("ours", connections, seconds).await?;
    let plain = one("plain", connections, seconds).await?;
    println!("{:<28} {:>14} {:>14}", "", "our door", "axum::serve");
    let row = |name: &str, of: &dyn Fn(&Shown) -> String| {
        println!("{name:<28} {:>14} {:>14}", of(&ours), of(&plain));
    };
    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let time = |times: Times, which: usize| {
        times.map_or_else(|| "none answered".to_owned(), |times| ms(times[which]))
    };
    row("agents' p50 before", &|shown| time(shown.before, 0));
    row("agents' p99 before", &|shown| time(shown.before, 1));
    row("agents' p50 during", &|shown| time(shown.during, 0));
    row("agents' p99 during", &|shown| time(shown.during, 1));
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
    row("held open at the end", &|shown| shown.held.to_string());
    row("cut", &|shown| shown.cut.to_string());
    row("stopped after", &|shown| {
        shown
            .stopped
            .map_or_else(|| format!("not in {UNBOUNDED:?}"), ms)
    });
    ensure!(ours.failed == 0, "agents were refused");
    ensure!(
        ours.held * 20 <= connections,
        "slow connections were not cut"
    );
    ensure!(
        ours.stopped.is_some_and(|took| took <= STOPPING),
        "stopping took too long"
    );
    Ok(())
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
    let before = agents(address, &token, phase, pid).await?;
    let mut attackers = Vec::new();
    // As many processes as it takes for each to have files enough.
    let shares = connections.div_ceil(8_000);
    for share in 0..shares {
        let count = connections / shares + usize::from(share < connections % shares);
        let mut attacker = child(&["attack", &address.to_string(), &count.to_string()])?;
        let mut said = BufReader::new(attacker.stdout.take().context("its words")?).lines();
        let ready = timeout(Duration::from_secs(180), said.next_line()).await??;
        ensure!(ready.as_deref() == Some("connected"), "{ready:?}");
        attackers.push((attacker, said));
    }
    let during = agents(address, &token, phase, pid).await?;
    let (mut held, mut cut) = (0, 0);
    for (attacker, said) in &mut attackers {
        let mut ask = attacker.stdin.take().context("its ears")?;
        ask.write_all(b"count\n").await?;
        let counts = timeout(Duration::from_secs(20), said.next_line()).await??;
        let counts = counts.context("counts")?;
        let (open, closed) = counts.split_once(' ').context("two counts")?;
        held += open.parse::<usize>()?;
        cut += closed.parse::<usize>()?;
        attacker.stdin = Some(ask);
    }
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
    for (mut attacker, _) in attackers {
        attacker.kill().await?;
    }
    Ok(Shown {
        before: before.times,
        during: during.times,
        asked: before.asked + during.asked,
        failed: before.failed + during.failed,
        memory: [idle.max(before.memory), during.memory],
        held,
        cut,
        stopped,
    })
}

/// What agents saw, and the most memory of the server meanwhile.
struct Seen {
    times: Times,
    asked: usize,
    failed: usize,
    memory: u64,
}

/// Agents ask for a list, each time over a new connection: the hardest case, since it must be let in.
async fn agents(address: SocketAddr, token: &str, during: Duration, server: u32) -> Result<Seen> {
    let until = Instant::now() + during;
    let ask = format!(
        "GET /v1/tickets?limit=20 HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    let mut asking = JoinSet::new();
    for _ in 0..AGENTS {
        let ask = ask.clone();
        asking.spawn(async move {
            let (mut took, mut failed) = (Vec::new(), 0);
            let mut pace = interval(Duration::from_millis(50));
            while Instant::now() < until {
                pace.tick().await;
                let began = Instant::now();
                let answer = timeout(Duration::from_secs(10), answer(address, &ask)).await;
                match answer {
                    Ok(Ok(text)) if text.starts_with("HTTP/1.1 200 ") => took.push(began.elapsed()),
                    _ => failed += 1,
                }
            }
            (took, failed)
        });
    }
    let (mut took, mut failed, mut most) = (Vec::new(), 0, 0);
    let mut look = interval(Duration::from_millis(200));
    loop {
        tokio::select! {
            done = asking.join_next() => match done {
                Some(done) => {
                    let (times, lost) = done?;
                    took.extend(times);
                    failed += lost;
                }
                None => break,
            },
            _ = look.tick() => most = most.max(memory(server)?),
        }
    }
    took.sort();
    let at = |percent: usize| took.get((took.len() * percent / 100).min(took.len().max(1) - 1));
    Ok(Seen {
        times: at(50).zip(at(99)).map(|(p50, p99)| [*p50, *p99]),
        asked: took.len() + failed,
        failed,
        memory: most,
    })
}

async fn sign_in(address: SocketAddr) -> Result<String> {
    let body = json!({"email": "priya@hollowpine.example", "password": "hollowpine"}).to_string();
    let length = body.len();
    let ask = format!(
        "POST /v1/sessions HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let answer = answer(address, &ask).await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("an answer")?;
    let session: Value = serde_json::from_str(body)?;
    Ok(session["token"].as_str().context("a token")?.to_owned())
}

/// The answer over a connection of its own.
async fn answer(address: SocketAddr, ask: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(ask.as_bytes()).await?;
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await?;
    Ok(heard)
}

/// What a process has in memory, in KiB.
fn memory(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("VmRSS")?.parse()?)
}

fn child(arguments: &[&str]) -> Result<Child> {
    Ok(Command::new(std::env::current_exe()?)
        .args(arguments)
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

/// Connections that cost as much as they can, until this process is ended.
async fn attack(address: SocketAddr, connections: usize) -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let open = Arc::new(AtomicUsize::new(0));
    let mut slow = JoinSet::new();
    let first = 2 + (std::process::id() % 100) as u8;
    for number in 0..connections {
        // Each address of this machine has its own share of ports, and of places.
        let block = u8::try_from(number / OF_ONE)?;
        let from = IpAddr::V4(Ipv4Addr::new(127, 0, first, block + 1));
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4 * 1024)?;
        socket.bind((from, 0).into())?;
        let stream = match timeout(Duration::from_secs(20), socket.connect(address)).await {
            Ok(Ok(stream)) => stream,
            // Not let in counts as cut.
            Ok(Err(_)) | Err(_) => continue,
        };
        open.fetch_add(1, Ordering::SeqCst);
        let open = open.clone();
        slow.spawn(async move {
            hold(stream, number % 4).await;
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
    println!("connected");
    told().await?;
    let still = open.load(Ordering::SeqCst);
    println!("{still} {}", connections - still);
    told().await
}

/// Holds a connection for as long as the other side lets it.
async fn hold(mut stream: TcpStream, kind: usize) {
    let first: &[u8] = match kind {
        0 => b"",
        1 => b"GET /v1/hello HTTP/1.1\r\nhost: here\r\nx: ",
        2 => b"POST /v1/sessions HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{",
        _ => return deaf(stream).await,
    };
    if stream.write_all(first).await.is_err() {
        return;
    }
    let mut pause = interval(Duration::from_secs(1));
    let mut heard = [0; 1024];
    loop {
        tokio::select! {
            read = stream.read(&mut heard) => {
                if !matches!(read, Ok(count) if count > 0) {
                    return;
                }
            }
            _ = pause.tick() => {
                if kind > 0 && stream.write_all(b" ").await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Asks for far more than the sockets between hold, and does not read.
async fn deaf(mut stream: TcpStream) {
    let ask = "GET /v1/openapi.json HTTP/1.1\r\nhost: here\r\n\r\n".repeat(30);
    if stream.write_all(ask.as_bytes()).await.is_err() {
        return;
    }
    // A reset shows without reading: what cannot be written any more is over.
    let mut look = interval(Duration::from_millis(500));
    loop {
        look.tick().await;
        match stream.take_error() {
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => return,
        }
        if stream
            .try_write(b"\r\n")
            .is_err_and(|error| error.kind() != std::io::ErrorKind::WouldBlock)
        {
            return;
        }
    }
}
