//! A desk as a process of its own, so that a test can end it as a power cut would: the real core,
//! driven by calls in lines of JSON.
//!
//! Its keychain is a plain file in its folder, or with `--without-keychain` there is none. That is
//! for tests and for nothing else. With DESKHAND_LOG it says on its standard error what it does.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_client::{
    BoxFuture, Client, Clock, Host, Keychain, KeychainError, SampleShop, SystemClock,
};
use deskhand_protocol::{calls::route, view::Event};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use tracing_subscriber::EnvFilter;

/// A clock that can be put forward and back.
#[derive(Default)]
struct Movable(AtomicI64);

impl Clock for Movable {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
    }
}

struct Machine {
    secrets: PathBuf,
    /// Whether there is no keychain.
    without: bool,
    one_at_a_time: Mutex<()>,
}

impl Machine {
    fn all(&self) -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(&self.secrets).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn there(&self) -> Result<(), KeychainError> {
        if self.without {
            return Err(KeychainError::Absent("this desk has none".to_owned()));
        }
        Ok(())
    }

    fn change(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, String>),
    ) -> Result<(), KeychainError> {
        self.there()?;
        let _one = self
            .one_at_a_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut all = self.all();
        change(&mut all);
        let draft = self.secrets.with_extension("new");
        let written = std::fs::write(&draft, json!(all).to_string())
            .and_then(|()| std::fs::rename(&draft, &self.secrets));
        written.map_err(|error| KeychainError::Other(error.to_string()))
    }
}

impl Keychain for Machine {
    fn get(&self, name: &str) -> Result<Option<String>, KeychainError> {
        self.there()?;
        Ok(self.all().remove(name))
    }

    fn set(&self, name: &str, secret: &str) -> Result<(), KeychainError> {
        self.change(|all| drop(all.insert(name.to_owned(), secret.to_owned())))
    }

    fn delete(&self, name: &str) -> Result<(), KeychainError> {
        self.change(|all| drop(all.remove(name)))
    }
}

impl Host for Machine {
    fn keychain(&self) -> &dyn Keychain {
        self
    }

    fn emit(&self, _: Event) {}

    fn open_sample(&self) -> BoxFuture<'_, Result<SampleShop, String>> {
        Box::pin(async { Err("this desk has no sample shop".to_owned()) })
    }

    fn open_outside(&self, _: &str) -> Result<(), String> {
        Err("this machine has no browser".to_owned())
    }
    fn has_sample(&self) -> bool {
        false
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).context("say which folder")?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    if let Ok(filter) = EnvFilter::try_from_env("DESKHAND_LOG") {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .init();
    }
    let machine = Arc::new(Machine {
        secrets: folder.join("secrets.json"),
        without: std::env::args().any(|argument| argument == "--without-keychain"),
        one_at_a_time: Mutex::default(),
    });
    let clock = Arc::new(Movable::default());
    let client = Client::start_with_clock(folder, machine, clock.clone()).await?;
    // Waits in its own thread; everything else runs on the worker.
    for line in std::io::stdin().lines() {
        let mut call: Value = serde_json::from_str(&line?)?;
        let name = call["name"].as_str().context("no name")?.to_owned();
        let args = call["args"].take();
        if name == "put_clock" {
            clock
                .0
                .store(args.as_i64().context("no seconds")?, Ordering::SeqCst);
        }
        let answer = match name.as_str() {
            "put_clock" => json!({ "ok": null }),
            _ => match route(&client, &name, args).await {
                Ok(value) => json!({ "ok": value }),
                Err(error) => json!({ "error": error }),
            },
        };
        println!("{answer}");
    }
    client.stop().await;
    Ok(())
}
