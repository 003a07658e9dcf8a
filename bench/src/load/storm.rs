use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{
    AGENTS, Farm, GROUP,
    client::{Client, Upload, data_set, sid},
    plot,
    server::Server,
};
use crate::samples::{fact, note};

/// Of each of a user's two data sets.
const BYTES: usize = 25_000;
const PERCENTILES: [f64; 6] = [50.0, 90.0, 99.0, 99.9, 99.99, 100.0];

/// What one storm took, user by user, sorted.
pub(super) struct Latencies {
    pub(super) name: &'static str,
    pub(super) times: Vec<Duration>,
}

/// All users log on, then all log off, as fast as the service answers.
pub(super) fn run(farm: &Farm, users: u32, drawn: Option<&Path>) -> Result<()> {
    let server = Server::start(farm, "ours")?;
    let scopes = ["global".to_owned(), format!("group:{GROUP}")];
    let tags = Mutex::new(vec![[None, None]; usize::try_from(users)?]);
    let logoff = |seed: u64| {
        storm(farm, &server, users, |client, user| {
            let index = usize::try_from(user)?;
            let bases: [Option<String>; 2] = tags.lock().unwrap()[index].clone();
            let uploads = [
                Upload::whole(data_set(user, seed, BYTES)?),
                Upload::whole(data_set(user, seed + 1, BYTES)?),
            ];
            let begun = Instant::now();
            for (which, scope) in scopes.iter().enumerate() {
                let path = format!("/v1/data-sets/{scope}/{}", sid(user));
                let answer = client.put(&path, bases[which].as_deref(), &uploads[which])?;
                ensure!(matches!(answer.status, 201 | 204), "status {}", answer.status);
                tags.lock().unwrap()[index][which] = answer.tag;
            }
            Ok(begun.elapsed())
        })
    };
    let first = logoff(1)?;
    let logon = storm(farm, &server, users, |client, user| {
        let begun = Instant::now();
        let answer = client.get(&format!("/v1/users/{}/data-sets", sid(user)))?;
        ensure!(answer.status == 200 && answer.len > 2 * BYTES, "not both data sets: {}", answer.len);
        Ok(begun.elapsed())
    })?;
    let second = logoff(3)?;
    let storms = [("logon", logon), ("first-logoff", first), ("logoff", second)];
    let mut all = Vec::new();
    for (name, (took, times)) in storms {
        fact(
            format_args!("load.storm.{name}.users-per-second"),
            "1/s",
            f64::from(users) / took.as_secs_f64(),
        );
        for percentile in PERCENTILES {
            let text = format!("load.storm.{name}.p{percentile}");
            fact(text, "ms", at(&times, percentile).as_secs_f64() * 1e3);
        }
        all.push(Latencies { name, times });
    }
    fact("load.storm.memory-after", "bytes", server.memory()?);
    note(format_args!(
        "load: storms of {users} users over {AGENTS} connections of as many Agents; a logon fetches both data sets of {BYTES} bytes in one \
         request, a logoff stores both durably; a first logoff makes the first versions, a later one keeps the former"
    ));
    if let Some(drawn) = drawn {
        std::fs::write(drawn, plot::svg(&all))?;
    }
    Ok(())
}

pub(crate) fn at(times: &[Duration], percentile: f64) -> Duration {
    let last = times.len().saturating_sub(1) as f64;
    times.get((last * percentile / 100.0).round() as usize).copied().unwrap_or_default()
}

/// Lets every user do what `act` does and measures, over all connections at once.
fn storm(
    farm: &Farm,
    server: &Server,
    users: u32,
    act: impl Fn(&mut Client, u32) -> Result<Duration> + Sync,
) -> Result<(Duration, Vec<Duration>)> {
    let next = AtomicU32::new(0);
    let begun = Instant::now();
    let times: Result<Vec<_>> = thread::scope(|scope| {
        let work = |agent| -> Result<Vec<Duration>> {
            let mut client = Client::connect(agent, server.address)?;
            let mut times = Vec::new();
            loop {
                let user = next.fetch_add(1, Ordering::Relaxed);
                if user >= users {
                    return Ok(times);
                }
                times.push(act(&mut client, user)?);
            }
        };
        let workers: Vec<_> = farm.agents.iter().map(|agent| scope.spawn(move || work(agent))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let took = begun.elapsed();
    let mut times: Vec<Duration> = times?.into_iter().flatten().collect();
    times.sort();
    Ok((took, times))
}
