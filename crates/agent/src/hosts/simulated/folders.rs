//! Where the special folders of a user are, as the user's own registry says.

use std::collections::BTreeMap;

use mp_profile::{FolderPlace, KNOWN_FOLDERS, USER_SHELL_FOLDERS, known_folder};
use mp_registry::{Key, KeyPath};

/// The profile folder's name in the registry. It has no other: its place on this machine is none that Windows could write.
const PROFILE: &str = "%USERPROFILE%";

/// The places of all special folders.
#[derive(Debug)]
pub(super) struct Folders(BTreeMap<&'static str, FolderPlace>);

impl Folders {
    /// Reads them from a user's registry.
    pub(super) fn of(root: &Key) -> Self {
        let none = Key::default();
        let shell = root.at(&KeyPath::parse(USER_SHELL_FOLDERS)).unwrap_or(&none);
        let profile: Vec<u16> = PROFILE.encode_utf16().collect();
        let place = |folder| FolderPlace::of(folder, shell, &profile);
        Self(KNOWN_FOLDERS.iter().map(|folder| (folder.name, place(folder))).collect())
    }

    pub(super) fn get(&self, folder: &str) -> Option<&FolderPlace> {
        self.0.get(known_folder(folder)?.name)
    }
}
