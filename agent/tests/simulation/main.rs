//! A simulation of the log, the gate, the fsync thread and the shipper, with everything going wrong that can.
//!
//! The real journal, recorder, gate, shipper and log run on a simulated broker and a disk that refuses, loses power and
//! is killed in the middle of a call, with a scheduler of its own instead of threads and clocks: a seed determines a run.
//! `SWITCHOVER_SIM_SEEDS` says how many seeds are run (200), `SWITCHOVER_SIM_SEED` runs one and prints it.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test fails loudly, and nobody reaches into it")]

mod client;
mod disk;
mod faults;
mod forge;
mod heal;
mod kafka;
mod life;
mod plan;
mod power;
mod report;
mod rng;
mod truth;
mod world;

use plan::Plant;
use report::Report;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use world::World;

const SEEDS: u64 = 200;

/// What a run came to.
#[derive(Debug, Default, Clone, Copy)]
struct Summary {
    stored: usize,
    duplicates: u64,
    writes: u64,
}

/// One run; the broken rule and what led to it.
fn run(seed: u64, plant: Option<Plant>) -> Result<Summary, String> {
    let report = Report::default();
    let told = report.clone();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(seed, plant, report);
        for _ in 0..world.plan.steps {
            world.disturb()?;
            world.step(false)?;
        }
        world.heal()
    }));
    let rule = match outcome {
        Ok(Ok(summary)) => return Ok(summary),
        Ok(Err(rule)) => rule,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
        }
    };
    Err(format!("seed {seed}: {rule}\n{}", told.text()))
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn every_rule_holds_for_every_seed() {
    if let Some(seed) = number("SWITCHOVER_SIM_SEED") {
        let outcome = run(seed, None);
        println!("{outcome:?}");
        return outcome.map(drop).unwrap_or_else(|failure| panic!("{failure}"));
    }
    let seeds = number("SWITCHOVER_SIM_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut total = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return Ok(total);
            }
            let Summary { stored, duplicates, writes } = run(seed, None).inspect_err(|_| {
                // The other threads need not go on.
                next.store(seeds, Ordering::Relaxed);
            })?;
            total.stored += stored;
            total.duplicates += duplicates;
            total.writes += writes;
        }
    };
    let outcomes: Vec<Result<Summary, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    for outcome in outcomes {
        match outcome {
            Ok(total) => println!("{total:?}"),
            Err(failure) => panic!("{failure}rerun it with SWITCHOVER_SIM_SEED"),
        }
    }
}

#[test]
fn a_seed_determines_its_run() {
    for seed in 0..10 {
        let lines = [(); 2].map(|()| {
            let mut world = World::new(seed, None, Report::default());
            for _ in 0..world.plan.steps {
                world.disturb().and_then(|()| world.step(false)).expect("no broken rule");
            }
            world.report.text()
        });
        let differ = lines[0].lines().zip(lines[1].lines()).find(|(first, second)| first != second);
        assert_eq!(differ, None, "seed {seed}");
    }
}

#[test]
fn planted_bugs_are_found() {
    for plant in Plant::ALL {
        let found = (0..SEEDS).find_map(|seed| run(seed, Some(plant)).err().map(|failure| (seed, failure)));
        let (seed, failure) = found.unwrap_or_else(|| panic!("{plant:?} is not found"));
        println!("{plant:?}: seed {seed}: {}", failure.lines().next().unwrap_or_default());
    }
}
