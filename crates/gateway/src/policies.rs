//! The folder with a shop's own roles and rules.

use crate::{app::State, hub::Passing, store::Entry};
use deskhand_policy::{Broken, Mistake, Policy, Source};
use deskhand_protocol::audit::{Action, Actor};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Reads the policy with the files of a folder, or without any.
pub fn read(folder: Option<&Path>) -> Result<Policy, Broken> {
    match folder {
        Some(folder) => Policy::read(&sources(folder)?),
        None => Policy::embedded(),
    }
}

/// The files of a folder that belong to a policy, by name. A file that nobody would read is a
/// mistake: a rule in it would be believed to hold.
pub fn sources(folder: &Path) -> Result<Vec<Source>, Broken> {
    let unread = |error: std::io::Error, path: &Path| {
        Broken(vec![Mistake {
            file: path.display().to_string(),
            line: 1,
            meaning: format!("cannot be read ({error})"),
        }])
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unread(error, folder))? {
        let path = entry.map_err(|error| unread(error, folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name.ends_with('~') || path.is_dir() {
            continue;
        }
        if name != "roles.toml" && !name.ends_with(".cedar") {
            return Err(Broken(vec![Mistake {
                file: name.into_owned(),
                line: 1,
                meaning:
                    "is no part of a policy: there are roles.toml and files that end in .cedar"
                        .to_owned(),
            }]));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| unread(error, &path))?;
        found.push(Source {
            name: name.into_owned(),
            text,
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Puts another policy in force when the files of the folder are others: all of them, or none when
/// anything is wrong with them.
pub fn follow(folder: PathBuf, state: &State) {
    let (state, stop) = (state.clone(), state.tasks.stopping());
    state.tasks.clone().spawn("policy", async move {
        let mut follower = Follower::new(folder);
        let mut look = tokio::time::interval(LOOK);
        while stop.run_until_cancelled(look.tick()).await.is_some() {
            follower.look(&state).await;
        }
    });
}

/// A folder that is looked at from time to time.
pub struct Follower {
    folder: PathBuf,
    /// What was taken, or found wrong.
    known: Result<Vec<Source>, Broken>,
    /// What the last look saw.
    before: Result<Vec<Source>, Broken>,
}

impl Follower {
    /// Begins with what is in the folder: that is in force already.
    pub fn new(folder: PathBuf) -> Self {
        let known = sources(&folder);
        Self {
            before: known.clone(),
            known,
            folder,
        }
    }

    /// Takes what is there when the look before saw the same: nobody is writing.
    pub async fn look(&mut self, state: &State) {
        let now = sources(&self.folder);
        if now == self.before && now != self.known {
            take(state, now.clone()).await;
            self.known = now;
        } else {
            self.before = now;
        }
    }
}

async fn take(state: &State, now: Result<Vec<Source>, Broken>) {
    match now.and_then(|own| Policy::read(&own)) {
        Ok(policy) => {
            let (roles, rules) = (policy.roles().len(), policy.rules().count());
            state.gate.replace(policy);
            state.hub.say(Passing::Rescoped);
            tracing::info!(roles, rules, "another policy is in force");
            let entry = Entry::new(Actor::System, Action::PolicyChanged)
                .with("roles", roles)
                .with("rules", rules);
            if let Err(error) = state.store.record(entry).await {
                tracing::error!(%error, "the change of the policy could not be recorded");
            }
        }
        Err(Broken(mistakes)) => {
            for mistake in mistakes {
                tracing::error!(%mistake, "the policy is wrong: the one before stays in force");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a file");
        };
        let read = || read(Some(folder.path()));
        write("roles.toml", "[seasonal]\nscopes = [\"tickets:read\"]\n");
        write(".roles.toml.swp", "an editor's");
        let policy = read().expect("right");
        assert_eq!(policy.roles().len(), 7);
        write("own.cedar", "permit");
        let broken = read().err().expect("a rule that ends too soon").to_string();
        assert!(broken.contains("own.cedar, line 1"), "{broken}");
        write("own.cedar", "");
        write("rules.txt", "forbid everything");
        let broken = read().err().expect("a file that nobody reads").to_string();
        assert!(broken.contains("rules.txt"), "{broken}");
        let nowhere = folder.path().join("nowhere");
        assert!(super::read(Some(&nowhere)).is_err());
    }
}
