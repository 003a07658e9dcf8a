//! Hives we write: what was written is read again, and the bytes are as the kernel wants them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use mp_hive::{Version, WriteError, WriteOptions, write};
use mp_registry::{FileTime, Key, Name, Value, ValueType};
use support::checker;

const VERSIONS: [Version; 2] = [Version::V1_3, Version::V1_5];

/// Its maker changed key names (0x81 to 0x9F) and left the hints in the lists.
const EDITED: &str = "msuhanov+yarp/CompHive";

fn options(version: Version) -> WriteOptions {
    let time = FileTime(133_500_000_000_000_000);
    WriteOptions {
        version,
        file_name: "\\??\\C:\\Users\\someone\\with\\a\\long\\path\\ntuser.dat".into(),
        time,
        security: None,
    }
}

#[test]
fn every_field_hive_survives_rewriting() {
    let Some(data) = support::data("every_field_hive_survives_rewriting") else { return };
    for (name, bytes) in support::hive_files(&data) {
        let Ok(read) = mp_hive::parse(&bytes, mp_hive::ReadOptions::default()) else { continue };
        if read.damage.is_empty() && !read.info.dirty && name != EDITED {
            checker::check(&bytes).unwrap_or_else(|fault| panic!("{name} as it was found: {fault}"));
        }
        // The one hive of a whole system takes as long as all others: one version of it is enough.
        let versions = if read.root.counts().keys < 20_000 { &VERSIONS[..] } else { &VERSIONS[1..] };
        for &version in versions {
            let written = write(&read.root, &options(version)).unwrap();
            checker::check(&written).unwrap_or_else(|fault| panic!("{name} as {version:?}: {fault}"));
            let again = support::parse_strictly(&written).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(again.root == read.root, "{name} as {version:?}");
        }
    }
}

#[test]
fn base_block_says_what_was_asked_for() {
    let written = write(&Key::new("ROOT"), &options(Version::V1_3)).unwrap();
    let info = support::parse_strictly(&written).unwrap().info;
    assert_eq!((info.minor_version, info.dirty), (3, false));
    assert_eq!((info.primary_sequence, info.secondary_sequence), (1, 1));
    assert_eq!(info.last_written, FileTime(133_500_000_000_000_000));
    assert_eq!(info.file_name, "one\\with\\a\\long\\path\\ntuser.dat".into());
    assert_eq!(info.bins_size, 4096);
    assert_eq!(written.len(), 8192);
    assert_eq!(&written[4096 + 32 + 4..][..2], b"nk", "the root key comes first");
    assert_eq!(
        &written[4096 + 32 + 6..][..2],
        [0x2C, 0],
        "entry of the hive, not to be deleted, one byte per unit"
    );
}

#[test]
fn descriptors_are_inherited_or_the_default() {
    let mut root = Key::new("ROOT");
    root.ensure(&mp_registry::KeyPath::parse("a\\b"));
    let own: Arc<[u8]> = support::descriptor(7).into();
    root.subkey_mut(&"a".into()).unwrap().security = Some(Arc::clone(&own));
    let read = support::parse_strictly(&write(&root, &options(Version::V1_5)).unwrap()).unwrap().root;
    let below = read.subkey(&"a".into()).unwrap();
    assert_eq!(below.security, Some(Arc::clone(&own)));
    assert_eq!(below.subkey(&"b".into()).unwrap().security, Some(own.clone()));
    let default = read.security.clone().unwrap();
    assert_eq!((default[0], default[2..4].to_vec()), (1, vec![0x04, 0x80]));

    let asked = WriteOptions { security: Some(own.clone()), ..options(Version::V1_5) };
    assert_eq!(support::parse(&write(&Key::new("ROOT"), &asked).unwrap()).root.security, Some(own));

    root.security = Some(vec![0; 40].into());
    let refused = write(&root, &options(Version::V1_5)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "key \"\": expected a self-relative security descriptor, found other bytes"
    );
}

