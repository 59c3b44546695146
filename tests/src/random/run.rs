//! Carries a plan out: what happened is written down as it is acknowledged.

use super::{
    compare,
    plan::{Plan, Step},
    seat::Seat,
    shop::{FIELD, House, MERGED, Template},
};
use crate::{desk::failed, random::Dice, use_ring};
use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{
    AccountId, FieldValue, MacroId, MessageKind, OpId, Priority, Ticket, TicketId, TicketStatus,
};
use deskhand_gateway::testing;
use deskhand_protocol::{
    calls::{CallCode, CallError},
    chat::{ChatSend, Conversation, OpenConversation},
    rest::TicketPatch,
    view::{
        AddNote, Connection, ConnectionView, MergeInto, Nothing, OutboxItem, OutboxState,
        SendReply, TakenBack, TicketChange, TicketRef, TicketView, UndoSend,
    },
};
use std::{fmt, time::Duration};
use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;

/// How long a desk may take to catch up in the middle of a plan; nothing fails when it cannot.
const SETTLE: Duration = Duration::from_millis(800);

/// A guard that is taken away, so that a test can see the comparison fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Operations lose their ids on the way, so the gateway cannot know a repeated one.
    FreshIds,
    /// A desk takes an old state as a new one.
    StaleRow,
    /// A desk drops an operation that it had acknowledged.
    LostOperation,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ran {
    /// Operations that a desk had acknowledged.
    pub operations: usize,
    /// Messages of customers that the gateway had acknowledged.
    pub chats: usize,
    /// Replies that the gateway refused since the conversation had gone on.
    pub held: usize,
    /// Replies that their authors took back.
    pub undone: usize,
}

impl std::ops::AddAssign for Ran {
    fn add_assign(&mut self, other: Self) {
        self.operations += other.operations;
        self.chats += other.chats;
        self.held += other.held;
        self.undone += other.undone;
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} operations, {} messages of customers, {} replies held, {} taken back",
            self.operations, self.chats, self.held, self.undone
        )
    }
}

/// What an agent did.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) desk: usize,
    pub(super) ticket: TicketId,
    pub(super) what: What,
    /// Its id, when the desk acknowledged it.
    pub(super) id: Option<OpId>,
    pub(super) fate: Fate,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Reply {
        text: String,
        /// Where the newest message that its author had seen stands in the conversation.
        seen: Option<(DateTime<Utc>, Uuid)>,
        /// A tag that goes out with it.
        tag: Option<String>,
    },
    Note {
        text: String,
    },
    Tag {
        tag: String,
    },
    Other,
}

/// What a person decided about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing: it goes out by itself.
    Goes,
    /// To send it all the same.
    Released,
    /// To give it up, or to take it back.
    GivenUp,
    /// To take it back, and nobody knows whether that arrived.
    Unclear,
}

/// A message of the customer.
pub(super) struct Said {
    pub(super) id: Uuid,
    pub(super) text: String,
    pub(super) acknowledged: bool,
}

/// Everything in a scenario.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) dice: Dice,
    pub(super) house: House,
    pub(super) seats: Vec<Seat>,
    pub(super) ops: Vec<Op>,
    pub(super) said: Vec<Said>,
    pub(super) held: usize,
    undone: usize,
    pub(super) http: reqwest::Client,
    token: Option<String>,
    conversation: Uuid,
    _folder: TempDir,
}

/// Carries a plan out, heals everything and compares.
pub async fn run(
    template: &Template,
    plan: Plan,
    sabotage: Option<Sabotage>,
) -> anyhow::Result<Ran> {
    let mut world = World::make(template, plan).await?;
    if sabotage == Some(Sabotage::FreshIds) {
        world.seats.iter().for_each(|seat| seat.line.forget_ids());
    }
    for (number, step) in world.plan.steps.clone().into_iter().enumerate() {
        let happened = world.step(number, step).await;
        happened.with_context(|| format!("step {}: {step:?}", number + 1))?;
    }
    compare::heal_and_compare(&mut world, sabotage).await?;
    Ok(Ran {
        operations: world.ops.iter().filter(|op| op.id.is_some()).count(),
        chats: world.said.len(),
        held: world.held,
        undone: world.undone,
    })
}

