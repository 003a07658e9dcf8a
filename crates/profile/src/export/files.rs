use std::collections::{BTreeMap, BTreeSet};

use mp_dataset::{FileChange, FileContent, FileEntry};

use super::{ALWAYS_READ, ExportInputs, PartCounts};
use crate::{
    CompiledRules, DEFAULT_MAX_FILE_BYTES, DEFAULT_MAX_TOTAL_BYTES, FileError, FoundFile, NoteCode, Notes,
    Part, ProfileFiles, SafePath,
    baseline::unchanged,
    live::{LiveFiles, code_of},
    rules::Rule,
    sets::{Files, PlaceKey},
};

/// The most bytes of files in one data set; a data set file holds 256 MiB in all.
const MAX_PART_BYTES: u64 = 192 << 20;

/// Makes the files of one data set.
pub(super) struct Picture<'a> {
    pub(super) rules: &'a CompiledRules,
    pub(super) part: Part,
    pub(super) live: &'a LiveFiles<'a>,
    pub(super) inputs: &'a ExportInputs<'a>,
}

impl Picture<'_> {
    pub(super) fn make(
        &self,
        port: &dyn ProfileFiles,
        base: &Files,
        counts: &mut PartCounts,
        notes: &mut Notes,
    ) -> Vec<FileEntry> {
        let unapplied: BTreeSet<PlaceKey> =
            self.inputs.unapplied.map(|unapplied| unapplied.file_keys().collect()).unwrap_or_default();
        let mut made = Vec::new();
        let mut budget = Budget::default();
        // Small files first, so that one large file costs the others nothing.
        let mut own: Vec<_> =
            self.live.files.iter().filter(|(_, (_, rule))| rule.owner.part == self.part).collect();
        own.sort_by_key(|(_, (found, _))| found.len);
        for (key, (found, rule)) in own {
            let before = base.get(key);
            let is_default = self
                .inputs
                .baseline
                .and_then(|baseline| baseline.file(key))
                .is_some_and(|default| unchanged(found, default));
            if is_default && before.is_none() && !rule.mirror {
                continue;
            }
            if is_default && unapplied.contains(key) {
                made.extend(before.cloned());
                continue;
            }
            match self.content(port, found, rule, before, &mut budget) {
                Ok(content) => made.push(FileEntry {
                    path: found.path.clone(),
                    change: FileChange::Present(content),
                    unknown: before.map(|entry| entry.unknown.clone()).unwrap_or_default(),
                }),
                Err((code, text)) => {
                    let kept = before.filter(|entry| matches!(entry.change, FileChange::Present(_)));
                    counts.stale_files += usize::from(kept.is_some());
                    let what = if kept.is_some() { "its earlier content is kept" } else { "it is left out" };
                    notes.add(code, found.path.to_string(), format_args!("{text}; {what}"));
                    made.extend(before.cloned());
                }
            }
        }
        self.gone(base, &unapplied, &mut made);
        count(&made, counts);
        made
    }

    fn content(
        &self,
        port: &dyn ProfileFiles,
        found: &FoundFile,
        rule: &Rule,
        before: Option<&FileEntry>,
        budget: &mut Budget,
    ) -> Result<FileContent, (NoteCode, String)> {
        if let Err(why) = SafePath::check(&found.path) {
            return Err((NoteCode::UnsafeName, why.to_owned()));
        }
        let limit = max_bytes(rule);
        if found.len > limit {
            let text = format!("it has {} bytes, more than the {limit} allowed", found.len);
            return Err((NoteCode::FileTooLarge, text));
        }
        budget.take(rule, found.len)?;
        let before = match before.map(|entry| &entry.change) {
            Some(FileChange::Present(content)) => Some(content),
            _ => None,
        };
        let same_length = |content: &&FileContent| u64::try_from(content.bytes.len()) == Ok(found.len);
        if let Some(before) = before.filter(same_length)
            && before.modified == found.modified
            && found.len > ALWAYS_READ
        {
            return Ok(FileContent { attributes: found.attributes, ..before.clone() });
        }
        let failed = |error: FileError| (code_of(&error), error.to_string());
        let mut content = port.read(&found.path, limit).map_err(failed)?;
        if let Some(before) = before.filter(|before| before.bytes == content.bytes) {
            content.bytes.clone_from(&before.bytes);
        }
        Ok(content)
    }

    /// Files that the defaults or the base had and the profile has not.
    fn gone(&self, base: &Files, unapplied: &BTreeSet<PlaceKey>, made: &mut Vec<FileEntry>) {
        let of_base = base.iter().map(|(key, entry)| (key, &entry.path));
        let of_defaults = self.inputs.baseline.into_iter().flat_map(|baseline| baseline.files());
        let gone: BTreeMap<_, _> = of_defaults
            .filter(|(_, path)| self.rules.file(path).part() == Some(self.part))
            .chain(of_base)
            .filter(|(key, _)| !self.live.files.contains_key(*key))
            .collect();
        for (key, path) in gone {
            let before = base.get(key);
            let was_default = self.inputs.baseline.is_some_and(|baseline| baseline.file(key).is_some());
            let rule = self.rules.file(path).kept();
            // What the import refuses was never written, so that it is missing says nothing.
            let refused = before.is_some_and(|entry| !can_be_imported(entry, rule));
            if refused || self.live.hides(path, rule) || (!was_default && unapplied.contains(key)) {
                made.extend(before.cloned());
                continue;
            }
            made.push(FileEntry {
                path: path.clone(),
                change: FileChange::Deleted,
                unknown: before.map(|entry| entry.unknown.clone()).unwrap_or_default(),
            });
        }
    }
}

