use super::*;
use deskhand_domain::order::{FulfilmentStatus, PaymentStatus};

const HEAD: &str = "order_id,order_number_formatted,order_number,date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,tax_total,discount_total,order_total,refunded_total,order_currency,payment_method,payment_method_title,shipping_method,customer_id,billing_first_name,billing_last_name,billing_email,billing_phone,billing_address_1,billing_postcode,billing_city,billing_country,item_name,item_sku,item_quantity,item_subtotal,item_subtotal_tax,item_total,item_total_tax,coupon_items";

/// An order of which only what matters is told.
struct Wish<'a> {
    id: &'a str,
    status: &'a str,
    currency: &'a str,
    /// Shipping and its tax, fee and its tax, tax, total, refunded.
    sums: [&'a str; 7],
    /// Name, quantity, subtotal and its tax, total and its tax.
    lines: &'a [[&'a str; 6]],
}

const TENT: Wish<'_> = Wish {
    id: "727",
    status: "processing",
    currency: "EUR",
    sums: ["4.1597", "0.7903", "", "", "43.10", "269.95", ""],
    lines: &[
        ["Tent", "1", "209.2437", "39.7563", "202.0168", "38.3832"],
        ["Mug", "2", "20.9916", "3.9884", "20.6715", "3.9285"],
    ],
};

fn rows(wish: &Wish<'_>) -> String {
    let Wish {
        id,
        status,
        currency,
        sums: [shipping, shipping_tax, fee, fee_tax, tax, total, refunded],
        lines,
    } = wish;
    let row = |[name, quantity, before, before_tax, after, after_tax]: &[&str; 6]| {
        format!(
            "{id},,{id},2026-11-01 10:00:00,{status},{shipping},{shipping_tax},{fee},{fee_tax},{tax},,{total},{refunded},{currency},bacs,Bank transfer,Flat rate,0,Robin,Okafor,robin@customer.example,,Lindenstr. 9,10969,Berlin,DE,{name},SKU-1,{quantity},{before},{before_tax},{after},{after_tax},code:SUMMER|amount:7.00"
        )
    };
    lines.iter().map(row).collect::<Vec<_>>().join("\n")
}

