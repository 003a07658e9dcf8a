//! Reports on their way to the console.

use std::{
    fs,
    sync::{Arc, atomic::Ordering},
};

use mp_agent::{OverrideReport, ReportsQueue, ReportsSent};
use mp_profile::Scope;
use mp_protocol::session_report::{Fate, MAX_ITEMS, MAX_REPORT_BYTES, SentReport};

use crate::{
    console::FakeConsole,
    station::{APP, Station, sid},
};

fn away() -> (Arc<FakeConsole>, Station) {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    (console, ts1)
}

fn waiting(station: &Station) -> usize {
    ReportsQueue::new(station.state.reports_out(), 1).waiting().unwrap()
}

#[test]
fn reports_wait_for_the_console_and_go_once() {
    let (console, ts1) = away();
    ts1.session(&sid(), APP, "Theme", "dark");
    let error = ts1.agent(|agent| agent.send_reports()).unwrap_err();
    assert!(error.to_string().starts_with("MP-AGT-054 "), "{error}");
    assert_eq!(waiting(&ts1), 2);

    console.reports.answers.store(true, Ordering::Relaxed);
    let sent = ts1.agent(|agent| agent.send_reports()).unwrap();
    assert_eq!((sent, waiting(&ts1)), (ReportsSent { taken: 2, refused: 0 }, 0));
    assert_eq!(ts1.agent(|agent| agent.send_reports()).unwrap(), ReportsSent::default());
    let taken = console.reports.taken();
    // Reports of one millisecond have no order.
    let mut events: Vec<_> = taken.iter().map(|report| report.event.word()).collect();
    events.sort_unstable();
    assert_eq!(events, ["logoff", "logon"]);
    assert_eq!(taken[0].session, taken[1].session);
    for report in &taken {
        report.check().unwrap();
    }
}

#[test]
fn more_than_a_request_takes_goes_in_several() {
    let (console, ts1) = away();
    for round in 0..40 {
        ts1.session(&sid(), APP, "Round", &round.to_string());
    }
    console.reports.answers.store(true, Ordering::Relaxed);
    assert_eq!(ts1.agent(|agent| agent.send_reports()).unwrap().taken, 80);
    let sizes: Vec<_> =
        console.reports.batches.lock().unwrap().iter().map(|batch| batch.reports.len()).collect();
    assert_eq!(sizes, [50, 30]);
}

#[test]
fn a_report_that_is_refused_does_not_hold_up_the_others() {
    let (console, ts1) = away();
    let first = ts1.logon(&sid());
    ts1.logoff(&sid());
    console.reports.answers.store(true, Ordering::Relaxed);
    console.reports.refuses.lock().unwrap().push(first.id);
    let sent = ts1.agent(|agent| agent.send_reports()).unwrap();
    assert_eq!((sent, waiting(&ts1)), (ReportsSent { taken: 1, refused: 1 }, 0));
}

/// A kill may leave a half-written neighbour, a disk anything.
#[test]
fn what_is_damaged_is_dropped_and_what_is_foreign_is_left() {
    let (console, ts1) = away();
    ts1.logon(&sid());
    let folder = ts1.state.reports_out();
    fs::write(folder.join("00000000000000000000-x.json"), "{").unwrap();
    fs::write(folder.join("something.tmp"), "{").unwrap();
    console.reports.answers.store(true, Ordering::Relaxed);
    assert_eq!(ts1.agent(|agent| agent.send_reports()).unwrap().taken, 1);
    assert_eq!(waiting(&ts1), 0);
    assert!(folder.join("something.tmp").exists());
}

