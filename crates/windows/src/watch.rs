use std::time::Duration;

use mp_profile::{ChangeWatch, HostError, Sid};
use mp_registry::KeyPath;
use windows_sys::Win32::System::Registry::KEY_NOTIFY;

use crate::{
    LiveRegistry, OpenMode,
    nt::{Buffer, Event, KeyHandle},
};

/// The most keys that are watched each for itself; of more, everything counts as changed.
const MAX_WATCHED: usize = 256;
/// How often a key is looked for that comes and goes while it is looked for.
const ATTEMPTS: usize = 8;

/// Tells whether something changed below keys of a user (`RegNotifyChangeKeyValue`).
///
/// A key that is not there is watched for by the nearest key above it. An open handle does not keep the hive loaded: Windows
/// unloads it nevertheless, and complains in its event log; so a watch is to be dropped before the session ends. What a
/// restored key (`RegRestoreKey`) held is not told.
#[derive(Debug)]
pub struct KeyWatch {
    registry: LiveRegistry,
    watched: Vec<Watched>,
    /// Something cannot be watched, so that it may have changed at any time.
    blind: bool,
}

#[derive(Debug)]
struct Watched {
    wanted: KeyPath,
    key: KeyHandle,
    event: Event,
    /// Whether the key is the wanted one, not one above it.
    whole: bool,
}

impl KeyWatch {
    /// Watches keys of a user's loaded hive; paths start below the user's root.
    ///
    /// # Errors
    /// When the hive is not loaded, or cannot be opened.
    pub fn new(sid: &Sid, mode: OpenMode, keys: &[KeyPath]) -> Result<Self, HostError> {
        let failed = |text: String| HostError::Failed { doing: "watch the registry", sid: sid.clone(), text };
        let registry = LiveRegistry::open(sid, mode)
            .map_err(|error| failed(error.to_string()))?
            .ok_or_else(|| HostError::NotLoaded(sid.clone()))?;
        let mut watch = Self { registry, watched: Vec::new(), blind: keys.len() > MAX_WATCHED };
        for wanted in keys.iter().take(MAX_WATCHED) {
            watch.arm(wanted.clone());
        }
        Ok(watch)
    }

    fn arm(&mut self, wanted: KeyPath) {
        match self.watched(wanted) {
            Some(watched) => self.watched.push(watched),
            None => self.blind = true,
        }
    }

    fn watched(&self, wanted: KeyPath) -> Option<Watched> {
        for _ in 0..ATTEMPTS {
            let (depth, key) = self.nearest(&wanted)?;
            let (event, whole) = (Event::seen_once().ok()?, depth == wanted.depth());
            key.notify(&event, whole).ok()?;
            // A nearer key may have come between the look and the watch.
            if whole || self.nearest(&wanted)?.0 == depth {
                return Some(Watched { wanted, key, event, whole });
            }
        }
        None
    }

    /// The key at a path, or the nearest one above it that is there, with its depth.
    fn nearest(&self, wanted: &KeyPath) -> Option<(usize, KeyHandle)> {
        let path = |depth: usize| wanted.names()[..depth].iter().cloned().collect::<KeyPath>();
        (0..=wanted.depth()).rev().find_map(|depth| {
            // What cannot be opened cannot be watched from above either: it is there.
            match self.registry.open_key("watch", &path(depth), KEY_NOTIFY) {
                Ok(key) => key.map(|key| Some((depth, key))),
                Err(_) => Some(None),
            }
        })?
    }
}

impl ChangeWatch for KeyWatch {
    fn changed(&mut self) -> bool {
        let mut changed = self.blind;
        let (mut anew, mut buffer) = (Vec::new(), Buffer::with_room(1024));
        self.watched.retain_mut(|watched| {
            // Windows tells as well when the key goes with its hive; Wine does not.
            let gone = watched.key.info(&mut buffer).is_err();
            if !watched.event.wait(Duration::ZERO) && !gone {
                return true;
            }
            changed = true;
            // Armed before the caller reads, so that nothing between is missed.
            let armed = watched.whole && !gone && watched.key.notify(&watched.event, true).is_ok();
            if !armed {
                anew.push(std::mem::take(&mut watched.wanted));
            }
            armed
        });
        for wanted in anew {
            self.arm(wanted);
        }
        changed
    }
}
