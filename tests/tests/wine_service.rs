//! The Agent as a service under Wine: installed, asked by a helper, told of sessions, killed, restarted, removed.
//!
//! Wine has no sessions, so the service takes them from files that only administrators can write, and is told of their
//! events by a control code (`--accept-injected-events`). All else is as on Windows: the service manager, the pipe with its
//! impersonated client, the registry, the spool, the wire.
//!
//! `cargo xtask test` sets the machine up: `METAPROFILES_WINE`, `METAPROFILES_WINE_AGENT`, `METAPROFILES_WINE_SERVICE_HOST`.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mp_farm::SmallFarm;
use serde_json::{Value, json};

/// Wine's user, who is the one that the service can act as.
const SID: &str = "S-1-5-21-0-0-0-1000";
const PROFILE_LIST: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";
const STATE: &str = r"C:\mp";
const ODD: &str = r"HKCU\Software\Odd";
/// Longest time for anything to happen.
const PATIENCE: Duration = Duration::from_secs(90);

const SUBSETS: &str = r#"
[[data-subset]]
name = "Odd"
applies = "global"

[[data-subset.registry]]
key = 'Software\Odd'
"#;

struct Machine {
    loader: PathBuf,
    agent: PathBuf,
    prefix: PathBuf,
    /// One test at a time: one of them kills every Agent on the machine.
    _turn: MutexGuard<'static, ()>,
}

impl Machine {
    fn from_environment() -> Option<Self> {
        static TURN: Mutex<()> = Mutex::new(());
        Some(Self {
            _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner),
            loader: std::env::var_os("METAPROFILES_WINE")?.into(),
            agent: std::env::var_os("METAPROFILES_WINE_AGENT")?.into(),
            prefix: std::env::var_os("METAPROFILES_WINE_SERVICE_HOST")?.into(),
        })
    }

    fn run(&self, program: impl AsRef<Path>, args: &[&str]) -> (Option<i32>, String) {
        // Output goes through a file: Wine's background programs would keep a pipe open.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let log = self.prefix.join(format!("test-output-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        let output = File::create(&log).unwrap();
        let mut command = Command::new("timeout");
        command.arg("120").arg(&self.loader).arg(program.as_ref()).args(args).env("WINEPREFIX", &self.prefix);
        let status = command.stdout(output.try_clone().unwrap()).stderr(output).status().unwrap();
        (status.code(), String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned())
    }

    /// Runs the Agent's program; it must end with this code.
    fn agent(&self, args: &[&str], code: i32) -> String {
        let (status, output) = self.run(&self.agent, &[&["--state", STATE, "--json"], args].concat());
        assert_eq!(status, Some(code), "{args:?}\n{output}\n{}", self.log());
        output
    }

    fn reg(&self, args: &[&str]) -> bool {
        self.run("reg", args).0 == Some(0)
    }

    fn set(&self, name: &str, data: &str) {
        assert!(self.reg(&["add", ODD, "/v", name, "/d", data, "/f"]));
    }

    fn drive_c(&self, path: &str) -> PathBuf {
        self.prefix.join("drive_c").join(path)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.drive_c("mp/logs/agent.log")).unwrap_or_default()
    }

    /// Tells the service of events, as Windows would.
    fn session_events(&self, events: &[u32]) {
        let events: Vec<Value> = events.iter().map(|event| json!({ "session": 1, "event": event })).collect();
        fs::write(self.drive_c("mp/injected-events.json"), json!(events).to_string()).unwrap();
        self.agent(&["inject"], 0);
    }

    fn sessions(&self, logons: &[u64]) {
        let sessions: Vec<Value> =
            logons.iter().map(|logon| json!({ "id": 1, "sid": SID, "logon": logon })).collect();
        fs::write(self.drive_c("mp/injected-sessions.json"), json!(sessions).to_string()).unwrap();
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.agent(&["status"], 0)).unwrap()
    }

    fn wait(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let started = Instant::now();
        while !is_so() {
            assert!(started.elapsed() < PATIENCE, "never {what}\n{}\n{}", self.status(), self.log());
            // A user may ask the service once per second for ever.
            thread::sleep(Duration::from_secs(1));
        }
    }

    fn spooled(&self) -> usize {
        let folder = self.drive_c("mp/spool").join(SID);
        fs::read_dir(folder).map_or(0, |entries| entries.count())
    }
}