impl World {
    async fn make(template: &Template, plan: Plan) -> anyhow::Result<Self> {
        use_ring();
        let folder = tempfile::tempdir()?;
        let house = House::open(template, &folder.path().join("gateway"), plan.process).await?;
        let mut seats = Vec::new();
        for (number, person) in plan.people.iter().enumerate() {
            let home = folder.path().join(format!("desk-{number}"));
            seats.push(Seat::take(*person, &home, house.listens()).await?);
        }
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            // Gateways end at any moment, and idle connections with them.
            .pool_max_idle_per_host(0)
            .no_proxy()
            .build()?;
        let mut world = Self {
            dice: Dice::new(plan.seed ^ 0x5eed),
            plan,
            house,
            seats,
            ops: Vec::new(),
            said: Vec::new(),
            held: 0,
            undone: 0,
            http,
            token: None,
            conversation: Uuid::now_v7(),
            _folder: folder,
        };
        for desk in 0..world.seats.len() {
            world.settle(desk, Duration::from_secs(20)).await?;
        }
        Ok(world)
    }

    async fn step(&mut self, number: usize, step: Step) -> anyhow::Result<()> {
        let text = |what: &str| format!("{what} {number} of {}", self.plan.seed);
        match step {
            Step::Reply { desk, ticket } => {
                let text = text("Reply");
                self.reply(desk, ticket, text, None).await?;
            }
            Step::Macro { desk, ticket } => {
                let text = text("Macro");
                self.reply(desk, ticket, text, Some(format!("macro-{number}")))
                    .await?;
            }
            Step::Field { desk, ticket } => {
                let value = FieldValue::Text(format!("size {number}"));
                let patch = TicketPatch {
                    fields: [(FIELD.to_owned(), Some(value))].into(),
                    ..TicketPatch::default()
                };
                self.change(desk, ticket, patch, What::Other).await?;
            }
            Step::Merge { desk } => {
                let [into, ticket] = MERGED;
                let which = MergeInto {
                    ticket: id(ticket),
                    into: id(into),
                };
                let op = self.seats[desk].try_call("merge_tickets", which).await?;
                if let Some(op) = unless_merged(op)? {
                    self.did(desk, ticket, What::Other, Some(op));
                }
            }
            Step::Note { desk, ticket } => {
                let text = text("Note");
                let note = AddNote {
                    ticket: id(ticket),
                    text: text.clone(),
                };
                let op = self.seats[desk].call("add_note", note).await?;
                self.did(desk, ticket, What::Note { text }, Some(op));
            }
            Step::Tag { desk, ticket } => {
                let tag = format!("tag-{number}");
                let patch = TicketPatch {
                    add_tags: vec![tag.clone()],
                    ..TicketPatch::default()
                };
                self.change(desk, ticket, patch, What::Tag { tag }).await?;
            }
            Step::Assign { desk, ticket } => {
                let account = AccountId(testing::id(1, 1 + self.plan.people[desk] as u64));
                let patch = TicketPatch {
                    assignee: Some(Some(account)),
                    ..TicketPatch::default()
                };
                self.change(desk, ticket, patch, What::Other).await?;
            }
            Step::Close { desk, ticket } => {
                let patch = TicketPatch {
                    status: Some(TicketStatus::Closed),
                    ..TicketPatch::default()
                };
                self.change(desk, ticket, patch, What::Other).await?;
            }
            Step::Urgent { desk, ticket } => {
                let patch = TicketPatch {
                    priority: Some(Priority::Urgent),
                    ..TicketPatch::default()
                };
                self.change(desk, ticket, patch, What::Other).await?;
            }
            Step::Snooze { desk, ticket } => {
                let patch = TicketPatch {
                    status: Some(TicketStatus::Snoozed),
                    snoozed_until: Some(Utc::now() + TimeDelta::days(2)),
                    ..TicketPatch::default()
                };
                self.change(desk, ticket, patch, What::Other).await?;
            }
            Step::Undo { desk } => self.undo(desk).await?,
            Step::Chat => {
                let text = text("Chat");
                self.write_to_shop(text).await?;
            }
            Step::Settle { desk } => self.catch_up(desk).await?,
            Step::Cut { desk } => self.seats[desk].line.cut(),
            Step::Silence { desk } => self.seats[desk].line.fall_silent(),
            Step::Slow { desk, milliseconds } => {
                let delay = Duration::from_millis(milliseconds);
                self.seats[desk].line.slow_down(delay);
            }
            Step::Trickle { desk } => self.seats[desk].line.trickle(700),
            Step::Swallow { desk, operations } => self.seats[desk].line.swallow_answers(operations),
            Step::Echo { desk, operations } => self.seats[desk].line.echo(operations),
            Step::RepeatFrames { desk, frames } => self.seats[desk].line.repeat_frames(frames),
            Step::ReorderFrames { desk, frames } => self.seats[desk].line.reorder_frames(frames),
            Step::LatePages { desk } => self.seats[desk].line.hold_pages(2),
            Step::Heal { desk } => self.seats[desk].line.heal(),
            Step::Restart => {
                self.house.stop().await?;
                self.house.start().await?;
            }
            Step::Stop => self.house.stop().await?,
            Step::Kill => {
                self.house.kill().await?;
                self.house.start().await?;
            }
            Step::Reopen { desk } => {
                self.seats[desk].close().await?;
                self.seats[desk].open().await?;
            }
            Step::KillDesk {
                desk,
                ticket,
                microseconds,
            } => {
                let text = text("Last words");
                let note = AddNote {
                    ticket: id(ticket),
                    text: text.clone(),
                };
                let after = Duration::from_micros(microseconds);
                let seat = &mut self.seats[desk];
                let op = seat.kill_while("add_note", note, after).await?;
                seat.open().await?;
                self.did(desk, ticket, What::Note { text }, op);
            }
            Step::NewHistory => self.house.begin_anew().await?,
            Step::GatewayJump { seconds } => self.house.set_clock(TimeDelta::seconds(seconds)),
            Step::Sleep { desk, seconds, cut } => {
                self.seats[desk].sleep()?;
                let written = self.write_to_shop(text("Chat")).await;
                if cut {
                    self.seats[desk].line.cut();
                }
                self.seats[desk].wake(seconds).await?;
                written?;
            }
            Step::Jump { desk, seconds } => {
                let _: serde_json::Value = self.seats[desk].call("put_clock", seconds).await?;
            }
        }
        Ok(())
    }

