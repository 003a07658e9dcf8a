use std::{
    collections::{BTreeMap, BTreeSet},
    process::Child,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;
use mp_profile::{DataSetStore, Fetched, Scope, Sid, Stored, VersionTag};
use mp_protocol::StorageClient;

use crate::support::{data_set, sid};

/// How a storage node is started and reached.
pub(super) trait Deployment: Sync {
    /// Starts a process; nobody waits until it is ready.
    fn spawn(&self) -> Child;

    /// A way to it, with connections of its own.
    fn client(&self) -> StorageClient;

    /// Cuts a connection in the middle of an upload.
    fn cut_an_upload(&self, sid: &Sid);
}

/// Users who work at the same time.
const USERS: u32 = 4;
/// Times that the process is killed.
const KILLS: usize = 4;
/// For what should take a second, on a machine that is busy.
const LONG: Duration = Duration::from_secs(60);
/// Bytes of a data set.
const BYTES: usize = 20_000;

/// What is known of one user.
#[derive(Default)]
struct User {
    /// Acknowledged versions with the seeds of their contents, oldest first.
    acknowledged: Vec<(VersionTag, u64)>,
    /// Seeds that were sent after the last acknowledgement and not answered.
    in_flight: BTreeSet<u64>,
}

/// What became of all requests.
#[derive(Default)]
pub(super) struct Ledger {
    users: BTreeMap<u32, User>,
    pub(super) refused: u64,
}

static SEEDS: AtomicU64 = AtomicU64::new(1);

/// Lets users work while the node is killed and started again, each time somewhere within so many `answers`. Between a kill and the next start `spoil` may damage what is
/// stored, and says which users that was about: theirs may be an older version, never a wrong one.
pub(super) fn play<D: Deployment>(
    deployment: &D,
    seed: u64,
    answers: u64,
    mut spoil: impl FnMut(&mut Rng, &mut BTreeSet<u32>),
) -> Ledger {
    let mut rng = Rng::with_seed(seed);
    let mut ledger = Ledger::default();
    let mut spoiled = BTreeSet::new();
    for _ in 0..KILLS {
        let mut child = deployment.spawn();
        wait_until_ready(deployment);
        check(deployment, &mut ledger, &spoiled);
        let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
        let worked: Vec<(u32, User, u64)> = thread::scope(|scope| {
            let workers: Vec<_> = (1..=USERS)
                .map(|number| {
                    let before = ledger.users.remove(&number).unwrap_or_default();
                    let (stop, answered) = (&stop, &answered);
                    scope.spawn(move || work(deployment, number, before, stop, answered))
                })
                .collect();
            deployment.cut_an_upload(&sid(1));
            let (many, begun) = (rng.u64(answers / 2..=answers), Instant::now());
            while answered.load(Ordering::Relaxed) < many && begun.elapsed() < LONG {
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(Duration::from_micros(rng.u64(0..5000)));
            child.kill().unwrap();
            stop.store(true, Ordering::Relaxed);
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        child.wait().unwrap();
        for (number, user, refused) in worked {
            ledger.users.insert(number, user);
            ledger.refused += refused;
        }
        spoil(&mut rng, &mut spoiled);
    }
    let mut child = deployment.spawn();
    wait_until_ready(deployment);
    check(deployment, &mut ledger, &spoiled);
    child.kill().unwrap();
    child.wait().unwrap();
    let stored: usize = ledger.users.values().map(|user| user.acknowledged.len()).sum();
    assert!(stored > 0, "nothing was stored at all");
    ledger
}

/// Replaces a user's data set again and again until the node is gone.
fn work<D: Deployment>(
    deployment: &D,
    number: u32,
    mut user: User,
    stop: &AtomicBool,
    answered: &AtomicU64,
) -> (u32, User, u64) {
    let client = deployment.client();
    let mut refused = 0;
    while !stop.load(Ordering::Relaxed) {
        let base = match client.fetch(&Scope::Global, &sid(number), None) {
            Ok(Fetched::Data { version, .. }) => Some(version),
            Ok(_) => None,
            Err(_) => continue,
        };
        let seed = SEEDS.fetch_add(1, Ordering::Relaxed);
        let body = data_set(&sid(number), seed, BYTES);
        let stored = client.store(&Scope::Global, &sid(number), base.as_ref(), &body);
        answered.fetch_add(1, Ordering::Relaxed);
        match stored {
            Ok(Stored::As(tag)) => {
                user.acknowledged.push((tag, seed));
                user.in_flight.clear();
            }
            Ok(Stored::Conflict) => panic!("user {number} has no other writer"),
            Err(error) if error.to_string().contains("status 507") => refused += 1,
            Err(_) => drop(user.in_flight.insert(seed)),
        }
    }
    (number, user, refused)
}

/// Compares what the node has with what it acknowledged.
fn check<D: Deployment>(deployment: &D, ledger: &mut Ledger, spoiled: &BTreeSet<u32>) {
    let client = deployment.client();
    for (number, user) in &mut ledger.users {
        let of = sid(*number);
        let is_spoiled = spoiled.contains(number);
        let current = match client.fetch(&Scope::Global, &of, None) {
            Ok(Fetched::Data { version, bytes }) => Some((version, bytes)),
            Ok(_) => None,
            Err(error) if is_spoiled && error.to_string().contains("MP-STO-020") => continue,
            Err(error) => panic!("user {number}: {error}"),
        };
        let Some((version, bytes)) = current else {
            assert!(user.acknowledged.is_empty(), "LOST: user {number} has nothing any more");
            continue;
        };
        let is = |seed: u64| data_set(&of, seed, BYTES) == bytes;
        let last = user.acknowledged.last().map(|(_, seed)| *seed);
        let in_flight = user.in_flight.iter().copied().find(|seed| is(*seed));
        match in_flight {
            // It arrived, and only its answer did not.
            Some(seed) => user.acknowledged.push((version, seed)),
            None if last.is_some_and(is) => {}
            None => {
                let older = user.acknowledged.iter().any(|(_, seed)| is(*seed));
                assert!(
                    is_spoiled && older,
                    "WRONG: user {number} has what was never acknowledged, or lost the last"
                );
            }
        }
        user.in_flight.clear();
        if is_spoiled {
            continue;
        }
        for (tag, seed) in &user.acknowledged {
            let kept = client.version_file(&Scope::Global, &of, tag);
            let kept =
                kept.unwrap_or_else(|error| panic!("LOST: version {} of user {number}: {error}", tag.0));
            assert!(kept == data_set(&of, *seed, BYTES), "WRONG: version {} of user {number}", tag.0);
        }
    }
}

pub(super) fn wait_until_ready<D: Deployment>(deployment: &D) {
    let begun = Instant::now();
    let client = deployment.client();
    while client.fetch(&Scope::Global, &sid(99), None).is_err() {
        assert!(begun.elapsed() < LONG, "the storage process does not start");
        thread::sleep(Duration::from_millis(10));
    }
}
