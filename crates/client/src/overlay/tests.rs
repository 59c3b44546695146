use super::*;
use chrono::{DateTime, Utc};
use deskhand_cache::{Cache, Key, Progress, Writer};
use deskhand_domain::{
    AccountId, Currency, CustomerId, Money, Mood, OpId, Priority, ticket::Identity,
};
use deskhand_protocol::sync::{Change, Record};
use proptest::{prelude::*, test_runner::Config};
use uuid::Uuid;

const ME: AccountId = AccountId(Uuid::from_u128(77));

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a moment")
}

fn viewer() -> Viewer {
    Viewer {
        me: ME,
        currency: Currency::EUR,
        now: at(0),
    }
}

type Parts = (u8, u8, u8, u8, u8, bool, i64);

fn parts() -> impl Strategy<Value = Parts> {
    (
        0_u8..5,
        0_u8..3,
        0_u8..3,
        0_u8..4,
        0_u8..3,
        any::<bool>(),
        -9000_i64..9000,
    )
}

/// A ticket that differs from every other in all that lists are ordered by.
fn ticket(number: u32, parts: Parts) -> Ticket {
    let (status, assignee, channel, intent, stake, flag, moment) = parts;
    let waits = flag.then(|| at(moment * 10 + i64::from(number % 10)));
    let (status, snoozed_until) = match status {
        0 | 1 => (TicketStatus::Open, None),
        2 => (TicketStatus::Pending, None),
        3 => (
            TicketStatus::Snoozed,
            Some(at(if flag { 5000 } else { -5 })),
        ),
        _ => (TicketStatus::Closed, None),
    };
    Ticket {
        id: Uuid::from_u128(number.into()).into(),
        number,
        channel: [Channel::Email, Channel::WebChat, Channel::Whatsapp][usize::from(channel)],
        subject: "Tent".into(),
        customer: CustomerId(Uuid::from_u128(5)),
        identity: Identity::Claimed,
        order: None,
        team: deskhand_domain::TeamId::MAIN,
        assignee: [None, Some(ME), Some(AccountId(Uuid::from_u128(78)))][usize::from(assignee)],
        status,
        priority: Priority::Normal,
        tags: vec![],
        intent: [
            Intent::Other,
            Intent::Refund,
            Intent::WhereIsIt,
            Intent::Return,
        ][usize::from(intent)],
        mood: Mood::Neutral,
        language: "en".into(),
        at_stake: [
            None,
            Some((29_999, Currency::EUR)),
            Some((30_000, Currency::EUR)),
        ][usize::from(stake)]
        .map(|(minor, currency)| Money::new(minor, currency)),
        escalated: flag && intent == 1,
        created_at: at(-90_000),
        updated_at: at(-90_000),
        last_message_at: at(-100_000 + i64::from(number)),
        snippet: String::new(),
        waiting_since: waits,
        due_at: waits,
        seen_at: None,
        snoozed_until,
        mentions: if intent == 3 { vec![ME] } else { vec![] },
        fields: deskhand_domain::Fields::new(),
        merged_into: None,
    }
}

/// Something that a person does, by number.
fn action(what: u8) -> OutboxAction {
    let patch = |patch| OutboxAction::Change { patch };
    match what {
        0 => patch(TicketPatch {
            status: Some(TicketStatus::Closed),
            ..TicketPatch::default()
        }),
        1 => patch(TicketPatch {
            assignee: Some(Some(ME)),
            ..TicketPatch::default()
        }),
        2 => patch(TicketPatch {
            status: Some(TicketStatus::Snoozed),
            snoozed_until: Some(at(8000)),
            ..TicketPatch::default()
        }),
        3 => patch(TicketPatch {
            priority: Some(Priority::Urgent),
            escalated: Some(true),
            ..TicketPatch::default()
        }),
        other => OutboxAction::Reply {
            text: "It is on its way.".into(),
            seen: None,
            close: other == 4,
            macro_id: None,
            changes: None,
        },
    }
}

async fn filled(tickets: &[Ticket]) -> (tempfile::TempDir, Writer, Reader) {
    let folder = tempfile::tempdir().expect("a folder");
    let (writer, reader) = Cache::open(&folder.path().join("cache.db"), &Key::random())
        .await
        .expect("a cache");
    let changes: Vec<Change> = (1..)
        .zip(tickets)
        .map(|(position, ticket)| Change {
            position,
            record: Record::Ticket(ticket.clone()),
        })
        .collect();
    let begin = Progress::Begin {
        epoch: "e",
        live: "c",
        next: None,
        total: 1,
    };
    let applied = writer.apply(&changes, begin, at(0)).await;
    applied.expect("applied");
    (folder, writer, reader)
}

