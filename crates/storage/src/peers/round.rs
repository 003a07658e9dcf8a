use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use mp_durable::Readers;
use mp_profile::Scope;
use mp_protocol::peers::{PeerReport, PeerRound};
use serde::{Deserialize, Serialize};

use super::Taken;

/// Most problems that are told of one round.
const MAX_PROBLEMS: usize = 20;

/// How far a look at all users of a scope is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Progress(PeerRound);

impl Progress {
    pub(super) fn begin(plan_revision: u64, round: u64) -> Self {
        Self(PeerRound { plan_revision, round, ..PeerRound::default() })
    }

    pub(super) fn listed(&mut self, users: usize) {
        self.0.listed += u64::try_from(users).unwrap_or(u64::MAX);
    }

    pub(super) fn took(&mut self, taken: &Taken) {
        self.0.users += 1;
        self.0.versions += taken.versions;
        self.0.quarantined += taken.quarantined;
        self.0.merged += u64::from(taken.merged.is_some());
        self.0.waits += u64::from(taken.waits);
    }

    pub(super) fn problem(&mut self, text: String) {
        self.0.users += 1;
        self.0.failed += 1;
        if self.0.problems.len() < MAX_PROBLEMS {
            self.0.problems.push(text);
        }
    }

    pub(super) fn end(&mut self) {
        self.0.ended = true;
    }

    /// Whether all that the other one has is here.
    pub(super) fn is_whole(&self) -> bool {
        self.0.ended && self.0.failed == 0
    }
}

/// What is known of other Storage Servers: of which all was here once, which a start must not forget, and how far each is.
pub(super) struct Known {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    whole: Whole,
    rounds: BTreeMap<(Scope, String), PeerRound>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Whole {
    /// Scope and name of the Storage Server.
    taken_over: Vec<(Scope, String)>,
}

impl Known {
    pub(super) fn open(state_folder: &Path) -> Self {
        let path = state_folder.join("peers.json");
        let whole =
            fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { path, state: Mutex::new(State { whole, rounds: BTreeMap::new() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_whole(&self, scope: &Scope, peer: &str) -> bool {
        self.state().whole.taken_over.iter().any(|(of, name)| of == scope && name == peer)
    }

    pub(super) fn note(&self, scope: &Scope, peer: &str, progress: &Progress) {
        let whole = self.is_whole(scope, peer);
        let mut state = self.state();
        state.rounds.insert((scope.clone(), peer.to_owned()), progress.0.clone());
        if progress.is_whole() && !whole {
            state.whole.taken_over.push((scope.clone(), peer.to_owned()));
            let text = serde_json::to_vec_pretty(&state.whole).map_err(io::Error::from);
            let saved = text.and_then(|text| mp_durable::replace(&self.path, &text, Readers::AsFolder));
            if let Err(error) = saved {
                tracing::warn!(path = %self.path.display(), %error, "Cannot note that all was taken over");
            }
        }
    }

    /// What the console is told.
    pub(super) fn report(&self) -> PeerReport {
        let rounds = self.state().rounds.clone();
        let told =
            rounds.into_iter().map(|((scope, peer), round)| PeerRound { scope: Some(scope), peer, ..round });
        PeerReport { rounds: told.collect() }
    }
}
