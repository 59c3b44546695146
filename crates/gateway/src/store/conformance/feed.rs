//! The feed, a sync, and who sees what of them.

use super::*;

pub async fn positions_follow_the_commits(store: Store) {
    let start = *store.head().borrow();
    let writer = |number: u64| {
        let store = &store;
        async move {
            for _ in 0..10 {
                let patch = TicketPatch {
                    add_tags: vec![format!("writer-{number}")],
                    ..TicketPatch::default()
                };
                let of = ticket(1 + number % 4);
                let write = store.write(move |tx| Box::pin(tx_patch(tx, of, patch)));
                write.await.expect("a write");
            }
        }
    };
    let writers = join_all((0..8).map(writer));
    let seen = async {
        let mut seen: BTreeMap<(Kind, Uuid), i64> = BTreeMap::new();
        let mut upto = start;
        while upto < start + 80 {
            for placed in store.changes_after(upto, 7).await.expect("the feed") {
                let change = placed.change;
                assert!(change.position > upto, "positions grow");
                upto = change.position;
                seen.insert(change.record.key(), upto);
            }
            if upto < start + 80 {
                let mut head = store.head();
                let waited = head.wait_for(|head| *head > upto);
                tokio::time::timeout(std::time::Duration::from_secs(20), waited)
                    .await
                    .expect("the writers go on")
                    .expect("the store lives");
            }
        }
        seen
    };
    let (_, seen) = tokio::join!(writers, seen);
    assert_eq!(
        *store.head().borrow(),
        start + 80,
        "no position was lost or doubled"
    );
    let now = store.changes_after(start, 1_000).await.expect("the feed");
    assert_eq!(
        now.len(),
        4,
        "80 changes of four tickets catch up as four rows"
    );
    for placed in now {
        assert_eq!(placed.team, Some(TeamId::MAIN));
        let change = placed.change;
        assert_eq!(
            seen.get(&change.record.key()),
            Some(&change.position),
            "a reader missed it"
        );
        let Record::Ticket(ticket) = change.record else {
            panic!("only tickets changed");
        };
        assert_eq!(
            ticket.tags.len(),
            3,
            "both writers of a ticket are in its state"
        );
    }
}

pub async fn a_sync_reaches_everything(store: Store) {
    let mut reached: BTreeMap<(Kind, Uuid), usize> = BTreeMap::new();
    let mut rest: BTreeSet<(Kind, Uuid)> = BTreeSet::new();
    let (mut cursor, mut pages) = (None, 0);
    let first_head = *store.head().borrow();
    let whole = Sight::whole([TeamId::MAIN]);
    loop {
        let in_rest = matches!(
            &cursor,
            Some(crate::store::SyncCursor {
                next: crate::store::Next::Rest { .. },
                ..
            })
        );
        let page = store.sync(cursor, &whole).await.expect("a page");
        pages += 1;
        assert!(page.changes.len() <= 1_000, "pages are bounded");
        if pages == 1 {
            let tickets = page
                .changes
                .iter()
                .filter_map(|change| match &change.record {
                    Record::Ticket(ticket) => Some(ticket),
                    _ => None,
                });
            let open: Vec<&Ticket> = tickets.collect();
            assert_eq!(open.len(), 60);
            assert!(open.iter().all(|ticket| ticket.is_open()));
        }
        assert_eq!(
            page.head, first_head,
            "the live cursor stays where the sync began"
        );
        for change in &page.changes {
            let key = change.record.key();
            *reached.entry(key).or_default() += 1;
            if in_rest {
                assert!(rest.insert(key), "{key:?} came twice in the rest");
            }
        }
        assert_eq!(
            page.total, 1_206,
            "accounts, articles, macros and six for each ticket"
        );
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
        // Somebody works meanwhile.
        let patch = TicketPatch {
            status: Some(TicketStatus::Closed),
            ..TicketPatch::default()
        };
        let of = ticket(pages);
        store
            .write(move |tx| Box::pin(tx_patch(tx, of, patch)))
            .await
            .expect("a write");
    }
    assert_eq!(reached.len(), 1_206, "every entity");
    assert_eq!(
        rest.len(),
        1_206,
        "the rest alone is everything, exactly once"
    );
    let mut other = store
        .sync(None, &whole)
        .await
        .expect("a page")
        .next
        .expect("more");
    other.epoch = "another".to_owned();
    assert!(matches!(
        store.sync(Some(other), &whole).await,
        Err(StoreError::OtherEpoch)
    ));
}

/// What a role of a team sees.
fn sight_of(role: Role, teams: &[TeamId]) -> Sight {
    let policy = Policy::embedded().expect("a policy");
    let subject = policy.subject(agent(), role, teams, None);
    Sight::of(&policy, &subject, [TeamId::MAIN, trade()])
}

