//! What a driver's error means to the person who starts the gateway.

use super::StartError;
use sqlx::migrate::MigrateError;
use std::{io::ErrorKind, path::Path};

/// What an error of a SQLite file means.
pub fn sqlite(file: &Path, error: &sqlx::Error) -> StartError {
    let file = file.to_owned();
    match sqlite_code(error) {
        Some(11 | 26) => StartError::Damaged { file },
        Some(13) => StartError::DiskFull { path: file },
        Some(3 | 8 | 14 | 23) => StartError::NotWritable { path: file },
        _ if is_full(error) => StartError::DiskFull { path: file },
        _ => StartError::Database {
            what: error.to_string(),
        },
    }
}

/// What an error of the tables' history means.
pub fn migration(database: String, error: MigrateError) -> StartError {
    match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            StartError::NewerSchema { database, version }
        }
        other => StartError::Migration {
            database,
            why: other.to_string(),
        },
    }
}

/// What an error while connecting to PostgreSQL means.
pub fn postgres(error: sqlx::Error) -> StartError {
    match error {
        sqlx::Error::Configuration(_) => StartError::BadUrl,
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_) => {
            StartError::Unreachable {
                why: error.to_string(),
            }
        }
        error if is_full(&error) => StartError::DiskFull {
            path: "the PostgreSQL server".into(),
        },
        sqlx::Error::Database(refusal) => StartError::Unreachable {
            why: refusal.message().to_owned(),
        },
        other => StartError::Database {
            what: other.to_string(),
        },
    }
}

/// What an error while making or opening the data folder means.
pub fn folder(path: &Path, error: std::io::Error) -> StartError {
    let path = path.to_owned();
    match error.kind() {
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => StartError::NotAFolder { path },
        ErrorKind::IsADirectory => StartError::NotAFile { path },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StartError::DiskFull { path },
        _ => StartError::NotWritable { path },
    }
}

/// Whether the error says that the disk has no room left, on either engine.
pub fn is_full(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == ErrorKind::StorageFull,
        sqlx::Error::Database(refusal) if refusal.code().as_deref() == Some("53100") => true,
        _ => sqlite_code(error) == Some(13),
    }
}

/// The primary result code of SQLite (sqlite.org/rescode.html).
fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let sqlx::Error::Database(refusal) = error else {
        return None;
    };
    let code: u32 = refusal.code()?.parse().ok()?;
    // PostgreSQL's codes have five characters; SQLite's extended codes stay below 10,000.
    (code < 10_000).then_some(code & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_full_disk_is_told_apart_from_a_folder_that_may_not_be_written() {
        let full = sqlx::Error::Io(io::Error::from(ErrorKind::StorageFull));
        assert!(is_full(&full));
        let path = Path::new("/data/deskhand.db");
        assert!(matches!(sqlite(path, &full), StartError::DiskFull { .. }));
        let check = |kind: ErrorKind, code| {
            assert_eq!(
                folder(path, io::Error::from(kind)).exit_code(),
                code,
                "{kind:?}"
            );
        };
        check(ErrorKind::StorageFull, 15);
        check(ErrorKind::PermissionDenied, 13);
        check(ErrorKind::ReadOnlyFilesystem, 13);
        check(ErrorKind::NotADirectory, 14);
    }
}
