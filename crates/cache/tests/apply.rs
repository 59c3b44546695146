//! Changes in any order, more than once, with tombstones between: the same state in the end.

#[path = "fixture/records.rs"]
mod records;

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_cache::{Became, Cache, Key, Progress, Reader, StoredState, Viewer, Writer};
use deskhand_domain::{
    AccountId, Author, Channel, Currency, Intent, Message, Money, Ticket, TicketStatus,
    ticket::Identity,
};
use deskhand_protocol::{
    sync::{Change, Gone, Kind, Record},
    view::{OutboxAction, Sort, TicketQuery, ViewId},
};
use proptest::{prelude::*, test_runner::Config};
use records::{blank_message, blank_ticket, now};
use uuid::Uuid;

const ME: AccountId = AccountId(Uuid::from_u128(77));

fn ticket(number: u32) -> Ticket {
    Ticket {
        identity: Identity::Claimed,
        ..blank_ticket(Uuid::from_u128(number.into()).into(), number, now())
    }
}

fn changed(position: i64, ticket: Ticket) -> Change {
    Change {
        position,
        record: Record::Ticket(ticket),
    }
}

async fn cache() -> (tempfile::TempDir, Writer, Reader) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache.db");
    let (writer, reader) = Cache::open(&path, &Key::random()).await.expect("a cache");
    begin(&writer, &[], "one").await;
    (folder, writer, reader)
}

async fn begin(writer: &Writer, changes: &[Change], epoch: &str) {
    let progress = Progress::Begin {
        epoch,
        live: "live",
        next: Some("more"),
        total: 9,
    };
    writer.apply(changes, progress, now()).await.expect("begun");
}

async fn live(writer: &Writer, changes: &[Change]) -> deskhand_cache::Applied {
    let progress = Progress::Live {
        cursor: "c",
        upto: 1,
    };
    writer
        .apply(changes, progress, now())
        .await
        .expect("applied")
}

fn viewer(now: DateTime<Utc>) -> Viewer {
    Viewer {
        me: ME,
        currency: Currency::EUR,
        now,
    }
}

async fn numbers(reader: &Reader, view: ViewId, sort: Sort) -> Vec<u32> {
    let query = TicketQuery {
        view,
        sort,
        offset: 0,
        limit: 500,
    };
    let (total, rows) = reader.list(&query, &viewer(now())).await.expect("a list");
    assert_eq!(total as usize, rows.len(), "{view:?}");
    let counts = reader.counts(&viewer(now())).await.expect("counts");
    let count = counts
        .iter()
        .find(|count| count.view == view)
        .map(|count| count.count);
    assert_eq!(count, Some(total), "{view:?}");
    rows.into_iter().map(|(ticket, _)| ticket.number).collect()
}

#[tokio::test]
async fn each_view_holds_what_it_says() {
    let (_folder, writer, reader) = cache().await;
    let eur = |minor| Some(Money::new(minor, Currency::EUR));
    let minutes = |n| Some(now() + TimeDelta::minutes(n));
    let tickets = [
        Ticket {
            assignee: Some(ME),
            ..ticket(1)
        },
        Ticket {
            status: TicketStatus::Pending,
            mentions: vec![ME],
            ..ticket(2)
        },
        Ticket {
            status: TicketStatus::Snoozed,
            snoozed_until: minutes(9),
            ..ticket(3)
        },
        Ticket {
            status: TicketStatus::Snoozed,
            snoozed_until: minutes(-9),
            ..ticket(4)
        },
        Ticket {
            intent: Intent::NotReceived,
            channel: Channel::WebChat,
            ..ticket(5)
        },
        Ticket {
            intent: Intent::Refund,
            channel: Channel::Whatsapp,
            ..ticket(6)
        },
        Ticket {
            due_at: minutes(59),
            ..ticket(7)
        },
        Ticket {
            due_at: minutes(-1),
            ..ticket(8)
        },
        Ticket {
            due_at: minutes(61),
            ..ticket(9)
        },
        Ticket {
            at_stake: eur(30_000),
            ..ticket(10)
        },
        Ticket {
            at_stake: eur(29_999),
            ..ticket(11)
        },
        Ticket {
            at_stake: Some(Money::new(90_000, Currency::USD)),
            ..ticket(12)
        },
        Ticket {
            escalated: true,
            status: TicketStatus::Closed,
            ..ticket(13)
        },
        Ticket {
            escalated: true,
            ..ticket(14)
        },
    ];
    let changes: Vec<_> = tickets
        .into_iter()
        .map(|ticket| changed(1, ticket))
        .collect();
    live(&writer, &changes).await;
    for (view, held) in [
        (ViewId::MyOpen, vec![1]),
        (ViewId::Mentions, vec![2]),
        (ViewId::Snoozed, vec![3]),
        (ViewId::WhereIsIt, vec![5]),
        (ViewId::Refunds, vec![6]),
        (ViewId::BreachingSoon, vec![8, 7]),
        (ViewId::HighValue, vec![10]),
        (ViewId::WebChat, vec![5]),
        (ViewId::Whatsapp, vec![6]),
        (ViewId::Escalated, vec![14]),
        (ViewId::Closed, vec![13]),
    ] {
        for sort in [Sort::Clock, Sort::Newest, Sort::Oldest] {
            let mut found = numbers(&reader, view, sort).await;
            if sort != Sort::Clock {
                found.sort_unstable();
                let mut held = held.clone();
                held.sort_unstable();
                assert_eq!(found, held, "{view:?} {sort:?}");
            } else {
                assert_eq!(found, held, "{view:?} {sort:?}");
            }
        }
    }
    assert_eq!(
        numbers(&reader, ViewId::AllOpen, Sort::Clock).await.len(),
        12
    );
    assert_eq!(
        numbers(&reader, ViewId::Unassigned, Sort::Clock)
            .await
            .len(),
        11
    );
}

