//! Accepts connections. axum's own `serve` waits for headers without limit, so this one does not
//! use it.

use crate::{config::Door, tasks::Tasks};
use axum::{Extension, Router, extract::ConnectInfo};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// Serves until the tasks are stopped.
pub fn serve(listener: TcpListener, app: Router, door: Door, tasks: &Tasks) {
    let (own, stop) = (tasks.clone(), tasks.stopping());
    tasks.spawn("accept", async move {
        stop.run_until_cancelled(accept(listener, app, door, own))
            .await;
    });
}

async fn accept(listener: TcpListener, app: Router, door: Door, tasks: Tasks) {
    let room = Arc::new(Semaphore::new(door.connections));
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let app = app.clone().layer(Extension(ConnectInfo(peer)));
                tasks.spawn(
                    "connection",
                    connection(stream, app, door.header_timeout.0, tasks.clone(), permit),
                );
            }
            Err(error) => {
                // Out of file handles and the like: others may end soon.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    app: Router,
    headers: Duration,
    tasks: Tasks,
    _permit: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it began");
    }
    let stop = tasks.stopping();
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(headers)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
        .with_upgrades();
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = &mut served => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
