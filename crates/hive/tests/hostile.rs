//! Hives made to make a reader loop, recurse or run out of memory, and structures no field hive has.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use mp_hive::{Damage, Flaw, HiveError, ReadOptions, Structure, Version, WriteOptions, parse, write};
use mp_registry::{Key, KeyPath, Name, Value, ValueType};

/// A written hive whose bytes can be changed by structure.
struct Forge(Vec<u8>);

impl Forge {
    fn new(root: &Key) -> Self {
        Self(write(root, &WriteOptions { version: Version::V1_3, ..WriteOptions::default() }).unwrap())
    }

    /// Where the content of the key of that name begins; names must be ASCII and used once.
    fn key(&self, name: &str) -> usize {
        let end = [b"nk".as_slice(), name.as_bytes()];
        let found = (4096 + 36..self.0.len() - 76).step_by(4).find(|&at| {
            self.0[at..].starts_with(end[0])
                && self.0[at + 72] == u8::try_from(name.len()).unwrap()
                && self.0[at + 76..].starts_with(end[1])
        });
        found.unwrap()
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    fn put(&mut self, at: usize, word: u32) {
        self.0[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }

    /// The place in the file of the cell content an offset leads to.
    fn follow(&self, at: usize) -> usize {
        4096 + 4 + self.word(at) as usize
    }

    fn read(&self) -> (Key, Vec<Damage>) {
        let strict = parse(&self.0, ReadOptions { strict: true });
        let read = support::parse(&self.0);
        match strict {
            Ok(strict) => assert_eq!((strict.root, 0), (read.root.clone(), read.damage.len())),
            Err(HiveError::Damaged(first)) => assert_eq!(first, read.damage[0]),
            Err(other) => panic!("{other}"),
        }
        (read.root, read.damage)
    }
}

/// A chain of keys `{prefix}0\{prefix}1\…`.
fn chain(prefix: &str, length: usize) -> Key {
    let name = |number: usize| Key::new(format!("{prefix}{number}").as_str());
    (0..length - 1).rev().fold(name(length - 1), |below, number| {
        let mut key = name(number);
        key.replace_subkeys(vec![below]);
        key
    })
}

#[test]
fn cycle_is_cut() {
    let mut root = Key::new("ROOT");
    root.insert_subkey(chain("k", 3));
    let mut forge = Forge::new(&root);
    let deepest = forge.key("k2");
    let list = forge.word(forge.key("k0") + 28);
    forge.put(deepest + 20, 1);
    forge.put(deepest + 28, list);
    let (read, damage) = forge.read();
    assert_eq!(read.counts().keys, 4);
    assert_eq!(damage.len(), 1);
    assert_eq!((damage[0].structure, damage[0].flaw), (Structure::SubkeyList, Flaw::Shared));
    assert_eq!(damage[0].path, KeyPath::parse("k0\\k1\\k2"));

    // The same through a list of its own that names a key above.
    let mut forge = Forge::new(&root);
    let own = forge.word(forge.key("ROOT") + 28);
    let at = forge.follow(forge.key("k1") + 28);
    let first = forge.word(4096 + 4 + own as usize + 4);
    forge.put(at + 4, first);
    let (_, damage) = forge.read();
    assert_eq!((damage[0].structure, damage[0].flaw), (Structure::KeyNode, Flaw::Shared));
}

#[test]
fn depth_is_limited() {
    let mut root = Key::new("ROOT");
    root.insert_subkey(chain("a", 300));
    root.insert_subkey(chain("b", 300));
    let mut forge = Forge::new(&root);
    // The second chain goes below the first instead of below the root.
    let (deepest, second) = (forge.key("a299"), forge.word(forge.follow(forge.key("ROOT") + 28) + 12));
    let list = forge.follow(forge.key("ROOT") + 28);
    let spare = forge.word(forge.key("b298") + 28);
    forge.0[list + 2] = 1;
    let root_key = forge.key("ROOT");
    forge.put(root_key + 20, 1);
    let last = forge.key("b298");
    forge.put(last + 20, 0);
    forge.put(deepest + 20, 1);
    forge.put(deepest + 28, spare);
    forge.put(4096 + 4 + spare as usize + 4, second);
    let (read, damage) = forge.read();
    assert_eq!(read.counts().keys, 1 + 512);
    assert_eq!(damage.len(), 1);
    assert_eq!(damage[0].flaw, Flaw::TooDeep { limit: 512 });
    assert_eq!(damage[0].path.depth(), 512);
}

#[test]
fn data_referred_to_many_times_are_read_once() {
    let mut root = Key::new("ROOT");
    // The data look like cells, each of which reaches to the end of the data.
    let blob: Vec<u8> =
        (0..8000_i32).flat_map(|at| [0, at * 8 - 63_996]).flat_map(i32::to_le_bytes).collect();
    let mut values: Vec<Value> = (0..1000)
        .map(|number| Value::new(format!("{number:04}").as_str(), ValueType::BINARY, [7; 8]))
        .collect();
    values.push(Value::new("zz", ValueType::BINARY, blob));
    root.replace_values(values);
    let mut forge = Forge::new(&root);
    let list = forge.follow(forge.key("ROOT") + 40);
    let blob = forge.word(forge.follow(list + 4000) + 8);
    for number in 0..1000 {
        let value = forge.follow(list + number * 4);
        forge.put(value + 4, 30_000);
        forge.put(value + 8, blob + 8 + u32::try_from(number).unwrap() * 8);
    }
    let (read, damage) = forge.read();
    assert!(read.counts().data_bytes <= forge.0.len());
    assert!(damage.iter().any(|damage| damage.flaw == Flaw::Overlap));
}

#[test]
fn damage_is_listed_to_a_limit_and_counted() {
    let mut root = Key::new("ROOT");
    root.replace_values((0..3000).map(|number| Value::dword(format!("{number}").as_str(), number)).collect());
    let mut forge = Forge::new(&root);
    let list = forge.follow(forge.key("ROOT") + 40);
    for number in 0..2500 {
        let value = forge.follow(list + number * 4);
        forge.0[value] = b'?';
    }
    let read = support::parse(&forge.0);
    assert_eq!(read.root.values().len(), 500);
    assert_eq!((read.damage.len(), read.more_damage), (mp_hive::MAX_DAMAGE, 1500));
    assert_eq!(read.damage[0].flaw, Flaw::Signature { expected: "vk", found: *b"?k" });
}

#[test]
fn duplicate_names_are_kept() {
    let mut root = Key::new("ROOT");
    root.replace_subkeys(vec![Key::new("a1"), Key::new("a2")]);
    root.replace_values(vec![Value::dword("v1", 1), Value::dword("v2", 2)]);
    let mut forge = Forge::new(&root);
    let (key, list) = (forge.key("a2"), forge.follow(forge.key("ROOT") + 40));
    forge.0[key + 77] = b'1';
    let value = forge.follow(list + 4);
    forge.0[value + 21] = b'1';
    let (read, damage) = forge.read();
    assert_eq!(damage, []);
    let names = |names: [&str; 2]| names.map(Name::from).to_vec();
    assert_eq!(read.subkeys().iter().map(|key| key.name.clone()).collect::<Vec<_>>(), names(["a1", "a1"]));
    assert_eq!(read.values(), [Value::dword("v1", 1), Value::dword("v1", 2)]);
}

#[test]
fn big_value_in_one_cell_is_read_from_newer_formats_too() {
    let mut root = Key::new("ROOT");
    root.set_value(Value::new("big", ValueType::BINARY, vec![5; 50_000]));
    root.security = Some(support::descriptor(0).into());
    let mut forge = Forge::new(&root);
    forge.put(24, 5);
    let checksum = (0..127).fold(0, |sum, word| sum ^ forge.word(word * 4));
    forge.put(508, checksum);
    assert_eq!(forge.read(), (root, Vec::new()));
}

#[test]
fn first_format_has_longer_cell_headers() {
    let mut forge = Forge::new(&Key::new("ROOT"));
    // Format 1.1 puts the offset of the cell before between a cell's size and its content.
    forge.0.copy_within(4096 + 36..4096 + 36 + 80, 4096 + 40);
    forge.put(4096 + 36, u32::MAX);
    forge.put(4096 + 40 + 44, u32::MAX);
    forge.put(24, 1);
    let checksum = (0..127).fold(0, |sum, word| sum ^ forge.word(word * 4));
    forge.put(508, checksum);
    forge.put(4096 + 32, (-96_i32).cast_unsigned());
    let (read, damage) = forge.read();
    assert_eq!((read.name, damage), ("ROOT".into(), Vec::new()));
    assert_eq!(support::parse(&forge.0).info.minor_version, 1);
}

#[test]
fn no_version_but_1_1_to_1_6_is_read() {
    let written = write(&Key::new("ROOT"), &WriteOptions::default()).unwrap();
    for (major, minor) in [(1, 0), (1, 7), (2, 3), (0, 5)] {
        let mut forge = Forge(written.clone());
        forge.put(20, major);
        forge.put(24, minor);
        let error = parse(&forge.0, ReadOptions::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("unsupported hive version: expected 1.1 to 1.6, found {major}.{minor}")
        );
    }
    for length in [1, 4, 511, 512, 4095, 4096] {
        let error = parse(&written[..length], ReadOptions::default()).unwrap_err();
        let expected = if length < 4 {
            "not a hive: expected signature \"regf\" at offset 0, found [72]".to_owned()
        } else {
            format!("hive cut off in its base block: expected more than 4096 bytes, found {length}")
        };
        assert_eq!(error.to_string(), expected);
    }
}
