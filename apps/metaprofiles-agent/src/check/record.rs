//! Records what can be seen of a logon and logoff, by looking often.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Command, ExitCode},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use mp_agent::recording::{Recording, Seen, Verdict, answers};
use mp_profile::{SessionId, Sid};
use mp_windows::{
    ProfileLoader, RunningProgram, SeenSession, SettingsKey, SystemProfiles, hive_access, loaded_users,
    refuse_redirections, running_programs, seen_sessions,
};

/// How often is looked.
const EVERY: Duration = Duration::from_millis(50);
/// How long is looked after the hive has gone, for what Windows logs then.
const AFTERWARDS: Duration = Duration::from_secs(15);
/// Programs that matter.
const PROGRAMS: [&str; 7] = [
    "explorer.exe",
    "gpscript.exe",
    "metaprofiles-agent.exe",
    "rdpinit.exe",
    "rdpshell.exe",
    "userinit.exe",
    "winlogon.exe",
];
/// Logs, the query for the events that matter there since the recording began, and its numbers.
const LOGS: [(&str, &str); 2] = [
    (
        "Microsoft-Windows-User Profile Service/Operational",
        "EventID=1 or EventID=2 or EventID=3 or EventID=4",
    ),
    ("Application", "EventID=1530 or EventID=1533"),
];

pub(super) fn record(file: &Path, at_most: Duration) -> Result<ExitCode> {
    // What cannot be written is to be known before a user has logged on for it.
    fs::write(file, b"").with_context(|| format!("cannot write \"{}\"", file.display()))?;
    println!("log a user on and off on this host; looking for {} minutes at most", at_most.as_secs() / 60);
    let mut recording = Recording {
        every_ms: millis(EVERY),
        machine: about_machine(),
        facts: facts(),
        ..Recording::default()
    };
    let (started, mut watch) = (Instant::now(), Watch::default());
    let mut ends = started + at_most;
    while Instant::now() < ends {
        let at = millis(started.elapsed());
        watch.look(&mut |seen| recording.note(at, seen));
        if recording.is_complete() {
            ends = ends.min(Instant::now() + AFTERWARDS);
        }
        thread::sleep(EVERY);
    }
    let took = started.elapsed();
    for (log, numbers) in LOGS {
        logged(log, numbers, took).into_iter().for_each(|seen| recording.note(millis(took), seen));
    }
    recording.answers = answers(&recording);
    fs::write(file, serde_json::to_vec_pretty(&recording)?)
        .with_context(|| format!("cannot write \"{}\"", file.display()))?;
    for answer in &recording.answers {
        let verdict = match answer.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "FAIL",
            Verdict::NotSeen => "not seen",
        };
        println!("{:>2}. {verdict}: {}\n      {}", answer.item, answer.behaviour, answer.because);
    }
    println!("\"{}\" holds all of it: times, SIDs and access lists, no settings", file.display());
    let failed = recording.answers.iter().any(|answer| answer.verdict == Verdict::Fail);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What was there when it was looked last.
#[derive(Default)]
struct Watch {
    hives: BTreeMap<Sid, String>,
    entries: BTreeMap<Sid, (Option<u32>, Option<u32>)>,
    sessions: BTreeMap<SessionId, SeenSession>,
    programs: BTreeSet<RunningProgram>,
}

impl Watch {
    /// Notes what is other than before. What the system does not tell just now is as it was.
    fn look(&mut self, note: &mut impl FnMut(Seen)) {
        if let Ok(loaded) = loaded_users() {
            self.look_at_hives(&loaded, note);
        }
        if let Ok(sessions) = seen_sessions() {
            let now: BTreeMap<_, _> = sessions.into_iter().map(|session| (session.id, session)).collect();
            for (id, session) in now.iter().filter(|(id, session)| self.sessions.get(id) != Some(session)) {
                let (sid, connected) = (session.sid.clone(), session.connected);
                note(Seen::Session { session: id.0, sid, connected });
            }
            for id in self.sessions.keys().filter(|id| !now.contains_key(id)) {
                note(Seen::SessionGone { session: id.0 });
            }
            self.sessions = now;
        }
        if let Ok(programs) = running_programs() {
            let mine = std::process::id();
            let matters = |one: &RunningProgram| PROGRAMS.contains(&one.name.as_str()) && one.process != mine;
            let now: BTreeSet<_> = programs.into_iter().filter(matters).collect();
            for RunningProgram { process, session, name } in now.difference(&self.programs).cloned() {
                note(Seen::Started { program: name, session: session.0, process });
            }
            for RunningProgram { process, session, name } in self.programs.difference(&now).cloned() {
                note(Seen::Ended { program: name, session: session.0, process });
            }
            self.programs = now;
        }
    }

