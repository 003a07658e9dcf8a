//! What the Agent's service holds in memory while nothing happens and 50 sessions are tracked: the installed program under
//! Wine, and the same service on Linux.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{
    Bench, Programs,
    figures::Figure,
    mappings,
    programs::{self, Profile},
    wine::{SID, prefix},
};
use crate::wine::Prefix;

const SESSIONS: u32 = 50;
const STATE: &str = "C:\\mp";
const PROFILE_LIST: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";
const PATIENCE: Duration = Duration::from_secs(120);
/// How long nothing happens before memory is looked at.
const REST: Duration = Duration::from_secs(15);
/// What the kernel counts of a process, with our names.
const COUNTS: [(&str, &[&str]); 2] =
    [("resident", &["Rss"]), ("private", &["Private_Clean", "Private_Dirty"])];
/// What is resident and would be on Windows too.
const OWN: &str = "resident-without-wines-alone";
/// What is resident because of how Wine does something, and could not be on Windows.
const WINES_ALONE: [&str; 2] = [mappings::CLEARED_STACKS, mappings::CRYPTOGRAPHY];

pub(super) fn run(programs: &Programs) -> Result<Bench> {
    let scratch = programs.scratch()?.join("memory");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    let simulated = scratch.join("simulated");
    let farm = Farm::start(programs, &scratch.join("farm-simulated"), &simulated)?;
    let measured = programs::output(programs.bench("memory").arg("--state").arg(&simulated))?;
    let mut bench = Bench::from_samples("memory", &measured)?;
    farm.stop()?;

    let (_, host) = prefix("memory")?;
    let farm = Farm::start(programs, &scratch.join("farm-wine"), &host.drive_c().join("mp"))?;
    under_wine(programs, &host, &mut bench)?;
    farm.stop()?;
    Ok(bench)
}

fn under_wine(programs: &Programs, host: &Prefix, bench: &mut Bench) -> Result<()> {
    users(host)?;
    // What Wine itself takes for any service.
    let bare = programs.bare_service();
    let ask_bare = |what: &str| -> Result<()> {
        let done = host.run(&bare, [what], PATIENCE)?;
        ensure!(done.status.success(), "{what} of the bare service ended with {}", done.status);
        Ok(())
    };
    ask_bare("add")?;
    let agent = programs.agent(Profile::Agent);
    run_agent(host, &agent, &["install", "--accept-injected-events"])?;
    let begun = Instant::now();
    while tracked(host, &agent)? < SESSIONS {
        ensure!(begun.elapsed() < PATIENCE, "the service does not track all sessions");
        // Any user may ask the service once per second.
        thread::sleep(Duration::from_secs(2));
    }
    thread::sleep(REST);
    let service = process_of(&["metaprofiles-agent.exe", "--accept-injected-events"])?;
    for (name, process) in [("service", service), ("bare", process_of(&["bench-service.exe"])?)] {
        for (count, parts) in COUNTS {
            let sum = parts.iter().map(|part| smaps(process, part)).sum::<Result<f64>>()?;
            bench.figures.push(Figure::new(&format!("memory.wine.{name}.{count}"), "KiB", vec![sum])?);
        }
        let groups = mappings::resident(process)?;
        let own = groups.iter().filter(|(group, _)| !WINES_ALONE.contains(group)).map(|(_, sum)| sum).sum();
        bench.figures.push(Figure::new(&format!("memory.wine.{name}.{OWN}"), "KiB", vec![own])?);
        for (group, sum) in groups {
            bench.figures.push(Figure::new(&format!("memory.wine.{name}.{group}"), "KiB", vec![sum])?);
        }
    }
    run_agent(host, &agent, &["uninstall"])?;
    ask_bare("remove")?;
    for count in ["resident", OWN, "private"] {
        let ratio = format!("memory.wine.{count}-to-limit");
        bench.ratio(&ratio, &format!("memory.wine.service.{count}"), "memory.limit")?;
    }
    for (count, _) in COUNTS {
        let of = |what: &str| format!("memory.wine.{what}.{count}");
        bench.ratio(&format!("memory.wine.{count}-to-bare"), &of("service"), &of("bare"))?;
    }
    bench.aim(
        "memory.wine.resident-to-limit",
        1.0,
        "of 20 MB, the installed service under Wine, with Wine's own libraries",
    )?;
    bench.aim(
        "memory.wine.resident-without-wines-alone-to-limit",
        1.0,
        "of 20 MB, the same without what only Wine puts there: cleared stacks and GnuTLS",
    )?;
    bench.aim("memory.wine.private-to-limit", 1.0, "of 20 MB, what that process shares with nobody")?;
    bench.note(
        "memory.wine: the installed program as a service, 50 sessions of 50 users; there is a token of one of them, whose \
         profile is merged; bare: a service in C that does nothing",
    );
    bench.note(
        "memory.wine, what is resident by mapping: stacks are the mappings in which the threads have their stacks; cleared-stacks \
         is what of them holds only zeros, as Wine 8 clears 960 KiB of each thread's stack at its start; cryptography is GnuTLS \
         and what it loads, below Wine's bcrypt",
    );
    Ok(())
}

