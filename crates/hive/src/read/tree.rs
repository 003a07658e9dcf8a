use mp_registry::{Key, KeyPath, MAX_DEPTH};

use super::{
    cells::Cells,
    key_node::{KEY_NODE_SIZE, KeyNode},
    security::Descriptors,
    subkeys,
};
use crate::{
    error::{Damage, Flaw, HiveError, Structure},
    fields::{bytes_at, utf16},
    limits::{BASE_BLOCK_SIZE, MAX_DAMAGE, NIL},
};

/// Something that could not be read: what, at which offset in the hive bins data, and why.
pub(super) struct Fault {
    pub(super) structure: Structure,
    pub(super) offset: u32,
    pub(super) flaw: Flaw,
}

impl Fault {
    /// Completes a flaw met in `structure` at `offset`.
    pub(super) fn at(structure: Structure, offset: u32) -> impl Fn(Flaw) -> Self {
        move |flaw| Self { structure, offset, flaw }
    }
}

/// The first two bytes of a cell.
pub(super) fn signature(cell: &[u8]) -> Result<[u8; 2], Flaw> {
    cell.first_chunk().copied().ok_or(Flaw::TooSmall { expected: 2, found: cell.len() })
}

/// Reads keys depth first, with its own stack: 512 keys deep is too deep for that of a thread.
pub(super) struct TreeReader<'a> {
    pub(super) cells: Cells<'a>,
    strict: bool,
    descriptors: Descriptors,
    /// The keys from the root down to the one that is being read.
    open: Vec<OpenKey>,
    /// Offsets of the sub-keys of all open keys, one key's after the other's.
    pending: Vec<u32>,
    damage: Vec<Damage>,
    more_damage: usize,
}

/// A key whose sub-keys are being read.
struct OpenKey {
    key: Key,
    subkeys: Vec<Key>,
    /// Where its sub-keys begin in `pending`.
    first: usize,
    /// The next of them to read.
    next: usize,
}

impl<'a> TreeReader<'a> {
    pub(super) fn new(bins: &'a [u8], minor: u32, strict: bool) -> Self {
        Self {
            cells: Cells::new(bins, minor),
            strict,
            descriptors: Descriptors::default(),
            open: Vec::new(),
            pending: Vec::new(),
            damage: Vec::new(),
            more_damage: 0,
        }
    }

    /// Reads the key at `offset` and all below it.
    pub(super) fn read(&mut self, offset: u32) -> Result<Key, HiveError> {
        if let Err(fault) = self.enter(offset)? {
            return Err(HiveError::Root(self.damage_of(fault)));
        }
        loop {
            let next = self.current().next;
            if let Some(&below) = self.pending.get(next) {
                self.current().next += 1;
                if let Err(fault) = self.enter(below)? {
                    self.report_fault(fault)?;
                }
                continue;
            }
            let mut done = self.open.pop().expect("a key is open until the root is read");
            self.pending.truncate(done.first);
            done.key.replace_subkeys(done.subkeys);
            match self.open.last_mut() {
                Some(parent) => parent.subkeys.push(done.key),
                None => return Ok(done.key),
            }
        }
    }

    /// Gives away what was damaged, and how many more there were.
    pub(super) fn into_damage(self) -> (Vec<Damage>, usize) {
        (self.damage, self.more_damage)
    }

    /// Opens a key: reads all of it but its sub-keys, whose offsets become pending. The inner error says why there is no key.
    fn enter(&mut self, offset: u32) -> Result<Result<(), Fault>, HiveError> {
        let node = match self.key_node(offset) {
            Ok(node) => node,
            Err(flaw) => return Ok(Err(Fault { structure: Structure::KeyNode, offset, flaw })),
        };
        let mut key = Key::new(node.name);
        key.last_write = node.last_write;
        key.link = node.link;
        let first = self.pending.len();
        self.open.push(OpenKey { key, subkeys: Vec::new(), first, next: first });

        if node.security != NIL {
            match self.descriptors.get(&mut self.cells, node.security) {
                Ok(descriptor) => self.current().key.security = Some(descriptor),
                Err(flaw) => self.report_at(Structure::KeySecurity, node.security, flaw)?,
            }
        }
        if node.class_length > 0 && node.class != NIL {
            self.class(node.class, usize::from(node.class_length))?;
        }
        if node.value_count > 0 {
            self.values(node.value_list, node.value_count as usize)?;
        }
        if node.subkey_count > 0 {
            self.subkeys(node.subkey_list, node.subkey_count as usize)?;
        }
        Ok(Ok(()))
    }