async fn enqueue(writer: &Writer, number: u32, ticket: &Ticket, action: &OutboxAction) -> OpId {
    let op = OpId(Uuid::from_u128(1000 + u128::from(number)));
    // Every reply is written at a moment of its own.
    let now = at(10 + i64::from(number));
    let stored = writer.enqueue(op, ticket.id, action, now).await;
    stored.expect("stored");
    op
}

const NONE: [u32; 0] = [];
const SORTS: [Sort; 3] = [Sort::Clock, Sort::Newest, Sort::Oldest];

/// All of a view, asked for in slices.
async fn whole(reader: &Reader, view: ViewId, sort: Sort, limit: u32) -> Vec<u32> {
    let mut numbers = Vec::new();
    loop {
        let query = TicketQuery {
            view,
            sort,
            offset: length(numbers.len()),
            limit,
        };
        let (total, rows) = list(reader, &viewer(), &query).await.expect("a list");
        if rows.is_empty() {
            assert_eq!(length(numbers.len()), total, "{view:?} {sort:?}");
            return numbers;
        }
        numbers.extend(rows.iter().map(|(ticket, _)| ticket.number));
    }
}

fn expected(tickets: &[Ticket], view: ViewId, sort: Sort, overlay: &Overlay) -> Vec<u32> {
    let mut tickets: Vec<Ticket> = tickets.to_vec();
    for ticket in &mut tickets {
        overlay.lay_over(ticket);
    }
    tickets.retain(|ticket| overlay.holds(view, ticket, &viewer()));
    tickets.sort_by(|a, b| compare(sort, a, b));
    tickets.iter().map(|ticket| ticket.number).collect()
}

proptest! {
    #![proptest_config(Config::with_cases(12))]
    #[test]
    fn every_list_and_count_is_as_if_what_waits_had_been_done(
        tickets in proptest::collection::vec(parts(), 1..24),
        actions in proptest::collection::vec((0_usize..24, 0_u8..6), 0..8),
        limit in 1_u32..7,
    ) {
        let tickets: Vec<Ticket> = (1..).zip(tickets).map(|(n, parts)| ticket(n, parts)).collect();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let (_folder, writer, reader) = filled(&tickets).await;
            for sort in SORTS {
                for view in ViewId::ALL {
                    let shown = whole(&reader, view, sort, limit).await;
                    assert_eq!(shown, expected(&tickets, view, sort, &Overlay::default()));
                }
            }
            for (number, (which, what)) in (0..).zip(actions) {
                let ticket = &tickets[which % tickets.len()];
                enqueue(&writer, number, ticket, &action(what)).await;
            }
            let overlay = Overlay::of(&reader).await.expect("an outbox");
            let counts = counts(&reader, &viewer()).await.expect("counted");
            for sort in SORTS {
                for view in ViewId::ALL {
                    let shown = whole(&reader, view, sort, limit).await;
                    let wanted = expected(&tickets, view, sort, &overlay);
                    assert_eq!(shown, wanted, "{view:?} {sort:?} by {limit}");
                    let count = counts.iter().find(|count| count.view == view);
                    assert_eq!(count.map(|count| count.count), Some(length(wanted.len())));
                }
            }
        });
    }
}

#[tokio::test]
async fn a_close_made_offline_leaves_my_open_at_once_and_comes_back_when_it_is_refused() {
    let mine = ticket(1, (0, 1, 0, 0, 0, true, 0));
    let (_folder, writer, reader) = filled(std::slice::from_ref(&mine)).await;
    assert_eq!(whole(&reader, ViewId::MyOpen, Sort::Clock, 5).await, [1]);
    let op = enqueue(&writer, 1, &mine, &action(0)).await;
    assert_eq!(whole(&reader, ViewId::MyOpen, Sort::Clock, 5).await, NONE);
    assert_eq!(whole(&reader, ViewId::Closed, Sort::Newest, 5).await, [1]);

    writer.park(op, "no").await.expect("parked");
    assert_eq!(whole(&reader, ViewId::MyOpen, Sort::Clock, 5).await, [1]);
    assert_eq!(whole(&reader, ViewId::Closed, Sort::Newest, 5).await, NONE);
}

#[tokio::test]
async fn a_held_reply_answers_nobody_and_its_ticket_is_among_the_held() {
    let mine = ticket(1, (0, 1, 0, 0, 0, true, 0));
    let (_folder, writer, reader) = filled(std::slice::from_ref(&mine)).await;
    let op = enqueue(&writer, 1, &mine, &action(4)).await;
    assert_eq!(whole(&reader, ViewId::MyOpen, Sort::Clock, 5).await, NONE);
    writer.hold(op, &[]).await.expect("held");
    assert_eq!(whole(&reader, ViewId::MyOpen, Sort::Clock, 5).await, [1]);
    assert_eq!(whole(&reader, ViewId::Held, Sort::Clock, 5).await, [1]);
}
