//! What happens in a scenario, in order: made from a seed, and printable.

use super::Dice;
use std::fmt;

/// Tickets that a plan writes in.
pub(super) const TICKETS: u64 = 4;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An agent answers what is on the screen.
    Reply {
        /// Who.
        desk: usize,
        /// Where.
        ticket: u64,
    },
    /// An agent writes to colleagues.
    Note {
        /// Who.
        desk: usize,
        /// Where.
        ticket: u64,
    },
    /// An agent adds a tag.
    Tag {
        /// Who.
        desk: usize,
        /// Where.
        ticket: u64,
    },
    /// An agent takes a ticket.
    Assign {
        /// Who.
        desk: usize,
        /// Where.
        ticket: u64,
    },
    /// An agent closes a ticket.
    Close {
        /// Who.
        desk: usize,
        /// Where.
        ticket: u64,
    },
    /// A customer writes on the chat page.
    Chat,
    /// Waits until a desk has caught up, or could not.
    Settle {
        /// Whose.
        desk: usize,
    },
    /// A desk's line is cut once.
    Cut {
        /// Whose.
        desk: usize,
    },
    /// A desk's line carries nothing and closes nothing.
    Silence {
        /// Whose.
        desk: usize,
    },
    /// A desk's line holds everything back for a while.
    Slow {
        /// Whose.
        desk: usize,
        /// For how long.
        milliseconds: u64,
    },
    /// A desk's line carries a few bytes at a time.
    Trickle {
        /// Whose.
        desk: usize,
    },
    /// The next operations reach the gateway and their answers do not come back.
    Swallow {
        /// Whose.
        desk: usize,
        /// How many.
        operations: u32,
    },
    /// A desk's line is as it should be.
    Heal {
        /// Whose.
        desk: usize,
    },
    /// The gateway stops in order and starts again.
    Restart,
    /// The gateway stops and stays away until the next restart.
    Stop,
    /// The gateway is ended with `kill -9` and starts again.
    Kill,
    /// A desk is closed and opened again.
    Reopen {
        /// Whose.
        desk: usize,
    },
    /// A desk is ended with `kill -9` while it stores a note, and opened again.
    KillDesk {
        /// Whose.
        desk: usize,
        /// Where the note belongs.
        ticket: u64,
        /// How long it has for it.
        microseconds: u64,
    },
    /// A desk's clock jumps.
    Jump {
        /// Whose.
        desk: usize,
        /// How far from the true time it is then.
        seconds: i64,
    },
}

/// A scenario.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it was made from.
    pub seed: u64,
    /// How many desks there are.
    pub desks: usize,
    /// Whether the gateway is a process of its own, so that it can be killed.
    pub process: bool,
    /// What happens.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let desks = if dice.chance(30) { 3 } else { 2 };
        let process = dice.chance(25);
        let length = 8 + dice.below(14);
        let mut steps = Vec::new();
        for _ in 0..length {
            steps.push(step(&mut dice, desks, process));
        }
        Self {
            seed,
            desks,
            process,
            steps,
        }
    }
}

fn step(dice: &mut Dice, desks: usize, process: bool) -> Step {
    let desk = usize::try_from(dice.below(desks as u64)).unwrap_or_default();
    let ticket = 1 + dice.below(TICKETS);
    match dice.below(100) {
        0..20 => Step::Reply { desk, ticket },
        20..30 => Step::Note { desk, ticket },
        30..37 => Step::Tag { desk, ticket },
        37..41 => Step::Assign { desk, ticket },
        41..44 => Step::Close { desk, ticket },
        44..58 => Step::Chat,
        58..64 => Step::Settle { desk },
        64..69 => Step::Cut { desk },
        69..74 => Step::Silence { desk },
        74..77 => Step::Slow {
            desk,
            milliseconds: 1 + dice.below(60),
        },
        77..79 => Step::Trickle { desk },
        79..84 => Step::Swallow {
            desk,
            operations: 1 + u32::try_from(dice.below(2)).unwrap_or_default(),
        },
        84..88 => Step::Heal { desk },
        88..90 if process => Step::Kill,
        88..90 => Step::Restart,
        90..92 => Step::Stop,
        92..94 => Step::Reopen { desk },
        94..97 => Step::KillDesk {
            desk,
            ticket,
            microseconds: dice.below(12_000),
        },
        _ => Step::Jump {
            desk,
            seconds: i64::try_from(dice.below(1200)).unwrap_or_default() - 600,
        },
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.process {
            "a process"
        } else {
            "in the test"
        };
        writeln!(
            f,
            "seed {}: {} desks, the gateway is {place}",
            self.seed, self.desks
        )?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {:>2}. {step:?}", number + 1)?;
        }
        write!(f, "  again: DESKHAND_SEED={} make soak", self.seed)
    }
}
