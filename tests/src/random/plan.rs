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
    /// An agent says how urgent a ticket is.
    Urgent {
        /// Who.
        desk: usize,
        /// Where.
        ticket: u64,
    },
    /// An agent puts a ticket off.
    Snooze {
        /// Who.
        desk: usize,
        /// Where.
        ticket: u64,
    },
    /// An agent answers with a stored answer, which tags the ticket as well.
    Macro {
        /// Who.
        desk: usize,
        /// Where.
        ticket: u64,
    },
    /// An agent fills in a field of the shop's own.
    Field {
        /// Who.
        desk: usize,
        /// Where.
        ticket: u64,
    },
    /// An agent makes the last ticket part of another one of its customer.
    Merge {
        /// Who.
        desk: usize,
    },
    /// An agent takes the last reply back, wherever it is.
    Undo {
        /// Who.
        desk: usize,
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
    /// The next operations reach the gateway twice, the second time late.
    Echo {
        /// Whose.
        desk: usize,
        /// How many.
        operations: u32,
    },
    /// The next frames with changes come twice.
    RepeatFrames {
        /// Whose.
        desk: usize,
        /// How many.
        frames: u32,
    },
    /// The next frames with changes come after the one that follows them.
    ReorderFrames {
        /// Whose.
        desk: usize,
        /// How many.
        frames: u32,
    },
    /// The next pages of a sync come after what the live socket says meanwhile.
    LatePages {
        /// Whose.
        desk: usize,
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
    /// The gateway stops, begins a new history as after a backup was put back, and starts again.
    NewHistory,
    /// A desk's clock jumps.
    Jump {
        /// Whose.
        desk: usize,
        /// How far from the true time it is then.
        seconds: i64,
    },
    /// The gateway's clock jumps.
    GatewayJump {
        /// How far from the true time it is then.
        seconds: i64,
    },
    /// A desk's computer sleeps while a customer writes, and wakes.
    Sleep {
        /// Whose.
        desk: usize,
        /// How long its clock says that it slept.
        seconds: i64,
        /// Whether its connections are gone when it wakes.
        cut: bool,
    },
}

/// A scenario.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it was made from.
    pub seed: u64,
    /// Who sits at each desk; one person may have several.
    pub people: Vec<usize>,
    /// Whether the gateway is a process of its own, so that it can be killed.
    pub process: bool,
    /// What happens.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut people = vec![0, 1];
        if dice.chance(30) {
            people.push(2);
        }
        if dice.chance(25) {
            // The last desk is another desktop of the first one's account.
            people.pop();
            people.push(0);
        }
        let process = dice.chance(25);
        let length = 8 + dice.below(16);
        let desks = people.len() as u64;
        let steps = (0..length).map(|_| step(&mut dice, desks, process));
        let steps = steps.collect();
        Self {
            seed,
            people,
            process,
            steps,
        }
    }
}

fn step(dice: &mut Dice, desks: u64, process: bool) -> Step {
    let desk = usize::try_from(dice.below(desks)).unwrap_or_default();
    let ticket = 1 + dice.below(TICKETS);
    let few = |dice: &mut Dice| 1 + u32::try_from(dice.below(2)).unwrap_or_default();
    match dice.below(128) {
        0..20 => Step::Reply { desk, ticket },
        120..123 => Step::Macro { desk, ticket },
        123..127 => Step::Field { desk, ticket },
        127 => Step::Merge { desk },
        20..28 => Step::Note { desk, ticket },
        28..34 => Step::Tag { desk, ticket },
        34..37 => Step::Assign { desk, ticket },
        37..40 => Step::Close { desk, ticket },
        40..42 => Step::Urgent { desk, ticket },
        42..44 => Step::Snooze { desk, ticket },
        44..50 => Step::Undo { desk },
        50..62 => Step::Chat,
        62..69 => Step::Settle { desk },
        69..73 => Step::Cut { desk },
        73..77 => Step::Silence { desk },
        77..79 => Step::Slow {
            desk,
            milliseconds: 1 + dice.below(60),
        },
        79..81 => Step::Trickle { desk },
        81..85 => Step::Swallow {
            desk,
            operations: few(dice),
        },
        85..89 => Step::Echo {
            desk,
            operations: few(dice),
        },
        89..92 => Step::RepeatFrames {
            desk,
            frames: few(dice),
        },
        92..95 => Step::ReorderFrames {
            desk,
            frames: few(dice),
        },
        95..97 => Step::LatePages { desk },
        97..101 => Step::Heal { desk },
        101..103 if process => Step::Kill,
        101..103 => Step::Restart,
        103..105 => Step::Stop,
        105..107 => Step::NewHistory,
        107..109 => Step::Reopen { desk },
        109..112 => Step::KillDesk {
            desk,
            ticket,
            microseconds: dice.below(12_000),
        },
        112..115 => Step::Jump {
            desk,
            seconds: jump(dice),
        },
        115..117 if !process => Step::GatewayJump {
            seconds: jump(dice),
        },
        _ => Step::Sleep {
            desk,
            seconds: jump(dice).abs(),
            cut: dice.chance(50),
        },
    }
}

/// A jump of a clock by one to eleven minutes. Less may be a wait, and a gateway holds what it
/// holds until the clock has come there again.
fn jump(dice: &mut Dice) -> i64 {
    let seconds = 70 + i64::try_from(dice.below(600)).unwrap_or_default();
    if dice.chance(50) { seconds } else { -seconds }
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
            "seed {}: the desks of {:?}, the gateway is {place}",
            self.seed, self.people
        )?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {:>2}. {step:?}", number + 1)?;
        }
        write!(f, "  again: DESKHAND_SEED={} make soak", self.seed)
    }
}
