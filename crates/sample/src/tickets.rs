//! Conversations, made out of what really happened to orders and parcels.

mod cases;
mod dates;
mod facts;
mod scenes;
mod talk;
mod words;

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{
    Account, Channel, Intent, Message, MessageKind, Priority, Ticket, TicketStatus,
    message::Author, text::snippet,
};

use crate::{
    accounts::Desk,
    known,
    orders::{Sold, Trade},
    rng::Rng,
};

/// Tickets and their messages, oldest first.
pub(crate) struct Talk {
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) messages: Vec<Message>,
}

/// How many conversations of each status are drawn, besides those written by hand.
const DRAWN: [(TicketStatus, usize); 4] = [
    (TicketStatus::Open, 54),
    (TicketStatus::Pending, 32),
    (TicketStatus::Snoozed, 14),
    (TicketStatus::Closed, 235),
];

/// In which languages people write, as often as they do.
const LANGUAGES: [&str; 20] = [
    "en", "en", "en", "en", "en", "en", "en", "en", "en", "en", "en", "de", "de", "de", "de", "de",
    "de", "fr", "fr", "fr",
];

/// All conversations.
pub(crate) fn all(trade: &Trade<'_>, sold: &[Sold], accounts: &[Account]) -> Talk {
    let desk = Desk::new(accounts);
    let mut rng = Rng::new("tickets");
    let groups = words::groups();
    let mut made: Vec<(Ticket, Vec<Message>)> = scenes::all(trade, sold, &desk, &mut rng);
    let aoife = made[scenes::AOIFE].0.id;
    let mut finder = cases::Finder::new(trade, sold, &groups);
    for (status, count) in DRAWN {
        for index in 0..count {
            let language = LANGUAGES[rng.below(LANGUAGES.len())];
            for _ in 0..40 {
                if let Some(case) = finder.find(&mut rng, status, language)
                    && let Some(ticket) =
                        talk::make(trade, &desk, &groups, &mut rng, &case, status, index)
                {
                    finder.took(&case);
                    made.push(ticket);
                    break;
                }
            }
        }
    }
    made.sort_by_key(|(ticket, _)| (ticket.created_at, ticket.id));
    let first = made
        .iter()
        .position(|(ticket, _)| ticket.id == aoife)
        .unwrap_or(0);
    let mut talk = Talk {
        tickets: Vec::with_capacity(made.len()),
        messages: Vec::new(),
    };
    for (index, (mut ticket, messages)) in made.into_iter().enumerate() {
        ticket.number = u32::try_from(48_213 + index - first).unwrap_or(0);
        talk.tickets.push(ticket);
        talk.messages.extend(messages);
    }
    talk
}

/// Fills in what follows from the messages.
pub(crate) fn conclude(ticket: &mut Ticket, messages: &[Message]) {
    let public = || {
        messages
            .iter()
            .filter(|message| message.kind == MessageKind::Public)
    };
    if let Some(last) = public().max_by_key(|message| message.sent_at) {
        ticket.last_message_at = last.sent_at;
        ticket.snippet = snippet(&last.text);
        ticket.channel = last.channel;
    }
    ticket.created_at = messages
        .iter()
        .map(|message| message.sent_at)
        .min()
        .unwrap_or(ticket.created_at);
    ticket.updated_at = messages
        .iter()
        .map(|message| message.sent_at)
        .max()
        .unwrap_or(ticket.created_at);
    let waits = public()
        .rev()
        .take_while(|message| matches!(message.author, Author::Customer(_)))
        .last()
        .map(|message| message.sent_at);
    let open = matches!(ticket.status, TicketStatus::Open);
    ticket.waiting_since = waits.filter(|_| open);
    ticket.due_at = ticket
        .waiting_since
        .map(|since| deskhand_domain::sla::due_at(since, ticket.channel, ticket.priority));
    ticket.tags.sort();
    ticket.tags.dedup();
}

/// A ticket with nothing in it yet.
pub(crate) fn blank(
    rng: &mut Rng,
    at: DateTime<Utc>,
    customer: deskhand_domain::CustomerId,
    language: &str,
) -> Ticket {
    Ticket {
        id: rng.id(at),
        number: 0,
        channel: Channel::Email,
        subject: String::new(),
        customer,
        identity: deskhand_domain::ticket::Identity::Verified,
        order: None,
        team: deskhand_domain::TeamId::MAIN,
        assignee: None,
        status: TicketStatus::Open,
        priority: Priority::Normal,
        tags: vec![],
        intent: Intent::Other,
        mood: deskhand_domain::Mood::Neutral,
        language: language.into(),
        at_stake: None,
        escalated: false,
        created_at: at,
        updated_at: at,
        last_message_at: at,
        snippet: String::new(),
        waiting_since: None,
        due_at: None,
        seen_at: None,
        snoozed_until: None,
        mentions: vec![],
        fields: deskhand_domain::Fields::new(),
        merged_into: None,
    }
}

/// The language somebody writes in: their own if it is one of the desk's, else English.
pub(crate) fn written(language: &str) -> &'static str {
    match language {
        "de" => "de",
        "fr" => "fr",
        _ => "en",
    }
}

/// Nine in the morning of a working day, some days on.
pub(crate) fn some_morning(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    crate::clock::work_days_after(now, days) - TimeDelta::hours(9)
}

/// The order of a known person.
pub(crate) fn known_order<'a>(sold: &'a [Sold], buyer: usize, title: &str) -> Option<&'a Sold> {
    let (order, _) = known::of(sold, buyer, title)?;
    sold.iter().find(|sold| sold.order.id == order.id)
}
