//! People who work meanwhile, and what they see.

use super::memory;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, interval, timeout},
};
use tokio_util::sync::CancellationToken;

/// How many agents ask.
pub const AGENTS: usize = 8;

/// Median and 99 of 100; nothing when nobody was answered.
pub type Times = Option<[Duration; 2]>;

/// What agents saw, and the most memory of the server meanwhile.
pub struct Seen {
    pub times: Times,
    pub asked: usize,
    pub failed: usize,
    pub memory: u64,
}

/// Agents ask for a list until they are told to stop, each time over a new connection: the hardest
/// case, since it must be let in.
pub async fn agents(
    address: SocketAddr,
    token: &str,
    server: u32,
    stop: CancellationToken,
) -> Result<Seen> {
    let ask = format!(
        "GET /v1/tickets?limit=20 HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    let mut asking = JoinSet::new();
    for _ in 0..AGENTS {
        let (ask, stop) = (ask.clone(), stop.clone());
        asking.spawn(async move {
            let (mut took, mut failed) = (Vec::new(), 0);
            let mut pace = interval(Duration::from_millis(50));
            while !stop.is_cancelled() {
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

pub async fn sign_in(address: SocketAddr) -> Result<String> {
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
