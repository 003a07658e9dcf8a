use mp_dataset::FilePath;
use mp_registry::{KeyChoice, KeyPath, Name, TreeFilter, ValueType};

use super::{CompiledRules, MAX_VALUE_BYTES, tree::Decision};
use crate::{
    FileFilter, KnownFolder,
    known_folders::place,
    report::{NoteCode, Notes},
};

/// Name of the value that makes a key a symbolic link when it is of type `REG_LINK` (winnt.h).
const LINK_VALUE: &str = "SymbolicLinkValue";

/// The most keys and values that are read of one registry. Whole user hives have some 10,000.
pub const MAX_LIVE_ITEMS: usize = 500_000;
/// The most bytes of names and data that are read of one registry; a data set holds no more.
pub const MAX_LIVE_BYTES: usize = 192 << 20;

/// What is told of a registry of which not all was read.
pub(crate) fn too_large() -> String {
    format!(
        "there is more than the {MAX_LIVE_ITEMS} keys and values, or {MAX_LIVE_BYTES} bytes, that are read of one registry"
    )
}

/// Lets through the keys and values that the rules keep, so that nothing else is opened, and notes what a built-in
/// exclusion left out.
pub(crate) struct KeyFilter<'a> {
    rules: &'a CompiledRules,
    pub(crate) notes: Notes,
    /// Values that are kept, but too long to travel.
    pub(crate) too_long: Vec<(KeyPath, Name)>,
    /// The first key that there was no room for.
    pub(crate) full: Option<KeyPath>,
    items: usize,
    bytes: usize,
    /// The key whose values were asked about last, and what becomes of all of them if nothing tells them apart.
    last: Option<(KeyPath, Option<Decision<'a>>)>,
    /// The key met last that is kept with all that can ever lie below it.
    kept_whole: Option<KeyPath>,
}

impl<'a> KeyFilter<'a> {
    pub(crate) fn new(rules: &'a CompiledRules) -> Self {
        Self {
            rules,
            notes: Notes::default(),
            too_long: Vec::new(),
            full: None,
            items: 0,
            bytes: 0,
            last: None,
            kept_whole: None,
        }
    }

    fn decide(&mut self, path: &KeyPath, name: &Name) -> Decision<'a> {
        let rules = self.rules;
        let all = match &self.last {
            Some((last, all)) if last == path => *all,
            _ => {
                let all = rules.values(path).all();
                self.last = Some((path.clone(), all));
                all
            }
        };
        all.unwrap_or_else(|| rules.value(path, name))
    }

    /// Whether the key lies in one that is kept as a whole. The rules are many, and the keys below may be thousands.
    fn is_in_kept_whole(&self, path: &KeyPath) -> bool {
        self.kept_whole.as_ref().is_some_and(|whole| path.names().starts_with(whole.names()))
    }

    /// Whether there is room for one thing more.
    fn fits(&mut self, path: &KeyPath, name: &Name, len: usize) -> bool {
        self.items += 1;
        self.bytes = self.bytes.saturating_add(len + 2 * name.units().len());
        if self.items > MAX_LIVE_ITEMS || self.bytes > MAX_LIVE_BYTES {
            self.full.get_or_insert_with(|| path.clone());
        }
        self.full.is_none()
    }
}

impl TreeFilter for KeyFilter<'_> {
    fn key(&mut self, path: &KeyPath) -> KeyChoice {
        let keys = &self.rules.keys;
        let in_kept_whole = self.is_in_kept_whole(path);
        let choice = if in_kept_whole || keys.is_open(path.names()) {
            KeyChoice::Take
        } else if keys.leads_on(path.names()) {
            KeyChoice::Descend
        } else {
            KeyChoice::Skip
        };
        let name = path.names().last().cloned().unwrap_or_default();
        if choice != KeyChoice::Skip && !self.fits(path, &name, 0) {
            return KeyChoice::Skip;
        }
        if choice == KeyChoice::Take {
            if !in_kept_whole && keys.covers(path.names(), |_| true) {
                self.kept_whole = Some(path.clone());
            }
            return choice;
        }
        if let Decision::Excluded(exclusion, _) = self.rules.key(path) {
            self.notes.excluded(exclusion, format!("HKCU\\{path}"));
        }
        choice
    }

    fn value(&mut self, path: &KeyPath, name: &Name, ty: ValueType, len: usize) -> bool {
        if is_link_value(name, ty) {
            return false;
        }
        if !self.is_in_kept_whole(path) {
            match self.decide(path, name) {
                Decision::Kept(_) => {}
                Decision::Excluded(exclusion, _) => {
                    self.notes.excluded(exclusion, value_place(path, name));
                    return false;
                }
                Decision::LeftOut(_) | Decision::NoRule => return false,
            }
        }
        if len > MAX_VALUE_BYTES {
            let text = format!("it has {len} bytes, more than the {MAX_VALUE_BYTES} that travel");
            self.notes.add(NoteCode::ValueTooLong, value_place(path, name), text);
            self.too_long.push((path.clone(), name.clone()));
            return false;
        }
        self.fits(path, name, len)
    }
}

