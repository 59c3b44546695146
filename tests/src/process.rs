//! Processes of a test: started in a group of their own, and ended with the test.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::time::Instant;

/// A process with all its children. They end when this is dropped.
pub struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts the command in a group of its own.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        use std::os::unix::process::CommandExt;
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        Ok(Self { child, name })
    }

    /// Starts the command and waits for the first line on its standard output that `read` takes.
    pub fn start_and_read<T: Send + 'static>(
        command: &mut Command,
        limit: Duration,
        read: impl Fn(&str) -> Option<T> + Send + 'static,
    ) -> anyhow::Result<(Self, T)> {
        let mut process = Self::start(command.stdout(Stdio::piped()))?;
        let output = process.child.stdout.take().context("no output")?;
        let (found, wait) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads on to the end, so that the process never waits for a reader.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(value) = read(&line) {
                    found.send(value).ok();
                }
            }
        });
        let value = wait
            .recv_timeout(limit)
            .with_context(|| format!("{} did not say what was waited for", process.name))?;
        Ok((process, value))
    }

    /// The standard input, once.
    pub fn input(&mut self) -> anyhow::Result<std::process::ChildStdin> {
        self.child.stdin.take().context("no standard input")
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the process to stop and waits for its end.
    pub fn stop(mut self, limit: Duration) -> anyhow::Result<std::process::ExitStatus> {
        signal("-TERM", &self.child.id().to_string())?;
        self.ended(limit)
    }

    /// Ends the process at once, as a power cut would.
    pub fn kill(mut self) -> anyhow::Result<()> {
        signal("-KILL", &self.child.id().to_string())?;
        self.ended(Duration::from_secs(10))?;
        Ok(())
    }

    /// Waits for the process to end by itself.
    pub fn ended(&mut self, limit: Duration) -> anyhow::Result<std::process::ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if start.elapsed() > limit {
                bail!("{} did not end within {limit:?}", self.name);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The group may outlive its first process, so it is ended in any case.
        signal("-KILL", &format!("-{}", self.child.id())).ok();
        self.child.wait().ok();
    }
}

/// A program of this workspace, as built beside the running test.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let found = test
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    found.with_context(|| format!("{name} has not been built; run: cargo build -p {name}"))
}

/// A tool of the system, by its name.
pub fn tool(name: &str, package: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([
            PathBuf::from("/usr/bin"),
            PathBuf::from("/usr/lib/webkit2gtk-4.1"),
        ])
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| format!("{name} is missing; install it with: apt install {package}"))
}

/// What to do when a test needs root and is not.
pub const NEEDS_ROOT: &str =
    "this test needs root: run it as root, or set DESKHAND_WITHOUT_ROOT=1 to go without it";

/// Whether somebody said that the tests that need root shall not run.
pub fn without_root() -> bool {
    std::env::var("DESKHAND_WITHOUT_ROOT").is_ok_and(|said| said == "1")
}

/// The root folder of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Sends a signal to a process, or to a group when it begins with a dash.
pub fn signal(name: &str, target: &str) -> anyhow::Result<()> {
    let args: [&OsStr; 3] = [name.as_ref(), "--".as_ref(), target.as_ref()];
    let status = Command::new("kill")
        .args(args)
        .stderr(Stdio::null())
        .status()?;
    match status.success() {
        true => Ok(()),
        false => bail!("process {target} is gone"),
    }
}