#[test]
fn the_service_lives_through_a_users_days() {
    let Some(machine) = Machine::from_environment() else {
        println!("SKIPPED the_service_lives_through_a_users_days: no Wine host; run cargo xtask test");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut farm = SmallFarm::start(folder.path(), SUBSETS).unwrap();
    let stored = farm.base_folder().join("global").join(format!("{SID}.mpd"));

    // Without the service a logon script says so and goes on at once.
    assert!(machine.agent(&["logon"], 4).contains("does not run"));

    // Another product's script is there already.
    let scripts = machine.drive_c("windows/system32/GroupPolicy/User/Scripts/scripts.ini");
    fs::create_dir_all(scripts.parent().unwrap()).unwrap();
    fs::write(&scripts, "[Logon]\r\n0CmdLine=other.cmd\r\n0Parameters=/x\r\n").unwrap();

    let installed = machine.agent(&["install", "--accept-injected-events"], 0);
    assert!(installed.contains("is installed") && installed.contains("the service runs"), "{installed}");
    let status = machine.status();
    assert_eq!(status["service"], "running");
    assert!(status["sessions"]["idle-because"].as_str().unwrap().contains("not enrolled"), "{status}");
    assert!(machine.agent(&["logon"], 3).contains("not enrolled"));
    let ini = fs::read_to_string(&scripts).unwrap();
    assert!(
        ini.contains("0CmdLine=other.cmd") && ini.contains("1CmdLine=") && ini.contains("[Logoff]"),
        "{ini}"
    );
    let policies = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System";
    assert!(machine.reg(&["query", policies, "/v", "RunLogonScriptSync"]));

    // What Windows does at a logon before anyone is told, and the enrolment, which the running service notices.
    let entry = format!(r"{PROFILE_LIST}\{SID}");
    assert!(machine.reg(&["add", &entry, "/v", "State", "/t", "REG_DWORD", "/d", "5", "/f"]));
    assert!(machine.reg(&["add", &entry, "/v", "ProfileImagePath", "/d", r"C:\users\root", "/f"]));
    machine.sessions(&[]);
    let token = farm.agent_token(None).unwrap().reveal();
    machine.agent(&["enrol", "--console", &farm.url(), "--token", &token, "--name", "TS1"], 0);
    farm.wait_for_agent("TS1").unwrap();
    machine.wait("enrolled", || machine.status()["sessions"]["idle-because"].is_null());

    // The service looks at the host's sessions when it begins. What it finds then began without it, and is another story.
    thread::sleep(Duration::from_secs(2));

    // A day: the helper of the user's session asks for logon and logoff, the host tells of both.
    machine.sessions(&[7]);
    machine.session_events(&[5]);
    machine.agent(&["logon"], 0);
    machine.set("first", "day");
    assert!(machine.agent(&["logoff"], 0).contains("stored"));
    assert!(stored.is_file(), "{}", machine.log());
    machine.sessions(&[]);
    machine.session_events(&[6]);

    // Another day, without storage: what the user did waits in the spool.
    machine.wait("over", || machine.status()["sessions"]["users"] == json!([]));
    let before = fs::read(&stored).unwrap();
    machine.sessions(&[8]);
    machine.session_events(&[5]);
    machine.agent(&["logon"], 0);
    machine.set("second", "day");
    farm.stop_storage().unwrap();
    assert!(machine.agent(&["logoff"], 3).contains("wait"));
    assert!(machine.spooled() > 0);

    // The service is killed. It is not told, nothing is lost, and when it runs again and storage is back, all is sent.
    let (killed, output) = machine.run("taskkill", &["/f", "/im", "metaprofiles-agent.exe"]);
    assert_eq!(killed, Some(0), "{output}");
    machine.sessions(&[]);
    assert!(machine.agent(&["logoff"], 4).contains("does not run"));
    let waiting = machine.spooled();
    assert!(waiting > 0);
    farm.start_storage().unwrap();
    assert_eq!(machine.status()["service"], "stopped");
    // Wine does not start a service again that has died, nor lets it be started: it must be taken away first.
    machine.agent(&["uninstall"], 0);
    machine.agent(&["install", "--accept-injected-events"], 0);
    machine.wait("sent", || machine.spooled() == 0);
    assert_ne!(fs::read(&stored).unwrap(), before, "the second day reached storage");

    let removed = machine.agent(&["uninstall"], 0);
    assert!(removed.contains("is removed"), "{removed}");
    assert_eq!(machine.status()["service"], "not installed");
    assert_eq!(
        fs::read_to_string(&scripts).unwrap(),
        "[Logon]\r\n0CmdLine=other.cmd\r\n0Parameters=/x\r\n[Logoff]\r\n"
    );
    assert!(!machine.reg(&["query", policies, "/v", "RunLogonScriptSync"]));
    assert!(machine.drive_c("mp/identity").is_dir());
    farm.stop().unwrap();
}

#[test]
fn a_recording_sees_a_hive_come_and_go() {
    let Some(machine) = Machine::from_environment() else {
        println!("SKIPPED a_recording_sees_a_hive_come_and_go: no Wine host; run cargo xtask test");
        return;
    };
    let hive = r"HKU\S-1-5-21-1111-2222-3333-1001";
    let file = machine.drive_c("recording.json");
    let recorded = thread::scope(|scope| {
        let recording = scope.spawn(|| {
            machine.run(&machine.agent, &["check", "--record", r"C:\recording.json", "--minutes", "2"])
        });
        // It has made the file when it looks.
        machine.wait("begun", || file.is_file());
        thread::sleep(Duration::from_secs(1));
        assert!(machine.reg(&["add", &format!(r"{hive}\Software"), "/f"]));
        thread::sleep(Duration::from_secs(1));
        assert!(machine.reg(&["delete", hive, "/f"]));
        recording.join().unwrap()
    });
    assert_eq!(recorded.0, Some(0), "{}", recorded.1);
    let recording: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let seen: Vec<&str> = recording["observations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["sid"] == hive.trim_start_matches(r"HKU\"))
        .map(|one| one["seen"].as_str().unwrap())
        .collect();
    assert_eq!(seen, ["hive-loaded", "profile-entry", "hive-unloaded"]);
    assert_eq!(recording["answers"].as_array().unwrap().len(), 13);
}

#[test]
fn keys_are_made_at_one_logon_and_kept_at_the_next() {
    let Some(machine) = Machine::from_environment() else {
        println!(
            "SKIPPED keys_are_made_at_one_logon_and_kept_at_the_next: no Wine host; run cargo xtask test"
        );
        return;
    };
    assert!(machine.agent(&["check", "--keys"], 0).starts_with("made"));
    assert!(machine.agent(&["check", "--keys"], 0).starts_with("kept"));
    let probe = r"HKCU\Software\MetaProfiles Field Test";
    assert!(machine.reg(&["add", probe, "/v", "Encrypted", "/t", "REG_BINARY", "/d", "00", "/f"]));
    assert!(machine.agent(&["check", "--keys"], 1).starts_with("LOST"));
    assert!(machine.reg(&["delete", probe, "/f"]));
    assert!(machine.reg(&["delete", &format!("{probe} Outcome"), "/f"]));
}

#[test]
fn the_program_holds_the_texts_of_its_events() {
    let Some(machine) = Machine::from_environment() else {
        println!("SKIPPED the_program_holds_the_texts_of_its_events: no Wine host; run cargo xtask test");
        return;
    };
    let program = fs::read(&machine.agent).unwrap();
    // In the message table they are UTF-16 and end with a line end; the program's own copy is UTF-8.
    let text: Vec<u8> = "The Agent has stopped.\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(program.windows(text.len()).any(|part| part == text));
}