#[tokio::test]
async fn the_clock_shows_the_overdue_first_and_those_nobody_waits_in_last() {
    let (_folder, writer, reader) = cache().await;
    let at = |minutes| now() + TimeDelta::minutes(minutes);
    let tickets = [
        Ticket {
            last_message_at: at(-50),
            ..ticket(1)
        },
        Ticket {
            last_message_at: at(-10),
            ..ticket(2)
        },
        Ticket {
            due_at: Some(at(30)),
            ..ticket(3)
        },
        Ticket {
            due_at: Some(at(-30)),
            ..ticket(4)
        },
    ];
    let changes: Vec<_> = tickets
        .into_iter()
        .map(|ticket| changed(1, ticket))
        .collect();
    live(&writer, &changes).await;
    assert_eq!(
        numbers(&reader, ViewId::AllOpen, Sort::Clock).await,
        [4, 3, 2, 1]
    );
}

#[tokio::test]
async fn a_snoozed_ticket_wakes_when_its_time_comes() {
    let (_folder, writer, reader) = cache().await;
    let until = now() + TimeDelta::minutes(5);
    let asleep = Ticket {
        status: TicketStatus::Snoozed,
        snoozed_until: Some(until),
        ..ticket(1)
    };
    live(&writer, &[changed(1, asleep)]).await;
    assert_eq!(writer.wake(now()).await.expect("looked"), (0, Some(until)));
    assert_eq!(writer.wake(until).await.expect("looked"), (1, None));
    assert_eq!(numbers(&reader, ViewId::AllOpen, Sort::Clock).await, [1]);
    assert_eq!(
        numbers(&reader, ViewId::Snoozed, Sort::Clock).await,
        Vec::<u32>::new()
    );
}

#[tokio::test]
async fn a_new_history_drops_the_copy_and_keeps_the_outbox() {
    let (_folder, writer, reader) = cache().await;
    live(&writer, &[changed(9, ticket(1))]).await;
    let (op, at) = (Uuid::from_u128(1).into(), ticket(1).id);
    let action = OutboxAction::Note {
        text: "hello".into(),
    };
    writer
        .enqueue(op, at, &action, now())
        .await
        .expect("stored");
    begin(&writer, &[changed(1, ticket(2))], "two").await;
    assert_eq!(numbers(&reader, ViewId::AllOpen, Sort::Clock).await, [2]);
    assert_eq!(reader.outbox().await.expect("read").len(), 1);

    let late = Progress::Page {
        epoch: "one",
        after: "more",
        next: None,
        total: 9,
    };
    writer
        .apply(&[changed(99, ticket(3))], late, now())
        .await
        .expect("harmless");
    assert_eq!(
        numbers(&reader, ViewId::AllOpen, Sort::Clock).await,
        [2],
        "a page of the old one"
    );
    let state = reader.sync_state().await.expect("read").expect("begun");
    assert_eq!(
        (state.epoch.as_str(), state.next.as_deref()),
        ("two", Some("more"))
    );
}

#[tokio::test]
async fn what_was_sent_stays_until_the_feed_brings_it_whichever_is_first() {
    let (_folder, writer, reader) = cache().await;
    let message = |number: u128| Message {
        author: Author::Account(ME),
        ..blank_message(Uuid::from_u128(number).into(), ticket(1).id, now())
    };
    let came = |number| Change {
        position: 1,
        record: Record::Message(message(number)),
    };
    let action = OutboxAction::Note {
        text: "hello".into(),
    };
    for (number, feed_first) in [(1_u128, false), (2, true)] {
        let op = Uuid::from_u128(100 + number).into();
        writer
            .enqueue(op, ticket(1).id, &action, now())
            .await
            .expect("stored");
        if feed_first {
            assert!(!live(&writer, &[came(number)]).await.outbox);
        }
        let became = Became::Message(message(number).id);
        writer.mark_sent(op, became).await.expect("noted");
        let left = reader.outbox().await.expect("read").len();
        assert_eq!(left, usize::from(!feed_first), "feed first: {feed_first}");
        if !feed_first {
            assert!(
                live(&writer, &[came(number)]).await.outbox,
                "it left by this"
            );
            assert_eq!(reader.outbox().await.expect("read"), []);
        }
    }
}

