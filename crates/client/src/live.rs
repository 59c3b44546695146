//! The live socket: follow the cursor, notice silence and gaps, say who reads and writes.

use crate::{
    backoff::Backoff,
    clock::Jumps,
    feed::End,
    gateway::retry_after,
    shop::{Shop, lock},
};
use deskhand_cache::{Progress, SyncState};
use deskhand_protocol::{
    PROTOCOL_HEADER, PROTOCOL_VERSION,
    calls::{CallCode, CallError},
    live::{ClientFrame, HEARTBEAT_SECONDS, ServerFrame, close},
    view::Connection,
};
use futures_util::{SinkExt, StreamExt};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{net::TcpStream, sync::mpsc, time::Instant};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{
        self, Message, client::IntoClientRequest, handshake::client::Request,
        protocol::WebSocketConfig,
    },
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// Two heartbeats and a margin: after so long a silence the socket is dead.
const SILENCE_LIMIT: Duration = Duration::from_secs(2 * HEARTBEAT_SECONDS + 3);
/// After a sleep of this computer, so long the gateway has to show that the socket still lives.
const PROOF_LIMIT: Duration = Duration::from_secs(4);
/// How often the moment of the last heartbeat is stored.
const STORE_EVERY: Duration = Duration::from_secs(60);

/// Follows the feed until the connection ends.
pub(crate) async fn follow(
    shop: &Arc<Shop>,
    frames: &mut mpsc::Receiver<ClientFrame>,
    state: SyncState,
    backoff: &mut Backoff,
) -> End {
    let mut line = match connect(shop, frames, state).await {
        Ok(line) => line,
        Err(end) => return end,
    };
    let end = loop {
        if let Err(end) = line.step(frames, backoff).await {
            break end;
        }
    };
    let current_as_of = lock(&shop.connection).current_as_of;
    if let Some(at) = current_as_of
        && let Err(error) = shop.writer.set_current_as_of(at).await
    {
        return error.into();
    }
    end
}

/// A socket, and what was heard on it.
struct Line<'a> {
    shop: &'a Arc<Shop>,
    socket: Socket,
    epoch: String,
    heard_at: Instant,
    stored_at: Instant,
    /// The position that was received; unknown until something says it.
    upto: Option<i64>,
    /// Where to go on after that position.
    cursor: String,
    /// The head when the feed began: with it, all that was missed is here.
    target: i64,
    /// Whether something came since the last heartbeat.
    moved: bool,
    /// A heartbeat's head beyond what was received: the next one must find it filled.
    gap: Option<i64>,
    jumps: Jumps,
    /// Until when the gateway has to answer, after a jump of the clock: what is read before that
    /// answer may be as old as the sleep was long.
    proof_by: Option<Instant>,
}

async fn connect<'a>(
    shop: &'a Arc<Shop>,
    frames: &mut mpsc::Receiver<ClientFrame>,
    state: SyncState,
) -> Result<Line<'a>, End> {
    let ticket = shop.gateway.live_ticket().await?;
    let request = request(shop, &ticket)?;
    let trust = Connector::Rustls(Arc::clone(&shop.gateway.network.tls));
    let connecting = connect_async_tls_with_config(request, Some(limits()), true, Some(trust));
    let (mut socket, _) = tokio::time::timeout(CONNECT_LIMIT, connecting)
        .await
        .map_err(|_| End::unreachable("the gateway does not answer"))?
        .map_err(refused)?;
    // Whatever was to be said on the old socket is stale.
    while frames.try_recv().is_ok() {}
    send(
        &mut socket,
        &ClientFrame::Follow {
            cursor: state.cursor.clone(),
        },
    )
    .await?;
    let ticket = *lock(&shop.on_screen);
    if ticket.is_some() {
        send(&mut socket, &ClientFrame::Reading { ticket }).await?;
    }
    let now = Instant::now();
    Ok(Line {
        shop,
        socket,
        epoch: state.epoch,
        heard_at: now,
        stored_at: now,
        upto: state.upto,
        cursor: state.cursor,
        target: i64::MAX,
        moved: false,
        gap: None,
        jumps: Jumps::new(shop.now()),
        proof_by: None,
    })
}

