//! What the programs under Wine write into a registry: the same keys as a flat file for the C loop, and as a data set.
//!
//! The flat file is a row of little-endian records: `1`, length of the path in bytes (u16), path in UTF-16 below the key under
//! which all is written: a key follows. `2`, length of the name (u16), type (u32), length of the data (u32), name, data: a value of
//! that key. `0`: the end.

use std::path::Path;

use anyhow::Result;
use mp_dataset::{DataSet, encode};
use mp_registry::{Key, KeyEdit, KeyPath, Name};

use crate::made;

/// Where all is below `HKEY_CURRENT_USER`.
const PARENT: &str = "Software";
const NAME: &str = "MetaProfilesBench";

pub(crate) fn write(values: usize, to: &Path) -> Result<()> {
    let tree = made::tree(NAME, values);
    let mut flat = Vec::new();
    write_key(&tree, &mut Vec::new(), &mut flat)?;
    flat.push(0);
    std::fs::write(to.with_extension("flat"), flat)?;

    let mut registry = KeyEdit::root();
    registry.at_or_pass(&KeyPath::parse(PARENT)).insert_subkey(KeyEdit::write(&tree));
    registry.ensure_passed();
    let mut file = Vec::new();
    encode(&DataSet { registry, ..DataSet::default() }, &mut file)?;
    std::fs::write(to.with_extension("mpd"), file)?;
    Ok(())
}

fn write_key(key: &Key, path: &mut Vec<u16>, flat: &mut Vec<u8>) -> Result<()> {
    flat.push(1);
    flat.extend(u16::try_from(2 * path.len())?.to_le_bytes());
    units(path, flat);
    for value in key.values() {
        flat.push(2);
        flat.extend(u16::try_from(2 * value.name.units().len())?.to_le_bytes());
        flat.extend(value.ty.0.to_le_bytes());
        flat.extend(u32::try_from(value.data.len())?.to_le_bytes());
        units(value.name.units(), flat);
        flat.extend(value.data.iter());
    }
    for below in key.subkeys() {
        let len = path.len();
        if len > 0 {
            path.extend(Name::from("\\").units());
        }
        path.extend(below.name.units());
        write_key(below, path, flat)?;
        path.truncate(len);
    }
    Ok(())
}

fn units(units: &[u16], flat: &mut Vec<u8>) {
    flat.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
}
