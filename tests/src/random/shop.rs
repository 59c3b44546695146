//! The gateway of a scenario: a small shop that is made once and copied for each seed.

use super::plan::TICKETS;
use crate::{
    desk::PASSWORD,
    free_port,
    process::{Process, program},
    wait,
};
use anyhow::Context;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use chrono::TimeDelta;
use deskhand_domain::{Channel, Field, FieldId, FieldKind, TicketId};
use deskhand_gateway::{Clock, Config, Running, config::Period, start_at, testing};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// The ticket that goes on and the one that becomes part of it.
pub(super) const MERGED: [u64; 2] = [2, 4];
/// The shop's own field.
pub(super) const FIELD: &str = "size";

/// A database that every scenario begins with.
pub struct Template {
    folder: TempDir,
}

impl Template {
    /// Makes it.
    pub async fn make() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let running = deskhand_gateway::start(Config::embedded(folder.path())).await?;
        let hash = quick_hash(PASSWORD)?;
        let mut shop = testing::small_shop(chrono::Utc::now(), 2 * TICKETS, hash);
        // Half of it is mail, whose replies the gateway holds for a moment.
        let mails = |number: u32| number % 4 < 2;
        for ticket in shop
            .tickets
            .iter_mut()
            .filter(|ticket| mails(ticket.number))
        {
            ticket.channel = Channel::Email;
        }
        // Two are of one customer, so that they can be merged.
        let [into, ticket] = MERGED.map(|number| TicketId(testing::id(5, number)));
        let customer = shop.tickets.iter().find(|each| each.id == into);
        let customer = customer.context("it is there")?.customer;
        for each in shop.tickets.iter_mut().filter(|each| each.id == ticket) {
            each.customer = customer;
        }
        shop.fields.push(Field {
            id: FieldId(testing::id(9, 1)),
            key: FIELD.to_owned(),
            label: "Size".to_owned(),
            kind: FieldKind::Text,
            place: 0,
        });
        running.state.store.seed(shop).await?;
        running.stop().await;
        Ok(Self { folder })
    }

    /// Copies it into a folder.
    pub fn copy(&self, to: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(to)?;
        for file in std::fs::read_dir(self.folder.path())? {
            let file = file?;
            if file.file_name() != "gateway.lock" {
                std::fs::copy(file.path(), to.join(file.file_name()))?;
            }
        }
        Ok(())
    }
}

/// A hash that costs as little as one may: there are thousands of sign-ins.
fn quick_hash(password: &str) -> anyhow::Result<String> {
    let cost = Params::new(Params::MIN_M_COST, 1, 1, None)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
    Ok(argon2.hash_password(password.as_bytes())?.to_string())
}

/// The gateway of one scenario. It keeps its port and its folder.
pub struct House {
    folder: PathBuf,
    config: Config,
    clock: Clock,
    as_process: bool,
    inside: Option<Running>,
    outside: Option<Process>,
}

impl House {
    /// Copies the shop into a folder and starts a gateway on it.
    pub async fn open(
        template: &Template,
        folder: &Path,
        as_process: bool,
    ) -> anyhow::Result<Self> {
        template.copy(folder)?;
        let mut config = Config::embedded(folder);
        config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        config.chat_messages_per_minute = 100_000;
        config.undo_seconds = 1;
        // Tokens change all the time, and so do those whose answer is lost.
        config.sessions.access = Period(Duration::from_secs(2));
        std::fs::write(
            folder.join("gateway.toml"),
            "chat_messages_per_minute = 100000\nundo_seconds = 1\n[sessions]\naccess = \"2s\"\n",
        )?;
        let mut house = Self {
            folder: folder.to_owned(),
            config,
            clock: Clock::default(),
            as_process,
            inside: None,
            outside: None,
        };
        house.start().await?;
        Ok(house)
    }

    /// The socket address, for a line before it.
    pub fn listens(&self) -> SocketAddr {
        self.config.listen
    }

    /// Where it answers.
    pub fn address(&self) -> String {
        format!("http://{}", self.config.listen)
    }

    /// Whether it runs now.
    pub fn runs(&self) -> bool {
        self.inside.is_some() || self.outside.is_some()
    }

    /// Starts it, unless it runs.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        if self.runs() {
            return Ok(());
        }
        if self.as_process {
            return self.start_process().await;
        }
        let (config, clock) = (&self.config, &self.clock);
        let running = wait::until("the gateway's port to be free", || async {
            let started = start_at(config.clone(), clock.clone()).await;
            Ok(started.ok())
        })
        .await?;
        self.inside = Some(running);
        Ok(())
    }

    async fn start_process(&mut self) -> anyhow::Result<()> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("gateway.log"))?;
        let mut command = Command::new(program("deskhand-gateway")?);
        command
            .args(["serve", "--data-dir"])
            .arg(&self.folder)
            .arg("--config")
            .arg(self.folder.join("gateway.toml"))
            .args(["--listen", &self.config.listen.to_string()])
            .stdin(Stdio::null())
            .stderr(log);
        // It says where it listens as soon as it does.
        let started = tokio::task::spawn_blocking(move || {
            Process::start_and_read(&mut command, Duration::from_secs(20), |line| {
                line.starts_with("http").then_some(())
            })
        });
        let (process, ()) = started.await?.with_context(|| {
            std::fs::read_to_string(self.folder.join("gateway.log")).unwrap_or_default()
        })?;
        self.outside = Some(process);
        Ok(())
    }

    /// Sets its clock wrong by so much. A gateway that is a process follows the machine's.
    pub fn set_clock(&self, off: TimeDelta) {
        self.clock.set_off(off);
    }

    /// Stops it, begins a new history as after a backup was put back, and starts it again.
    pub async fn begin_anew(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        // A process that another scenario is starting may hold the lock until it runs.
        wait::until("the folder to be free", || async {
            Ok(deskhand_gateway::new_epoch(&self.config).await.ok())
        })
        .await?;
        self.start().await
    }

    /// Stops it in order.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(running) = self.inside.take() {
            running.stop().await;
        }
        if let Some(process) = self.outside.take() {
            let limit = Duration::from_secs(20);
            tokio::task::spawn_blocking(move || process.stop(limit)).await??;
        }
        Ok(())
    }

    /// Ends it as a power cut would, if it is a process; otherwise stops it.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(process) = self.outside.take() {
            tokio::task::spawn_blocking(move || process.kill()).await??;
        }
        self.stop().await
    }
}
