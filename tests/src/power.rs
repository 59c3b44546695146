//! Power cuts: what a process did to its files, written down by strace, and what a disk may hold
//! when the power goes somewhere in between.
//!
//! What was synced is there. Of everything else any part may be: a write whole, not at all, or
//! some of its sectors; a file that was made or taken away, or not. One file's content and its
//! place in the folder become lasting together, as on the file systems that desktops use.

use crate::random::Dice;
use anyhow::{Context, ensure};
use std::os::unix::fs::PermissionsExt as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

/// What a disk writes at once.
const SECTOR: usize = 512;
const CALLS: &str = "trace=openat,write,writev,pwrite64,sendto,sendmsg,ftruncate,fallocate,fsync,\
    fdatasync,unlink,unlinkat,rename,renameat,renameat2";

/// Files by their paths.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A command that strace looks at; it is the process itself, and strace its child.
pub fn traced(program: &Path, trace: &Path) -> Command {
    let mut command = Command::new("strace");
    command
        .args(["-D", "-f", "-y", "-xx", "-q", "-s", "10000000", "-e", CALLS])
        .args(["-e", "signal=none", "-o"])
        .arg(trace)
        .arg(program);
    command
}

/// Whether the process of a trace has ended and all of it is written down.
pub fn has_ended(trace: &Path) -> anyhow::Result<bool> {
    let text = std::fs::read(trace)?;
    let tail = text
        .get(text.len().saturating_sub(200)..)
        .unwrap_or_default();
    Ok(memchr::memmem::find(tail, b"+++ exited").is_some() && tail.ends_with(b"\n"))
}

/// Every file below a folder, but not SQLite's shared memory, which no start reads.
pub fn files(folder: &Path) -> anyhow::Result<Files> {
    let found = crate::disk::read_all(folder)?;
    let found = found.into_iter().map(|file| (file.path, file.bytes));
    Ok(found.filter(|(path, _)| !is_shared_memory(path)).collect())
}

fn is_shared_memory(path: &Path) -> bool {
    path.to_string_lossy().ends_with("-shm")
}

/// What a process did, in order.
pub struct Trace {
    events: Vec<Event>,
    /// How many moments there are to cut the power at.
    pub moments: usize,
}

struct Event {
    began: usize,
    ended: usize,
    what: What,
}

enum What {
    Make {
        file: PathBuf,
        empty: bool,
    },
    Write {
        file: PathBuf,
        at: usize,
        bytes: Vec<u8>,
    },
    Length {
        file: PathBuf,
        length: usize,
    },
    Remove {
        file: PathBuf,
    },
    Sync {
        file: PathBuf,
    },
    /// To a pipe or a socket.
    Say(Vec<u8>),
}

impl Trace {
    /// Reads what strace wrote of the files below a folder.
    pub fn read(trace: &Path, folder: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(trace)?;
        let mut reader = Reader {
            folder,
            offsets: BTreeMap::new(),
            events: Vec::new(),
        };
        let mut open: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        let mut moments = 0;
        for (moment, line) in text.lines().enumerate() {
            moments = moment + 1;
            let (process, rest) = line.split_once(' ').context("no process")?;
            let rest = rest.trim_start();
            if let Some(start) = rest.strip_suffix(" <unfinished ...>") {
                open.insert(process, (moment, start));
            } else if let Some(end) = rest.strip_prefix("<... ") {
                let (began, start) = open.remove(process).context("resumed, never begun")?;
                let (_, end) = end.split_once(" resumed>").context("half a line")?;
                reader.call(&format!("{start}{end}"), began, moment)?;
            } else if !rest.starts_with("+++") && !rest.starts_with("---") {
                reader.call(rest, moment, moment)?;
            }
        }
        let mut events = reader.events;
        events.sort_by_key(|event| event.began);
        ensure!(!events.is_empty(), "nothing was traced");
        Ok(Self { events, moments })
    }

