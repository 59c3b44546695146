//! A store full of canaries, and random reads as everybody: what is of a foreign team or masked
//! never comes back. `DESKHAND_CANARY_READS=100000` reads more often.

use crate::{
    kit::{Shop, Socket, operation},
    table::{Somebody, TRADE, everybody, own_policy, with_trade},
};
use deskhand_domain::{
    Currency, Customer, Message, Money, Order, Shipment, TeamId, Ticket,
    order::{Payment, PaymentMethod},
    shipment::{Scan, TrackingStatus},
};
use deskhand_gateway::testing::id;
use deskhand_policy::{Action, Policy, Resource};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

const TICKETS: u64 = 30;
const OF_MAIN: &str = "canary-of-main";
const OF_TRADE: &str = "canary-of-trade";
const PERSONAL: &str = "canary-of-customers";
const BOUGHT: &str = "canary-of-orders";

/// Plants a canary in every field that somebody might not see.
async fn plant(shop: &Shop) {
    for number in 1..=TICKETS {
        let write = shop.state.store.write(move |tx| {
            Box::pin(async move {
                let team = if number % 2 == 0 { TRADE } else { TeamId::MAIN };
                let canary = if team == TRADE { OF_TRADE } else { OF_MAIN };
                let mut ticket = tx.get::<Ticket>(id(5, number)).await?.expect("a ticket");
                ticket.team = team;
                ticket.subject = format!("{canary} subject");
                ticket.snippet = format!("{canary} snippet");
                ticket.tags = vec![format!("{canary}-tag")];
                tx.put(&[ticket]).await?;
                for part in 0..2 {
                    let found = tx.get::<Message>(id(6, number * 2 + part)).await?;
                    let mut message = found.expect("a message");
                    message.text = format!("{canary} text");
                    message.attachments = vec![format!("{canary}.pdf")];
                    tx.put(&[message]).await?;
                }
                let mut customer = tx
                    .get::<Customer>(id(2, number))
                    .await?
                    .expect("a customer");
                customer.email = format!("{PERSONAL}-{number}@example.com");
                customer.phone = Some(format!("{PERSONAL} phone"));
                customer.city = Some(format!("{PERSONAL} city"));
                tx.put(&[customer]).await?;
                let mut order = tx.get::<Order>(id(3, number)).await?.expect("an order");
                order.shipping_method = BOUGHT.to_owned();
                order.ship_to.name = format!("{PERSONAL} receiver");
                order.ship_to.street = format!("{PERSONAL} street");
                order.ship_to.postal_code = format!("{PERSONAL} code");
                order.ship_to.city = format!("{PERSONAL} city");
                order.payments = vec![Payment {
                    method: PaymentMethod::Card,
                    label: format!("{PERSONAL} card"),
                    amount: Money::new(4_900, Currency::EUR),
                    captured_at: None,
                }];
                tx.put(&[order]).await?;
                let mut parcel = tx.get::<Shipment>(id(4, number)).await?.expect("a parcel");
                parcel.carrier = BOUGHT.to_owned();
                parcel.scans = vec![Scan {
                    at: parcel.created_at,
                    status: TrackingStatus::InTransit,
                    text: format!("{PERSONAL} door"),
                    place: Some(format!("{PERSONAL} place")),
                }];
                tx.put(&[parcel]).await
            })
        });
        write.await.expect("planted");
    }
}

/// The canaries that somebody may see.
struct Cage {
    main: bool,
    trade: bool,
    personal: bool,
    reveals: bool,
    bought: bool,
}

impl Cage {
    fn of(policy: &Policy, somebody: &Somebody) -> Self {
        let account = &somebody.account;
        let subject = policy.subject(account.id, account.role, &account.teams, None);
        let may = |action, resource| policy.may(&subject, action, &resource);
        Self {
            main: may(Action::TicketRead, Resource::Ticket { team: TeamId::MAIN }),
            trade: may(Action::TicketRead, Resource::Ticket { team: TRADE }),
            personal: may(Action::CustomerContact, Resource::Customer),
            reveals: may(Action::CustomerReveal, Resource::Customer),
            bought: may(Action::OrderRead, Resource::Order),
        }
    }

    /// Looks through what came back; answers which canaries were seen.
    fn look(&self, what: &str, text: &str, seen: &mut BTreeMap<&'static str, u64>) {
        let revealed = self.reveals && what.contains("/reveal");
        for (canary, may) in [
            (OF_MAIN, self.main),
            (OF_TRADE, self.trade),
            (PERSONAL, self.personal || revealed),
            (BOUGHT, self.bought),
        ] {
            if text.contains(canary) {
                assert!(may, "{canary} came back: {what}: {text}");
                *seen.entry(canary).or_default() += 1;
            }
        }
    }
}

