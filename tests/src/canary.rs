//! An address on this computer that nobody may ask: it counts who does.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// The address. It listens until it is dropped.
pub struct Canary {
    port: u16,
    connections: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Canary {
    /// Begins to listen.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (connections, asked) = (Arc::new(AtomicUsize::new(0)), Arc::default());
        let task = tokio::spawn(listen(listener, connections.clone(), Arc::clone(&asked)));
        Ok(Self {
            port,
            connections,
            asked,
            task,
        })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How often somebody connected, whether they asked for something or not.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The first lines of what was asked.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(
    listener: TcpListener,
    connections: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    while let Ok((mut stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        let mut request = [0; 1024];
        let length = stream.read(&mut request).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&request[..length]).into_owned();
        let line = text.lines().next().unwrap_or_default().to_owned();
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer).await.ok();
        asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }
}
