//! Slow connections, in a process of their own.

use super::told;
use anyhow::Result;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{interval, timeout},
};

/// How many connections of one address there are: below what one address may have.
const OF_ONE: usize = 500;

/// Connections that cost as much as they can, until this process is ended.
pub async fn attack(address: SocketAddr, connections: usize) -> Result<()> {
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
    println!("connected {}", open.load(Ordering::SeqCst));
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
