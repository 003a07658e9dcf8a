use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use mp_profile::Scope;
use mp_protocol::peers::{Changed, Changes};
use tokio::sync::watch;

use crate::backend::Key;

/// So many of the last changes are known. Who asks for more looks at everything.
const KNOWN: usize = 20_000;

/// Which data sets this process has written to. It begins anew with each start.
#[derive(Debug)]
pub struct Journal {
    /// Tells the moments of this start from those of others.
    start: String,
    entries: Mutex<Entries>,
    last: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Entries {
    /// Number of the first one.
    first: u64,
    keys: VecDeque<Key>,
}

impl Default for Journal {
    fn default() -> Self {
        let mut random = [0; 8];
        // Without randomness two starts may look alike, and then all data sets are looked at a quarter of an hour later.
        let _ = getrandom::fill(&mut random);
        let start = format!("{:016x}", u64::from_le_bytes(random));
        Self { start, entries: Mutex::default(), last: watch::Sender::new(0) }
    }
}

impl Journal {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a data set was written to.
    pub fn note(&self, key: &Key) {
        let mut entries = self.entries();
        entries.keys.push_back(key.clone());
        if entries.keys.len() > KNOWN {
            entries.keys.pop_front();
            entries.first += 1;
        }
        let next = entries.next();
        drop(entries);
        self.last.send_replace(next);
    }

    /// What was written to in these scopes since a moment. Without one nothing is known to be the same.
    pub fn since(&self, cursor: Option<&str>, reaches: impl Fn(&Scope) -> bool) -> Changes {
        let entries = self.entries();
        let next = entries.next();
        let since = cursor.and_then(|cursor| self.number(cursor));
        let since = since.filter(|since| (entries.first..=next).contains(since));
        let skip = since
            .map_or(entries.keys.len(), |since| usize::try_from(since - entries.first).unwrap_or(usize::MAX));
        let changed: BTreeSet<&Key> =
            entries.keys.iter().skip(skip).filter(|key| reaches(&key.scope)).collect();
        let changed =
            changed.into_iter().map(|key| Changed { scope: key.scope.clone(), sid: key.sid.clone() });
        Changes {
            cursor: format!("{}-{next}", self.start),
            missed: since.is_none(),
            changed: changed.collect(),
        }
    }

    /// What is to be waited on for something new.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }

    fn number(&self, cursor: &str) -> Option<u64> {
        let (start, number) = cursor.split_once('-')?;
        number.parse().ok().filter(|_| start == self.start)
    }
}

impl Entries {
    fn next(&self) -> u64 {
        self.first + u64::try_from(self.keys.len()).unwrap_or(u64::MAX)
    }
}
