//! What a thief of the disk would find.

use std::path::{Path, PathBuf};

use memchr::memmem;

/// A file and all its bytes.
pub struct Found {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub bytes: Vec<u8>,
}

impl Found {
    /// Whether these bytes stand in it.
    pub fn holds(&self, needle: &[u8]) -> bool {
        memmem::find(&self.bytes, needle).is_some()
    }

    /// Whether it is a database that anybody can open.
    pub fn is_plain_sqlite(&self) -> bool {
        self.bytes.starts_with(b"SQLite format 3\0")
    }
}

/// Every file below the folder.
pub fn read_all(folder: &Path) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let bytes = std::fs::read(&path)?;
                found.push(Found { path, bytes });
            }
        }
    }
    Ok(found)
}
