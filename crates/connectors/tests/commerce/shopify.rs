//! Shopify under the contract, against the fake; and how its limits are met.

use crate::contract::{
    COUPON, Fixture, GOODS, Market, PHONE, Placed, ROBIN, SECRET, SHIPPING, Wish,
};
use crate::fake_shopify::{Fake, TOKEN};
use crate::{client, clock, contract};
use anyhow::{Context as _, Result};
use async_trait::async_trait;
use deskhand_connectors::commerce::{
    Broken, Commerce, CommerceError, CustomersBy, Denied, ShopId, Trouble,
    shopify::{Access, Shopify},
};
use deskhand_domain::{Currency, Money};
use serde_json::{Value, json};
use std::sync::Arc;

/// A fake shop with its orders.
pub struct Faked(Fake);

impl Faked {
    fn shop(&self, token: &str) -> Arc<dyn Commerce> {
        let access = Access {
            address: self.0.address.clone(),
            token: token.to_owned(),
        };
        Arc::new(Shopify::new(access, client(), clock()))
    }

    fn change(&self, order: &Placed, change: impl FnOnce(&mut Value)) -> Result<()> {
        let mut kept = self.0.kept();
        let id = format!("gid://shopify/Order/{}", order.id);
        let at = kept.tick();
        let found = kept.orders.iter_mut().find(|one| one["id"] == id);
        let found = found.context("no such order")?;
        change(found);
        found["updatedAt"] = json!(at);
        Ok(())
    }
}

fn amount(minor: i64, currency: Currency) -> String {
    let shown = Money::new(minor, currency).to_string();
    shown.split(' ').next().unwrap_or_default().to_owned()
}

fn bag(minor: i64, currency: Currency) -> Value {
    json!({ "presentmentMoney": { "amount": amount(minor, currency) } })
}

#[async_trait]
impl Fixture for Faked {
    async fn open() -> Result<Self> {
        Ok(Self(Fake::start().await?))
    }

    fn commerce(&self, _market: Market) -> Arc<dyn Commerce> {
        self.shop(TOKEN)
    }

    fn stranger(&self) -> Option<Arc<dyn Commerce>> {
        Some(self.shop(SECRET))
    }

    async fn place(&self, wish: &Wish) -> Result<Placed> {
        let (code, factor) = match wish.market {
            Market::Europe => ("EUR", 1),
            Market::Japan => ("JPY", 2),
            Market::Kuwait => ("KWD", 3),
        };
        let currency: Currency = code.parse()?;
        let included = wish.market == Market::Europe;
        let goods: Vec<(usize, i64, u32)> = wish
            .goods
            .iter()
            .map(|(at, count)| (*at, GOODS[*at].1 * factor, *count))
            .collect();
        let subtotal: i64 = goods
            .iter()
            .map(|(_, price, count)| price * i64::from(*count))
            .sum();
        let off = if wish.coupon { subtotal / 10 } else { 0 };
        let weights: Vec<u64> = goods
            .iter()
            .map(|(_, price, count)| price.unsigned_abs() * u64::from(*count))
            .collect();
        let shares = Money::new(off, currency).split(&weights);
        let gross = subtotal - off;
        let tax = if included {
            gross * 19 / 119
        } else {
            gross * 19 / 100
        };
        let total = gross + SHIPPING + if included { 0 } else { tax };
        let mut kept = self.0.kept();
        let number = 1_001 + kept.orders.len();
        let id = 450_000_000 + number;
        let titles = ["Ridge tent", "Trail stove", "Enamel mug"];
        let lines: Vec<Value> = goods
            .iter()
            .zip(&shares)
            .enumerate()
            .map(|(index, ((at, price, count), share))| {
                let allocations = if wish.coupon {
                    json!([{ "allocatedAmountSet": bag(share.minor, currency), "discountApplication": { "index": 0 } }])
                } else {
                    json!([])
                };
                json!({ "id": format!("gid://shopify/LineItem/{id}{index}"), "sku": GOODS[*at].0,
                    "title": titles[*at], "variantTitle": null, "quantity": count,
                    "currentQuantity": count, "requiresShipping": true,
                    "originalUnitPriceSet": bag(*price, currency), "discountAllocations": allocations })
            })
            .collect();
        let applications = if wish.coupon {
            json!([{ "__typename": "DiscountCodeApplication", "index": 0, "code": COUPON }])
        } else {
            json!([])
        };
        let robin = wish.email == ROBIN;
        let name = if robin { "Robin Okafor" } else { "Sam Lind" };
        let customer = json!({ "id": format!("gid://shopify/Customer/{}", if robin { 7_001 } else { 7_002 }),
            "displayName": name, "defaultEmailAddress": { "emailAddress": wish.email },
            "defaultPhoneNumber": robin.then(|| json!({ "phoneNumber": PHONE.replace(' ', "") })),
            "locale": "en", "createdAt": "2026-01-05T10:00:00Z", "numberOfOrders": "1",
            "amountSpent": { "amount": "0.0", "currencyCode": "EUR" },
            "defaultAddress": { "city": "Berlin", "countryCodeV2": "DE" } });
        if !kept.customers.iter().any(|one| one["id"] == customer["id"]) {
            kept.customers.push(customer.clone());
        }
        let at = contract::minutes_ago(60).to_rfc3339();
        let transaction = json!({ "id": format!("gid://shopify/OrderTransaction/{id}"),
            "kind": if wish.paid { "SALE" } else { "AUTHORIZATION" }, "status": "SUCCESS",
            "gateway": "shopify_payments", "formattedGateway": "Shopify Payments", "processedAt": at,
            "amountSet": bag(total, currency), "parentTransaction": null,
            "paymentDetails": { "__typename": "CardPaymentDetails", "company": "Visa",
                "number": "•••• •••• •••• 4242" } });
        let order = json!({
            "id": format!("gid://shopify/Order/{id}"), "name": format!("#{number}"),
            "createdAt": at, "processedAt": at, "cancelledAt": null,
            "updatedAt": kept.tick(),
            "taxesIncluded": included, "email": wish.email, "phone": null, "customerLocale": "en",
            "presentmentCurrencyCode": code, "displayFinancialStatus": "PAID",
            "totalPriceSet": bag(total, currency), "totalTaxSet": bag(tax, currency),
            "totalTipReceivedSet": bag(0, currency), "originalTotalDutiesSet": null,
            "customer": customer,
            "shippingAddress": { "name": name, "address1": "Lindenstr. 9", "address2": null,
                "zip": "10969", "city": "Berlin", "provinceCode": null, "countryCodeV2": "DE" },
            "discountApplications": { "nodes": applications },
            "shippingLines": { "nodes": [{ "title": "Standard parcel",
                "originalPriceSet": bag(SHIPPING, currency), "discountAllocations": [] }] },
            "lineItems": { "nodes": lines }, "fulfillments": [], "refunds": [],
            "transactions": [transaction],
        });
        kept.orders.push(order);
        Ok(Placed {
            id: ShopId(id.to_string()),
            number: format!("#{number}"),
            total,
            tax,
        })
    }

