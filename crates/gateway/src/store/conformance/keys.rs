//! Keys of programs.

use super::*;
use crate::{
    keys::{NewKey, Wish, draw},
    passwords::digest,
    store::{Identity, KeyHolder, Made},
};
use deskhand_domain::{KeyId, Scope};
use deskhand_protocol::{audit::Actor, rest::MachineKey};

fn wish(account: Option<AccountId>, days: u16) -> Wish {
    Wish {
        account,
        name: "Warehouse".to_owned(),
        scopes: BTreeSet::from([Scope::TicketsRead, Scope::OrdersRead]),
        days,
    }
}

fn drawn(store: &Store, wish: Wish) -> (String, NewKey) {
    let clock = store.clock();
    draw(wish, [clock.id(), clock.id()], clock.now()).expect("a key")
}

async fn made(store: &Store, wish: Wish) -> (String, MachineKey) {
    let (key, stored) = drawn(store, wish);
    match store.make_key(stored, Actor::System).await {
        Ok(Made::Done(about)) => (key, about),
        other => panic!("no key: {other:?}"),
    }
}

async fn holder(store: &Store, key: &str) -> Option<KeyHolder> {
    store.key(&digest(key)).await.expect("a lookup")
}

pub async fn a_key_stands_for_its_machine_account_until_it_ends(store: Store) {
    let (key, about) = made(&store, wish(None, 1)).await;
    let known = holder(&store, &key).await.expect("it works");
    assert_eq!((known.key, known.account.id), (about.id, about.account));
    assert_eq!(known.account.role, Role::Service);
    assert_eq!(known.account.teams, [TeamId::MAIN]);
    assert_eq!(
        known.scopes.iter().copied().collect::<Vec<_>>(),
        about.scopes
    );
    for other in [
        "dk_",
        "dk_nothing",
        &about.prefix,
        &digest(&key),
        "access 1",
    ] {
        assert_eq!(holder(&store, other).await, None, "{other}");
    }
    let signs_in = store.credentials(&known.account.email).await;
    assert_eq!(signs_in.expect("a lookup").expect("an account").1, "");
    // It travels like every colleague, so that desktops know who wrote.
    let head = *store.head().borrow();
    let changes = store.changes_after(head - 1, 1).await.expect("changes");
    assert!(
        matches!(&changes[0].change.record, Record::Account(one) if one.id == about.account),
        "{changes:?}"
    );
    store.clock().advance(TimeDelta::days(1));
    assert_eq!(holder(&store, &key).await, None, "it has ended");
}

pub async fn a_key_is_revoked_by_its_id_or_its_beginning(store: Store) {
    let (first, one) = made(&store, wish(None, 30)).await;
    let (second, two) = made(&store, wish(Some(one.account), 30)).await;
    let (third, three) = made(&store, wish(None, 30)).await;
    assert_eq!(one.account, two.account);
    assert_ne!(one.account, three.account);
    let listed = async || store.keys().await.expect("a list");
    let ids: BTreeSet<KeyId> = listed().await.iter().map(|key| key.id).collect();
    assert_eq!(ids, BTreeSet::from([one.id, two.id, three.id]));
    assert!(listed().await.iter().all(|key| key.used_at.is_none()));
    for key in [&first, &second, &third] {
        assert!(holder(&store, key).await.is_some());
    }
    let now = store.clock().now();
    assert!(listed().await.iter().all(|key| key.used_at == Some(now)));
    let revoke = async |name: &str| {
        let done = store.revoke_key(name, Actor::System).await;
        done.expect("a write").map(|key| key.id)
    };
    assert_eq!(revoke("dk_nobody").await, None);
    assert_eq!(revoke("").await, None);
    assert_eq!(revoke(&one.id.to_string()).await, Some(one.id));
    assert_eq!(revoke(&one.id.to_string()).await, None, "once");
    assert_eq!(holder(&store, &first).await, None, "at once");
    assert_eq!(revoke(&three.prefix).await, Some(three.id));
    assert_eq!(holder(&store, &third).await, None);
    assert!(holder(&store, &second).await.is_some(), "the others go on");

    let lock = async |locked| {
        let set = store.set_locked(two.account, locked, Actor::System);
        set.await.expect("a write");
    };
    lock(true).await;
    assert_eq!(holder(&store, &second).await, None, "it is locked");
    lock(false).await;
    assert!(holder(&store, &second).await.is_some());
    let set = store.set_role(two.account, Role::Auditor, Actor::System);
    set.await.expect("a write");
    let known = holder(&store, &second).await.expect("it works");
    assert_eq!(known.account.role, Role::Auditor, "at the next request");
}

pub async fn nobody_gets_a_key_of_a_colleague(store: Store) {
    let found = store.credentials("priya@hollowpine.example").await;
    let (priya, _) = found.expect("a lookup").expect("Priya");
    for account in [priya.id, AccountId(id(1, 99))] {
        let (key, stored) = drawn(&store, wish(Some(account), 1));
        let made = store.make_key(stored, Actor::System).await;
        assert!(matches!(made, Ok(Made::NoMachine)), "{made:?}");
        assert_eq!(holder(&store, &key).await, None);
    }
    assert_eq!(store.keys().await.expect("a list"), []);
    // Nor does a provider open a machine account by its address.
    let (_, about) = made(&store, wish(None, 1)).await;
    let machine = store.get::<Account>(about.account.0).await;
    let email = machine.expect("a lookup").expect("one").email;
    let who = Identity {
        issuer: "https://id.example".to_owned(),
        subject: "x".to_owned(),
        email: Some(email),
        name: None,
        role: Role::Admin,
        create: false,
    };
    assert_eq!(store.account_of(who).await.expect("a write"), None);
}
