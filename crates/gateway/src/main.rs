//! `deskhand-gateway`: reads the configuration, starts the gateway, waits for a signal.

use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};
use deskhand_domain::{AccountId, CustomerId, Scope};
use deskhand_gateway::{
    Config, StartError,
    audit::{command, key::PublicKey},
    config::{self, REFERENCE},
    explain::explain,
    forget_app,
    import::{self, Format},
    keys::{self, Wish},
    list_keys, make_key, new_epoch, policies, revoke, revoke_key,
    routes::Description,
    set_locked, start,
    store::AuditFilter,
};
use deskhand_policy::Broken;
use deskhand_protocol::audit::Action;
use std::{
    io::IsTerminal as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};
use tracing_subscriber::EnvFilter;
use utoipa::OpenApi as _;
use uuid::Uuid;

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
    /// A desktop that is connected learns of it within seconds, another one when it reaches the
    /// gateway next. What was not sent from there is lost. A gateway may run meanwhile.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The account's address.
        #[arg(long)]
        account: String,
    },
    /// Takes over an export of a shop's orders, all of it or nothing. The gateway must not run.
    ImportOrders {
        #[command(flatten)]
        place: Place,
        /// The file.
        file: PathBuf,
        /// Which shop wrote it.
        #[arg(long)]
        format: Format,
        /// Names every mistake and stores nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Checks a configuration, or prints one.
    #[command(subcommand)]
    Config(Configuration),
    /// Looks at roles and rules.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Reads the audit trail; the gateway may run.
    #[command(subcommand)]
    Audit(Audit),
    /// Locks an account and signs it out everywhere. A gateway may run meanwhile.
    Lock(Whose),
    /// Lets a locked account in again. A gateway may run meanwhile.
    Unlock(Whose),
    /// Forgets the authenticator app of somebody who lost it. A gateway may run meanwhile.
    ForgetApp(Whose),
    /// Makes, lists and revokes the keys of programs. A gateway may run meanwhile.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Prints the description of the HTTP interface (OpenAPI 3.1).
    Openapi,
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Makes a key and prints it, once. A machine account of the role service is made with it.
    Create {
        #[command(flatten)]
        place: Place,
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What it should allow at most, such as tickets:read,messages:send.
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        /// For how many days.
        #[arg(long, default_value_t = keys::DAYS)]
        days: u16,
        /// The machine account it is another key of.
        #[arg(long)]
        account: Option<AccountId>,
    },
    /// Lists the keys, the newest first.
    List(Place),
    /// Revokes a key at once.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// Its id or its beginning, such as dk_4fGh2s.
        key: String,
    },
}

