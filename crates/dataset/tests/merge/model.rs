//! What data sets mean: the profile that comes of them. And data sets that have much in common.

use std::collections::{BTreeMap, BTreeSet};

use mp_dataset::{DataSet, FileChange, FileContent, FileEntry, FilePath, UnknownFields};
use mp_registry::{
    FileTime, Key, KeyAction, KeyEdit, KeyPath, MemoryRegistry, Name, Registry, Value, ValueEdit,
    upcase::upcase,
};
use proptest::{collection::vec, prelude::*, sample::select};

/// An item of a profile: a key's path; a value's, with its name; a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Spot {
    Key(Vec<String>),
    Value(Vec<String>, String),
    File(String),
}

/// The items that are there, with their contents.
pub(crate) type Profile = BTreeMap<Spot, Vec<u8>>;

/// A text as Windows compares names.
pub(crate) fn upper(text: impl ToString) -> String {
    let units: Vec<u16> = text.to_string().encode_utf16().map(upcase).collect();
    String::from_utf16(&units).unwrap()
}

pub(crate) fn folded(path: &KeyPath) -> Vec<String> {
    path.names().iter().map(upper).collect()
}

/// The mandatory profile `defaults` after the import of a data set.
pub(crate) fn profile(defaults: &Key, files: &BTreeSet<String>, set: &DataSet) -> Profile {
    let mut registry = MemoryRegistry::new(defaults.clone());
    assert!(registry.apply(&settled(set.registry.clone())).unwrap().problems.is_empty());
    let mut profile = Profile::new();
    gather(&registry.root, &mut KeyPath::root(), &mut profile);
    for name in files {
        profile.insert(Spot::File(name.clone()), b"default".to_vec());
    }
    for entry in &set.files {
        let spot = Spot::File(upper(&entry.path));
        match &entry.change {
            FileChange::Present(content) => profile.insert(spot, content.bytes.to_vec()),
            FileChange::Deleted => profile.remove(&spot),
        };
    }
    profile
}

fn gather(key: &Key, path: &mut KeyPath, profile: &mut Profile) {
    profile.insert(Spot::Key(folded(path)), Vec::new());
    for value in key.values() {
        let spot = Spot::Value(folded(path), upper(&value.name));
        profile.insert(spot, [&value.ty.0.to_le_bytes()[..], &value.data].concat());
    }
    for below in key.subkeys() {
        path.push(below.name.clone());
        gather(below, path, profile);
        path.pop();
    }
}

/// As an import does it: a key that is only passed through is made for what is set in it or below it.
fn settled(edit: KeyEdit) -> KeyEdit {
    let mut made = KeyEdit::new(&edit.name, edit.action);
    made.class.clone_from(&edit.class);
    made.last_write = edit.last_write;
    let (values, subkeys) = edit.into_parts();
    let subkeys: Vec<_> = subkeys.into_iter().map(settled).collect();
    let exists = |below: &KeyEdit| matches!(below.action, KeyAction::Ensure | KeyAction::Replace);
    let writes = values.iter().any(|value| matches!(value, ValueEdit::Set(_))) || subkeys.iter().any(exists);
    if made.action == KeyAction::Pass && writes && !made.name.is_empty() {
        made.action = KeyAction::Ensure;
    }
    made.replace_values(values);
    made.replace_subkeys(subkeys);
    made
}

/// What an export makes: keys that are written to are ensured, and below a key that is made anew nothing is deleted.
pub(crate) fn normal(mut set: DataSet) -> DataSet {
    let (values, subkeys) = settled(set.registry).into_parts();
    set.registry = KeyEdit::root();
    set.registry.replace_values(values);
    set.registry.replace_subkeys(subkeys.into_iter().filter_map(|key| without_noise(key, false)).collect());
    set
}

fn without_noise(edit: KeyEdit, cleared: bool) -> Option<KeyEdit> {
    let mut normal = KeyEdit::new(&edit.name, edit.action);
    normal.class.clone_from(&edit.class);
    normal.last_write = edit.last_write;
    if cleared && matches!(edit.action, KeyAction::Delete | KeyAction::Pass) {
        return None;
    }
    if edit.action == KeyAction::Delete {
        return Some(normal);
    }
    let cleared = cleared || edit.action == KeyAction::Replace;
    let (mut values, subkeys) = edit.into_parts();
    values.retain(|value| !cleared || matches!(value, ValueEdit::Set(_)));
    normal.replace_values(values);
    normal.replace_subkeys(subkeys.into_iter().filter_map(|key| without_noise(key, cleared)).collect());
    (!normal.is_noop()).then_some(normal)
}

fn key_name() -> impl Strategy<Value = Name> {
    select(vec!["a", "b", "B", "c"]).prop_map(Name::from)
}

fn value_name() -> impl Strategy<Value = Name> {
    select(vec!["x", "y", "Y"]).prop_map(Name::from)
}

fn value() -> impl Strategy<Value = ValueEdit> {
    prop_oneof![
        3 => (value_name(), 0_u32..3).prop_map(|(name, data)| ValueEdit::Set(Value::dword(name, data))),
        1 => value_name().prop_map(ValueEdit::Delete),
    ]
}

