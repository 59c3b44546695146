//! Devices that are signed in, and their tokens.

use super::*;
use crate::store::{NewDevice, NewPair, Refreshed, SignedIn, Standing};
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
