//! What a session starts from: the stored data sets, or what this host could not send yet.

use mp_dataset::{DataSet, DecodeError, Limits, Verified};
use mp_profile::{DataSetStore, Fetched, HeldVersion, Scope, Sid, StoreError, VersionTag};

use mp_protocol::StorageAway;

use super::{Agent, cache};
use crate::{
    chain::chain,
    plan::CachedPlan,
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

/// What the data sets are good for that this host saw last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Copies {
    /// None are kept.
    None,
    /// Only what changed since is fetched.
    AsHeld,
    /// The same, and they serve while storage is away.
    AlsoInstead,
}

impl Copies {
    /// Those of a group that says this of logons while storage is away.
    pub(super) fn of(storage_away: StorageAway) -> Self {
        if storage_away == StorageAway::CachedCopy { Self::AlsoInstead } else { Self::None }
    }

    /// They do not take the place of an answer.
    pub(super) fn only_held(self) -> Self {
        if self == Self::None { Self::None } else { Self::AsHeld }
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
        copies: Copies,
        recorder: &mut Recorder,
    ) -> Vec<ScopeSet> {
        let look_up = |scope| (copies != Copies::None).then(|| cache::look_up(&self.state, sid, scope))?;
        let kept: Vec<Option<cache::Copy>> = scopes.iter().map(look_up).collect();
        let answers = match store {
            Ok(store) => {
                let answers = ask(sid, &scopes, &kept, store, recorder);
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
            .zip(kept)
            .map(|((scope, answer), copy)| {
                let copy = copy.filter(|_| copies == Copies::AlsoInstead);
                self.start(sid, scope, answer, copy, recorder)
            })
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
        copy: Option<cache::Copy>,
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
        match (answer, copy.and_then(verified_copy)) {
            (Some(answer), _) => accept(scope, answer, recorder),
            (None, Some((set, version))) => {
                let bytes = set.as_ref().map(|(bytes, _)| bytes.len());
                recorder.data_set(&scope, "imported from the cached copy", bytes, version.clone());
                ScopeSet { scope, set, version, known: true }
            }
            (None, None) => {
                recorder.data_set(&scope, "not fetched", None, None);
                ScopeSet::unknown(scope)
            }
        }
    }

    /// Keeps what storage gave, for the next logon.
    pub(super) fn keep_copies(&self, sid: &Sid, sets: &[ScopeSet], recorder: &mut Recorder) {
        for set in sets.iter().filter(|set| set.known) {
            let seen = match (&set.set, &set.version) {
                (Some((bytes, _)), Some(version)) => Some((version.as_str(), bytes.as_slice())),
                (None, None) => None,
                // What is only in the spool was never seen in storage.
                _ => continue,
            };
            self.keep_copy(sid, &set.scope, seen, recorder);
        }
    }

    /// Whether this host keeps copies for the next logon.
    pub(super) fn keeps_copies(&self, plan: Option<&CachedPlan>) -> bool {
        let settings = self.settings.over(plan.map(|cached| &cached.plan));
        Copies::of(settings.storage_away) != Copies::None
    }

    /// Keeps what storage has of a scope, for the next logon; `None` when it has nothing.
    pub(super) fn keep_copy(
        &self,
        sid: &Sid,
        scope: &Scope,
        seen: Option<(&str, &[u8])>,
        recorder: &mut Recorder,
    ) {
        if let Err(error) = cache::keep(&self.state, sid, scope, seen) {
            let text = format!("the data set of {scope} is not kept for when storage is away: ");
            recorder.problem("MP-AGT-071", text + &chain(&error));
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

/// Asks storage for all scopes at once, and says what is held of them. An answer is missing where storage gave none.
fn ask(
    sid: &Sid,
    scopes: &[Scope],
    kept: &[Option<cache::Copy>],
    store: &dyn DataSetStore,
    recorder: &mut Recorder,
) -> Vec<Option<Fetched>> {
    let held = kept.iter().map(|copy| {
        let (version, file) = copy.as_ref()?.file.as_ref()?;
        Some(HeldVersion { version, file: Some(file.as_slice()) })
    });
    let wanted: Vec<_> = scopes.iter().cloned().zip(held).collect();
    let known = |(answer, held): (Fetched, Option<HeldVersion<'_>>)| match (answer, held) {
        (Fetched::NotModified, Some(HeldVersion { version, file: Some(file) })) => {
            Fetched::Data { version: version.clone(), bytes: file.to_vec() }
        }
        (answer, _) => answer,
    };
    match store.fetch_all(sid, &wanted) {
        Ok(answers) => {
            let answers = answers.into_iter().zip(wanted.iter().map(|(_, held)| *held));
            answers.map(|answer| Some(known(answer))).collect()
        }
        // That it refuses one scope must not cost the user the other.
        Err(StoreError::Refused { .. }) if scopes.len() > 1 => {
            let mut one =
                |(scope, held): &(Scope, Option<HeldVersion<'_>>)| match store.fetch(scope, sid, *held) {
                    Ok(answer) => Some(known((answer, *held))),
                    Err(error) => {
                        not_fetched(&error, Some(scope), recorder);
                        None
                    }
                };
            wanted.iter().map(&mut one).collect()
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

/// A data set file with its content, if there is one, and its version.
type Copied = (Option<(Vec<u8>, DataSet)>, Option<String>);

/// What a copy holds; `None` when it is not intact.
fn verified_copy(copy: cache::Copy) -> Option<Copied> {
    let Some((VersionTag(version), bytes)) = copy.file else { return Some((None, None)) };
    let set = verified(&bytes).ok()?;
    Some((Some((bytes, set)), Some(version)))
}

pub(super) fn verified(bytes: &[u8]) -> Result<DataSet, DecodeError> {
    mp_dataset::decode(bytes, &Limits::default()).map(Verified::into_data_set)
}
