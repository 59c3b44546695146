//! What is true of an order and a parcel at a moment, as words for the gaps of a text.

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{
    Money, Order, Shipment,
    order::{PaymentMethod, RefundState, ReturnState},
    shipment::{Scan, TrackingStatus as S},
};

use super::{dates, words::Slots};
use crate::{
    aftercare::share_of,
    catalogue::{Catalogue, Kind},
    clock::work_days_after,
    orders::Sold,
    people::Person,
};

/// The newest scan at a moment.
pub(crate) fn last_scan(parcel: &Shipment, at: DateTime<Utc>) -> Option<&Scan> {
    parcel.scans.iter().find(|scan| scan.at <= at)
}

/// What somebody who asks at a moment would be told about a parcel: a key of the texts.
pub(crate) fn parcel_state(parcel: &Shipment, at: DateTime<Utc>) -> &'static str {
    let Some(scan) = last_scan(parcel, at) else {
        return "unshipped";
    };
    let silent = at - scan.at > TimeDelta::hours(48);
    let late = parcel.promised_at.is_some_and(|promised| at > promised);
    let says = |words: &str| scan.text.contains(words);
    match scan.status {
        S::LabelCreated => "label",
        S::InTransit if says("Held by customs") => "customs",
        S::InTransit if says("Address incomplete") => "address",
        S::InTransit if says("Box damaged") => "damaged",
        S::InTransit if says("Delayed:") => "delayed",
        S::InTransit if silent => "stalled",
        S::InTransit if late => "late",
        S::InTransit => "moving",
        S::OutForDelivery => "out",
        S::FailedAttempt => "failed",
        S::AvailableForPickup => "pickup",
        S::Delivered => "delivered",
        S::Returning if says("Damaged") => "damaged_back",
        S::Returning
            if parcel.detail == Some(deskhand_domain::shipment::TrackingDetail::Refused) =>
        {
            "refused"
        }
        S::Returning => "returning",
        S::Returned => "returned",
        S::Lost => "lost",
        S::Cancelled => "label_cancelled",
        S::Unknown => "unknown",
    }
}

/// The parcel that somebody would ask about at a moment, and its state.
pub(crate) fn asked_about(sold: &Sold, at: DateTime<Utc>) -> (Option<usize>, &'static str) {
    let states: Vec<&'static str> = sold
        .shipments
        .iter()
        .map(|parcel| parcel_state(parcel, at))
        .collect();
    let missing = states.iter().position(|state| *state != "delivered");
    let arrived = states.contains(&"delivered");
    match missing {
        None if states.is_empty() => (None, unshipped(&sold.order, at)),
        None => (Some(0), "delivered"),
        Some(index) if states[index] == "unshipped" && !arrived => {
            (None, unshipped(&sold.order, at))
        }
        Some(index) if states[index] == "unshipped" => (None, "rest"),
        Some(index) if arrived => (
            Some(index),
            match states[index] {
                "stalled" | "late" => "split_late",
                "moving" | "out" => "split",
                other => other,
            },
        ),
        Some(index) => (Some(index), states[index]),
    }
}

fn unshipped(order: &Order, at: DateTime<Utc>) -> &'static str {
    match order.ship_by {
        Some(promised) if at <= promised => "unshipped",
        Some(_) => "unshipped_late",
        None if order
            .payments
            .iter()
            .any(|payment| payment.captured_at.is_none()) =>
        {
            "unpaid"
        }
        None => "cancelled",
    }
}

/// Whom and what a conversation is about.
pub(crate) struct About<'a> {
    pub(crate) person: &'a Person,
    pub(crate) sold: Option<&'a Sold>,
    /// Index of the line that matters.
    pub(crate) line: usize,
    /// Index of a product, when there is no order.
    pub(crate) product: Option<usize>,
}

/// The words at a moment, in a language.
pub(crate) fn slots(
    about: &About<'_>,
    catalogue: &Catalogue,
    at: DateTime<Utc>,
    language: &str,
) -> Slots {
    let mut slots = Slots::new();
    let person = about.person;
    let name = &person.customer.name;
    slots.insert("first", name.split(' ').next().unwrap_or(name).to_owned());
    slots.insert("name", name.clone());
    slots.insert(
        "family",
        name.split_once(' ')
            .map_or(name.clone(), |(_, family)| family.to_owned()),
    );
    slots.insert("city", person.address.city.clone());
    slots.insert("street", person.address.street.clone());
    slots.insert("postal", person.address.postal_code.clone());
    let soon = |days| work_days_after(at, days);
    slots.insert("next_day", dates::weekday(soon(1), language).into());
    slots.insert("next_date", dates::date(soon(1), language));
    slots.insert("in_two", dates::weekday(soon(2), language).into());
    slots.insert("in_two_date", dates::date(soon(2), language));
    slots.insert("in_five_date", dates::date(soon(5), language));
    if let Some(sold) = about.sold {
        order_slots(&mut slots, sold, about.line, catalogue, at, language);
    } else if let Some(index) = about.product {
        let (kind, name) = &catalogue.names[index];
        product_slots(&mut slots, &catalogue.kinds[*kind], name, language);
        let variants = &catalogue.products[index].variants;
        slots.insert("grams", variants[0].grams.to_string());
        slots.insert("price", dates::amount(variants[0].price, language));
        slots.insert("stock", variants[0].stock.max(3).to_string());
        if !variants[0].title.is_empty() {
            slots.insert("variant", variants[0].title.clone());
        }
    }
    slots
}

