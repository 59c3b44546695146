//! What the gateway would say, said before it is asked.

use crate::fake::{Desk, Fake, Live, following, id, page_of, refused};
use deskhand_domain::{Currency, Money, TicketId};
use deskhand_protocol::{
    calls::{CallCode, Calls},
    view::{Verdict, Wish},
};
use serde_json::json;

fn wish(action: &str) -> Wish {
    Wish {
        action: action.to_owned(),
        ticket: None,
        amount: None,
        requested_by: None,
    }
}

#[tokio::test]
async fn what_needs_a_supervisor_is_known_before_the_gateway_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let fake = Fake::start(
        vec![Live::Say(vec![following("e", 0)])],
        |line, _| match line {
            "GET /v1/sync" => page_of("e", None, json!([])),
            _ => refused(503, "unavailable", "retry-after: 60\r\n", json!([])),
        },
    )
    .await;
    let desk = Desk::signed_in(folder.path(), &fake).await;
    let refund = async |euros: i64| -> Verdict {
        let wish = Wish {
            amount: Some(Money::new(euros * 100, Currency::EUR)),
            ..wish("refund.execute")
        };
        desk.client.may(wish).await.expect("a verdict")
    };
    let small = refund(100).await;
    assert!(small.allowed && small.words.is_empty(), "{small:?}");
    let large = refund(101).await;
    assert!(!large.allowed);
    assert_eq!(large.words, "needs a supervisor: above 100.00 EUR");
    assert_eq!(large.rule.as_deref(), Some("refunds.limit"));
    let read = Wish {
        ticket: Some(TicketId(id(5))),
        ..wish("ticket.read")
    };
    assert!(desk.client.may(read).await.expect("a verdict").allowed);
    let write = Wish {
        ticket: Some(TicketId(id(5))),
        ..wish("message.send")
    };
    let verdict = desk.client.may(write).await.expect("a verdict");
    assert!(
        !verdict.allowed && verdict.words.contains("messages:send"),
        "{verdict:?}"
    );
    for bad in ["refund.execute", "ticket.read", "make.coffee"] {
        let error = desk.client.may(wish(bad)).await.expect_err("half a wish");
        assert_eq!(error.code, CallCode::BadCall, "{bad}");
    }
    desk.client.stop().await;
}
