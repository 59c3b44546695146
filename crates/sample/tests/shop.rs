//! The shop is whole: everything there is a screen for exists, and the sums are right.

mod common;

use common::shop;
use deskhand_domain::{
    Currency, Money,
    account::Role,
    knowledge::Topic,
    order::{FulfilmentStatus, PaymentMethod, PaymentStatus, RefundState, ReturnState},
};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn there_is_enough_of_everything() {
    let shop = shop();
    assert!(shop.products.len() >= 40);
    assert!(shop.customers.len() >= 400);
    assert!(shop.orders.len() >= 1_200);
    assert!(shop.tickets.len() >= 300);
    assert!(shop.articles.len() >= 40);
    assert!(shop.macros.len() >= 20);
    assert!(
        shop.products
            .iter()
            .filter(|product| product.variants.len() > 1)
            .count()
            >= 30
    );
}

#[test]
fn the_same_moment_gives_the_same_shop() {
    let (one, two) = (shop(), shop());
    assert_eq!(one.tickets, two.tickets);
    assert_eq!(one.messages, two.messages);
    assert_eq!(one.orders, two.orders);
    assert_eq!(one.shipments, two.shipments);
    assert_eq!(one.customers, two.customers);
}

#[test]
fn every_order_adds_up_to_the_penny() {
    for order in &shop().orders {
        let name = &order.number;
        for line in &order.lines {
            assert_eq!(
                Some(line.total),
                line.unit_price.times(line.quantity),
                "{name}"
            );
        }
        let lines: i64 = order.lines.iter().map(|line| line.total.minor).sum();
        assert_eq!(order.subtotal.minor, lines, "{name}");
        let off: i64 = order
            .discounts
            .iter()
            .map(|discount| discount.amount.minor)
            .sum();
        let added = if order.tax_included {
            0
        } else {
            order.tax.minor
        };
        let total = order.subtotal.minor - off + order.shipping.minor + added;
        assert_eq!(order.total.minor, total, "{name}");
        let paid: i64 = order
            .payments
            .iter()
            .map(|payment| payment.amount.minor)
            .sum();
        if !matches!(
            order.payment_status,
            PaymentStatus::Pending | PaymentStatus::Voided
        ) {
            assert_eq!(paid, total, "{name}");
        }
        assert!(
            order
                .discounts
                .iter()
                .all(|discount| discount.amount.minor > 0),
            "{name}"
        );
        assert!(order.tax.minor > 0, "{name}");
    }
}

#[test]
fn refunds_never_give_back_more_than_was_paid_and_the_status_says_how_much() {
    for order in &shop().orders {
        let asked: i64 = order.refunds.iter().map(|refund| refund.amount.minor).sum();
        assert!(asked <= order.total.minor, "{}", order.number);
        assert!(
            order.refunds.iter().all(|refund| refund.amount.minor > 0),
            "{}",
            order.number
        );
        let back: i64 = order
            .refunds
            .iter()
            .filter(|refund| {
                matches!(
                    refund.state,
                    RefundState::Succeeded | RefundState::Reconciled
                )
            })
            .map(|refund| refund.amount.minor)
            .sum();
        let expected = match back {
            0 => None,
            all if all == order.total.minor => Some(PaymentStatus::Refunded),
            _ => Some(PaymentStatus::PartlyRefunded),
        };
        let refunded = matches!(
            order.payment_status,
            PaymentStatus::Refunded | PaymentStatus::PartlyRefunded
        );
        assert_eq!(
            expected,
            refunded.then_some(order.payment_status),
            "{}",
            order.number
        );
    }
}

#[test]
fn customers_agree_with_their_orders() {
    let shop = shop();
    let mut counts = BTreeMap::new();
    let mut spent = BTreeMap::new();
    for order in &shop.orders {
        *counts.entry(order.customer).or_insert(0) += 1;
        let paid = matches!(
            order.payment_status,
            PaymentStatus::Paid | PaymentStatus::PartlyRefunded | PaymentStatus::Refunded
        );
        let back: i64 = order
            .refunds
            .iter()
            .filter(|refund| {
                matches!(
                    refund.state,
                    RefundState::Succeeded | RefundState::Reconciled
                )
            })
            .map(|refund| refund.amount.minor)
            .sum();
        if paid {
            let kept = Money::new(order.total.minor - back, order.total.currency);
            *spent.entry(order.customer).or_insert(0) +=
                deskhand_sample::in_shop_currency(kept).minor;
        }
    }
    for customer in &shop.customers {
        assert_eq!(
            customer.order_count,
            counts.get(&customer.id).copied().unwrap_or(0),
            "{}",
            customer.name
        );
        assert_eq!(
            customer.spent.minor,
            spent.get(&customer.id).copied().unwrap_or(0),
            "{}",
            customer.name
        );
    }
}

