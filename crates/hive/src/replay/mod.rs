//! Transaction logs: from a dirty hive to the one Windows would load.

mod marvin;
mod new_format;
mod old_format;

use std::borrow::Cow;

use crate::{
    base_block::{BaseBlock, mark_recovered},
    limits::{BASE_BLOCK_SIZE, SECTOR_SIZE},
};
use new_format::Entry;

/// The file types of logs ("Base block" of the log formats).
const OLD_LOGS: [u32; 2] = [1, 2];
const NEW_LOG: u32 = 6;

/// A hive after its logs were applied, ready for [`parse`](crate::parse).
#[derive(Clone, Debug)]
pub struct Recovered<'a> {
    /// The primary file: as it was when nothing was applied, else with equal sequence numbers and a right checksum.
    pub bytes: Cow<'a, [u8]>,
    /// How many log entries (new format) or whole logs (old format) were applied.
    pub entries: usize,
    /// How many dirty pages they held.
    pub pages: usize,
    /// Whether the primary file's base block was bad and was taken from a log.
    pub base_block_from_log: bool,
    /// What of the logs could not be used, and why. A last entry that was not completely written is normal after a crash.
    pub faults: Vec<LogFault>,
}

impl Recovered<'_> {
    /// Whether anything of the logs went into the hive.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.entries > 0 || self.base_block_from_log
    }
}

/// A log, or the rest of one, that was not used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("log {log}, offset {offset:#x}: {flaw}")]
pub struct LogFault {
    /// Which of the given logs, counted from 0.
    pub log: usize,
    /// Offset in the log, in bytes.
    pub offset: u64,
    /// What was expected there, and what was found.
    pub flaw: LogFlaw,
}

/// Why a log or the rest of one was not used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogFlaw {
    /// The base block is none of a complete log.
    #[error("expected a base block of a log with a right checksum and equal sequence numbers, found none")]
    BaseBlock,
    /// An old log belongs to another state of the hive.
    #[error("expected the hive's last write time {expected}, found {found}")]
    OtherTime {
        /// `FILETIME` of the primary file.
        expected: u64,
        /// `FILETIME` of the log.
        found: u64,
    },
    /// The signature is another one.
    #[error("expected signature {expected:?}, found {found:02x?}")]
    Signature {
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: [u8; 4],
    },
    /// The log ends too early, or a length in it is wrong.
    #[error("expected {expected} bytes, found {found}")]
    Length {
        /// Bytes needed.
        expected: usize,
        /// Bytes there.
        found: usize,
    },
    /// An entry was not completely written, or was changed later.
    #[error("expected hash {expected:#018x}, found {found:#018x}")]
    Hash {
        /// The hash of what is there.
        expected: u64,
        /// The hash stored.
        found: u64,
    },
    /// The hive bins data size of an entry is none.
    #[error("expected a multiple of 4096 as the size of the hive's data, found {found}")]
    BinsSize {
        /// Size stored.
        found: u32,
    },
    /// A page lies where no page of this hive can be.
    #[error("expected pages that end before {limit:#x}, found one that ends at {found:#x}")]
    PageOutside {
        /// The farthest end believable: the hive can have grown by no more than what its logs hold.
        limit: u64,
        /// End of the page, as an offset in the primary file.
        found: u64,
    },
    /// Entries are missing.
    #[error("expected sequence number {expected}, found {found}")]
    Gap {
        /// The number after that of the entry before.
        expected: u32,
        /// The number of the next entry.
        found: u32,
    },
    /// With the pages of an old log applied, the hive bins do not follow on one another.
    #[error("expected pages that continue this hive's bins, found others")]
    BrokenBins,
}

/// Applies transaction logs to a dirty primary file, in memory.
///
/// `logs` are the contents of `.LOG1` and `.LOG2` (or of `.LOG`) in any order; empty ones are normal and passed over. A clean
/// hive is given back as it is, and so is one whose logs hold nothing for it: reading it then says that it is dirty.
#[must_use]
pub fn replay<'a>(primary: &'a [u8], logs: &[&[u8]]) -> Recovered<'a> {
    let base = BaseBlock::read(primary).filter(BaseBlock::checksum_matches);
    let mut replay = Replay {
        limit: logs.iter().fold(primary.len().max(BASE_BLOCK_SIZE), |sum, log| sum.saturating_add(log.len())),
        result: Recovered {
            bytes: Cow::Borrowed(primary),
            entries: 0,
            pages: 0,
            base_block_from_log: false,
            faults: Vec::new(),
        },
    };
    let clean = base.as_ref().is_some_and(|base| !base.is_dirty());
    if !clean && !primary.is_empty() {
        replay.run(base, logs);
    }
    replay.result
}

struct Replay<'a> {
    result: Recovered<'a>,
    /// The longest file believable.
    limit: usize,
}

/// A log with a sound base block.
struct Log<'l> {
    index: usize,
    base: BaseBlock,
    bytes: &'l [u8],
    /// Of the new format only.
    entries: Vec<Entry<'l>>,
}

impl Log<'_> {
    fn is_new(&self) -> bool {
        self.base.file_type == NEW_LOG
    }
}

