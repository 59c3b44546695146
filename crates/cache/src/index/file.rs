//! The file of the index: its one writer, and the readers that look into it and the copy at once.

use super::pace::Pace;
use crate::{
    Key,
    ending::Alive,
    error::{CacheError, Doing},
    noted,
    open::{beside, is_settled, reading, writing},
};
use sqlx::{Connection as _, SqlitePool, sqlite::SqlitePoolOptions};
use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::Mutex;

/// A file of another shape is made anew.
const SHAPE: i64 = 1;
const SEARCHERS: u32 = 2;

/// The index of a copy.
pub(crate) struct Index {
    path: PathBuf,
    key: Key,
    alive: Alive,
    /// Reads what is to be indexed.
    pub(super) copy: SqlitePool,
    pub(super) searching: Arc<Searching>,
    /// One step at a time.
    pub(super) work: Mutex<Work>,
    pub(super) pace: Pace,
}

/// What is going on.
#[derive(Default)]
pub(super) struct Work {
    /// The one who writes the file; nobody while there is no file that can be used.
    pub(super) file: Option<SqlitePool>,
    /// Notes that are in the index, and that the copy still has.
    pub(super) finished: Vec<i64>,
    /// Notes that the copy has put away.
    pub(super) away: Vec<i64>,
}

/// Readers of the copy that have the index attached as `found`.
#[derive(Default)]
pub(crate) struct Searching {
    pool: RwLock<Option<SqlitePool>>,
    /// Somebody met a broken page.
    suspected: AtomicBool,
}

impl Searching {
    pub(crate) fn pool(&self) -> Option<SqlitePool> {
        let pool = self.pool.read();
        pool.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, new: Option<SqlitePool>) -> Option<SqlitePool> {
        let pool = self.pool.write();
        std::mem::replace(&mut pool.unwrap_or_else(PoisonError::into_inner), new)
    }

    /// Something is broken, and the index can be made again.
    pub(crate) fn suspect(&self) {
        self.suspected.store(true, Relaxed);
    }

    pub(super) fn is_suspected(&self) -> bool {
        self.suspected.swap(false, Relaxed)
    }

    pub(crate) async fn close(&self) {
        if let Some(pool) = self.put(None) {
            pool.close().await;
        }
    }
}

impl Index {
    pub(crate) fn new(
        path: &Path,
        key: &Key,
        alive: Alive,
        copy: SqlitePool,
        searching: Arc<Searching>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            key: key.clone(),
            alive,
            copy,
            searching,
            work: Mutex::default(),
            pace: Pace::new(),
        }
    }

    /// Opens the file if it belongs to the copy as it is now; otherwise the next slice makes a new
    /// one. Nobody may have written the copy since it was opened.
    pub(crate) async fn open(&self) -> Result<(), CacheError> {
        let file = file_of(&self.path);
        if !file.exists() {
            return Ok(());
        }
        let mut copy = self.copy.acquire().await.doing("begin to read")?;
        let (generation, newest) = noted::generation(&mut copy).await?;
        let pool = self.writer(&file).await.indexing("open its file")?;
        let state: Result<(i64, String, i64), _> =
            sqlx::query_as("select shape, generation, newest from state")
                .fetch_one(&pool)
                .await;
        let fits = state.is_ok_and(|(shape, of, seen)| {
            // One that has seen more speaks of what a power cut has undone.
            shape == SHAPE && of == generation && seen <= newest
        });
        if !fits {
            pool.close().await;
            return Ok(());
        }
        self.publish(pool, &mut *self.work.lock().await).await
    }

    /// Makes a new file for a state of the copy.
    pub(super) async fn make(&self, generation: &str, work: &mut Work) -> Result<(), CacheError> {
        self.give_up(work).await;
        delete(&self.path)
            .map_err(sqlx::Error::Io)
            .indexing("delete its old file")?;
        let pool = self
            .writer(&file_of(&self.path))
            .await
            .indexing("make its file")?;
        if let Err(error) = fill(&pool, generation).await {
            pool.close().await;
            return Err(error);
        }
        self.publish(pool, work).await
    }

    async fn publish(&self, pool: SqlitePool, work: &mut Work) -> Result<(), CacheError> {
        match self.searchers().await {
            Ok(searchers) => {
                self.searching.put(Some(searchers));
                work.file = Some(pool);
                Ok(())
            }
            Err(error) => {
                pool.close().await;
                Err(error).indexing("open its file to search")
            }
        }
    }

    /// Closes the file; there is no index until a new one is made.
    pub(super) async fn give_up(&self, work: &mut Work) {
        self.searching.close().await;
        if let Some(pool) = work.file.take() {
            pool.close().await;
        }
        *work = Work::default();
    }

    /// Closes the file for good.
    pub(crate) async fn close(&self) {
        self.give_up(&mut *self.work.lock().await).await;
    }

    async fn writer(&self, file: &Path) -> Result<SqlitePool, sqlx::Error> {
        one_by_one(1)
            .after_release(|connection, _| Box::pin(is_settled(connection, None)))
            .connect_with(writing(file, &self.key, self.alive.clone()))
            .await
    }

    async fn searchers(&self) -> Result<SqlitePool, sqlx::Error> {
        let file = file_of(&self.path).to_string_lossy().into_owned();
        let key = format!("x'{}'", self.key.to_hex());
        one_by_one(SEARCHERS)
            .after_connect(move |connection, _| {
                let (file, key) = (file.clone(), key.clone());
                Box::pin(async move {
                    // As its other readers are, the connection is read-only with all it has.
                    sqlx::query("attach database ?1 as found key ?2")
                        .bind(file)
                        .bind(key)
                        .execute(&mut *connection)
                        .await?;
                    sqlx::query("select count(*) from found.state")
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .connect_with(reading(&self.path, &self.key, self.alive.clone()))
            .await
    }
}

fn file_of(path: &Path) -> PathBuf {
    beside(path, "-index")
}

/// Every file of the index of the copy at a path.
pub(crate) fn files(path: &Path) -> [PathBuf; 3] {
    ["-index", "-index-wal", "-index-shm"].map(|ending| beside(path, ending))
}

fn delete(path: &Path) -> io::Result<()> {
    for file in files(path) {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn one_by_one(many: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(many)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(10))
}

async fn fill(pool: &SqlitePool, generation: &str) -> Result<(), CacheError> {
    let mut connection = pool.acquire().await.indexing("begin its file")?;
    let mut tx = connection.begin().await.indexing("begin its file")?;
    sqlx::raw_sql(include_str!("schema.sql"))
        .execute(&mut *tx)
        .await
        .indexing("begin its file")?;
    sqlx::query("insert into state (one, shape, generation, newest) values (1, ?1, ?2, 0)")
        .bind(SHAPE)
        .bind(generation)
        .execute(&mut *tx)
        .await
        .indexing("begin its file")?;
    tx.commit().await.indexing("begin its file")
}