/// A random request of somebody who tries everything.
fn anything(rng: &mut StdRng) -> (&'static str, String, Option<Value>) {
    let number = rng.random_range(1..=TICKETS + 1);
    let other = rng.random_range(1..=TICKETS + 1);
    let (ticket, into) = (id(5, number), id(5, other));
    let path = |text: String| ("GET", text, None);
    match rng.random_range(0..24) {
        0 => path("/v1/tickets?limit=200".to_owned()),
        1 => path(format!("/v1/tickets?customer={}", id(2, number))),
        2 => path("/v1/tickets?status=open&limit=5".to_owned()),
        3 => path("/v1/tickets?channel=web_chat&limit=200".to_owned()),
        4 => path(format!("/v1/tickets/{ticket}")),
        5 => path(format!("/v1/tickets/{ticket}/messages")),
        6 => path("/v1/customers?limit=200".to_owned()),
        7 => path(format!(
            "/v1/customers?email={PERSONAL}-{number}@example.com"
        )),
        8 => path(format!("/v1/customers/{}", id(2, number))),
        9 => path(format!("/v1/customers/{}/orders", id(2, number))),
        10 => path("/v1/orders?limit=200".to_owned()),
        11 => path(format!("/v1/orders?number=HP-{}", 20_000 + number)),
        12 => path(format!("/v1/orders?customer={}", id(2, number))),
        13 => path(format!("/v1/orders/{}", id(3, number))),
        14 => path(format!("/v1/orders/{}/shipments", id(3, number))),
        15 => path(format!("/v1/shipments/{}", id(4, number))),
        16 => path("/v1/session".to_owned()),
        17 => path("/v1/macros".to_owned()),
        18 => path("/v1/accounts".to_owned()),
        // What was missed comes back with a refusal.
        19 => (
            "POST",
            format!("/v1/tickets/{ticket}/messages"),
            Some(json!({"kind": "public", "text": "Hello."})),
        ),
        20 => ("PATCH", format!("/v1/tickets/{ticket}"), Some(json!({}))),
        21 => (
            "POST",
            format!("/v1/tickets/{ticket}/merge"),
            Some(json!({"into": into})),
        ),
        22 => (
            "POST",
            format!("/v1/customers/{}/reveal", id(2, number)),
            Some(json!({"reason": "identity"})),
        ),
        _ => path("/v1/sync".to_owned()),
    }
}

#[tokio::test]
async fn no_canary_of_another_team_or_behind_a_mask_ever_comes_back() {
    let reads: u64 = std::env::var("DESKHAND_CANARY_READS")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(20_000);
    let shop = Shop::open().await;
    with_trade(&shop).await;
    let people = everybody(&shop).await;
    plant(&shop).await;
    let (policy, address) = (own_policy(), shop.listen().await);
    let cages: Vec<Cage> = people.iter().map(|one| Cage::of(&policy, one)).collect();
    let mut rng = StdRng::seed_from_u64(41);
    let (mut seen, mut done, mut framed) = (BTreeMap::new(), 0_u64, 0_u64);

    // Everybody copies all they may, and follows from there.
    let mut sockets = Vec::new();
    for (somebody, cage) in people.iter().zip(&cages) {
        let mut next = Some("/v1/sync".to_owned());
        let mut live = Value::Null;
        while let Some(path) = next {
            let answer = shop.get(&path, &somebody.token).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            cage.look(&path, &answer.body, &mut seen);
            let page = answer.json();
            done += 1;
            live = page["live"].clone();
            next = page["next"]
                .as_str()
                .map(|next| format!("/v1/sync?after={next}"));
        }
        let mut socket = Socket::connect(&address, "/v1/live", &somebody.token)
            .await
            .expect("a socket");
        socket.say(json!({"type": "follow", "cursor": live})).await;
        sockets.push(socket);
    }

    while done + framed < reads {
        for _ in 0..200 {
            let at = rng.random_range(0..people.len());
            let (method, path, body) = anything(&mut rng);
            let key = Uuid::from_u128(rng.random());
            let body = body.map(|body| body.to_string());
            let asked = operation(method, &path, &people[at].token, body, key);
            let answer = shop.ask(asked).await;
            assert!(!answer.status.is_server_error(), "{path}: {}", answer.body);
            // Who is not let in at all proves nothing.
            assert!(
                ![401, 429].contains(&answer.status.as_u16()),
                "{path}: {}",
                answer.body
            );
            let account = &people[at].account;
            let what = format!("{method} {path} as {} of {:?}", account.role, account.teams);
            cages[at].look(&what, &answer.body, &mut seen);
            done += 1;
        }
        // Something changes while everybody listens.
        let number = *[2_u64, 3].choose(&mut rng).expect("a number") + 2 * rng.random_range(0..10);
        touch(&shop, number).await;
        let head = *shop.state.store.head().borrow();
        for (socket, cage) in sockets.iter_mut().zip(&cages) {
            loop {
                let frame = socket.next().await.expect("the socket lives");
                cage.look("a frame", &frame.to_string(), &mut seen);
                framed += 1;
                if frame["type"] == "changes" && frame["upto"].as_i64() >= Some(head) {
                    break;
                }
            }
        }
    }
    println!("{done} reads and {framed} frames; seen by who may: {seen:?}");
    for canary in [OF_MAIN, OF_TRADE, PERSONAL, BOUGHT] {
        assert!(
            seen.get(canary).is_some_and(|times| *times > 100),
            "{canary}: {seen:?}"
        );
    }
}

/// Changes a ticket, its messages and its customer, so that they travel again.
async fn touch(shop: &Shop, number: u64) {
    let write = shop.state.store.write(move |tx| {
        Box::pin(async move {
            let ticket = tx.get::<Ticket>(id(5, number)).await?.expect("a ticket");
            let messages = [
                tx.get::<Message>(id(6, number * 2))
                    .await?
                    .expect("a message"),
                tx.get::<Message>(id(6, number * 2 + 1))
                    .await?
                    .expect("a message"),
            ];
            let customer = tx
                .get::<Customer>(id(2, number))
                .await?
                .expect("a customer");
            let order = tx.get::<Order>(id(3, number)).await?.expect("an order");
            let parcel = tx.get::<Shipment>(id(4, number)).await?.expect("a parcel");
            tx.put(&[ticket]).await?;
            tx.put(&messages).await?;
            tx.put(&[customer]).await?;
            tx.put(&[order]).await?;
            tx.put(&[parcel]).await
        })
    });
    write.await.expect("touched");
}
