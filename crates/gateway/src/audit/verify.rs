//! Reads the whole trail and names every place where it is not what was written.

use super::{
    chain::{BEGINNING, Stored, hex, unhex},
    heads::Head,
    key::PublicKey,
};
use crate::store::{StoreError, Trail, read_trail};
use sqlx::AnyConnection;
use std::{collections::BTreeMap, fmt};

/// How many entries are read at once.
const PAGE: usize = 1_000;

/// The action of the entry that the gateway writes when it notices a tamper.
const NOTICED: &str = "trail_broken";

/// What was found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An entry does not say what was written, or its hash is another.
    Altered(i64),
    /// Entries are not there.
    Missing(i64, i64),
    /// An entry stands where none was written.
    Inserted(i64),
    /// The trail has fewer entries than were counted.
    Cut {
        /// How many there are.
        there: i64,
        /// How many were counted.
        counted: i64,
    },
    /// The newest entry is not the one that was counted last.
    OtherEnd,
    /// The gateway's key has not signed this end of the trail.
    Unsealed,
    /// Nothing behind this place can be read.
    Unreadable(i64),
    /// The gateway noticed, before it wrote this entry, that somebody else had written.
    Noticed(i64),
    /// A line of the file of heads is no head.
    NoHead(usize),
    /// A head was not signed by the key.
    Unsigned(u64),
    /// Heads are not there, up to this one.
    HeadMissing(u64),
    /// A head does not fit the trail: what lies up to there was cut or written anew.
    Rewritten {
        /// Which head.
        head: u64,
        /// Up to where it had seen the trail.
        position: i64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(position) => write!(f, "entry {position} was altered"),
            Self::Missing(from, to) if from == to => write!(f, "entry {from} is missing"),
            Self::Missing(from, to) => write!(f, "entries {from} to {to} are missing"),
            Self::Inserted(position) => write!(f, "entry {position} was inserted"),
            Self::Cut { there, counted } => {
                write!(f, "there are {there} entries, and {counted} were counted")
            }
            Self::OtherEnd => write!(f, "the newest entry is not the one that was counted last"),
            Self::Unsealed => write!(f, "the gateway's key has not signed this end of the trail"),
            Self::Unreadable(position) => {
                write!(f, "nothing behind entry {position} can be read")
            }
            Self::Noticed(position) => write!(
                f,
                "before entry {position} the gateway noticed that the trail was not as it had left it"
            ),
            Self::NoHead(line) => write!(f, "line {line} of the heads is no head"),
            Self::Unsigned(number) => write!(f, "head {number} was not signed by the key"),
            Self::HeadMissing(number) => write!(f, "heads are missing before head {number}"),
            Self::Rewritten { head, position } => write!(
                f,
                "head {head} does not fit: the trail up to entry {position} was cut or written anew"
            ),
        }
    }
}

/// What a trail is checked against beside itself.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// The public half of the gateway's key; without it no signature is checked.
    pub key: Option<PublicKey>,
    /// Heads that were kept, line by line.
    pub heads: Vec<Option<Head>>,
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many entries were read.
    pub entries: i64,
    /// Everything that is wrong, in the order of the trail.
    pub findings: Vec<Finding>,
}

/// Reads the trail through a connection, whose transaction decides what it sees.
pub async fn verify(
    connection: &mut AnyConnection,
    against: &Against,
) -> Result<Report, StoreError> {
    let trail = Trail::read(&mut *connection).await?;
    let mut walk = Walk::new(against);
    let mut after = None;
    loop {
        let Ok(page) = read_trail(connection, after, PAGE).await else {
            walk.report.findings.push(Finding::Unreadable(walk.last));
            return Ok(walk.report);
        };
        let Some((last, _)) = page.last() else { break };
        after = Some(last.position);
        for (entry, hash) in &page {
            walk.step(entry, hash);
        }
    }
    Ok(walk.end(&trail))
}

/// Goes along the trail.
struct Walk<'a> {
    against: &'a Against,
    /// Hashes at the places that heads name.
    wanted: BTreeMap<i64, Option<[u8; 32]>>,
    /// The newest place so far.
    last: i64,
    /// The hash there, as stored; `None` behind a gap or a hash that is none.
    before: Option<[u8; 32]>,
    report: Report,
}

impl<'a> Walk<'a> {
    fn new(against: &'a Against) -> Self {
        let heads = against.heads.iter().flatten();
        Self {
            against,
            wanted: heads.map(|head| (head.position, None)).collect(),
            last: 0,
            before: Some(BEGINNING),
            report: Report::default(),
        }
    }

    fn step(&mut self, entry: &Stored, hash: &str) {
        let position = entry.position;
        self.report.entries += 1;
        if position <= self.last {
            self.report.findings.push(Finding::Inserted(position));
            return;
        }
        if position > self.last.saturating_add(1) {
            let gap = Finding::Missing(self.last + 1, position - 1);
            self.report.findings.push(gap);
            self.before = None;
        }
        let stored = unhex::<32>(hash);
        let is = self.before.map(|before| entry.hash(&before));
        if stored.is_none() || is.is_some_and(|is| stored != Some(is)) {
            self.report.findings.push(Finding::Altered(position));
        }
        if entry.action == NOTICED {
            self.report.findings.push(Finding::Noticed(position));
        }
        self.last = position;
        self.before = stored;
        if let Some(wanted) = self.wanted.get_mut(&position) {
            *wanted = stored;
        }
    }

    fn end(mut self, trail: &Trail) -> Report {
        if self.last < trail.position {
            self.report.findings.push(Finding::Cut {
                there: self.last,
                counted: trail.position,
            });
        }
        if self.last > trail.position {
            self.report.findings.push(Finding::Inserted(self.last));
        }
        let end = self.before.unwrap_or(BEGINNING);
        if self.last == trail.position && hex(&end) != trail.hash {
            self.report.findings.push(Finding::OtherEnd);
        }
        let hash = unhex::<32>(&trail.hash);
        if let Some(key) = self.against.key
            && trail.position != 0
            && !hash.is_some_and(|hash| key.sealed(trail.position, &hash, &trail.seal))
        {
            self.report.findings.push(Finding::Unsealed);
        }
        self.heads();
        self.report
    }

    fn heads(&mut self) {
        let first = self.against.heads.iter().flatten().next();
        let mut number = first.map_or(0, |head| head.number.saturating_sub(1));
        for (head, line) in self.against.heads.iter().zip(1..) {
            let Some(head) = head else {
                self.report.findings.push(Finding::NoHead(line));
                continue;
            };
            let signed = self.against.key.is_none_or(|key| head.is_signed_by(&key));
            if !signed {
                self.report.findings.push(Finding::Unsigned(head.number));
            }
            if head.number != number.saturating_add(1) {
                self.report.findings.push(Finding::HeadMissing(head.number));
            }
            number = head.number;
            let there = match head.position {
                0 => Some(BEGINNING),
                position => self.wanted.get(&position).copied().flatten(),
            };
            if there.map(|hash| hex(&hash)).as_ref() != Some(&head.hash) {
                self.report.findings.push(Finding::Rewritten {
                    head: head.number,
                    position: head.position,
                });
            }
        }
    }
}
