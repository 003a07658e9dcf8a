//! What a session was given at logon: the marker inside the loaded hive, and the session's folder in the Agent's state.
//!
//! The marker disappears with this load of the hive, so it can never speak about another load. It names the session whose
//! folder holds the rest. Without both, nothing is known of what was merged, and an export replaces nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mp_dataset::{DataSet, Limits, Verified};
use mp_profile::{
    Baseline, DataSetStore, DataSubset, GroupName, ImportReport, NoteCode, Scope, SessionProfile, Sid,
    Unapplied,
};
use serde::{Deserialize, Serialize};

use super::base::ScopeSet;
use crate::{
    spool::digest,
    state::{StateError, StateFolder, private_folder},
};

/// What is known of one session, from its logon.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SessionRecord {
    /// Random name of the session, as in the marker.
    pub(crate) session: String,
    /// Revision of the plan at logon.
    pub(crate) plan_revision: u64,
    /// Group of the Agent Server at logon.
    pub(crate) group: Option<GroupName>,
    /// Data subsets at logon. The export follows them, not newer ones: of a subset that came later nothing was merged.
    pub(crate) subsets: Vec<DataSubset>,
    /// Names of the data subsets that the logon waited for, while the rest is still to be brought in at once; else none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) awaited: Vec<String>,
    /// Before an import into a load that no marker names a session of yet: the picture that its marker names. Until the
    /// import is done, the scopes say what it has begun with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<String>,
    /// What was merged, by scope.
    pub(crate) scopes: Vec<MergedScope>,
    /// Newer data sets, by scope, version and digest of their file: their merge into the session was begun. One that was cut
    /// off is to be finished before anything else is merged or exported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) newer: Vec<(Scope, Option<String>, String)>,
    /// What the import could not write; the export must not take it for deleted.
    #[serde(default)]
    pub(crate) unapplied: Unapplied,
}

/// What was merged of one scope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct MergedScope {
    /// The scope.
    pub(crate) scope: Scope,
    /// Whether the stored data set is wholly in the profile, or storage said that there is none.
    pub(crate) merged: bool,
    /// Whether the data set is at hand, and so far only what the logon waited for was taken from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) held: bool,
    /// Whether an import of the data set was begun, which is at hand. If it was cut off, the profile holds a part of it, and it
    /// is to be finished before another one is taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) begun: bool,
    /// Whether the session had changed something of the data set before it was merged, so that the profile never held all of
    /// it: from the spool it has to go to storage by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) spared: bool,
    /// Version of the data set; `None` when there is none.
    pub(crate) version: Option<String>,
    /// BLAKE3 of its file, in hexadecimal.
    pub(crate) digest: Option<String>,
    /// The version of storage that it is in, together with what others had stored: without a version of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) within: Option<String>,
    /// The Storage Server that gave it, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
}

/// The note in the loaded hive.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Marker {
    session: String,
    merged: bool,
    /// This load was exported for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    over: bool,
    /// Nothing was merged since; `session` is the digest of the picture that was taken of this load when it was first seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    seen: bool,
}

/// The session that this very load of the hive belongs to, and whether all was merged into it.
pub(crate) struct Marked {
    pub(crate) session: String,
    pub(crate) merged: bool,
    /// It was exported for good, and its record removed: the load is as good as a new one.
    pub(crate) over: bool,
}

pub(crate) fn marked(profile: &dyn SessionProfile) -> Option<Marked> {
    let marker = marker(profile).filter(|marker| marker.over || !marker.seen)?;
    Some(Marked { session: marker.session, merged: marker.merged, over: marker.over })
}

/// Digest of the picture that was taken of this load of the hive when it was first seen, or first seen after it was over;
/// `None` when there is none, or something was merged since.
pub(super) fn seen(profile: &dyn SessionProfile) -> Option<String> {
    marker(profile).filter(|marker| marker.seen).map(|marker| marker.session)
}

fn marker(profile: &dyn SessionProfile) -> Option<Marker> {
    let marker = match profile.marker() {
        Ok(marker) => marker?,
        Err(error) => {
            tracing::warn!(%error, "The session marker cannot be read; the session counts as not merged");
            return None;
        }
    };
    serde_json::from_slice(&marker).ok()
}

/// Notes in the loaded hive that a picture of it was taken.
pub(super) fn mark_seen(
    profile: &mut dyn SessionProfile,
    picture: String,
    over: bool,
) -> Result<(), mp_profile::HostError> {
    write_marker(profile, &Marker { session: picture, merged: false, over, seen: true })
}

