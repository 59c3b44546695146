//! One conversation: who says what when, in whose words.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use deskhand_domain::{
    AccountId, Channel, Delivery, Intent, Message, MessageKind, Mood, Priority, Ticket,
    TicketStatus, message::Author, sla::answer_within, ticket::Identity,
};
use std::collections::BTreeSet;

use super::{
    blank,
    cases::Case,
    conclude,
    facts::{self, About},
    some_morning,
    words::{Group, Line, Slots, render, tidy},
};
use crate::{
    accounts::Desk,
    clock::{berlin, desk},
    orders::Trade,
    rng::Rng,
};

/// Which steps a conversation has: odd ones are the customer's, `n` is a note.
fn steps(rng: &mut Rng, status: TicketStatus) -> &'static str {
    let choices: &[&'static str] = match status {
        TicketStatus::Open => &["1", "1", "1", "123", "1n", "12n3", "12345"],
        TicketStatus::Pending => &["12", "12", "1234", "1n2", "12n"],
        TicketStatus::Snoozed => &["12", "12n", "1234"],
        TicketStatus::Closed => &[
            "12", "125", "125", "1234", "12345", "12345", "1n25", "123n45", "1n2345",
        ],
    };
    rng.pick::<&'static str>(choices)
}

/// A ticket of the case, or nothing when its story has no words or would end in the future.
pub(crate) fn make(
    trade: &Trade<'_>,
    staff: &Desk,
    groups: &[Group],
    rng: &mut Rng,
    case: &Case<'_>,
    status: TicketStatus,
    index: usize,
) -> Option<(Ticket, Vec<Message>)> {
    let person = &trade.people[case.buyer];
    let about = About {
        person,
        sold: case.sold,
        line: case.line,
        product: case.product,
    };
    let channel = channel(rng, person.customer.phone.is_some());
    let priority = priority(rng, case.intent);
    let assignee = assignee(staff, rng, status, index);
    let plan: Vec<char> = steps(rng, status).chars().collect();
    let times = times(trade.now, rng, &plan, case.at, channel, priority, status)?;
    if times[0] < case.since {
        return None;
    }
    let mut ticket = blank(rng, times[0], person.customer.id, case.language);
    let author = assignee.unwrap_or(*rng.pick(&staff.agents()));
    let mut voice = Voice {
        trade,
        groups,
        case,
        about: &about,
        used: BTreeSet::new(),
        threads: "",
        group: None,
    };
    let mut messages: Vec<Message> = Vec::new();
    for (step, at) in plan.iter().zip(&times) {
        let say = voice.say(rng, *step, *at, channel, staff.first_name(author))?;
        if *step == '1' {
            ticket.subject = voice.subject(rng, *at)?;
        }
        let customer = step.to_digit(10).is_some_and(|digit| digit % 2 == 1);
        let note = *step == 'n';
        let writer = if note {
            *rng.pick(&staff.agents())
        } else {
            author
        };
        messages.push(Message {
            id: rng.id(*at),
            ticket: ticket.id,
            kind: if note {
                MessageKind::Note
            } else {
                MessageKind::Public
            },
            author: if customer {
                Author::Customer(person.customer.id)
            } else {
                Author::Account(writer)
            },
            channel,
            text: say,
            sent_at: *at,
            delivery: (!customer && !note).then(|| delivery(rng, channel)),
            held_until: None,
            attachments: if *step == '1' {
                attachments(rng, case)
            } else {
                vec![]
            },
        });
    }
    read_what_was_answered(&mut messages);
    ticket.intent = case.intent;
    ticket.mood = mood(rng, case, times[0]);
    ticket.priority = priority;
    ticket.status = status;
    ticket.assignee = assignee;
    ticket.order = case.sold.map(|sold| sold.order.id);
    ticket.at_stake = at_stake(case);
    ticket.identity = if channel == Channel::WebChat && rng.chance(60) {
        Identity::Claimed
    } else {
        Identity::Verified
    };
    ticket.tags = tags(rng, case, times[0]);
    conclude(&mut ticket, &messages);
    finish(trade.now, staff, rng, &mut ticket, index);
    Some((ticket, messages))
}

