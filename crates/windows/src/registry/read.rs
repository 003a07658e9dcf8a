use mp_registry::{
    Key, KeyChoice, KeyListing, KeyPath, MAX_DEPTH, Name, RegistryError, RegistryErrorKind, TreeFilter,
    TreeRead, Value, is_link_target,
};

use windows_sys::Win32::Foundation::ERROR_NOT_ENOUGH_QUOTA;

use super::live::{Failure, LiveRegistry, READ, busy, error};
use crate::nt::{Buffer, Found, KeyHandle, KeyInfo};

/// How often a key is read anew when it changes while it is read.
const ATTEMPTS: usize = 8;
/// The most values, and the most sub-keys, of a key that is read. More is somebody's attempt at our memory.
const MAX_IN_KEY: u32 = 32_768;
/// The most bytes of data of one key that are held before the filter is asked about them.
const MAX_HELD: usize = 32 << 20;

impl LiveRegistry {
    pub(super) fn list_key(&self, path: &KeyPath) -> Result<Option<KeyListing>, RegistryError> {
        let Some(key) = self.find("list", path, READ)? else { return Ok(None) };
        let mut buffer = Buffer::new();
        match self.snapshot(&key, path, true, &mut buffer) {
            Ok(seen) => Ok(Some(KeyListing {
                class: seen.info.class,
                last_write: seen.info.last_write,
                subkeys: seen.subkeys,
                values: seen
                    .values
                    .into_iter()
                    .map(|found| (found.name, found.ty, usize::try_from(found.len).unwrap_or(usize::MAX)))
                    .collect(),
            })),
            Err(Failure::Vanished) => Ok(None),
            Err(Failure::Failed(cause)) => Err(error("list", path, None, cause)),
        }
    }

    pub(super) fn read(
        &self,
        path: &KeyPath,
        filter: &mut dyn TreeFilter,
    ) -> Result<TreeRead, RegistryError> {
        let choice = filter.key(path);
        if choice == KeyChoice::Skip {
            return Ok(TreeRead::default());
        }
        let Some(key) = self.find("read", path, READ)? else { return Ok(TreeRead::default()) };
        let mut buffer = Buffer::new();
        let name = match path.names().last() {
            Some(asked) if self.routed(path).is_none() => key.own_name(&mut buffer).unwrap_or(asked.clone()),
            Some(asked) => asked.clone(),
            None => Name::default(),
        };
        let mut reader =
            Reader { registry: self, filter, buffer, path: path.clone(), problems: Vec::new(), gone: false };
        match reader.key(&key, name, choice) {
            Ok(tree) => Ok(TreeRead { tree, problems: reader.problems }),
            Err(Failure::Vanished) => Ok(TreeRead { tree: None, problems: reader.problems }),
            Err(Failure::Failed(cause)) => Err(error("read", path, None, cause)),
        }
    }

    /// Reads what is directly in a key, so that nothing is missed or met twice when others change it meanwhile: values are
    /// enumerated by their index, which moves when an earlier one is deleted.
    fn snapshot(
        &self,
        key: &KeyHandle,
        path: &KeyPath,
        with_values: bool,
        buffer: &mut Buffer,
    ) -> Result<Snapshot, Failure> {
        for _ in 0..ATTEMPTS {
            let before = key.info(buffer).map_err(|status| self.failure(status))?;
            if before.values.max(before.subkeys) > MAX_IN_KEY {
                return Err(Failure::Failed(too_many()));
            }
            let Some(mut seen) = Snapshot::enumerate(key, before, with_values, buffer)
                .map_err(|status| self.failure(status))?
            else {
                continue;
            };
            if key.info(buffer).map_err(|status| self.failure(status))? != seen.info {
                continue;
            }
            let routed = |name: &Name| self.routed(&path.join(name)).is_some();
            if path.depth() == 1 && routed(&"Classes".into()) && !seen.subkeys.iter().any(routed) {
                seen.subkeys.push("Classes".into());
            }
            return Ok(seen);
        }
        Err(Failure::Failed(busy()))
    }
}

/// Why a key is given up that holds too much.
fn too_many() -> RegistryErrorKind {
    let text = format!("it has more than {MAX_IN_KEY} values or sub-keys, the most that are read of one key");
    RegistryErrorKind::System { code: ERROR_NOT_ENOUGH_QUOTA, text }
}

/// What is directly in a key at one time.
struct Snapshot {
    info: KeyInfo,
    values: Vec<Found>,
    subkeys: Vec<Name>,
}

