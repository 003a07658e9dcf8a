//! The texts that administrators read.

use std::{fs, sync::Arc};

use mp_agent::{AgentError, NewEntry, Outcome, SessionReport, StepReport};
use mp_profile::{ExportError, HostError, ImportError, NoteCode, StoreError};
use mp_registry::{KeyPath, RegistryError, RegistryErrorKind};

use crate::{
    console::{FakeConsole, plan, subset},
    station::{APP, LEDGER, Station, sid},
    store::Faults,
};

/// Times and versions by chance are left out; the rest is as an administrator reads it.
fn text(mut report: SessionReport) -> String {
    for (index, step) in report.steps.iter_mut().enumerate() {
        *step = StepReport { name: step.name.clone(), start_ms: 0.0, ms: if index == 0 { 1.5 } else { 0.5 } };
    }
    for set in &mut report.data_sets {
        set.bytes = set.bytes.map(|_| 1234);
    }
    report.to_string()
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[test]
fn reports_of_sessions() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    let mut texts = vec![text(ts1.logon(&sid))];
    ts1.set(&sid, APP, "Theme", "dark");
    ts1.set(&sid, LEDGER, "Year", "2026");
    texts.push(text(ts1.logoff(&sid)));
    texts.push(text(ts1.logon(&sid)));
    texts.push(text(ts1.try_logon(&sid).unwrap()));
    console.store.fail(Faults { read_only: true, ..Faults::default() });
    ts1.unset(&sid, APP, "Theme");
    texts.push(text(ts1.logoff(&sid)));
    texts.push(text(ts1.logon(&sid)));
    ts1.host.unload(&sid);
    console.store.away();
    let ts2 = Station::new("TS2", &console);
    texts.push(text(ts2.logon(&sid)));
    texts.push(text(ts2.try_logon(&sid).unwrap()));
    ts2.set(&sid, APP, "Theme", "blue");
    console.store.back();
    let quarantined = ts2.logoff(&sid);
    assert_eq!(quarantined.outcome, Outcome::Quarantined);
    texts.push(text(quarantined));
    insta::assert_snapshot!(texts.join("\n"));
}

/// Hundreds of notes become a line per reason.
#[test]
fn notes_are_grouped() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    let mut wide = plan(1);
    wide.plan.subsets.push(subset("All of it", "Software\\Microsoft\\Windows\\CurrentVersion", None));
    ts1.follow(&wide);
    ts1.logon(&sid);
    let version = "Software\\Microsoft\\Windows\\CurrentVersion";
    for key in ["Run", "RunOnce", "Explorer\\User Shell Folders", "Explorer\\SessionInfo"] {
        ts1.set(&sid, &format!("{version}\\{key}"), "Value", "x");
    }
    let mut report = ts1.logoff(&sid);
    let notes = &mut report.export.as_mut().unwrap().notes;
    for index in 0..65 {
        notes.add(NoteCode::ValueTooLong, format!("{APP}: V{index}"), "it has more than 1048576 bytes");
    }
    for index in 0..14 {
        notes.add(
            NoteCode::FileUnread,
            format!("RoamingAppData:App\\{index}"),
            format_args!("reason {index}"),
        );
    }
    notes.more = 3;
    let all = serde_json::to_string(&report).unwrap();
    assert_eq!(all.matches("it has more than 1048576 bytes").count(), 65, "JSON has them all");
    insta::assert_snapshot!(text(report));
}

#[test]
fn errors() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::without_plan("TS1", &console);
    let mut texts = vec![chain(&ts1.try_logon(&sid()).unwrap_err())];
    let mut wrong = plan(4);
    wrong.plan.subsets.push(subset("Bad", "HKCU\\Software", None));
    ts1.follow(&wrong);
    texts.push(chain(&ts1.try_logon(&sid()).unwrap_err()));
    ts1.load(&sid());
    texts.push(chain(&ts1.try_logon(&sid()).unwrap_err()));
    let registry = || RegistryError {
        doing: "read",
        path: KeyPath::parse(APP),
        value: None,
        cause: RegistryErrorKind::AccessDenied,
    };
    texts.extend([
        chain(&AgentError::Import(ImportError::Registry(registry()))),
        chain(&AgentError::Export(ExportError::Registry(registry()))),
        chain(&AgentError::Registry(registry())),
        chain(&AgentError::Host(HostError::Failed {
            doing: "save the registry",
            sid: sid(),
            text: "the disk is full".into(),
        })),
    ]);
    for error in [
        StoreError::Unreachable {
            server: "store1:8444".into(),
            text: "MP-NET-001 connection refused".into(),
            may_be_done: false,
        },
        StoreError::Refused {
            server: "store1:8444".into(),
            text: "MP-STO-011 no such group (status 403)".into(),
        },
    ] {
        texts.push(chain(&error));
        texts.push(chain(&AgentError::Storage(error)));
    }
    // The operating system's own words differ between systems, so they are left out.
    ts1.follow(&plan(1));
    let (sid, scope) = (sid(), mp_profile::Scope::Global);
    ts1.spool().put(&NewEntry::new(&sid, &scope, mp_agent::Intent::First, b"x"), &[]).unwrap();
    fs::write(ts1.spool_file(&sid, "00000001.entry"), "{").unwrap();
    let damaged = ts1.spool().of(&sid).unwrap().damaged;
    let root = ts1.folder.path().to_str().unwrap();
    texts.push(chain(&damaged[0]).replace(root, "<state>").replace('\\', "/"));
    insta::assert_snapshot!(texts.join("\n"));
}
