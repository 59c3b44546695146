//! WooCommerce: what its REST API, version 3, and its webhooks say of an order, as bytes in and
//! records out; and the rules that its exports share.
//!
//! WooCommerce keeps every amount without tax, with as many decimals as it takes, and says beside
//! how much tax there is. Where the shop's prices include tax, both are summed before anything is
//! compared, so that nothing is rounded. It knows no fulfilments: an order is completed or not.

mod rest;
mod shop;

use super::{LineDraft, ParcelDraft, ShopId};
use chrono::{DateTime, Utc};
use deskhand_domain::{Currency, Money, order::PaymentMethod, shipment::TrackingStatus};
pub use rest::{NotRead, read};
pub use shop::{Access, WooCommerce};

/// Amounts are added in millionths.
const MILLIONTHS: u32 = 6;

/// Whether a shop's prices include tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prices {
    /// Tax is added.
    WithoutTax,
    /// They include it.
    WithTax,
}

/// Why an amount cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAmount {
    /// It is none, or has more than six decimals.
    Text,
    /// More decimals than the currency has.
    Decimals,
    /// It does not fit.
    TooLarge,
}

/// The sum of some amounts, exactly. An empty one is nothing.
pub(super) fn sum<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    currency: Currency,
) -> Result<Money, NoAmount> {
    let mut sum = 0_i128;
    for text in texts.into_iter().map(str::trim) {
        if !text.is_empty() {
            sum += millionths(text).ok_or(NoAmount::Text)?;
        }
    }
    let unit = 10_i128.pow(MILLIONTHS.saturating_sub(currency.decimals()));
    if sum % unit != 0 {
        return Err(NoAmount::Decimals);
    }
    let minor = i64::try_from(sum / unit).map_err(|_| NoAmount::TooLarge)?;
    Ok(Money::new(minor, currency))
}

/// A decimal number with at most six decimals, in millionths.
fn millionths(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !(whole.is_empty() && fraction.is_empty()) && whole.len() <= 18;
    let places = MILLIONTHS as usize;
    if !fits || !are_digits(whole) || !are_digits(fraction) || fraction.len() > places {
        return None;
    }
    let all: i128 = format!("{whole}{fraction:0<places$}").parse().ok()?;
    Some(sign * all)
}

/// What the state of an order says of its payment and its goods.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    pub paid: bool,
    pub sent: bool,
    pub voided: bool,
    pub cancelled: bool,
}

impl State {
    /// By WooCommerce's own words; nothing for any other.
    pub fn of(status: &str) -> Option<Self> {
        let state = Self::default();
        let status = status.strip_prefix("wc-").unwrap_or(status);
        Some(match status {
            "pending" | "on-hold" | "checkout-draft" => state,
            "processing" => Self {
                paid: true,
                ..state
            },
            // Without fulfilments, this only says that there is nothing left to do.
            "completed" => Self {
                paid: true,
                sent: true,
                ..state
            },
            "refunded" => Self {
                paid: true,
                cancelled: true,
                ..state
            },
            "cancelled" => Self {
                cancelled: true,
                ..state
            },
            "failed" => Self {
                voided: true,
                ..state
            },
            _ => return None,
        })
    }
}

/// What a way to pay is.
pub(super) fn method(name: &str) -> PaymentMethod {
    match name {
        "bacs" => PaymentMethod::BankTransfer,
        "stripe" | "woocommerce_payments" => PaymentMethod::Card,
        "ppcp-gateway" | "ppec_paypal" | "paypal" => PaymentMethod::Paypal,
        "klarna_payments" | "kco" => PaymentMethod::Klarna,
        _ => PaymentMethod::Other,
    }
}

/// A line before it is known what it costs less.
pub(super) fn line(id: String, title: &str, quantity: u32, unit_price: Money) -> LineDraft {
    LineDraft {
        id,
        sku: String::new(),
        title: title.to_owned(),
        variant: String::new(),
        quantity,
        unit_price,
        cancelled: 0,
        discount: None,
        sent: true,
    }
}

/// The fee of an order, which is not sent.
pub(super) fn fee(id: String, title: &str, amount: Money) -> LineDraft {
    LineDraft {
        sent: false,
        ..line(id, title, 1, amount)
    }
}

/// The goods of an order that is completed: gone, without a carrier and a number.
pub(super) fn gone(order: &ShopId, lines: &[LineDraft], at: DateTime<Utc>) -> ParcelDraft {
    let goods = lines.iter().filter(|line| line.sent);
    ParcelDraft {
        id: ShopId(format!("completed:{order}")),
        carrier: String::new(),
        tracking_number: String::new(),
        lines: goods.map(|line| (line.id.clone(), line.quantity)).collect(),
        status: TrackingStatus::InTransit,
        created_at: at,
        promised_at: None,
        delivered_at: None,
    }
}