/// Whether setting this value would turn its key into a registry symbolic link.
pub(crate) fn is_link_value(name: &Name, ty: ValueType) -> bool {
    ty == ValueType::LINK && name.same(&Name::from(LINK_VALUE))
}

/// A value's place for people.
pub(crate) fn value_place(path: &KeyPath, name: &Name) -> String {
    if name.is_empty() { format!("HKCU\\{path}: @") } else { format!("HKCU\\{path}: {name}") }
}

/// Where to look for files: below these components of a special folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ListRoot {
    pub(crate) folder: &'static KnownFolder,
    pub(crate) components: Vec<Name>,
    pub(crate) recursive: bool,
}

impl ListRoot {
    fn includes(&self, other: &Self) -> bool {
        self.folder == other.folder
            && if self.recursive {
                starts_with(&other.components, &self.components)
            } else {
                !other.recursive
                    && starts_with(&other.components, &self.components)
                    && other.components.len() == self.components.len()
            }
    }
}

fn starts_with(path: &[Name], start: &[Name]) -> bool {
    path.len() >= start.len() && path.iter().zip(start).all(|(a, b)| a.same(b))
}

impl CompiledRules {
    /// The places where kept files can be, none inside another.
    pub(crate) fn list_roots(&self) -> Vec<ListRoot> {
        let mut roots: Vec<ListRoot> = Vec::new();
        for rule in self.folders.rules().filter(|rule| rule.keep) {
            let Some((folder, components)) = &rule.root else { continue };
            let own_depth = rule.pattern.depth() - folder.default_components().count();
            let recursive = rule.recursive || components.len() < own_depth;
            let root = ListRoot { folder, components: components.clone(), recursive };
            if !roots.iter().any(|other| other.includes(&root)) {
                roots.retain(|other| !root.includes(other));
                roots.push(root);
            }
        }
        roots
    }
}

/// Says of a folder's or file's place whether it is of interest at all.
pub(crate) type Narrow<'a> = &'a dyn Fn(&[Name]) -> bool;

/// Lets through the files of one special folder that the rules keep under that folder's name.
pub(crate) struct FolderFilter<'a> {
    rules: &'a CompiledRules,
    folder: &'static KnownFolder,
    narrow: Narrow<'a>,
    pub(crate) notes: Notes,
}

impl<'a> FolderFilter<'a> {
    pub(crate) fn new(rules: &'a CompiledRules, folder: &'static KnownFolder, narrow: Narrow<'a>) -> Self {
        Self { rules, folder, narrow, notes: Notes::default() }
    }
}

impl FileFilter for FolderFilter<'_> {
    fn enter(&mut self, folder: &FilePath) -> bool {
        let Some(place) = place(folder).filter(|place| (self.narrow)(place)) else { return false };
        let folders = &self.rules.folders;
        if folders.is_open(&place) || folders.leads_on(&place) {
            return true;
        }
        if let Decision::Excluded(exclusion, _) = folders.decide(&place, None) {
            self.notes.excluded(exclusion, folder.to_string());
        }
        false
    }

    fn take(&mut self, file: &FilePath) -> bool {
        if !place(file).is_some_and(|place| (self.narrow)(&place)) {
            return false;
        }
        match self.rules.file(file) {
            // A file seen through two special folders travels under the name of the one whose rule owns it.
            Decision::Kept(rule) => rule.root.as_ref().is_some_and(|(folder, _)| *folder == self.folder),
            Decision::Excluded(exclusion, _) => {
                self.notes.excluded(exclusion, file.to_string());
                false
            }
            Decision::LeftOut(_) | Decision::NoRule => false,
        }
    }
}
