//! Heals a world, waits for quiet and compares: what the gateway holds, what each desk holds on
//! disk, and what everybody was told.

use super::{
    disk,
    plan::Plan,
    run::{Fate, Op, Sabotage, What, World},
};
use crate::desk::PASSWORD;
use anyhow::{Context, bail, ensure};
use chrono::TimeDelta;
use deskhand_cache::{Cache, Key, Progress};
use deskhand_domain::{Message, MessageKind, Ticket, TicketId};
use deskhand_protocol::{
    rest::{Session, SignIn},
    sync::{Change, Kind, Record, SyncPage},
    view::{Nothing, OpRef, OutboxItem, OutboxState},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::Instant;
use uuid::Uuid;

/// How long a healed world may take until nothing moves any more.
const QUIET: Duration = Duration::from_secs(40);

/// What the gateway holds for an account.
#[derive(Clone, Default, PartialEq)]
struct Truth {
    records: BTreeMap<(Kind, Uuid), Change>,
}

impl Truth {
    async fn ask(world: &World, desk: usize) -> anyhow::Result<Self> {
        // The desk's own tokens are the desk's: whoever else uses them signs it out.
        let who = SignIn {
            email: world.seats[desk].email.to_owned(),
            password: PASSWORD.to_owned(),
            device: "the comparison".to_owned(),
        };
        let mut token = String::new();
        let mut truth = Self::default();
        let mut after: Option<String> = None;
        loop {
            // Cursors are made of letters that an address may hold.
            let after_it = after.as_ref();
            let after_it = after_it.map_or(String::new(), |after| format!("?after={after}"));
            let address = format!("{}/v1/sync{after_it}", world.house.address());
            let request = world.http.get(address).bearer_auth(&token);
            let answer = request.send().await?;
            if answer.status() == 401 {
                // Tokens are short here, and a busy machine is slow.
                token = Self::sign_in(world, &who).await?;
                continue;
            }
            let page: SyncPage = answer.error_for_status()?.json().await?;
            for change in page.changes {
                truth.records.insert(change.record.key(), change);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(truth),
            }
        }
    }

    async fn sign_in(world: &World, who: &SignIn) -> anyhow::Result<String> {
        let address = format!("{}/v1/sessions", world.house.address());
        let answer = world.http.post(address).json(who).send().await?;
        let session: Session = answer.error_for_status()?.json().await?;
        session.token.context("no token")
    }

    fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.records
            .values()
            .filter_map(|change| match &change.record {
                Record::Ticket(ticket) => Some(ticket),
                _ => None,
            })
    }

    fn ticket(&self, id: TicketId) -> Option<&Ticket> {
        self.tickets().find(|ticket| ticket.id == id)
    }

    fn messages(&self, ticket: TicketId) -> Vec<&Message> {
        let mut messages: Vec<&Message> = self
            .all_messages()
            .filter(|message| message.ticket == ticket)
            .collect();
        messages.sort_by_key(|message| (message.sent_at, message.id.0.to_string()));
        messages
    }

    fn all_messages(&self) -> impl Iterator<Item = &Message> {
        self.records
            .values()
            .filter_map(|change| match &change.record {
                Record::Message(message) => Some(message),
                _ => None,
            })
    }
}

