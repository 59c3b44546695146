//! WooCommerce under the contract, against the fake; and what is particular to it.

use crate::contract::{
    COUPON, Fixture, GOODS, Market, PHONE, Placed, ROBIN, SECRET as WRONG, SHIPPING, Wish,
};
use crate::fake_woocommerce::{Fake, KEY, SECRET};
use crate::{client, clock};
use anyhow::{Context as _, Result};
use async_trait::async_trait;
use deskhand_connectors::commerce::{
    Broken, Commerce, CommerceError, Denied, ShopId, Trouble,
    woocommerce::{Access, WooCommerce},
};
use deskhand_domain::{Currency, Money};
use serde_json::{Value, json};
use std::sync::Arc;

/// A fake shop with its orders.
pub struct Faked(Fake);

impl Faked {
    fn shop(&self, secret: &str) -> Arc<dyn Commerce> {
        let access = Access {
            address: self.0.address.clone(),
            key: KEY.to_owned(),
            secret: secret.to_owned(),
        };
        Arc::new(WooCommerce::new(access, client(), clock()))
    }

    fn change(&self, order: &Placed, change: impl FnOnce(&mut Value)) -> Result<()> {
        let mut kept = self.0.kept();
        let at = kept.tick();
        let id: u64 = order.id.0.parse()?;
        let found = kept.orders.iter_mut().find(|one| one["id"] == id);
        let found = found.context("no such order")?;
        change(found);
        found["date_modified_gmt"] = json!(at);
        Ok(())
    }

    fn give_back(&self, order: &Placed, amount: &str, reason: &str, lines: Value) -> Result<()> {
        let id: u64 = order.id.0.parse()?;
        let mut kept = self.0.kept();
        let at = kept.tick();
        let refunds = kept.refunds.entry(id).or_default();
        let number = 900 + refunds.len();
        refunds.push(
            json!({ "id": number, "date_created_gmt": at, "amount": amount,
            "reason": reason, "line_items": lines }),
        );
        drop(kept);
        self.change(order, |_| {})
    }
}

