//! Bodies of requests that must get on, and of answers that say when they are over.

use super::{
    guard::{Meter, Pace, Timer},
    tally::Tally,
};
use crate::config::Door;
use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::time::Instant;

/// A body came too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
pub struct TooSlow;

impl TooSlow {
    /// Whether that is behind an error.
    pub fn is_behind(error: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if error.is::<Self>() {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// The body of a request, with a least rate.
pub struct Metered {
    body: Incoming,
    pace: Pace,
    timer: Timer,
    tally: Arc<Tally>,
}

impl Metered {
    pub fn new(body: Incoming, door: &Door, tally: Arc<Tally>) -> Self {
        Self {
            body,
            pace: Pace::new(door.stall_timeout.0, door.least_rate.0),
            timer: Timer::default(),
            tally,
        }
    }
}

impl HttpBody for Metered {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Pending => {
                let until = this.pace.blocked(Instant::now());
                ready!(this.timer.poll(until, cx));
                this.tally.slow_body.add();
                Poll::Ready(Some(Err(TooSlow.into())))
            }
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                this.pace.moved(bytes, Instant::now());
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer; when it is gone, the connection waits for the next request.
pub struct Answer {
    body: Body,
    meter: Arc<Meter>,
}

impl Answer {
    pub fn new(body: Body, meter: Arc<Meter>) -> Self {
        Self { body, meter }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.meter.ends();
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
