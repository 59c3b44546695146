//! `docs/CONNECTORS.md` has what the connectors say of themselves.

use crate::{client, clock};
use deskhand_connectors::commerce::{
    Action, Commerce, Support,
    memory::Embedded,
    shopify,
    vendure::{Access, Vendure},
};
use std::sync::Arc;

#[test]
fn the_page_has_what_each_shop_can_do() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CONNECTORS.md");
    let page = std::fs::read_to_string(page).expect("docs/CONNECTORS.md");
    let table = table();
    assert!(page.contains(&table), "the table is:\n{table}");
}

fn table() -> String {
    let access = Access {
        address: String::new(),
        user: String::new(),
        password: String::new(),
        channel: None,
    };
    let token = shopify::Access {
        address: String::new(),
        token: String::new(),
    };
    let faked = shopify::Shopify::new(token, client(), clock());
    let shops: [(&str, Arc<dyn Commerce>); 3] = [
        ("embedded", Arc::new(Embedded::default())),
        (
            "Vendure 3",
            Arc::new(Vendure::new(access, client(), clock())),
        ),
        ("Shopify", Arc::new(faked)),
    ];
    let names: Vec<&str> = shops.iter().map(|shop| shop.0).collect();
    let mut table = format!("| | {} |\n| --- |", names.join(" | "));
    table.push_str(&" --- |".repeat(shops.len()));
    for action in Action::ALL {
        table.push_str(&format!("\n| {} |", action.words()));
        for (_, shop) in &shops {
            let words = match shop.capabilities().of(action) {
                Support::Yes => "yes".to_owned(),
                Support::Within(limit) => format!("yes, {limit}"),
                Support::No(why) => format!("no: {why}"),
            };
            table.push_str(&format!(" {words} |"));
        }
    }
    table
}
