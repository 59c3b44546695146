//! Faults among whole frames of the live socket: what the gateway says arrives twice, or out of
//! its order. Bytes that belong to no upgraded connection pass as they are.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Faults that still wait for a frame; shared by all connections of a line.
#[derive(Default)]
pub(crate) struct FrameFaults {
    /// How many changes arrive twice.
    repeat: AtomicU32,
    /// How many changes arrive after what was said later.
    overtake: AtomicU32,
    /// Whether something is held back now.
    pub(crate) holds: AtomicBool,
}

impl FrameFaults {
    pub(crate) fn repeat(&self, frames: u32) {
        self.repeat.store(frames, Ordering::SeqCst);
    }

    pub(crate) fn overtake(&self, frames: u32) {
        self.overtake.store(frames, Ordering::SeqCst);
    }

    pub(crate) fn heal(&self) {
        self.repeat(0);
        self.overtake(0);
    }
}

/// Takes one, if there is one left.
pub(crate) fn take(left: &AtomicU32) -> bool {
    let one_less = |left: u32| left.checked_sub(1);
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
        .is_ok()
}

/// One connection's way back, cut into frames once it is a live socket.
pub(crate) struct Frames {
    state: State,
    /// Bytes that are no whole head or frame yet.
    rest: Vec<u8>,
    /// A frame that waits until another one has passed.
    held: Option<Vec<u8>>,
}

enum State {
    /// The answer's head has not been seen.
    Unknown,
    /// A live socket.
    Live,
    /// Anything else.
    Plain,
}

impl Frames {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Unknown,
            rest: Vec::new(),
            held: None,
        }
    }

    /// What of these bytes, and of those before, goes on now.
    pub(crate) fn pass(&mut self, bytes: &[u8], faults: &FrameFaults) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        match self.state {
            State::Plain => out.extend_from_slice(bytes),
            State::Unknown => {
                self.rest.extend_from_slice(bytes);
                let Some(end) = memchr::memmem::find(&self.rest, b"\r\n\r\n") else {
                    return out;
                };
                let live = self.rest.starts_with(b"HTTP/1.1 101");
                let body = self
                    .rest
                    .split_off(if live { end + 4 } else { self.rest.len() });
                out.append(&mut self.rest);
                self.rest = body;
                self.state = if live { State::Live } else { State::Plain };
                self.frames(faults, &mut out);
            }
            State::Live => {
                self.rest.extend_from_slice(bytes);
                self.frames(faults, &mut out);
            }
        }
        out
    }

    fn frames(&mut self, faults: &FrameFaults, out: &mut Vec<u8>) {
        while let Some(length) = length(&self.rest).filter(|length| *length <= self.rest.len()) {
            let later = self.rest.split_off(length);
            let frame = std::mem::replace(&mut self.rest, later);
            let changes =
                memchr::memmem::find(&frame, br#"{"type":"changes""#).is_some_and(|at| at <= HEAD);
            if changes && self.held.is_none() && take(&faults.overtake) {
                faults.holds.store(true, Ordering::SeqCst);
                self.held = Some(frame);
                continue;
            }
            out.extend_from_slice(&frame);
            if changes && take(&faults.repeat) {
                out.extend_from_slice(&frame);
            }
            if let Some(held) = self.held.take() {
                faults.holds.store(false, Ordering::SeqCst);
                out.extend_from_slice(&held);
            }
        }
    }
}

/// The longest head of a frame that a gateway sends.
const HEAD: usize = 10;

/// How long the frame at the start is (RFC 6455 §5.2); a gateway's frames have no mask.
fn length(bytes: &[u8]) -> Option<usize> {
    let short = usize::from(bytes.get(1)? & 0x7f);
    match short {
        126 => {
            let length = bytes.get(2..4)?.try_into().ok()?;
            Some(4 + usize::from(u16::from_be_bytes(length)))
        }
        127 => {
            let length = bytes.get(2..10)?.try_into().ok()?;
            Some(10 + usize::try_from(u64::from_be_bytes(length)).ok()?)
        }
        short => Some(2 + short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> Vec<u8> {
        let mut frame = vec![0x81];
        match u8::try_from(text.len()) {
            Ok(length @ ..126) => frame.push(length),
            _ => {
                frame.push(126);
                frame.extend(u16::try_from(text.len()).expect("short").to_be_bytes());
            }
        }
        frame.extend_from_slice(text.as_bytes());
        frame
    }

    #[test]
    fn frames_are_repeated_and_overtaken_however_the_bytes_come() {
        let changes = |number: usize| {
            let text = format!(
                r#"{{"type":"changes","upto":{number},"x":"{}"}}"#,
                "y".repeat(number)
            );
            frame(&text)
        };
        let head = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        let (one, two, three) = (changes(1), changes(200), changes(3));
        let sent = [&head[..], &one, &two, &three].concat();
        for size in [1, 2, 7, 100, sent.len()] {
            let faults = FrameFaults::default();
            faults.overtake(1);
            faults.repeat(1);
            let mut frames = Frames::new();
            let came: Vec<u8> = sent
                .chunks(size)
                .flat_map(|piece| frames.pass(piece, &faults))
                .collect();
            let expected = [&head[..], &two, &two, &one, &three].concat();
            assert_eq!(came, expected, "pieces of {size}");
            assert!(!faults.holds.load(Ordering::SeqCst));
        }
    }

    #[test]
    fn what_is_no_live_socket_passes_as_it_is() {
        let faults = FrameFaults::default();
        faults.overtake(9);
        let mut frames = Frames::new();
        let page = b"HTTP/1.1 200 OK\r\n\r\n{\"type\":\"changes\"}";
        let mut came = frames.pass(&page[..9], &faults);
        came.extend(frames.pass(&page[9..], &faults));
        assert_eq!(came, page);
    }
}
