//! The Agent's process is killed at every moment of a logoff: nothing is lost, nothing is stored twice, nothing put aside.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Instant,
};

use mp_agent::{EnrolledMachine, Outcome, StateFolder, hosts::simulated::SimulatedHost};
use mp_protocol::identity::Identity;
use mp_registry::Value;
use tempfile::TempDir;

use crate::{
    station::{Station, sid, start},
    template,
};

const MOUSE: &str = r"Control Panel\Mouse";
/// Where the process that is killed finds the farm.
const FARM: &str = "METAPROFILES_KILLED_FARM";
/// How often it is killed, each time later in its work.
const KILLS: u32 = 16;

/// A logoff by a process of its own, as by `metaprofiles-agent logoff`.
#[test]
#[ignore = "it is what the test below starts and kills"]
fn logoff_of_the_process_that_is_killed() {
    let Some(folder) = env::var_os(FARM).map(PathBuf::from) else { return };
    let state = StateFolder::open(&folder.join("TS1-agent")).unwrap();
    let machine = Arc::new(EnrolledMachine::new(Arc::new(Identity::load(state.identity()).unwrap())));
    let host = SimulatedHost::at(&folder.join("TS1"), "TS1").unwrap();
    let station = Station { host, state, machine };
    station.agent(|agent| agent.logoff(&sid())).unwrap();
}

fn process(folder: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "killed::logoff_of_the_process_that_is_killed", "--ignored"])
        .env(FARM, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn an_agent_that_is_killed_at_any_moment_loses_and_doubles_nothing() {
    let folder = TempDir::new().unwrap();
    let farm = start(&folder);
    let template = template::generated();
    let [ts1, ts2, ts3] =
        ["TS1", "TS2", "TS3"].map(|name| Station::new(&farm, &folder, name, "Accounting", &template));
    ts1.logon();
    ts1.set(MOUSE, Value::sz("Unkilled", "1"));
    let begun = Instant::now();
    assert!(process(folder.path()).wait().unwrap().success());
    let whole = begun.elapsed();
    assert_eq!(ts1.logoff().outcome, Outcome::Stored);

    let mut expected = vec!["Unkilled".to_owned()];
    for kill in 0..KILLS {
        assert_eq!(ts1.logon().outcome, Outcome::Merged);
        let names = ["One", "Two"].map(|host| format!("{host}{kill:02}"));
        ts1.set(MOUSE, Value::sz(names[0].as_str(), "1"));
        // Now and then another session is faster, so that the upload is a merge.
        if kill % 2 == 1 {
            ts2.logon();
            ts2.set(MOUSE, Value::sz(names[1].as_str(), "1"));
            assert_eq!(ts2.logoff().outcome, Outcome::Stored);
            expected.push(names[1].clone());
        }
        let mut process = process(folder.path());
        std::thread::sleep(whole * kill / KILLS);
        process.kill().unwrap();
        process.wait().unwrap();
        // The hive is still loaded, and the service that starts again exports it before Windows unloads it.
        let report = ts1.logoff();
        assert_eq!(report.outcome, Outcome::Stored, "{report}");
        assert!(report.problems.is_empty(), "{report}");
        expected.push(names[0].clone());
    }
    ts3.logon();
    for name in &expected {
        assert_eq!(ts3.text(MOUSE, name).as_deref(), Some("1"), "{name}");
    }
    let (versions, put_aside) = stored(&farm.base_folder());
    let seals: BTreeSet<&[u8]> = versions.iter().map(|file| &file[32..64]).collect();
    assert_eq!((seals.len(), put_aside), (versions.len(), 0));
}

/// The files of all versions of the user's global data set, and how many are in quarantine.
fn stored(base: &Path) -> (Vec<Vec<u8>>, usize) {
    let list = |folder: PathBuf| -> Vec<PathBuf> {
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    };
    let global = base.join("global");
    let name = |extension: &str| global.join(format!("{}.{extension}", sid()));
    let files = list(name("versions")).into_iter().chain([name("mpd")]);
    (files.map(|file| fs::read(file).unwrap()).collect(), list(name("quarantine")).len())
}