    /// From which moment on each of the words has been said in full, if it has.
    pub fn said(&self, words: &BTreeSet<String>) -> BTreeMap<String, usize> {
        let mut said = BTreeMap::new();
        for event in &self.events {
            let What::Say(bytes) = &event.what else {
                continue;
            };
            // Words are ids: 36 letters, the first of which an index finds.
            for at in 0..bytes.len().saturating_sub(35) {
                let word = std::str::from_utf8(&bytes[at..at + 36]).ok();
                if let Some(word) = word.and_then(|word| words.get(word)) {
                    said.entry(word.clone()).or_insert(event.ended);
                }
            }
        }
        said
    }

    /// Takes a guard away: the disk never heard of a sync.
    pub fn forget_syncs(&mut self) {
        self.events
            .retain(|event| !matches!(event.what, What::Sync { .. }));
    }

    /// What the disk may hold when the power goes at a moment.
    pub fn cut(&self, before: &Files, moment: usize, dice: &mut Dice) -> Files {
        let mut disk = before.clone();
        let mut pending: BTreeMap<&Path, Vec<&Event>> = BTreeMap::new();
        for event in self.events.iter().filter(|event| event.began <= moment) {
            match &event.what {
                What::Say(_) => {}
                What::Sync { file } if event.ended <= moment => {
                    // A folder's sync makes the names in it last.
                    let within = |path: &Path| path == file || path.parent() == Some(file);
                    for (path, events) in pending.iter_mut().filter(|(path, _)| within(path)) {
                        let whole = *path == file;
                        let covered = |one: &&Event| {
                            one.ended < event.began && (whole || one.what.is_of_a_name())
                        };
                        for one in events.iter().copied().filter(covered) {
                            apply(&mut disk, path, &one.what, None);
                        }
                        events.retain(|one| !covered(one));
                    }
                }
                What::Sync { .. } => {}
                What::Make { file, .. }
                | What::Write { file, .. }
                | What::Length { file, .. }
                | What::Remove { file } => pending.entry(file).or_default().push(event),
            }
        }
        let luck = [0, 20, 50, 80, 100][usize::try_from(dice.below(5)).unwrap_or_default()];
        for (path, events) in pending {
            for event in events {
                let lasts = dice.chance(luck);
                match &event.what {
                    // It was there already.
                    What::Make { empty: false, .. } if disk.contains_key(path) => {}
                    // Without its end or its beginning, nothing that follows was of this file.
                    What::Remove { .. } | What::Make { .. } if !lasts => break,
                    What::Write { bytes, .. } if !lasts && dice.chance(50) => {
                        let torn = Torn::of(bytes.len(), dice);
                        apply(&mut disk, path, &event.what, Some(&torn));
                    }
                    _ if !lasts => {}
                    what => apply(&mut disk, path, what, None),
                }
            }
        }
        disk
    }
}

impl What {
    fn is_of_a_name(&self) -> bool {
        matches!(self, Self::Make { .. } | Self::Remove { .. })
    }
}

/// Which sectors of a write lasted.
struct Torn(Vec<bool>);

impl Torn {
    fn of(length: usize, dice: &mut Dice) -> Self {
        let sectors = length.div_ceil(SECTOR);
        let prefix = dice.chance(50);
        let many = usize::try_from(dice.below(sectors as u64 + 1)).unwrap_or_default();
        let lasts = |sector| {
            if prefix {
                sector < many
            } else {
                dice.chance(50)
            }
        };
        Self((0..sectors).map(lasts).collect())
    }
}

fn apply(disk: &mut Files, path: &Path, what: &What, torn: Option<&Torn>) {
    match what {
        What::Make { empty, .. } => {
            let file = disk.entry(path.to_owned()).or_default();
            if *empty {
                file.clear();
            }
        }
        What::Remove { .. } => drop(disk.remove(path)),
        What::Length { length, .. } => {
            disk.entry(path.to_owned()).or_default().resize(*length, 0);
        }
        What::Write { at, bytes, .. } => {
            let file = disk.entry(path.to_owned()).or_default();
            for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                if torn.is_some_and(|torn| !torn.0[number]) {
                    continue;
                }
                let start = at + number * SECTOR;
                let end = start + sector.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[start..end].copy_from_slice(sector);
            }
        }
        What::Sync { .. } | What::Say(_) => {}
    }
}

