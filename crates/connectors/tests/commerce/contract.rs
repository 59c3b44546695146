//! What every shop must do, over a small trait that says how to make things happen in it.

use anyhow::{Context as _, Result, bail, ensure};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_connectors::commerce::{
    Action, Commerce, CommerceError, CustomersBy, Denied, OrderRecord, OrdersBy, ShopId,
};
use deskhand_domain::{
    Money,
    order::{FulfilmentStatus, PaymentStatus, RefundState},
    shipment::TrackingStatus,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What the shop of every fixture sells, with prices in euro cents.
pub const GOODS: [(&str, i64); 3] = [("TENT-2", 24_900), ("STOVE-1", 6_490), ("MUG-1", 1_249)];
/// What shipping costs.
pub const SHIPPING: i64 = 495;
/// Takes off ten percent.
pub const COUPON: &str = "SUMMER10";
/// Somebody who buys.
pub const ROBIN: &str = "robin.okafor@customer.example";
/// How the shop writes the number of that customer.
pub const PHONE: &str = "+49 30 5550 1234";

/// A password or token that opens nothing.
pub const SECRET: &str = "not-the-right-one";

/// A shop in which things can be made to happen.
#[async_trait]
pub trait Fixture: Sized + Send + Sync {
    /// A shop with [`GOODS`] and no orders.
    async fn open() -> Result<Self>;
    /// The shop as Deskhand asks it, where these prices are told.
    fn commerce(&self, market: Market) -> Arc<dyn Commerce>;
    /// The shop, asked with credentials that do not hold; none where there are none.
    fn stranger(&self) -> Option<Arc<dyn Commerce>>;
    /// Somebody orders.
    async fn place(&self, wish: &Wish) -> Result<Placed>;
    /// Pieces of a line leave with a number.
    async fn ship(&self, order: &Placed, line: usize, quantity: u32, tracking: &str) -> Result<()>;
    /// The parcel with this number arrives.
    async fn deliver(&self, order: &Placed, tracking: &str) -> Result<()>;
    /// Money is given back.
    async fn refund(&self, order: &Placed, minor: i64, reason: &str) -> Result<()>;
    /// Pieces of a line are cancelled.
    async fn cancel(&self, order: &Placed, line: usize, quantity: u32) -> Result<()>;
    /// Nobody answers any more; whether that is possible here.
    async fn stop(&mut self) -> Result<bool>;
}

/// Where and how somebody buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Market {
    /// Euro, prices with tax.
    Europe,
    /// Yen, which has no decimals; tax comes on top.
    Japan,
    /// Dinar, which has three decimals; tax comes on top.
    Kuwait,
}

/// What somebody orders.
#[derive(Clone, Debug)]
pub struct Wish {
    pub email: &'static str,
    /// Indices into [`GOODS`], and how many.
    pub goods: Vec<(usize, u32)>,
    pub coupon: bool,
    pub paid: bool,
    pub market: Market,
}

/// What the shop answered to whoever ordered.
#[derive(Clone, Debug)]
pub struct Placed {
    pub id: ShopId,
    pub number: String,
    pub total: i64,
    pub tax: i64,
}

impl Wish {
    pub fn of(email: &'static str, goods: &[(usize, u32)]) -> Self {
        Self {
            email,
            goods: goods.to_vec(),
            coupon: false,
            paid: true,
            market: Market::Europe,
        }
    }
}

/// A clock that stands still.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_262_400, 0).unwrap_or_default()
}

/// Makes a test of every case, for one shop.
macro_rules! suite {
    ($name:ident, $fixture:ty) => {
        mod $name {
            use super::*;
            contract::suite!(@ $fixture: a_paid_order_is_read_whole,
                orders_are_found_and_strangers_are_not, half_of_it_ships_and_then_the_rest,
                money_comes_back_and_lines_are_cancelled, discounts_and_currencies_are_exact,
                changes_come_in_order_and_none_is_left_out, a_shop_that_is_down_is_asked_later,
                wrong_credentials_are_refused);
        }
    };
    (@ $fixture:ty: $($case:ident),+) => {$(
        #[tokio::test]
        async fn $case() -> anyhow::Result<()> {
            contract::$case::<$fixture>().await
        }
    )+};
}
pub(crate) use suite;

