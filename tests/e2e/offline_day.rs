//! The sample day offline, in the real window: twenty tickets are answered without a gateway, a
//! colleague answers one of them meanwhile, the network comes back: nineteen go out, one is held.

use anyhow::{Context, ensure};
use deskhand_domain::{Message, MessageKind, Ticket};
use deskhand_protocol::{
    IDEMPOTENCY_HEADER,
    rest::{NewMessage, Page, Session},
};
use deskhand_tests::{
    desk::{PASSWORD, PRIYA},
    desktop::{Desktop, Keyring, Window},
    gateway::Gateway,
    line::Line,
    use_ring, wait,
};
use serde_json::json;
use uuid::Uuid;

const TICKETS: usize = 20;
const COLLEAGUES: &str = "I have asked the carrier, they look for it.";

#[tokio::test(flavor = "multi_thread")]
async fn twenty_are_answered_offline_nineteen_go_out_and_one_is_held() -> anyhow::Result<()> {
    let gateway = Gateway::start().await?;
    let to = gateway.address();
    let to = to.strip_prefix("http://").context("an address")?.parse()?;
    let line = Line::before(to).await?;
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let window = desktop.open_window(&[]).await?;
    window.sign_in(&line.address(), PRIYA, PASSWORD).await?;
    window.choose_view("All open").await?;
    window.see("Live").await?;
    let mette = Colleague::sign_in(gateway.address()).await?;

    line.fall_silent();
    window.see("Offline").await?;
    let mut first = None;
    for number in 0..TICKETS {
        let row = answer_first(&window, number).await?;
        first = first.or(Some(row));
    }
    let first = first.context("no row")?;
    let ticket = mette.ticket_of(&first).await?;
    mette.answer(&ticket).await?;
    line.heal();

    window.see("1 held").await?;
    let sent = wait::until("nineteen replies at the gateway", || async {
        let sent = mette.sent().await?;
        Ok((sent.len() >= TICKETS - 1).then_some(sent))
    })
    .await?;
    let held = text(0);
    assert_eq!(sent.len(), TICKETS - 1, "once each, and one not at all");
    assert!(!sent.contains(&held), "the one that a colleague answered");
    window.choose_view("Held replies").await?;
    let row = window.wait_for("[role=option]").await?;
    window.click(&row).await?;
    window.see(COLLEAGUES).await?;
    window.see(&held).await?;
    window.close().await
}

fn text(number: usize) -> String {
    format!("Answer {number} of a day without a network.")
}

/// Answers whoever stands first in the list, and tells what the row said.
async fn answer_first(window: &Window, number: usize) -> anyhow::Result<String> {
    let row = window.wait_for("[role=option]").await?;
    let script = "return document.querySelector('[role=option]').innerText";
    let said = window.run(script, json!([])).await?;
    window.click(&row).await?;
    window.write(&text(number)).await?;
    window.send().await?;
    window.see(&text(number)).await?;
    wait::until("the next ticket to be first", || async {
        let now = window.run(script, json!([])).await?;
        Ok((now != said).then_some(()))
    })
    .await?;
    Ok(said.as_str().unwrap_or_default().to_owned())
}

/// Mette, who works on another line.
struct Colleague {
    http: reqwest::Client,
    gateway: String,
    token: String,
}

impl Colleague {
    async fn sign_in(gateway: String) -> anyhow::Result<Self> {
        use_ring();
        let http = reqwest::Client::builder().no_proxy().build()?;
        let who = json!({
            "email": "mette@hollowpine.example", "password": PASSWORD, "device": ""
        });
        let request = http.post(format!("{gateway}/v1/sessions")).json(&who);
        let session: Session = request.send().await?.error_for_status()?.json().await?;
        Ok(Self {
            token: session.token.context("no token")?,
            http,
            gateway,
        })
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let request = self.http.get(format!("{}/v1/{path}", self.gateway));
        let answer = request.bearer_auth(&self.token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// All tickets that are not finished.
    async fn tickets(&self) -> anyhow::Result<Vec<Ticket>> {
        let mut tickets = Vec::new();
        for status in ["open", "pending", "snoozed"] {
            let mut after = String::new();
            loop {
                let path = format!("tickets?status={status}&limit=200{after}");
                let page: Page<Ticket> = self.get(&path).await?;
                tickets.extend(page.items);
                match page.next {
                    Some(next) => after = format!("&cursor={next}"),
                    None => break,
                }
            }
        }
        Ok(tickets)
    }

    /// The ticket of a row, by its subject.
    async fn ticket_of(&self, row: &str) -> anyhow::Result<Ticket> {
        let tickets = self.tickets().await?;
        let mut fits: Vec<Ticket> = tickets
            .into_iter()
            .filter(|ticket| row.contains(&ticket.subject))
            .collect();
        fits.sort_by_key(|ticket| ticket.due_at.is_none());
        ensure!(!fits.is_empty(), "no ticket is called as in {row:?}");
        Ok(fits.remove(0))
    }

    async fn messages(&self, ticket: &Ticket) -> anyhow::Result<Vec<Message>> {
        let path = format!("tickets/{}/messages?limit=200", ticket.id);
        Ok(self.get::<Page<Message>>(&path).await?.items)
    }

    async fn answer(&self, ticket: &Ticket) -> anyhow::Result<()> {
        let messages = self.messages(ticket).await?;
        let mut public = messages.iter().rev();
        let newest = public.find(|message| message.kind == MessageKind::Public);
        let reply = NewMessage {
            kind: MessageKind::Public,
            text: COLLEAGUES.to_owned(),
            seen: newest.map(|message| message.id),
            then: None,
            macro_id: None,
            changes: None,
        };
        let path = format!("{}/v1/tickets/{}/messages", self.gateway, ticket.id);
        let request = self.http.post(path).bearer_auth(&self.token).json(&reply);
        let request = request.header(IDEMPOTENCY_HEADER, Uuid::now_v7().to_string());
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// The replies of the day that are at the gateway.
    async fn sent(&self) -> anyhow::Result<Vec<String>> {
        let mut sent = Vec::new();
        let tickets: Vec<Ticket> = self.tickets().await?;
        let answered = tickets
            .iter()
            .filter(|ticket| ticket.snippet.starts_with("Answer"));
        for ticket in answered {
            let messages = self.messages(ticket).await?;
            let ours = messages.into_iter().map(|message| message.text);
            sent.extend(ours.filter(|text| text.ends_with("of a day without a network.")));
        }
        Ok(sent)
    }
}
