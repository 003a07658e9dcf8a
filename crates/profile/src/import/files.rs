use std::collections::BTreeMap;

use mp_dataset::{FileChange, FileContent, FileEntry, FilePath};
use mp_registry::Name;

use super::Imported;
use crate::{
    ALWAYS_READ, CompiledRules, FileError, FoundFile, NoteCode, Notes, ProfileFiles, SafePath,
    export::max_bytes,
    live::LiveFiles,
    sets::{Files, PlaceKey, place_key},
};

pub(super) fn write(
    port: &mut dyn ProfileFiles,
    rules: &CompiledRules,
    wanted: [Files; 2],
    imported: &mut Imported,
) {
    // Each place has one owner, so the two do not overlap.
    let wanted: Files = wanted.into_iter().flatten().collect();
    if wanted.is_empty() {
        return;
    }
    let mirrored = |place: &[Name]| {
        rules.folders.rules().any(|rule| rule.mirror && rule.pattern.matches(place, rule.recursive))
    };
    let mentioned = |key: &PlaceKey| {
        wanted.range::<PlaceKey, _>(key..).next().is_some_and(|(next, _)| next.starts_with(key))
    };
    let narrow = |place: &[Name]| mentioned(&place_key(place)) || mirrored(place);
    let live = LiveFiles::list_within(port, rules, &narrow, &mut imported.report.notes);
    for path in &live.left_behind {
        // One that is in use belongs to an import that runs; the next one tries again.
        drop(port.delete(path));
    }
    let sound = sound_entries(&wanted, rules, &mut imported.report.notes);
    for (key, entry) in &sound {
        let found = live.files.get(*key).map(|(found, _)| found);
        let rule = rules.file(&entry.path).kept();
        let result = match &entry.change {
            FileChange::Present(content) => put(port, entry, content, found, &mut imported.report),
            FileChange::Deleted if found.is_some() || live.hides(&entry.path, rule) => {
                delete(port, found.map_or(&entry.path, |found| &found.path), &mut imported.report)
            }
            FileChange::Deleted => Ok(()),
        };
        if let Err(error) = result {
            failed(imported, &entry.path, &error);
        }
    }
    for (key, (found, rule)) in &live.files {
        let root = place_key(&rule.pattern.literal_start());
        if rule.mirror
            && !wanted.contains_key(key)
            && mentioned(&root)
            && let Err(error) = delete(port, &found.path, &mut imported.report)
        {
            failed(imported, &found.path, &error);
        }
    }
}

fn failed(imported: &mut Imported, path: &FilePath, error: &FileError) {
    imported.report.notes.add(NoteCode::FileUnwritten, path.to_string(), error);
    imported.unapplied.files.push(path.clone());
}

/// The entries whose names and sizes are in order; the others are noted.
fn sound_entries<'a>(
    wanted: &'a Files,
    rules: &CompiledRules,
    notes: &mut Notes,
) -> BTreeMap<&'a PlaceKey, &'a FileEntry> {
    let mut sound = BTreeMap::new();
    let mut last_file: Option<&PlaceKey> = None;
    for (key, entry) in wanted {
        let place = || entry.path.to_string();
        if let Err(why) = SafePath::check(&entry.path) {
            notes.add(NoteCode::UnsafeName, place(), why);
            continue;
        }
        if let FileChange::Present(content) = &entry.change {
            let limit = rules.file(&entry.path).kept().map_or(0, max_bytes);
            if !u64::try_from(content.bytes.len()).is_ok_and(|len| len <= limit) {
                let text = format!("it has {} bytes, more than the {limit} allowed", content.bytes.len());
                notes.add(NoteCode::FileTooLarge, place(), text);
                continue;
            }
            // What lies below a file comes right after it in this order.
            if last_file.is_some_and(|file| key.starts_with(file)) {
                notes.add(NoteCode::NameCollision, place(), "one of its folders is a file in the data set");
                continue;
            }
            last_file = Some(key);
        }
        sound.insert(key, entry);
    }
    sound
}

fn put(
    port: &mut dyn ProfileFiles,
    entry: &FileEntry,
    content: &FileContent,
    found: Option<&FoundFile>,
    report: &mut super::ImportReport,
) -> Result<(), FileError> {
    let len = content.bytes.len() as u64;
    let alike = found.is_some_and(|found| {
        (found.len, found.modified, found.attributes) == (len, content.modified, content.attributes)
    });
    let path = found.map_or(&entry.path, |found| &found.path);
    // Small files are compared byte by byte, larger ones by length and time.
    let same =
        alike && (len > ALWAYS_READ || port.read(path, len).is_ok_and(|now| now.bytes == content.bytes));
    if same {
        report.files_unchanged += 1;
        return Ok(());
    }
    port.write(path, content)?;
    report.files_written += 1;
    report.file_bytes_written += len;
    Ok(())
}

fn delete(
    port: &mut dyn ProfileFiles,
    path: &FilePath,
    report: &mut super::ImportReport,
) -> Result<(), FileError> {
    report.files_deleted += usize::from(port.delete(path)?);
    Ok(())
}