#[test]
fn aoife_is_as_in_the_pictures() {
    let shop = shop();
    let aoife = shop
        .customers
        .iter()
        .find(|customer| customer.name == "Aoife Brennan")
        .expect("Aoife");
    assert_eq!(aoife.order_count, 7);
    assert_eq!(aoife.spent, Money::new(128_450, Currency::EUR));
    assert_eq!(aoife.refund_count, 1);
    let order = shop
        .orders
        .iter()
        .find(|order| order.number == "HP-20418")
        .expect("the order");
    assert_eq!(order.customer, aoife.id);
    assert_eq!(
        (order.total.minor, order.tax.minor, order.shipping.minor),
        (44_160, 8_258, 690)
    );
}

#[test]
fn addresses_of_mail_exist_nowhere() {
    let shop = shop();
    let mut seen = BTreeSet::new();
    for customer in &shop.customers {
        let email = &customer.email;
        assert!(email.ends_with(".example"), "{email}");
        assert_eq!(deskhand_domain::text::email(email).as_ref(), Ok(email));
        assert!(seen.insert(email.clone()), "{email} twice");
        if let Some(phone) = &customer.phone {
            assert!(
                phone.starts_with('+') && phone[1..].chars().all(|c| c.is_ascii_digit()),
                "{phone}"
            );
        }
    }
    assert!(
        shop.accounts
            .iter()
            .all(|account| account.email.ends_with("@hollowpine.example"))
    );
}

#[test]
fn customers_come_from_many_countries_and_pay_in_their_money() {
    let shop = shop();
    let countries: BTreeSet<_> = shop
        .customers
        .iter()
        .filter_map(|customer| customer.country.clone())
        .collect();
    for country in [
        "DE", "AT", "CH", "FR", "BE", "NL", "IE", "GB", "SE", "DK", "IT", "ES", "PL",
    ] {
        assert!(countries.contains(country), "{country}");
    }
    let currencies: BTreeSet<_> = shop
        .orders
        .iter()
        .map(|order| order.total.currency)
        .collect();
    for currency in [Currency::EUR, Currency::GBP, Currency::CHF, Currency::SEK] {
        assert!(currencies.contains(&currency), "{currency}");
    }
}

#[test]
fn every_state_of_money_and_goods_occurs() {
    let shop = shop();
    let refunds: BTreeSet<_> = shop
        .orders
        .iter()
        .flat_map(|order| &order.refunds)
        .map(|refund| refund.state)
        .collect();
    assert_eq!(refunds.len(), 11, "{refunds:?}");
    let returns: BTreeSet<_> = shop
        .orders
        .iter()
        .flat_map(|order| &order.returns)
        .map(|back| back.state)
        .collect();
    assert_eq!(returns.len(), 8, "{returns:?}");
    assert!(returns.contains(&ReturnState::Rejected));
    let has_payment = |status| {
        shop.orders
            .iter()
            .any(|order| order.payment_status == status)
    };
    for status in [
        PaymentStatus::Pending,
        PaymentStatus::Authorised,
        PaymentStatus::Paid,
        PaymentStatus::PartlyRefunded,
        PaymentStatus::Refunded,
        PaymentStatus::Voided,
    ] {
        assert!(has_payment(status), "{status:?}");
    }
    for status in [
        FulfilmentStatus::Unfulfilled,
        FulfilmentStatus::PartlyShipped,
        FulfilmentStatus::Shipped,
        FulfilmentStatus::PartlyDelivered,
        FulfilmentStatus::Delivered,
        FulfilmentStatus::Cancelled,
    ] {
        assert!(
            shop.orders
                .iter()
                .any(|order| order.fulfilment_status == status),
            "{status:?}"
        );
    }
    for method in [
        PaymentMethod::Card,
        PaymentMethod::Paypal,
        PaymentMethod::Klarna,
        PaymentMethod::BankTransfer,
        PaymentMethod::GiftCard,
    ] {
        let paid_so = |order: &&deskhand_domain::Order| {
            order
                .payments
                .iter()
                .any(|payment| payment.method == method)
        };
        assert!(
            shop.orders.iter().any(|order| paid_so(&order)),
            "{method:?}"
        );
    }
    let mixed = shop
        .orders
        .iter()
        .filter(|order| order.payments.len() > 1)
        .count();
    assert!(mixed >= 20, "gift cards pay a part: {mixed}");
}

