//! `deskhand-gateway`: reads the configuration, starts the gateway, waits for a signal.

mod arguments;
mod inbox;
mod rules;

use arguments::{
    Arguments, Audit, Command, Configuration, KeyCommand, Place, PolicyCommand, Serve, Whose,
};
use clap::Parser as _;
use deskhand_gateway::{
    Config, StartError,
    audit::{
        command::{self, Format as ExportFormat},
        key::PublicKey,
    },
    config::{self, REFERENCE},
    explain::explain,
    forget_app,
    import::{self, Format},
    keys::Wish,
    list_keys, make_key, new_epoch, policies, revoke, revoke_key,
    routes::Description,
    set_locked, start,
    store::AuditFilter,
};
use deskhand_policy::Broken;
use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
};
use tracing_subscriber::EnvFilter;
use utoipa::OpenApi as _;

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
            format,
            limit,
        }) => {
            let filter = AuditFilter {
                from,
                until,
                actor,
                customers: customer.map(|customer| vec![customer]),
                action,
            };
            let limit = limit.unwrap_or(usize::MAX);
            finish(export(&place, &filter, format, limit).await)
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
        Command::Inbox(command) => {
            log();
            finish(inbox::inbox(command).await)
        }
        Command::Rules(command) => {
            log();
            finish(rules::rules(command).await)
        }
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

async fn export(
    place: &Place,
    filter: &AuditFilter,
    format: ExportFormat,
    limit: usize,
) -> Result<(), StartError> {
    let config = place.read()?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    command::export(&config, filter, format, limit, &mut out).await
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
        let taken = import::store(&place.read()?, format, orders).await?;
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
    pub fn read(&self) -> Result<Config, StartError> {
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
