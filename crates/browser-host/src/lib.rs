//! The window's page and the core behind it in a browser, for machines without a display, for
//! Playwright and for work on the page.
//!
//! It must never answer anybody but a browser on this computer that was given the token, and it
//! keeps no secret longer than it runs: its keychain is in memory.
//!
//! The one flow: the printed address sets a cookie; the page is served from a folder; `POST
//! /rpc/{name}` is a call of the core; the socket `/events` carries the core's events.

mod access;
mod files;
mod host;
mod routes;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use deskhand_client::Client;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{access::Token, host::BrowserHost, routes::Shared};

/// What to serve, and where.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder of the built page.
    pub ui: PathBuf,
    /// The folder of the copy of the shop; without one, a fresh folder that is removed at the end.
    pub data_dir: Option<PathBuf>,
    /// A loopback address; port 0 takes any free one.
    pub listen: SocketAddr,
}

/// Why it could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Not a loopback address.
    #[error(
        "{0} can be reached from other computers, and whoever reaches this address sees the shop; \
         listen on 127.0.0.1 or [::1]"
    )]
    NotLoopback(SocketAddr),
    /// There is no page in the folder.
    #[error("{} holds no index.html; build the page first (make run does), or name its folder with --ui", .0.display())]
    NoPage(PathBuf),
    /// The address is taken, or not of this computer.
    #[error("{address} cannot be listened on: {why}; choose another address with --listen")]
    Listen { address: SocketAddr, why: io::Error },
    /// The folder for the copy of the shop cannot be made.
    #[error("{} cannot be written: {why}; choose another folder with --data-dir", path.display())]
    Folder { path: PathBuf, why: io::Error },
    /// The core could not start.
    #[error("the core could not start: {0}")]
    Core(#[from] deskhand_client::StartError),
}

/// A browser host that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    token: Token,
    client: Client,
    host: Arc<BrowserHost>,
    stop: CancellationToken,
    server: JoinHandle<io::Result<()>>,
    /// Removed with all it holds when the host ends.
    _fresh: Option<TempDir>,
}

/// Starts the core and serves it.
pub async fn start(config: Config) -> Result<Running, StartError> {
    if !config.listen.ip().is_loopback() {
        return Err(StartError::NotLoopback(config.listen));
    }
    if !config.ui.join("index.html").is_file() {
        return Err(StartError::NoPage(config.ui));
    }
    let refuse = |why| StartError::Listen {
        address: config.listen,
        why,
    };
    let listener = TcpListener::bind(config.listen).await.map_err(refuse)?;
    let address = listener.local_addr().map_err(refuse)?;

    let (data_dir, fresh) = data_dir(config.data_dir)?;
    let host = Arc::new(BrowserHost::new(&data_dir));
    let client = Client::start(data_dir, host.clone()).await?;
    let stop = CancellationToken::new();
    let token = Token::new();
    let router = routes::app(Shared {
        client: client.clone(),
        host: host.clone(),
        ui: config.ui.into(),
        address,
        token: token.clone(),
        stop: stop.clone(),
    });
    let server = TaskTracker::new().spawn(
        axum::serve(listener, router)
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future(),
    );
    Ok(Running {
        address,
        token,
        client,
        host,
        stop,
        server,
        _fresh: fresh,
    })
}

impl Running {
    /// The address to open in a browser, with the token.
    pub fn url(&self) -> String {
        format!("http://{}/?token={}", self.address, self.token.as_str())
    }

    /// Stops the server, the core and the sample shop.
    pub async fn stop(self) {
        self.stop.cancel();
        self.client.stop().await;
        self.host.stop().await;
        match self.server.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the server ended badly"),
            Err(error) => tracing::error!(%error, "the server's task ended badly"),
        }
    }
}

fn data_dir(named: Option<PathBuf>) -> Result<(PathBuf, Option<TempDir>), StartError> {
    let refuse = |path: &Path| {
        let path = path.to_owned();
        move |why| StartError::Folder { path, why }
    };
    let Some(path) = named else {
        let fresh = tempfile::Builder::new()
            .prefix("deskhand-")
            .tempdir()
            .map_err(refuse(&std::env::temp_dir()))?;
        return Ok((fresh.path().to_owned(), Some(fresh)));
    };
    std::fs::create_dir_all(&path).map_err(refuse(&path))?;
    let path = std::path::absolute(&path).map_err(refuse(&path))?;
    Ok((path, None))
}
