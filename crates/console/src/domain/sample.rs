//! The hive of some user, sent to show what can be kept. Nothing of it stays here.

use mp_hive::{BASE_BLOCK_SIZE, ReadOptions, parse};
use mp_profile::memory::MemoryProfile;
use mp_registry::{Key, KeyPath};
use serde::Serialize;
use utoipa::ToSchema;

use super::Refusal;

/// The longest hive that is read, in bytes. Those of users who are about have 2 to 20 MB.
pub(crate) const SAMPLE_HIVE: usize = 32 << 20;
/// Most keys and values of one answer, of each, and bytes of their names.
const MOST_KEYS: usize = 50_000;
const MOST_VALUES: usize = 100_000;
const MOST_TEXT: usize = 8 << 20;

/// A user's hive that was read.
pub(crate) struct SampleHive {
    root: Key,
    /// How many pieces of it were damaged and left out.
    pub(crate) damage: usize,
    /// Whether its last write was not finished: newer data may be in the logs beside it.
    pub(crate) dirty: bool,
}

/// A key of a sample hive.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SampleKey {
    /// Below HKEY_CURRENT_USER.
    #[schema(example = "Control Panel\\Desktop")]
    path: String,
    /// Names of its values; the default value's is empty.
    values: Vec<String>,
}

/// What is in a sample hive.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SampleKeys {
    /// Each key before those below it, in the registry's order.
    keys: Vec<SampleKey>,
    /// Whether there are more than one answer holds.
    more: bool,
    /// How many pieces of the hive were damaged and are not here.
    pub(crate) damage: usize,
    /// Whether its last write was not finished: newer data may be in the logs beside it.
    pub(crate) dirty: bool,
}

impl SampleHive {
    /// # Errors
    /// When it is too long, or no hive.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > SAMPLE_HIVE {
            let text = format!("it has {} bytes, more than the {SAMPLE_HIVE} that are read", bytes.len());
            return Err(Refusal::SampleHive(text));
        }
        if bytes.len() < BASE_BLOCK_SIZE {
            return Err(Refusal::SampleHive(format!("it has {} bytes, too few for a hive", bytes.len())));
        }
        let read = parse(bytes, ReadOptions::default());
        let hive = read.map_err(|error| Refusal::SampleHive(error.to_string()))?;
        Ok(Self { root: hive.root, damage: hive.damage.len() + hive.more_damage, dirty: hive.info.dirty })
    }

    /// Its keys, and the names of their values.
    pub(crate) fn keys(&self) -> SampleKeys {
        let mut told = SampleKeys { damage: self.damage, dirty: self.dirty, ..SampleKeys::default() };
        let mut room = Room { values: MOST_VALUES, text: MOST_TEXT };
        list(&self.root, &mut KeyPath::root(), &mut room, &mut told);
        told
    }

    /// A profile that holds it, and no files.
    pub(crate) fn into_profile(self) -> MemoryProfile {
        let kind = mp_dataset::ProfileKind::Local;
        MemoryProfile { kind, ..MemoryProfile::mandatory(self.root) }
    }
}

/// For what there is still room in an answer.
struct Room {
    values: usize,
    text: usize,
}

fn list(key: &Key, path: &mut KeyPath, room: &mut Room, told: &mut SampleKeys) {
    for below in key.subkeys().iter().filter(|below| !below.link) {
        if told.more {
            return;
        }
        path.push(below.name.clone());
        let (text, values) = (path.to_string(), below.values());
        let values: Vec<String> =
            values.iter().take(room.values).map(|value| value.name.to_string()).collect();
        let length = text.len() + values.iter().map(String::len).sum::<usize>();
        if told.keys.len() == MOST_KEYS || values.len() < below.values().len() || length > room.text {
            told.more = true;
            return;
        }
        room.values -= values.len();
        room.text -= length;
        told.keys.push(SampleKey { path: text, values });
        list(below, path, room, told);
        path.pop();
    }
}
