//! Which order a shop's webhook is about. Nothing else of it is believed: the order itself is read
//! from the shop, so that events may come twice, late and in any order.

use super::Sender;
use crate::commerce::ShopId;
use serde_json::Value;

/// What a shop told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// This order is not as it was.
    Order(ShopId),
    /// Something that is no order.
    Other,
}

/// Why it cannot be read. Names fields, never what stands in them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON.
    #[error("it is no JSON: see line {line}, column {column}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// The order has no id where one stands.
    #[error("it is not what this shop sends: see {at}")]
    Shape {
        /// Which field, as a JSON pointer.
        at: &'static str,
    },
}

/// Which order changed. `topic` is what Shopify says in `X-Shopify-Topic`.
pub fn changed(sender: Sender, topic: &str, body: &[u8]) -> Result<Changed, Unreadable> {
    let body: Value = serde_json::from_slice(body).map_err(|error| Unreadable::NotJson {
        line: error.line(),
        column: error.column(),
    })?;
    let at = match sender {
        Sender::Carriers(_) => return Ok(Changed::Other),
        Sender::Vendure => "/order/id",
        Sender::Shopify => match topic {
            "orders/edited" => "/order_edit/order_id",
            _ => match topic.split_once('/').map(|(of, _)| of) {
                Some("orders") => "/id",
                Some("fulfillments" | "fulfillment_events" | "refunds") => "/order_id",
                _ => return Ok(Changed::Other),
            },
        },
    };
    let id = match body.pointer(at) {
        Some(Value::String(id)) if !id.is_empty() && id.len() <= 64 => Some(id.clone()),
        Some(Value::Number(id)) => id.as_u64().map(|id| id.to_string()),
        _ => None,
    };
    let id = id.ok_or(Unreadable::Shape { at })?;
    Ok(Changed::Order(ShopId(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sender: Sender, topic: &str, body: &str) -> Result<Changed, Unreadable> {
        changed(sender, topic, body.as_bytes())
    }

    #[test]
    fn every_topic_of_an_order_names_it() {
        let order = Ok(Changed::Order(ShopId::from("450789469")));
        for (topic, body) in [
            ("orders/create", r#"{"id":450789469}"#),
            ("orders/updated", r#"{"id":450789469,"order_id":1}"#),
            ("orders/delete", r#"{"id":450789469}"#),
            (
                "orders/edited",
                r#"{"order_edit":{"id":1,"order_id":450789469}}"#,
            ),
            (
                "fulfillments/create",
                r#"{"id":255858046,"order_id":450789469}"#,
            ),
            (
                "fulfillments/update",
                r#"{"id":255858046,"order_id":450789469}"#,
            ),
            (
                "fulfillment_events/create",
                r#"{"id":1,"order_id":450789469}"#,
            ),
            (
                "refunds/create",
                r#"{"id":890088186047892319,"order_id":450789469}"#,
            ),
        ] {
            assert_eq!(told(Sender::Shopify, topic, body), order, "{topic}");
        }
        for topic in ["products/update", "app/uninstalled", "orders", ""] {
            let other = told(Sender::Shopify, topic, r#"{"id":7}"#);
            assert_eq!(other, Ok(Changed::Other), "{topic}");
        }
        let vendure = r#"{"id":"e1","type":"fulfillment","order":{"id":"17","code":"T5Q"}}"#;
        let order = Changed::Order(ShopId::from("17"));
        assert_eq!(told(Sender::Vendure, "", vendure), Ok(order));
    }

    #[test]
    fn what_names_no_order_is_refused_by_its_field() {
        let no_json = Unreadable::NotJson { line: 1, column: 1 };
        assert_eq!(told(Sender::Vendure, "", "<html>"), Err(no_json));
        for body in [
            "{}",
            r#"{"order":{}}"#,
            r#"{"order":{"id":""}}"#,
            r#"{"order":{"id":-1}}"#,
            r#"{"order":{"id":1.5}}"#,
            r#"{"order":{"id":["robin@customer.example"]}}"#,
            "[]",
        ] {
            let refused = told(Sender::Vendure, "", body);
            assert_eq!(
                refused,
                Err(Unreadable::Shape { at: "/order/id" }),
                "{body}"
            );
        }
        let long = format!(r#"{{"order":{{"id":"{}"}}}}"#, "7".repeat(65));
        assert!(told(Sender::Vendure, "", &long).is_err());
    }
}
