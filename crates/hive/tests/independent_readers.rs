//! hivex and python-registry see in hives, those of the field and those we write, what we see.
//!
//! `METAPROFILES_ORACLE_PYTHON` names a Python that can import both: one of a virtual environment made from the system's
//! Python with `--system-site-packages` (Debian's `python3-hivex`) into which `python-registry==1.3.1` was installed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
};

use mp_hive::{ReadOptions, Version, WriteOptions, write};
use mp_registry::{Key, Name, Value, ValueType};

const READERS: [&str; 2] = ["hivex", "python-registry"];

/// Hives as they were found that a reader does not read, and what it says.
const UNREADABLE: &[(&str, &str, &str)] = &[
    ("hivex", "GarbageHive", "Invalid argument"), // It insists on the checksum.
    ("hivex", "TruncatedHive", "Bad address"),
    ("python-registry", "TruncatedHive", "unpack_from requires a buffer"),
];

/// Hives as they were found of which a reader makes something else than we do, and why that is right.
const DIFFERENT: &[(&str, &str)] = &[
    // Two keys share a list of sub-keys; both readers show those sub-keys twice, we leave the second out and say so.
    ("hivex", "BadListHive"),
    ("python-registry", "BadListHive"),
];

struct Case {
    name: String,
    as_found: bool,
    file: PathBuf,
    tree: Arc<Tree>,
}

struct Tree {
    root: Key,
    lines: Vec<String>,
}

#[test]
fn other_readers_see_the_same() {
    let test = "other_readers_see_the_same";
    let Some(data) = support::data(test) else { return };
    let Ok(python) = std::env::var("METAPROFILES_ORACLE_PYTHON") else {
        println!("SKIPPED {test}: METAPROFILES_ORACLE_PYTHON names no Python with hivex and python-registry");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    for (name, bytes) in support::hive_files(&data) {
        if let Ok(read) = mp_hive::parse(&bytes, ReadOptions::default()) {
            add_cases(&mut cases, folder.path(), &name, Some(&bytes), read.root);
        }
    }
    add_cases(&mut cases, folder.path(), "made here", None, made_here());

    thread::scope(|scope| {
        for reader in READERS {
            let (cases, python) = (&cases, &python);
            scope.spawn(move || compare(reader, python, cases));
        }
    });
}

fn add_cases(cases: &mut Vec<Case>, folder: &Path, name: &str, found: Option<&[u8]>, root: Key) {
    // The one hive of a whole system takes as long as all others: one version of it is enough.
    let versions: &[Version] =
        if root.counts().keys < 20_000 { &[Version::V1_3, Version::V1_5] } else { &[Version::V1_5] };
    let rewritten: Vec<_> = versions
        .iter()
        .map(|&version| {
            let options = WriteOptions { version, ..WriteOptions::default() };
            (format!("{name} as {version:?}"), false, write(&root, &options).unwrap())
        })
        .collect();
    let tree = Arc::new(Tree { lines: support::lines(&root), root });
    let found = found.map(|bytes| (name.to_owned(), true, bytes.to_vec()));
    for (name, as_found, bytes) in found.into_iter().chain(rewritten) {
        let file = folder.join(cases.len().to_string());
        fs::write(&file, bytes).unwrap();
        cases.push(Case { name, as_found, file, tree: Arc::clone(&tree) });
    }
}

fn compare(reader: &str, python: &str, cases: &[Case]) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/walk.py");
    let output = Command::new(python)
        .arg(script)
        .arg(reader)
        .args(cases.iter().map(|case| &case.file))
        .output()
        .unwrap();
    assert!(output.status.success(), "{reader}: {}", String::from_utf8_lossy(&output.stderr));
    let seen = sections(&String::from_utf8(output.stdout).unwrap());

    for case in cases {
        let what = format!("{} by {reader}", case.name);
        let Seen { mut lines, error } = seen[case.file.to_str().unwrap()].clone();
        let concerns =
            |other: &str, hive: &str| case.as_found && other == reader && case.name.ends_with(hive);
        let known = UNREADABLE.iter().find(|(other, hive, _)| concerns(other, hive));
        match (error, known) {
            (Some(error), Some((_, _, expected))) => {
                assert!(error.contains(expected), "{what}: {error}");
                continue;
            }
            (None, None) => {}
            (error, known) => panic!("{what}: expected {known:?}, found {error:?}"),
        }
        let mut ours = case.tree.lines.clone();
        if reader == "python-registry" {
            support::forgive_python_registry(&case.tree.root, &mut ours, &mut lines);
        }
        if DIFFERENT.iter().any(|(other, hive)| concerns(other, hive)) {
            assert_ne!(ours, lines, "{what} is no exception any more");
            continue;
        }
        support::assert_same_lines(&what, &ours, &lines);
    }
}

#[derive(Clone, Default)]
struct Seen {
    lines: Vec<String>,
    error: Option<String>,
}

fn sections(output: &str) -> BTreeMap<String, Seen> {
    let mut sections = BTreeMap::new();
    let mut current: &mut Seen = &mut Seen::default();
    for line in output.lines() {
        match line.split_once('\t').unwrap() {
            ("H", file) => current = sections.entry(file.to_owned()).or_default(),
            ("E", error) => current.error = Some(error.to_owned()),
            _ => current.lines.push(line.to_owned()),
        }
    }
    sections.values_mut().for_each(|seen: &mut Seen| seen.lines.sort());
    sections
}

/// What the hives of the field do not hold.
fn made_here() -> Key {
    let mut root = Key::new("ROOT");
    root.class = Some("class".into());
    for count in [506, 507, 508, 1012, 1013, 3000] {
        let many = root.ensure_subkey(&format!("many {count}").as_str().into());
        many.replace_subkeys((0..count).map(|number| Key::new(format!("Ключ {number}").as_str())).collect());
    }
    let sizes = [0, 1, 2, 3, 4, 5, 8, 16_343, 16_344, 16_345, 32_688, 32_689, 100_000, 2_000_000];
    for ty in [ValueType::BINARY, ValueType::SZ, ValueType::NONE, ValueType::MULTI_SZ, ValueType(0x0001_0007)]
    {
        let values = sizes.map(|size| {
            let data: Vec<u8> = (0..size).map(|at: u32| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
            Value::new(format!("{size}").as_str(), ty, data)
        });
        root.ensure_subkey(&format!("{ty:?}").as_str().into()).replace_values(values.to_vec());
    }
    let names = ["", "ÄÖÜ ß ÿ", "\u{80}\u{9F}", "Ωmega", "日本語", "emoji 😀", "a\\b", "(default)"];
    let named = root.ensure_subkey(&"names".into());
    named.replace_values(names.map(|name| Value::dword(name, 7)).to_vec());
    named.replace_subkeys(
        names[1..].iter().filter(|name| !name.contains('\\')).map(|name| Key::new(*name)).collect(),
    );
    named.set_value(Value::dword(Name::from_units(vec![u16::from(b'x'); 16_383]), 8));
    named.ensure_subkey(&Name::from_units(vec![0x416; 255])).link = true;
    root
}
