//! Puts the pure parts of Deskhand on trial with anybody's data.
//!
//! JSON lines in, JSON lines out in the same order. A line that cannot be read gives an error on
//! its line, and the exit status is 1 at the end.

mod lines;
mod payload;
mod tracking;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Puts the pure parts of Deskhand on trial with your own data.
///
/// Reads JSON lines on standard input or in a file and writes JSON lines in the same order. A line
/// that cannot be read gives {"error": "…"} on its line, and exit status 1 at the end.
#[derive(Parser)]
#[command(version)]
struct Lab {
    #[command(subcommand)]
    trial: Trial,
}

#[derive(Subcommand)]
enum Trial {
    /// What a provider's payloads say: Deskhand's own records or {"error"} out, one line a file.
    Payload {
        /// Whose payloads they are.
        #[arg(long)]
        provider: payload::Provider,
        /// The payloads, or recorded exchanges with request, status and body.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Whose number it is and whether it can be one: {"number"} in, {"courier", "valid"} out.
    Tracking {
        /// Read instead of standard input.
        file: Option<PathBuf>,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Lab::parse().trial {
        Trial::Payload { provider, files } => payload::read(provider, &files),
        Trial::Tracking { file } => lines::each(file.as_deref(), tracking::recognise),
    }
}
