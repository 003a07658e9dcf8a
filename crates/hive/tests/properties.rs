//! Any tree survives writing and reading; any damage to a hive is survived.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use mp_hive::{ReadOptions, Version, WriteOptions, parse, write};
use mp_registry::{FileTime, Key, Name, Value, ValueType};
use proptest::{collection::vec, option, prelude::*};
use support::checker;

fn name(longest: usize) -> impl Strategy<Value = Name> {
    let latin = vec(1_u16..0x100, 1..longest);
    let any = vec(any::<u16>(), 1..longest);
    let letters = "[a-cA-CäÄ]{1,2}".prop_map(|text| text.encode_utf16().collect());
    prop_oneof![3 => letters, 1 => latin, 1 => any].prop_map(Name::from_units)
}

fn value() -> impl Strategy<Value = Value> {
    let size = prop_oneof![6 => 0_usize..9, 3 => 9_usize..600, 1 => 16_300_usize..40_000];
    let data = (size, any::<u8>()).prop_map(|(size, first)| {
        (0..size).map(|at| u8::try_from(at % 251).unwrap().wrapping_add(first)).collect::<Vec<u8>>()
    });
    let name = prop_oneof![1 => Just(Name::default()), 9 => name(40)];
    (name, prop_oneof![0_u32..12, any::<u32>()], data)
        .prop_map(|(name, ty, data)| Value::new(name, ValueType(ty), data))
}

fn key() -> impl Strategy<Value = Key> {
    let own = (name(30), option::of(name(300)), any::<u64>(), 0_u8..4, any::<bool>(), vec(value(), 0..6));
    own.prop_map(|(name, class, written, security, link, values)| {
        let mut key = Key::new(name);
        key.class = class;
        key.last_write = FileTime(written);
        key.security = Some(Arc::from(support::descriptor(security)));
        key.link = link;
        values.into_iter().for_each(|value| key.set_value(value));
        key
    })
}

fn tree() -> impl Strategy<Value = Key> {
    key().prop_recursive(5, 60, 8, |below| {
        (key(), vec(below, 0..8)).prop_map(|(mut key, subkeys)| {
            for below in subkeys {
                key.insert_subkey(below);
            }
            key
        })
    })
}

fn version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V1_3), Just(Version::V1_5)]
}

fn written(tree: &Key, version: Version) -> Vec<u8> {
    write(tree, &WriteOptions { version, ..WriteOptions::default() }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(tree in tree(), version in version()) {
        let written = written(&tree, version);
        prop_assert_eq!(checker::check(&written), Ok(()));
        let read = support::parse_strictly(&written).unwrap();
        prop_assert!(read.root == tree);
        prop_assert!(read.damage.is_empty());
    }

    #[test]
    fn flipped_bytes_are_survived(
        tree in tree(),
        version in version(),
        flips in vec((any::<prop::sample::Index>(), 1_u8..), 1..40),
        cut in option::of(any::<prop::sample::Index>()),
    ) {
        let mut written = written(&tree, version);
        for (at, bits) in flips {
            let at = at.index(written.len());
            written[at] ^= bits;
        }
        if let Some(cut) = cut {
            written.truncate(cut.index(written.len()));
        }
        let tolerant = parse(&written, ReadOptions { strict: false });
        let strict = parse(&written, ReadOptions { strict: true });
        match tolerant {
            Ok(read) if read.damage.is_empty() => prop_assert!(strict.unwrap().root == read.root),
            Ok(read) => {
                prop_assert!(strict.is_err());
                prop_assert!(read.root.counts().data_bytes <= written.len());
            }
            Err(_) => prop_assert!(strict.is_err()),
        }
    }

    /// Damage where it hurts most: in the words that are offsets, counts and sizes.
    #[test]
    fn exchanged_words_are_survived(
        tree in tree(),
        version in version(),
        exchanged in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..60),
    ) {
        let mut written = written(&tree, version);
        let words = (written.len() - 4096) / 4;
        for (from, to) in exchanged {
            let (from, to) = (4096 + from.index(words) * 4, 4096 + to.index(words) * 4);
            written.copy_within(from..from + 4, to);
        }
        if let Ok(read) = parse(&written, ReadOptions::default()) {
            prop_assert!(read.root.counts().data_bytes <= written.len());
            prop_assert!(read.root.counts().keys <= written.len() / 80);
        }
    }

    #[test]
    fn arbitrary_bytes_are_survived(mut bytes in vec(any::<u8>(), 0..6000), signed: bool) {
        if signed && bytes.len() > 64 {
            bytes[..4].copy_from_slice(b"regf");
            bytes[20..28].copy_from_slice(&[1, 0, 0, 0, 5, 0, 0, 0]);
        }
        let _ = parse(&bytes, ReadOptions::default());
        let _ = mp_hive::replay(&bytes, &[&bytes]);
    }
}
