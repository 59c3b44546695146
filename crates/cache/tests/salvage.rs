//! What waits to be sent is kept from a file that is broken, all but what is on its broken pages.

use chrono::{DateTime, Utc};
use deskhand_cache::{Cache, Key, OpenError, Reader, Writer};
use deskhand_domain::OpId;
use deskhand_protocol::view::OutboxAction;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use uuid::Uuid;

const PAGE: usize = 4096;
const ROWS: u128 = 60;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a moment")
}

fn op(number: u128) -> OpId {
    Uuid::from_u128(1 << 64 | number).into()
}

/// A file with an outbox that is several pages long, and how it began before.
async fn filled(folder: &Path) -> (PathBuf, Key) {
    let (path, key) = (folder.join("cache.db"), Key::random());
    let (writer, reader) = Cache::open(&path, &key).await.expect("a cache");
    for number in 0..ROWS {
        let text = format!(
            "Note {number}. {}",
            "Asked the carrier once more. ".repeat(25)
        );
        let ticket = Uuid::from_u128(number).into();
        let action = OutboxAction::Note { text };
        let stored = writer.enqueue(op(number), ticket, &action, now()).await;
        stored.expect("stored");
    }
    closed(writer, reader).await;
    (path, key)
}

async fn closed(writer: Writer, reader: Reader) {
    reader.close().await;
    writer.close().await;
}

async fn plain(path: &Path, key: &Key) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .pragma("key", format!("\"x'{}'\"", key.to_hex()))
        .connect()
        .await
        .expect("a connection")
}

/// The pages of a table or index, without those that only lead to others, in order of the file.
async fn pages(path: &Path, key: &Key, name: &str) -> Vec<usize> {
    let mut file = plain(path, key).await;
    let pages: Vec<i64> = sqlx::query_scalar(
        "select pageno from dbstat where name = ?1 and pagetype = 'leaf' order by pageno",
    )
    .bind(name)
    .fetch_all(&mut file)
    .await
    .expect("pages");
    file.close().await.expect("closed");
    let pages = pages.into_iter().map(usize::try_from);
    pages.collect::<Result<_, _>>().expect("numbers")
}

fn damage(path: &Path, pages: &[usize]) {
    let mut bytes = fs::read(path).expect("the file");
    for page in pages {
        let start = (page - 1) * PAGE;
        let page = bytes.get_mut(start..start + PAGE).expect("a page");
        page.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x55);
    }
    fs::write(path, bytes).expect("written");
}

async fn rescued(path: &Path, key: &Key) -> BTreeSet<OpId> {
    let rescued = Cache::salvage(path, key).await;
    rescued.into_iter().map(|row| row.op).collect()
}

#[tokio::test]
async fn a_broken_page_costs_only_the_rows_on_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, key) = filled(folder.path()).await;
    assert_eq!(rescued(&path, &key).await.len() as u128, ROWS);
    let rows = pages(&path, &key, "outbox").await;
    assert!(rows.len() > 6, "{rows:?}");
    // Two of them, not next to each other, and neither the first nor the last.
    damage(&path, &[rows[2], rows[4]]);
    let kept = rescued(&path, &key).await;
    let most = ROWS as usize * 2 / rows.len() + 4;
    let lost = ROWS as usize - kept.len();
    assert!((2..=most).contains(&lost), "{lost} of {ROWS} lost");
    for number in [0, 1, ROWS - 1] {
        assert!(kept.contains(&op(number)), "{number}");
    }
}

#[tokio::test]
async fn rows_are_found_without_any_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, key) = filled(folder.path()).await;
    let mut broken = pages(&path, &key, "outbox_ticket").await;
    broken.extend(pages(&path, &key, "sqlite_autoindex_outbox_1").await);
    let rows = pages(&path, &key, "outbox").await;
    broken.push(rows[0]);
    damage(&path, &broken);
    let kept = rescued(&path, &key).await;
    let lost = ROWS as usize - kept.len();
    assert!((1..=12).contains(&lost), "{lost} of {ROWS} lost");
}

#[tokio::test]
async fn a_row_that_nobody_understands_costs_only_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, key) = filled(folder.path()).await;
    let mut file = plain(&path, &key).await;
    sqlx::query("update outbox set action = '{' where op = ?1")
        .bind(op(7).to_string())
        .execute(&mut file)
        .await
        .expect("broken");
    file.close().await.expect("closed");
    let kept = rescued(&path, &key).await;
    assert_eq!(kept.len() as u128, ROWS - 1);
    assert!(!kept.contains(&op(7)));
}

#[tokio::test]
async fn a_wrong_key_rescues_nothing_and_breaks_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, key) = filled(folder.path()).await;
    assert!(Cache::salvage(&path, &Key::random()).await.is_empty());
    let wrong = Cache::open(&path, &Key::random()).await.err();
    assert!(matches!(wrong, Some(OpenError::WrongKey)), "{wrong:?}");
    assert_eq!(rescued(&path, &key).await.len() as u128, ROWS);
}
