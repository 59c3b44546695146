//! A stream that does not wait for ever: neither for a request, nor for a reader.

use super::{
    room::{Counted, Place},
    tally::Tally,
};
use crate::config::Door;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// What was asked is answered.
    Waiting(Instant),
    /// A request has begun, or the handshake before it.
    Asking(Instant),
    /// A request is being answered; its own limits hold.
    Answering,
    /// The answer is on its way; that it gets on is looked at where it is written. More may have
    /// been asked meanwhile.
    Sending { more: bool },
    /// It is a WebSocket; those have heartbeats.
    Socket,
}

/// What a connection's stream, its requests and its bodies know of each other.
pub struct Meter {
    phase: Mutex<Phase>,
    header: Duration,
    idle: Duration,
    stall: Duration,
    rate: usize,
    place: Place,
    /// Whom a proxy's connection is used for right now.
    counted: Mutex<Option<Counted>>,
    tally: Arc<Tally>,
}

impl Meter {
    pub fn new(door: &Door, place: Place, tally: Arc<Tally>) -> Self {
        Self {
            phase: Mutex::new(Phase::Asking(
                Instant::now() + door.first_byte_timeout.0 + door.header_timeout.0,
            )),
            header: door.header_timeout.0,
            idle: door.idle_timeout.0,
            stall: door.stall_timeout.0,
            rate: door.least_rate.0,
            place,
            counted: Mutex::default(),
            tally,
        }
    }

    /// The head of a request is there.
    pub fn begins(&self) {
        self.place.proven();
        *self.phase() = Phase::Answering;
    }

    /// The request is made for somebody whom a proxy brings.
    pub fn counts(&self, counted: Counted) {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
    }

    /// The connection goes on as a WebSocket.
    pub fn becomes_socket(&self) {
        *self.phase() = Phase::Socket;
    }

    /// The answer was given.
    pub fn ends(&self) {
        let mut phase = self.phase();
        if *phase == Phase::Answering {
            *phase = Phase::Sending { more: false };
        }
    }

