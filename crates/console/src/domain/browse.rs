//! A look into a data set: one key or folder at a time, or all that holds a text.

use mp_dataset::{DataSet, FileEntry};
use mp_registry::{KeyEdit, KeyPath, Name};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Refusal, folder_text, key_text,
    shown::{ItemAt, ShownItem},
};

/// Most keys, values, folders and files of one answer, of each.
const MOST: usize = 1_000;
/// Most things that a search gives.
const MOST_FOUND: usize = 200;

/// Where to look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// The keys below the user's root, and the special folders.
    Top,
    Key(KeyPath),
    Folder(String, Vec<Name>),
}

/// A key below another one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct KeyBelow {
    name: String,
    /// Below HKEY_CURRENT_USER; what to look at for what is in it.
    path: String,
    item: ShownItem,
    /// How many keys and values are directly in it.
    keys: usize,
    values: usize,
}

/// A value of a key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct NamedValue {
    /// Empty for the key's default value.
    name: String,
    item: ShownItem,
}

/// A folder below another one, or a special folder.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct FolderBelow {
    name: String,
    /// What to look at for what is in it, such as Desktop:notes.
    path: String,
    /// Files in it and below, tombstones included.
    files: usize,
}

/// A file of a folder.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct NamedFile {
    name: String,
    /// Such as Desktop:notes.txt.
    path: String,
    item: ShownItem,
}

/// Something that was searched for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct FoundItem {
    #[serde(flatten)]
    at: ItemAt,
    item: ShownItem,
}

/// What is at a place of a data set, or was found in it.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Content {
    /// What is said of the key itself.
    #[schema(inline = false)]
    key: Option<ShownItem>,
    keys: Vec<KeyBelow>,
    values: Vec<NamedValue>,
    folders: Vec<FolderBelow>,
    files: Vec<NamedFile>,
    /// Everything that holds the text that was searched for.
    found: Vec<FoundItem>,
    /// Whether there is more than one answer holds; search for it.
    more: bool,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Top => f.write_str("what is in it"),
            Self::Key(path) => f.write_str(&key_text(path)),
            Self::Folder(folder, components) => f.write_str(&folder_text(folder, components)),
        }
    }
}

/// What is at a place.
///
/// # Errors
/// When the data set says nothing of it.
pub(crate) fn look(set: &DataSet, place: &Place) -> Result<Content, Refusal> {
    let nothing = || Refusal::NothingAt(place.to_string());
    let mut content = match place {
        Place::Top => {
            let folders = folders_of(&set.files);
            Content { folders, ..of_key(&set.registry, &KeyPath::root()) }
        }
        Place::Key(path) => {
            let key = set.registry.at(path).ok_or_else(nothing)?;
            Content { key: Some(ShownItem::key(key)), ..of_key(key, path) }
        }
        Place::Folder(folder, components) => {
            let inside = |entry: &&FileEntry| {
                let own = &entry.path.components;
                entry.path.folder.eq_ignore_ascii_case(folder)
                    && own.len() > components.len()
                    && own.iter().zip(components).all(|(a, b)| a.same(b))
            };
            let entries: Vec<&FileEntry> = set.files.iter().filter(inside).collect();
            if entries.is_empty() {
                return Err(nothing());
            }
            of_folder(&entries, components.len())
        }
    };
    content.more |= bound(&mut content.keys, MOST)
        | bound(&mut content.values, MOST)
        | bound(&mut content.folders, MOST)
        | bound(&mut content.files, MOST);
    Ok(content)
}

/// Everything with a text in its name or content, in any case.
pub(crate) fn find(set: &DataSet, text: &str) -> Content {
    let text = text.to_lowercase();
    let mut found = Vec::new();
    find_keys(&set.registry, &mut KeyPath::root(), &text, &mut found);
    for entry in set.files.iter().filter(|entry| entry.path.to_string().to_lowercase().contains(&text)) {
        if found.len() > MOST_FOUND {
            break;
        }
        found.push(FoundItem { at: ItemAt::file(entry), item: ShownItem::file(entry) });
    }
    let more = bound(&mut found, MOST_FOUND);
    Content { found, more, ..Content::default() }
}

fn find_keys(key: &KeyEdit, path: &mut KeyPath, text: &str, found: &mut Vec<FoundItem>) {
    for value in key.values() {
        let item = ShownItem::value(value);
        if value.name().to_string().to_lowercase().contains(text) || item.mentions(text) {
            found.push(FoundItem { at: ItemAt::value(path, value.name()), item });
        }
    }
    for below in key.subkeys() {
        if found.len() > MOST_FOUND {
            return;
        }
        path.push(below.name.clone());
        if below.name.to_string().to_lowercase().contains(text) {
            found.push(FoundItem { at: ItemAt::key(path), item: ShownItem::key(below) });
        }
        find_keys(below, path, text, found);
        path.pop();
    }
}

fn of_key(key: &KeyEdit, path: &KeyPath) -> Content {
    let keys = key.subkeys().iter().take(MOST + 1).map(|below| KeyBelow {
        name: below.name.to_string(),
        path: path.join(&below.name).to_string(),
        item: ShownItem::key(below),
        keys: below.subkeys().len(),
        values: below.values().len(),
    });
    let values = key.values().iter().take(MOST + 1);
    let values =
        values.map(|edit| NamedValue { name: edit.name().to_string(), item: ShownItem::value(edit) });
    Content { keys: keys.collect(), values: values.collect(), ..Content::default() }
}

/// What is in a folder of which all entries below are given.
fn of_folder(entries: &[&FileEntry], depth: usize) -> Content {
    let mut content = Content::default();
    let mut folders: Vec<(&Name, &FileEntry, usize)> = Vec::new();
    for &entry in entries {
        let Some(name) = entry.path.components.get(depth) else { continue };
        if entry.path.components.len() == depth + 1 {
            content.files.push(NamedFile {
                name: name.to_string(),
                path: entry.path.to_string(),
                item: ShownItem::file(entry),
            });
            continue;
        }
        // Entries are sorted, so those of one folder are together.
        match folders.last_mut() {
            Some((last, _, files)) if last.same(name) => *files += 1,
            _ => folders.push((name, entry, 1)),
        }
    }
    let below = folders.into_iter().map(|(name, entry, files)| FolderBelow {
        name: name.to_string(),
        path: folder_text(&entry.path.folder, entry.path.components.get(..=depth).unwrap_or_default()),
        files,
    });
    content.folders = below.collect();
    content
}

/// The special folders of which files are kept.
fn folders_of(entries: &[FileEntry]) -> Vec<FolderBelow> {
    let mut folders: Vec<FolderBelow> = Vec::new();
    for name in entries.iter().map(|entry| &entry.path.folder) {
        match folders.last_mut() {
            Some(last) if last.name == *name => last.files += 1,
            _ => folders.push(FolderBelow { name: name.clone(), path: name.clone(), files: 1 }),
        }
    }
    folders
}

fn bound<T>(items: &mut Vec<T>, most: usize) -> bool {
    let more = items.len() > most;
    items.truncate(most);
    more
}
