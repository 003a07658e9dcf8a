//! Edits of a live registry: what is created, changed, deleted, refused, and what a second pass finds to do.

use crate::support::FakeUser;
use mp_registry::{
    Key, KeyAction, KeyChoice, KeyEdit, KeyPath, MemoryRegistry, Name, Registry, RegistryErrorKind, TakeAll,
    TreeFilter, Value, ValueEdit, ValueType, diff,
};
use mp_windows::{LiveRegistry, OpenMode, enable_backup_privileges};
use proptest::prelude::*;

fn read(registry: &LiveRegistry, path: &str) -> Option<Key> {
    let read = registry.read_tree(&KeyPath::parse(path), &mut TakeAll).unwrap();
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    read.tree
}

/// Without times and classes.
fn plain(key: &Key) -> Key {
    let mut same = Key::new(key.name.clone());
    same.replace_values(key.values().to_vec());
    same.replace_subkeys(key.subkeys().iter().map(plain).collect());
    same
}

/// Letters whose case folds, one that is only half a pair, a NUL, a lone surrogate.
fn name() -> impl Strategy<Value = Name> {
    let unit = prop::sample::select(vec![0x41_u16, 0x61, 0xE4, 0xC4, 0xDF, 0x0, 0xD800, 0x20]);
    prop::collection::vec(unit, 1..5).prop_map(Name::from_units)
}

fn value() -> impl Strategy<Value = Value> {
    let ty = prop_oneof![0..13_u32, any::<u32>()];
    (name(), ty, prop::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(name, ty, data)| Value::new(name, ValueType(ty), data))
}

fn tree() -> impl Strategy<Value = Key> {
    let leaf = prop::collection::vec(value(), 0..6).prop_map(|values| fill("", values, Vec::new()));
    leaf.prop_recursive(4, 30, 5, |inner| {
        let below = prop::collection::vec((name(), inner), 0..5);
        (prop::collection::vec(value(), 0..6), below).prop_map(|(values, below)| fill("", values, below))
    })
}

fn fill(name: &str, values: Vec<Value>, below: Vec<(Name, Key)>) -> Key {
    let mut key = Key::new(name);
    values.into_iter().for_each(|value| key.set_value(value));
    for (name, mut subkey) in below {
        subkey.name = name;
        key.insert_subkey(subkey);
    }
    key
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is there and whatever is wanted: the live registry ends up as the one in memory does, a second pass has
    /// nothing to do, and nothing is left after deletion.
    #[test]
    fn live_and_memory_agree(before in tree(), after in tree()) {
        let user = FakeUser::new();
        let mut live = user.registry();
        let mut memory = MemoryRegistry::default();
        for wanted in [KeyEdit::write(&before), diff(&before, &after), KeyEdit::write(&before)] {
            let mut edits = KeyEdit::root();
            let mut root = KeyEdit::new("tree", KeyAction::Ensure);
            let (values, subkeys) = wanted.into_parts();
            root.replace_values(values);
            root.replace_subkeys(subkeys);
            edits.insert_subkey(root);
            let (done, expected) = (live.apply(&edits).unwrap(), memory.apply(&edits).unwrap());
            prop_assert!(done.problems.is_empty(), "{:?}", done.problems);
            prop_assert_eq!(
                (done.keys_created, done.values_written, done.keys_deleted, done.values_deleted),
                (expected.keys_created, expected.values_written, expected.keys_deleted, expected.values_deleted)
            );
            let seen = plain(&read(&live, "tree").unwrap());
            prop_assert_eq!(&seen, memory.root.subkey(&"tree".into()).unwrap());
            let again = edits.subkeys()[0].against(Some(&seen));
            prop_assert!(again.is_noop(), "{:?}", again);
        }
        let mut delete = KeyEdit::root();
        delete.insert_subkey(KeyEdit::new("tree", KeyAction::Delete));
        prop_assert_eq!(live.apply(&delete).unwrap().keys_deleted, 1);
        prop_assert_eq!(read(&live, "tree"), None);
    }
}

