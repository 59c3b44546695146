//! Stores operations in a cache and says each id once it is stored, until somebody ends it, or until
//! there are enough.
//!
//! Arguments: the file, its key in hexadecimal, a seed, perhaps how many operations.

use anyhow::Context;
use chrono::Utc;
use deskhand_cache::{Cache, Key};
use deskhand_domain::{OpId, TicketId};
use deskhand_protocol::view::OutboxAction;
use deskhand_tests::random::Dice;
use std::{io::Write, path::Path};
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
    for _ in 0..enough {
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
