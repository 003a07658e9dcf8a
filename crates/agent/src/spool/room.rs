//! How much the spool may hold.

use std::{fs, io};

use mp_profile::Sid;

use super::{Spool, SpoolEntry, entry_files, names};
use crate::state::StateError;

/// Bytes that all entries of a spool may have together when nothing else is said: years of exports of a session host's
/// users, and little enough to leave room on its disk.
pub const DEFAULT_LIMIT: u64 = 1 << 30;

/// From this many hundredths of its limit on, the spool's size is a problem that is reported.
const LOUD: u64 = 80;

/// How full a spool is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Bytes of all entries, damaged ones included.
    pub used: u64,
    /// Bytes that they may have.
    pub limit: u64,
}

impl Room {
    /// Whether an administrator must do something before it is full.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.used.saturating_mul(100) >= self.limit.saturating_mul(LOUD)
    }
}

impl Spool {
    /// With another limit than [`DEFAULT_LIMIT`], in bytes.
    #[must_use]
    pub fn with_limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// How full it is.
    ///
    /// # Errors
    /// When its folders cannot be listed.
    pub fn room(&self) -> Result<Room, StateError> {
        let mut used = 0_u64;
        for sid in names(&self.root)?.into_iter().filter_map(|name| name.parse::<Sid>().ok()) {
            for (_, path) in entry_files(&self.folder(&sid))? {
                // One that is gone was sent meanwhile.
                used = used.saturating_add(fs::metadata(&path).map_or(0, |file| file.len()));
            }
        }
        Ok(Room { used, limit: self.limit })
    }

    /// Whether the entry fits in when these others go.
    pub(super) fn check_room(&self, entry: &SpoolEntry, instead: &[SpoolEntry]) -> Result<(), StateError> {
        let room = self.room()?;
        let size = |entry: &SpoolEntry| entry.base_bytes.saturating_add(entry.bytes);
        let freed = instead.iter().map(size).fold(0, u64::saturating_add);
        let used = room.used.saturating_sub(freed).saturating_add(size(entry));
        if used <= room.limit {
            return Ok(());
        }
        let text = format!(
            "the spool is full: it holds {} of {} bytes; make storage reachable, or raise the spool's limit",
            room.used, room.limit
        );
        tracing::error!(sid = %entry.sid, used = room.used, limit = room.limit, "The spool is full");
        let path = self.file(entry);
        Err(StateError { doing: "write", path, source: io::Error::new(io::ErrorKind::StorageFull, text) })
    }
}
