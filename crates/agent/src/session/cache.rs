//! The data sets that this host saw last, for logons while storage is away, and so that only what changed since is fetched.
//! They are only read; an export that was made from one replaces what is stored only if that still is this version.

use std::{fs, io, path::PathBuf, time::SystemTime};

use mp_durable::Readers;
use mp_profile::{Scope, Sid, VersionTag};
use serde::{Deserialize, Serialize};

use crate::{
    spool::digest,
    state::{StateError, StateFolder, private_folder},
};

/// Users whose data sets are kept; the ones not seen for longest give way.
const MAX_USERS: usize = 500;

/// What is known of a kept data set.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kept {
    scope: Scope,
    /// `None` when storage had none.
    version: Option<String>,
    digest: Option<String>,
}

/// What storage had when it was last seen.
pub(super) struct Copy {
    /// The version and its file, not yet verified; `None` when storage had none.
    pub(super) file: Option<(VersionTag, Vec<u8>)>,
}

fn files(state: &StateFolder, sid: &Sid, scope: &Scope) -> (PathBuf, PathBuf) {
    let name = match scope {
        Scope::Global => "global",
        Scope::Group(_) => "group",
    };
    let folder = state.cache(sid);
    (folder.join(format!("{name}.json")), folder.join(format!("{name}.mpd")))
}

/// Keeps what storage had of this scope; `None` when it had nothing.
pub(super) fn keep(
    state: &StateFolder,
    sid: &Sid,
    scope: &Scope,
    seen: Option<(&str, &[u8])>,
) -> Result<(), StateError> {
    private_folder(&state.cache(sid))?;
    let (note, data) = files(state, sid, scope);
    let kept = Kept {
        scope: scope.clone(),
        version: seen.map(|(version, _)| version.to_owned()),
        digest: seen.map(|(_, bytes)| digest(bytes)),
    };
    let text =
        serde_json::to_vec_pretty(&kept).map_err(io::Error::from).map_err(StateError::at("write", &note))?;
    // A user mostly comes back to what is there already.
    if let Some((_, bytes)) = seen.filter(|(_, bytes)| fs::read(&data).ok().as_deref() != Some(*bytes)) {
        mp_durable::replace(&data, bytes, Readers::OwnerOnly).map_err(StateError::at("write", &data))?;
    }
    mp_durable::replace(&note, &text, Readers::OwnerOnly).map_err(StateError::at("write", &note))?;
    make_room(state, sid);
    Ok(())
}

/// What storage had of this scope; `None` when that is not known, or the file is another one.
pub(super) fn look_up(state: &StateFolder, sid: &Sid, scope: &Scope) -> Option<Copy> {
    let (note, data) = files(state, sid, scope);
    let kept: Kept = serde_json::from_slice(&fs::read(note).ok()?).ok()?;
    if kept.scope != *scope {
        return None;
    }
    let Some((wanted, version)) = kept.digest.zip(kept.version) else { return Some(Copy { file: None }) };
    let bytes = fs::read(data).ok()?;
    (wanted == digest(&bytes)).then_some(Copy { file: Some((VersionTag(version), bytes)) })
}

fn make_room(state: &StateFolder, but: &Sid) {
    let Ok(listed) = fs::read_dir(state.caches()) else { return };
    let mut users: Vec<(SystemTime, PathBuf)> = listed
        .flatten()
        .filter(|entry| entry.file_name() != but.as_str())
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    users.sort();
    let over = (users.len() + 1).saturating_sub(MAX_USERS);
    for (_, folder) in users.into_iter().take(over) {
        if let Err(error) = fs::remove_dir_all(&folder) {
            tracing::warn!(path = %folder.display(), %error, "A former user's cached copy stays");
        }
    }
}
