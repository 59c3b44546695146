//! Stored answers, filled in: `{{customer.first_name}}` becomes a name. What is not known stays as
//! it is, so that whoever sends it sees the gap.

use crate::{
    account::Account, calendar, calendar::main, customer::Customer, mask, money::Money,
    order::Order, shipment::Shipment, shop::Shop, ticket::Ticket,
};
use chrono::{DateTime, NaiveDate, Utc};

/// What a stored answer may speak of.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The ticket.
    pub ticket: &'a Ticket,
    /// Its customer.
    pub customer: Option<&'a Customer>,
    /// Its order.
    pub order: Option<&'a Order>,
    /// The newest parcel of that.
    pub parcel: Option<&'a Shipment>,
    /// Who writes.
    pub agent: &'a Account,
    /// For whom.
    pub shop: &'a Shop,
    /// The day of a moment where the shop is.
    pub day: &'a dyn Fn(DateTime<Utc>) -> NaiveDate,
}

/// A text with everything filled in that is known, in a language's way to write amounts and days,
/// and the names of the gaps that stay, each once.
pub fn fill(text: &str, language: &str, around: &Around<'_>) -> (String, Vec<String>) {
    let (mut filled, mut gaps) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = behind.split_once("}}") else {
            filled.push_str("{{");
            rest = behind;
            continue;
        };
        let name = name.trim();
        if !is_name(name) {
            // Braces that somebody wrote for themselves.
            filled.push_str("{{");
            rest = behind;
            continue;
        }
        match value(name, language, around) {
            Some(value) => filled.push_str(&value),
            None => {
                filled.push_str("{{");
                filled.push_str(name);
                filled.push_str("}}");
                if !gaps.iter().any(|gap| gap == name) {
                    gaps.push(name.to_owned());
                }
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    (filled, gaps)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_'))
}

fn value(name: &str, language: &str, around: &Around<'_>) -> Option<String> {
    let (of, what) = name.split_once('.')?;
    let day = |at| calendar::day((around.day)(at), language);
    let found = match (of, what) {
        ("customer", "name") => around.customer?.name.clone(),
        ("customer", "first_name") => first(&around.customer?.name),
        ("customer", "email") => around.customer?.email.clone(),
        ("order", "number") => around.order?.number.clone(),
        ("order", "total") => written_amount(around.order?.total, language),
        ("order", "placed") => day(around.order?.placed_at),
        ("shipment" | "parcel", what) => {
            let parcel = around.parcel?;
            match what {
                "carrier" => parcel.carrier.clone(),
                "tracking_number" => parcel.tracking_number.clone(),
                "promised" | "promised_day" => day(parcel.promised_at?),
                "delivered" => day(parcel.delivered_at?),
                "pickup_until" => day(parcel.pickup_until?),
                "last_scan" => day(parcel.scans.first()?.at),
                "last_place" => parcel.scans.iter().find_map(|scan| scan.place.clone())?,
                _ => return None,
            }
        }
        ("agent", "name") => around.agent.name.clone(),
        ("agent", "first_name") => first(&around.agent.name),
        ("shop", "name") => around.shop.name.clone(),
        ("shop", "help_email") => around.shop.help_email.clone(),
        ("ticket", "number") => around.ticket.number.to_string(),
        ("ticket", "subject") => around.ticket.subject.clone(),
        _ => return None,
    };
    // What is masked is no answer either: it would go out to the customer.
    (!found.trim().is_empty() && !mask::is_masked(&found)).then_some(found)
}

fn first(name: &str) -> String {
    name.split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// An amount as people write it in a language.
pub fn written_amount(money: Money, language: &str) -> String {
    let decimals = money.currency.decimals();
    let unit = 10_u64.pow(decimals);
    let minor = money.minor.unsigned_abs();
    let english = !matches!(
        main(language),
        "de" | "fr" | "it" | "es" | "pt" | "nl" | "sv"
    );
    let (group, point) = match main(language) {
        _ if english => (",", "."),
        "de" | "it" | "es" | "pt" | "nl" => (".", ","),
        _ => ("\u{202f}", ","),
    };
    let digits = (minor / unit).to_string();
    let mut whole = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            whole.push_str(group);
        }
        whole.push(digit);
    }
    let sign = if money.minor < 0 { "-" } else { "" };
    let cents = if decimals == 0 {
        String::new()
    } else {
        format!("{point}{:0width$}", minor % unit, width = decimals as usize)
    };
    let symbol = match money.currency.code() {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        other => other,
    };
    match (english, symbol.chars().count()) {
        (true, 1) => format!("{sign}{symbol}{whole}{cents}"),
        (true, _) => format!("{symbol}\u{a0}{sign}{whole}{cents}"),
        (false, _) => format!("{sign}{whole}{cents}\u{a0}{symbol}"),
    }
}

#[cfg(test)]
mod tests;