/// 50 users with a mandatory profile, all logged on.
fn users(host: &Prefix) -> Result<()> {
    let sids: Vec<String> = std::iter::once(SID.to_owned())
        .chain((1..SESSIONS).map(|number| format!("S-1-5-21-0-0-0-{}", 2000 + number)))
        .collect();
    let mut text = String::from("REGEDIT4\r\n\r\n");
    for sid in &sids {
        text += &format!("[{PROFILE_LIST}\\{sid}]\r\n\"State\"=dword:00000005\r\n");
        text += "\"ProfileImagePath\"=\"C:\\\\Users\\\\bench\"\r\n\r\n";
        text += &format!("[HKEY_USERS\\{sid}\\Software\\PerfTest]\r\n\"A\"=\"b\"\r\n\r\n");
    }
    fs::write(host.drive_c().join("users.reg"), text)?;
    let imported = host.run("reg", ["import", "C:\\users.reg"], PATIENCE)?;
    ensure!(imported.status.success(), "reg import ended with {}", imported.status);
    let sessions: Vec<Value> =
        (1..).zip(&sids).map(|(id, sid)| json!({ "id": id, "sid": sid, "logon": 7 })).collect();
    fs::write(host.drive_c().join("mp/injected-sessions.json"), json!(sessions).to_string())?;
    Ok(())
}

fn run_agent(host: &Prefix, agent: &Path, args: &[&str]) -> Result<String> {
    let output = host.run(agent, [&["--state", STATE, "--json"], args].concat(), PATIENCE)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{args:?} of the Agent ended with {}: {text}", output.status);
    Ok(text)
}

/// How many users' sessions the service follows, when it has nothing to do for any of them.
fn tracked(host: &Prefix, agent: &Path) -> Result<u32> {
    let status: Value = serde_json::from_str(&run_agent(host, agent, &["status"])?)?;
    let none = Vec::new();
    let users = status["sessions"]["users"].as_array().unwrap_or(&none);
    let idle = users.iter().filter(|user| user["job"].is_null() && user["sessions"] != json!([]));
    Ok(u32::try_from(idle.count())?)
}

/// The process that the service manager has started, with these words in its command line.
fn process_of(words: &[&str]) -> Result<u32> {
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        if words.iter().all(|word| line.contains(word)) {
            return Ok(number);
        }
    }
    bail!("the process of {words:?} is not there")
}

/// A sum over all mappings of a process, in KiB.
fn smaps(process: u32, part: &str) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(part)?.strip_prefix(':'));
    Ok(line
        .with_context(|| format!("the kernel does not count {part}"))?
        .trim()
        .trim_end_matches(" kB")
        .parse()?)
}

/// A console and a Storage Service in a process of their own.
struct Farm {
    child: Child,
    until_closed: ChildStdin,
}

impl Farm {
    fn start(programs: &Programs, folder: &Path, agent: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let mut command: Command = programs.bench("farm");
        command.arg("--folder").arg(folder).arg("--agent").arg(agent);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let until_closed = child.stdin.take().context("the farm has no input")?;
        let output = child.stdout.take().context("the farm has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        ensure!(line.starts_with("ready"), "the farm does not start");
        Ok(Self { child, until_closed })
    }

    fn stop(mut self) -> Result<()> {
        drop(self.until_closed);
        self.child.wait()?;
        Ok(())
    }
}
