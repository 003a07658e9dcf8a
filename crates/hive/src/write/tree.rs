use mp_registry::{FileTime, Key, KeyPath, MAX_DEPTH, MAX_KEY_NAME, MAX_VALUE_NAME, Name, Value};

use super::{
    Version, WriteError,
    bins::{Bins, Full},
    security::{SecurityCells, is_descriptor},
    subkeys::{self, Subkey},
    values,
};
use crate::limits::NIL;

const KEY_HIVE_ENTRY: u16 = 0x0004;
const KEY_NO_DELETE: u16 = 0x0008;
const KEY_SYM_LINK: u16 = 0x0010;
const KEY_COMP_NAME: u16 = 0x0020;

/// Where a key node refers to other cells.
const SUBKEY_LIST: usize = 28;
const VALUE_LIST: usize = 40;
const CLASS: usize = 48;

impl From<Full> for WriteError {
    fn from(_: Full) -> Self {
        Self::TooLarge
    }
}

/// Writes all cells; gives the file, whose base block is still empty, and the offset of the root key.
pub(super) fn write(
    root: &Key,
    version: Version,
    default_security: &[u8],
    time: FileTime,
) -> Result<(Vec<u8>, u32), WriteError> {
    let mut writer = TreeWriter {
        bins: Bins::new(),
        version,
        security: SecurityCells::default(),
        path: Vec::new(),
        pending: Vec::new(),
    };
    let named_root = Name::from("ROOT");
    let name = if root.name.is_empty() { &named_root } else { &root.name };
    let root_cell = writer.key_node(root, name, NIL, 0, default_security)?;
    while let Some(open) = writer.pending.pop() {
        writer.path.truncate(open.depth.saturating_sub(1));
        if open.depth > 0 {
            writer.path.push(&open.key.name);
        }
        writer.contents(&open)?;
    }
    writer.security.finish(&mut writer.bins);
    Ok((writer.bins.finish(time)?, root_cell))
}

struct TreeWriter<'t> {
    bins: Bins,
    version: Version,
    security: SecurityCells<'t>,
    /// Names below the root, down to the key that is being written.
    path: Vec<&'t Name>,
    /// Keys whose nodes are written, but not what they refer to.
    pending: Vec<OpenKey<'t>>,
}

struct OpenKey<'t> {
    key: &'t Key,
    node: u32,
    depth: usize,
    /// Its descriptor, or the one it has from above.
    security: &'t [u8],
}

impl<'t> TreeWriter<'t> {
    /// Writes an `nk` whose references are still empty ("Key node").
    fn key_node(
        &mut self,
        key: &'t Key,
        name: &Name,
        parent: u32,
        depth: usize,
        inherited: &'t [u8],
    ) -> Result<u32, WriteError> {
        let path = || self.path_of(if depth > 0 { Some(&key.name) } else { None });
        if name.units().len() > MAX_KEY_NAME {
            return Err(WriteError::KeyNameTooLong { path: path(), length: name.units().len() });
        }
        if name.is_empty() {
            return Err(WriteError::KeyNameEmpty { parent: self.path_of(None) });
        }
        if depth > MAX_DEPTH {
            return Err(WriteError::TooDeep { path: path() });
        }
        let class_length = key.class.as_ref().map_or(0, |class| class.units().len());
        let Ok(class_size) = u16::try_from(class_length * 2) else {
            return Err(WriteError::ClassTooLong { path: path(), length: class_length });
        };
        let security = key.security.as_deref().unwrap_or(inherited);
        if !is_descriptor(security) {
            return Err(WriteError::NotADescriptor { path: path() });
        }

        let (stored, compressed) = super::name(name.units());
        let root = if depth == 0 { KEY_HIVE_ENTRY | KEY_NO_DELETE } else { 0 };
        let link = if key.link { KEY_SYM_LINK } else { 0 };
        let flags = root | link | if compressed { KEY_COMP_NAME } else { 0 };
        let (subkeys, values) = (key.subkeys(), key.values());

        let mut node = b"nk".to_vec();
        node.extend(flags.to_le_bytes());
        node.extend(key.last_write.0.to_le_bytes());
        let class_lengths =
            subkeys.iter().filter_map(|key| key.class.as_ref()).map(|class| class.units().len());
        let fields = [
            0,
            parent,
            number(subkeys.len())?,
            0,
            NIL,
            NIL,
            number(values.len())?,
            NIL,
            NIL,
            NIL,
            number(2 * longest(subkeys.iter().map(|key| key.name.units().len())))?,
            number(2 * longest(class_lengths))?,
            number(2 * longest(values.iter().map(|value| value.name.units().len())))?,
            number(longest(values.iter().map(|value| value.data.len())))?,
            0,
        ];
        node.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        node.extend(u16::try_from(stored.len()).map_err(|_| WriteError::TooLarge)?.to_le_bytes());
        node.extend(class_size.to_le_bytes());
        node.extend(stored);
        let node = self.bins.add(&node)?;
        self.pending.push(OpenKey { key, node, depth, security });
        Ok(node)
    }

