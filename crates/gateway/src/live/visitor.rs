//! `/chat/live`: a conversation to its customer's page.

use super::socket::{Ending, FIRST_FRAME, GONE, Heard, bounded, close as end, read, say};
use crate::{
    app::State,
    feed::Batch,
    hub::Passing,
    passwords::digest,
    problem::Refusal,
    store::{StoreError, Visitor},
};
use axum::{
    extract::{
        self,
        ws::{WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use deskhand_domain::{Delivery, Instant, Message, MessageId, MessageKind, Ticket};
use deskhand_protocol::{
    chat::{ChatClientFrame, ChatServerFrame},
    live::{HEARTBEAT_SECONDS, close},
    problem::{Code, Problem},
    sync::Record,
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// Upgrades to the chat's socket; frames are those of `protocol::chat`.
#[utoipa::path(get, path = "/chat/live", responses(
    (status = 101, description = "A WebSocket"), (status = 400, body = Problem)
))]
pub async fn upgrade(
    extract::State(state): extract::State<State>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|_| {
        Refusal::new(
            Code::Invalid,
            "this is a WebSocket: connect with an upgrade",
        )
    })?;
    let task = state.tasks.token();
    Ok(bounded(upgrade).on_upgrade(move |mut socket| async move {
        let ending = match hello(&state, &mut socket).await {
            Ok((visitor, token_hash)) => {
                let mut page = Page {
                    seen_at: None,
                    typing: false,
                    state,
                    visitor,
                    token_hash,
                };
                let ending = page.run(&mut socket).await.err().unwrap_or(GONE);
                page.says_typing(false);
                ending
            }
            Err(ending) => ending,
        };
        end(&mut socket, ending).await;
        drop(task);
    }))
}

/// Waits for the first frame and looks whose page it is.
async fn hello(state: &State, socket: &mut WebSocket) -> Result<(Visitor, String), Ending> {
    const FIRST: Ending = (close::BAD_FRAME, "the first frame is hello");
    let first = tokio::time::timeout(FIRST_FRAME, async {
        loop {
            if let Some(frame) = read::<ChatClientFrame>(socket.recv().await)? {
                return Ok::<_, Ending>(frame);
            }
        }
    })
    .await
    .map_err(|_| FIRST)??;
    let ChatClientFrame::Hello { token } = first else {
        return Err(FIRST);
    };
    let token_hash = digest(token);
    let visitor = known(state, &token_hash).await?;
    Ok((visitor, token_hash))
}

async fn known(state: &State, token_hash: &str) -> Result<Visitor, Ending> {
    let visitor = state.store.visitor(token_hash).await;
    visitor
        .map_err(|error| failed(&error))?
        .ok_or((close::SIGNED_OUT, "this conversation is not known"))
}

/// One page's socket.
struct Page {
    state: State,
    visitor: Visitor,
    token_hash: String,
    /// Up to when the page knows that an agent has seen its messages.
    seen_at: Option<Instant>,
    typing: bool,
}

