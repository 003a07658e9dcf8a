//! Users who work at a store while its processes are killed.

use std::{
    collections::BTreeSet,
    fs,
    process::{Child, Command},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;
use mp_profile::{DataSetStore, Fetched, Scope, Sid, Stored};
use mp_protocol::StorageClient;

use super::{
    ledger::{Ledger, content},
    line::Weather,
};
use crate::support::sid;

/// How the nodes of a store are started and reached.
pub(super) trait Deployment: Sync {
    /// Processes that are killed.
    fn nodes(&self) -> usize {
        1
    }

    /// The first so many of them have users.
    fn serving(&self) -> usize {
        self.nodes()
    }

    /// Starts a process; nobody waits until it is ready.
    fn spawn(&self, node: usize) -> Child;

    /// A way to it, with connections of its own.
    fn client(&self, node: usize) -> StorageClient;

    /// Cuts a connection in the middle of an upload.
    fn cut_an_upload(&self, sid: &Sid);

    /// A process that does something with the store meanwhile, and is killed as well.
    fn errand(&self) -> Option<Child> {
        None
    }

    /// How the lines to it are, where they are not always fine.
    fn weather(&self) -> Option<&Weather> {
        None
    }
}

/// Who writes whose data set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Users {
    /// Each writer the one of a user of its own.
    Own,
    /// The same, and that of a new user after a few versions.
    Fresh,
    /// Two writers that of one user.
    Shared,
}

/// Those who write at the same time.
const WRITERS: usize = 4;
/// Times that the processes are killed.
const KILLS: usize = 4;
/// For what should take a second, on a machine that is busy.
const LONG: Duration = Duration::from_secs(60);

/// What is played.
pub(super) struct Game<'a, D> {
    pub(super) deployment: &'a D,
    pub(super) seed: u64,
    /// The kill comes somewhere within so many answers.
    pub(super) answers: u64,
    pub(super) users: Users,
}

/// What was played, for those who count.
#[derive(Default)]
pub(super) struct Played {
    pub(super) ledger: Ledger,
    kills: u64,
    errands_killed: u64,
}

impl Played {
    /// Whether something was refused for want of room.
    pub(super) fn has_been_without_room(&self) -> bool {
        self.ledger.refused.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        let ledger = &self.ledger;
        println!(
            "FAULTS kills={} errands-killed={} answers={} acknowledged={} no-room={} conflicts={}",
            self.kills,
            self.errands_killed,
            ledger.answered.load(Ordering::Relaxed),
            ledger.acknowledged(),
            ledger.refused.load(Ordering::Relaxed),
            ledger.conflicts.load(Ordering::Relaxed),
        );
    }
}

