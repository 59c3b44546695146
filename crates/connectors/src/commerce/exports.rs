//! Order exports of shops, as files: whole orders, or every mistake with its line and column.

mod csv;
mod woocommerce;

use super::{
    Broken, CustomerDraft, LineDraft, OrderDraft, OrderRecord, ParcelDraft, RefundDraft, ShopId,
    exact, identity::SHOPIFY,
};
use chrono::{DateTime, Utc};
use csv::{Row, Table};
use deskhand_domain::{
    Currency, Money,
    order::{Address, Discount, Payment, PaymentMethod, RefundState},
    shipment::TrackingStatus,
};
use std::fmt;
pub use woocommerce::woocommerce;

/// What is wrong with a file, and where. Never what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The name of the column; empty for the whole line.
    pub column: String,
    /// What is wrong.
    pub words: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.column.is_empty() {
            write!(f, ", {}", self.column)?;
        }
        write!(f, ": {}", self.words)
    }
}

/// Columns without which a file is no export of Shopify's orders.
const SHOPIFY_COLUMNS: [&str; 14] = [
    "Id",
    "Name",
    "Email",
    "Financial Status",
    "Currency",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Amount",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem sku",
];

/// Reads an export of Shopify's orders: one row for each line, the first of an order with all of it.
pub fn shopify(text: &str, now: DateTime<Utc>) -> Result<Vec<OrderRecord>, Vec<Mistake>> {
    let table = Table::read(text).map_err(|mistake| vec![mistake])?;
    table.must_have(&SHOPIFY_COLUMNS)?;
    by_order(&table, "Name", |rows| {
        let table = &table;
        Export { table, rows }.record(now)
    })
}

/// Reads the rows that follow one another with the same order in a column; tells every mistake.
fn by_order(
    table: &Table,
    column: &str,
    read: impl Fn(&[&Row]) -> Result<OrderRecord, Mistake>,
) -> Result<Vec<OrderRecord>, Vec<Mistake>> {
    let mut orders: Vec<Vec<&Row>> = Vec::new();
    for row in &table.rows {
        let name = table.cell(row, column);
        match orders.last_mut() {
            Some(order) if table.cell(order[0], column) == name => order.push(row),
            _ => orders.push(vec![row]),
        }
    }
    let mut records = Vec::with_capacity(orders.len());
    let mut mistakes = Vec::new();
    for rows in &orders {
        match read(rows) {
            Ok(record) => records.push(record),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() {
        Ok(records)
    } else {
        Err(mistakes)
    }
}

/// The rows of one order.
struct Export<'t> {
    table: &'t Table,
    rows: &'t [&'t Row],
}