async fn read(shop: &dyn Commerce, order: &Placed) -> Result<OrderRecord> {
    let record = shop.order(&order.id).await?;
    record.with_context(|| format!("there is no order {}", order.id))
}

pub async fn a_paid_order_is_read_whole<F: Fixture>() -> Result<()> {
    let fixture = F::open().await?;
    let shop = fixture.commerce(Market::Europe);
    let placed = fixture.place(&Wish::of(ROBIN, &[(0, 1), (2, 3)])).await?;
    let record = read(&*shop, &placed).await?;
    let order = &record.order;
    let euro = |minor| Money::new(minor, deskhand_domain::Currency::EUR);
    assert_eq!(order.number, placed.number);
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| {
            (
                line.position,
                &*line.sku,
                line.quantity,
                line.unit_price,
                line.total,
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            (1, "TENT-2", 1, euro(24_900), euro(24_900)),
            (2, "MUG-1", 3, euro(1_249), euro(3_747)),
        ]
    );
    assert_eq!(order.lines[0].title, "Ridge tent");
    assert_eq!(order.subtotal, euro(28_647));
    assert_eq!(order.shipping, euro(SHIPPING));
    assert!(order.tax_included, "prices in Europe include tax");
    assert_eq!((order.total, order.tax), (euro(29_142), euro(placed.tax)));
    assert_eq!(placed.total, 29_142);
    assert!(placed.tax > 4_000, "tax of {}", placed.tax);
    assert_eq!(order.payment_status, PaymentStatus::Paid);
    assert_eq!(order.fulfilment_status, FulfilmentStatus::Unfulfilled);
    let paid: Vec<_> = order
        .payments
        .iter()
        .map(|payment| payment.amount)
        .collect();
    assert_eq!(paid, [euro(29_142)]);
    assert!(order.payments[0].captured_at.is_some(), "it was captured");
    assert!(!order.payments[0].label.is_empty(), "it has a label");
    let to = &order.ship_to;
    assert_eq!(
        (&*to.city, &*to.postal_code, &*to.country),
        ("Berlin", "10969", "DE")
    );
    assert_eq!((&*to.name, &*to.street), ("Robin Okafor", "Lindenstr. 9"));
    assert!(record.shipments.is_empty() && order.refunds.is_empty());

    let customer = &record.customer.customer;
    assert_eq!((&*customer.name, &*customer.email), ("Robin Okafor", ROBIN));
    assert_eq!(customer.phone.as_deref(), Some("+493055501234"));
    assert_eq!(order.customer, customer.id);

    assert_eq!(order.source.name, shop.connector().title);
    assert_eq!(order.source.fetched_at, noon());
    assert!(
        record.raw.contains(&placed.number),
        "what the shop said is kept"
    );
    assert_eq!(order.id, shop.connector().order(&record.id));
    assert_eq!(
        read(&*shop, &placed).await?,
        record,
        "the same order is the same record"
    );

    let wish = Wish {
        paid: false,
        ..Wish::of(ROBIN, &[(2, 1)])
    };
    let owed = read(&*shop, &fixture.place(&wish).await?).await?;
    assert!(
        matches!(
            owed.order.payment_status,
            PaymentStatus::Pending | PaymentStatus::Authorised
        ),
        "{:?}",
        owed.order.payment_status
    );
    assert!(
        owed.order
            .payments
            .iter()
            .all(|payment| payment.captured_at.is_none())
    );
    Ok(())
}

