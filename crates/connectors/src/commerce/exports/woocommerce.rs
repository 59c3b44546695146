//! WooCommerce's Customer/Order/Coupon Export, default format, one row for each line.
//!
//! The shop keeps every amount without tax, with as many decimals as it takes. Where its prices
//! include tax, amount and tax are summed before anything is compared, so that nothing is rounded.

use super::{
    Mistake, by_order,
    csv::{Row, Table},
};
use crate::commerce::{
    Broken, CustomerDraft, LineDraft, OrderDraft, OrderRecord, RefundDraft, ShopId,
    identity::WOOCOMMERCE,
    woocommerce::{NoAmount, Prices, State, fee, gone, line, method, sum},
};
use chrono::{DateTime, NaiveDateTime, Utc};
use deskhand_domain::{
    Currency, Money,
    order::{Address, Discount, Payment, RefundState},
};

/// Columns without which a file is no export of WooCommerce's orders.
const COLUMNS: [&str; 17] = [
    "order_id",
    "order_number",
    "date",
    "status",
    "shipping_total",
    "shipping_tax_total",
    "tax_total",
    "order_total",
    "order_currency",
    "billing_email",
    "item_name",
    "item_sku",
    "item_quantity",
    "item_subtotal",
    "item_subtotal_tax",
    "item_total",
    "item_total_tax",
];
/// The line of a fee.
const FEE: &str = "fee";

/// Reads an export of WooCommerce's orders.
pub fn woocommerce(
    text: &str,
    prices: Prices,
    now: DateTime<Utc>,
) -> Result<Vec<OrderRecord>, Vec<Mistake>> {
    let table = Table::read(text).map_err(|mistake| vec![mistake])?;
    table.must_have(&COLUMNS)?;
    by_order(&table, "order_id", |rows| {
        let export = Export {
            table: &table,
            rows,
            prices,
        };
        export.record(now)
    })
}

/// The rows of one order.
struct Export<'t> {
    table: &'t Table,
    rows: &'t [&'t Row],
    prices: Prices,
}

