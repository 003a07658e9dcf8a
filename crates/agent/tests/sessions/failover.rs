//! Several Storage Servers for one scope: which one is asked, and which one may take an upload.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use mp_agent::{AWAY, AwayServers, FailoverStore, Intent, Member, NewEntry, SendError, Sent, Spool};
use mp_dataset::{DataSet, Origin};
use mp_profile::{
    DataSetStore, Fetched, HeldVersion, KnownVersion, Scope, Sid, StoreError, Stored, VersionTag,
};

use crate::{
    console::group,
    station::sid,
    store::{FakeStore, Faults},
};

/// A store that counts how often it is asked.
#[derive(Clone, Default)]
struct Counted {
    store: FakeStore,
    asked: Arc<AtomicUsize>,
}

impl Counted {
    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }

    fn store(&self) -> &FakeStore {
        self.asked.fetch_add(1, Ordering::Relaxed);
        &self.store
    }
}

impl DataSetStore for Counted {
    fn fetch(&self, scope: &Scope, sid: &Sid, held: Option<HeldVersion<'_>>) -> Result<Fetched, StoreError> {
        self.store().fetch(scope, sid, held)
    }

    fn store(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: Option<&VersionTag>,
        bytes: &[u8],
    ) -> Result<Stored, StoreError> {
        Self::store(self).store(scope, sid, base, bytes)
    }

    fn known_versions(&self, scope: &Scope, sid: &Sid) -> Result<Vec<KnownVersion>, StoreError> {
        self.store().known_versions(scope, sid)
    }

    fn version_bytes(
        &self,
        scope: &Scope,
        sid: &Sid,
        version: &VersionTag,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.store().version_bytes(scope, sid, version)
    }

    fn quarantine(&self, scope: &Scope, sid: &Sid, reason: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.store().quarantine(scope, sid, reason, bytes)
    }
}

struct Pair {
    stores: [Counted; 2],
    away: AwayServers,
    now: Arc<AtomicU64>,
}

impl Pair {
    fn new() -> Self {
        let now = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&now);
        let away = AwayServers::new(move || Duration::from_secs(clock.load(Ordering::Relaxed)));
        Self { stores: Default::default(), away, now }
    }

    fn pass(&self, span: Duration) {
        self.now.fetch_add(span.as_secs(), Ordering::Relaxed);
    }

    fn member(&self, which: usize) -> Member {
        Member { server: format!("STORE{}", which + 1), store: Arc::new(self.stores[which].clone()) }
    }

    /// For one piece of work. The group's data sets are on the second one alone.
    fn work(&self) -> FailoverStore {
        let scopes =
            vec![(Scope::Global, vec![self.member(0), self.member(1)]), (group(), vec![self.member(1)])];
        FailoverStore::new(scopes, self.away.clone())
    }
}

const NONE: Result<Fetched, ()> = Ok(Fetched::None);

fn fetched(store: &FailoverStore) -> Result<Fetched, ()> {
    store.fetch(&Scope::Global, &sid(), None).map_err(drop)
}

#[test]
fn one_that_is_away_is_not_waited_for_again_and_again() {
    let pair = Pair::new();
    pair.stores[0].store.away();
    let work = pair.work();
    assert_eq!(fetched(&work), NONE);
    assert_eq!(work.answered_by(&Scope::Global), Some(("STORE2".to_owned(), false)));
    assert_eq!((pair.stores[0].asked(), pair.stores[1].asked()), (1, 1));
    // Neither by the same session nor by the next ones.
    assert_eq!((fetched(&work), fetched(&pair.work())), (NONE, NONE));
    assert_eq!((pair.stores[0].asked(), pair.stores[1].asked()), (0, 2));
    // After a while it is tried again, and again when nobody else is left.
    pair.pass(AWAY);
    assert_eq!(fetched(&pair.work()), NONE);
    assert_eq!(pair.stores[0].asked(), 1);
    pair.stores[1].store.away();
    assert_eq!(fetched(&pair.work()), Err(()));
    assert_eq!(pair.stores[0].asked(), 1);
    pair.stores[0].store.back();
    assert_eq!(fetched(&pair.work()), NONE);
}

#[test]
fn a_refusal_is_an_answer() {
    let pair = Pair::new();
    pair.stores[0].store.fail(Faults { refused: Some(Scope::Global), ..Faults::default() });
    let error = pair.work().fetch(&Scope::Global, &sid(), None).unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert_eq!(pair.stores[1].asked(), 0);
}

#[test]
fn that_the_servers_of_one_scope_are_away_does_not_cost_the_other_one() {
    let pair = Pair::new();
    let wanted = [(Scope::Global, None), (group(), None)];
    assert_eq!(pair.work().fetch_all(&sid(), &wanted).unwrap(), [Fetched::None, Fetched::None]);
    pair.stores[1].store.away();
    let work = pair.work();
    // The caller asks for each by itself then.
    assert!(matches!(work.fetch_all(&sid(), &wanted), Err(StoreError::Refused { .. })));
    assert_eq!(fetched(&work), NONE);
}