/// What only the status decides.
fn finish(now: DateTime<Utc>, staff: &Desk, rng: &mut Rng, ticket: &mut Ticket, index: usize) {
    let seen = (ticket.last_message_at + TimeDelta::minutes(rng.between(1, 6))).min(now);
    match ticket.status {
        TicketStatus::Open => {
            ticket.seen_at = (index % 7 != 3).then_some(seen);
            ticket.escalated = index == 14 || index == 23;
            if index == 17 || index == 30 {
                ticket.mentions.push(staff.priya);
            }
        }
        TicketStatus::Snoozed => {
            ticket.seen_at = Some(seen);
            ticket.snoozed_until =
                Some(some_morning(now, u32::try_from(1 + index % 4).unwrap_or(1)));
        }
        TicketStatus::Pending | TicketStatus::Closed => ticket.seen_at = Some(seen),
    }
    if ticket.escalated {
        ticket.assignee = Some(staff.mette);
    }
}

/// Who has it: four of Priya's, nine of nobody's, the rest of the others.
fn assignee(staff: &Desk, rng: &mut Rng, status: TicketStatus, index: usize) -> Option<AccountId> {
    match status {
        TicketStatus::Open => match index {
            0..=3 => Some(staff.priya),
            4..=11 => None,
            _ => Some(*rng.pick(&[staff.daniel, staff.luis, staff.anna])),
        },
        TicketStatus::Snoozed if index < 6 => Some(staff.priya),
        _ => Some(*rng.pick(&staff.agents())),
    }
}

fn channel(rng: &mut Rng, has_phone: bool) -> Channel {
    match rng.below(100) {
        0..=59 => Channel::Email,
        60..=79 if has_phone => Channel::Whatsapp,
        _ => Channel::WebChat,
    }
}

fn priority(rng: &mut Rng, intent: Intent) -> Priority {
    match (intent, rng.below(20)) {
        (_, 0) => Priority::Urgent,
        (Intent::Thanks | Intent::ProductQuestion | Intent::Other, 1..=8) => Priority::Low,
        (Intent::Cancel | Intent::AddressChange, 1..=9) => Priority::High,
        (_, 1..=2) => Priority::High,
        (_, 3) => Priority::Low,
        _ => Priority::Normal,
    }
}

/// When each step happens. Open tickets end in a wait that is not over yet.
fn times(
    now: DateTime<Utc>,
    rng: &mut Rng,
    plan: &[char],
    at: DateTime<Utc>,
    channel: Channel,
    priority: Priority,
    status: TicketStatus,
) -> Option<Vec<DateTime<Utc>>> {
    let pause = |rng: &mut Rng| {
        TimeDelta::seconds(match channel {
            Channel::WebChat => rng.between(40, 420),
            Channel::Whatsapp => rng.between(150, 5_400),
            Channel::Email => rng.between(1_500, 40_000),
        })
    };
    if status == TicketStatus::Open {
        let limit = answer_within(channel, priority).num_seconds();
        let waited = TimeDelta::seconds(rng.between(limit / 12, limit * 9 / 10));
        let mut moment = now - waited;
        let mut times = vec![moment];
        // A note comes after the message that waits, everything else before it.
        let tail = plan.iter().rev().take_while(|step| **step == 'n').count();
        for _ in 1..plan.len() - tail {
            moment -= pause(rng);
            times.push(moment);
        }
        times.reverse();
        for _ in 0..tail {
            times.push(now - TimeDelta::seconds(waited.num_seconds() / rng.between(2, 4)));
        }
        return Some(times);
    }
    let mut moment = at;
    let mut times = vec![moment];
    for step in &plan[1..] {
        moment += pause(rng);
        if step.to_digit(10).is_none_or(|digit| digit % 2 == 0) {
            moment = desk(rng, moment);
        }
        times.push(moment);
    }
    (moment < now - TimeDelta::minutes(20)).then_some(times)
}

struct Voice<'a> {
    trade: &'a Trade<'a>,
    groups: &'a [Group],
    case: &'a Case<'a>,
    about: &'a About<'a>,
    used: BTreeSet<&'static str>,
    /// What the last line was about, when only some lines answer it.
    threads: &'static str,
    /// The group of a question that has one answer, kept for the whole conversation.
    group: Option<&'a Group>,
}

impl<'a> Voice<'a> {
    fn slots(&self, at: DateTime<Utc>) -> Slots {
        facts::slots(self.about, self.trade.catalogue, at, self.case.language)
    }

