//! A moment on a working day, and the shop at it.

use chrono::{DateTime, Utc};
use deskhand_sample::Sample;

pub fn now() -> DateTime<Utc> {
    "2026-11-20T09:46:00Z".parse().expect("a moment")
}

pub fn shop() -> Sample {
    deskhand_sample::generate(now())
}
