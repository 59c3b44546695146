//! Hollowpine.