fn tree() -> impl Strategy<Value = KeyEdit> {
    use KeyAction::{Delete, Ensure, Pass, Replace};
    let action = select(vec![Ensure, Ensure, Pass, Pass, Delete, Replace]);
    let own = move || (key_name(), action.clone(), vec(value(), 0..3), 0_u64..3);
    let build = |(name, action, values, time): (Name, KeyAction, Vec<ValueEdit>, u64),
                 below: Vec<KeyEdit>| {
        let mut edit = KeyEdit::new(name, action);
        edit.last_write = FileTime(time);
        if action != Delete {
            edit.replace_values(values);
            edit.replace_subkeys(below);
        }
        edit
    };
    let leaf = own().prop_map(move |own| build(own, Vec::new()));
    leaf.prop_recursive(2, 8, 3, move |below| {
        (own(), vec(below, 0..3)).prop_map(move |(own, below)| build(own, below))
    })
}

fn file() -> impl Strategy<Value = FileEntry> {
    let change = prop_oneof![
        3 => (0_u8..3, 0_u64..2).prop_map(|(byte, time)| FileChange::Present(FileContent {
            modified: FileTime(time),
            attributes: Default::default(),
            bytes: vec![byte].into(),
        })),
        1 => Just(FileChange::Deleted),
    ];
    (select(vec!["p", "q", "Q", "r"]), change).prop_map(|(name, change)| FileEntry {
        path: FilePath { folder: "Desktop".into(), components: vec![name.into()] },
        change,
        unknown: UnknownFields::default(),
    })
}

pub(crate) fn set() -> impl Strategy<Value = DataSet> {
    (vec(tree(), 0..4), vec(value(), 0..2), vec(file(), 0..4)).prop_map(|(keys, values, files)| {
        let mut set = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
        set.registry.replace_values(values);
        set.registry.replace_subkeys(keys);
        set.replace_files(files);
        normal(set)
    })
}

/// What a session does to a data set.
#[derive(Clone, Debug)]
enum Change {
    /// The edit of a value is put into a key.
    Value(KeyPath, ValueEdit),
    /// Nothing is said about a value any more.
    Forget(KeyPath, Name),
    /// The edit of a key with all below takes the place of the present one.
    Key(KeyPath, KeyEdit),
    File(FileEntry),
    ForgetFile(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let path = || vec(key_name(), 0..3).prop_map(|names| names.into_iter().collect::<KeyPath>());
    prop_oneof![
        4 => (path(), value()).prop_map(|(path, value)| Change::Value(path, value)),
        1 => (path(), value_name()).prop_map(|(path, name)| Change::Forget(path, name)),
        2 => (path(), tree()).prop_map(|(path, tree)| Change::Key(path, tree)),
        2 => file().prop_map(Change::File),
        1 => (0_usize..4).prop_map(Change::ForgetFile),
    ]
}

fn changed(base: &DataSet, changes: Vec<Change>) -> DataSet {
    let mut set = base.clone();
    for change in changes {
        match change {
            Change::Value(path, value) => made(&mut set, &path).edit_value(value),
            Change::Forget(path, name) => {
                let key = made(&mut set, &path);
                key.replace_values(
                    key.values().iter().filter(|value| !value.name().same(&name)).cloned().collect(),
                );
            }
            Change::Key(path, tree) => made(&mut set, &path).insert_subkey(tree),
            Change::File(file) => {
                let files = set.files.iter().cloned().chain([file]).collect();
                set.replace_files(files);
            }
            Change::ForgetFile(index) if index < set.files.len() => drop(set.files.remove(index)),
            Change::ForgetFile(_) => {}
        }
    }
    normal(set)
}

/// The edit at a path; keys on the way that are deleted are made anew.
fn made<'a>(set: &'a mut DataSet, path: &KeyPath) -> &'a mut KeyEdit {
    path.names().iter().fold(&mut set.registry, |edit, name| {
        let below = edit.subkey_or(name, KeyAction::Pass);
        if below.action == KeyAction::Delete {
            below.action = KeyAction::Replace;
        }
        below
    })
}

/// A base and what two sessions made of it; sometimes they have nothing to do with each other.
pub(crate) fn three() -> impl Strategy<Value = [DataSet; 3]> {
    let from_base = (set(), vec(change(), 0..5), vec(change(), 0..5)).prop_map(|(base, theirs, mine)| {
        let (theirs, mine) = (changed(&base, theirs), changed(&base, mine));
        [base, theirs, mine]
    });
    prop_oneof![4 => from_base, 1 => [set(), set(), set()]]
}

/// A mandatory profile.
pub(crate) fn defaults() -> impl Strategy<Value = (Key, BTreeSet<String>)> {
    let files =
        proptest::collection::btree_set(select(vec!["DESKTOP:P", "DESKTOP:Q"]).prop_map(str::to_owned), 0..3);
    let registry = set().prop_map(|set| {
        let mut registry = MemoryRegistry::default();
        registry.apply(&set.registry).unwrap();
        registry.root
    });
    (registry, files)
}
