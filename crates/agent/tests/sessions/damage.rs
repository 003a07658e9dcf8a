//! Damaged bytes: in storage, in the session's folder, and a host that fails.

use std::{fs, sync::Arc};

use mp_agent::{AgentError, NOT_MERGED, Outcome};
use mp_dataset::ProfileKind;
use mp_profile::{HostError, ProfileFiles, Scope, SessionHost, SessionProfile, Sid, memory::MemoryHost};
use mp_registry::Registry;

use crate::{
    console::FakeConsole,
    station::{APP, Station, sid, stored},
};

#[test]
fn a_damaged_stored_set_is_not_used_and_not_replaced() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    let (_, mut bytes) = console.store.current(&Scope::Global, &sid).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    console.store.put(&Scope::Global, &sid, &bytes);

    let report = ts1.logon(&sid);
    assert_eq!(report.outcome, Outcome::NotMerged);
    assert_eq!(report.data_sets[0].result, "damaged, not used");
    assert!(report.problems.iter().any(|problem| problem.code == "MP-AGT-031"), "{report}");
    assert_eq!(ts1.get(&sid, APP, "Theme").as_deref(), Some("light"));
    ts1.set(&sid, APP, "Theme", "blue");
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Quarantined);
    assert_eq!(console.store.current(&Scope::Global, &sid).unwrap().1, bytes);
    assert_eq!(console.store.quarantined()[0].reason, NOT_MERGED);
}

#[test]
fn without_a_sound_base_file_an_export_replaces_nothing() {
    type Damage = fn(&std::path::Path);
    let damages: [(&str, Damage); 6] = [
        ("base-global", |file| fs::remove_file(file).unwrap()),
        ("base-global", |file| fs::write(file, "torn").unwrap()),
        ("base-global", |file| {
            let mut other = Vec::new();
            mp_dataset::encode(&mp_dataset::DataSet::default(), &mut other).unwrap();
            fs::write(file, other).unwrap();
        }),
        ("baseline.mpd", |file| fs::remove_file(file).unwrap()),
        ("baseline.mpd", |file| fs::write(file, "torn").unwrap()),
        ("session.json", |file| fs::write(file, "{").unwrap()),
    ];
    for (name, damage) in damages {
        let console = Arc::new(FakeConsole::default());
        let ts1 = Station::new("TS1", &console);
        let sid = sid();
        ts1.session(&sid, APP, "Theme", "dark");
        ts1.logon(&sid);
        ts1.set(&sid, APP, "Size", "12");
        let files = fs::read_dir(ts1.state.session(&sid)).unwrap().map(|entry| entry.unwrap().path());
        let mut named = files.filter(|file| file.file_name().unwrap().to_string_lossy().starts_with(name));
        damage(&named.next().unwrap());
        let report = ts1.logoff(&sid);
        assert_eq!(report.outcome, Outcome::Quarantined, "{name}: {report}");
        assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Size"), None, "{name}");
        assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("dark"));
    }
}

/// A host whose profiles cannot be closed, as when the hive cannot be saved.
struct Stubborn<'a>(&'a MemoryHost);

struct NotClosing<'a>(Box<dyn SessionProfile + 'a>, Sid);

impl SessionHost for Stubborn<'_> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn open(&self, sid: &Sid) -> Result<Box<dyn SessionProfile + '_>, HostError> {
        Ok(Box::new(NotClosing(self.0.open(sid)?, sid.clone())))
    }
}

impl SessionProfile for NotClosing<'_> {
    fn kind(&self) -> ProfileKind {
        self.0.kind()
    }

    fn registry(&mut self) -> &mut dyn Registry {
        self.0.registry()
    }

    fn files(&mut self) -> &mut dyn ProfileFiles {
        self.0.files()
    }

    fn marker(&self) -> Result<Option<Vec<u8>>, HostError> {
        self.0.marker()
    }

    fn set_marker(&mut self, marker: &[u8]) -> Result<(), HostError> {
        self.0.set_marker(marker)
    }

    fn close(self: Box<Self>) -> Result<(), HostError> {
        Err(HostError::Failed { doing: "save the registry", sid: self.1, text: "the disk is full".into() })
    }
}

/// The marker says that all was merged, but the hive that stays may not hold it.
#[test]
fn a_profile_that_was_not_saved_counts_as_not_merged() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    ts1.load(&sid);
    let failed = ts1.agent_on(&Stubborn(&ts1.host), |agent| agent.logon(&sid));
    assert!(matches!(failed, Err(AgentError::Host(_))), "{failed:?}");
    // What was imported is lost with the hive that could not be saved.
    ts1.set(&sid, APP, "Theme", "light");
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Quarantined);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("dark"));
}

#[test]
fn an_export_does_not_depend_on_letting_the_profile_go() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    let report = ts1.agent_on(&Stubborn(&ts1.host), |agent| agent.logoff(&sid)).unwrap();
    assert_eq!(report.outcome, Outcome::Stored);
    assert!(report.problems.iter().any(|problem| problem.code == "MP-AGT-014"), "{report}");
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("dark"));
}

/// The spool cannot be written, as on a full disk: the export goes to storage without it.
#[test]
fn without_a_spool_the_export_is_sent_at_once() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    fs::write(ts1.state.spool(), "in the way").unwrap();
    let report = ts1.try_logoff(&sid).unwrap();
    assert_eq!(report.outcome, Outcome::Stored, "{report}");
    assert!(report.problems.iter().any(|problem| problem.code == "MP-AGT-043"), "{report}");
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("dark"));

    // With storage away as well, the report says that it is nowhere; a later call stores it.
    console.store.away();
    ts1.set(&sid, APP, "Theme", "blue");
    let report = ts1.try_logoff(&sid).unwrap();
    assert_eq!(report.outcome, Outcome::Failed, "{report}");
    assert!(report.problems.iter().any(|problem| problem.code == "MP-AGT-044"), "{report}");
    console.store.back();
    fs::remove_file(ts1.state.spool()).unwrap();
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Stored);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("blue"));
}