    async fn write_to_shop(&mut self, text: String) -> anyhow::Result<()> {
        self.said.push(Said {
            id: Uuid::now_v7(),
            text,
            acknowledged: false,
        });
        self.chat().await
    }

    /// The author of the last reply of a desk takes it back, unless the line is silent: that may
    /// take longer than a plan has.
    async fn undo(&mut self, desk: usize) -> anyhow::Result<()> {
        let seat = &mut self.seats[desk];
        let last = self.ops.iter_mut().rfind(|op| {
            let goes = op.id.is_some() && op.fate == Fate::Goes;
            op.desk == desk && goes && matches!(op.what, What::Reply { .. })
        });
        let Some(last) = last.filter(|_| !seat.line.is_silent()) else {
            return Ok(());
        };
        let which = UndoSend {
            ticket: last.ticket,
            op: last.id.context("it was acknowledged")?,
        };
        last.fate = match seat.try_call::<TakenBack>("undo_send", which).await? {
            Ok(_) => {
                self.undone += 1;
                Fate::GivenUp
            }
            Err(error) => match error.code {
                CallCode::TooLate | CallCode::NotFound => Fate::Goes,
                CallCode::Unreachable => Fate::Unclear,
                _ => return Err(failed(error)).context("undo"),
            },
        };
        Ok(())
    }