#[test]
fn a_full_queue_drops_the_oldest_and_tells_the_console() {
    let (console, ts1) = away();
    let reports: Vec<SentReport> = (0..5)
        .map(|_| {
            let report = ts1.logon(&sid());
            ts1.host.unload(&sid());
            report.to_sent()
        })
        .collect();
    fs::remove_dir_all(ts1.state.reports_out()).unwrap();
    let queue = ReportsQueue::new(ts1.state.reports_out(), 3);
    let mut dropped = 0;
    for (number, report) in (0..).zip(&reports) {
        dropped += queue.put(&SentReport { started: number, ..report.clone() }).unwrap();
    }
    assert_eq!((dropped, queue.waiting().unwrap()), (2, 3));
    console.reports.answers.store(true, Ordering::Relaxed);
    ts1.agent(|agent| agent.send_reports()).unwrap();
    let batches = console.reports.batches.lock().unwrap();
    assert_eq!((batches[0].dropped, &batches[0].reports[0].id), (2, &reports[2].id));
}

/// Whoever owns a profile names its keys, also so that each character becomes six in JSON.
#[test]
fn names_that_grow_do_not_block_the_queue() {
    let (console, ts1) = away();
    let mut report = ts1.logon(&sid());
    let notes = &mut report.import.as_mut().unwrap().notes;
    for _ in 0..MAX_ITEMS {
        notes.add(mp_profile::NoteCode::UnsafeName, "\u{1}".repeat(600), "\u{2}".repeat(1_100));
    }
    let sent = report.to_sent();
    assert!(serde_json::to_vec(&sent).unwrap().len() > MAX_REPORT_BYTES);
    let queue = ReportsQueue::new(ts1.state.reports_out(), 10);
    queue.put(&sent).unwrap();
    console.reports.answers.store(true, Ordering::Relaxed);
    ts1.agent(|agent| agent.send_reports()).unwrap();
    let taken = console.reports.taken();
    let [short] = &taken[..] else { panic!("the same report, put again") };
    assert!(serde_json::to_vec(short).unwrap().len() <= MAX_REPORT_BYTES);
    let all = sent.items.list.len() + usize::try_from(sent.items.more).unwrap();
    assert_eq!(short.items.list.len() + usize::try_from(short.items.more).unwrap(), all);
    assert!(!short.items.list.is_empty());
}

#[test]
fn a_report_that_cannot_be_queued_is_no_failure() {
    let (_, ts1) = away();
    fs::write(ts1.state.reports_out(), "in the way").unwrap();
    let report = ts1.logon(&sid());
    assert!(report.problems.iter().any(|problem| problem.code == "MP-AGT-056"), "{report}");
}

#[test]
fn items_are_bounded_and_the_most_telling_come_first() {
    let (_, ts1) = away();
    let mut report = ts1.logon(&sid());
    let notes = &mut report.import.as_mut().unwrap().notes;
    for index in 0..MAX_ITEMS {
        notes.add(mp_profile::NoteCode::Excluded, format!("HKCU\\{index}"), "MP-EXC-010: autorun");
        notes.add(mp_profile::NoteCode::UnsafeName, "x".repeat(9_999), "y".repeat(9_999));
    }
    notes.more = 7;
    report.overrides.named.push(OverrideReport {
        scope: Scope::Global,
        place: "HKCU\\Software\\App: Theme".into(),
        mine_kept: true,
        theirs: "deleted".into(),
        mine: "SZ of 8 bytes".into(),
    });
    let sent = report.to_sent();
    sent.check().unwrap();
    assert!(serde_json::to_vec(&sent).unwrap().len() < 1 << 20);
    let first = &sent.items.list[0];
    assert_eq!((first.fate, first.code.as_str()), (Fate::Overridden, "MP-AGT-220"));
    assert_eq!(sent.items.list[1].fate, Fate::Refused);
    let all = report.items(usize::MAX);
    assert_eq!(sent.items.more, u64::try_from(all.list.len() - MAX_ITEMS).unwrap() + 7);
    report.session.clear();
    report.to_sent().check().unwrap();
    assert!(all.list.iter().any(|item| item.code == "MP-EXC-010" && item.reason == "autorun"));
    assert!(all.list.iter().any(|item| item.code == "MP-AGT-203" && item.scope == Some(Scope::Global)));
}
