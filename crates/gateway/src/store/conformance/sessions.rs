//! Devices that are signed in, and their tokens.

use super::*;
use crate::store::{NewChallenge, NewDevice, NewPair, Refreshed, SignedIn, Standing, Taken};
use deskhand_domain::DeviceId;
use deskhand_protocol::audit::Actor;

/// A store with devices of Priya's.
struct Devices {
    store: Store,
    priya: Account,
}

impl Devices {
    async fn of(store: Store) -> Self {
        let found = store.credentials("priya@hollowpine.example").await;
        let (priya, _) = found.expect("a lookup").expect("Priya");
        Self { store, priya }
    }

    /// Two tokens: one for ten minutes, one for thirty days.
    fn pair(&self, name: &str) -> NewPair {
        let now = self.store.clock().now();
        NewPair {
            access: format!("access {name}"),
            access_until: now + TimeDelta::minutes(10),
            refresh: format!("refresh {name}"),
            refresh_until: now + TimeDelta::days(30),
        }
    }

    async fn open(&self, number: u64, name: &str) -> DeviceId {
        let device = NewDevice {
            id: DeviceId(id(20, number)),
            account: self.priya.id,
            name: "desk".to_owned(),
        };
        let id = device.id;
        let opened = self.store.open_session(device, self.pair(name)).await;
        opened.expect("a session");
        id
    }

    async fn refresh(&self, old: &str, new: &str) -> Refreshed {
        let old = format!("refresh {old}");
        let done = self.store.refresh(&old, self.pair(new)).await;
        done.expect("an exchange")
    }

    async fn session(&self, name: &str) -> Standing {
        let found = self.store.session(&format!("access {name}")).await;
        found.expect("a lookup")
    }

    async fn is_open(&self, name: &str) -> bool {
        matches!(self.session(name).await, Standing::Open(_))
    }

    async fn standing(&self, device: DeviceId) -> Standing {
        self.store.device(device).await.expect("a lookup")
    }
}

pub async fn sessions_open_last_and_end(store: Store) {
    let found = store.credentials("PRIYA@hollowpine.example").await;
    assert!(found.expect("a lookup").is_some(), "whatever the case");
    let nobody = store.credentials("nobody@x.example").await;
    assert!(nobody.expect("a lookup").is_none());
    let devices = Devices::of(store).await;
    let store = &devices.store;
    let (one, two) = (devices.open(1, "one").await, devices.open(2, "two").await);
    let signed_in = |device, seconds: i64| {
        Standing::Open(SignedIn {
            account: devices.priya.clone(),
            device,
            expires_at: store.clock().now() + TimeDelta::seconds(seconds),
        })
    };
    assert_eq!(devices.session("one").await, signed_in(one, 600));
    assert_eq!(devices.session("one").await, signed_in(one, 600), "known");
    let month = 30 * 24 * 3600;
    assert_eq!(devices.standing(one).await, signed_in(one, month));
    assert_eq!(devices.session("nobody").await, Standing::Ended);
    let refresh = store.session("refresh one").await.expect("a lookup");
    assert_eq!(refresh, Standing::Ended, "it opens nothing");
    let access = store.refresh("access one", devices.pair("x")).await;
    assert_eq!(access.expect("a lookup"), Refreshed::Unknown);

    let mut changes = store.session_changes();
    changes.mark_unchanged();
    assert!(store.close_session(one).await.expect("an end"));
    assert!(changes.has_changed().expect("a store"), "it is said");
    let again = store.close_session(one).await.expect("an end");
    assert!(!again, "it ended before");
    assert_eq!(devices.session("one").await, Standing::Ended);
    assert_eq!(devices.standing(one).await, Standing::Ended);
    assert_eq!(devices.refresh("one", "three").await, Refreshed::Unknown);
    assert!(devices.is_open("two").await, "another device");

    store.clock().advance(TimeDelta::minutes(10));
    assert_eq!(devices.session("two").await, Standing::Ended, "it ran out");
    assert!(matches!(devices.standing(two).await, Standing::Open(_)));
    store.clock().advance(TimeDelta::days(30));
    assert_eq!(devices.standing(two).await, Standing::Ended);
    assert_eq!(devices.refresh("two", "four").await, Refreshed::Unknown);

    let revoke = async || {
        store
            .revoke_sessions(devices.priya.id, Actor::System)
            .await
            .expect("done")
    };
    assert_eq!(revoke().await, [two], "one that ran out too");
    assert_eq!(devices.session("two").await, Standing::Revoked);
    assert_eq!(devices.standing(two).await, Standing::Revoked);
    assert_eq!(devices.refresh("two", "four").await, Refreshed::Revoked);
    assert_eq!(
        devices.session("one").await,
        Standing::Ended,
        "its owner ended it"
    );
    assert_eq!(revoke().await, []);
    for (days, remembered) in [(59, Refreshed::Revoked), (2, Refreshed::Unknown)] {
        store.clock().advance(TimeDelta::days(days));
        let name = format!("{days} days later");
        let other = devices.open(100 + days.unsigned_abs(), &name).await;
        assert_eq!(devices.refresh("two", "four").await, remembered, "{days}");
        assert!(devices.is_open(&name).await);
        assert_eq!(revoke().await, [other], "one that is open");
        assert_eq!(devices.session(&name).await, Standing::Revoked);
    }
}