    /// An agent answers what stands on the screen now.
    async fn reply(
        &mut self,
        desk: usize,
        ticket: u64,
        text: String,
        tag: Option<String>,
    ) -> anyhow::Result<()> {
        let seat = &mut self.seats[desk];
        let which = TicketRef { ticket: id(ticket) };
        let view = match seat.try_call::<TicketView>("ticket", which).await? {
            Ok(view) => view,
            // A new history is being copied, and this ticket has not come yet.
            Err(error) if error.code == CallCode::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        let newest = view
            .messages
            .iter()
            .rfind(|message| message.kind == MessageKind::Public);
        let place = newest.map(|message| (message.sent_at, message.id.0));
        let seen = newest.map(|message| message.id);
        let changes = tag.clone().map(|tag| TicketPatch {
            add_tags: vec![tag],
            ..TicketPatch::default()
        });
        let reply = SendReply {
            ticket: id(ticket),
            text: text.clone(),
            seen,
            close: false,
            macro_id: tag.as_ref().map(|_| MacroId(testing::id(8, 1))),
            changes,
        };
        let op = seat.try_call("send_reply", reply).await?;
        if let Some(op) = unless_merged(op)? {
            let what = What::Reply {
                text,
                seen: place,
                tag,
            };
            self.did(desk, ticket, what, Some(op));
        }
        Ok(())
    }

    async fn change(
        &mut self,
        desk: usize,
        ticket: u64,
        patch: TicketPatch,
        what: What,
    ) -> anyhow::Result<()> {
        let change = TicketChange {
            ticket: id(ticket),
            patch,
        };
        let op = self.seats[desk].try_call("change_ticket", change).await?;
        if let Some(op) = unless_merged(op)? {
            self.did(desk, ticket, what, Some(op));
        }
        Ok(())
    }

    fn did(&mut self, desk: usize, ticket: u64, what: What, id_of_op: Option<OpId>) {
        self.ops.push(Op {
            desk,
            ticket: id(ticket),
            what,
            id: id_of_op,
            fate: Fate::Goes,
        });
    }

    /// The chat page sends what was not confirmed, under the ids it has.
    pub(super) async fn chat(&mut self) -> anyhow::Result<()> {
        for said in self.said.iter_mut().filter(|said| !said.acknowledged) {
            let address = self.house.address();
            let answer = match &self.token {
                None => {
                    let open = OpenConversation {
                        name: "Noor Visser".to_owned(),
                        email: "noor@example.com".to_owned(),
                        text: said.text.clone(),
                        id: self.conversation,
                        language: None,
                    };
                    let address = format!("{address}/chat/api/conversations");
                    self.http.post(address).json(&open).send().await
                }
                Some(token) => {
                    let send = ChatSend {
                        id: said.id,
                        text: said.text.clone(),
                    };
                    let address = format!("{address}/chat/api/messages");
                    let request = self.http.post(address).bearer_auth(token).json(&send);
                    request.send().await
                }
            };
            let Ok(answer) = answer else { return Ok(()) };
            let status = answer.status();
            let body = answer.text().await?;
            anyhow::ensure!(status.is_success(), "the chat answered {status}: {body}");
            if self.token.is_none() {
                self.token = serde_json::from_str::<Conversation>(&body)?.token;
            }
            said.acknowledged = true;
        }
        Ok(())
    }

    /// Waits until a desk has caught up.
    pub(super) async fn settle(&mut self, desk: usize, within: Duration) -> anyhow::Result<()> {
        let began = Instant::now();
        let seat = &mut self.seats[desk];
        loop {
            let now: ConnectionView = seat.call("connection", Nothing {}).await?;
            if now.state == Connection::Live && now.history == 100 {
                return Ok(());
            }
            anyhow::ensure!(
                began.elapsed() < within,
                "desk {desk} did not catch up: {now:?}"
            );
            let _: Nothing = seat.call("connect_now", Nothing {}).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a desk has caught up and sent what it has, or could not.
    async fn catch_up(&mut self, desk: usize) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < SETTLE {
            let now: ConnectionView = self.seats[desk].call("connection", Nothing {}).await?;
            let items: Vec<OutboxItem> = self.seats[desk].call("outbox", Nothing {}).await?;
            let waits = |item: &OutboxItem| {
                matches!(item.state, OutboxState::Waiting | OutboxState::Sending)
            };
            if now.state == Connection::Live && !items.iter().any(waits) {
                return Ok(());
            }
            let _: Nothing = self.seats[desk].call("connect_now", Nothing {}).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The newest state of a ticket on a desk's screen, or nothing when it is not there.
    pub(super) async fn screen(
        &mut self,
        desk: usize,
        ticket: &Ticket,
    ) -> anyhow::Result<Option<TicketView>> {
        let which = TicketRef { ticket: ticket.id };
        Ok(self.seats[desk].try_call("ticket", which).await?.ok())
    }
}

/// What was acknowledged, unless the ticket is not to be worked in any more, or not here yet.
fn unless_merged<T>(answer: Result<T, CallError>) -> anyhow::Result<Option<T>> {
    match answer {
        Ok(done) => Ok(Some(done)),
        Err(error) => match error.code {
            CallCode::CannotMerge | CallCode::NotFound => Ok(None),
            _ => Err(failed(error)),
        },
    }
}

fn id(ticket: u64) -> TicketId {
    // Every third ticket of the small shop is closed; these are open.
    TicketId(testing::id(5, ticket))
}