fn product_slots(slots: &mut Slots, kind: &Kind, name: &str, language: &str) {
    let plural = kind.is_plural();
    let [gender, noun, dative] = &kind.de;
    let pick = |one: &str, many: &str| {
        if plural {
            many.to_owned()
        } else {
            one.to_owned()
        }
    };
    match language {
        "de" => {
            let article = |m: &str, f: &str, n: &str, p: &str| {
                match gender.as_str() {
                    "m" => m,
                    "f" => f,
                    "n" => n,
                    _ => p,
                }
                .to_owned()
            };
            let with = |article: String, noun: &str| format!("{article} {noun} {name}");
            slots.insert("product", format!("{noun} {name}"));
            slots.insert("der", with(article("der", "die", "das", "die"), noun));
            slots.insert("den", with(article("den", "die", "das", "die"), noun));
            slots.insert("dem", with(article("dem", "der", "dem", "den"), dative));
            slots.insert(
                "mein",
                with(article("mein", "meine", "mein", "meine"), noun),
            );
            slots.insert(
                "meinen",
                with(article("meinen", "meine", "mein", "meine"), noun),
            );
            slots.insert(
                "meinem",
                with(article("meinem", "meiner", "meinem", "meinen"), dative),
            );
            slots.insert("er", article("er", "sie", "es", "sie"));
            slots.insert("ihn", article("ihn", "sie", "es", "sie"));
            slots.insert(
                "neuen",
                article("einen neuen", "eine neue", "ein neues", "neue"),
            );
            slots.insert("ist", pick("ist", "sind"));
            slots.insert("hat", pick("hat", "haben"));
            slots.insert("passt", pick("passt", "passen"));
            slots.insert("kommt", pick("kommt", "kommen"));
            slots.insert("geht", pick("geht", "gehen"));
        }
        "fr" => {
            let bare = kind.fr.split_once(' ').map_or("", |(_, bare)| bare);
            let feminine =
                kind.fr.starts_with("la ") || matches!(bare, "chaussures" | "chaussettes");
            let choose = |m: &str, f: &str| if feminine { f.to_owned() } else { m.to_owned() };
            slots.insert("product", format!("{bare} {name}"));
            slots.insert("le", format!("{} {name}", kind.fr));
            let de = match kind.fr.split_once(' ') {
                Some(("le", bare)) => format!("du {bare} {name}"),
                Some(("les", bare)) => format!("des {bare} {name}"),
                _ => format!("de {} {name}", kind.fr),
            };
            slots.insert("du", de);
            let au = match kind.fr.split_once(' ') {
                Some(("le", bare)) => format!("au {bare} {name}"),
                Some(("les", bare)) => format!("aux {bare} {name}"),
                _ => format!("à {} {name}", kind.fr),
            };
            slots.insert("au", au);
            let my = if plural {
                "mes".into()
            } else {
                choose("mon", "ma")
            };
            slots.insert("mon", format!("{my} {bare} {name}"));
            slots.insert(
                "il",
                if plural {
                    choose("ils", "elles")
                } else {
                    choose("il", "elle")
                },
            );
            slots.insert("l", pick("le", "les"));
            slots.insert("e", format!("{}{}", choose("", "e"), pick("", "s")));
            slots.insert("est", pick("est", "sont"));
            slots.insert("a", pick("a", "ont"));
            slots.insert(
                "un",
                if plural {
                    "de".into()
                } else {
                    choose("un", "une")
                },
            );
            slots.insert(
                "nouveau",
                match (feminine, plural) {
                    (false, false) => "un nouveau",
                    (true, false) => "une nouvelle",
                    (false, true) => "de nouveaux",
                    (true, true) => "de nouvelles",
                }
                .to_owned(),
            );
        }
        _ => {
            slots.insert("product", format!("{name} {}", kind.en));
            slots.insert("is", pick("is", "are"));
            slots.insert("was", pick("was", "were"));
            slots.insert("has", pick("has", "have"));
            slots.insert("does", pick("does", "do"));
            slots.insert("it", pick("it", "they"));
            slots.insert("them", pick("it", "them"));
            slots.insert("this", pick("this", "these"));
            slots.insert("thing", pick("one", "pair"));
            slots.insert("fits", pick("fits", "fit"));
        }
    }
    slots.insert("kind", kind.id.clone());
}

