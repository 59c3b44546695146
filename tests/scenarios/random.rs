//! Random scenarios against real processes and sockets: nothing stale, nothing lost, nothing twice.
//!
//! `DESKHAND_SEED=17` runs one seed, `DESKHAND_SEEDS=1000` that many from the first on, both together
//! that many from that one on.

use anyhow::{Context, bail};
use deskhand_tests::random::{Plan, Ran, Sabotage, Step, Template, run};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::Instant};

/// How many seeds run in every test run.
const SEEDS: u64 = 200;
/// How many run side by side: they wait more than they work.
const TOGETHER: usize = 6;
/// After so many failures no new seed is begun.
const ENOUGH: usize = 5;
/// How long one may take.
const LIMIT: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_every_desk_ends_with_the_truth_and_every_operation_happened_once()
-> anyhow::Result<()> {
    let (first, count) = match (number("DESKHAND_SEED")?, number("DESKHAND_SEEDS")?) {
        (Some(seed), count) => (seed, count.unwrap_or(1)),
        (None, count) => (1, count.unwrap_or(SEEDS)),
    };
    let template = Arc::new(Template::make().await?);
    let began = Instant::now();
    let mut seeds = first..first + count;
    let mut running = JoinSet::new();
    let (mut all, mut done, mut failures) = (Ran::default(), 0_u64, Vec::new());
    loop {
        // After some failures the rest would say nothing new.
        while running.len() < TOGETHER
            && failures.len() < ENOUGH
            && let Some(seed) = seeds.next()
        {
            running.spawn(one(template.clone(), Plan::of(seed), None));
        }
        let Some(ended) = running.join_next().await else {
            break;
        };
        match ended? {
            Ok(ran) => all += ran,
            Err(error) => {
                eprintln!("FAILED: {error:#}");
                failures.push(format!("{error:#}"));
            }
        }
        done += 1;
        if done.is_multiple_of(100) {
            eprintln!("{done} seeds in {:.0} s", began.elapsed().as_secs_f64());
        }
    }
    eprintln!(
        "{done} seeds from {first} on in {:.1} s, {} failed: {all}",
        began.elapsed().as_secs_f64(),
        failures.len()
    );
    if let Some(first) = failures.first() {
        bail!(
            "{} of {done} seeds failed, the first: {first}",
            failures.len()
        );
    }
    assert_eq!(done, count, "every seed ran");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_that_happens_twice_does_not_go_unnoticed() -> anyhow::Result<()> {
    let steps = vec![
        Step::Swallow {
            desk: 0,
            operations: 1,
        },
        Step::Note { desk: 0, ticket: 1 },
        Step::Settle { desk: 0 },
    ];
    noticed(steps, Sabotage::FreshIds, "there 2 times").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_that_is_lost_does_not_go_unnoticed() -> anyhow::Result<()> {
    let steps = vec![Step::Stop, Step::Note { desk: 0, ticket: 1 }];
    noticed(steps, Sabotage::LostOperation, "there 0 times").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_that_lets_an_old_state_win_does_not_go_unnoticed() -> anyhow::Result<()> {
    let steps = vec![Step::Note { desk: 0, ticket: 1 }];
    noticed(steps, Sabotage::StaleRow, "An older subject").await
}

/// With the guard the plan ends well; without it, it fails for the right reason.
async fn noticed(steps: Vec<Step>, without: Sabotage, words: &str) -> anyhow::Result<()> {
    let plan = Plan {
        seed: 0,
        people: vec![0, 1],
        process: false,
        steps,
    };
    let template = Arc::new(Template::make().await?);
    one(template.clone(), plan.clone(), None).await?;
    let Err(error) = one(template, plan, Some(without)).await else {
        bail!("nothing was noticed without the guard: {without:?}");
    };
    let report = format!("{error:#}");
    assert!(report.contains(words), "another failure: {report}");
    Ok(())
}

/// Runs one plan; a failure carries the plan.
async fn one(
    template: Arc<Template>,
    plan: Plan,
    without: Option<Sabotage>,
) -> anyhow::Result<Ran> {
    let ran = tokio::time::timeout(LIMIT, run(&template, plan.clone(), without));
    ran.await
        .map_err(anyhow::Error::from)
        .and_then(|ran| ran)
        .with_context(|| plan.to_string())
}

fn number(name: &str) -> anyhow::Result<Option<u64>> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text.parse().context(format!("{name} is no number"))?)),
        Err(_) => Ok(None),
    }
}
