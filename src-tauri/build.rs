//! Checks what the page may do, and embeds the built page.

use std::{
    env,
    error::Error,
    fs::{self, File},
    path::PathBuf,
    time::UNIX_EPOCH,
};

use tauri_build::{AppManifest, Attributes};

const MISSING: &str = "<!doctype html>
<title>Deskhand</title>
<p>The window's page has not been built. Run: make run</p>
";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    println!("cargo:rerun-if-changed=src-tauri/icons");
    ensure_page()?;
    let manifest = AppManifest::new().permissions_path_pattern("src-tauri/permissions/*.toml");
    let attributes = Attributes::new()
        .app_manifest(manifest)
        .capabilities_path_pattern("src-tauri/capabilities/*.json");
    tauri_build::try_build(attributes).map_err(|error| format!("{error:#}").into())
}

/// The page is built by npm before cargo; without it there is still something to compile, and the
/// window says what is missing.
fn ensure_page() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let dist = root.join("ui/dist");
    let page = dist.join("index.html");
    if !page.exists() {
        fs::create_dir_all(&dist)?;
        fs::write(&page, MISSING)?;
        // Older than every source, so that make still builds the real page.
        File::options()
            .write(true)
            .open(&page)?
            .set_modified(UNIX_EPOCH)?;
    }
    println!("cargo:rerun-if-changed={}", dist.display());
    Ok(())
}
