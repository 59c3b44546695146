//! What the command line has done to a database that a gateway may be serving.
//!
//! A PostgreSQL is written to directly. A file has one writer, so when a gateway runs it is asked:
//! the errand lies as a file in its folder, and the outcome comes to lie beside it. Whoever may
//! write there could change the database itself.

use crate::{
    clock::Clock,
    config::Config,
    intake::{self, Inbox, InboxOutcome},
    keys::NewKey,
    start::{StartError, alone, audit_key, location, words},
    store::{Location, Made, Store, StoreError},
    tasks::Tasks,
};
use deskhand_protocol::{audit::Actor, rest::MachineKey};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{fs, time::Instant};
use uuid::Uuid;

const FOLDER: &str = "errands";
const ERRAND: &str = "errand";
const OUTCOME: &str = "outcome";
/// How often a gateway looks for errands, and who left one for the outcome.
const LOOK: Duration = Duration::from_millis(200);
/// How long an outcome may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something to be done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "errand", rename_all = "snake_case")]
pub enum Errand {
    /// Ends every session of an account.
    Revoke {
        /// Its address.
        account: String,
    },
    /// Locks an account, or lets it in again.
    Lock {
        /// Its address.
        account: String,
        /// Which of both.
        locked: bool,
    },
    /// Forgets the authenticator app of an account, for somebody who lost it.
    ForgetApp {
        /// Its address.
        account: String,
    },
    /// Stores a key, which only whoever asks knows.
    MakeKey {
        /// What is stored of it.
        key: NewKey,
    },
    /// Lists the keys.
    ListKeys,
    /// Revokes a key.
    RevokeKey {
        /// Its id or its beginning.
        key: String,
    },
    /// Notes who does not want to be told before they ask, or does again.
    Object {
        /// The customer's address.
        email: String,
        /// Which of both.
        objects: bool,
    },
    /// Looks at what others told.
    Inbox {
        /// What is to be done.
        what: Inbox,
    },
}

/// What came of it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// So many sessions were revoked.
    Revoked {
        /// How many.
        count: usize,
    },
    /// So many customers were changed.
    Changed {
        /// How many.
        count: usize,
    },
    /// It was done.
    Done,
    /// This key was made or revoked.
    Key {
        /// What may be told of it.
        about: MachineKey,
    },
    /// These are the keys.
    Keys {
        /// The newest first.
        keys: Vec<MachineKey>,
    },
    /// This is what came of looking at what others told.
    Inbox {
        /// It.
        came: InboxOutcome,
    },
    /// Nobody has that address.
    NoAccount,
    /// There is no such machine account.
    NoMachine,
    /// No key that works is named so.
    NoKey,
    /// It could not be done.
    Failed {
        /// Why.
        why: String,
    },
}

impl Outcome {
    /// What is wrong when this came of it; `name` is what was named.
    pub fn unlike(self, name: &str) -> StartError {
        let name = name.to_owned();
        match self {
            Self::NoAccount => StartError::NoAccount { email: name },
            Self::NoMachine => StartError::NoMachine,
            Self::NoKey => StartError::NoKey { name },
            Self::Failed { why } => StartError::Errand { why },
            Self::Revoked { .. }
            | Self::Changed { .. }
            | Self::Done
            | Self::Key { .. }
            | Self::Keys { .. }
            | Self::Inbox { .. } => StartError::Errand {
                why: "the gateway did something else: it is of another version".to_owned(),
            },
        }
    }
}

/// Has an errand done, whether a gateway runs or not.
pub async fn run(config: &Config, errand: &Errand) -> Result<Outcome, StartError> {
    if let Location::Url(url) = location(config) {
        // The gateway's own key: what is told in the trail is sealed with it.
        let key = Some(audit_key(config)?);
        let store = Store::beside(&url, Clock::default(), Tasks::default(), key).await?;
        let outcome = carry_out(&store, errand).await;
        store.close().await;
        return Ok(outcome);
    }
    match alone(config, async |store| Ok(carry_out(store, errand).await)).await {
        Err(StartError::InUse { .. }) => leave(&config.data_dir.join(FOLDER), errand).await,
        other => other,
    }
}

async fn carry_out(store: &Store, errand: &Errand) -> Outcome {
    let done = try_out(store, errand).await;
    done.unwrap_or_else(|error| Outcome::Failed {
        why: error.to_string(),
    })
}

