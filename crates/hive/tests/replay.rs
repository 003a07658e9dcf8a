//! Transaction logs: hives after replay hold what Windows, or another implementation, recovered.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use mp_hive::{BASE_BLOCK_SIZE, LogFlaw, replay};
use proptest::prelude::*;

#[test]
fn new_logs_give_the_keys_and_values_of_the_oracle() {
    let Some(data) = support::data("new_logs_give_the_keys_and_values_of_the_oracle") else { return };
    let folder = "mkorman90+regipy/transactions_";
    let [primary, log1, log2] = ["NTUSER.DAT", "ntuser.dat.log1", "ntuser.dat.log2"]
        .map(|file| support::hive(&data, &format!("{folder}{file}")));
    let recovered = replay(&primary, &[&log1, &log2]);
    assert_eq!((recovered.entries, recovered.faults.len()), (23, 0));
    let hive = support::parse_strictly(&recovered.bytes).unwrap();
    assert!(!hive.info.dirty);
    let counts = hive.root.counts();
    assert_eq!((counts.keys, counts.values), (3105, 4695));
    let mut ours = support::lines(&hive.root);
    let mut oracle = support::oracle(&data, "regipy-transactions-NTUSER.after-replay");
    support::forgive_python_registry(&hive.root, &mut ours, &mut oracle);
    support::assert_same_lines("after replay", &ours, &oracle);

    let other_order = replay(&primary, &[&log2, &log1]);
    assert_eq!(other_order.bytes, recovered.bytes);
}

#[test]
fn new_logs_give_the_bytes_windows_10_recovered() {
    let Some(data) = support::data("new_logs_give_the_bytes_windows_10_recovered") else { return };
    let folder = "msuhanov+yarp/NewDirtyHive1";
    let [primary, log1, log2, windows] =
        ["NewDirtyHive", "NewDirtyHive.LOG1", "NewDirtyHive.LOG2", "RecoveredHive_Windows10"]
            .map(|file| support::hive(&data, &format!("{folder}/{file}")));
    let recovered = replay(&primary, &[&log1, &log2]);
    assert_eq!((recovered.entries, recovered.pages, recovered.faults.len()), (4, 4, 0));
    assert!(recovered.bytes[BASE_BLOCK_SIZE..] == windows[BASE_BLOCK_SIZE..]);
    let ours = support::parse_strictly(&recovered.bytes).unwrap();
    assert_eq!(ours.root, support::parse(&windows).root);
    assert_eq!((ours.info.primary_sequence, ours.info.dirty), (5, false));
}

#[test]
fn old_log_gives_the_tree_windows_7_recovered() {
    let Some(data) = support::data("old_log_gives_the_tree_windows_7_recovered") else { return };
    let [primary, log, windows] = ["OldDirtyHive", "OldDirtyHive.LOG1", "RecoveredHive_Windows7"]
        .map(|file| support::hive(&data, &format!("msuhanov+yarp/OldDirtyHive/{file}")));
    let recovered = replay(&primary, &[&log, &[]]);
    assert_eq!((recovered.entries, recovered.pages, recovered.faults.len()), (1, 64, 0));
    let ours = support::parse_strictly(&recovered.bytes).unwrap();
    assert_eq!(ours.root, support::parse(&windows).root);
    assert!(!ours.info.dirty);
}

#[test]
fn bad_base_block_is_taken_from_the_log() {
    let Some(data) = support::data("bad_base_block_is_taken_from_the_log") else { return };
    let [primary, log] = ["BadBaseBlockHive", "BadBaseBlockHive.LOG1"]
        .map(|file| support::hive(&data, &format!("msuhanov+yarp/BadBaseBlockHive/{file}")));
    let recovered = replay(&primary, &[&log]);
    assert!(recovered.base_block_from_log);
    let ours = support::parse_strictly(&recovered.bytes).unwrap();
    assert_eq!(ours.info.minor_version, 3);
    let windows = support::hive(&data, "msuhanov+yarp/OldDirtyHive/RecoveredHive_Windows7");
    assert_eq!(ours.root, support::parse(&windows).root);

    // The same for the new format, where the log that begins the series says where the primary file stood.
    let folder = "msuhanov+yarp/NewDirtyHive1/NewDirtyHive";
    let mut primary = support::hive(&data, folder);
    primary[..512].fill(0);
    let [log1, log2] = [".LOG1", ".LOG2"].map(|end| support::hive(&data, &format!("{folder}{end}")));
    let recovered = replay(&primary, &[&log2, &log1]);
    assert!(recovered.base_block_from_log);
    assert_eq!(recovered.entries, 4);
    let windows = support::hive(&data, "msuhanov+yarp/NewDirtyHive1/RecoveredHive_Windows10");
    assert_eq!(support::parse_strictly(&recovered.bytes).unwrap().root, support::parse(&windows).root);
}

