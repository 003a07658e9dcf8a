use mp_hive::{Version, WriteOptions, write};
use mp_registry::{FileTime, Key, Name, Value, ValueType};

use crate::{Seed, trees};

pub(crate) fn seeds() -> Vec<Seed> {
    let mut link = Key::new("ROOT");
    let below = link.ensure_subkey(&Name::from("Link"));
    below.link = true;
    below.set_value(Value::new("SymbolicLinkValue", ValueType::LINK, *b"\\\0R\0"));
    let mut big = Key::new("ROOT");
    big.set_value(Value::new("big", ValueType::BINARY, vec![0; 16_345]));

    let mut seeds = Vec::new();
    for (name, tree, version) in [
        ("empty", Key::new(""), Version::V1_5),
        ("everything-1.3", trees::everything(), Version::V1_3),
        ("everything-1.5", trees::everything(), Version::V1_5),
        ("wide-1.3", trees::wide(), Version::V1_3),
        ("wide-1.5", trees::wide(), Version::V1_5),
        ("link", link, Version::V1_5),
        ("big", big, Version::V1_5),
    ] {
        seeds.push((format!("{name}.dat"), bytes(&tree, version)));
    }
    let whole = seeds[2].1.clone();
    let mut dirty = whole.clone();
    dirty[4] = dirty[4].wrapping_add(1);
    mp_fuzz::heal_base_block(&mut dirty);
    seeds.push(("dirty.dat".into(), dirty));
    seeds.push(("cut-in-a-bin.dat".into(), whole[..5000].to_vec()));
    seeds.push(("base-block-alone.dat".into(), whole[..4096].to_vec()));
    seeds.push(("root-nowhere.dat".into(), with_root_cell(&whole, u32::MAX)));
    seeds.push(("root-in-the-header.dat".into(), with_root_cell(&whole, 0)));
    seeds.push(("windows-9x.dat".into(), b"CREG\0\0\x01\0".to_vec()));
    seeds
}

/// A hive with this tree.
pub(crate) fn bytes(tree: &Key, version: Version) -> Vec<u8> {
    let time = FileTime(133_000_000_000_000_000);
    let options = WriteOptions { version, file_name: Name::from("NTUSER.DAT"), time, security: None };
    write(tree, &options).unwrap()
}

fn with_root_cell(file: &[u8], root: u32) -> Vec<u8> {
    let mut file = file.to_vec();
    file[36..40].copy_from_slice(&root.to_le_bytes());
    mp_fuzz::heal_base_block(&mut file);
    file
}