    async fn ship(&self, order: &Placed, line: usize, quantity: u32, tracking: &str) -> Result<()> {
        self.change(order, |found| {
            let line = found["lineItems"]["nodes"][line]["id"].clone();
            let parcels = found["fulfillments"].as_array().map_or(0, Vec::len);
            let parcel = json!({ "id": format!("gid://shopify/Fulfillment/{}{parcels}", order.id),
                "status": "SUCCESS", "displayStatus": "FULFILLED",
                "createdAt": contract::minutes_ago(30 - i64::try_from(parcels).unwrap_or(0)).to_rfc3339(),
                "deliveredAt": null, "estimatedDeliveryAt": null,
                "trackingInfo": [{ "company": "DHL", "number": tracking }],
                "fulfillmentLineItems": { "nodes": [{ "quantity": quantity, "lineItem": { "id": line } }] } });
            if let Some(all) = found["fulfillments"].as_array_mut() {
                all.push(parcel);
            }
        })
    }

    async fn deliver(&self, order: &Placed, tracking: &str) -> Result<()> {
        self.change(order, |found| {
            for parcel in found["fulfillments"].as_array_mut().into_iter().flatten() {
                if parcel["trackingInfo"][0]["number"] == tracking {
                    parcel["displayStatus"] = json!("DELIVERED");
                    parcel["deliveredAt"] = json!(contract::noon().to_rfc3339());
                }
            }
        })
    }

    async fn refund(&self, order: &Placed, minor: i64, reason: &str) -> Result<()> {
        self.change(order, |found| {
            let refunds = found["refunds"].as_array().map_or(0, Vec::len);
            let at = contract::minutes_ago(10 - i64::try_from(refunds).unwrap_or(0)).to_rfc3339();
            let refund = json!({ "id": format!("gid://shopify/Refund/{}{refunds}", order.id),
                "createdAt": at, "note": reason, "totalRefundedSet": bag(minor, Currency::EUR),
                "transactions": { "nodes": [{ "status": "SUCCESS" }] },
                "refundLineItems": { "nodes": [] } });
            if let Some(all) = found["refunds"].as_array_mut() {
                all.push(refund);
            }
        })
    }