/// Millionths of a minor unit's currency, as WooCommerce writes them with `dp=6`.
fn written(millionths: i64) -> String {
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

fn millionths(minor: i64, currency: Currency) -> i64 {
    minor * 10_i64.pow(6 - currency.decimals())
}

fn rounded(part: i64, whole: i64) -> i64 {
    (part * 2 + whole) / (whole * 2)
}

/// An amount without tax and its tax, of an amount that includes it or does not.
fn taxed(minor: i64, currency: Currency, included: bool) -> (i64, i64) {
    let all = millionths(minor, currency);
    if included {
        let net = rounded(all * 100, 119);
        (net, all - net)
    } else {
        (all, rounded(all * 19, 100))
    }
}

#[async_trait]
impl Fixture for Faked {
    async fn open() -> Result<Self> {
        Ok(Self(Fake::start().await?))
    }

    fn commerce(&self, _market: Market) -> Arc<dyn Commerce> {
        self.shop(SECRET)
    }

    fn stranger(&self) -> Option<Arc<dyn Commerce>> {
        Some(self.shop(WRONG))
    }

    async fn place(&self, wish: &Wish) -> Result<Placed> {
        let (code, factor) = match wish.market {
            Market::Europe => ("EUR", 1),
            Market::Japan => ("JPY", 2),
            Market::Kuwait => ("KWD", 3),
        };
        let currency: Currency = code.parse()?;
        let included = wish.market == Market::Europe;
        let titles = ["Ridge tent", "Trail stove", "Enamel mug"];
        let of = |(at, count): &(usize, u32)| GOODS[*at].1 * factor * i64::from(*count);
        let subtotal: i64 = wish.goods.iter().map(of).sum();
        let off = if wish.coupon { subtotal / 10 } else { 0 };
        let weights: Vec<u64> = wish
            .goods
            .iter()
            .map(|one| of(one).unsigned_abs())
            .collect();
        let shares = Money::new(off, currency).split(&weights);
        let mut tax = 0;
        let mut lines = Vec::new();
        for (index, (good, share)) in wish.goods.iter().zip(&shares).enumerate() {
            let (before, before_tax) = taxed(of(good), currency, included);
            let (after, after_tax) = taxed(of(good) - share.minor, currency, included);
            tax += after_tax;
            lines.push(
                json!({ "id": index + 1, "name": titles[good.0], "sku": GOODS[good.0].0,
                "quantity": good.1, "subtotal": written(before),
                "subtotal_tax": written(before_tax), "total": written(after),
                "total_tax": written(after_tax) }),
            );
        }
        let (shipping, shipping_tax) = taxed(SHIPPING, currency, included);
        tax += shipping_tax;
        let tax = rounded(tax, millionths(1, currency));
        let total = subtotal - off + SHIPPING + if included { 0 } else { tax };
        let mut kept = self.0.kept();
        let at = kept.tick();
        let id = 45_001 + kept.orders.len();
        let robin = wish.email == ROBIN;
        let (first, last) = if robin {
            ("Robin", "Okafor")
        } else {
            ("Sam", "Lind")
        };
        let customer = if robin { 7_001 } else { 7_002 };
        let phone = if robin { PHONE } else { "" };
        let billing = json!({ "first_name": first, "last_name": last, "address_1": "Lindenstr. 9",
            "address_2": "", "city": "Berlin", "postcode": "10969", "country": "DE",
            "email": wish.email, "phone": phone });
        if !kept.customers.iter().any(|one| one["id"] == customer) {
            kept.customers.push(
                json!({ "id": customer, "email": wish.email, "role": "customer",
                "first_name": first, "last_name": last, "date_created_gmt": "2026-01-05T10:00:00",
                "billing": billing }),
            );
        }
        let coupons = if wish.coupon {
            json!([{ "code": COUPON }])
        } else {
            json!([])
        };
        kept.orders.push(json!({
            "id": id, "number": id.to_string(), "currency": code,
            "status": if wish.paid { "processing" } else { "pending" },
            "date_created_gmt": at, "date_modified_gmt": at, "date_completed_gmt": null,
            "date_paid_gmt": wish.paid.then_some(&at), "prices_include_tax": included,
            "shipping_total": written(shipping), "shipping_tax": written(shipping_tax),
            "total": written(millionths(total, currency)),
            "total_tax": written(millionths(tax, currency)), "customer_id": customer,
            "billing": billing, "shipping": billing, "payment_method": "stripe",
            "payment_method_title": "Card", "line_items": lines,
            "shipping_lines": [{ "method_title": "Standard parcel" }], "fee_lines": [],
            "coupon_lines": coupons, "sent": 0,
        }));
        Ok(Placed {
            id: ShopId(id.to_string()),
            number: id.to_string(),
            total,
            tax,
        })
    }

    /// A shop without fulfilments completes an order when all of it has left.
    async fn ship(
        &self,
        order: &Placed,
        _line: usize,
        quantity: u32,
        _tracking: &str,
    ) -> Result<()> {
        self.change(order, |order| {
            let lines = order["line_items"].as_array().into_iter().flatten();
            let all: u64 = lines.filter_map(|line| line["quantity"].as_u64()).sum();
            let sent = order["sent"].as_u64().unwrap_or_default() + u64::from(quantity);
            order["sent"] = json!(sent);
            if sent >= all {
                order["status"] = json!("completed");
                order["date_completed_gmt"] = json!("2026-11-21T11:30:00");
            }
        })
    }

    async fn deliver(&self, _order: &Placed, _tracking: &str) -> Result<()> {
        Ok(())
    }

    async fn refund(&self, order: &Placed, minor: i64, reason: &str) -> Result<()> {
        let amount = written(millionths(minor, Currency::EUR));
        self.give_back(order, &amount, reason, json!([]))?;
        let id: u64 = order.id.0.parse()?;
        let given: Vec<Value> = self.0.kept().refunds[&id].clone();
        let given = given.iter().filter_map(|refund| refund["amount"].as_str());
        let given: f64 = given.filter_map(|amount| amount.parse::<f64>().ok()).sum();
        #[expect(clippy::cast_precision_loss, reason = "a few euro")]
        if given * 100.0 + 0.5 > order.total as f64 {
            self.change(order, |order| order["status"] = json!("refunded"))?;
        }
        Ok(())
    }

    /// Pieces are taken back by a refund of nothing.
    async fn cancel(&self, order: &Placed, line: usize, quantity: u32) -> Result<()> {
        let meta =
            json!([{ "id": 1, "key": "_refunded_item_id", "value": (line + 1).to_string() }]);
        let lines = json!([{ "id": 77, "quantity": -i64::from(quantity), "total": "0.000000",
            "meta_data": meta }]);
        self.give_back(order, "0.000000", "", lines)
    }

    async fn stop(&mut self) -> Result<bool> {
        self.0.stop();
        // The listener is closed when its task has heard it.
        let gone = async {
            while client().get(&self.0.address).send().await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), gone).await?;
        Ok(true)
    }
}

