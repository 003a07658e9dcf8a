//! A second opinion on a hive's bytes, after what the kernel checks when it loads one: bins and cells without gaps, every cell
//! in use referred to exactly once, sorted and hashed lists, counted security cells in a ring, right maxima.
//!
//! It shares no code with the reader. It is held against hives that Windows wrote, so that it knows no rule of its own.

use std::collections::{BTreeMap, BTreeSet};

type Check<T = ()> = Result<T, String>;

const NIL: u32 = u32::MAX;

pub(crate) fn check(file: &[u8]) -> Check {
    let sum = (0..508).step_by(4).fold(0, |sum, at| sum ^ u32_at(file, at));
    ensure(u32_at(file, 508) == sum, "checksum")?;
    ensure(u32_at(file, 4) == u32_at(file, 8), "sequence numbers")?;
    let mut hive = Hive {
        file,
        minor: u32_at(file, 24),
        cells: cells(file)?,
        used: BTreeSet::new(),
        security: BTreeMap::new(),
    };
    let root = u32_at(file, 36);
    ensure(root == 32, "the root cell comes first")?;
    hive.key(root, None)?;
    hive.security_ring()?;
    Ok(())
}

struct Hive<'a> {
    file: &'a [u8],
    minor: u32,
    /// Content range of each cell in use, by its offset.
    cells: BTreeMap<u32, (usize, usize)>,
    used: BTreeSet<u32>,
    /// How many keys refer to each security cell.
    security: BTreeMap<u32, u32>,
}

/// Walks bins and cells, which must follow on one another without gaps.
fn cells(file: &[u8]) -> Check<BTreeMap<u32, (usize, usize)>> {
    let end = 4096 + u32_at(file, 40) as usize;
    ensure(end <= file.len(), "size of the bins")?;
    let mut cells = BTreeMap::new();
    let mut bin = 4096;
    while bin < end {
        ensure(&file[bin..bin + 4] == b"hbin", "signature of a bin")?;
        ensure(u32_at(file, bin + 4) as usize == bin - 4096, "offset of a bin")?;
        let size = u32_at(file, bin + 8) as usize;
        ensure(size > 0 && size.is_multiple_of(4096) && bin + size <= end, "size of a bin")?;
        let mut cell = bin + 32;
        while cell < bin + size {
            let stored = i32::from_le_bytes(file[cell..cell + 4].try_into().unwrap());
            let length = stored.unsigned_abs() as usize;
            ensure(length >= 8 && length.is_multiple_of(8), "size of a cell")?;
            if stored < 0 {
                cells.insert(u32::try_from(cell - 4096).unwrap(), (cell + 4, cell + length));
            }
            cell += length;
        }
        ensure(cell == bin + size, "cells fill their bin")?;
        bin += size;
    }
    Ok(cells)
}