#[test]
fn many_subkeys_are_divided() {
    for count in [507, 508, 1012, 1013, 5000] {
        let mut root = Key::new("ROOT");
        root.replace_subkeys((0..count).map(|number| Key::new(format!("Key {number}").as_str())).collect());
        for version in VERSIONS {
            let written = write(&root, &options(version)).unwrap();
            checker::check(&written).unwrap();
            let read = support::parse_strictly(&written).unwrap().root;
            assert!(
                read.subkeys().iter().map(|key| &key.name).eq(root.subkeys().iter().map(|key| &key.name))
            );
        }
    }
}

#[test]
fn values_of_every_critical_size_survive() {
    let mut root = Key::new("ROOT");
    let sizes = [0, 1, 4, 5, 16_343, 16_344, 16_345, 32_688, 32_689, 1_000_000];
    root.replace_values(
        sizes.map(|size| Value::new(format!("{size}").as_str(), ValueType(3), vec![0xA5; size])).to_vec(),
    );
    root.security = Some(support::descriptor(1).into());
    for version in VERSIONS {
        let written = write(&root, &options(version)).unwrap();
        checker::check(&written).unwrap();
        assert!(support::parse_strictly(&written).unwrap().root == root);
        assert_eq!(written.windows(2).any(|pair| pair == b"db"), version == Version::V1_5);
    }
}

#[test]
fn root_without_a_name_is_called_root() {
    let read = support::parse_strictly(&write(&Key::default(), &WriteOptions::default()).unwrap()).unwrap();
    assert_eq!(read.root.name, "ROOT".into());
}

#[test]
fn refuses_what_windows_would_not_load() {
    let nested = |depth: usize| {
        (0..depth).fold(Key::new("deepest"), |below, _| {
            let mut key = Key::new("k");
            key.replace_subkeys(vec![below]);
            key
        })
    };
    assert!(write(&nested(512), &options(Version::V1_5)).is_ok());
    assert!(matches!(write(&nested(513), &options(Version::V1_5)), Err(WriteError::TooDeep { .. })));

    let with_subkeys = |names: &[Name]| {
        let mut root = Key::new("ROOT");
        root.replace_subkeys(names.iter().map(Key::new).collect());
        write(&root, &options(Version::V1_5)).map(|_| ()).map_err(|error| error.to_string())
    };
    let long = |length| Name::from_units(vec![0xE4; length]);
    assert_eq!(with_subkeys(&[long(255)]), Ok(()));
    let name = "ä".repeat(256);
    assert_eq!(
        with_subkeys(&[long(256)]),
        Err(format!("key \"{name}\": expected a name of at most 255 units, found 256"))
    );
    assert_eq!(with_subkeys(&["".into()]), Err("a sub-key of \"\" has no name".to_owned()));
    assert_eq!(
        with_subkeys(&["Ä".into(), "ä".into()]),
        Err("two sub-keys of \"\" are called \"ä\"".to_owned())
    );

    let with_values = |names: &[Name]| {
        let mut key = Key::new("Software");
        key.replace_values(names.iter().map(|name| Value::dword(name, 1)).collect());
        let mut root = Key::new("ROOT");
        root.insert_subkey(key);
        write(&root, &options(Version::V1_5)).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(with_values(&[long(16_383)]), Ok(()));
    assert_eq!(
        with_values(&[long(16_384)]),
        Err("key \"Software\": expected value names of at most 16383 units, found one of 16384".to_owned())
    );
    assert_eq!(
        with_values(&["X".into(), "x".into()]),
        Err("two values of \"Software\" are called \"x\"".to_owned())
    );

    let mut root = Key::new("ROOT");
    root.class = Some(long(32_768));
    assert_eq!(
        write(&root, &options(Version::V1_5)).unwrap_err().to_string(),
        "key \"\": expected a class name of at most 32767 units, found 32768"
    );
}
