//! Starting where something is wrong: a clear line, an exit code of its own, nothing lost.

use deskhand_gateway::{
    Config, StartError, start,
    store::{Location, Store},
    tasks::Tasks,
    testing::postgres::Postgres,
};
use std::{net::TcpListener, path::Path};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

async fn refused(config: Config) -> StartError {
    match start(config).await {
        Ok(running) => {
            running.stop().await;
            panic!("it started");
        }
        Err(error) => error,
    }
}

/// The words must name the place and say what to do.
fn check(error: &StartError, code: u8, words: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.exit_code(), code, "{text}");
    for word in words {
        assert!(text.contains(word), "{text:?} lacks {word:?}");
    }
    assert!(!text.contains('\n'), "one line: {text}");
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let folder = folder();
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut config = Config::embedded(folder.path());
    config.listen = other.local_addr().expect("an address");
    let port = config.listen.port().to_string();
    check(&refused(config).await, 11, &[&port, "taken", "--listen"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named() {
    let folder = folder();
    let file = folder.path().join("a file");
    std::fs::write(&file, "mine").expect("a file");
    check(
        &refused(Config::embedded(&file)).await,
        14,
        &["a file", "not a folder"],
    );
    assert_eq!(std::fs::read(&file).expect("the file"), b"mine");
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("gateway.db")).expect("a folder");
    check(
        &refused(Config::embedded(&taken)).await,
        14,
        &["gateway.db", "is a folder"],
    );
    let nowhere = Path::new("/proc/deskhand");
    check(
        &refused(Config::embedded(nowhere)).await,
        13,
        &["/proc/deskhand", "--data-dir"],
    );
}

#[tokio::test]
async fn a_second_gateway_on_the_same_folder_is_refused() {
    let folder = folder();
    let first = start(Config::embedded(folder.path()))
        .await
        .expect("it starts");
    check(
        &refused(Config::embedded(folder.path())).await,
        18,
        &["another gateway"],
    );
    first.stop().await;
    start(Config::embedded(folder.path()))
        .await
        .expect("it is free again")
        .stop()
        .await;
}

#[tokio::test]
async fn a_damaged_database_is_refused_and_left_as_it_is() {
    let folder = folder();
    let file = folder.path().join("gateway.db");
    std::fs::write(&file, "this is no database, ".repeat(500)).expect("a file");
    let before = std::fs::read(&file).expect("the file");
    check(
        &refused(Config::embedded(folder.path())).await,
        16,
        &["gateway.db", "backup"],
    );
    assert_eq!(std::fs::read(&file).expect("the file"), before);

    std::fs::remove_file(&file).expect("a clean folder");
    let mut config = Config::embedded(folder.path());
    config.sample = true;
    start(config).await.expect("it starts").stop().await;
    let mut bytes = std::fs::read(&file).expect("the file");
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 8192].fill(0xA5);
    std::fs::write(&file, &bytes).expect("a file");
    check(
        &refused(Config::embedded(folder.path())).await,
        16,
        &["gateway.db"],
    );
    assert_eq!(std::fs::read(&file).expect("the file"), bytes);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = folder();
    let file = folder.path().join("gateway.db");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    run(&url, "create table tickets (seat text)").await;
    let before = std::fs::read(&file).expect("the file");
    check(
        &refused(Config::embedded(folder.path())).await,
        16,
        &["gateway.db", "not a database of Deskhand"],
    );
    assert_eq!(std::fs::read(&file).expect("the file"), before);
}

#[tokio::test]
async fn tables_of_another_build_are_refused_with_the_reason() {
    let folder = folder();
    start(Config::embedded(folder.path()))
        .await
        .expect("it starts")
        .stop()
        .await;
    let url = format!("sqlite://{}", folder.path().join("gateway.db").display());
    run(&url, "update _sqlx_migrations set checksum = x'00'").await;
    let error = refused(Config::embedded(folder.path())).await;
    check(&error, 22, &["gateway.db", "modified", "backup"]);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = folder();
    start(Config::embedded(folder.path()))
        .await
        .expect("it starts")
        .stop()
        .await;
    let url = format!("sqlite://{}", folder.path().join("gateway.db").display());
    newer(&url, "x''").await;
    let error = refused(Config::embedded(folder.path())).await;
    check(&error, 17, &["gateway.db", "newer", "299901010000"]);
}

