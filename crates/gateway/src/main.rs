//! `deskhand-gateway`: reads the configuration, starts the gateway, waits for a signal.

use clap::{Parser, Subcommand};
use deskhand_gateway::{
    Config, StartError,
    config::{File, LISTEN},
    new_epoch, revoke,
    routes::Description,
    start,
};
use std::{io::IsTerminal as _, net::SocketAddr, path::PathBuf, process::ExitCode};
use tracing_subscriber::EnvFilter;
use utoipa::OpenApi as _;

/// The server of Deskhand.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers desktops and chat pages until it is told to stop.
    Serve(Serve),
    /// Begins a new history; run it after a backup was put back and before the gateway is started.
    ///
    /// What desktops have seen since the backup was made is not in it. With a new epoch they drop
    /// their copy, keep what waits in their outbox, and sync again. The gateway must not run.
    NewEpoch(Place),
    /// Ends every session of an account, and has its desktops destroy their copies.
    ///
    /// A desktop learns of it when it reaches the gateway next, at the latest when it signs in. What
    /// was not sent from there is lost. The gateway must not run.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The account's address.
        #[arg(long)]
        account: String,
    },
    /// Prints the description of the HTTP interface (OpenAPI 3.1).
    Openapi,
}

/// Where the data lies.
#[derive(clap::Args)]
struct Place {
    /// The folder with everything it keeps.
    #[arg(long, env = "DESKHAND_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// A PostgreSQL database instead of a file: postgres://user:password@host:5432/database.
    #[arg(long, env = "DESKHAND_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// A configuration file in TOML.
    #[arg(long, env = "DESKHAND_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Serve {
    #[command(flatten)]
    place: Place,
    /// Where it listens; 127.0.0.1:7430 unless told.
    #[arg(long, env = "DESKHAND_LISTEN")]
    listen: Option<SocketAddr>,
    /// For how many seconds replies may be undone before they are sent; 13 unless told, 0 for none.
    #[arg(long, env = "DESKHAND_UNDO_SECONDS")]
    undo_seconds: Option<u16>,
    /// Fills an empty database with the sample shop, whose passwords are published.
    #[arg(long)]
    sample: bool,
    /// Lets other machines reach the sample shop.
    #[arg(long)]
    sample_on_network: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Openapi => match Description::openapi().to_pretty_json() {
            Ok(json) => {
                println!("{json}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("deskhand-gateway: {error}");
                ExitCode::FAILURE
            }
        },
        Command::Serve(serve) => {
            log();
            finish(run(serve).await)
        }
        Command::Revoke { place, account } => {
            log();
            finish(end_sessions(&place, &account).await)
        }
        Command::NewEpoch(place) => {
            log();
            finish(begin_anew(&place).await)
        }
    }
}

fn finish(done: Result<(), StartError>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("deskhand-gateway: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

async fn begin_anew(place: &Place) -> Result<(), StartError> {
    let (config, _) = place.read()?;
    let epoch = new_epoch(&config).await?;
    println!("epoch {epoch}: desktops will sync again once the gateway runs");
    Ok(())
}

async fn end_sessions(place: &Place, account: &str) -> Result<(), StartError> {
    let (config, _) = place.read()?;
    let count = revoke(&config, account).await?;
    println!("{count} sessions revoked: their desktops destroy their copies at the next contact");
    Ok(())
}

async fn run(serve: Serve) -> Result<(), StartError> {
    let running = start(config(serve)?).await?;
    println!("http://{}", running.address);
    stop_signal().await;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// The command line and the environment win over the file.
fn config(serve: Serve) -> Result<Config, StartError> {
    let (mut config, file) = serve.place.read()?;
    config.listen = serve.listen.or(file.listen).unwrap_or(LISTEN);
    config.sample = serve.sample || file.sample.unwrap_or_default();
    config.sample_on_network = serve.sample_on_network;
    if let Some(seconds) = serve.undo_seconds.or(file.undo_seconds) {
        config.undo_seconds = seconds;
    }
    if let Some(limit) = file.chat_messages_per_minute {
        config.chat_messages_per_minute = limit;
    }
    Ok(config)
}

impl Place {
    /// Where the data lies, and the whole configuration file.
    fn read(&self) -> Result<(Config, File), StartError> {
        let file = self.config.as_deref().map(File::read).transpose()?;
        let mut file = file.unwrap_or_default();
        let data_dir = self.data_dir.clone().or(file.data_dir.take());
        let data_dir = data_dir.ok_or_else(|| {
            StartError::Config("say where to keep the data with --data-dir".to_owned())
        })?;
        let mut config = Config::embedded(data_dir);
        config.database_url = self.database_url.clone().or(file.database_url.take());
        Ok((config, file))
    }
}

/// Pretty on a terminal, JSON otherwise.
fn log() {
    let filter = EnvFilter::try_from_env("DESKHAND_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.init();
    } else {
        log.json().init();
    }
}

/// Waits for SIGINT or SIGTERM.
async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            },
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be heard");
                interrupt.await.ok();
            }
        }
    }
    #[cfg(not(unix))]
    interrupt.await.ok();
}