    /// Writes what a key refers to, and the nodes of its sub-keys.
    fn contents(&mut self, open: &OpenKey<'t>) -> Result<(), WriteError> {
        let &OpenKey { key, node, depth, security } = open;
        let security_cell = self.security.refer(&mut self.bins, security)?;
        self.bins.put(node, 44, &security_cell.to_le_bytes());
        if let Some(class) = key.class.as_ref().filter(|class| !class.is_empty()) {
            let class = self.bins.add(&super::utf16(class.units()))?;
            self.bins.put(node, CLASS, &class.to_le_bytes());
        }
        if !key.values().is_empty() {
            self.check_values(key.values())?;
            let list = values::write(&mut self.bins, self.version, key.values())?;
            self.bins.put(node, VALUE_LIST, &list.to_le_bytes());
        }
        if !key.subkeys().is_empty() {
            if let Some([_, again]) = key.subkeys().array_windows().find(|[a, b]| a.name.same(&b.name)) {
                return Err(WriteError::DuplicateKey { path: self.path_of(None), name: again.name.clone() });
            }
            let first = self.pending.len();
            let mut nodes = Vec::with_capacity(key.subkeys().len());
            for below in key.subkeys() {
                let below_node = self.key_node(below, &below.name, node, depth + 1, security)?;
                nodes.push(Subkey { node: below_node, name: &below.name });
            }
            // The next key to be completed is the first one, so that a hive lies in the file as it is read.
            self.pending.get_mut(first..).unwrap_or_default().reverse();
            let list = subkeys::write(&mut self.bins, self.version, &nodes)?;
            self.bins.put(node, SUBKEY_LIST, &list.to_le_bytes());
        }
        Ok(())
    }

    fn check_values(&self, values: &[Value]) -> Result<(), WriteError> {
        if let Some([_, again]) = values.array_windows().find(|[a, b]| a.name.same(&b.name)) {
            return Err(WriteError::DuplicateValue { path: self.path_of(None), name: again.name.clone() });
        }
        let limit = values::max_data(self.version);
        for Value { name, data, .. } in values {
            if name.units().len() > MAX_VALUE_NAME {
                return Err(WriteError::ValueNameTooLong {
                    path: self.path_of(None),
                    length: name.units().len(),
                });
            }
            if data.len() > limit {
                return Err(WriteError::DataTooLong {
                    path: self.path_of(None),
                    name: name.clone(),
                    limit,
                    length: data.len(),
                });
            }
        }
        Ok(())
    }

    /// The path of the key that is being written, or of a sub-key of it.
    fn path_of(&self, below: Option<&Name>) -> KeyPath {
        self.path.iter().copied().chain(below).cloned().collect()
    }
}

fn longest(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.max().unwrap_or(0)
}

fn number(count: usize) -> Result<u32, WriteError> {
    u32::try_from(count).map_err(|_| WriteError::TooLarge)
}
