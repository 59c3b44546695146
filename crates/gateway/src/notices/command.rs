//! `deskhand-gateway rules`: what would have been told, and who does not want to be.

use super::replay::{Story, play};
use crate::{
    config::Config,
    errands::{self, Errand, Outcome},
    start::{StartError, location},
    store::{connect_to_read, read_past},
};
use chrono::TimeDelta;
use deskhand_domain::{Instant, wismo::World};
use std::io::Write;

/// How far back is looked unless somebody says.
const BACK: TimeDelta = TimeDelta::days(30);

/// Plays what is in the database again under the rules of a configuration, and writes what would
/// have been told. Nothing is sent, nothing is stored, and a gateway may run meanwhile.
pub async fn replay(
    config: &Config,
    since: Option<Instant>,
    now: Instant,
    out: &mut impl Write,
) -> Result<Story, StartError> {
    let location = location(config);
    let since = since.unwrap_or(now - BACK);
    let mut connection = connect_to_read(&location).await?;
    let past = read_past(&mut connection, since)
        .await
        .map_err(|error| StartError::from(error).at(&location))?;
    let mut world = World::new(&past.time_zone);
    world.gaps = past.gaps.clone();
    let story = play(&past, &config.notices.as_if_enabled(), &world, since, now);
    for line in &story.lines {
        writeln!(out, "{line}").map_err(StartError::Output)?;
    }
    Ok(story)
}

/// Notes that the customers of an address do not want to be told before they ask, or do again.
pub async fn set_objection(
    config: &Config,
    email: &str,
    objects: bool,
) -> Result<usize, StartError> {
    let email = email.to_owned();
    match errands::run(config, &Errand::Object { email, objects }).await? {
        Outcome::Changed { count } => Ok(count),
        other => Err(other.unlike("the customer")),
    }
}
