//! A gateway as a process of its own, as a shop would run it.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    free_port,
    process::{Process, program},
    wait,
};

/// A gateway with the sample shop. It keeps its port and its folder over restarts.
pub struct Gateway {
    port: u16,
    process: Option<Process>,
    folder: TempDir,
    /// What it logs, when not what every gateway does.
    says: Option<&'static str>,
}

impl Gateway {
    /// Starts it and waits until it is ready.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with("").await
    }

    /// Starts one that logs more or less than others.
    pub async fn start_saying(says: &'static str) -> anyhow::Result<Self> {
        Self::start_as("", Some(says)).await
    }

    /// Starts it with a configuration file of that text.
    pub async fn start_with(configuration: &str) -> anyhow::Result<Self> {
        Self::start_as(configuration, None).await
    }

    /// Starts it on a folder that somebody fills first.
    pub async fn start_filled(
        configuration: &str,
        fill: impl AsyncFnOnce(&std::path::Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let mut gateway = Self::new(configuration, None)?;
        fill(&gateway.folder.path().join("data")).await?;
        gateway.go_on().await?;
        Ok(gateway)
    }

    async fn start_as(configuration: &str, says: Option<&'static str>) -> anyhow::Result<Self> {
        let mut gateway = Self::new(configuration, says)?;
        gateway.go_on().await?;
        Ok(gateway)
    }

    fn new(configuration: &str, says: Option<&'static str>) -> anyhow::Result<Self> {
        let gateway = Self {
            says,
            port: free_port()?,
            process: None,
            folder: tempfile::tempdir()?,
        };
        std::fs::write(gateway.configuration(), configuration)?;
        Ok(gateway)
    }

    /// Where it answers: `http://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Stops it in order, as an update would.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(process) = self.process.take() {
            let status = process.stop(Duration::from_secs(20))?;
            anyhow::ensure!(status.success(), "the gateway ended with {status}");
        }
        Ok(())
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.take().map_or(Ok(()), Process::kill)
    }

    /// Starts it again on the same port and folder.
    pub async fn go_on(&mut self) -> anyhow::Result<()> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())?;
        let temporary = self.folder.path().join("tmp");
        std::fs::create_dir_all(&temporary)?;
        let mut command = Command::new(program("deskhand-gateway")?);
        if let Some(says) = self.says {
            command.env("DESKHAND_LOG", says);
        }
        let process = Process::start(
            command
                .env("TMPDIR", temporary)
                .arg("serve")
                .arg("--data-dir")
                .arg(self.folder.path().join("data"))
                .arg("--sample")
                .arg("--config")
                .arg(self.configuration())
                .arg("--listen")
                .arg(format!("127.0.0.1:{}", self.port))
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log),
        )?;
        self.process = Some(process);
        crate::use_ring();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(2))
            .no_proxy()
            .build()?;
        let ready = format!("{}/readyz", self.address());
        let outcome = wait::until("the gateway to be ready", || async {
            let answer = http.get(&ready).send().await;
            Ok(answer
                .is_ok_and(|answer| answer.status().is_success())
                .then_some(()))
        })
        .await;
        outcome.map_err(|error| {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            error.context(log)
        })
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("gateway.toml")
    }

    /// Its log, for reports.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("gateway.log")
    }
}
