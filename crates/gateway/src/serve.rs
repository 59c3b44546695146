//! The door: accepts connections and cuts those that cost more than they bring.
//!
//! axum's own `serve` waits without limit for headers, for bodies and for readers; this one does
//! not use it. Whoever says nothing has no more than a socket here; everything larger is made when
//! the first byte comes. When the room is full, whoever has said nothing for longest makes room.

mod bodies;
mod guard;
mod proxies;
mod room;
mod tally;
mod tls;

use crate::{
    config::{Config, Door},
    problem::Refusal,
    tasks::Tasks,
};
use axum::{Router, http::StatusCode};
pub use bodies::TooSlow;
use bodies::{Answer, Metered};
use chrono::TimeDelta;
use guard::{Guarded, Meter};
use hyper::{
    Request, Response, body::Incoming, server::conn::http1, service::Service as _,
    service::service_fn,
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
pub use proxies::Proxies;
pub use room::network;
use room::{Full, Room};
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};
pub use tally::Tally;
pub use tls::{Certificate, TlsError};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How much of an answer the system keeps that was not sent yet. It tells of progress when half of
/// that is gone. Much less, and large frames of sockets, whose library moves the rest of a frame
/// with every part that was written, take far longer.
const UNSENT: u32 = 128 * 1024;
/// Files that a gateway needs beside its connections.
const FILES: u64 = 256;

/// The address a request came from: of the last machine that is not a proxy of ours.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub IpAddr);

/// A door before it is opened.
pub struct Entrance {
    shared: Arc<Shared>,
    certificate: Option<Certificate>,
}

struct Shared {
    door: Door,
    proxies: Proxies,
    room: Room,
    tally: Arc<Tally>,
}

impl Entrance {
    /// As configured.
    pub fn new(config: &Config) -> Result<Self, TlsError> {
        enough_files(config.door.connections);
        Ok(Self {
            shared: Arc::new(Shared {
                room: Room::new(config.door.connections, config.door.connections_per_address),
                door: config.door.clone(),
                proxies: Proxies::new(&config.proxy),
                tally: Arc::default(),
            }),
            certificate: Certificate::load(&config.tls)?,
        })
    }

    /// How often whom was cut.
    pub fn tally(&self) -> Arc<Tally> {
        self.shared.tally.clone()
    }

    /// Serves until the tasks are stopped.
    pub fn serve(self, listener: TcpListener, app: Router, tasks: &Tasks) {
        let stop = tasks.stopping();
        tally::tell(self.shared.tally.clone(), tasks);
        let tls = self
            .certificate
            .map(|certificate| certificate.follow(tasks));
        let accept = accept(listener, self.shared, app, tls, tasks.clone());
        tasks.spawn("accept", async move {
            stop.run_until_cancelled(accept).await;
        });
    }
}

/// Asks the system for as many open files as connections may be.
fn enough_files(connections: usize) {
    #[cfg(unix)]
    {
        let wanted = u64::try_from(connections)
            .unwrap_or(u64::MAX)
            .saturating_add(FILES);
        match rlimit::increase_nofile_limit(wanted) {
            Ok(files) if files >= wanted => {}
            Ok(files) => tracing::warn!(
                files,
                wanted,
                "fewer files may be open than connections are allowed"
            ),
            Err(error) => tracing::warn!(%error, "the limit of open files is unknown"),
        }
    }
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    app: Router,
    tls: Option<TlsAcceptor>,
    tasks: Tasks,
) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles and the like: others may end soon.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // A proxy brings many: whom it brings is counted with each request.
        let counted = (!shared.proxies.trusts(peer.ip())).then(|| peer.ip());
        match shared.room.enter(counted) {
            Ok((place, made_room)) => {
                let meter = Meter::new(&shared.door, place, shared.tally.clone());
                let guest = Guest {
                    stream,
                    peer,
                    meter: Arc::new(meter),
                    made_room,
                    shared: shared.clone(),
                };
                tasks.spawn(
                    "connection",
                    guest.stay(app.clone(), tls.clone(), tasks.clone()),
                );
            }
            Err(full) => refuse(&stream, tls.is_some(), full, &shared.tally),
        }
    }
}