pub async fn orders_are_found_and_strangers_are_not<F: Fixture>() -> Result<()> {
    let fixture = F::open().await?;
    let shop = fixture.commerce(Market::Europe);
    let first = fixture.place(&Wish::of(ROBIN, &[(2, 1)])).await?;
    let other = fixture
        .place(&Wish::of("sam.lind@customer.example", &[(1, 1)]))
        .await?;
    let second = fixture.place(&Wish::of(ROBIN, &[(1, 1)])).await?;
    let can = |action| shop.capabilities().allow(action);

    let loud = ROBIN.to_uppercase();
    let found = shop.customers(CustomersBy::Email(&loud)).await?;
    ensure!(
        can(Action::CustomersByEmail),
        "every shop finds customers by e-mail"
    );
    let robin = match found.as_slice() {
        [robin] => robin,
        others => bail!("{} customers have one address", others.len()),
    };
    assert_eq!(robin.customer.email, ROBIN);
    assert!(
        shop.customers(CustomersBy::Email("robin.okafor@customer.exampl"))
            .await?
            .is_empty()
    );
    assert!(shop.customers(CustomersBy::Email("%")).await?.is_empty());
    let by_phone = shop.customers(CustomersBy::Phone("+493055501234")).await;
    told(
        can(Action::CustomersByPhone),
        by_phone.map(|found| found.iter().any(|one| one.id == robin.id)),
    )?;

    let mine = shop.orders(OrdersBy::Customer(&robin.id)).await?;
    let numbers: BTreeSet<&str> = mine.orders.iter().map(|one| &*one.order.number).collect();
    assert_eq!(numbers, BTreeSet::from([&*first.number, &*second.number]));
    assert!(
        shop.orders(OrdersBy::Customer(&ShopId::from("999999")))
            .await?
            .orders
            .is_empty()
    );

    let found = shop.orders(OrdersBy::Number(&other.number)).await?.orders;
    assert_eq!(
        found.iter().map(|one| &one.id).collect::<Vec<_>>(),
        [&other.id]
    );
    let begins = &other.number[..other.number.len() - 1];
    for nobody in [begins, "NOT-A-NUMBER", "", "*", "\" OR 1=1"] {
        let found = shop.orders(OrdersBy::Number(nobody)).await?;
        assert!(found.orders.is_empty(), "{nobody:?}");
    }
    assert_eq!(shop.order(&ShopId::from("999999")).await?, None);
    Ok(())
}

pub async fn half_of_it_ships_and_then_the_rest<F: Fixture>() -> Result<()> {
    let fixture = F::open().await?;
    let shop = fixture.commerce(Market::Europe);
    let placed = fixture.place(&Wish::of(ROBIN, &[(0, 1), (2, 2)])).await?;
    let (one, two) = ("00340434161094015902", "00340434161094015919");
    if !shop.capabilities().allow(Action::Parcels) {
        return all_of_it_leaves(&fixture, &placed).await;
    }

    fixture.ship(&placed, 1, 1, one).await?;
    let half = read(&*shop, &placed).await?;
    assert_eq!(
        half.order.fulfilment_status,
        FulfilmentStatus::PartlyShipped
    );
    let parcel = match half.shipments.as_slice() {
        [parcel] => parcel,
        others => bail!("{} parcels", others.len()),
    };
    assert_eq!((&*parcel.tracking_number, parcel.position), (one, 1));
    assert_eq!(parcel.status, TrackingStatus::InTransit);
    assert_eq!(parcel.order, half.order.id);
    let inside: Vec<_> = parcel
        .lines
        .iter()
        .map(|line| (line.position, line.quantity))
        .collect();
    assert_eq!(inside, [(2, 1)]);
    assert!(!parcel.carrier.is_empty(), "a parcel has a carrier");

    fixture.ship(&placed, 0, 1, two).await?;
    let more = read(&*shop, &placed).await?;
    assert_eq!(
        more.order.fulfilment_status,
        FulfilmentStatus::PartlyShipped,
        "one mug is left"
    );
    let numbers: Vec<_> = more
        .shipments
        .iter()
        .map(|parcel| (parcel.position, &*parcel.tracking_number))
        .collect();
    assert_eq!(numbers, [(1, one), (2, two)]);
    assert_eq!(more.shipments[0].id, parcel.id, "a parcel keeps its id");

    let found = shop.orders(OrdersBy::Tracking(two)).await;
    told(
        shop.capabilities().allow(Action::OrdersByTracking),
        found.map(|read| read.orders.iter().map(|one| &one.id).eq([&placed.id])),
    )?;

    fixture.deliver(&placed, one).await?;
    let arrived = read(&*shop, &placed).await?;
    assert_eq!(
        arrived.order.fulfilment_status,
        FulfilmentStatus::PartlyDelivered
    );
    assert_eq!(arrived.shipments[0].status, TrackingStatus::Delivered);
    assert_eq!(arrived.shipments[1].status, TrackingStatus::InTransit);
    Ok(())
}

