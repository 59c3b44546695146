//! What `deskhand-gateway audit …` does, also beside a gateway that runs: it only reads.

use super::{
    csv,
    heads::{self, Head},
    key::{AuditKey, KEY_FILE, KeyError, PublicKey},
    verify::{Against, Report, verify},
};
use crate::{
    config::Config,
    start::{self, StartError},
    store::{AuditFilter, Location, connect_to_read, read_entries},
};
use deskhand_protocol::audit::AuditEntry;
use std::{io::Write, path::PathBuf};

/// How many entries are read at once while they are exported.
const AT_ONCE: usize = 500;

/// What is needed beside the configuration.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// Heads that were kept elsewhere, instead of the gateway's own file.
    pub heads: Option<PathBuf>,
    /// The public half of the key, instead of the gateway's own.
    pub key: Option<PublicKey>,
}

/// What came out, and what it was checked against.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What was found.
    pub report: Report,
    /// The heads that it was compared with, line by line.
    pub heads: Vec<Option<Head>>,
    /// The key whose signatures were checked, if there was one.
    pub key: Option<PublicKey>,
}

/// Checks the whole trail of a gateway, which may run meanwhile.
pub async fn check(config: &Config, with: Check) -> Result<Checked, StartError> {
    let key = match with.key {
        Some(key) => Some(key),
        None => own_key(config)?,
    };
    let file = with.heads.clone();
    let file = file.unwrap_or_else(|| config.data_dir.join(heads::HEADS_FILE));
    let heads = match std::fs::read(&file) {
        Ok(bytes) => heads::read(&String::from_utf8_lossy(&bytes)),
        Err(error) if with.heads.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            Vec::new()
        }
        Err(error) => return Err(start::words::folder(&file, error)),
    };
    let location = start::location(config);
    let against = Against { key, heads };
    let report = read(&location, &against).await?;
    Ok(Checked {
        report,
        heads: against.heads,
        key: against.key,
    })
}

async fn read(location: &Location, against: &Against) -> Result<Report, StartError> {
    let mut connection = connect_to_read(location).await?;
    let report = verify(&mut connection, against).await;
    report.map_err(|error| StartError::from(error).at(location))
}

/// How an export is written.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Deserialize,
    clap::ValueEnum,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JSON object a line; what can be checked again.
    #[default]
    Ndjson,
    /// CSV by RFC 4180, for a spreadsheet.
    Csv,
}

impl Format {
    /// What stands before the first entry.
    pub fn beginning(self) -> &'static str {
        match self {
            Self::Ndjson => "",
            Self::Csv => csv::HEADER,
        }
    }

    /// An entry.
    pub fn line(self, entry: &AuditEntry) -> String {
        match self {
            Self::Ndjson => serde_json::to_string(entry).unwrap_or_default() + "\n",
            Self::Csv => csv::line(entry),
        }
    }
}

/// Writes entries, oldest first.
pub async fn export(
    config: &Config,
    filter: &AuditFilter,
    format: Format,
    limit: usize,
    to: &mut impl Write,
) -> Result<(), StartError> {
    let location = start::location(config);
    let mut connection = connect_to_read(&location).await?;
    let (mut after, mut left) = (0, limit);
    to.write_all(format.beginning().as_bytes())
        .map_err(StartError::Output)?;
    while left > 0 {
        let entries = read_entries(&mut connection, filter, after, left.min(AT_ONCE)).await;
        let entries = entries.map_err(|error| StartError::from(error).at(&location))?;
        let Some(last) = entries.last() else { break };
        after = last.position;
        left -= entries.len();
        for entry in &entries {
            to.write_all(format.line(entry).as_bytes())
                .map_err(StartError::Output)?;
        }
    }
    to.flush().map_err(StartError::Output)
}

/// The public half of the gateway's key, in hex.
pub fn public_key(config: &Config) -> Result<PublicKey, StartError> {
    let file = config.data_dir.join(KEY_FILE);
    match AuditKey::read(&file) {
        Ok(key) => Ok(key.public()),
        Err(error) => Err(StartError::AuditKey { file, error }),
    }
}

fn own_key(config: &Config) -> Result<Option<PublicKey>, StartError> {
    match public_key(config) {
        Ok(key) => Ok(Some(key)),
        Err(StartError::AuditKey {
            error: KeyError::File(error),
            ..
        }) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