#[test]
fn passing_creates_nothing_and_replacing_keeps_nothing() {
    let user = FakeUser::new();
    let mut registry = user.registry();
    let mut edits = KeyEdit::root();
    edits.at_or_pass(&KeyPath::parse("a\\b")).edit_value(ValueEdit::Set(Value::dword("x", 1)));
    assert_eq!(registry.apply(&edits).unwrap().values_written, 0);
    assert_eq!(registry.list(&KeyPath::parse("a")), Ok(None));

    edits.at_or_pass(&KeyPath::parse("a")).action = KeyAction::Ensure;
    edits.at_or_pass(&KeyPath::parse("a\\b")).action = KeyAction::Ensure;
    registry.apply(&edits).unwrap();
    let mut edits = KeyEdit::root();
    let replaced = edits.subkey_or(&"A".into(), KeyAction::Replace);
    replaced.edit_value(ValueEdit::Set(Value::dword("y", 2)));
    let applied = registry.apply(&edits).unwrap();
    assert_eq!((applied.keys_deleted, applied.keys_created, applied.values_written), (1, 1, 1));
    let a = read(&registry, "a").unwrap();
    assert_eq!((a.values(), a.subkeys().len()), (&[Value::dword("y", 2)][..], 0));
    assert_eq!(a.name, Name::from("A"), "spelled as it was created");
}

/// Takes values of `keep` only, and looks nowhere but below `Software`.
struct Only;

impl TreeFilter for Only {
    fn key(&mut self, path: &KeyPath) -> KeyChoice {
        match path.names().last().and_then(Name::to_text).as_deref() {
            None | Some("Software" | "way") => KeyChoice::Descend,
            Some("keep") => KeyChoice::Take,
            Some(_) => KeyChoice::Skip,
        }
    }

    fn value(&mut self, _: &KeyPath, name: &Name, _: ValueType, _: usize) -> bool {
        *name != Name::from("secret")
    }
}

#[test]
fn a_filter_decides_what_is_read() {
    let mut tree = Key::new("");
    for path in ["Software\\way\\keep", "Software\\way\\other", "Software\\no\\keep", "Printers"] {
        let key = tree.ensure(&KeyPath::parse(path));
        key.set_value(Value::dword("secret", 1));
        key.set_value(Value::dword("open", 2));
    }
    tree.ensure(&KeyPath::parse("Software\\way")).set_value(Value::dword("passed", 3));
    let user = FakeUser::new();
    let mut live = user.registry();
    live.apply(&KeyEdit::write(&tree)).unwrap();
    let seen = live.read_tree(&KeyPath::root(), &mut Only).unwrap().tree.unwrap();
    let expected = MemoryRegistry::new(tree).read_tree(&KeyPath::root(), &mut Only).unwrap().tree.unwrap();
    assert_eq!(plain(&seen), expected);
    assert_eq!(seen.counts().values, 1);
}

#[test]
fn links_are_reported_and_neither_followed_nor_changed() {
    let user = FakeUser::new();
    let mut registry = user.registry();
    let mut edits = KeyEdit::root();
    edits.at_or_pass(&KeyPath::parse("home")).action = KeyAction::Ensure;
    let target = edits.subkey_or(&"target".into(), KeyAction::Ensure);
    target.edit_value(ValueEdit::Set(Value::dword("precious", 1)));
    target.subkey_or(&"below".into(), KeyAction::Ensure);
    registry.apply(&edits).unwrap();
    user.create_link("home\\link", "target");

    let seen = registry.read_tree(&KeyPath::root(), &mut TakeAll).unwrap();
    assert_eq!(seen.problems.len(), 1);
    assert_eq!(seen.problems[0].cause, RegistryErrorKind::SymbolicLink);
    assert_eq!(seen.problems[0].path, KeyPath::parse("home\\link"));
    assert_eq!(seen.tree.unwrap().at(&KeyPath::parse("home")).unwrap().subkeys(), []);
    for path in ["home\\link", "home\\link\\below"] {
        let refused = registry.list(&KeyPath::parse(path)).unwrap_err();
        assert_eq!(refused.cause, RegistryErrorKind::SymbolicLink);
    }
    let refused = registry.value(&KeyPath::parse("home\\link"), &"precious".into()).unwrap_err();
    assert_eq!(refused.cause, RegistryErrorKind::SymbolicLink);

    for action in [KeyAction::Pass, KeyAction::Ensure, KeyAction::Delete] {
        let mut edits = KeyEdit::root();
        let link = edits.at_or_pass(&KeyPath::parse("home\\link"));
        link.action = action;
        if action != KeyAction::Delete {
            link.edit_value(ValueEdit::Delete("precious".into()));
            link.subkey_or(&"below".into(), KeyAction::Delete);
        }
        let applied = registry.apply(&edits).unwrap();
        assert_eq!(applied.problems.len(), 1, "{action:?}");
        assert_eq!(applied.problems[0].cause, RegistryErrorKind::SymbolicLink);
    }
    // A key that holds a link stays with it; what is beside the link goes.
    let mut edits = KeyEdit::root();
    edits.at_or_pass(&KeyPath::parse("home\\beside")).action = KeyAction::Ensure;
    registry.apply(&edits).unwrap();
    let mut edits = KeyEdit::root();
    edits.subkey_or(&"home".into(), KeyAction::Delete);
    let applied = registry.apply(&edits).unwrap();
    assert_eq!((applied.keys_deleted, applied.problems.len()), (0, 1), "{:?}", applied.problems);
    assert_eq!(registry.list(&KeyPath::parse("home")).unwrap().unwrap().subkeys, [Name::from("link")]);
    assert_eq!(read(&registry, "target").unwrap().counts().values, 1);

    let mut edits = KeyEdit::root();
    let link = Value::new("symboliclinkvalue", ValueType::LINK, *b"\\\0R\0");
    edits.edit_value(ValueEdit::Set(link));
    let applied = registry.apply(&edits).unwrap();
    assert_eq!(applied.problems[0].cause, RegistryErrorKind::SymbolicLink, "links are not made either");
}