pub async fn a_refresh_token_is_exchanged_once_and_again_only_unheard(store: Store) {
    let devices = Devices::of(store).await;
    let device = devices.open(1, "1").await;
    assert!(devices.is_open("1").await);
    devices.store.clock().advance(TimeDelta::days(29));
    let Refreshed::Done(who) = devices.refresh("1", "2").await else {
        panic!("it is the newest")
    };
    let in_ten = devices.store.clock().now() + TimeDelta::minutes(10);
    assert_eq!((who.device, who.expires_at), (device, in_ten));
    devices.store.clock().advance(TimeDelta::days(29));
    assert!(
        matches!(devices.standing(device).await, Standing::Open(_)),
        "longer than at first"
    );
    // The answer was lost, and the next one too: as long as nobody used what was in it.
    for name in ["3", "4"] {
        assert!(matches!(
            devices.refresh("1", name).await,
            Refreshed::Done(_)
        ));
    }
    for lost in ["2", "3"] {
        assert_eq!(devices.session(lost).await, Standing::Ended, "{lost}");
        assert_eq!(devices.refresh(lost, "x").await, Refreshed::Unknown);
    }
    assert!(devices.is_open("4").await);
    let priya = devices.priya.id;
    assert_eq!(devices.refresh("1", "5").await, Refreshed::Reused(priya));
    assert_eq!(devices.session("4").await, Standing::Ended, "all of them");
    assert_eq!(devices.refresh("4", "6").await, Refreshed::Unknown);
    assert_eq!(
        devices.standing(device).await,
        Standing::Ended,
        "not revoked: the copy stays"
    );
}

pub async fn a_refresh_token_that_was_exchanged_on_is_spent(store: Store) {
    let devices = Devices::of(store).await;
    let device = devices.open(1, "1").await;
    assert!(matches!(
        devices.refresh("1", "2").await,
        Refreshed::Done(_)
    ));
    // Used to go on, though no request was made with its access token.
    assert!(matches!(
        devices.refresh("2", "3").await,
        Refreshed::Done(_)
    ));
    let priya = devices.priya.id;
    assert_eq!(devices.refresh("1", "4").await, Refreshed::Reused(priya));
    assert_eq!(devices.standing(device).await, Standing::Ended);
    assert_eq!(devices.session("3").await, Standing::Ended);
}

pub async fn of_two_who_exchange_at_once_one_pair_is_left(store: Store) {
    let devices = Devices::of(store).await;
    devices.open(1, "0").await;
    let names: Vec<String> = (1..=8).map(|number| number.to_string()).collect();
    let done = join_all(names.iter().map(|name| devices.refresh("0", name))).await;
    let heard = done.iter().all(|one| matches!(one, Refreshed::Done(_)));
    assert!(heard, "{done:?}");
    let mut open = Vec::new();
    for name in &names {
        if devices.is_open(name).await {
            open.push(name);
        }
    }
    assert_eq!(open.len(), 1, "{open:?}");
}

pub async fn a_role_is_new_at_the_next_request(store: Store) {
    let devices = Devices::of(store).await;
    let device = devices.open(1, "1").await;
    assert!(devices.is_open("1").await);
    let done = devices
        .store
        .set_role(devices.priya.id, Role::Auditor, Actor::System);
    done.await.expect("a write").expect("Priya");
    for standing in [devices.session("1").await, devices.standing(device).await] {
        let Standing::Open(who) = standing else {
            panic!("she is signed in")
        };
        assert_eq!(who.account.role, Role::Auditor);
    }
}

pub async fn devices_are_listed_and_revoked_one_by_one(store: Store) {
    let devices = Devices::of(store).await;
    let store = &devices.store;
    let first = devices.open(1, "1").await;
    let began = store.clock().now();
    store.clock().advance(TimeDelta::hours(1));
    let second = devices.open(2, "2").await;
    let listed = async || {
        let all = store.devices(devices.priya.id, Some(second)).await;
        all.expect("a list")
    };
    let all = listed().await;
    let shown: Vec<_> = all.iter().map(|one| (one.id, one.current)).collect();
    assert_eq!(shown, [(second, true), (first, false)]);
    assert_eq!((all[1].first_seen, all[1].last_seen), (began, began));
    store.clock().advance(TimeDelta::hours(1));
    assert!(matches!(
        devices.refresh("1", "3").await,
        Refreshed::Done(_)
    ));
    let all = listed().await;
    assert_eq!((all[0].id, all[0].last_seen), (first, store.clock().now()));
    let revoke = async |account, device| store.revoke_device(account, device).await.expect("done");
    assert!(!revoke(AccountId(id(1, 2)), first).await, "somebody else's");
    assert!(devices.is_open("3").await);
    assert!(revoke(devices.priya.id, first).await);
    assert!(!revoke(devices.priya.id, first).await, "once");
    assert_eq!(devices.session("3").await, Standing::Revoked);
    let left: Vec<_> = listed().await.into_iter().map(|one| one.id).collect();
    assert_eq!(left, [second]);
}

