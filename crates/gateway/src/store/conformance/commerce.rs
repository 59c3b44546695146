//! What a connected shop says.

use super::*;
use crate::store::Taking;
use deskhand_connectors::commerce::{
    CustomerDraft, LineDraft, OrderDraft, OrderRecord, ParcelDraft, ShopId, identity::VENDURE,
};
use deskhand_domain::{
    Currency, Money, Notice, NoticeKind, Shipment,
    shipment::{Scan, TrackingStatus},
};

const ROBIN: &str = "robin.okafor@elsewhere.example";

/// An order of a shop with one parcel under way.
fn record(shop_id: &str, number: &str, email: &str, at: Instant) -> OrderRecord {
    let money = |minor| Money::new(minor, Currency::EUR);
    let draft = OrderDraft {
        id: ShopId::from(shop_id),
        number: number.to_owned(),
        placed_at: at - TimeDelta::days(2),
        updated_at: at,
        customer: CustomerDraft {
            id: Some(ShopId(format!("of {email}"))),
            name: "Robin Okafor".to_owned(),
            email: email.to_owned(),
            ..CustomerDraft::default()
        },
        lines: vec![LineDraft {
            id: "1".to_owned(),
            sku: "MUG-1".to_owned(),
            title: "Enamel mug".to_owned(),
            variant: String::new(),
            quantity: 2,
            unit_price: money(1_249),
            cancelled: 0,
            discount: None,
            sent: true,
        }],
        discounts: Vec::new(),
        shipping: money(495),
        shipping_method: "Standard parcel".to_owned(),
        tax: money(399),
        tax_included: true,
        total: money(2_993),
        payments: Vec::new(),
        voided: false,
        cancelled: false,
        parcels: vec![ParcelDraft {
            id: ShopId(format!("parcel of {shop_id}")),
            carrier: "DHL".to_owned(),
            tracking_number: "00340434161094015902".to_owned(),
            lines: vec![("1".to_owned(), 2)],
            status: TrackingStatus::InTransit,
            created_at: at - TimeDelta::days(1),
            promised_at: None,
            delivered_at: None,
        }],
        refunds: Vec::new(),
        ship_to: None,
    };
    let raw = format!("{number} {email}");
    draft.finish(VENDURE, at, raw).expect("it adds up")
}

fn writes(number: u64, email: &str, text: &str) -> OpenConversation {
    OpenConversation {
        name: "Robin".to_owned(),
        email: email.to_owned(),
        text: text.to_owned(),
        id: id(31, number),
        language: None,
    }
}

fn page(cursor: &str) -> Taking {
    Taking {
        source: VENDURE.key,
        cursor: Some(cursor.to_owned()),
        touch: false,
        whole: false,
    }
}

pub async fn an_order_of_a_shop_is_taken_over_once(store: Store) {
    let now = store.clock().now();
    let told = record("41", "K2XQ7PLM90AB", ROBIN, now);
    assert_eq!(store.shop_cursor("vendure").await.expect("a look"), None);
    let taken = store.take_orders(page("a"), vec![told.clone()]).await;
    assert_eq!(taken.expect("it is stored").changed, 1);
    let stored = store.get::<Order>(told.order.id.0).await.expect("a look");
    assert_eq!(stored.as_ref(), Some(&told.order));
    let parcel = store.get::<Shipment>(told.shipments[0].id.0).await;
    assert_eq!(parcel.expect("a look").as_ref(), told.shipments.first());
    let customer = store.get::<Customer>(told.order.customer.0).await;
    let customer = customer.expect("a look").expect("a customer");
    assert_eq!((&*customer.email, customer.order_count), (ROBIN, 1));
    let origin = store.origin_of(told.order.id).await.expect("a look");
    assert_eq!(origin.map(|origin| origin.id), Some(ShopId::from("41")));

    let head = *store.head().borrow();
    let again = store.take_orders(page("b"), vec![told.clone()]).await;
    assert_eq!(again.expect("it is known").same, 1);
    assert_eq!(
        *store.head().borrow(),
        head,
        "nobody is told the same twice"
    );
    let cursor = store.shop_cursor("vendure").await.expect("a look");
    assert_eq!(cursor.as_deref(), Some("b"), "it goes on all the same");

    let mut looked = told.clone();
    looked.order.source.fetched_at = now + TimeDelta::minutes(7);
    let touch = Taking {
        cursor: None,
        touch: true,
        ..page("")
    };
    let taken = store.take_orders(touch, vec![looked.clone()]).await;
    assert_eq!(taken.expect("it is known").same, 1);
    let stored = store.get::<Order>(told.order.id.0).await.expect("a look");
    assert_eq!(stored, Some(looked.order), "it was read again");

    let gone = store.forget_raw_before(now + TimeDelta::days(1)).await;
    assert_eq!(gone.expect("it is forgotten"), 1);
    let gone = store.forget_raw_before(now + TimeDelta::days(1)).await;
    assert_eq!(gone.expect("there is nothing left"), 0);
}

