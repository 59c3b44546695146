//! Conversations are believable: they fit their orders, their clocks and their languages.

mod common;

use chrono::TimeDelta;
use common::{now, shop};
use deskhand_domain::{
    Channel, Intent, MessageKind, Mood, Priority, Ticket, TicketStatus, message::Author,
    message::Delivery, order_number,
};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_channel_status_priority_intent_and_mood_occurs() {
    let shop = shop();
    let all = |of: fn(&Ticket) -> String| shop.tickets.iter().map(of).collect::<BTreeSet<String>>();
    assert_eq!(all(|ticket| format!("{:?}", ticket.channel)).len(), 3);
    assert_eq!(all(|ticket| format!("{:?}", ticket.status)).len(), 4);
    assert_eq!(all(|ticket| format!("{:?}", ticket.priority)).len(), 4);
    assert_eq!(all(|ticket| format!("{:?}", ticket.mood)).len(), 4);
    let intents = all(|ticket| format!("{:?}", ticket.intent));
    assert!(intents.len() >= 18, "{intents:?}");
    let deliveries: BTreeSet<_> = shop
        .messages
        .iter()
        .filter_map(|message| message.delivery)
        .collect();
    assert_eq!(deliveries.len(), 4);
    assert!(
        shop.messages
            .iter()
            .any(|message| message.delivery == Some(Delivery::Failed))
    );
}

#[test]
fn people_write_in_three_languages() {
    let shop = shop();
    let share = |language: &str| {
        shop.tickets
            .iter()
            .filter(|ticket| ticket.language == language)
            .count()
            * 100
            / shop.tickets.len()
    };
    assert!(
        (48..=65).contains(&share("en")),
        "{} % English",
        share("en")
    );
    assert!((24..=38).contains(&share("de")), "{} % German", share("de"));
    assert!((9..=20).contains(&share("fr")), "{} % French", share("fr"));
}

#[test]
fn messages_are_filled_in_and_stored_as_the_gateway_would_store_them() {
    let shop = shop();
    for message in &shop.messages {
        let text = &message.text;
        assert_eq!(deskhand_domain::text::message(text).as_ref(), Ok(text));
        assert!(
            !text.contains(['{', '}', '<', '>', '[', ']', '¶']),
            "{text}"
        );
        assert!(
            !text.contains("  ") && !text.contains(" ,") && !text.contains(".."),
            "{text}"
        );
    }
    for ticket in &shop.tickets {
        assert_eq!(
            deskhand_domain::text::line(&ticket.subject).as_ref(),
            Ok(&ticket.subject)
        );
        assert!(
            !ticket.subject.contains(['{', '}', '[']),
            "{}",
            ticket.subject
        );
    }
}

#[test]
fn tickets_follow_from_their_messages() {
    let shop = shop();
    let mut messages: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for message in &shop.messages {
        messages.entry(message.ticket).or_default().push(message);
    }
    let numbers: BTreeSet<u32> = shop.tickets.iter().map(|ticket| ticket.number).collect();
    assert_eq!(numbers.len(), shop.tickets.len());
    for ticket in &shop.tickets {
        let said = &messages[&ticket.id];
        assert!((1..=9).contains(&said.len()), "#{}", ticket.number);
        assert!(
            said.windows(2)
                .all(|pair| pair[0].sent_at <= pair[1].sent_at),
            "#{}",
            ticket.number
        );
        assert!(
            said.iter().all(|message| message.sent_at <= now()),
            "#{}",
            ticket.number
        );
        let public: Vec<_> = said
            .iter()
            .filter(|message| message.kind == MessageKind::Public)
            .collect();
        let last = public.last().expect("a public message");
        assert_eq!(ticket.last_message_at, last.sent_at, "#{}", ticket.number);
        assert_eq!(ticket.snippet, deskhand_domain::text::snippet(&last.text));
        let waits = ticket.status == TicketStatus::Open;
        assert_eq!(ticket.waiting_since.is_some(), waits, "#{}", ticket.number);
        assert_eq!(ticket.due_at.is_some(), waits);
        if waits {
            assert!(
                matches!(last.author, Author::Customer(_)),
                "#{}",
                ticket.number
            );
        }
        assert_eq!(
            ticket.snoozed_until.is_some(),
            ticket.status == TicketStatus::Snoozed
        );
        assert!(ticket.snoozed_until.is_none_or(|until| until > now()));
        for message in said {
            let to_customer = message.kind == MessageKind::Public
                && !matches!(message.author, Author::Customer(_));
            assert_eq!(
                message.delivery.is_some(),
                to_customer,
                "#{}",
                ticket.number
            );
            if let Author::Customer(customer) = message.author {
                assert_eq!(customer, ticket.customer);
            }
        }
    }
}

