//! A session report for an administrator's eyes.

use std::fmt::{Display, Formatter, Result};

use mp_profile::{ExportReport, ImportReport, Notes, PartCounts};

use super::{Outcome, SessionEvent, SessionReport};

/// More notes than these are only counted on the terminal; `--json` has them all.
const SHOWN_NOTES: usize = 12;

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Merged => "merged",
            Self::AlreadyMerged => "already merged in this session",
            Self::NotMerged => {
                "NOT merged: the session goes on without its stored settings, and will replace nothing"
            }
            Self::Stored => "stored",
            Self::Spooled => "waits in the spool until storage answers",
            Self::Quarantined => "kept beside the stored data set",
            Self::LeftAlone => "left alone",
        })
    }
}

impl Display for SessionEvent {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Logon => "logon",
            Self::Logoff => "logoff",
        })
    }
}

impl Display for SessionReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { event, sid, host, profile, outcome, .. } = self;
        writeln!(f, "{event} of {sid} on {host} ({profile} profile): {outcome}")?;
        for set in &self.data_sets {
            let bytes = set.bytes.map_or_else(String::new, |bytes| format!(", {bytes} bytes"));
            writeln!(f, "  {:<20} {}{bytes}", set.scope.to_string(), set.result)?;
        }
        if let Some(report) = &self.import {
            import(f, report)?;
        }
        if let Some(report) = &self.export {
            export(f, report)?;
        }
        let total: f64 = self.steps.iter().map(|step| step.ms).sum();
        let steps: Vec<String> =
            self.steps.iter().map(|step| format!("{} {:.1}", step.name, step.ms)).collect();
        writeln!(f, "  {total:.1} ms: {}", steps.join(", "))?;
        for problem in &self.problems {
            writeln!(f, "  {} {}", problem.code, problem.message)?;
        }
        Ok(())
    }
}

fn import(f: &mut Formatter<'_>, report: &ImportReport) -> Result {
    writeln!(
        f,
        "  registry: {} values written, {} deleted; {} keys created, {} deleted",
        report.values_written, report.values_deleted, report.keys_created, report.keys_deleted
    )?;
    writeln!(
        f,
        "  files: {} written ({} bytes), {} unchanged, {} deleted",
        report.files_written, report.file_bytes_written, report.files_unchanged, report.files_deleted
    )?;
    notes(f, &report.notes)
}

fn export(f: &mut Formatter<'_>, report: &ExportReport) -> Result {
    for (name, counts) in [("global", &report.global), ("group", &report.group)] {
        if *counts != PartCounts::default() {
            writeln!(
                f,
                "  {name}: {} values ({} bytes), {} files ({} bytes); deleted: {} keys, {} values, {} files",
                counts.values,
                counts.value_bytes,
                counts.files,
                counts.file_bytes,
                counts.deleted_keys,
                counts.deleted_values,
                counts.deleted_files
            )?;
        }
    }
    notes(f, &report.notes)
}

fn notes(f: &mut Formatter<'_>, notes: &Notes) -> Result {
    for note in notes.notes.iter().take(SHOWN_NOTES) {
        writeln!(f, "  {} {}: {}", note.code.code(), note.place, note.text)?;
    }
    match notes.notes.len().saturating_sub(SHOWN_NOTES) + notes.more {
        0 => Ok(()),
        more => writeln!(f, "  and {more} more notes (--json has them)"),
    }
}
