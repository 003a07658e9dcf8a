//! The difference of two data sets, as `dataset diff` shows it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use mp_dataset::{Change, ChangeCounts, DataSet, FileChange, FileEntry, FilePath, UnknownFields, diff};
use mp_registry::{FileTime, KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit};
use proptest::prelude::*;

fn set(edit: impl FnOnce(&mut DataSet)) -> DataSet {
    let mut set = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
    edit(&mut set);
    set
}

fn put(set: &mut DataSet, path: &str, value: Value) {
    set.registry.at_or_pass(&KeyPath::parse(path)).edit_value(ValueEdit::Set(value));
}

fn deleted(folder: &str, name: &str) -> FileEntry {
    let path = FilePath { folder: folder.to_owned(), components: vec![Name::from(name)] };
    FileEntry { path, change: FileChange::Deleted, unknown: UnknownFields::default() }
}

#[test]
fn names_each_path_that_differs_with_old_and_new() {
    let old = set(|set| {
        put(set, "Software\\App", Value::dword("Same", 1));
        put(set, "Software\\App", Value::dword("Size", 1));
        put(set, "Software\\App", Value::sz("Gone", "x"));
        put(set, "Software\\Old\\Below", Value::dword("v", 1));
        set.files = vec![deleted("Desktop", "a")];
    });
    let new = set(|set| {
        put(set, "software\\APP", Value::dword("SAME", 1));
        put(set, "software\\APP", Value::dword("Size", 2));
        set.registry
            .at_or_pass(&KeyPath::parse("software\\APP"))
            .edit_value(ValueEdit::Delete(Name::from("Gone")));
        set.registry.at_or_pass(&KeyPath::parse("Software\\New")).action = KeyAction::Delete;
        set.registry.last_write = FileTime(7);
        set.files = vec![deleted("Desktop", "b")];
    });
    let found = diff(&old, &new);
    let paths: Vec<_> = found.keys.iter().map(|key| key.path.to_string()).collect();
    assert_eq!(paths, ["software\\APP", "software\\New", "software\\Old", "software\\Old\\Below"]);
    let app = &found.keys[0];
    assert_eq!(app.key, None);
    let gone = Change::Changed {
        old: &ValueEdit::Set(Value::sz("Gone", "x")),
        new: &ValueEdit::Delete(Name::from("Gone")),
    };
    let size = Change::Changed {
        old: &ValueEdit::Set(Value::dword("Size", 1)),
        new: &ValueEdit::Set(Value::dword("Size", 2)),
    };
    assert_eq!(app.values, [gone, size]);
    assert!(matches!(found.keys[1].key, Some(Change::Added(key)) if key.action == KeyAction::Delete));
    assert!(matches!(found.keys[3].values[..], [Change::Removed(_)]));
    let counts = found.counts();
    assert_eq!(counts.keys, ChangeCounts { added: 1, removed: 2, changed: 0 });
    assert_eq!(counts.values, ChangeCounts { added: 0, removed: 1, changed: 2 });
    assert_eq!(counts.files, ChangeCounts { added: 1, removed: 1, changed: 0 });
}

proptest! {
    #[test]
    fn nothing_differs_from_itself_and_the_way_back_is_the_mirror(a in common::data_sets(), b in common::data_sets()) {
        prop_assert!(diff(&a, &a).is_empty());
        let (there, back) = (diff(&a, &b).counts(), diff(&b, &a).counts());
        let mirror = |counts: ChangeCounts| ChangeCounts { added: counts.removed, removed: counts.added, ..counts };
        prop_assert_eq!(
            (there.keys, there.values, there.files),
            (mirror(back.keys), mirror(back.values), mirror(back.files))
        );
    }

    #[test]
    fn one_changed_value_is_the_only_difference(set in common::data_sets(), data in any::<[u8; 9]>()) {
        let mut changed = set.clone();
        let name = Name::from("only here, and longer than any other name that is made up for a test by the generator");
        changed.registry.edit_value(ValueEdit::Set(Value::new(name, mp_registry::ValueType::BINARY, data)));
        let found = diff(&set, &changed);
        prop_assert_eq!(found.keys.len(), 1);
        prop_assert_eq!(found.keys[0].path.depth(), 0);
        prop_assert!(matches!(found.keys[0].values[..], [Change::Added(_)]));
        prop_assert!(found.keys[0].key.is_none() && found.files.is_empty());
    }
}
