//! The encrypted SQLite file of the desktop.
