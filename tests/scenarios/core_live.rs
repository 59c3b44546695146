//! The live feed: colleagues, restarts, silence, and sessions that end.

use anyhow::Context;
use deskhand_client::Keychain;
use deskhand_gateway::config::Period;
use deskhand_protocol::{
    calls::{CallCode, Calls},
    rest::{Refresh, Session},
    view::{AddNote, Boot, Connection, Event, Nothing, Opened, TypingNow, ViewId, Writer},
};
use deskhand_tests::{
    desk::{Desk, Shop, failed, signed_in},
    line::Line,
    use_ring, wait,
};

use std::time::Duration;

#[tokio::test]
async fn a_colleague_sees_who_reads_and_writes_and_what_was_answered() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = Shop::open(&folder.path().join("shop")).await?;
    let priya = Desk::start(&folder.path().join("priya")).await?;
    priya.sign_in(shop.address()).await.map_err(failed)?;
    priya.live().await?;
    let mette = Desk::start(&folder.path().join("mette")).await?;
    mette
        .sign_in_as(shop.address(), "mette@hollowpine.example")
        .await
        .map_err(failed)?;
    mette.live().await?;

    let ticket = priya.some_ticket().await?;
    let opened = Opened {
        ticket: Some(ticket.id),
    };
    priya.client.open_ticket(opened).await.map_err(failed)?;
    let typing = TypingNow {
        ticket: ticket.id,
        typing: true,
    };
    priya.client.typing(typing).await.map_err(failed)?;
    wait::until("Mette to see Priya", || async {
        let view = mette.screen(ticket.id).await?;
        let reads = view
            .readers
            .iter()
            .any(|reader| reader.name == "Priya Raman");
        let writes = view.writers.iter().any(
            |writer| matches!(writer, Writer::Colleague(account) if account.name == "Priya Raman"),
        );
        Ok((reads && writes).then_some(()))
    })
    .await?;
    let own = priya.screen(ticket.id).await?;
    assert!(
        own.readers.is_empty() && own.writers.is_empty(),
        "nobody sees themselves"
    );

    priya.reply(&ticket, "Good news.").await?;
    mette.arrives(&ticket, "Good news.").await?;
    let told = Event::Ticket { ticket: ticket.id };
    assert!(
        mette.was_told(|event| *event == told),
        "the window is told of it"
    );
    priya
        .client
        .open_ticket(Opened { ticket: None })
        .await
        .map_err(failed)?;
    wait::until("Priya to have left", || async {
        let view = mette.screen(ticket.id).await?;
        Ok(view.readers.is_empty().then_some(()))
    })
    .await?;
    priya.client.stop().await;
    mette.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_feed_goes_on_after_the_gateway_was_restarted() -> anyhow::Result<()> {
    let (_folder, mut shop, desk) = signed_in().await?;
    desk.complete().await?;
    shop.close().await;
    wait::until("the desk to notice", || async {
        let connection = desk.client.connection(Nothing {}).await.map_err(failed)?;
        Ok((connection.state == Connection::Offline).then_some(()))
    })
    .await?;
    assert!(desk.list(ViewId::AllOpen).await?.total > 0, "it works on");
    shop.reopen().await?;
    desk.live().await?;
    let ticket = desk.some_ticket().await?;
    desk.reply(&ticket, "Still here.").await?;
    desk.arrives(&ticket, "Still here.").await?;
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_line_that_falls_silent_is_noticed_by_its_missing_heartbeats() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = Shop::open(&folder.path().join("shop")).await?;
    let line = Line::before(shop.listens()).await?;
    let desk = Desk::start(&folder.path().join("desk")).await?;
    desk.sign_in(line.address()).await.map_err(failed)?;
    desk.complete().await?;
    line.fall_silent();
    wait::until("the silence to be noticed", || async {
        let connection = desk.client.connection(Nothing {}).await.map_err(failed)?;
        Ok((connection.state == Connection::Offline).then_some(()))
    })
    .await?;
    line.cut();
    desk.client.connect_now(Nothing {}).await.map_err(failed)?;
    desk.live().await?;
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_session_that_the_gateway_ends_leaves_the_cache_and_the_outbox() -> anyhow::Result<()> {
    let (_folder, shop, desk) = signed_in().await?;
    desk.complete().await?;

    let names = desk.host.secrets.names();
    let token = names
        .iter()
        .find(|name| name.starts_with("session"))
        .expect("a session");
    let token = desk.host.secrets.get(token)?.expect("a token");
    use_ring();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let exchanged = http
        .post(format!("{}/v1/sessions/refresh", shop.address()))
        .json(&Refresh {
            refresh_token: token,
        })
        .send()
        .await?;
    let session: Session = exchanged.json().await?;
    let token = session.token.context("a token")?;
    let ended = http
        .delete(format!("{}/v1/session", shop.address()))
        .bearer_auth(&token)
        .send()
        .await?;
    assert!(ended.status().is_success(), "{}", ended.status());
    let problem = wait::until("the desk to be signed out", || async {
        match desk.client.connection(Nothing {}).await {
            Ok(_) => Ok(None),
            Err(error) => Ok(Some(error.code)),
        }
    })
    .await?;
    assert_eq!(problem, CallCode::SignedOut);
    let booted = wait::until("the session to be over", || async {
        match desk.client.boot(Nothing {}).await.map_err(failed)? {
            Boot::SignIn { problem, email, .. } => Ok(Some((problem, email))),
            Boot::Shop(_) | Boot::Unlock { .. } => Ok(None),
        }
    })
    .await?;
    assert_eq!(
        booted.0.map(|problem| problem.code),
        Some(CallCode::SignedOut)
    );
    assert!(booted.1.is_some(), "the address is offered again");
    assert!(desk.was_told(|event| *event == Event::Session));

    desk.sign_in(shop.address()).await.map_err(failed)?;
    assert!(
        desk.list(ViewId::AllOpen).await?.total > 0,
        "the copy was kept"
    );
    desk.live().await?;
    desk.client.stop().await;
    Ok(())
}

#[tokio::test]
async fn tokens_change_and_nobody_at_the_desk_notices() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut config = deskhand_gateway::Config::embedded(folder.path().join("shop"));
    config.sessions.access = Period(Duration::from_secs(1));
    let shop = Shop::open_with(config).await?;
    let desk = Desk::start(&folder.path().join("desk")).await?;
    desk.sign_in(shop.address()).await.map_err(failed)?;
    desk.complete().await?;
    let stored = || {
        let names = desk.host.secrets.names();
        let name = names.iter().find(|name| name.starts_with("session"));
        desk.host
            .secrets
            .get(name.context("a session")?)?
            .context("a token")
    };
    desk.host.forget_events();
    let ticket = desk.some_ticket().await?;
    let (mut seen, mut written) = (vec![stored()?], 0);
    while seen.len() < 4 {
        let note = AddNote {
            ticket: ticket.id,
            text: format!("Note {written}"),
        };
        desk.client.add_note(note).await.map_err(failed)?;
        written += 1;
        wait::until("the note to be at the gateway", || async {
            let outbox = desk.client.outbox(Nothing {}).await.map_err(failed)?;
            Ok(outbox.is_empty().then_some(()))
        })
        .await?;
        let now = stored()?;
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    let screen = desk.screen(ticket.id).await?;
    let notes = screen.messages.iter();
    let notes = notes.filter(|message| message.text.starts_with("Note "));
    assert_eq!(notes.count(), written, "each once");
    let offline =
        |event: &Event| matches!(event, Event::Connection(view) if view.state != Connection::Live);
    assert!(!desk.was_told(offline), "the socket went on");
    assert!(!desk.was_told(|event| *event == Event::Session));
    desk.client.stop().await;
    Ok(())
}