#[test]
fn bad_logs_change_nothing_and_say_why() {
    let Some(data) = support::data("bad_logs_change_nothing_and_say_why") else { return };
    for (folder, offset, flaw) in [
        ("BadLogHive1", 0, LogFlaw::BaseBlock),
        ("BadLogHive2", 512, LogFlaw::Signature { expected: "DIRT", found: *b"INVL" }),
    ] {
        let [primary, log] = ["BadLogHive", "BadLogHive.LOG1"]
            .map(|file| support::hive(&data, &format!("msuhanov+yarp/{folder}/{file}")));
        let recovered = replay(&primary, &[&log, &[]]);
        assert!(!recovered.changed(), "{folder}");
        assert!(*recovered.bytes == *primary, "{folder}");
        assert_eq!(recovered.faults.len(), 1, "{folder}");
        let fault = &recovered.faults[0];
        assert_eq!((fault.log, fault.offset, fault.flaw), (0, offset, flaw), "{folder}");
        assert!(support::parse(&recovered.bytes).info.dirty, "{folder}");
    }
}

#[test]
fn clean_hive_ignores_its_logs() {
    let Some(data) = support::data("clean_hive_ignores_its_logs") else { return };
    let folder = "msuhanov+yarp/NewDirtyHive1";
    let [primary, log] = ["RecoveredHive_Windows10", "NewDirtyHive.LOG2"]
        .map(|file| support::hive(&data, &format!("{folder}/{file}")));
    let recovered = replay(&primary, &[&log]);
    assert!(!recovered.changed());
    assert!(recovered.faults.is_empty());
}

#[test]
fn entry_with_a_wrong_hash_ends_the_replay() {
    let Some(data) = support::data("entry_with_a_wrong_hash_ends_the_replay") else { return };
    let folder = "msuhanov+yarp/NewDirtyHive1/NewDirtyHive";
    let primary = support::hive(&data, folder);
    let [log1, mut log2] = [".LOG1", ".LOG2"].map(|end| support::hive(&data, &format!("{folder}{end}")));
    log2[0x2000 + 100] ^= 1;
    let recovered = replay(&primary, &[&log1, &log2]);
    assert_eq!(recovered.entries, 2);
    assert!(matches!(recovered.faults[0].flaw, LogFlaw::Hash { .. }));
    assert_eq!((recovered.faults[0].log, recovered.faults[0].offset), (1, 0x2000));

    // Without the first log there is a gap at the beginning only, which Windows itself leaves behind.
    assert_eq!(replay(&primary, &[&log2]).entries, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Logs cut off or changed anywhere give some hive and some tree, never a panic.
    #[test]
    fn damaged_logs_are_survived(cut in 0_usize..70_000, flips in prop::collection::vec((0_usize..70_000, 1_u8..), 0..8)) {
        let Some(data) = support::data("damaged_logs_are_survived") else { return Ok(()) };
        for (primary, log) in [
            ("NewDirtyHive1/NewDirtyHive", "NewDirtyHive1/NewDirtyHive.LOG2"),
            ("OldDirtyHive/OldDirtyHive", "OldDirtyHive/OldDirtyHive.LOG1"),
        ] {
            let mut primary = support::hive(&data, &format!("msuhanov+yarp/{primary}"));
            let mut log = support::hive(&data, &format!("msuhanov+yarp/{log}"));
            log.truncate(cut);
            for &(at, bits) in &flips {
                if let Some(byte) = log.get_mut(at) {
                    *byte ^= bits;
                }
            }
            let recovered = replay(&primary, &[&log]);
            prop_assert!(recovered.bytes.len() <= primary.len() + log.len());
            let _ = mp_hive::parse(&recovered.bytes, mp_hive::ReadOptions::default());
            primary[0] = 0;
            let _ = replay(&primary, &[&log]);
            let _ = replay(&log, &[&primary]);
        }
    }
}
