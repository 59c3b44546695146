//! Chance from a seed: the same shop on every machine.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// SplitMix64 (Steele, Lea, Flood 2014): small, portable, good enough for a pretend shop.
#[derive(Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A stream of its own for one part of the shop, so that parts do not shift one another.
    pub(crate) fn new(part: &str) -> Self {
        let seed = part.bytes().fold(0x4465_736b_6861_6e64, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `end`, without `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    /// From `from` to `to`, both possible.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        let span = u64::try_from(to - from).unwrap_or(0) + 1;
        from + i64::try_from(self.next() % span).unwrap_or(0)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, of: &mut [T]) {
        for index in (1..of.len()).rev() {
            of.swap(index, self.below(index + 1));
        }
    }

    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|place| {
                let digit = self.next() % 10;
                char::from(
                    b'0' + u8::try_from(if place == 0 { digit.max(1) } else { digit }).unwrap_or(0),
                )
            })
            .collect()
    }

    /// A UUIDv7 made of the entity's time and this stream.
    pub(crate) fn id<T: From<Uuid>>(&mut self, at: DateTime<Utc>) -> T {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes)
            .into_uuid()
            .into()
    }
}