async fn try_out(store: &Store, errand: &Errand) -> Result<Outcome, StoreError> {
    let by = Actor::System;
    Ok(match errand {
        Errand::Revoke { account } => {
            let Some((account, _)) = store.credentials(account).await? else {
                return Ok(Outcome::NoAccount);
            };
            let count = store.revoke_sessions(account.id, by).await?.len();
            Outcome::Revoked { count }
        }
        Errand::Lock { account, locked } => {
            let Some((account, _)) = store.credentials(account).await? else {
                return Ok(Outcome::NoAccount);
            };
            store.set_locked(account.id, *locked, by).await?;
            Outcome::Done
        }
        Errand::ForgetApp { account } => {
            let Some((account, _)) = store.credentials(account).await? else {
                return Ok(Outcome::NoAccount);
            };
            store.remove_factor(account.id, by).await?;
            Outcome::Done
        }
        Errand::MakeKey { key } => match store.make_key(key.clone(), by).await? {
            Made::Done(about) => Outcome::Key { about },
            Made::NoMachine => Outcome::NoMachine,
        },
        Errand::ListKeys => Outcome::Keys {
            keys: store.keys().await?,
        },
        Errand::RevokeKey { key } => match store.revoke_key(key, by).await? {
            Some(about) => Outcome::Key { about },
            None => Outcome::NoKey,
        },
        Errand::Object { email, objects } => Outcome::Changed {
            count: store.set_objection(email.clone(), *objects).await?,
        },
        Errand::Inbox { what } => Outcome::Inbox {
            came: intake::carry_out(store, what).await?,
        },
    })
}

/// Leaves an errand for the gateway that runs, and waits for the outcome.
async fn leave(folder: &Path, errand: &Errand) -> Result<Outcome, StartError> {
    let failed = |error| words::folder(folder, error);
    make(folder).map_err(failed)?;
    let errand_file = folder.join(Uuid::new_v4().simple().to_string());
    let errand_file = errand_file.with_extension(ERRAND);
    let outcome_file = errand_file.with_extension(OUTCOME);
    write(&errand_file, errand).await.map_err(failed)?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        match fs::read(&outcome_file).await {
            Ok(bytes) => {
                remove(&outcome_file).await.map_err(failed)?;
                return serde_json::from_slice(&bytes).map_err(|error| failed(error.into()));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => tokio::time::sleep(LOOK).await,
            Err(error) => return Err(failed(error)),
        }
    }
    remove(&errand_file).await.map_err(failed)?;
    Err(StartError::NoOutcome {
        path: folder.to_owned(),
    })
}

/// Starts the one task that looks for errands, where nobody else may write.
pub fn start(store: &Store, data_dir: &Path, tasks: &Tasks) {
    if store.is_shared() {
        return;
    }
    let (store, folder, stop) = (store.clone(), data_dir.join(FOLDER), tasks.stopping());
    tasks.spawn("errands", async move {
        stop.run_until_cancelled(serve(&store, &folder)).await;
    });
}

async fn serve(store: &Store, folder: &Path) {
    // Nobody waits for what was left before.
    match fs::remove_dir_all(folder).await {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(%error, "old errands cannot be deleted");
        }
        _ => {}
    }
    loop {
        match waiting(folder).await {
            Ok(files) => {
                for file in files {
                    if let Err(error) = answer(store, &file).await {
                        tracing::error!(%error, "an errand cannot be answered");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "errands cannot be looked for"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn waiting(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut entries = match fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        if path.extension().is_some_and(|kind| kind == ERRAND) {
            found.push(path);
        }
    }
    Ok(found)
}

async fn answer(store: &Store, file: &Path) -> io::Result<()> {
    let bytes = fs::read(file).await?;
    remove(file).await?;
    let outcome = match serde_json::from_slice(&bytes) {
        Ok(errand) => carry_out(store, &errand).await,
        Err(_) => Outcome::Failed {
            why: "this gateway does not know such an errand: it is of another version".to_owned(),
        },
    };
    write(&file.with_extension(OUTCOME), &outcome).await
}

/// Makes a folder that nobody else may look into.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file that is there whole or not at all.
async fn write(path: &Path, what: &impl Serialize) -> io::Result<()> {
    let draft = path.with_extension("new");
    fs::write(&draft, serde_json::to_vec(what)?).await?;
    fs::rename(&draft, path).await
}

async fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
