//! What a session starts from: the stored data sets, or what this host could not send yet.

use mp_dataset::{DataSet, DecodeError, Limits, Verified};
use mp_profile::{DataSetStore, Fetched, Scope, Sid, StoreError};

use super::{Agent, cache};
use crate::{
    chain::chain,
    report::Recorder,
    spool::{Intent, SpoolEntry, digest},
};

/// What is known of one scope's data set after storage was asked.
pub(super) struct ScopeSet {
    pub(super) scope: Scope,
    /// The file and its content; `None` when there is none, or it could not be had.
    pub(super) set: Option<(Vec<u8>, DataSet)>,
    pub(super) version: Option<String>,
    /// Whether storage answered with authority, and what it gave is sound.
    pub(super) known: bool,
}

impl ScopeSet {
    fn unknown(scope: Scope) -> Self {
        Self { scope, set: None, version: None, known: false }
    }
}

/// What an earlier session on this host exported, and storage has not acknowledged.
struct Unsent {
    intent: Intent,
    bytes: Vec<u8>,
    set: DataSet,
}

impl Agent<'_> {
    /// The data sets of these scopes.
    pub(super) fn fetch(
        &self,
        sid: &Sid,
        scopes: Vec<Scope>,
        store: Result<&dyn DataSetStore, &StoreError>,
        cached_copy: bool,
        recorder: &mut Recorder,
    ) -> Vec<ScopeSet> {
        let answers = match store {
            Ok(store) => {
                let answers = ask(sid, &scopes, store, recorder);
                for scope in &scopes {
                    report_other_server(scope, store, "came from", recorder);
                }
                answers
            }
            Err(error) => {
                not_fetched(error, None, recorder);
                Vec::new()
            }
        };
        let answers = answers.into_iter().chain(std::iter::repeat_with(|| None));
        scopes
            .into_iter()
            .zip(answers)
            .map(|(scope, answer)| self.start(sid, scope, answer, cached_copy, recorder))
            .collect()
    }

    /// Chooses what the session starts from in one scope.
    ///
    /// What this host could not send is newer than what it was made from. As long as storage has nothing but that, or does
    /// not say what it has, the session continues from the unsent data set, and its export will take its place in the spool.
    fn start(
        &self,
        sid: &Sid,
        scope: Scope,
        answer: Option<Fetched>,
        cached_copy: bool,
        recorder: &mut Recorder,
    ) -> ScopeSet {
        let unsent = self.unsent(sid, &scope, recorder);
        let continued = unsent.filter(|unsent| match &answer {
            None => true,
            Some(answer) => unsent.follows(answer),
        });
        if let Some(Unsent { bytes, set, .. }) = continued {
            recorder.data_set(&scope, "imported from the spool", Some(bytes.len()), None);
            return ScopeSet { scope, set: Some((bytes, set)), version: None, known: true };
        }
        match answer {
            Some(answer) => accept(scope, answer, recorder),
            None if cached_copy && let Some(copy) = cache::look_up(&self.state, sid, &scope) => {
                let bytes = copy.set.as_ref().map(|(bytes, _)| bytes.len());
                recorder.data_set(&scope, "imported from the cached copy", bytes, copy.version.clone());
                ScopeSet { scope, set: copy.set, version: copy.version, known: true }
            }
            None => {
                recorder.data_set(&scope, "not fetched", None, None);
                ScopeSet::unknown(scope)
            }
        }
    }

    /// Keeps what storage gave, for a logon while it is away.
    pub(super) fn keep_copies(&self, sid: &Sid, sets: &[ScopeSet], recorder: &mut Recorder) {
        for set in sets.iter().filter(|set| set.known) {
            let seen = match (&set.set, &set.version) {
                (Some((bytes, _)), Some(version)) => Some((version.as_str(), bytes.as_slice())),
                (None, None) => None,
                // What is only in the spool was never seen in storage.
                _ => continue,
            };
            if let Err(error) = cache::keep(&self.state, sid, &set.scope, seen) {
                let text = format!("the data set of {} is not kept for when storage is away: ", set.scope);
                recorder.problem("MP-AGT-071", text + &chain(&error));
            }
        }
    }

    fn unsent(&self, sid: &Sid, scope: &Scope, recorder: &mut Recorder) -> Option<Unsent> {
        let entries = match self.spool.of(sid) {
            Ok(waiting) => waiting.entries,
            Err(error) => {
                recorder.problem("MP-AGT-020", format!("the spool cannot be read: {}", chain(&error)));
                return None;
            }
        };
        let replaces = |entry: &&SpoolEntry| entry.scope == *scope && entry.intent.replaces();
        let entry = entries.iter().rev().find(replaces)?;
        let bytes = self.spool.read(entry).ok()?;
        let set = verified(&bytes).ok()?;
        Some(Unsent { intent: entry.intent.clone(), bytes, set })
    }
}