impl Snapshot {
    /// One pass; `None` when the key has become smaller on the way.
    fn enumerate(
        key: &KeyHandle,
        info: KeyInfo,
        with_values: bool,
        buffer: &mut Buffer,
    ) -> Result<Option<Self>, crate::nt::Status> {
        let value_count = if with_values { info.values } else { 0 };
        let room = |count: u32| usize::try_from(count).unwrap_or_default();
        let mut values = Vec::with_capacity(room(value_count));
        let mut subkeys = Vec::with_capacity(room(info.subkeys));
        let mut held = 0;
        for index in 0..value_count {
            let Some(found) = key.value_at(index, buffer)? else { return Ok(None) };
            // What is not held is read when it is known to be wanted.
            held += found.data.as_ref().map_or(0, |data| data.len());
            values.push(if held > MAX_HELD { Found { data: None, ..found } } else { found });
        }
        for index in 0..info.subkeys {
            let Some(name) = key.subkey_name(index, buffer)? else { return Ok(None) };
            subkeys.push(name);
        }
        Ok(Some(Self { info, values, subkeys }))
    }
}

struct Reader<'a> {
    registry: &'a LiveRegistry,
    filter: &'a mut dyn TreeFilter,
    buffer: Buffer,
    path: KeyPath,
    problems: Vec<RegistryError>,
    /// The hive was unloaded: nothing more can be read, and that is said once.
    gone: bool,
}

impl Reader<'_> {
    /// Reads an open key, `self.path`, with all below it. `None` when the filter wanted nothing of it.
    fn key(&mut self, key: &KeyHandle, name: Name, choice: KeyChoice) -> Result<Option<Key>, Failure> {
        let take = choice == KeyChoice::Take;
        let seen = self.registry.snapshot(key, &self.path, take, &mut self.buffer)?;
        let link = if take {
            seen.values.iter().any(|found| is_link_target(&found.name, found.ty))
        } else {
            key.is_link().map_err(|status| self.registry.failure(status))?
        };
        if link {
            return Err(Failure::Failed(RegistryErrorKind::SymbolicLink));
        }
        let mut taken = Key::new(name);
        taken.class = seen.info.class;
        taken.last_write = seen.info.last_write;
        taken.replace_values(seen.values.into_iter().filter_map(|found| self.value(key, found)).collect());
        let mut subkeys = Vec::with_capacity(seen.subkeys.len());
        for name in seen.subkeys {
            if self.gone {
                break;
            }
            self.path.push(name.clone());
            subkeys.extend(self.subkey(key, name));
            self.path.pop();
        }
        taken.replace_subkeys(subkeys);
        Ok((take || !taken.subkeys().is_empty()).then_some(taken))
    }

    /// The data of a value that was found, if the filter wants it.
    fn value(&mut self, key: &KeyHandle, found: Found) -> Option<Value> {
        let Found { name, ty, len, data } = found;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if !self.filter.value(&self.path, &name, ty, len) {
            return None;
        }
        if let Some(data) = data {
            return Some(Value { name, ty, data });
        }
        // It was too large for the buffer of the enumeration; only now is it known to be wanted.
        key.value(&name, &mut self.buffer).unwrap_or_else(|status| {
            self.problem("read value", Some(name), self.registry.failure(status));
            None
        })
    }

    /// Reads the sub-key that `self.path` names.
    fn subkey(&mut self, parent: &KeyHandle, name: Name) -> Option<Key> {
        let choice = self.filter.key(&self.path);
        if choice == KeyChoice::Skip {
            return None;
        }
        let read = if self.path.depth() > MAX_DEPTH {
            Err(Failure::Failed(RegistryErrorKind::TooDeep))
        } else if let Some(routed) = self.registry.routed(&self.path) {
            self.key(routed, name, choice)
        } else {
            match parent.open_sub(&name, self.registry.access(READ)) {
                Ok(Some(key)) => self.key(&key, name, choice),
                Ok(None) => Ok(None),
                Err(status) => Err(self.registry.failure(status)),
            }
        };
        read.unwrap_or_else(|failure| {
            self.problem("read", None, failure);
            None
        })
    }

    fn problem(&mut self, doing: &'static str, value: Option<Name>, failure: Failure) {
        if let Failure::Failed(cause) = failure {
            self.gone |= cause == RegistryErrorKind::HiveGone;
            self.problems.push(error(doing, &self.path, value, cause));
        }
    }
}