/// Marks a database as one that a later version has changed.
async fn newer(url: &str, checksum: &'static str) {
    let sql = format!(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (299901010000, 'later', true, {checksum}, 0)"
    );
    run(url, &sql).await;
}

/// What another program does to a database.
async fn run(url: &str, sql: &str) {
    use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.expect("a connection");
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .expect("it is done");
    connection.close().await.expect("an end");
}

#[tokio::test]
async fn a_sample_shop_stays_on_this_machine() {
    let folder = folder();
    let mut config = Config::embedded(folder.path());
    config.sample = true;
    config.listen = "0.0.0.0:0".parse().expect("an address");
    check(
        &refused(config.clone()).await,
        21,
        &["passwords", "127.0.0.1", "--sample-on-network"],
    );
    config.sample_on_network = true;
    start(config).await.expect("who insists may").stop().await;
}

#[tokio::test]
async fn a_postgres_that_cannot_be_used_is_named() {
    let folder = folder();
    let at = |url: &str| {
        let mut config = Config::embedded(folder.path());
        config.database_url = Some(url.into());
        config
    };
    for wrong in [
        "mysql://x/y",
        "here",
        "postgres://[/x",
        "postgres://u@h:port/d",
    ] {
        check(
            &refused(at(wrong)).await,
            19,
            &["postgres://user:password@host"],
        );
    }
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let nobody = format!("postgres://u:secret@127.0.0.1:{closed}/d");
    let error = refused(at(&nobody)).await;
    check(&error, 20, &["PostgreSQL"]);
    assert!(!error.to_string().contains("secret"));

    let server = Postgres::start();
    check(&refused(at(&server.url("nothing"))).await, 20, &["nothing"]);
    let url = server.create("shop");
    let mut config = at(&url);
    config.sample = true;
    start(config.clone()).await.expect("it starts").stop().await;
    let running = start(config).await.expect("it starts again");
    assert!(running.state.store.history().sample);
    let elsewhere = self::folder();
    let mut second = Config::embedded(elsewhere.path());
    second.database_url = Some(url.clone().into());
    check(
        &refused(second).await,
        18,
        &["another gateway", "PostgreSQL"],
    );
    running.stop().await;
    newer(&url, "''").await;
    check(&refused(at(&url)).await, 17, &["newer"]);
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let folder = folder();
    let mut config = Config::embedded(folder.path());
    config.sample = true;
    let first = start(config.clone()).await.expect("it starts");
    let history = first.state.store.history();
    let head = *first.state.store.head().borrow();
    assert!(head > 0);
    first.stop().await;
    let again = start(config).await.expect("it starts");
    assert_eq!(
        again.state.store.history().epoch,
        history.epoch,
        "seeded once"
    );
    assert_eq!(*again.state.store.head().borrow(), head);
    again.stop().await;
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_lost() {
    let folder = folder();
    let file = Location::File(folder.path().join("gateway.db"));
    let store = Store::open(&file, deskhand_gateway::Clock::default(), Tasks::default())
        .await
        .expect("a store");
    let now = store.clock().now();
    let seed = |count| deskhand_gateway::testing::small_shop(now, count, String::new());
    store.seed(seed(3)).await.expect("a small shop fits");
    let before = store.history().epoch;
    store.limit_pages(100).await.expect("a limit");
    let error = store
        .seed(seed(2_000))
        .await
        .expect_err("a big one does not");
    assert!(error.is_full() && error.is_transient(), "{error:?}");
    assert_eq!(store.history().epoch, before);
    assert_eq!(
        store
            .changes_after(0, 10_000)
            .await
            .expect("the feed")
            .len(),
        24
    );
    store.close().await;
}
