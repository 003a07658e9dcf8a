#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use mp_registry::{FileTime, Key, KeyPath, Name, Value, ValueType};
use proptest::{collection::vec, prelude::*};

use super::{read_tree, write_tree};

/// Units that JSON, UTF-16 and terminals treat in a way of their own are frequent.
fn name(shortest: usize) -> impl Strategy<Value = Name> {
    let unit = prop_oneof![
        0_u16..0x20,
        Just(u16::from(b'"')),
        0x7F_u16..0xA0,
        0xD800_u16..0xE000,
        any::<u16>(),
        u16::from(b'a')..u16::from(b'f'),
    ];
    vec(unit.prop_filter("it separates keys", |&unit| unit != u16::from(b'\\')), shortest..6)
        .prop_map(Name::from_units)
}

fn key(name: Name, time: u64, class: Option<Name>, link: bool, values: Vec<Value>, subkeys: Vec<Key>) -> Key {
    let mut key = Key::new(name);
    (key.class, key.link, key.last_write) = (class, link, FileTime(time));
    // Of one name one, as in a sound hive.
    values.into_iter().for_each(|value| key.set_value(value));
    for below in subkeys {
        key.insert_subkey(below);
    }
    key
}

fn tree() -> impl Strategy<Value = Key> {
    let value = (name(0), any::<u32>(), vec(any::<u8>(), 0..9));
    let value = value.prop_map(|(name, ty, data)| Value::new(name, ValueType(ty), data));
    let values = vec(value, 0..4);
    let facts = (name(1), any::<u64>(), proptest::option::of(name(0)), any::<bool>());
    let leaf = (facts, values)
        .prop_map(|((name, time, class, link), values)| key(name, time, class, link, values, Vec::new()));
    leaf.prop_recursive(3, 12, 4, |below| {
        let facts = (name(1), any::<u64>(), proptest::option::of(name(0)));
        (facts, vec(below, 0..4))
            .prop_map(|((name, time, class), subkeys)| key(name, time, class, false, Vec::new(), subkeys))
    })
}

fn written(root: &Key) -> Vec<u8> {
    let mut lines = Vec::new();
    write_tree(&mut lines, &KeyPath::root(), root).unwrap();
    lines
}

proptest! {
    #[test]
    fn nothing_is_lost_on_the_way_out_and_in(below in vec(tree(), 0..4)) {
        let root = key(Name::default(), 1, None, false, Vec::new(), below);
        let lines = written(&root);
        prop_assert!(std::str::from_utf8(&lines).is_ok_and(|text| !text.contains(|c: char| c.is_control() && c != '\n')));
        let read = read_tree(lines.as_slice()).unwrap();
        prop_assert_eq!(&read, &root);
    }

    #[test]
    fn any_order_of_lines_gives_the_same_tree(below in vec(tree(), 1..3), seed: u64) {
        let root = key(Name::default(), 1, None, false, Vec::new(), below);
        let lines = written(&root);
        let shuffled: BTreeMap<u64, &[u8]> = (0_u64..)
            .zip(lines.split_inclusive(|&byte| byte == b'\n'))
            .map(|(number, line)| ((number ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15), line))
            .collect();
        let shuffled: Vec<u8> = shuffled.into_values().flatten().copied().collect();
        prop_assert_eq!(read_tree(shuffled.as_slice()).unwrap(), root);
    }

    #[test]
    fn lines_of_garbage_are_refused_not_obeyed(garbage in vec(any::<u8>(), 0..200)) {
        let _ = read_tree(garbage.as_slice());
        let mut line = br#"{"path":""#.to_vec();
        line.extend(garbage);
        line.extend(br#""}"#);
        let _ = read_tree(line.as_slice());
    }
}
