//! Hives with transaction logs that lead from an older tree to a newer one.
//!
//! The words are those of Maxim Suhanov's *Windows registry file format specification*.

use mp_fuzz::{heal_base_block, heal_log, join_logs};
use mp_hive::{Version, replay};
use mp_registry::{Key, Name, Value};

use crate::{Seed, hives};

const SECTOR: usize = 512;
const BASE_BLOCK: usize = 4096;
/// Bytes of the one page that the logs hold; the states differ in it alone.
const PAGE: usize = 2 * SECTOR;

pub(crate) fn seeds() -> Vec<Seed> {
    let (old, new) = (hives::bytes(&tree(1), Version::V1_5), hives::bytes(&tree(2), Version::V1_5));
    assert!(old[BASE_BLOCK + PAGE..] == new[BASE_BLOCK + PAGE..], "the states differ in one page");
    let dirty = with_numbers(&old, 0, 3, 2);
    let one = new_log(&dirty, &[(2, &new)]);
    let two = new_log(&dirty, &[(3, &old)]);
    let entries = new_log(&dirty, &[(2, &old), (3, &new)]);
    let mut bad_base = dirty.clone();
    bad_base[508] ^= 1;
    let mut torn = entries.clone();
    torn.truncate(torn.len() - SECTOR);
    let old_format = old_log(&dirty, &new);
    for (logs, entries) in [([&one, &two], 2), ([&entries, &one], 2), ([&old_format, &Vec::new()], 1)] {
        assert_eq!(replay(&dirty, &logs.map(Vec::as_slice)).entries, entries, "the logs are replayed");
    }
    let join = |name: &str, primary: &[u8], first: &[u8], second: &[u8]| {
        (format!("{name}.logs"), join_logs(primary, first, second))
    };
    vec![
        join("clean", &old, &one, &[]),
        join("one-entry", &dirty, &one, &[]),
        join("two-logs", &dirty, &two, &one),
        join("two-entries", &dirty, &[], &entries),
        join("torn", &dirty, &torn, &[]),
        join("gap", &dirty, &one, &new_log(&dirty, &[(9, &new)])),
        join("base-block-from-the-log", &bad_base, &one, &[]),
        join("no-logs", &dirty, &[], &[]),
        join("old-format", &dirty, &old_format, &[]),
        join("old-format-in-the-second", &dirty, b"regf", &old_format),
        join("log-as-primary", &one, &one, &one),
    ]
}

fn tree(state: u32) -> Key {
    let mut root = Key::new("ROOT");
    root.ensure_subkey(&Name::from("Software")).set_value(Value::dword("state", state));
    root
}

/// A file with this type and sequence numbers in its base block.
fn with_numbers(file: &[u8], file_type: u32, primary: u32, secondary: u32) -> Vec<u8> {
    let mut file = file.to_vec();
    for (at, number) in [(4, primary), (8, secondary), (28, file_type)] {
        file[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    heal_base_block(&mut file);
    file
}

/// A log of Windows 8.1 and later: for each state one entry with the one page that may differ, the root's.
fn new_log(primary: &[u8], entries: &[(u32, &[u8])]) -> Vec<u8> {
    let first = entries[0].0;
    let mut log = with_numbers(&primary[..SECTOR], 6, first, first);
    for (sequence, state) in entries {
        let bins_size = u32::try_from(state.len() - BASE_BLOCK).unwrap();
        let page = &state[BASE_BLOCK..BASE_BLOCK + PAGE];
        let size = u32::try_from((40 + 8 + PAGE).next_multiple_of(SECTOR)).unwrap();
        log.extend(b"HvLE");
        log.extend([size, 0, *sequence, bins_size, 1].into_iter().flat_map(u32::to_le_bytes));
        log.extend([0; 16]);
        log.extend([0, u32::try_from(PAGE).unwrap()].into_iter().flat_map(u32::to_le_bytes));
        log.extend(page);
        log.resize(log.len().next_multiple_of(SECTOR), 0);
    }
    heal_log(&mut log);
    log
}

/// A log of Windows 2000 to 8: a bitmap of the changed sectors, and the sectors.
fn old_log(primary: &[u8], new: &[u8]) -> Vec<u8> {
    let mut log = with_numbers(&primary[..SECTOR], 1, 3, 3);
    let (before, after) = (primary[BASE_BLOCK..].chunks(SECTOR), new[BASE_BLOCK..].chunks(SECTOR));
    let changed: Vec<_> =
        before.zip(after).map(|(before, after)| (before != after).then_some(after)).collect();
    log.extend(b"DIRT");
    for eight in changed.chunks(8) {
        log.push(
            eight.iter().enumerate().fold(0, |byte, (bit, sector)| byte | u8::from(sector.is_some()) << bit),
        );
    }
    log.resize(log.len().next_multiple_of(SECTOR), 0);
    log.extend(changed.into_iter().flatten().flatten());
    log
}
