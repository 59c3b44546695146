use super::*;
use crate::{
    Currency,
    account::Role,
    customer::Risk,
    ids::*,
    order::{Address, FulfilmentStatus, PaymentStatus},
    shipment::{Scan, TrackingStatus},
    shop::Source,
    ticket::{Channel, Identity, Intent, Mood, Priority, TicketStatus},
};
use uuid::Uuid;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

fn source() -> Source {
    Source {
        name: "Shop".into(),
        fetched_at: at("2026-11-20T08:00:00Z"),
    }
}

fn ticket() -> Ticket {
    let created = at("2026-11-20T08:00:00Z");
    Ticket {
        id: TicketId(Uuid::nil()),
        number: 1042,
        channel: Channel::Email,
        subject: "Where is it?".into(),
        customer: CustomerId(Uuid::nil()),
        identity: Identity::Verified,
        order: None,
        team: crate::ids::TeamId::MAIN,
        assignee: None,
        status: TicketStatus::Open,
        priority: Priority::Normal,
        tags: vec![],
        intent: Intent::Other,
        mood: Mood::Neutral,
        language: "en".into(),
        at_stake: None,
        escalated: false,
        created_at: created,
        updated_at: created,
        last_message_at: created,
        snippet: String::new(),
        waiting_since: None,
        due_at: None,
        seen_at: None,
        snoozed_until: None,
        mentions: vec![],
        fields: crate::Fields::new(),
        merged_into: None,
    }
}

fn customer() -> Customer {
    Customer {
        id: CustomerId(Uuid::nil()),
        name: "Ana Sofia Lopes".into(),
        email: "ana@example.com".into(),
        phone: None,
        city: None,
        country: None,
        language: "pt".into(),
        since: at("2024-01-01T00:00:00Z"),
        order_count: 1,
        spent: Money::zero(Currency::EUR),
        refund_count: 0,
        risk: Risk::Low,
        source: source(),
    }
}

fn order() -> Order {
    let zero = Money::zero(Currency::EUR);
    Order {
        id: OrderId(Uuid::nil()),
        number: "HP-20418".into(),
        customer: CustomerId(Uuid::nil()),
        placed_at: at("2026-11-16T23:30:00Z"),
        lines: vec![],
        subtotal: zero,
        discounts: vec![],
        shipping: zero,
        shipping_method: "Standard".into(),
        tax: zero,
        tax_included: true,
        total: Money::new(127_770, Currency::EUR),
        payments: vec![],
        payment_status: PaymentStatus::Paid,
        fulfilment_status: FulfilmentStatus::Unfulfilled,
        ship_to: Address {
            name: String::new(),
            street: String::new(),
            postal_code: String::new(),
            city: String::new(),
            country: "PT".into(),
        },
        ship_by: None,
        refunds: vec![],
        returns: vec![],
        source: source(),
    }
}

fn parcel() -> Shipment {
    Shipment {
        id: ShipmentId(Uuid::nil()),
        order: OrderId(Uuid::nil()),
        position: 1,
        carrier: "DHL".into(),
        tracking_number: "00340434161094042557".into(),
        lines: vec![],
        status: TrackingStatus::InTransit,
        detail: None,
        created_at: at("2026-11-17T08:00:00Z"),
        promised_at: Some(at("2026-11-24T17:00:00Z")),
        delivered_at: None,
        pickup_until: None,
        notices: vec![],
        scans: vec![
            Scan {
                at: at("2026-11-19T23:30:00Z"),
                status: TrackingStatus::InTransit,
                text: "On its way".into(),
                place: None,
            },
            Scan {
                at: at("2026-11-18T10:00:00Z"),
                status: TrackingStatus::InTransit,
                text: "Sorted".into(),
                place: Some("Porto".into()),
            },
        ],
        source: source(),
    }
}

