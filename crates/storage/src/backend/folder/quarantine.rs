use std::{fs, io};

use mp_durable::{Readers, TEMPORARY_SUFFIX};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

use super::{Place, failed, make_folder};
use crate::{
    DataSetFile,
    backend::{BackendError, Key, MAX_QUARANTINED, QuarantineNote},
};

/// Hexadecimal digits of the seal in the name of a file.
const SEAL_DIGITS: usize = 16;

/// Content of the note beside a file.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Note<'a> {
    sid: &'a str,
    scope: String,
    reason: &'a str,
    agent: &'a str,
    received: String,
}

/// Keeps a file and a note: `<time>-<first digits of the seal>.mpd` and `.json`.
pub(super) fn keep(
    place: &Place,
    key: &Key,
    file: &DataSetFile,
    note: &QuarantineNote,
) -> Result<(), BackendError> {
    make_folder(&place.folder)?;
    make_folder(&place.quarantine)?;
    let seal: String = file.digest().to_string().chars().take(SEAL_DIGITS).collect();
    let ending = format!("-{seal}.mpd");
    let mut count = 0;
    for entry in fs::read_dir(&place.quarantine).map_err(|error| failed("list", &place.quarantine, error))? {
        let entry = entry.map_err(|error| failed("list", &place.quarantine, error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(&ending) {
            return Ok(());
        }
        count += usize::from(name.ends_with(".mpd"));
        if name.ends_with(TEMPORARY_SUFFIX) {
            fs::remove_file(entry.path()).map_err(|error| failed("delete", &entry.path(), error))?;
        }
    }
    if count >= MAX_QUARANTINED {
        return Err(BackendError::QuarantineFull(key.sid.clone()));
    }
    let received = OffsetDateTime::from(note.received);
    let stamp = received
        .format(format_description!("[year][month][day]T[hour][minute][second]Z"))
        .unwrap_or_else(|_| "unknown-time".to_owned());
    let path = place.quarantine.join(format!("{stamp}{ending}"));
    let text = serde_json::to_vec_pretty(&Note {
        sid: key.sid.as_str(),
        scope: key.scope.to_string(),
        reason: &note.reason,
        agent: &note.agent,
        received: received.format(&Rfc3339).unwrap_or_default(),
    });
    let text = text.map_err(io::Error::from).map_err(|error| failed("write", &path, error))?;
    // The note comes first, so that no data set is there without its reason.
    let beside = path.with_extension("json");
    mp_durable::replace(&beside, &text, Readers::AsFolder)
        .map_err(|error| failed("write", &beside, error))?;
    mp_durable::replace(&path, file.bytes(), Readers::AsFolder).map_err(|error| failed("write", &path, error))
}
