//! Contestants in short turns, so that a slow moment of the machine hits all of them.

use std::time::Instant;

use anyhow::Result;

use super::server::Server;
use crate::samples::{RUNS, Sample};

/// Turns of each contestant in a counted run.
const TURNS: u32 = 10;

/// Somebody who asks a server.
pub(super) struct Contestant<'a> {
    pub(super) name: String,
    /// Requests that one call of `act` makes.
    pub(super) requests: u32,
    /// Calls in a turn.
    pub(super) calls: u32,
    pub(super) act: Box<dyn FnMut() -> Result<()> + 'a>,
    /// Whose processor time is counted as well.
    pub(super) server: Option<&'a Server>,
}

/// Runs them turn by turn and prints milliseconds per request: on the wall as `NAME`, of the server's processor time as
/// `NAME.cpu`.
pub(super) fn compete(mut contestants: Vec<Contestant<'_>>) -> Result<()> {
    let sample = |name: &str, what: &str| Sample::new(format!("load.{name}{what}"), "ms");
    let mut samples: Vec<(Sample, Sample)> =
        contestants.iter().map(|one| (sample(&one.name, ""), sample(&one.name, ".cpu"))).collect();
    for run in 0..=RUNS {
        let mut sums = vec![(0.0, 0.0); contestants.len()];
        for _ in 0..TURNS {
            for (one, (wall, cpu)) in contestants.iter_mut().zip(&mut sums) {
                let spent = |server: Option<&Server>| server.map_or(Ok(0.0), Server::cpu_ms);
                let before = spent(one.server)?;
                let begun = Instant::now();
                for _ in 0..one.calls {
                    (one.act)()?;
                }
                *wall += begun.elapsed().as_secs_f64() * 1e3;
                *cpu += spent(one.server)? - before;
            }
        }
        for ((one, (wall, cpu)), (walls, cpus)) in contestants.iter().zip(sums).zip(&mut samples) {
            let requests = f64::from(one.requests * one.calls * TURNS);
            if run > 0 {
                walls.push(wall / requests);
                cpus.push(cpu / requests);
            }
        }
    }
    for (one, (walls, cpus)) in contestants.iter().zip(&samples) {
        walls.print();
        if one.server.is_some() {
            cpus.print();
        }
    }
    Ok(())
}
