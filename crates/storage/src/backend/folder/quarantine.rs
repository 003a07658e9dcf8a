//! What must not replace the current version: `<time>-<seal>.mpd`, each with a note of the same name and the extension `json`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mp_durable::{Readers, TEMPORARY_SUFFIX};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

use super::{FolderBackend, Place, failed, make_folder, sealing::content_len, sync_folder_of};
use crate::{
    DataSetFile,
    backend::{BackendError, Key, MAX_QUARANTINED, QuarantineNote, QuarantinedInfo},
};

/// Hexadecimal digits of the seal in the name of a file.
const SEAL_DIGITS: usize = 16;
const WHOLE: &str = "mpd";
/// No id is longer, in bytes.
const MAX_ID: usize = 80;

/// Content of the note beside a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Note {
    sid: String,
    scope: String,
    reason: String,
    agent: String,
    received: String,
}

impl FolderBackend {
    /// Keeps a file and a note.
    pub(super) fn keep_in_quarantine(
        &self,
        place: &Place,
        file: &DataSetFile,
        note: &QuarantineNote,
    ) -> Result<(), BackendError> {
        let Some(path) = free_place(place, file, note)? else { return Ok(()) };
        // The note comes first, so that no data set is there without its reason.
        write_note(&path, &place.key, note)?;
        self.write_file(place, &path, file)
    }
}

/// Where to put a file; `None` when it is here already.
fn free_place(
    place: &Place,
    file: &DataSetFile,
    note: &QuarantineNote,
) -> Result<Option<PathBuf>, BackendError> {
    make_folder(&place.folder)?;
    make_folder(&place.quarantine)?;
    let seal: String = file.digest().to_string().chars().take(SEAL_DIGITS).collect();
    let ending = format!("-{seal}.{WHOLE}");
    let mut count = 0;
    for entry in fs::read_dir(&place.quarantine).map_err(|error| failed("list", &place.quarantine, error))? {
        let entry = entry.map_err(|error| failed("list", &place.quarantine, error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(&ending) {
            return Ok(None);
        }
        count += usize::from(name.ends_with(".mpd"));
        if name.ends_with(TEMPORARY_SUFFIX) {
            fs::remove_file(entry.path()).map_err(|error| failed("delete", &entry.path(), error))?;
        }
    }
    if count >= MAX_QUARANTINED {
        return Err(BackendError::QuarantineFull(place.key.sid.clone()));
    }
    Ok(Some(place.quarantine.join(format!("{}{ending}", stamp(note.at)))))
}

/// What is here, oldest first.
pub(super) fn list(place: &Place) -> Result<Vec<QuarantinedInfo>, BackendError> {
    let listed = match fs::read_dir(&place.quarantine) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(|error| failed("list", &place.quarantine, error))?,
    };
    let mut found = Vec::new();
    for entry in listed {
        let entry = entry.map_err(|error| failed("list", &place.quarantine, error))?;
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != WHOLE) {
            continue;
        }
        let Some(id) = path.file_stem().and_then(|stem| stem.to_str()).filter(|id| is_id(id)) else {
            continue;
        };
        let bytes = content_len(&path)?;
        found.push(QuarantinedInfo { id: id.to_owned(), bytes, note: read_note(&path) });
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// The file of an id.
pub(super) fn find(place: &Place, id: &str) -> Option<PathBuf> {
    let path = is_id(id).then(|| place.quarantine.join(format!("{id}.{WHOLE}")))?;
    path.is_file().then_some(path)
}

/// Deletes a file and its note.
pub(super) fn delete(path: &Path) -> Result<(), BackendError> {
    for path in [path, &path.with_extension("json")] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("delete", path, error));
            }
            _ => {}
        }
    }
    sync_folder_of(path)
}

/// Names of files alone, which lead nowhere else.
fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_ID
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn write_note(path: &Path, key: &Key, note: &QuarantineNote) -> Result<(), BackendError> {
    let beside = path.with_extension("json");
    let text = serde_json::to_vec_pretty(&Note {
        sid: key.sid.to_string(),
        scope: key.scope.to_string(),
        reason: note.reason.clone(),
        agent: note.agent.clone(),
        received: time(note.at).format(&Rfc3339).unwrap_or_default(),
    });
    text.map_err(io::Error::from)
        .and_then(|text| mp_durable::replace(&beside, &text, Readers::AsFolder))
        .map_err(|error| failed("write", &beside, error))
}

fn read_note(path: &Path) -> Option<QuarantineNote> {
    let Note { reason, agent, received, .. } =
        serde_json::from_slice(&fs::read(path.with_extension("json")).ok()?).ok()?;
    let received = OffsetDateTime::parse(&received, &Rfc3339).ok()?;
    let at = u64::try_from(received.unix_timestamp_nanos() / 1_000_000).ok()?;
    Some(QuarantineNote { reason, agent, at })
}

fn stamp(at: u64) -> String {
    let stamp = time(at).format(format_description!("[year][month][day]T[hour][minute][second]Z"));
    stamp.unwrap_or_else(|_| "unknown-time".to_owned())
}

fn time(at: u64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
