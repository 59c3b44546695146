//! What can be set: a TOML file, then the environment, then the command line.

use crate::start::StartError;
use serde::Deserialize;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// Where a gateway listens unless told otherwise.
pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7430);

/// How a gateway runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder with everything it keeps.
    pub data_dir: PathBuf,
    /// A PostgreSQL database instead of the file in the folder.
    pub database_url: Option<String>,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether an empty database becomes the sample shop.
    pub sample: bool,
    /// Whether the sample shop may be reached from other machines.
    pub sample_on_network: bool,
    /// How many chat messages a visitor may write in a minute.
    pub chat_messages_per_minute: usize,
    /// For how many seconds a reply by mail and the like is kept back, so that its author may undo
    /// it: a little longer than a window counts down. 0 sends at once.
    pub undo_seconds: u16,
}

impl Config {
    /// A gateway inside another program: a folder, this machine only, any free port.
    pub fn embedded(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            listen: SocketAddr::new(LISTEN.ip(), 0),
            sample: false,
            sample_on_network: false,
            chat_messages_per_minute: 20,
            undo_seconds: 13,
        }
    }
}

/// What a configuration file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// See [`Config::data_dir`].
    pub data_dir: Option<PathBuf>,
    /// See [`Config::database_url`].
    pub database_url: Option<String>,
    /// See [`Config::listen`].
    pub listen: Option<SocketAddr>,
    /// See [`Config::sample`].
    pub sample: Option<bool>,
    /// See [`Config::chat_messages_per_minute`].
    pub chat_messages_per_minute: Option<usize>,
    /// See [`Config::undo_seconds`].
    pub undo_seconds: Option<u16>,
}

impl File {
    /// Reads a file; an error names the file, the line and what is meant.
    pub fn read(path: &Path) -> Result<Self, StartError> {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| StartError::Config(format!("{name} cannot be read: {error}")))?;
        toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                text[..span.start.min(text.len())].matches('\n').count() + 1
            });
            StartError::Config(format!("{name}, line {line}: {}", error.message()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_in_the_file_is_named_with_its_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\nlisten_on = 3\n").expect("a file");
        let error = File::read(&path).expect_err("an unknown field").to_string();
        assert!(error.contains("line 2"), "{error}");
        assert!(error.contains("listen_on"), "{error}");
        std::fs::write(&path, "listen = \"here\"\n").expect("a file");
        let error = File::read(&path).expect_err("no address").to_string();
        assert!(error.contains("line 1"), "{error}");
    }
}
