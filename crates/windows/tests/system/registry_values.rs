//! Names, types and data that the registry allows and convenient interfaces lose.

use crate::support::FakeUser;
use mp_registry::{
    Key, KeyAction, KeyEdit, KeyPath, Name, Registry, RegistryErrorKind, TakeAll, Value, ValueEdit,
    ValueType, upcase::upcase,
};
use windows_sys::Wdk::System::SystemServices::RtlUpcaseUnicodeChar;

/// Writes a tree below `Software` and gives back what is read.
fn round_trip(user: &FakeUser, tree: &Key) -> Key {
    let mut edits = KeyEdit::root();
    edits.insert_subkey(KeyEdit::write(tree));
    let mut registry = user.registry();
    let applied = registry.apply(&edits).unwrap();
    assert!(applied.problems.is_empty(), "{:?}", applied.problems);
    assert_eq!(applied.keys_created, tree.counts().keys);
    assert_eq!(applied.values_written, tree.counts().values);
    let read = registry.read_tree(&KeyPath::from_iter([tree.name.clone()]), &mut TakeAll).unwrap();
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    read.tree.expect("the tree was written")
}

/// Without the times, which the system sets.
fn untimed(key: Key) -> Key {
    let mut same = Key::new(key.name.clone());
    same.class.clone_from(&key.class);
    let (values, subkeys) = key.into_parts();
    same.replace_values(values);
    same.replace_subkeys(subkeys.into_iter().map(untimed).collect());
    same
}

fn units(units: &[u16]) -> Name {
    Name::from_units(units)
}

#[test]
fn odd_names_types_and_data_survive() {
    let mut tree = Key::new("Odd");
    for (index, ty) in [0, 1, 5, 11, 12, 99, 0xFFFF, 0x8000_0001, 0xFFFF_FFFF].into_iter().enumerate() {
        tree.set_value(Value::new(format!("type {index}").as_str(), ValueType(ty), [1, 2, 3]));
        tree.set_value(Value::new(format!("empty {index}").as_str(), ValueType(ty), []));
    }
    tree.set_value(Value::new("", ValueType::SZ, *b"odd"));
    tree.set_value(Value::new("back\\slash", ValueType::SZ, *b"u\0n\0t\0"));
    tree.set_value(Value::new(units(&[0xD800]), ValueType::BINARY, [0; 5]));
    tree.set_value(Value::new(units(&[0xDC00, 0x41, 0xDBFF]), ValueType::BINARY, [9]));
    tree.set_value(Value::new(units(&[0x41, 0, 0x42]), ValueType::DWORD, [1]));
    tree.set_value(Value::new(units(&[0x41]), ValueType::DWORD, [2]));
    tree.set_value(Value::new(units(&vec![0x4E2D; 16_383]), ValueType::NONE, [7; 300]));
    for name in [&[0xD834][..], &[0x61, 0, 0x62], &[0x61], &[0, 0], &[0x2F, 0x2F], &[0x101; 255]] {
        let mut below = Key::new(units(name));
        below.set_value(Value::dword("deep", 1));
        below.ensure_subkey(&units(&[0xDFFF])).class = Some(units(&[0x43, 0xD801]));
        tree.insert_subkey(below);
    }
    let user = FakeUser::new();
    assert_eq!(untimed(round_trip(&user, &tree)), tree);
}

#[test]
fn twenty_megabytes_survive_and_a_filter_spares_them() {
    let mut tree = Key::new("Big");
    let noise = (0..20_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]);
    tree.set_value(Value::new("big", ValueType::BINARY, noise.collect::<Box<[u8]>>()));
    tree.set_value(Value::dword("small", 5));
    let user = FakeUser::new();
    let read = round_trip(&user, &tree);
    assert!(untimed(read) == tree);

    struct Small(Vec<usize>);
    impl mp_registry::TreeFilter for Small {
        fn key(&mut self, _: &KeyPath) -> mp_registry::KeyChoice {
            mp_registry::KeyChoice::Take
        }
        fn value(&mut self, _: &KeyPath, _: &Name, _: ValueType, len: usize) -> bool {
            self.0.push(len);
            len < 100
        }
    }
    let mut small = Small(Vec::new());
    let read = user.registry().read_tree(&KeyPath::parse("Big"), &mut small).unwrap().tree.unwrap();
    assert_eq!(read.values(), [Value::dword("small", 5)]);
    assert_eq!(small.0, [20_000_000, 4], "each value is asked about once, with its length");

    let big = user.registry().value(&KeyPath::parse("Big"), &"BIG".into()).unwrap().unwrap();
    assert_eq!(big.data.len(), 20_000_000);
}

#[test]
fn names_the_registry_cannot_hold_are_refused_one_by_one() {
    let user = FakeUser::new();
    let mut edits = KeyEdit::root();
    edits.insert_subkey(KeyEdit::new("fine", KeyAction::Ensure));
    edits.insert_subkey(KeyEdit::new("a\\b", KeyAction::Ensure));
    edits.insert_subkey(KeyEdit::new("", KeyAction::Replace));
    edits.insert_subkey(KeyEdit::new("x".repeat(256).as_str(), KeyAction::Ensure));
    edits.edit_value(ValueEdit::Set(Value::dword("v".repeat(16_384).as_str(), 1)));
    edits.edit_value(ValueEdit::Set(Value::dword("w".repeat(40_000).as_str(), 1)));
    edits.edit_value(ValueEdit::Set(Value::dword("fine", 1)));
    let applied = user.registry().apply(&edits).unwrap();
    // The key without a name is to be deleted and created, and neither is possible.
    assert_eq!(applied.problems.len(), 6, "{:?}", applied.problems);
    assert_eq!((applied.keys_created, applied.values_written, applied.keys_deleted), (1, 1, 0));
    let listing = user.registry().list(&KeyPath::root()).unwrap().unwrap();
    assert_eq!(listing.subkeys, [Name::from("fine")]);
    assert_eq!(listing.values, [("fine".into(), ValueType::DWORD, 4)]);
}

#[test]
fn five_hundred_levels_are_read_written_and_deleted_and_no_more() {
    let mut tree = Key::new("509");
    for level in (0..509).rev() {
        let mut above = Key::new(level.to_string().as_str());
        above.insert_subkey(tree);
        tree = above;
    }
    let user = FakeUser::new();
    assert_eq!(untimed(round_trip(&user, &tree)).counts().keys, 510);
    let too_deep = KeyPath::from_iter((0..513).map(|_| Name::from("x")));
    let refused = user.registry().list(&too_deep).unwrap_err();
    assert_eq!(refused.cause, RegistryErrorKind::TooDeep);
    let mut edits = KeyEdit::root();
    edits.at_or_pass(&KeyPath::parse("0")).action = KeyAction::Delete;
    let applied = user.registry().apply(&edits).unwrap();
    assert!(applied.problems.is_empty(), "{:?}", applied.problems);
    assert_eq!(user.registry().list(&KeyPath::parse("0")), Ok(None));
}

#[test]
fn upcase_table_is_the_systems() {
    for unit in 0..=u16::MAX {
        // SAFETY: the function takes a number and gives a number.
        let system = unsafe { RtlUpcaseUnicodeChar(unit) };
        assert_eq!(upcase(unit), system, "code unit {unit:#06X}");
    }
}
