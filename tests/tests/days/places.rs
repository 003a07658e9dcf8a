//! Where users keep things: values and files, each named by a data subset.

use std::fmt;

use mp_dataset::{DataSet, FileAttributes, FileChange, FileContent, FilePath};
use mp_profile::{Scope, Sid, memory::MemoryProfile};
use mp_registry::{FileTime, Key, KeyAction, KeyPath, Name, Value, ValueEdit};

/// The key that users delete with all that is in it.
pub(crate) const TOOL: &str = r"Software\Tool";
/// What the mandatory profile says where it says something.
const MANDATORY: &str = "mandatory";

/// Where something is kept.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum At {
    /// A value: key, name.
    Value(&'static str, &'static str),
    /// A file: special folder, path below it.
    File(&'static str, &'static str),
}

/// One value or file that users change.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place {
    pub(crate) at: At,
    /// The data subset that keeps it.
    pub(crate) subset: &'static str,
    /// Whether each group has its own.
    pub(crate) of_group: bool,
    /// Whether the mandatory profile holds it.
    pub(crate) is_default: bool,
}

const fn value(subset: &'static str, key: &'static str, name: &'static str, is_default: bool) -> Place {
    Place { at: At::Value(key, name), subset, of_group: false, is_default }
}

const fn file(subset: &'static str, path: &'static str, is_default: bool) -> Place {
    Place { at: At::File("RoamingAppData", path), subset, of_group: false, is_default }
}

/// All of them.
pub(crate) static PLACES: [Place; 15] = [
    value("App", r"Software\App", "Theme", true),
    value("App", r"Software\App", "Font", false),
    value("Behind", r"Software\App", "Zoom", true),
    value("Behind", r"Software\App", "Path", false),
    value("Tool", TOOL, "Size", true),
    value("Tool", TOOL, "Shape", false),
    file("Files", r"App\a.ini", true),
    file("Files", r"App\b.ini", false),
    file("Files", r"App\Deep\c.ini", false),
    Place { of_group: true, ..value("Desk", r"Software\Desk", "Colour", true) },
    Place { of_group: true, ..value("Desk", r"Software\Desk", "Layout", false) },
    Place { of_group: true, ..file("Desk", r"Desk\d.ini", false) },
    Place { of_group: true, ..file("Desk", r"Desk\e.ini", true) },
    value("Former", r"Software\Former", "Last", true),
    value("Later", r"Software\Later", "New", true),
];

/// What a data set says of a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Said {
    /// As the mandatory profile has it.
    Nothing,
    Deleted,
    Text(String),
}

impl Place {
    /// What a fresh load of the mandatory profile holds.
    pub(crate) fn default(&self) -> Option<String> {
        self.is_default.then(|| MANDATORY.to_owned())
    }

    pub(crate) fn in_tool(&self) -> bool {
        matches!(self.at, At::Value(TOOL, _))
    }

    pub(crate) fn scope(&self, group: &Scope) -> Scope {
        if self.of_group { group.clone() } else { Scope::Global }
    }

    pub(crate) fn get(&self, profile: &MemoryProfile) -> Option<String> {
        match self.at {
            At::Value(key, name) => {
                profile.registry.root.at(&KeyPath::parse(key))?.value(&name.into())?.to_text()
            }
            At::File(folder, path) => {
                let bytes = &profile.files.get(&file_path(folder, path))?.bytes;
                Some(String::from_utf8(bytes.to_vec()).unwrap())
            }
        }
    }

    pub(crate) fn set(&self, profile: &mut MemoryProfile, text: Option<&str>, now: FileTime) {
        match (&self.at, text) {
            (At::Value(key, name), Some(text)) => {
                let key = profile.registry.root.ensure(&KeyPath::parse(key));
                key.set_value(Value::sz(*name, text));
                key.last_write = now;
            }
            (At::Value(key, name), None) => {
                if let Some(key) = profile.registry.root.at_mut(&KeyPath::parse(key)) {
                    key.remove_value(&Name::from(*name));
                    key.last_write = now;
                }
            }
            (At::File(folder, path), Some(text)) => {
                let (attributes, bytes) = (FileAttributes::default(), text.as_bytes().into());
                let content = FileContent { modified: now, attributes, bytes };
                profile.files.put(file_path(folder, path), content);
            }
            (At::File(folder, path), None) => {
                profile.files.remove(&file_path(folder, path));
            }
        }
    }

    pub(crate) fn said_by(&self, set: &DataSet) -> Said {
        match self.at {
            At::Value(key, name) => {
                let (mut edit, mut anew) = (&set.registry, false);
                for name in KeyPath::parse(key).names() {
                    anew |= edit.action == KeyAction::Replace;
                    match edit.subkey(name) {
                        Some(below) if below.action == KeyAction::Delete => return Said::Deleted,
                        Some(below) => edit = below,
                        None => return if anew { Said::Deleted } else { Said::Nothing },
                    }
                }
                anew |= edit.action == KeyAction::Replace;
                match edit.value(&name.into()) {
                    Some(ValueEdit::Set(value)) => Said::Text(value.to_text().unwrap()),
                    Some(ValueEdit::Delete(_)) => Said::Deleted,
                    None if anew => Said::Deleted,
                    None => Said::Nothing,
                }
            }
            At::File(folder, path) => match set.file(&file_path(folder, path)).map(|entry| &entry.change) {
                Some(FileChange::Present(content)) => {
                    Said::Text(String::from_utf8(content.bytes.to_vec()).unwrap())
                }
                Some(FileChange::Deleted) => Said::Deleted,
                None => Said::Nothing,
            },
        }
    }

    /// What a fresh profile holds after this data set was imported.
    pub(crate) fn after(&self, set: Option<&DataSet>) -> Option<String> {
        match set.map_or(Said::Nothing, |set| self.said_by(set)) {
            Said::Nothing => self.default(),
            Said::Deleted => None,
            Said::Text(text) => Some(text),
        }
    }

    /// As reports name it, and as they name the key that is merged as a whole.
    pub(crate) fn labels(&self) -> [String; 2] {
        match self.at {
            At::Value(key, name) => [format!("HKCU\\{key}: {name}"), format!("HKCU\\{key}")],
            At::File(folder, path) => [format!("{folder}:{path}"), String::new()],
        }
    }
}

/// A fresh copy of the mandatory profile.
pub(crate) fn mandatory() -> MemoryProfile {
    let mut profile = MemoryProfile::mandatory(Key::new(""));
    for place in PLACES.iter().filter(|place| place.is_default) {
        place.set(&mut profile, Some(MANDATORY), FileTime(1));
    }
    profile
}

fn file_path(folder: &str, path: &str) -> FilePath {
    FilePath { folder: folder.to_owned(), components: path.split('\\').map(Name::from).collect() }
}

/// A place of one user, in one scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) sid: Sid,
    pub(crate) scope: Scope,
    pub(crate) place: &'static Place,
}

impl fmt::Debug for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} ({})", self.place.labels()[0], self.sid, self.scope)
    }
}
