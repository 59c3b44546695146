//! A desk of a scenario: a process with the real core, and its line to the gateway.

use crate::{
    desk::{PASSWORD, failed},
    line::Line,
    process::{program, signal},
};
use anyhow::{Context, bail};
use deskhand_protocol::{
    calls::CallError,
    view::{Boot, Nothing, Password},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// Who sits where.
const PEOPLE: [&str; 3] = [
    "priya@hollowpine.example",
    "mette@hollowpine.example",
    "aino@hollowpine.example",
];
/// How long a call may take.
const CALL: Duration = Duration::from_secs(20);

/// A person at a desk.
pub(super) struct Seat {
    pub(super) line: Line,
    pub(super) folder: PathBuf,
    pub(super) email: &'static str,
    running: Option<Running>,
}

struct Running {
    child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Seat {
    pub(super) async fn take(
        person: usize,
        folder: &Path,
        gateway: SocketAddr,
    ) -> anyhow::Result<Self> {
        let email = *PEOPLE.get(person).context("nobody sits there")?;
        let mut seat = Self {
            email,
            line: Line::before(gateway).await?,
            folder: folder.to_owned(),
            running: None,
        };
        seat.start().await?;
        let with = Password {
            address: seat.line.address(),
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            passphrase: None,
            code: None,
        };
        let _: Value = seat.call("sign_in", with).await?;
        Ok(seat)
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.with_extension("log"))?;
        let mut child = Command::new(program("deskhand-test-desk")?)
            .arg(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let to = child.stdin.take().context("no input")?;
        let from = child.stdout.take().context("no output")?;
        let from = BufReader::new(from).lines();
        self.running = Some(Running { child, to, from });
        Ok(())
    }

    /// Starts it again and finds the session there.
    pub(super) async fn open(&mut self) -> anyhow::Result<()> {
        self.start().await?;
        match self.call("boot", Nothing {}).await? {
            Boot::Shop(_) => Ok(()),
            Boot::Unlock { .. } => bail!("the desk asks for a passphrase"),
            Boot::SignIn { problem, .. } => bail!("the desk was signed out: {problem:?}"),
        }
    }

    /// Closes it in order.
    pub(super) async fn close(&mut self) -> anyhow::Result<()> {
        let Some(Running { mut child, to, .. }) = self.running.take() else {
            return Ok(());
        };
        drop(to);
        let ended = tokio::time::timeout(CALL, child.wait());
        let status = ended.await.context("the desk did not end")??;
        anyhow::ensure!(status.success(), "the desk ended with {status}");
        Ok(())
    }

    /// Makes a call that must succeed.
    pub(super) async fn call<T: DeserializeOwned>(
        &mut self,
        name: &str,
        args: impl Serialize,
    ) -> anyhow::Result<T> {
        self.try_call(name, args)
            .await?
            .map_err(failed)
            .with_context(|| format!("{name} at {}", self.folder.display()))
    }

    /// Makes a call.
    pub(super) async fn try_call<T: DeserializeOwned>(
        &mut self,
        name: &str,
        args: impl Serialize,
    ) -> anyhow::Result<Result<T, CallError>> {
        let running = self.running.as_mut().context("the desk is closed")?;
        let line = json!({ "name": name, "args": args });
        running.to.write_all(format!("{line}\n").as_bytes()).await?;
        let answer = tokio::time::timeout(CALL, running.from.next_line()).await;
        let answer = answer
            .with_context(|| format!("{name} took too long"))??
            .with_context(|| format!("the desk ended at {name}"))?;
        read(&answer)
    }

    /// Begins a call and ends the process so much later with `kill -9`. What it answered before.
    pub(super) async fn kill_while<T: DeserializeOwned>(
        &mut self,
        name: &str,
        args: impl Serialize,
        after: Duration,
    ) -> anyhow::Result<Option<T>> {
        let mut running = self.running.take().context("the desk is closed")?;
        let line = json!({ "name": name, "args": args });
        running.to.write_all(format!("{line}\n").as_bytes()).await?;
        tokio::time::sleep(after).await;
        running.child.kill().await?;
        // What it had said is still in the pipe.
        match running.from.next_line().await? {
            Some(answer) => read(&answer)?.map(Some).map_err(failed),
            None => Ok(None),
        }
    }

    /// Sends the computer to sleep.
    pub(super) fn sleep(&self) -> anyhow::Result<()> {
        self.signal("-STOP")
    }

    /// Wakes it; its clock is that far off then.
    pub(super) async fn wake(&mut self, seconds: i64) -> anyhow::Result<()> {
        let running = self.running.as_mut().context("the desk is closed")?;
        // Already there when it wakes, as the new time would be.
        let line = json!({ "name": "put_clock", "args": seconds });
        running.to.write_all(format!("{line}\n").as_bytes()).await?;
        self.signal("-CONT")?;
        let running = self.running.as_mut().context("the desk is closed")?;
        let answer = tokio::time::timeout(CALL, running.from.next_line()).await;
        answer.context("the desk did not wake")??;
        Ok(())
    }

    fn signal(&self, name: &str) -> anyhow::Result<()> {
        let running = self.running.as_ref().context("the desk is closed")?;
        let process = running.child.id().context("the desk ended")?;
        signal(name, &process.to_string())
    }

    /// Its keychain's secret of that kind: `session` or `cache-key`.
    pub(super) fn secret(&self, kind: &str) -> anyhow::Result<String> {
        let text = std::fs::read_to_string(self.folder.join("secrets.json"))?;
        let all: BTreeMap<String, String> = serde_json::from_str(&text)?;
        let mut of_kind = all.into_iter().filter(|(name, _)| name.starts_with(kind));
        Ok(of_kind.next().context("no such secret")?.1)
    }

    /// The file of its cache.
    pub(super) fn cache(&self) -> anyhow::Result<PathBuf> {
        for profile in std::fs::read_dir(self.folder.join("profiles"))? {
            let file = profile?.path().join("cache.db");
            if file.is_file() {
                return Ok(file);
            }
        }
        bail!("no cache in {}", self.folder.display())
    }
}

fn read<T: DeserializeOwned>(line: &str) -> anyhow::Result<Result<T, CallError>> {
    let mut answer: Value = serde_json::from_str(line)?;
    match answer.get("error") {
        Some(error) => Ok(Err(serde_json::from_value(error.clone())?)),
        None => Ok(Ok(serde_json::from_value(answer["ok"].take())?)),
    }
}
