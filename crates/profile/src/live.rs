//! Reading the kept parts of a live profile.

use std::collections::{BTreeMap, btree_map::Entry};

use mp_dataset::FilePath;
use mp_registry::{Key, KeyPath, Name, RegistryError, RegistryErrorKind, upcase};

use crate::{
    CompiledRules, FileError, FileErrorKind, FolderLocation, FoundFile, ProfileFiles, SessionProfile,
    report::{NoteCode, Notes},
    rules::{FolderFilter, KeyFilter, ListRoot, Narrow, Rule, too_large, value_place},
    sets::{PlaceKey, file_key},
};

/// The kept part of the registry, and what of it could not be read.
#[derive(Debug, Default)]
pub(crate) struct LiveRegistry {
    pub(crate) root: Option<Key>,
    pub(crate) unread_keys: Vec<KeyPath>,
    pub(crate) unread_values: Vec<(KeyPath, Name)>,
}

impl LiveRegistry {
    pub(crate) fn read(
        profile: &mut dyn SessionProfile,
        rules: &CompiledRules,
        notes: &mut Notes,
    ) -> Result<Self, RegistryError> {
        let mut filter = KeyFilter::new(rules);
        let read = profile.registry().read_tree(&KeyPath::root(), &mut filter)?;
        notes.append(filter.notes);
        // What the root is called in its hive does not travel.
        let root = read.tree.map(|mut root| {
            root.name = Name::default();
            root
        });
        let mut live = Self { root, unread_keys: Vec::new(), unread_values: filter.too_long };
        if let Some(first) = filter.full {
            notes.add(NoteCode::RegistryUnread, format!("HKCU\\{first}"), too_large());
            // Where the rest would have been is not known: nothing counts as deleted.
            live.unread_keys.push(KeyPath::root());
        }
        for problem in read.problems {
            if problem.cause == RegistryErrorKind::HiveGone {
                return Err(problem);
            }
            let place = match &problem.value {
                Some(name) => value_place(&problem.path, name),
                None => format!("HKCU\\{}", problem.path),
            };
            notes.add(NoteCode::RegistryUnread, place, &problem);
            match problem.value {
                Some(name) => live.unread_values.push((problem.path, name)),
                None => live.unread_keys.push(problem.path),
            }
        }
        Ok(live)
    }

    /// Whether something at or below this key may exist that was not read.
    pub(crate) fn hides_key(&self, path: &KeyPath) -> bool {
        self.unread_keys.iter().any(|unread| path.starts_with(unread))
    }

    pub(crate) fn hides_value(&self, path: &KeyPath, name: &Name) -> bool {
        self.hides_key(path)
            || self.unread_values.iter().any(|(key, value)| value.same(name) && same_path(key, path))
    }
}

fn same_path(a: &KeyPath, b: &KeyPath) -> bool {
    a.depth() == b.depth() && a.starts_with(b)
}

/// The kept files of a profile, and where files could not be seen.
#[derive(Debug, Default)]
pub(crate) struct LiveFiles<'a> {
    pub(crate) files: BTreeMap<PlaceKey, (FoundFile, &'a Rule)>,
    /// What writes that were cut off left behind.
    pub(crate) left_behind: Vec<FilePath>,
    /// Special folders of which nothing, or not everything, was seen.
    unseen_folders: Vec<&'static str>,
    /// Files and folders that were not seen, as [`FilePath`] displays them.
    unseen_paths: Vec<Vec<u16>>,
}

impl<'a> LiveFiles<'a> {
    pub(crate) fn list(files: &dyn ProfileFiles, rules: &'a CompiledRules, notes: &mut Notes) -> Self {
        Self::list_within(files, rules, &|_| true, notes)
    }

    /// Lists only what `narrow` wants to know of.
    pub(crate) fn list_within(
        files: &dyn ProfileFiles,
        rules: &'a CompiledRules,
        narrow: Narrow<'_>,
        notes: &mut Notes,
    ) -> Self {
        let mut live = Self::default();
        let mut located: BTreeMap<&'static str, bool> = BTreeMap::new();
        for root in rules.list_roots() {
            let name = root.folder.name;
            if !narrow(&root.folder.place_of(&root.components)) {
                continue;
            }
            let in_profile = *located.entry(name).or_insert_with(|| live.locate(files, name, notes));
            if in_profile {
                live.list_root(files, &root, rules, narrow, notes);
            }
        }
        live
    }

