//! Taking over from other Storage Servers while the service runs: a thread for each, and one that begins and ends them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use mp_profile::Sid;
use mp_protocol::{
    ConsoleClient, Identity, PeerScope, PeerServer, StorageClient, StoragePlan, Waits, paths,
    peers::PeerReport,
    tls::{self, ServerKind},
};
use tokio::sync::watch;

use super::{
    Journal, Readiness, Source, Taken, Terms,
    readiness::CATCH_UP,
    round::{Known, Progress},
    take_over,
};
use crate::{
    Backend,
    backend::{Key, Retention},
    refusal::chain,
    store::now,
};

/// How long another one is asked to wait for something new.
const WAIT: Duration = Duration::from_secs(5);
/// All users are looked at this often, whatever is known of changes: files may have been put there by hand.
const ROUND: Duration = Duration::from_secs(15 * 60);
/// First and longest pause after a failure.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Between two looks at the plan and at the end of the service.
const LOOK: Duration = Duration::from_millis(200);
/// Between two reports to the console.
const REPORT: Duration = Duration::from_secs(2);
/// How often something is tried that changes while it is looked at.
const TRIES: usize = 3;
/// Users that are asked for at a time.
const PAGE: u32 = 500;

/// What is needed to follow others.
pub(crate) struct Follow {
    pub(crate) state_folder: PathBuf,
    pub(crate) backend: Weak<dyn Backend>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) plan: watch::Receiver<StoragePlan>,
}

