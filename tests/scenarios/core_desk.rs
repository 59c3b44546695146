//! A desk and a gateway in one process: sync, replies, restarts, cut lines.

use deskhand_domain::Priority;
use deskhand_protocol::{
    calls::{CallCode, Calls},
    rest::TicketPatch,
    view::{AddNote, Nothing, OutboxState, TicketChange, ViewId},
};
use deskhand_tests::{
    desk::{Desk, Shop, failed, signed_in},
    line::Line,
    wait,
};

#[tokio::test]
async fn a_desk_signs_in_and_shows_the_shop() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = Shop::open(&folder.path().join("shop")).await?;
    let desk = Desk::start(&folder.path().join("desk")).await?;
    let signed = desk.sign_in(shop.address()).await.map_err(failed)?;
    assert_eq!(signed.account.name, "Priya Raman");
    desk.complete().await?;

    let counts = desk.client.views(Nothing {}).await.map_err(failed)?;
    for count in &counts.views {
        let page = desk.list(count.view).await?;
        assert_eq!(
            page.total, count.count,
            "{:?}: count and list agree",
            count.view
        );
    }
    let open = desk.list(ViewId::AllOpen).await?;
    assert!(open.total > 0, "a shop with work");
    let due: Vec<_> = open.rows.iter().filter_map(|row| row.due_at).collect();
    assert!(due.is_sorted(), "who is due first is first");
    let row = open
        .rows
        .first()
        .ok_or_else(|| anyhow::anyhow!("no rows"))?;
    assert!(!row.customer.is_empty(), "rows know the customer's name");
    let view = desk.screen(row.id).await?;
    assert!(!view.messages.is_empty() && view.customer.is_some());
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn html_in_a_reply_stays_the_text_it_is() -> anyhow::Result<()> {
    let (_folder, _shop, desk) = signed_in().await?;
    desk.live().await?;
    let ticket = desk.some_ticket().await?;
    let text = "<script>alert('x')</script> & <b>Zelt</b> \"1 < 2\"";
    desk.reply(&ticket, text).await?;
    desk.arrives(&ticket, text).await?;

    let note = AddNote {
        ticket: ticket.id,
        text: "  ".into(),
    };
    let refused = desk.client.add_note(note).await.map_err(|error| error.code);
    assert_eq!(refused, Err(CallCode::TextEmpty));
    let note = AddNote {
        ticket: ticket.id,
        text: "x".repeat(20_001),
    };
    let refused = desk.client.add_note(note).await.map_err(|error| error.code);
    assert_eq!(refused, Err(CallCode::TextTooLong));
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_change_of_a_ticket_comes_back_over_the_feed() -> anyhow::Result<()> {
    let (_folder, _shop, desk) = signed_in().await?;
    desk.live().await?;
    let ticket = desk.some_ticket().await?;
    let patch = TicketPatch {
        priority: Some(Priority::Urgent),
        ..TicketPatch::default()
    };
    let change = TicketChange {
        ticket: ticket.id,
        patch,
    };
    desk.client.change_ticket(change).await.map_err(failed)?;
    wait::until("the change to come back", || async {
        let view = desk.screen(ticket.id).await?;
        let done = view.ticket.priority == Priority::Urgent && view.pending.is_empty();
        Ok(done.then_some(()))
    })
    .await?;
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_reply_written_while_the_gateway_is_away_survives_the_program_and_arrives()
-> anyhow::Result<()> {
    let (_folder, mut shop, desk) = signed_in().await?;
    desk.complete().await?;
    let ticket = desk.some_ticket().await?;

    shop.close().await;
    desk.reply(&ticket, "Your parcel is on its way.").await?;
    desk.reply(&ticket, "It arrives on Tuesday.").await?;
    let desk = desk.restart().await?;
    desk.client.boot(Nothing {}).await.map_err(failed)?;
    let waiting = desk.client.outbox(Nothing {}).await.map_err(failed)?;
    assert_eq!(waiting.len(), 2, "stored before it was shown");
    assert!(waiting.iter().all(|item| item.state != OutboxState::Sent));

    shop.reopen().await?;
    desk.client.connect_now(Nothing {}).await.map_err(failed)?;
    desk.arrives(&ticket, "Your parcel is on its way.").await?;
    let view = desk.arrives(&ticket, "It arrives on Tuesday.").await?;
    let ours: Vec<&str> = view
        .messages
        .iter()
        .map(|message| message.text.as_str())
        .filter(|text| text.starts_with("Your parcel is on") || text.starts_with("It arrives on T"))
        .collect();
    assert_eq!(
        ours,
        ["Your parcel is on its way.", "It arrives on Tuesday."],
        "once, in order"
    );
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_reply_through_a_line_that_is_cut_again_and_again_arrives_once() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = Shop::open(&folder.path().join("shop")).await?;
    let line = Line::before(shop.listens()).await?;
    let desk = Desk::start(&folder.path().join("desk")).await?;
    desk.sign_in(line.address()).await.map_err(failed)?;
    desk.complete().await?;
    let ticket = desk.some_ticket().await?;
    for number in 0..5 {
        desk.reply(&ticket, &format!("Answer {number}")).await?;
        line.cut();
    }
    for number in 0..5 {
        let text = format!("Answer {number}");
        desk.client.connect_now(Nothing {}).await.map_err(failed)?;
        let view = desk.arrives(&ticket, &text).await?;
        let times = view
            .messages
            .iter()
            .filter(|message| message.text == text)
            .count();
        assert_eq!(times, 1, "{text}: the operation's id makes it once");
    }
    desk.live().await?;
    desk.client.stop().await;
    Ok(())
}
