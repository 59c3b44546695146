//! The audit trail: written with what it tells, chained, and only added to.

use super::*;
use crate::{
    audit::chain::{BEGINNING, hex},
    store::{Doing as _, Entry},
    via::Via,
};
use deskhand_protocol::audit::{Action, Actor, AuditEntry, Thing, ThingKind};
use serde_json::json;

pub async fn what_is_done_is_told_with_it(store: Store) {
    let before = trail(&store).await;
    let known: Vec<Action> = before.iter().map(|entry| entry.action).collect();
    assert_eq!(known, [Action::HistoryBegun; 2], "made and filled");

    let via = Via::new(Some("192.0.2.7".to_owned()), Some("a request".to_owned()));
    let close = TicketPatch {
        status: Some(TicketStatus::Closed),
        add_tags: vec!["Ana's".to_owned()],
        ..TicketPatch::default()
    };
    via.during(change(&store, id(10, 1), close.clone())).await;
    change(&store, id(10, 1), close).await;
    say(
        &store,
        ticket(2),
        id(10, 2),
        reply("Nobody reads this", MessageKind::Note),
    )
    .await;
    let role = store.set_role(
        agent(),
        Role::Supervisor,
        Actor::Account(AccountId(id(1, 3))),
    );
    role.await.expect("a write").expect("an account");
    let refused = Entry::new(Actor::Nobody, Action::SignInRefused);
    store.record(refused).await.expect("an entry");

    let trail = trail(&store).await;
    let told: Vec<Action> = trail[2..].iter().map(|entry| entry.action).collect();
    assert_eq!(
        told,
        [
            Action::TicketChanged,
            Action::NoteWritten,
            Action::RoleChanged,
            Action::SignInRefused
        ],
        "the same operation is told once"
    );
    let changed = &trail[2];
    assert_eq!(changed.actor, Actor::Account(agent()));
    let thing = Thing {
        kind: ThingKind::Ticket,
        id: ticket(1).to_string(),
    };
    assert_eq!(changed.thing, Some(thing));
    assert_eq!(changed.customer, Some(CustomerId(id(2, 1))));
    assert_eq!(changed.peer.as_deref(), Some("192.0.2.7"));
    assert_eq!(changed.request_id.as_deref(), Some("a request"));
    assert_eq!(changed.at, store.clock().now());
    assert_eq!(
        changed.details,
        json!({"status": ["open", "closed"], "tags_added": 1})
    );
    assert_eq!((&trail[3].peer, &trail[3].request_id), (&None, &None));
    let text = serde_json::to_string(&trail).expect("JSON");
    assert!(
        !text.contains("Nobody reads") && !text.contains("Ana"),
        "{text}"
    );
    assert_chained(&trail);
}

pub async fn the_trail_is_only_added_to(store: Store) {
    let before = trail(&store).await;
    let failed = store
        .write(|tx| {
            Box::pin(async move {
                tx.audit(Entry::new(Actor::System, Action::SignedOut));
                Err::<(), _>(StoreError::Interrupted)
            })
        })
        .await;
    assert!(failed.is_err());
    for sql in [
        "update audit set details = '{}' where position = 1",
        "update audit set position = 7 where position = 2",
        "delete from audit where position = 2",
        "delete from audit",
        "insert into audit (position, id, at, actor_kind, action, hash)
         values (1, 'x', 1, 'system', 'signed_in', '') on conflict (position) do update set at = 2",
    ] {
        let done = store.write(move |tx| {
            Box::pin(async move {
                let done = sqlx::query(sql).execute(&mut *tx.inner).await;
                done.doing("change the trail").map(drop)
            })
        });
        done.await.expect_err(sql);
    }
    let both = (0..20).map(|number| {
        let entry = Entry::new(Actor::System, Action::SignedOut).with("number", number);
        store.record(entry)
    });
    for done in join_all(both).await {
        done.expect("an entry");
    }
    let after = trail(&store).await;
    assert_eq!(after[..before.len()], before, "as it was");
    assert_eq!(after.len(), before.len() + 20);
    assert_chained(&after);
}

fn assert_chained(trail: &[AuditEntry]) {
    let mut before = BEGINNING;
    for (entry, position) in trail.iter().zip(1..) {
        assert_eq!(entry.position, position);
        before = crate::store::stored(entry).hash(&before);
        assert_eq!(entry.hash, hex(&before), "entry {position}");
    }
}

pub async fn trail(store: &Store) -> Vec<AuditEntry> {
    store.audit_after(0, 1_000).await.expect("the trail")
}

async fn change(store: &Store, op: Uuid, patch: TicketPatch) {
    let operation = Operation {
        id: OpId(op),
        teams: [deskhand_domain::TeamId::MAIN].into(),
        actor: agent().to_string(),
        request: "the same".to_owned(),
        attempt: "the same".to_owned(),
    };
    let done = store.once(operation, move |tx| {
        Box::pin(async move {
            let changed = tx_patch(tx, ticket(1), patch).await?;
            changed.map(|ticket| Done::new(200, &ticket)).transpose()
        })
    });
    done.await.expect("a change").expect("a ticket");
}