#[test]
fn who_names_an_order_names_their_own() {
    let shop = shop();
    let orders: BTreeMap<_, _> = shop
        .orders
        .iter()
        .map(|order| (order.number.clone(), order))
        .collect();
    let tickets: BTreeMap<_, _> = shop
        .tickets
        .iter()
        .map(|ticket| (ticket.id, ticket))
        .collect();
    let mut named = 0;
    for message in &shop.messages {
        let ticket = tickets[&message.ticket];
        for number in order_number::find(&message.text, "HP-") {
            let order = orders[&number];
            assert_eq!(order.customer, ticket.customer, "#{}", ticket.number);
            assert_eq!(Some(order.id), ticket.order, "#{}", ticket.number);
            assert!(order.placed_at < message.sent_at, "#{}", ticket.number);
            named += 1;
        }
    }
    assert!(named > 250, "{named}");
}

#[test]
fn whoever_asks_where_it_is_has_something_on_the_way() {
    let shop = shop();
    let orders: BTreeMap<_, _> = shop.orders.iter().map(|order| (order.id, order)).collect();
    for ticket in shop
        .tickets
        .iter()
        .filter(|ticket| ticket.intent == Intent::WhereIsIt)
    {
        let order = orders[&ticket.order.expect("an order")];
        let arrived_before = shop
            .shipments
            .iter()
            .filter(|parcel| parcel.order == order.id)
            .all(|parcel| parcel.delivered_at.is_some_and(|at| at < ticket.created_at));
        let has_parcels = shop.shipments.iter().any(|parcel| parcel.order == order.id);
        assert!(
            !has_parcels || !arrived_before,
            "#{} asks for what has come",
            ticket.number
        );
    }
    for ticket in shop
        .tickets
        .iter()
        .filter(|ticket| ticket.intent == Intent::NotReceived)
    {
        let parcel = shop
            .shipments
            .iter()
            .find(|parcel| Some(parcel.order) == ticket.order)
            .expect("a parcel");
        assert!(
            parcel.delivered_at.is_some_and(|at| at < ticket.created_at),
            "#{}",
            ticket.number
        );
    }
}

#[test]
fn scans_that_are_quoted_had_happened() {
    let shop = shop();
    let tickets: BTreeMap<_, _> = shop
        .tickets
        .iter()
        .map(|ticket| (ticket.id, ticket))
        .collect();
    let mut quoted = 0;
    for message in &shop.messages {
        for parcel in shop
            .shipments
            .iter()
            .filter(|parcel| message.text.contains(&parcel.tracking_number))
        {
            assert_eq!(Some(parcel.order), tickets[&message.ticket].order);
            assert!(parcel.created_at <= message.sent_at);
            quoted += 1;
        }
    }
    assert!(quoted > 20, "{quoted}");
}

