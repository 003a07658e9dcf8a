use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use mp_hive::{HiveFile, LogFault, MAX_FILE_SIZE, ReadOptions};
use mp_registry::{Key, KeyPath};

use super::Reading;
use crate::{input, output::note};

/// How much damage is told beside a result; `info` lists all of it.
const DAMAGE_TOLD: usize = 10;

/// A hive, with its transaction logs applied if there was need.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    /// Whether the last write to the file was not finished.
    pub(super) dirty: bool,
    pub(super) hive: HiveFile,
    /// The logs that were looked at.
    pub(super) logs: Vec<PathBuf>,
    /// Log entries, or whole logs of the old format, that were applied.
    pub(super) entries: usize,
    pub(super) base_block_from_log: bool,
    pub(super) log_faults: Vec<LogFault>,
}

impl Opened {
    pub(super) fn read(path: &Path, reading: Reading) -> anyhow::Result<Self> {
        let options = ReadOptions { strict: reading.strict };
        let opened = match reading.no_logs {
            false => mp_hive::open(path, options)?,
            true => {
                let bytes = input::read(path, MAX_FILE_SIZE)?;
                let hive = mp_hive::parse(&bytes, options);
                let hive = hive.with_context(|| format!("cannot read {}", path.display()))?;
                mp_hive::Opened {
                    hive,
                    logs: Vec::new(),
                    entries: 0,
                    base_block_from_log: false,
                    log_faults: Vec::new(),
                }
            }
        };
        Ok(Self {
            path: path.to_owned(),
            dirty: opened.hive.info.dirty || !opened.logs.is_empty(),
            hive: opened.hive,
            logs: opened.logs,
            entries: opened.entries,
            base_block_from_log: opened.base_block_from_log,
            log_faults: opened.log_faults,
        })
    }

    /// Reads a hive and tells what of it may be missing.
    pub(super) fn read_and_tell(path: &Path, reading: Reading) -> anyhow::Result<Self> {
        let opened = Self::read(path, reading)?;
        let file = path.display();
        if opened.hive.info.dirty {
            let why =
                if reading.no_logs { "its logs were not applied" } else { "no log beside it completes it" };
            note(&format!("warning: {file} was not completely written, and {why}"));
        }
        let damage = &opened.hive.damage;
        for damage in damage.iter().take(DAMAGE_TOLD) {
            note(&format!("warning: {file} is damaged, left out: {damage}"));
        }
        let more = damage.len().saturating_sub(DAMAGE_TOLD) + opened.hive.more_damage;
        if more > 0 {
            note(&format!("warning: {file} has {more} more pieces of damage"));
        }
        Ok(opened)
    }

    /// The key at a path.
    pub(super) fn key(&self, path: &KeyPath) -> anyhow::Result<&Key> {
        let mut key = &self.hive.root;
        let mut there = KeyPath::root();
        for name in path.names() {
            let Some(below) = key.subkey(name) else {
                let file = self.path.display();
                bail!("{file} has no key \"{path}\"; the nearest one above it is \"{there}\"");
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