fn order_slots(
    slots: &mut Slots,
    sold: &Sold,
    line: usize,
    catalogue: &Catalogue,
    at: DateTime<Utc>,
    language: &str,
) {
    let order = &sold.order;
    let money = |amount: Money| dates::amount(amount, language);
    let day = |at| dates::date(at, language);
    slots.insert("order", order.number.clone());
    slots.insert("placed", day(order.placed_at));
    slots.insert("total", money(order.total));
    slots.insert("tax", money(order.tax));
    slots.insert("amount", money(share_of(order, line)));
    slots.insert("method", order.shipping_method.clone());
    if let Some(promised) = order.ship_by {
        slots.insert("ship_by", day(promised));
        slots.insert("ship_by_day", dates::weekday(promised, language).into());
    }
    if let Some(discount) = order.discounts.first() {
        slots.insert("code", discount.code.clone());
        slots.insert("discount", money(discount.amount));
    }
    for payment in &order.payments {
        match payment.method {
            PaymentMethod::GiftCard => {
                slots.insert("gift_card", payment.label.replace("Gift card ·· ", ""));
                slots.insert("gift_amount", money(payment.amount));
            }
            _ => {
                slots.insert("pay_label", payment.label.clone());
                slots.insert("pay_amount", money(payment.amount));
            }
        }
    }
    let bought = &order.lines[line];
    if let Some((kind, name)) = catalogue.by_title(&bought.title) {
        product_slots(slots, kind, name, language);
    }
    if !bought.variant.is_empty() {
        slots.insert("variant", bought.variant.clone());
    }
    if let Some(size) = size_of(&bought.variant) {
        slots.insert("size", size.to_owned());
    }
    if let Some(other) = order
        .lines
        .iter()
        .enumerate()
        .find(|(index, _)| *index != line)
        && let Some((kind, name)) = catalogue.by_title(&other.1.title)
    {
        let words = match language {
            "de" => format!("{} {name}", kind.de[1]),
            "fr" => format!("{} {name}", kind.fr),
            _ => format!("{name} {}", kind.en),
        };
        slots.insert("other", words);
    }
    if let Some(back) = order
        .returns
        .last()
        .filter(|back| back.requested_at <= at + TimeDelta::hours(30))
    {
        slots.insert("rma", back.number.clone());
        slots.insert("return_date", day(back.requested_at));
        if matches!(
            back.state,
            ReturnState::Received | ReturnState::Inspected | ReturnState::Closed
        ) {
            slots.insert("returned_date", day(back.updated_at));
        }
    }
    if let Some(refund) = order.refunds.last() {
        slots.insert("refund_amount", money(refund.amount));
        slots.insert("refund_date", day(refund.requested_at));
        if let (RefundState::Succeeded | RefundState::Reconciled, Some(settled)) =
            (refund.state, refund.settled_at)
        {
            slots.insert("refund_settled", day(settled));
        }
    }
    let (parcel, _) = asked_about(sold, at);
    let parcel = parcel.or_else(|| (!sold.shipments.is_empty()).then_some(0));
    if let Some(parcel) = parcel.map(|index| &sold.shipments[index])
        && let Some(scan) = last_scan(parcel, at)
    {
        parcel_slots(slots, parcel, scan, at, language);
    }
}

fn parcel_slots(
    slots: &mut Slots,
    parcel: &Shipment,
    scan: &Scan,
    at: DateTime<Utc>,
    language: &str,
) {
    let day = |at| dates::date(at, language);
    slots.insert("carrier", parcel.carrier.clone());
    slots.insert("tracking", parcel.tracking_number.clone());
    slots.insert("scan_date", day(scan.at));
    slots.insert("scan_day", dates::near(scan.at, at, language));
    slots.insert("scan_time", dates::time(scan.at, language));
    slots.insert("silent", (at - scan.at).num_hours().max(1).to_string());
    slots.insert("label_date", day(parcel.created_at));
    if let Some(place) = &scan.place {
        slots.insert("place", place.clone());
    }
    if let Some(left) = parcel
        .scans
        .iter()
        .rev()
        .find(|scan| scan.status == S::InTransit && scan.at <= at)
    {
        slots.insert("shipped", day(left.at));
        slots.insert("shipped_day", dates::near(left.at, at, language));
    }
    if let Some(promised) = parcel.promised_at {
        slots.insert("promised", day(promised));
        slots.insert("promised_day", dates::weekday(promised, language).into());
    }
    if scan.status == S::Delivered {
        slots.insert("delivered", day(scan.at));
        slots.insert("delivered_day", dates::near(scan.at, at, language));
        slots.insert("delivered_time", dates::time(scan.at, language));
    }
    if scan.status == S::AvailableForPickup
        && let Some(until) = parcel.pickup_until
    {
        slots.insert("pickup_until", day(until));
        slots.insert("pickup_until_day", dates::weekday(until, language).into());
    }
}

/// The size in a variant, for example `M` in `slate, M`, if it has one.
pub(crate) fn size_of(variant: &str) -> Option<&str> {
    let last = variant.rsplit(", ").next()?;
    let sized = ["S", "M", "L", "XL", "regular", "long"].contains(&last)
        || last.chars().next().is_some_and(|c| c.is_ascii_digit());
    (sized && !last.contains("lit") && !last.contains("cm")).then_some(last)
}