impl Export<'_> {
    fn record(&self, now: DateTime<Utc>) -> Result<OrderRecord, Mistake> {
        let first = self.rows[0];
        let draft = self.draft()?;
        let raw: Vec<&str> = self.rows.iter().map(|row| &*row.raw).collect();
        draft
            .finish(SHOPIFY, now, raw.join("\n"))
            .map_err(|why| first.mistake("", why))
    }

    fn draft(&self) -> Result<OrderDraft, Mistake> {
        let first = self.rows[0];
        let said = |column: &str| self.table.cell(first, column).trim().to_owned();
        let needed = |column: &'static str| match said(column) {
            text if text.is_empty() => Err(first.mistake(column, "is empty")),
            text => Ok(text),
        };
        let currency: Currency = said("Currency")
            .parse()
            .map_err(|_| first.mistake("Currency", Broken::Currency))?;
        let money = |column: &'static str| self.money(first, column, currency);
        let placed_at = self.moment(first, "Created at")?;
        let placed_at = placed_at.ok_or_else(|| first.mistake("Created at", "is empty"))?;
        let (lines, subtotal) = self.lines(currency)?;
        let (off, shipping) = (money("Discount Amount")?, money("Shipping")?);
        let (tax, total) = (money("Taxes")?, money("Total")?);
        // The export does not say it; the sums do, and they are checked again.
        let tax_included = subtotal - off.minor + shipping.minor == total.minor;
        let paid_at = self.moment(first, "Paid at")?;
        let status = said("Financial Status").to_lowercase();
        let refunded = money("Refunded Amount")?;
        let cancelled_at = self.moment(first, "Cancelled at")?;
        Ok(OrderDraft {
            id: ShopId(needed("Id")?.trim_start_matches('\'').to_owned()),
            number: needed("Name")?,
            placed_at,
            updated_at: cancelled_at.or(paid_at).unwrap_or(placed_at),
            customer: CustomerDraft {
                name: [said("Shipping Name"), said("Billing Name")]
                    .into_iter()
                    .find(|name| !name.is_empty())
                    .unwrap_or_default(),
                email: said("Email"),
                phone: Some(said("Phone")).filter(|phone| !phone.is_empty()),
                ..CustomerDraft::default()
            },
            discounts: Some(Discount {
                code: said("Discount Code"),
                amount: off,
            })
            .into_iter()
            .filter(|discount| discount.amount.minor != 0)
            .collect(),
            shipping,
            shipping_method: said("Shipping Method"),
            tax,
            tax_included,
            payments: self.payments(&status, total, paid_at, placed_at),
            voided: status == "voided",
            cancelled: cancelled_at.is_some(),
            parcels: self.parcels(&lines)?,
            refunds: Some(refunded)
                .filter(|amount| amount.minor != 0)
                .map(|amount| RefundDraft {
                    amount,
                    state: RefundState::Succeeded,
                    reason: String::new(),
                    lines: Vec::new(),
                    requested_at: paid_at.unwrap_or(placed_at),
                    settled_at: Some(paid_at.unwrap_or(placed_at)),
                })
                .into_iter()
                .collect(),
            ship_to: Some(Address {
                name: said("Shipping Name"),
                street: said("Shipping Street"),
                postal_code: said("Shipping Zip").trim_start_matches('\'').to_owned(),
                city: said("Shipping City"),
                country: said("Shipping Country"),
            }),
            lines,
            total,
        })
    }

    fn lines(&self, currency: Currency) -> Result<(Vec<LineDraft>, i64), Mistake> {
        let mut lines = Vec::with_capacity(self.rows.len());
        let mut subtotal = 0_i64;
        for (index, row) in self.rows.iter().enumerate() {
            let column = "Lineitem quantity";
            let quantity = self.table.cell(row, column).trim().parse::<u32>();
            let quantity = quantity.map_err(|_| row.mistake(column, "is no whole number"))?;
            let unit_price = self.money(row, "Lineitem price", currency)?;
            let sum = unit_price
                .times(quantity)
                .and_then(|sum| subtotal.checked_add(sum.minor));
            subtotal = sum.ok_or_else(|| row.mistake("Lineitem price", "does not fit"))?;
            lines.push(LineDraft {
                id: index.to_string(),
                sku: self.table.cell(row, "Lineitem sku").trim().to_owned(),
                title: self.table.cell(row, "Lineitem name").trim().to_owned(),
                variant: String::new(),
                quantity,
                unit_price,
                cancelled: 0,
                discount: None,
                sent: self.table.cell(row, "Lineitem requires shipping") != "false",
            });
        }
        Ok((lines, subtotal))
    }

    /// What the export says has left: without a carrier and a number.
    fn parcels(&self, lines: &[LineDraft]) -> Result<Vec<ParcelDraft>, Mistake> {
        let column = "Lineitem fulfillment status";
        let rows = self.rows.iter().zip(lines);
        let left = rows.filter(|(row, _)| self.table.cell(row, column) == "fulfilled");
        let left: Vec<(String, u32)> = left
            .map(|(_, line)| (line.id.clone(), line.quantity))
            .collect();
        let first = self.rows[0];
        let Some(created_at) = self
            .moment(first, "Fulfilled at")?
            .filter(|_| !left.is_empty())
        else {
            return Ok(Vec::new());
        };
        Ok(vec![ParcelDraft {
            id: ShopId(format!("export:{}", self.table.cell(first, "Id"))),
            carrier: String::new(),
            tracking_number: String::new(),
            lines: left,
            status: TrackingStatus::InTransit,
            created_at,
            promised_at: None,
            delivered_at: None,
        }])
    }

    fn payments(
        &self,
        status: &str,
        total: Money,
        paid_at: Option<DateTime<Utc>>,
        placed_at: DateTime<Utc>,
    ) -> Vec<Payment> {
        let captured = match status {
            "paid" | "partially_refunded" | "refunded" => true,
            "authorized" => false,
            _ => return Vec::new(),
        };
        let label = self
            .table
            .cell(self.rows[0], "Payment Method")
            .trim()
            .to_owned();
        vec![Payment {
            method: match label.to_lowercase().as_str() {
                "paypal" | "paypal express checkout" => PaymentMethod::Paypal,
                "gift_card" | "gift card" => PaymentMethod::GiftCard,
                _ => PaymentMethod::Other,
            },
            label,
            amount: total,
            captured_at: captured.then(|| paid_at.unwrap_or(placed_at)),
        }]
    }

    fn money(&self, row: &Row, column: &'static str, currency: Currency) -> Result<Money, Mistake> {
        let text = self.table.cell(row, column).trim();
        if text.is_empty() {
            return Ok(Money::zero(currency));
        }
        exact(text, currency, "it").map_err(|why| row.mistake(column, why))
    }

    fn moment(&self, row: &Row, column: &'static str) -> Result<Option<DateTime<Utc>>, Mistake> {
        let text = self.table.cell(row, column).trim();
        if text.is_empty() {
            return Ok(None);
        }
        let read = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S %z")
            .or_else(|_| DateTime::parse_from_rfc3339(text));
        let words = "is no moment such as 2026-01-31 09:00:00 +0100";
        let read = read.map_err(|_| row.mistake(column, words))?;
        Ok(Some(read.with_timezone(&Utc)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Name,Email,Financial Status,Paid at,Fulfilled at,Currency,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem requires shipping,Lineitem fulfillment status,Shipping Name,Shipping Street,Shipping City,Shipping Zip,Shipping Country,Cancelled at,Payment Method,Refunded Amount,Id,Phone";
    const TENT: &str = "#1001,robin@customer.example,paid,2026-11-01 10:00:05 +0100,2026-11-02 08:00:00 +0100,EUR,4.95,42.31,269.93,SUMMER10,10.00,Standard,2026-11-01 10:00:00 +0100,1,\"Ridge tent, moss\",249.00,TENT-2,true,fulfilled,Robin Okafor,\"Lindenstr. 9\n2nd floor\",Berlin,'10969,DE,,PayPal,0.00,450789469,";
    const MUGS: &str = "#1001,robin@customer.example,,,,,,,,,,,2026-11-01 10:00:00 +0100,2,Enamel mug,12.99,MUG-1,true,pending,,,,,,,,,,";

    fn read(rows: &[&str]) -> Result<Vec<OrderRecord>, Vec<String>> {
        let text = format!("\u{feff}{HEAD}\r\n{}\r\n", rows.join("\r\n"));
        let mistakes = shopify(&text, DateTime::UNIX_EPOCH);
        mistakes.map_err(|all| all.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_export_is_read_to_the_cent() {
        let records = read(&[TENT, MUGS]).expect("it adds up");
        let order = &records[0].order;
        assert_eq!((&*order.number, records.len()), ("#1001", 1));
        assert_eq!(records[0].id, ShopId::from("450789469"));
        assert_eq!(order.subtotal.minor, 27_498);
        assert_eq!((order.total.minor, order.tax.minor), (26_993, 4_231));
        assert!(order.tax_included, "249.00 + 25.98 - 10.00 + 4.95 = 269.93");
        assert_eq!(order.ship_to.street, "Lindenstr. 9\n2nd floor");
        assert_eq!(order.ship_to.postal_code, "10969");
        assert_eq!(records[0].shipments[0].lines.len(), 1, "the tent has left");
        assert_eq!(
            read(&[TENT, MUGS]),
            Ok(records),
            "the same again is the same"
        );
    }

    #[test]
    fn every_mistake_is_told_with_line_and_column_and_nothing_is_read() {
        let bad_price = MUGS.replace("12.99", "12.995");
        let bad_total = TENT.replace("269.93", "269.94").replace("1001", "1002");
        let bad_date = TENT
            .replace("2026-11-01 10:00:00 +0100", "yesterday")
            .replace("1001", "1003");
        let wrong = read(&[TENT, &bad_price, &bad_total, &bad_date]).expect_err("mistakes");
        assert_eq!(
            wrong,
            [
                "line 4, Lineitem price: it has more decimals than its currency",
                "line 5: subtotal, discounts, shipping and tax do not sum to the total",
                "line 7, Created at: is no moment such as 2026-01-31 09:00:00 +0100",
            ]
        );
        let wrong = read(&["#1001,robin@customer.example"]).expect_err("a short line");
        assert_eq!(wrong, ["line 2: has 2 cells, and the first line names 29"]);
        let wrong = shopify("Name,Total\n#1,1\n", DateTime::UNIX_EPOCH).expect_err("columns");
        assert_eq!(wrong.len(), 12, "{wrong:?}");
        assert_eq!(wrong[0].to_string(), "line 1, Id: there is no such column");
        let open = shopify(&format!("{HEAD}\n\"#1001,"), DateTime::UNIX_EPOCH);
        let open = open.expect_err("a quote that does not end");
        assert_eq!(open[0].to_string(), "line 2: a quote does not end");
    }
}
