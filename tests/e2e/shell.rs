//! What can be wrong where the window starts, and what it says then.

use std::{os::unix::fs::PermissionsExt, process::Stdio, time::Duration};

use tokio::time::Instant;

use deskhand_tests::{
    desktop::{Desktop, Keyring},
    gateway::Gateway,
    process::{Process, program},
};

const PRIYA: &str = "priya@hollowpine.example";

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keychain_the_window_says_what_to_do() -> anyhow::Result<()> {
    let gateway = Gateway::start().await?;
    let desktop = Desktop::start(Keyring::Absent)?;
    let window = desktop.open_window(&[]).await?;
    window
        .fill_in(&gateway.address(), PRIYA, "hollowpine")
        .await?;
    window.see("keychain").await?;
    let copies = std::fs::read_dir(desktop.data_dir())?
        .filter_map(Result::ok)
        .filter(|entry| entry.metadata().is_ok_and(|found| found.len() > 100_000));
    assert_eq!(copies.count(), 0, "without a key there is no copy");
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_locked_keychain_the_window_says_so() -> anyhow::Result<()> {
    let gateway = Gateway::start().await?;
    let desktop = Desktop::start(Keyring::Locked)?;
    let window = desktop.open_window(&[]).await?;
    window
        .fill_in(&gateway.address(), PRIYA, "hollowpine")
        .await?;
    window.see("locked").await?;
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_window_on_the_same_folder_is_refused_with_words() -> anyhow::Result<()> {
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let first = desktop.open_window(&[]).await?;
    first.wait_for("#address").await?;
    let second = desktop.open_window(&[]).await?;
    second.see("Deskhand is open already").await?;
    second.close().await?;
    first.wait_for("#address").await?;
    first.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_made_is_named_in_the_window() -> anyhow::Result<()> {
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let file = desktop.home().join("in-the-way");
    std::fs::write(&file, "a file, not a folder")?;
    let folder = file.join("deskhand");
    let window = desktop
        .open_window(&["--data-dir", &folder.to_string_lossy()])
        .await?;
    window.open_details().await?;
    window.see("in-the-way").await?;
    let said = std::fs::read_to_string(desktop.log())?;
    assert!(said.contains("in-the-way"), "standard error: {said}");
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_folder_is_for_its_owner_only() -> anyhow::Result<()> {
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let window = desktop.open_window(&[]).await?;
    window.wait_for("#address").await?;
    let mode = std::fs::metadata(desktop.data_dir())?.permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_shop_opens_from_the_sign_in_screen_and_again_at_the_next_start()
-> anyhow::Result<()> {
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let window = desktop.open_window(&[]).await?;
    let began = Instant::now();
    window.press_button("Open demo").await?;
    window.wait_for("[role=option]").await?;
    println!(
        "The sample shop is made and open after {:?}",
        began.elapsed()
    );
    window.close().await?;

    let began = Instant::now();
    let window = desktop.open_window(&[]).await?;
    window.wait_for("[role=option]").await?;
    println!("The window shows its list after {:?}", began.elapsed());
    window.see("Live").await?;
    window.close().await
}

#[test]
fn without_a_display_the_program_says_so_in_one_line() -> anyhow::Result<()> {
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let mut command = desktop.command(&program("deskhand")?);
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let ended = command.output()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("window could not be opened"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    Ok(())
}

#[test]
fn the_program_ends_in_order_when_it_is_asked_to() -> anyhow::Result<()> {
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let mut command = desktop.command(&program("deskhand")?);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let deskhand = Process::start(&mut command)?;
    deskhand_tests::wait::until_now("the folder to be taken", || {
        Ok(desktop.data_dir().join("lock").exists().then_some(()))
    })?;
    let status = deskhand.stop(Duration::from_secs(10))?;
    assert!(status.success(), "it ended with {status}");
    Ok(())
}
