//! A shop in which every string stands in every field that a customer or a shop fills.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{Field, FieldKind};
use deskhand_gateway::{
    Clock, passwords,
    store::{Location, Seed, Store},
    tasks::Tasks,
};
use deskhand_sample::Sample;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::path::Path;
use uuid::Uuid;

/// The names under which somebody's words stand; what is not here is an id, a moment or a choice.
const WORDS: [&str; 30] = [
    "attachments",
    "body",
    "carrier",
    "city",
    "code",
    "country",
    "description",
    "email",
    "label",
    "language",
    "name",
    "number",
    "options",
    "phone",
    "place",
    "postal_code",
    "reason",
    "remark",
    "shipping_method",
    "sku",
    "slug",
    "snippet",
    "street",
    "subject",
    "tags",
    "text",
    "title",
    "tracking_number",
    "variant",
    "help_email",
];

/// Every so many customers wrote once before.
const EARLIER: usize = 8;

/// What kind of thing an id is of, so that no two are the same.
#[derive(Clone, Copy)]
enum Of {
    Customer = 1,
    Order,
    Shipment,
    Ticket,
    EarlierTicket,
    Message,
    Macro,
    Article,
}

/// Fills an empty gateway's folder.
pub async fn fill(folder: &Path, strings: &[String]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let sample = shop(Utc::now(), strings)?;
    let seed = Seed::sample(sample, passwords::hash(deskhand_sample::PASSWORD).await);
    let location = Location::File(folder.join("gateway.db"));
    let store = Store::open(&location, Clock::default(), Tasks::default()).await?;
    store.seed(seed).await?;
    store.close().await;
    Ok(())
}

fn shop(now: DateTime<Utc>, strings: &[String]) -> anyhow::Result<Sample> {
    let mut shop = deskhand_sample::generate(now);
    // A conversation about an order with a parcel, a discount and something that came back.
    let parcels = &shop.shipments;
    let order = shop
        .orders
        .iter()
        .filter(|order| !order.payments.is_empty() && !order.returns.is_empty())
        .find(|order| parcels.iter().any(|parcel| parcel.order == order.id))
        .context("no order with a parcel and a return")?
        .clone();
    let parcel = parcels.iter().find(|parcel| parcel.order == order.id);
    let parcel = parcel.context("no parcel")?.clone();
    let ticket = shop
        .tickets
        .iter()
        .find(|ticket| ticket.waiting_since.is_some());
    let ticket = ticket.context("no open ticket")?.clone();
    let customer = shop.customers.first().context("no customer")?.clone();
    let message = shop.messages.first().context("no message")?.clone();
    let (stored, article) = (shop.macros[0].clone(), shop.articles[0].clone());
    let field = shop.fields[0].clone();
    shop.customers.clear();
    shop.orders.clear();
    shop.shipments.clear();
    shop.tickets.clear();
    shop.messages.clear();
    shop.macros.clear();
    shop.articles.clear();
    shop.fields = vec![Field {
        key: "remark".into(),
        label: strings[0].clone(),
        kind: FieldKind::Text,
        ..field
    }];
    shop.shop.name.clone_from(&strings[1]);
    shop.products = shop.products[..1]
        .iter()
        .map(|product| filled(product, &strings[2], &[]))
        .collect::<anyhow::Result<_>>()?;
    for (at, text) in strings.iter().enumerate() {
        let id = |of: Of| Value::from(id(of, at).to_string());
        let whose = ("customer", id(Of::Customer));
        shop.customers
            .push(filled(&customer, text, &[("id", id(Of::Customer))])?);
        let own = [("id", id(Of::Order)), whose.clone()];
        shop.orders.push(filled(&order, text, &own)?);
        let own = [("id", id(Of::Shipment)), ("order", id(Of::Order))];
        shop.shipments.push(filled(&parcel, text, &own)?);
        let newest = now - TimeDelta::seconds(i64::try_from(at)? + 60);
        let own = [
            ("id", id(Of::Ticket)),
            ("number", Value::from(100_000 + at)),
            whose.clone(),
            ("order", id(Of::Order)),
            (
                "channel",
                Value::from(["email", "web_chat", "whatsapp"][at % 3]),
            ),
            ("status", Value::from("open")),
            ("assignee", Value::Null),
            ("fields", serde_json::json!({ "remark": text })),
            ("tags", serde_json::json!([text])),
            ("last_message_at", serde_json::to_value(newest)?),
            ("waiting_since", serde_json::to_value(newest)?),
        ];
        shop.tickets.push(filled(&ticket, text, &own)?);
        if at % EARLIER == 0 {
            let earlier = [
                ("id", id(Of::EarlierTicket)),
                ("number", Value::from(200_000 + at)),
                ("status", Value::from("closed")),
                ("waiting_since", Value::Null),
            ];
            let ticket = shop.tickets.last().context("no ticket")?;
            let earlier = filled(ticket, text, &earlier)?;
            shop.tickets.push(earlier);
        }
        let priya = shop.accounts[0].id.to_string();
        let customer = serde_json::json!({ "kind": "customer", "id": id(Of::Customer) });
        let account = serde_json::json!({ "kind": "account", "id": priya });
        for (number, (kind, author)) in [("public", customer), ("note", account)]
            .into_iter()
            .enumerate()
        {
            let own = [
                (
                    "id",
                    Value::from(self::id(Of::Message, at * 2 + number).to_string()),
                ),
                ("ticket", id(Of::Ticket)),
                ("kind", Value::from(kind)),
                ("author", author),
                (
                    "channel",
                    Value::from(["email", "web_chat", "whatsapp"][at % 3]),
                ),
                ("sent_at", serde_json::to_value(newest)?),
                ("delivery", Value::Null),
                ("attachments", serde_json::json!([text])),
            ];
            shop.messages.push(filled(&message, text, &own)?);
        }
        shop.macros
            .push(filled(&stored, text, &[("id", id(Of::Macro))])?);
        shop.articles
            .push(filled(&article, text, &[("id", id(Of::Article))])?);
    }
    Ok(shop)
}

fn id(of: Of, at: usize) -> Uuid {
    let number = (of as u128) << 64 | at as u128 | 0x7000 << 64 | 0x8000 << 48;
    Uuid::from_u128(number)
}

/// A thing with somebody's words in all its fields, and with some fields of its own.
fn filled<T: Serialize + DeserializeOwned>(
    template: &T,
    text: &str,
    own: &[(&str, Value)],
) -> anyhow::Result<T> {
    let mut value = serde_json::to_value(template)?;
    write(&mut value, text, false);
    for (key, own) in own {
        value[*key] = own.clone();
    }
    serde_json::from_value(value).with_context(|| std::any::type_name::<T>())
}

fn write(value: &mut Value, text: &str, words: bool) {
    match value {
        Value::String(old) if words => text.clone_into(old),
        Value::Array(all) => all.iter_mut().for_each(|one| write(one, text, words)),
        Value::Object(all) => {
            for (key, one) in all {
                write(one, text, WORDS.contains(&key.as_str()));
            }
        }
        _ => {}
    }
}
