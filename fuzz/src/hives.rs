use std::sync::Arc;

use mp_hive::{ReadOptions, Version, WriteOptions, parse, replay, write};
use mp_registry::Key;

use crate::heal;

/// Hives: reading never panics, tolerant reading takes whatever strict reading takes, and what reads strictly is written so
/// that it reads the same.
///
/// # Panics
/// When that is not so.
pub fn hive(data: &[u8]) {
    check(data);
    let mut healed = data.to_vec();
    heal::base_block(&mut healed);
    if healed != data {
        check(&healed);
    }
}

/// Transaction logs: replay never panics, a hive recovered is clean and recovering it again changes nothing.
///
/// The bytes are the lengths of the primary file and of the first log as two little-endian `u32`, then the primary file, the
/// first log and, as the rest, the second log ([`join_logs`]).
///
/// # Panics
/// When that is not so.
pub fn hive_logs(data: &[u8]) {
    let Some((lengths, rest)) = data.split_first_chunk::<8>() else { return };
    let length = |at: usize| u32::from_le_bytes(std::array::from_fn(|index| lengths[at + index])) as usize;
    let (primary, rest) = rest.split_at(length(0).min(rest.len()));
    let (first, second) = rest.split_at(length(4).min(rest.len()));
    recover(primary, first, second);

    let (mut primary, mut first, mut second) = (primary.to_vec(), first.to_vec(), second.to_vec());
    heal::base_block(&mut primary);
    heal::log(&mut first);
    heal::log(&mut second);
    recover(&primary, &first, &second);
}

/// The input of [`hive_logs`] for these files.
#[must_use]
pub fn join_logs(primary: &[u8], first: &[u8], second: &[u8]) -> Vec<u8> {
    let length = |file: &[u8]| u32::try_from(file.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&length(primary), &length(first), primary, first, second].concat()
}

fn recover(primary: &[u8], first: &[u8], second: &[u8]) {
    let recovered = replay(primary, &[first, second]);
    let longest = primary.len().max(4096) + first.len() + second.len();
    assert!(recovered.bytes.len() <= longest, "{} bytes from {longest}", recovered.bytes.len());
    if recovered.changed() {
        let again = replay(&recovered.bytes, &[first, second]);
        assert!(!again.changed(), "a recovered hive is not clean");
    } else {
        assert!(*recovered.bytes == *primary, "changed although nothing was applied");
    }
    check(&recovered.bytes);
}

fn check(file: &[u8]) {
    let tolerant = parse(file, ReadOptions { strict: false });
    let Ok(strict) = parse(file, ReadOptions { strict: true }) else { return };
    match tolerant {
        Ok(tolerant) => {
            assert!(tolerant.damage.is_empty(), "strict reading passed over {:?}", tolerant.damage);
            assert_eq!(tolerant.root, strict.root, "tolerant and strict reading differ");
        }
        Err(error) => panic!("tolerant reading failed where strict reading did not: {error}"),
    }
    for version in [Version::V1_3, Version::V1_5] {
        rewrite(&strict.root, version);
    }
}

/// Damaged hives hold names and sizes that Windows does not allow and that are not written; all others read the same.
fn rewrite(root: &Key, version: Version) {
    let Ok(written) = write(root, &WriteOptions { version, ..WriteOptions::default() }) else { return };
    let back = match parse(&written, ReadOptions { strict: true }) {
        Ok(back) => back.root,
        Err(error) => panic!("what was written cannot be read: {error}"),
    };
    let mut expected = root.clone();
    if expected.name.is_empty() {
        expected.name = back.name.clone();
    }
    let expected = inherited(expected, back.security.as_ref());
    assert_eq!(back, expected, "reads as something else once written");
}

/// A key without a security descriptor is written with that of the key above.
fn inherited(key: Key, above: Option<&Arc<[u8]>>) -> Key {
    let mut whole = Key::new(key.name.clone());
    whole.class.clone_from(&key.class);
    whole.last_write = key.last_write;
    whole.link = key.link;
    whole.security = key.security.clone().or_else(|| above.cloned());
    let (values, subkeys) = key.into_parts();
    whole.replace_values(values);
    let subkeys = subkeys.into_iter().map(|below| inherited(below, whole.security.as_ref()));
    whole.replace_subkeys(subkeys.collect());
    whole
}
