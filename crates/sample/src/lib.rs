//! Hollowpine: a pretend shop for outdoor gear that always looks alive.
//!
//! `generate` draws people, orders, parcels, conversations and articles from a fixed seed and
//! hangs all dates on the moment it is given. It reads no clock and does no I/O; what it needs is
//! compiled in from `data/`. Conversations are made last, out of what really happened to an order,
//! so that somebody who asks for a parcel has one, and it is where the answer says.

mod accounts;
mod aftercare;
mod catalogue;
mod clock;
mod fields;
mod knowledge;
mod known;
mod orders;
mod parcels;
mod people;
mod rng;
mod sale;
mod tickets;

use chrono::{DateTime, SubsecRound, Utc};
use deskhand_domain::{
    Account, Article, Currency, Customer, Field, Macro, Message, Money, Order, Product, Shipment,
    Shop, Source, Ticket, TicketId,
    order::{PaymentStatus, RefundState},
};
use std::collections::BTreeMap;

/// The published password of every account of the sample shop.
pub const PASSWORD: &str = "hollowpine";

/// A whole shop.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The shop itself.
    pub shop: Shop,
    /// Who signs in.
    pub accounts: Vec<Account>,
    /// What is sold.
    pub products: Vec<Product>,
    /// Who buys.
    pub customers: Vec<Customer>,
    /// What was bought, oldest first.
    pub orders: Vec<Order>,
    /// The parcels of the orders.
    pub shipments: Vec<Shipment>,
    /// The conversations, oldest first.
    pub tickets: Vec<Ticket>,
    /// What was said in them, oldest first within a ticket.
    pub messages: Vec<Message>,
    /// The knowledge base.
    pub articles: Vec<Article>,
    /// The stored answers.
    pub macros: Vec<Macro>,
    /// The shop's own fields of a ticket.
    pub fields: Vec<Field>,
}

impl Sample {
    /// The messages of a ticket, oldest first.
    pub fn messages_of(&self, ticket: TicketId) -> impl Iterator<Item = &Message> {
        self.messages
            .iter()
            .filter(move |message| message.ticket == ticket)
    }
}

/// The shop as it looks at `now`.
pub fn generate(now: DateTime<Utc>) -> Sample {
    let now = now.trunc_subsecs(0);
    let countries = people::countries();
    let catalogue = catalogue::Catalogue::new(now);
    let network = parcels::Network::new();
    let mut people = people::all(now, &countries, 420);
    let accounts = accounts::all(now);
    let trade = orders::Trade {
        now,
        countries: &countries,
        people: &people,
        catalogue: &catalogue,
        network: &network,
    };
    let sold = orders::all(&trade, 1_280);
    let mut talk = tickets::all(&trade, &sold, &accounts);
    fields::fill(&mut talk.tickets);
    let mut orders = Vec::with_capacity(sold.len());
    let mut shipments = Vec::with_capacity(sold.len());
    for sold in sold {
        orders.push(sold.order);
        shipments.extend(sold.shipments);
    }
    count(now, &mut people, &orders);
    Sample {
        shop: shop(),
        accounts,
        products: catalogue.products,
        customers: people.into_iter().map(|person| person.customer).collect(),
        orders,
        shipments,
        tickets: talk.tickets,
        messages: talk.messages,
        articles: knowledge::articles(now),
        macros: knowledge::macros(now),
        fields: fields::all(now),
    }
}

/// An amount in euro, by the rates of the shop's books.
pub fn in_shop_currency(amount: Money) -> Money {
    Money::new(sale::in_euro(amount), Currency::EUR)
}

fn shop() -> Shop {
    Shop {
        name: "Hollowpine".into(),
        currency: Currency::EUR,
        help_email: "help@hollowpine.example".into(),
        order_prefix: "HP-".into(),
        time_zone: "Europe/Berlin".into(),
    }
}

/// Writes into every customer what their orders come to.
fn count(now: DateTime<Utc>, people: &mut [people::Person], orders: &[Order]) {
    let mut by_customer: BTreeMap<_, Vec<&Order>> = BTreeMap::new();
    for order in orders {
        by_customer.entry(order.customer).or_default().push(order);
    }
    let mut rng = rng::Rng::new("read");
    for person in people {
        let customer = &mut person.customer;
        let mine = by_customer.get(&customer.id).map_or(&[][..], Vec::as_slice);
        customer.order_count = u32::try_from(mine.len()).unwrap_or(u32::MAX);
        customer.spent = Money::new(mine.iter().map(|order| kept(order)).sum(), Currency::EUR);
        let refunds = mine.iter().flat_map(|order| &order.refunds);
        let paid = refunds.filter(|refund| {
            matches!(
                refund.state,
                RefundState::Succeeded | RefundState::Reconciled
            )
        });
        customer.refund_count = u32::try_from(paid.count()).unwrap_or(u32::MAX);
        // Nobody buys before being known.
        if let Some(first) = mine.iter().map(|order| order.placed_at).min() {
            customer.since = customer.since.min(first);
        }
        customer.source = Source {
            name: "Shop".into(),
            fetched_at: now - chrono::TimeDelta::seconds(rng.between(20, 540)),
        };
    }
}

/// What the shop has of an order after refunds, in euro cents.
fn kept(order: &Order) -> i64 {
    let paid = matches!(
        order.payment_status,
        PaymentStatus::Paid | PaymentStatus::PartlyRefunded | PaymentStatus::Refunded
    );
    if paid {
        sale::in_euro(Money::new(
            order.total.minor - aftercare::paid_back(order),
            order.total.currency,
        ))
    } else {
        0
    }
}
