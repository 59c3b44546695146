//! The audit trail as a file: what an auditor looks for, as the gateway sends it, one entry a line.

use crate::shop::Shop;
use deskhand_protocol::{
    audit::{AuditExported, AuditQuery},
    calls::{CallCode, CallError},
};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Writes an export into a new file of the folder. One that breaks off leaves no file.
pub(crate) async fn export(
    shop: &Shop,
    query: &AuditQuery,
    folder: &Path,
) -> Result<AuditExported, CallError> {
    let query = AuditQuery {
        cursor: None,
        ..query.clone()
    };
    let answer = shop.gateway.audit_lines(&query).await?;
    let now = shop.now().format("%Y-%m-%d-%H%M%S");
    let (path, file) = create(folder, &format!("deskhand-audit-{now}")).map_err(refused)?;
    match write(file, answer).await {
        Ok(entries) => Ok(AuditExported {
            file: path.display().to_string(),
            entries,
        }),
        Err(error) => {
            // Half an export looks like a whole one.
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!(%error, "half an export stays behind");
            }
            Err(error)
        }
    }
}

async fn write(mut file: File, mut answer: reqwest::Response) -> Result<u64, CallError> {
    let broke = |error: reqwest::Error| {
        tracing::warn!(%error, "an export broke off");
        CallError::new(CallCode::Unreachable, "the export broke off")
    };
    let mut entries = 0;
    while let Some(lines) = answer.chunk().await.map_err(broke)? {
        entries += lines
            .iter()
            .map(|byte| u64::from(*byte == b'\n'))
            .sum::<u64>();
        file.write_all(&lines).map_err(refused)?;
    }
    file.sync_all().map_err(refused)?;
    Ok(entries)
}

/// A file that was not there before, for this person only.
fn create(folder: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    fs::create_dir_all(folder)?;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut number = 1;
    loop {
        let again = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        let path = folder.join(format!("{name}{again}.ndjson"));
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            opened => return Ok((path, opened?)),
        }
    }
}

fn refused(error: io::Error) -> CallError {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CallCode::DiskFull,
        _ => CallCode::NotWritable,
    };
    CallError::new(code, error.to_string())
}
