//! What both sockets share: limits, closing with a reason, reading frames.

use crate::{extract::read_json, feed::encode, problem::Refusal};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// How long the first frame may take to arrive.
pub const FIRST_FRAME: Duration = Duration::from_secs(10);
/// The largest message anybody may send us: frames of clients are small.
const INCOMING: usize = 16 * 1024;

/// How many frames the other side may send between two heartbeats.
const FRAMES: u32 = 200;

/// Counts what the other side sends, so that nobody floods everybody's screens.
#[derive(Default)]
pub struct Heard(u32);

impl Heard {
    /// One more frame; an error when it is too many.
    pub fn count(&mut self) -> Result<(), Ending> {
        self.0 += 1;
        if self.0 > FRAMES {
            // RFC 6455 §7.4.1: a message that violates the other side's policy.
            return Err((1008, "too many frames: wait before reconnecting"));
        }
        Ok(())
    }

    /// A heartbeat has passed.
    pub fn reset(&mut self) {
        self.0 = 0;
    }
}

/// Why a socket ends: the close code and words for whoever debugs the other side.
pub type Ending = (u16, &'static str);

/// The other side hung up; there is nobody to tell.
pub const GONE: Ending = (0, "");

/// Bounds everything that the library leaves open or sets high.
pub fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(8 * 1024 * 1024)
        .max_message_size(INCOMING)
        .max_frame_size(INCOMING)
}

/// Sends what was encoded before. Whoever does not get on with reading it is cut by the door.
pub async fn send(socket: &mut WebSocket, text: Utf8Bytes) -> Result<(), Ending> {
    let sent = socket.send(Message::Text(text)).await;
    sent.map_err(|_| GONE)
}

/// Encodes and sends.
pub async fn say(socket: &mut WebSocket, frame: &impl Serialize) -> Result<(), Ending> {
    send(socket, encode(frame)).await
}

/// What a message says; `None` for pings and the like.
pub fn read<T: DeserializeOwned>(
    message: Option<Result<Message, axum::Error>>,
) -> Result<Option<T>, Ending> {
    const BAD: Ending = (
        deskhand_protocol::live::close::BAD_FRAME,
        "a frame could not be read",
    );
    match message {
        None | Some(Ok(Message::Close(_))) => Err(GONE),
        // Too large, or no WebSocket any more; when the other side is gone, the goodbye fails.
        Some(Err(_)) => Err(BAD),
        Some(Ok(Message::Text(text))) => read_json(&text).map(Some).map_err(|_: Refusal| BAD),
        Some(Ok(Message::Binary(_))) => Err(BAD),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
    }
}

/// Says why and hangs up.
pub async fn close(socket: &mut WebSocket, (code, reason): Ending) {
    if code == 0 {
        return;
    }
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    let goodbye = socket.send(Message::Close(Some(frame)));
    // The other side may be gone or deaf; either way it is over.
    tokio::time::timeout(Duration::from_secs(2), goodbye)
        .await
        .ok();
}