/// Notes in the loaded hive that it was exported for good.
pub(crate) fn mark_over(profile: &mut dyn SessionProfile) -> Result<(), mp_profile::HostError> {
    write_marker(profile, &Marker { session: String::new(), merged: false, over: true, seen: false })
}

fn write_marker(profile: &mut dyn SessionProfile, marker: &Marker) -> Result<(), mp_profile::HostError> {
    let text = serde_json::to_vec(marker).unwrap_or_default();
    profile.set_marker(&text)
}

impl SessionRecord {
    pub(crate) fn all_merged(&self) -> bool {
        self.scopes.iter().all(|scope| scope.merged)
    }

    /// The same while its import is not done yet, into the load whose marker names this picture.
    pub(crate) fn begun(&self, picture: String) -> Self {
        let mut begun = Self { picture: Some(picture), ..self.clone() };
        for scope in &mut begun.scopes {
            (scope.begun, scope.merged) = (scope.merged || scope.held, false);
        }
        begun
    }

    pub(crate) fn has_begun(&self, scope: &Scope) -> bool {
        self.scope(scope).is_some_and(|scope| scope.begun)
    }

    /// Notes before an import what it begins with.
    pub(super) fn begin(&mut self, sets: &[&ScopeSet]) {
        for set in sets {
            if let Some(merged) = self.scope_mut(&set.scope) {
                merged.begun = true;
                merged.version.clone_from(&set.version);
                merged.digest = set.set.as_ref().map(|(bytes, _)| digest(bytes));
            }
        }
    }

    /// Notes before a merge of newer data sets what it begins with.
    pub(super) fn begin_newer(&mut self, sets: &[ScopeSet]) {
        let named = |set: &ScopeSet| {
            let (bytes, _) = set.set.as_ref()?;
            Some((set.scope.clone(), set.version.clone(), digest(bytes)))
        };
        self.newer = sets.iter().filter_map(named).collect();
    }

    pub(crate) fn scope(&self, scope: &Scope) -> Option<&MergedScope> {
        self.scopes.iter().find(|merged| merged.scope == *scope)
    }

    pub(crate) fn scope_mut(&mut self, scope: &Scope) -> Option<&mut MergedScope> {
        self.scopes.iter_mut().find(|merged| merged.scope == *scope)
    }

    /// Notes whether an import left out what the session had changed before it.
    pub(crate) fn note_spared(&mut self, report: &ImportReport) {
        let spared = report.notes.of(NoteCode::ChangedBefore).next().is_some() || report.notes.more > 0;
        self.scopes.iter_mut().for_each(|scope| scope.spared |= spared);
    }

    /// Notes which Storage Servers gave what was merged, now or when the import was begun `before`.
    pub(crate) fn note_servers(&mut self, store: Option<&dyn DataSetStore>, before: Option<&Self>) {
        for scope in self.scopes.iter_mut().filter(|scope| scope.version.is_some()) {
            let answered = store.and_then(|store| store.answered_by(&scope.scope));
            let before = before.and_then(|before| before.scope(&scope.scope)?.server.clone());
            scope.server = answered.map(|(server, _)| server).or(before);
        }
    }

