//! The file itself: what is in it, who may open it, and what happens when it is broken.

use deskhand_cache::{Cache, Key, OpenError, Progress};
use deskhand_domain::{Account, AccountId, Role};
use deskhand_protocol::sync::{Change, Record};
use deskhand_protocol::view::OutboxAction;
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::{fs, path::Path};
use uuid::Uuid;

fn colleague(number: u128, name: &str) -> Change {
    let id = AccountId(Uuid::from_u128(number));
    let (name, email) = (name.to_owned(), "mara@example.com".to_owned());
    let account = Account {
        id,
        name,
        email,
        role: Role::Agent,
        teams: vec![],
    };
    Change {
        position: 1,
        record: Record::Account(account),
    }
}

fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a moment")
}

const BEGIN: Progress<'static> = Progress::Begin {
    epoch: "e",
    live: "l",
    next: None,
    total: 1,
};

async fn filled(path: &Path, key: &Key) {
    let (writer, reader) = Cache::open(path, key).await.expect("a cache");
    let people: Vec<_> = (0..500)
        .map(|n| colleague(n, "Marabou Plaintext"))
        .collect();
    writer.apply(&people, BEGIN, now()).await.expect("applied");
    reader.close().await;
    writer.close().await;
}

#[tokio::test]
async fn neither_the_file_nor_its_log_holds_a_word_that_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache.db");
    let (writer, reader) = Cache::open(&path, &Key::random()).await.expect("a cache");
    let people = [colleague(7, "Marabou Plaintext")];
    writer.apply(&people, BEGIN, now()).await.expect("applied");
    assert_eq!(reader.accounts().await.expect("read").len(), 1);
    let files: Vec<_> = Cache::files(&path)
        .into_iter()
        .filter(|file| file.exists())
        .collect();
    assert!(
        files.len() >= 4,
        "the file, its log and their company: {files:?}"
    );
    for file in files {
        let bytes = fs::read(&file).expect("a file");
        assert!(!bytes.starts_with(b"SQLite format 3"), "{}", file.display());
        for plain in ["Marabou", "create table", "mara@example.com"] {
            let found = bytes
                .windows(plain.len())
                .any(|window| window == plain.as_bytes());
            assert!(!found, "{plain} in {}", file.display());
        }
    }
}

#[tokio::test]
async fn a_check_of_which_a_power_cut_left_a_part_keeps_nobody_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache.db");
    let key = Key::random();
    filled(&path, &key).await;
    let check = folder.path().join("cache.db.check");
    let whole = std::fs::read(&check).expect("a check");
    for left in [&[][..], &whole[..10], &[0; 64]] {
        std::fs::write(&check, left).expect("cut");
        let (writer, reader) = Cache::open(&path, &key).await.expect("the key is right");
        reader.close().await;
        writer.close().await;
        assert_eq!(
            std::fs::read(&check).expect("a check"),
            whole,
            "written again"
        );
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_from_a_damaged_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache.db");
    let key = Key::random();
    filled(&path, &key).await;
    let wrong = Cache::open(&path, &Key::random()).await.err();
    assert!(matches!(wrong, Some(OpenError::WrongKey)), "{wrong:?}");

    let whole = fs::read(&path).expect("the file");
    let mut broken = whole.clone();
    broken
        .iter_mut()
        .take(4096)
        .skip(64)
        .step_by(31)
        .for_each(|byte| *byte ^= 1);
    fs::write(&path, &broken).expect("written");
    let damaged = Cache::open(&path, &key).await.err();
    assert!(
        matches!(damaged, Some(OpenError::Damaged(_))),
        "{damaged:?}"
    );
    let cut = whole.get(..1000).expect("the start");
    fs::write(&path, cut).expect("written");
    let damaged = Cache::open(&path, &key).await.err();
    assert!(
        matches!(damaged, Some(OpenError::Damaged(_))),
        "{damaged:?}"
    );

    fs::write(&path, whole).expect("written");
    let (_writer, reader) = Cache::open(&path, &key).await.expect("nothing was lost");
    assert_eq!(reader.accounts().await.expect("read").len(), 500);
}

#[tokio::test]
async fn damage_deeper_in_the_file_is_told_when_it_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache.db");
    let key = Key::random();
    filled(&path, &key).await;
    let mut bytes = fs::read(&path).expect("the file");
    let last = bytes.len() - 40_000;
    bytes
        .iter_mut()
        .skip(last)
        .step_by(31)
        .for_each(|byte| *byte ^= 1);
    fs::write(&path, bytes).expect("written");
    match Cache::open(&path, &key).await {
        Err(error) => assert!(matches!(error, OpenError::Damaged(_)), "{error:?}"),
        Ok((_writer, reader)) => {
            let error = reader.accounts().await.expect_err("it is broken");
            assert!(error.is_damaged(), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache.db");
    let key = Key::random();
    filled(&path, &key).await;
    let mut other = SqliteConnectOptions::new()
        .filename(&path)
        .pragma("key", format!("\"x'{}'\"", key.to_hex()))
        .connect()
        .await
        .expect("another program");
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         values (209901010000, 'tomorrow', 1, x'00', 1)",
    )
    .execute(&mut other)
    .await
    .expect("a newer schema");
    other.close().await.expect("closed");
    let newer = Cache::open(&path, &key).await.err();
    assert!(
        matches!(newer, Some(OpenError::Newer(209901010000))),
        "{newer:?}"
    );
}

#[tokio::test]
async fn there_is_one_writer_and_readers_cannot_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache.db");
    let key = Key::random();
    let (writer, _reader) = Cache::open(&path, &key).await.expect("a cache");
    let second = Cache::open(&path, &key).await.err();
    assert!(matches!(second, Some(OpenError::InUse)), "{second:?}");
    let moved = Cache::set_aside(&path, "kept").err();
    assert!(matches!(moved, Some(OpenError::InUse)), "{moved:?}");
    writer.close().await;
    let (_writer, _reader) = Cache::open(&path, &key)
        .await
        .expect("after the first has closed");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "in the way").expect("written");
    let refused = Cache::open(&file.join("below/cache.db"), &Key::random())
        .await
        .err();
    assert!(
        matches!(refused, Some(OpenError::NotWritable { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_outbox_is_read_from_a_file_that_is_put_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache.db");
    let key = Key::random();
    let (writer, reader) = Cache::open(&path, &key).await.expect("a cache");
    let (op, ticket) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
    let action = OutboxAction::Note {
        text: "hello".into(),
    };
    writer
        .enqueue(op, ticket, &action, now())
        .await
        .expect("stored");
    writer
        .apply(&[], BEGIN, now())
        .await
        .expect("a new sync keeps the outbox");
    reader.close().await;
    writer.close().await;
    let aside = Cache::set_aside(&path, "kept").expect("moved");
    let rescued = Cache::salvage(&aside, &key).await;
    assert_eq!(rescued.iter().map(|row| row.op).collect::<Vec<_>>(), [op]);
    let (writer, reader) = Cache::open(&path, &key).await.expect("a new one");
    for row in &rescued {
        writer.adopt(row).await.expect("taken over");
        writer.adopt(row).await.expect("once");
    }
    assert_eq!(reader.outbox().await.expect("read"), rescued);
}
