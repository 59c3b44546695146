//! A full disk on the desktop: what cannot be stored is not acknowledged, what is stored stays, and
//! everything goes on when there is room again.
//!
//! The desk's folder is a small file system of its own, which needs root.

use anyhow::{Context, ensure};
use deskhand_protocol::{
    calls::{CallCode, CallError, Calls},
    view::{AddNote, Nothing},
};
use deskhand_tests::{
    desk::{Desk, Shop, failed},
    process::{NEEDS_ROOT, without_root},
};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

#[tokio::test]
async fn a_full_disk_takes_no_operation_loses_none_and_lets_everything_be_read()
-> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let disk = match Disk::mount(&folder.path().join("desk")) {
        Ok(disk) => disk,
        Err(_) if without_root() => {
            eprintln!("NOT RUN: DESKHAND_WITHOUT_ROOT is set, and mounting needs root");
            return Ok(());
        }
        Err(error) => return Err(error.context(NEEDS_ROOT)),
    };
    let mut shop = Shop::open(&folder.path().join("shop")).await?;
    let desk = Desk::start(&disk.place).await?;
    desk.sign_in(shop.address()).await.map_err(failed)?;
    desk.complete().await?;
    let ticket = desk.some_ticket().await?;
    shop.close().await;
    // Closed and opened again, so that the log is short and has no room of its own.
    let desk = desk.restart().await?;
    desk.client.boot(Nothing {}).await.map_err(failed)?;
    let note = |text: String| AddNote {
        ticket: ticket.id,
        text,
    };
    let first = desk.client.add_note(note("first".to_owned())).await;
    first.map_err(failed)?;

    disk.fill()?;
    let mut stored = 1;
    // What the log has room for still fits; then it is said.
    let refused: CallError = loop {
        match desk.client.add_note(note("x".repeat(8_000))).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        ensure!(stored < 500, "the disk never filled");
    };
    ensure!(refused.code == CallCode::DiskFull, "{refused:?}");
    let waiting = desk.client.outbox(Nothing {}).await.map_err(failed)?;
    ensure!(
        waiting.len() == stored,
        "{} of {stored} wait",
        waiting.len()
    );
    desk.screen(ticket.id).await.context("it is read on")?;

    disk.make_room()?;
    let last = desk.client.add_note(note("last".to_owned())).await;
    last.map_err(failed)?;
    shop.reopen().await?;
    desk.client.connect_now(Nothing {}).await.map_err(failed)?;
    let view = desk.arrives(&ticket, "last").await?;
    let notes = view.messages.len() - desk_before(&view.messages);
    ensure!(notes == stored + 1, "{notes} of {} arrived", stored + 1);
    desk.client.stop().await;
    shop.close().await;
    Ok(())
}

/// How many messages are none of this test's.
fn desk_before(messages: &[deskhand_domain::Message]) -> usize {
    let ours = |text: &str| text == "first" || text == "last" || text.starts_with("xxxx");
    messages
        .iter()
        .filter(|message| !ours(&message.text))
        .count()
}

/// A small file system.
struct Disk {
    place: PathBuf,
}

impl Disk {
    fn mount(place: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(place)?;
        let options = ["-t", "tmpfs", "-o", "size=64m", "tmpfs"];
        let ran = Command::new("mount").args(options).arg(place).output()?;
        let said = String::from_utf8_lossy(&ran.stderr);
        ensure!(ran.status.success(), "mount: {said}");
        Ok(Self {
            place: place.to_owned(),
        })
    }

    /// Takes all the room there is.
    fn fill(&self) -> anyhow::Result<()> {
        let mut file = std::fs::File::create(self.place.join("filler"))?;
        let block = [0; 4096];
        while file.write_all(&block).is_ok() {}
        Ok(())
    }

    fn make_room(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.place.join("filler"))?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount")
            .args(["-l".as_ref(), self.place.as_os_str()])
            .status()
            .ok();
    }
}