#[test]
fn the_classes_hive_stands_at_software_classes() {
    let mut user = FakeUser::new();
    user.create_key("_Classes");
    let mut registry = user.registry();
    let mut edits = KeyEdit::root();
    edits.at_or_pass(&KeyPath::parse("Software")).action = KeyAction::Ensure;
    registry.apply(&edits).unwrap();
    user.create_link("Software\\Classes", "elsewhere");

    let mut edits = KeyEdit::root();
    let classes = edits.at_or_pass(&KeyPath::parse("Software\\Classes\\.mp"));
    classes.action = KeyAction::Ensure;
    classes.edit_value(ValueEdit::Set(Value::sz("", "mine")));
    let applied = registry.apply(&edits).unwrap();
    assert!(applied.problems.is_empty(), "{:?}", applied.problems);
    let raw = crate::support::create_key(
        windows_sys::Win32::System::Registry::HKEY_USERS,
        &format!("{}_Classes\\.mp", user.sid),
        0,
    );
    drop(raw);
    let seen = read(&registry, "").unwrap();
    let expected = [Value::sz("", "mine")];
    assert_eq!(seen.at(&KeyPath::parse("Software\\Classes\\.mp")).unwrap().values(), expected);
    assert_eq!(read(&registry, "software\\CLASSES\\.mp").unwrap().values(), expected);
    assert_eq!(registry.list(&KeyPath::parse("Software")).unwrap().unwrap().subkeys.len(), 1);

    let mut edits = KeyEdit::root();
    edits.at_or_pass(&KeyPath::parse("Software\\Classes")).action = KeyAction::Delete;
    let applied = registry.apply(&edits).unwrap();
    assert_eq!((applied.keys_deleted, applied.problems.len()), (1, 0), "{:?}", applied.problems);
    assert_eq!(read(&registry, "Software\\Classes").unwrap().counts().keys, 1, "a hive's root stays");
}

#[test]
fn backup_mode_reads_and_writes_the_same() {
    enable_backup_privileges().unwrap();
    let user = FakeUser::new();
    let mut registry = LiveRegistry::open(&user.sid, OpenMode::BackupRestore).unwrap().unwrap();
    let mut edits = KeyEdit::root();
    edits.at_or_pass(&KeyPath::parse("a\\b\\c")).action = KeyAction::Delete;
    edits.at_or_pass(&KeyPath::parse("x")).action = KeyAction::Ensure;
    registry.apply(&edits).unwrap();
    assert_eq!(read(&registry, "x").unwrap().name, Name::from("x"));
    registry.flush().unwrap();
    let nobody = "S-1-5-21-1-1-1-1".parse().unwrap();
    assert!(LiveRegistry::open(&nobody, OpenMode::BackupRestore).unwrap().is_none());
}
