//! Who a provider says that somebody is.

use super::*;
use crate::store::{BrowserSignIn, Identity};

const ISSUER: &str = "https://id.example";

fn somebody(subject: &str, email: Option<&str>, create: bool) -> Identity {
    Identity {
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
        email: email.map(str::to_owned),
        name: Some("Nora Lind".to_owned()),
        role: Role::Supervisor,
        create,
    }
}

pub async fn a_browser_sign_in_is_taken_once_and_in_time(store: Store) {
    let until = store.clock().now() + TimeDelta::minutes(10);
    let begun = |name: &str| BrowserSignIn {
        hash: format!("hash {name}"),
        state: format!("state {name}"),
        nonce: "nonce".to_owned(),
        verifier: "verifier".to_owned(),
        redirect: "http://127.0.0.1:1/callback".to_owned(),
        device: "desk".to_owned(),
        expires_at: until,
    };
    for name in ["a", "b"] {
        let stored = store.begin_in_browser(begun(name)).await;
        stored.expect("a write");
    }
    let take = async |hash: &str| store.end_in_browser(hash).await.expect("a write");
    assert_eq!(take("state a").await, None);
    let all = join_all((0..4).map(|_| take("hash a"))).await;
    let taken: Vec<_> = all.into_iter().flatten().collect();
    assert_eq!(taken, [begun("a")], "once, as it was");
    store.clock().advance(TimeDelta::minutes(10));
    assert_eq!(take("hash b").await, None, "too late");
}

pub async fn somebody_of_a_provider_has_one_account(store: Store) {
    let known = store.credentials("priya@hollowpine.example").await;
    let (priya, _) = known.expect("a lookup").expect("Priya");
    let of = async |who: Identity| {
        let found = store.account_of(who).await.expect("a write");
        found.map(|account| account.id)
    };
    let address = Some("Priya@Hollowpine.example");
    assert_eq!(of(somebody("p", None, true)).await, None, "no address");
    assert_eq!(of(somebody("p", address, false)).await, Some(priya.id));
    assert_eq!(of(somebody("p", None, false)).await, Some(priya.id));
    let other = Some("other@hollowpine.example");
    assert_eq!(of(somebody("p", other, true)).await, Some(priya.id));

    let nora = Some("nora@hollowpine.example");
    assert_eq!(of(somebody("n", nora, false)).await, None, "nobody new");
    let all = join_all((0..4).map(|_| of(somebody("n", nora, true)))).await;
    let made = all[0].expect("an account");
    assert_ne!(made, priya.id);
    assert!(all.iter().all(|one| *one == Some(made)), "{all:?}");
    let account = store.get::<Account>(made.0).await.expect("a lookup");
    let account = account.expect("Nora");
    assert_eq!(
        (account.role, account.teams.as_slice()),
        (Role::Supervisor, [TeamId::MAIN].as_slice())
    );
    let (_, password) = store
        .credentials("nora@hollowpine.example")
        .await
        .expect("a lookup")
        .expect("Nora");
    assert_eq!(password, "", "no password opens it");
    let elsewhere = Identity {
        issuer: "https://other.example".to_owned(),
        ..somebody("n", None, true)
    };
    assert_eq!(of(elsewhere).await, None, "another provider's n");
}
