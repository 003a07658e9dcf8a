//! A loaded hive read in two ways: enumerated as the export does it, and saved by the system and read from the file.

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

use mp_agent::recording::SnapshotTiming;
use mp_profile::Sid;
use mp_registry::{Key, KeyChoice, KeyPath, MemoryRegistry, Name, Registry, TreeFilter, ValueType, diff};
use mp_windows::{LiveRegistry, OpenMode, enable_backup_privileges, make_private_folder, save_hive};

/// Places that are never in the file or always differ: the other hive, our marker, and what a logon makes anew.
const LEFT_OUT: [&str; 4] = [
    r"Software\Classes",
    r"Software\MetaProfiles",
    r"Software\Microsoft\Windows\CurrentVersion\Explorer\SessionInfo",
    "Volatile Environment",
];

/// Reads a user's hive in both ways. The file is in a folder that only administrators can enter, and is removed.
pub(super) fn measure(sid: &Sid, folder: &Path) -> SnapshotTiming {
    let mut timing = SnapshotTiming::default();
    if let Err(error) = compare(sid, folder, &mut timing) {
        timing.failed = Some(error);
    }
    // Nothing of the user's may stay here, whatever failed.
    let _ = fs::remove_dir_all(folder);
    timing
}

fn compare(sid: &Sid, folder: &Path, timing: &mut SnapshotTiming) -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    let mode = match enable_backup_privileges() {
        Ok(()) => OpenMode::BackupRestore,
        Err(_) => OpenMode::AsGranted,
    };
    let live = LiveRegistry::open(sid, mode).map_err(|error| error.to_string())?.ok_or("it is not loaded")?;
    let begun = Instant::now();
    let read = live.read_tree(&KeyPath::root(), &mut Shared).map_err(|error| error.to_string())?;
    timing.enumerate_us = micros(begun.elapsed());
    let enumerated = read.tree.unwrap_or_default();
    timing.values = enumerated.counts().values;

    make_private_folder(folder).map_err(text)?;
    let file = folder.join("hive");
    let begun = Instant::now();
    save_hive(sid, &file).map_err(text)?;
    timing.save_us = micros(begun.elapsed());
    let begun = Instant::now();
    let opened = mp_hive::open(&file, mp_hive::ReadOptions::default());
    let opened = opened.map_err(|error| format!("{:#}", anyhow::Error::new(error)))?;
    timing.read_us = micros(begun.elapsed());
    timing.bytes = fs::metadata(&file).map_or(0, |about| usize::try_from(about.len()).unwrap_or(usize::MAX));
    let saved = MemoryRegistry::new(opened.hive.root);
    let saved = saved.read_tree(&KeyPath::root(), &mut Shared).map_err(|error| error.to_string())?;
    timing.differences = differences(&enumerated, &saved.tree.unwrap_or_default());
    Ok(())
}

fn differences(enumerated: &Key, saved: &Key) -> usize {
    let mut saved = saved.clone();
    // What the root is called is told by nobody alike.
    saved.name = enumerated.name.clone();
    let counts = diff(enumerated, &saved).counts();
    counts.keys + counts.values + counts.deleted_keys + counts.deleted_values
}

/// What both ways can have.
struct Shared;

impl TreeFilter for Shared {
    fn key(&mut self, path: &KeyPath) -> KeyChoice {
        let left_out = LEFT_OUT.iter().any(|left_out| path.starts_with(&KeyPath::parse(left_out)));
        if left_out { KeyChoice::Skip } else { KeyChoice::Take }
    }

    fn value(&mut self, _: &KeyPath, _: &Name, _: ValueType, _: usize) -> bool {
        true
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