#[test]
fn priyas_morning_is_as_in_the_pictures() {
    let shop = shop();
    let priya = shop.accounts[0].id;
    let names: BTreeMap<_, _> = shop
        .customers
        .iter()
        .map(|customer| (customer.id, customer.name.as_str()))
        .collect();
    let mut mine: Vec<_> = shop
        .tickets
        .iter()
        .filter(|ticket| ticket.assignee == Some(priya) && ticket.status == TicketStatus::Open)
        .collect();
    assert_eq!(mine.len(), 14);
    mine.sort_by_key(|ticket| ticket.due_at);
    assert_eq!(
        (names[&mine[0].customer], mine[0].channel),
        ("Tomasz Zieliński", Channel::Whatsapp)
    );
    assert_eq!(mine[0].due_at, Some(now() - TimeDelta::minutes(8)));
    let aoife = mine
        .iter()
        .find(|ticket| names[&ticket.customer] == "Aoife Brennan")
        .expect("Aoife");
    assert_eq!(
        (aoife.number, aoife.subject.as_str()),
        (48_213, "Tent for the 28th: where is it?")
    );
    assert_eq!(aoife.due_at, Some(now() + TimeDelta::minutes(12)));
    for name in [
        "Noor Haddad",
        "Jonas Weidner",
        "Pieter van Loon",
        "Chiara Moretti",
        "Lucie Perrin",
        "Oskar Lindqvist",
        "Sanne Kuipers",
        "Elif Arslan",
    ] {
        assert!(
            mine.iter().any(|ticket| names[&ticket.customer] == name),
            "{name}"
        );
    }
}

#[test]
fn the_desk_is_busy_but_not_on_fire() {
    let shop = shop();
    let open: Vec<_> = shop
        .tickets
        .iter()
        .filter(|ticket| ticket.status == TicketStatus::Open)
        .collect();
    assert!(open.len() >= 60, "{} open", open.len());
    let unassigned = open
        .iter()
        .filter(|ticket| ticket.assignee.is_none())
        .count();
    assert!((7..=11).contains(&unassigned), "{unassigned} unassigned");
    let overdue = open
        .iter()
        .filter(|ticket| ticket.due_at < Some(now()))
        .count();
    assert!((1..=4).contains(&overdue), "{overdue} overdue");
    let unread = open.iter().filter(|ticket| ticket.is_unread()).count();
    assert!(unread * 3 < open.len(), "{unread} unread");
    let priya = shop.accounts[0].id;
    assert!(
        open.iter()
            .filter(|ticket| ticket.mentions.contains(&priya))
            .count()
            >= 2
    );
    assert!(open.iter().filter(|ticket| ticket.escalated).count() >= 3);
    assert!(
        shop.tickets
            .iter()
            .any(|ticket| ticket.priority == Priority::Urgent)
    );
    assert!(
        shop.tickets
            .iter()
            .any(|ticket| ticket.mood == Mood::Pleased)
    );
    assert!(
        shop.messages
            .iter()
            .filter(|message| message.kind == MessageKind::Note)
            .count()
            >= 40
    );
    assert!(
        shop.messages
            .iter()
            .any(|message| !message.attachments.is_empty())
    );
}

#[test]
fn few_customers_use_the_same_words() {
    let shop = shop();
    let mut openings: BTreeMap<String, usize> = BTreeMap::new();
    for ticket in &shop.tickets {
        let first = shop.messages_of(ticket.id).next().expect("a message");
        *openings.entry(first.text.clone()).or_default() += 1;
    }
    assert!(openings.values().all(|times| *times == 1), "{openings:?}");
}

#[test]
fn the_shop_is_alive_at_any_hour_of_the_week() {
    for hours in (0..24 * 7).step_by(13) {
        let now = now() + TimeDelta::hours(hours);
        let shop = deskhand_sample::generate(now);
        let open = shop
            .tickets
            .iter()
            .filter(|ticket| ticket.status == TicketStatus::Open);
        assert!(open.count() >= 60, "{now}");
        assert!(
            shop.messages.iter().all(|message| message.sent_at <= now),
            "{now}"
        );
        assert!(
            shop.shipments
                .iter()
                .all(|parcel| parcel.scans[0].at <= now),
            "{now}"
        );
    }
}
