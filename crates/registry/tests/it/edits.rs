use mp_registry::{
    Key, KeyAction, KeyEdit, KeyPath, MAX_DEPTH, MemoryRegistry, Name, Registry, RegistryErrorKind, Value,
    ValueEdit, ValueType, diff,
};
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

#[test]
fn the_root_stays() {
    let mut root = Key::new("");
    root.set_value(Value::dword("v", 1));
    for (action, text) in [
        (KeyAction::Delete, "cannot delete \"\": it is the root of the registry"),
        (KeyAction::Replace, "cannot replace \"\": it is the root of the registry"),
    ] {
        let mut edit = KeyEdit::new("", action);
        if action == KeyAction::Replace {
            edit.edit_value(ValueEdit::Set(Value::dword("new", 2)));
        }
        let mut registry = MemoryRegistry::new(root.clone());
        let done = registry.apply(&edit).unwrap();
        let problems: Vec<_> = done.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, [text]);
        assert_eq!((registry.root, done.values_written), (root.clone(), 0), "nothing was begun");
    }
}

#[test]
fn links_are_neither_followed_nor_changed() {
    let mut live = Key::new("");
    live.ensure(&KeyPath::parse("home\\beside\\below"));
    live.ensure(&KeyPath::parse("home\\link")).link = true;
    for action in [KeyAction::Pass, KeyAction::Ensure, KeyAction::Delete] {
        let mut edit = KeyEdit::root();
        let link = edits_at(&mut edit, "HOME\\link", action);
        if action != KeyAction::Delete {
            link.edit_value(ValueEdit::Set(Value::dword("v", 1)));
            link.subkey_or(&name("below"), KeyAction::Ensure);
        }
        assert_eq!(
            refused(&live, &edit),
            (live.clone(), vec![("HOME\\link".to_owned(), LINK)]),
            "{action:?}"
        );
    }

    let mut edit = KeyEdit::root();
    edits_at(&mut edit, "home", KeyAction::Delete);
    let (left, problems) = refused(&live, &edit);
    assert_eq!(problems, [("home\\link".to_owned(), LINK)]);
    let home = left.subkey(&name("home")).unwrap();
    assert_eq!(home.subkeys().iter().map(|key| key.name.clone()).collect::<Vec<_>>(), [name("link")]);

    let mut edit = KeyEdit::root();
    edit.edit_value(ValueEdit::Set(Value::new("symboliclinkvalue", ValueType::LINK, *b"\\\0R\0")));
    assert_eq!(refused(&live, &edit), (live, vec![(String::new(), LINK)]), "links are not made either");
}

#[test]
fn nothing_lies_deeper_than_windows_allows() {
    let mut edit = KeyEdit::root();
    let path: KeyPath = (0..=MAX_DEPTH).map(|_| name("k")).collect();
    edit.at_or_pass(&path).action = KeyAction::Ensure;
    edit.ensure_passed();
    let (left, problems) = refused(&Key::new(""), &edit);
    assert_eq!(left.counts().keys, MAX_DEPTH + 1);
    assert_eq!(problems, [(path.to_string(), RegistryErrorKind::TooDeep)]);
}

const LINK: RegistryErrorKind = RegistryErrorKind::SymbolicLink;

fn edits_at<'a>(edit: &'a mut KeyEdit, path: &str, action: KeyAction) -> &'a mut KeyEdit {
    let below = edit.at_or_pass(&KeyPath::parse(path));
    below.action = action;
    below
}

/// The registry after the edits, and what of them was refused where.
fn refused(live: &Key, edit: &KeyEdit) -> (Key, Vec<(String, RegistryErrorKind)>) {
    let mut registry = MemoryRegistry::new(live.clone());
    let problems = registry.apply(edit).unwrap().problems;
    (registry.root, problems.into_iter().map(|problem| (problem.path.to_string(), problem.cause)).collect())
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "nothing is edited below a key that is deleted"))]
fn no_edit_is_put_below_a_deletion() {
    let mut edit = KeyEdit::root();
    edit.at_or_pass(&KeyPath::parse("gone")).action = KeyAction::Delete;
    edit.at_or_pass(&KeyPath::parse("gone\\below"));
}
