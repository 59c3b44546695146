//! The conversations written by hand, read from `data/talk/scenes.toml`.

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{
    Channel, Delivery, Intent, Message, MessageKind, Money, Mood, Priority, Ticket, TicketStatus,
    message::Author, sla::answer_within,
};
use serde::Deserialize;

use super::{
    blank, conclude, dates,
    facts::{self, About},
    known_order, some_morning,
    words::{render, tidy},
};
use crate::{
    accounts::Desk,
    orders::{Sold, Trade},
    rng::Rng,
};

/// Which of the scenes is Aoife's tent.
pub(crate) const AOIFE: usize = 1;

#[derive(Deserialize)]
struct File {
    scene: Vec<Scene>,
}

#[derive(Deserialize)]
struct Scene {
    who: String,
    /// The first line of the order it is about.
    about: Option<String>,
    channel: Channel,
    subject: String,
    intent: Intent,
    mood: Mood,
    language: String,
    assignee: Option<String>,
    #[serde(default = "normal")]
    priority: Priority,
    #[serde(default = "open")]
    status: TicketStatus,
    /// In how many minutes the answer is due.
    due: Option<i64>,
    at_stake: Option<i64>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    unread: bool,
    #[serde(default)]
    escalated: bool,
    #[serde(default)]
    mentions: Vec<String>,
    say: Vec<Say>,
}

#[derive(Deserialize)]
struct Say {
    /// `customer`, an agent's first name, or `system`.
    by: String,
    /// How many minutes ago; for the message that waits, the clock decides.
    ago: Option<i64>,
    channel: Option<Channel>,
    #[serde(default)]
    note: bool,
    #[serde(default)]
    attachments: Vec<String>,
    delivery: Option<Delivery>,
    text: String,
}

fn normal() -> Priority {
    Priority::Normal
}

fn open() -> TicketStatus {
    TicketStatus::Open
}

/// Every scene, in the order of the file.
pub(crate) fn all(
    trade: &Trade<'_>,
    sold: &[Sold],
    staff: &Desk,
    rng: &mut Rng,
) -> Vec<(Ticket, Vec<Message>)> {
    let file: File = toml::from_str(include_str!("../../data/talk/scenes.toml"))
        .expect("scenes.toml is part of the program");
    file.scene
        .iter()
        .map(|scene| play(scene, trade, sold, staff, rng))
        .collect()
}

fn play(
    scene: &Scene,
    trade: &Trade<'_>,
    sold: &[Sold],
    staff: &Desk,
    rng: &mut Rng,
) -> (Ticket, Vec<Message>) {
    let now = trade.now;
    let buyer = trade
        .people
        .iter()
        .position(|person| person.customer.name == scene.who)
        .unwrap_or(0);
    let order = scene
        .about
        .as_deref()
        .and_then(|title| known_order(sold, buyer, title));
    let about = About {
        person: &trade.people[buyer],
        sold: order,
        line: 0,
        product: None,
    };
    let within = answer_within(scene.channel, scene.priority);
    let waited = scene.due.map(|due| within - TimeDelta::minutes(due));
    let staff_id = |name: &str| {
        [
            staff.priya,
            staff.daniel,
            staff.luis,
            staff.anna,
            staff.mette,
            staff.sven,
        ]
        .into_iter()
        .find(|id| staff.first_name(*id) == name)
        .unwrap_or(staff.priya)
    };
    let mut ticket = blank(rng, now, trade.people[buyer].customer.id, &scene.language);
    let mut messages = Vec::new();
    for say in &scene.say {
        let at = say
            .ago
            .map(|ago| now - TimeDelta::minutes(ago))
            .or(waited.map(|waited| now - waited))
            .unwrap_or(now);
        let by_customer = say.by == "customer";
        messages.push(Message {
            id: rng.id(at),
            ticket: ticket.id,
            kind: if say.note {
                MessageKind::Note
            } else {
                MessageKind::Public
            },
            author: match say.by.as_str() {
                "customer" => Author::Customer(trade.people[buyer].customer.id),
                "system" => Author::System,
                name => Author::Account(staff_id(name)),
            },
            channel: say.channel.unwrap_or(scene.channel),
            text: words(trade, &about, at, &scene.language, &say.text, rng),
            sent_at: at,
            delivery: (!by_customer && !say.note).then(|| say.delivery.unwrap_or(Delivery::Read)),
            attachments: say.attachments.clone(),
            held_until: None,
        });
    }
    messages.sort_by_key(|message| message.sent_at);
    ticket.id = rng.id(messages[0].sent_at);
    for message in &mut messages {
        message.ticket = ticket.id;
    }
    ticket.subject = words(trade, &about, now, &scene.language, &scene.subject, rng);
    ticket.order = order.map(|sold| sold.order.id);
    ticket.intent = scene.intent;
    ticket.mood = scene.mood;
    ticket.priority = scene.priority;
    ticket.status = scene.status;
    ticket.assignee = scene.assignee.as_deref().map(staff_id);
    ticket.tags.clone_from(&scene.tags);
    ticket.escalated = scene.escalated;
    ticket.mentions = scene.mentions.iter().map(|name| staff_id(name)).collect();
    ticket.at_stake = scene.at_stake.map(|minor| {
        Money::new(
            minor,
            order.map_or(deskhand_domain::Currency::EUR, |sold| {
                sold.order.total.currency
            }),
        )
    });
    conclude(&mut ticket, &messages);
    if let Some(due) = scene.due {
        ticket.due_at = Some(now + TimeDelta::minutes(due));
        ticket.waiting_since = waited.map(|waited| now - waited);
    }
    if scene.status == TicketStatus::Snoozed {
        ticket.snoozed_until = Some(some_morning(now, 2));
    }
    ticket.seen_at = (!scene.unread).then(|| (ticket.updated_at + TimeDelta::minutes(1)).min(now));
    (ticket, messages)
}

/// The text with its gaps filled; a gap that nothing fills shows at once in the tests.
fn words(
    trade: &Trade<'_>,
    about: &About<'_>,
    at: DateTime<Utc>,
    language: &str,
    text: &str,
    rng: &mut Rng,
) -> String {
    let mut slots = facts::slots(about, trade.catalogue, at, language);
    let trip = dates::saturday_after_next(trade.now);
    let ordinal = match chrono::Datelike::day(&crate::clock::berlin(trip)) {
        day @ (1 | 21 | 31) => format!("{day}st"),
        day @ (2 | 22) => format!("{day}nd"),
        day @ (3 | 23) => format!("{day}rd"),
        day => format!("{day}th"),
    };
    slots.insert("trip", ordinal);
    if let Some(sold) = about.sold
        && let Some(other) = sold.shipments.get(1)
        && let Some(delivered) = other.delivered_at
    {
        slots.insert("second_day", dates::weekday(delivered, language).into());
    }
    tidy(&render(text.trim(), &slots, rng).unwrap_or_else(|| text.to_owned()))
}
