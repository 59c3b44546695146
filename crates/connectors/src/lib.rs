//! What other systems say, in Deskhand's own words: shops, carriers, payments.
//!
//! Pure as far as it goes: bytes in, records or a reason out.

pub mod carriers;
pub mod tracking;
