//! Waiting for a state, with a limit.

use std::time::Duration;

use anyhow::bail;
use tokio::time::Instant;

/// How long a test waits for anything that a person would wait for.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Looks again and again until the look finds something; fails with words after the limit.
pub async fn until<T, F>(what: &str, mut look: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let start = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if start.elapsed() > LIMIT {
            bail!("waited {LIMIT:?} for {what}");
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// As [`until`], for tests without async.
pub fn until_now<T>(
    what: &str,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if start.elapsed() > LIMIT {
            bail!("waited {LIMIT:?} for {what}");
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}