impl Unsent {
    /// Whether storage would take this one in place of what it has, or has it already.
    fn follows(&self, answer: &Fetched) -> bool {
        let Intent::Replace { base, base_digest, superseded } = &self.intent else { return false };
        match answer {
            Fetched::None => base.is_none() && base_digest.is_none(),
            Fetched::NotModified => false,
            Fetched::Data { version, bytes } => {
                let current = digest(bytes);
                base.as_ref() == Some(&version.0)
                    || base_digest.iter().chain(superseded).any(|before| *before == current)
            }
        }
    }
}

/// Says that another Storage Server answered than the first one.
pub(super) fn report_other_server(
    scope: &Scope,
    store: &dyn DataSetStore,
    what: &str,
    recorder: &mut Recorder,
) {
    if let Some((server, false)) = store.answered_by(scope) {
        let text = format!(
            "the data set of {scope} {what} {server}, for no storage server before it in the plan answered, or was up to date"
        );
        recorder.problem("MP-AGT-033", text);
    }
}

/// Asks storage for all scopes at once. An answer is missing where storage gave none.
fn ask(
    sid: &Sid,
    scopes: &[Scope],
    store: &dyn DataSetStore,
    recorder: &mut Recorder,
) -> Vec<Option<Fetched>> {
    let wanted: Vec<_> = scopes.iter().map(|scope| (scope.clone(), None)).collect();
    match store.fetch_all(sid, &wanted) {
        Ok(answers) => answers.into_iter().map(Some).collect(),
        // That it refuses one scope must not cost the user the other.
        Err(StoreError::Refused { .. }) if scopes.len() > 1 => {
            let mut one = |scope| match store.fetch(scope, sid, None) {
                Ok(answer) => Some(answer),
                Err(error) => {
                    not_fetched(&error, Some(scope), recorder);
                    None
                }
            };
            scopes.iter().map(&mut one).collect()
        }
        Err(error) => {
            not_fetched(&error, None, recorder);
            Vec::new()
        }
    }
}

fn not_fetched(error: &StoreError, scope: Option<&Scope>, recorder: &mut Recorder) {
    let which = scope.map_or_else(String::new, |scope| format!(" of {scope}"));
    let next = format!(
        "the session goes on without what is stored{which}; check the Storage Service, its port, and this machine's group"
    );
    recorder.problem("MP-AGT-030", format!("{}; {next}", chain(error)));
}

/// Verifies what storage gave. A damaged data set is not used, and not replaced either.
fn accept(scope: Scope, answer: Fetched, recorder: &mut Recorder) -> ScopeSet {
    match answer {
        Fetched::Data { version, bytes } => match verified(&bytes) {
            Ok(set) => {
                recorder.data_set(&scope, "imported", Some(bytes.len()), Some(version.0.clone()));
                ScopeSet { scope, set: Some((bytes, set)), version: Some(version.0), known: true }
            }
            Err(error) => {
                recorder.data_set(&scope, "damaged, not used", Some(bytes.len()), Some(version.0));
                let text = chain(&error);
                recorder.problem(
                    "MP-AGT-031",
                    format!("the stored data set of {scope} is damaged: {text}; restore a former version"),
                );
                ScopeSet::unknown(scope)
            }
        },
        Fetched::None => {
            recorder.data_set(&scope, "none stored", None, None);
            ScopeSet { scope, set: None, version: None, known: true }
        }
        Fetched::NotModified => {
            recorder.data_set(&scope, "not fetched", None, None);
            let text = "storage says that nothing changed, though nothing was held";
            recorder.problem("MP-AGT-032", format!("the data set of {scope} was not given: {text}"));
            ScopeSet::unknown(scope)
        }
    }
}

pub(super) fn verified(bytes: &[u8]) -> Result<DataSet, DecodeError> {
    mp_dataset::decode(bytes, &Limits::default()).map(Verified::into_data_set)
}