impl Page {
    async fn run(&mut self, socket: &mut WebSocket) -> Result<(), Ending> {
        // Subscribed before anything is read, so that nothing falls between.
        let mut batches = self.state.feed.follow();
        let mut passing = self.state.hub.listen();
        self.whole(socket).await?;
        let stop = self.state.tasks.stopping();
        let mut beat = tokio::time::interval(Duration::from_secs(HEARTBEAT_SECONDS));
        beat.reset();
        let mut heard = Heard::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => {
                    return Err((close::GOING_AWAY, "the gateway stops: reconnect in a moment"));
                }
                batch = batches.recv() => match batch {
                    Ok(batch) => self.batch(socket, &batch).await?,
                    Err(RecvError::Lagged(_)) => self.whole(socket).await?,
                    Err(RecvError::Closed) => return Err((close::GOING_AWAY, "")),
                },
                said = passing.recv() => {
                    if let Ok(said) = said {
                        self.passing(socket, said).await?;
                    }
                }
                message = socket.recv() => {
                    heard.count()?;
                    if let Some(frame) = read(message)? {
                        self.hear(frame).await?;
                    }
                }
                _ = beat.tick() => {
                    heard.reset();
                    say(socket, &ChatServerFrame::Heartbeat).await?;
                }
            }
        }
    }

    /// Sends the conversation as it is; what the shop wrote has then arrived.
    async fn whole(&mut self, socket: &mut WebSocket) -> Result<(), Ending> {
        let store = self.state.store.clone();
        let ticket = store.get::<Ticket>(self.visitor.ticket.0).await;
        self.seen_at = ticket
            .map_err(|error| failed(&error))?
            .and_then(|ticket| ticket.seen_at);
        let conversation = store.conversation(&self.visitor).await;
        let conversation = conversation.map_err(|error| failed(&error))?;
        say(socket, &ChatServerFrame::Conversation { conversation }).await?;
        self.delivered(None, Delivery::Delivered).await
    }

    async fn batch(&mut self, socket: &mut WebSocket, batch: &Arc<Batch>) -> Result<(), Ending> {
        let mine = self.visitor.ticket;
        let mut messages: Vec<Message> = Vec::new();
        let mut seen_at = self.seen_at;
        for placed in &batch.changes {
            match &placed.change.record {
                Record::Message(message)
                    if message.ticket == mine && message.kind == MessageKind::Public =>
                {
                    messages.push(message.clone());
                }
                Record::Ticket(ticket) if ticket.id == mine && ticket.merged_into.is_some() => {
                    // It goes on in another ticket, as it is there now.
                    self.says_typing(false);
                    self.visitor = known(&self.state, &self.token_hash).await?;
                    return self.whole(socket).await;
                }
                Record::Ticket(ticket) if ticket.id == mine => seen_at = ticket.seen_at,
                _ => {}
            }
        }
        if !messages.is_empty() {
            // What came here from another ticket is not for this page.
            let own = self.state.store.messages_for(&self.visitor).await;
            let own: BTreeSet<MessageId> = own
                .map_err(|error| failed(&error))?
                .into_iter()
                .map(|message| message.id)
                .collect();
            messages.retain(|message| own.contains(&message.id));
        }
        if seen_at > self.seen_at {
            messages = self.newly_seen(messages, seen_at).await?;
            self.seen_at = seen_at;
        }
        if messages.is_empty() {
            return Ok(());
        }
        let last_sent = messages
            .iter()
            .rev()
            .find(|message| message.delivery == Some(Delivery::Sent))
            .map(|message| message.id);
        let seen = self
            .state
            .store
            .as_seen_by_customer(messages, self.seen_at)
            .await;
        for message in seen.map_err(|error| failed(&error))? {
            say(socket, &ChatServerFrame::Message { message }).await?;
        }
        match last_sent {
            Some(upto) => self.delivered(Some(upto), Delivery::Delivered).await,
            None => Ok(()),
        }
    }

    /// Adds the customer's messages that an agent has seen just now.
    async fn newly_seen(
        &self,
        mut messages: Vec<Message>,
        seen_at: Option<Instant>,
    ) -> Result<Vec<Message>, Ending> {
        let known: BTreeSet<MessageId> = messages.iter().map(|message| message.id).collect();
        let all = self.state.store.messages_for(&self.visitor).await;
        let all = all.map_err(|error| failed(&error))?;
        messages.extend(all.into_iter().filter(|message| {
            message.delivery.is_none()
                && !known.contains(&message.id)
                && Some(message.sent_at) > self.seen_at
                && Some(message.sent_at) <= seen_at
        }));
        messages.sort_by_key(|message| (message.sent_at, message.id));
        Ok(messages)
    }

    async fn passing(&self, socket: &mut WebSocket, said: Passing) -> Result<(), Ending> {
        match said {
            Passing::Typing {
                ticket,
                by: Some((_, from)),
                typing,
            } if ticket == self.visitor.ticket => {
                say(socket, &ChatServerFrame::Typing { from, typing }).await
            }
            _ => Ok(()),
        }
    }

    async fn hear(&mut self, frame: ChatClientFrame) -> Result<(), Ending> {
        match frame {
            ChatClientFrame::Hello { .. } => Err((close::BAD_FRAME, "hello is said once, first")),
            ChatClientFrame::Typing { typing } => {
                self.says_typing(typing);
                Ok(())
            }
            ChatClientFrame::Read { upto } => self.delivered(Some(upto), Delivery::Read).await,
        }
    }

    fn says_typing(&mut self, typing: bool) {
        if typing || self.typing {
            self.state.hub.say(Passing::Typing {
                ticket: self.visitor.ticket,
                by: None,
                typing,
            });
        }
        self.typing = typing;
    }

    async fn delivered(&self, upto: Option<MessageId>, how: Delivery) -> Result<(), Ending> {
        let done = self.state.store.delivered(&self.visitor, upto, how).await;
        done.map_err(|error| failed(&error))
    }
}

fn failed(error: &StoreError) -> Ending {
    tracing::error!(%error, "a chat socket lost the database");
    (
        close::GOING_AWAY,
        "the gateway cannot read its database: reconnect in a moment",
    )
}