    fn look_at_hives(&mut self, loaded: &[Sid], note: &mut impl FnMut(Seen)) {
        for user in loaded {
            let access = hive_access(user).unwrap_or_else(|error| error.to_string());
            let sid = user.to_string();
            match self.hives.insert(user.clone(), access.clone()) {
                None => note(Seen::HiveLoaded { sid, access }),
                Some(before) if before != access => note(Seen::HiveAccess { sid, access }),
                Some(_) => {}
            }
            let entry = profile_entry(user);
            if self.entries.insert(user.clone(), entry) != Some(entry) {
                let (state, references) = entry;
                note(Seen::ProfileEntry { sid: user.to_string(), state, references });
            }
        }
        for gone in self.hives.keys().filter(|sid| !loaded.contains(sid)).cloned().collect::<Vec<_>>() {
            self.hives.remove(&gone);
            self.entries.remove(&gone);
            note(Seen::HiveUnloaded { sid: gone.to_string() });
        }
    }
}

fn profile_entry(sid: &Sid) -> (Option<u32>, Option<u32>) {
    let key = SettingsKey::open(&format!(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{sid}"));
    let Ok(Some(key)) = key else { return (None, None) };
    (key.dword("State"), key.dword("RefCount"))
}

fn about_machine() -> Vec<(String, String)> {
    let key = SettingsKey::open(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion").ok().flatten();
    let text = |name| Some(key.as_ref()?.string(name)?.to_string_lossy().into_owned());
    let known = [
        ("name", std::env::var("COMPUTERNAME").ok()),
        ("windows", text("ProductName")),
        ("build", text("CurrentBuild")),
        ("agent", Some(env!("CARGO_PKG_VERSION").to_owned())),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn facts() -> Vec<(String, String)> {
    let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
    // A start type of 4 says that the driver is disabled.
    let ucpd = SettingsKey::open(r"SYSTEM\CurrentControlSet\Services\UCPD").ok().flatten();
    let ucpd = ucpd.is_some_and(|key| key.dword("Start").is_some_and(|start| start != 4));
    let product = SystemProfiles::default().other_product();
    let product =
        product.map_or_else(|error| error.to_string(), |product| product.unwrap_or("none").to_owned());
    vec![
        ("redirection-guard".to_owned(), switch(refuse_redirections().is_ok())),
        ("ucpd".to_owned(), switch(ucpd)),
        ("other-product".to_owned(), product),
    ]
}

/// What Windows logged in the last time, by its own program for that. Where there is no such log, there is nothing.
fn logged(log: &str, numbers: &str, since: Duration) -> Vec<Seen> {
    let query = format!("*[System[({numbers}) and TimeCreated[timediff(@SystemTime) <= {}]]]", millis(since));
    let mut program = Command::new("wevtutil");
    let output = program.args(["qe", log, "/f:xml", "/c:1000", &format!("/q:{query}")]).output();
    let Ok(output) = output else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout);
    let event = |part: &str| {
        let id = between(part, "<EventID", "</EventID>")?.rsplit('>').next()?.trim().parse().ok()?;
        let time = between(part, "SystemTime=", "/>")?.trim_matches(['"', '\'', ' ']).to_owned();
        Some(Seen::Logged { log: log.to_owned(), id, time })
    };
    text.split("<Event ").skip(1).filter_map(event).collect()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