struct Reader<'a> {
    folder: &'a Path,
    /// Where plain writes go on, by descriptor.
    offsets: BTreeMap<String, usize>,
    events: Vec<Event>,
}

impl Reader<'_> {
    fn call(&mut self, line: &str, began: usize, ended: usize) -> anyhow::Result<()> {
        let (name, rest) = line.split_once('(').context("no call")?;
        let (rest, result) = rest.rsplit_once(" = ").context("no result")?;
        // Killed in the middle, or refused: nothing happened that could be told.
        let Some(result) = leading(result) else {
            return Ok(());
        };
        let strings = strings(rest);
        let (descriptor, path) = descriptor(rest);
        let inside = |path: PathBuf| {
            let mine = path.starts_with(self.folder) && !is_shared_memory(&path);
            mine.then_some(path)
        };
        let what = match name {
            "openat" => {
                let Some(file) = strings.first().and_then(|name| inside(as_path(name))) else {
                    return Ok(());
                };
                self.offsets.insert(result.to_string(), 0);
                if !rest.contains("O_CREAT") && !rest.contains("O_TRUNC") {
                    return Ok(());
                }
                let empty = rest.contains("O_TRUNC");
                What::Make { file, empty }
            }
            "unlink" | "unlinkat" => match strings.first().and_then(|name| inside(as_path(name))) {
                Some(file) => What::Remove { file },
                None => return Ok(()),
            },
            "rename" | "renameat" | "renameat2" => {
                let ours = strings.iter().any(|name| inside(as_path(name)).is_some());
                ensure!(
                    !ours,
                    "a file of the trace is renamed, which is not simulated"
                );
                return Ok(());
            }
            _ => match path.and_then(inside) {
                None => What::Say(strings.concat()),
                Some(file) => self.of_file(name, file, descriptor, rest, strings, result)?,
            },
        };
        self.events.push(Event { began, ended, what });
        Ok(())
    }

    fn of_file(
        &mut self,
        name: &str,
        file: PathBuf,
        descriptor: &str,
        rest: &str,
        strings: Vec<Vec<u8>>,
        result: usize,
    ) -> anyhow::Result<What> {
        let last = || {
            rest.rsplit([',', ')'])
                .find_map(leading)
                .context("no number")
        };
        Ok(match name {
            "pwrite64" | "write" | "writev" => {
                let mut bytes = strings.concat();
                bytes.truncate(result);
                let at = match name {
                    "pwrite64" => last()?,
                    _ => {
                        let at = self.offsets.entry(descriptor.to_owned()).or_default();
                        *at += bytes.len();
                        *at - bytes.len()
                    }
                };
                What::Write { file, at, bytes }
            }
            "ftruncate" => What::Length {
                file,
                length: last()?,
            },
            "fsync" | "fdatasync" => What::Sync { file },
            other => anyhow::bail!("{other} of a file is not simulated"),
        })
    }
}

/// The number at the start, after blanks.
fn leading(text: &str) -> Option<usize> {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The first argument: a descriptor and the path that strace names.
fn descriptor(rest: &str) -> (&str, Option<PathBuf>) {
    let Some((number, named)) = rest.split_once('<') else {
        return ("", None);
    };
    let path = named
        .split_once('>')
        .map(|(path, _)| as_path(&unescape(path)));
    (number, path)
}

/// Every quoted string, all of whose bytes are in hexadecimal.
fn strings(rest: &str) -> Vec<Vec<u8>> {
    rest.split('"').skip(1).step_by(2).map(unescape).collect()
}

fn unescape(text: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or_default() as u8;
    text.as_bytes()
        .chunks_exact(4)
        .map(|four| digit(four[2]) << 4 | digit(four[3]))
        .collect()
}

fn as_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// Writes files of one folder below another.
pub fn lay_out(files: &Files, from: &Path, to: &Path) -> anyhow::Result<()> {
    for (path, bytes) in files {
        let place = to.join(path.strip_prefix(from)?);
        std::fs::create_dir_all(place.parent().context("no folder")?)?;
        std::fs::write(&place, bytes)?;
        // The trace tells no rights; nothing here is for others.
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}
