//! Frames of desktops and of chat pages.
#![no_main]

use deskhand_gateway::testing::fuzz::frames;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frames(bytes));
