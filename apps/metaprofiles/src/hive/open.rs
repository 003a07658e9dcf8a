use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use mp_hive::{HiveFile, LogFault, ReadOptions};
use mp_registry::{Key, KeyPath};

use super::Reading;
use crate::{input, output::note};

/// The longest hive that is read: the kernel keeps no more than 2 GiB of data in one.
const MAX_HIVE_BYTES: u64 = (2 << 30) + 4096;
/// What a hive's transaction logs are called after its own name, in the order in which Windows fills them.
const LOG_ENDINGS: [&str; 3] = [".LOG", ".LOG1", ".LOG2"];
/// How much damage is told beside a result; `info` lists all of it.
const DAMAGE_TOLD: usize = 10;

/// A hive, with its transaction logs applied if there was need.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    /// Of the file as it is on disk.
    pub(super) bytes: usize,
    /// Whether the last write to the file was not finished.
    pub(super) dirty: bool,
    pub(super) hive: HiveFile,
    pub(super) logs: Logs,
}

/// What was found beside the hive.
#[derive(Default)]
pub(super) struct Logs {
    /// The logs, also when they were not needed.
    pub(super) files: Vec<PathBuf>,
    /// Log entries, or whole logs of the old format, that were applied.
    pub(super) entries: usize,
    pub(super) pages: usize,
    pub(super) base_block_from_log: bool,
    pub(super) faults: Vec<LogFault>,
}

impl Opened {
    pub(super) fn read(path: &Path, reading: Reading) -> anyhow::Result<Self> {
        let bytes = input::read(path, MAX_HIVE_BYTES)?;
        let naming = || format!("cannot read \"{}\"", path.display());
        let files = match reading.no_logs {
            true => Vec::new(),
            false => input::beside(path, &LOG_ENDINGS).with_context(naming)?,
        };
        let logs = files.iter().map(|log| input::read(log, MAX_HIVE_BYTES)).collect::<Result<Vec<_>, _>>()?;
        let logs: Vec<&[u8]> = logs.iter().map(Vec::as_slice).collect();
        let recovered = mp_hive::replay(&bytes, &logs);
        let hive =
            mp_hive::parse(&recovered.bytes, ReadOptions { strict: reading.strict }).with_context(naming)?;
        let logs = Logs {
            files,
            entries: recovered.entries,
            pages: recovered.pages,
            base_block_from_log: recovered.base_block_from_log,
            faults: recovered.faults,
        };
        let dirty = hive.info.dirty || logs.entries > 0 || logs.base_block_from_log;
        Ok(Self { path: path.to_owned(), bytes: bytes.len(), dirty, hive, logs })
    }

    /// Reads a hive and tells what of it may be missing.
    pub(super) fn read_and_tell(path: &Path, reading: Reading) -> anyhow::Result<Self> {
        let opened = Self::read(path, reading)?;
        let file = path.display();
        if opened.hive.info.dirty {
            let why =
                if reading.no_logs { "its logs were not applied" } else { "no log beside it completes it" };
            note(&format!("warning: \"{file}\" was not completely written, and {why}"));
        }
        let damage = &opened.hive.damage;
        for damage in damage.iter().take(DAMAGE_TOLD) {
            note(&format!("warning: \"{file}\" is damaged, left out: {damage}"));
        }
        let more = damage.len().saturating_sub(DAMAGE_TOLD) + opened.hive.more_damage;
        if more > 0 {
            note(&format!("warning: \"{file}\" has {more} more pieces of damage"));
        }
        Ok(opened)
    }

    /// The key at a path.
    pub(super) fn key(&self, path: &KeyPath) -> anyhow::Result<&Key> {
        let mut key = &self.hive.root;
        let mut there = KeyPath::root();
        for name in path.names() {
            let Some(below) = key.subkey(name) else {
                bail!(
                    "\"{}\" has no key \"{path}\"; the nearest one above it is \"{there}\"",
                    self.path.display()
                );
            };
            key = below;
            there.push(below.name.clone());
        }
        Ok(key)
    }

    /// A path in the spelling of the hive.
    pub(super) fn spelling(&self, path: &KeyPath) -> KeyPath {
        let mut key = Some(&self.hive.root);
        let spelled = path.names().iter().map(|name| {
            key = key.and_then(|key| key.subkey(name));
            key.map_or_else(|| name.clone(), |key| key.name.clone())
        });
        spelled.collect()
    }
}