    fn key_node(&mut self, offset: u32) -> Result<KeyNode, Flaw> {
        if self.open.len() > MAX_DEPTH {
            return Err(Flaw::TooDeep { limit: MAX_DEPTH });
        }
        let node = KeyNode::read(self.cells.cell(offset)?)?;
        self.cells.claim(offset, node.used)?;
        Ok(node)
    }

    fn class(&mut self, offset: u32, length: usize) -> Result<(), HiveError> {
        let read = self.cells.cell(offset).and_then(|cell| {
            let class =
                bytes_at(cell, 0, length).ok_or(Flaw::TooSmall { expected: length, found: cell.len() })?;
            self.cells.claim(offset, length)?;
            Ok(utf16(class))
        });
        match read {
            Ok(class) => self.current().key.class = Some(class),
            Err(flaw) => self.report_at(Structure::ClassName, offset, flaw)?,
        }
        Ok(())
    }

    fn values(&mut self, list: u32, count: usize) -> Result<(), HiveError> {
        let offsets = match self.value_list(list, count) {
            Ok(offsets) => offsets,
            Err(flaw) => return self.report_at(Structure::ValueList, list, flaw),
        };
        let mut values = Vec::with_capacity(offsets.len().min(self.cells.room_for(20)));
        for &offset in offsets {
            match super::key_value::read(&mut self.cells, u32::from_le_bytes(offset)) {
                Ok(value) => values.push(value),
                Err(fault) => self.report_fault(fault)?,
            }
        }
        self.current().key.replace_values(values);
        Ok(())
    }

    fn value_list(&mut self, list: u32, count: usize) -> Result<&'a [[u8; 4]], Flaw> {
        let cell = self.cells.cell(list)?;
        let (offsets, _) = cell.as_chunks::<4>();
        let offsets = offsets
            .get(..count)
            .ok_or(Flaw::TooSmall { expected: count.saturating_mul(4), found: cell.len() })?;
        self.cells.claim(list, count * 4)?;
        Ok(offsets)
    }

    fn subkeys(&mut self, list: u32, count: usize) -> Result<(), HiveError> {
        let first = self.pending.len();
        let mut faults = Vec::new();
        subkeys::collect(&mut self.cells, list, &mut self.pending, &mut faults);
        let found = self.pending.len() - first;
        if faults.is_empty() && found != count {
            faults.push(Fault::at(Structure::SubkeyList, list)(Flaw::Count { expected: count, found }));
        }
        for fault in faults {
            self.report_fault(fault)?;
        }
        let room = self.cells.room_for(KEY_NODE_SIZE);
        self.current().subkeys.reserve_exact(found.min(room));
        Ok(())
    }

    fn current(&mut self) -> &mut OpenKey {
        self.open.last_mut().expect("a key is open while its parts are read")
    }

    fn report_fault(&mut self, fault: Fault) -> Result<(), HiveError> {
        self.report_at(fault.structure, fault.offset, fault.flaw)
    }

    fn report_at(&mut self, structure: Structure, offset: u32, flaw: Flaw) -> Result<(), HiveError> {
        self.report(structure, BASE_BLOCK_SIZE + offset as usize, flaw)
    }

    /// Notes damage at an offset of the file; in strict reading it is the error.
    pub(super) fn report(
        &mut self,
        structure: Structure,
        offset: usize,
        flaw: Flaw,
    ) -> Result<(), HiveError> {
        if self.strict {
            return Err(HiveError::Damaged(self.damage(structure, offset, flaw)));
        }
        if self.damage.len() < MAX_DAMAGE {
            self.damage.push(self.damage(structure, offset, flaw));
        } else {
            self.more_damage += 1;
        }
        Ok(())
    }

    fn damage_of(&self, fault: Fault) -> Damage {
        self.damage(fault.structure, BASE_BLOCK_SIZE + fault.offset as usize, fault.flaw)
    }

    fn damage(&self, structure: Structure, offset: usize, flaw: Flaw) -> Damage {
        let path: KeyPath = self.open.iter().skip(1).map(|open| open.key.name.clone()).collect();
        Damage { path, structure, offset: offset as u64, flaw }
    }
}
