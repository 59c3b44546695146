//! What tests of this and other crates need: a small shop, and a real PostgreSQL.

pub mod feed_proof;
pub mod fuzz;
pub mod postgres;

use crate::store::Seed;
use chrono::TimeDelta;
use deskhand_domain::{
    Account, AccountId, Article, ArticleId, Author, Channel, Currency, Customer, CustomerId,
    Delivery, Instant, Intent, Macro, MacroChanges, MacroId, Message, MessageId, MessageKind,
    Money, Mood, Order, OrderId, Priority, Role, Shipment, ShipmentId, Shop, Source, Ticket,
    TicketId, TicketStatus,
    customer::Risk,
    knowledge::Topic,
    order::{Address, FulfilmentStatus, PaymentStatus},
    shipment::TrackingStatus,
    text,
    ticket::Identity,
};
use uuid::Uuid;

/// An id that says what it is of, so that mixed-up ids fail.
pub fn id(kind: u16, number: u64) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(kind) << 80)
        .as_u128()
        .checked_add(u128::from(number))
        .map(Uuid::from_u128)
        .unwrap_or_default()
}

/// A shop of `tickets` tickets, each of its own customer with an order and a parcel; every third
/// is closed. One account of each role, with the password of the sample shop.
pub fn small_shop(now: Instant, tickets: u64, password_hash: String) -> Seed {
    let source = Source {
        name: "Shop".to_owned(),
        fetched_at: now,
    };
    let numbers = 1..=tickets;
    Seed {
        shop: Shop {
            name: "Hollowpine".to_owned(),
            currency: Currency::EUR,
            help_email: "help@hollowpine.example".to_owned(),
            order_prefix: "HP-".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
        },
        teams: Vec::new(),
        accounts: accounts(),
        password_hash,
        sample: true,
        products: Vec::new(),
        customers: numbers.clone().map(|n| customer(n, now, &source)).collect(),
        orders: numbers.clone().map(|n| order(n, now, &source)).collect(),
        shipments: numbers.clone().map(|n| shipment(n, now, &source)).collect(),
        tickets: numbers.clone().map(|n| ticket(n, now)).collect(),
        messages: numbers.flat_map(|n| messages(n, now)).collect(),
        articles: vec![Article {
            id: ArticleId(id(7, 1)),
            slug: "lost-parcels".to_owned(),
            topic: Topic::Shipping,
            language: "en".to_owned(),
            title: "Lost parcels".to_owned(),
            body: "## When\nAfter ten days.".to_owned(),
            updated_at: now,
        }],
        macros: vec![Macro {
            id: MacroId(id(8, 1)),
            name: "On its way".to_owned(),
            language: "en".to_owned(),
            text: "Hello {{customer.first_name}}, it is on its way.".to_owned(),
            changes: MacroChanges::default(),
        }],
        fields: Vec::new(),
    }
}

fn accounts() -> Vec<Account> {
    [
        ("Priya Raman", "priya@hollowpine.example", Role::Agent),
        ("Mette Kjær", "mette@hollowpine.example", Role::Supervisor),
        ("Aino Virta", "aino@hollowpine.example", Role::Admin),
        ("Otto Lang", "otto@hollowpine.example", Role::Auditor),
    ]
    .into_iter()
    .zip(1..)
    .map(|((name, email, role), number)| Account {
        id: AccountId(id(1, number)),
        name: name.to_owned(),
        email: email.to_owned(),
        role,
        teams: vec![deskhand_domain::TeamId::MAIN],
    })
    .collect()
}

fn customer(number: u64, now: Instant, source: &Source) -> Customer {
    Customer {
        id: CustomerId(id(2, number)),
        name: format!("Ana Sample {number}"),
        email: format!("ana{number}@example.com"),
        phone: None,
        city: Some("Porto".to_owned()),
        country: Some("PT".to_owned()),
        language: "en".to_owned(),
        since: now - TimeDelta::days(100),
        order_count: 1,
        spent: Money::new(4_900, Currency::EUR),
        refund_count: 0,
        risk: Risk::Low,
        source: source.clone(),
    }
}

