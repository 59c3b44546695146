//! Orders as the REST API has them: one, a list, or what a batch made and changed.

use super::{NoAmount, State, fee, gone, line, method, sum};
use crate::commerce::{
    Broken, CommerceError, CustomerDraft, LineDraft, OrderDraft, Read, RefundDraft, ShopId, http,
    identity::WOOCOMMERCE,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use deskhand_domain::{
    Currency, Money,
    order::{Address, Discount, Payment, RefundState},
};
use serde::Deserialize;
use serde_json::Value;

/// Why a payload is not read.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// It is no JSON.
    #[error("it is no JSON")]
    NotJson,
    /// It tells of something else.
    #[error("it tells nothing of an order")]
    Nothing,
    /// The shop answered with an error of its own.
    #[error("the shop refused: {0}")]
    Refused(CommerceError),
    /// A field is not what it was.
    #[error(transparent)]
    Shape(#[from] CommerceError),
}

/// Reads a payload: an order, a list of them, or `{"create": […], "update": […]}`.
pub fn read(payload: &[u8]) -> Result<Read, NotRead> {
    let payload: Value = serde_json::from_slice(payload).map_err(|_| NotRead::NotJson)?;
    let found = match payload {
        Value::Array(all) => all,
        Value::Object(mut object) if !is_order(&Value::Object(object.clone())) => {
            let code = object.get("code").and_then(Value::as_str);
            if let Some(code) = code.filter(|_| object.contains_key("message")) {
                return Err(NotRead::Refused(CommerceError::said(code)));
            }
            let mut take = |key: &str| match object.remove(key) {
                Some(Value::Array(all)) => all,
                _ => Vec::new(),
            };
            [take("create"), take("update")].concat()
        }
        one => vec![one],
    };
    let orders: Vec<Value> = found.into_iter().filter(is_order).collect();
    if orders.is_empty() {
        return Err(NotRead::Nothing);
    }
    Ok(records(orders, |updated_at| updated_at)?)
}

/// Orders as records; `read_at` tells when one was read, by when it changed.
pub(super) fn records(
    orders: Vec<Value>,
    read_at: impl Fn(DateTime<Utc>) -> DateTime<Utc>,
) -> Result<Read, CommerceError> {
    let mut records = Vec::with_capacity(orders.len());
    for raw in orders {
        let words = raw.to_string();
        let order: Order = http::part(raw)?;
        let id = ShopId(order.id.to_string());
        let draft = order.draft();
        let record = draft.and_then(|draft| {
            let at = read_at(draft.updated_at);
            draft.finish(WOOCOMMERCE, at, words)
        });
        records.push((id, record));
    }
    Ok(Read::of(records))
}

fn is_order(value: &Value) -> bool {
    ["line_items", "billing", "prices_include_tax", "status"]
        .iter()
        .all(|key| value.get(key).is_some())
}

#[derive(Deserialize)]
struct Order {
    id: u64,
    number: String,
    status: String,
    currency: String,
    date_created_gmt: String,
    date_modified_gmt: Option<String>,
    date_paid_gmt: Option<String>,
    date_completed_gmt: Option<String>,
    prices_include_tax: bool,
    shipping_total: String,
    shipping_tax: String,
    total: String,
    total_tax: String,
    customer_id: u64,
    billing: Place,
    shipping: Place,
    #[serde(default)]
    payment_method: String,
    #[serde(default)]
    payment_method_title: String,
    line_items: Vec<Item>,
    shipping_lines: Vec<Titled>,
    fee_lines: Vec<Fee>,
    coupon_lines: Vec<Coupon>,
    refunds: Vec<Refund>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Place {
    first_name: String,
    last_name: String,
    address_1: String,
    address_2: String,
    city: String,
    postcode: String,
    country: String,
    email: String,
    phone: String,
}

#[derive(Deserialize)]
struct Item {
    id: u64,
    name: String,
    sku: Option<String>,
    quantity: u32,
    subtotal: String,
    subtotal_tax: String,
    total: String,
    total_tax: String,
}

#[derive(Deserialize)]
struct Titled {
    method_title: String,
}

#[derive(Deserialize)]
struct Fee {
    id: u64,
    name: String,
    total: String,
    total_tax: String,
}

#[derive(Deserialize)]
struct Coupon {
    code: String,
}

/// Of an order it is told how much, below zero; of the refund itself also when and what for.
#[derive(Deserialize)]
struct Refund {
    reason: Option<String>,
    total: Option<String>,
    amount: Option<String>,
    date_created_gmt: Option<String>,
    #[serde(default)]
    line_items: Vec<Refunded>,
}

#[derive(Deserialize)]
struct Refunded {
    /// Below zero.
    quantity: i64,
    #[serde(default)]
    meta_data: Vec<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    key: String,
    value: Value,
}

impl Refunded {
    /// The line of the order that it is about.
    fn line(&self) -> Option<String> {
        let mut meta = self.meta_data.iter();
        let found = meta.find(|meta| meta.key == "_refunded_item_id")?;
        match &found.value {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }
}

impl Place {
    fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned()
    }

    fn is_said(&self) -> bool {
        !self.address_1.is_empty() || !self.city.is_empty()
    }
}

impl Order {
    fn draft(self) -> Result<OrderDraft, Broken> {
        let currency: Currency = self.currency.parse().map_err(|_| Broken::Currency)?;
        let state = State::of(&self.status).ok_or(Broken::Shape { field: "status" })?;
        let moment =
            |text: &Option<String>, field| text.as_deref().map(|at| gmt(at, field)).transpose();
        let placed_at = gmt(&self.date_created_gmt, "date_created_gmt")?;
        let updated_at = moment(&self.date_modified_gmt, "date_modified_gmt")?;
        let updated_at = updated_at.unwrap_or(placed_at);
        let paid_at = moment(&self.date_paid_gmt, "date_paid_gmt")?;
        let completed_at = moment(&self.date_completed_gmt, "date_completed_gmt")?;
        let total = amount([&*self.total], currency, "total")?;
        let (lines, discounts) = self.lines(currency)?;
        let id = ShopId(self.id.to_string());
        let parcels = Some(gone(&id, &lines, completed_at.unwrap_or(updated_at)));
        let refunds: Result<Vec<RefundDraft>, Broken> = self
            .refunds
            .iter()
            .map(|refund| refund.draft(currency, updated_at))
            .collect();
        let to = if self.shipping.is_said() {
            &self.shipping
        } else {
            &self.billing
        };
        let streets = [to.address_1.as_str(), to.address_2.as_str()];
        let streets: Vec<&str> = streets
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        Ok(OrderDraft {
            placed_at,
            updated_at,
            customer: CustomerDraft {
                id: (self.customer_id > 0).then(|| ShopId(self.customer_id.to_string())),
                name: self.billing.name(),
                email: self.billing.email.clone(),
                phone: Some(self.billing.phone.clone()).filter(|phone| !phone.is_empty()),
                city: Some(self.billing.city.clone()),
                country: Some(self.billing.country.clone()),
                ..CustomerDraft::default()
            },
            discounts,
            shipping: self.priced(
                [&self.shipping_total, &self.shipping_tax],
                currency,
                "shipping",
            )?,
            shipping_method: self
                .shipping_lines
                .first()
                .map_or_else(String::new, |line| line.method_title.clone()),
            tax: amount([&*self.total_tax], currency, "total_tax")?,
            tax_included: self.prices_include_tax,
            payments: Some(Payment {
                method: method(&self.payment_method),
                label: self.payment_method_title.clone(),
                amount: total,
                captured_at: Some(paid_at.unwrap_or(placed_at)),
            })
            .into_iter()
            .filter(|_| state.paid)
            .collect(),
            voided: state.voided,
            cancelled: state.cancelled,
            parcels: parcels.into_iter().filter(|_| state.sent).collect(),
            refunds: refunds?
                .into_iter()
                .filter(|refund| refund.amount.minor != 0)
                .collect(),
            ship_to: Some(Address {
                name: to.name(),
                street: streets.join("\n"),
                postal_code: to.postcode.clone(),
                city: to.city.clone(),
                country: to.country.clone(),
            }),
            id,
            number: self.number,
            lines,
            total,
        })
    }

    /// The lines with the fees, and what is taken off.
    fn lines(&self, currency: Currency) -> Result<(Vec<LineDraft>, Vec<Discount>), Broken> {
        let mut lines = Vec::with_capacity(self.line_items.len() + self.fee_lines.len());
        let mut off = 0_i64;
        for item in &self.line_items {
            let before = [&item.subtotal, &item.subtotal_tax];
            let before = self.priced(before, currency, "a line's subtotal")?;
            let after = [&item.total, &item.total_tax];
            let after = self.priced(after, currency, "a line's total")?;
            let pieces = i64::from(item.quantity);
            if pieces == 0 || before.minor % pieces != 0 {
                return Err(Broken::Decimals {
                    field: "a line's price",
                });
            }
            let unit_price = Money::new(before.minor / pieces, currency);
            let mut draft = line(item.id.to_string(), &item.name, item.quantity, unit_price);
            draft.sku = item.sku.clone().unwrap_or_default();
            draft.cancelled = self.taken_back(&draft.id).min(item.quantity);
            let share = before.minor - after.minor;
            draft.discount = (share != 0).then(|| Money::new(share, currency));
            off = off.checked_add(share).ok_or(Broken::TooLarge {
                field: "the discounts",
            })?;
            lines.push(draft);
        }
        for one in &self.fee_lines {
            let cost = self.priced([&one.total, &one.total_tax], currency, "a fee")?;
            // A fee below zero is how plugins give a discount.
            if cost.minor < 0 {
                off -= cost.minor;
            } else {
                lines.push(fee(one.id.to_string(), &one.name, cost));
            }
        }
        let codes: Vec<&str> = self.coupon_lines.iter().map(|one| &*one.code).collect();
        let discount = Discount {
            code: codes.join(", "),
            amount: Money::new(off, currency),
        };
        let discounts = Some(discount).filter(|discount| discount.amount.minor != 0);
        Ok((lines, discounts.into_iter().collect()))
    }

    /// How many pieces of a line were taken back by refunds.
    fn taken_back(&self, line: &str) -> u32 {
        let all = self.refunds.iter().flat_map(|refund| &refund.line_items);
        let of = all.filter(|item| item.line().as_deref() == Some(line));
        let pieces: u64 = of.map(|item| item.quantity.unsigned_abs()).sum();
        u32::try_from(pieces).unwrap_or(u32::MAX)
    }

    /// An amount as the customer sees it: with its tax where the prices include it.
    fn priced(
        &self,
        [net, tax]: [&String; 2],
        currency: Currency,
        field: &'static str,
    ) -> Result<Money, Broken> {
        if self.prices_include_tax {
            amount([&**net, &**tax], currency, field)
        } else {
            amount([&**net], currency, field)
        }
    }
}

impl Refund {
    fn draft(&self, currency: Currency, at: DateTime<Utc>) -> Result<RefundDraft, Broken> {
        let told = self.amount.as_deref().or(self.total.as_deref());
        let told = told.ok_or(Broken::Missing { field: "a refund" })?;
        let told = amount([told], currency, "a refund")?;
        let at = match &self.date_created_gmt {
            Some(at) => gmt(at, "a refund's date_created_gmt")?,
            None => at,
        };
        Ok(RefundDraft {
            amount: Money::new(told.minor.abs(), currency),
            state: RefundState::Succeeded,
            reason: self.reason.clone().unwrap_or_default(),
            lines: self.line_items.iter().filter_map(Refunded::line).collect(),
            requested_at: at,
            settled_at: Some(at),
        })
    }
}

fn amount<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    currency: Currency,
    field: &'static str,
) -> Result<Money, Broken> {
    sum(texts, currency).map_err(|why| match why {
        NoAmount::Text => Broken::Amount { field },
        NoAmount::Decimals => Broken::Decimals { field },
        NoAmount::TooLarge => Broken::TooLarge { field },
    })
}

/// A moment in GMT, which WooCommerce writes without a zone.
fn gmt(text: &str, field: &'static str) -> Result<DateTime<Utc>, Broken> {
    let read = NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%dT%H:%M:%S");
    let read = read.map_err(|_| Broken::Shape { field })?;
    Ok(read.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskhand_domain::order::{FulfilmentStatus, PaymentStatus};
    use serde_json::json;

    fn order() -> Value {
        json!({
            "id": 41, "number": "41", "status": "completed", "currency": "EUR",
            "date_created_gmt": "2026-11-01T09:00:00", "date_modified_gmt": "2026-11-02T09:00:00",
            "date_paid_gmt": "2026-11-01T09:01:00", "date_completed_gmt": "2026-11-02T09:00:00",
            "prices_include_tax": true, "shipping_total": "4.16", "shipping_tax": "0.79",
            "total": "29.93", "total_tax": "4.78", "customer_id": 7,
            "billing": { "first_name": "Robin", "last_name": "Okafor", "address_1": "Lindenstr. 9",
                "city": "Berlin", "postcode": "10969", "country": "DE",
                "email": "robin@customer.example", "phone": "+49 30 5550 1234" },
            "shipping": { "first_name": "", "last_name": "" },
            "payment_method": "stripe", "payment_method_title": "Card",
            "line_items": [{ "id": 1, "name": "Mug", "sku": "MUG-1", "quantity": 2,
                "subtotal": "20.9916", "subtotal_tax": "3.9884",
                "total": "20.9916", "total_tax": "3.9884" }],
            "shipping_lines": [{ "method_title": "Parcel" }],
            "fee_lines": [], "coupon_lines": [], "refunds": [],
        })
    }

    fn one(order: &Value) -> Result<crate::commerce::OrderRecord, Broken> {
        let mut read = read(order.to_string().as_bytes()).expect("it is an order");
        match read.refused.pop() {
            Some(refused) => Err(refused.why),
            None => Ok(read.orders.pop().expect("one")),
        }
    }

    #[test]
    fn an_order_is_read_to_the_cent() {
        let record = one(&order()).expect("it adds up");
        let order = &record.order;
        assert_eq!(
            (order.lines[0].unit_price.minor, order.total.minor),
            (1_249, 2_993)
        );
        assert_eq!((order.shipping.minor, order.tax.minor), (495, 478));
        assert!(order.tax_included);
        assert_eq!(order.payment_status, PaymentStatus::Paid);
        assert_eq!(order.fulfilment_status, FulfilmentStatus::Shipped);
        assert_eq!(order.ship_to.city, "Berlin", "to whoever pays");
        assert_eq!(record.customer.id, ShopId::from("7"));
    }

    #[test]
    fn a_refund_is_told_as_what_was_given_back() {
        let mut order = order();
        order["refunds"] = json!([{ "id": 2, "reason": "Broken", "total": "-12.49" }]);
        let record = one(&order).expect("it adds up");
        assert_eq!(record.order.refunds[0].amount.minor, 1_249);
        assert_eq!(record.order.payment_status, PaymentStatus::PartlyRefunded);
    }

    #[test]
    fn what_does_not_add_up_is_refused_by_name() {
        for (place, value, why) in [
            ("/total", json!("29.94"), Broken::Total),
            ("/total", json!("29,93"), Broken::Amount { field: "total" }),
            ("/currency", json!("EURO"), Broken::Currency),
            (
                "/status",
                json!("teleported"),
                Broken::Shape { field: "status" },
            ),
            (
                "/line_items/0/quantity",
                json!(0),
                Broken::Decimals {
                    field: "a line's price",
                },
            ),
            (
                "/prices_include_tax",
                json!(false),
                Broken::Decimals {
                    field: "a line's subtotal",
                },
            ),
        ] {
            let mut order = order();
            *order.pointer_mut(place).expect("a place") = value;
            assert_eq!(one(&order), Err(why), "{place}");
        }
        let mut order = order();
        order["line_items"][0]["quantity"] = json!("robin@customer.example");
        let words = read(order.to_string().as_bytes())
            .expect_err("another type")
            .to_string();
        assert!(
            words.contains("quantity") && !words.contains("robin"),
            "{words}"
        );
    }

    #[test]
    fn what_tells_of_no_order_is_refused() {
        for (body, words) in [
            ("<html>", "it is no JSON"),
            ("[]", "it tells nothing of an order"),
            (r#"{"id":1,"slug":"mug"}"#, "it tells nothing of an order"),
            (r#"[{"id":1},{"id":2}]"#, "it tells nothing of an order"),
        ] {
            let refused = read(body.as_bytes()).expect_err("no order");
            assert_eq!(refused.to_string(), words, "{body}");
        }
        let said = r#"{"code":"woocommerce_rest_cannot_view","message":"Robin may not","data":{}}"#;
        let refused = read(said.as_bytes()).expect_err("an error").to_string();
        assert!(
            refused.ends_with("woocommerce_rest_cannot_view"),
            "{refused}"
        );
        let batch = json!({ "create": [order()], "update": [], "delete": [order()] });
        let read = read(batch.to_string().as_bytes()).expect("a batch");
        assert_eq!(read.orders.len(), 1, "what is deleted is no order");
    }
}