impl<'a> Hive<'a> {
    fn cell(&self, offset: u32) -> Check<&'a [u8]> {
        let &(start, end) = self.cells.get(&offset).ok_or(format!("no cell in use at {offset:#x}"))?;
        Ok(&self.file[start..end])
    }

    fn use_cell(&mut self, offset: u32) -> Check<&'a [u8]> {
        ensure(self.used.insert(offset), "a cell has one owner")?;
        self.cell(offset)
    }

    /// Checks a key and all below it; gives its name, upper-cased, and the bytes of its name and class for the maxima above.
    fn key(&mut self, offset: u32, parent: Option<u32>) -> Check<(Vec<u16>, usize, usize)> {
        let key = self.use_cell(offset)?;
        ensure(&key[..2] == b"nk", "signature of a key")?;
        ensure(parent.is_none_or(|parent| u32_at(key, 16) == parent), "parent of a key")?;
        let length = u16_at(key, 72) as usize;
        let name = units(&key[76..76 + length], u16_at(key, 2) & 0x20 != 0);
        let class = u16_at(key, 74) as usize;
        if class > 0 {
            ensure(self.use_cell(u32_at(key, 48))?.len() >= class, "room for a class name")?;
        }
        *self.security.entry(u32_at(key, 44)).or_default() += 1;
        self.values(key)?;
        self.subkeys(key, offset)?;
        Ok((name.iter().map(|&unit| mp_registry::upcase::upcase(unit)).collect(), name.len() * 2, class))
    }

    fn subkeys(&mut self, key: &'a [u8], offset: u32) -> Check {
        let count = u32_at(key, 20) as usize;
        if count == 0 {
            return Ok(());
        }
        let list = self.use_cell(u32_at(key, 28))?;
        let mut elements = Vec::new();
        if &list[..2] == b"ri" {
            for at in 0..u16_at(list, 2) as usize {
                let leaf = self.use_cell(u32_at(list, 4 + at * 4))?;
                self.leaf(leaf, &mut elements)?;
            }
        } else {
            self.leaf(list, &mut elements)?;
        }
        ensure(elements.len() == count, "number of sub-keys")?;
        let mut before: Option<Vec<u16>> = None;
        for (below, hint) in elements {
            let (upper, name, class) = self.key(below, Some(offset))?;
            ensure(before.as_ref().is_none_or(|before| *before < upper), "order of sub-keys")?;
            let exact = self.cell(below)?;
            ensure(hint.is_none_or(|hint| hint.fits(exact, &upper)), "hint or hash of a sub-key")?;
            ensure(u16_at(key, 52) as usize >= name, "largest name of a sub-key")?;
            ensure(u32_at(key, 56) as usize >= class, "largest class of a sub-key")?;
            before = Some(upper);
        }
        Ok(())
    }

    fn leaf(&self, list: &[u8], elements: &mut Vec<(u32, Option<Hint>)>) -> Check {
        for at in 0..u16_at(list, 2) as usize {
            elements.push(match &list[..2] {
                b"li" => (u32_at(list, 4 + at * 4), None),
                b"lf" => (
                    u32_at(list, 4 + at * 8),
                    Some(Hint::Name(list[8 + at * 8..12 + at * 8].try_into().unwrap())),
                ),
                b"lh" => (u32_at(list, 4 + at * 8), Some(Hint::Hash(u32_at(list, 8 + at * 8)))),
                other => return Err(format!("signature of a list: {other:?}")),
            });
        }
        Ok(())
    }

    fn values(&mut self, key: &'a [u8]) -> Check {
        let count = u32_at(key, 36) as usize;
        if count == 0 {
            return Ok(());
        }
        let list = self.use_cell(u32_at(key, 40))?;
        for at in 0..count {
            let value = self.use_cell(u32_at(list, at * 4))?;
            ensure(&value[..2] == b"vk", "signature of a value")?;
            let name = units(&value[20..20 + u16_at(value, 2) as usize], u16_at(value, 16) & 1 != 0);
            ensure(u32_at(key, 60) as usize >= name.len() * 2, "largest name of a value")?;
            let size = u32_at(value, 4);
            ensure(u32_at(key, 64) >= size & 0x7FFF_FFFF, "largest data of a value")?;
            if size & 0x8000_0000 != 0 {
                ensure(size & 0x7FFF_FFFF <= 4, "size of inline data")?;
            } else if size > 0 {
                self.data(u32_at(value, 8), size as usize)?;
            }
        }
        Ok(())
    }

    fn data(&mut self, offset: u32, size: usize) -> Check {
        let cell = self.use_cell(offset)?;
        if size <= 16_344 || self.minor < 4 {
            return ensure(cell.len() >= size, "room for data");
        }
        ensure(&cell[..2] == b"db", "signature of big data")?;
        let count = u16_at(cell, 2) as usize;
        ensure(count == size.div_ceil(16_344), "number of segments")?;
        let list = self.use_cell(u32_at(cell, 4))?;
        for at in 0..count {
            let segment = self.use_cell(u32_at(list, at * 4))?;
            ensure(segment.len() == 16_348, "room for a segment, as Windows gives it")?;
        }
        Ok(())
    }

    fn security_ring(&mut self) -> Check {
        let Some((&first, _)) = self.security.first_key_value() else { return Ok(()) };
        ensure(first != NIL, "every key has a descriptor")?;
        let mut at = first;
        loop {
            let cell = self.use_cell(at)?;
            ensure(&cell[..2] == b"sk", "signature of security")?;
            let references = self.security.remove(&at).unwrap_or(0);
            ensure(u32_at(cell, 12) == references, "count of references")?;
            ensure(cell.len() >= 20 + u32_at(cell, 16) as usize, "room for a descriptor")?;
            let next = u32_at(cell, 4);
            ensure(u32_at(self.cell(next)?, 8) == at, "link back")?;
            at = next;
            if at == first {
                break;
            }
        }
        ensure(self.security.is_empty(), "every descriptor is in the ring")
    }
}

enum Hint {
    Name([u8; 4]),
    Hash(u32),
}

impl Hint {
    fn fits(&self, key: &[u8], upper: &[u16]) -> bool {
        match self {
            Self::Hash(hash) => {
                *hash == upper.iter().fold(0_u32, |sum, &unit| sum.wrapping_mul(37).wrapping_add(unit.into()))
            }
            Self::Name(hint) => {
                let name = units(&key[76..76 + u16_at(key, 72) as usize], u16_at(key, 2) & 0x20 != 0);
                hint[0] == 0 || hint.iter().zip(&name).all(|(&hint, &unit)| u16::from(hint) == unit)
            }
        }
    }
}

fn units(bytes: &[u8], compressed: bool) -> Vec<u16> {
    if compressed {
        bytes.iter().map(|&byte| byte.into()).collect()
    } else {
        (0..bytes.len()).step_by(2).map(|at| u16_at(bytes, at)).collect()
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn ensure(holds: bool, rule: &str) -> Check {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}
