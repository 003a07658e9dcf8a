use mp_registry::{Key, KeyAction, KeyEdit, KeyPath, MemoryRegistry, Name, Registry, Value, ValueEdit, diff};
use proptest::prelude::*;

use crate::{
    support::name,
    trees::{edits, trees},
};

fn applied(to: &Key, edits: &KeyEdit) -> Key {
    let mut registry = MemoryRegistry::new(to.clone());
    assert_eq!(registry.apply(edits).unwrap().problems, []);
    registry.root
}

/// Whether two trees are the same to Windows: names keep the spelling they were first given.
fn same(a: &Key, b: &Key) -> bool {
    let values = a
        .values()
        .iter()
        .zip(b.values())
        .all(|(a, b)| a.name.same(&b.name) && a.ty == b.ty && a.data == b.data);
    let subkeys = a.subkeys().iter().zip(b.subkeys()).all(|(a, b)| a.name.same(&b.name) && same(a, b));
    values && subkeys && a.values().len() == b.values().len() && a.subkeys().len() == b.subkeys().len()
}

proptest! {
    #[test]
    fn a_difference_applied_gives_the_other_tree(from in trees(), to in trees()) {
        prop_assert!(same(&applied(&from, &diff(&from, &to)), &to));
    }

    #[test]
    fn equal_trees_do_not_differ(tree in trees()) {
        prop_assert!(diff(&tree, &tree).is_noop());
        prop_assert!(diff(&tree, &applied(&tree, &KeyEdit::write(&tree))).is_noop());
    }

    #[test]
    fn only_what_is_needed_does_the_same(live in trees(), edit in edits()) {
        let needed = edit.against(Some(&live));
        let full = applied(&live, &edit);
        prop_assert!(same(&applied(&live, &needed), &full));
        let counts = (needed.counts(), edit.counts());
        prop_assert!(counts.0.values <= counts.1.values && counts.0.keys <= counts.1.keys);
    }

    #[test]
    fn nothing_is_needed_where_a_tree_is_there_already(tree in trees()) {
        prop_assert!(KeyEdit::write(&tree).against(Some(&tree)).is_noop());
    }
}

#[test]
fn of_two_things_of_one_name_the_first_is_written() {
    let twice = |first: &str, second: &str| {
        let mut key = Key::new("");
        key.replace_values(vec![Value::sz("V", first), Value::sz("v", second)]);
        let below = |name: &str, class: &str| {
            let mut key = Key::new(name);
            key.class = Some(Name::from(class));
            key
        };
        key.replace_subkeys(vec![below("K", first), below("k", second)]);
        key
    };
    let damaged = twice("1", "2");
    let edit = KeyEdit::write(&damaged);
    assert_eq!(edit.values(), [ValueEdit::Set(Value::sz("V", "1"))]);
    assert_eq!(edit.subkeys().iter().map(|key| key.class.clone().unwrap()).collect::<Vec<_>>(), [name("1")]);
    assert_eq!(diff(&Key::new(""), &damaged).subkeys().len(), 1);
    assert!(diff(&damaged, &twice("1", "3")).is_noop(), "only the second differs");
    assert_eq!(diff(&damaged, &Key::new("")).counts().deleted_values, 1);
}

#[test]
fn symbolic_links_are_left_alone() {
    let with = |link: bool| {
        let mut key = Key::new("");
        let below = key.ensure_subkey(&name("k"));
        below.link = link;
        below.set_value(Value::dword("v", u32::from(link)));
        key
    };
    let without = Key::new("");
    assert!(KeyEdit::write(&with(true)).subkeys().is_empty());
    for (from, to) in [
        (&without, &with(true)),
        (&with(true), &without),
        (&with(true), &with(false)),
        (&with(false), &with(true)),
    ] {
        assert!(diff(from, to).is_noop());
    }
    assert!(!diff(&with(false), &without).is_noop());
}

#[test]
fn of_edits_of_one_name_the_last_counts() {
    let mut edit = KeyEdit::root();
    edit.replace_values(vec![
        ValueEdit::Set(Value::dword("v", 1)),
        ValueEdit::Delete(name("a")),
        ValueEdit::Delete(name("V")),
    ]);
    assert_eq!(edit.values(), [ValueEdit::Delete(name("a")), ValueEdit::Delete(name("V"))]);
    edit.edit_value(ValueEdit::Set(Value::dword("v", 2)));
    assert_eq!(edit.value(&name("V")), Some(&ValueEdit::Set(Value::dword("v", 2))));
    edit.replace_subkeys(vec![KeyEdit::new("k", KeyAction::Ensure), KeyEdit::new("K", KeyAction::Delete)]);
    assert_eq!(edit.subkeys(), [KeyEdit::new("K", KeyAction::Delete)]);
}

#[test]
fn passing_through_creates_nothing() {
    let mut edit = KeyEdit::root();
    edit.at_or_pass(&KeyPath::parse("a\\b")).edit_value(ValueEdit::Set(Value::dword("v", 1)));
    let empty = Key::new("");
    assert_eq!(applied(&empty, &edit), empty);
    assert!(edit.against(Some(&empty)).is_noop());
    let mut there = Key::new("");
    there.ensure(&KeyPath::parse("A\\B"));
    assert!(applied(&there, &edit).at(&KeyPath::parse("a\\b")).unwrap().value(&name("v")).is_some());
}

#[test]
fn applying_counts_what_it_did() {
    let mut live = Key::new("");
    live.ensure(&KeyPath::parse("gone\\below"));
    live.ensure(&KeyPath::parse("again")).set_value(Value::dword("old", 1));
    live.set_value(Value::dword("v", 1));
    let mut edit = KeyEdit::root();
    edit.edit_value(ValueEdit::Delete(name("V")));
    edit.edit_value(ValueEdit::Delete(name("never there")));
    edit.subkey_or(&name("GONE"), KeyAction::Delete);
    edit.subkey_or(&name("missing"), KeyAction::Delete);
    edit.subkey_or(&name("again"), KeyAction::Replace).edit_value(ValueEdit::Set(Value::dword("new", 2)));
    let mut registry = MemoryRegistry::new(live);
    let done = registry.apply(&edit).unwrap();
    let counts = (done.keys_created, done.values_written, done.keys_deleted, done.values_deleted);
    assert_eq!(counts, (1, 1, 2, 1));
    let again = registry.root.subkey(&name("again")).unwrap();
    assert_eq!((again.value(&name("old")), again.values().len()), (None, 1));
    assert_eq!(registry.root.subkeys().len(), 1);
}
