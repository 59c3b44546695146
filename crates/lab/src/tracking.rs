//! `deskhand-lab tracking`.

use deskhand_connectors::tracking;
use serde::{Deserialize, Serialize};

/// A line in.
#[derive(Deserialize)]
pub struct Asked {
    number: String,
}

/// A line out.
#[derive(Serialize)]
pub struct Answer {
    courier: Option<&'static str>,
    valid: bool,
}

pub fn recognise(asked: Asked) -> Answer {
    let found = tracking::recognise(&asked.number);
    Answer {
        courier: found.map(|found| found.courier.as_str()),
        valid: found.is_some_and(|found| found.valid),
    }
}