#[test]
fn what_is_known_is_filled_in_and_the_rest_stays_as_a_gap() {
    let (ticket, customer, order, parcel) = (ticket(), customer(), order(), parcel());
    let agent = Account {
        id: AccountId(Uuid::nil()),
        name: "Priya Nair".into(),
        email: "priya@example.com".into(),
        role: Role::Agent,
        teams: vec![],
    };
    let shop = Shop {
        name: "Hollowpine".into(),
        currency: Currency::EUR,
        help_email: "help@hollowpine.example".into(),
        order_prefix: "HP-".into(),
        time_zone: "Europe/Berlin".into(),
    };
    let berlin = |at: DateTime<Utc>| (at + chrono::TimeDelta::hours(1)).date_naive();
    let whole = Around {
        ticket: &ticket,
        customer: Some(&customer),
        order: Some(&order),
        parcel: Some(&parcel),
        agent: &agent,
        shop: &shop,
        day: &berlin,
    };
    let bare = Around {
        customer: None,
        order: None,
        parcel: None,
        ..whole
    };
    let check = |around: &Around<'_>, language: &str, text: &str, filled: &str, gaps: &[&str]| {
        let (found, left) = fill(text, language, around);
        assert_eq!(found, filled, "{text}");
        assert_eq!(left, gaps, "{text}");
    };
    for (language, text, filled) in [
        ("en", "Hi {{customer.first_name}},", "Hi Ana,"),
        ("en", "{{customer.name}}", "Ana Sofia Lopes"),
        ("en", "{{ customer.email }}", "ana@example.com"),
        ("en", "{{order.number}}", "HP-20418"),
        ("en", "{{order.total}}", "€1,277.70"),
        ("de", "{{order.total}}", "1.277,70\u{a0}€"),
        ("fr", "{{order.total}}", "1\u{202f}277,70\u{a0}€"),
        ("en", "{{order.placed}}", "Tuesday, 17 November"),
        ("en", "{{shipment.carrier}} {{parcel.carrier}}", "DHL DHL"),
        ("en", "{{shipment.tracking_number}}", "00340434161094042557"),
        ("en", "{{shipment.promised}}", "Tuesday, 24 November"),
        ("de", "{{parcel.promised}}", "Dienstag, 24. November"),
        ("fr-CA", "{{parcel.promised_day}}", "mardi 24 novembre"),
        ("de", "{{parcel.last_scan}}", "Freitag, 20. November"),
        ("en", "{{parcel.last_place}}", "Porto"),
        (
            "en",
            "{{agent.first_name}}, {{shop.name}}",
            "Priya, Hollowpine",
        ),
        ("en", "{{agent.name}}", "Priya Nair"),
        ("en", "{{shop.help_email}}", "help@hollowpine.example"),
        (
            "en",
            "#{{ticket.number}} {{ticket.subject}}",
            "#1042 Where is it?",
        ),
        ("en", "no braces", "no braces"),
        (
            "en",
            "{{ & }} and {{Not A Name}}",
            "{{ & }} and {{Not A Name}}",
        ),
        ("en", "{{{{order.number}}}}", "{{HP-20418}}"),
        ("en", "left {{open", "left {{open"),
    ] {
        check(&whole, language, text, filled, &[]);
    }
    check(
        &whole,
        "en",
        "{{parcel.delivered}} {{parcel.pickup_until}}",
        "{{parcel.delivered}} {{parcel.pickup_until}}",
        &["parcel.delivered", "parcel.pickup_until"],
    );
    check(
        &whole,
        "en",
        "{{order.colour}} {{nothing}}",
        "{{order.colour}} {{nothing}}",
        &["order.colour", "nothing"],
    );
    check(
        &bare,
        "en",
        "Hi {{customer.first_name}}, {{ order.number }} and {{order.number}}",
        "Hi {{customer.first_name}}, {{order.number}} and {{order.number}}",
        &["customer.first_name", "order.number"],
    );
    let (injected, gaps) = {
        let sly = Customer {
            name: "{{order.total}}".into(),
            ..customer.clone()
        };
        fill(
            "{{customer.name}}",
            "en",
            &Around {
                customer: Some(&sly),
                ..whole
            },
        )
    };
    assert_eq!(
        (injected.as_str(), gaps.len()),
        ("{{order.total}}", 0),
        "what a customer is called is text"
    );
}

#[test]
fn amounts_follow_the_language() {
    let money = |minor, code: &str| Money::new(minor, code.parse().expect("a currency"));
    for (amount, language, written) in [
        (money(900, "EUR"), "en", "€9.00"),
        (money(-900, "EUR"), "en", "-€9.00"),
        (money(123_456_789, "GBP"), "en", "£1,234,567.89"),
        (money(4_950, "CHF"), "de", "49,50\u{a0}CHF"),
        (money(4_950, "CHF"), "en", "CHF\u{a0}49.50"),
        (money(5_000, "JPY"), "en", "JPY\u{a0}5,000"),
        (money(5, "SEK"), "sv", "0,05\u{a0}SEK"),
    ] {
        assert_eq!(written_amount(amount, language), written);
    }
}
