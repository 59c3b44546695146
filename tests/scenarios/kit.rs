//! The kit itself: what the other tests rely on.

use deskhand_tests::desktop::{Desktop, Keyring};
use serde_json::json;

#[tokio::test]
async fn the_real_window_opens_under_webdriver() -> anyhow::Result<()> {
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let window = desktop.open_window(&[]).await?;
    let size = window
        .run(
            "return [innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches]",
            json!([]),
        )
        .await?;
    println!("{size}");
    println!("{}", window.text().await?);
    window.close().await?;
    let (ok, words) = desktop.secret_tool(&["search", "--all", "purpose", "ready"], "")?;
    println!("{ok} {words}");
    Ok(())
}

#[test]
fn lock() -> anyhow::Result<()> {
    let desktop = Desktop::start(Keyring::Locked)?;
    let (ok, words) = desktop.secret_tool(&["lookup", "purpose", "ready"], "")?;
    println!("{ok} {words}");
    Ok(())
}

#[tokio::test]
async fn chromium() -> anyhow::Result<()> {
    let page = deskhand_tests::chromium::Chromium::open("data:text/html,<input id=a>").await?;
    page.type_into("#a", "häl").await?;
    println!("{}", page.run("document.querySelector('#a').value").await?);
    Ok(())
}
