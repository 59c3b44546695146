//! Waiting for a state, with a limit.

use std::time::{Duration, Instant};

use anyhow::bail;

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
