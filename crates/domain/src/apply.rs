//! What an operation makes of a ticket.
//!
//! A desktop shows what its agent did before the gateway has it: it lays the operations that still
//! wait over the state that came in, in the order in which they were made, again and again.
//! So applying them twice must be the same as applying them once.

use crate::{
    Instant,
    field::FieldChanges,
    ids::{AccountId, TicketId},
    sla, text,
    ticket::{Priority, Ticket, TicketStatus},
};

/// One change that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Somebody of the shop writes to the customer.
    Reply {
        /// The text.
        text: String,
        /// When it was written.
        at: Instant,
        /// The state the ticket takes with it.
        then: TicketStatus,
    },
    /// Somebody writes to colleagues; nothing of the ticket itself changes.
    Note,
    /// Another state. A snooze without an end is one too.
    Status(TicketStatus),
    /// Another urgency; the clock follows it.
    Priority(Priority),
    /// Somebody else looks after it, or nobody.
    Assign(Option<AccountId>),
    /// Words on it and off it. A word that is in both lists is taken off.
    Tags {
        /// Words to add.
        add: Vec<String>,
        /// Words to take away.
        remove: Vec<String>,
    },
    /// Sleeps until a moment.
    Snooze(Instant),
    /// Handed to a supervisor, or taken back.
    Escalate(bool),
    /// Other values of the shop's own fields.
    Fields(FieldChanges),
    /// Becomes part of another ticket.
    Merge(TicketId),
}

/// Carries an operation out on a ticket. Applied twice, it changes nothing more.
pub fn apply(ticket: &mut Ticket, operation: &Operation) {
    match operation {
        Operation::Reply { text, at, then } => reply(ticket, text, *at, *then),
        Operation::Note => {}
        Operation::Status(status) => enter(ticket, *status, None),
        Operation::Priority(priority) => {
            ticket.priority = *priority;
            ticket.due_at = ticket
                .waiting_since
                .map(|since| sla::due_at(since, ticket.channel, *priority));
        }
        Operation::Assign(account) => ticket.assignee = *account,
        Operation::Tags { add, remove } => {
            ticket.tags.extend(add.iter().cloned());
            ticket.tags.retain(|tag| !remove.contains(tag));
            ticket.tags.sort();
            ticket.tags.dedup();
        }
        Operation::Snooze(until) => enter(ticket, TicketStatus::Snoozed, Some(*until)),
        Operation::Escalate(escalated) => ticket.escalated = *escalated,
        Operation::Fields(changes) => {
            for (key, value) in changes {
                match value {
                    Some(value) => ticket.fields.insert(key.clone(), value.clone()),
                    None => ticket.fields.remove(key),
                };
            }
        }
        Operation::Merge(into) => {
            enter(ticket, TicketStatus::Closed, None);
            ticket.merged_into = Some(*into);
        }
    }
}

/// The shop answered: nobody waits any more, unless somebody wrote since.
fn reply(ticket: &mut Ticket, written: &str, at: Instant, then: TicketStatus) {
    if ticket.last_message_at > at {
        return;
    }
    if ticket.is_unread() {
        ticket.seen_at = Some(at);
    }
    enter(ticket, then, None);
    ticket.waiting_since = None;
    ticket.due_at = None;
    ticket.last_message_at = at;
    ticket.snippet = text::snippet(written);
}