    /// All that was answered is sent.
    fn sent(&self) {
        let mut phase = self.phase();
        if let Phase::Sending { more } = *phase {
            *phase = if more {
                Phase::Asking(Instant::now() + self.header)
            } else {
                Phase::Waiting(Instant::now() + self.idle)
            };
            *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Whether a request has begun to arrive and is not whole.
    pub fn is_half_asked(&self) -> bool {
        matches!(*self.phase(), Phase::Asking(_))
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The first bytes of the next request arrive.
    fn hears(&self) {
        let mut phase = self.phase();
        match &mut *phase {
            Phase::Waiting(_) => *phase = Phase::Asking(Instant::now() + self.header),
            Phase::Sending { more } => *more = true,
            Phase::Asking(_) | Phase::Answering | Phase::Socket => {}
        }
    }

    /// Up to when the other side may keep us waiting.
    fn until(&self) -> Option<Instant> {
        match *self.phase() {
            Phase::Waiting(until) | Phase::Asking(until) => Some(until),
            Phase::Answering | Phase::Sending { .. } | Phase::Socket => None,
        }
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream whose other side must get on with it.
pub struct Guarded<S> {
    stream: S,
    meter: Arc<Meter>,
    reading: Timer,
    writing: Timer,
    pace: Pace,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<S> Guarded<S> {
    pub fn new(stream: S, meter: Arc<Meter>, cut: CancellationToken) -> Self {
        Self {
            pace: Pace::new(meter.stall, meter.rate),
            stream,
            meter,
            reading: Timer::default(),
            writing: Timer::default(),
            cut: Box::pin(cut.cancelled_owned()),
        }
    }

    /// The other side does not read: how long may it go on so?
    fn blocked<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(late("the gateway stops")));
        }
        let until = self.pace.blocked(Instant::now());
        ready!(self.writing.poll(until, cx));
        self.meter.tally.slow_reader.add();
        Poll::Ready(Err(late("the other side does not read")))
    }

    fn wrote(
        &mut self,
        done: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match done {
            Poll::Pending => self.blocked(cx),
            Poll::Ready(Ok(count)) => {
                self.pace.moved(count, Instant::now());
                Poll::Ready(Ok(count))
            }
            failed => failed,
        }
    }
}

fn late(words: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, words)
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buffer) {
            Poll::Pending => {
                if this.cut.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(late("the gateway stops")));
                }
                // Who still reads the answer need not ask for more.
                let until = this.meter.until().filter(|_| !this.pace.is_blocked());
                let Some(until) = until else {
                    return Poll::Pending;
                };
                ready!(this.reading.poll(until, cx));
                if this.meter.is_half_asked() {
                    this.meter.tally.slow_headers.add();
                }
                Poll::Ready(Err(late("no request came")))
            }
            read => {
                if buffer.filled().len() > before {
                    this.meter.hears();
                }
                read
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(done, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write_vectored(cx, bytes);
        this.wrote(done, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_flush(cx) {
            Poll::Pending => this.blocked(cx),
            Poll::Ready(Ok(())) => {
                this.meter.sent();
                if let Some(until) = this.meter.until() {
                    // Armed here as well: nobody need read again before it is over. When it is over
                    // already, the next read says so.
                    if this.reading.poll(until, cx).is_ready() {
                        cx.waker().wake_by_ref();
                    }
                }
                Poll::Ready(Ok(()))
            }
            failed => failed,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_shutdown(cx) {
            Poll::Pending => this.blocked(cx),
            shut => shut,
        }
    }
}

/// A time to be woken at, made when it is needed first.
#[derive(Default)]
pub struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    pub fn poll(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self
            .0
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if sleep.deadline() != until {
            sleep.as_mut().reset(until);
        }
        sleep.as_mut().poll(cx)
    }
}

/// How long somebody may stand still. What moves earns time at the least rate, never more than the
/// whole allowance; so does time in which nobody waits.
#[derive(Debug)]
pub struct Pace {
    allowance: Duration,
    rate: usize,
    credit: Duration,
    free: Option<Instant>,
    blocked: Option<Instant>,
}

impl Pace {
    pub fn new(allowance: Duration, rate: usize) -> Self {
        Self {
            allowance,
            rate: rate.max(1),
            credit: allowance,
            free: None,
            blocked: None,
        }
    }

    /// Whether somebody is waited for.
    pub fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    /// Nothing moves; up to when that is borne.
    pub fn blocked(&mut self, now: Instant) -> Instant {
        let since = match self.blocked {
            Some(since) => since,
            None => {
                let free = self.free.take().map_or(Duration::ZERO, |free| now - free);
                self.credit = self.allowance.min(self.credit + free);
                self.blocked = Some(now);
                now
            }
        };
        since + self.credit
    }

    /// So many bytes moved.
    pub fn moved(&mut self, bytes: usize, now: Instant) {
        if let Some(since) = self.blocked.take() {
            self.credit = self.credit.saturating_sub(now - since);
        }
        self.free.get_or_insert(now);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let rate = u32::try_from(self.rate).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(1) * bytes / rate;
        self.credit = self.allowance.min(self.credit + earned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moves so many bytes after each pause, and answers after how many pauses it is cut.
    fn cut_after(bytes: usize, pause: Duration) -> Option<u32> {
        let mut pace = Pace::new(Duration::from_secs(10), 1_000);
        let mut now = Instant::now();
        for turn in 0..100 {
            let until = pace.blocked(now);
            now += pause;
            if until <= now {
                return Some(turn);
            }
            pace.moved(bytes, now);
        }
        None
    }

    #[test]
    fn progress_counts_and_not_the_whole() {
        let second = Duration::from_secs(1);
        assert_eq!(
            cut_after(1_000, second),
            None,
            "just fast enough, for as long as it takes"
        );
        assert_eq!(cut_after(8_000, second * 8), None, "in steps");
        assert_eq!(
            cut_after(1, second),
            Some(10),
            "a byte a second is no progress"
        );
        assert_eq!(
            cut_after(500, second),
            Some(18),
            "half as fast lives twice as long"
        );
        assert_eq!(
            cut_after(1_000_000, second * 10),
            Some(0),
            "too long a silence"
        );
    }

    #[test]
    fn who_waited_for_us_has_the_whole_time_again() {
        let mut pace = Pace::new(Duration::from_secs(10), 1_000);
        let now = Instant::now();
        pace.blocked(now);
        let later = now + Duration::from_secs(9);
        pace.moved(1, later);
        let soon = later + Duration::from_millis(1);
        assert!(pace.blocked(soon) < soon + Duration::from_secs(2));
        pace.moved(1, soon);
        let much_later = soon + Duration::from_secs(60);
        assert_eq!(
            pace.blocked(much_later),
            much_later + Duration::from_secs(10)
        );
    }
}