    /// Writes the session's folder. It is needed only as long as the hive stays loaded, so it need not survive a power cut.
    pub(crate) fn save<'a>(
        &self,
        state: &StateFolder,
        sid: &Sid,
        baseline: &Baseline,
        bases: impl Iterator<Item = (&'a Scope, &'a [u8])>,
    ) -> Result<(), StateError> {
        let folder = state.session(sid);
        private_folder(&folder)?;
        let path = folder.join("baseline.mpd");
        let mut encoded = Vec::new();
        mp_dataset::encode(&baseline.to_data_set(), &mut encoded)
            .map_err(io::Error::other)
            .map_err(StateError::at("write", &path))?;
        // What is left of a former session, whose name the marker does not say, is used by nobody. The picture of the first
        // look stays until the marker is written.
        write_whole(&path, &encoded)?;
        self.write(state, sid, bases)
    }

    /// Writes these bases and then the record, each in one step: a process that is killed leaves the former record with its
    /// bases, or the new one with its own.
    pub(crate) fn write<'a>(
        &self,
        state: &StateFolder,
        sid: &Sid,
        bases: impl Iterator<Item = (&'a Scope, &'a [u8])>,
    ) -> Result<(), StateError> {
        let folder = state.session(sid);
        for (scope, bytes) in bases {
            write_whole(&base_file(&folder, scope, &digest(bytes)), bytes)?;
        }
        let path = folder.join("session.json");
        let text = serde_json::to_vec_pretty(self)
            .map_err(io::Error::from)
            .map_err(StateError::at("write", &path))?;
        write_whole(&path, &text)?;
        self.remove_former_bases(&folder)
    }

    /// Removes the bases that the record no longer names.
    fn remove_former_bases(&self, folder: &Path) -> Result<(), StateError> {
        let bases = self.scopes.iter().filter_map(|scope| Some((&scope.scope, scope.digest.as_ref()?)));
        let named = bases.chain(self.newer.iter().map(|(scope, _, digest)| (scope, digest)));
        let named: Vec<PathBuf> = named.map(|(scope, digest)| base_file(folder, scope, digest)).collect();
        for entry in fs::read_dir(folder).map_err(StateError::at("list", folder))? {
            let path = entry.map_err(StateError::at("list", folder))?.path();
            let is_base = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(BASE));
            if is_base && !named.contains(&path) {
                fs::remove_file(&path).map_err(StateError::at("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Notes in the loaded hive that this session's record speaks about it.
    pub(crate) fn mark(&self, profile: &mut dyn SessionProfile) -> Result<(), mp_profile::HostError> {
        let marker =
            Marker { session: self.session.clone(), merged: self.all_merged(), over: false, seen: false };
        write_marker(profile, &marker)
    }

    /// The record that is there, whichever session's it is.
    pub(crate) fn latest(state: &StateFolder, sid: &Sid) -> Option<Self> {
        serde_json::from_slice(&fs::read(state.session(sid).join("session.json")).ok()?).ok()
    }

    /// The record of a session; `None` when the folder is of another one or cannot be used.
    pub(crate) fn load(state: &StateFolder, sid: &Sid, session: &str) -> Option<Self> {
        let record = Self::latest(state, sid)?;
        (record.session == session).then_some(record)
    }

    /// What the profile held before anything was merged; `None` when it cannot be read.
    pub(crate) fn baseline(state: &StateFolder, sid: &Sid) -> Option<Baseline> {
        let set = decode(&fs::read(state.session(sid).join("baseline.mpd")).ok()?)?;
        Baseline::from_data_set(set).ok()
    }

    /// The data set that was merged; `None` when there was none, or its file is missing, damaged or another one.
    pub(crate) fn base(state: &StateFolder, sid: &Sid, merged: &MergedScope) -> Option<DataSet> {
        decode(&Self::base_bytes(state, sid, merged)?)
    }

    /// The file of the data set that was merged; `None` when there was none, or it is missing or another one.
    pub(crate) fn base_bytes(state: &StateFolder, sid: &Sid, merged: &MergedScope) -> Option<Vec<u8>> {
        Self::file_of(state, sid, &merged.scope, merged.digest.as_ref()?)
    }

    /// The file of a data set that the record names; `None` when it is missing or another one.
    pub(super) fn file_of(state: &StateFolder, sid: &Sid, scope: &Scope, expected: &str) -> Option<Vec<u8>> {
        let bytes = fs::read(base_file(&state.session(sid), scope, expected)).ok()?;
        (expected == digest(&bytes)).then_some(bytes)
    }

    /// Removes the session's folder.
    pub(crate) fn remove(state: &StateFolder, sid: &Sid) -> Result<(), StateError> {
        let folder = state.session(sid);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StateError::at("remove", &folder)(error))
            }
            _ => Ok(()),
        }
    }
}

/// Beginning of the names of bases.
const BASE: &str = "base-";
/// Digits of a digest that are in a base's name.
const NAME_DIGITS: usize = 16;

fn base_file(folder: &Path, scope: &Scope, digest: &str) -> PathBuf {
    let scope = match scope {
        Scope::Global => "global",
        Scope::Group(_) => "group",
    };
    let digits: String = digest.chars().take(NAME_DIGITS).collect();
    folder.join(format!("{BASE}{scope}-{digits}.mpd"))
}

/// In one step, but without a flush to the disk: the record is needed only as long as the machine runs.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let temporary = path.with_extension("tmp");
    fs::write(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(StateError::at("write", path))
}

pub(super) fn decode(bytes: &[u8]) -> Option<DataSet> {
    mp_dataset::decode(bytes, &Limits::default()).ok().map(Verified::into_data_set)
}
