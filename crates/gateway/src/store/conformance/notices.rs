//! What customers are told before they ask.

use super::*;
use crate::{config::Config, notices::Teller};
use deskhand_domain::{
    Author, Channel, NoticeKind, Shipment,
    shipment::{Scan, TrackingStatus},
};
use deskhand_protocol::audit::Action;

/// The parcels of customers whose tickets are closed: every third.
const QUIET: [u64; 2] = [3, 6];

async fn teller(store: &Store) -> Teller {
    let mut config = Config::embedded("nowhere");
    config.notices.enabled = Some(true);
    let teller = Teller::begin(store, &config).await.expect("a look");
    teller.expect("customers are told")
}

/// A parcel comes to a pick-up point.
async fn comes(store: &Store, number: u64) {
    let write = store.write(move |tx| {
        Box::pin(async move {
            let found = tx.get::<Shipment>(id(4, number)).await?;
            let mut parcel = found.expect("a parcel");
            parcel.status = TrackingStatus::AvailableForPickup;
            parcel.scans = vec![Scan {
                at: tx.now,
                status: TrackingStatus::AvailableForPickup,
                text: "It waits.".to_owned(),
                place: None,
            }];
            tx.put(&[parcel]).await
        })
    });
    write.await.expect("a parcel");
}

async fn look(teller: &mut Teller) -> usize {
    let mut told = 0;
    loop {
        let round = teller.look().await.expect("a look");
        told += round.told;
        if !round.more {
            return told;
        }
    }
}

pub async fn a_customer_is_told_once_however_many_look(store: Store) {
    let (mut one, mut two) = (teller(&store).await, teller(&store).await);
    assert_eq!(look(&mut one).await, 0, "nothing befell anybody since");
    for number in QUIET {
        comes(&store, number).await;
    }
    comes(&store, 1).await;
    let head = *store.head().borrow();
    let (first, second) = futures_util::future::join(look(&mut one), look(&mut two)).await;
    assert_eq!(first + second, QUIET.len(), "a ticket of the third is open");
    assert_eq!(look(&mut teller(&store).await).await, 0, "also later");

    let changed = store.changes_after(head, 100).await.expect("changes");
    let mut told = BTreeMap::new();
    for place in &changed {
        match &place.change.record {
            Record::Message(message) => {
                assert_eq!(message.author, Author::System);
                assert_eq!(message.channel, Channel::Email);
                assert!(message.text.contains("pick-up point"), "{}", message.text);
                *told.entry(message.ticket).or_insert(0) += 1;
            }
            Record::Ticket(ticket) => {
                assert_eq!(ticket.status, TicketStatus::Closed);
                assert_eq!(ticket.identity, Identity::Verified);
                assert!(ticket.waiting_since.is_none() && ticket.order.is_some());
            }
            Record::Shipment(parcel) => {
                let kinds: Vec<_> = parcel.notices.iter().map(|notice| notice.kind).collect();
                assert_eq!(kinds, [NoticeKind::Pickup]);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told.len(), QUIET.len(), "each in a ticket of its own");
    assert!(told.values().all(|count| *count == 1));
    let trail = audit::trail(&store).await;
    let told = trail
        .iter()
        .filter(|entry| entry.action == Action::CustomerTold);
    assert_eq!(told.count(), QUIET.len());
}

pub async fn who_does_not_want_to_be_told_is_not(store: Store) {
    let mut teller = teller(&store).await;
    let email = "Ana3@example.com".to_owned();
    let objecting = store.set_objection(email.clone(), true).await;
    assert_eq!(objecting.expect("noted"), 1);
    let nobody = store.set_objection("nobody@example.com".to_owned(), true);
    assert_eq!(nobody.await.expect("looked for"), 0);
    comes(&store, QUIET[0]).await;
    assert_eq!(look(&mut teller).await, 0);
    store.set_objection(email, false).await.expect("taken back");
    comes(&store, QUIET[0]).await;
    assert_eq!(look(&mut teller).await, 1);
}

pub async fn what_befell_a_parcel_before_is_not_told(store: Store) {
    for number in QUIET {
        comes(&store, number).await;
    }
    store.clock().advance(TimeDelta::minutes(1));
    let mut first = teller(&store).await;
    assert_eq!(look(&mut first).await, 0);
    // Whoever stops telling begins anew.
    assert_eq!(store.tell_customers(false).await.expect("noted"), None);
    comes(&store, QUIET[0]).await;
    store.clock().advance(TimeDelta::minutes(1));
    let mut second = teller(&store).await;
    assert_eq!(look(&mut second).await, 0);
    comes(&store, QUIET[1]).await;
    assert_eq!(look(&mut second).await, 1);
}
