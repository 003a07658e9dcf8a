//! Hives from the field: each is read or refused as expected, and never more is damaged than is known.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use mp_hive::{HiveError, ReadOptions, parse};

/// What reading a hive without its logs must give.
enum Expected {
    /// Keys and values; strict reading gives the same.
    Sound(usize, usize),
    /// Keys and values although the last write was not finished.
    Dirty(usize, usize),
    /// Keys, values, and how many pieces of damage, of which the first says this.
    Damaged(usize, usize, usize, &'static str),
    /// No tree, and this message.
    Refused(&'static str),
}

use Expected::{Damaged, Dirty, Refused, Sound};

const LOG: &str = "a transaction log (file type 6), not a hive; open the hive beside it instead";
const OLD_LOG: &str = "a transaction log (file type 1), not a hive; open the hive beside it instead";
const EMPTY: &str = "the hive file is empty";

#[rustfmt::skip]
const HIVES: &[(&str, Expected)] = &[
    ("ColinFinck+nt-hive/testhive", Sound(528, 12)),
    ("libguestfs+hivex/minimal", Sound(1, 0)),
    ("libguestfs+hivex/special", Sound(4, 3)),
    ("log2timeline+dfwinreg/SYSTEM.DAT", Refused("a Windows 9x registry file (signature \"CREG\"), which is another format and cannot be read")),
    ("log2timeline+dfwinreg/UsrClass.dat", Sound(7505, 19987)),
    ("log2timeline+plaso/NTUSER-CCLEANER.DAT", Sound(1203, 2373)),
    ("log2timeline+plaso/NTUSER-RunTests.DAT", Sound(893, 1306)),
    ("log2timeline+plaso/NTUSER-WIN7.DAT", Sound(2288, 5470)),
    ("mkorman90+regipy/BCD", Sound(132, 103)),
    ("mkorman90+regipy/NTUSER.DAT", Sound(1812, 4094)),
    ("mkorman90+regipy/NTUSER_modified.DAT", Sound(1808, 4090)),
    ("mkorman90+regipy/NTUSER_with_winscp.DAT", Dirty(5328, 12014)),
    ("mkorman90+regipy/SAM", Sound(65, 70)),
    ("mkorman90+regipy/SYSTEM_WIN_10_1709", Dirty(43211, 90307)),
    ("mkorman90+regipy/amcache.hve", Dirty(2105, 17539)),
    ("mkorman90+regipy/transactions_NTUSER.DAT", Dirty(2590, 4119)),
    ("mkorman90+regipy/transactions_ntuser.dat.log1", Refused(LOG)),
    ("mkorman90+regipy/transactions_ntuser.dat.log2", Refused(LOG)),
    // Its base block says 1.1, whose cells begin four bytes later.
    ("msuhanov+yarp/BadBaseBlockHive/BadBaseBlockHive", Refused("the root key cannot be read: key node at offset 0x1020, key \"\": expected signature \"nk\", found [d0, f9]")),
    ("msuhanov+yarp/BadBaseBlockHive/BadBaseBlockHive.LOG1", Refused(OLD_LOG)),
    ("msuhanov+yarp/BadBaseBlockHive/BadBaseBlockHive.LOG2", Refused(EMPTY)),
    // Two keys name the same list of sub-keys.
    ("msuhanov+yarp/BadListHive", Damaged(6, 0, 1, "list of sub-keys at offset 0x12d0, key \"3\": expected a cell of its own, found one that is in use elsewhere")),
    ("msuhanov+yarp/BadLogHive1/BadLogHive", Dirty(5003, 0)),
    ("msuhanov+yarp/BadLogHive1/BadLogHive.LOG1", Refused(OLD_LOG)),
    ("msuhanov+yarp/BadLogHive1/BadLogHive.LOG2", Refused(EMPTY)),
    ("msuhanov+yarp/BadLogHive2/BadLogHive", Dirty(5003, 0)),
    ("msuhanov+yarp/BadLogHive2/BadLogHive.LOG1", Refused(OLD_LOG)),
    ("msuhanov+yarp/BadLogHive2/BadLogHive.LOG2", Refused(EMPTY)),
    ("msuhanov+yarp/BigDataHive", Sound(2, 2)),
    ("msuhanov+yarp/CompHive", Sound(4, 0)),
    ("msuhanov+yarp/DeletedDataHive", Sound(2, 1)),
    ("msuhanov+yarp/DeletedTreeHive", Sound(3, 0)),
    ("msuhanov+yarp/DeletedTreeNoRootFlagHive", Sound(3, 0)),
    ("msuhanov+yarp/DupNameHive", Sound(2, 0)),
    ("msuhanov+yarp/EmptyHive", Sound(1, 0)),
    ("msuhanov+yarp/ExtendedASCIIHive", Sound(2, 1)),
    ("msuhanov+yarp/GarbageHive", Damaged(1, 0, 1, "base block at offset 0x1fc, key \"\": expected 0x94d865b7, found 0x4c564e49")),
    ("msuhanov+yarp/ManySubkeysHive", Sound(5003, 0)),
    ("msuhanov+yarp/MultiSzHive", Sound(2, 2)),
    ("msuhanov+yarp/NewDirtyHive1/NewDirtyHive", Dirty(5, 2)),
    ("msuhanov+yarp/NewDirtyHive1/NewDirtyHive.LOG1", Refused(LOG)),
    ("msuhanov+yarp/NewDirtyHive1/NewDirtyHive.LOG2", Refused(LOG)),
    ("msuhanov+yarp/NewDirtyHive1/RecoveredHive_Windows10", Sound(5, 1)),
    ("msuhanov+yarp/OldDirtyHive/OldDirtyHive", Dirty(5003, 0)),
    ("msuhanov+yarp/OldDirtyHive/OldDirtyHive.LOG1", Refused(OLD_LOG)),
    ("msuhanov+yarp/OldDirtyHive/OldDirtyHive.LOG2", Refused(EMPTY)),
    ("msuhanov+yarp/OldDirtyHive/RecoveredHive_Windows7", Sound(5003, 1)),
    ("msuhanov+yarp/ReallocValueHive", Sound(2, 1)),
    ("msuhanov+yarp/StringValuesHive", Sound(2, 4)),
    ("msuhanov+yarp/TruncatedHive", Damaged(2, 0, 10, "base block at offset 0x28, key \"\": expected at least 487424 bytes, found 8192")),
    ("msuhanov+yarp/TruncatedHiveBin", Refused("not a hive: expected signature \"regf\" at offset 0, found [68, 62, 69, 6e]")),
    ("msuhanov+yarp/UnicodeHive", Sound(3, 0)),
    ("strozfriedberg+notatin/NTUSER.DAT", Sound(2853, 5523)),
    ("williballenthin+python-registry/UNICODE_TESTS", Sound(3, 22)),
];

#[test]
fn every_hive_is_read_or_refused_as_expected() {
    let Some(data) = support::data("every_hive_is_read_or_refused_as_expected") else { return };
    for (name, bytes) in support::hive_files(&data) {
        let Some((_, expected)) = HIVES.iter().find(|(known, _)| *known == name) else {
            panic!("{name} has no expectation; add it to the table");
        };
        check(&name, &bytes, expected);
    }
}

fn check(name: &str, bytes: &[u8], expected: &Expected) {
    let read = parse(bytes, ReadOptions::default());
    let strict = support::parse_strictly(bytes);
    if let Refused(message) = expected {
        assert_eq!(read.unwrap_err().to_string(), *message, "{name}");
        assert!(strict.is_err(), "{name}");
        return;
    }
    let read = read.unwrap_or_else(|error| panic!("{name}: {error}"));
    let counts = read.root.counts();
    let found = (counts.keys, counts.values);
    match *expected {
        Sound(keys, values) | Dirty(keys, values) => {
            assert_eq!(found, (keys, values), "{name}");
            assert_eq!(read.damage, [], "{name}");
            assert_eq!(read.info.dirty, matches!(expected, Dirty(..)), "{name}");
            assert_eq!(strict.unwrap().root, read.root, "{name}");
        }
        Damaged(keys, values, pieces, first) => {
            assert_eq!(found, (keys, values), "{name}");
            assert_eq!(read.damage.len(), pieces, "{name}: {:#?}", read.damage);
            assert_eq!(read.damage[0].to_string(), first, "{name}");
            let Err(HiveError::Damaged(damage)) = strict else { panic!("{name} was read strictly") };
            assert_eq!(damage, read.damage[0], "{name}");
        }
        Refused(_) => unreachable!("handled above"),
    }
}

#[test]
fn contents_equal_the_oracles() {
    let Some(data) = support::data("contents_equal_the_oracles") else { return };
    for (hive, oracle) in [
        ("ColinFinck+nt-hive/testhive", "nt-hive-testhive"),
        ("log2timeline+plaso/NTUSER-WIN7.DAT", "win7-nfury-NTUSER"),
        ("mkorman90+regipy/transactions_NTUSER.DAT", "regipy-transactions-NTUSER.before-replay"),
    ] {
        let read = support::parse(&support::hive(&data, hive));
        let (mut ours, mut theirs) = (support::lines(&read.root), support::oracle(&data, oracle));
        support::forgive_python_registry(&read.root, &mut ours, &mut theirs);
        support::assert_same_lines(hive, &ours, &theirs);
    }
}

#[test]
fn keeps_what_oracles_do_not_list() {
    let Some(data) = support::data("keeps_what_oracles_do_not_list") else { return };
    let system =
        support::hive_files(&data).into_iter().find(|(name, _)| name.ends_with("SYSTEM_WIN_10_1709"));
    let Some((_, bytes)) = system else { return };
    let root = support::parse(&bytes).root;
    let lsa = root.at(&mp_registry::KeyPath::parse("ControlSet001\\Control\\Lsa\\JD")).unwrap();
    // The boot key of Windows is spread over the class names of four keys.
    assert_eq!(lsa.class.as_ref().unwrap().units().len(), 8);
    let user = support::parse(&support::hive(&data, "strozfriedberg+notatin/NTUSER.DAT")).root;
    let descriptor = user.security.as_ref().unwrap();
    assert_eq!(&descriptor[..2], [1, 0], "revision of a security descriptor");
    let mut descriptors = Vec::new();
    let mut keys = vec![&user];
    while let Some(key) = keys.pop() {
        descriptors.push(std::sync::Arc::as_ptr(key.security.as_ref().unwrap()).addr());
        keys.extend(key.subkeys());
    }
    assert_eq!(descriptors.len(), 2853);
    descriptors.sort_unstable();
    descriptors.dedup();
    assert!(descriptors.len() < 200, "one copy per security cell, not per key: {}", descriptors.len());
}
