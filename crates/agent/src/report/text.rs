//! A session report for an administrator's eyes.

use std::fmt::{Display, Formatter, Result};

use mp_profile::{ExportReport, ImportReport, Note, Notes, PartCounts};

use super::{OverrideReports, SessionReport};

/// Notes of more reasons than these are only counted on the terminal; `--json` has them all.
const SHOWN_GROUPS: usize = 12;

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
        overrides(f, &self.overrides)?;
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

/// Overrides shown on the terminal; `--json` has more.
const SHOWN_OVERRIDES: usize = 12;

fn overrides(f: &mut Formatter<'_>, overrides: &OverrideReports) -> Result {
    for found in overrides.named.iter().take(SHOWN_OVERRIDES) {
        let (kept, other) =
            if found.mine_kept { ("this session's", "theirs") } else { ("the other session's", "ours") };
        let (stays, lost) =
            if found.mine_kept { (&found.mine, &found.theirs) } else { (&found.theirs, &found.mine) };
        writeln!(f, "  overridden: {}: {kept} stays ({stays}); {other} was {lost}", found.place)?;
    }
    match overrides.total().saturating_sub(SHOWN_OVERRIDES) {
        0 => Ok(()),
        more => writeln!(f, "  and {more} more overridden items"),
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

/// One line per code and reason, those with the most notes first, so that hundreds of excluded keys do not hide the one file
/// that could not be read.
fn notes(f: &mut Formatter<'_>, notes: &Notes) -> Result {
    let mut groups: Vec<(&Note, usize)> = Vec::new();
    for note in &notes.notes {
        match groups.iter_mut().find(|(first, _)| (first.code, &first.text) == (note.code, &note.text)) {
            Some((_, count)) => *count += 1,
            None => groups.push((note, 1)),
        }
    }
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let hidden = groups.split_off(groups.len().min(SHOWN_GROUPS));
    for (Note { code, place, text }, count) in groups {
        let text = text.trim_end_matches('.');
        match count {
            1 => writeln!(f, "  {} {text}: {place}", code.code())?,
            _ => writeln!(f, "  {count} × {} {text}: first {place}", code.code())?,
        }
    }
    if !hidden.is_empty() {
        let count: usize = hidden.iter().map(|(_, count)| count).sum();
        writeln!(f, "  and {count} more notes for {} other reasons (--json has them)", hidden.len())?;
    }
    match notes.more {
        0 => Ok(()),
        more => writeln!(f, "  and {more} more notes, which were only counted"),
    }
}