impl Export<'_> {
    fn record(&self, now: DateTime<Utc>) -> Result<OrderRecord, Mistake> {
        let raw: Vec<&str> = self.rows.iter().map(|row| &*row.raw).collect();
        self.draft()?
            .finish(WOOCOMMERCE, now, raw.join("\n"))
            .map_err(|why| self.rows[0].mistake("", why))
    }

    fn draft(&self) -> Result<OrderDraft, Mistake> {
        let first = self.rows[0];
        let currency: Currency = self
            .said("order_currency")
            .parse()
            .map_err(|_| first.mistake("order_currency", Broken::Currency))?;
        let total = self.amount(first, &["order_total"], currency)?;
        let placed_at = self
            .moment("date")?
            .ok_or_else(|| first.mistake("date", "is empty"))?;
        let paid_at = self.moment("paid_date")?;
        let completed_at = self.moment("completed_date")?;
        let state = self.state()?;
        let (mut lines, spread) = self.lines(currency)?;
        let mut off = spread;
        let cost = self.with_tax(first, ["fee_total", "fee_tax_total"], currency)?;
        // A fee below zero is how plugins give a discount.
        if cost.minor > 0 {
            lines.push(fee(FEE.to_owned(), "Fee", cost));
        } else {
            off -= cost.minor;
        }
        let refunded = self.amount(first, &["refunded_total"], currency)?;
        let gone_at = completed_at.or(paid_at).unwrap_or(placed_at);
        let id = ShopId(self.needed("order_id")?);
        Ok(OrderDraft {
            number: Some(self.said("order_number_formatted"))
                .filter(|number| !number.is_empty())
                .map_or_else(|| self.needed("order_number"), Ok)?,
            placed_at,
            updated_at: gone_at,
            customer: self.customer(),
            discounts: Some(Discount {
                code: self.coupon(),
                amount: Money::new(off, currency),
            })
            .into_iter()
            .filter(|discount| discount.amount.minor != 0)
            .collect(),
            shipping: self.with_tax(first, ["shipping_total", "shipping_tax_total"], currency)?,
            shipping_method: self.said("shipping_method"),
            tax: self.amount(first, &["tax_total"], currency)?,
            tax_included: self.prices == Prices::WithTax,
            payments: Some(Payment {
                method: method(&self.said("payment_method")),
                label: self.said("payment_method_title"),
                amount: total,
                captured_at: Some(paid_at.unwrap_or(placed_at)),
            })
            .into_iter()
            .filter(|_| state.paid)
            .collect(),
            voided: state.voided,
            cancelled: state.cancelled,
            parcels: Some(gone(&id, &lines, gone_at))
                .into_iter()
                .filter(|_| state.sent)
                .collect(),
            refunds: Some(refunded)
                .filter(|amount| amount.minor != 0)
                .map(|amount| RefundDraft {
                    amount,
                    state: RefundState::Succeeded,
                    reason: String::new(),
                    lines: Vec::new(),
                    requested_at: gone_at,
                    settled_at: Some(gone_at),
                })
                .into_iter()
                .collect(),
            ship_to: Some(self.address()),
            id,
            lines,
            total,
        })
    }

    fn state(&self) -> Result<State, Mistake> {
        let state = State::of(&self.said("status").to_lowercase());
        state.ok_or_else(|| self.rows[0].mistake("status", "is none of WooCommerce's"))
    }

    /// The lines, and what is taken off them together.
    fn lines(&self, currency: Currency) -> Result<(Vec<LineDraft>, i64), Mistake> {
        let mut lines = Vec::with_capacity(self.rows.len() + 1);
        let mut off = 0_i64;
        for (index, row) in self.rows.iter().enumerate() {
            let quantity = self.table.cell(row, "item_quantity").trim().parse::<u32>();
            let quantity = quantity.ok().filter(|quantity| *quantity > 0);
            let quantity = quantity
                .ok_or_else(|| row.mistake("item_quantity", "is no whole number above zero"))?;
            let before = self.with_tax(row, ["item_subtotal", "item_subtotal_tax"], currency)?;
            let after = self.with_tax(row, ["item_total", "item_total_tax"], currency)?;
            if before.minor % i64::from(quantity) != 0 {
                let words = "cannot be divided by the quantity: do the prices include tax?";
                return Err(row.mistake("item_subtotal", words));
            }
            let unit_price = Money::new(before.minor / i64::from(quantity), currency);
            let title = self.table.cell(row, "item_name").trim();
            let mut draft = line(index.to_string(), title, quantity, unit_price);
            self.table
                .cell(row, "item_sku")
                .trim()
                .clone_into(&mut draft.sku);
            let share = before.minor - after.minor;
            draft.discount = (share != 0).then(|| Money::new(share, currency));
            off += share;
            lines.push(draft);
        }
        Ok((lines, off))
    }

    fn customer(&self) -> CustomerDraft {
        let id = self.said("customer_id");
        CustomerDraft {
            id: Some(id)
                .filter(|id| !id.is_empty() && id != "0")
                .map(ShopId),
            name: self.joined(["billing_first_name", "billing_last_name"], " "),
            email: self.said("billing_email"),
            phone: Some(self.said("billing_phone")).filter(|phone| !phone.is_empty()),
            city: Some(self.said("billing_city")),
            country: Some(self.said("billing_country")),
            ..CustomerDraft::default()
        }
    }

    /// Where it goes; to whoever pays when nobody else is named.
    fn address(&self) -> Address {
        let elsewhere = !self.said("shipping_address_1").is_empty();
        let of =
            |shipping: &str, billing: &str| self.said(if elsewhere { shipping } else { billing });
        let joined = |shipping, billing, between| {
            self.joined(if elsewhere { shipping } else { billing }, between)
        };
        Address {
            name: joined(
                ["shipping_first_name", "shipping_last_name"],
                ["billing_first_name", "billing_last_name"],
                " ",
            ),
            street: joined(
                ["shipping_address_1", "shipping_address_2"],
                ["billing_address_1", "billing_address_2"],
                "\n",
            ),
            postal_code: of("shipping_postcode", "billing_postcode"),
            city: of("shipping_city", "billing_city"),
            country: of("shipping_country", "billing_country"),
        }
    }

    /// The codes in `code:SUMMER10|description:…|amount:10.00;code:…`.
    fn coupon(&self) -> String {
        let coupons = self.said("coupon_items");
        let parts = coupons.split([';', '|']);
        let codes = parts.filter_map(|part| part.trim().strip_prefix("code:"));
        codes.collect::<Vec<_>>().join(", ")
    }

    fn joined(&self, columns: [&str; 2], between: &str) -> String {
        let parts = columns.map(|column| self.said(column));
        let filled: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        filled.join(between)
    }

    fn said(&self, column: &str) -> String {
        self.table.cell(self.rows[0], column).trim().to_owned()
    }

    fn needed(&self, column: &'static str) -> Result<String, Mistake> {
        match self.said(column) {
            text if text.is_empty() => Err(self.rows[0].mistake(column, "is empty")),
            text => Ok(text),
        }
    }

    /// An amount as the customer sees it: with its tax where the prices include it.
    fn with_tax(
        &self,
        row: &Row,
        [net, tax]: [&'static str; 2],
        currency: Currency,
    ) -> Result<Money, Mistake> {
        match self.prices {
            Prices::WithoutTax => self.amount(row, &[net], currency),
            Prices::WithTax => self.amount(row, &[net, tax], currency),
        }
    }

    /// The sum of some columns, exactly.
    fn amount(
        &self,
        row: &Row,
        columns: &[&'static str],
        currency: Currency,
    ) -> Result<Money, Mistake> {
        let texts = columns.iter().map(|column| self.table.cell(row, column));
        sum(texts, currency).map_err(|why| {
            let column = columns.first().copied().unwrap_or_default();
            let words = match why {
                NoAmount::Text => "is no amount",
                NoAmount::Decimals => {
                    "has more decimals than its currency: do the prices include tax?"
                }
                NoAmount::TooLarge => "does not fit",
            };
            row.mistake(column, words)
        })
    }

    fn moment(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, Mistake> {
        let text = self.said(column);
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(at) = DateTime::parse_from_rfc3339(&text) {
            return Ok(Some(at.with_timezone(&Utc)));
        }
        let read = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S");
        let words = "is no moment such as 2026-01-31 09:00:00";
        let read = read.map_err(|_| self.rows[0].mistake(column, words))?;
        Ok(Some(read.and_utc()))
    }
}

#[cfg(test)]
mod tests;
