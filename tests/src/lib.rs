//! The kit of the tests: people, shops, windows and browsers, and how to wait for them.
//!
//! It must never sleep for a time in place of waiting for a state, and it leaves no process
//! behind.

pub mod agent;
pub mod canary;
pub mod chromium;
pub mod customer;
pub mod desk;
pub mod desktop;
pub mod disk;
mod frames;
pub mod gateway;
pub mod injection;
pub mod line;
pub mod power;
pub mod process;
pub mod random;
pub mod wait;
pub mod webdriver;

use std::net::TcpListener;

/// A port of this computer that nobody uses now.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Chooses the cryptography of the tests' own HTTP client; fine to be called often.
pub fn use_ring() {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}
