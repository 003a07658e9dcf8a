//! Reports of sessions: kept, trimmed, also of failures.

use std::{fs, sync::Arc};

use mp_agent::{AgentError, Outcome, SessionReport};
use mp_profile::Sid;

use crate::{
    console::FakeConsole,
    station::{APP, Station, sid},
};

fn kept(station: &Station, sid: &Sid) -> Vec<SessionReport> {
    let mut files: Vec<_> =
        fs::read_dir(station.state.reports(sid)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap()).collect()
}

#[test]
fn the_last_twenty_are_kept() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    for round in 0..12 {
        ts1.session(&sid, APP, "Round", &round.to_string());
    }
    let reports = kept(&ts1, &sid);
    assert_eq!(reports.len(), 20);
    assert!(reports.windows(2).all(|pair| pair[0].started < pair[1].started));
    let last = reports.last().unwrap();
    assert_eq!((last.outcome, last.host.as_str(), &last.sid), (Outcome::Stored, "TS1", &sid));
    assert!(last.export.is_some() && last.steps.iter().any(|step| step.name == "send"));
}

#[test]
fn a_failure_is_reported_as_well() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let failed = ts1.try_logon(&sid()).unwrap_err();
    assert!(matches!(failed, AgentError::Host(_)));
    let report = &kept(&ts1, &sid())[0];
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(report.problems[0].code, "MP-AGT-006");
    assert!(report.problems[0].message.contains("no loaded profile"), "{report}");
}

/// The session's work is done; that its report cannot be kept does not undo it.
#[test]
fn a_report_that_cannot_be_kept_is_no_failure() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    fs::write(ts1.folder.path().join("reports"), "in the way").unwrap();
    let report = ts1.logon(&sid());
    assert_eq!(report.outcome, Outcome::Merged);
    assert!(report.problems.iter().any(|problem| problem.code == "MP-AGT-050"), "{report}");
}
