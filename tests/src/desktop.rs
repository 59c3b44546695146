//! A desktop of its own for each test: display, session bus, keychain, and the real window in it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::Context;
use tempfile::TempDir;

use crate::{
    free_port,
    process::{Process, program, tool},
    wait,
    webdriver::Session,
};

/// A session bus that starts no service by itself: else it starts a second, locked keychain.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// How the keychain of a desktop stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyring {
    /// A real Secret Service, unlocked.
    Unlocked,
    /// A real Secret Service, locked, and nobody to unlock it.
    Locked,
    /// No session bus at all.
    Absent,
}

/// A display without a screen and a session around it, with a home folder of its own.
pub struct Desktop {
    display: String,
    bus: Option<String>,
    dark: bool,
    /// What its programs find in their environment beside the usual.
    environment: Vec<(String, String)>,
    // Dropped in this order: processes before the folder they write into.
    _processes: Vec<Process>,
    home: TempDir,
}

/// The real window under WebDriver.
pub struct Window {
    session: Option<Session>,
    _driver: Process,
}

impl Desktop {
    /// Starts display, bus and keychain.
    pub fn start(keyring: Keyring) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        let (screen, display) = Process::start_and_read(
            Command::new(tool("Xvfb", "xvfb")?)
                .args(["-displayfd", "1", "-screen", "0", "1280x800x24"])
                .args(["-nolisten", "tcp"])
                .stderr(Stdio::null()),
            Duration::from_secs(20),
            |line| line.trim().parse::<u32>().ok(),
        )?;
        let mut desktop = Self {
            display: format!(":{display}"),
            bus: None,
            dark: false,
            environment: Vec::new(),
            _processes: vec![screen],
            home,
        };
        desktop.put_browser()?;
        std::fs::create_dir_all(desktop.run_dir())?;
        private(&desktop.run_dir())?;
        if keyring != Keyring::Absent {
            desktop.start_bus()?;
            desktop.start_keyring()?;
        }
        if keyring == Keyring::Locked {
            desktop.lock_keyring()?;
        }
        Ok(desktop)
    }

    /// Prefers the dark theme from now on.
    pub fn prefer_dark(&mut self, dark: bool) {
        self.dark = dark;
    }

    /// Sets a variable for every program from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The folder the window keeps its copy in when nothing else is said.
    pub fn data_dir(&self) -> PathBuf {
        self.home.path().join(".local/share/deskhand")
    }

    /// Opens the real window.
    pub async fn open_window(&self, args: &[&str]) -> anyhow::Result<Window> {
        let port = free_port()?;
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())?;
        let mut command = self.command(&tool("WebKitWebDriver", "webkit2gtk-driver")?);
        command
            .arg(format!("--port={port}"))
            .arg("--host=127.0.0.1")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let driver = Process::start(&mut command)?;
        wait::until("the driver to listen", || async {
            let connection = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
            Ok(connection.is_ok().then_some(()))
        })
        .await?;
        let binary = program("deskhand")?;
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let address = format!("http://127.0.0.1:{port}");
        let session = Session::start(&address, &binary.to_string_lossy(), &args)
            .await
            .with_context(|| std::fs::read_to_string(self.log()).unwrap_or_default())?;
        Ok(Window {
            session: Some(session),
            _driver: driver,
        })
    }

    /// What the window wrote on its standard error, and the driver.
    pub fn log(&self) -> PathBuf {
        self.home.path().join("window.log")
    }

    /// A command inside this desktop.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", self.path())
            .env("HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.run_dir())
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("DISPLAY", &self.display)
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1")
            .envs(self.environment.iter().cloned());
        match &self.bus {
            Some(address) => command.env("DBUS_SESSION_BUS_ADDRESS", address),
            // Without this, libraries look for a bus in places of their own.
            None => command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus"),
        };
        if self.dark {
            command.env("GTK_THEME", "Adwaita:dark");
        }
        command
    }

    fn start_bus(&mut self) -> anyhow::Result<()> {
        let config = self.home.path().join("bus.conf");
        std::fs::write(&config, BUS)?;
        let mut command = self.command(&tool("dbus-daemon", "dbus-daemon")?);
        command
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stderr(Stdio::null());
        let (bus, address) =
            Process::start_and_read(&mut command, Duration::from_secs(20), |line| {
                Some(line.trim().to_owned())
            })?;
        self.bus = Some(address);
        self._processes.push(bus);
        Ok(())
    }

    fn start_keyring(&mut self) -> anyhow::Result<()> {
        let mut command = self.command(&tool("gnome-keyring-daemon", "gnome-keyring")?);
        command
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null());
        let mut keyring = Process::start(command.stdout(Stdio::null()))?;
        keyring.input()?.write_all(b"a test's password\n")?;
        wait::until_now("the keychain to answer", || {
            if let Ok(status) = keyring.ended(Duration::ZERO) {
                anyhow::bail!("the keychain ended with {status}");
            }
            let stored = ["store", "--label=ready", "purpose", "ready"];
            Ok(self.secret_tool(&stored, "yes")?.0.then_some(()))
        })?;
        self._processes.push(keyring);
        Ok(())
    }

    fn lock_keyring(&self) -> anyhow::Result<()> {
        let mut command = self.command(&tool("dbus-send", "dbus-bin")?);
        let output = command
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.secrets",
            ])
            .arg("/org/freedesktop/secrets")
            .arg("org.freedesktop.Secret.Service.Lock")
            .arg("array:objpath:/org/freedesktop/secrets/collection/login")
            .output()?;
        let words = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(
            output.status.success(),
            "the keychain was not locked: {words}"
        );
        Ok(())
    }

    /// Runs `secret-tool`: whether it worked, and what it wrote.
    pub fn secret_tool(&self, args: &[&str], input: &str) -> anyhow::Result<(bool, String)> {
        let mut command = self.command(&tool("secret-tool", "libsecret-tools")?);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let words = [output.stdout, output.stderr].concat();
        Ok((
            output.status.success(),
            String::from_utf8_lossy(&words).into_owned(),
        ))
    }

    /// The addresses that were handed to the system's browser, in order.
    pub fn opened(&self) -> Vec<String> {
        let said = std::fs::read_to_string(self.home.path().join("opened")).unwrap_or_default();
        said.lines().map(str::to_owned).collect()
    }

    /// The system's browser only writes down what it is given.
    fn put_browser(&self) -> anyhow::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let file = self.home.path().join("bin/xdg-open");
        std::fs::create_dir_all(self.home.path().join("bin"))?;
        std::fs::write(
            &file,
            "#!/bin/sh\nprintf '%s\\n' \"$*\" >>\"$HOME/opened\"\n",
        )?;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    fn path(&self) -> std::ffi::OsString {
        let mut path = self.home.path().join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        path
    }

    fn run_dir(&self) -> PathBuf {
        self.home.path().join("run")
    }
}

impl Window {
    /// Closes the window as its user would, and waits until the program has ended.
    pub async fn close(mut self) -> anyhow::Result<()> {
        match self.session.take() {
            Some(session) => session.close().await,
            None => Ok(()),
        }
    }
}

impl std::ops::Deref for Window {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session.as_ref().expect("open until it is closed")
    }
}

fn private(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    Ok(())
}