/// A shop that tells no parcels tells when nothing is left to send.
async fn all_of_it_leaves<F: Fixture>(fixture: &F, placed: &Placed) -> Result<()> {
    let shop = fixture.commerce(Market::Europe);
    fixture.ship(placed, 1, 1, "").await?;
    let half = read(&*shop, placed).await?.order.fulfilment_status;
    assert_eq!(half, FulfilmentStatus::Unfulfilled);
    fixture.ship(placed, 0, 1, "").await?;
    fixture.ship(placed, 1, 1, "").await?;
    let whole = read(&*shop, placed).await?.order.fulfilment_status;
    assert_eq!(whole, FulfilmentStatus::Shipped);
    let found = shop
        .orders(OrdersBy::Tracking("00340434161094015902"))
        .await;
    told(
        shop.capabilities().allow(Action::OrdersByTracking),
        found.map(|read| !read.orders.is_empty()),
    )
}

pub async fn money_comes_back_and_lines_are_cancelled<F: Fixture>() -> Result<()> {
    let fixture = F::open().await?;
    let shop = fixture.commerce(Market::Europe);
    let placed = fixture.place(&Wish::of(ROBIN, &[(0, 1), (2, 3)])).await?;
    fixture.cancel(&placed, 1, 1).await?;
    let record = read(&*shop, &placed).await?;
    let cancelled: Vec<_> = record
        .order
        .lines
        .iter()
        .map(|line| (line.quantity, line.cancelled))
        .collect();
    assert_eq!(
        cancelled,
        [(1, 0), (3, 1)],
        "what was ordered stays as it was"
    );
    // Some shops leave the total as it was and some take off what was cancelled; both add up.
    let totals = [placed.total, placed.total - 1_249];
    assert!(
        totals.contains(&record.order.total.minor),
        "{}",
        record.order.total
    );

    fixture.refund(&placed, 1_249, "one mug less").await?;
    let record = read(&*shop, &placed).await?;
    assert_eq!(record.order.payment_status, PaymentStatus::PartlyRefunded);
    let refunds: Vec<_> = record
        .order
        .refunds
        .iter()
        .map(|refund| (refund.amount.minor, refund.state, &*refund.reason))
        .collect();
    assert_eq!(refunds, [(1_249, RefundState::Succeeded, "one mug less")]);

    fixture
        .refund(&placed, placed.total - 1_249, "all of it")
        .await?;
    let record = read(&*shop, &placed).await?;
    assert_eq!(record.order.payment_status, PaymentStatus::Refunded);
    assert_eq!(record.order.refunds.len(), 2);
    Ok(())
}

pub async fn discounts_and_currencies_are_exact<F: Fixture>() -> Result<()> {
    let fixture = F::open().await?;
    let wish = Wish {
        coupon: true,
        ..Wish::of(ROBIN, &[(0, 1), (1, 1), (2, 3)])
    };
    let shop = fixture.commerce(Market::Europe);
    let placed = fixture.place(&wish).await?;
    let record = read(&*shop, &placed).await?;
    let order = &record.order;
    // 351.37 less ten percent, which is 35.137.
    assert_eq!(order.subtotal.minor, 35_137);
    assert_eq!(order.total.minor, placed.total);
    let off: i64 = order
        .discounts
        .iter()
        .map(|discount| discount.amount.minor)
        .sum();
    assert_eq!(order.subtotal.minor - off + SHIPPING, placed.total);
    assert!((3_513..=3_515).contains(&off), "ten percent are {off}");
    assert!(
        order
            .discounts
            .iter()
            .any(|discount| discount.code == COUPON),
        "{:?}",
        order.discounts
    );
    let spread: Option<i64> = order
        .lines
        .iter()
        .map(|line| Some(line.discount?.minor))
        .sum();
    assert_eq!(spread, Some(off), "the lines have all of it");

    for (market, code, decimals) in [(Market::Japan, "JPY", 0), (Market::Kuwait, "KWD", 3)] {
        let shop = fixture.commerce(market);
        let wish = Wish {
            market,
            ..Wish::of(ROBIN, &[(0, 2), (2, 1)])
        };
        let placed = fixture.place(&wish).await?;
        let order = read(&*shop, &placed).await?.order;
        assert_eq!(
            (order.total.currency.code(), order.total.currency.decimals()),
            (code, decimals)
        );
        assert!(!order.tax_included, "tax comes on top");
        assert_eq!(
            (order.total.minor, order.tax.minor),
            (placed.total, placed.tax)
        );
        assert_eq!(
            order.subtotal.minor + order.shipping.minor + order.tax.minor,
            placed.total
        );
        assert!(order.tax.minor > 0 && order.subtotal.minor > 0);
    }
    Ok(())
}