/// Makes everything whole, waits until nothing moves, and compares.
pub(super) async fn heal_and_compare(
    world: &mut World,
    sabotage: Option<Sabotage>,
) -> anyhow::Result<()> {
    if sabotage == Some(Sabotage::LostOperation) {
        lose_an_operation(world).await?;
    }
    world.seats.iter().for_each(|seat| seat.line.heal());
    world.house.set_clock(TimeDelta::zero());
    world.house.start().await?;
    let began = Instant::now();
    while !quiet(world).await? {
        ensure!(
            began.elapsed() < QUIET,
            "nothing was quiet after {QUIET:?}: {}",
            restless(world).await?
        );
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    for desk in 0..world.seats.len() {
        let before = Truth::ask(world, desk).await?;
        world.seats[desk].close().await?;
        if sabotage == Some(Sabotage::StaleRow) && desk == 0 {
            go_stale(world, &before).await?;
        }
        // Something may have been delivered while the desk was closed.
        let after = Truth::ask(world, desk).await?;
        on_disk(world, desk, [&before, &after])
            .await
            .with_context(|| format!("the cache of desk {desk}"))?;
    }
    let truth = Truth::ask(world, 0).await?;
    for op in &world.ops {
        happened_once(op, &truth, &world.plan)?;
    }
    for said in &world.said {
        let times = truth.all_messages().filter(|m| m.text == said.text).count();
        ensure!(
            times == 1,
            "the customer's {:?} is there {times} times",
            said.text
        );
    }
    Ok(())
}

/// Whether everybody is live, nothing waits, and every screen shows what the gateway holds.
async fn quiet(world: &mut World) -> anyhow::Result<bool> {
    world.chat().await?;
    if world.said.iter().any(|said| !said.acknowledged) {
        return Ok(false);
    }
    let mut waits = false;
    for desk in 0..world.seats.len() {
        if world.settle(desk, QUIET).await.is_err() {
            bail!("desk {desk} did not come back");
        }
        let items: Vec<OutboxItem> = world.seats[desk].call("outbox", Nothing {}).await?;
        waits |= !items.is_empty();
        for item in items {
            decide(world, desk, item).await?;
        }
        let _: Nothing = world.seats[desk].call("connect_now", Nothing {}).await?;
    }
    if waits {
        return Ok(false);
    }
    for desk in 0..world.seats.len() {
        let truth = Truth::ask(world, desk).await?;
        if truth
            .all_messages()
            .any(|message| message.held_until.is_some())
        {
            return Ok(false);
        }
        for ticket in truth.tickets() {
            let Some(view) = world.screen(desk, ticket).await? else {
                return Ok(false);
            };
            let same = view.messages.iter().collect::<Vec<_>>() == truth.messages(ticket.id);
            if !same || view.ticket.updated_at != ticket.updated_at {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A person looks at what was refused, and sends it all the same or gives it up.
async fn decide(world: &mut World, desk: usize, item: OutboxItem) -> anyhow::Result<()> {
    let which = OpRef { op: item.op };
    let held = match &item.state {
        OutboxState::Waiting | OutboxState::Sending | OutboxState::Sent => return Ok(()),
        OutboxState::Moved { .. } => true,
        OutboxState::Held { missed, .. } => {
            ensure!(!missed.is_empty(), "held, and nothing was missed: {item:?}");
            true
        }
        OutboxState::Parked { reason } => {
            ensure!(
                reason.contains("conversation") || reason.contains("part of"),
                "refused for no reason of the plan: {reason}"
            );
            false
        }
    };
    world.held += 1;
    let send = held && world.dice.chance(50);
    let (call, fate) = if send {
        ("send_held", Fate::Released)
    } else {
        ("discard_op", Fate::GivenUp)
    };
    let _: Nothing = world.seats[desk].call(call, which).await?;
    let mut mine = world.ops.iter_mut().filter(|op| op.id == Some(item.op));
    mine.next().context("an operation nobody knows of")?.fate = fate;
    if fate == Fate::Released {
        // Their author has now seen what was missed, and later replies there go along.
        for later in world.ops.iter_mut().filter(|op| op.fate == Fate::Goes) {
            let reply = matches!(later.what, What::Reply { .. });
            if reply && later.desk == desk && later.ticket == item.ticket {
                later.fate = Fate::Released;
            }
        }
    }
    Ok(())
}

/// For reports: what still waits.
async fn restless(world: &mut World) -> anyhow::Result<String> {
    let mut words = String::new();
    for desk in 0..world.seats.len() {
        let items: Vec<OutboxItem> = world.seats[desk].call("outbox", Nothing {}).await?;
        let connection: Value = world.seats[desk].call("connection", Nothing {}).await?;
        words += &format!("desk {desk} is {connection} with {} waiting: ", items.len());
        for item in items {
            words += &format!("{} {:?}, ", item.op, item.state);
        }
        let truth = Truth::ask(world, desk).await?;
        for ticket in truth.tickets() {
            let view = world.screen(desk, ticket).await?;
            let messages = truth.messages(ticket.id);
            let shown = view
                .as_ref()
                .map(|view| view.messages.iter().collect::<Vec<_>>());
            if shown.as_ref() != Some(&messages) {
                let shown = shown.map_or(0, |shown| shown.len());
                let number = ticket.number;
                words += &format!("ticket {number} shows {shown} of {}; ", messages.len());
            }
        }
    }
    Ok(words)
}

/// What the desk's file holds is what the gateway holds, record by record: no other record, none
/// missing, none older.
async fn on_disk(world: &World, desk: usize, truths: [&Truth; 2]) -> anyhow::Result<()> {
    let here = disk::read(&world.seats[desk]).await?;
    let mut there: [disk::Records; 2] = Default::default();
    for (records, truth) in there.iter_mut().zip(truths) {
        for change in truth.records.values() {
            // A tombstone stays in the history, and on no disk.
            if !matches!(change.record, Record::Gone(_)) {
                records.insert(change.record.key(), disk::stored(change)?);
            }
        }
    }
    let keys: BTreeSet<_> = there.iter().flatten().map(|(key, _)| key).collect();
    for key in keys.into_iter().chain(here.keys()) {
        let found = here.get(key);
        // It may have been changed or taken away while the desk was closed.
        let fine = there.iter().any(|records| records.get(key) == found);
        ensure!(
            fine,
            "{key:?}: {found:?} instead of {:?}",
            there[1].get(key)
        );
    }
    Ok(())
}

/// An acknowledged operation happened once, one that was given up did not, and no reply went out
/// to a conversation that its author had not seen.
fn happened_once(op: &Op, truth: &Truth, plan: &Plan) -> anyhow::Result<()> {
    let tagged = |tag: &String| {
        let mut ticket = truth.ticket(op.ticket).context("the ticket is gone")?;
        if let Some(into) = ticket.merged_into {
            ticket = truth
                .ticket(into)
                .context("what it became part of is gone")?;
        }
        ensure!(ticket.tags.contains(tag), "{tag} is not there: {op:?}");
        Ok(())
    };
    let (text, with) = match &op.what {
        What::Reply { text, tag, .. } => (text, tag.as_ref()),
        What::Note { text } => (text, None),
        What::Tag { tag } if op.fate == Fate::Goes => return tagged(tag),
        What::Tag { .. } | What::Other => return Ok(()),
    };
    let found: Vec<&Message> = truth.all_messages().filter(|m| m.text == *text).collect();
    let times = found.len();
    let fine = match (op.id, op.fate) {
        (_, Fate::GivenUp) => times == 0,
        (Some(_), Fate::Unclear) => times <= 1,
        (Some(id), _) => times == 1 && found.iter().all(|message| message.id.0 == id.0),
        (None, _) => times <= 1,
    };
    ensure!(
        fine,
        "seed {}, desk {}: there {times} times: {op:?} {found:?}",
        plan.seed,
        op.desk
    );
    if let (Some(tag), 1) = (with, times) {
        tagged(tag)?;
    }
    let (What::Reply { seen, .. }, Some(sent), Fate::Goes) = (&op.what, found.first(), op.fate)
    else {
        return Ok(());
    };
    // Of a merged conversation nobody saw the whole when it was two.
    if truth.tickets().any(|ticket| {
        let parts = [Some(ticket.id), ticket.merged_into];
        ticket.merged_into.is_some() && parts.contains(&Some(op.ticket))
    }) {
        return Ok(());
    }
    let conversation = truth.messages(op.ticket);
    let place = |message: &Message| (message.sent_at, message.id.0);
    // A message of the author's own, sent before, cannot be missed.
    let missed = conversation.iter().find(|other| {
        other.kind == MessageKind::Public
            && other.author != sent.author
            && seen.is_none_or(|seen| place(other) > seen)
            && place(other) < place(sent)
    });
    ensure!(
        missed.is_none(),
        "{op:?} went out on a stale view: {missed:?} was missed"
    );
    Ok(())
}

/// Takes an operation out of a desk's outbox behind its back.
async fn lose_an_operation(world: &mut World) -> anyhow::Result<()> {
    let items: Vec<OutboxItem> = world.seats[0].call("outbox", Nothing {}).await?;
    let item = items.first().context("nothing waits")?;
    world.seats[0].close().await?;
    let key = Key::from_hex(&world.seats[0].secret("cache-key")?).context("no key")?;
    let (writer, reader) = Cache::open(&world.seats[0].cache()?, &key).await?;
    writer.discard(item.op).await?;
    reader.close().await;
    writer.close().await;
    world.seats[0].open().await
}

/// Puts an old state of a ticket over the new one, as a cache without the rule of the newer
/// position would.
async fn go_stale(world: &World, truth: &Truth) -> anyhow::Result<()> {
    let mut old = truth.tickets().next().context("no ticket")?.clone();
    old.subject = "An older subject".to_owned();
    let change = Change {
        position: i64::MAX - 1,
        record: Record::Ticket(old),
    };
    let seat = &world.seats[0];
    let key = Key::from_hex(&seat.secret("cache-key")?).context("no key")?;
    let (writer, reader) = Cache::open(&seat.cache()?, &key).await?;
    let live = reader.sync_state().await?.context("never synced")?;
    let progress = Progress::Live {
        cursor: &live.cursor,
        upto: live.upto.unwrap_or_default(),
    };
    writer
        .apply(&[change], progress, chrono::Utc::now())
        .await?;
    reader.close().await;
    writer.close().await;
    Ok(())
}
