//! Where the special folders of a user are, as the user's own registry says.
//!
//! The functions of the shell answer for the caller, or need a token of the user; the key is what they read. A value that is
//! no text, or is empty, counts as none.

use mp_dataset::FilePath;
use mp_registry::{Key, Name, upcase};

use crate::{KnownFolder, SafePath, known_folder};

/// The key below the user's root that holds the user's choice of folders.
pub const USER_SHELL_FOLDERS: &str =
    "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders";

/// The most UTF-16 code units of a place that are shown to people.
const MAX_SHOWN: usize = 400;

/// Where a special folder is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FolderPlace {
    /// At these components below the profile folder, each of them safe; none for the profile folder itself.
    Inside(Vec<Name>),
    /// At this place, in the words of the registry as far as they can be shown.
    Outside(String),
}

impl FolderPlace {
    /// The place of a folder as `shell_folders`, the key [`USER_SHELL_FOLDERS`], has it. `profile` is the profile folder as
    /// the key's values write it, without a separator at its end; `%USERPROFILE%` stands for it, and no other variable is
    /// known. A folder that the user moved into the application data, or to the profile folder itself, counts as outside.
    #[must_use]
    pub fn of(folder: &KnownFolder, shell_folders: &Key, profile: &[u16]) -> Self {
        let Some(value_name) = folder.shell_value else { return implied(folder, shell_folders, profile) };
        let text = shell_folders.value(&value_name.into()).and_then(|value| value.to_units());
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Self::Inside(folder.default_components().collect());
        };
        match expand_variables(&text, |name| is_profile(name).then(|| profile.to_vec()))
            .and_then(|path| below(&path, profile))
            .filter(|components| may_be_at(folder, components))
        {
            Some(components) => Self::Inside(components),
            None => Self::Outside(shown(&text)),
        }
    }
}

/// A folder that has no value of its own lies where it does below the roaming or local application data.
fn implied(folder: &KnownFolder, shell_folders: &Key, profile: &[u16]) -> FolderPlace {
    let own: Vec<Name> = folder.default_components().collect();
    for parent in ["RoamingAppData", "LocalAppData"].into_iter().filter_map(known_folder) {
        let above: Vec<Name> = parent.default_components().collect();
        if let Some(rest) = own.strip_prefix(above.as_slice()) {
            return match FolderPlace::of(parent, shell_folders, profile) {
                FolderPlace::Inside(start) => {
                    FolderPlace::Inside(start.into_iter().chain(rest.iter().cloned()).collect())
                }
                outside => outside,
            };
        }
    }
    FolderPlace::Inside(own)
}

/// Whether the user may have a folder at these components. What is left out of data sets is known by its default place, so a
/// folder that was moved may not be, or hold, where programs keep their data and Windows what it starts.
fn may_be_at(folder: &KnownFolder, components: &[Name]) -> bool {
    let default: Vec<Name> = folder.default_components().collect();
    let same = |a: &[Name], b: &[Name]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b));
    same(components, &default) || components.first().is_some_and(|first| !first.same(&"AppData".into()))
}

/// The components of `path` below the profile folder; `None` when it is not there, or not plainly so.
fn below(path: &[u16], profile: &[u16]) -> Option<Vec<Name>> {
    let (start, rest) = path.split_at_checked(profile.len())?;
    let separator = u16::from(b'\\');
    if !upcase::eq(start, profile) || !(rest.is_empty() || rest.starts_with(&[separator])) {
        return None;
    }
    let components: Vec<Name> =
        rest.split(|&unit| unit == separator).filter(|part| !part.is_empty()).map(Name::from_units).collect();
    let checked = FilePath { folder: String::new(), components };
    // The profile folder itself has no components, which for a file would be wrong.
    (checked.components.is_empty() || SafePath::check(&checked).is_ok()).then_some(checked.components)
}

/// Replaces `%NAME%` by what `lookup` knows; `None` when it does not know a name. A single `%` stays.
#[must_use]
pub fn expand_variables(text: &[u16], lookup: impl Fn(&[u16]) -> Option<Vec<u16>>) -> Option<Vec<u16>> {
    let percent = u16::from(b'%');
    let mut parts = text.split(|&unit| unit == percent);
    let mut expanded = parts.next().unwrap_or_default().to_vec();
    loop {
        let Some(name) = parts.next() else { return Some(expanded) };
        let Some(after) = parts.next() else {
            expanded.push(percent);
            expanded.extend_from_slice(name);
            return Some(expanded);
        };
        expanded.extend(lookup(name)?);
        expanded.extend_from_slice(after);
    }
}

/// The user's own words, as far as they can be shown: no control characters, and not without end.
fn shown(text: &[u16]) -> String {
    let start = &text[..text.len().min(MAX_SHOWN)];
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("{}{more}", Name::from_units(start))
}

fn is_profile(variable: &[u16]) -> bool {
    upcase::eq(variable, &"USERPROFILE".encode_utf16().collect::<Vec<_>>())
}
