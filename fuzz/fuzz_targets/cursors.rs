//! Cursors, and queries that hold one.
#![no_main]

use deskhand_gateway::testing::fuzz::cursors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cursors(bytes));