pub async fn changes_come_in_order_and_none_is_left_out<F: Fixture>() -> Result<()> {
    let fixture = F::open().await?;
    let shop = fixture.commerce(Market::Europe);
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(fixture.place(&Wish::of(ROBIN, &[(2, 1)])).await?);
    }
    let (seen, mut cursor) = drain(&*shop, None).await?;
    let all: BTreeSet<&ShopId> = placed.iter().map(|one| &one.id).collect();
    assert_eq!(seen.keys().collect::<BTreeSet<_>>(), all);

    // An order may come again, a change is never left out.
    fixture
        .ship(&placed[1], 0, 1, "00340434161094015902")
        .await?;
    let (seen, next) = drain(&*shop, Some(cursor)).await?;
    let shipped = seen.get(&placed[1].id).context("the change is told")?;
    assert_eq!(shipped.shipments.len(), 1);
    cursor = next;

    let late = fixture
        .place(&Wish::of("sam.lind@customer.example", &[(1, 1)]))
        .await?;
    let (seen, _) = drain(&*shop, Some(cursor)).await?;
    assert!(seen.contains_key(&late.id), "a new order is told");
    Ok(())
}

type Drained = (
    BTreeMap<ShopId, OrderRecord>,
    deskhand_connectors::commerce::Cursor,
);

async fn drain(
    shop: &dyn Commerce,
    since: Option<deskhand_connectors::commerce::Cursor>,
) -> Result<Drained> {
    let mut seen = BTreeMap::new();
    let mut since = since;
    for _ in 0..100 {
        let changes = shop.changes(since.as_ref()).await?;
        ensure!(
            changes.read.refused.is_empty(),
            "{:?}",
            changes.read.refused
        );
        let orders = changes.read.orders.into_iter();
        seen.extend(orders.map(|record| (record.id.clone(), record)));
        if !changes.more {
            return Ok((seen, changes.next));
        }
        ensure!(
            since.as_ref() != Some(&changes.next),
            "it turns on the spot"
        );
        since = Some(changes.next);
    }
    bail!("the changes do not end")
}

pub async fn a_shop_that_is_down_is_asked_later<F: Fixture>() -> Result<()> {
    let mut fixture = F::open().await?;
    let shop = fixture.commerce(Market::Europe);
    let placed = fixture.place(&Wish::of(ROBIN, &[(2, 1)])).await?;
    read(&*shop, &placed).await?;
    if fixture.stop().await? {
        let error = shop
            .order(&placed.id)
            .await
            .err()
            .context("nobody answers")?;
        assert!(error.is_transient(), "{error}");
        let error = shop.changes(None).await.err().context("nobody answers")?;
        assert!(error.is_transient(), "{error}");
    }
    Ok(())
}

pub async fn wrong_credentials_are_refused<F: Fixture>() -> Result<()> {
    let fixture = F::open().await?;
    let placed = fixture.place(&Wish::of(ROBIN, &[(2, 1)])).await?;
    let Some(shop) = fixture.stranger() else {
        return Ok(());
    };
    let refusals = [
        shop.order(&placed.id).await.err(),
        shop.customers(CustomersBy::Email(ROBIN)).await.err(),
        shop.changes(None).await.err(),
    ];
    for refusal in refusals {
        let error = refusal.context("a stranger is let in")?;
        assert!(
            matches!(
                error,
                CommerceError::Refused(Denied::Credentials | Denied::Permission)
            ),
            "{error:?}"
        );
        let words = format!("{error} {error:?}");
        assert!(
            !words.contains("robin") && !words.contains(SECRET),
            "{words}"
        );
    }
    Ok(())
}

/// A shop finds what it says it can find, and refuses the rest by name.
fn told(can: bool, found: Result<bool, CommerceError>) -> Result<()> {
    match found {
        Ok(found) => ensure!(can && found, "it said {can} and found {found}"),
        Err(error) => {
            ensure!(!can, "it said it can, and: {error}");
            assert_eq!(error, CommerceError::Refused(Denied::Unsupported));
        }
    }
    Ok(())
}

/// When something happened in a shop that has a clock of its own.
pub fn minutes_ago(minutes: i64) -> DateTime<Utc> {
    noon() - TimeDelta::minutes(minutes)
}