#[tokio::test]
async fn a_parked_operation_waits_for_a_person_who_retries_it_or_gives_it_up() {
    let (_folder, writer, reader) = cache().await;
    let (op, at) = (Uuid::from_u128(1).into(), ticket(1).id);
    let action = OutboxAction::Note {
        text: "hello".into(),
    };
    writer
        .enqueue(op, at, &action, now())
        .await
        .expect("stored");
    writer.mark_leaving(op).await.expect("noted");
    writer.mark_later(op, now()).await.expect("noted");
    let left = reader.outbox_of(at).await.expect("read");
    assert_eq!(
        left.first().map(|row| row.attempts),
        Some(1),
        "it may be there"
    );
    writer.park(op, "the ticket is gone").await.expect("parked");
    let rows = reader.outbox_of(at).await.expect("read");
    let parked = StoredState::Parked("the ticket is gone".into());
    assert_eq!(
        rows.first().map(|row| (&row.state, row.attempts)),
        Some((&parked, 0)),
        "the gateway refused it"
    );

    assert_eq!(writer.retry(op).await.expect("retried"), Some(at));
    let rows = reader.outbox().await.expect("read");
    let fresh = rows
        .first()
        .map(|row| (&row.state, row.attempts, row.not_before));
    assert_eq!(fresh, Some((&StoredState::Waiting, 0, None)));

    assert_eq!(writer.discard(op).await.expect("discarded"), Some(at));
    assert_eq!(
        writer.discard(op).await.expect("looked"),
        None,
        "it was there once"
    );
    assert_eq!(writer.retry(op).await.expect("looked"), None);
}

/// Histories of a few tickets: each position is one change of one of them, or its end.
fn history() -> impl Strategy<Value = Vec<Change>> {
    proptest::collection::vec((0_u32..4, 0_u8..5), 1..20).prop_map(|steps| {
        let steps = steps.into_iter().zip(1..);
        steps
            .map(|((number, what), position)| match what {
                0 => {
                    let gone = Gone {
                        kind: Kind::Ticket,
                        id: ticket(number).id.0,
                    };
                    Change {
                        position,
                        record: Record::Gone(gone),
                    }
                }
                1 => changed(
                    position,
                    Ticket {
                        mentions: vec![ME],
                        ..ticket(number)
                    },
                ),
                2 => changed(
                    position,
                    Ticket {
                        status: TicketStatus::Closed,
                        ..ticket(number)
                    },
                ),
                _ => changed(
                    position,
                    Ticket {
                        subject: position.to_string(),
                        ..ticket(number)
                    },
                ),
            })
            .collect()
    })
}

async fn state(reader: &Reader) -> Vec<(ViewId, Vec<Ticket>)> {
    let mut all = vec![];
    for view in [ViewId::AllOpen, ViewId::Closed, ViewId::Mentions] {
        let query = TicketQuery {
            view,
            sort: Sort::Clock,
            offset: 0,
            limit: 500,
        };
        let (_, rows) = reader.list(&query, &viewer(now())).await.expect("a list");
        let mut tickets: Vec<_> = rows.into_iter().map(|(ticket, _)| ticket).collect();
        tickets.sort_by_key(|ticket| ticket.id);
        all.push((view, tickets));
    }
    all
}

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]
    #[test]
    fn the_same_changes_in_any_order_and_number_end_in_the_same_state(
        (history, shuffled, cuts) in history().prop_flat_map(|history| {
            let twice: Vec<Change> = history.iter().chain(&history).cloned().collect();
            (Just(history), Just(twice).prop_shuffle(), proptest::collection::vec(1_usize..6, 40))
        })
    ) {
        let run = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        run.block_on(async {
            let (_one, writer, reader) = cache().await;
            live(&writer, &history).await;
            let straight = state(&reader).await;
            let (_two, writer, reader) = cache().await;
            let mut rest = shuffled.as_slice();
            for cut in cuts {
                let (batch, after) = rest.split_at(cut.min(rest.len()));
                live(&writer, batch).await;
                rest = after;
            }
            live(&writer, rest).await;
            assert_eq!(straight, state(&reader).await);
        });
    }
}
