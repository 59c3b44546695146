//! What must hold in an order before anybody sees it.

use deskhand_domain::{Money, Order, Shipment, shipment::TrackingStatus};
use serde::Serialize;
use std::collections::BTreeMap;

/// Why an order is not taken over. Names fields and amounts' places, never what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "broken", rename_all = "snake_case")]
pub enum Broken {
    /// A text that is no amount.
    #[error("{field} is no amount")]
    Amount {
        /// Which field.
        field: &'static str,
    },
    /// More decimals than the currency has.
    #[error("{field} has more decimals than its currency")]
    Decimals {
        /// Which field.
        field: &'static str,
    },
    /// No ISO 4217 code.
    #[error("the currency is none of ISO 4217")]
    Currency,
    /// Amounts of one order in several currencies.
    #[error("{field} is in another currency than the order")]
    Mixed {
        /// Which field.
        field: &'static str,
    },
    /// An amount below zero where there can be none.
    #[error("{field} is below zero")]
    Negative {
        /// Which field.
        field: &'static str,
    },
    /// An amount that does not fit.
    #[error("{field} does not fit")]
    TooLarge {
        /// Which field.
        field: &'static str,
    },
    /// The lines do not sum to the subtotal.
    #[error("the lines do not sum to the subtotal")]
    Subtotal,
    /// Subtotal, discounts, shipping and tax do not sum to the total.
    #[error("subtotal, discounts, shipping and tax do not sum to the total")]
    Total,
    /// The discounts on the lines are more than the order's.
    #[error("the lines have more discount than the order")]
    Spread,
    /// A parcel, a refund or a cancellation names a line or a quantity that there is not.
    #[error("{field} names more than was ordered")]
    Quantity {
        /// Which field.
        field: &'static str,
    },
    /// A field that every order has is missing.
    #[error("{field} is missing")]
    Missing {
        /// Which field.
        field: &'static str,
    },
    /// The order is longer than what is read of one.
    #[error("there are more {field} than are read of one order")]
    TooMany {
        /// Which list.
        field: &'static str,
    },
    /// A field is not what it was.
    #[error("{field} has another type than it had")]
    Shape {
        /// Which field.
        field: &'static str,
    },
}

/// Refuses an order that does not add up: `subtotal − discounts + shipping (+ tax unless included)
/// = total`, and nothing was sent that was not ordered.
pub fn check(order: &Order, shipments: &[Shipment]) -> Result<(), Broken> {
    let currency = order.total.currency;
    let same = |money: Money, field| {
        if money.currency == currency {
            Ok(money)
        } else {
            Err(Broken::Mixed { field })
        }
    };
    let positive = |money: Money, field| {
        same(money, field)?;
        if money.minor >= 0 {
            Ok(money)
        } else {
            Err(Broken::Negative { field })
        }
    };
    let mut lines = Money::zero(currency);
    let mut spread = Money::zero(currency);
    for line in &order.lines {
        positive(line.unit_price, "unit price")?;
        let total = line.unit_price.times(line.quantity);
        let total = total.ok_or(Broken::TooLarge { field: "a line" })?;
        if line.total != total {
            return Err(Broken::Subtotal);
        }
        lines = sum(lines, total, "the lines")?;
        if let Some(share) = line.discount {
            spread = sum(
                spread,
                positive(share, "a line's discount")?,
                "the discounts",
            )?;
        }
        if line.cancelled > line.quantity {
            return Err(Broken::Quantity {
                field: "a cancellation",
            });
        }
    }
    if lines != same(order.subtotal, "subtotal")? {
        return Err(Broken::Subtotal);
    }
    let mut discounts = Money::zero(currency);
    for discount in &order.discounts {
        discounts = sum(
            discounts,
            positive(discount.amount, "a discount")?,
            "the discounts",
        )?;
    }
    if spread.minor > discounts.minor {
        return Err(Broken::Spread);
    }
    let off = Money::new(-discounts.minor, currency);
    let mut total = sum(order.subtotal, off, "the total")?;
    total = sum(total, positive(order.shipping, "shipping")?, "the total")?;
    positive(order.tax, "tax")?;
    if !order.tax_included {
        total = sum(total, order.tax, "the total")?;
    }
    if total != positive(order.total, "the total")? {
        return Err(Broken::Total);
    }
    for payment in &order.payments {
        positive(payment.amount, "a payment")?;
    }
    for refund in &order.refunds {
        positive(refund.amount, "a refund")?;
        if refund
            .lines
            .iter()
            .any(|at| quantity_of(order, *at).is_none())
        {
            return Err(Broken::Quantity { field: "a refund" });
        }
    }
    sent_was_ordered(order, shipments)
}

fn sent_was_ordered(order: &Order, shipments: &[Shipment]) -> Result<(), Broken> {
    let mut sent: BTreeMap<u32, u64> = BTreeMap::new();
    let under_way = shipments
        .iter()
        .filter(|parcel| parcel.status != TrackingStatus::Cancelled);
    for line in under_way.flat_map(|parcel| &parcel.lines) {
        *sent.entry(line.position).or_default() += u64::from(line.quantity);
    }
    let fits = |(at, count): (&u32, &u64)| {
        quantity_of(order, *at).is_some_and(|quantity| *count <= u64::from(quantity))
    };
    if sent.iter().all(fits) {
        Ok(())
    } else {
        Err(Broken::Quantity { field: "a parcel" })
    }
}

fn quantity_of(order: &Order, position: u32) -> Option<u32> {
    let mut lines = order.lines.iter();
    lines
        .find(|line| line.position == position)
        .map(|line| line.quantity)
}

fn sum(a: Money, b: Money, field: &'static str) -> Result<Money, Broken> {
    a.plus(b).ok_or(Broken::TooLarge { field })
}