fn enter(ticket: &mut Ticket, status: TicketStatus, until: Option<Instant>) {
    ticket.status = status;
    ticket.snoozed_until = until;
    if status == TicketStatus::Closed {
        ticket.waiting_since = None;
        ticket.due_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{CustomerId, TicketId},
        ticket::{Channel, Identity, Intent, Mood},
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(second: i64) -> Instant {
        Instant::from_timestamp(second, 0).expect("a moment")
    }

    fn waiting(since: i64) -> Ticket {
        Ticket {
            id: TicketId(Uuid::nil()),
            number: 1,
            channel: Channel::WebChat,
            subject: "Tent".into(),
            customer: CustomerId(Uuid::nil()),
            identity: Identity::Claimed,
            order: None,
            team: crate::ids::TeamId::MAIN,
            assignee: None,
            status: TicketStatus::Open,
            priority: Priority::Normal,
            tags: vec!["tent".into()],
            intent: Intent::Other,
            mood: Mood::Neutral,
            language: "en".into(),
            at_stake: None,
            escalated: false,
            created_at: at(0),
            updated_at: at(since),
            last_message_at: at(since),
            snippet: "Where is it?".into(),
            waiting_since: Some(at(since)),
            due_at: Some(at(since + 600)),
            seen_at: None,
            snoozed_until: None,
            mentions: vec![],
            fields: crate::Fields::new(),
            merged_into: None,
        }
    }

    fn after(ticket: &Ticket, operations: &[Operation]) -> Ticket {
        let mut ticket = ticket.clone();
        for operation in operations {
            apply(&mut ticket, operation);
        }
        ticket
    }

    fn reply_at(second: i64, then: TicketStatus) -> Operation {
        Operation::Reply {
            text: "It is on its way.".into(),
            at: at(second),
            then,
        }
    }

    #[test]
    fn a_reply_takes_the_ticket_off_the_clock_unless_the_customer_wrote_since() {
        let reply = reply_at(100, TicketStatus::Pending);
        let answered = after(&waiting(90), std::slice::from_ref(&reply));
        assert_eq!(answered.status, TicketStatus::Pending);
        assert_eq!((answered.waiting_since, answered.due_at), (None, None));
        assert_eq!(answered.snippet, "It is on its way.");
        assert!(!answered.is_unread());

        let moved = waiting(110);
        assert_eq!(after(&moved, &[reply]), moved, "it answers an older word");
    }

    #[test]
    fn closing_ends_the_wait_and_urgency_moves_the_clock() {
        let closed = after(&waiting(0), &[Operation::Status(TicketStatus::Closed)]);
        assert_eq!((closed.waiting_since, closed.due_at), (None, None));
        let urgent = after(&waiting(0), &[Operation::Priority(Priority::Urgent)]);
        assert!(urgent.due_at < waiting(0).due_at);
        let asleep = after(&waiting(0), &[Operation::Snooze(at(500))]);
        assert_eq!(asleep.snoozed_until, Some(at(500)));
        let awake = after(&asleep, &[Operation::Status(TicketStatus::Open)]);
        assert_eq!(awake.snoozed_until, None);
    }

    fn tags() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec("[a-e]", 0..4)
    }

    fn status() -> impl Strategy<Value = TicketStatus> {
        prop_oneof![
            Just(TicketStatus::Open),
            Just(TicketStatus::Pending),
            Just(TicketStatus::Closed),
        ]
    }

    /// An operation whose reply, if it is one, was written in that second.
    fn operation(second: i64) -> impl Strategy<Value = Operation> {
        prop_oneof![
            status().prop_map(move |then| reply_at(second, then)),
            Just(Operation::Note),
            status().prop_map(Operation::Status),
            prop_oneof![
                Just(Priority::Low),
                Just(Priority::High),
                Just(Priority::Urgent)
            ]
            .prop_map(Operation::Priority),
            proptest::option::of(0_u128..3)
                .prop_map(|who| Operation::Assign(who.map(|n| AccountId(Uuid::from_u128(n))))),
            (tags(), tags()).prop_map(|(add, remove)| Operation::Tags { add, remove }),
            (0_i64..500).prop_map(|until| Operation::Snooze(at(until))),
            any::<bool>().prop_map(Operation::Escalate),
            proptest::collection::btree_map(
                "[a-c]",
                proptest::option::of((0_i64..3).prop_map(crate::FieldValue::Number)),
                0..3
            )
            .prop_map(Operation::Fields),
        ]
    }

    /// Operations in the order in which they were made.
    fn queue() -> impl Strategy<Value = Vec<Operation>> {
        (0_usize..8).prop_flat_map(|length| {
            (0..length)
                .map(|index| operation(100 + 10 * i64::try_from(index).unwrap_or_default()))
                .collect::<Vec<_>>()
        })
    }

    proptest! {
        #[test]
        fn a_queue_applied_twice_is_applied_once(queue in queue(), since in 0_i64..200) {
            let once = after(&waiting(since), &queue);
            prop_assert_eq!(after(&once, &queue), once);
        }

        #[test]
        fn what_the_gateway_has_already_done_is_not_done_again(
            queue in queue(), since in 0_i64..200, have in 0_usize..8,
        ) {
            let start = waiting(since);
            let arrived = after(&start, queue.get(..have).unwrap_or(&queue));
            prop_assert_eq!(after(&arrived, &queue), after(&start, &queue));
        }

        #[test]
        fn tags_of_two_people_commute_unless_they_mean_the_opposite_of_one_word(
            one in (tags(), tags()), other in (tags(), tags()),
        ) {
            let opposite = |a: &[String], b: &[String]| a.iter().any(|tag| b.contains(tag));
            prop_assume!(!opposite(&one.0, &other.1) && !opposite(&one.1, &other.0));
            let [one, other] = [one, other].map(|(add, remove)| Operation::Tags { add, remove });
            let start = waiting(0);
            prop_assert_eq!(
                after(&start, &[one.clone(), other.clone()]),
                after(&start, &[other, one])
            );
        }

        #[test]
        fn tags_commute_with_everything_else(queue in queue(), add in tags(), at in 0_usize..8) {
            let others: Vec<Operation> = queue
                .into_iter()
                .filter(|operation| !matches!(operation, Operation::Tags { .. }))
                .collect();
            let tagged = Operation::Tags { add, remove: vec![] };
            let mut early = others.clone();
            early.insert(at.min(others.len()), tagged.clone());
            let mut late = others;
            late.push(tagged);
            prop_assert_eq!(after(&waiting(50), &early), after(&waiting(50), &late));
        }
    }
}