/// A data set's file.
fn bytes(host: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    mp_dataset::encode(
        &DataSet { origin: Origin { host: host.to_owned(), ..Origin::default() }, ..DataSet::default() },
        &mut bytes,
    )
    .unwrap();
    bytes
}

#[test]
fn what_was_made_from_a_version_waits_for_a_server_that_has_had_it() {
    let pair = Pair::new();
    let version = VersionTag(pair.stores[0].store.put(&Scope::Global, &sid(), &bytes("first")));
    pair.stores[1].store.put(&Scope::Global, &sid(), &bytes("older"));
    pair.stores[1].store.put(&Scope::Global, &sid(), &bytes("old"));
    pair.stores[0].store.away();
    let upload = || pair.work().store(&Scope::Global, &sid(), Some(&version), &bytes("mine"));
    // The second one has another version under every name it knows.
    let other = VersionTag("\"v9\"".to_owned());
    let behind = pair.work().store(&Scope::Global, &sid(), Some(&other), &bytes("mine"));
    assert!(matches!(behind, Err(StoreError::Unreachable { .. })), "{behind:?}");
    // What it has had conflicts, as with one server.
    assert_eq!(upload().unwrap(), Stored::Conflict);
    // Where all have answered and none has had it, there is nothing to wait for.
    pair.stores[0].store.back();
    pair.pass(AWAY);
    let nowhere = pair.work().store(&Scope::Global, &sid(), Some(&other), &bytes("mine"));
    assert_eq!(nowhere.unwrap(), Stored::Conflict);
    assert!(matches!(upload().unwrap(), Stored::As(_)));
}

#[test]
fn what_is_merged_with_a_version_is_not_taken_from_a_server_that_is_behind() {
    let pair = Pair::new();
    for text in ["first", "second"] {
        pair.stores[1].store.put(&Scope::Global, &sid(), &bytes(text));
    }
    let newest = VersionTag(pair.stores[1].store.put(&Scope::Global, &sid(), &bytes("third")));
    pair.stores[0].store.put(&Scope::Global, &sid(), &bytes("first"));
    let following = |work: &FailoverStore| work.fetch_following(&Scope::Global, &sid(), &newest);
    let is = |fetched: Result<Fetched, StoreError>, text: &str| matches!(fetched, Ok(Fetched::Data { bytes: found, .. }) if found == bytes(text));
    let work = pair.work();
    assert!(is(work.fetch(&Scope::Global, &sid(), None), "first"), "a logon takes what its server has");
    assert!(!work.has_had(&Scope::Global, &sid(), &newest).unwrap());
    assert!(is(following(&work), "third"));
    assert!(work.has_had(&Scope::Global, &sid(), &newest).unwrap(), "and then it stays with that one");
    // It waits for one that is away, and for nothing where all have answered.
    pair.stores[1].store.away();
    assert!(matches!(following(&pair.work()), Err(StoreError::Unreachable { .. })));
    pair.stores[1].store.back();
    pair.pass(AWAY);
    let nobody = VersionTag("\"v9\"".to_owned());
    assert!(is(pair.work().fetch_following(&Scope::Global, &sid(), &nobody), "first"));
}

#[test]
fn what_goes_on_from_a_merge_waits_for_a_server_that_has_it() {
    let pair = Pair::new();
    let older = pair.stores[0].store.put(&Scope::Global, &sid(), &bytes("older"));
    for text in ["older", "theirs"] {
        pair.stores[1].store.put(&Scope::Global, &sid(), &bytes(text));
    }
    let folder = tempfile::tempdir().unwrap();
    let (spool, of) = (Spool::new(folder.path().join("spool")), sid());
    let put = |base: Option<&str>, from: &str, text: &str| {
        let (from, bytes) = (bytes(from), bytes(text));
        let base_digest = Some(blake3::hash(&from).to_hex().to_string());
        let base = base.map(str::to_owned);
        let intent = Intent::Replace { base, base_digest, superseded: Vec::new() };
        let new = NewEntry { base: Some(&from), ..NewEntry::new(&of, &Scope::Global, intent, &bytes) };
        spool.put(&new, &[]).unwrap()
    };
    // One export of a session, and one that goes on from it, of which storage knows no version yet.
    let (first, second) = (put(Some(&older), "older", "first"), put(None, "first", "second"));
    pair.stores[0].store.away();
    let sent = spool.send(&first, &pair.work(), &mut |_, _| ()).unwrap();
    assert!(matches!(sent, Sent::Merged { .. }), "{sent:?}");
    // Now the one answers that never had the merge, and the other one does not.
    pair.stores[0].store.back();
    pair.stores[1].store.away();
    pair.pass(AWAY);
    let waits = spool.send(&second, &pair.work(), &mut |_, _| ());
    assert!(matches!(waits, Err(SendError::Store(StoreError::Unreachable { .. }))), "{waits:?}");
    pair.stores[1].store.back();
    pair.pass(AWAY);
    let sent = spool.send(&second, &pair.work(), &mut |_, _| ()).unwrap();
    let Sent::Merged { version, .. } = sent else { panic!("{sent:?}") };
    assert!(
        pair.stores[1]
            .store
            .known_versions(&Scope::Global, &of)
            .unwrap()
            .iter()
            .any(|known| known.version == version)
    );
}