#[derive(Subcommand)]
enum Configuration {
    /// Names everything that is wrong with a file and the environment, without starting anything.
    Check {
        /// The file; without one only the environment is checked.
        #[arg(env = "DESKHAND_CONFIG")]
        file: Option<PathBuf>,
    },
    /// Prints everything that can be set, with comments and defaults.
    Reference,
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Reads a policy and says what is wrong with it, with file, line and meaning.
    Check {
        /// The folder with the shop's own roles.toml and .cedar files; without it, the policy that
        /// every gateway has.
        folder: Option<PathBuf>,
    },
    /// Says which rule decides whether an account may do something. The gateway may run meanwhile.
    Explain {
        #[command(flatten)]
        place: Place,
        /// The account's address.
        #[arg(long = "as")]
        account: String,
        /// What it wants to do, such as ticket.write.
        action: String,
        /// With what: shop, customer, order, ticket:17, team:ID or refund:120.50:EUR.
        resource: String,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Finds every entry that was altered, is missing, stands elsewhere or was added by others.
    Verify {
        #[command(flatten)]
        place: Place,
        /// Heads that were kept elsewhere; without it, the gateway's own file of them.
        #[arg(long)]
        heads: Option<PathBuf>,
        /// The public half of the gateway's key, which `audit key` prints; without it, the
        /// gateway's own.
        #[arg(long)]
        public_key: Option<String>,
    },
    /// Writes entries as one JSON object a line, oldest first. This is not told in the trail, which
    /// only the gateway writes; an export through the gateway is.
    Export {
        #[command(flatten)]
        place: Place,
        /// From this moment on, such as 2027-01-31T09:00:00Z.
        #[arg(long)]
        from: Option<DateTime<Utc>>,
        /// Before this moment.
        #[arg(long)]
        until: Option<DateTime<Utc>>,
        /// Of this account, machine key or customer.
        #[arg(long)]
        actor: Option<Uuid>,
        /// That concern this customer.
        #[arg(long)]
        customer: Option<CustomerId>,
        /// That tell of this, such as signed_in.
        #[arg(long, value_parser = action)]
        action: Option<Action>,
        /// How many at most.
        #[arg(long)]
        limit: Option<usize>,
    },
    /// Prints the public half of the key that signs the trail.
    Key(Place),
}

/// An account, and where it lies.
#[derive(clap::Args)]
struct Whose {
    #[command(flatten)]
    place: Place,
    /// The account's address.
    #[arg(long)]
    account: String,
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
        Command::Config(Configuration::Reference) => {
            print!("{REFERENCE}");
            ExitCode::SUCCESS
        }
        Command::Config(Configuration::Check { file }) => finish(check(file.as_deref())),
        Command::Policy(PolicyCommand::Check { folder }) => check_policy(folder.as_deref()),
        Command::Audit(Audit::Key(place)) => finish(audit_key(&place)),
        Command::Audit(Audit::Export {
            place,
            from,
            until,
            actor,
            customer,
            action,
            limit,
        }) => {
            let filter = AuditFilter {
                from,
                until,
                actor,
                customer,
                action,
            };
            finish(export(&place, &filter, limit.unwrap_or(usize::MAX)).await)
        }
        Command::Audit(Audit::Verify {
            place,
            heads,
            public_key,
        }) => match verify(&place, heads, public_key.as_deref()).await {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => finish(Err(error)),
        },
        Command::Policy(PolicyCommand::Explain {
            place,
            account,
            action,
            resource,
        }) => finish(told(&place, &account, &action, &resource).await),
        Command::Serve(serve) => {
            log();
            finish(run(serve).await)
        }
        Command::Revoke { place, account } => {
            log();
            finish(end_sessions(&place, &account).await)
        }
        Command::Lock(whose) => {
            log();
            finish(lock(&whose, true).await)
        }
        Command::Unlock(whose) => {
            log();
            finish(lock(&whose, false).await)
        }
        Command::ForgetApp(whose) => {
            log();
            finish(forget(&whose).await)
        }
        Command::Key(command) => {
            log();
            finish(key(command).await)
        }
        Command::ImportOrders {
            place,
            file,
            format,
            dry_run,
        } => finish(import_orders(&place, &file, format, dry_run).await),
        Command::NewEpoch(place) => {
            log();
            finish(begin_anew(&place).await)
        }
    }
}

