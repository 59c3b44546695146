//! What other systems say, in Deskhand's own words: shops, carriers, payments.
//!
//! Pure as far as it goes: bytes in, records or a reason out. Only the shops of [`commerce`] and the
//! services of [`carriers::live`] are asked over the network, by a client that the caller gives
//! them.

pub mod carriers;
pub mod commerce;
pub mod tracking;
pub mod webhooks;
