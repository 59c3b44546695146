//! What only PostgreSQL does: connecting, and saying what is wrong with the address.
//!
//! Writers take turns on the row of `feed_head`, which the shared code updates first in each
//! transaction; a sequence would not be in the order of the commits.

use crate::start::{StartError, words};
use sqlx::{
    AnyConnection, AnyPool, Connection as _,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::{MigrateError, Migrator},
};
use std::{str::FromStr as _, time::Duration};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/gateway-postgres");

/// How long the server may take to answer at the start.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects writers and readers and brings the tables up to date.
pub async fn open(url: &str) -> Result<(AnyPool, AnyPool, AnyConnection), StartError> {
    let options = options(url)?;
    let turn = take_turn(&options).await?;
    let write = pool(4).connect_with(options.clone()).await;
    let write = write.map_err(words::postgres)?;
    MIGRATIONS.run(&write).await.map_err(|error| match error {
        MigrateError::Execute(error) => words::postgres(error),
        other => words::migration("the PostgreSQL database".to_owned(), other),
    })?;
    let read = pool(8)
        .connect_with(options)
        .await
        .map_err(words::postgres)?;
    Ok((write, read, turn))
}

/// Connects to a database that a gateway may be using, and begins to read one state of it.
pub async fn connect_to_read(url: &str) -> Result<AnyConnection, StartError> {
    let options = AnyConnectOptions::from_str(url).map_err(|_| StartError::BadUrl)?;
    let connecting = tokio::time::timeout(PATIENCE, AnyConnection::connect_with(&options)).await;
    let mut connection = connecting
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
        .map_err(words::postgres)?;
    sqlx::raw_sql("begin isolation level repeatable read read only")
        .execute(&mut connection)
        .await
        .map_err(words::postgres)?;
    Ok(connection)
}

/// Connects to a database that a gateway may be serving.
pub async fn beside(url: &str) -> Result<AnyPool, StartError> {
    let pool = pool(1).connect_with(options(url)?).await;
    pool.map_err(words::postgres)
}

fn options(url: &str) -> Result<AnyConnectOptions, StartError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(StartError::BadUrl);
    }
    AnyConnectOptions::from_str(url).map_err(|_| StartError::BadUrl)
}

/// Connects once and holds the database for this gateway: what another one commits would not reach
/// the sockets of this one. Not through a pool, which would try again and again and then only say
/// that it took too long.
async fn take_turn(options: &AnyConnectOptions) -> Result<AnyConnection, StartError> {
    let connecting = AnyConnection::connect_with(options);
    let connected = tokio::time::timeout(PATIENCE, connecting).await;
    let mut connection = connected
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
        .map_err(words::postgres)?;
    let (free,): (bool,) = sqlx::query_as("select pg_try_advisory_lock(7430)")
        .fetch_one(&mut connection)
        .await
        .map_err(words::postgres)?;
    if free {
        Ok(connection)
    } else {
        Err(StartError::DatabaseInUse)
    }
}

fn pool(size: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
}
