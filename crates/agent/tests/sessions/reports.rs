//! Reports of sessions: kept, trimmed, also of failures.

use std::{fs, sync::Arc};

use mp_agent::{AgentError, Outcome, SessionReport, SessionTimeline};
use mp_dataset::ProfileKind;
use mp_profile::{ImportMode, Sid};

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
fn the_last_hundred_and_twenty_are_kept() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    for round in 0..62 {
        ts1.session(&sid, APP, "Round", &round.to_string());
    }
    let reports = kept(&ts1, &sid);
    assert_eq!(reports.len(), 120);
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

#[test]
fn reports_of_one_session_are_joined_and_its_steps_follow_each_other() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    ts1.session(&sid, APP, "Theme", "blue");
    let reports = SessionReport::kept(&ts1.state, &sid).unwrap();
    let sessions = SessionTimeline::of(reports.clone());
    let shape: Vec<_> = sessions.iter().map(|session| session.reports.len()).collect();
    assert_eq!(shape, [2, 2], "{sessions:?}");
    assert!(sessions[0].reports[0].started > sessions[1].reports[1].started, "the last session first");
    assert_eq!(sessions[0].outcome, Outcome::Stored);
    let ids: std::collections::BTreeSet<_> = reports.iter().map(|report| &report.id).collect();
    assert_eq!((ids.len(), reports[0].id.len()), (4, 32));
    for pair in reports[0].steps.windows(2) {
        assert!((pair[0].start_ms + pair[0].ms - pair[1].start_ms).abs() < 1e-6, "{pair:?}");
    }
    assert_eq!(reports[0].mode, Some(ImportMode::Synchronous));
}

/// Without a marker in the hive: what follows a logon belongs to it, and every logon begins a session of its own.
#[test]
fn what_nothing_was_merged_into_is_a_session_as_well() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    for _ in 0..2 {
        ts1.load_kind(&sid, ProfileKind::Temporary);
        ts1.try_logon(&sid).unwrap();
        ts1.logoff(&sid);
    }
    ts1.try_logon(&sid).unwrap_err();
    let sessions = SessionTimeline::of(SessionReport::kept(&ts1.state, &sid).unwrap());
    let shape: Vec<_> = sessions.iter().map(|session| session.reports.len()).collect();
    assert_eq!(shape, [1, 2, 2], "{sessions:?}");
}

#[test]
fn a_timeline_says_what_happened_and_what_to_do() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    console.store.away();
    ts1.logon(&sid());
    let sessions = SessionTimeline::of(SessionReport::kept(&ts1.state, &sid()).unwrap());
    let text = sessions[0].to_string();
    assert!(text.starts_with("session from 2025-"), "{text}");
    assert!(text.contains(" on TS1: not-merged\n") && text.contains("MP-AGT-030"), "{text}");
    assert!(text.contains("what to do: the user worked with the mandatory profile"), "{text}");
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
