//! What the tests share: the hives of the field, and trees as lines of text.

#![allow(dead_code, reason = "each test binary uses a part")]

pub(crate) mod checker;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use mp_hive::{HiveError, HiveFile, ReadOptions};
use mp_registry::{FileTime, Key, Name, Value, ValueType};
use sha2::{Digest, Sha256};

/// The folder of test data, or `None` with a line that says so.
pub(crate) fn data(test: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let path = PathBuf::from(std::env::var("METAPROFILES_TESTDATA").unwrap_or_else(|_| default.to_owned()));
    if path.join("hives").is_dir() {
        return Some(path);
    }
    println!("SKIPPED {test}: no test data at {}", path.display());
    None
}

/// All files below `hives`, by their path there; `.xz` files unpacked, transaction logs included.
pub(crate) fn hive_files(data: &Path) -> Vec<(String, Vec<u8>)> {
    let root = data.join("hives");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            if let Some(unpacked) = name.strip_suffix(".xz") {
                if let Some(bytes) = unpack(&path) {
                    files.push((unpacked.to_owned(), bytes));
                }
            } else {
                files.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn unpack(path: &Path) -> Option<Vec<u8>> {
    match Command::new("xz").arg("-dc").arg(path).output() {
        Ok(output) if output.status.success() => Some(output.stdout),
        _ => {
            println!("SKIPPED {}: no xz to unpack it", path.display());
            None
        }
    }
}

pub(crate) fn hive(data: &Path, name: &str) -> Vec<u8> {
    fs::read(data.join("hives").join(name)).unwrap()
}

/// The lines of an oracle, sorted.
pub(crate) fn oracle(data: &Path, name: &str) -> Vec<String> {
    let packed = fs::read(data.join("oracle").join(format!("{name}.tsv.zst"))).unwrap();
    let text = String::from_utf8(zstd::decode_all(packed.as_slice()).unwrap()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

pub(crate) fn parse(bytes: &[u8]) -> HiveFile {
    mp_hive::parse(bytes, ReadOptions::default()).unwrap()
}

pub(crate) fn parse_strictly(bytes: &[u8]) -> Result<HiveFile, HiveError> {
    mp_hive::parse(bytes, ReadOptions { strict: true })
}

/// A name as the oracles write it: control characters and what is no UTF-16 as `\xHHHH`.
pub(crate) fn escaped(name: &Name) -> String {
    let mut text = String::new();
    for unit in char::decode_utf16(name.units().iter().copied()) {
        match unit {
            Ok(c) if c.is_control() => text.push_str(&format!("\\x{:04x}", u32::from(c))),
            Ok(c) => text.push(c),
            Err(lone) => text.push_str(&format!("\\x{:04x}", lone.unpaired_surrogate())),
        }
    }
    text
}

/// A tree as sorted lines `K path time` and `V path name type length hash`, separated by tabs. The hash is the first half of
/// SHA-256 of the data.
pub(crate) fn lines(root: &Key) -> Vec<String> {
    let mut lines = Vec::new();
    add_lines(root, "", &mut lines);
    lines.sort();
    lines
}

fn add_lines(key: &Key, path: &str, lines: &mut Vec<String>) {
    lines.push(format!("K\t{path}\t{}", seconds(key.last_write)));
    for value in key.values() {
        lines.push(format!("{}\t{}\t{}", value_start(path, value), value.data.len(), hash(&value.data)));
    }
    for below in key.subkeys() {
        add_lines(below, &below_path(path, below), lines);
    }
}

fn value_start(path: &str, value: &Value) -> String {
    format!("V\t{path}\t{}\t{}", escaped(&value.name), value.ty.0)
}

/// Takes length and hash from the lines of values that python-registry 1.3.1 is known to give wrongly, in both lists.
///
/// Its `VKRecord.raw_data` does not honour the size of data that lie in the key value itself: text always has four bytes,
/// `REG_MULTI_SZ` none, a type of its own four (types are taken modulo 4096), `REG_DWORD_BIG_ENDIAN` is looked for elsewhere; and it gives every `REG_DWORD` four bytes and every
/// `REG_QWORD` eight. hivex, which the test of independent readers compares too, has none of this.
pub(crate) fn forgive_python_registry(root: &Key, ours: &mut [String], theirs: &mut [String]) {
    let mut starts = Vec::new();
    add_wrong_in_python_registry(root, "", &mut starts);
    starts.sort();
    for line in ours.iter_mut().chain(theirs.iter_mut()) {
        if let Some((end, _)) = line.match_indices('\t').nth(3)
            && starts.binary_search_by(|start| start.as_str().cmp(&line[..end])).is_ok()
        {
            line.truncate(end);
        }
    }
    ours.sort();
    theirs.sort();
}

fn add_wrong_in_python_registry(key: &Key, path: &str, starts: &mut Vec<String>) {
    let wrong = |value: &&Value| match ValueType(value.ty.0 & 0xFFF) {
        ValueType::SZ | ValueType::EXPAND_SZ | ValueType::MULTI_SZ => value.data.len() <= 4,
        ValueType::DWORD => value.data.len() != 4,
        ValueType::DWORD_BIG_ENDIAN => value.data.len() <= 4,
        ValueType(12..) => value.data.len() < 4,
        ValueType::QWORD => value.data.len() != 8,
        _ => false,
    };
    starts.extend(key.values().iter().filter(wrong).map(|value| value_start(path, value)));
    for below in key.subkeys() {
        add_wrong_in_python_registry(below, &below_path(path, below), starts);
    }
}

fn below_path(path: &str, key: &Key) -> String {
    let name = escaped(&key.name);
    if path.is_empty() { name } else { format!("{path}\\{name}") }
}

/// Something with the head of a self-relative security descriptor.
pub(crate) fn descriptor(tail: u8) -> Vec<u8> {
    let mut descriptor = vec![0; 21];
    descriptor[..4].copy_from_slice(&[1, 0, 4, 0x80]);
    descriptor[20] = tail;
    descriptor
}

fn hash(data: &[u8]) -> String {
    Sha256::digest(data)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn seconds(written: FileTime) -> String {
    let nanoseconds = i128::from(written.0) * 100 - i128::from(FileTime::UNIX_EPOCH.0) * 100;
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap();
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    at.format(format).unwrap()
}

/// Says where two trees of lines differ, in few words.
pub(crate) fn assert_same_lines(what: &str, ours: &[String], theirs: &[String]) {
    let only_in = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|line| those.binary_search(line).is_err()).take(5).cloned().collect()
    };
    assert!(
        ours == theirs,
        "{what}: {} lines of ours, {} of theirs; only ours: {:#?}; only theirs: {:#?}",
        ours.len(),
        theirs.len(),
        only_in(ours, theirs),
        only_in(theirs, ours),
    );
}
