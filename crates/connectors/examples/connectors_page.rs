//! Writes into `docs/CONNECTORS.md` what the connectors say of themselves: `make gen`.

use anyhow::{Context as _, Result};
use deskhand_connectors::{
    carriers::{
        Vendor,
        live::{self, Tracking},
    },
    commerce::{
        Action, Commerce, Now, Support,
        memory::Embedded,
        shopify::{self, Shopify},
        vendure::{self, Vendure},
        woocommerce::{self, WooCommerce},
    },
    webhooks::{self, Sender},
};
use reqwest::Client;
use std::{fs, sync::Arc};

const END: &str = "<!-- end -->";

fn main() -> Result<()> {
    // Whoever comes second finds it done.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let client = Client::builder().no_proxy().build()?;
    let now: Now = Arc::new(chrono::DateTime::default);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CONNECTORS.md");
    let page = fs::read_to_string(path).context("docs/CONNECTORS.md")?;
    let page = between(&page, "shops", &shops(&client, &now))?;
    let page = between(&page, "carriers", &carriers(&client, &now))?;
    fs::write(path, page)?;
    Ok(())
}

/// The page with another table at its mark.
fn between(page: &str, mark: &str, table: &str) -> Result<String> {
    let begin = format!("<!-- {mark}: make gen writes this -->\n");
    let (head, rest) = page.split_once(&begin).context("a mark")?;
    let (_, tail) = rest.split_once(END).context("the end of a table")?;
    Ok(format!("{head}{begin}{table}{END}{tail}"))
}

fn head(names: &[&str]) -> String {
    let columns = " --- |".repeat(names.len());
    format!("| | {} |\n| --- |{columns}\n", names.join(" | "))
}

fn row(name: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    format!("| {name} | {} |\n", cells.join(" | "))
}

fn shops(client: &Client, now: &Now) -> String {
    let vendure = vendure::Access {
        address: String::new(),
        user: String::new(),
        password: String::new(),
        channel: None,
    };
    let shopify = shopify::Access {
        address: String::new(),
        token: String::new(),
    };
    let woocommerce = woocommerce::Access {
        address: String::new(),
        key: String::new(),
        secret: String::new(),
    };
    let shops: [(&str, Box<dyn Commerce>); 4] = [
        ("embedded", Box::new(Embedded::default())),
        (
            "Vendure 3",
            Box::new(Vendure::new(vendure, client.clone(), now.clone())),
        ),
        (
            "Shopify",
            Box::new(Shopify::new(shopify, client.clone(), now.clone())),
        ),
        (
            "WooCommerce",
            Box::new(WooCommerce::new(woocommerce, client.clone(), now.clone())),
        ),
    ];
    let says = |support| match support {
        Support::Yes => "yes".to_owned(),
        Support::Within(limit) => format!("yes, {limit}"),
        Support::No(why) => format!("no: {why}"),
    };
    let mut table = head(&shops.each_ref().map(|(name, _)| *name));
    for action in Action::ALL {
        let of = shops.iter().map(|(_, shop)| shop.capabilities().of(action));
        table.push_str(&row(action.words(), of.map(says)));
    }
    table
}

fn carriers(client: &Client, now: &Now) -> String {
    let services = Vendor::ALL.map(|vendor| {
        let access = live::Access::published(vendor, "");
        live::connect(vendor, access, client.clone(), now.clone())
    });
    let sender = |service: &Arc<dyn Tracking>| Sender::Carriers(service.vendor());
    let mut table = head(&services.each_ref().map(|service| service.vendor().title()));
    let proved = services
        .iter()
        .map(|service| format!("yes, proved in `{}`", webhooks::header(sender(service))));
    table.push_str(&row("tells of parcels by webhook", proved));
    let asked = services.iter().map(|service| {
        let live::Limit { requests, within } = service.limit();
        let time = match within.as_secs() {
            1 => "a second".to_owned(),
            60 => "a minute".to_owned(),
            seconds => format!("in {seconds} seconds"),
        };
        format!("yes, it takes {requests} requests {time}")
    });
    table.push_str(&row("is asked about parcels", asked));
    let learns = services.iter().map(|service| service.learns().to_owned());
    table.push_str(&row("a number that it does not know", learns));
    table
}