    /// The groups that fit now: the one chosen first, or another when the parcel moved on.
    fn fitting(&mut self, rng: &mut Rng, at: DateTime<Utc>, slots: &Slots) -> Vec<&'a Group> {
        let state = self.case.state(at);
        let fits = |group: &Group| {
            let allows = |key: &str, value: &str| {
                group
                    .keys
                    .get(key)
                    .is_none_or(|list| list.split(',').any(|one| one == value))
            };
            group.intent == self.case.key
                && group.language == self.case.language
                && allows("sit", state)
                && allows("kind", slots.get("kind").map_or("", String::as_str))
        };
        if !self.group.is_some_and(fits) {
            let named: Vec<&Group> = self
                .groups
                .iter()
                .filter(|group| group.name != "any" && fits(group))
                .collect();
            self.group = (!named.is_empty()).then(|| *rng.pick(&named));
        }
        let any = self
            .groups
            .iter()
            .filter(|group| group.name == "any" && fits(group));
        self.group.into_iter().chain(any).collect()
    }

    fn subject(&mut self, rng: &mut Rng, at: DateTime<Utc>) -> Option<String> {
        let slots = self.slots(at);
        self.line(rng, 's', at, &slots).map(|text| tidy(&text))
    }

    /// A line of the step that nobody has said here, and that answers the line before.
    fn line(
        &mut self,
        rng: &mut Rng,
        step: char,
        at: DateTime<Utc>,
        slots: &Slots,
    ) -> Option<String> {
        let groups = self.fitting(rng, at, slots);
        let mut lines: Vec<Line> = groups.iter().flat_map(|group| group.lines(step)).collect();
        if lines.is_empty() && step == '5' {
            lines = self.common("end");
        }
        let talks = step.is_ascii_digit();
        if talks && step != '1' {
            let answers = |line: &Line| line.threads.chars().any(|one| self.threads.contains(one));
            if lines.iter().any(answers) {
                lines.retain(answers);
            } else if step == '4' || !self.threads.is_empty() {
                lines.retain(|line| line.threads.is_empty());
            }
        }
        lines.retain(|line| !self.used.contains(line.text));
        rng.shuffle(&mut lines);
        lines.into_iter().find_map(|line| {
            let text = render(line.text, slots, rng)?;
            self.used.insert(line.text);
            if talks {
                self.threads = line.threads;
            }
            Some(text)
        })
    }

    fn common(&self, name: &str) -> Vec<Line> {
        self.groups
            .iter()
            .filter(|group| {
                group.intent == "common"
                    && group.name == name
                    && group.language == self.case.language
            })
            .flat_map(|group| group.lines('t'))
            .collect()
    }

    /// A greeting or an ending that fits the hour.
    fn polite(
        &self,
        rng: &mut Rng,
        name: &str,
        at: DateTime<Utc>,
        slots: &Slots,
    ) -> Option<String> {
        let is_morning = berlin(at).hour() < 11;
        let mut lines = self.common(name);
        lines.retain(|line| {
            is_morning
                || !["morning", "Morgen", "Moin"]
                    .iter()
                    .any(|word| line.text.contains(word))
        });
        render(rng.pick(&lines).text, slots, rng)
    }

    /// The whole message of a step, with greeting and name as the channel has them.
    fn say(
        &mut self,
        rng: &mut Rng,
        step: char,
        at: DateTime<Utc>,
        channel: Channel,
        agent: &str,
    ) -> Option<String> {
        let mut slots = self.slots(at);
        slots.insert("agent", agent.to_owned());
        let body = self.line(rng, step, at, &slots)?;
        let customer = matches!(step, '1' | '3' | '5');
        let common = |rng: &mut Rng, name: &str| self.polite(rng, name, at, &slots);
        let text = match (channel, step) {
            (_, 'n') => body,
            (Channel::Email, _) => {
                let hello = match step {
                    '1' => "hello_first",
                    '3' | '5' => "hello_again",
                    _ => "hello_agent",
                };
                let bye = if customer {
                    "bye_customer"
                } else {
                    "bye_agent"
                };
                let hello = common(rng, hello)?;
                let bye = common(rng, bye)?;
                format!("{hello}\n\n{}\n\n{bye}", tidy(&body))
            }
            (_, '1') if rng.chance(55) => format!("{} {}", common(rng, "chat_first")?, tidy(&body)),
            (_, '2') => format!("{} {}", common(rng, "chat_agent")?, tidy(&body)),
            _ => body,
        };
        Some(tidy(&text))
    }
}

