use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mp_profile::Scope;
use mp_protocol::{PeerServer, StoragePlan};

use crate::{Code, Refusal};

/// After its start a Storage Server lets Agents wait so long at most, until it has looked at what the others have stored while
/// it was away.
pub(super) const CATCH_UP: Duration = Duration::from_secs(20);

/// Whether Agents may be answered from what is here.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    until: Option<Instant>,
    /// By scope and peer: whether it was looked at since the start, and whether ever.
    peers: BTreeMap<(Scope, String), Looked>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Looked {
    /// It has answered all, or not at all.
    tried: bool,
    /// All that it has is here.
    wholly: bool,
}

impl Readiness {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The service begins to serve by this plan, and lets Agents wait so long at most. `known` says of which peers and scopes
    /// all was here once.
    pub fn begin(&self, plan: &StoragePlan, wait: Duration, known: impl Fn(&Scope, &str) -> bool) {
        self.state().until = Some(Instant::now() + wait);
        self.note(plan, known, false);
    }

    /// The plan may be another one. Who is new in it is not waited for, and may have what is not here; who is not in it any
    /// more does not count.
    pub(crate) fn follow(&self, plan: &StoragePlan, known: impl Fn(&Scope, &str) -> bool) {
        self.note(plan, known, true);
    }

    fn note(&self, plan: &StoragePlan, known: impl Fn(&Scope, &str) -> bool, tried: bool) {
        // One of which no machine has joined yet has nothing.
        let joined = plan.peers.iter().filter(|peer| !peer.machines.is_empty());
        let named = joined.flat_map(|PeerServer { target, scopes, .. }| {
            scopes.iter().map(|shared| (shared.scope.clone(), target.name.clone()))
        });
        let named: BTreeSet<(Scope, String)> = named.collect();
        let mut state = self.state();
        state.peers.retain(|of, _| named.contains(of));
        for (scope, peer) in named {
            let looked = Looked { tried, wholly: known(&scope, &peer) };
            state.peers.entry((scope, peer)).or_insert(looked);
        }
    }

    /// A peer was looked at: all that it has of a scope is here now, or it did not answer.
    pub fn looked(&self, scope: &Scope, peer: &str, wholly: bool) {
        let mut state = self.state();
        if let Some(looked) = state.peers.get_mut(&(scope.clone(), peer.to_owned())) {
            looked.tried = true;
            looked.wholly |= wholly;
        }
    }

    /// Whether an Agent may be answered.
    ///
    /// # Errors
    /// While it is not known what other Storage Servers have stored since this one was here last.
    pub(crate) fn check(&self, scope: &Scope) -> Result<(), Refusal> {
        let state = self.state();
        let waits = state.until.is_some_and(|until| Instant::now() < until);
        let waits = waits && state.peers.iter().any(|((of, _), looked)| of == scope && !looked.tried);
        if waits {
            let text = "the storage server has just begun, and looks at what others have stored meanwhile";
            return Err(Refusal::new(Code::CatchingUp, text));
        }
        Ok(())
    }

    /// Whether an Agent may be told that there is no data set.
    ///
    /// # Errors
    /// When another Storage Server of the scope may have one that was never here.
    pub(crate) fn check_none(&self, scope: &Scope) -> Result<(), Refusal> {
        let unknown = |((of, _), looked): (&(Scope, String), &Looked)| of == scope && !looked.wholly;
        if self.state().peers.iter().any(unknown) {
            let text = "there is none here, but not all is here yet that other storage servers have";
            return Err(Refusal::new(Code::NotAllHere, text));
        }
        Ok(())
    }
}
