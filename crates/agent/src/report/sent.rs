//! A report as the console gets it: bounded, and with one list of what became of what.

use std::time::UNIX_EPOCH;

use mp_profile::{ImportReport, Note, NoteCode, Notes};
use mp_protocol::session_report::{
    DataSetReport, Fate, Item, Items, MAX_DATA_SETS, MAX_ITEMS, MAX_PLACE, MAX_PROBLEMS, MAX_STEPS, MAX_TEXT,
    MAX_WORD, Problem, SentReport, StepReport, bounded,
};
use mp_registry::FileTime;

use super::{OverrideReport, SessionReport};

impl SessionReport {
    /// The report as it is sent.
    #[must_use]
    pub fn to_sent(&self) -> SentReport {
        let word = |text: &str| bounded(text, MAX_WORD);
        let steps = self.steps.iter().take(MAX_STEPS);
        let duration = self.steps.last().map_or(0.0, |step| step.start_ms + step.ms);
        SentReport {
            id: self.id.clone(),
            // Whoever wrote the marker may have named nothing.
            session: word(if self.session.is_empty() { &self.id } else { &self.session }),
            event: self.event,
            sid: self.sid.clone(),
            profile: word(&self.profile),
            mode: self.mode,
            started: unix_milliseconds(FileTime(self.started)),
            duration: whole(duration),
            plan_revision: self.plan_revision,
            outcome: self.outcome,
            data_sets: self.data_sets.iter().take(MAX_DATA_SETS).map(data_set).collect(),
            steps: steps.map(|step| StepReport { name: word(&step.name), ..*step }).collect(),
            items: self.items(MAX_ITEMS),
            problems: self.problems.iter().take(MAX_PROBLEMS).map(problem).collect(),
        }
    }

    /// What became of what: at most so many, the most telling first, and a count of the rest.
    #[must_use]
    pub fn items(&self, most: usize) -> Items {
        let mut list: Vec<Item> = self.overrides.named.iter().map(overridden).collect();
        list.extend(self.data_sets.iter().filter_map(of_data_set));
        let mut more = self.overrides.more;
        if let Some(import) = &self.import {
            list.extend(merged(import));
        }
        let imported = self.import.as_ref().map(|report| &report.notes);
        let exported = self.export.as_ref().map(|report| &report.notes);
        for Notes { notes, more: uncounted } in imported.into_iter().chain(exported) {
            list.extend(notes.iter().map(noted));
            more += uncounted;
        }
        list.sort_by_key(|item| item.fate);
        more += list.len().saturating_sub(most);
        list.truncate(most);
        Items { list, more: u64::try_from(more).unwrap_or(u64::MAX) }
    }
}

fn data_set(set: &DataSetReport) -> DataSetReport {
    DataSetReport {
        result: bounded(&set.result, MAX_WORD),
        version: set.version.as_deref().map(|version| bounded(version, MAX_WORD)),
        ..set.clone()
    }
}

fn problem(problem: &Problem) -> Problem {
    Problem { code: bounded(&problem.code, MAX_WORD), message: bounded(&problem.message, MAX_TEXT) }
}

fn overridden(found: &OverrideReport) -> Item {
    let OverrideReport { scope, place, mine_kept, theirs, mine } = found;
    let (code, kept, other) = match mine_kept {
        true => ("MP-AGT-220", mine, theirs),
        false => ("MP-AGT-221", theirs, mine),
    };
    let whose = if *mine_kept { "this session's stays" } else { "the other session's stays" };
    Item {
        fate: Fate::Overridden,
        code: code.to_owned(),
        scope: Some(scope.clone()),
        place: bounded(place, MAX_PLACE),
        reason: bounded(&format!("two sessions changed it; {whose} ({kept}) instead of: {other}"), MAX_TEXT),
        bytes: None,
    }
}

/// What a data set's words mean; nothing for those about which a problem says more.
fn of_data_set(set: &DataSetReport) -> Option<Item> {
    let (fate, code) = match set.result.as_str() {
        "imported" => (Fate::Fetched, "MP-AGT-201"),
        "imported from the spool" => (Fate::Fetched, "MP-AGT-202"),
        "imported from the cached copy" => (Fate::Fetched, "MP-AGT-209"),
        "none stored" => (Fate::Fetched, "MP-AGT-203"),
        "unchanged" => (Fate::Stored, "MP-AGT-204"),
        "stored" => (Fate::Stored, "MP-AGT-205"),
        "spooled" => (Fate::Stored, "MP-AGT-206"),
        "merged with a newer one and stored" => (Fate::Stored, "MP-AGT-208"),
        "quarantined" => (Fate::Stored, "MP-AGT-207"),
        _ => return None,
    };
    Some(Item {
        fate,
        code: code.to_owned(),
        scope: Some(set.scope.clone()),
        place: format!("data set of {}", set.scope),
        reason: set.result.clone(),
        bytes: set.bytes,
    })
}

/// What was written into the profile, in sums: single values are many, and say little.
fn merged(report: &ImportReport) -> Vec<Item> {
    let item = |code: &str, place: &str, reason: String, bytes| Item {
        fate: Fate::Merged,
        code: code.to_owned(),
        scope: None,
        place: place.to_owned(),
        reason,
        bytes,
    };
    let ImportReport { keys_created, values_written, keys_deleted, values_deleted, .. } = report;
    let registry = format!(
        "{values_written} values written, {values_deleted} deleted; {keys_created} keys created, {keys_deleted} deleted"
    );
    let ImportReport { files_written, files_unchanged, files_deleted, .. } = report;
    let files =
        format!("{files_written} files written, {files_unchanged} unchanged, {files_deleted} deleted");
    vec![
        item("MP-AGT-210", "HKCU", registry, None),
        item("MP-AGT-211", "special folders", files, Some(report.file_bytes_written)),
    ]
}

fn noted(note: &Note) -> Item {
    // A built-in exclusion has a code of its own, which says more than that there is one.
    let (code, reason) = match (note.code, note.text.split_once(": ")) {
        (NoteCode::Excluded, Some((code, reason))) if code.starts_with("MP-EXC-") => (code, reason),
        _ => (note.code.code(), note.text.as_str()),
    };
    let fate = if note.code >= NoteCode::RefusedByRule { Fate::Refused } else { Fate::Skipped };
    Item {
        fate,
        code: code.to_owned(),
        scope: None,
        place: bounded(&note.place, MAX_PLACE),
        reason: bounded(reason, MAX_TEXT),
        bytes: None,
    }
}

fn unix_milliseconds(time: FileTime) -> u64 {
    let since = time.to_system().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or(0)
}

/// Whole milliseconds, rounded.
fn whole(ms: f64) -> u64 {
    std::time::Duration::try_from_secs_f64(ms / 1e3)
        .map_or(0, |span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}