fn delivery(rng: &mut Rng, channel: Channel) -> Delivery {
    match (channel, rng.below(20)) {
        (_, 0) => Delivery::Failed,
        (Channel::Email, 1..=4) => Delivery::Sent,
        (Channel::Email, _) => Delivery::Delivered,
        (_, 1..=9) => Delivery::Delivered,
        _ => Delivery::Read,
    }
}

/// Whoever was answered has got what they answer to.
fn read_what_was_answered(messages: &mut [Message]) {
    let mut answered = false;
    for message in messages.iter_mut().rev() {
        match message.author {
            Author::Customer(_) => answered = true,
            _ if answered && message.delivery.is_some() => {
                message.delivery = Some(match message.channel {
                    Channel::Email => Delivery::Delivered,
                    _ => Delivery::Read,
                });
            }
            _ => {}
        }
    }
}

fn attachments(rng: &mut Rng, case: &Case<'_>) -> Vec<String> {
    let photo = |rng: &mut Rng| format!("IMG_{}.jpg", rng.digits(4));
    match case.intent {
        Intent::Damaged | Intent::Warranty | Intent::WrongItem => {
            (0..rng.between(1, 2)).map(|_| photo(rng)).collect()
        }
        Intent::Customs if rng.chance(50) => vec!["customs-letter.pdf".into()],
        Intent::WhereIsIt if rng.chance(10) => vec!["tracking.png".into()],
        Intent::Refund if rng.chance(12) => vec!["statement.pdf".into()],
        Intent::MissingItem if rng.chance(50) => vec![photo(rng)],
        _ => vec![],
    }
}

fn mood(rng: &mut Rng, case: &Case<'_>, at: DateTime<Utc>) -> Mood {
    let troubled = matches!(
        case.state(at),
        "late"
            | "stalled"
            | "lost"
            | "unshipped_late"
            | "split_late"
            | "returning"
            | "address"
            | "failed"
    );
    match (case.intent, rng.below(10)) {
        (Intent::Thanks, _) => Mood::Pleased,
        (Intent::Complaint, 0..=6) => Mood::Angry,
        (Intent::NotReceived | Intent::Customs, 0..=5) => Mood::Worried,
        (Intent::WhereIsIt, 0..=5) if troubled => Mood::Worried,
        (Intent::WhereIsIt, 6) if troubled => Mood::Angry,
        (Intent::Refund | Intent::Damaged, 0) => Mood::Angry,
        (Intent::Refund | Intent::Damaged | Intent::Cancel, 1..=2) => Mood::Worried,
        (Intent::ProductQuestion, 0) => Mood::Pleased,
        _ => Mood::Neutral,
    }
}

fn at_stake(case: &Case<'_>) -> Option<deskhand_domain::Money> {
    let order = &case.sold?.order;
    match case.intent {
        Intent::Thanks | Intent::Other | Intent::Invoice | Intent::ProductQuestion => None,
        Intent::Refund => order.refunds.last().map(|refund| refund.amount),
        Intent::WhereIsIt
        | Intent::NotReceived
        | Intent::Cancel
        | Intent::AddressChange
        | Intent::Customs
        | Intent::Payment => Some(order.total),
        _ => Some(crate::aftercare::share_of(order, case.line)),
    }
}

fn tags(rng: &mut Rng, case: &Case<'_>, at: DateTime<Utc>) -> Vec<String> {
    let mut tags: Vec<&str> = Vec::new();
    match case.state(at) {
        "split" | "split_late" | "rest" => tags.push("split parcel"),
        "stalled" | "lost" => tags.push("trace"),
        "customs" | "held" => tags.push("customs"),
        "gift" => tags.push("gift card"),
        _ => {}
    }
    match case.intent {
        Intent::Warranty => tags.push("warranty"),
        Intent::WrongItem | Intent::MissingItem => tags.push("warehouse"),
        Intent::Damaged if rng.chance(40) => tags.push("photos"),
        _ => {}
    }
    if let Some(sold) = case.sold
        && rng.chance(25)
        && let Some(word) = sold.order.lines[case.line].title.split(' ').next_back()
    {
        tags.push(word);
    }
    tags.into_iter().map(str::to_owned).collect()
}