impl<D: Deployment> Game<'_, D> {
    /// Lets users work while nodes are killed and started again.
    pub(super) fn play(&self) -> Played {
        self.play_and_spoil(|_| BTreeSet::new())
    }

    /// The same. Between a kill and the next start `spoil` damages what is stored, and says of which users that was.
    pub(super) fn play_and_spoil(&self, mut spoil: impl FnMut(&mut Rng) -> BTreeSet<u32>) -> Played {
        let mut rng = Rng::with_seed(self.seed);
        let mut played = Played::default();
        let mut processes: Vec<Child> =
            (0..self.deployment.nodes()).map(|it| self.deployment.spawn(it)).collect();
        for _ in 0..KILLS {
            self.look_at_all(&played.ledger);
            let victim = rng.usize(..processes.len());
            self.work_until_killed(&mut rng, &mut played, &mut processes[victim]);
            played.kills += 1;
            played.ledger.spoil(spoil(&mut rng));
            processes[victim] = self.deployment.spawn(victim);
        }
        self.look_at_all(&played.ledger);
        processes.iter_mut().for_each(end);
        assert!(played.ledger.acknowledged() > 0, "nothing was stored at all");
        played
    }

    /// Asks all nodes for everything, over lines that are fine.
    fn look_at_all(&self, ledger: &Ledger) {
        let turn = |is_fine| self.deployment.weather().into_iter().for_each(|weather| weather.turn(is_fine));
        turn(true);
        for node in 0..self.deployment.nodes() {
            wait_until_ready(&self.deployment.client(node));
        }
        for node in 0..self.deployment.serving() {
            ledger.check(&self.deployment.client(node));
        }
        turn(false);
    }

    fn work_until_killed(&self, rng: &mut Rng, played: &mut Played, victim: &mut Child) {
        let (stop, ledger) = (AtomicBool::new(false), &played.ledger);
        let many = ledger.answered.load(Ordering::Relaxed) + rng.u64(self.answers / 2..=self.answers);
        let errands = Rng::with_seed(rng.u64(..));
        played.errands_killed += thread::scope(|scope| {
            let stop = &stop;
            (0..WRITERS).for_each(|who| drop(scope.spawn(move || self.write(who, ledger, stop))));
            let errands = scope.spawn(move || self.run_errands(errands, stop));
            self.deployment.cut_an_upload(&sid(1));
            let begun = Instant::now();
            while ledger.answered.load(Ordering::Relaxed) < many && begun.elapsed() < LONG {
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(Duration::from_micros(rng.u64(0..5000)));
            end(victim);
            stop.store(true, Ordering::Relaxed);
            errands.join().unwrap()
        });
    }

    /// Sends one after the other, and kills most of them in their midst.
    fn run_errands(&self, mut rng: Rng, stop: &AtomicBool) -> u64 {
        let mut killed = 0;
        while !stop.load(Ordering::Relaxed) {
            let Some(mut errand) = self.deployment.errand() else { return 0 };
            let (begun, span) = (Instant::now(), Duration::from_millis(rng.u64(0..400)));
            let ends_well = rng.u8(..3) == 0;
            while errand.try_wait().unwrap().is_none() && (ends_well || begun.elapsed() < span) {
                thread::sleep(Duration::from_millis(1));
            }
            killed += u64::from(errand.try_wait().unwrap().is_none());
            end(&mut errand);
        }
        killed
    }

    /// Replaces data sets again and again until the kill.
    fn write(&self, who: usize, ledger: &Ledger, stop: &AtomicBool) {
        let client = self.deployment.client(who % self.deployment.serving());
        let mut round = 0;
        while !stop.load(Ordering::Relaxed) {
            let own = u32::try_from(who).unwrap() + 1;
            let user = match self.users {
                Users::Own => own,
                Users::Fresh => own + 10 * u32::try_from(ledger.acknowledged() / 10).unwrap(),
                Users::Shared => own.div_ceil(2),
            };
            round += 1;
            if !turn(&client, who, user, ledger) {
                thread::sleep(Duration::from_millis(round.min(10)));
            }
        }
    }
}

/// One look at what is current, and one version upon it; whether there was an answer.
fn turn(client: &StorageClient, who: usize, user: u32, ledger: &Ledger) -> bool {
    let newest = ledger.newest(user);
    let base = match client.fetch(&Scope::Global, &sid(user), None) {
        Ok(Fetched::Data { version, bytes }) => {
            ledger.is_shown(user, newest, Some((&version, &bytes)));
            Some(version)
        }
        Ok(_) => {
            ledger.is_shown(user, newest, None);
            None
        }
        Err(_) => return false,
    };
    let seed = ledger.sends(user, who);
    match client.store(&Scope::Global, &sid(user), base.as_ref(), &content(user, seed)) {
        Ok(Stored::As(tag)) => ledger.is_acknowledged(user, who, seed, tag),
        Ok(Stored::Conflict) => ledger.is_conflict(user, seed),
        Err(error) => {
            ledger.is_not_answered(error.to_string().contains("status 507"));
            return false;
        }
    }
    true
}

/// Kills a process. One that was started by another program is that one's child, and both end.
pub(super) fn end(process: &mut Child) {
    let id = process.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    match children.split_whitespace().next() {
        Some(child) => drop(Command::new("kill").args(["-KILL", child]).status()),
        None => drop(process.kill()),
    }
    process.wait().unwrap();
}

pub(super) fn wait_until_ready(client: &StorageClient) {
    let begun = Instant::now();
    while let Err(error) = client.fetch(&Scope::Global, &sid(9999), None) {
        assert!(begun.elapsed() < LONG, "the storage process does not start: {error}");
        thread::sleep(Duration::from_millis(10));
    }
}
