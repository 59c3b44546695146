//! What a message says: its language, and what the customer wants.
//!
//! Never opens a socket, never changes anything: text in, findings out.
//! This is the thin beginning: a guess by words, which says nothing when the words say nothing.
//! The learned understanding, the reply plans and the fact check grow here.

pub mod intent;
pub mod language;
