//! Records what can be seen of a logon and logoff, by looking often.

mod snapshot;
mod watch;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
    sync::mpsc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result};
use mp_agent::recording::{Observation, Recording, Seen, Verdict, answers, logged_events};
use mp_profile::Sid;
use mp_windows::{ProfileLoader, SettingsKey, SystemProfiles, refuse_redirections};

use self::watch::Watch;

/// How often is looked.
const EVERY: Duration = Duration::from_millis(50);
/// How long is looked after the hive has gone, for what Windows logs then.
const AFTERWARDS: Duration = Duration::from_secs(15);
/// How long after its coming a hive is read in two ways: the logon is over then.
const QUIET_AFTER: Duration = Duration::from_secs(20);
/// Logs, the query for the events that matter there since the recording began, and its numbers.
const LOGS: [(&str, &str); 2] = [
    (
        "Microsoft-Windows-User Profile Service/Operational",
        "EventID=1 or EventID=2 or EventID=3 or EventID=4",
    ),
    (
        "Application",
        "EventID=1500 or EventID=1509 or EventID=1521 or EventID=1530 or EventID=1533 or \
         (Provider[@Name='Microsoft-Windows-Winlogon'] and (EventID=6005 or EventID=6006))",
    ),
];

pub(super) fn record(file: &Path, at_most: Duration, days: usize) -> Result<ExitCode> {
    // What cannot be written is to be known before a user has logged on for it.
    fs::write(file, b"").with_context(|| format!("cannot write \"{}\"", file.display()))?;
    println!("log a user on and off on this host; looking for {} minutes at most", at_most.as_secs() / 60);
    let mut recording = Recording {
        every_ms: millis(EVERY),
        machine: about_machine(),
        facts: facts(),
        ..Recording::default()
    };
    let (began, started) = (SystemTime::now(), Instant::now());
    let (mut watch, mut snapshots) = (Watch::default(), Snapshots::new(file));
    let mut ends = started + at_most;
    // What the first look sees was there before.
    let mut at = 0;
    while Instant::now() < ends {
        watch.look(&mut |seen| {
            snapshots.learn(at, &seen);
            recording.note(at, seen);
        });
        snapshots.look(at, &mut recording);
        if recording.days() >= days {
            ends = ends.min(Instant::now() + AFTERWARDS);
        }
        thread::sleep(EVERY);
        at = millis(started.elapsed()).max(1);
    }
    let took = started.elapsed();
    for (log, numbers) in LOGS {
        for Observation { at, seen } in logged(log, numbers, began, took) {
            recording.note(at, seen);
        }
    }
    recording.put_in_order();
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
    println!(
        "\"{}\" holds all of it: times, SIDs, access lists and the program for web addresses, no other settings",
        file.display()
    );
    let failed = recording.answers.iter().any(|answer| answer.verdict == Verdict::Fail);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Has the first hive that comes read in two ways, on a thread beside, so that nothing is looked at later for it.
struct Snapshots {
    folder: std::path::PathBuf,
    comes: Option<(u64, Sid)>,
    done: bool,
    sender: mpsc::Sender<Seen>,
    taken: mpsc::Receiver<Seen>,
}

impl Snapshots {
    fn new(recording: &Path) -> Self {
        let (sender, taken) = mpsc::channel();
        Self { folder: recording.with_extension("hive"), comes: None, done: false, sender, taken }
    }

    fn learn(&mut self, at: u64, seen: &Seen) {
        match seen {
            Seen::HiveLoaded { sid, .. } if at > 0 && self.comes.is_none() => {
                self.comes = sid.parse().ok().map(|sid| (at, sid));
            }
            Seen::HiveUnloaded { sid } if self.comes.as_ref().is_some_and(|(_, of)| of.as_str() == sid) => {
                self.comes = None;
            }
            _ => {}
        }
    }

    fn look(&mut self, at: u64, recording: &mut Recording) {
        if let Some((came, sid)) = &self.comes
            && !self.done
            && at > came + millis(QUIET_AFTER)
        {
            self.done = true;
            let (sid, folder, sender) = (sid.clone(), self.folder.clone(), self.sender.clone());
            thread::spawn(move || {
                let timing = snapshot::measure(&sid, &folder);
                // The recording may have ended meanwhile.
                let _ = sender.send(Seen::Snapshot { sid: sid.to_string(), timing });
            });
        }
        while let Ok(seen) = self.taken.try_recv() {
            recording.note(at, seen);
        }
    }
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
fn logged(log: &str, numbers: &str, began: SystemTime, since: Duration) -> Vec<Observation> {
    let query = format!("*[System[({numbers}) and TimeCreated[timediff(@SystemTime) <= {}]]]", millis(since));
    let mut program = Command::new("wevtutil");
    let output = program.args(["qe", log, "/f:xml", "/c:1000", &format!("/q:{query}")]).output();
    output.map_or_else(
        |_| Vec::new(),
        |output| logged_events(log, &String::from_utf8_lossy(&output.stdout), began),
    )
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
