//! Starting up: without a network, without a keychain, with a broken file. Nothing is lost.

use deskhand_client::{Keychain, KeychainError};
use deskhand_protocol::{
    calls::{CallCode, CallError, Calls},
    view::{Boot, GatewayAddress, Nothing, Password, ViewId},
};
use deskhand_tests::desk::{Desk, PRIYA, Shop, failed, signed_in};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The cache's files below a folder.
fn caches(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            caches(&path, found)?;
        } else if path.to_string_lossy().contains("cache.db") {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

fn contains(hay: &[u8], needle: &str) -> bool {
    hay.windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

async fn boot_problem(desk: &Desk) -> anyhow::Result<Option<CallError>> {
    match desk.client.boot(Nothing {}).await.map_err(failed)? {
        Boot::SignIn { problem, .. } => Ok(problem),
        other => anyhow::bail!("it should not have opened the shop: {other:?}"),
    }
}

#[tokio::test]
async fn the_shop_opens_at_once_without_a_network() -> anyhow::Result<()> {
    let (_folder, mut shop, desk) = signed_in().await?;
    desk.complete().await?;
    let before = desk.list(ViewId::AllOpen).await?.total;
    shop.close().await;

    let desk = desk.restart().await?;
    match desk.client.boot(Nothing {}).await.map_err(failed)? {
        Boot::Shop(signed) => assert_eq!(signed.account.email, PRIYA),
        other => anyhow::bail!("signed out: {other:?}"),
    }
    assert_eq!(desk.list(ViewId::AllOpen).await?.total, before);
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_file_is_unreadable_and_its_key_is_in_the_keychain_only() -> anyhow::Result<()> {
    let (folder, _shop, desk) = signed_in().await?;
    desk.complete().await?;
    let ticket = desk.some_ticket().await?;
    desk.reply(&ticket, "xylophone-of-secrets").await?;
    desk.arrives(&ticket, "xylophone-of-secrets").await?;

    let mut secrets = vec![];
    for name in desk.host.secrets.names() {
        secrets.extend(desk.host.secrets.get(&name)?);
    }
    assert_eq!(secrets.len(), 2, "the token and the key");
    let mut files = vec![];
    caches(&folder.path().join("desk"), &mut files)?;
    assert!(
        files.iter().any(|file| file.ends_with("cache.db-wal")),
        "{files:?}"
    );
    for file in files
        .iter()
        .chain([&folder.path().join("desk/profile.json")])
    {
        let bytes = fs::read(file)?;
        assert!(!bytes.starts_with(b"SQLite format 3"), "{}", file.display());
        for secret in &secrets {
            assert!(!contains(&bytes, secret), "a secret in {}", file.display());
        }
        for plain in ["xylophone-of-secrets", &ticket.subject, "create table"] {
            assert!(!contains(&bytes, plain), "{plain} in {}", file.display());
        }
    }

    desk.client.sign_out(Nothing {}).await.map_err(failed)?;
    assert_eq!(
        desk.host.secrets.names(),
        Vec::<String>::new(),
        "the key is destroyed"
    );
    let mut left = vec![];
    caches(&folder.path().join("desk"), &mut left)?;
    assert_eq!(left, Vec::<PathBuf>::new());
    Ok(())
}

#[tokio::test]
async fn a_keychain_that_fails_says_so_and_nothing_is_lost() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = Shop::open(&folder.path().join("shop")).await?;
    let mut desk = Desk::start(&folder.path().join("desk")).await?;
    desk.sign_in(shop.address()).await.map_err(failed)?;
    desk.complete().await?;
    for (broken, code) in [
        (
            KeychainError::Absent("none".into()),
            CallCode::KeychainAbsent,
        ),
        (
            KeychainError::Locked("shut".into()),
            CallCode::KeychainLocked,
        ),
    ] {
        desk = desk.restart().await?;
        *desk.host.broken.lock().expect("not poisoned") = Some(broken);
        let problem = boot_problem(&desk).await?;
        assert_eq!(problem.map(|problem| problem.code), Some(code));
        *desk.host.broken.lock().expect("not poisoned") = None;
    }
    let booted = desk.client.boot(Nothing {}).await.map_err(failed)?;
    assert!(matches!(booted, Boot::Shop(_)), "the next try goes on");
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_wrong_key_says_so_and_the_right_one_opens_the_file_again() -> anyhow::Result<()> {
    let (_folder, _shop, desk) = signed_in().await?;
    desk.complete().await?;
    let desk = desk.restart().await?;
    let names = desk.host.secrets.names();
    let name = names
        .iter()
        .find(|name| name.starts_with("cache-key"))
        .expect("a key");
    let right = desk.host.secrets.get(name)?.expect("a key");
    desk.host.secrets.set(name, &"ab".repeat(32))?;
    let problem = boot_problem(&desk).await?;
    assert_eq!(
        problem.map(|problem| problem.code),
        Some(CallCode::WrongKey)
    );
    desk.host.secrets.set(name, &right)?;
    let booted = desk.client.boot(Nothing {}).await.map_err(failed)?;
    assert!(matches!(booted, Boot::Shop(_)));
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_damaged_cache_is_kept_aside_and_a_new_one_is_filled() -> anyhow::Result<()> {
    let (folder, _shop, desk) = signed_in().await?;
    desk.complete().await?;
    desk.client.stop().await;
    let mut files = vec![];
    caches(&folder.path().join("desk"), &mut files)?;
    let cache = files
        .iter()
        .find(|file| file.ends_with("cache.db"))
        .expect("a cache");
    let mut bytes = fs::read(cache)?;
    bytes
        .iter_mut()
        .skip(100)
        .step_by(97)
        .for_each(|byte| *byte ^= 0x55);
    fs::write(cache, bytes)?;

    let desk = desk.restart().await?;
    let booted = desk.client.boot(Nothing {}).await.map_err(failed)?;
    assert!(matches!(booted, Boot::Shop(_)));
    desk.complete().await?;
    assert!(desk.list(ViewId::AllOpen).await?.total > 0);
    let mut kept = vec![];
    caches(&folder.path().join("desk"), &mut kept)?;
    assert!(
        kept.iter()
            .any(|file| file.to_string_lossy().contains("cache.db.damaged-")),
        "{kept:?}"
    );
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_copy_of_a_newer_program_is_kept_aside_and_what_waits_is_still_sent() -> anyhow::Result<()>
{
    let (folder, mut shop, desk) = signed_in().await?;
    desk.complete().await?;
    let ticket = desk.some_ticket().await?;
    shop.close().await;
    desk.reply(&ticket, "written before the downgrade").await?;
    desk.client.stop().await;
    written_by_a_newer_program(&desk, folder.path()).await?;

    let desk = desk.restart().await?;
    let problem = boot_problem(&desk).await?.map(|problem| problem.code);
    assert_eq!(problem, Some(CallCode::CacheNewer));
    shop.reopen().await?;
    desk.sign_in(shop.address()).await.map_err(failed)?;
    desk.complete().await?;
    desk.arrives(&ticket, "written before the downgrade")
        .await?;
    let mut kept = vec![];
    caches(&folder.path().join("desk"), &mut kept)?;
    let is_aside = |file: &PathBuf| file.to_string_lossy().contains("cache.db.newer-");
    assert!(kept.iter().any(is_aside), "{kept:?}");
    desk.client.stop().await;
    Ok(())
}

async fn written_by_a_newer_program(desk: &Desk, folder: &Path) -> anyhow::Result<()> {
    use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
    let names = desk.host.secrets.names();
    let name = names.iter().find(|name| name.starts_with("cache-key"));
    let key = desk.host.secrets.get(name.expect("a name"))?;
    let mut files = vec![];
    caches(&folder.join("desk"), &mut files)?;
    let file = files.iter().find(|file| file.ends_with("cache.db"));
    let mut newer = SqliteConnectOptions::new()
        .filename(file.expect("a cache"))
        .pragma("key", format!("\"x'{}'\"", key.expect("a key")))
        .connect()
        .await?;
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         values (209901010000, 'tomorrow', 1, x'00', 1)",
    )
    .execute(&mut newer)
    .await?;
    newer.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_lost_key_keeps_the_file_aside_and_fills_a_new_one() -> anyhow::Result<()> {
    let (folder, _shop, desk) = signed_in().await?;
    desk.complete().await?;
    let desk = desk.restart().await?;
    let names = desk.host.secrets.names();
    let key = names
        .iter()
        .find(|name| name.starts_with("cache-key"))
        .expect("a key");
    desk.host.secrets.delete(key)?;
    let booted = desk.client.boot(Nothing {}).await.map_err(failed)?;
    assert!(matches!(booted, Boot::Shop(_)));
    desk.complete().await?;
    let mut kept = vec![];
    caches(&folder.path().join("desk"), &mut kept)?;
    let aside = |file: &PathBuf| file.to_string_lossy().contains("cache.db.lost-key-");
    assert!(kept.iter().any(aside), "{kept:?}");
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_said_at_the_sign_in() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = Shop::open(&folder.path().join("shop")).await?;
    fs::write(folder.path().join("file"), "in the way")?;
    let desk = Desk::start(&folder.path().join("file/desk")).await?;
    let refused = desk
        .sign_in(shop.address())
        .await
        .map_err(|error| error.code);
    assert_eq!(refused.map(|_| ()), Err(CallCode::NotWritable));
    Ok(())
}

#[tokio::test]
async fn wrong_sign_ins_say_what_is_wrong() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut shop = Shop::open(&folder.path().join("shop")).await?;
    let desk = Desk::start(&folder.path().join("desk")).await?;
    let with = |address: String, password: &str| Password {
        address,
        email: PRIYA.into(),
        password: password.into(),
        passphrase: None,
        code: None,
    };
    let code = |answer: Result<_, CallError>| {
        answer
            .map(|_: deskhand_protocol::view::SignedIn| ())
            .map_err(|error| error.code)
    };
    let wrong = desk.client.sign_in(with(shop.address(), "nope")).await;
    assert_eq!(code(wrong), Err(CallCode::WrongCredentials));
    let wrong = desk.client.sign_in(with("two words".into(), "x")).await;
    assert_eq!(code(wrong), Err(CallCode::BadAddress));
    let probe = GatewayAddress {
        address: shop.address(),
    };
    let probe = desk.client.probe_gateway(probe).await.map_err(failed)?;
    assert!(!probe.encrypted && !probe.shop.is_empty());
    shop.close().await;
    let wrong = desk.client.sign_in(with(shop.address(), "x")).await;
    assert_eq!(code(wrong), Err(CallCode::Unreachable));
    Ok(())
}

#[tokio::test]
async fn what_answers_at_the_address_is_told_apart() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let desk = Desk::start(&folder.path().join("desk")).await?;
    let check = async |body: &str, code: CallCode| -> anyhow::Result<()> {
        let address = answering(body).await?;
        let probe = desk.client.probe_gateway(GatewayAddress { address }).await;
        let said = probe.map(|_| ()).map_err(|error| error.code);
        assert_eq!(said, Err(code), "{body}");
        Ok(())
    };
    check("<html>hello</html>", CallCode::NotAGateway).await?;
    check(r#"{"service":"shop"}"#, CallCode::NotAGateway).await?;
    let next = r#"{"service":"deskhand-gateway","protocol":2,"told":"otherwise"}"#;
    check(next, CallCode::OtherVersion).await?;
    let late = r#"{"service":"deskhand-gateway","version":"1","protocol":1,"shop":"A","sample":false,
        "now":"2020-01-01T00:00:00Z"}"#;
    check(late, CallCode::ClockOff).await
}

/// The address of something that answers everything with the same words.
async fn answering(body: &str) -> anyhow::Result<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let answer = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tokio_util::task::TaskTracker::new().spawn(async move {
        while let Ok((mut line, _)) = listener.accept().await {
            // Whoever asks reads the answer or is gone; both are fine here.
            if line
                .read(&mut [0; 4096])
                .await
                .is_ok_and(|length| length > 0)
            {
                line.write_all(answer.as_bytes()).await.ok();
            }
        }
    });
    Ok(format!("http://{address}"))
}

#[tokio::test]
async fn the_sample_shop_may_move_to_another_port_and_keeps_its_cache() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut shop = Shop::open(&folder.path().join("shop")).await?;
    let desk = Desk::start(&folder.path().join("desk")).await?;
    *desk.host.sample.lock().expect("not poisoned") = Some(shop.address());
    let role = deskhand_protocol::view::OpenSample {
        role: deskhand_domain::Role::Agent,
    };
    desk.client.open_sample(role).await.map_err(failed)?;
    desk.complete().await?;
    let desk = desk.restart().await?;
    shop.close().await;
    drop(shop);
    let moved = Shop::open(&folder.path().join("shop")).await?;
    *desk.host.sample.lock().expect("not poisoned") = Some(moved.address());
    match desk.client.boot(Nothing {}).await.map_err(failed)? {
        Boot::Shop(signed) => {
            assert!(signed.sample);
            assert_eq!(signed.gateway, moved.address());
        }
        other => anyhow::bail!("signed out: {other:?}"),
    }
    assert!(
        desk.list(ViewId::AllOpen).await?.total > 0,
        "before any sync"
    );
    desk.live().await?;
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_role_that_may_not_read_tickets_signs_in_and_sees_an_empty_shop() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = Shop::open(&folder.path().join("shop")).await?;
    let desk = Desk::start(&folder.path().join("desk")).await?;
    let auditor = deskhand_sample::generate(desk_time())
        .accounts
        .into_iter()
        .find(|account| account.role == deskhand_domain::Role::Auditor)
        .expect("an auditor");
    desk.sign_in_as(shop.address(), &auditor.email)
        .await
        .map_err(failed)?;
    desk.live().await?;
    assert_eq!(desk.list(ViewId::AllOpen).await?.total, 0);
    assert_eq!(desk.list(ViewId::Closed).await?.total, 0);
    desk.client.stop().await;
    Ok(())
}

fn desk_time() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a moment")
}
