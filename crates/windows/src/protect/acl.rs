//! Access control lists as bytes ([MS-DTYP] 2.4.4 to 2.4.6): read, changed and written without the system.

/// `ACCESS_ALLOWED_ACE`; [MS-DTYP] 2.4.4.1 lists the types.
const ALLOWED: u8 = 0;
/// All types that deny: plain, for objects, with a condition, and both.
const DENYING: [u8; 4] = [1, 6, 0xA, 0xC];
const CONTAINER_INHERIT: u8 = 0x02;
const NO_PROPAGATE: u8 = 0x04;
const INHERITED: u8 = 0x10;
/// Header of a list: revision, padding, size, count, padding.
const LIST_HEADER: usize = 8;
/// Header of an entry: type, flags, size; then the mask.
const ENTRY_HEADER: usize = 8;
/// `ACL_REVISION_DS`, which allows every type of entry.
const REVISION: u8 = 4;

/// The rights to read and enumerate a key (`KEY_READ`).
pub(super) const KEY_READ: u32 = 0x2_0019;
const KEY_WRITE: u32 = 0x2_0006;
/// All rights (`KEY_ALL_ACCESS`).
pub(super) const KEY_ALL_ACCESS: u32 = 0xF_003F;

/// One entry: for an allowing one the mask and the SID, for others all that stands behind the size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    ty: u8,
    flags: u8,
    body: Vec<u8>,
}

/// A list of entries in order.
pub(super) type Entries = Vec<Entry>;

/// Who a key is for.
pub(super) struct Owner {
    /// The user's SID as bytes.
    pub(super) user: Vec<u8>,
}

/// What an entry's SID is to a user's hive.
enum Party {
    /// The system, administrators, sandboxes: they keep what they have.
    Kept,
    /// All users: what they have becomes the user's.
    Everybody,
    /// Somebody else: the user of the template, a group. They lose what they have.
    Stranger,
}

impl Entry {
    pub(super) fn allow(mask: u32, sid: &[u8]) -> Self {
        Self { ty: ALLOWED, flags: CONTAINER_INHERIT, body: [&mask.to_le_bytes(), sid].concat() }
    }

    fn mask(&self) -> u32 {
        self.body.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    pub(super) fn sid(&self) -> &[u8] {
        self.body.get(4..).unwrap_or_default()
    }

    pub(super) fn is_inherited(&self) -> bool {
        self.flags & INHERITED != 0
    }

    pub(super) fn denies(&self) -> bool {
        DENYING.contains(&self.ty)
    }

    /// What a sub-key inherits of it ([MS-DTYP] 2.5.3.4).
    fn inherited(&self) -> Option<Self> {
        if self.flags & CONTAINER_INHERIT == 0 {
            return None;
        }
        let passed_on = if self.flags & NO_PROPAGATE == 0 { CONTAINER_INHERIT } else { 0 };
        Some(Self { flags: passed_on | INHERITED, ..self.clone() })
    }
}

/// Reads a list; `None` when it is not one.
pub(super) fn read(bytes: &[u8]) -> Option<Entries> {
    let count = u16::from_le_bytes(*bytes.get(4..)?.first_chunk()?);
    let mut at = LIST_HEADER;
    let mut entries = Vec::new();
    for _ in 0..count {
        let header: &[u8; 4] = bytes.get(at..)?.first_chunk()?;
        let size = usize::from(u16::from_le_bytes([header[2], header[3]]));
        let body = bytes.get(at + 4..at.checked_add(size)?)?;
        if size < ENTRY_HEADER {
            return None;
        }
        entries.push(Entry { ty: header[0], flags: header[1], body: body.to_vec() });
        at += size;
    }
    Some(entries)
}

/// Writes a list; `None` when it is longer than the 64 KiB that a list may have.
pub(super) fn write(entries: &[Entry]) -> Option<Vec<u8>> {
    let mut bytes = vec![REVISION, 0, 0, 0, 0, 0, 0, 0];
    for entry in entries {
        let size = u16::try_from(entry.body.len() + 4).ok()?.to_le_bytes();
        bytes.extend([entry.ty, entry.flags, size[0], size[1]]);
        bytes.extend(&entry.body);
    }
    let (size, count) = (u16::try_from(bytes.len()).ok()?, u16::try_from(entries.len()).ok()?);
    bytes[2..4].copy_from_slice(&size.to_le_bytes());
    bytes[4..6].copy_from_slice(&count.to_le_bytes());
    Some(bytes)
}

impl Owner {
    fn party(&self, sid: &[u8]) -> Party {
        // A SID is: revision 1, count, six bytes of authority, then numbers of four bytes ([MS-DTYP] 2.4.2.2).
        let numbers: Vec<u32> = sid
            .get(8..)
            .unwrap_or_default()
            .chunks_exact(4)
            .map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        match (sid.get(7), numbers.as_slice()) {
            _ if sid == self.user => Party::Kept,
            // Everyone; INTERACTIVE, Authenticated Users, the group Users.
            (Some(1), [0]) | (Some(5), [4 | 11] | [32, 545]) => Party::Everybody,
            // CREATOR OWNER and its like; RESTRICTED, SYSTEM, Administrators, services; packages and their capabilities.
            (Some(3), _) | (Some(5), [12 | 18] | [32, 544] | [80, ..]) | (Some(15), _) => Party::Kept,
            _ => Party::Stranger,
        }
    }

    /// The entries of a key's own that it keeps: who is a stranger to the user loses what they have, what all users have
    /// becomes the user's. Denials stay. With `read_only`, the user may only read.
    pub(super) fn own_entries(&self, entries: &[Entry], read_only: bool) -> Entries {
        let mut kept: Entries = Vec::new();
        for entry in entries.iter().filter(|entry| !entry.is_inherited()) {
            let changed = match (entry.denies(), entry.ty == ALLOWED, self.party(entry.sid())) {
                (true, ..) => Some(entry.clone()),
                (false, true, Party::Kept) => Some(self.bounded(entry, entry.sid(), read_only)),
                (false, true, Party::Everybody) => Some(self.bounded(entry, &self.user, read_only)),
                _ => None,
            };
            kept.extend(changed.filter(|entry| !kept.contains(entry)));
        }
        kept
    }

    fn bounded(&self, entry: &Entry, sid: &[u8], read_only: bool) -> Entry {
        let mask =
            if read_only && sid == self.user { specific(entry.mask()) & KEY_READ } else { entry.mask() };
        Entry { body: [&mask.to_le_bytes(), sid].concat(), ..entry.clone() }
    }
}

/// The rights on keys that generic rights stand for ("Registry Key Security and Access Rights").
fn specific(mask: u32) -> u32 {
    let generic = [(0x1000_0000, KEY_ALL_ACCESS), (0x4000_0000, KEY_WRITE), (0xA000_0000, KEY_READ)];
    generic.iter().filter(|(bits, _)| mask & bits != 0).fold(mask & 0x0FFF_FFFF, |mask, (_, own)| mask | own)
}

/// A sub-key's whole list: its own entries, then what it inherits.
pub(super) fn with_inherited(own: Entries, parent: &[Entry]) -> Entries {
    own.into_iter().chain(parent.iter().filter_map(Entry::inherited)).collect()
}
