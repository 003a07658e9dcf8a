//! What there is: scopes, users, and the versions of one data set.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::Path,
};

use mp_profile::{GroupName, Scope, Sid, VersionTag};

use super::{
    FolderBackend, Place, Version, failed,
    history::Event,
    versions::{Entry, stored},
};
use crate::backend::{BackendError, Change, VersionInfo};

/// Endings of the names by which a user is known in the folder of a scope.
const OF_A_USER: [&str; 4] = [".mpd", ".versions", ".quarantine", ".key"];

impl FolderBackend {
    pub(super) fn list_scopes(&self) -> Result<Vec<Scope>, BackendError> {
        self.check_marker()?;
        let mut scopes = BTreeSet::new();
        for entry in fs::read_dir(&self.base).map_err(|error| failed("list", &self.base, error))? {
            let entry = entry.map_err(|error| failed("list", &self.base, error))?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|_| entry.path().is_dir()) else { continue };
            if name.eq_ignore_ascii_case(&self.global_folder) {
                scopes.insert(Scope::Global);
            } else if let Ok(group) = name.parse::<GroupName>() {
                scopes.insert(Scope::Group(group));
            }
        }
        Ok(scopes.into_iter().collect())
    }

    pub(super) fn list_users(
        &self,
        scope: &Scope,
        after: Option<&Sid>,
        limit: usize,
    ) -> Result<Vec<Sid>, BackendError> {
        let folder = self.scope_folder(scope)?;
        let listed = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.check_marker()?;
                return Ok(Vec::new());
            }
            listed => listed.map_err(|error| failed("list", &folder, error))?,
        };
        let mut users: BTreeMap<String, Sid> = BTreeMap::new();
        for entry in listed {
            let name = entry.map_err(|error| failed("list", &folder, error))?.file_name();
            let Some(name) = name.to_str() else { continue };
            let Some(sid) = OF_A_USER.iter().find_map(|ending| name.strip_suffix(ending)) else { continue };
            let passed = after.is_some_and(|after| sid <= after.as_str())
                || (users.len() == limit
                    && users.last_key_value().is_none_or(|(last, _)| sid > last.as_str()));
            let Ok(parsed) = sid.parse::<Sid>() else { continue };
            if !passed && users.insert(sid.to_owned(), parsed).is_none() && users.len() > limit {
                users.pop_last();
            }
        }
        Ok(users.into_values().collect())
    }

    /// All versions that are known, newest first.
    pub(super) fn list_versions(&self, place: &Place) -> Result<Vec<VersionInfo>, BackendError> {
        let events = place.history.read()?;
        let (current, listing) = match self.current(place)? {
            Some((version, listing)) => (Some(version), listing),
            None => (None, place.versions.list()?),
        };
        let newest = current.map_or(listing.next() - 1, |version| version.sequence);
        let mut known: BTreeMap<u64, VersionInfo> = BTreeMap::new();
        for event in events.iter().filter(|event| event.number() <= newest) {
            if let Some((version, base, stamp)) = event.version() {
                let mut info = about(version);
                info.at = Some(stamp.at);
                info.base = base.cloned();
                info.stamp = Some(stamp.clone());
                known.insert(version.sequence, info);
            }
        }
        for entry in &listing.entries {
            if entry.is_damaged() {
                if let Some(info) = known.get_mut(&entry.sequence) {
                    info.damaged = true;
                }
                continue;
            }
            let Some(version) = self.version_of(place, entry, &known)? else { continue };
            let info = kept(&mut known, version, &entry.path);
            info.pinned |= entry.pinned;
            info.removed = entry.removed.then(|| removal(&events, version.sequence)).flatten();
        }
        if let Some(version) = current {
            kept(&mut known, version, &place.current).current = true;
        }
        Ok(known.into_values().rev().collect())
    }

    /// The version of a former file, by the history where that fits, else by the file's head. `None` when that is damaged.
    fn version_of(
        &self,
        place: &Place,
        entry: &Entry,
        known: &BTreeMap<u64, VersionInfo>,
    ) -> Result<Option<Version>, BackendError> {
        let told = known.get(&entry.sequence).and_then(|info| {
            let (sequence, digest) = Version::parse(&VersionTag(info.tag.clone()))?;
            entry.is(digest).then_some(Version { sequence, digest, len: info.bytes, stands_in_for: None })
        });
        if told.is_some() {
            return Ok(told);
        }
        let file = match File::open(&entry.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| failed("open", &entry.path, error))?,
        };
        Ok(self.head(place, &entry.path, file)?.ok().map(|stored| Version {
            sequence: entry.sequence,
            digest: stored.digest,
            len: stored.len,
            stands_in_for: None,
        }))
    }
}

/// The entry of a version whose content is there. What the history says under its number of another content does not count:
/// somebody has put files here by hand.
fn kept<'a>(known: &'a mut BTreeMap<u64, VersionInfo>, version: Version, path: &Path) -> &'a mut VersionInfo {
    let info = known.entry(version.sequence).or_insert_with(|| about(version));
    if info.tag != version.tag().0 {
        *info = about(version);
    }
    info.kept = true;
    info.bytes = version.len;
    info.at = info.at.or_else(|| fs::metadata(path).ok().as_ref().map(stored));
    info
}

fn about(version: Version) -> VersionInfo {
    VersionInfo {
        tag: version.tag().0,
        number: version.sequence,
        seal: version.digest.to_string(),
        bytes: version.len,
        current: false,
        kept: false,
        pinned: false,
        damaged: false,
        at: None,
        base: None,
        stamp: None,
        removed: None,
    }
}

fn removal(events: &[Event], sequence: u64) -> Option<Change> {
    events.iter().rev().find_map(|event| match event {
        Event::Removed { number, change } if *number == sequence => Some(change.clone()),
        _ => None,
    })
}