fn request(shop: &Shop, ticket: &str) -> Result<Request, End> {
    let unusable = || End::unreachable("the gateway's address cannot be used");
    let mut request = shop
        .gateway
        .address
        .live()
        .into_client_request()
        .map_err(|_| unusable())?;
    let headers = request.headers_mut();
    headers.insert(
        "authorization",
        format!("Bearer {ticket}").parse().map_err(|_| unusable())?,
    );
    headers.insert(PROTOCOL_HEADER, PROTOCOL_VERSION.into());
    Ok(request)
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(32 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(256 * 1024)
        .max_message_size(Some(16 * 1024 * 1024))
        .max_frame_size(Some(16 * 1024 * 1024))
}

/// Why the gateway did not take the socket.
fn refused(error: tungstenite::Error) -> End {
    let tungstenite::Error::Http(response) = error else {
        return End::unreachable("the live connection could not be made");
    };
    let wish = retry_after(response.headers());
    let failed = |code, detail: &str| End::Failed {
        problem: CallError::new(code, detail),
        retry_after: wish,
    };
    match response.status().as_u16() {
        // The session would have said so before.
        401 => failed(CallCode::Unreachable, "the ticket came too late"),
        403 => failed(CallCode::Forbidden, "the role may not follow the shop"),
        426 => failed(CallCode::OtherVersion, "the gateway speaks another version"),
        status => failed(
            CallCode::Unreachable,
            &format!("the gateway answered {status}"),
        ),
    }
}

impl Line<'_> {
    /// Waits for the next thing to happen and does it.
    async fn step(
        &mut self,
        frames: &mut mpsc::Receiver<ClientFrame>,
        backoff: &mut Backoff,
    ) -> Result<(), End> {
        let expiry = lock(&self.shop.presence).next_expiry();
        let expires = async move {
            match expiry {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let silent_at = self.heard_at + SILENCE_LIMIT;
        let silent_at = self.proof_by.map_or(silent_at, |by| by.min(silent_at));
        tokio::select! {
            heard = self.socket.next() => {
                self.heard_at = Instant::now();
                self.doubt().await?;
                match heard {
                    Some(Ok(message)) => self.hear(message, backoff).await,
                    Some(Err(error)) => Err(broken(&error)),
                    None => Err(End::unreachable("the live connection broke")),
                }
            }
            Some(frame) = frames.recv() => send(&mut self.socket, &frame).await,
            () = self.shop.jumped.notified() => self.doubt().await,
            () = self.shop.begin_anew.notified() => Err(End::Resync),
            () = tokio::time::sleep_until(silent_at) => {
                Err(End::unreachable("the gateway has fallen silent"))
            }
            () = expires => {
                let tickets = lock(&self.shop.presence).expire(Instant::now());
                self.shop.tell_presence(tickets).await;
                Ok(())
            }
        }
    }

    /// After a jump of the clock, asks the gateway for a sign of life.
    async fn doubt(&mut self) -> Result<(), End> {
        if !self.jumps.look(self.shop.now()) {
            return Ok(());
        }
        tracing::info!("the clock jumped: is the live connection still there?");
        self.proof_by = Some(Instant::now() + PROOF_LIMIT);
        say(&mut self.socket, Message::Ping(Default::default())).await
    }

    async fn hear(&mut self, message: Message, backoff: &mut Backoff) -> Result<(), End> {
        match message {
            Message::Text(text) => match read(&text)? {
                Some(frame) => self.take(frame, backoff).await,
                None => Ok(()),
            },
            Message::Binary(_) => Err(End::Unreadable("the gateway sent what is not text")),
            Message::Pong(_) => {
                self.proof_by = None;
                if self.upto.is_some_and(|upto| upto >= self.target) {
                    self.current();
                }
                Ok(())
            }
            Message::Close(reason) => Err(match reason.map(|reason| u16::from(reason.code)) {
                Some(close::SIGNED_OUT | close::REVOKED) => End::SignedOut,
                Some(close::RESYNC) => End::Resync,
                Some(close::SCOPE) => End::Scope,
                Some(close::GOING_AWAY) => End::GoingAway,
                Some(close::TOO_SLOW) => End::unreachable("this computer was too slow"),
                _ => End::unreachable("the gateway closed the connection"),
            }),
            _ => Ok(()),
        }
    }

    async fn take(&mut self, frame: ServerFrame, backoff: &mut Backoff) -> Result<(), End> {
        match frame {
            ServerFrame::Following {
                epoch, from, head, ..
            } => {
                // Another history, or one that is shorter than what was seen of it.
                if epoch != self.epoch || self.upto.is_some_and(|upto| upto > head) {
                    return Err(End::Resync);
                }
                // After a first page only the gateway knows where its cursor stands; without that, a
                // frame that overtakes another would be taken for the next one.
                self.upto = self.upto.or(from);
                backoff.reset();
                self.target = head;
                self.shop.set_connection(|view| {
                    view.state = Connection::CatchingUp;
                    view.retry_at = None;
                    view.problem = None;
                });
                // An unknown position means that the first page has just come.
                if self.upto.is_none_or(|upto| upto >= head) {
                    self.current();
                }
                self.shop.writer.hurry().await?;
                self.shop.wake_outbox.notify_one();
                self.shop.wake_history.notify_one();
            }
            ServerFrame::Changes {
                changes,
                after,
                cursor,
                upto,
            } => {
                match self.upto {
                    // What lies between would never come again after a newer cursor.
                    Some(here) if after > here => return Err(lost()),
                    // Said twice, or late: it changes nothing, and the cursor stays.
                    Some(here) if upto <= here => {}
                    _ => (self.upto, self.cursor) = (Some(upto), cursor),
                }
                let upto = self.upto.unwrap_or(upto);
                let progress = Progress::Live {
                    cursor: &self.cursor,
                    upto,
                };
                let applied = self
                    .shop
                    .writer
                    .apply(&changes, progress, self.shop.now())
                    .await?;
                self.moved = true;
                if !changes.is_empty() {
                    self.shop.tell_applied(&applied);
                }
                if upto >= self.target {
                    self.current();
                }
            }
            ServerFrame::Heartbeat { head, .. } => self.beat(head).await?,
            ServerFrame::Typing {
                ticket,
                account,
                typing,
            } => {
                lock(&self.shop.presence).typing(ticket, account, typing, Instant::now());
                self.shop.tell_presence(BTreeSet::from([ticket])).await;
            }
            ServerFrame::Reading { ticket, accounts } => {
                lock(&self.shop.presence).reading(ticket, accounts);
                self.shop.tell_presence(BTreeSet::from([ticket])).await;
            }
        }
        Ok(())
    }

    async fn beat(&mut self, head: i64) -> Result<(), End> {
        let gap = self.gap.filter(|_| !self.moved);
        self.moved = false;
        match missing(self.upto, gap, head) {
            Missing::Nothing => {
                // What was never named was there before the first page.
                self.upto = Some(head.max(self.upto.unwrap_or(head)));
                self.gap = None;
                self.current();
            }
            Missing::Perhaps => self.gap = Some(head),
            Missing::Surely => return Err(lost()),
        }
        if self.stored_at.elapsed() >= STORE_EVERY {
            self.stored_at = Instant::now();
            let current_as_of = lock(&self.shop.connection).current_as_of;
            if let Some(at) = current_as_of {
                self.shop.writer.set_current_as_of(at).await?;
            }
        }
        Ok(())
    }

    /// All that the gateway has is here.
    fn current(&self) {
        if self.proof_by.is_some() {
            return; // It may be the word of a moment long ago.
        }
        let now = self.shop.now();
        self.shop.set_connection(|view| {
            view.state = Connection::Live;
            view.current_as_of = Some(now);
        });
    }
}

fn lost() -> End {
    End::unreachable("the live connection lost something")
}

/// What a heartbeat's head says about what was received.
#[derive(Debug, PartialEq, Eq)]
enum Missing {
    Nothing,
    /// It may be on its way: look again at the next heartbeat.
    Perhaps,
    /// It was due at the last heartbeat and has not come.
    Surely,
}

fn missing(upto: Option<i64>, gap: Option<i64>, head: i64) -> Missing {
    match (upto, gap) {
        (None, _) => Missing::Nothing,
        (Some(upto), _) if head <= upto => Missing::Nothing,
        (Some(upto), Some(gap)) if upto < gap => Missing::Surely,
        (Some(_), _) => Missing::Perhaps,
    }
}

/// A frame of the gateway; none when it is of a kind that a newer gateway knows.
fn read(text: &str) -> Result<Option<ServerFrame>, End> {
    let garbage = || End::Unreadable("the gateway sent what cannot be read");
    match serde_json::from_str(text) {
        Ok(frame) => Ok(Some(frame)),
        Err(_) => {
            let named: Named = serde_json::from_str(text).map_err(|_| garbage())?;
            if KINDS.contains(&named.kind.as_str()) {
                return Err(garbage());
            }
            tracing::info!("a frame of an unknown kind is passed over");
            Ok(None)
        }
    }
}

/// What every frame has, whatever its kind.
#[derive(serde::Deserialize)]
struct Named {
    #[serde(rename = "type")]
    kind: String,
}

/// The kinds of [`ServerFrame`].
const KINDS: [&str; 5] = ["following", "changes", "heartbeat", "typing", "reading"];

fn broken(error: &tungstenite::Error) -> End {
    match error {
        tungstenite::Error::Capacity(_) => {
            End::Unreadable("the gateway sent more at once than is taken")
        }
        tungstenite::Error::Utf8(_) => End::Unreadable("the gateway sent what is not text"),
        _ => End::unreachable("the live connection broke"),
    }
}

async fn send(socket: &mut Socket, frame: &ClientFrame) -> Result<(), End> {
    let text = serde_json::to_string(frame).map_err(|_| End::unreachable("a frame is not JSON"))?;
    say(socket, Message::text(text)).await
}

async fn say(socket: &mut Socket, message: Message) -> Result<(), End> {
    tokio::time::timeout(SEND_LIMIT, socket.send(message))
        .await
        .map_err(|_| End::unreachable("the gateway takes nothing"))?
        .map_err(|_| End::unreachable("the live connection broke"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_an_unknown_kind_is_passed_over_and_garbage_is_not() {
        let known = r#"{"type":"heartbeat","head":1,"now":"2027-01-31T09:00:00Z"}"#;
        assert!(matches!(read(known), Ok(Some(_))));
        let newer = r#"{"type":"weather","rain":true}"#;
        assert!(matches!(read(newer), Ok(None)));
        for garbage in ["", "{", "[]", r#"{"type":"heartbeat"}"#, r#"{"head":1}"#] {
            assert!(
                matches!(read(garbage), Err(End::Unreadable(_))),
                "{garbage}"
            );
        }
    }

    #[test]
    fn a_head_beyond_what_came_is_given_one_heartbeat_to_come() {
        assert_eq!(
            missing(None, None, 9),
            Missing::Nothing,
            "nothing is known yet"
        );
        assert_eq!(missing(Some(9), None, 9), Missing::Nothing);
        assert_eq!(missing(Some(8), None, 9), Missing::Perhaps, "on its way");
        assert_eq!(
            missing(Some(9), Some(9), 12),
            Missing::Perhaps,
            "the old gap was filled"
        );
        assert_eq!(
            missing(Some(8), Some(9), 12),
            Missing::Surely,
            "it had its time"
        );
    }
}
