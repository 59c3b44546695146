//! `/v1/live`: the feed to a desktop, from its cursor on, and who writes and reads right now.

use super::socket::{Ending, FIRST_FRAME, GONE, Heard, bounded, close as end, read, say, send};
use crate::{
    app::State,
    extract::{Person, TicketHolder, Who},
    feed::{BATCH, Batch, LiveCursor, read_cursor},
    hub::Passing,
    passwords,
    problem::Refusal,
    sight::Sight,
    store::{Standing, StoreError},
};
use axum::{
    extract::{
        self,
        ws::{WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::TimeDelta;
use deskhand_domain::{DeviceId, TeamId, TicketId};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{
    live::{ClientFrame, HEARTBEAT_SECONDS, ServerFrame, close},
    problem::{Code, Problem},
    rest::LiveTicket,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// How long a ticket can be used.
const TICKET: TimeDelta = TimeDelta::seconds(30);

/// Gives a ticket that opens the live socket once. No token is ever in the address of a socket or in
/// what stands between.
#[utoipa::path(post, path = "/v1/live/ticket", responses(
    (status = 201, body = LiveTicket), (status = 401, body = Problem)
))]
pub async fn ticket(
    extract::State(state): extract::State<State>,
    Person { device, .. }: Person,
) -> Result<Response, Refusal> {
    let ticket = passwords::token();
    let expires_at = state.clock.now() + TICKET;
    let hash = passwords::digest(&ticket);
    state.store.add_ticket(device, hash, expires_at).await?;
    let body = LiveTicket { ticket, expires_at };
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

/// Upgrades to the live socket; frames are those of `protocol::live`. The bearer token is a ticket.
#[utoipa::path(get, path = "/v1/live", responses(
    (status = 101, description = "A WebSocket"), (status = 401, body = Problem)
))]
pub async fn upgrade(
    extract::State(state): extract::State<State>,
    TicketHolder(person): TicketHolder,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|_| {
        Refusal::new(
            Code::Invalid,
            "this is a WebSocket: connect with an upgrade",
        )
    })?;
    state.admission.has_room()?;
    let task = state.tasks.token();
    Ok(bounded(upgrade).on_upgrade(move |mut socket| async move {
        let mut desktop = Desktop::new(state, person);
        let ending = desktop.run(&mut socket).await.err().unwrap_or(GONE);
        desktop.leave();
        end(&mut socket, ending).await;
        drop(task);
    }))
}

/// One desktop's socket.
struct Desktop {
    state: State,
    who: Who,
    device: DeviceId,
    sight: Sight,
    /// The last position that was sent.
    upto: i64,
    epoch: String,
    /// Which ticket it has open.
    reading: Option<TicketId>,
    /// Where it is writing.
    typing: Option<TicketId>,
}

impl Desktop {
    fn new(state: State, Person { who, device }: Person) -> Self {
        Self {
            device,
            sight: who.sight().clone(),
            epoch: state.store.history().epoch,
            upto: 0,
            reading: None,
            typing: None,
            state,
            who,
        }
    }

