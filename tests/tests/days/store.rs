//! A line from a host to the store that all share. It can be cut, and acknowledgements can be lost on it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU8, Ordering},
};

use mp_agent::{CachedPlan, Connections};
use mp_dataset::{DataSet, Limits};
use mp_profile::{DataSetStore, Fetched, KnownVersion, Scope, Sid, StoreError, Stored, VersionTag};
use mp_protocol::{
    AgentPlan,
    session_report::{BatchAnswer, ReportBatch},
};
use mp_storage::{
    Backend, DataSetFile, MemoryBackend,
    backend::{Author, Base, Key, QuarantineNote, Read, Replaced, Retention, Stamp},
};

use crate::oracle::Ledger;

/// How the line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Weather {
    Fine,
    Cut,
    /// What is written arrives, and nobody learns of it.
    Deaf,
}

#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) backend: Arc<MemoryBackend>,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    weather: Arc<AtomicU8>,
}

impl Line {
    pub(crate) fn new(backend: &Arc<MemoryBackend>, ledger: &Arc<Mutex<Ledger>>) -> Self {
        Self { backend: Arc::clone(backend), ledger: Arc::clone(ledger), weather: Arc::default() }
    }

    pub(crate) fn turn(&self, weather: Weather) {
        println!("a line is {weather:?}");
        self.weather.store(weather as u8, Ordering::Relaxed);
    }

    fn is(&self, weather: Weather) -> bool {
        self.weather.load(Ordering::Relaxed) == weather as u8
    }

    fn reach(&self) -> Result<(), StoreError> {
        if self.is(Weather::Cut) { Err(gone()) } else { Ok(()) }
    }

    fn answer<T>(&self, answer: T) -> Result<T, StoreError> {
        if self.is(Weather::Deaf) { Err(gone()) } else { Ok(answer) }
    }
}

fn gone() -> StoreError {
    StoreError::Unreachable { server: "store1:8444".into(), text: "MP-NET-002 timed out".into() }
}

fn key(scope: &Scope, sid: &Sid) -> Key {
    Key { scope: scope.clone(), sid: sid.clone() }
}

pub(crate) fn decode(bytes: &[u8]) -> DataSet {
    mp_dataset::decode(bytes, &Limits::default()).unwrap().into_data_set()
}

impl DataSetStore for Line {
    fn fetch(&self, scope: &Scope, sid: &Sid, held: Option<&VersionTag>) -> Result<Fetched, StoreError> {
        self.reach()?;
        Ok(match self.backend.read(&key(scope, sid), held).unwrap() {
            Read::None => Fetched::None,
            Read::NotModified(_) => Fetched::NotModified,
            Read::Data(version, bytes) => Fetched::Data { version: version.tag(), bytes },
        })
    }

    fn store(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: Option<&VersionTag>,
        bytes: &[u8],
    ) -> Result<Stored, StoreError> {
        self.reach()?;
        let base = base.map_or(Base::Nothing, |tag| Base::Version(tag.clone()));
        let file = DataSetFile::verify(bytes.to_vec(), sid).unwrap();
        let stamp = Stamp::new(0, Author::Administrator(String::new()));
        match self.backend.replace(&key(scope, sid), &base, &file, &stamp, &Retention::newest(5)).unwrap() {
            Replaced::As { version, .. } => {
                self.ledger.lock().unwrap().stored(&decode(bytes));
                self.answer(Stored::As(version.tag()))
            }
            Replaced::Conflict => Ok(Stored::Conflict),
        }
    }

    fn known_versions(&self, scope: &Scope, sid: &Sid) -> Result<Vec<KnownVersion>, StoreError> {
        self.reach()?;
        let known = self.backend.versions(&key(scope, sid)).unwrap().into_iter();
        Ok(known
            .map(|info| KnownVersion { seal: info.seal.parse().unwrap(), version: VersionTag(info.tag) })
            .collect())
    }

    fn version_bytes(
        &self,
        scope: &Scope,
        sid: &Sid,
        version: &VersionTag,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.reach()?;
        Ok(self.backend.read_version(&key(scope, sid), version).unwrap())
    }

    fn quarantine(&self, scope: &Scope, sid: &Sid, reason: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.reach()?;
        let file = DataSetFile::verify(bytes.to_vec(), sid).unwrap();
        let note = QuarantineNote { reason: reason.to_owned(), agent: "TS".into(), at: 0 };
        // A full quarantine is the administrator's matter, and not what these days are about.
        let _ = self.backend.quarantine(&key(scope, sid), &file, &note);
        self.ledger.lock().unwrap().quarantined(&decode(bytes));
        self.answer(())
    }
}

impl Connections for Line {
    fn newer_plan(&self, _: Option<&CachedPlan>) -> Result<Option<CachedPlan>, String> {
        Ok(None)
    }

    fn storage(&self, _: &AgentPlan) -> Result<Box<dyn DataSetStore>, StoreError> {
        Ok(Box::new(self.clone()))
    }

    fn send_reports(&self, _: &ReportBatch) -> Result<BatchAnswer, String> {
        Err("MP-NET-001 this farm has no console".to_owned())
    }
}
