//! One order, exact to the penny: lines, discount, shipping, tax, payments.

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{
    Currency, Money, Order, OrderId, Source,
    order::{Discount, FulfilmentStatus, OrderLine, Payment, PaymentMethod, PaymentStatus},
};

use crate::{
    catalogue::Catalogue,
    clock::work_days_after,
    people::{Country, Person},
    rng::Rng,
};

/// What is to be bought: product, variant, how many.
pub(crate) type Basket = Vec<(usize, usize, u32)>;

/// What one of something costs in a country: tax included inside the European Union, without tax
/// elsewhere.
pub(crate) fn price_in(country: &Country, cents: i64) -> Money {
    let rounded = |amount: i64, step: i64| (amount + step / 2) / step * step;
    let net = cents * 100 / 119;
    let minor = match country.code.as_str() {
        "CH" => rounded(net * 95 / 100, 100),
        "GB" => rounded(net * 87 / 100, 100),
        "NO" => rounded(net, 50),
        "SE" => rounded(cents * 113 / 10, 500),
        _ => cents,
    };
    Money::new(minor, country.currency())
}

/// An amount in the shop's currency, by the rates of the shop's books.
pub(crate) fn in_euro(amount: Money) -> i64 {
    let hundredths = match amount.currency {
        Currency::CHF => 105,
        Currency::GBP => 116,
        Currency::SEK => 9,
        _ => 100,
    };
    (amount.minor * hundredths + 50).div_euclid(100)
}

/// How an order is discounted and sent.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    /// A code and its hundredths, for example 10 %.
    pub(crate) code: Option<(&'static str, i64)>,
    pub(crate) express: bool,
    pub(crate) gift_card: Option<i64>,
    pub(crate) method: Option<PaymentMethod>,
}

/// How it is paid and sent when nobody wants anything special.
pub(crate) fn usual_terms(rng: &mut Rng, country: &Country) -> Terms {
    let code = rng.chance(24).then(|| {
        *rng.pick(&[
            ("AUTUMN10", 10),
            ("TRAIL10", 10),
            ("CLUB15", 15),
            ("WELCOME5", 5),
        ])
    });
    let gift_card = match rng.below(100) {
        0..=4 => Some(2500),
        5..=7 => Some(5000),
        8..=9 => Some(10_000),
        _ => None,
    };
    let method = match rng.below(100) {
        0..=43 => PaymentMethod::Card,
        44..=67 => PaymentMethod::Paypal,
        68..=85 => PaymentMethod::Klarna,
        _ if country.currency == "EUR" => PaymentMethod::BankTransfer,
        _ => PaymentMethod::Card,
    };
    Terms {
        code,
        express: rng.chance(7),
        gift_card,
        method: Some(method),
    }
}

/// An order as it stands right after checkout: authorised, nothing sent, no number yet.
pub(crate) fn order(
    rng: &mut Rng,
    catalogue: &Catalogue,
    country: &Country,
    buyer: &Person,
    placed_at: DateTime<Utc>,
    basket: &Basket,
    terms: &Terms,
) -> Order {
    let currency = country.currency();
    let lines: Vec<OrderLine> = basket
        .iter()
        .enumerate()
        .map(|(index, (product, variant, quantity))| {
            let product = &catalogue.products[*product];
            let variant = &product.variants[*variant];
            let unit_price = price_in(country, variant.price.minor);
            OrderLine {
                position: u32::try_from(index + 1).unwrap_or(1),
                sku: variant.sku.clone(),
                title: product.title.clone(),
                variant: variant.title.clone(),
                quantity: *quantity,
                unit_price,
                total: Money::new(unit_price.minor * i64::from(*quantity), currency),
                cancelled: 0,
                available_at: None,
                discount: None,
            }
        })
        .collect();
    let subtotal: i64 = lines.iter().map(|line| line.total.minor).sum();
    let discounts: Vec<Discount> = terms
        .code
        .iter()
        .map(|(code, percent)| Discount {
            code: (*code).into(),
            amount: Money::new((subtotal * percent + 50) / 100, currency),
        })
        .collect();
    let off: i64 = discounts.iter().map(|discount| discount.amount.minor).sum();
    let (shipping_method, shipping) = shipping(country, subtotal, terms);
    let before_tax = subtotal - off + shipping;
    let abroad = country.is_abroad();
    let whole = if abroad { 10_000 } else { 10_000 + country.vat };
    let tax = (before_tax * country.vat + whole / 2) / whole;
    let total = before_tax + if abroad { tax } else { 0 };
    let money = |minor| Money::new(minor, currency);
    Order {
        id: rng.id::<OrderId>(placed_at),
        number: String::new(),
        customer: buyer.customer.id,
        placed_at,
        lines,
        subtotal: money(subtotal),
        discounts,
        shipping: money(shipping),
        shipping_method,
        tax: money(tax),
        tax_included: !abroad,
        total: money(total),
        payments: payments(rng, money(total), placed_at, terms),
        payment_status: PaymentStatus::Authorised,
        fulfilment_status: FulfilmentStatus::Unfulfilled,
        ship_to: buyer.address.clone(),
        ship_by: Some(work_days_after(placed_at, 2)),
        refunds: vec![],
        returns: vec![],
        source: Source {
            name: "Shop".into(),
            fetched_at: placed_at,
        },
    }
}