pub async fn roles_see_what_they_may(store: Store) {
    let auditor = sight_of(Role::Auditor, &[TeamId::MAIN]);
    let (mut cursor, mut kinds) = (None, BTreeSet::new());
    loop {
        let page = store.sync(cursor, &auditor).await.expect("a page");
        kinds.extend(page.changes.iter().map(|change| change.record.key().0));
        assert_eq!(page.total, 6, "accounts, an article and a macro");
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    let known = BTreeSet::from([Kind::Account, Kind::Macro, Kind::Article]);
    assert_eq!(kinds, known);
    let nobody = sight_of("deleted".parse().expect("a name"), &[TeamId::MAIN]);
    let page = store.sync(None, &nobody).await.expect("a page");
    assert!(
        page.changes.is_empty() && page.next.is_none(),
        "a role that does not exist sees nothing"
    );
}

fn trade() -> TeamId {
    TeamId(id(10, 1))
}

/// Everything of a sync, by kind and id.
async fn all_of(store: &Store, sight: &Sight) -> BTreeMap<(Kind, Uuid), Record> {
    let (mut cursor, mut found) = (None, BTreeMap::new());
    loop {
        let page = store.sync(cursor, sight).await.expect("a page");
        for change in page.changes {
            found.insert(change.record.key(), change.record);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
}

pub async fn a_team_sees_its_own_and_is_told_what_went_to_another(store: Store) {
    let team = deskhand_domain::Team {
        id: trade(),
        name: "Trade".to_owned(),
    };
    store.add_team(team.clone(), agent()).await.expect("a team");
    let again = Team {
        id: TeamId(id(10, 2)),
        name: "TRADE".to_owned(),
    };
    let refused = store.add_team(again, agent()).await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "one of that name"
    );
    let main = sight_of(Role::Agent, &[TeamId::MAIN]);
    let other = sight_of(Role::Agent, &[trade()]);
    let both = sight_of(Role::Agent, &[TeamId::MAIN, trade()]);
    let start = *store.head().borrow();
    let give = |to| {
        let patch = TicketPatch {
            team: Some(to),
            ..TicketPatch::default()
        };
        store.write(move |tx| Box::pin(tx_patch(tx, ticket(1), patch)))
    };
    give(trade()).await.expect("given");
    let shown = async |sight: &Sight| -> BTreeSet<(Kind, bool)> {
        let placed = store.changes_after(start, 100).await.expect("the feed");
        placed
            .iter()
            .filter_map(|placed| sight.shows(placed))
            .map(|change| {
                (
                    change.record.key().0,
                    matches!(change.record, Record::Gone(_)),
                )
            })
            .collect()
    };
    let whole = BTreeSet::from([(Kind::Ticket, false), (Kind::Message, false)]);
    let gone = BTreeSet::from([(Kind::Ticket, true), (Kind::Message, true)]);
    assert_eq!(shown(&main).await, gone, "it went away with its messages");
    assert_eq!(shown(&other).await, whole, "and came here");
    assert_eq!(shown(&both).await, whole);
    let mine = all_of(&store, &main).await;
    let theirs = all_of(&store, &other).await;
    let of_one = |found: &BTreeMap<(Kind, Uuid), Record>| {
        found
            .values()
            .filter(|record| match record {
                Record::Ticket(found) => found.id == ticket(1),
                Record::Message(found) => found.ticket == ticket(1),
                _ => false,
            })
            .count()
    };
    assert_eq!(
        (of_one(&mine), of_one(&theirs)),
        (0, 3),
        "a ticket, two messages"
    );
    // What happens there later is nothing to who never had it, and stays gone for who had.
    let tag = TicketPatch {
        add_tags: vec!["later".to_owned()],
        ..TicketPatch::default()
    };
    store
        .write(move |tx| Box::pin(tx_patch(tx, ticket(1), tag)))
        .await
        .expect("a tag");
    assert_eq!(shown(&main).await, gone);
    let third = sight_of(Role::Agent, &[TeamId(id(10, 9))]);
    assert!(shown(&third).await.is_empty());
    give(TeamId::MAIN).await.expect("given back");
    assert_eq!((shown(&main).await, shown(&other).await), (whole, gone));
    let nowhere = give(TeamId(id(10, 9))).await;
    assert!(
        matches!(nowhere, Err(StoreError::Wrong { .. })),
        "no such team"
    );
    // Inside a transaction of somebody else it does not exist.
    let foreign = store.write(move |tx| {
        Box::pin(async move {
            tx.limit_to([trade()].into());
            tx.patch_ticket(ticket(1), TicketPatch::default(), agent())
                .await
        })
    });
    assert_eq!(foreign.await.expect("an answer"), None);
}

pub async fn a_new_seed_is_a_new_history(store: Store) {
    let before = store.history();
    assert!(before.sample && before.shop.is_some());
    let age = TimeDelta::hours(12);
    assert!(
        !store.is_stale_sample(age).await.expect("an age"),
        "it is new"
    );
    store.clock().advance(TimeDelta::hours(13));
    assert!(store.is_stale_sample(age).await.expect("an age"));
    store.mark_seen(ticket(1), agent()).await.expect("seen");
    assert!(
        !store.is_stale_sample(age).await.expect("an age"),
        "somebody worked in it"
    );
    let store = shop(store).await;
    assert_ne!(store.history().epoch, before.epoch);
    let now: Instant = store.clock().now();
    assert!(the_ticket(&store, ticket(1)).await.last_message_at > now - TimeDelta::hours(1));
    let accounts = store
        .load::<Account>(&[id(1, 1), id(1, 2)])
        .await
        .expect("accounts");
    assert_eq!(accounts.len(), 2);
}
