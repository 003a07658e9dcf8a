use std::collections::BTreeMap;

use mp_dataset::{DataSet, FileEntry, FilePath};
use mp_registry::{KeyEdit, Name, upcase::upcase};

use crate::{
    CompiledRules, Part,
    edits::{Sorted, index, overlay},
    known_folders::place,
    report::{NoteCode, Notes},
    rules::Decision,
};

/// The data sets of one user on one Agent Server; `None` where storage has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sets<'a> {
    /// The global one.
    pub global: Option<&'a DataSet>,
    /// The group's.
    pub group: Option<&'a DataSet>,
}

impl<'a> Sets<'a> {
    /// The data set of a part.
    #[must_use]
    pub fn get(&self, part: Part) -> Option<&'a DataSet> {
        match part {
            Part::Global => self.global,
            Part::Group => self.group,
        }
    }
}

/// A file's place counted from the profile folder, folded, so that all its spellings and special folders agree.
pub(crate) type PlaceKey = Vec<Box<[u16]>>;

pub(crate) fn place_key(place: &[Name]) -> PlaceKey {
    place.iter().map(|name| name.units().iter().map(|&unit| upcase(unit)).collect()).collect()
}

/// [`place_key`] of a file; `None` when its folder is not a known one.
pub(crate) fn file_key(path: &FilePath) -> Option<PlaceKey> {
    place(path).map(|place| place_key(&place))
}

pub(crate) type Files = BTreeMap<PlaceKey, FileEntry>;

/// Data sets whose items are sorted by the current rules.
///
/// An item counts in the data set that owns it. One that only the other data set holds counts as well: an administrator has
/// moved its data subset, and the user must not lose it. If both hold it, the owner's counts.
#[derive(Debug)]
pub(crate) struct SortedSets {
    /// By part: edits of what it owns.
    pub(crate) registry: [KeyEdit; 2],
    /// By part: files that it owns.
    pub(crate) files: [Files; 2],
    /// By part: what its data set holds and another part, or no rule, is about. It is carried on unchanged.
    pub(crate) carried_registry: [KeyEdit; 2],
    /// By part: files likewise.
    pub(crate) carried_files: [Vec<FileEntry>; 2],
}

impl SortedSets {
    pub(crate) fn of(sets: &Sets<'_>, rules: &CompiledRules, notes: &mut Notes) -> Self {
        let mut sorted = Self {
            registry: [KeyEdit::root(), KeyEdit::root()],
            files: [Files::new(), Files::new()],
            carried_registry: [KeyEdit::root(), KeyEdit::root()],
            carried_files: [Vec::new(), Vec::new()],
        };
        let mut moved_registry = [KeyEdit::root(), KeyEdit::root()];
        for part in Part::ALL {
            let Some(set) = sets.get(part) else { continue };
            let Sorted { owned, loose } = Sorted::of(&set.registry, part, rules, notes);
            let [global, group] = owned;
            let (own, moved) = if part == Part::Global { (global, group) } else { (group, global) };
            sorted.registry[index(part)] = own;
            sorted.carried_registry[index(part)] = overlay(loose, moved.clone());
            moved_registry[index(part.other())] = moved;
        }
        for (own, moved) in sorted.registry.iter_mut().zip(moved_registry) {
            *own = overlay(moved, std::mem::take(own));
        }
        for part in Part::ALL {
            sorted.sort_files(sets, part, rules, notes);
        }
        sorted
    }

    fn sort_files(&mut self, sets: &Sets<'_>, part: Part, rules: &CompiledRules, notes: &mut Notes) {
        let mut seen = std::collections::BTreeSet::new();
        for entry in sets.get(part).map(|set| set.files.as_slice()).unwrap_or_default() {
            let carried = &mut self.carried_files[index(part)];
            let Some(key) = file_key(&entry.path) else {
                carried.push(entry.clone());
                continue;
            };
            if !seen.insert(key.clone()) {
                let text = "another entry of the data set has this name but for case";
                notes.add(NoteCode::NameCollision, entry.path.to_string(), text);
                continue;
            }
            match rules.file(&entry.path) {
                Decision::Kept(rule) if rule.owner.part == part => {
                    self.files[index(part)].insert(key, entry.clone());
                }
                Decision::Kept(rule) => {
                    carried.push(entry.clone());
                    self.files[index(rule.owner.part)].entry(key).or_insert_with(|| entry.clone());
                }
                Decision::NoRule => carried.push(entry.clone()),
                Decision::Excluded(exclusion, _) => notes.excluded(exclusion, entry.path.to_string()),
                Decision::LeftOut(rule) => {
                    let text = format_args!("data subset \"{}\" says \"{}\"", rule.owner.subset, rule.text);
                    notes.add(NoteCode::RefusedByRule, entry.path.to_string(), text);
                }
            }
        }
    }
}