/// The threads that take over; they end when this is dropped, each after the request that it waits for.
#[derive(Debug)]
pub struct Followed {
    stop: Arc<AtomicBool>,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Shared {
    follow: Follow,
    known: Known,
    stop: Arc<AtomicBool>,
    running: Mutex<BTreeSet<String>>,
}

impl Shared {
    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn running(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn peer(&self, name: &str) -> Option<PeerServer> {
        self.follow.plan.borrow().peers.iter().find(|peer| peer.target.name == name).cloned()
    }

    /// Waits, unless the service ends.
    fn pause(&self, span: Duration) {
        let until = Instant::now() + span;
        while !self.stops() && Instant::now() < until {
            std::thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
        }
    }
}

/// Begins to take over from the Storage Servers of the plan, whichever it names from time to time.
pub(crate) fn follow(follow: Follow) -> Followed {
    let stop = Arc::new(AtomicBool::new(false));
    let known = Known::open(&follow.state_folder);
    let plan = follow.plan.borrow().clone();
    follow.readiness.begin(&plan, CATCH_UP, |scope, peer| known.is_whole(scope, peer));
    let shared = Arc::new(Shared { follow, known, stop: Arc::clone(&stop), running: Mutex::default() });
    let reporting = Arc::clone(&shared);
    std::thread::spawn(move || {
        while !shared.stops() {
            let plan = shared.follow.plan.borrow().clone();
            shared.follow.readiness.follow(&plan, |scope, peer| shared.known.is_whole(scope, peer));
            for name in plan.peers.iter().map(|peer| peer.target.name.clone()) {
                if shared.running().insert(name.clone()) {
                    let shared = Arc::clone(&shared);
                    std::thread::spawn(move || {
                        Peer { name: name.clone(), shared: Arc::clone(&shared) }.run();
                        shared.running().remove(&name);
                    });
                }
            }
            shared.pause(LOOK);
        }
    });
    std::thread::spawn(move || report(&reporting));
    Followed { stop }
}

/// Tells the console how far this is, whenever it is further.
fn report(shared: &Shared) {
    let mut told = PeerReport::default();
    while !shared.stops() {
        shared.pause(REPORT);
        let report = shared.known.report();
        if report == told {
            continue;
        }
        let sent = Identity::load(&shared.follow.state_folder).map_err(|error| chain(&error));
        let sent = sent.and_then(|identity| ConsoleClient::new(&identity).map_err(|error| chain(&error)));
        let sent = sent.and_then(|console| {
            console.post::<_, ()>(paths::PEER_REPORT, &report).map_err(|error| chain(&error))
        });
        match sent {
            Ok(()) => told = report,
            Err(error) => {
                tracing::info!(error, "The console is not told yet what was taken over");
                shared.pause(PAUSE.1);
            }
        }
    }
}

struct Peer {
    name: String,
    shared: Arc<Shared>,
}

impl Peer {
    /// Takes over for as long as the plan names this one.
    fn run(self) {
        let mut pause = PAUSE.0;
        while let Some(peer) = self.shared.peer(&self.name).filter(|_| !self.shared.stops()) {
            match self.connect(&peer).and_then(|client| self.follow(&peer, &client)) {
                Ok(()) => pause = PAUSE.0,
                Err(error) => {
                    tracing::warn!(
                        peer = self.name,
                        error,
                        "MP-STO-151 Another storage server cannot be followed"
                    );
                    for shared in &peer.scopes {
                        self.shared.follow.readiness.looked(&shared.scope, &self.name, false);
                    }
                    self.shared.pause(pause);
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
    }

    /// A new connection, with the certificate as it is now.
    fn connect(&self, peer: &PeerServer) -> Result<StorageClient, String> {
        let identity = Identity::load(&self.shared.follow.state_folder).map_err(|error| chain(&error))?;
        let tls = tls::machine_client(&identity, ServerKind::Storage).map_err(|error| chain(&error))?;
        // Nobody waits for it, so that slow lines get more time than with Agents.
        let waits = Waits { fetch_ms: 60_000, ..Waits::default() };
        Ok(StorageClient::new(tls, &peer.target, waits))
    }

    /// Looks at all users, then at what changes, until the plan says something else of this peer, or another round is due.
    fn follow(&self, peer: &PeerServer, client: &StorageClient) -> Result<(), String> {
        let told = |error| chain(&error);
        let mut cursor = client.changes(None, Duration::ZERO).map_err(told)?.cursor;
        let begun = Instant::now();
        for scope in &peer.scopes {
            self.round(peer, scope, client)?;
        }
        let mut waiting: BTreeMap<Key, PeerScope> = BTreeMap::new();
        while begun.elapsed() < ROUND
            && !self.shared.stops()
            && self.shared.peer(&self.name).as_ref() == Some(peer)
        {
            let wait = if waiting.is_empty() { WAIT } else { PAUSE.0 };
            let changes = client.changes(Some(&cursor), wait).map_err(told)?;
            if changes.missed {
                return Ok(());
            }
            for changed in changes.changed {
                if let Some(scope) = peer.scopes.iter().find(|shared| shared.scope == changed.scope) {
                    waiting.insert(Key { scope: changed.scope, sid: changed.sid }, scope.clone());
                }
            }
            cursor = changes.cursor;
            let mut again = BTreeMap::new();
            for (key, scope) in std::mem::take(&mut waiting) {
                match self.one(&scope, client, &key) {
                    Ok(_) => {}
                    Err(Failed::There(error)) => return Err(error),
                    Err(Failed::Here(error)) => {
                        self.tell(&key, &error);
                        again.insert(key, scope);
                    }
                }
            }
            waiting = again;
        }
        Ok(())
    }

    /// Looks at all users of a scope.
    fn round(&self, peer: &PeerServer, scope: &PeerScope, client: &StorageClient) -> Result<(), String> {
        let mut progress = Progress::begin(self.shared.follow.plan.borrow().revision, scope.round);
        let mut after: Option<Sid> = None;
        loop {
            let page = Source::heads(client, &scope.scope, after.as_ref(), PAGE)?;
            progress.listed(page.heads.len());
            after = page.heads.last().map(|head| head.sid.clone());
            for head in page.heads {
                let key = Key { scope: scope.scope.clone(), sid: head.sid };
                let own = self.backend()?.version(&key).ok().flatten().map(|version| version.tag().0);
                let same = head.current && own == head.tag && !scope.moves;
                match if same { Ok(Taken::default()) } else { self.one(scope, client, &key) } {
                    Ok(taken) => progress.took(&taken),
                    Err(Failed::There(error)) => return Err(error),
                    Err(Failed::Here(error)) => {
                        self.tell(&key, &error);
                        progress.problem(format!("{}: {error}", key.sid));
                    }
                }
                self.shared.known.note(&scope.scope, &self.name, &progress);
                if self.shared.stops() {
                    return Ok(());
                }
            }
            if !page.more {
                break;
            }
        }
        progress.end();
        self.shared.known.note(&scope.scope, &peer.target.name, &progress);
        self.shared.follow.readiness.looked(&scope.scope, &self.name, progress.is_whole());
        Ok(())
    }

    fn backend(&self) -> Result<Arc<dyn Backend>, String> {
        self.shared.follow.backend.upgrade().ok_or_else(|| "the service ends".to_owned())
    }

    fn one(&self, scope: &PeerScope, client: &StorageClient, key: &Key) -> Result<Taken, Failed> {
        let backend = self.backend().map_err(Failed::There)?;
        let retention = Retention::of(&self.shared.follow.plan.borrow(), &key.scope);
        let terms = Terms {
            peer: &self.name,
            merges: scope.merges,
            moves: scope.moves,
            retention: &retention,
            now: now(),
        };
        let mut taken = take_over(backend.as_ref(), client, key, &terms);
        for _ in 1..TRIES {
            if taken.is_err() {
                taken = take_over(backend.as_ref(), client, key, &terms);
            }
        }
        if taken.as_ref().is_ok_and(|taken| taken.versions > 0 || taken.merged.is_some()) {
            self.shared.follow.journal.note(key);
        }
        // Whether the other one still answers is found out by asking it.
        taken.map_err(|error| match client.changes(None, Duration::ZERO) {
            Ok(_) => Failed::Here(error),
            Err(_) => Failed::There(error),
        })
    }

    fn tell(&self, key: &Key, error: &str) {
        let (scope, sid) = (&key.scope, &key.sid);
        tracing::error!(
            %scope, %sid, peer = self.name, error,
            "MP-STO-153 What another storage server has of a user cannot be taken over; it is tried again"
        );
    }
}

/// Why something was not taken over.
enum Failed {
    /// The other one does not answer.
    There(String),
    /// It does; the rest can go on.
    Here(String),
}