#[test]
fn the_desk_has_its_people() {
    let shop = shop();
    let count = |role| {
        shop.accounts
            .iter()
            .filter(|account| account.role == role)
            .count()
    };
    assert_eq!(
        [
            Role::Agent,
            Role::SeniorAgent,
            Role::Supervisor,
            Role::Admin,
            Role::Auditor
        ]
        .map(count),
        [3, 1, 2, 1, 1]
    );
    let first = |role| {
        shop.accounts
            .iter()
            .find(|account| account.role == role)
            .map(|account| account.name.as_str())
    };
    assert_eq!(first(Role::Agent), Some("Priya Raman"));
    assert_eq!(first(Role::Supervisor), Some("Mette Kjær"));
}

#[test]
fn articles_have_sections_a_topic_and_some_length() {
    let shop = shop();
    let mut slugs = BTreeSet::new();
    for article in &shop.articles {
        assert!(slugs.insert(&article.slug), "{} twice", article.slug);
        assert!(article.body.contains("## "), "{}", article.slug);
        let words = article.body.split_whitespace().count();
        assert!(
            (120..=350).contains(&words),
            "{} has {words} words",
            article.slug
        );
        assert!(
            !article.title.is_empty() && ["en", "de", "fr"].contains(&article.language.as_str())
        );
    }
    let topics: BTreeSet<Topic> = shop.articles.iter().map(|article| article.topic).collect();
    assert_eq!(topics.len(), 7);
    for text in shop.macros.iter().filter(|stored| !stored.text.is_empty()) {
        assert!(
            text.text.contains("{{customer.first_name}}"),
            "{}",
            text.name
        );
    }
}

#[test]
fn nothing_was_read_or_bought_in_the_future() {
    let shop = shop();
    let now = common::now();
    for order in &shop.orders {
        assert!(
            order.placed_at < now && order.source.fetched_at <= now,
            "{}",
            order.number
        );
        for refund in &order.refunds {
            assert!(
                refund.requested_at <= now
                    && refund
                        .settled_at
                        .is_none_or(|at| at <= now && at >= refund.requested_at),
                "{}",
                order.number
            );
        }
        for back in &order.returns {
            assert!(
                back.requested_at <= back.updated_at && back.updated_at <= now,
                "{}",
                order.number
            );
        }
    }
    for customer in &shop.customers {
        assert!(customer.since < now);
    }
}

#[test]
fn values_of_fields_fit_and_stored_answers_change_what_there_is() {
    let shop = common::shop();
    let field = |key: &str| shop.fields.iter().find(|field| field.key == key);
    let fits = |fields: &deskhand_domain::Fields, whose: &str| {
        for (key, value) in fields {
            let known = field(key).unwrap_or_else(|| panic!("{whose} has {key}"));
            known
                .check(value)
                .unwrap_or_else(|error| panic!("{whose}: {key} {error}"));
        }
    };
    for ticket in &shop.tickets {
        fits(&ticket.fields, &format!("ticket {}", ticket.number));
    }
    for stored in &shop.macros {
        fits(&stored.changes.fields, &stored.name);
        assert!(
            !stored.text.is_empty() || !stored.changes.is_nothing(),
            "{}",
            stored.name
        );
    }
    for key in [
        "resolution",
        "carrier_claim",
        "photo_received",
        "promised_by",
    ] {
        let with = shop
            .tickets
            .iter()
            .filter(|ticket| ticket.fields.contains_key(key));
        assert!(with.count() >= 3, "{key}");
    }
}
