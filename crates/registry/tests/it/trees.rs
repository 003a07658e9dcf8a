//! Arbitrary trees and edits, small enough to collide in their names.

use mp_registry::{Key, KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit, ValueType};
use proptest::{collection::vec, prelude::*};

/// Names that fold together, that do not, and that `.reg` text has to escape or must find its way through.
pub(crate) fn names() -> impl Strategy<Value = Name> {
    const FIXED: &[&str] =
        &["a", "A", "b", "ä", "Ä", "ß", "a]", "[b", ";c", "d=e", "-f", "\"g\"", " h ", "@", "日", "#i"];
    prop_oneof![
        8 => proptest::sample::select(FIXED).prop_map(Name::from),
        1 => vec(any::<u16>().prop_filter("a name", |unit| !matches!(unit, 0 | 10 | 13 | 0x5C)), 1..4)
            .prop_map(Name::from_units),
    ]
}

fn value_names() -> impl Strategy<Value = Name> {
    prop_oneof![4 => names(), 1 => Just(Name::default()), 1 => Just(Name::from("\\back\\"))]
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    let text = vec(proptest::sample::select(&['a', '"', '\\', '\r', '\n', '\0', '€', '日', ';'][..]), 0..5)
        .prop_map(|chars| chars.into_iter().chain(['\0']).collect::<String>())
        .prop_map(|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    prop_oneof![2 => text, 1 => vec(any::<u8>(), 0..9), 1 => vec(any::<u8>(), 4), 1 => vec(any::<u8>(), 60..120)]
}

pub(crate) fn values() -> impl Strategy<Value = Value> {
    let ty = prop_oneof![4 => 0_u32..12, 1 => any::<u32>()];
    (value_names(), ty, data()).prop_map(|(name, ty, data)| Value::new(name, ValueType(ty), data))
}

/// Trees as Windows holds them: one value and one sub-key of each name.
pub(crate) fn trees() -> impl Strategy<Value = Key> {
    let node = |below: BoxedStrategy<Vec<Key>>| {
        (names(), vec(values(), 0..4), below).prop_map(|(name, values, below)| {
            let mut key = Key::new(name);
            values.into_iter().for_each(|value| key.set_value(value));
            for subkey in below {
                key.insert_subkey(subkey);
            }
            key
        })
    };
    node(Just(Vec::new()).boxed())
        .boxed()
        .prop_recursive(4, 24, 4, move |inner| node(vec(inner, 0..4).boxed()))
        .prop_map(|mut key| {
            key.name = Name::default();
            key
        })
}

/// Edits below a root, of which `.reg` text can say each: keys are created, replaced or deleted, none only if there.
pub(crate) fn edits() -> impl Strategy<Value = KeyEdit> {
    let value =
        prop_oneof![3 => values().prop_map(ValueEdit::Set), 1 => value_names().prop_map(ValueEdit::Delete)];
    let step = (vec(names(), 1..4), 0..4_u8, vec(value, 0..3));
    vec(step, 0..8).prop_map(|steps| {
        let mut root = KeyEdit::root();
        for (path, action, values) in steps {
            let path: KeyPath = path.into_iter().collect();
            if (1..path.depth()).any(|depth| deleted(&root, &path.names()[..depth])) {
                continue;
            }
            let edit = root.at_or_pass(&path);
            match action {
                0 => {
                    let (name, gone) = (edit.name.clone(), KeyAction::Delete);
                    *edit = KeyEdit::new(name, gone);
                    continue;
                }
                1 => edit.action = KeyAction::Replace,
                _ if edit.action == KeyAction::Delete => edit.action = KeyAction::Replace,
                _ if edit.action == KeyAction::Pass => edit.action = KeyAction::Ensure,
                _ => {}
            }
            values.into_iter().for_each(|value| edit.edit_value(value));
        }
        root.ensure_passed();
        root.action = KeyAction::Pass;
        root
    })
}

fn deleted(root: &KeyEdit, path: &[Name]) -> bool {
    root.at(&path.iter().cloned().collect()).is_some_and(|edit| edit.action == KeyAction::Delete)
}
