//! The desktop shell: the window, the keychain, and the way between page and core. Nothing else.
//!
//! It must never know what a ticket is. The one flow: the window opens at once, the core starts
//! beside it, the page calls through [`rpc`], and the core's events go to the page as they are.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod core;
mod fence;
mod folder;
mod host;
mod keychain;
mod quit;
mod rpc;

use std::{panic, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Parser;
use tauri::{App, Manager, WebviewWindowBuilder, async_runtime};

use crate::{core::Core, quit::Quit};

const NO_WINDOW: &str = "the window could not be opened, nothing was changed; start Deskhand on a \
    display, or use deskhand-browser-host where there is none";

/// The helpdesk desktop that knows every order.
#[derive(Parser)]
#[command(name = "deskhand", version)]
struct Options {
    /// Where this program keeps its copy of the shop; by default your data folder.
    #[arg(long, env = "DESKHAND_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    log_to_stderr();
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

fn run(options: Options) -> anyhow::Result<()> {
    let builder = tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![rpc::rpc])
        .setup(move |app| {
            // Tauri would panic; the words are what helps.
            if let Err(error) = open(app, options) {
                complain(&error);
                std::process::exit(1);
            }
            Ok(())
        });
    let app = without_panic(|| builder.build(tauri::generate_context!()))
        .context(NO_WINDOW)?
        .context(NO_WINDOW)?;
    let mut quit = Quit::default();
    app.run(move |app, event| quit.on(app, &event));
    Ok(())
}

fn open(app: &mut App, options: Options) -> anyhow::Result<()> {
    quit::on_signals(app.handle().clone())?;
    let folder = folder::choose(app, options.data_dir)?;
    let lock = folder::lock(&folder.path);
    let window = app.config().app.windows.first().context("no window")?;
    let mut window = fence::around(WebviewWindowBuilder::from_config(app, window)?);
    if lock.is_ok() {
        // The page keeps its own small things, such as the theme, beside the copy of the shop.
        window = window.data_directory(folder.path.join("page"));
    }
    window.build().context(NO_WINDOW)?;
    let core = Core::default();
    app.manage(core.clone());
    let handle = app.handle().clone();
    async_runtime::spawn(async move { core.start(handle, folder, lock).await });
    Ok(())
}

/// The toolkit panics where there is no display; a person needs words instead.
fn without_panic<T>(build: impl FnOnce() -> T) -> Option<T> {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let built = panic::catch_unwind(panic::AssertUnwindSafe(build));
    panic::set_hook(usual);
    built.ok()
}

fn complain(error: &anyhow::Error) -> ExitCode {
    eprintln!("deskhand: {error:#}");
    ExitCode::FAILURE
}

fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("DESKHAND_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,deskhand=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