fn check_policy(folder: Option<&Path>) -> ExitCode {
    match policies::read(folder) {
        Ok(policy) => {
            let (roles, rules) = (policy.roles().len(), policy.rules().count());
            println!("{roles} roles and {rules} rules: nothing is wrong");
            ExitCode::SUCCESS
        }
        Err(Broken(mistakes)) => {
            for mistake in mistakes {
                eprintln!("{mistake}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn told(
    place: &Place,
    account: &str,
    action: &str,
    resource: &str,
) -> Result<(), StartError> {
    let config = place.read()?;
    println!("{}", explain(&config, account, action, resource).await?);
    Ok(())
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

fn audit_key(place: &Place) -> Result<(), StartError> {
    let key = command::public_key(&place.read()?)?;
    println!("{}", key.to_hex());
    Ok(())
}

fn action(word: &str) -> Result<Action, String> {
    let action = serde_json::from_value(serde_json::Value::String(word.to_owned()));
    action.map_err(|_| "there is no such action".to_owned())
}

async fn export(place: &Place, filter: &AuditFilter, limit: usize) -> Result<(), StartError> {
    let config = place.read()?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    command::export(&config, filter, limit, &mut out).await
}

/// Whether nothing was found.
async fn verify(
    place: &Place,
    heads: Option<PathBuf>,
    key: Option<&str>,
) -> Result<bool, StartError> {
    let config = place.read()?;
    let key = key
        .map(|key| {
            let wrong = || StartError::Config("the public key is 64 hexadecimal digits".to_owned());
            PublicKey::parse(key).ok_or_else(wrong)
        })
        .transpose()?;
    let began = tokio::time::Instant::now();
    let checked = command::check(&config, command::Check { heads, key }).await?;
    let seconds = began.elapsed().as_secs_f64();
    for finding in &checked.report.findings {
        println!("{finding}");
    }
    let (entries, heads) = (checked.report.entries, checked.heads.len());
    println!(
        "{entries} entries and {heads} heads in {seconds:.2} s, {:.0} entries a second",
        entries as f64 / seconds
    );
    if checked.key.is_none() {
        println!("signatures were not checked: the key is not here, name it with --public-key");
    }
    let whole = checked.report.findings.is_empty();
    println!(
        "{}",
        if whole {
            "the trail is whole"
        } else {
            "the trail is not whole"
        }
    );
    Ok(whole)
}

async fn lock(whose: &Whose, locked: bool) -> Result<(), StartError> {
    set_locked(&whose.place.read()?, &whose.account, locked).await?;
    let done = if locked { "locked" } else { "unlocked" };
    println!("the account is {done}");
    Ok(())
}

async fn forget(whose: &Whose) -> Result<(), StartError> {
    forget_app(&whose.place.read()?, &whose.account).await?;
    println!("no code is asked for until another app is set up");
    Ok(())
}

async fn key(command: KeyCommand) -> Result<(), StartError> {
    match command {
        KeyCommand::Create {
            place,
            name,
            scopes,
            days,
            account,
        } => {
            let wish = Wish {
                account,
                name,
                scopes: scopes.into_iter().collect(),
                days,
            };
            let made = make_key(&place.read()?, wish).await?;
            println!("{}", made.key);
            let (account, until) = (made.about.account, made.about.expires_at);
            eprintln!("It is not shown again. It stands for the account {account} until {until}.");
        }
        KeyCommand::List(place) => {
            for key in list_keys(&place.read()?).await? {
                let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
                let state = match (key.revoked_at, key.used_at) {
                    (Some(at), _) => format!("revoked {at}"),
                    (None, Some(at)) => format!("used {at}"),
                    (None, None) => "never used".to_owned(),
                };
                println!(
                    "{}\t{}\t{}\t{}\tuntil {}\t{state}",
                    key.prefix,
                    key.name,
                    key.account,
                    scopes.join(","),
                    key.expires_at
                );
            }
        }
        KeyCommand::Revoke { place, key } => {
            let key = revoke_key(&place.read()?, &key).await?;
            println!("{} is revoked", key.prefix);
        }
    }
    Ok(())
}

async fn import_orders(
    place: &Place,
    file: &Path,
    format: Format,
    dry_run: bool,
) -> Result<(), StartError> {
    let orders = import::read(file, format)?;
    println!("{} orders, and nothing is wrong with them", orders.len());
    if !dry_run {
        let taken = import::store(&place.read()?, orders).await?;
        println!(
            "{} stored, {} were there already",
            taken.changed, taken.same
        );
    }
    Ok(())
}

async fn begin_anew(place: &Place) -> Result<(), StartError> {
    let config = place.read()?;
    let epoch = new_epoch(&config).await?;
    println!("epoch {epoch}: desktops will sync again once the gateway runs");
    Ok(())
}

async fn end_sessions(place: &Place, account: &str) -> Result<(), StartError> {
    let config = place.read()?;
    let count = revoke(&config, account).await?;
    println!("{count} sessions revoked: their desktops destroy their copies at the next contact");
    Ok(())
}

async fn run(serve: Serve) -> Result<(), StartError> {
    let running = start(config(serve)?).await?;
    let tls = running.state.config.tls.is_on();
    let scheme = if tls { "https" } else { "http" };
    println!("{scheme}://{}", running.address);
    stop_signal().await;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// The command line wins over the environment, and that over the file.
fn config(serve: Serve) -> Result<Config, StartError> {
    let mut config = serve.place.read()?;
    config.listen = serve.listen.unwrap_or(config.listen);
    config.sample |= serve.sample;
    config.sample_on_network = serve.sample_on_network;
    config.undo_seconds = serve.undo_seconds.unwrap_or(config.undo_seconds);
    Ok(config)
}

impl Place {
    /// What the file and the environment say, and where the data lies.
    fn read(&self) -> Result<Config, StartError> {
        let mut config = read(self.config.as_deref())?;
        if let Some(data_dir) = &self.data_dir {
            config.data_dir.clone_from(data_dir);
        }
        if let Some(url) = &self.database_url {
            config.database_url = Some(url.clone().into());
        }
        if config.data_dir.as_os_str().is_empty() {
            return Err(StartError::Config(
                "say where to keep the data with --data-dir".to_owned(),
            ));
        }
        Ok(config)
    }
}

fn read(file: Option<&Path>) -> Result<Config, StartError> {
    config::read(file, std::env::vars_os()).map_err(StartError::Mistakes)
}

fn check(file: Option<&Path>) -> Result<(), StartError> {
    read(file)?;
    let name = file.map_or_else(|| "the environment".into(), |file| file.to_string_lossy());
    println!("{name}: nothing is wrong");
    Ok(())
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
