//! One line in, one line out.

use anyhow::Context as _;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write as _},
    path::Path,
    process::ExitCode,
};

/// Answers every line of a file, or of standard input.
pub fn each<Asked, Answer>(
    file: Option<&Path>,
    answer: impl Fn(Asked) -> Answer,
) -> anyhow::Result<ExitCode>
where
    Asked: DeserializeOwned,
    Answer: Serialize,
{
    let input: Box<dyn BufRead> = match file {
        Some(file) => {
            let opened = File::open(file).with_context(|| format!("{}", file.display()))?;
            Box::new(BufReader::new(opened))
        }
        None => Box::new(io::stdin().lock()),
    };
    let mut output = BufWriter::new(io::stdout().lock());
    let mut all_read = true;
    for line in input.split(b'\n') {
        let line = line.context("the input could not be read")?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(asked) => serde_json::to_writer(&mut output, &answer(asked))?,
            Err(error) => {
                all_read = false;
                serde_json::to_writer(&mut output, &json!({ "error": error.to_string() }))?;
            }
        }
        output.write_all(b"\n")?;
    }
    output.flush()?;
    Ok(if all_read {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