    async fn cancel(&self, order: &Placed, line: usize, quantity: u32) -> Result<()> {
        self.change(order, |found| {
            let line = &mut found["lineItems"]["nodes"][line]["currentQuantity"];
            *line = json!(line.as_u64().unwrap_or_default() - u64::from(quantity));
        })
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
async fn who_asks_too_much_waits_for_points_and_gets_the_answer() -> Result<()> {
    let shop = Faked::open().await?;
    let placed = shop.place(&Wish::of(ROBIN, &[(2, 1)])).await?;
    let asked = shop.shop(TOKEN);
    for _ in 0..200 {
        asked.order(&placed.id).await?.context("it is there")?;
        if shop.0.kept().throttled > 0 {
            return Ok(());
        }
    }
    anyhow::bail!("the bucket has no bottom")
}

#[tokio::test]
async fn what_shopify_says_with_200_has_a_name() -> Result<()> {
    let shop = Faked::open().await?;
    let placed = shop.place(&Wish::of(ROBIN, &[(2, 1)])).await?;
    let asked = shop.shop(TOKEN);
    let error =
        |code: &str| json!({ "errors": [{ "message": "robin", "extensions": { "code": code } }] });
    let later = |why| CommerceError::Later { why, after: None };
    let long = json!({ "errors": [{ "extensions": { "code": "THROTTLED" } }],
        "extensions": { "cost": { "requestedQueryCost": 900,
            "throttleStatus": { "currentlyAvailable": 0, "restoreRate": 1 } } } });
    for (instead, named) in [
        (
            error("ACCESS_DENIED"),
            CommerceError::Refused(Denied::Permission),
        ),
        (error("INTERNAL_SERVER_ERROR"), later(Trouble::Failed)),
        (
            error("SHOP_INACTIVE"),
            CommerceError::Refused(Denied::Said("SHOP_INACTIVE".to_owned())),
        ),
        (
            error("undefinedField"),
            CommerceError::Changed {
                at: "the question".to_owned(),
            },
        ),
        (
            json!({ "data": null }),
            CommerceError::Changed {
                at: "data".to_owned(),
            },
        ),
        (
            long,
            CommerceError::Later {
                why: Trouble::Throttled,
                after: Some(std::time::Duration::from_secs(900)),
            },
        ),
    ] {
        shop.0.kept().instead = Some(instead);
        let told = asked.order(&placed.id).await.err().context("no error")?;
        assert_eq!(told, named);
        let words = format!("{told} {told:?}");
        assert!(!words.contains("robin"), "{words}");
    }
    shop.0.kept().instead = None;
    shop.0.kept().denied = vec!["customers"];
    let told = asked.customers(CustomersBy::Email(ROBIN)).await.err();
    assert_eq!(told, Some(CommerceError::Refused(Denied::Permission)));
    Ok(())
}

#[tokio::test]
async fn a_field_of_another_type_is_named_and_nothing_is_half_read() -> Result<()> {
    let shop = Faked::open().await?;
    let placed = shop.place(&Wish::of(ROBIN, &[(2, 1)])).await?;
    let asked = shop.shop(TOKEN);
    let whole = shop.0.kept().orders[0].clone();
    let cases: [(&str, Value, &str); 4] = [
        (
            "/lineItems/nodes/0/quantity",
            json!("1"),
            "lineItems.nodes[0].quantity",
        ),
        (
            "/totalPriceSet/presentmentMoney/amount",
            json!(17.44),
            "totalPriceSet.presentmentMoney.amount",
        ),
        ("/updatedAt", json!("yesterday, says robin"), "updatedAt"),
        ("/customer/amountSpent", json!([]), "customer.amountSpent"),
    ];
    for (place, value, path) in cases {
        let mut broken = whole.clone();
        *broken.pointer_mut(place).context("a field")? = value;
        shop.0.kept().orders[0] = broken;
        let told = asked
            .order(&placed.id)
            .await
            .err()
            .context(path.to_owned())?;
        assert_eq!(
            told,
            CommerceError::Changed {
                at: path.to_owned()
            }
        );
        assert!(asked.changes(None).await.is_err(), "{path}");
    }
    // What can be read and does not add up leaves the other orders alone.
    let other = shop.place(&Wish::of(ROBIN, &[(1, 1)])).await?;
    for (place, value, why) in [
        (
            "/totalPriceSet/presentmentMoney/amount",
            "17.43",
            Broken::Total,
        ),
        (
            "/totalTaxSet/presentmentMoney/amount",
            "2.785",
            Broken::Decimals { field: "totalTax" },
        ),
        ("/presentmentCurrencyCode", "euro", Broken::Currency),
    ] {
        let mut broken = whole.clone();
        *broken.pointer_mut(place).context("a field")? = json!(value);
        shop.0.kept().orders[0] = broken;
        let changes = asked.changes(None).await?.read;
        let refused: Vec<_> = changes
            .refused
            .iter()
            .map(|one| (&one.id, one.why))
            .collect();
        assert_eq!(refused, [(&placed.id, why)]);
        let read: Vec<_> = changes.orders.iter().map(|one| &one.id).collect();
        assert_eq!(read, [&other.id]);
    }
    Ok(())
}
