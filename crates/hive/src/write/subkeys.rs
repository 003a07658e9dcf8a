use mp_registry::{Name, upcase};

use super::{
    Version,
    bins::{Bins, Full},
};

/// The most sub-keys in an `lf` or `lh`, and in an `li`: with its header, such a list just fits a bin of 4,096 bytes. Windows
/// splits at the same numbers.
const MAX_HASHED: usize = 507;
const MAX_UNHASHED: usize = 1_012;

/// A sub-key as its list names it.
pub(super) struct Subkey<'t> {
    /// Offset of its key node.
    pub(super) node: u32,
    pub(super) name: &'t Name,
}

/// Writes the list of sub-keys, which are in the kernel's order; gives its offset.
///
/// Format 1.3 knows name hints (`lf`) and, for more than 507 sub-keys, plain offsets (`li`); 1.5 knows hashes (`lh`). What
/// does not fit one list is divided among several under an index root (`ri`).
pub(super) fn write(bins: &mut Bins, version: Version, subkeys: &[Subkey<'_>]) -> Result<u32, Full> {
    let leaf = match version {
        Version::V1_5 => Leaf::Hash,
        Version::V1_3 if subkeys.len() <= MAX_HASHED => Leaf::Fast,
        Version::V1_3 => Leaf::Index,
    };
    if subkeys.len() <= leaf.most() {
        return bins.add(&leaf.write(subkeys)?);
    }
    let mut root = header(*b"ri", subkeys.len().div_ceil(leaf.most()))?;
    for part in subkeys.chunks(leaf.most()) {
        root.extend(bins.add(&leaf.write(part)?)?.to_le_bytes());
    }
    bins.add(&root)
}

#[derive(Clone, Copy)]
enum Leaf {
    Index,
    Fast,
    Hash,
}

impl Leaf {
    fn most(self) -> usize {
        match self {
            Self::Index => MAX_UNHASHED,
            Self::Fast | Self::Hash => MAX_HASHED,
        }
    }

    fn write(self, subkeys: &[Subkey<'_>]) -> Result<Vec<u8>, Full> {
        let signature = match self {
            Self::Index => *b"li",
            Self::Fast => *b"lf",
            Self::Hash => *b"lh",
        };
        let mut leaf = header(signature, subkeys.len())?;
        for subkey in subkeys {
            leaf.extend(subkey.node.to_le_bytes());
            match self {
                Self::Index => {}
                Self::Fast => leaf.extend(hint(subkey.name)),
                Self::Hash => leaf.extend(hash(subkey.name).to_le_bytes()),
            }
        }
        Ok(leaf)
    }
}

fn header(signature: [u8; 2], count: usize) -> Result<Vec<u8>, Full> {
    let mut header = signature.to_vec();
    header.extend(u16::try_from(count).map_err(|_| Full)?.to_le_bytes());
    Ok(header)
}

/// The first four characters; zeros when one of them is not Latin-1 ("Fast leaf").
fn hint(name: &Name) -> [u8; 4] {
    let mut hint = [0; 4];
    for (to, &unit) in hint.iter_mut().zip(name.units()) {
        match u8::try_from(unit) {
            Ok(byte) => *to = byte,
            Err(_) => return [0; 4],
        }
    }
    hint
}

/// Base 37 over the upper-case units ("Hash leaf", note).
fn hash(name: &Name) -> u32 {
    let fold = |hash: u32, &unit: &u16| hash.wrapping_mul(37).wrapping_add(u32::from(upcase::upcase(unit)));
    name.units().iter().fold(0, fold)
}
