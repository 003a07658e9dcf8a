use mp_profile::{KnownFolder, SafePath, known_folder};
use mp_registry::{Key, Name, Value, ValueType, upcase};

/// Where a special folder is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// At these components below the profile folder.
    Inside(Vec<Name>),
    /// At this place, in the words of the registry.
    Outside(String),
}

/// Where a special folder is, as the values of the user's `User Shell Folders` have it.
///
/// The functions of the shell answer for the caller, or need a token of the user; the key is what they read.
pub(super) fn place(folder: &KnownFolder, shell_folders: &Key, profile: &[u16]) -> Place {
    let default = || Place::Inside(folder.default_components().collect());
    let Some(value_name) = folder.shell_value else { return implied(folder, shell_folders, profile) };
    let Some(text) = shell_folders.value(&value_name.into()).and_then(text_units) else { return default() };
    let lookup = |name: &[u16]| same(name, "USERPROFILE").then(|| profile.to_vec());
    match expand(&text, lookup).as_deref().and_then(|path| below(path, profile)) {
        Some(components) => Place::Inside(components),
        None => Place::Outside(String::from_utf16_lossy(&text)),
    }
}

/// A folder that has no value of its own lies where it does below the roaming or local application data.
fn implied(folder: &KnownFolder, shell_folders: &Key, profile: &[u16]) -> Place {
    let own: Vec<Name> = folder.default_components().collect();
    for parent in ["RoamingAppData", "LocalAppData"].into_iter().filter_map(known_folder) {
        let above: Vec<Name> = parent.default_components().collect();
        if let Some(rest) = own.strip_prefix(above.as_slice()) {
            return match place(parent, shell_folders, profile) {
                Place::Inside(start) => {
                    Place::Inside(start.into_iter().chain(rest.iter().cloned()).collect())
                }
                outside => outside,
            };
        }
    }
    Place::Inside(own)
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
    let checked = mp_dataset::FilePath { folder: String::new(), components };
    // The profile folder itself has no components, which for a file would be wrong.
    (checked.components.is_empty() || SafePath::check(&checked).is_ok()).then_some(checked.components)
}

/// The text of a `REG_SZ` or `REG_EXPAND_SZ` up to its first NUL; `None` when there is none.
pub(crate) fn text_units(value: &Value) -> Option<Vec<u16>> {
    if !matches!(value.ty, ValueType::SZ | ValueType::EXPAND_SZ) {
        return None;
    }
    let units = value.data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text: Vec<u16> = units.take_while(|&unit| unit != 0).collect();
    (!text.is_empty()).then_some(text)
}

/// Replaces `%NAME%` by what `lookup` knows; `None` when it does not know a name. A single `%` stays.
pub(crate) fn expand(text: &[u16], lookup: impl Fn(&[u16]) -> Option<Vec<u16>>) -> Option<Vec<u16>> {
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

fn same(units: &[u16], text: &str) -> bool {
    upcase::eq(units, &text.encode_utf16().collect::<Vec<_>>())
}