/// The most bytes a file of this rule may have.
pub(crate) fn max_bytes(rule: &Rule) -> u64 {
    rule.max_bytes.unwrap_or(DEFAULT_MAX_FILE_BYTES)
}

/// Whether an import under these rules would write the entry.
pub(crate) fn can_be_imported(entry: &FileEntry, rule: Option<&Rule>) -> bool {
    let fits = match &entry.change {
        FileChange::Deleted => true,
        FileChange::Present(content) => {
            let limit = rule.map_or(DEFAULT_MAX_FILE_BYTES, max_bytes);
            u64::try_from(content.bytes.len()).is_ok_and(|len| len <= limit)
        }
    };
    fits && SafePath::check(&entry.path).is_ok()
}

/// How many bytes of files were taken, by data subset and in all.
#[derive(Default)]
struct Budget {
    by_subset: BTreeMap<String, u64>,
    all: u64,
}

impl Budget {
    fn take(&mut self, rule: &Rule, len: u64) -> Result<(), (NoteCode, String)> {
        let limit = rule.owner.max_total_bytes.unwrap_or(DEFAULT_MAX_TOTAL_BYTES);
        let taken = self.by_subset.entry(rule.owner.subset.clone()).or_default();
        if taken.saturating_add(len) > limit {
            let text = format!(
                "the files of data subset \"{}\" have more than the {limit} bytes allowed",
                rule.owner.subset
            );
            return Err((NoteCode::SubsetFull, text));
        }
        if self.all.saturating_add(len) > MAX_PART_BYTES {
            let text = format!("the files of the data set have more than the {MAX_PART_BYTES} bytes allowed");
            return Err((NoteCode::SubsetFull, text));
        }
        *taken += len;
        self.all += len;
        Ok(())
    }
}

fn count(files: &[FileEntry], counts: &mut PartCounts) {
    for entry in files {
        match &entry.change {
            FileChange::Present(content) => {
                counts.files += 1;
                counts.file_bytes += content.bytes.len() as u64;
            }
            FileChange::Deleted => counts.deleted_files += 1,
        }
    }
}