#[tokio::test]
async fn a_completed_order_is_one_parcel_without_a_number() -> Result<()> {
    let fixture = Faked::open().await?;
    let placed = fixture.place(&Wish::of(ROBIN, &[(0, 1), (2, 2)])).await?;
    fixture.ship(&placed, 0, 3, "").await?;
    let shop = fixture.commerce(Market::Europe);
    let record = shop.order(&placed.id).await?.context("an order")?;
    assert_eq!(record.shipments.len(), 1);
    assert_eq!(record.shipments[0].tracking_number, "");
    assert_eq!(record.shipments[0].lines.len(), 2);
    Ok(())
}

#[tokio::test]
async fn more_orders_than_a_page_are_read_though_they_change_meanwhile() -> Result<()> {
    let fixture = Faked::open().await?;
    let mut placed = Vec::new();
    for _ in 0..120 {
        placed.push(fixture.place(&Wish::of(ROBIN, &[(2, 1)])).await?);
    }
    let shop = fixture.commerce(Market::Europe);
    let mut seen = std::collections::BTreeSet::new();
    let mut cursor = None;
    for page in 0.. {
        let changes = shop.changes(cursor.as_ref()).await?;
        seen.extend(changes.read.orders.into_iter().map(|record| record.id));
        // The oldest become the newest, and all others move to another page.
        if page < 2 {
            for order in &placed[page * 10..page * 10 + 10] {
                fixture.change(order, |_| {})?;
            }
        }
        if !changes.more {
            break;
        }
        cursor = Some(changes.next);
    }
    assert_eq!(seen.len(), placed.len(), "none is left out");
    Ok(())
}

#[tokio::test]
async fn what_the_shop_answers_instead_is_named() -> Result<()> {
    let fixture = Faked::open().await?;
    let placed = fixture.place(&Wish::of(ROBIN, &[(2, 1)])).await?;
    let shop = fixture.commerce(Market::Europe);
    for (status, body, named) in [
        (403, json!({}), CommerceError::Refused(Denied::Permission)),
        (503, json!({}), CommerceError::later(Trouble::Failed)),
        (429, json!({}), CommerceError::later(Trouble::Throttled)),
        (
            200,
            json!({ "orders": [] }),
            CommerceError::changed("the list of orders"),
        ),
        (
            200,
            json!("<html>"),
            CommerceError::changed("the list of orders"),
        ),
    ] {
        fixture.0.kept().instead = Some((status, body));
        let error = shop.order(&placed.id).await.err().context("an error")?;
        assert_eq!(error, named, "{status}");
    }
    fixture.0.kept().instead = None;
    fixture.change(&placed, |order| order["total"] = json!("17.00"))?;
    let error = shop.order(&placed.id).await.err().context("an error")?;
    assert_eq!(error, CommerceError::Refused(Denied::Broken(Broken::Total)));
    let changes = shop.changes(None).await?;
    assert_eq!(changes.read.refused.len(), 1, "and the others are read");
    Ok(())
}