impl Replay<'_> {
    fn run(&mut self, base: Option<BaseBlock>, logs: &[&[u8]]) {
        let logs = self.sound_logs(logs);
        let Some(base) = base else {
            return self.run_without_base_block(&logs);
        };
        let first = base.secondary_sequence;
        let mut chain: Vec<&Log<'_>> = logs.iter().filter(|log| log.is_new()).collect();
        chain.sort_by_key(|log| distance(first, log.base.primary_sequence));
        self.apply_entries(first, &chain);
        if self.result.entries > 0 {
            return;
        }
        for log in logs.iter().filter(|log| !log.is_new()) {
            if log.base.last_written == base.last_written {
                return self.apply_old(log);
            }
            let (expected, found) = (base.last_written.0, log.base.last_written.0);
            self.fault(log.index, 12, LogFlaw::OtherTime { expected, found });
        }
    }

    /// The newest log replaces the base block and says where to begin.
    fn run_without_base_block(&mut self, logs: &[Log<'_>]) {
        let Some(newest) = logs.iter().max_by_key(|log| (log.base.last_written, log.base.primary_sequence))
        else {
            return;
        };
        if !newest.is_new() {
            self.take_base_block(newest);
            return self.apply_old(newest);
        }
        // Entries of two logs may be one series; the log that begins it tells the state the primary file was in.
        let mut chain = vec![newest];
        let before = logs.iter().find(|log| {
            let next = log.entries.last().map(|entry| entry.sequence.wrapping_add(1));
            log.is_new() && next.is_some() && next == newest.entries.first().map(|entry| entry.sequence)
        });
        chain.splice(0..0, before);
        if let Some(&first) = chain.first() {
            self.take_base_block(first);
            self.apply_entries(first.base.secondary_sequence, &chain);
        }
    }

    fn take_base_block(&mut self, log: &Log<'_>) {
        let file = self.result.bytes.to_mut();
        if file.len() < BASE_BLOCK_SIZE {
            file.resize(BASE_BLOCK_SIZE, 0);
        }
        for (to, from) in file.iter_mut().zip(log.bytes.iter().take(SECTOR_SIZE)) {
            *to = *from;
        }
        mark_recovered(file, log.base.primary_sequence, log.base.bins_size);
        self.result.base_block_from_log = true;
    }

    fn sound_logs<'l>(&mut self, logs: &[&'l [u8]]) -> Vec<Log<'l>> {
        let mut sound = Vec::new();
        for (index, &bytes) in logs.iter().enumerate().filter(|(_, bytes)| !bytes.is_empty()) {
            let base = BaseBlock::read(bytes).filter(|base| {
                !base.is_dirty() && (base.file_type == NEW_LOG || OLD_LOGS.contains(&base.file_type))
            });
            let Some(base) = base else {
                self.fault(index, 0, LogFlaw::BaseBlock);
                continue;
            };
            let mut entries = Vec::new();
            if base.file_type == NEW_LOG
                && let Err((offset, flaw)) = new_format::entries(bytes, &mut entries)
            {
                self.fault(index, offset, flaw);
            }
            sound.push(Log { index, base, bytes, entries });
        }
        sound
    }

    /// Applies entries from `first` on, as long as their numbers follow on one another ("Log entries", notes 5 to 9).
    ///
    /// The first may have a higher number: Windows writes the primary file partly, without its base block, when it must reuse
    /// the log that holds the entries before.
    fn apply_entries(&mut self, first: u32, chain: &[&Log<'_>]) {
        let mut expected = None;
        for log in chain {
            for entry in log.entries.iter().filter(|entry| distance(first, entry.sequence) >= 0) {
                if let Some(expected) = expected.filter(|&number| number != entry.sequence) {
                    let found = entry.sequence;
                    return self.fault(log.index, entry.offset, LogFlaw::Gap { expected, found });
                }
                if let Err(flaw) = entry.apply(self.result.bytes.to_mut(), self.limit) {
                    return self.fault(log.index, entry.offset, flaw);
                }
                expected = Some(entry.sequence.wrapping_add(1));
                self.result.entries += 1;
                self.result.pages += entry.page_count();
            }
        }
    }

    fn apply_old(&mut self, log: &Log<'_>) {
        match old_format::apply(&self.result.bytes, log.bytes, &log.base, self.limit) {
            Ok((bytes, pages)) => {
                self.result.bytes = Cow::Owned(bytes);
                self.result.entries = 1;
                self.result.pages = pages;
            }
            Err((offset, flaw)) => self.fault(log.index, offset, flaw),
        }
    }

    fn fault(&mut self, log: usize, offset: usize, flaw: LogFlaw) {
        self.result.faults.push(LogFault { log, offset: offset as u64, flaw });
    }
}

/// How far `number` lies after `from`; sequence numbers wrap around.
fn distance(from: u32, number: u32) -> i32 {
    number.wrapping_sub(from).cast_signed()
}

/// Writes one page into a file, which grows if need be.
fn put_page(file: &mut Vec<u8>, at: usize, page: &[u8], limit: usize) -> Result<(), LogFlaw> {
    let end = at.saturating_add(page.len());
    if end > limit {
        return Err(LogFlaw::PageOutside { limit: limit as u64, found: end as u64 });
    }
    if file.len() < end {
        file.resize(end, 0);
    }
    if let Some(place) = file.get_mut(at..end) {
        place.copy_from_slice(page);
    }
    Ok(())
}
