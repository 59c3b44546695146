//! A real PostgreSQL on a free port, with a folder that goes away with it.

use std::{
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// A server that runs until this is dropped.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts a server. Without PostgreSQL on the machine the test fails and says what to install.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for PostgreSQL");
        let programs = programs();
        let server = Self {
            port: free_port(),
            folder,
            programs,
        };
        server.prepare();
        let data = server.data();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
             -c synchronous_commit=off -c full_page_writes=off",
            server.port
        );
        server.run(
            "initdb",
            &[
                "-A",
                "trust",
                "-U",
                "deskhand",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
                "-D",
                &data,
            ],
        );
        let log = format!("{data}/log");
        server.run(
            "pg_ctl",
            &[
                "-D", &data, "-l", &log, "-t", "30", "-w", "-o", &options, "start",
            ],
        );
        server
    }

    /// The address of a database of this server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://deskhand@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database and answers its address.
    pub fn create(&self, database: &str) -> String {
        let port = self.port.to_string();
        self.run(
            "createdb",
            &["-h", "127.0.0.1", "-p", &port, "-U", "deskhand", database],
        );
        self.url(database)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// The server refuses to run as root, so root hands the folder to the user `postgres`.
    fn prepare(&self) {
        let data = self.data();
        std::fs::create_dir(&data).expect("a data folder");
        let mode = |mode| std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.folder.path(), mode(0o711)).expect("rights");
        std::fs::set_permissions(&data, mode(0o700)).expect("rights");
        if is_root() {
            must(
                "chown",
                &Command::new("chown")
                    .args(["postgres", &data])
                    .output()
                    .expect("chown"),
            );
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        must(program, &self.output(program, arguments));
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Output {
        let path = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command
            .args(arguments)
            .current_dir("/")
            .stdout(std::process::Stdio::null())
            .output()
            .expect("a program of PostgreSQL runs")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.output(
            "pg_ctl",
            &["-D", &self.data(), "-m", "immediate", "-w", "stop"],
        );
    }
}

fn must(program: &str, output: &Output) {
    assert!(
        output.status.success(),
        "{program} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout == b"0\n")
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

/// The newest server programs of this machine.
fn programs() -> PathBuf {
    let told = Command::new("pg_config").arg("--bindir").output().ok();
    let told = told.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    found.sort();
    let has = |folder: &Path| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    told.into_iter()
        .chain(found.into_iter().rev())
        .find(|folder| has(folder))
        .expect("PostgreSQL is needed for the tests: apt-get install postgresql")
}
