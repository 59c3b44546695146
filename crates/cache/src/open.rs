//! Opening the file: the key first, then the schema, then readers.

use crate::{
    bulk::Mode,
    ending::{Alive, Ending, ending},
    error::{Primary, code},
    index::file::{self, Index, Searching},
    key::Key,
    turn::Turns,
};
use sqlx::{
    ConnectOptions, Connection as _, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{
        SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};
use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::OnceCell;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/cache");
const READERS: u32 = 4;

/// The file as a whole.
pub struct Cache;

/// The one who writes. There is one in all processes together, and it cannot be cloned.
pub struct Writer {
    pub(crate) turns: Turns,
    /// Held until this writer is closed, so that no other process gets one.
    lock: Mutex<Option<Lock>>,
    /// The index has a file and a writer of its own.
    pub(crate) index: Index,
    /// How the connection works at the moment.
    pub(crate) mode: Arc<Mode>,
    _ending: Ending,
}

/// Reads, and cannot write. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    pub(crate) pool: SqlitePool,
    pub(crate) searching: Arc<Searching>,
    _ending: Ending,
}

/// Why the file could not be opened. Nothing was changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The key does not open it.
    #[error("the key in the keychain does not open the cache")]
    WrongKey,
    /// It is not a cache, or broken.
    #[error("the cache is damaged")]
    Damaged(#[source] sqlx::Error),
    /// A newer program wrote it.
    #[error("a newer Deskhand wrote the cache (schema {0}): update this one")]
    Newer(i64),
    /// Another process writes it.
    #[error("another Deskhand has the cache open: close it first")]
    InUse,
    /// The folder or file cannot be written.
    #[error("the folder cannot be written: {}", path.display())]
    NotWritable {
        /// What could not be written.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No room.
    #[error("the disk is full")]
    DiskFull,
    /// Something else.
    #[error("the cache could not be opened")]
    Other(#[source] sqlx::Error),
}

impl Cache {
    /// Opens the file, making it and its folder when there is none.
    pub async fn open(path: &Path, key: &Key) -> Result<(Writer, Reader), OpenError> {
        let lock = prepare(path)?;
        cipher_is_ready().await;
        let fresh = !path.exists();
        let key_is_known = known_key(path)?.map(|check| check == key.check());
        if !fresh && key_is_known == Some(false) {
            return Err(OpenError::WrongKey);
        }
        let blame = |error| blame(error, path, key_is_known == Some(true));
        let (alive, ending) = ending();

        let mode = Arc::new(Mode::default());
        let back = Arc::clone(&mode);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(10))
            .after_release(move |connection, _| Box::pin(is_settled(connection, back.as_usual())))
            .connect_with(writing(path, key, alive.clone()))
            .await
            .map_err(blame)?;
        migrate(&pool).await.map_err(|error| match error {
            MigrateError::VersionMissing(version) => OpenError::Newer(version),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => blame(error),
            other => OpenError::Other(sqlx::Error::Migrate(Box::new(other))),
        })?;
        if key_is_known != Some(true) {
            let file = check_path(path);
            write_check(&file, key).map_err(|error| refused(error, &file))?;
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(reading(path, key, alive.clone()))
            .await
            .map_err(blame)?;
        let searching = Arc::new(Searching::default());
        let (copy, searchers) = (readers.clone(), Arc::clone(&searching));
        let writer = Writer {
            turns: Turns::at(pool),
            lock: Mutex::new(Some(lock)),
            index: Index::new(path, key, alive, copy, searchers),
            mode,
            _ending: ending.clone(),
        };
        let reader = Reader {
            pool: readers,
            searching,
            _ending: ending,
        };
        if let Err(error) = writer.index.open().await {
            // The first slice makes a new one; nobody waits for that here.
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::warn!(error, "the search index could not be opened");
        }
        Ok((writer, reader))
    }

    /// A file as it is, to read what can be read; the pool goes before the [`Ending`] does.
    pub(crate) async fn for_salvage(path: &Path, key: &Key) -> Option<(SqlitePool, Ending)> {
        let (alive, ending) = ending();
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(reading(path, key, alive))
            .await
            .ok()?;
        Some((pool, ending))
    }

    /// Every file that belongs to the cache at a path.
    pub fn files(path: &Path) -> Vec<PathBuf> {
        let copy = ["", "-wal", "-shm", ".check", ".lock"];
        let copy = copy.iter().map(|ending| beside(path, ending));
        copy.chain(file::files(path)).collect()
    }

    /// Deletes the cache at a path. Close it first.
    pub fn delete(path: &Path) -> io::Result<()> {
        for file in Self::files(path) {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Moves the cache at a path aside, to keep it; answers where it is now. Refused while somebody
    /// has it open.
    pub fn set_aside(path: &Path, label: &str) -> Result<PathBuf, OpenError> {
        drop(prepare(path)?);
        let aside = beside(path, &format!(".{label}"));
        for (from, to) in Self::files(path).iter().zip(Self::files(&aside)) {
            match fs::rename(from, to) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(refused(error, from));
                }
                _ => {}
            }
        }
        Ok(aside)
    }
}

impl Writer {
    /// Closes the file. Readers should be closed before.
    pub async fn close(&self) {
        self.index.close().await;
        self.turns.close().await;
        drop(
            self.lock
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }
}

impl Reader {
    /// Closes all of its connections.
    pub async fn close(&self) {
        self.searching.close().await;
        self.pool.close().await;
    }
}

/// Waits until SQLCipher has started in this process.
///
/// SQLite calls itself initialised a moment before it starts SQLCipher, so a connection that is
/// opened while another thread opens the very first one finds no cipher, and its key is refused.
/// A connection without a key starts both when it is the first; when it is not, whoever was first
/// gets a moment to end, and a database in memory shows that keys are taken.
async fn cipher_is_ready() {
    static READY: OnceCell<()> = OnceCell::const_new();
    READY
        .get_or_init(|| async {
            let plain = SqliteConnectOptions::new().filename(":memory:");
            let key = format!("\"x'{}'\"", "00".repeat(32));
            let keyed = plain.clone().pragma("key", key);
            let mut ready = opens(&plain).await;
            for _ in 0..100 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                ready = ready && opens(&keyed).await;
                if ready {
                    return;
                }
                ready = opens(&plain).await;
            }
            // The real file is tried all the same, and says what is wrong.
        })
        .await;
}

async fn opens(options: &SqliteConnectOptions) -> bool {
    match SqliteConnection::connect_with(options).await {
        Ok(connection) => connection.close().await.is_ok(),
        Err(_) => false,
    }
}

/// Keeps other programs out of the file.
struct Lock(File);

impl Drop for Lock {
    /// A program that this one is just starting holds every open file for a moment too, so that
    /// closing it is not enough.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::debug!(%error, "the lock of the cache was gone");
        }
    }
}

