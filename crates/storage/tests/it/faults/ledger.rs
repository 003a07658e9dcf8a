//! What is known of what was stored, and whether what a node shows agrees with it.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use mp_profile::{DataSetStore, Fetched, Scope, VersionTag};
use mp_protocol::StorageClient;
use mp_storage::backend::Version;

use crate::support::{data_set, sid};

/// Seed of the content of a data set, of which there is one in a whole test program.
pub(super) type Seed = u64;

static SEEDS: AtomicU64 = AtomicU64::new(1);

/// What is known of one user.
#[derive(Default)]
struct User {
    /// Acknowledged versions by their numbers, and those that a node has shown as current.
    acknowledged: BTreeMap<u64, (VersionTag, Seed)>,
    /// What was sent, of which no answer came, and who sent it.
    unanswered: BTreeMap<Seed, usize>,
    /// Whether somebody has damaged what is stored: then it may be an older version, never a wrong one.
    is_spoiled: bool,
}

/// What was sent to the nodes of a store, and what they answered.
#[derive(Default)]
pub(super) struct Ledger {
    users: Mutex<BTreeMap<u32, User>>,
    pub(super) answered: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) conflicts: AtomicU64,
}

/// The content that belongs to a seed: of many lengths, some of which a limited process cannot write.
pub(super) fn content(user: u32, seed: Seed) -> Vec<u8> {
    let len = usize::try_from(seed.wrapping_mul(7919) % 40_000).unwrap();
    data_set(&sid(user), seed, 500 + len)
}

impl Ledger {
    fn users(&self) -> MutexGuard<'_, BTreeMap<u32, User>> {
        self.users.lock().unwrap()
    }

    /// Somebody is about to send something of a user.
    pub(super) fn sends(&self, user: u32, who: usize) -> Seed {
        let seed = SEEDS.fetch_add(1, Ordering::Relaxed);
        self.users().entry(user).or_default().unanswered.insert(seed, who);
        seed
    }

    /// What was sent is acknowledged. What its sender had sent before can never become current any more: it is based on
    /// something older.
    pub(super) fn is_acknowledged(&self, user: u32, who: usize, seed: Seed, tag: VersionTag) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        let mut users = self.users();
        let user = users.get_mut(&user).unwrap();
        user.unanswered.retain(|_, by| *by != who);
        user.acknowledge(seed, tag);
    }

    /// What was sent was refused because somebody was faster.
    pub(super) fn is_conflict(&self, user: u32, seed: Seed) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.conflicts.fetch_add(1, Ordering::Relaxed);
        self.users().get_mut(&user).unwrap().unanswered.remove(&seed);
    }

    /// What was sent came to nothing, or nobody knows.
    pub(super) fn is_not_answered(&self, has_no_room: bool) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.refused.fetch_add(u64::from(has_no_room), Ordering::Relaxed);
    }

    pub(super) fn spoil(&self, spoiled: impl IntoIterator<Item = u32>) {
        let mut users = self.users();
        spoiled.into_iter().for_each(|user| users.entry(user).or_default().is_spoiled = true);
    }

    pub(super) fn acknowledged(&self) -> usize {
        self.users().values().map(|user| user.acknowledged.len()).sum()
    }

    /// Number of the newest acknowledged version of a user.
    pub(super) fn newest(&self, user: u32) -> Option<u64> {
        self.users().get(&user)?.acknowledged.last_key_value().map(|(number, _)| *number)
    }

    /// Looks at what a node has shown as current, when this version had been acknowledged before it was asked.
    pub(super) fn is_shown(&self, number: u32, newest: Option<u64>, shown: Option<(&VersionTag, &[u8])>) {
        let mut users = self.users();
        let user = users.entry(number).or_default();
        let Some((tag, bytes)) = shown else {
            assert!(newest.is_none(), "LOST: user {number} has nothing any more");
            return;
        };
        let (shown, _) = Version::parse(tag).unwrap();
        let is = |seed: Seed| content(number, seed) == bytes;
        if let Some((known, seed)) = user.acknowledged.get(&shown).cloned().filter(|(known, _)| known == tag)
        {
            assert!(is(seed), "WRONG: version {} of user {number} is not what was stored", known.0);
            let is_older = newest.is_some_and(|newest| shown < newest);
            assert!(user.is_spoiled || !is_older, "LOST: user {number} has {shown} again, after {newest:?}");
            return;
        }
        if user.is_spoiled && user.acknowledged.values().any(|(_, seed)| is(*seed)) {
            return;
        }
        let sent = user.unanswered.keys().copied().find(|seed| is(*seed));
        let Some(seed) = sent else {
            panic!("WRONG: user {number} has {shown}, which was never acknowledged nor is on its way")
        };
        // It arrived, and only its answer did not. What was shown once must not be lost any more.
        user.unanswered.remove(&seed);
        user.acknowledge(seed, tag.clone());
    }

    /// Whether a node knows the newest version of every user.
    pub(super) fn is_all_at(&self, client: &StorageClient) -> bool {
        let newest: Vec<_> = self
            .users()
            .iter()
            .filter_map(|(at, user)| Some((*at, user.acknowledged.last_key_value()?.1.0.clone())))
            .collect();
        newest.into_iter().all(|(number, tag)| {
            let known = client.known_versions(&Scope::Global, &sid(number));
            known.is_ok_and(|known| known.iter().any(|version| version.version == tag))
        })
    }

    /// Asks a node for everything.
    pub(super) fn check(&self, client: &StorageClient) {
        let numbers: Vec<(u32, bool)> =
            self.users().iter().map(|(at, user)| (*at, user.is_spoiled)).collect();
        for (number, is_spoiled) in numbers {
            let newest = self.newest(number);
            match client.fetch(&Scope::Global, &sid(number), None) {
                Ok(Fetched::Data { version, bytes }) => {
                    self.is_shown(number, newest, Some((&version, &bytes)));
                }
                Ok(_) => self.is_shown(number, newest, None),
                Err(error) if is_spoiled && error.to_string().contains("MP-STO-020") => {}
                Err(error) => panic!("user {number}: {error}"),
            }
            if !is_spoiled {
                self.check_all_of(number, client);
            }
        }
    }

    fn check_all_of(&self, number: u32, client: &StorageClient) {
        let all: Vec<_> = self.users()[&number].acknowledged.values().cloned().collect();
        for (tag, seed) in all {
            let kept = client.version_file(&Scope::Global, &sid(number), &tag);
            let kept =
                kept.unwrap_or_else(|error| panic!("LOST: version {} of user {number}: {error}", tag.0));
            assert!(kept == content(number, seed), "WRONG: version {} of user {number}", tag.0);
        }
    }
}

impl User {
    fn acknowledge(&mut self, seed: Seed, tag: VersionTag) {
        let (number, _) = Version::parse(&tag).unwrap();
        let before = self.acknowledged.insert(number, (tag.clone(), seed));
        if let Some((other, _)) = before.filter(|(other, _)| *other != tag) {
            // A stand-in for a damaged version may have had the number of one that nobody was told of.
            assert!(self.is_spoiled, "WRONG: both {} and {} were acknowledged", other.0, tag.0);
        }
    }
}