fn order(number: u64, now: Instant, source: &Source) -> Order {
    let price = Money::new(4_900, Currency::EUR);
    Order {
        id: OrderId(id(3, number)),
        number: format!("HP-{}", 20_000 + number),
        customer: CustomerId(id(2, number)),
        placed_at: now
            - TimeDelta::days(5)
            - TimeDelta::minutes(i64::try_from(number).unwrap_or(0)),
        lines: Vec::new(),
        subtotal: price,
        discounts: Vec::new(),
        shipping: Money::zero(Currency::EUR),
        shipping_method: "Standard".to_owned(),
        tax: Money::zero(Currency::EUR),
        tax_included: true,
        total: price,
        payments: Vec::new(),
        payment_status: PaymentStatus::Paid,
        fulfilment_status: FulfilmentStatus::Shipped,
        ship_to: Address {
            name: format!("Ana Sample {number}"),
            street: "Rua Um 1".to_owned(),
            postal_code: "4000-001".to_owned(),
            city: "Porto".to_owned(),
            country: "PT".to_owned(),
        },
        ship_by: None,
        refunds: Vec::new(),
        returns: Vec::new(),
        source: source.clone(),
    }
}

fn shipment(number: u64, now: Instant, source: &Source) -> Shipment {
    Shipment {
        id: ShipmentId(id(4, number)),
        order: OrderId(id(3, number)),
        position: 1,
        carrier: "Correio".to_owned(),
        tracking_number: format!("PT{number:010}"),
        lines: Vec::new(),
        status: TrackingStatus::InTransit,
        detail: None,
        created_at: now - TimeDelta::days(4),
        promised_at: None,
        delivered_at: None,
        pickup_until: None,
        scans: Vec::new(),
        notices: Vec::new(),
        source: source.clone(),
    }
}

fn ticket(number: u64, now: Instant) -> Ticket {
    let at = now - TimeDelta::minutes(i64::try_from(number).unwrap_or(0));
    let closed = number.is_multiple_of(3);
    Ticket {
        id: TicketId(id(5, number)),
        number: u32::try_from(number).unwrap_or(u32::MAX),
        channel: Channel::WebChat,
        subject: format!("Where is HP-{}?", 20_000 + number),
        customer: CustomerId(id(2, number)),
        identity: Identity::Claimed,
        order: Some(OrderId(id(3, number))),
        team: deskhand_domain::TeamId::MAIN,
        assignee: None,
        status: if closed {
            TicketStatus::Closed
        } else {
            TicketStatus::Open
        },
        priority: Priority::Normal,
        tags: vec!["parcel".to_owned()],
        intent: Intent::WhereIsIt,
        mood: Mood::Neutral,
        language: "en".to_owned(),
        at_stake: Some(Money::new(4_900, Currency::EUR)),
        escalated: false,
        created_at: at,
        updated_at: at,
        last_message_at: at,
        snippet: text::snippet("Where is it?"),
        waiting_since: (!closed).then_some(at),
        due_at: (!closed).then_some(at + TimeDelta::minutes(10)),
        seen_at: None,
        snoozed_until: None,
        mentions: Vec::new(),
        fields: deskhand_domain::Fields::new(),
        merged_into: None,
    }
}

fn messages(number: u64, now: Instant) -> [Message; 2] {
    let at = now - TimeDelta::minutes(i64::try_from(number).unwrap_or(0));
    let message = |part: u64, author, text: &str, delivery| Message {
        id: MessageId(id(6, number * 2 + part)),
        ticket: TicketId(id(5, number)),
        kind: MessageKind::Public,
        author,
        channel: Channel::WebChat,
        text: text.to_owned(),
        sent_at: at - TimeDelta::minutes(1) + TimeDelta::minutes(i64::try_from(part).unwrap_or(0)),
        delivery,
        attachments: Vec::new(),
        held_until: None,
    };
    [
        message(
            0,
            Author::Account(AccountId(id(1, 1))),
            "Hello!",
            Some(Delivery::Read),
        ),
        message(
            1,
            Author::Customer(CustomerId(id(2, number))),
            "Where is it?",
            None,
        ),
    ]
}