pub async fn a_number_names_one_order(store: Store) {
    let now = store.clock().now();
    let first = record("41", "K2XQ7PLM90AB", ROBIN, now);
    let same_number = record("42", "K2XQ7PLM90AB", "sam.lind@elsewhere.example", now);
    let other = record("43", "ZZ4QWERTY123", "sam.lind@elsewhere.example", now);
    let orders = vec![first.clone(), same_number.clone(), other.clone()];
    let taken = store.take_orders(page("a"), orders).await.expect("a page");
    assert_eq!(taken.clashes, [ShopId::from("42")]);
    assert_eq!(taken.changed, 2, "the others are stored");
    let nothing = store.get::<Order>(same_number.order.id.0).await;
    assert_eq!(nothing.expect("a look"), None);
    let nothing = store.get::<Shipment>(same_number.shipments[0].id.0).await;
    assert_eq!(nothing.expect("a look"), None, "nor its parcel");

    let whole = Taking {
        whole: true,
        ..page("b")
    };
    let fine = record("44", "NEWNUMBER044", ROBIN, now);
    let refused = store
        .take_orders(whole, vec![fine.clone(), same_number])
        .await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
    let nothing = store.get::<Order>(fine.order.id.0).await;
    assert_eq!(nothing.expect("a look"), None, "all of a file or nothing");

    // Somebody else's number in a question is nobody's order.
    let text = "Where is K2XQ7PLM90AB?";
    for (email, number, order) in [
        ("sam.lind@elsewhere.example", 1, None),
        (ROBIN, 2, Some(first.order.id)),
    ] {
        let open = writes(number, email, text);
        let hash = format!("token {number}");
        let opened = store.open_conversation(open, text.to_owned(), hash).await;
        let ticket = opened.expect("it is open").visitor.ticket;
        assert_eq!(the_ticket(&store, ticket).await.order, order, "{email}");
    }
}

pub async fn somebody_who_wrote_is_the_customer_who_bought(store: Store) {
    let open = writes(1, &ROBIN.to_uppercase(), "Hello, is anybody there?");
    let opened = store
        .open_conversation(open, "a".to_owned(), "b".to_owned())
        .await;
    let wrote = opened.expect("it is open").visitor.customer;
    let now = store.clock().now();
    let told = record("41", "K2XQ7PLM90AB", ROBIN, now);
    store
        .take_orders(page("a"), vec![told.clone()])
        .await
        .expect("a page");
    let order = store.get::<Order>(told.order.id.0).await.expect("a look");
    assert_eq!(order.map(|order| order.customer), Some(wrote));
    let customer = store.get::<Customer>(wrote.0).await.expect("a look");
    assert_eq!(
        customer.map(|customer| customer.source.name),
        Some("Vendure".to_owned())
    );
    let next = record("42", "ZZ4QWERTY123", ROBIN, now);
    store
        .take_orders(page("b"), vec![next.clone()])
        .await
        .expect("a page");
    let order = store.get::<Order>(next.order.id.0).await.expect("a look");
    assert_eq!(
        order.map(|order| order.customer),
        Some(wrote),
        "and stays it"
    );
}

pub async fn what_a_carrier_scanned_stays(store: Store) {
    let now = store.clock().now();
    let told = record("41", "K2XQ7PLM90AB", ROBIN, now);
    store
        .take_orders(page("a"), vec![told.clone()])
        .await
        .expect("a page");
    let mut scanned = told.shipments[0].clone();
    scanned.status = TrackingStatus::OutForDelivery;
    scanned.scans = vec![Scan {
        at: now,
        status: TrackingStatus::OutForDelivery,
        text: "On the van".to_owned(),
        place: None,
    }];
    scanned.source.name = "DHL".to_owned();
    // What the customer was told of it stays too.
    scanned.notices = vec![Notice {
        kind: NoticeKind::Late,
        at: now,
        ticket: ticket(1),
    }];
    let put = scanned.clone();
    let write = store.write(move |tx| Box::pin(async move { tx.put(&[put]).await }));
    write.await.expect("it is stored");
    let mut changed = told.clone();
    changed.raw = "something else".to_owned();
    store
        .take_orders(page("b"), vec![changed])
        .await
        .expect("a page");
    let parcel = store.get::<Shipment>(scanned.id.0).await.expect("a look");
    assert_eq!(parcel, Some(scanned));
}