pub async fn a_ticket_is_taken_once_and_in_time(store: Store) {
    let devices = Devices::of(store).await;
    let store = &devices.store;
    let device = devices.open(1, "1").await;
    let soon = store.clock().now() + TimeDelta::seconds(30);
    for name in ["a", "b"] {
        let added = store
            .add_ticket(device, format!("ticket {name}"), soon)
            .await;
        added.expect("stored");
    }
    let take = async |name: &str| store.take_ticket(name).await.expect("a lookup");
    assert_eq!(take("access 1").await, None, "a token is no ticket");
    let all = join_all((0..4).map(|_| take("ticket a"))).await;
    assert_eq!(all.iter().flatten().count(), 1, "{all:?}");
    store.clock().advance(TimeDelta::seconds(30));
    assert_eq!(take("ticket b").await, None, "too late");
    assert_eq!(
        store.session("ticket b").await.expect("a lookup"),
        Standing::Ended
    );
}

pub async fn codes_are_taken_once_and_challenges_end(store: Store) {
    let devices = Devices::of(store).await;
    let (store, priya) = (&devices.store, devices.priya.id);
    let begun = async |secret: &str| store.begin_factor(priya, secret.to_owned()).await;
    assert_eq!(store.factor(priya).await.expect("a lookup"), None);
    assert_eq!(begun("ONE").await.expect("begun").secret, "ONE");
    assert_eq!(
        begun("TWO").await.expect("begun").secret,
        "ONE",
        "the first stays"
    );
    let take = async |step, codes: &[&str]| {
        let codes = codes.iter().map(|code| (*code).to_owned()).collect();
        store.take_step(priya, step, codes).await.expect("a write")
    };
    assert_eq!(take(10, &["a", "b"]).await, Taken::First);
    let factor = store.factor(priya).await.expect("a lookup").expect("one");
    assert!(factor.confirmed);
    let all = join_all((0..4).map(|_| take(11, &["c"]))).await;
    let next = all.iter().filter(|taken| **taken == Taken::Next).count();
    assert_eq!(next, 1, "{all:?}");
    assert_eq!(take(10, &[]).await, Taken::Spent, "an earlier one");
    let left = async || store.recovery_left(priya).await.expect("a number");
    assert_eq!(left().await, 2, "those of the first code");
    let recover = async |account, code: &str| {
        store
            .take_recovery(account, code.to_owned())
            .await
            .expect("a write")
    };
    assert!(!recover(AccountId(id(1, 2)), "a").await, "somebody else's");
    assert!(recover(priya, "a").await);
    assert!(!recover(priya, "a").await, "once");
    assert_eq!(left().await, 1);

    let challenge = NewChallenge {
        hash: "challenge".to_owned(),
        account: priya,
        device: "desk".to_owned(),
        expires_at: store.clock().now() + TimeDelta::minutes(5),
    };
    store.add_challenge(challenge).await.expect("stored");
    let tried = async || store.try_challenge("challenge").await.expect("a write");
    for _ in 0..5 {
        assert_eq!(
            tried().await,
            Some((devices.priya.clone(), "desk".to_owned()))
        );
    }
    assert_eq!(tried().await, None, "five tries");
    assert!(
        store
            .remove_factor(priya, Actor::System)
            .await
            .expect("done")
    );
    assert_eq!(
        (store.factor(priya).await.expect("a lookup"), left().await),
        (None, 0)
    );
}

pub async fn a_password_and_a_lock_end_sessions(store: Store) {
    let devices = Devices::of(store).await;
    let (store, priya) = (&devices.store, devices.priya.id);
    let here = devices.open(1, "1").await;
    devices.open(2, "2").await;
    let set = store
        .set_password(priya, "another".to_owned(), Some(here))
        .await;
    set.expect("a write");
    assert!(devices.is_open("1").await);
    assert_eq!(devices.session("2").await, Standing::Ended);
    let known = store.credentials("priya@hollowpine.example").await;
    assert_eq!(known.expect("a lookup").expect("Priya").1, "another");
    for locked in [true, false] {
        let set = store.set_locked(priya, locked, Actor::System).await;
        set.expect("a write");
        assert_eq!(store.is_locked(priya).await.expect("a lookup"), locked);
        assert_eq!(devices.session("1").await, Standing::Ended);
    }
}