    async fn run(&mut self, socket: &mut WebSocket) -> Result<(), Ending> {
        let mut sessions = self.state.store.session_changes();
        self.upto = self.cursor(socket).await?;
        let mut passing = self.state.hub.listen();
        self.follow(socket).await?;
        // Subscribed before the last of it is read, so that nothing falls between; and not before
        // the rest, so that a long way to catch up is none to fall behind.
        let mut batches = self.state.feed.follow();
        self.catch_up(socket).await?;
        let stop = self.state.tasks.stopping();
        let mut beat = tokio::time::interval(Duration::from_secs(HEARTBEAT_SECONDS));
        beat.reset();
        let mut heard = Heard::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Err(STOPS),
                Ok(()) = sessions.changed() => self.still_signed_in().await?,
                batch = batches.recv() => {
                    // Whoever may see less by now gets no more of it.
                    if sessions.has_changed().unwrap_or_default() {
                        self.still_signed_in().await?;
                    }
                    self.batch(socket, batch).await?;
                }
                said = passing.recv() => self.passing(socket, said).await?,
                message = socket.recv() => {
                    heard.count()?;
                    if let Some(frame) = read(message)? {
                        self.hear(frame).await?;
                    }
                }
                _ = beat.tick() => {
                    heard.reset();
                    self.heartbeat(socket).await?;
                }
            }
        }
    }

    /// Waits for the first frame and looks where to go on. A cursor that is not of this history,
    /// lies in its future, or cannot be read says nothing: the desktop syncs again.
    async fn cursor(&self, socket: &mut WebSocket) -> Result<i64, Ending> {
        const RESYNC: Ending = (
            close::RESYNC,
            "the cursor is not of this history: sync again",
        );
        let first = tokio::time::timeout(FIRST_FRAME, async {
            loop {
                if let Some(frame) = read::<ClientFrame>(socket.recv().await)? {
                    return Ok::<_, Ending>(frame);
                }
            }
        })
        .await
        .map_err(|_| (close::BAD_FRAME, "the first frame is follow"))??;
        let ClientFrame::Follow { cursor } = first else {
            return Err((close::BAD_FRAME, "the first frame is follow"));
        };
        let cursor: LiveCursor = read_cursor(&cursor).ok_or(RESYNC)?;
        if cursor.scope != self.sight.scope() {
            return Err(SCOPE);
        }
        let possible = self.state.store.reaches(cursor.upto).await;
        if cursor.epoch != self.epoch || !possible.map_err(|error| failed(&error))? {
            return Err(RESYNC);
        }
        Ok(cursor.upto)
    }

    /// Catches up.
    async fn follow(&mut self, socket: &mut WebSocket) -> Result<(), Ending> {
        let head = *self.state.store.head().borrow();
        let following = ServerFrame::Following {
            epoch: self.epoch.clone(),
            from: Some(self.upto),
            head,
            now: self.state.clock.now(),
        };
        say(socket, &following).await?;
        self.catch_up(socket).await?;
        for readers in self.state.hub.readers() {
            self.pass_on(socket, readers).await?;
        }
        Ok(())
    }

    /// Sends what the database has beyond the last position, in bounded batches. Each is read in
    /// turn with other desktops and sent out of turn: who reads slowly keeps nobody waiting.
    async fn catch_up(&mut self, socket: &mut WebSocket) -> Result<(), Ending> {
        loop {
            let Some(batch) = self.next_batch().await? else {
                return Ok(());
            };
            send(socket, batch.frame(&self.sight)).await?;
            self.upto = batch.upto;
        }
    }

    async fn next_batch(&self) -> Result<Option<Batch>, Ending> {
        let stop = self.state.tasks.stopping();
        let turn = stop.run_until_cancelled(self.state.admission.turn()).await;
        let _turn = turn.ok_or(STOPS)?.map_err(|_| FULL)?;
        let changes = self.state.store.changes_after(self.upto, BATCH).await;
        let changes = changes.map_err(|error| failed(&error))?;
        Ok(Batch::new(&self.epoch, self.upto, changes))
    }

    async fn batch(
        &mut self,
        socket: &mut WebSocket,
        batch: Result<Arc<Batch>, RecvError>,
    ) -> Result<(), Ending> {
        let batch = match batch {
            Ok(batch) => batch,
            Err(RecvError::Lagged(_)) => {
                return Err((close::TOO_SLOW, "too slow: reconnect with the last cursor"));
            }
            Err(RecvError::Closed) => return Err((close::GOING_AWAY, "the gateway stops")),
        };
        if batch.upto <= self.upto {
            return Ok(());
        }
        if batch.after > self.upto {
            return self.catch_up(socket).await;
        }
        send(socket, batch.frame(&self.sight)).await?;
        self.upto = batch.upto;
        Ok(())
    }

    async fn passing(
        &mut self,
        socket: &mut WebSocket,
        said: Result<Passing, RecvError>,
    ) -> Result<(), Ending> {
        match said {
            Ok(passing) => self.pass_on(socket, passing).await,
            // Who reads and writes is told again soon.
            Err(RecvError::Lagged(_)) => Ok(()),
            Err(RecvError::Closed) => Err((close::GOING_AWAY, "the gateway stops")),
        }
    }

    async fn pass_on(&mut self, socket: &mut WebSocket, passing: Passing) -> Result<(), Ending> {
        let frame = match passing {
            // Nobody needs to be told what they do themselves.
            Passing::Typing {
                by: Some((account, _)),
                ..
            } if account == self.who.account.id => return Ok(()),
            Passing::Typing { ticket, by, typing } => ServerFrame::Typing {
                ticket,
                account: by.map(|(account, _)| account),
                typing,
            },
            Passing::Reading { ticket, accounts } => ServerFrame::Reading { ticket, accounts },
            Passing::Rescoped => return self.still_signed_in().await,
        };
        let (ServerFrame::Typing { ticket, .. } | ServerFrame::Reading { ticket, .. }) = &frame
        else {
            return Ok(());
        };
        if self.sees(*ticket).await? {
            say(socket, &frame).await?;
        }
        Ok(())
    }

    async fn heartbeat(&mut self, socket: &mut WebSocket) -> Result<(), Ending> {
        self.still_signed_in().await?;
        let beat = ServerFrame::Heartbeat {
            head: *self.state.store.head().borrow(),
            now: self.state.clock.now(),
        };
        say(socket, &beat).await
    }

    async fn still_signed_in(&mut self) -> Result<(), Ending> {
        match self.state.store.device(self.device).await {
            Ok(Standing::Open(now)) => {
                let teams = self.state.store.teams();
                let standing = self.state.gate.standing(&now.account, None, &teams);
                if *standing.sight() != self.sight {
                    return Err(SCOPE);
                }
                self.who.standing = standing;
                Ok(())
            }
            Ok(Standing::Ended) => Err(SIGNED_OUT),
            Ok(Standing::Revoked) => Err(REVOKED),
            Err(error) => Err(failed(&error)),
        }
    }

    async fn hear(&mut self, frame: ClientFrame) -> Result<(), Ending> {
        match frame {
            ClientFrame::Follow { .. } => {
                return Err((close::BAD_FRAME, "follow is said once, first"));
            }
            ClientFrame::Typing { ticket, typing } => {
                if self.may_write_in(ticket).await? {
                    self.says_typing(ticket, typing);
                }
            }
            ClientFrame::Reading { ticket } => {
                let sees = match ticket {
                    Some(ticket) => self.sees(ticket).await?,
                    None => true,
                };
                if sees {
                    self.opens(ticket).await?;
                }
            }
        }
        Ok(())
    }

    async fn team_of(&self, ticket: TicketId) -> Result<Option<TeamId>, Ending> {
        let team = self.state.store.team_of(ticket).await;
        team.map_err(|error| failed(&error))
    }

    async fn sees(&self, ticket: TicketId) -> Result<bool, Ending> {
        let team = self.team_of(ticket).await?;
        Ok(team.is_some_and(|team| self.sight.teams().contains(&team)))
    }

    async fn may_write_in(&self, ticket: TicketId) -> Result<bool, Ending> {
        let Some(team) = self.team_of(ticket).await? else {
            return Ok(false);
        };
        let resource = Resource::Ticket { team };
        let may = |action| self.who.standing.decide(action, &resource).allowed;
        Ok(may(Action::TicketRead) && may(Action::MessageSend))
    }

    fn says_typing(&mut self, ticket: TicketId, typing: bool) {
        if let Some(before) = self.typing.take()
            && (before != ticket || !typing)
        {
            self.tell_typing(before, false);
        }
        if typing {
            self.typing = Some(ticket);
            self.tell_typing(ticket, true);
        }
    }

    fn tell_typing(&self, ticket: TicketId, typing: bool) {
        let name = self.who.account.name.split_whitespace().next();
        let name = name.unwrap_or_default().to_owned();
        self.state.hub.say(Passing::Typing {
            ticket,
            by: Some((self.who.account.id, name)),
            typing,
        });
    }

    /// Each time it is said, also again, what the customer wrote meanwhile counts as seen.
    async fn opens(&mut self, ticket: Option<TicketId>) -> Result<(), Ending> {
        let me = self.who.account.id;
        if let Some(ticket) = ticket {
            let seen = self.state.store.mark_seen(ticket, me).await;
            seen.map_err(|error| failed(&error))?;
        }
        if self.reading == ticket {
            return Ok(());
        }
        if let Some(before) = self.reading.take() {
            self.state.hub.leaves(before, me);
        }
        if let Some(ticket) = ticket {
            self.state.hub.opens(ticket, me);
            let (store, tasks) = (&self.state.store, &self.state.tasks);
            self.state.shops.look_at_ticket(store, tasks, ticket);
            self.reading = Some(ticket);
        }
        Ok(())
    }

    /// The socket ends: nothing of it stays on other screens.
    fn leave(&mut self) {
        if let Some(ticket) = self.typing.take() {
            self.tell_typing(ticket, false);
        }
        if let Some(ticket) = self.reading.take() {
            self.state.hub.leaves(ticket, self.who.account.id);
        }
    }
}

const STOPS: Ending = (
    close::GOING_AWAY,
    "the gateway stops: reconnect in a moment",
);
const FULL: Ending = (
    close::GOING_AWAY,
    "many desktops are catching up: reconnect in a moment",
);
const SCOPE: Ending = (
    close::SCOPE,
    "this account may see other things now: delete the copy and sync again",
);
const SIGNED_OUT: Ending = (close::SIGNED_OUT, "the session has ended: sign in again");
const REVOKED: Ending = (
    close::REVOKED,
    "the session was ended from elsewhere: delete the copy",
);

fn failed(error: &StoreError) -> Ending {
    tracing::error!(%error, "a live socket lost the database");
    (
        close::GOING_AWAY,
        "the gateway cannot read its database: reconnect in a moment",
    )
}
