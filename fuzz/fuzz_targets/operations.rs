//! Bodies of what changes something.
#![no_main]

use deskhand_gateway::testing::fuzz::operations;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| operations(bytes));
