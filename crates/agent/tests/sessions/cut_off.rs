//! A merge into a session is cut off at any moment, and others store something newer before it goes on: what it had brought in
//! is not the user's, and brings nothing back.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use mp_agent::{Agent, AgentError, Outcome, SessionReport};
use mp_dataset::ProfileKind;
use mp_profile::{HostError, ProfileFiles, Scope, SessionHost, SessionProfile, Sid, memory::MemoryHost};
use mp_registry::Registry;

use crate::{
    console::FakeConsole,
    station::{APP, Station, sid, stored},
};

/// The session host of a process that ends after so many calls.
struct Ending<'a> {
    host: &'a MemoryHost,
    calls: AtomicUsize,
}

impl Ending<'_> {
    fn call(calls: &AtomicUsize) {
        if calls.fetch_sub(1, Ordering::Relaxed) == 0 {
            resume_unwind(Box::new("killed"));
        }
    }
}

impl SessionHost for Ending<'_> {
    fn name(&self) -> &str {
        self.host.name()
    }

    fn open(&self, sid: &Sid) -> Result<Box<dyn SessionProfile + '_>, HostError> {
        Self::call(&self.calls);
        Ok(Box::new(EndingProfile { profile: self.host.open(sid)?, calls: &self.calls }))
    }
}

struct EndingProfile<'a> {
    profile: Box<dyn SessionProfile + 'a>,
    calls: &'a AtomicUsize,
}

impl SessionProfile for EndingProfile<'_> {
    fn kind(&self) -> ProfileKind {
        self.profile.kind()
    }

    fn registry(&mut self) -> &mut dyn Registry {
        Ending::call(self.calls);
        self.profile.registry()
    }

    fn files(&mut self) -> &mut dyn ProfileFiles {
        Ending::call(self.calls);
        self.profile.files()
    }

    fn marker(&self) -> Result<Option<Vec<u8>>, HostError> {
        self.profile.marker()
    }

    fn set_marker(&mut self, marker: &[u8]) -> Result<(), HostError> {
        Ending::call(self.calls);
        self.profile.set_marker(marker)
    }

    fn close(self: Box<Self>) -> Result<(), HostError> {
        Ending::call(self.calls);
        self.profile.close()
    }
}

struct Farm {
    console: Arc<FakeConsole>,
    ts1: Station,
    ts2: Station,
    sid: Sid,
}

impl Farm {
    fn new() -> Self {
        let console = Arc::new(FakeConsole::default());
        let (ts1, ts2) = (Station::new("TS1", &console), Station::new("TS2", &console));
        let farm = Self { console, ts1, ts2, sid: sid() };
        farm.elsewhere("old");
        farm
    }

    fn elsewhere(&self, paper: &str) {
        let ended = self.ts2.session(&self.sid, APP, "Paper", paper);
        assert_eq!(ended, (Outcome::Merged, Outcome::Stored));
    }

    /// Says whether the work was cut off by the end of the process after so many calls.
    fn is_cut_off(
        &self,
        calls: usize,
        work: impl Fn(&Agent<'_>) -> Result<SessionReport, AgentError>,
    ) -> bool {
        let host = Ending { host: &self.ts1.host, calls: AtomicUsize::new(calls) };
        catch_unwind(AssertUnwindSafe(|| self.ts1.agent_on(&host, |agent| work(agent).map(drop)))).is_err()
    }

    /// The session goes on and ends: what others have stored last stays, and what it did itself is stored.
    fn ends_well(&self, what: &str) {
        assert_eq!(self.ts1.logoff(&self.sid).outcome, Outcome::Stored, "{what}");
        let value = |name: &str| stored(&self.console.store, &Scope::Global, &self.sid, APP, name);
        assert_eq!(value("Paper").as_deref(), Some("newest"), "{what}");
        assert_eq!(value("Mine").as_deref(), Some("1"), "{what}");
        assert!(self.console.store.quarantined().is_empty(), "{what}");
    }
}

#[test]
fn a_merge_of_what_is_newer_brings_nothing_back() {
    let is_cut_off = |calls: usize| {
        let farm = Farm::new();
        farm.ts1.logon(&farm.sid);
        farm.ts1.set(&farm.sid, APP, "Mine", "1");
        farm.elsewhere("new");
        let cut_off = farm.is_cut_off(calls, |agent| agent.merge_newer(&farm.sid));
        farm.elsewhere("newest");
        farm.ends_well(&format!("ended after {calls} calls"));
        cut_off
    };
    assert!((0..).take_while(|calls| is_cut_off(*calls)).count() > 4);
}

#[test]
fn a_late_merge_brings_nothing_back() {
    let is_cut_off = |calls: usize| {
        let farm = Farm::new();
        farm.console.store.away();
        farm.ts1.logon(&farm.sid);
        farm.ts1.set(&farm.sid, APP, "Mine", "1");
        farm.console.store.back();
        let cut_off = farm.is_cut_off(calls, |agent| agent.merge_late(&farm.sid));
        farm.elsewhere("newest");
        let report = farm.ts1.agent(|agent| agent.merge_late(&farm.sid)).unwrap();
        assert!(report.problems.is_empty(), "ended after {calls} calls: {report}");
        farm.ends_well(&format!("ended after {calls} calls"));
        cut_off
    };
    assert!((0..).take_while(|calls| is_cut_off(*calls)).count() > 4);
}