fn read(prices: Prices, wishes: &[Wish<'_>]) -> Result<Vec<OrderRecord>, Vec<String>> {
    let rows: Vec<String> = wishes.iter().map(rows).collect();
    let text = format!("{HEAD}\n{}\n", rows.join("\n"));
    let read = woocommerce(&text, prices, DateTime::UNIX_EPOCH);
    read.map_err(|all| all.iter().map(ToString::to_string).collect())
}

#[test]
fn prices_with_tax_are_exact_to_the_cent() {
    // 249.00 + 24.98 - 8.60 - 0.38 + 4.95 = 269.95, of which 43.10 is tax.
    let records = read(Prices::WithTax, &[TENT]).expect("it adds up");
    let order = &records[0].order;
    assert_eq!((&*order.number, order.lines.len()), ("727", 2));
    assert_eq!(order.lines[1].unit_price.minor, 1_249);
    assert_eq!((order.subtotal.minor, order.total.minor), (27_398, 26_995));
    assert_eq!((order.tax.minor, order.tax_included), (4_310, true));
    assert_eq!(
        (&*order.discounts[0].code, order.discounts[0].amount.minor),
        ("SUMMER", 898)
    );
    assert_eq!(order.lines[0].discount.map(|share| share.minor), Some(860));
    assert_eq!(order.payment_status, PaymentStatus::Paid);
    assert_eq!(order.fulfilment_status, FulfilmentStatus::Unfulfilled);
    assert_eq!(order.ship_to.street, "Lindenstr. 9", "to whoever pays");
    assert!(records[0].customer.id.is_guest());
}

#[test]
fn prices_without_tax_come_in_any_currency() {
    let line = |amount: [&'static str; 4]| {
        let [before, before_tax, after, after_tax] = amount;
        [["Stove", "3", before, before_tax, after, after_tax]]
    };
    for (currency, sums, lines, minor) in [
        (
            "USD",
            ["10.00", "0.00", "2.00", "0.10", "1.45", "31.45", "5.00"],
            line(["18.00", "1.35", "18.00", "1.35"]),
            [600, 3_145],
        ),
        (
            "JPY",
            ["500", "50", "", "", "950", "10450", ""],
            line(["9000", "900", "9000", "900"]),
            [3_000, 10_450],
        ),
        (
            "KWD",
            ["0.500", "0", "", "", "0", "4.250", ""],
            line(["3.750", "0", "3.750", "0"]),
            [1_250, 4_250],
        ),
    ] {
        let wish = Wish {
            status: "wc-completed",
            currency,
            sums,
            lines: &lines,
            ..TENT
        };
        let records = read(Prices::WithoutTax, &[wish]).expect("it adds up");
        let order = &records[0].order;
        let told = [order.lines[0].unit_price.minor, order.total.minor];
        assert_eq!(told, minor, "{currency}");
        assert!(!order.tax_included);
        assert_eq!(records[0].shipments.len(), 1, "it is completed");
        assert_eq!(order.fulfilment_status, FulfilmentStatus::Shipped);
    }
}

#[test]
fn every_state_is_told_and_another_is_refused() {
    for (status, paid, fulfilment) in [
        (
            "pending",
            PaymentStatus::Pending,
            FulfilmentStatus::Unfulfilled,
        ),
        (
            "on-hold",
            PaymentStatus::Pending,
            FulfilmentStatus::Unfulfilled,
        ),
        (
            "failed",
            PaymentStatus::Voided,
            FulfilmentStatus::Unfulfilled,
        ),
        (
            "cancelled",
            PaymentStatus::Voided,
            FulfilmentStatus::Cancelled,
        ),
        ("completed", PaymentStatus::Paid, FulfilmentStatus::Shipped),
    ] {
        let wish = Wish { status, ..TENT };
        let records = read(Prices::WithTax, &[wish]).expect("it adds up");
        let order = &records[0].order;
        assert_eq!(
            (order.payment_status, order.fulfilment_status),
            (paid, fulfilment),
            "{status}"
        );
    }
    let refunded = Wish {
        status: "refunded",
        sums: ["4.1597", "0.7903", "", "", "43.10", "269.95", "269.95"],
        ..TENT
    };
    let records = read(Prices::WithTax, &[refunded]).expect("it adds up");
    assert_eq!(records[0].order.payment_status, PaymentStatus::Refunded);
    let strange = Wish {
        status: "wc-teleported",
        ..TENT
    };
    let wrong = read(Prices::WithTax, &[strange]).expect_err("a state");
    assert_eq!(wrong, ["line 2, status: is none of WooCommerce's"]);
}

#[test]
fn every_mistake_is_told_with_line_and_column() {
    let wrong_total = Wish {
        id: "1",
        sums: ["4.1597", "0.7903", "", "", "43.10", "269.96", ""],
        ..TENT
    };
    let no_amount = Wish {
        id: "2",
        sums: ["4.1x", "0.7903", "", "", "43.10", "269.95", ""],
        ..TENT
    };
    let odd = Wish {
        id: "3",
        lines: &[["Mug", "3", "10.00", "0", "10.00", "0"]],
        ..TENT
    };
    let nothing = Wish {
        id: "4",
        lines: &[["Mug", "0", "10.00", "0", "10.00", "0"]],
        ..TENT
    };
    let no_currency = Wish {
        id: "5",
        currency: "EURO",
        ..TENT
    };
    let wishes = [wrong_total, no_amount, odd, nothing, no_currency];
    let wrong = read(Prices::WithTax, &wishes).expect_err("mistakes");
    assert_eq!(
        wrong,
        [
            "line 2: subtotal, discounts, shipping and tax do not sum to the total",
            "line 4, shipping_total: is no amount",
            "line 6, item_subtotal: cannot be divided by the quantity: do the prices include tax?",
            "line 7, item_quantity: is no whole number above zero",
            "line 8, order_currency: the currency is none of ISO 4217",
        ]
    );
    let without = read(Prices::WithoutTax, &[TENT]).expect_err("decimals");
    let told =
        "line 2, item_subtotal: has more decimals than its currency: do the prices include tax?";
    assert_eq!(without, [told]);
    let missing = woocommerce(
        "order_id,status\n1,completed\n",
        Prices::WithTax,
        DateTime::UNIX_EPOCH,
    );
    assert_eq!(missing.expect_err("columns").len(), 15);
}
