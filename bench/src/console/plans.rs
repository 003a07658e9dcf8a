//! A change of what all Agents are told, while each of them waits for one.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use mp_protocol::{Identity, paths, tls::ServerKind};
use serde_json::json;

use super::{agents::Agents, server::Server};
use crate::{
    load::{client::Client, storm::at},
    samples::{Sample, aim, note, ratio},
};

/// The last Agent shall have a changed plan within so many seconds.
const LIMIT: f64 = 5.0;
/// Seconds for which a question waits.
const WAIT: u32 = 60;
/// Of each thread that stands for an Agent.
const STACK: usize = 256 * 1024;
/// The longest time until all Agents wait, or have their plans.
const PATIENCE: Duration = Duration::from_secs(120);

/// When an Agent had a plan that it had not before, or why it gave up.
type Told = Result<Instant>;

/// Changes the plan so many times.
pub(super) fn run(engine: &str, server: &Server, agents: &Agents, changes: u32) -> Result<()> {
    let (tell, told) = channel();
    let begun = Instant::now();
    let mut count = 0;
    for agent in agents.identities() {
        let (agent, tell, address) = (agent?, tell.clone(), server.address);
        // It ends with this program, which it outlasts by nothing that matters.
        thread::Builder::new().stack_size(STACK).spawn(move || {
            if let Err(error) = follow(&agent, address, &tell) {
                let _ = tell.send(Err(error));
            }
        })?;
        count += 1;
    }
    drop(tell);
    let came = all(&told, count)?;
    let prefix = format!("console.{engine}");
    let sample = |name: &str| Sample::new(format!("{prefix}.plans.{name}"), "s");
    let mut connected = sample("all-connected");
    connected.push(last(&came, begun));
    connected.print();
    let (mut median, mut to_last, mut cpu) = (sample("half"), sample("last"), sample("cpu"));
    let mut limit = sample("limit");
    let administrator = server.sign_in()?;
    for number in 0..changes {
        wait_for_all(server, count)?;
        let subset = json!({
            "name": "Subset 0", "applies": "global",
            "registry": [{ "key": "Software\\Vendor 0" }, { "key": format!("Software\\Change {number}") }],
        });
        let (spent, begun) = (server.cpu_ms()?, Instant::now());
        administrator.put("/api/v1/data-subsets/Subset%200", &subset)?;
        let told = all(&told, count)?;
        cpu.push((server.cpu_ms()? - spent) / 1e3);
        let mut times: Vec<Duration> = told.iter().map(|told| told.saturating_duration_since(begun)).collect();
        times.sort();
        median.push(at(&times, 50.0).as_secs_f64());
        to_last.push(last(&told, begun));
        limit.push(LIMIT);
    }
    [&median, &to_last, &cpu, &limit].iter().for_each(|sample| sample.print());
    let memory = server.memory()?;
    note(format_args!(
        "console: {engine} holds {:.0} MB while {count} Agents wait on kept-alive connections",
        memory / 1e6
    ));
    let name = format!("{prefix}.plans.last-to-limit");
    ratio(&name, format_args!("{prefix}.plans.last"), format_args!("{prefix}.plans.limit"));
    aim(&name, 1.0, format_args!("of {LIMIT} s until the last of {count} Agents has a changed plan"));
    Ok(())
}

/// An Agent asks for its plan again and again, and waits for a change.
fn follow(agent: &Identity, address: std::net::SocketAddr, tell: &Sender<Told>) -> Result<()> {
    let mut client = Client::connect_to(agent, ServerKind::Console, address)?;
    let path = format!("{}?wait={WAIT}", paths::PLAN);
    let mut tag = String::new();
    loop {
        let answer = match tag.is_empty() {
            true => client.get(&path)?,
            false => client.get_unless(&path, &tag)?,
        };
        match answer.status {
            200 => {
                tag = answer.tag.context("the plan has no tag")?;
                // Nobody listens when the measurement is over.
                if tell.send(Ok(Instant::now())).is_err() {
                    return Ok(());
                }
            }
            304 => {}
            status => anyhow::bail!("the console answered with status {status}"),
        }
    }
}

/// When each of so many Agents got its plan.
fn all(told: &Receiver<Told>, count: u32) -> Result<Vec<Instant>> {
    let deadline = Instant::now() + PATIENCE;
    let mut all = Vec::new();
    while all.len() < usize::try_from(count)? {
        let left = deadline.saturating_duration_since(Instant::now());
        let next = told.recv_timeout(left);
        all.push(next.with_context(|| format!("only {} of {count} Agents have the plan", all.len()))??);
    }
    Ok(all)
}

fn last(times: &[Instant], begun: Instant) -> f64 {
    times.iter().max().map_or(0.0, |last| last.saturating_duration_since(begun).as_secs_f64())
}

fn wait_for_all(server: &Server, count: u32) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while server.waiting()? < count {
        ensure!(Instant::now() < deadline, "not all Agents wait for a change");
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
