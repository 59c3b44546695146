//! Stores operations in a cache while its history comes in and is indexed, and says each id once it
//! is stored, until somebody ends it, or until there are enough.
//!
//! Arguments: the file, its key in hexadecimal, a seed, perhaps how many operations.

use anyhow::Context;
use chrono::Utc;
use deskhand_cache::{Cache, Key, Progress, Writer};
use deskhand_domain::{
    Account, AccountId, Author, Channel, Message, MessageId, MessageKind, OpId, Role, TicketId,
};
use deskhand_protocol::{
    sync::{Change, Record},
    view::OutboxAction,
};
use deskhand_tests::random::Dice;
use std::{io::Write, path::Path, time::Duration};
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let file = args.next().context("say which file")?;
    let key = args.next().as_deref().and_then(Key::from_hex);
    let seed: u64 = args.next().context("say which seed")?.parse()?;
    let enough: u64 = args.next().map_or(Ok(u64::MAX), |many| many.parse())?;
    let mut dice = Dice::new(seed);
    let key = key.context("say which key")?;
    let (writer, reader) = Cache::open(Path::new(&file), &key).await?;
    let mut out = std::io::stdout();
    writeln!(out, "open")?;
    let mut history = History::default();
    for number in 0..enough {
        if number % 10 == 0 {
            history.comes_in(&writer).await?;
        }
        if number % 2 == 0 {
            writer.index_slice(Duration::from_millis(1)).await?;
        }
        let op = OpId(Uuid::now_v7());
        let ticket = TicketId(Uuid::from_u128(u128::from(dice.below(20))));
        let length = usize::try_from(1 + dice.below(4_000))?;
        let action = OutboxAction::Note {
            text: "x".repeat(length),
        };
        let now = Utc::now();
        writer.enqueue(op, ticket, &action, now).await?;
        writeln!(out, "{op}")?;
        out.flush()?;
        match dice.below(10) {
            0 => writer.park(op, "refused").await?,
            1 => writer.mark_later(op, now).await?,
            _ => {}
        }
    }
    reader.close().await;
    writer.close().await;
    Ok(())
}

/// Pages of a history, which need not wait for the disk.
#[derive(Default)]
struct History {
    pages: u64,
}

impl History {
    async fn comes_in(&mut self, writer: &Writer) -> anyhow::Result<()> {
        let (page, next) = (self.pages.to_string(), (self.pages + 1).to_string());
        let progress = match self.pages {
            0 => Progress::Begin {
                epoch: "e",
                live: "l",
                next: Some(&next),
                total: 1_000_000,
            },
            _ => Progress::Page {
                epoch: "e",
                after: &page,
                next: Some(&next),
                total: 1_000_000,
            },
        };
        let numbers = self.pages * 50..(self.pages + 1) * 50;
        let changes: Vec<Change> = numbers.map(change).collect();
        writer.apply(&changes, progress, Utc::now()).await?;
        self.pages += 1;
        Ok(())
    }
}

fn change(number: u64) -> Change {
    let id = Uuid::from_u128(u128::from(number) + 1);
    let record = match number % 2 {
        0 => Record::Account(colleague(id)),
        _ => Record::Message(message(id, number)),
    };
    Change {
        position: i64::try_from(number).unwrap_or_default() + 1,
        record,
    }
}

fn colleague(id: Uuid) -> Account {
    Account {
        id: AccountId(id),
        name: "x".repeat(200),
        email: format!("{id}@example.com"),
        role: Role::Agent,
        teams: vec![],
    }
}

/// All of them are in one ticket, and each has a word of its own.
fn message(id: Uuid, number: u64) -> Message {
    Message {
        id: MessageId(id),
        ticket: TicketId(Uuid::nil()),
        kind: MessageKind::Public,
        author: Author::System,
        channel: Channel::Email,
        text: format!("lantern{number} {}", "It rained all night. ".repeat(10)),
        sent_at: Utc::now(),
        delivery: None,
        held_until: None,
        attachments: vec![],
    }
}