fn prepare(path: &Path) -> Result<Lock, OpenError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| refused(error, folder))?;
    let lock = File::create(beside(path, ".lock")).map_err(|error| refused(error, folder))?;
    match lock.try_lock() {
        Ok(()) => Ok(Lock(lock)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse),
        Err(TryLockError::Error(error)) => Err(refused(error, folder)),
    }
}

/// The check of the key that opens the file. What a power cut has left of one tells nothing.
fn known_key(path: &Path) -> Result<Option<String>, OpenError> {
    let whole = |check: &String| check.len() == 64 && check.bytes().all(|x| x.is_ascii_hexdigit());
    match fs::read(check_path(path)) {
        Ok(check) => Ok(String::from_utf8(check).ok().filter(whole)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused(error, &check_path(path))),
    }
}

/// Writes the check so that it outlives a power cut.
fn write_check(file: &Path, key: &Key) -> io::Result<()> {
    let mut file = File::create(file)?;
    file.write_all(key.check().as_bytes())?;
    file.sync_all()
}

async fn migrate(pool: &SqlitePool) -> Result<(), MigrateError> {
    MIGRATIONS.run(pool).await?;
    // Reads every page that `boot` needs, so that a broken one is noticed here.
    sqlx::query("select count(*) from sync, outbox, accounts")
        .execute(pool)
        .await?;
    Ok(())
}

/// Whether the writer's connection may be used again. SQLite ends a transaction by itself when the
/// disk is full; sqlx goes on counting it, and what is committed later might never be.
pub(crate) async fn is_settled(
    connection: &mut SqliteConnection,
    as_usual: Option<&'static str>,
) -> Result<bool, sqlx::Error> {
    // Waits for a rollback that is on its way.
    connection.ping().await?;
    if let Some(settings) = as_usual {
        // A connection for which this fails is closed; the next one begins as usual.
        sqlx::raw_sql(settings).execute(&mut *connection).await?;
    }
    Ok(!connection.is_in_transaction())
}

pub(crate) fn writing(path: &Path, key: &Key, alive: Alive) -> SqliteConnectOptions {
    keyed(path, key, alive)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Only new files take it; pages of an older one are used again.
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        // What can be fetched or made again says otherwise for itself, see `bulk`.
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-8192")
        .optimize_on_close(true, 400)
}

pub(crate) fn reading(path: &Path, key: &Key, alive: Alive) -> SqliteConnectOptions {
    keyed(path, key, alive)
        .read_only(true)
        .pragma("query_only", "on")
        .pragma("wal_autocheckpoint", "0")
        .row_buffer_size(512)
}

fn keyed(path: &Path, key: &Key, alive: Alive) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .pragma("key", format!("\"x'{}'\"", key.to_hex()))
        .pragma("cipher_log_level", "none")
        .pragma("temp_store", "memory")
        .foreign_keys(false)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging();
    alive.held_by(options)
}

fn blame(error: sqlx::Error, path: &Path, key_is_right: bool) -> OpenError {
    match code(&error) {
        Some(Primary::NOT_A_DATABASE) if !key_is_right => OpenError::WrongKey,
        Some(Primary::NOT_A_DATABASE | Primary::CORRUPT | Primary::NO_PAGE) => {
            OpenError::Damaged(error)
        }
        Some(Primary::FULL) => OpenError::DiskFull,
        Some(Primary::READ_ONLY | Primary::CANNOT_OPEN) => OpenError::NotWritable {
            path: path.to_owned(),
            source: io::Error::other(error),
        },
        _ => OpenError::Other(error),
    }
}

fn refused(error: io::Error, path: &Path) -> OpenError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::DiskFull,
        _ => OpenError::NotWritable {
            path: path.to_owned(),
            source: error,
        },
    }
}

fn check_path(path: &Path) -> PathBuf {
    beside(path, ".check")
}

pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