/// Says in one try that there is no room.
fn refuse(stream: &TcpStream, tls: bool, full: Full, tally: &Tally) {
    tally.refused.add();
    if !tls {
        let status = match full {
            Full::House => "503 Service Unavailable",
            Full::Address => "429 Too Many Requests",
        };
        let words = format!(
            "HTTP/1.1 {status}\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        // Who does not hear it sees the connection end.
        stream.try_write(words.as_bytes()).ok();
    }
}

/// A connection that was let in.
struct Guest {
    stream: TcpStream,
    peer: SocketAddr,
    meter: Arc<Meter>,
    made_room: Arc<Notify>,
    shared: Arc<Shared>,
}

impl Guest {
    async fn stay(self, app: Router, tls: Option<TlsAcceptor>, tasks: Tasks) {
        let (stop, cut) = (tasks.stopping(), tasks.cutting());
        let (patience, mut byte) = (self.shared.door.first_byte_timeout.0, [0; 1]);
        let first = tokio::select! {
            first = tokio::time::timeout(patience, self.stream.peek(&mut byte)) => first,
            () = self.made_room.notified() => return self.shared.tally.made_room.add(),
            () = stop.cancelled() => return,
        };
        match first {
            Err(_) => self.shared.tally.silent.add(),
            Ok(Err(error)) => tracing::debug!(%error, "a connection was gone before it began"),
            // From here on it costs memory.
            Ok(Ok(_)) => Box::pin(self.talk(app, tls, stop, cut)).await,
        }
    }

    async fn talk(
        self,
        app: Router,
        tls: Option<TlsAcceptor>,
        stop: CancellationToken,
        cut: CancellationToken,
    ) {
        prepare(&self.stream);
        let stream = Guarded::new(self.stream, self.meter.clone(), cut.clone());
        let talk = async {
            let (meter, shared, peer) = (self.meter.clone(), self.shared, self.peer);
            match tls {
                None => converse(stream, app, peer, shared, meter, stop).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => converse(stream, app, peer, shared, meter, stop).await,
                    Err(error) => tracing::debug!(%error, "TLS did not come about"),
                },
            }
        };
        tokio::select! {
            () = talk => {}
            () = cut.cancelled() => {}
            () = until_evicted(&self.made_room, &self.meter) => {}
        }
    }
}

/// Only who has not asked for anything yet makes room.
async fn until_evicted(made_room: &Notify, meter: &Meter) {
    made_room.notified().await;
    meter.tally().made_room.add();
}

fn prepare(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    let set = socket.set_tcp_nodelay(true);
    #[cfg(target_os = "linux")]
    let set = set.and_then(|()| socket.set_tcp_notsent_lowat(UNSENT));
    if let Err(error) = set {
        tracing::debug!(%error, "a connection was gone before it began");
    }
}

/// Answers one request after another.
async fn converse<S>(
    stream: S,
    app: Router,
    peer: SocketAddr,
    shared: Arc<Shared>,
    meter: Arc<Meter>,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let door = &shared.door;
    let mut http = http1::Builder::new();
    http.header_read_timeout(None)
        .max_headers(door.headers)
        .max_buf_size(door.header_size.0);
    let app = TowerToHyperService::new(app);
    let answering = meter.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (app, meter, shared) = (app.clone(), answering.clone(), shared.clone());
        async move { Ok::<_, Infallible>(answer(request, app, peer, &shared, meter).await) }
    });
    let served = http
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = &mut served => ended,
        () = stop.cancelled() => {
            if meter.is_half_asked() {
                return;
            }
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    request: Request<Incoming>,
    app: TowerToHyperService<Router>,
    peer: SocketAddr,
    shared: &Shared,
    meter: Arc<Meter>,
) -> Response<Answer> {
    meter.begins();
    let caller = shared.proxies.caller(peer.ip(), request.headers());
    if shared.proxies.trusts(peer.ip()) {
        match shared.room.count(caller) {
            Ok(counted) => meter.counts(counted),
            Err(_) => {
                shared.tally.refused.add();
                let refusal = Refusal::busy(TimeDelta::seconds(4)).answer(None);
                return refusal.map(|body| Answer::new(body, meter));
            }
        }
    }
    let mut request = request.map(|body| Metered::new(body, &shared.door, shared.tally.clone()));
    request.extensions_mut().insert(Caller(caller));
    let Ok(response) = app.call(request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        meter.becomes_socket();
    }
    response.map(|body| Answer::new(body, meter))
}
