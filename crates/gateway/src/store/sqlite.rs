//! What only SQLite does: one writer, read-only readers, a write-ahead log, a check at the start.

use crate::start::{StartError, words};
use sqlx::{
    AnyConnection, AnyPool, Connection as _,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::{MigrateError, Migrator},
};
use std::{fmt::Write as _, path::Path, str::FromStr as _, time::Duration};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/gateway-sqlite");

const WRITER: &str = "pragma journal_mode = wal; pragma synchronous = full; \
    pragma busy_timeout = 5000; pragma foreign_keys = on; pragma wal_autocheckpoint = 1000;";
const READER: &str = "pragma query_only = on; pragma wal_autocheckpoint = 0; \
    pragma busy_timeout = 5000;";
/// Files up to this size are checked whole at the start; it takes well under a second.
const CHECK_UP_TO: u64 = 256 << 20;

/// Opens the file with its writer and its readers, and brings its tables up to date.
pub async fn open(file: &Path) -> Result<(AnyPool, AnyPool), StartError> {
    let fail = |error: &sqlx::Error| words::sqlite(file, error);
    make_private(file).map_err(|error| words::folder(file, error))?;
    probe(file).await?;
    let write = pool(1, WRITER)
        .connect_with(options(file, "rwc").map_err(|error| fail(&error))?)
        .await
        .map_err(|error| fail(&error))?;
    MIGRATIONS.run(&write).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => fail(&error),
        other => words::migration(file.display().to_string(), other),
    })?;
    let read = pool(4, READER)
        .connect_with(options(file, "ro").map_err(|error| fail(&error))?)
        .await
        .map_err(|error| fail(&error))?;
    Ok((write, read))
}

/// Connects to a file that a gateway may be writing, and begins to read one state of it.
pub async fn connect_to_read(file: &Path) -> Result<AnyConnection, StartError> {
    let fail = |error: sqlx::Error| words::sqlite(file, &error);
    if !file.exists() {
        return Err(StartError::NoDatabase {
            file: file.to_owned(),
        });
    }
    let options = options(file, "ro").map_err(fail)?;
    let mut connection = AnyConnection::connect_with(&options).await.map_err(fail)?;
    for sql in [READER, "begin"] {
        sqlx::raw_sql(sql)
            .execute(&mut connection)
            .await
            .map_err(fail)?;
    }
    Ok(connection)
}

/// Makes the file for this user only: it is full of names and addresses. SQLite gives its helper
/// files the same rights.
fn make_private(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

/// Opens the file once and looks whether it is whole. Not through a pool, which would try again
/// and again and then only say that it took too long.
async fn probe(file: &Path) -> Result<(), StartError> {
    let fail = |error: sqlx::Error| words::sqlite(file, &error);
    let options = options(file, "rwc").map_err(fail)?;
    let mut connection = AnyConnection::connect_with(&options).await.map_err(fail)?;
    let (tables, ours): (i64, i64) = sqlx::query_as(
        "select count(*), coalesce(sum(name = '_sqlx_migrations'), 0) from sqlite_master",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(fail)?;
    if tables > 0 && ours == 0 {
        // Another program's database: looked at and left alone.
        return Err(StartError::Damaged {
            file: file.to_owned(),
        });
    }
    sqlx::raw_sql(WRITER)
        .execute(&mut connection)
        .await
        .map_err(fail)?;
    if std::fs::metadata(file).is_ok_and(|meta| meta.len() < CHECK_UP_TO) {
        let (answer,): (String,) = sqlx::query_as("pragma quick_check(1)")
            .fetch_one(&mut connection)
            .await
            .map_err(fail)?;
        if answer != "ok" {
            return Err(StartError::Damaged {
                file: file.to_owned(),
            });
        }
    }
    connection.close().await.map_err(fail)
}

fn pool(size: u32, pragmas: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection: &mut AnyConnection, _| Box::pin(is_settled(connection)))
        .after_connect(move |connection: &mut AnyConnection, _| {
            Box::pin(async move {
                sqlx::raw_sql(pragmas).execute(connection).await?;
                Ok(())
            })
        })
}

/// Whether a connection may be used again. SQLite ends a transaction by itself when the disk is
/// full; sqlx goes on counting it, and what is committed later might never be.
async fn is_settled(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    // Waits for a rollback that is on its way.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// The address of a file: every byte that is not plainly safe is escaped.
pub(super) fn options(file: &Path, mode: &str) -> Result<AnyConnectOptions, sqlx::Error> {
    let mut url = String::from("sqlite://");
    for byte in file.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(byte) {
            url.push(char::from(*byte));
        } else {
            write!(url, "%{byte:02X}").map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        }
    }
    AnyConnectOptions::from_str(&format!("{url}?mode={mode}"))
}

/// Lets the file grow no further, as on a full disk; for tests. The engine then answers with the
/// same `SQLITE_FULL`.
pub async fn limit_pages(writer: &AnyPool, pages: u32) -> Result<(), sqlx::Error> {
    let sql = format!("pragma max_page_count = {pages}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(writer)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{
        clock::Clock,
        store::{Doing as _, Location, Store, StoreError},
        tasks::Tasks,
        testing::small_shop,
    };

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_itself_costs_no_later_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = Location::File(folder.path().join("gateway.db"));
        let open = async || Store::open(&file, Clock::default(), Tasks::default()).await;
        let store = open().await.expect("a store");
        let ended: Result<(), StoreError> = store
            .write(|tx| {
                Box::pin(async move {
                    // What SQLite does by itself when the disk is full.
                    let ended = sqlx::raw_sql("rollback").execute(&mut *tx.inner).await;
                    ended.doing("end")?;
                    Err(StoreError::Interrupted)
                })
            })
            .await;
        let cause = ended.expect_err("it failed");
        assert!(matches!(cause, StoreError::Interrupted), "{cause:?}");
        let refused: Result<(), StoreError> = store
            .write(|_| Box::pin(async { Err(StoreError::Conflict) }))
            .await;
        refused.expect_err("it was refused");

        let now = store.clock().now();
        let seeded = store.seed(small_shop(now, 3, String::new())).await;
        seeded.expect("it is written");
        let read = store.changes_after(0, 1_000).await.expect("the feed");
        assert!(!read.is_empty(), "readers see what was committed");
        store.close().await;
        let again = open().await.expect("a store");
        assert!(!again.is_empty().await.expect("an answer"), "it was kept");
        again.close().await;
    }
}
