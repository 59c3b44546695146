//! The folder in which this program keeps its copy of the shop.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::Context;
use deskhand_protocol::calls::{CallCode, CallError};
use tauri::{App, Manager};

/// How long a program whose window was just closed may take to write down what it has and to end.
const ENDING: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// The chosen folder.
pub struct Folder {
    pub path: PathBuf,
    /// Whether it is the one that is used when nothing else was said.
    pub usual: bool,
}

/// Held while the program runs, so that no second one writes into the same folder.
pub struct Lock {
    _file: File,
}

/// The folder that was named, or `deskhand` in the person's data folder.
pub fn choose(app: &App, named: Option<PathBuf>) -> anyhow::Result<Folder> {
    let usual = app.path().data_dir().map(|data| data.join("deskhand"));
    match named {
        Some(path) => {
            let path = std::path::absolute(path).context("--data-dir is not a path")?;
            let usual = usual.is_ok_and(|usual| usual == path);
            Ok(Folder { path, usual })
        }
        None => Ok(Folder {
            path: usual.context("this computer names no data folder; use --data-dir")?,
            usual: true,
        }),
    }
}

/// Makes the folder and takes it for this program alone; one that is about to end is waited for.
pub fn lock(folder: &Path) -> Result<Lock, CallError> {
    lock_within(folder, ENDING)
}

fn lock_within(folder: &Path, patience: Duration) -> Result<Lock, CallError> {
    let refuse = |error: std::io::Error| {
        let code = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                CallCode::DiskFull
            }
            _ => CallCode::NotWritable,
        };
        CallError::new(code, format!("{}: {error}", folder.display()))
    };
    make(folder).map_err(refuse)?;
    let file = File::create(folder.join("lock")).map_err(refuse)?;
    let mut locked = file.try_lock();
    let mut left = patience;
    while matches!(locked, Err(TryLockError::WouldBlock)) && !left.is_zero() {
        thread::sleep(LOOK_AGAIN);
        left = left.saturating_sub(LOOK_AGAIN);
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(CallError::new(
            CallCode::FolderInUse,
            format!(
                "{}: another Deskhand has this folder open; use its window, or start this one \
                 with --data-dir and another folder",
                folder.display()
            ),
        )),
        Err(TryLockError::Error(error)) => Err(refuse(error)),
    }
}

#[cfg(unix)]
fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_in_use_is_refused_with_words() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let folder = dir.path().join("data");
        let first = lock(&folder).expect("nobody has it");
        let second = lock_within(&folder, Duration::ZERO).err();
        let second = second.expect("the first has it");
        assert_eq!(second.code, CallCode::FolderInUse);
        assert!(
            second.detail.contains("another Deskhand"),
            "{}",
            second.detail
        );
        drop(first);
        assert!(lock(&folder).is_ok(), "the lock ends with its holder");
    }

    #[test]
    fn a_program_that_is_about_to_end_is_waited_for() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let first = lock(dir.path()).expect("nobody has it");
        thread::scope(|scope| {
            let second = scope.spawn(|| lock_within(dir.path(), Duration::from_secs(60)));
            drop(first);
            let second = second.join().expect("it waited");
            assert!(second.is_ok(), "the lock went to who waited");
        });
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = dir.path().join("file");
        fs::write(&file, "in the way").expect("a file");
        let refused = lock(&file.join("data")).err().expect("a file is no folder");
        assert_eq!(refused.code, CallCode::NotWritable);
        assert!(refused.detail.contains("file"), "{}", refused.detail);
    }
}
