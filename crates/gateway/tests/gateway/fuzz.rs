//! The targets of `fuzz/`, driven by a seed: what is valid, changed a little, again and again.

use deskhand_gateway::testing::fuzz::TARGETS;
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use std::panic::catch_unwind;

/// What breaks parsers, put in anywhere.
const SPICES: [&[u8]; 22] = [
    b"null",
    b"true",
    b"-0",
    b"1e999",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"\\u0000",
    b"\\ud800",
    b"\\u202e",
    b"\\u0308",
    b"\"",
    b"\\",
    b"{",
    b"[",
    b"]}",
    b",",
    b":",
    b"%00",
    b"%FF",
    "\u{130}".as_bytes(),
    "e\u{202a}\u{301}".as_bytes(),
    "\u{1e9e}\u{fb01}".as_bytes(),
];

fn mutated(seeds: &[&str], random: &mut StdRng) -> Vec<u8> {
    let pick = |random: &mut StdRng| {
        seeds
            .choose(random)
            .map_or(Vec::new(), |seed| seed.as_bytes().to_vec())
    };
    let mut bytes = pick(random);
    for _ in 0..random.random_range(0..6) {
        let at = random.random_range(0..=bytes.len());
        let end = (at + random.random_range(0..24)).min(bytes.len());
        match random.random_range(0..6) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.random_range(0..8);
                }
            }
            1 => drop(bytes.splice(at..end, [])),
            2 => {
                let part = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, part));
            }
            3 => {
                let spice = SPICES[random.random_range(0..SPICES.len())];
                drop(bytes.splice(at..at, spice.iter().copied()));
            }
            4 => {
                let other = pick(random);
                let from = random.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                let letter = char::from_u32(random.next_u32() % 0x11_0000).unwrap_or('\u{fffd}');
                let mut encoded = [0; 4];
                let encoded = letter.encode_utf8(&mut encoded).as_bytes().to_vec();
                drop(bytes.splice(at..end, encoded));
            }
        }
    }
    bytes
}

#[test]
fn whatever_is_sent_is_refused_or_stays_as_it_is() {
    let number = |name: &str, unless: u64| {
        std::env::var(name).map_or(unless, |text| text.parse().expect("a number"))
    };
    let (times, seed) = (number("DESKHAND_TIMES", 5_000), number("DESKHAND_SEED", 1));
    for (name, target, seeds) in TARGETS {
        let mut random = StdRng::seed_from_u64(seed);
        for _ in 0..times {
            let bytes = mutated(seeds, &mut random);
            if catch_unwind(|| target(&bytes)).is_err() {
                panic!("{name} fails over {:?}", String::from_utf8_lossy(&bytes));
            }
        }
        println!("{name}: {times} inputs from seed {seed}");
    }
}