    fn locate(&mut self, files: &dyn ProfileFiles, name: &'static str, notes: &mut Notes) -> bool {
        let (code, text) = match files.locate(name) {
            Ok(FolderLocation::InProfile) => return true,
            Ok(FolderLocation::Redirected(place)) => {
                (NoteCode::FolderNotInProfile, format!("it is redirected to \"{place}\""))
            }
            Ok(FolderLocation::Missing) => {
                (NoteCode::FolderNotInProfile, "the user has no such folder".to_owned())
            }
            Err(error) => (NoteCode::FolderUnread, error.to_string()),
        };
        notes.add(code, name, text);
        self.unseen_folders.push(name);
        false
    }

    fn list_root(
        &mut self,
        files: &dyn ProfileFiles,
        root: &ListRoot,
        rules: &'a CompiledRules,
        narrow: Narrow<'_>,
        notes: &mut Notes,
    ) {
        let name = root.folder.name;
        let mut filter = FolderFilter::new(rules, root.folder, narrow);
        let listing = files.list(name, &root.components, root.recursive, &mut filter);
        notes.append(filter.notes);
        let listing = match listing {
            Ok(listing) => listing,
            Err(error) => {
                notes.add(NoteCode::FolderUnread, name, &error);
                self.unseen_folders.push(name);
                return;
            }
        };
        for problem in listing.problems {
            notes.add(code_of(&problem), problem.path.clone(), &problem);
            self.unseen(name, &problem);
        }
        self.left_behind.extend(listing.left_behind);
        for found in listing.files {
            // The port may have listed more than the filter took; what counts is what the rules keep.
            let kept = rules.file(&found.path).kept();
            let (Some(rule), Some(key)) = (kept, file_key(&found.path)) else { continue };
            match self.files.entry(key) {
                Entry::Vacant(place) => _ = place.insert((found, rule)),
                // Such folders can be made on Windows as well; a data set knows one file of a name.
                Entry::Occupied(other) if other.get().0.path.components != found.path.components => {
                    let text = "another name differs from it only in case";
                    notes.add(NoteCode::NameCollision, found.path.to_string(), text);
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    fn unseen(&mut self, folder: &'static str, problem: &FileError) {
        // A path that is not written as the port promises could be anything in the folder.
        if problem
            .path
            .get(..=folder.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(&format!("{folder}:")))
        {
            self.unseen_paths.push(folded(&problem.path));
        } else {
            self.unseen_folders.push(folder);
        }
    }

    /// Whether the file may exist although it was not listed.
    pub(crate) fn hides(&self, path: &FilePath, rule: Option<&Rule>) -> bool {
        let folder_of_rule = rule.and_then(|rule| rule.root.as_ref()).map(|(folder, _)| folder.name);
        let unseen = |name: &&str| name.eq_ignore_ascii_case(&path.folder) || Some(*name) == folder_of_rule;
        self.unseen_folders.iter().any(unseen) || {
            let text = folded(&path.to_string());
            self.unseen_paths.iter().any(|start| {
                let next = text.get(start.len()).copied();
                let at_end = start.last() == Some(&u16::from(b':'));
                text.starts_with(start) && (at_end || next.is_none_or(|unit| unit == u16::from(b'\\')))
            })
        }
    }
}

fn folded(text: &str) -> Vec<u16> {
    text.encode_utf16().map(upcase::upcase).collect()
}

pub(crate) fn code_of(error: &FileError) -> NoteCode {
    match error.cause {
        FileErrorKind::ReparsePoint
        | FileErrorKind::HardLinked
        | FileErrorKind::Placeholder
        | FileErrorKind::Encrypted => NoteCode::FileNeverTravels,
        FileErrorKind::TooLarge { .. } => NoteCode::FileTooLarge,
        FileErrorKind::UnsafeName(_) => NoteCode::UnsafeName,
        _ => NoteCode::FileUnread,
    }
}
