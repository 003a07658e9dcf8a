//! Where the special folders of a user are, as the user's own registry says.

use std::collections::BTreeMap;

use mp_dataset::FilePath;
use mp_profile::{KNOWN_FOLDERS, KnownFolder, SafePath, known_folder};
use mp_registry::{Key, KeyPath, Name};

const USER_SHELL_FOLDERS: &str = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders";
const PROFILE: &str = "%USERPROFILE%";
/// Folders without a value of their own lie below this one.
const PARENT: &str = "RoamingAppData";

/// Where a special folder is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Below the profile folder.
    Inside(Vec<Name>),
    /// Elsewhere.
    Outside(String),
}

/// The places of all special folders.
#[derive(Debug)]
pub(super) struct Folders(BTreeMap<&'static str, Place>);

impl Folders {
    /// Reads them from a user's registry. Of variables only `%USERPROFILE%` is known; a place that begins otherwise is
    /// outside.
    pub(super) fn of(root: &Key) -> Self {
        let shell = root.at(&KeyPath::parse(USER_SHELL_FOLDERS));
        Self(KNOWN_FOLDERS.iter().map(|folder| (folder.name, place(folder, shell))).collect())
    }

    pub(super) fn get(&self, folder: &str) -> Option<&Place> {
        self.0.get(known_folder(folder)?.name)
    }
}

fn place(folder: &KnownFolder, shell: Option<&Key>) -> Place {
    let Some(value) = folder.shell_value else { return derived(folder, shell) };
    let text = shell.and_then(|key| key.value(&value.into())).map(|value| value.to_text());
    match text {
        None => Place::Inside(folder.default_components().collect()),
        Some(None) => Place::Outside("a value that is no text".to_owned()),
        Some(Some(text)) => below_profile(&text).map_or(Place::Outside(text), Place::Inside),
    }
}

/// The place of a folder that has no value: below the roaming folder wherever that is, or the profile itself.
fn derived(folder: &KnownFolder, shell: Option<&Key>) -> Place {
    let Some(parent) =
        known_folder(PARENT).filter(|parent| folder.default_place.starts_with(parent.default_place))
    else {
        return Place::Inside(folder.default_components().collect());
    };
    let below = folder.default_components().skip(parent.default_components().count());
    match place(parent, shell) {
        Place::Inside(components) => Place::Inside(components.into_iter().chain(below).collect()),
        outside @ Place::Outside(_) => outside,
    }
}

fn below_profile(text: &str) -> Option<Vec<Name>> {
    let start = text.get(..PROFILE.len())?;
    let rest = text.get(PROFILE.len()..)?;
    if !start.eq_ignore_ascii_case(PROFILE) || !(rest.is_empty() || rest.starts_with('\\')) {
        return None;
    }
    let components: Vec<Name> = rest.split('\\').filter(|part| !part.is_empty()).map(Name::from).collect();
    let path = FilePath { folder: String::new(), components };
    (path.components.is_empty() || SafePath::check(&path).is_ok()).then_some(path.components)
}

#[cfg(test)]
mod tests {
    use super::{Folders, Place, USER_SHELL_FOLDERS};
    use mp_registry::{Key, KeyPath, Name, Value};

    #[test]
    fn the_users_registry_says_where_folders_are() {
        let mut root = Key::default();
        let shell = root.ensure(&KeyPath::parse(USER_SHELL_FOLDERS));
        shell.set_value(Value::expand_sz("AppData", "%userprofile%\\Application Data"));
        shell.set_value(Value::expand_sz("Desktop", "\\\\server\\share\\alice"));
        shell.set_value(Value::expand_sz("Personal", "%USERPROFILE%\\..\\bob"));
        shell.set_value(Value::expand_sz("Favorites", "%USERPROFILE%x"));
        let folders = Folders::of(&root);
        let inside = |names: &[&str]| Place::Inside(names.iter().map(|&name| Name::from(name)).collect());
        assert_eq!(folders.get("roamingappdata"), Some(&inside(&["Application Data"])));
        assert_eq!(
            folders.get("QuickLaunch"),
            Some(&inside(&["Application Data", "Microsoft", "Internet Explorer", "Quick Launch"]))
        );
        assert_eq!(folders.get("LocalAppData"), Some(&inside(&["AppData", "Local"])));
        assert_eq!(folders.get("Profile"), Some(&inside(&[])));
        for redirected in ["Desktop", "Documents", "Favorites"] {
            assert!(matches!(folders.get(redirected), Some(Place::Outside(_))), "{redirected}");
        }
        assert_eq!(folders.get("Nowhere"), None);
    }
}
