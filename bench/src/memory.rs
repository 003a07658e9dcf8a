//! What the Agent's service holds in memory with 50 sessions: the same service as on Windows, over a simulated host, with real
//! connections to a farm that runs in another process.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use mp_agent::{
    EnrolledMachine, PolicySettings, StateFolder,
    hosts::simulated::{ProfileLoader, SimulatedSessions},
    service::{AgentService, HelperRequest, Ports, ServiceEvent},
};
use mp_profile::{
    Clock, Sid,
    machine::{Answer, Request, SessionChange},
    memory::{MemoryHost, MemoryProfile},
};
use mp_protocol::Identity;
use mp_registry::{FileTime, Key, KeyPath};

use crate::{
    made,
    samples::{aim, fact, note, ratio},
};

const SESSIONS: u32 = 50;
/// What each user's profile holds, in values.
const VALUES: usize = 300;
/// Where the farm's data subset has it.
const PARENT: &str = "Software";
const NAME: &str = "PerfTest";
/// What the idle service may hold, in KiB: 20,000,000 bytes.
const LIMIT: f64 = 20_000_000.0 / 1024.0;
/// How long nothing happens before memory is looked at.
const REST: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Args)]
pub(crate) struct MemoryArgs {
    /// State folder of an Agent that is enrolled
    #[arg(long)]
    state: PathBuf,
}

struct Loader(Arc<MemoryHost>);

impl ProfileLoader for Loader {
    fn load(&self, sid: &Sid) -> Result<(), String> {
        let mut root = Key::new("");
        root.ensure(&KeyPath::parse(PARENT)).insert_subkey(made::tree(NAME, VALUES));
        self.0.load(sid.clone(), MemoryProfile::mandatory(root));
        Ok(())
    }

    fn unload(&self, sid: &Sid) -> Result<(), String> {
        self.0.unload(sid).map(drop).ok_or_else(|| "it is not loaded".to_owned())
    }
}

struct RealTime(Instant);

impl Clock for RealTime {
    fn now(&self) -> FileTime {
        FileTime(0x01DC_5B00_0000_0000 + u64::try_from(self.elapsed().as_nanos() / 100).unwrap_or_default())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

pub(crate) fn run(args: &MemoryArgs) -> Result<()> {
    note(
        "memory.simulated: this service on Linux over a simulated host, 50 users of 300 values each, all merged over mutual TLS; what \
          the host holds for the users' profiles is in \"host\", what the service adds in \"service\"",
    );
    let host = Arc::new(MemoryHost::new("BENCH1"));
    let sessions = SimulatedSessions::new(Arc::new(Loader(Arc::clone(&host))));
    let state = StateFolder::open(&args.state)?;
    let identity = Identity::load(state.identity()).context("the Agent is not enrolled")?;
    let clock = Arc::new(RealTime(Instant::now()));
    let mut users = Vec::new();
    for number in 0..SESSIONS {
        let sid: Sid = format!("S-1-5-21-1-2-3-{}", 1001 + number).parse()?;
        let session = sessions.log_on(&sid, clock.now()).map_err(|error| anyhow!(error))?;
        users.push((sid, session));
    }
    let before = resident()?;
    let service = AgentService::start(Ports {
        state,
        host,
        control: Arc::new(sessions.clone()),
        connections: Arc::new(EnrolledMachine::new(Arc::new(identity))),
        clock,
        settings: PolicySettings::default(),
    });
    let mut answers = Vec::new();
    for (sid, session) in &users {
        let (sender, answer) = mpsc::channel();
        let change = SessionChange::Logon;
        service.handle(ServiceEvent::Session { session: *session, change });
        service.handle(ServiceEvent::Request(HelperRequest {
            sid: sid.clone(),
            session: *session,
            logon: None,
            request: Request::Logon,
            reply: Box::new(move |answer| {
                // Whoever waits for it takes the first only.
                let _ = sender.send(answer);
            }),
        }));
        answers.push(answer);
    }
    for answer in answers {
        let answer = answer.recv_timeout(PATIENCE)?.answer;
        ensure!(answer == Answer::Merged, "a logon ended with {answer:?}");
    }
    let begun = Instant::now();
    while service.status().iter().any(|user| user.job.is_some()) {
        ensure!(begun.elapsed() < PATIENCE, "the service does not come to rest");
        thread::sleep(Duration::from_millis(50));
    }
    thread::sleep(REST);
    ensure!(service.status().len() == users.len(), "not all sessions are tracked");
    let idle = resident()?;
    fact("memory.simulated.threads", "threads", counted("Threads:")?);
    fact("memory.simulated.host", "KiB", before);
    fact("memory.simulated.whole", "KiB", idle);
    fact("memory.simulated.service", "KiB", idle - before);
    fact("memory.limit", "KiB", LIMIT);
    ratio("memory.simulated.service-to-limit", "memory.simulated.service", "memory.limit");
    aim(
        "memory.simulated.service-to-limit",
        1.0,
        "of 20 MB, what the service adds on Linux, 50 sessions merged",
    );
    service.stop(false, PATIENCE);
    Ok(())
}

/// What this process holds in memory, in KiB.
fn resident() -> Result<f64> {
    counted("VmRSS:")
}

/// What the kernel counts of this process under a name that ends with a colon.
fn counted(what: &str) -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix(what)).with_context(|| format!("no {what}"))?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
