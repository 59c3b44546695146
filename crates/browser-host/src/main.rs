//! `deskhand-browser-host`: Deskhand in a browser on this computer.

use std::{io::Write, net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;
use deskhand_browser_host::Config;
use tokio::signal;
use tracing_subscriber::EnvFilter;

/// Serves Deskhand to a browser on this computer, for machines without a display and for tests.
#[derive(Parser)]
#[command(name = "deskhand-browser-host", version)]
struct Options {
    /// The folder of the built page.
    #[arg(long, default_value = "ui/dist", value_name = "DIR")]
    ui: PathBuf,
    /// The folder of the copy of the shop; by default a fresh one that is removed at the end.
    #[arg(long, env = "DESKHAND_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where to listen; only addresses of this computer itself.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("deskhand-browser-host: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("DESKHAND_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let running = deskhand_browser_host::start(Config {
        ui: options.ui,
        data_dir: options.data_dir,
        listen: options.listen,
    })
    .await?;
    eprintln!(
        "The keychain of this host is in memory: at its end the sign-in and the copy of the shop \
         are forgotten."
    );
    println!("Deskhand is at {}", running.url());
    std::io::stdout().flush()?;
    stop_asked().await?;
    running.stop().await;
    Ok(())
}

#[cfg(unix)]
async fn stop_asked() -> std::io::Result<()> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    tokio::select! {
        pressed = signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stop_asked() -> std::io::Result<()> {
    signal::ctrl_c().await
}