/// Free from 75 euro inside the European Union, unless a code was used; see the article
/// `shipping-costs`.
fn shipping(country: &Country, subtotal: i64, terms: &Terms) -> (String, i64) {
    let (standard, express) = match country.code.as_str() {
        "DE" => (590, 1290),
        "CH" => (900, 2400),
        "GB" => (1000, 2400),
        "NO" => (1490, 2990),
        "SE" => (7900, 18_900),
        _ => (690, 1690),
    };
    let free_from = if country.code == "SE" { 85_000 } else { 7500 };
    if terms.express {
        ("Express".into(), express)
    } else if !country.is_abroad() && terms.code.is_none() && subtotal >= free_from {
        ("Standard, free".into(), 0)
    } else {
        ("Standard".into(), standard)
    }
}

fn payments(rng: &mut Rng, total: Money, placed_at: DateTime<Utc>, terms: &Terms) -> Vec<Payment> {
    let mut payments = Vec::new();
    let mut rest = total.minor;
    if let Some(value) = terms.gift_card {
        let used = value.min(rest);
        rest -= used;
        let letters: Vec<char> = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789".chars().collect();
        let end: String = (0..4).map(|_| *rng.pick(&letters)).collect();
        payments.push(Payment {
            method: PaymentMethod::GiftCard,
            label: format!("Gift card ·· {end}"),
            amount: Money::new(used, total.currency),
            captured_at: Some(placed_at),
        });
    }
    if rest > 0 {
        let method = terms.method.unwrap_or(PaymentMethod::Card);
        let label = match method {
            PaymentMethod::Card => {
                let brand = rng.pick(&["Visa", "Visa", "Mastercard", "Maestro"]);
                format!("{brand} ·· {}", rng.digits(4))
            }
            PaymentMethod::Paypal => "PayPal".into(),
            PaymentMethod::Klarna => "Klarna, in 30 days".into(),
            PaymentMethod::BankTransfer => "Bank transfer".into(),
            PaymentMethod::GiftCard => "Gift card".into(),
            PaymentMethod::Other => "Other".into(),
        };
        let captured_at = matches!(method, PaymentMethod::Paypal | PaymentMethod::BankTransfer)
            .then(|| {
                let minutes = if method == PaymentMethod::Paypal {
                    1
                } else {
                    rng.between(30, 900)
                };
                placed_at + TimeDelta::minutes(minutes)
            });
        payments.push(Payment {
            method,
            label,
            amount: Money::new(rest, total.currency),
            captured_at,
        });
    }
    payments
}

/// Takes what was reserved, as the shop does when the first parcel leaves.
pub(crate) fn capture(order: &mut Order, at: DateTime<Utc>) {
    for payment in &mut order.payments {
        payment.captured_at = payment.captured_at.or(Some(at));
    }
    order.payment_status = PaymentStatus::Paid;
}

/// Paid when all was captured, else authorised.
pub(crate) fn settle(order: &mut Order) {
    let all = order
        .payments
        .iter()
        .all(|payment| payment.captured_at.is_some());
    order.payment_status = if all {
        PaymentStatus::Paid
    } else {
        PaymentStatus::Authorised
    };
}
