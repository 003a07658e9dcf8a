//! What a data subset owns of a data set, brought back from a former one.

use mp_dataset::{Cover, DataSet, FileChange, FileEntry, Selection, UnknownFields, restore};
use mp_registry::{KeyAction, KeyEdit, KeyPath, Value, ValueEdit};

use crate::support::{content, file, folder, key, not_key, rules, subset, values};

fn set(zoom: u32) -> DataSet {
    let mut set = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
    for path in ["Software\\App", "Software\\App\\Cache", "Software\\Other", "Software\\App\\Deep"] {
        let key = set.registry.at_or_pass(&KeyPath::parse(path));
        key.action = KeyAction::Ensure;
        key.edit_value(ValueEdit::Set(Value::dword("Zoom", zoom)));
        key.edit_value(ValueEdit::Set(Value::dword("Size", zoom)));
    }
    let entry = |path: &str| FileEntry {
        path: file(path),
        change: FileChange::Present(content(&zoom.to_string(), 1)),
        unknown: UnknownFields::default(),
    };
    set.replace_files(vec![entry("Desktop:a.txt"), entry("Documents:b.txt")]);
    set
}

#[test]
fn a_data_subset_comes_back_alone() {
    let app =
        subset("app", &[key("Software\\App"), not_key("Software\\App\\Cache")], &[folder("Desktop", "")]);
    let other = subset("other", &[values("Software\\Other", &["Zoom"])], &[folder("Documents", "")]);
    let rules = rules(&[app, other]);
    let zoom = |set: &DataSet, path: &str, name: &str| match set
        .registry
        .at(&KeyPath::parse(path))
        .and_then(|key| key.value(&name.into()))
    {
        Some(ValueEdit::Set(value)) => u32::from_le_bytes(value.data[..].try_into().unwrap()),
        other => panic!("{other:?}"),
    };
    let made = restore(Some(&set(2)), &set(1), &rules.selection("app"));
    assert_eq!(zoom(&made, "Software\\App", "Zoom"), 1);
    assert_eq!(zoom(&made, "Software\\App\\Deep", "Size"), 1);
    assert_eq!(zoom(&made, "Software\\App\\Cache", "Zoom"), 2);
    assert_eq!(zoom(&made, "Software\\Other", "Zoom"), 2);
    let text = |index: usize| match &made.files[index].change {
        FileChange::Present(content) => content.bytes[0],
        FileChange::Deleted => 0,
    };
    assert_eq!((text(0), text(1)), (b'1', b'2'));
    let made = restore(Some(&set(2)), &set(1), &rules.selection("other"));
    assert_eq!((zoom(&made, "Software\\Other", "Zoom"), zoom(&made, "Software\\Other", "Size")), (1, 2));
}

#[test]
fn a_key_that_a_data_subset_has_to_itself_comes_back_with_its_deletion() {
    let rules = rules(&[subset("app", &[key("Software\\App")], &[])]);
    let selection = rules.selection("app");
    assert_eq!(selection.key(&KeyPath::parse("Software\\App\\x")), Cover::All);
    assert_eq!(selection.key(&KeyPath::parse("Software")), Cover::Part);
    assert_eq!(selection.key(&KeyPath::parse("Environment")), Cover::Nothing);
    let mut former = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
    let software = former.registry.at_or_pass(&KeyPath::parse("Software"));
    software.insert_subkey(KeyEdit::new("App", KeyAction::Delete));
    let made = restore(Some(&set(2)), &former, &selection);
    assert_eq!(made.registry.at(&KeyPath::parse("Software\\App")).unwrap().action, KeyAction::Delete);
    assert!(made.registry.at(&KeyPath::parse("Software\\Other")).is_some());
}
