//! Prints what the sample shop holds, and some conversations to read:
//! `cargo run -q -p deskhand-sample --example show [language] [how many] [skip]`, or
//! `… --example show states` for the counts alone.

use deskhand_domain::{Message, MessageKind, message::Author};
use std::{collections::BTreeMap, fmt::Debug, time::Instant};

#[expect(
    clippy::disallowed_methods,
    reason = "an example is the outermost place, where clocks are read"
)]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let started = Instant::now();
    let shop = deskhand_sample::generate(chrono::Utc::now());
    let took = started.elapsed();
    println!(
        "{} products, {} customers, {} orders, {} parcels, {} tickets, {} messages, {} articles, {} macros in {took:?}",
        shop.products.len(),
        shop.customers.len(),
        shop.orders.len(),
        shop.shipments.len(),
        shop.tickets.len(),
        shop.messages.len(),
        shop.articles.len(),
        shop.macros.len(),
    );
    if arguments.first().is_none_or(|word| word == "states") {
        count(
            "ticket status",
            shop.tickets.iter().map(|ticket| ticket.status),
        );
        count("channel", shop.tickets.iter().map(|ticket| ticket.channel));
        count("intent", shop.tickets.iter().map(|ticket| ticket.intent));
        count("mood", shop.tickets.iter().map(|ticket| ticket.mood));
        count(
            "language",
            shop.tickets.iter().map(|ticket| &ticket.language),
        );
        count(
            "parcel",
            shop.shipments
                .iter()
                .map(|parcel| (parcel.status, parcel.detail)),
        );
        count(
            "payment",
            shop.orders.iter().map(|order| order.payment_status),
        );
        count(
            "fulfilment",
            shop.orders.iter().map(|order| order.fulfilment_status),
        );
        count(
            "refund",
            shop.orders
                .iter()
                .flat_map(|order| &order.refunds)
                .map(|refund| refund.state),
        );
        count(
            "return",
            shop.orders
                .iter()
                .flat_map(|order| &order.returns)
                .map(|back| back.state),
        );
    }
    let language = arguments.first().map_or("en", String::as_str);
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse().ok());
    let tickets = shop
        .tickets
        .iter()
        .rev()
        .filter(|ticket| ticket.language == language)
        .skip(number(2).unwrap_or(0))
        .take(number(1).unwrap_or(3));
    for ticket in tickets {
        let customer = shop
            .customers
            .iter()
            .find(|customer| customer.id == ticket.customer);
        println!(
            "\n==== #{} {} | {:?} {:?} {:?} {:?} | {}",
            ticket.number,
            ticket.subject,
            ticket.channel,
            ticket.status,
            ticket.intent,
            ticket.mood,
            customer.map_or("?", |customer| &customer.name),
        );
        for order in shop
            .orders
            .iter()
            .filter(|order| Some(order.id) == ticket.order)
        {
            let lines: Vec<String> = order
                .lines
                .iter()
                .map(|line| {
                    format!(
                        "{}× {} {} {}",
                        line.quantity, line.title, line.variant, line.total
                    )
                })
                .collect();
            println!(
                "  {} {} {:?} {:?} {}",
                order.number,
                order.placed_at,
                order.payment_status,
                order.fulfilment_status,
                lines.join("; ")
            );
            for parcel in shop
                .shipments
                .iter()
                .filter(|parcel| parcel.order == order.id)
            {
                println!(
                    "  {} {} {:?} {:?}",
                    parcel.carrier, parcel.tracking_number, parcel.status, parcel.promised_at
                );
                for scan in &parcel.scans {
                    println!("      {} {} {:?}", scan.at, scan.text, scan.place);
                }
            }
        }
        for message in shop.messages_of(ticket.id) {
            println!("  -- {} {}", message.sent_at, who(message));
            println!("{}", message.text);
        }
    }
}

fn who(message: &Message) -> &'static str {
    match (message.kind, message.author) {
        (MessageKind::Note, _) => "note",
        (_, Author::Customer(_)) => "customer",
        (_, Author::Account(_)) => "agent",
        (_, Author::System) => "system",
    }
}

fn count<T: Debug>(what: &str, of: impl Iterator<Item = T>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in of {
        *counts.entry(format!("{one:?}")).or_default() += 1;
    }
    println!("{what}: {counts:?}");
}
