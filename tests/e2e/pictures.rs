//! The pictures of the real window: sign-in, inbox and conversation, light and dark. They are
//! taken in every run, so that they cannot rot; `make pictures` keeps them in docs/pictures.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use deskhand_tests::{
    customer::Customer,
    desktop::{Desktop, Keyring, Window},
    gateway::Gateway,
    process::tool,
};
use serde_json::json;

const LARGEST: u64 = 200 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn the_window_shows_every_screen_in_the_light_theme() -> anyhow::Result<()> {
    take(false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_shows_every_screen_in_the_dark_theme() -> anyhow::Result<()> {
    take(true).await
}

async fn take(dark: bool) -> anyhow::Result<()> {
    let passing = tempfile::tempdir()?;
    let kept = std::env::var_os("DESKHAND_PICTURES").map(PathBuf::from);
    let folder = kept.as_deref().unwrap_or(passing.path());
    std::fs::create_dir_all(folder)?;
    take_into(folder, dark).await
}

async fn take_into(folder: &Path, dark: bool) -> anyhow::Result<()> {
    let theme = if dark { "dark" } else { "light" };
    let gateway = Gateway::start().await?;
    let mut desktop = Desktop::start(Keyring::Unlocked)?;
    desktop.prefer_dark(dark);
    let window = desktop.open_window(&[]).await?;

    window.wait_for("#address").await?;
    let prefers_dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
    assert_eq!(window.run(prefers_dark, json!([])).await?, dark);
    save(&window, folder, "signin", theme).await?;

    window
        .sign_in(&gateway.address(), "priya@hollowpine.example", "hollowpine")
        .await?;
    window.wait_for("[role=option]").await?;
    window.see("Live").await?;
    window.until_gone("History follows").await?;
    save(&window, folder, "inbox", theme).await?;

    window.open_row("Aoife Brennan").await?;
    window.see("Skarv").await?;
    save(&window, folder, "conversation", theme).await?;

    let customer = Customer::visit(&gateway.address()).await?;
    customer
        .begin(
            "Ottilie Wintergreen",
            "ottilie.wintergreen@example.com",
            "Hello, my lantern arrived without its glass. What now?",
        )
        .await?;
    window.choose_view("Unassigned").await?;
    window.open_row("Ottilie").await?;
    window.see("lantern").await?;
    window
        .write("I am sorry about that. A new glass leaves our store tomorrow")
        .await?;
    customer.see_typing("Priya").await?;
    window.write(" morning.").await?;
    window.send().await?;
    customer.see("tomorrow morning").await?;
    customer
        .write("That was quick, thank you. Do I send the old one back?")
        .await?;
    window.see("send the old one back").await?;
    save(&window, folder, "chat", theme).await?;
    window.close().await
}

/// Saves a picture, small enough for the repository.
async fn save(window: &Window, folder: &Path, name: &str, theme: &str) -> anyhow::Result<()> {
    // The first picture makes the page draw; icons that it asks for then are on the second.
    window.picture().await?;
    let path = folder.join(format!("{name}-{theme}.png"));
    std::fs::write(&path, window.picture().await?)?;
    let status = Command::new(tool("convert", "imagemagick")?)
        .arg(&path)
        .args(["-strip", "-dither", "None", "-colors", "255"])
        .args(["-define", "png:compression-level=9"])
        .arg(format!("PNG8:{}", path.display()))
        .status()?;
    anyhow::ensure!(status.success(), "the picture could not be made smaller");
    let size = path.metadata().context("no picture")?.len();
    anyhow::ensure!(size <= LARGEST, "{} has {size} bytes", path.display());
    println!("{} ({} KB)", path.display(), size / 1024);
    Ok(())
}
