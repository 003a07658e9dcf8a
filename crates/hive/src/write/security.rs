use std::collections::BTreeMap;

use super::bins::{Bins, Full};

const CONTAINER_INHERIT_ACE: u8 = 0x02;
const KEY_ALL_ACCESS: u32 = 0x000F_003F;
const KEY_READ: u32 = 0x0002_0019;
const SE_DACL_PRESENT: u16 = 0x0004;
const SE_SELF_RELATIVE: u16 = 0x8000;
/// Bytes of a descriptor in front of its parts ("SECURITY_DESCRIPTOR", MS-DTYP 2.4.6).
const DESCRIPTOR_HEADER_SIZE: usize = 20;

/// `BUILTIN\Administrators`
const ADMINISTRATORS: [u32; 2] = [32, 544];
/// `BUILTIN\Users`
const USERS: [u32; 2] = [32, 545];
/// `NT AUTHORITY\SYSTEM`
const SYSTEM: [u32; 1] = [18];

/// Where the links and the count lie in an `sk`.
const FLINK: usize = 4;
const BLINK: usize = 8;
const REFERENCES: usize = 12;

/// The `sk` cells of a hive: one for each different descriptor, in a ring, counted ("Key security").
#[derive(Default)]
pub(super) struct SecurityCells<'t> {
    known: BTreeMap<&'t [u8], usize>,
    /// Offset and count of references of each, in the order of the ring.
    cells: Vec<(u32, u32)>,
    last: Option<(&'t [u8], usize)>,
}

impl<'t> SecurityCells<'t> {
    /// The cell of a descriptor, with one more reference.
    pub(super) fn refer(&mut self, bins: &mut Bins, descriptor: &'t [u8]) -> Result<u32, Full> {
        let index = match self.last {
            Some((last, index)) if std::ptr::eq(last, descriptor) => index,
            _ => match self.known.get(descriptor) {
                Some(&index) => index,
                None => self.add(bins, descriptor)?,
            },
        };
        self.last = Some((descriptor, index));
        let (offset, references) = self.cells.get_mut(index).expect("an index of this list");
        *references += 1;
        Ok(*offset)
    }

    fn add(&mut self, bins: &mut Bins, descriptor: &'t [u8]) -> Result<usize, Full> {
        let mut cell = b"sk".to_vec();
        cell.resize(16, 0);
        cell.extend(u32::try_from(descriptor.len()).map_err(|_| Full)?.to_le_bytes());
        cell.extend(descriptor);
        let index = self.cells.len();
        self.cells.push((bins.add(&cell)?, 0));
        self.known.insert(descriptor, index);
        Ok(index)
    }

    /// Closes the ring and writes the counts.
    pub(super) fn finish(&self, bins: &mut Bins) {
        let next = self.cells.iter().cycle().skip(1);
        for (&(cell, references), &(next, _)) in self.cells.iter().zip(next) {
            bins.put(cell, REFERENCES, &references.to_le_bytes());
            bins.put(cell, FLINK, &next.to_le_bytes());
            bins.put(next, BLINK, &cell.to_le_bytes());
        }
    }
}

/// Whether bytes can be a self-relative descriptor: header, revision and flag are right.
pub(super) fn is_descriptor(bytes: &[u8]) -> bool {
    let control = bytes.get(2..4).and_then(|bytes| bytes.first_chunk().copied()).map(u16::from_le_bytes);
    bytes.len() >= DESCRIPTOR_HEADER_SIZE
        && bytes.first() == Some(&1)
        && control.is_some_and(|control| control & SE_SELF_RELATIVE != 0)
}

/// See [`WriteOptions::security`](super::WriteOptions::security).
pub(super) fn default_descriptor() -> Vec<u8> {
    let aces = [
        ace(KEY_ALL_ACCESS, &sid(&SYSTEM)),
        ace(KEY_ALL_ACCESS, &sid(&ADMINISTRATORS)),
        ace(KEY_READ, &sid(&USERS)),
    ];
    let (owner, group) = (sid(&ADMINISTRATORS), sid(&SYSTEM));
    let acl = acl(&aces);
    let [owner_at, group_at, acl_at] = [0, owner.len(), owner.len() + group.len()];

    let mut descriptor = vec![1, 0];
    descriptor.extend((SE_SELF_RELATIVE | SE_DACL_PRESENT).to_le_bytes());
    for offset in [Some(owner_at), Some(group_at), None, Some(acl_at)] {
        descriptor.extend(offset.map_or(0, |at| length(DESCRIPTOR_HEADER_SIZE + at)).to_le_bytes());
        descriptor.extend([0, 0]);
    }
    for part in [owner, group, acl] {
        descriptor.extend(part);
    }
    descriptor
}

/// A SID of the NT authority.
fn sid(parts: &[u32]) -> Vec<u8> {
    let mut sid = vec![1, u8::try_from(parts.len()).expect("a SID has at most 15 parts"), 0, 0, 0, 0, 0, 5];
    sid.extend(parts.iter().flat_map(|part| part.to_le_bytes()));
    sid
}

/// An entry that allows `mask`, also for keys made below.
fn ace(mask: u32, sid: &[u8]) -> Vec<u8> {
    let mut ace = vec![0, CONTAINER_INHERIT_ACE];
    ace.extend(length(8 + sid.len()).to_le_bytes());
    ace.extend(mask.to_le_bytes());
    ace.extend(sid);
    ace
}

fn acl(aces: &[Vec<u8>]) -> Vec<u8> {
    let aces_size: usize = aces.iter().map(Vec::len).sum();
    let mut acl = vec![2, 0];
    acl.extend(length(8 + aces_size).to_le_bytes());
    acl.extend(length(aces.len()).to_le_bytes());
    acl.extend([0, 0]);
    acl.extend(aces.concat());
    acl
}

fn length(length: usize) -> u16 {
    u16::try_from(length).expect("the default descriptor is short")
}
