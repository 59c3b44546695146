//! The kit itself: what the other tests rely on.

use deskhand_tests::{
    chromium::Chromium,
    desktop::{Desktop, Keyring},
};
use serde_json::json;

#[tokio::test]
async fn the_real_window_has_the_size_of_the_mocks() -> anyhow::Result<()> {
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let window = desktop.open_window(&[]).await?;
    let size = window
        .run("return [innerWidth, innerHeight]", json!([]))
        .await?;
    assert_eq!(size, json!([1280, 800]));
    window.close().await
}

#[test]
fn an_unlocked_keychain_gives_its_secrets_and_a_locked_one_does_not() -> anyhow::Result<()> {
    for (keyring, expected) in [(Keyring::Unlocked, "yes"), (Keyring::Locked, "")] {
        let desktop = Desktop::start(keyring)?;
        let (_, words) = desktop.secret_tool(&["lookup", "purpose", "ready"], "")?;
        assert_eq!(words.trim(), expected, "{keyring:?}");
    }
    Ok(())
}

#[tokio::test]
async fn chromium_types_what_it_is_told() -> anyhow::Result<()> {
    let page = Chromium::open("data:text/html,<input id=field>").await?;
    page.type_into("#field", "häl").await?;
    let value = page.run("document.querySelector('#field').value").await?;
    assert_eq!(value, "häl");
    Ok(())
}
